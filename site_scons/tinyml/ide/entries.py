"""What an editor is told: tasks that run sconsw, and how to debug.

Formats: Visual Studio Code's documentation, "Tasks" and "Configure C/C++ debugging" (type cppdbg of
the C/C++ extension).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinyml.ide.merge import MARK

_HERE = "${workspaceFolder}"
_PORT = 3333
READY = "ready for gdb"  # tinyml.debug prints it when its server listens

# Options of GCC alone, over which clangd would stumble at the first line of every file.
CLANGD = f"""\
# {MARK}written by scons ide; change this line to keep the file as it is.
CompileFlags:
  Remove: [-fcallgraph-info*]
"""

# name, targets, group, what it shows
_TASKS: tuple[tuple[str, tuple[str, ...], str | None, str], ...] = (
    ("build", (), "build", "Build the model, the firmware and the size table"),
    ("emulate", ("emulate",), "test", "Run the firmware on the board's emulator"),
    ("flash", ("flash",), None, "Write the firmware to the board"),
    ("monitor", ("monitor",), None, "Show the board's serial port"),
    ("size report", ("size-report",), None, "Show where flash and RAM went"),
    ("doctor", ("doctor",), None, "Say what is wrong with the image and this computer"),
)


@dataclass(frozen=True)
class Variant:
    """What is built and debugged.

    Attributes:
        arguments: the options of the command line, ``name=value``.
        board: its name.
        elf: the firmware, relative to the project.
        native: whether it runs on this computer itself.
        gdb: the debugger's program.
    """

    arguments: tuple[str, ...]
    board: str
    elf: str
    native: bool
    gdb: str


def tasks(variant: Variant) -> list[dict[str, Any]]:
    """Return the entries of tasks.json."""
    # What needs an image for a board is nothing to a native program.
    names = ("build", "emulate", "doctor") if variant.native else [name for name, *_ in _TASKS]
    return [_task(variant, *task) for task in _TASKS if task[0] in names]


def _task(
    variant: Variant, name: str, targets: Sequence[str], group: str | None, detail: str
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "label": f"{MARK}{name}",
        "type": "process",
        "command": f"{_HERE}/sconsw",
        "args": [*targets, *variant.arguments],
        "options": {"cwd": _HERE},
        "problemMatcher": ["$gcc"],
        "detail": detail,
    }
    return entry | ({"group": group} if group else {})


def launches(variant: Variant) -> list[dict[str, Any]]:
    """Return the entries of launch.json."""
    debug: dict[str, Any] = {
        "name": f"{MARK}debug {variant.board}",
        "type": "cppdbg",
        "request": "launch",
        "program": f"{_HERE}/{variant.elf}",
        "cwd": _HERE,
        "MIMode": "gdb",
        "miDebuggerPath": variant.gdb,
        "preLaunchTask": f"{MARK}build",
        "stopAtEntry": variant.native,
    }
    return [debug if variant.native else debug | _server(variant)]


def _server(variant: Variant) -> dict[str, Any]:
    """Return how the editor starts our server, and knows that it listens."""
    words = ("debug", "debugger=none", f"gdb_port={_PORT}", *variant.arguments)
    commands = (f"source {_HERE}/{variant.elf.removesuffix('.elf')}.gdb", "prepare")
    return {
        "debugServerPath": f"{_HERE}/sconsw",
        "debugServerArgs": " ".join(words),
        "serverStarted": READY,
        "filterStdout": True,
        "filterStderr": True,
        "miDebuggerServerAddress": f"127.0.0.1:{_PORT}",
        "useExtendedRemote": True,
        "stopAtConnect": True,
        "postRemoteConnectCommands": [{"text": text, "ignoreFailures": False} for text in commands],
    }
