"""Semihosting: BKPT 0xAB asks the debugger, here us. Arm's specification, version 2.0."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import BinaryIO

from tinyml.emulator.stm32f746.memory import Memories

BKPT_NUMBER = 0xAB
ADP_STOPPED_APPLICATION_EXIT = 0x20026
_MODES = ("r", "rb", "r+", "r+b", "w", "wb", "w+", "w+b", "a", "ab", "a+", "a+b")
_TERMINAL = ":tt"
_FAILED = -1
_LONGEST = 1 << 20


class Semihosting:
    """Open files by handle; ``status`` is set once the program has asked to end."""

    def __init__(self, memories: Memories, centiseconds: Callable[[], int]) -> None:
        """Serve a program in ``memories``; ``centiseconds`` is the virtual time."""
        self._memories, self._centiseconds = memories, centiseconds
        self._files: dict[int, BinaryIO] = {}
        self._next = 1
        self._errno = 0
        self.status: int | None = None
        self._operations: dict[int, Callable[[int], int]] = {
            0x01: self._open,
            0x02: self._close,
            0x03: self._write_char,
            0x04: self._write_text,
            0x05: self._write,
            0x06: self._read,
            0x09: self._is_terminal,
            0x0A: self._seek,
            0x0C: self._length,
            0x10: lambda _: self._centiseconds(),
            0x11: lambda _: int(time.time()),
            0x13: lambda _: self._errno,
            0x18: self._exit,
            0x20: self._exit_extended,
        }

    def serve(self, operation: int, argument: int) -> int | None:
        """Do what is asked and return r0; None where the operation does not exist."""
        action = self._operations.get(operation)
        if action is None:
            return None
        try:
            return action(argument)
        except (OSError, KeyError, ValueError) as error:
            self._errno = getattr(error, "errno", None) or 22
            return _FAILED

    def close(self) -> None:
        """Close what the program left open."""
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()

    def _word(self, address: int, index: int = 0) -> int:
        value = self._memories.word(address + 4 * index)
        if value is None:
            raise ValueError("an argument outside memory")
        return value

    def _bytes(self, address: int, size: int) -> bytes:
        data = self._memories.read(address, size) if size <= _LONGEST else None
        if data is None:
            raise ValueError("a buffer outside memory")
        return data

    def _open(self, arguments: int) -> int:
        address, mode, length = (self._word(arguments, index) for index in range(3))
        name = self._bytes(address, length).decode()
        if name == _TERMINAL:
            file: BinaryIO = sys.stdin.buffer if mode < 4 else sys.stdout.buffer
        else:
            # Binary, whatever is asked: bytes are passed on as they are.
            opened = open(name, _MODES[mode].replace("b", "") + "b")  # noqa: PTH123, SIM115
            file = opened  # type: ignore[assignment]
        handle, self._next = self._next, self._next + 1
        self._files[handle] = file
        return handle

    def _close(self, arguments: int) -> int:
        file = self._files.pop(self._word(arguments))
        if file not in (sys.stdin.buffer, sys.stdout.buffer):
            file.close()
        return 0

    def _write(self, arguments: int) -> int:
        """Return the bytes NOT written: section 7.14."""
        handle, address, length = (self._word(arguments, index) for index in range(3))
        return length - self._files[handle].write(self._bytes(address, length))

    def _read(self, arguments: int) -> int:
        """Return the bytes NOT read: section 7.8."""
        handle, address, length = (self._word(arguments, index) for index in range(3))
        data = self._files[handle].read(min(length, _LONGEST))
        if data and not self._memories.write(address, data):
            raise ValueError("a buffer outside memory")
        return length - len(data)

    def _is_terminal(self, arguments: int) -> int:
        return int(self._files[self._word(arguments)] in (sys.stdin.buffer, sys.stdout.buffer))

    def _seek(self, arguments: int) -> int:
        self._files[self._word(arguments)].seek(self._word(arguments, 1))
        return 0

    def _length(self, arguments: int) -> int:
        file = self._files[self._word(arguments)]
        here = file.tell()
        length = file.seek(0, 2)
        file.seek(here)
        return length

    def _write_char(self, address: int) -> int:
        self._print(self._bytes(address, 1))
        return 0

    def _write_text(self, address: int) -> int:
        text = bytearray()
        while len(text) < _LONGEST and (byte := self._bytes(address + len(text), 1)) != b"\0":
            text += byte
        self._print(bytes(text))
        return 0

    def _print(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def _exit(self, reason: int) -> int:
        """SYS_EXIT of a 32-bit program passes a reason alone: section 7.4."""
        self.status = 0 if reason == ADP_STOPPED_APPLICATION_EXIT else 1
        return 0

    def _exit_extended(self, arguments: int) -> int:
        """The subcode is the exit status: section 7.5."""
        reason, code = self._word(arguments), self._word(arguments, 1)
        self.status = code & 0xFF if reason == ADP_STOPPED_APPLICATION_EXIT else 1
        return 0
