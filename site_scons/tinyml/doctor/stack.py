"""The stack's reserve against what the deepest chain of calls needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinyml.doctor.finding import Finding, check, error, info, ok, unknown
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import listed
from tinyml.elf import stack as elf_stack
from tinyml.errors import UserError

# Both ends of the reserve, as linker scripts call them: ours, and CMSIS's templates.
_ENDS = (("__stack_bottom", "__stack_top"), ("__StackLimit", "__StackTop"))
_FIX = "stack_size in [placement] of board.toml, or smaller arrays on the stack"


@check("stack", "symbols")
def stack(patient: Patient) -> Iterator[Finding]:
    """The stack's reserve is enough for the deepest chain of calls."""
    measured = _measured(patient)
    worst, main = measured.get("worst"), measured.get("main")
    if not isinstance(worst, int) or not isinstance(main, dict):
        yield unknown("the depth of the calls is not known", "scons size-report")
        return
    reserved = measured.get("reserved")
    doubts = [str(each) for each in measured.get("unknown") or ()]
    needs = f"{'at least ' if doubts else ''}{worst} bytes of stack"
    chain = " > ".join(str(call.get("function")) for call in main.get("chain", ()))
    if not isinstance(reserved, int) or not reserved:
        yield unknown(f"{needs} are needed, and the file does not say how many are reserved")
    elif worst > reserved:
        yield error(f"{needs} are needed, {reserved} are reserved; the deepest: {chain}", _FIX)
    elif doubts:
        yield info(f"{needs} are needed of {reserved}; not known: {listed(doubts, 2)}")
    else:
        yield ok(f"{needs} of {reserved}: {chain}")


def _measured(patient: Patient) -> Mapping[str, Any]:
    """Return the stack of the size document; without one, what the code itself shows."""
    known = patient.size.get("stack")
    if isinstance(known, dict):
        return known
    assert patient.image
    try:
        found = elf_stack.measure(patient.image, [], []).as_dict()
    except UserError:
        return {}
    for bottom, top in _ENDS:
        if bottom in patient.symbols and top in patient.symbols:
            size = patient.symbols[top][0].address - patient.symbols[bottom][0].address
            return found | {"reserved": size}
    return found
