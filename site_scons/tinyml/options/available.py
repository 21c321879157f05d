"""Which options and targets there are: what ``scons -h`` lists."""

from __future__ import annotations

from pathlib import Path

from tinyml.options.option import (
    ADDRESS,
    AMOUNT,
    BASELINE,
    FILE,
    FOLDER,
    GIVEN,
    LIMIT,
    LIST,
    NUMBER,
    SERIAL,
    TCP,
    TEXT,
    Option,
)

QUANTIZE_MODES = ("none", "dynamic", "int8", "float16", "int16x8")
CALIBRATED_MODES = ("int8", "int16x8")
CMSIS_NN = "cmsis-nn"
_TINYML = Path(__file__).parent.parent
GDB_SERVERS = _TINYML / "debug" / "servers"
PROGRAMMERS = _TINYML / "flash" / "programmers"
_SWITCH = ("0", "1")
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


def help_text(root: Path) -> str:
    """Return what ``scons -h`` prints: every option with its values and default."""
    lines = ["Targets:", ""]
    lines += [f"  {name:12} {what}" for name, what in TARGETS.items()]
    lines += ["", "Options (name=value):", ""]
    for option in table(root):
        lines.append(f"  {option.name:15} {option.help} (default: {option.default})")
        lines.append(f"                  {option.allowed}")
    return "\n".join(lines) + "\n"


def table(root: Path) -> tuple[Option, ...]:
    """Return every option, its values as found in the project at ``root``."""
    boards = folders_with(root / "firmware" / "boards", "board.toml")
    models = folders_with(root / "models", "model.toml")
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
        Option("profile", _SWITCH, "1", "count instructions or cycles per operator"),
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
        Option("verbose", _SWITCH, "0", "show each command in full"),
        Option("component", components(root), "all", "what 'fetch' fetches", LIST),
        Option("archive", (), "none", "where 'fetch' finds files downloaded before", FOLDER),
        *(_override(name) for name in components(root)),
    )


def _virtual_board() -> tuple[Option, ...]:
    """Return the options of ``emulate`` that only the virtual board has."""
    ports = ("stdio", "pty", "off")
    return (
        Option("uart1", ports, "off", "virtual board: where USART1 is", SERIAL),
        Option("uart6", ports, "console's", "virtual board: where USART6 is", SERIAL),
        Option("uart7", ports, "link's", "virtual board: where UART7 is", SERIAL),
        Option("limit", (), "none", "virtual board: when to stop", LIMIT),
        Option(
            "realtime",
            _SWITCH,
            "1 while a port may bring something, else 0",
            "virtual board: no faster than the wall clock",
        ),
        Option("trace", (), "none", "virtual board: every register access", FILE),
        Option("counts", (), "none", "virtual board: instructions by function, as JSON", FILE),
        Option("gdb", (), "none", "virtual board: wait for GDB there; 0 is any free port", TCP),
        Option(
            "estimate",
            _SWITCH,
            "0",
            "virtual board: cycles of the hottest functions, by llvm-mca",
        ),
        Option("strict", _SWITCH, "0", "virtual board: an unmodelled register is an error"),
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
            "gdb's other side, for 'debug' and programmer=gdb",
            ADDRESS,
        ),
        Option("gdb_port", (), "any free one", "debug: where the server listens", TCP),
        Option("load", _SWITCH, "0", "debug: write the firmware to the board first"),
        Option("script", (), "none", "debug: commands for gdb instead of a terminal", GIVEN),
    )


def _on_board() -> tuple[Option, ...]:
    """Return the options of the targets that need a board: flash, erase, reset, monitor."""
    names = tuple(sorted(path.stem for path in PROGRAMMERS.glob("*.toml")))
    return (
        Option("programmer", ("auto", *names), "auto", "what 'flash', 'erase', 'reset' use"),
        Option("serial", (), "the only one", "serial number of one of several boards", TEXT),
        Option(
            "port",
            (),
            "found by USB id",
            "'monitor', 'draw', 'notebook': a serial port, or socket://HOST:PORT; stm32loader's",
            TEXT,
        ),
        Option("baud", (), "board.toml's", "'monitor' and stm32loader: bits a second", NUMBER),
        Option("log", (), "none", "'monitor': a file for what is received, with times", FILE),
    )


def _override(component: str) -> Option:
    """Return the option that puts a folder of the user's in a component's place."""
    name = component.replace("-", "_")
    values = ("auto", "upstream") if component == CMSIS_NN else ("auto",)
    return Option(name, values, "auto", f"a checkout of {component} to use instead", FOLDER)


def components(root: Path) -> tuple[str, ...]:
    """Return the names of the third-party components that the project describes."""
    return folders_with(root / "third_party", "component.toml")


def folders_with(directory: Path, marker: str) -> tuple[str, ...]:
    """Return the names of the folders in ``directory`` that hold a file ``marker``, sorted."""
    return tuple(sorted(path.parent.name for path in directory.glob(f"*/{marker}")))
