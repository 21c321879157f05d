"""USART: RM0385 section 31."""

from __future__ import annotations

import pytest

from support.peripheral_bench import Bench
from tinyml.emulator.ports import Port
from tinyml.emulator.stm32f746.line import Line
from tinyml.emulator.stm32f746.peripheral import Gate
from tinyml.emulator.stm32f746.usart import Usart

CR1, CR2, CR3, BRR, RTOR, RQR, ISR, ICR, RDR, TDR = (
    0,
    4,
    8,
    12,
    0x14,
    0x18,
    0x1C,
    0x20,
    0x24,
    0x28,
)
ON = 0xD  # UE, RE, TE
BYTE = 18_750  # core cycles of ten bits at 115200 baud, 216 MHz
IRQ = 71


@pytest.fixture
def bench() -> Bench:
    """Return a chip around the peripheral."""
    return Bench()


@pytest.fixture
def usart(bench: Bench) -> Usart:
    """Return a UART at 115200 baud that is off, and what it sends in ``on_send.__self__``."""
    usart = Usart("USART6", 0x40011400, bench.system, Gate("apb2enr", 5), IRQ)
    usart.write(BRR, 938)  # 108 MHz / 115200 = 937.5
    return usart


def flags(usart: Usart) -> set[int]:
    """Return the bits of ISR that are set, of those that matter here."""
    return {bit for bit in (1, 3, 4, 5, 6, 7, 11, 17) if usart.read(ISR) >> bit & 1}


def test_reset_values(bench: Bench) -> None:
    """Only ISR is not zero: section 31.8.8."""
    usart = Usart("USART6", 0x40011400, bench.system, Gate("apb2enr", 5), IRQ)
    assert usart.read(ISR) == 0x020000C0
    assert [usart.read(offset) for offset in (CR1, CR2, CR3, BRR, RDR)] == [0] * 5


def test_a_byte_takes_ten_bits(bench: Bench, usart: Usart) -> None:
    """TDR moves on at once, a second byte waits, TC comes with the last stop bit."""
    sent: list[int] = []
    usart.on_send = sent.append
    usart.write(CR1, ON)
    usart.write(TDR, 0x41)
    assert flags(usart) == {7}
    usart.write(TDR, 0x42)
    assert flags(usart) == set()
    bench.pass_cycles(BYTE - 100)
    assert sent == []
    bench.pass_cycles(200)
    assert (sent, flags(usart)) == ([0x41], {7})
    bench.pass_cycles(BYTE)
    assert (sent, flags(usart)) == ([0x41, 0x42], {6, 7})


@pytest.mark.parametrize(
    ("cr1", "cr2", "bits"),
    [(0, 0, 10), (1 << 12, 0, 11), (1 << 28, 0, 9), (0, 2 << 12, 11), (1 << 15, 0, 10)],
)
def test_frame_length(usart: Usart, cr1: int, cr2: int, bits: int) -> None:
    """M gives eight, nine or seven data bits, STOP one or two stop bits."""
    usart.write(CR1, cr1)
    usart.write(CR2, cr2)
    assert usart.frame_bits == bits


def test_baud_rate(usart: Usart) -> None:
    """Section 31.5.4: oversampling by 8 takes BRR[2:0] one bit up, and doubles."""
    assert usart.baud == pytest.approx(115200, rel=1e-3)
    usart.write(CR1, 1 << 15)
    usart.write(BRR, 0x0753 & ~0xF | 0x3)
    assert usart.baud == pytest.approx(2 * 108e6 / (0x750 | 6))


def test_brr_is_locked_while_on(usart: Usart) -> None:
    """Section 31.8.4."""
    usart.write(CR1, ON)
    usart.write(BRR, 1)
    assert usart.read(BRR) == 938


def test_receive_and_overrun(usart: Usart) -> None:
    """The second byte is lost and ORE set; reading RDR clears RXNE, ICR clears ORE."""
    usart.write(CR1, ON)
    usart.receive(0x31)
    usart.receive(0x32)
    assert flags(usart) == {3, 5, 6, 7}
    assert usart.read(RDR) == 0x31
    assert flags(usart) == {3, 6, 7}
    usart.write(ICR, 1 << 3)
    assert flags(usart) == {6, 7}


def test_overrun_can_be_disabled(usart: Usart) -> None:
    """With OVRDIS the newer byte replaces the older: section 31.8.3."""
    usart.write(CR3, 1 << 12)
    usart.write(CR1, ON)
    usart.receive(0x31)
    usart.receive(0x32)
    assert usart.read(RDR) == 0x32
    assert flags(usart) == {6, 7}


@pytest.mark.parametrize("cr1", [0xC, 0x9])
def test_nothing_is_received_while_off(usart: Usart, cr1: int) -> None:
    """Without UE or RE the line is not heard."""
    usart.write(CR1, cr1)
    usart.receive(0x31)
    assert 5 not in flags(usart)


@pytest.mark.parametrize(
    ("enable", "expected"), [(1 << 5, True), (1 << 7, True), (1 << 6, True), (0, False)]
)
def test_interrupt_line(bench: Bench, usart: Usart, enable: int, expected: bool) -> None:
    """RXNEIE, TXEIE and TCIE raise the line with their flags: table 194."""
    usart.write(CR1, ON | enable)
    usart.receive(0x31)
    assert (IRQ in bench.lines) == expected
    usart.write(CR1, 0)
    assert IRQ not in bench.lines


def test_overrun_interrupts_with_rxneie_and_with_eie(bench: Bench, usart: Usart) -> None:
    """ORE belongs to both enables."""
    usart.write(CR3, 1)
    usart.write(CR1, ON)
    usart.receive(1)
    assert IRQ not in bench.lines
    usart.receive(2)
    assert IRQ in bench.lines
    usart.write(CR3, 0)
    assert IRQ not in bench.lines
    usart.read(RDR)
    usart.write(CR1, ON | 1 << 5)
    assert IRQ in bench.lines
    usart.write(ICR, 1 << 3)
    assert IRQ not in bench.lines


def test_idle_time_out_and_match(bench: Bench, usart: Usart) -> None:
    """IDLE a frame after the last byte, RTOF after RTOR bits, CMF for the character of CR2."""
    usart.write(CR2, 0x0A << 24 | 1 << 23)
    usart.write(RTOR, 22)
    usart.write(CR1, ON)
    usart.receive(0x0A)
    assert flags(usart) == {5, 6, 7, 17}
    bench.pass_cycles(BYTE + 100)
    assert 4 in flags(usart)
    assert 11 not in flags(usart)
    bench.pass_cycles(2 * BYTE)
    assert 11 in flags(usart)
    usart.write(ICR, 1 << 4 | 1 << 11 | 1 << 17)
    assert flags(usart) == {5, 6, 7}


def test_request_drops_what_was_received(usart: Usart) -> None:
    """RXFRQ clears RXNE: section 31.8.7."""
    usart.write(CR1, ON)
    usart.receive(1)
    usart.write(RQR, 1 << 3)
    assert flags(usart) == {6, 7}


def test_dma_requests(usart: Usart) -> None:
    """DMAT and DMAR turn TXE and RXNE into requests."""
    seen: dict[str, bool] = {}
    usart.request_dma = seen.__setitem__
    usart.write(CR1, ON)
    usart.write(CR3, 3 << 6)
    assert seen == {"tx": True, "rx": False}
    usart.receive(1)
    assert seen["rx"]
    usart.read(RDR)
    assert not seen["rx"]


def test_line_delivers_at_the_baud_rate(bench: Bench, usart: Usart) -> None:
    """Bytes that came before the UART listened wait; then one comes each ten bits."""
    port = Port()
    port.where = "a test"
    line = Line(usart, port, 115200, lambda name: None)
    port.send(b"ab")
    line.pump()
    bench.pass_cycles(10 * BYTE)
    assert 5 not in flags(usart)
    usart.write(CR1, ON)
    bench.pass_cycles(BYTE + 100)
    assert usart.read(RDR) == ord("a")
    bench.pass_cycles(BYTE)
    assert usart.read(RDR) == ord("b")
    assert line.received == 2


def test_wrong_rate_is_said(bench: Bench, usart: Usart) -> None:
    """More than three percent off is not legible on a wire."""
    usart.expects(115200)
    assert bench.log.lines == []
    usart.expects(9600)
    assert "USART6 runs at 115139 baud" in bench.log.lines[0]
