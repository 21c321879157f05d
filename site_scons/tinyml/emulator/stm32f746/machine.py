"""The board: core, memories, peripherals, and the loop that lets virtual time pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tinyml.emulator.ports import Port
from tinyml.emulator.stm32f746 import chip, lookahead
from tinyml.emulator.stm32f746.bus import Bus
from tinyml.emulator.stm32f746.core import Core, Stop, Why
from tinyml.emulator.stm32f746.cycle_counter import CycleCounter
from tinyml.emulator.stm32f746.debugger import Debugger
from tinyml.emulator.stm32f746.dma import Dma
from tinyml.emulator.stm32f746.dwt import Dwt
from tinyml.emulator.stm32f746.ending import Input, Limit, Limits
from tinyml.emulator.stm32f746.exceptions import Exceptions, name_of
from tinyml.emulator.stm32f746.flash import Flash
from tinyml.emulator.stm32f746.flash_memory import FlashMemory
from tinyml.emulator.stm32f746.image import Image
from tinyml.emulator.stm32f746.line import Line
from tinyml.emulator.stm32f746.log import BoardError, Log
from tinyml.emulator.stm32f746.memory import Memories, chip_memories
from tinyml.emulator.stm32f746.nvic import Nvic
from tinyml.emulator.stm32f746.pace import LONGEST_WAIT, Pace
from tinyml.emulator.stm32f746.pace import SLICE as SLICE_SECONDS
from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, System
from tinyml.emulator.stm32f746.protection import Protection
from tinyml.emulator.stm32f746.pwr import Pwr
from tinyml.emulator.stm32f746.rcc import Rcc
from tinyml.emulator.stm32f746.scheduler import NEVER, Scheduler
from tinyml.emulator.stm32f746.scs import DIV_0_TRP, Scs
from tinyml.emulator.stm32f746.semihosting import BKPT_NUMBER, Semihosting
from tinyml.errors import UserError

SLICE = 2_000_000  # instructions at most between two looks at the wall clock
LEDS = {("I", 1): "LD1"}  # UM1907 section 6.17
MAX_RESETS = 100
NEAR = 0x10000  # a stack pointer so little below its stack got there by growing


@dataclass(frozen=True)
class Setup:
    """How the board is run; ``ports`` by the UART's name, ``limit`` in instructions.

    ``bauds`` is, by the UART's name too, what its other side expects; ``baud`` that of the others.
    ``realtime`` None: while a port may bring something, virtual time is no faster than ours.
    """

    crystal_hz: int = 25_000_000
    baud: int = 115200
    bauds: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, Port] = field(default_factory=dict)
    limit: int | None = None
    limit_seconds: float | None = None
    timeout: float | None = None
    realtime: bool | None = None
    strict: bool = False
    trace: Callable[[str], None] | None = None


class Stm32F746:
    """One board with one image."""

    def __init__(self, image: Image, setup: Setup, log: Log | None = None) -> None:
        """Flash ``image``; `run` switches on."""
        self.image, self.setup = image, setup
        self.log = log or Log(setup.strict)
        self.memories = Memories(chip_memories())
        self.core = Core(self.memories)
        self.time = Scheduler(self.core.now)
        self.nvic = Nvic(self._attention)
        self.resets: list[str] = []
        self.leds: dict[str, list[bool]] = {name: [] for name in LEDS.values()}
        self.ended: str | None = None
        self.finished = False
        self.faults: list[str] = []
        self._reset_cause: str | None = None
        self._bus_error: int | None = None
        limits = Limits(setup.limit, setup.limit_seconds, setup.timeout)
        self.limit = Limit(limits, self.time, lambda: self.core.executed)
        self._came = True
        self._interrupted = False
        self._event_register = False
        self.debugger: Debugger | None = None
        self._build()
        self._load()

    # --- construction ------------------------------------------------------------------

    def _build(self) -> None:
        system = System(self.time, self.log, self, self.nvic.set_line, self._request_reset)
        self.rcc = Rcc("RCC", 0x40023800, system, self.setup.crystal_hz)
        self.flash_memory = FlashMemory(self.core, self.time, self._attention)
        self.flash = Flash("FLASH", 0x40023C00, system, self._note_bus_error, self.flash_memory)
        self.pwr = Pwr("PWR", 0x40007000, system, Gate("apb1enr", 28))
        self.scs = Scs("SCS", 0xE000E000, system, self.nvic)
        self.dwt = Dwt("DWT", 0xE0001000, system, lambda: self.scs.bit("demcr", 24))
        self.cycle_counter = CycleCounter(self.core, self.dwt, self.time)
        self.uarts = chip.uarts(system)
        self.gpios = chip.gpios(system)
        self.dmas = [
            Dma("DMA1", 0x40026000, system, Gate("ahb1enr", 21), self),
            Dma("DMA2", 0x40026400, system, Gate("ahb1enr", 22), self),
        ]
        self.timers = chip.timers(system)
        self.exceptions = Exceptions(self.core, self.nvic, self.scs)
        self.semihosting = Semihosting(self.memories, lambda: int(self.time.seconds * 100))
        self.bus = Bus(self.log, self.rcc.clocked, self._polling)
        self.bus.trace = self._trace_line if self.setup.trace else None
        self.bus.add([self.rcc, self.flash, self.pwr, self.scs, *self.uarts.values()])
        self.bus.add([*self.gpios.values(), *self.dmas, *self.timers])
        self.bus.add([*chip.others(system), *chip.unmodelled(system)])
        for peripheral in self.bus.all:
            self.core.map_io(
                peripheral.base, max(peripheral.SIZE, 0x400), self.bus.read, self.bus.write
            )
        self.protection = Protection(self.core, self.bus, self.scs, self.flash)
        self.exceptions.may_stack = self.protection.may_stack
        self.exceptions.may_unstack = self.protection.may_unstack
        self._connect()

    def _connect(self) -> None:
        self.pwr.pll_on = lambda: self.rcc.bit("cr", 24)
        self.scs.on_trace = self.dwt.trace_changed
        self.scs.current = lambda: self.exceptions.current
        self.scs.on_change = self._scs_written
        self.exceptions.on_entry = self._note_entry
        self.exceptions.on_fault = self._note_fault
        self.rcc.on_change.append(self._clock_changed)
        self.rcc.on_reset_bit = self._reset_peripheral
        for letter, gpio in self.gpios.items():
            gpio.on_output = self._led(letter)
        self.lines = {
            name: Line(
                uart,
                self.setup.ports.get(name, Port()),
                self.setup.bauds.get(name, self.setup.baud),
                self._pin_check,
            )
            for name, uart in self.uarts.items()
        }
        ports = [line.port for line in self.lines.values() if line.port.where != "off"]
        self.pace = Pace(self.time, ports, self.setup.realtime)
        self.input = Input(self.time, self.pace, self.lines.values())
        for name, line in self.lines.items():
            line.port.on_input = self._input_came
            uart = self.uarts[name]
            uart.request_dma = lambda which, wanted, name=name: self._dma_request(  # type: ignore[misc]
                name, which, wanted
            )

    def _load(self) -> None:
        for address, data in self.image.segments:
            if not self.memories.program(address, data):
                raise UserError(
                    f"the image has {len(data)} bytes for {address:#010x}",
                    "addresses in the STM32F746's memories: 1 MB of flash at 0x08000000",
                    "link it with the chip's linker script: scons board=stm32f746",
                )

    # --- the clocks, as peripherals ask for them --------------------------------------------

    @property
    def hclk(self) -> int:
        """Core and AHB, in Hz."""
        return self.rcc.hclk

    def bus_clock(self, number: int) -> int:
        """Return the clock of APB1 or APB2, in Hz."""
        return self.rcc.bus(number)

    def timer(self, number: int) -> int:
        """Return the clock of the timers of APB1 or APB2, in Hz."""
        return self.rcc.timer(number)

    def uart(self, name: str) -> int:
        """Return the clock of a UART, in Hz."""
        return self.rcc.uart(name)

    def _clock_changed(self) -> None:
        self.flash.check()
        self.pwr.check()
        for peripheral in self.bus.all:
            peripheral.clock_changed()

    # --- callbacks ---------------------------------------------------------------------

    def _attention(self) -> None:
        self.core.hook.attention = 1

    def _input_came(self) -> None:
        """Called by a port, from its own thread."""
        self._came = True
        self.pace.input_came()
        self.core.hook.attention = 1

    def _pump(self) -> None:
        """Let what has come in begin to reach the UARTs."""
        self._came = False
        for line in self.lines.values():
            line.pump()

    def _note_bus_error(self, address: int) -> None:
        self._bus_error = address
        self._attention()

    def _request_reset(self, cause: str) -> None:
        self._reset_cause = cause
        self._attention()

    def _reset_peripheral(self, gate: Gate) -> None:
        for peripheral in self.bus.all:
            if peripheral.gate == gate:
                peripheral.reset()

    def _scs_written(self) -> None:
        self.core.hook.fpu_off = not self.scs.fpu_on
        self.core.hook.trap_divisions = self.scs.bit("ccr", DIV_0_TRP)
        self._attention()

    def _polling(self) -> None:
        """The firmware polls: let the time pass until something happens, or input comes."""
        due = self.time.next_time()
        if due != NEVER:
            slice_ = self.time.cycles(SLICE_SECONDS) if self.pace.kept else NEVER
            self.time.skip(min(due, self.limit.of_time(), self.time.now + slice_))
        elif self.pace.live:
            self.pace.wait(SLICE_SECONDS)
        self._attention()

    def _led(self, letter: str) -> Callable[[int, bool], None]:
        def changed(pin: int, level: bool) -> None:
            if (letter, pin) in LEDS:
                self.leds[LEDS[letter, pin]].append(level)

        return changed

    def _pin_check(self, name: str) -> None:
        pins = chip.TX_PINS.get(name, ())
        if pins and not any(self.gpios[p].alternate(pin) == af for p, pin, af in pins):
            wanted = " or ".join(f"P{p}{pin} (AF{af})" for p, pin, af in pins)
            self.log.note(f"error: {name} sends, but no pin carries its TX: {wanted}")

    def _dma_request(self, name: str, which: str, wanted: bool) -> None:
        for dma in self.dmas:
            dma.request(name, which, wanted)

    def _note_entry(self, number: int, pc: int) -> None:
        self._event_register = True
        if self.setup.trace:
            self._trace_line(f"enter {name_of(number)} at {self.image.describe(pc)}")

    def _note_fault(self, number: int, stop: Stop) -> None:
        failed = stop.why in (Why.READ, Why.WRITE, Why.PROTECTED, Why.DENIED)
        where = f" at {stop.address:#010x}" if failed else ""
        text = f"{name_of(number)}: {stop.why.value}{where}, pc {self.image.describe(stop.pc)}"
        if self._below_stack(self.core["sp"]):
            text += "; the stack has overflowed"
        self.faults.append(text)
        self.log.note(text)

    def _below_stack(self, sp: int) -> bool:
        stack = self.image.stack
        return stack is not None and stack[0] - NEAR <= sp < stack[0]

    def _trace_line(self, text: str) -> None:
        if self.setup.trace:
            self.setup.trace(f"{self.time.now:>12} {text}")

    # --- running -----------------------------------------------------------------------

    def run(self) -> int | None:
        """Run from power-on; return the firmware's exit status, None when something else ended it.

        `ended` says then what did. The status is 0 too when all of a finite input is dealt with.

        Raises:
            BoardError: the firmware did what the chip cannot do.
        """
        self.limit.begin()
        self.pace.begin()
        for line in self.lines.values():
            line.port.start()
        self._reset("power")
        try:
            while not self.finished and self.ended is None and self.semihosting.status is None:
                self._turn()
        finally:
            for line in self.lines.values():
                line.port.flush()
            self.semihosting.close()
            if self.debugger:
                self.debugger.ended(self.semihosting.status or 0)
        return 0 if self.finished else self.semihosting.status

    def _reset(self, cause: str) -> None:
        self.time.clear()
        self.cycle_counter.reset()
        self.rcc.restart(cause)
        for peripheral in [*self.bus.all, self.dwt]:
            if peripheral is not self.rcc:
                peripheral.reset()
        self.time.clock_changed(self.hclk)
        for line in self.lines.values():
            line.reset()
        self._reset_cause = None
        self.scs.values["vtor"] = self.flash.boot_address
        self.protection.reset()
        self._scs_written()
        self.exceptions.reset()

    def _turn(self) -> None:
        """One stretch of execution and what follows from its end."""
        self.core.hook.attention = 0
        self.time.run_due()
        if self._came:
            self._pump()
        if self._reset_cause:
            self._restart(self._reset_cause)
        if self._bus_error is not None:
            address, self._bus_error = self._bus_error, None
            self.exceptions.imprecise(address)
        if self.debugger is None or not self.debugger.masks_interrupts:
            self.exceptions.deliver()
        if self._over() or (self.debugger and not self.debugger.before()):
            return
        self.flash_memory.refresh()
        self.protection.update()
        realtime = self.pace.kept
        deadline = min(self.time.next_time(), self._next_look(realtime), self.limit.next_time())
        stop = (self.debugger or self.core).run(deadline - self.time.skipped)
        self._handle(stop)
        if self._interrupted:
            raise KeyboardInterrupt
        if self.debugger:
            self.debugger.after(stop)
        if realtime:
            self.pace.keep()

    def restart(self) -> None:
        """Begin again at the reset vector, as a debugger asks for it."""
        self._reset("power")

    def _restart(self, cause: str) -> None:
        self.resets.append(f"{cause} at pc {self.image.describe(self.core['pc'])}")
        self.log.note(f"reset by {self.resets[-1]}")
        if len(self.resets) > MAX_RESETS:
            raise BoardError(f"the chip was reset {MAX_RESETS} times, the last by {cause}")
        self._reset(cause)

    def _over(self) -> bool:
        """Return whether a limit was reached, and say which in `ended`."""
        self.ended = self.limit.reached()
        return self.ended is not None

    def _next_look(self, realtime: bool) -> int:
        slice_ = self.time.cycles(SLICE_SECONDS) if realtime else SLICE
        return self.time.now + slice_

    def interrupt(self) -> None:
        """End the run as soon as the core is between two blocks, as by Ctrl-C.

        Raises:
            KeyboardInterrupt: at once, where the core does not run.
        """
        if not self.core.running:
            raise KeyboardInterrupt
        self._interrupted = True
        self.core.hook.attention = 1

    # --- stops -------------------------------------------------------------------------

    def _handle(self, stop: Stop) -> None:
        why = stop.why
        if why is Why.BOUNDARY or why is Why.YIELD:
            return
        if self.cycle_counter.concerns(stop):
            self._handle(self.cycle_counter.access(stop))
        elif self.protection.concerns(stop):
            self._protected(stop)
        elif why is Why.SVC:
            self.exceptions.supervisor_call(stop)
        elif why is Why.BKPT:
            self._breakpoint(stop)
        elif why is Why.EXCEPTION_RETURN:
            self._leave(stop)
        elif why is Why.WFI:
            self._sleep()
        elif why is Why.WFE:
            self._wait_for_event()
        elif why is Why.SEV:
            self._event_register = True
        elif why is Why.NO_FPU:
            reached = lookahead.reach_fpu_instruction(self.core, stop)
            if reached.why is Why.NO_FPU:
                self.exceptions.fault(reached)
            else:
                self._handle(reached)
        elif why is Why.DIVISION:
            self._handle(lookahead.reach_division(self.core, stop))
        else:
            self.exceptions.fault(stop)

    def _leave(self, stop: Stop) -> None:
        exc_return = stop.pc | 1
        if not self.exceptions.current:
            # The branch to such an address is an ordinary one outside a handler.
            self.exceptions.fault(Stop(Why.FETCH, stop.pc))
            return
        self._event_register = True
        if self.setup.trace:
            self._trace_line(f"leave {name_of(self.exceptions.current)}")
        if self.exceptions.leave(exc_return):
            self._sleep()

    def _breakpoint(self, stop: Stop) -> None:
        code = self.memories.read(stop.pc, 2) or b"\0"
        if code[0] != BKPT_NUMBER:
            if self.debugger:
                self.debugger.breakpoint()
                return
            where = self.image.describe(stop.pc)
            raise BoardError(f"breakpoint {code[0]} at {where}")
        operation, argument = self.core.read_all(("r0", "r1"))
        answer = self.semihosting.serve(operation, argument)
        if answer is None:
            self.log.unmodelled(f"semihosting operation {operation:#x}")
            answer = -1
        self.core["r0"] = answer & 0xFFFFFFFF
        self.core["pc"] = stop.pc + 2
        self.core.hook.executed += 1

    def _protected(self, stop: Stop) -> None:
        """An access to protected memory: a fault, or executed alone."""
        after = self.protection.access(stop)
        if (after.why is stop.why and after.pc == stop.pc) or after.why is Why.DENIED:
            self.exceptions.fault(after)
        else:
            self._handle(after)

    # --- sleep: ARMv7-M ARM sections B1.5.18 and B1.5.19 ----------------------------------------

    def _wait_for_event(self) -> None:
        if not self._event_register:
            self._sleep()
        self._event_register = False

    def _sleep(self) -> None:
        """Let time pass until an exception wakes the core."""
        while not self.nvic.wakes(self.exceptions.masks()) and not self._reset_cause:
            if self._came:
                self._pump()
            if self.debugger and not self.debugger.before():
                return
            due = min(self.time.next_time(), self.limit.of_time())
            if self.input.is_over(due):
                self.finished = True
                return
            if due == NEVER and not self.pace.live:
                self.ended = "the firmware sleeps and nothing can wake it"
                return
            if due == NEVER:
                self.pace.wait(LONGEST_WAIT)
            else:
                self._pass_time(due)
            self.time.run_due()
            if self._over():
                return

    def _pass_time(self, due: int) -> None:
        if self.pace.kept:
            due = min(due, self.pace.wait_until(due))
        before = self.time.now
        self.time.skip(due)
        self.input.slept(self.time.now - before)

    # --- what DMA needs ------------------------------------------------------------------

    def load(self, address: int, size: int) -> int | None:
        """Read memory or a peripheral, as a bus master does."""
        data = self.memories.read(address, size)
        if data is not None:
            return int.from_bytes(data, "little")
        return self.bus.read(address, size) if self.bus.has(address) else None

    def peek(self, address: int, size: int) -> int | None:
        """Read a peripheral for a debugger, whatever its clock; None where there is none."""
        for peripheral in (*self.bus.all, self.dwt):
            if 0 <= address - peripheral.base < peripheral.SIZE:
                return peripheral.read(address - peripheral.base, size)
        return None

    def store(self, address: int, size: int, value: int) -> bool:
        """Write memory or a peripheral, as a bus master does."""
        if self.memories.at(address, size):
            return self.memories.write(address, value.to_bytes(size, "little"))
        if not self.bus.has(address):
            return False
        self.bus.write(address, size, value)
        return True

    def peripheral(self, name: str) -> Peripheral:
        """Return a peripheral by name."""
        return {peripheral.name: peripheral for peripheral in self.bus.all}[name]
