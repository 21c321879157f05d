"""What the checks look at: an image with all that is known of its making, and this computer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tinyml import boards
from tinyml.boards import Board
from tinyml.doctor import code as thumb_code
from tinyml.doctor import units
from tinyml.elf import image as elf_image
from tinyml.elf.image import Image, Symbol
from tinyml.errors import UserError

_TOOL_SECONDS = 20.0


@dataclass(frozen=True)
class Computer:
    """The computer at hand; another one can be shown to a test.

    Attributes:
        root: where the operating system's files are.
        environment: the variables.
        also: folders to look for programs in beside the PATH: Python packages bring some.
    """

    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    also: tuple[str, ...] = (str(Path(sys.executable).parent),)

    def path(self, *parts: str) -> Path:
        """Return a file of the operating system."""
        return self.root.joinpath(*parts)

    def program(self, *names: str) -> str | None:
        """Return the first of ``names`` that is on the PATH."""
        search = os.pathsep.join((self.environment.get("PATH", os.defpath), *self.also))
        return next((found for n in names if (found := shutil.which(n, path=search))), None)

    def output(self, *command: str) -> str:
        """Return what a program prints; nothing where it cannot be run."""
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_TOOL_SECONDS,
                env={**self.environment, "LC_ALL": "C"},
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode(errors="replace")


@dataclass
class Patient:
    """An image, or none, on a computer.

    Attributes:
        elf: the linked firmware; None to look at the computer alone.
        board: what it is to run on; None where nothing says.
        build: what our build recorded of it (``.build-info.json``); empty for others' firmware.
        plans: the compiler's plans of its models.
        size: its size document; empty where there is none.
        project: the project's top folder.
    """

    elf: Path | None
    board: Board | None = None
    build: Mapping[str, Any] = field(default_factory=dict)
    plans: tuple[Mapping[str, Any], ...] = ()
    size: Mapping[str, Any] = field(default_factory=dict)
    project: Path = Path()
    computer: Computer = field(default_factory=Computer)

    @cached_property
    def _read(self) -> Image | UserError:
        assert self.elf is not None
        try:
            image = elf_image.read(self.elf)
            elf_image.require_firmware(image)
            _ = image.attributes  # read and kept now, so that damage in them is told as such
        except UserError as error:
            return error
        return image

    @property
    def problem(self) -> UserError | None:
        """Why the image cannot be read; None where it can, or where there is none."""
        return self._read if self.elf and isinstance(self._read, UserError) else None

    @property
    def image(self) -> Image | None:
        """The image; None where it cannot be read."""
        return self._read if self.elf and isinstance(self._read, Image) else None

    @cached_property
    def code(self) -> thumb_code.Code:
        """What the image's instructions do."""
        return thumb_code.read(self.image) if self.image else thumb_code.Code((), False)

    @cached_property
    def debug(self) -> units.Units:
        """The compilations that the debug information tells of."""
        return units.read(self.elf) if self.elf and self.image else units.Units(())

    @cached_property
    def symbols(self) -> dict[str, list[Symbol]]:
        """The image's symbols by their names."""
        found: dict[str, list[Symbol]] = {}
        for symbol in self.image.symbols if self.image else ():
            if symbol.name:
                found.setdefault(symbol.name, []).append(symbol)
        return found

    def traps(self, symbol: Symbol) -> bool:
        """Whether a function does nothing but end the program: UDF is its first instruction."""
        sections = self.image.sections if self.image else ()
        section = next((s for s in sections if s.index == symbol.section), None)
        first = section.bytes_at(symbol.address, 2) if section else b""
        return first[1:] == b"\xde"

    def code_bytes(self, unit: units.Unit) -> int:
        """Return the bytes of a compilation that are in the image: the linker drops the rest."""
        # A function that was dropped keeps its range, moved to address 0 or 1.
        return sum(
            end - start
            for start, end in unit.ranges
            if end > start and (function := self.code.at(start)) and function.address == start
        )

    @cached_property
    def linked(self) -> tuple[tuple[units.Unit, int], ...]:
        """The compilations with code in the image, each with its bytes, largest first."""
        found = [(unit, self.code_bytes(unit)) for unit in self.debug.all]
        return tuple(sorted((each for each in found if each[1]), key=lambda each: -each[1]))

    @property
    def own(self) -> tuple[tuple[units.Unit, int], ...]:
        """Those of `linked` that are not the toolchain's."""
        return tuple(each for each in self.linked if not each[0].toolchain)


def of(elf: Path | None, board_dir: Path | None, project: Path = Path()) -> Patient:
    """Return the patient with all that lies beside the ELF where our build put it.

    Raises:
        UserError: the board's description has a mistake.
    """
    if elf is None:
        return Patient(None, boards.load(board_dir) if board_dir else None, project=project)
    build = _json(elf.with_suffix(".build-info.json"))
    name = build.get("board")
    if board_dir is None and isinstance(name, str):
        described = project / "firmware" / "boards" / Path(name).name
        board_dir = described if (described / "board.toml").is_file() else None
    models = str(build.get("model", "")).split("+")
    plans = [_json(elf.with_suffix("") / "generated" / "plan.json")]
    plans += [_json(elf.with_suffix("") / model / "generated" / "plan.json") for model in models]
    plans += [_json(elf.parent / model / "generated" / "plan.json") for model in models]
    return Patient(
        elf,
        boards.load(board_dir) if board_dir else None,
        build,
        tuple({plan["sha256"]: plan for plan in plans if "sha256" in plan}.values()),
        _json(elf.with_suffix(".size.json")),
        project,
    )


def _json(path: Path) -> dict[str, Any]:
    """Return a record of our build; nothing where it is missing or damaged: it only adds."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
