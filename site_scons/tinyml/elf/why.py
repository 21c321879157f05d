"""What pulled a symbol into the image: from the map's tables of library members and references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyml.elf import mapfile
from tinyml.elf.image import Image
from tinyml.elf.leaves import Leaf, tidy
from tinyml.elf.mapfile import Reason
from tinyml.errors import UserError

_SHOWN = 8


@dataclass(frozen=True)
class Why:
    """Where a symbol is, and how it came there.

    Attributes:
        bytes: by region.
        origin: the object, named as in the map; empty without one.
        chain: why the linker took the library's member, and the one that wanted that, and so on.
        named_by: objects that name it; None where the map does not say.
        notes: what is not known, and why.
    """

    symbol: str
    bytes: Mapping[str, int]
    origin: str
    chain: tuple[Reason, ...] = ()
    named_by: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for programs."""
        chain = [vars(reason) for reason in self.chain]
        return {**vars(self), "bytes": dict(self.bytes), "chain": chain}

    def lines(self) -> list[str]:
        """Return the answer for people."""
        sizes = ", ".join(f"{count} bytes in {region}" for region, count in self.bytes.items())
        origin = f", from {tidy(self.origin)}" if self.origin else ""
        found = [f"{self.symbol}: {sizes or 'no bytes of its own'}{origin}"]
        for reason in self.chain:
            wanted = (
                f"{tidy(reason.file)} names {reason.symbol}"
                if reason.file
                else (f"the linker was told to want {reason.symbol}")
            )
            found.append(f"  {tidy(reason.member)} was taken because {wanted}")
        last = self.chain[-1].file if self.chain else self.origin
        if last and mapfile.member(last) is None:
            found.append(f"  {tidy(last)} was given to the linker")
        if self.named_by:
            names = [tidy(name) for name in self.named_by]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            found.append(f"  named by {', '.join(names[:_SHOWN])}{more}")
        elif self.named_by is not None:
            found.append("  named by no other object")
        return found + [f"  {note}" for note in self.notes]


def why(
    wanted: str,
    image: Image,
    leaves: Iterable[Leaf],
    names: Mapping[str, str],
    map_text: str | None,
) -> tuple[Why, ...]:
    """Return the answer for each symbol of a name, written as in the source or as in the ELF.

    Raises:
        UserError: there is no such symbol in the image.
    """
    found = _symbols(wanted, image, names)
    if not found:
        raise UserError(
            f"{image.name} holds no symbol {wanted}",
            f"one of its {len({symbol.name for symbol in image.symbols})} symbols",
            "--view symbol lists those that have bytes",
        )
    given = list(mapfile.read(map_text, "the map")) if map_text is not None else []
    references = mapfile.cross_references(map_text) if map_text is not None else None
    reasons = {reason.member: reason for reason in mapfile.reasons(map_text or "")}
    answers = {}
    rows = list(leaves)
    for name, address, has_bytes in found:
        # A label without bytes may stand at the start of anybody's: the linker script's do.
        holders = (p.object for p in given if has_bytes and address in p.addresses)
        object_ = next(holders, "")
        key = name, object_
        if key not in answers:
            answers[key] = Why(
                names.get(name, name),
                _bytes(rows, name, object_),
                object_,
                _chain(object_, reasons),
                _named_by(name, object_, references),
                tuple(_notes(name, object_, map_text, references)),
            )
    return tuple(answers.values())


def _symbols(wanted: str, image: Image, names: Mapping[str, str]) -> list[tuple[str, int, bool]]:
    def fits(name: str) -> bool:
        shown = names.get(name, name)
        return wanted in (name, shown, shown.partition("(")[0])

    found = (symbol for symbol in image.symbols if fits(symbol.name))
    return sorted({(s.name, s.address, bool(s.size) or s.function) for s in found})


def _bytes(leaves: Sequence[Leaf], name: str, object_: str) -> dict[str, int]:
    found = mapfile.member(object_)
    inside = found[1] if found else tidy(object_)
    sums: dict[str, int] = {}
    for leaf in leaves:
        if leaf.symbol == name and leaf.object in (inside, ""):
            sums[leaf.region] = sums.get(leaf.region, 0) + leaf.bytes
    return sums


def _chain(object_: str, reasons: Mapping[str, Reason]) -> tuple[Reason, ...]:
    chain: list[Reason] = []
    while object_ in reasons and reasons[object_] not in chain:
        chain.append(reasons[object_])
        object_ = chain[-1].file
    return tuple(chain)


def _named_by(
    name: str, object_: str, references: Mapping[str, Sequence[str]] | None
) -> tuple[str, ...] | None:
    if references is None or name not in references:
        return None
    return tuple(dict.fromkeys(file for file in references[name] if file != object_))


def _notes(
    name: str, object_: str, map_text: str | None, references: Mapping[str, Sequence[str]] | None
) -> Iterable[str]:
    if map_text is None:
        yield "what pulled it in is in the linker's map: --map firmware.map"
    elif references is None:
        yield "the map has no cross-reference table: link with -Wl,--cref"
    elif name not in references:
        yield "it is local: only its own object can name it"
    if map_text is not None and not object_:
        yield "the map gives its address to no object: the linker or its script made it"
