"""Boards as data: what ``firmware/boards/<board>/board.toml`` says, checked.

``python -m tinyml.boards BOARD_DIR [--clock MHZ]`` checks one and prints what it says.
"""

from tinyml.boards.board import Board
from tinyml.boards.description import load, memories, memories_of
from tinyml.boards.parts import (
    Clock,
    Core,
    Emulator,
    Flash,
    Memory,
    Placement,
    Pll,
    Serial,
    SerialPort,
)

__all__ = [
    "Board",
    "Clock",
    "Core",
    "Emulator",
    "Flash",
    "Memory",
    "Placement",
    "Pll",
    "Serial",
    "SerialPort",
    "load",
    "memories",
    "memories_of",
]
