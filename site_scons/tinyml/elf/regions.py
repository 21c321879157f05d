"""Which of a board's memories each section runs in and is stored in."""

from __future__ import annotations

from collections.abc import Sequence

from tinyml.boards import Board, Memory
from tinyml.elf.image import Section
from tinyml.errors import UserError

FLASH, RAM = "flash", "ram"


def region_at(memories: Sequence[Memory], address: int) -> Memory | None:
    """Return the memory that holds ``address``, or None."""
    return next((m for m in memories if m.origin <= address < m.end), None)


def run_region(memories: Sequence[Memory], section: Section) -> Memory:
    """Return the memory the section is in while the program runs.

    Raises:
        UserError: it is in none, reaches beyond it, or would have to be written into flash.
    """
    region = _region(memories, section, section.address, "runs")
    if region.kind == FLASH and section.load_address != section.address:
        raise UserError(
            f"section {section.name} runs at {section.address:#010x} in {region.name},"
            " but its bytes are not stored there",
            "sections in flash stored where they run; .bss and NOLOAD sections in RAM",
            "look where the linker script places it",
        )
    return region


def load_region(memories: Sequence[Memory], section: Section) -> Memory | None:
    """Return the flash that stores the section's bytes; None when there are none to store.

    Raises:
        UserError: the bytes would be stored outside every flash, or beyond the end of one.
    """
    if section.load_address is None:
        return None
    region = _region(memories, section, section.load_address, "is stored")
    if region.kind != FLASH:
        raise UserError(
            f"section {section.name} is stored at {section.load_address:#010x} in {region.name},"
            " which is empty after a reset",
            "sections with initial values stored in flash and copied by the start-up code",
            f"add '>{region.name} AT> FLASH' to it in the linker script, or make it NOLOAD",
        )
    return region


def _region(memories: Sequence[Memory], section: Section, address: int, verb: str) -> Memory:
    region, end = region_at(memories, address), address + section.size
    where = f"section {section.name} ({section.size} bytes) {verb} at {address:#010x}"
    if region is None:
        raise UserError(
            f"{where}, in none of the board's memories",
            f"an address in {describe(memories)}",
            "assign the section to a region in the linker script",
        )
    if end > region.end:
        raise UserError(
            f"{where} and ends {end - region.end} bytes beyond {region.name}",
            f"every section inside one of {describe(memories)}",
            "make the section smaller or assign it to another region",
        )
    return region


def describe(memories: Sequence[Memory]) -> str:
    """Return the memories with their address ranges, for messages."""
    return ", ".join(f"{m.name} {m.origin:#010x}-{m.end - 1:#010x}" for m in memories)


def require_memories(board: Board) -> tuple[Memory, ...]:
    """Return the board's memories; raise `UserError` for a native program, which has none."""
    if not board.memory:
        raise UserError(
            f"board {board.name} has no memory map",
            "a board with [memory] tables",
            "a native program's sizes: size -A",
        )
    return board.memory
