"""How much code and data an object file (``.o``) holds, before a linker has dropped any of it."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.elf import headers
from tinyml.elf.headers import SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS
from tinyml.errors import UserError


@dataclass(frozen=True)
class ObjectSize:
    """Bytes as ``arm-none-eabi-size`` counts them."""

    text: int = 0
    data: int = 0
    bss: int = 0

    def __add__(self, other: ObjectSize) -> ObjectSize:
        """Return the sums."""
        return ObjectSize(self.text + other.text, self.data + other.data, self.bss + other.bss)


def size(content: memoryview, name: str) -> ObjectSize:
    """Return the size of an object; nothing for a member that is no ELF file.

    Raises:
        UserError: the object's section headers lie outside it; ``name`` is for the message.
    """
    if not headers.is_elf(content):
        return ObjectSize()
    try:
        rows = headers.section_rows(content)
    except headers.DamageError as error:
        raise UserError(
            f"the object {name} is damaged: {error}",
            "a complete ELF file, as the compiler wrote it",
            "delete it and build again",
        ) from error
    total = {"text": 0, "data": 0, "bss": 0}
    for _, kind, flags, _, _, length, *_ in rows:
        if flags & SHF_ALLOC:
            total[_kind(kind, flags)] += length
    return ObjectSize(**total)


def _kind(section_type: int, flags: int) -> str:
    if flags & SHF_EXECINSTR or not flags & SHF_WRITE:
        return "text"
    return "bss" if section_type == SHT_NOBITS else "data"
