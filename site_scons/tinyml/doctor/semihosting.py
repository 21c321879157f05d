"""Breakpoints that speak to a debugger: without one, BKPT is a HardFault.

The rule. A breakpoint 0xAB is guarded where its function, or every function on every way to it,
reads DHCSR, whose bit C_DEBUGEN says whether a debugger is there (DDI 0403, C1.6.2). The reading is
seen, the branch after it is not. A function whose address is stored may be called by anybody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinyml.doctor.code import Code, Function
from tinyml.doctor.finding import Finding, check, error, info, ok
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import listed
from tinyml.elf.image import Image

_DHCSR = 0xE000EDF0
_FIX = "leave --specs=rdimon.specs out, or ask DHCSR's C_DEBUGEN first, as board_exit does"


@check("semihosting")
def semihosting(patient: Patient) -> Iterator[Finding]:
    """The image does not rely on a debugger that is not there."""
    assert patient.image
    code = patient.code
    users = [function for function in code.functions if function.semihosting]
    if not users:
        yield ok("no BKPT 0xAB")
        return
    emulator = patient.board.emulator if patient.board else None
    if emulator and emulator.kind == "qemu":
        yield ok(f"BKPT 0xAB in {listed(f.name for f in users)}: QEMU answers")
        return
    stored = _stored_addresses(patient.image)
    bare = [function for function in users if not _guarded(code, function, stored, set())]
    if bare:
        doubt = "" if code.mapped else ", if it is code and not data,"
        yield error(
            f"BKPT 0xAB in {listed(f.name for f in bare)} ({bare[0].semihosting[0]:#010x}){doubt}"
            " is executed whether or not a debugger is attached; without one it is a HardFault",
            _FIX,
        )
    else:
        yield info(
            f"BKPT 0xAB in {listed(f.name for f in users)}, once DHCSR has been asked for a"
            " debugger: harmless without one"
        )


def _guarded(code: Code, function: Function, stored: set[int], seen: set[int]) -> bool:
    """Whether every way to the function reads DHCSR; a way round in a circle adds nothing."""
    if function.touches(_DHCSR) or function.address in seen:
        return True
    seen.add(function.address)
    callers = code.callers(function.address)
    if not callers or function.address in stored:
        return False
    return all(_guarded(code, caller, stored, seen) for caller in callers)


def _stored_addresses(image: Image) -> set[int]:
    """Return every word of the image that could be the address of a function, Thumb bit cleared."""
    words: set[int] = set()
    for section in image.sections:
        content = section.content
        content = content[: len(content) & ~3]
        words.update(value & ~1 for (value,) in struct.iter_unpack("<I", content) if value & 1)
    return words
