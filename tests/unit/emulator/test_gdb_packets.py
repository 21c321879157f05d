"""GDB's packets: framing, checksums, escapes, acknowledgements, and what is no packet."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from tinyml.emulator.stm32f746 import gdb_target
from tinyml.emulator.stm32f746.gdb_packets import Disconnected, Packets


@pytest.fixture
def wire() -> Iterator[tuple[Packets, socket.socket]]:
    """Yield one end as packets, and the other as it is."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    yield Packets(ours), theirs
    ours.close()
    theirs.close()


def test_a_packet_is_acknowledged(wire: tuple[Packets, socket.socket]) -> None:
    """Noise before it is skipped; ``}`` escapes the byte that follows."""
    packets, theirs = wire
    theirs.sendall(b"+noise$m0,4#fd")
    assert packets.receive() == b"m0,4"
    assert theirs.recv(10) == b"+"
    content = b"X0,2:}\x03}\x04"
    theirs.sendall(b"$" + content + b"#%02x" % (sum(content) & 0xFF))
    assert packets.receive() == b"X0,2:#$"


def test_a_damaged_packet_is_asked_for_again(wire: tuple[Packets, socket.socket]) -> None:
    """A wrong checksum is answered with a minus."""
    packets, theirs = wire
    theirs.sendall(b"$g#00$g#67")
    assert packets.receive() == b"g"
    assert theirs.recv(10) == b"-+"


def test_what_is_sent_is_escaped(wire: tuple[Packets, socket.socket]) -> None:
    """The four bytes with a meaning never stand for themselves."""
    packets, theirs = wire
    packets.send(b"a#$}*")
    assert theirs.recv(100) == b"$a}\x03}\x04}]}\x0a#" + b"%02x" % (
        sum(b"a}\x03}\x04}]}\x0a") & 0xFF
    )


def test_interrupt_and_end(wire: tuple[Packets, socket.socket]) -> None:
    """A byte of 3 is Ctrl-C; a closed connection is said."""
    packets, theirs = wire
    theirs.sendall(b"\x03")
    packets.poll()
    assert packets.interrupted
    theirs.close()
    with pytest.raises(Disconnected):
        packets.poll()


def test_target_description_is_xml_with_every_register() -> None:
    """In the order of their numbers."""
    found = ElementTree.fromstring(gdb_target.description())
    assert [each.get("name") for each in found.iter("reg")] == list(gdb_target.NAMES)
    sizes = {each.get("name"): each.get("bitsize") for each in found.iter("reg")}
    assert (sizes["pc"], sizes["d0"], sizes["primask"]) == ("32", "64", "8")
