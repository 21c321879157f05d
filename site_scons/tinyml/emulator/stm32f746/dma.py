"""Direct memory access: RM0385 section 8. Eight streams, for UARTs and from memory to memory.

Transfers are single and in direct mode; the FIFO, bursts and the double buffer are not modelled.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System

EN, DMEIE, TEIE, HTIE, TCIE = 0, 1, 2, 3, 4
DIR, CIRC, PINC, MINC, PSIZE, MSIZE, DBM, CHSEL = 6, 8, 9, 10, 11, 13, 18, 25
TO_MEMORY, TO_PERIPHERAL, MEMORY_TO_MEMORY = range(3)
FEIF, DMEIF, TEIF, HTIF, TCIF = 0, 2, 3, 4, 5
FLAG_SHIFTS = (0, 6, 16, 22)
# Request of each UART: (controller, stream, channel); section 8.3.3, tables 23 and 24.
REQUESTS = {
    ("USART1", "rx"): (("DMA2", 2, 4), ("DMA2", 5, 4)),
    ("USART1", "tx"): (("DMA2", 7, 4),),
    ("USART2", "rx"): (("DMA1", 5, 4),),
    ("USART2", "tx"): (("DMA1", 6, 4),),
    ("USART3", "rx"): (("DMA1", 1, 4),),
    ("USART3", "tx"): (("DMA1", 3, 4), ("DMA1", 4, 7)),
    ("UART4", "rx"): (("DMA1", 2, 4),),
    ("UART4", "tx"): (("DMA1", 4, 4),),
    ("UART5", "rx"): (("DMA1", 0, 4),),
    ("UART5", "tx"): (("DMA1", 7, 4),),
    ("USART6", "rx"): (("DMA2", 1, 5), ("DMA2", 2, 5)),
    ("USART6", "tx"): (("DMA2", 6, 5), ("DMA2", 7, 5)),
    ("UART7", "rx"): (("DMA1", 3, 5),),
    ("UART7", "tx"): (("DMA1", 1, 5),),
    ("UART8", "rx"): (("DMA1", 6, 5),),
    ("UART8", "tx"): (("DMA1", 0, 5),),
}
IRQS = {"DMA1": (11, 12, 13, 14, 15, 16, 17, 47), "DMA2": (56, 57, 58, 59, 60, 68, 69, 70)}


class Master(Protocol):
    """The memory and peripherals that a transfer reaches."""

    def load(self, address: int, size: int) -> int | None:
        """Return ``size`` bytes; None where there is nothing."""

    def store(self, address: int, size: int, value: int) -> bool:
        """Write; False where there is nothing."""


class Dma(Peripheral):
    """One controller."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "lisr", 0, 0),
        Register(0x04, "hisr", 0, 0),
        Register(0x08, "lifcr", 0, 0),
        Register(0x0C, "hifcr", 0, 0),
        *(
            Register(0x10 + 0x18 * stream + offset, f"{name}{stream}", reset, writable)
            for stream in range(8)
            for offset, name, reset, writable in (
                (0x00, "cr", 0, 0x0FEFFFFF),
                (0x04, "ndtr", 0, 0xFFFF),
                (0x08, "par", 0, 0xFFFFFFFF),
                (0x0C, "m0ar", 0, 0xFFFFFFFF),
                (0x10, "m1ar", 0, 0xFFFFFFFF),
                (0x14, "fcr", 0x21, 0x87),
            )
        ),
    )

    def __init__(self, name: str, base: int, system: System, gate: Gate, master: Master) -> None:
        """Stand at ``base`` and transfer through ``master``."""
        self._master = master
        self._requests: set[tuple[str, str]] = set()
        self._planned: set[int] = set()
        super().__init__(name, base, system, gate)

    def reset(self) -> None:
        """Stop all streams."""
        super().reset()
        self._length, self._done = [0] * 8, [0] * 8

    def write(self, offset: int, value: int, size: int = 4) -> None:
        """Write a register; EN starts its stream: section 8.5.5."""
        old = {stream: self.bit(f"cr{stream}", EN) for stream in range(8)}
        super().write(offset, value, size)
        for stream, was_on in old.items():
            if self.bit(f"cr{stream}", EN) and not was_on:
                self._begin(stream)

    def wrote_lifcr(self, _old: int, written: int) -> None:
        """Ones clear flags of streams 0 to 3."""
        self._clear("lisr", written)

    def wrote_hifcr(self, _old: int, written: int) -> None:
        """Ones clear flags of streams 4 to 7."""
        self._clear("hisr", written)

    def _clear(self, register: str, written: int) -> None:
        self.values[register] &= ~written
        for stream in range(8):
            self._interrupt(stream)

    def _begin(self, stream: int) -> None:
        if self.bit(f"cr{stream}", DBM):
            self.system.log.unmodelled(f"{self.name}: double buffer")
        self._length[stream] = self.values[f"ndtr{stream}"]
        self._done[stream] = 0
        self._plan(stream)

    def request(self, uart: str, which: str, wanted: bool) -> None:
        """A UART raises or lowers its request."""
        key = (uart, which)
        if not wanted:
            self._requests.discard(key)
            return
        self._requests.add(key)
        for name, stream, _ in REQUESTS.get(key, ()):
            if name == self.name:
                self._plan(stream)

    def _wanted(self, stream: int) -> bool:
        control = f"cr{stream}"
        if not self.bit(control, EN) or not self.values[f"ndtr{stream}"]:
            return False
        if self.field(control, DIR, 2) == MEMORY_TO_MEMORY:
            return True
        place = (self.name, stream, self.field(control, CHSEL, 3))
        return any(place in REQUESTS.get(key, ()) for key in self._requests)

    def _plan(self, stream: int) -> None:
        """Transfer one item in a few cycles."""
        if stream not in self._planned and self._wanted(stream):
            self._planned.add(stream)
            self.system.time.after(4, lambda: self._step(stream))

    def _step(self, stream: int) -> None:
        self._planned.discard(stream)
        if not self._wanted(stream):
            return
        if not self._transfer(stream):
            self.put(f"cr{stream}", EN, False)
            self._flag(stream, TEIF)
            return
        self._count(stream)
        self._plan(stream)

    def _transfer(self, stream: int) -> bool:
        control, done = f"cr{stream}", self._done[stream]
        size = 1 << min(self.field(control, PSIZE, 2), 2)
        peripheral = self.values[f"par{stream}"] + self.bit(control, PINC) * done * size
        memory = self.values[f"m0ar{stream}"] + self.bit(control, MINC) * done * size
        outward = self.field(control, DIR, 2) == TO_PERIPHERAL
        source, target = (memory, peripheral) if outward else (peripheral, memory)
        value = self._master.load(source, size)
        return value is not None and self._master.store(target, size, value)

    def _count(self, stream: int) -> None:
        self._done[stream] += 1
        left = self._length[stream] - self._done[stream]
        if left == self._length[stream] // 2:
            self._flag(stream, HTIF)
        if left == 0 and self.bit(f"cr{stream}", CIRC):
            self._done[stream], left = 0, self._length[stream]
            self._flag(stream, TCIF)
        elif left == 0:
            self.put(f"cr{stream}", EN, False)
            self._flag(stream, TCIF)
        self.values[f"ndtr{stream}"] = left

    def _status(self, stream: int) -> tuple[str, int]:
        return "lisr" if stream < 4 else "hisr", FLAG_SHIFTS[stream % 4]

    def _flag(self, stream: int, flag: int) -> None:
        register, shift = self._status(stream)
        self.put(register, shift + flag, True)
        self._interrupt(stream)

    def _interrupt(self, stream: int) -> None:
        register, shift = self._status(stream)
        control = self.values[f"cr{stream}"]
        flags = self.values[register] >> shift
        enabled = ((TCIE, TCIF), (HTIE, HTIF), (TEIE, TEIF), (DMEIE, DMEIF))
        level = any(control >> enable & flags >> flag & 1 for enable, flag in enabled)
        self.system.interrupt(IRQS[self.name][stream], level)
