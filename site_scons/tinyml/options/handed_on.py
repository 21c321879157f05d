"""What of the command line is handed on, as it is, to the commands that the build starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tinyml.options.option import ADDRESS, fits

EMULATORS = ("console", "link")  # of every emulator
VIRTUAL_BOARD = (
    *("uart1", "uart6", "uart7", "limit", "realtime", "trace", "counts", "strict"),
    *("gdb", "estimate"),
)
FLASH = ("programmer", "serial", "port", "baud", "timeout")
MONITOR = ("programmer", "serial", "port", "baud", "log")
DEBUG = ("debugger", "gdbserver", "gdb_port", "serial", "script", "timeout")
# What decides how a firmware comes out, so that another commit can be built like this one.
SHAPING = (
    *("board", "model", "quantize", "engine", "kernel"),
    *("opt", "arena", "clock", "fpu", "profile"),
)


def to_emulator(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what ``emulate`` is started with beside the firmware."""
    names = [name for name in (*EMULATORS, *VIRTUAL_BOARD) if name in given]
    return tuple(word for name in names for word in _passed_on(name, given[name]))


def to_flash(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what ``flash``, ``erase`` and ``reset`` are started with."""
    return _flags(FLASH, given) + _running_server(given)


def to_monitor(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what ``monitor`` is started with."""
    return _flags(MONITOR, given) + _running_server(given)


def to_debug(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what ``debug`` is started with."""
    return _flags(DEBUG, given) + (("--load",) if given.get("load") == "1" else ())


def to_another_commit(given: Mapping[str, str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that shape the firmware; a folder as another working folder finds it."""
    folders = [component.replace("-", "_") for component in known]
    words = {name: given[name] for name in SHAPING if name in given}
    for name in folders:
        if name in given:
            value = given[name]
            words[name] = str(Path(value).resolve()) if Path(value).is_dir() else value
    return tuple(f"{name}={value}" for name, value in words.items())


def _running_server(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the gdbserver through which gdb writes; one that ``debug`` starts is not there yet."""
    server = given.get("gdbserver", "")
    return (f"--gdbserver={server}",) if fits(ADDRESS, server) else ()


def _flags(names: tuple[str, ...], given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options ``names`` that were given, as a command line has them."""
    return tuple(f"--{name.replace('_', '-')}={given[name]}" for name in names if name in given)


def _passed_on(name: str, value: str) -> tuple[str, ...]:
    """Return one option as the virtual board's command line has it."""
    if name in ("strict", "estimate"):
        return (f"--{name}",) if value == "1" else ()
    return (f"--{name}", value)
