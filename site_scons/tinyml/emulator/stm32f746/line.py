"""A serial line: bytes from the host reach the UART one frame at a time, at its baud rate."""

from __future__ import annotations

from collections.abc import Callable

from tinyml.emulator.ports import Port
from tinyml.emulator.stm32f746.usart import Usart


class Line:
    """The wires between a `Usart` and a `Port`."""

    def __init__(self, uart: Usart, port: Port, baud: int, sends: Callable[[str], None]) -> None:
        """Connect; ``baud`` is what the host expects, ``sends`` is told before each byte."""
        self._uart, self.port, self._baud, self._sends = uart, port, baud, sends
        self._coming: int | None = None
        self.sent = self.received = 0
        uart.on_send = self._send
        uart.on_start = self._start

    def reset(self) -> None:
        """The frame on the line is lost with the UART's reset."""
        self._coming = None

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way: no byte to the UART, none from it, none left unread."""
        coming = self._coming is not None or (self.port.incoming and self._uart.listens)
        return not coming and self._uart.idle

    def _start(self) -> None:
        if self.port.where != "off":
            self._uart.expects(self._baud)
        self.pump()

    def _send(self, byte: int) -> None:
        self._sends(self._uart.name)
        self.sent += 1
        self.port.write(byte)

    def pump(self) -> None:
        """Begin the next frame if the line is idle and the UART listens."""
        if self._coming is not None or not self.port.incoming or not self._uart.listens:
            return
        self._coming = self.port.incoming.popleft()
        self._uart.system.time.after(self._uart.frame_cycles, self._arrive)

    def _arrive(self) -> None:
        byte, self._coming = self._coming, None
        if byte is not None:
            self.received += 1
            self._uart.receive(byte)
        self.pump()
