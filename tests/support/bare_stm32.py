"""Programs for the STM32F746 written against its manuals alone, run on the virtual board."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tinyml.emulator.ports import Port
from tinyml.emulator.stm32f746 import image
from tinyml.emulator.stm32f746.log import Log
from tinyml.emulator.stm32f746.machine import Setup, Stm32F746

HERE = Path(__file__).parent
LIMIT = 50_000_000
FLAGS = ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard", "-O2"]
FLAGS += ["-std=gnu11", "-ffreestanding", "-nostdlib", "-Wall", "-Werror", "-Wno-unused-function"]
FLAGS += ["-Wno-infinite-recursion"]


@dataclass
class Run:
    """One run: `status` is the program's, `text` what USART6 sent, `log` what the board said."""

    machine: Stm32F746
    status: int | None
    text: str
    log: list[str] = field(default_factory=list)


def build(
    folder: Path,
    source: str,
    name: str = "bare",
    flags: Sequence[str] = (),
    flash: int = 0x08000000,
) -> Path:
    """Compile ``source`` with bare_stm32.h, to run from ``flash``, and return the ELF."""
    text, elf, script = (folder / f"{name}.{suffix}" for suffix in ("c", "elf", "ld"))
    text.write_text('#include "bare_stm32.h"\n' + source)
    layout = (HERE / "bare_stm32.ld").read_text()
    script.write_text(layout.replace("ORIGIN = 0x08000000", f"ORIGIN = {flash:#x}"))
    done = subprocess.run(
        ["arm-none-eabi-gcc", *FLAGS, *flags, "-T", str(script), f"-I{HERE}", str(text)]
        + ["-o", str(elf), "-lgcc"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return elf


def binary(elf: Path) -> bytes:
    """Return the image as a programmer writes it."""
    output = elf.with_suffix(".bin")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(output)], check=True)
    return output.read_bytes()


def board(elf: Path, received: bytes = b"", strict: bool = False, **setup: object) -> Stm32F746:
    """Return the board with ``elf`` in its flash and ``received`` on its way to USART6."""
    port = Port()
    port.where = "a test"
    port.send(received)
    options: dict[str, object] = {"limit": LIMIT, "strict": strict} | setup
    ports = {"USART6": port}
    return Stm32F746(
        image.load(elf),
        Setup(ports=ports, **options),  # type: ignore[arg-type]
        Log(strict, io.StringIO()),
    )


def run(elf: Path, received: bytes = b"", strict: bool = False, **setup: object) -> Run:
    """Run ``elf`` to its end."""
    machine = board(elf, received, strict, **setup)
    status = machine.run()
    text = bytes(machine.lines["USART6"].port.written).decode("latin-1")
    return Run(machine, status, text, machine.log.lines)
