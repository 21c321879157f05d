"""USART and UART: RM0385 section 31. Both ways at the baud rate that the registers give."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System
from tinyml.emulator.stm32f746.scheduler import Event

# CR1, section 31.8.1.
UE, RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE, PEIE = 0, 2, 3, 4, 5, 6, 7, 8
PS, PCE, M0, CMIE, OVER8, RTOIE, M1 = 9, 10, 12, 14, 15, 26, 28
# CR2 and CR3, sections 31.8.2 and 31.8.3.
STOP, RTOEN = 12, 23
EIE, HDSEL, DMAR, DMAT, OVRDIS, CTSE = 0, 3, 6, 7, 12, 9
# ISR, section 31.8.8.
PE, FE, NF, ORE, IDLE, RXNE, TC, TXE = range(8)
RTOF, CMF, TEACK, REACK = 11, 17, 21, 22
BUSY = 16
# Enable bits of CR1 and the flags that they let interrupt.
INTERRUPTS = (
    (IDLEIE, 1 << IDLE),
    (RXNEIE, 1 << RXNE | 1 << ORE),
    (TCIE, 1 << TC),
    (TXEIE, 1 << TXE),
    (PEIE, 1 << PE),
    (CMIE, 1 << CMF),
    (RTOIE, 1 << RTOF),
)
ON_AND_LISTENING = 1 << UE | 1 << RE
CLEARABLE = 0x00121BDF
ISR_RESET = 0x020000C0
# RQR, section 31.8.7.
RXFRQ, TXFRQ = 3, 4
TOLERANCE = 0.03  # an asynchronous receiver bears about this much: section 31.5.5


class Usart(Peripheral):
    """One UART; ``on_send`` gets each byte when its stop bit has left, `receive` takes one."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "cr1", 0, 0x1FFFFFFF),
        Register(0x04, "cr2", 0, 0xFFFFFF7F),
        Register(0x08, "cr3", 0, 0x007FFFFF),
        Register(0x0C, "brr", 0, 0xFFFF),
        Register(0x10, "gtpr", 0, 0xFFFF),
        Register(0x14, "rtor"),
        Register(0x18, "rqr", 0, 0),
        Register(0x1C, "isr", ISR_RESET, 0),
        Register(0x20, "icr", 0, 0),
        Register(0x24, "rdr", 0, 0),
        Register(0x28, "tdr", 0, 0x1FF),
    )

    def __init__(self, name: str, base: int, system: System, gate: Gate, irq: int) -> None:
        """Stand at ``base``; nobody listens."""
        self.irq = irq
        self.on_send: Callable[[int], None] = lambda byte: None
        self.on_start: Callable[[], None] = lambda: None
        self.request_dma: Callable[[str, bool], None] = lambda which, wanted: None
        self._sending: Event | None = None
        self._quiet: Event | None = None
        super().__init__(name, base, system, gate)

    def reset(self) -> None:
        """Stop at once."""
        super().reset()
        self._stop_sending()
        self._data_waits = False
        self._forget_rate()
        self._asks = 0
        self._dma = (False, False)
        self._level = False
        self.system.interrupt(self.irq, False)

    # --- the line --------------------------------------------------------------------------

    def _forget_rate(self) -> None:
        """A register or clock that the baud rate comes from has changed."""
        self._baud: float | None = None
        self._frame_cycles: int | None = None

    @property
    def baud(self) -> float:
        """Bits a second; zero while BRR is."""
        if self._baud is None:
            self._baud = self._computed_baud()
        return self._baud

    def _computed_baud(self) -> float:
        """Section 31.5.4."""
        clock, brr = self.system.clocks.uart(self.name), self.values["brr"]
        if self.bit("cr1", OVER8):
            divider = brr & 0xFFF0 | (brr & 7) << 1
            return 2 * clock / divider if divider else 0.0
        return clock / brr if brr else 0.0

    @property
    def data_bits(self) -> int:
        """Bits of a frame between start and stop, parity included."""
        return {0: 8, 1: 9, 2: 7}.get(self.bit("cr1", M1) << 1 | self.bit("cr1", M0), 8)

    @property
    def frame_bits(self) -> float:
        """Bits of a frame, with start and stop: section 31.5.1."""
        stop = (1, 0.5, 2, 1.5)[self.field("cr2", STOP, 2)]
        return 1 + self.data_bits + stop

    def cycles(self, bits: float) -> int:
        """Return how many core cycles ``bits`` take on the line."""
        baud = self.baud
        return round(bits * self.system.clocks.hclk / baud) if baud else 1

    @property
    def frame_cycles(self) -> int:
        """Core cycles of a frame."""
        if self._frame_cycles is None:
            self._frame_cycles = self.cycles(self.frame_bits)
        return self._frame_cycles

    def clock_changed(self) -> None:
        """The baud rate is another."""
        self._forget_rate()

    @property
    def listens(self) -> bool:
        """Whether the receiver is on and knows its baud rate."""
        return self.values["cr1"] & ON_AND_LISTENING == ON_AND_LISTENING and self.baud > 0

    @property
    def idle(self) -> bool:
        """Whether it sends nothing and holds nothing received that was not taken."""
        return self._sending is None and not (self.listens and self.bit("isr", RXNE))

    def expects(self, baud: int) -> None:
        """Say when the line is not at the rate that the other side expects."""
        if self.baud and abs(self.baud / baud - 1) > TOLERANCE:
            self.system.log.violation(
                f"{self.name} runs at {self.baud:.0f} baud, the other side expects {baud}: "
                "on a wire nothing legible would arrive"
            )

    # --- sending: section 31.5.2 --------------------------------------------------------------

    def wrote_cr1(self, old: int, _written: int) -> None:
        """UE and TE start the transmitter; UE off clears the flags."""
        self._forget_rate()
        self._note_asks()
        if not self.bit("cr1", UE):
            self.values["isr"] = ISR_RESET
            self._stop_sending()
            self._data_waits = False
        enabled = self.bit("cr1", UE)
        self.put("isr", TEACK, enabled and self.bit("cr1", TE))
        self.put("isr", REACK, enabled and self.bit("cr1", RE))
        if enabled and (not old >> UE & 1 or not old >> TE & 1 or not old >> RE & 1):
            self.on_start()
        self._send_next()
        self._update()

    def wrote_cr2(self, _old: int, _written: int) -> None:
        """Take the receiver's time-out and address as they are."""
        self._forget_rate()
        self._update()

    def wrote_cr3(self, _old: int, _written: int) -> None:
        """Error interrupt and DMA."""
        if self.bit("cr3", HDSEL) or self.bit("cr3", CTSE):
            self.system.log.unmodelled(f"{self.name}: half-duplex or hardware flow control")
        self._note_asks()
        self._update()

    def wrote_tdr(self, _old: int, _written: int) -> None:
        """A byte for the transmitter."""
        if not self.bit("cr1", UE) or not self.bit("cr1", TE):
            self.system.log.note(f"error: {self.name} is sent a byte while its transmitter is off")
            return
        if not self.bit("isr", TXE):
            self.system.log.note(f"error: {self.name}: TDR is written while it is full: byte lost")
        self.put("isr", TXE, False)
        self.put("isr", TC, False)
        self._data_waits = True
        self._send_next()
        self._update()

    def _send_next(self) -> None:
        """Move TDR to the shift register once that is free."""
        ready = self.bit("cr1", UE) and self.bit("cr1", TE) and self.baud > 0
        if not self._data_waits or self._sending or not ready:
            return
        byte = self.values["tdr"] & (1 << self.data_bits) - 1
        if self.bit("cr1", PCE):
            byte &= (1 << self.data_bits - 1) - 1
        self._data_waits = False
        self.put("isr", TXE, True)
        self._sending = self.system.time.after(self.frame_cycles, lambda: self._sent(byte & 0xFF))

    def _sent(self, byte: int) -> None:
        self._sending = None
        self.on_send(byte)
        self._send_next()
        self.put("isr", TC, self._sending is None)
        self._update()

    def _stop_sending(self) -> None:
        if self._sending:
            self._sending.cancelled = True
        self._sending = None

    # --- receiving: section 31.5.3 -------------------------------------------------------------

    def receive(self, byte: int, error: bool = False) -> None:
        """Take one byte whose stop bit has just come; ``error`` is a frame that was not one."""
        if not self.listens:
            return
        full = self.bit("isr", RXNE)
        if full and not self.bit("cr3", OVRDIS):
            self.put("isr", ORE, True)
        else:
            self.values["rdr"] = byte
            self.put("isr", RXNE, True)
            self.put("isr", FE, self.bit("isr", FE) or error)
        if byte == self.field("cr2", 24, 8):
            self.put("isr", CMF, True)
        self._watch_silence()
        self._update()

    def _watch_silence(self) -> None:
        """IDLE comes after a frame of ones; RTOF after as many bits as RTOR says."""
        if self._quiet:
            self._quiet.cancelled = True
        self._quiet = self.system.time.after(self.frame_cycles, self._idle)
        if self.bit("cr2", RTOEN):
            bits = self.values["rtor"] & 0xFFFFFF
            self.system.time.after(self.cycles(bits), self._time_out_if(self._quiet))

    def _time_out_if(self, last: Event) -> Callable[[], None]:
        def action() -> None:
            if self._quiet is last and self.bit("cr2", RTOEN):
                self.put("isr", RTOF, True)
                self._update()

        return action

    def _idle(self) -> None:
        if self.listens:
            self.put("isr", IDLE, True)
            self._update()

    def read_rdr(self) -> int:
        """Reading takes the byte: RXNE falls."""
        self.put("isr", RXNE, False)
        self._update()
        bits = self.data_bits - self.bit("cr1", PCE)
        return self.values["rdr"] & (1 << bits) - 1

    # --- flags -----------------------------------------------------------------------------

    def wrote_icr(self, _old: int, written: int) -> None:
        """Ones clear flags: section 31.8.9."""
        self.values["isr"] &= ~(written & CLEARABLE)
        self._update()

    def wrote_rqr(self, _old: int, written: int) -> None:
        """Drop what was received; the other requests are for modes we do not have."""
        if written >> RXFRQ & 1:
            self.put("isr", RXNE, False)
        if written >> TXFRQ & 1:
            self.put("isr", TXE, True)
            self._data_waits = False
        if written & 0x7:
            self.system.log.unmodelled(f"{self.name}: RQR {written:#x}")
        self._update()

    def wrote_brr(self, old: int, _written: int) -> None:
        """BRR is only writable while the UART is off: section 31.8.4."""
        self._forget_rate()
        if self.bit("cr1", UE):
            self.values["brr"] = old
            self.system.log.note(f"error: {self.name}: BRR is written while UE is set: ignored")

    def _note_asks(self) -> None:
        """Note which flags interrupt: figure 335."""
        cr1 = self.values["cr1"]
        asks = sum(flags for enable, flags in INTERRUPTS if cr1 >> enable & 1)
        if self.bit("cr3", EIE):
            asks |= 1 << FE | 1 << NF | 1 << ORE
        self._asks = asks if cr1 & 1 else 0

    def _update(self) -> None:
        """Raise or lower the interrupt's line and the requests for DMA."""
        isr, cr3 = self.values["isr"], self.values["cr3"]
        level = isr & self._asks != 0
        if level != self._level:
            self._level = level
            self.system.interrupt(self.irq, level)
        wanted = (bool(cr3 >> DMAT & isr >> TXE & 1), bool(cr3 >> DMAR & isr >> RXNE & 1))
        if any(wanted) or any(self._dma):
            self._dma = wanted
            self.request_dma("tx", wanted[0])
            self.request_dma("rx", wanted[1])
