"""Instructions that must not be executed as they are: of the FPU while it is off, divisions.

The hook in C stops before a block that has one; from there the core goes on to the instruction.
"""

from __future__ import annotations

from collections.abc import Callable

from tinyml.emulator.stm32f746.condition import condition_holds
from tinyml.emulator.stm32f746.core import Core, Stop, Why


def reach_fpu_instruction(core: Core, stop: Stop) -> Stop:
    """Run up to the block's first instruction of the FPU; return the fault that it is."""
    address = _find(core, stop.pc, lambda first: first & 0xEC00 == 0xEC00)
    return _run_up_to(core, stop.pc, address) or Stop(Why.NO_FPU, address)


def reach_division(core: Core, stop: Stop) -> Stop:
    """Run up to the block's first division and look at its divisor; return what it came to."""
    address = _find(core, stop.pc, lambda first: first & 0xFFD0 == 0xFB90)
    before = _run_up_to(core, stop.pc, address)
    if before:
        return before
    second = int.from_bytes(core.memories.read(address + 2, 2) or b"", "little")
    if core[_register(second & 0xF)] == 0 and condition_holds(core.hook.xpsr):
        return Stop(Why.DIVIDE_BY_ZERO, address)
    return core.step()


def _find(core: Core, address: int, matches: Callable[[int], bool]) -> int:
    """Return the first instruction from ``address`` on whose first halfword matches."""
    while (code := core.memories.read(address, 2)) is not None:
        if matches(int.from_bytes(code, "little")):
            break
        address += core.width(address)
    return address


def _run_up_to(core: Core, start: int, address: int) -> Stop | None:
    """Run from ``start`` to ``address`` in the same block; return what stopped it before."""
    if address == start:
        return None
    reached = core.step_to(address)
    return None if reached.why is Why.BOUNDARY else reached


def _register(number: int) -> str:
    return {13: "sp", 14: "lr", 15: "pc"}.get(number, f"r{number}")
