"""Which UART of a board is its console and which its link."""

from __future__ import annotations

from tinyml.boards import Board

# The virtual STM32F746 without a board's description.
UARTS = {"console": "USART6", "link": "UART7"}


def serial_uart(board: Board | None, role: str) -> str:
    """Return the UART of ``role``, console or link."""
    return board.serial.ports()[role].uart if board and board.serial else UARTS[role]
