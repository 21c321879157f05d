"""How much code and data an object file (``.o``) holds, before any linker has dropped some of it.

Only the section headers are read: a toolchain's library has thousands of members, and a general
reader of ELF files would need seconds for them after every link. Format: System V ABI, chapter 4.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinyml.elf.image import SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE
from tinyml.errors import UserError

_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")  # Elf32_Ehdr
_SECTION = struct.Struct("<10I")  # Elf32_Shdr
_NOBITS = 8
_ELF32_LITTLE_ENDIAN = b"\x7fELF\x01\x01"


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
    """Return the size of an object; nothing for a member that is no 32-bit ELF file.

    Raises:
        UserError: the object's section headers lie outside it; ``name`` is for the message.
    """
    if bytes(content[: len(_ELF32_LITTLE_ENDIAN)]) != _ELF32_LITTLE_ENDIAN:
        return ObjectSize()
    try:
        return _size(content)
    except struct.error as error:
        raise UserError(
            f"the object {name} is damaged: {error}",
            "a complete ELF file, as the compiler wrote it",
            "delete it and build again",
        ) from error


def _size(content: memoryview) -> ObjectSize:
    header = _HEADER.unpack_from(content)
    start, entry_bytes, count = header[6], header[11], header[12]
    if start and entry_bytes != _SECTION.size:
        raise struct.error(f"section headers of {entry_bytes} bytes")
    if start and not count:  # too many for the field: the first header's size tells
        count = _SECTION.unpack_from(content, start)[5]
    total = {"text": 0, "data": 0, "bss": 0}
    for index in range(count):
        _, kind, flags, _, _, length, *_ = _SECTION.unpack_from(content, start + 40 * index)
        if flags & SHF_ALLOC:
            total[_kind(kind, flags)] += length
    return ObjectSize(**total)


def _kind(section_type: int, flags: int) -> str:
    if flags & SHF_EXECINSTR or not flags & SHF_WRITE:
        return "text"
    return "bss" if section_type == _NOBITS else "data"
