"""What tests of the programmers share: a small image for the STM32F746, programs that record."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.scons_project import ROOT
from tinyml.boards import Board, load
from unit.elf import tiny_elf

BOARD_DIR = ROOT / "firmware" / "boards" / "stm32f746"
V7E_M = {6: 13, 7: ord("M")}  # Tag_CPU_arch, Tag_CPU_arch_profile
ATTRIBUTES = V7E_M | tiny_elf.HARD_SINGLE

PYTHON = sys.executable
# Does what files beside it say: NAME.says, .when (what to say to which words), .status, .reads
# (what is read back), .seconds (how long it takes, and for commands with which word).
STAND_IN = r"""#!{python}
import os, pathlib, re, shutil, sys, time
me = pathlib.Path(sys.argv[0]).name
here = pathlib.Path({folder!r})
with open(here / "ran.log", "a") as log:
    log.write(repr([me, *sys.argv[1:]]) + "\n")
def told(what, otherwise=""):
    path = here / (me + "." + what)
    return path.read_text() if path.exists() else otherwise
for key, value in eval(told("when", "{{}}")).items():
    if key in " ".join(sys.argv):
        print(value, flush=True)
        break
else:
    print(told("says"), flush=True)
scripts = [word for word in sys.argv if word.endswith("/script")]
with open(here / "ran.log", "a") as log:
    for script in scripts:
        log.write(repr(["script", *pathlib.Path(script).read_text().splitlines()]) + "\n")
words = " ".join(sys.argv) + " ".join(pathlib.Path(script).read_text() for script in scripts)
for word in re.split(r"[\s\",]+", words):
    if word.endswith("readback.bin") and (here / (me + ".reads")).exists():
        shutil.copy(here / (me + ".reads"), word)
seconds, _, only = told("seconds", "0").partition(" ")
time.sleep(float(seconds) if only in words else 0)
sys.exit(int(told("status", "0")))
"""


def board() -> Board:
    """Return the STM32F746G-DISCO."""
    return load(BOARD_DIR)


def firmware(
    folder: Path,
    pieces: Sequence[tiny_elf.Piece] = tiny_elf.firmware(),
    attributes: Mapping[int, int] = ATTRIBUTES,
    name: str = "image",
) -> Path:
    """Write a small .elf and the .bin that belongs to it; return the .elf."""
    elf = folder / f"{name}.elf"
    elf.write_bytes(tiny_elf.build(pieces, (), dict(attributes)))
    stored = [(piece.load, piece.stored) for piece in pieces if piece.load is not None]
    first = min(load for load, _ in stored)
    data = bytearray(max(load + len(part) for load, part in stored) - first)
    for load_address, part in stored:
        data[load_address - first : load_address - first + len(part)] = part
    elf.with_suffix(".bin").write_bytes(data)
    return elf


@dataclass(frozen=True)
class StandIns:
    """Programs that note how they were called, in a folder of their own."""

    folder: Path

    def add(self, name: str, **told: str) -> None:
        """Add program ``name``; ``told`` are what it says, its status, and so on."""
        path = self.folder / name
        path.write_text(STAND_IN.format(python=PYTHON, folder=str(self.folder)))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        for what, text in told.items():
            (self.folder / f"{name}.{what}").write_text(text)

    @property
    def ran(self) -> list[list[str]]:
        """Return every command that was run, as its words."""
        log = self.folder / "ran.log"
        return [eval(line) for line in log.read_text().splitlines()] if log.exists() else []


def command_line(
    *arguments: str, path: str | None = None, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m tinyml.flash`` as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons"), **(extra or {})}
    if path is not None:
        environment["PATH"] = path
    return subprocess.run(
        [PYTHON, "-m", "tinyml.flash", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
