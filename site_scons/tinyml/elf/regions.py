"""Which memory each section runs in and is stored in: by a board, by the map, or by its role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from tinyml import boards, typed_toml
from tinyml.boards import Board, Memory
from tinyml.elf import mapfile
from tinyml.elf.image import SHF_WRITE, Image, Section
from tinyml.errors import UserError
from tinyml.files import read_toml

FLASH, RAM = "flash", "ram"
STORED, MEMORY = "stored", "memory"
_FAR = 1 << 20  # bytes between two stored sections that are in two devices, not in one with a hole
_HINT = "see firmware/boards/stm32f746/board.toml"


class Layout(Protocol):
    """Memories, and who is where; a size of 0 is unknown."""

    @property
    def memories(self) -> Sequence[Memory]:
        """Return all memories, used or not."""

    def run(self, section: Section) -> Memory:
        """Return the memory the section is in while the program runs."""

    def load(self, section: Section) -> Memory | None:
        """Return the memory that stores the section's bytes; None when there are none to store."""


class ByAddress:
    """The memories of a board: what lies in none of them, or must not be there, is refused."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        """Keep the memories."""
        self.memories = tuple(memories)

    def run(self, section: Section) -> Memory:
        """Return the memory that the section's run address is in."""
        return run_region(self.memories, section)

    def load(self, section: Section) -> Memory | None:
        """Return the flash that the section's load address is in."""
        return load_region(self.memories, section)


class ByRole:
    """Two memories for a program of which nobody says what it runs on.

    One for what is stored, or several where the stored sections lie far apart, and one for what is
    written to or moved while it runs. Their sizes are unknown.
    """

    def __init__(self, image: Image) -> None:
        """Find out how many memories the stored sections need."""
        starts = sorted(
            (s.load_address, s.size) for s in image.sections if s.load_address is not None
        )
        ends = [start + size for start, size in starts]
        first = starts[:1] + [
            after for (end, after) in zip(ends, starts[1:], strict=False) if after[0] - end >= _FAR
        ]
        names = [STORED] if len(first) < 2 else [f"{STORED}@{start:#x}" for start, _ in first]
        origins = [start for start, _ in first] or [0]
        self._stored = [
            Memory(name, FLASH, origin, 0) for name, origin in zip(names, origins, strict=True)
        ]
        self._memory = Memory(MEMORY, RAM, 0, 0)
        self.memories = (*self._stored, self._memory)

    def run(self, section: Section) -> Memory:
        """Return where it is read from: what is constant stays where it is stored."""
        stays = section.load_address == section.address and not section.flags & SHF_WRITE
        return self._device(section.address) if stays else self._memory

    def load(self, section: Section) -> Memory | None:
        """Return where its bytes are stored."""
        return None if section.load_address is None else self._device(section.load_address)

    def _device(self, address: int) -> Memory:
        return next(m for m in reversed(self._stored) if m.origin <= address)


def layout(image: Image, regions: Path | None, map_text: str | None) -> Layout:
    """Return the memories of an image: the given ones, those of the map, or two made up by role.

    Raises:
        UserError: ``regions`` cannot be used.
    """
    if regions is not None:
        return ByAddress(load_memories(regions))
    given = ByAddress(of_map(image, mapfile.regions(map_text or "")))
    return given if given.memories and _all_inside(image, given) else ByRole(image)


def load_memories(path: Path) -> tuple[Memory, ...]:
    """Return the memories of a board's folder or board.toml, or of a TOML file with nothing else.

    Raises:
        UserError: it has none, or describes them wrongly.
    """
    file = path / "board.toml" if path.is_dir() else path
    table = read_toml(file, "a board.toml, or its folder")
    if "name" in table or "inherit" in table:
        # Its memories alone: the rest may be what another version of this project had.
        found = boards.memories_of(file.parent) or require_memories(boards.load(file.parent))
    else:
        rows = boards.memories(table.get("memory", {}), str(file), _HINT)
        found = tuple(typed_toml.build(Memory, row, f"{file}:", _HINT) for row in rows)
    wrong = [m.name for m in found if m.kind not in (FLASH, RAM) or m.size <= 0 or m.origin < 0]
    if wrong or not found:
        raise UserError(
            f"{file} has no memories" if not found else f"{file}: [memory.{wrong[0]}] is no memory",
            'tables [memory.NAME] with kind = "flash" or "ram", origin and size',
            _HINT,
        )
    for before, after in pairwise(sorted(found, key=lambda memory: memory.origin)):
        if before.end > after.origin:
            raise UserError(
                f"{file}: {before.name} and {after.name} overlap", "memories side by side", _HINT
            )
    return found


def of_map(image: Image, regions: Iterable[mapfile.Region]) -> tuple[Memory, ...]:
    """Return the regions of a linker script as memories; flash is what may not be written."""

    def kind(region: mapfile.Region) -> str:
        if region.attributes:
            return RAM if "w" in region.attributes.partition("!")[0] else FLASH
        inside = [s for s in image.sections if s.load_address in region.addresses]
        return FLASH if inside else RAM

    found = [region for region in regions if 0 < region.length < 1 << 32]
    return tuple(Memory(r.name, kind(r), r.origin, r.length) for r in found)


def _all_inside(image: Image, given: ByAddress) -> bool:
    try:
        for section in image.sections:
            given.run(section)
            given.load(section)
    except UserError:
        return False
    return True


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
