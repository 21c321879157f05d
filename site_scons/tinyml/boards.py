"""Boards as data: loads and checks ``firmware/boards/<board>/board.toml``.

``python -m tinyml.boards BOARD_DIR [--clock MHZ]`` checks one and prints what it says.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tinyml import board_rules, budgets, serial_rules, typed_toml
from tinyml.budgets import Budget
from tinyml.errors import UserError, exit_status
from tinyml.files import read_toml

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Core:
    """The processor and how code is compiled for it."""

    cpu: str
    fpu: str
    float_abi: str

    @property
    def flags(self) -> tuple[str, ...]:
        """Compiler, assembler and linker flags that fix the instruction set and the ABI."""
        # With -mfpu the assembler would mark even a file of data as code for that FPU.
        fpu = () if self.float_abi == "soft" else (f"-mfpu={self.fpu}",)
        return (f"-mcpu={self.cpu}", "-mthumb", *fpu, f"-mfloat-abi={self.float_abi}")


@dataclass(frozen=True)
class Memory:
    """One region of memory; ``origin`` and ``size`` in bytes."""

    name: str
    kind: str
    origin: int
    size: int
    attributes: str = ""

    @property
    def end(self) -> int:
        """The first address after the region."""
        return self.origin + self.size


@dataclass(frozen=True)
class Placement:
    """Which region holds what; ``text`` includes vectors, constants and the image of .data.

    ``code`` (the kernels) and ``weights`` (the model's, or some layers') run and are read from
    flash where they are None; otherwise start-up copies them from there.
    """

    text: str
    data: str
    bss: str
    stack: str
    arena: str
    stack_size: int
    code: str | None = None
    weights: str | None = None

    def regions(self) -> dict[str, str]:
        """Return the region of each kind of content that has one."""
        contents = ("text", "data", "bss", "stack", "arena", "code", "weights")
        return {name: region for name in contents if (region := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Pll:
    """Limits of the oscillator inside the PLL (the VCO), which runs at twice the core clock."""

    vco_min_mhz: int
    vco_max_mhz: int


@dataclass(frozen=True)
class Clock:
    """The core clock, in whole MHz; without a PLL it is fixed at ``default_mhz``.

    ``crystal_bypass`` says that the oscillator input is driven, with no crystal at it.
    """

    default_mhz: int
    max_mhz: int
    crystal_hz: int
    crystal_bypass: bool = False
    overclock_mhz: tuple[int, ...] = ()
    pll: Pll | None = None

    @property
    def min_mhz(self) -> int:
        """The slowest clock within specification."""
        return self.default_mhz if self.pll is None else -(-self.pll.vco_min_mhz // 2)

    @property
    def top_mhz(self) -> int:
        """The fastest clock within specification."""
        return self.max_mhz if self.pll is None else min(self.max_mhz, self.pll.vco_max_mhz // 2)

    def allows(self, mhz: int) -> bool:
        """Return whether ``mhz`` is possible, as an overclock or not."""
        return mhz in self.overclock_mhz or self.min_mhz <= mhz <= self.top_mhz

    @property
    def allowed(self) -> str:
        """What may be asked for, in words."""
        top = self.top_mhz
        span = f"{top}" if self.min_mhz == top else f"{self.min_mhz} to {top}"
        return f"{span} MHz" + "".join(f", {mhz} (overclock)" for mhz in self.overclock_mhz)


@dataclass(frozen=True)
class SerialPort:
    """A UART by its name in the manual; the pins, "PC6", and their function where it has any."""

    uart: str
    baud: int
    tx: str | None = None
    rx: str | None = None
    function: int | None = None


@dataclass(frozen=True)
class Serial:
    """The two serial ports: text for people, and the binary protocol."""

    console: SerialPort
    link: SerialPort

    def ports(self) -> dict[str, SerialPort]:
        """Return both by name."""
        return {"console": self.console, "link": self.link}


@dataclass(frozen=True)
class Emulator:
    """How the firmware runs without the board: ``kind`` is ``qemu``, ``virtual`` or ``host``."""

    kind: str
    machine: str = ""
    icount_shift: int = 0


@dataclass(frozen=True)
class Flash:
    """What programmers call the board and its chip; where one is empty, it cannot be used.

    Attributes:
        chip: the chips that ``chip_id`` stands for, in words.
        chip_id: DEV_ID of the chip, in the low 12 bits of the word at ``chip_id_address``.
        openocd_interface, openocd_target: OpenOCD's own files for the probe and the chip.
        pyocd, jlink: pyOCD's and SEGGER's names of the chip.
        stm32loader: the chip's family, as stm32loader calls it.
        usb: ids of the probe on the board, ``VENDOR:PRODUCT``.
        console_usb: ids of what the console's pins are connected to; the probe where empty.
        dfu: id of the chip itself, when its boot loader is on USB.
        volume: label of the drive on which a dropped image is written to flash.
        gdb_reset: how a gdbserver is told to reset the board: ``monitor ...``.
    """

    chip: str = ""
    chip_id: int | None = None
    chip_id_address: int = 0xE0042000
    openocd_interface: str = ""
    openocd_target: str = ""
    pyocd: str = ""
    jlink: str = ""
    stm32loader: str = ""
    usb: tuple[str, ...] = ()
    console_usb: tuple[str, ...] = ()
    dfu: str = ""
    volume: str = ""
    gdb_reset: str = "reset"


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
        board_rules.check_placement(self, placement, where, hint)
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


def load(board_dir: str | Path) -> Board:
    """Return the board described by ``board_dir``/board.toml, checked.

    Raises:
        UserError: the file is missing, not TOML, or contradicts itself.
    """
    folder = Path(board_dir)
    where = str(folder / "board.toml")
    table, folders = _inherited(folder, ())
    hint = f"see {folder.parent / 'stm32f746' / 'board.toml'}"
    allowed = [item.name for item in fields(Board) if item.name != "folders"]
    typed_toml.check_keys(table, allowed, where, hint)
    values = dict(table)
    values["memory"] = memories(table.get("memory", {}), where, hint)
    budget = budgets.tables(values.pop("budget", []), where)
    if isinstance(table.get("placement"), Mapping):
        values["placement"] = _with_size(table["placement"], "stack_size", where, hint)
    board = typed_toml.build(Board, values, where + ":", hint)
    board = Board(**{**vars(board), "budget": budget, "folders": folders})
    board_rules.check(board, where, hint)
    return board


def memories_of(board_dir: str | Path) -> tuple[Memory, ...]:
    """Return the memories of a board, whatever else its board.toml says: another version's, too.

    Raises:
        UserError: the file is missing or not TOML, or describes them wrongly.
    """
    folder = Path(board_dir)
    where, hint = str(folder / "board.toml"), f"correct {folder / 'board.toml'}"
    table, _ = _inherited(folder, ())
    rows = memories(table.get("memory", {}), where, hint)
    return tuple(typed_toml.build(Memory, row, f"{where}:", hint) for row in rows)


def _inherited(folder: Path, children: tuple[Path, ...]) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Return the merged table of ``folder`` and its ancestors, and those folders, own first."""
    table = read_toml(folder / "board.toml", _boards_beside(folder))
    lineage = (*children, folder)
    parent = table.pop("inherit", None)
    if parent is None:
        return table, lineage
    if not isinstance(parent, str) or folder.parent / parent in lineage:
        raise UserError(
            f"{folder / 'board.toml'} inherits {parent!r}",
            "another board that does not inherit this one",
            _boards_beside(folder),
        )
    base, lineage = _inherited(folder.parent / parent, lineage)
    return _merged(base, table), lineage


def _boards_beside(folder: Path) -> str:
    names = sorted(path.parent.name for path in folder.parent.glob("*/board.toml"))
    return f"one of the boards of {folder.parent}: {', '.join(names) or 'none'}"


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def memories(tables: object, where: str, hint: str) -> list[dict[str, Any]]:
    """Return the tables [memory.NAME] of a description with their names, and sizes in bytes."""
    if not isinstance(tables, Mapping):
        raise UserError(f"{where}: memory is {tables!r}", "tables [memory.NAME]", hint)
    found = []
    for name, table in tables.items():
        sized = _with_size(table, "size", f"{where}: [memory.{name}]", hint)
        found.append({"name": name} | sized)
    return found


def _with_size(table: object, key: str, where: str, hint: str) -> dict[str, Any]:
    """Return ``table`` with the size under ``key``, an integer or e.g. "64K", in bytes."""
    if not isinstance(table, Mapping):
        raise UserError(f"{where} is {table!r}", "a table", hint)
    value = table.get(key)
    if not isinstance(value, str):
        return dict(table)
    match = re.fullmatch(r"(\d{1,10})([KM]?)", value)
    if match is None:
        raise UserError(f"{where} {key} is {value!r}", 'bytes, or "64K", or "1M"', hint)
    return dict(table) | {key: int(match[1]) * _UNITS[match[2]]}


def main(arguments: list[str] | None = None) -> int:
    """Check one board and print its memory map and clock."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.boards", description=main.__doc__)
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("--clock", type=int, metavar="MHZ", help="check this core clock too")
    options = parser.parse_args(arguments)
    board = load(options.board_dir)
    print(f"{board.name}: {board.description}")
    for memory in board.memory:
        print(f"  {memory.name:8} {memory.origin:#010x} {memory.size:>9,} bytes {memory.kind}")
    if board.clock:
        print(f"  clock {board.clock.default_mhz} MHz; {board.clock.allowed}")
    for name, port in board.serial.ports().items() if board.serial else ():
        print(f"  {name:8} {port.uart}, {port.baud} baud")
    notice = None if options.clock is None else board.check_clock(options.clock)
    if notice:
        print(f"  notice: {notice}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
