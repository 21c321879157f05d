"""What is on the desk: probes on USB, serial ports, the drives of probes.

On Linux the kernel lists the devices (``/sys/bus/usb``), with whether this user may open them;
where it does not, the programmers' own lists are asked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml.boards import Flash
from tinyml.flash import programmers

SYSFS = Path("/sys/bus/usb/devices")
DEVICES = Path("/dev/bus/usb")
MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True)
class Probe:
    """One thing that a programmer can talk to.

    Attributes:
        kind: of probes.toml.
        serial: its serial number, or where it is for want of one.
        about: what it calls itself.
        usb: its id, VENDOR:PRODUCT, where it has one.
        usable: whether this user may open it; None where that is not known.
    """

    kind: str
    serial: str
    about: str = ""
    usb: str = ""
    usable: bool | None = None

    def __str__(self) -> str:
        """Return one line for a list."""
        return f"{self.serial} ({self.about or programmers.kinds()[self.kind].about})"


@dataclass(frozen=True)
class Port:
    """One serial port: its device, its USB id if it has one, and what it calls itself."""

    device: str
    usb: str
    about: str
    serial: str


@dataclass(frozen=True)
class Desk:
    """Everything found; ``probes`` is None where the system does not list USB devices."""

    probes: tuple[Probe, ...] | None
    ports: tuple[Port, ...] = ()
    drives: Mapping[str, str] | None = None


def look(flash: Flash | None = None) -> Desk:
    """Return what is attached to this computer."""
    label = flash.volume if flash else ""
    return Desk(usb_probes(), serial_ports(), drives(label))


def usb_probes(sysfs: Path = SYSFS, devices: Path = DEVICES) -> tuple[Probe, ...] | None:
    """Return the probes that Linux lists; None where there is no list."""
    if not sysfs.is_dir():
        return None
    found = []
    for folder in sorted(sysfs.iterdir()):
        usb_id = f"{_text(folder / 'idVendor')}:{_text(folder / 'idProduct')}"
        for name, kind in programmers.kinds().items():
            if kind.is_one(usb_id):
                found.append(_probe(name, usb_id, folder, devices))
    return tuple(found)


def _probe(kind: str, usb_id: str, folder: Path, devices: Path) -> Probe:
    try:
        node = devices / f"{int(_text(folder / 'busnum')):03}/{int(_text(folder / 'devnum')):03}"
    except ValueError:
        node = None
    return Probe(
        kind=kind,
        serial=_text(folder / "serial") or folder.name,
        about=_text(folder / "product"),
        usb=usb_id,
        usable=os.access(node, os.R_OK | os.W_OK) if node and node.exists() else None,
    )


def _text(path: Path) -> str:
    """Return a file's text without what a terminal could take for a command; '' without a file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return "".join(c if c.isprintable() else "?" for c in text)


def serial_ports() -> tuple[Port, ...]:
    """Return the serial ports of this computer; none where pyserial is not there."""
    try:
        from serial.tools import list_ports
    except ImportError:
        return ()
    return tuple(
        Port(
            device=port.device,
            usb=f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None else "",
            about=port.description or "",
            serial=port.serial_number or "",
        )
        for port in sorted(list_ports.comports())
    )


def drives(label: str, mounts: Path = MOUNTS, volumes: Path = Path("/Volumes")) -> dict[str, str]:
    """Return the folder of each mounted drive called ``label``, by what it is a drive of."""
    if not label:
        return {}
    if sys.platform == "darwin":
        return {str(path): str(path) for path in volumes.glob(f"{label}*")}
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = [line.split()[:2] for line in lines if len(line.split()) > 2]
    # The kernel writes a space as \040 (proc(5)).
    folders = {device: folder.replace("\\040", " ") for device, folder in pairs}
    # A second board's drive is mounted as LABEL1.
    own = re.compile(re.escape(label) + r"\d*")
    return {device: path for device, path in folders.items() if own.fullmatch(Path(path).name)}


def listed(
    command: Iterable[str], pattern: str, kind: str, seconds: float
) -> tuple[Probe, ...] | None:
    """Return the probes that a programmer's own list names; None where it cannot be asked."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = done.stdout.decode("utf-8", "replace")
    return tuple(Probe(kind, serial) for serial in re.findall(pattern, text))
