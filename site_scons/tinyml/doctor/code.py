"""As much of the Thumb instruction set as the checks need.

Where code is, whom it calls, which constants it loads and which addresses it touches.

Encodings: Armv7-M Architecture Reference Manual (DDI 0403), chapters A5 and A7. Mapping symbols
(``$t`` code, ``$d`` data): ELF for the Arm Architecture (IHI 0044), section 5.5.5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from tinyml.elf import thumb
from tinyml.elf.image import SHF_EXECINSTR, Image, Section, Symbol

SEMIHOSTING = 0xBEAB  # BKPT 0xAB


@dataclass
class Function:
    """What one function does, as far as it can be read from its instructions.

    Attributes:
        calls: targets of its branches that leave it, without the Thumb bit.
        constants: 32-bit values it loads from its literals or puts together from two halves.
        offsets: immediate offsets of its loads and stores of words.
        semihosting: addresses of its breakpoints 0xAB.
        double: addresses of its instructions that compute in double precision.
        floating: how many of its instructions use the FPU.
    """

    name: str
    address: int
    end: int
    calls: set[int] = field(default_factory=set)
    constants: set[int] = field(default_factory=set)
    offsets: set[int] = field(default_factory=set)
    semihosting: list[int] = field(default_factory=list)
    double: list[int] = field(default_factory=list)
    floating: int = 0

    def touches(self, address: int) -> bool:
        """Whether the function knows ``address``, or a base and an offset that make it up."""
        return address in self.constants or any(
            address - constant in self.offsets for constant in self.constants
        )


@dataclass(frozen=True)
class Code:
    """All the code of an image.

    Attributes:
        functions: in the order of their addresses.
        mapped: whether mapping symbols tell code from data; without them literals between
            functions are read as if they were instructions.
    """

    functions: tuple[Function, ...]
    mapped: bool

    def at(self, address: int) -> Function | None:
        """Return the function that holds ``address``."""
        index = bisect_right(self.functions, address, key=lambda function: function.address) - 1
        if index < 0 or address >= self.functions[index].end:
            return None
        return self.functions[index]

    def callers(self, address: int) -> list[Function]:
        """Return the functions with a branch to ``address``, itself excluded."""
        return [f for f in self.functions if address in f.calls and f.address != address]


def read(image: Image) -> Code:
    """Return what the image's code does."""
    executable = [
        s for s in image.sections if s.flags & SHF_EXECINSTR and s.load_address is not None
    ]
    functions: list[Function] = []
    for section in executable:
        found = _functions(image, section)
        marks = _marks(image, section)
        text = _Text(section.address, section.content)
        for function in found:
            for start, end in _pieces(marks, function):
                _scan(function, text, start, end)
        functions += found
    functions.sort(key=lambda function: function.address)
    return Code(tuple(functions), bool(image.marks))


def _functions(image: Image, section: Section) -> list[Function]:
    """Return the section cut at its symbols, so that every byte belongs to one function."""
    names: dict[int, Symbol] = {}
    for symbol in image.symbols:
        inside = symbol.section == section.index and section.address <= symbol.address < section.end
        if inside and symbol.name:
            known = names.get(symbol.address)
            if known is None or (symbol.size, symbol.name) > (known.size, known.name):
                names[symbol.address] = symbol
    starts = sorted({section.address, *names})
    ends = [*starts[1:], section.end]
    return [
        Function(names[start].name if start in names else f"{section.name}+{start:#x}", start, end)
        for start, end in zip(starts, ends, strict=True)
    ]


def _marks(image: Image, section: Section) -> list[tuple[int, bool]]:
    """Return where code and data begin: address, and whether it is code."""
    marks = {section.address: True}
    for mark in image.marks:
        if mark.section == section.index:
            marks[mark.address] = mark.kind == "t"
    return sorted(marks.items())


def _pieces(marks: list[tuple[int, bool]], function: Function) -> Iterator[tuple[int, int]]:
    """Yield the stretches of code of a function."""
    index = max(0, bisect_right(marks, function.address, key=lambda mark: mark[0]) - 1)
    while index < len(marks) and marks[index][0] < function.end:
        start, code = marks[index]
        index += 1
        end = marks[index][0] if index < len(marks) else function.end
        if code:
            yield max(start, function.address), min(end, function.end)


@dataclass(frozen=True)
class _Text:
    """The bytes of a section with code."""

    address: int
    content: bytes

    def between(self, start: int, end: int) -> bytes:
        """Return the bytes from one address to another."""
        return self.content[start - self.address : end - self.address]

    def word(self, address: int) -> int | None:
        """Return a literal; None outside of the section."""
        found = self.between(address, address + 4) if address >= self.address else b""
        return int.from_bytes(found, "little") if len(found) == 4 else None


def _scan(function: Function, text: _Text, start: int, end: int) -> None:
    low: dict[int, int] = {}  # by register: what MOVW put there
    for address, first, second in thumb.instructions([(start, text.between(start, end))]):
        if second is None:
            target = thumb.branch_16(address, first)
            _narrow(function, text, address, first)
        else:
            target = thumb.branch_32(address, first, second)
            _wide(function, text, address, first, second)
            _halves(function, first, second, low)
        if target is not None and not function.address <= target < function.end:
            function.calls.add(target)


def _narrow(function: Function, text: _Text, address: int, code: int) -> None:
    if code == SEMIHOSTING:
        function.semihosting.append(address)
    elif code >> 11 == 0b01001:  # LDR (literal), T1
        _literal(function, text, (address + 4 & ~3) + 4 * (code & 0xFF))
    elif code >> 12 == 0b0110:  # STR, LDR (immediate), T1
        function.offsets.add((code >> 6 & 0x1F) * 4)


def _wide(function: Function, text: _Text, address: int, first: int, second: int) -> None:
    if first & 0xFF7F == 0xF85F:  # LDR (literal), T2
        offset = second & 0xFFF
        _literal(function, text, (address + 4 & ~3) + (offset if first & 0x80 else -offset))
    elif first & 0xFFE0 == 0xF8C0:  # STR, LDR (immediate), T3
        function.offsets.add(second & 0xFFF)
    elif first & 0xFFE0 == 0xF840 and second & 0x0C00 == 0x0C00:  # the same, T4 and negative
        function.offsets.add((second & 0xFF) * (1 if second & 0x0200 else -1))
    elif first & 0xFBEF == 0xF04F and not second & 0x8000:  # MOV (immediate), T2
        function.constants.add(thumb.expanded(_immediate(first, second)))
    elif first & 0xEC00 == 0xEC00 and second & 0x0E00 == 0x0A00:  # coprocessors 10 and 11
        function.floating += 1
        if _computes_in_double(first, second):
            function.double.append(address)


def _immediate(first: int, second: int) -> int:
    """Return i:imm3:imm8, which instructions with a constant have in these places."""
    return (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF


def _halves(function: Function, first: int, second: int, low: dict[int, int]) -> None:
    """Put MOVW and MOVT of one register together."""
    if first & 0xFB70 != 0xF240 or second & 0x8000:
        return
    register, value = second >> 8 & 0xF, (first & 0xF) << 12 | _immediate(first, second)
    if first & 0x80:  # MOVT: the upper half
        function.constants.add(value << 16 | low.get(register, 0))
    else:
        low[register] = value
        function.constants.add(value)


def _computes_in_double(first: int, second: int) -> bool:
    """Whether a VFP instruction needs double precision: A7.5, and A6.4 for the moves that do not.

    Moves of 64 bits between registers and memory exist in every FPU; they are no data processing.
    """
    if first & 0xEF00 != 0xEE00 or second & 0x0010:
        return False
    # VCVT between single and double has the double on either side.
    converts = first & 0xFFBF == 0xEEB7 and second & 0x0EC0 == 0x0AC0
    return bool(second & 0x0100) or converts


def _literal(function: Function, text: _Text, address: int) -> None:
    if (value := text.word(address)) is not None:
        function.constants.add(value)
