"""The boot loader in an STM32's ROM, on a pseudo-terminal: ST's AN3155, with faults on demand.

Written from the protocol as ST publishes it: sections 3.1 to 3.11 for the commands, with the
product id and the commands' list of an STM32F74x (AN2606).
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

ACK, NACK = b"\x79", b"\x1f"
SYNCHRONIZE = 0x7F
GET, GET_VERSION, GET_ID, READ, GO, WRITE, ERASE = 0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44
COMMANDS = bytes([GET, GET_VERSION, GET_ID, READ, GO, WRITE, ERASE, 0x63, 0x73, 0x82, 0x92])
VERSION = 0x31
FLASH = 0x08000000
SIZE = 1 << 20
PRODUCT_ID = 0x449
# What stm32loader reads beside flash: unique id and flash size in kB (RM0385 section 41).
ROM = {0x1FF0F420: bytes(range(12)), 0x1FF0F442: (1024).to_bytes(2, "little")}


class Unplugged(Exception):
    """The cable was pulled."""


@dataclass
class BootLoader:
    """A chip in its boot loader; ``port`` is the serial port it is on.

    Attributes:
        fault: called with the count of write commands so far when one's data has come; what it
            returns is sent instead of the acknowledgement, and `Unplugged` ends everything.
        protected: read-out protection: every access is refused.
        wired: the adapter's lines reset the chip whenever the port is opened.
        asleep: it runs its firmware, and hears nothing.
        flash: what is in flash; erased is 0xff, and only erased bytes can be written.
        started: the address that it was told to jump to.
    """

    fault: Callable[[int], bytes] = lambda count: ACK
    product_id: int = PRODUCT_ID
    protected: bool = False
    wired: bool = True
    asleep: bool = False
    flash: bytearray = field(default_factory=lambda: bytearray(b"\0" * SIZE))
    started: int | None = None
    writes: int = 0
    erased: int = 0

    def __enter__(self) -> BootLoader:
        """Begin to answer."""
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._over.set()
        self._thread.join(5)
        self._unplug()

    def _unplug(self) -> None:
        for name in ("_slave", "_master"):
            with contextlib.suppress(OSError):
                os.close(getattr(self, name))
            setattr(self, name, -1)

    def _serve(self) -> None:
        with contextlib.suppress(Unplugged, EOFError):
            self._synchronize()
            while True:
                self._command()
        if not self._over.is_set():
            self._unplug()

    def _synchronize(self) -> None:
        while self._read(1) != bytes([SYNCHRONIZE]) or self.asleep:
            pass
        self._send(ACK)

    def _command(self) -> None:
        """Take one command: its code and the code's complement."""
        code = self._read(1)[0]
        if code == SYNCHRONIZE and self.wired:
            self._send(ACK)  # it has just been reset
            return
        if self._read(1)[0] != code ^ 0xFF or code not in COMMANDS:
            self._send(NACK)
            return
        if self.protected and code in (READ, GO, WRITE, ERASE):
            self._send(NACK)
            return
        self._send(ACK)
        handler = {
            GET: self._get,
            GET_ID: self._get_id,
            READ: self._read_memory,
            GO: self._go,
            WRITE: self._write_memory,
            ERASE: self._erase,
        }[code]
        handler()

    def _get(self) -> None:
        self._send(bytes([len(COMMANDS), VERSION]) + COMMANDS + ACK)

    def _get_id(self) -> None:
        self._send(b"\x01" + self.product_id.to_bytes(2, "big") + ACK)

    def _address(self) -> int | None:
        """Return an address, acknowledged; None where its checksum is wrong."""
        data = self._read(5)
        good = reduce(xor, data) == 0
        self._send(ACK if good else NACK)
        return int.from_bytes(data[:4], "big") if good else None

    def _read_memory(self) -> None:
        address = self._address()
        if address is None:
            return
        count, check = self._read(2)
        if count ^ check != 0xFF:
            self._send(NACK)
            return
        self._send(ACK + self._memory(address, count + 1))

    def _memory(self, address: int, count: int) -> bytes:
        for start, content in ROM.items():
            if start <= address < start + len(content):
                return content[address - start :][:count].ljust(count, b"\0")
        return bytes(self.flash[address - FLASH :][:count])

    def _write_memory(self) -> None:
        address = self._address()
        if address is None:
            return
        count = self._read(1)[0] + 1
        data = self._read(count)
        if reduce(xor, data, count - 1) != self._read(1)[0] or count % 4:
            self._send(NACK)
            return
        answer = self.fault(self.writes)
        self.writes += 1
        offset = address - FLASH
        # Programming clears bits: what was not erased stays (RM0385 section 3.3.7).
        old = self.flash[offset : offset + count]
        self.flash[offset : offset + count] = bytes(a & b for a, b in zip(old, data, strict=True))
        self._send(answer)

    def _erase(self) -> None:
        count = int.from_bytes(self._read(2), "big")
        if count >= 0xFFF0:
            good = self._read(1)[0] == (count >> 8) ^ (count & 0xFF)
        else:
            pages = self._read(2 * (count + 1) + 1)
            good = reduce(xor, pages, (count >> 8) ^ (count & 0xFF)) == 0
        if good:
            self.flash[:] = b"\xff" * SIZE
            self.erased += 1
        self._send(ACK if good else NACK)

    def _go(self) -> None:
        address = self._address()
        if address is not None:
            self.started = address

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if self._over.is_set():
                raise EOFError
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            data += os.read(self._master, count - len(data))
        return data

    def _send(self, data: bytes) -> None:
        os.write(self._master, data)
