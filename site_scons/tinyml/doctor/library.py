"""Parts of the C library that a firmware seldom wants."""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, info, ok, warning
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import callers_of, listed

# newlib-nano's printf takes its floats from the first two, newlib's from the others.
_FLOAT_FORMATS = ("_printf_float", "_scanf_float", "_dtoa_r", "_ldtoa_r", "_strtod_l", "_strtod_r")
_FORMATS = ("_printf_i", "_vfprintf_r", "_svfprintf_r", "_vfiprintf_r", "_svfiprintf_r")
_HEAP = (
    *("malloc", "calloc", "realloc", "memalign", "aligned_alloc", "free", "_malloc_r"),
    *("_calloc_r", "_realloc_r", "_free_r", "_sbrk", "_sbrk_r", "pvPortMalloc"),
)
_NEW = ("_Znwj", "_Znaj", "_ZnwjRKSt9nothrow_t", "_ZnajRKSt9nothrow_t")  # operator new, new[]


@check("printf-float", "symbols")
def printf_float(patient: Patient) -> Iterator[Finding]:
    """Neither printf nor scanf brings its floats with it."""
    floats = [name for name in _FLOAT_FORMATS if name in patient.symbols]
    formats = [name for name in _FORMATS if name in patient.symbols]
    size = sum(s.size for name in floats for s in patient.symbols[name])
    if floats:
        yield warning(
            f"linked: {listed(floats)}, {size} bytes themselves, with double precision in"
            " software and a heap behind them",
            "leave out -u _printf_float; console_fixed (firmware/runtime) prints a float",
        )
    elif formats:
        users = callers_of(patient, formats)
        yield info(f"printf without floats is linked ({listed(formats)}), by {listed(users)}")
    else:
        yield ok("no printf")


@check("heap", "symbols")
def heap(patient: Patient) -> Iterator[Finding]:
    """No heap is linked."""
    linked = [name for name in (*_HEAP, *_NEW) if name in patient.symbols]
    found = [name for name in linked if not all(map(patient.traps, patient.symbols[name]))]
    if not found:
        traps = f"{listed(linked)}: traps, no memory behind them" if linked else ""
        yield ok(traps or "no malloc, no operator new")
        return
    library = (*found, *_FORMATS, *_FLOAT_FORMATS, "_Balloc", "__smakebuf_r", "__swsetup_r")
    names = [name for name in callers_of(patient, found) if name not in library]
    yield warning(
        f"linked: {listed(found)}, called by {listed(names) or 'the C library itself'}:"
        " memory that can run out while the firmware runs, and is in no size report",
        "static arrays; printf to a buffer and C++ containers are the usual callers",
    )
