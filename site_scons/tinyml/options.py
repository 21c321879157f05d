"""The words of the command line: which options there are, what each may be, what was chosen."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml import boards
from tinyml.boards import Board
from tinyml.errors import UserError

QUANTIZE_MODES = ("none", "dynamic", "int8", "float16", "int16x8")
CALIBRATED_MODES = ("int8", "int16x8")
CMSIS_NN = "cmsis-nn"
GDB_SERVERS = Path(__file__).parent / "debug" / "servers"
CHOICE = "one of the values"
LIST = "several with commas between"
NUMBER = "a whole number greater than 0"
FOLDER = "a folder"
FILE = "a file to write"
GIVEN = "a file that is there"
ADDRESS = "HOST:PORT"
SERIAL = "tcp:PORT"
BASELINE = "a stored .size.json, an ELF file, or a commit"
AMOUNT = "bytes (4096, 64K) or percent (1%)"
TCP = "a TCP port of this computer"
TEXT = "any text"
SERVER = "HOST:PORT"
LIMIT = "seconds of virtual time (10s) or instructions (500000, 200M, 2G)"
_PATTERNS = {
    NUMBER: r"0*[1-9][0-9]*",
    SERIAL: r"tcp:[0-9]{1,5}",
    TCP: r"[0-9]{1,5}",
    LIMIT: r"[0-9]{1,6}(\.[0-9]{1,6})?s|[0-9]{1,12}[KMG]?",
    FILE: r".+",
    TEXT: r".+",
    SERVER: r"\S+:[0-9]{1,5}",
    BASELINE: r"[^-\x00].*",
    AMOUNT: r"[0-9]{1,12} ?[KM]?|[0-9]{1,4}(\.[0-9]{1,3})? ?%",
    ADDRESS: r"[\w.-]+:[0-9]{1,5}",
}
# What decides how a firmware comes out, so that another commit can be built like this one.
SHAPING = (
    *("board", "model", "quantize", "engine", "kernel"),
    *("opt", "arena", "clock", "fpu", "profile"),
)
# Options of the virtual board, passed on to it as they are; strict=1 as a switch.
EMULATORS = ("console", "link")  # of every emulator
FLASH = ("programmer", "serial", "port", "server", "baud", "timeout")
DEBUG = ("debugger", "gdbserver", "gdb_port", "serial", "script", "timeout")
MONITOR = ("programmer", "serial", "port", "server", "baud", "log")
VIRTUAL_BOARD = (
    *("uart1", "uart6", "uart7", "limit", "realtime", "trace", "counts", "strict"),
    *("gdb", "estimate"),
)
TARGETS = {
    "all": "model, firmware and size table; the default",
    "model": "only the converted model and its header",
    "firmware": "only the images: .elf .bin .hex .map .lst",
    "plan": "show each operator's work, memory and, where they can be counted, instructions",
    "size-report": "show where flash and RAM went",
    "size-diff": "compare with the last build, or with baseline=",
    "size-picture": "draw the sizes as a page for a browser",
    "size-table": "the model in every conversion mode, and the libraries",
    "sbom": "list everything in the image, as SPDX 2.3",
    "emulate": "run the firmware on the board's emulator",
    "flash": "write the image to the board, verify it, start it",
    "erase": "erase the board's flash",
    "reset": "start what is in the board's flash",
    "monitor": "show what the board says on its serial port; 'flash monitor' does both",
    "debug": "run the firmware under gdb, on the board or its emulator",
    "doctor": "say what is wrong with the image and with this computer, each with a fix",
    "ide": "write compile_commands.json and .vscode/ for editors",
    "draw": "open a window to draw a digit in, and ask Keras, TFLite and the board's emulator",
    "notebook": "run the model's notebook and render it as a page",
    "fetch": "download third-party components: all, or component=NAME[,NAME]",
    "link": "only the serial protocol: a library, a C++ header and a Python module",
    "vectors": "a firmware for tests: runs every record of a file through the model",
    "test": "lint, build the variants, run every test",
    "lint": "only the linters",
}


@dataclass(frozen=True)
class Option:
    """One ``name=value`` of the command line.

    ``values`` lists what it may be; ``kind`` says in words what else, if anything.
    """

    name: str
    values: tuple[str, ...]
    default: str
    help: str
    kind: str = CHOICE

    @property
    def allowed(self) -> str:
        """What the value may be, in words."""
        return ", ".join((*self.values, *self.kinds))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the value may be beside ``values``, in words."""
        return (self.kind,) if self.kind != CHOICE else ()

    def accepts(self, value: str) -> bool:
        """Return whether ``value`` is one of the values, or of the kind."""
        if self.kind == LIST:
            return set(value.split(",")) <= set(self.values)
        if self.kind == FOLDER and Path(value).is_dir():
            return True
        if self.kind == GIVEN and Path(value).is_file():
            return True
        pattern = _PATTERNS.get(self.kind)
        if pattern and re.fullmatch(pattern, value, re.ASCII):
            return True
        return value in self.values


@dataclass(frozen=True)
class Choice:
    """What one run of the build was asked for; the fields are the options.

    ``given`` are the words of the command line that shape the firmware.
    """

    board: str
    models: tuple[str, ...]
    quantize: str
    engine: str
    kernel: str
    opt: str
    arena: str
    clock: int | None
    fpu: str
    profile: bool
    require_upstream_cmsis_nn: bool
    timeout: int | None
    emulator_flags: tuple[str, ...]
    flash_flags: tuple[str, ...]
    monitor_flags: tuple[str, ...]
    debug: tuple[str, ...]
    verbose: bool
    components: tuple[str, ...]
    archive: Path | None
    overrides: Mapping[str, Path]
    baseline: str = ""
    threshold: str = ""
    given: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """Name of the variant's folder in ``build/``.

        A clock, arena, fpu or profile other than the default is part of the name too: switching
        there and back rebuilds nothing.
        """
        parts = [self.board, self.engine, self.kernel, self.quantize, self.opt]
        if self.clock is not None:
            parts.append(f"{self.clock}MHz")
        if self.arena != "separate":
            parts.append(f"{self.arena}arena")
        if self.fpu != "hard":
            parts.append(f"{self.fpu}fpu")
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
        Option("model", models, "mnist", "which folder of models/", LIST),
        Option("quantize", QUANTIZE_MODES, "int8", "how the model's numbers are stored"),
        Option("engine", ("aot", "tflm"), "aot", "our compiler, or upstream tflite-micro"),
        Option(
            "kernel",
            ("reference", "cm7", "cmsis-nn"),
            "cm7 for engine=aot with fpu=hard on a Cortex-M7, else reference",
            "which C kernels do the arithmetic",
        ),
        Option("opt", ("speed", "size", "debug"), "speed", "what the C compiler optimises for"),
        Option("arena", ("separate", "shared"), "separate", "whether several models take turns"),
        Option("clock", (), "the board's", "core clock in MHz, as board.toml allows", NUMBER),
        Option("fpu", ("hard", "soft"), "hard", "soft: floats without the FPU, many times slower"),
        Option("profile", switch, "1", "count instructions or cycles per operator"),
        Option(
            "timeout",
            (),
            "60; none with a port on tcp or pty, or at a terminal",
            "seconds until 'emulate' stops a firmware, or 'flash' each step of a programmer",
            NUMBER,
        ),
        Option(
            "console",
            ("stdio", "pty", "off"),
            "stdio",
            "'emulate': where the console is; pty on the virtual board",
            SERIAL,
        ),
        Option(
            "link",
            ("stdio", "pty", "off"),
            "off",
            "'emulate': where the binary link is; pty on the virtual board",
            SERIAL,
        ),
        *_virtual_board(),
        *_on_board(),
        Option("baseline", (), "the last build", "what sizes are compared with", BASELINE),
        Option("threshold", (), "none", "growth of flash and RAM that size-diff allows", AMOUNT),
        *_debugger(),
        Option("verbose", switch, "0", "show each command in full"),
        Option("component", components(root), "all", "what 'fetch' fetches", LIST),
        Option("archive", (), "none", "where 'fetch' finds files downloaded before", FOLDER),
        *(_override(name) for name in components(root)),
    )


def _virtual_board() -> tuple[Option, ...]:
    """Return the options of ``emulate`` that only the virtual board has."""
    ports = ("stdio", "pty", "off")
    switch = ("0", "1")
    return (
        Option("uart1", ports, "off", "virtual board: where USART1 is", SERIAL),
        Option("uart6", ports, "console's", "virtual board: where USART6 is", SERIAL),
        Option("uart7", ports, "link's", "virtual board: where UART7 is", SERIAL),
        Option("limit", (), "none", "virtual board: when to stop", LIMIT),
        Option(
            "realtime",
            switch,
            "1 while a port may bring something, else 0",
            "virtual board: no faster than the wall clock",
        ),
        Option("trace", (), "none", "virtual board: every register access", FILE),
        Option("counts", (), "none", "virtual board: instructions by function, as JSON", FILE),
        Option("gdb", (), "none", "virtual board: wait for GDB there; 0 is any free port", TCP),
        Option(
            "estimate",
            switch,
            "0",
            "virtual board: cycles of the hottest functions, by llvm-mca",
        ),
        Option("strict", switch, "0", "virtual board: an unmodelled register is an error"),
    )


def _debugger() -> tuple[Option, ...]:
    """Return the options of ``debug``."""
    servers = tuple(sorted(path.stem for path in GDB_SERVERS.glob("*.toml")))
    return (
        Option(
            "debugger",
            ("auto", "gdb-multiarch", "arm-none-eabi-gdb", "none"),
            "auto",
            "debug: which gdb; none: its server alone",
        ),
        Option(
            "gdbserver",
            ("auto", *servers, "qemu", "virtual"),
            "auto",
            "debug: gdb's other side",
            ADDRESS,
        ),
        Option("gdb_port", (), "any free one", "debug: where the server listens", NUMBER),
        Option("load", ("0", "1"), "0", "debug: write the firmware to the board first"),
        Option("script", (), "none", "debug: commands for gdb instead of a terminal", GIVEN),
    )


def _on_board() -> tuple[Option, ...]:
    """Return the options of the targets that need a board: flash, erase, reset, monitor."""
    folder = Path(__file__).parent / "flash" / "programmers"
    names = tuple(sorted(path.stem for path in folder.glob("*.toml")))
    return (
        Option("programmer", ("auto", *names), "auto", "what 'flash', 'erase', 'reset' use"),
        Option("serial", (), "the only one", "serial number of one of several boards", TEXT),
        Option(
            "port",
            (),
            "found by USB id",
            "'monitor': a serial port, or socket://HOST:PORT; stm32loader's port",
            TEXT,
        ),
        Option("server", (), "none", "programmer=gdb: the gdbserver", SERVER),
        Option("baud", (), "board.toml's", "'monitor' and stm32loader: bits a second", NUMBER),
        Option("log", (), "none", "'monitor': a file for what is received, with times", FILE),
    )


def components(root: Path) -> tuple[str, ...]:
    """Return the names of the third-party components that the project describes."""
    return folders_with(root / "third_party", "component.toml")


def _override(component: str) -> Option:
    """Return the option that puts a folder of the user's in a component's place."""
    name = component.replace("-", "_")
    values = ("auto", "upstream") if component == CMSIS_NN else ("auto",)
    return Option(name, values, "auto", f"a checkout of {component} to use instead", FOLDER)


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
    _check_virtual_board(board, arguments)
    tuned = _is_cortex_m7(board) and chosen["engine"] == "aot" and chosen["fpu"] == "hard"
    _check_fpu(board, chosen["fpu"])
    if "kernel" not in arguments:
        chosen["kernel"] = "cm7" if tuned else "reference"
    if chosen["kernel"] == "cm7" and chosen["engine"] == "tflm":
        raise UserError(
            "kernel=cm7 belongs to engine=aot: tflite-micro has kernels of its own",
            "kernel=reference or kernel=cmsis-nn with engine=tflm",
            f"scons board={board.name} engine=tflm kernel=cmsis-nn",
        )
    if chosen["kernel"] == "cm7" and chosen["fpu"] != "hard":
        raise UserError(
            "kernel=cm7 uses instructions of the FPU, which fpu=soft leaves out",
            "kernel=reference or kernel=cmsis-nn with fpu=soft",
            f"scons board={board.name} fpu=soft kernel=reference",
        )
    if chosen["kernel"] == "cm7" and not _is_cortex_m7(board):
        raise UserError(
            f"kernel=cm7 does not run on board={board.name}: its instructions are the Cortex-M7's",
            f"kernel=reference or kernel=cmsis-nn with board={board.name}",
            f"scons board={board.name} kernel=reference",
        )
    return Choice(
        board=chosen["board"],
        models=_models(chosen),
        quantize=chosen["quantize"],
        engine=chosen["engine"],
        kernel=chosen["kernel"],
        opt=chosen["opt"],
        arena=chosen["arena"],
        clock=int(chosen["clock"]) if "clock" in arguments else None,
        fpu=chosen["fpu"],
        profile=chosen["profile"] == "1",
        require_upstream_cmsis_nn=chosen.get("cmsis_nn", "auto") != "auto",
        timeout=int(chosen["timeout"]) if "timeout" in arguments else None,
        emulator_flags=tuple(
            word
            for name in (*EMULATORS, *VIRTUAL_BOARD)
            if name in arguments
            for word in _passed_on(name, chosen[name])
        ),
        debug=_flags(DEBUG, arguments) + (("--load",) if chosen["load"] == "1" else ()),
        flash_flags=_flags(FLASH, arguments),
        monitor_flags=_flags(MONITOR, arguments),
        verbose=chosen["verbose"] == "1",
        components=tuple(chosen["component"].split(",")) if "component" in arguments else (),
        archive=Path(chosen["archive"]) if "archive" in arguments else None,
        overrides={
            component: Path(chosen[name])
            for component in components(root)
            if chosen[name := component.replace("-", "_")] not in ("auto", "upstream")
        },
        baseline=arguments.get("baseline", ""),
        threshold=arguments.get("threshold", ""),
        given=_given(arguments, components(root)),
    )


def _check_fpu(board: Board, fpu: str) -> None:
    if fpu != "hard" and (board.core is None or board.core.float_abi == "soft"):
        raise UserError(
            f"fpu={fpu} has nothing to leave out: board={board.name} sets no FPU flags",
            "no fpu= option, or a board whose core has an FPU: board=stm32f746",
            f"scons board=stm32f746 fpu={fpu}",
        )


def _given(arguments: Mapping[str, str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that shape the firmware; a folder as another working folder finds it."""
    folders = [component.replace("-", "_") for component in known]
    words = {name: arguments[name] for name in SHAPING if name in arguments}
    for name in folders:
        if name in arguments:
            value = arguments[name]
            words[name] = str(Path(value).resolve()) if Path(value).is_dir() else value
    return tuple(f"{name}={value}" for name, value in words.items())


def _check_virtual_board(board: Board, arguments: Mapping[str, str]) -> None:
    given = [name for name in VIRTUAL_BOARD if name in arguments]
    given += [name for name in EMULATORS if arguments.get(name) == "pty"]
    if given and (board.emulator is None or board.emulator.kind != "virtual"):
        raise UserError(
            f"{given[0]}= belongs to the virtual board; board={board.name} has another emulator",
            "no such option, or a board with emulator kind virtual: board=stm32f746",
            f"scons board=stm32f746 emulate {given[0]}={arguments[given[0]]}",
        )


def _flags(names: tuple[str, ...], arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options ``names`` that were given, as a command line has them."""
    return tuple(f"--{name}={arguments[name]}" for name in names if name in arguments)


def _passed_on(name: str, value: str) -> tuple[str, ...]:
    """Return one option as the virtual board's command line has it."""
    if name in ("strict", "estimate"):
        return (f"--{name}",) if value == "1" else ()
    return (f"--{name}", value)


def _models(chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return the models of the firmware, in the order given."""
    models = tuple(chosen["model"].split(","))
    if len(set(models)) < len(models):
        raise UserError(
            f"model={chosen['model']} names a model twice",
            "each model once",
            f"scons model={','.join(dict.fromkeys(models))}",
        )
    if len(models) > 1 and chosen["engine"] == "tflm":
        raise UserError(
            f"engine=tflm runs one model, not the {len(models)} of model={chosen['model']}",
            "several models with engine=aot",
            f"scons model={chosen['model']} engine=aot",
        )
    return models


def _is_cortex_m7(board: Board) -> bool:
    return board.core is not None and board.core.cpu == "cortex-m7"


def help_text(root: Path) -> str:
    """Return what ``scons -h`` prints: every option with its values and default."""
    lines = ["Targets:", ""]
    lines += [f"  {name:12} {what}" for name, what in TARGETS.items()]
    lines += ["", "Options (name=value):", ""]
    for option in table(root):
        lines.append(f"  {option.name:15} {option.help} (default: {option.default})")
        lines.append(f"                  {option.allowed}")
    return "\n".join(lines) + "\n"


def _value(option: Option, value: str, given: bool) -> str:
    if given and not option.accepts(value):
        raise UserError(
            f"{option.name}={value} is not possible",
            " or ".join(
                [*(f"{option.name}={allowed}" for allowed in option.values), *option.kinds]
            ),
            _closest(option.name, value, option.values),
        )
    return value


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
