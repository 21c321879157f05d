"""A board as a whole, and what it can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tinyml.boards import rules, serial_rules
from tinyml.boards.parts import Clock, Core, Emulator, Flash, Memory, Placement, Serial
from tinyml.budgets import Budget
from tinyml.errors import UserError


@dataclass(frozen=True)
class Board:
    """A board; ``core``, ``clock`` and ``placement`` are None for a native program."""

    name: str
    description: str
    family: str | None = None
    core: Core | None = None
    memory: tuple[Memory, ...] = ()
    placement: Placement | None = None
    clock: Clock | None = None
    serial: Serial | None = None
    emulator: Emulator | None = None
    budget: tuple[Budget, ...] = ()
    flash: Flash | None = None
    folders: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def mcu_folders(self) -> tuple[str, ...]:
        """Folders of ``firmware/mcu`` whose sources the board needs; none for a native program."""
        return (self.core.cpu, self.family) if self.core and self.family else ()

    def region(self, name: str) -> Memory:
        """Return the memory region called ``name``; KeyError where there is none."""
        return {memory.name: memory for memory in self.memory}[name]

    def placed(self, choices: Mapping[str, str], where: str, hint: str) -> Board:
        """Return the board with some content elsewhere, by kind; ``where`` is who wants it so.

        Raises:
            UserError: a region that the board does not have, or that cannot hold the content.
        """
        if self.placement is None or not choices:
            return self
        values = vars(self.placement) | dict(choices)
        placement = Placement(**values)
        rules.check_placement(self, placement, where, hint)
        return replace(self, placement=placement)

    def with_fpu(self, fpu: str) -> Board:
        """Return the board as it is compiled for with ``fpu``: ``hard``, its own, or ``soft``."""
        if fpu == "hard" or self.core is None:
            return self
        return replace(self, core=replace(self.core, float_abi=fpu))

    def room(self, content: str) -> int:
        """Return the bytes for ``content`` in its region, beside a stack that is there too."""
        assert self.placement is not None
        name = self.placement.regions()[content]
        stack = self.placement.stack_size if self.placement.stack == name else 0
        return self.region(name).size - stack

    def source(self, name: str) -> Path:
        """Return the board's own file ``name``, the nearest one it inherits, or its family's."""
        folders = list(self.folders)
        if self.family:
            folders.append(self.folders[0].parent.parent / "mcu" / self.family)
        found = [folder / name for folder in folders if (folder / name).is_file()]
        if not found:
            raise UserError(
                f"board {self.name} has no {name}",
                f"{self.folders[0] / name}",
                "write it, or inherit a board that has it, or take a family that has it",
            )
        return found[0]

    def check_clock(self, mhz: int) -> str | None:
        """Return a notice where ``mhz`` is an overclock, None where it is within specification.

        Raises:
            UserError: the board cannot run at ``mhz``.
        """
        hint = f"scons board={self.name} without clock="
        if self.clock is None:
            raise UserError(f"board {self.name} has no clock to set", "no clock= option", hint)
        clock = self.clock
        if not clock.allows(mhz):
            raise UserError(f"clock={mhz} is not possible on {self.name}", clock.allowed, hint)
        for name in self.serial.ports() if self.serial else ():
            serial_rules.check_baud(self, name, mhz, f"board {self.name}", hint)
        if mhz in clock.overclock_mhz:
            return (
                f"clock={mhz} is an overclock: {self.name} is specified up to {clock.max_mhz} MHz, "
                "so flash, buses and supply run outside the data sheet"
            )
        return None

    def defines(self, mhz: int | None = None) -> dict[str, int]:
        """Return the macros that the board's C sources are compiled with.

        ``mhz`` is the core clock, the default one where None. Nothing here depends on anything
        but the board and ``mhz``.
        """
        macros: dict[str, int] = {}
        if self.clock:
            macros["BOARD_CLOCK_MHZ"] = self.clock.default_mhz if mhz is None else mhz
            macros["BOARD_CRYSTAL_HZ"] = self.clock.crystal_hz
            macros["BOARD_CRYSTAL_BYPASS"] = int(self.clock.crystal_bypass)
        if self.emulator and self.emulator.kind == "qemu":
            macros["BOARD_ICOUNT_SHIFT"] = self.emulator.icount_shift
        return macros
