"""What a chip wants before it is fast: caches and clock. Told by the registers the code touches.

Registers: Armv7-M Architecture Reference Manual (DDI 0403), B3.2 and B2.2; STM32F7 reference
manual (RM0385), 5.3 and 3.7.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, info, ok, unknown, warning
from tinyml.doctor.patient import Patient

_CCR, _ICIALLU, _DCISW = 0xE000ED14, 0xE000EF50, 0xE000EF60
_CORES_WITH_CACHES = ("cortex-m7", "cortex-m55", "cortex-m85")

# By family: the registers of the PLL and of the flash's wait states.
_CLOCK = {"stm32f7": {"RCC_PLLCFGR": 0x40023804, "FLASH_ACR": 0x40023C00}}


@check("caches", "board")
def caches(patient: Patient) -> Iterator[Finding]:
    """Something switches the caches on."""
    assert patient.board and patient.board.core
    cpu = patient.board.core.cpu
    if cpu not in _CORES_WITH_CACHES:
        yield ok(f"the {cpu} has none")
        return
    missing = [
        f"the {name} cache ({call})"
        for name, register, call in (
            ("instruction", _ICIALLU, "SCB_EnableICache"),
            ("data", _DCISW, "SCB_EnableDCache"),
        )
        if not _touch_together(patient, _CCR, register)
    ]
    if not missing:
        yield ok("both are invalidated and switched on")
    elif not patient.board.emulator or patient.board.emulator.kind == "virtual":
        yield warning(
            f"nothing switches on {' nor '.join(missing)}: flash answers with wait states",
            "call both in the reset handler, before anything else",
        )
    else:
        yield info(f"nothing switches on {' nor '.join(missing)}; an emulator has none")


def _touch_together(patient: Patient, *registers: int) -> bool:
    """Whether one function knows all the registers."""
    return any(
        all(function.touches(register) for register in registers)
        for function in patient.code.functions
    )


@check("clock", "board")
def clock(patient: Patient) -> Iterator[Finding]:
    """Something sets the clock up, and to the board's speed."""
    board = patient.board
    assert board
    registers = _CLOCK.get(board.family or "")
    if registers is None:
        if board.clock and board.clock.pll is None:
            yield ok(f"{board.clock.default_mhz} MHz from the start")
        else:
            yield unknown(f"the clock registers of {board.family} are not known here")
        return
    missing = [
        name
        for name, address in registers.items()
        if not any(function.touches(address) for function in patient.code.functions)
    ]
    full = board.clock.default_mhz if board.clock else 0
    mhz = patient.build.get("clock_mhz")
    if missing:
        yield warning(
            f"nothing writes {' nor '.join(missing)}: the core stays at its 16 MHz of reset,"
            f" not {full} MHz",
            "link and call the clock's set-up (here clock_start; CubeMX: SystemClock_Config)",
        )
    elif isinstance(mhz, int) and 0 < mhz < full:
        yield info(f"set up for {mhz} of {full} MHz", "build without clock=")
    else:
        yield ok(f"set up for {mhz} MHz" if mhz else "PLL and flash wait states are set up")
