"""The counting hook in C (block_hook.c): compiled on first use, then loaded with ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tinyml.errors import UserError

SOURCE = Path(__file__).with_suffix(".c")
CACHE = Path(__file__).resolve().parents[4] / "build" / "emulator"
FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")
REGIONS = 8


class Block(ctypes.Structure):
    """``struct block``: what is known of the block that starts at one halfword."""

    _fields_ = (
        ("instructions", ctypes.c_uint64),
        ("size", ctypes.c_uint16),
        ("count", ctypes.c_uint16),
        ("moves_sp", ctypes.c_uint8),
        ("uses_fpu", ctypes.c_uint8),
        ("divides", ctypes.c_uint8),
        ("sets_control", ctypes.c_uint8),
    )


class Region(ctypes.Structure):
    """``struct region``: one memory that instructions may be fetched from."""

    _fields_ = (
        ("origin", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("bytes", ctypes.c_void_p),
        ("blocks", ctypes.POINTER(Block)),
        ("constant", ctypes.c_uint32),
    )


class BlockHook(ctypes.Structure):
    """``struct block_hook``: what the hook and we tell each other."""

    _fields_ = (
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("write_register", ctypes.c_void_p),
        ("executed", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("bad_value", ctypes.c_uint64),
        *((name, ctypes.c_uint32) for name in ("running", "count")),
        *((name, ctypes.c_uint32) for name in ("pc", "xpsr", "primask", "basepri", "faultmask")),
        ("hint", ctypes.c_uint32),
        *((name, ctypes.c_uint32) for name in ("interrupts", "interrupt", "interrupt_pc")),
        *((name, ctypes.c_uint32) for name in ("accesses", "access", "bad_address", "bad_size")),
        ("exc_return", ctypes.c_uint32),
        ("attention", ctypes.c_uint32),
        ("watch_masks", ctypes.c_uint32),
        ("masks", ctypes.c_uint32 * 3),
        ("fpu_off", ctypes.c_uint32),
        ("stopped_for_fpu", ctypes.c_uint32),
        ("trap_divisions", ctypes.c_uint32),
        ("stopped_for_division", ctypes.c_uint32),
        ("controls_set", ctypes.c_uint32),
        ("control_set", ctypes.c_uint32),
        ("address", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("sp_moved", ctypes.c_uint32),
        ("lowest_msp", ctypes.c_uint32),
        ("regions", Region * REGIONS),
    )


def load() -> ctypes.CDLL:
    """Return the hook's library, compiled if it has not been.

    Raises:
        UserError: there is no C compiler for this computer, or it refuses the source.
    """
    text = SOURCE.read_bytes() + " ".join(FLAGS).encode()
    name = f"block_hook-{hashlib.sha256(text).hexdigest()[:16]}.so"
    library = _folder() / name
    if not library.exists():
        _compile(library)
    loaded = ctypes.CDLL(str(library))
    word, hook = ctypes.c_uint32, ctypes.POINTER(BlockHook)
    signatures = {
        "block_hook_leave": (hook, word),
        "core_run": (ctypes.c_void_p, hook, word),
        "core_push": (ctypes.c_void_p, hook, word, word, word),
        "core_enter": (ctypes.c_void_p, hook, word, word, word),
        "core_pop": (ctypes.c_void_p, hook, word, word, ctypes.POINTER(word)),
    }
    for name, arguments in signatures.items():
        getattr(loaded, name).argtypes = arguments
    return loaded


def _folder() -> Path:
    """Return where the library is kept: in build/, or in one of ours where that is read-only."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _private_folder()
    return CACHE if os.access(CACHE, os.W_OK) else _private_folder()


def _private_folder() -> Path:
    # Made by this process alone: nobody else can have put a library there.
    return Path(tempfile.mkdtemp(prefix="tinyml-emulator-"))


def _compile(library: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise UserError(
            "the virtual board's counting hook needs a C compiler for this computer",
            "cc or gcc on the PATH",
            "sudo apt-get install gcc",
        )
    part = library.with_suffix(f".{os.getpid()}.part")
    done = subprocess.run(
        [compiler, *FLAGS, "-x", "c", str(SOURCE), "-o", str(part)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        part.unlink(missing_ok=True)
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise UserError(
            f"{compiler} cannot compile {SOURCE.name}: {lines[0]}",
            "a C11 compiler that makes shared libraries",
            f"{compiler} {' '.join(FLAGS)} {SOURCE} -o /dev/null",
        )
    part.replace(library)
