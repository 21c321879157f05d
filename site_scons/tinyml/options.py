"""The words of the command line: which options there are, what each may be, what was chosen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml import boards
from tinyml.boards import Board
from tinyml.errors import UserError

QUANTIZE_MODES = ("none", "dynamic", "int8", "float16", "int16x8")
TARGETS = {
    "all": "model, firmware and size table; the default",
    "model": "only the converted model and its header",
    "firmware": "only the images: .elf .bin .hex .map .lst",
    "size-report": "show where flash and RAM went",
    "emulate": "run the firmware on the board's emulator",
    "vectors": "a firmware for tests: runs every record of a file through the model",
    "test": "lint, build the variants, run every test",
    "lint": "only the linters",
}


@dataclass(frozen=True)
class Option:
    """One ``name=value`` of the command line; ``values`` empty means a whole number."""

    name: str
    values: tuple[str, ...]
    default: str
    help: str


@dataclass(frozen=True)
class Choice:
    """What one run of the build was asked for; the fields are the options."""

    board: str
    model: str
    quantize: str
    engine: str
    kernel: str
    opt: str
    clock: int | None
    profile: bool
    cmsis_nn: str
    timeout: int
    verbose: bool

    @property
    def variant(self) -> str:
        """Name of the variant's folder in ``build/``.

        A clock or profile other than the default is part of the name too: switching there
        and back rebuilds nothing.
        """
        parts = [self.board, self.engine, self.kernel, self.quantize, self.opt]
        if self.clock is not None:
            parts.append(f"{self.clock}MHz")
        if not self.profile:
            parts.append("noprofile")
        return "-".join(parts)


def folders_with(directory: Path, marker: str) -> tuple[str, ...]:
    """Return the names of the folders in ``directory`` that hold a file ``marker``, sorted."""
    return tuple(sorted(path.parent.name for path in directory.glob(f"*/{marker}")))


def table(root: Path) -> tuple[Option, ...]:
    """Return every option, its values as found in the project at ``root``."""
    boards = folders_with(root / "firmware" / "boards", "board.toml")
    models = folders_with(root / "models", "model.toml")
    switch = ("0", "1")
    return (
        Option("board", boards, "stm32f746", "what the firmware runs on"),
        Option("model", models, "mnist", "which folder of models/"),
        Option("quantize", QUANTIZE_MODES, "int8", "how the model's numbers are stored"),
        Option("engine", ("aot", "tflm"), "aot", "our compiler, or upstream tflite-micro"),
        Option(
            "kernel",
            ("reference", "cm7", "cmsis-nn"),
            "cm7 on a Cortex-M7, else reference",
            "which C kernels do the arithmetic",
        ),
        Option("opt", ("speed", "size", "debug"), "speed", "what the C compiler optimises for"),
        Option("clock", (), "the board's", "core clock in MHz, checked against board.toml"),
        Option("profile", switch, "1", "count instructions or cycles per operator"),
        Option(
            "cmsis_nn",
            ("auto", "upstream"),
            "auto",
            "who provides kernel=cmsis-nn: upstream if fetched, or upstream or nothing",
        ),
        Option("timeout", (), "60", "seconds after which 'emulate' stops a hung firmware"),
        Option("verbose", switch, "0", "show each command in full"),
    )


def parse(arguments: Mapping[str, str], root: Path) -> Choice:
    """Turn the command line's ``name=value`` pairs into a `Choice`.

    Raises:
        UserError: an option or a value that does not exist, or two that exclude each other.
    """
    options = {option.name: option for option in table(root)}
    for name in arguments:
        if name not in options:
            raise _unknown_option(name, options)
    chosen = {
        name: _value(option, arguments.get(name, option.default), given=name in arguments)
        for name, option in options.items()
    }
    board = boards.load(root / "firmware" / "boards" / chosen["board"])
    if "kernel" not in arguments:
        chosen["kernel"] = "cm7" if _is_cortex_m7(board) else "reference"
    if chosen["kernel"] == "cm7" and not _is_cortex_m7(board):
        raise UserError(
            f"kernel=cm7 does not run on board={board.name}: its instructions are the Cortex-M7's",
            f"kernel=reference or kernel=cmsis-nn with board={board.name}",
            f"scons board={board.name} kernel=reference",
        )
    return Choice(
        board=chosen["board"],
        model=chosen["model"],
        quantize=chosen["quantize"],
        engine=chosen["engine"],
        kernel=chosen["kernel"],
        opt=chosen["opt"],
        clock=int(chosen["clock"]) if "clock" in arguments else None,
        profile=chosen["profile"] == "1",
        cmsis_nn=chosen["cmsis_nn"],
        timeout=int(chosen["timeout"]),
        verbose=chosen["verbose"] == "1",
    )


def _is_cortex_m7(board: Board) -> bool:
    return board.core is not None and board.core.cpu == "cortex-m7"


def help_text(root: Path) -> str:
    """Return what ``scons -h`` prints: every option with its values and default."""
    lines = ["Targets:", ""]
    lines += [f"  {name:12} {what}" for name, what in TARGETS.items()]
    lines += ["", "Options (name=value):", ""]
    for option in table(root):
        lines.append(f"  {option.name:9} {option.help} (default: {option.default})")
        lines.append(f"            {', '.join(option.values) or 'a whole number'}")
    return "\n".join(lines) + "\n"


def _value(option: Option, value: str, given: bool) -> str:
    if given and not _allowed(option, value):
        raise UserError(
            f"{option.name}={value} is not possible",
            " or ".join(f"{option.name}={allowed}" for allowed in option.values)
            or f"{option.name}= a whole number greater than 0",
            _closest(option.name, value, option.values),
        )
    return value


def _allowed(option: Option, value: str) -> bool:
    if option.values:
        return value in option.values
    return value.isascii() and value.isdecimal() and int(value) > 0


def _closest(name: str, value: str, values: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value, values, n=1)
    return f"scons {name}={close[0]}" if close else "scons -h lists every option and its values"


def _unknown_option(name: str, options: Mapping[str, Option]) -> UserError:
    close = difflib.get_close_matches(name, options, n=1)
    return UserError(
        f"there is no option '{name}'",
        "one of " + ", ".join(options),
        f"scons {close[0]}=..." if close else "scons -h lists every option and its values",
    )
