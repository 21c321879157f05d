"""Unicorn's Cortex-M7: runs instructions until something needs us, and says what.

Only between two blocks of instructions may the core be stopped from outside (a block stopped by a
peripheral's callback would run twice), so callbacks ask for attention and the hook in C stops it.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm
from unicorn import unicorn_const as uc
from unicorn.unicorn_py3.unicorn import MMIO_READ_CFUNC, MMIO_WRITE_CFUNC, uclib

from tinyml.emulator.stm32f746 import block_hook
from tinyml.emulator.stm32f746.memory import Memories

# Numbers of the exceptions that unicorn does not handle (QEMU's, target/arm).
_SVC, _PREFETCH_ABORT, _BKPT, _EXCEPTION_EXIT = 2, 3, 7, 8
_NEVER = (1 << 64) - 1
_NOWHERE = 0xFFFFFFFE  # an address that no run reaches
_WFI = 0xBF30
T_BIT = 1 << 24
LONGEST_BLOCK = 1024  # bytes; unicorn ends a block at a page's end
FPCA = 1 << 2

REGISTERS = {
    **{f"r{number}": arm.UC_ARM_REG_R0 + number for number in range(13)},
    **{f"s{number}": arm.UC_ARM_REG_S0 + number for number in range(32)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "xpsr": arm.UC_ARM_REG_XPSR,
    "msp": arm.UC_ARM_REG_MSP,
    "psp": arm.UC_ARM_REG_PSP,
    "control": arm.UC_ARM_REG_CONTROL,
    "primask": arm.UC_ARM_REG_PRIMASK,
    "basepri": arm.UC_ARM_REG_BASEPRI,
    "faultmask": arm.UC_ARM_REG_FAULTMASK,
    "fpscr": arm.UC_ARM_REG_FPSCR,
}
# Numbers of registers, pointers to the values, the values: as uc_reg_read_batch wants them.
_Batch = tuple[
    ctypes.Array[ctypes.c_int], ctypes.Array[ctypes.c_void_p], ctypes.Array[ctypes.c_uint64]
]


class Why(enum.Enum):
    """Why the core stopped."""

    BOUNDARY = "between two blocks: the deadline, or someone asked"
    WFI = "wfi"
    WFE = "wfe"
    SEV = "sev"
    YIELD = "yield"
    SVC = "svc"
    BKPT = "bkpt"
    EXCEPTION_RETURN = "a branch to EXC_RETURN"
    UNDEFINED = "undefined instruction"
    NO_FPU = "an instruction of the FPU, which is off"
    NOT_THUMB = "a branch to an even address"
    FETCH = "no instruction there"
    READ = "no memory to read"
    WRITE = "no memory to write"
    PROTECTED = "memory that cannot be written"
    READ_DENIED = "memory that may not be read"
    FETCH_DENIED = "memory that may not be executed"
    DIVISION = "a division, while those by zero trap"
    DIVIDE_BY_ZERO = "division by zero"
    DENIED = "an access that the MPU forbids"


class Stop(NamedTuple):
    """One stop: ``pc`` is the instruction at fault, or the next one to run.

    ``address``, ``size`` and ``value`` are those of an access that failed.
    """

    why: Why
    pc: int
    address: int = 0
    size: int = 0
    value: int = 0


# What the hook keeps a copy of while the core does not run.
_NOTED = frozenset(("pc", "xpsr", "primask", "basepri", "faultmask"))
# Hints that unicorn refuses, with the program counter already past them.
HINTS = {0xBF10: Why.YIELD, 0xBF20: Why.WFE, 0xBF40: Why.SEV}
_INTERRUPTS = {
    _SVC: Why.SVC,
    _BKPT: Why.BKPT,
    _EXCEPTION_EXIT: Why.EXCEPTION_RETURN,
    _PREFETCH_ABORT: Why.FETCH,
}
_ACCESSES = {
    uc.UC_MEM_READ_UNMAPPED: Why.READ,
    uc.UC_MEM_WRITE_UNMAPPED: Why.WRITE,
    uc.UC_MEM_WRITE_PROT: Why.PROTECTED,
    uc.UC_MEM_READ_PROT: Why.READ_DENIED,
    uc.UC_MEM_FETCH_PROT: Why.FETCH_DENIED,
}


class Core:
    """The processor's registers and its running."""

    def __init__(self, memories: Memories) -> None:
        """Map ``memories`` and attach the counting hook."""
        self.memories = memories
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M7)
        self._blocks: dict[str, ctypes.Array[block_hook.Block]] = {}
        self._library = block_hook.load()
        self.hook = block_hook.BlockHook()
        self._batches: dict[tuple[str, ...], _Batch] = {}
        self._written = ctypes.c_uint64()
        self._map_memories()
        self._attach_hook()
        self._callbacks: list[Any] = []  # unicorn does not keep them alive
        self._raised: BaseException | None = None  # in a callback
        self._frame = ctypes.c_uint32()
        self.breakpoints: set[int] = set()

    def _map_memories(self) -> None:
        regions = iter(self.hook.regions)
        for memory in self.memories.all:
            access = uc.UC_PROT_ALL if memory.writable else uc.UC_PROT_READ | uc.UC_PROT_EXEC
            blocks = (block_hook.Block * (memory.size // 2))()
            self._blocks[memory.name] = blocks
            for origin in memory.origins():
                self._uc.mem_map_ptr(origin, memory.size, access, ctypes.addressof(memory.content))
                region = next(regions)
                region.origin, region.size = origin, memory.size
                region.bytes = ctypes.addressof(memory.content)
                region.blocks = ctypes.cast(blocks, ctypes.POINTER(block_hook.Block))
                region.constant = not memory.writable

    def _attach_hook(self) -> None:
        hook = self.hook
        for field, function in (
            ("start", uclib.uc_emu_start),
            ("stop", uclib.uc_emu_stop),
            ("read_register", uclib.uc_reg_read),
            ("write_register", uclib.uc_reg_write),
        ):
            setattr(hook, field, ctypes.cast(function, ctypes.c_void_p))
        hook.deadline = _NEVER
        hook.lowest_msp = 0xFFFFFFFF
        self._handles: list[ctypes.c_size_t] = []
        self._add_hook(uc.UC_HOOK_BLOCK, self._library.block_hook_enter)
        self._add_hook(uc.UC_HOOK_INTR, self._library.core_interrupted)
        self._add_hook(uc.UC_HOOK_MEM_INVALID, self._library.core_access_failed)

    def _add_hook(self, kind: int, function: Any) -> None:
        handle = ctypes.c_size_t()
        uclib.uc_hook_add(
            self._uc._uch,
            ctypes.byref(handle),
            kind,
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.byref(self.hook),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        self._handles.append(handle)

    # --- registers ---------------------------------------------------------------------

    def __getitem__(self, name: str) -> int:
        """Return a register."""
        return self.read_all((name,))[0]

    def __setitem__(self, name: str, value: int) -> None:
        """Write a register; ``pc`` after ``xpsr``, as unicorn takes the T bit from an address."""
        if name == "pc":
            value |= self["xpsr"] >> 24 & 1
        self._written.value = value
        uclib.uc_reg_write(self._uc._uch, REGISTERS[name], ctypes.byref(self._written))
        if name in _NOTED:
            setattr(self.hook, name, value & ~1 if name == "pc" else value)

    def read_all(self, names: tuple[str, ...]) -> list[int]:
        """Return several registers, in one call: an exception reads thirty."""
        numbers, pointers, values = self._batches.get(names) or self._new_batch(names)
        uclib.uc_reg_read_batch(self._uc._uch, numbers, pointers, len(names))
        return values[:]

    def _new_batch(self, names: tuple[str, ...]) -> _Batch:
        count = len(names)
        values = (ctypes.c_uint64 * count)()
        pointers = (ctypes.c_void_p * count)(
            *(ctypes.addressof(values) + 8 * index for index in range(count))
        )
        numbers = (ctypes.c_int * count)(*(REGISTERS[name] for name in names))
        self._batches[names] = (numbers, pointers, values)
        return self._batches[names]

    # --- memory-mapped input and output ----------------------------------------------------

    def map_io(
        self,
        origin: int,
        size: int,
        read: Callable[[int, int], int],
        write: Callable[[int, int, int], None],
    ) -> None:
        """Map peripherals; the callbacks take an address and a size in bytes."""
        callbacks = (self._read_callback(origin, read), self._write_callback(origin, write))
        self._callbacks.append(callbacks)
        status = uclib.uc_mmio_map(self._uc._uch, origin, size, callbacks[0], 0, callbacks[1], 0)
        if status:
            raise UcError(status)

    def _read_callback(self, origin: int, read: Callable[[int, int], int]) -> Any:
        def on_read(_core: int, offset: int, width: int, _data: object) -> int:
            try:
                return read(origin + offset, width)
            except BaseException as error:  # noqa: BLE001 - see there
                self._callback_raised(error)
                return 0

        return MMIO_READ_CFUNC(on_read)

    def _write_callback(self, origin: int, write: Callable[[int, int, int], None]) -> Any:
        def on_write(_core: int, offset: int, width: int, value: int, _data: object) -> None:
            try:
                write(origin + offset, width, value)
            except BaseException as error:  # noqa: BLE001 - see there
                self._callback_raised(error)

        return MMIO_WRITE_CFUNC(on_write)

    def _callback_raised(self, error: BaseException) -> None:
        """Keep the first exception: it cannot pass through unicorn."""
        self._raised = self._raised or error
        self._uc.emu_stop()

    def unmap_io(self, origin: int, size: int) -> None:
        """Undo `map_io`."""
        self._uc.mem_unmap(origin, size)

    def protect(self, address: int, size: int, allowed: int) -> None:
        """Allow reading (1), writing (2) and execution (4) of memory."""
        self._uc.mem_protect(address, size, allowed)

    def forget_code(self, address: int, size: int) -> None:
        """Translate and decode the code there again: its memory was changed behind the core."""
        found = self.memories.at(address, size)
        if found is None:
            return
        memory, offset = found
        blocks = self._blocks[memory.name]
        for index in range(max(0, offset - LONGEST_BLOCK) // 2, (offset + size) // 2):
            blocks[index].size = 0
        for origin in memory.origins():
            self._uc.ctl_remove_cache(origin + offset, origin + offset + size)

    # --- running -----------------------------------------------------------------------

    @property
    def executed(self) -> int:
        """Instructions executed since power-on; in a callback, up to its block's end."""
        return int(self.hook.executed)

    @property
    def running(self) -> bool:
        """Whether this is a callback of an instruction."""
        return bool(self.hook.running)

    def now(self) -> int:
        """Return the instructions executed; in a callback, those up to its block's start."""
        hook = self.hook
        executed: int = hook.executed
        return executed - hook.count if hook.running else executed

    def run(self, deadline: int) -> Stop:
        """Run until something happens, or until ``deadline`` instructions have been executed."""
        self.hook.deadline = deadline
        return self._start(_NOWHERE)

    def width(self, address: int) -> int:
        """Return the bytes of the instruction at ``address``: ARMv7-M ARM section A5.1."""
        code = self.memories.read(address, 2) or b"\0\0"
        return 4 if code[1] >> 3 >= 0x1D else 2

    def step(self) -> Stop:
        """Execute one instruction, whatever it is."""
        pc = self["pc"]
        return self.step_to(pc + self.width(pc), self.executed + 1)

    def step_to(self, address: int, deadline: int = _NEVER) -> Stop:
        """Run from here until ``address``; a branch between the two needs a ``deadline``."""
        hook = self.hook
        saved = hook.attention, hook.watch_masks, hook.fpu_off, hook.trap_divisions
        hook.attention = hook.watch_masks = hook.fpu_off = hook.trap_divisions = 0
        hook.deadline = deadline
        pc = self["pc"]
        self._uc.ctl_remove_cache(pc, pc + 2)  # a block translated before would not end there
        try:
            return self._start(address)
        finally:
            self.hook.attention |= saved[0]
            hook.watch_masks, hook.fpu_off, hook.trap_divisions = saved[1:]
            if self.breakpoints:  # what was translated without them must not run again
                self._uc.ctl_remove_cache(pc, pc + 2)

    def set_breakpoints(self, addresses: set[int]) -> None:
        """Stop before the instructions at ``addresses``; `run` ends there with BOUNDARY."""
        changed = addresses ^ self.breakpoints
        self.breakpoints = addresses
        self._uc.ctl_exits_enabled(bool(addresses))
        for address in changed:
            self._uc.ctl_remove_cache(address, address + 2)

    def _start(self, until: int) -> Stop:
        hook = self.hook
        if self.breakpoints:  # unicorn looks at its list of exits then, and not at ``until``
            beyond = self.breakpoints if until == _NOWHERE else ()
            self._uc.ctl_set_exits([until, *beyond])
        error = self._library.core_run(self._uc._uch, ctypes.byref(hook), until)
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised
        pc = hook.pc
        if error:
            return self._failure(error, pc)
        if hook.interrupts:
            why = _INTERRUPTS.get(hook.interrupt, Why.UNDEFINED)
            return self._with_count(Stop(why, hook.interrupt_pc))
        if hook.hint == _WFI:
            return Stop(Why.WFI, pc)
        if hook.stopped_for_division:
            return Stop(Why.DIVISION, pc)
        return Stop(Why.NO_FPU if hook.stopped_for_fpu else Why.BOUNDARY, pc)

    def _failure(self, error: int, pc: int) -> Stop:
        hook = self.hook
        if not hook.xpsr & T_BIT:
            return Stop(Why.NOT_THUMB, pc)
        if error == uc.UC_ERR_INSN_INVALID:
            if hook.hint in HINTS:
                return Stop(HINTS[hook.hint], pc)
            return self._with_count(Stop(Why.UNDEFINED, pc))
        if not hook.accesses:
            raise UcError(error)
        why = _ACCESSES.get(hook.access, Why.FETCH)
        return self._with_count(Stop(why, pc, hook.bad_address, hook.bad_size, hook.bad_value))

    # --- exceptions --------------------------------------------------------------------

    def push(self, align: bool, fpu: bool, fpdscr: int) -> tuple[int, bool]:
        """Stack an exception's frame; return EXC_RETURN and whether there was memory for it."""
        hook = self.hook
        pushed = self._library.core_push(self._uc._uch, ctypes.byref(hook), align, fpu, fpdscr)
        return hook.exc_return, bool(pushed)

    def enter(self, number: int, vector: int, exc_return: int) -> None:
        """Begin the handler at ``vector``."""
        self._library.core_enter(self._uc._uch, ctypes.byref(self.hook), number, vector, exc_return)

    def pop(self, exc_return: int, align: bool) -> tuple[int, int]:
        """Unstack a frame; return 0, 1 (not in memory) or -1 (it is none), and where it is."""
        result = self._library.core_pop(
            self._uc._uch, ctypes.byref(self.hook), exc_return, align, ctypes.byref(self._frame)
        )
        return result, self._frame.value

    def _with_count(self, stop: Stop) -> Stop:
        """Count the block up to the instruction that stopped it, where that is in the block."""
        if stop.why in (Why.FETCH, Why.FETCH_DENIED, Why.EXCEPTION_RETURN, Why.SVC):
            return stop  # the block ended with the branch
        self._library.block_hook_leave(ctypes.byref(self.hook), stop.pc)
        return stop

    # --- counts ------------------------------------------------------------------------

    def _block(self) -> block_hook.Block | None:
        found = self.memories.at(self.hook.address)
        if found is None:
            return None
        memory, offset = found
        return self._blocks[memory.name][offset // 2]

    def executed_blocks(self) -> Iterator[tuple[int, int]]:
        """Yield the address of each block that ran and the instructions executed in it.

        Code that ran at an alias is counted at the memory's first address.
        """
        for memory in self.memories.all:
            for index, block in enumerate(self._blocks[memory.name]):
                if block.instructions:
                    yield memory.origin + 2 * index, block.instructions

    def executed_code(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield address, bytes, instructions and executed instructions of each block that ran."""
        for memory in self.memories.all:
            for index, block in enumerate(self._blocks[memory.name]):
                if block.instructions and block.size:
                    address = memory.origin + 2 * index
                    yield address, block.size, block.count, block.instructions
