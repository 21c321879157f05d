"""The serial ports of a board.toml: what is refused, and the header that the HAL gets of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml import boards
from tinyml.boards import serial_header
from tinyml.boards.families import FAMILIES
from tinyml.emulator.stm32f746 import chip
from tinyml.errors import UserError

BOARDS = Path(__file__).resolve().parents[2] / "firmware" / "boards"
CONSOLE = 'uart = "USART6"\nbaud = 115200\ntx = "PC6"\nrx = "PC7"\nfunction = 8'
LINK = 'uart = "UART7"\nbaud = 115200\ntx = "PF7"\nrx = "PF6"\nfunction = 8'


def load(folder: Path, *replacements: tuple[str, str], board: str = "stm32f746") -> boards.Board:
    """Load a copy of a board's description, some text of it replaced."""
    text = (BOARDS / board / "board.toml").read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (folder / "board.toml").write_text(text)
    return boards.load(folder)


def test_ports_of_the_discovery_board(tmp_path: Path) -> None:
    """The console is on D1 and D0, the link on A4 and A5."""
    serial = load(tmp_path).serial
    assert serial is not None
    assert serial.console == boards.SerialPort("USART6", 115200, "PC6", "PC7", 8)
    assert serial.link == boards.SerialPort("UART7", 115200, "PF7", "PF6", 8)


@pytest.mark.parametrize(
    ("old", "new", "culprit", "expected"),
    [
        ("USART6", "USART9", "[serial.console] uart is 'USART9'", "USART1, USART2"),
        ('"UART7"', '"USART7"', "[serial.link] uart is 'USART7'", "UART7"),
        ('"UART7"', '"USART6"', "[serial.link] uart is USART6, which is [serial.console]", "own"),
        ('"PF7"', '"PC6"', "[serial.link] tx is PC6, which is [serial.console] tx", "own"),
        ('"PC7"', '"PC6"', "[serial.console] rx is PC6, which is [serial.console] tx", "own"),
        ('"PC6"', '"C6"', "[serial.console] tx is 'C6'", '"PC6"'),
        ('"PC6"', '"PC16"', "tx is 'PC16'", "0 to 15"),
        ('"PC6"', '"PL1"', "tx is 'PL1'", "A to K"),
        ('"PF6"', '"PF06"', "[serial.link] rx is 'PF06'", '"PC6"'),
        ('"PC6"', '"PC6 "', "tx is 'PC6 '", '"PC6"'),
        ('tx = "PC6"\n', "", "[serial.console] lacks tx", 'tx = "PC6"'),
        (f"{CONSOLE}\n", 'uart = "USART6"\nbaud = 9600\n', "lacks tx, rx, function", "function"),
        ("function = 8\n\n# A4", "function = 16\n\n# A4", "function is 16", "0 to 15"),
        ("function = 8\n\n# A4", "function = -1\n\n# A4", "function is -1", "0 to 15"),
        ("function = 8\n\n# A4", 'function = "AF8"\n\n# A4', "function is 'AF8'", "a whole number"),
        ('115200\ntx = "PC6"', '7000000\ntx = "PC6"', "baud is 7000000, which USART6", "6750000"),
        ('115200\ntx = "PF7"', '6000000\ntx = "PF7"', "baud is 6000000, which UART7", "3375000"),
        ('115200\ntx = "PC6"', '6550000\ntx = "PC6"', "baud is 6550000", "divides 108000000 Hz"),
        ('115200\ntx = "PC6"', '0\ntx = "PC6"', "baud is 0", "1648 to 6750000"),
        ('115200\ntx = "PC6"', '-9600\ntx = "PC6"', "baud is -9600", "1648 to"),
        ("[serial.link]", "[serial.spare]", "unknown key 'spare'", "console, link"),
        (f"[serial.link]\n{LINK}\n", "", "lacks link", "console, link"),
        ("[serial.console]", "[console]", "unknown key 'console'", "serial"),
        ('family = "stm32f7"', 'family = "stm32h7"', "UARTs of family 'stm32h7'", "stm32f7, mps2"),
    ],
)
def test_mistakes_are_refused(
    tmp_path: Path, old: str, new: str, culprit: str, expected: str
) -> None:
    """Each names the port and what it may be."""
    with pytest.raises(UserError) as caught:
        load(tmp_path, (old, new))
    assert culprit in caught.value.culprit
    assert "board.toml" in caught.value.culprit
    assert expected in caught.value.expected


def test_board_without_ports_is_refused(tmp_path: Path) -> None:
    """A fault has to be reported somewhere."""
    ports = f"[serial.console]\n{CONSOLE}\n", f"[serial.link]\n{LINK}\n"
    with pytest.raises(UserError, match=r"lacks \[serial\]"):
        load(tmp_path, *((port, "") for port in ports))


def test_native_program_has_no_uart(tmp_path: Path) -> None:
    """Its ports are the command line's."""
    ports = f"[serial.console]\n{CONSOLE}\n[serial.link]\n{LINK}\n[emulator]"
    with pytest.raises(UserError, match="without family"):
        load(tmp_path, ("[emulator]", ports), board="host")


def test_pins_are_not_for_every_family(tmp_path: Path) -> None:
    """Where they are fixed, naming them is a mistake."""
    with pytest.raises(UserError, match=r"\[serial.link\] has tx") as caught:
        load(tmp_path, ('"UART1"', '"UART1"\ntx = "PC6"'), board="mps2-an500")
    assert "fixed" in caught.value.expected


def test_baud_rate_is_checked_at_the_clock_asked_for(tmp_path: Path) -> None:
    """What 216 MHz can make, 50 MHz may not."""
    board = load(tmp_path, ('115200\ntx = "PF7"', '3000000\ntx = "PF7"'))
    assert board.check_clock(216) is None
    with pytest.raises(UserError, match=r"\[serial.link\] baud is 3000000") as caught:
        board.check_clock(50)
    assert "781250" in caught.value.expected


@given(mhz=st.integers(50, 216), baud=st.integers(1, 20_000_000))
def test_allowed_baud_rates_are_within_the_register(mhz: int, baud: int) -> None:
    """What is allowed, BRR can hold, and a receiver bears: RM0385 sections 31.5.4 and 31.5.5."""
    board = boards.load(BOARDS / "stm32f746")
    assert board.serial is not None
    object.__setattr__(board.serial.console, "baud", baud)
    divider = max(1, round(mhz * 500_000 / baud))
    fits = 16 <= mhz * 500_000 / baud <= 0xFFFF
    near = abs(mhz * 500_000 / divider / baud - 1) <= 0.02
    try:
        board.check_clock(mhz)
        assert fits and near
    except UserError:
        assert not (fits and near)


def test_table_of_the_family_is_the_chips() -> None:
    """Addresses, clocks and interrupts are those that the virtual board has from the manual."""
    ours = {
        name: (uart.address, f"{uart.bus.lower()}enr", uart.enable, uart.interrupt)
        for name, uart in FAMILIES["stm32f7"].uarts.items()
    }
    assert ours == chip.UARTS


@pytest.mark.parametrize("name", ["stm32f746", "nucleo-f746zg", "mps2-an500"])
def test_every_interrupt_has_one_handler(name: str) -> None:
    """The ranges of the vector table follow each other without gap or overlap."""
    board = boards.load(BOARDS / name)
    text = serial_header.generate(board)
    ranges = re.findall(r"\[(\d+)(?: \.\.\. (\w+))?\] = (\w+)", text)
    following = 0
    for first, last, _ in ranges:
        assert int(first) == following
        following = int(last or first) + 1 if last != "LAST_IRQn" else -1
    assert following == -1
    assert board.serial is not None and board.family is not None
    uarts = FAMILIES[board.family].uarts
    handlers = {int(first): handler for first, last, handler in ranges if not last}
    for port, described in board.serial.ports().items():
        assert handlers[uarts[described.uart].interrupt] == f"{port}_interrupt"


def test_header_compiles_to_the_described_pins(tmp_path: Path) -> None:
    """The C compiler reads from the header what board.toml says."""
    board = boards.load(BOARDS / "nucleo-f746zg")
    (tmp_path / serial_header.NAME).write_text(serial_header.generate(board))
    (tmp_path / "main.c").write_text(PRINTER)
    mcu = BOARDS.parent / "mcu" / "stm32f7"
    includes = [f"-I{path}" for path in (tmp_path, mcu, BOARDS.parent / "link")]
    subprocess.run(
        ["gcc", "-std=c11", "-Wall", *includes, "main.c", "-o", "main"], cwd=tmp_path, check=True
    )
    shown = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    assert shown.split("\n")[:2] == [
        "0x40004800 0 18 39 3.8.7 3.9.7 115200",
        "0x40011400 1 5 71 6.14.8 6.9.8 115200",
    ]


PRINTER = """
#include <stdio.h>
#include "uart.h"
#include "board_serial.h"
static void show(struct uart uart, unsigned baud) {
    int bit = 0;
    while (uart.enable >> bit != 1) { ++bit; }
    printf("0x%lx %d %d %d %d.%d.%d %d.%d.%d %u\\n", (unsigned long)uart.registers, uart.bus, bit,
           uart.interrupt, uart.tx.port, uart.tx.number, uart.tx.function, uart.rx.port,
           uart.rx.number, uart.rx.function, baud);
}
int main(void) {
    show((struct uart)BOARD_CONSOLE_UART, BOARD_CONSOLE_BAUD);
    show((struct uart)BOARD_LINK_UART, BOARD_LINK_BAUD);
}
"""


def test_header_of_a_native_program_is_refused() -> None:
    """It has no UARTs."""
    with pytest.raises(UserError, match=r"board host has no \[serial\]"):
        serial_header.generate(boards.load(BOARDS / "host"))


def test_command_line_writes_the_header(root: Path, tmp_path: Path) -> None:
    """`python -m tinyml.boards.serial_header` prints what the build does."""
    command = [sys.executable, "-m", "tinyml.boards.serial_header", "firmware/boards/stm32f746"]
    subprocess.run(
        [*command, "--output", str(tmp_path / "x.h")],
        cwd=root,
        env={"PYTHONPATH": str(root / "site_scons")},
        check=True,
    )
    expected = serial_header.generate(boards.load(BOARDS / "stm32f746"))
    assert (tmp_path / "x.h").read_text() == expected
