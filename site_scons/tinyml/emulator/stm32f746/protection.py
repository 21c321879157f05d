"""What the core may not do with memory: the MPU's rules, flash that is programmed, watchpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tinyml.emulator.stm32f746.bus import Bus
from tinyml.emulator.stm32f746.core import Core, Stop, Why
from tinyml.emulator.stm32f746.flash import Flash, is_programmable
from tinyml.emulator.stm32f746.guards import PAGE, Guards
from tinyml.emulator.stm32f746.mpu import EXECUTE, READ, WRITE, Mode, Mpu
from tinyml.emulator.stm32f746.nvic import HARD_FAULT, NMI
from tinyml.emulator.stm32f746.scs import Scs

NPRIV = 1
ENABLE, HFNMIENA, PRIVDEFENA = range(3)  # MPU_CTRL, PM0253 section 4.6.2
_WHAT = {
    Why.READ: READ,
    Why.READ_DENIED: READ,
    Why.WRITE: WRITE,
    Why.PROTECTED: WRITE,
    Why.FETCH_DENIED: EXECUTE,
}


@dataclass(frozen=True)
class Watch:
    """A watchpoint: stop at accesses of the kinds ``what`` to ``size`` bytes."""

    address: int
    size: int
    what: int

    def meets(self, address: int, size: int) -> bool:
        """Return whether an access touches it."""
        return address < self.address + self.size and self.address < address + max(size, 1)


class _Key(NamedTuple):
    """What the pages' protection follows from."""

    mode: Mode
    regions: int
    watches: tuple[Watch, ...]


class Protection:
    """Lets each access happen or not."""

    def __init__(self, core: Core, bus: Bus, scs: Scs, flash: Flash) -> None:
        """Everything is open."""
        self._core, self._bus, self._scs, self._flash = core, bus, scs, flash
        self._guards = Guards(core)
        self._mpu = Mpu()
        self._closed: set[str] = set()  # peripherals that are out of reach
        self.watches: tuple[Watch, ...] = ()
        self.hit: Watch | None = None
        self.passed: int | None = None  # the instruction that a watchpoint has already stopped
        self._version = 0
        scs.on_mpu = self._configured
        self._open = self._key = _Key(Mode(True, False, False), 0, ())
        self._concerned = False

    def reset(self) -> None:
        """The MPU is off after a reset."""
        self._configured()

    def _configured(self) -> None:
        self._version += 1
        self._concerned = True

    # --- modes ---------------------------------------------------------------------------

    def update(self) -> None:
        """Protect memory for the mode that the core is in now."""
        if self._core.hook.controls_set:
            self._core.hook.controls_set = 0
            self._concerned = True
        if not self._concerned and not self.watches and self._key is self._open:
            return
        mode = self._mode()
        self._concerned = self._enabled or not mode.privileged
        key = _Key(mode, self._version if mode.on else 0, self.watches)
        if key == self._key:
            return
        self._key = self._open if key == self._open else key
        self._mpu.configure(self._scs.mpu)
        if key == self._open:
            self._guards.apply(None)
        else:
            self._guards.apply(self._allowed_page)
        self._reach_peripherals(mode)

    @property
    def _enabled(self) -> bool:
        return self._scs.bit("mpu_ctrl", ENABLE)

    def _mode(self) -> Mode:
        hook = self._core.hook
        privileged = bool(hook.xpsr & 0x1FF) or not self._core["control"] & NPRIV
        negative = bool(hook.faultmask & 1) or bool(self._scs.nvic.active & {NMI, HARD_FAULT})
        on = self._enabled and (not negative or self._scs.bit("mpu_ctrl", HFNMIENA))
        return Mode(privileged, on, self._scs.bit("mpu_ctrl", PRIVDEFENA))

    def _allowed_page(self, page: int) -> int:
        mode = self._key.mode
        allowed = self._mpu.page(page, PAGE, mode) if mode.on else READ | WRITE | EXECUTE
        for watch in self.watches:
            if watch.meets(page, PAGE):
                allowed &= ~watch.what
        return allowed

    def _reach_peripherals(self, mode: Mode) -> None:
        for peripheral in self._bus.all:
            size = max(peripheral.SIZE, PAGE)
            both = self._mpu.page(peripheral.base, size, mode) & (READ | WRITE)
            watched = any(watch.meets(peripheral.base, size) for watch in self.watches)
            reached = both == READ | WRITE and not watched
            if reached and peripheral.name in self._closed:
                self._closed.discard(peripheral.name)
                self._map(peripheral.base, size)
            elif not reached and peripheral.name not in self._closed:
                self._closed.add(peripheral.name)
                self._core.unmap_io(peripheral.base, size)

    def _map(self, base: int, size: int) -> None:
        self._core.map_io(base, size, self._bus.read, self._bus.write)

    # --- accesses ------------------------------------------------------------------------

    def permits(self, address: int, size: int, what: int, mode: Mode | None = None) -> bool:
        """Return whether the MPU does, in the core's mode or another."""
        return self._mpu.allows(address, size, what, mode or self._mode())

    def may_stack(self, frame: int, size: int) -> bool:
        """Return whether an exception's frame may be written."""
        return not self._enabled or self.permits(frame, size, WRITE)

    def may_unstack(self, frame: int, size: int, thread: bool) -> bool:
        """Return whether a frame may be read, with the rights of what it returns to."""
        if not self._enabled:
            return True
        privileged = not (thread and self._core["control"] & NPRIV)
        return self.permits(frame, size, READ, self._mode()._replace(privileged=privileged))

    def concerns(self, stop: Stop) -> bool:
        """Return whether the core stopped at what is, or may be, protected."""
        if stop.why in (Why.READ, Why.WRITE):
            return self._bus.has(stop.address)
        return stop.why in (Why.PROTECTED, Why.READ_DENIED, Why.FETCH_DENIED)

    def access(self, stop: Stop) -> Stop:
        """Execute the instruction at ``stop`` if it may be; return how that ended, or the fault."""
        what = _WHAT[stop.why]
        address = stop.pc if what == EXECUTE else stop.address
        if not self.permits(address, stop.size, what):
            private = 0xE0000000 <= address < 0xE0100000
            if what == EXECUTE or private:
                return stop
            return stop._replace(why=Why.DENIED)
        if self._watched(stop, address, what):
            return Stop(Why.BOUNDARY, stop.pc)
        if self._bus.has(address):
            return self._through(address)
        if stop.why is Why.PROTECTED and is_programmable(address) and self._flash.programs:
            return self._program(stop)
        found = self._core.memories.at(address)
        if stop.why is Why.PROTECTED and found and not found[0].writable:
            return stop
        with self._guards.lifted(address, max(stop.size, 4)), self._guards.lifted(stop.pc, 4):
            return self._core.step()

    def _watched(self, stop: Stop, address: int, what: int) -> bool:
        """Return whether a watchpoint wants the core to stop before this access."""
        passed, self.passed = self.passed, None
        if passed == stop.pc:
            return False
        for watch in self.watches:
            if watch.what & what and watch.meets(address, stop.size):
                self.hit = watch
                return True
        return False

    def _through(self, address: int) -> Stop:
        """Execute one instruction with the peripheral in reach."""
        peripheral = next(
            each
            for each in self._bus.all
            if each.base <= address < each.base + max(each.SIZE, PAGE)
        )
        size = max(peripheral.SIZE, PAGE)
        self._map(peripheral.base, size)
        try:
            return self._core.step()
        finally:
            self._core.unmap_io(peripheral.base, size)

    def _program(self, stop: Stop) -> Stop:
        """Execute one store into flash; what it wrote is programmed, access by access."""
        memories = self._core.memories
        span = 64
        before = memories.read(stop.address, span)
        if before is None:  # at the very end
            span = stop.size
            before = memories.read(stop.address, span) or b""
        with self._guards.lifted(stop.address, span, writable=True):
            reached = self._core.step()
        after = memories.read(stop.address, span) or b""
        memories.program(stop.address, before)
        self._flash.program(stop.address, after[: stop.size])
        for offset in range(stop.size, span, 4):
            if after[offset : offset + 4] != before[offset : offset + 4]:
                self._flash.program(stop.address + offset, after[offset : offset + 4])
        return reached
