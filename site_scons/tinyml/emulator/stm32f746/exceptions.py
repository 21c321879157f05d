"""Exception entry and return: ARMv7-M ARM sections B1.5.6 to B1.5.14, PM0253 section 2.4.7."""

from __future__ import annotations

from collections.abc import Callable

from tinyml.emulator.stm32f746.core import FPCA, T_BIT, Core, Stop, Why
from tinyml.emulator.stm32f746.log import BoardError
from tinyml.emulator.stm32f746.nvic import (
    BUS_FAULT,
    HARD_FAULT,
    MEM_MANAGE,
    NMI,
    SVCALL,
    USAGE_FAULT,
    Masks,
    Nvic,
)
from tinyml.emulator.stm32f746.scs import Scs

# CFSR, section 4.3.10 of PM0253.
IACCVIOL, DACCVIOL, MUNSTKERR, MSTKERR, MMARVALID = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 7
IBUSERR, PRECISERR, IMPRECISERR = 1 << 8, 1 << 9, 1 << 10
UNSTKERR, STKERR, BFARVALID = 1 << 11, 1 << 12, 1 << 15
UNDEFINSTR, INVSTATE, INVPC, NOCP, DIVBYZERO = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 25
VECTTBL, FORCED, DEBUGEVT = 1 << 1, 1 << 30, 1 << 31
EXC_RETURNS = (0xFFFFFFF1, 0xFFFFFFF9, 0xFFFFFFFD, 0xFFFFFFE1, 0xFFFFFFE9, 0xFFFFFFED)
NAMES = {2: "NMI", 3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault", 11: "SVCall"}
NAMES |= {14: "PendSV", 15: "SysTick"}
# Memory types without execution: ARMv7-M ARM table B3-1.
NEVER_EXECUTED = (range(0x40000000, 0x60000000), range(0xA0000000, 0x100000000))
CAUSES = {
    Why.UNDEFINED: (USAGE_FAULT, UNDEFINSTR),
    Why.NO_FPU: (USAGE_FAULT, NOCP),
    Why.DIVIDE_BY_ZERO: (USAGE_FAULT, DIVBYZERO),
    Why.DENIED: (MEM_MANAGE, DACCVIOL | MMARVALID),
    Why.FETCH_DENIED: (MEM_MANAGE, IACCVIOL),
    Why.NOT_THUMB: (USAGE_FAULT, INVSTATE),
    Why.READ: (BUS_FAULT, PRECISERR | BFARVALID),
    Why.WRITE: (BUS_FAULT, PRECISERR | BFARVALID),
    Why.PROTECTED: (BUS_FAULT, PRECISERR | BFARVALID),
}


def name_of(number: int) -> str:
    """Return the name of an exception."""
    return NAMES.get(number, f"interrupt {number - 16}" if number >= 16 else f"exception {number}")


class Exceptions:
    """Takes exceptions on the core, in the order that the NVIC says."""

    def __init__(self, core: Core, nvic: Nvic, scs: Scs) -> None:
        """Work on ``core``."""
        self._core, self._nvic, self._scs = core, nvic, scs
        self.taken: dict[int, int] = {}
        self.on_entry: Callable[[int, int], None] = lambda number, pc: None
        self.on_fault: Callable[[int, Stop], None] = lambda number, stop: None
        # Whether the MPU lets the core, as it is, read or write its stack.
        self.may_stack: Callable[[int, int], bool] = lambda frame, size: True
        self.may_unstack: Callable[[int, int, bool], bool] = lambda frame, size, thread: True

    def masks(self) -> Masks:
        """Return the core's mask registers."""
        hook = self._core.hook
        return Masks(hook.primask, hook.basepri, hook.faultmask)

    @property
    def current(self) -> int:
        """The exception being handled; 0 in thread mode."""
        return int(self._core.hook.xpsr & 0x1FF)

    def deliver(self) -> None:
        """Take what is pending and urgent enough; else watch the masks that hold it back."""
        if not self._nvic.pending:
            self._core.hook.watch_masks = 0
            return
        number = self._nvic.takeable(self.masks())
        if number is not None:
            self.enter(number)
        self._watch()

    def _watch(self) -> None:
        """Have the core stop when a mask changes while something waits behind it."""
        hook = self._core.hook
        hook.watch_masks = bool(self._nvic.takeable(Masks()))
        if hook.watch_masks:
            hook.masks[:] = self.masks()

    # --- entry: PushStack, ExceptionTaken -----------------------------------------------------

    def enter(self, number: int) -> None:
        """Stack the registers and go to the handler of ``number``."""
        exc_return, pushed, permitted = self._push()
        if not permitted:
            number = self._stacking_failed(number, MEM_MANAGE, MSTKERR)
        elif not pushed:
            number = self._stacking_failed(number, BUS_FAULT, STKERR)
        self._start_handler(number, exc_return)

    def _stacking_failed(self, number: int, fault: int, bit: int) -> int:
        """Return what is taken instead of ``number``, which stays pending: section B1.5.11."""
        self._scs.values["cfsr"] |= bit
        if number in (NMI, HARD_FAULT):
            self._scs.values["hfsr"] |= FORCED
            return number  # nothing is more urgent: its handler begins with no frame
        urgent = self._nvic.group(self._nvic.priority(number))
        if self._scs.fault_enabled(fault) and (
            self._nvic.group(self._nvic.priority(fault)) < urgent
        ):
            taken = fault
        else:
            self._scs.values["hfsr"] |= FORCED
            taken = HARD_FAULT
        self._nvic.pend(number)
        return taken

    def _push(self) -> tuple[int, bool, bool]:
        """Stack a basic or an extended frame.

        Return EXC_RETURN, whether there was memory for it, and whether the MPU permits it.
        """
        scs, core = self._scs, self._core
        fpu = scs.bit("fpccr", 31) and scs.fpu_on
        arguments = scs.bit("ccr", 9), fpu, scs.values["fpdscr"]
        if not scs.bit("mpu_ctrl", 0):
            exc_return, pushed = core.push(*arguments)
            if not exc_return & 0x10:
                scs.values["fpcar"] = core["sp"] + 0x20
            return exc_return, pushed, True
        sp, control = core.read_all(("sp", "control"))
        size = 0x68 if fpu and control & FPCA else 0x20
        permitted = self.may_stack(sp - size, size)
        before = None if permitted else core.memories.read(sp - size, size)
        exc_return, pushed = core.push(*arguments)
        if before is not None:
            core.memories.write(sp - size, before)
        return exc_return, pushed, permitted

    def _start_handler(self, number: int, exc_return: int) -> None:
        core = self._core
        vector = core.memories.word(self._scs.values["vtor"] + 4 * number)
        if vector is None:
            self._scs.values["hfsr"] |= VECTTBL
            if number == HARD_FAULT:
                raise self._lockup("the vector table is not in memory")
            number = HARD_FAULT
            vector = core.memories.word(self._scs.values["vtor"] + 4 * number)
            if vector is None:
                raise self._lockup("the vector table is not in memory")
        self.on_entry(number, core.hook.pc)
        self.taken[number] = self.taken.get(number, 0) + 1
        self._nvic.activate(number)
        core.enter(number, vector, exc_return)

    # --- return: ExceptionReturn ----------------------------------------------------------------

    def leave(self, exc_return: int) -> bool:
        """Return from a handler; True if the core sleeps then (SLEEPONEXIT)."""
        current = self.current
        self._nvic.deactivate(current)
        if current != NMI:
            self._core["faultmask"] = 0
        if exc_return not in EXC_RETURNS or not self._may_return(exc_return):
            self._invalid_return(exc_return)
            return False
        if not self._pop(exc_return):
            return False
        return self._scs.bit("scr", 1) and bool(exc_return & 8) and not self._nvic.active

    def _may_return(self, exc_return: int) -> bool:
        """To a thread only when nothing else is active, unless NONBASETHRDENA is set."""
        if exc_return & 8:
            return not self._nvic.active or self._scs.bit("ccr", 0)
        return bool(self._nvic.active)

    def _invalid_return(self, exc_return: int) -> None:
        """A fault of the return itself stacks nothing again: the frame is still there."""
        number = self._escalate(USAGE_FAULT, INVPC)
        self.on_fault(number, Stop(Why.EXCEPTION_RETURN, exc_return))
        self._start_handler(number, exc_return)

    def _pop(self, exc_return: int) -> bool:
        if self._scs.bit("mpu_ctrl", 0) and not self._may_pop(exc_return):
            return False
        result, frame = self._core.pop(exc_return, self._scs.bit("ccr", 9))
        if result > 0:
            number = self._escalate(BUS_FAULT, UNSTKERR)
            self.on_fault(number, Stop(Why.READ, exc_return, frame))
            self._start_handler(number, exc_return)
        elif result < 0:
            self._invalid_return(exc_return)
        return result == 0

    def _may_pop(self, exc_return: int) -> bool:
        frame = self._core["psp" if exc_return & 4 else "msp"]
        size = 0x20 if exc_return & 16 else 0x68
        if self.may_unstack(frame, size, bool(exc_return & 8)):
            return True
        number = self._escalate(MEM_MANAGE, MUNSTKERR)
        self.on_fault(number, Stop(Why.DENIED, exc_return, frame))
        self._start_handler(number, exc_return)
        return False

    # --- faults: section B1.5.14 ---------------------------------------------------------------

    def fault(self, stop: Stop) -> None:
        """Take the fault that an instruction caused."""
        number, bits = CAUSES.get(stop.why, (BUS_FAULT, IBUSERR))
        if stop.why is Why.FETCH and any(stop.pc in area for area in NEVER_EXECUTED):
            number, bits = MEM_MANAGE, IACCVIOL
        if bits & BFARVALID:
            self._scs.values["bfar"] = stop.address
        if bits & MMARVALID:
            self._scs.values["mmfar"] = stop.address
        self._core["pc"] = stop.pc
        self.synchronous(number, bits, stop)

    def synchronous(self, number: int, bits: int, stop: Stop) -> None:
        """Take exception ``number`` at once, or a HardFault in its place."""
        taken = self._escalate(number, bits)
        self.on_fault(taken, stop)
        self.enter(taken)

    def _escalate(self, number: int, bits: int) -> int:
        """Note the cause and return what is taken: the fault itself or a HardFault."""
        self._scs.values["cfsr"] |= bits
        now = self._nvic.execution_priority(self.masks())
        urgent = self._nvic.group(self._nvic.priority(number)) < now
        if urgent and self._scs.fault_enabled(number):
            return number
        if now <= -1:
            raise self._lockup(f"{name_of(number)} in {name_of(self.current)}")
        self._scs.values["hfsr"] |= FORCED
        return HARD_FAULT

    def supervisor_call(self, stop: Stop) -> None:
        """SVC: taken at once; the stacked address is the next instruction's."""
        self._core["pc"] = stop.pc
        self.synchronous(SVCALL, 0, stop)

    def imprecise(self, address: int) -> None:
        """A write failed after the instruction had gone on: BFAR is not valid."""
        self._scs.values["cfsr"] |= IMPRECISERR
        enabled = self._scs.fault_enabled(BUS_FAULT)
        if not enabled:
            self._scs.values["hfsr"] |= FORCED
        number = BUS_FAULT if enabled else HARD_FAULT
        self.on_fault(number, Stop(Why.WRITE, self._core["pc"], address))
        self._nvic.pend(number)

    def _lockup(self, what: str) -> BoardError:
        core = self._core
        pc, lr, sp = core.read_all(("pc", "lr", "sp"))
        cfsr, hfsr = self._scs.values["cfsr"], self._scs.values["hfsr"]
        return BoardError(
            f"lockup: {what}; pc {pc:#010x} lr {lr:#010x} sp {sp:#010x} "
            f"CFSR {cfsr:#010x} HFSR {hfsr:#010x}"
        )

    def reset(self) -> None:
        """Set the core as it is after reset, and to its first instruction: section B1.5.5."""
        core, table = self._core, self._scs.values["vtor"]
        stack, start = core.memories.word(table), core.memories.word(table + 4)
        if stack is None or start is None:
            raise BoardError(f"there is no vector table at {table:#010x}")
        core["xpsr"] = T_BIT * (start & 1)
        core["control"] = 0
        for name in ("primask", "basepri", "faultmask", "fpscr"):
            core[name] = 0
        core["sp"], core["lr"], core["pc"] = stack & ~3, 0xFFFFFFFF, start & ~1
