"""A server for GDB: ``target remote 127.0.0.1:PORT``. The board stands while GDB's user thinks."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import sys
from collections.abc import Callable

from tinyml.emulator.stm32f746 import gdb_target
from tinyml.emulator.stm32f746.core import Stop, Why
from tinyml.emulator.stm32f746.flash import is_programmable
from tinyml.emulator.stm32f746.gdb_packets import LARGEST, Disconnected, Packets
from tinyml.emulator.stm32f746.machine import Stm32F746
from tinyml.emulator.stm32f746.mpu import READ, WRITE
from tinyml.emulator.stm32f746.protection import Watch
from tinyml.errors import UserError

_TRAP, _INTERRUPTED = b"05", b"02"
_FEATURES = (
    b"PacketSize=%x;qXfer:features:read+;qXfer:memory-map:read+;swbreak+;hwbreak+;"
    b"vContSupported+;QStartNoAckMode+" % LARGEST
)
_WATCHED = {2: (WRITE, b"watch"), 3: (READ, b"rwatch"), 4: (READ | WRITE, b"awatch")}
_HELP = "monitor reset: from the reset vector, halted; monitor help\n"


class Debugger:
    """GDB's rights on the board: it halts, looks, changes and lets go."""

    def __init__(self, machine: Stm32F746, number: int) -> None:
        """Listen on ``number`` of this computer alone; 0 lets the system choose.

        Raises:
            UserError: the port is taken or not allowed.
        """
        self._machine = machine
        try:
            self._server = socket.create_server(("127.0.0.1", number))
        except (OSError, OverflowError) as error:
            raise UserError(
                f"cannot listen on TCP port {number} for GDB: {error}",
                "a port that no other program uses",
                "another number, or gdb=0 for any that is free",
            ) from error
        self.number = self._server.getsockname()[1]
        self._packets: Packets | None = None
        self._watches: dict[tuple[int, bytes], Watch] = {}
        self._halted, self._reason = True, b"S" + _TRAP
        self._stepping = False
        self._passed: int | None = None  # the breakpoint that the core goes on from

    # --- as the board runs -----------------------------------------------------------------

    def before(self) -> bool:
        """Serve GDB while the board is to stand; return whether it may go on now."""
        self._look()
        core = self._machine.core
        if not self._halted and core.hook.pc in core.breakpoints and self._passed is None:
            self._halt(b"T" + _TRAP + b"swbreak:;")
        while self._halted:
            if not self._serve():
                return False
        return True

    def _look(self) -> None:
        """See whether GDB has come, gone or been interrupted."""
        if self._packets is None:
            if self._reason or select.select([self._server], [], [], 0)[0]:
                self._accept()
            return
        try:
            self._packets.poll()
        except Disconnected:
            self._let_go()
            return
        if self._packets.interrupted:
            self._packets.interrupted = False
            self._halt(b"S" + _INTERRUPTED)

    def _accept(self) -> None:
        """Wait for GDB; the board stands as soon as it is there."""
        connection, _ = self._server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._packets = Packets(connection)
        self._halted, self._reason = True, b"S" + _TRAP

    def _halt(self, reason: bytes) -> None:
        self._halted, self._reason = True, reason
        self._stepping = False
        self._passed = None
        self._answer(reason)

    def run(self, deadline: int) -> Stop:
        """Let the core run; one instruction where GDB steps, or stands on a breakpoint."""
        core = self._machine.core
        if self._stepping or core.hook.pc == self._passed:
            self._passed = None
            return core.step()
        return core.run(deadline)

    def after(self, stop: Stop) -> None:
        """Look at what ended a run."""
        hit = self._machine.protection.hit
        self._machine.protection.hit = None
        if hit:
            kind = next(kind for (_, kind), watch in self._watches.items() if watch is hit)
            self._halt(b"T" + _TRAP + kind + b":%x;" % hit.address)
        elif self._stepping:
            self._halt(b"T" + _TRAP)
        elif stop.why is Why.BOUNDARY and self._passed is not None:
            self._passed = None

    def breakpoint(self) -> None:
        """A BKPT instruction that is no semihosting."""
        self._halt(b"S" + _TRAP)

    def ended(self, status: int) -> None:
        """The firmware has ended."""
        if self._packets:
            self._answer(b"W%02x" % (status & 0xFF))
            self._packets.close()
        self._server.close()

    @property
    def masks_interrupts(self) -> bool:
        """A step executes one instruction, and no handler."""
        return self._stepping

    # --- serving ---------------------------------------------------------------------------

    def _answer(self, content: bytes) -> None:
        if self._packets:
            try:
                self._packets.send(content)
            except Disconnected:
                self._let_go()

    def _let_go(self) -> None:
        """Nobody debugs any more: no breakpoints, and the board runs on."""
        self._packets = None
        self._machine.core.set_breakpoints(set())
        self._watches.clear()
        self._set_watches()
        self._halted, self._reason = False, b""

    def _serve(self) -> bool:
        """Answer one packet; return False where the board is another now (it was reset)."""
        if self._packets is None:
            return True
        try:
            packet = self._packets.receive()
        except Disconnected:
            self._let_go()
            return True
        if packet == b"k":
            raise KeyboardInterrupt
        try:
            answer = self._handle(packet)
        except (ValueError, IndexError):
            answer = b"E16"
        if answer is not None:
            self._answer(answer)
        if packet == b"QStartNoAckMode" and self._packets:
            self._packets.acknowledges = False
        if packet.startswith(b"D"):
            self._let_go()
        return not packet.startswith(b"qRcmd")

    def _handle(self, packet: bytes) -> bytes | None:
        """Return the answer to a packet; None where there is none yet, empty for an unknown one."""
        if packet == b"g":
            return self._all_registers()
        fixed = {
            b"?": self._reason or b"S" + _TRAP,
            b"qAttached": b"1",
            b"qC": b"QC1",
            b"qfThreadInfo": b"m1",
            b"qsThreadInfo": b"l",
            b"qSymbol::": b"OK",
            b"QStartNoAckMode": b"OK",
            b"vCont?": b"vCont;c;C;s;S",
            b"vFlashDone": b"OK",
        }
        if packet in fixed:
            return fixed[packet]
        for start, action in self._actions():
            if packet.startswith(start):
                return action(packet[len(start) :])
        return b""

    def _actions(self) -> tuple[tuple[bytes, Callable[[bytes], bytes | None]], ...]:
        return (
            (b"qSupported", lambda _: _FEATURES),
            (b"qXfer:features:read:target.xml:", self._description),
            (b"qXfer:memory-map:read::", self._memory_map),
            (b"qRcmd,", self._command),
            (b"vCont;", self._continue),
            (b"vFlashErase:", self._flash_erase),
            (b"vFlashWrite:", self._flash_write),
            (b"H", lambda _: b"OK"),
            (b"T", lambda _: b"OK"),
            (b"D", lambda _: b"OK"),
            (b"c", lambda rest: self._go(rest, step=False)),
            (b"s", lambda rest: self._go(rest, step=True)),
            (b"p", self._read_register),
            (b"P", self._write_register),
            (b"G", self._write_registers),
            (b"m", self._read),
            (b"M", self._write),
            (b"X", self._write_binary),
            (b"Z", lambda rest: self._point(rest, insert=True)),
            (b"z", lambda rest: self._point(rest, insert=False)),
        )

    def _description(self, rest: bytes) -> bytes:
        return _slice(gdb_target.description().encode(), rest)

    def _memory_map(self, rest: bytes) -> bytes:
        return _slice(gdb_target.memory_map(self._machine).encode(), rest)

    def _command(self, rest: bytes) -> bytes:
        """Answer ``monitor``."""
        words = bytes.fromhex(rest.decode()).decode(errors="replace").split()
        if words[:1] == ["reset"]:
            self._machine.restart()
            return b"OK"
        return _HELP.encode().hex().encode()

    # --- running ---------------------------------------------------------------------------

    def _continue(self, rest: bytes) -> None:
        return self._go(b"", step=rest[:1] in (b"s", b"S"))

    def _go(self, rest: bytes, step: bool) -> None:
        core = self._machine.core
        if rest:
            core["pc"] = int(rest, 16) & ~1
        self._stepping = step
        self._passed = core.hook.pc if core.hook.pc in core.breakpoints else None
        self._machine.protection.passed = core.hook.pc
        self._halted, self._reason = False, b""
        self._machine.pace.begin()

    def _point(self, rest: bytes, insert: bool) -> bytes:
        """Set or take away a breakpoint (0, 1) or a watchpoint (2 to 4)."""
        kind, address, size = (int(field, 16) for field in rest.split(b";")[0].split(b","))
        core = self._machine.core
        if kind in (0, 1):
            change = core.breakpoints.union if insert else core.breakpoints.difference
            core.set_breakpoints(set(change({address & ~1})))
            return b"OK"
        if kind not in _WATCHED:
            return b""
        what, name = _WATCHED[kind]
        if insert:
            self._watches[address, name] = Watch(address, size, what)
        else:
            self._watches.pop((address, name), None)
        self._set_watches()
        return b"OK"

    def _set_watches(self) -> None:
        self._machine.protection.watches = tuple(self._watches.values())

    # --- registers and memory ----------------------------------------------------------------

    def _all_registers(self) -> bytes:
        values = [gdb_target.read_register(self._machine, name) for name in gdb_target.NAMES]
        return b"".join(values).hex().encode()

    def _read_register(self, rest: bytes) -> bytes:
        name = gdb_target.NAMES[int(rest, 16)]
        return gdb_target.read_register(self._machine, name).hex().encode()

    def _write_register(self, rest: bytes) -> bytes:
        number, value = rest.split(b"=")
        name = gdb_target.NAMES[int(number, 16)]
        gdb_target.write_register(self._machine, name, bytes.fromhex(value.decode()))
        return b"OK"

    def _write_registers(self, rest: bytes) -> bytes:
        data = bytes.fromhex(rest.decode())
        for name in gdb_target.NAMES:
            size = gdb_target.size_of(name)
            if len(data) < size:
                break
            gdb_target.write_register(self._machine, name, data[:size])
            data = data[size:]
        return b"OK"

    def _read(self, rest: bytes) -> bytes:
        address, size = (int(field, 16) for field in rest.split(b","))
        data = gdb_target.read_memory(self._machine, address, min(size, LARGEST // 2))
        return b"E14" if data is None else data.hex().encode()

    def _write(self, rest: bytes) -> bytes:
        place, data = rest.split(b":")
        return self._store(place, bytes.fromhex(data.decode()))

    def _write_binary(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._store(place, data)

    def _store(self, place: bytes, data: bytes) -> bytes:
        address, size = (int(field, 16) for field in place.split(b","))
        if size != len(data):
            return b"E16"
        if not size or gdb_target.write_memory(self._machine, address, data):
            return b"OK"
        return b"E14"

    def _flash_erase(self, rest: bytes) -> bytes:
        address, size = (int(field, 16) for field in rest.split(b","))
        return self._flash(address, b"\xff" * size)

    def _flash_write(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._flash(int(place, 16), data)

    def _flash(self, address: int, data: bytes) -> bytes:
        if not (is_programmable(address) and is_programmable(address + len(data) - 1)):
            return b"E.memtype"
        self._machine.memories.program(address, data)
        self._machine.core.forget_code(address, len(data))
        return b"OK"


def _slice(document: bytes, rest: bytes) -> bytes:
    """Return the part of a document that GDB asks for: ``l`` at its end, ``m`` before."""
    found = re.fullmatch(rb"([0-9a-f]+),([0-9a-f]+)", rest)
    if found is None:
        return b"E16"
    start, size = int(found[1], 16), int(found[2], 16)
    part = document[start : start + size]
    return (b"l" if start + size >= len(document) else b"m") + part


def announce(debugger: Debugger) -> None:
    """Say where GDB finds it."""
    print(f"gdb: target remote 127.0.0.1:{debugger.number}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
