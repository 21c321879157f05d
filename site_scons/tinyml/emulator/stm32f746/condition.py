"""Whether an instruction in an IT block is executed: ARMv7-M ARM sections A7.3 and B1.4.2."""

from __future__ import annotations

ALWAYS = 0xE


def condition_holds(xpsr: int) -> bool:
    """Return whether the next instruction's condition is met; it has none outside an IT block."""
    state = xpsr >> 10 & 0x3F
    it_state = (state << 2 | xpsr >> 25 & 3) & 0xFF
    if not it_state & 0xF:
        return True
    condition = it_state >> 4
    negative, zero, carry, overflow = (bool(xpsr >> bit & 1) for bit in (31, 30, 29, 28))
    holds = {
        0: zero,
        1: carry,
        2: negative,
        3: overflow,
        4: carry and not zero,
        5: negative == overflow,
        6: negative == overflow and not zero,
    }.get(condition >> 1, True)
    return holds if condition >= ALWAYS or not condition & 1 else not holds
