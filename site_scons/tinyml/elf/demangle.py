"""The names of C++ and Rust functions as they were written, by the binutils' ``c++filt``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

_PROGRAMS = ("c++filt", "arm-none-eabi-c++filt", "llvm-cxxfilt")
_MANGLED = ("_Z", "_R")
_SECONDS = 60


def demangled(names: Iterable[str]) -> dict[str, str]:
    """Return the written form of each mangled name; nothing where no program knows it."""
    mangled = sorted({name for name in names if name.startswith(_MANGLED)})
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None) if mangled else None
    if program is None:
        return {}
    try:
        done = subprocess.run(
            [program],
            input="".join(f"{name}\n" for name in mangled),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = done.stdout.splitlines()
    if done.returncode or len(found) != len(mangled):
        return {}
    pairs = zip(mangled, found, strict=True)
    return {name: written for name, written in pairs if written != name and written.isprintable()}
