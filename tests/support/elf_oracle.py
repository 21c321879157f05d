"""What the binutils say of an ELF file, and the comparison of a size report with all of it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALLOC = "A"


@dataclass(frozen=True)
class Header:
    """One line of ``readelf -SW``."""

    name: str
    type: str
    address: int
    size: int
    flags: str


@dataclass(frozen=True)
class Named:
    """One line of ``nm -S``: a symbol with a size."""

    name: str
    address: int
    size: int
    kind: str

    @property
    def begin(self) -> int:
        """Return the address without the bit that says Thumb."""
        return self.address & ~1 if self.kind in "tTwW" else self.address

    @property
    def end(self) -> int:
        """Return the address behind it."""
        return self.begin + self.size


def run(*command: str | Path) -> str:
    """Run a tool, which must succeed, and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def headers(elf: Path, prefix: str = "") -> list[Header]:
    """Return the allocated, non-empty sections as readelf prints them."""
    row = re.compile(
        r" *\[ *\d+\] (\S*) +(\S+) +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) \S+ +([A-Zop]*) "
    )
    found = (row.match(line) for line in run(f"{prefix}readelf", "-SW", elf).splitlines())
    rows = [Header(m[1], m[2], int(m[3], 16), int(m[4], 16), m[5]) for m in found if m]
    return [header for header in rows if ALLOC in header.flags and header.size]


def system_v(elf: Path, prefix: str = "") -> Counter[tuple[str, int]]:
    """Return the bytes by name and address of ``size -A``."""
    rows = (line.split() for line in run(f"{prefix}size", "-A", elf).splitlines())
    sizes = Counter[tuple[str, int]]()
    for row in rows:
        if len(row) == 3 and row[1].isdigit():
            sizes[row[0], int(row[2])] += int(row[1])
    return sizes


def named(elf: Path, prefix: str = "") -> list[Named]:
    """Return the symbols with a size as nm prints them, but those with one copy a thread."""
    rows = (line.split() for line in run(f"{prefix}readelf", "-sW", elf).splitlines())
    offsets = {(row[7], int(row[1], 16)) for row in rows if len(row) > 7 and row[3] == "TLS"}
    found = []
    for line in run(f"{prefix}nm", "-S", elf).splitlines():
        words = line.split()
        if len(words) == 4 and (words[3], int(words[0], 16)) not in offsets:
            found.append(Named(words[3], int(words[0], 16), int(words[1], 16), words[2]))
    return found


def binary_length(elf: Path, prefix: str = "") -> int:
    """Return the length of what ``objcopy -O binary`` writes."""
    output = elf.with_suffix(".oracle.bin")
    run(f"{prefix}objcopy", "-O", "binary", elf, output)
    length = output.stat().st_size if output.exists() else 0
    output.unlink(missing_ok=True)
    return length


def print_memory_usage(text: str) -> dict[str, tuple[int, int]]:
    """Return used bytes and size of each region from the linker's own table."""
    units = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
    row = re.compile(r" *(\w+): +(\d+) (\w+) +(\d+) (\w+) ")
    found = (row.match(line) for line in text.splitlines())
    return {m[1]: (int(m[2]) * units[m[3]], int(m[4]) * units[m[5]]) for m in found if m}


def compare(elf: Path, document: Mapping[str, Any], prefix: str = "") -> None:
    """Assert that a report's JSON says of an ELF what the binutils say."""
    compare_sections(document, headers(elf, prefix), system_v(elf, prefix))
    assert document["image_bytes"] == binary_length(elf, prefix)
    flash = document["totals"]["flash"]["used"]
    assert flash + document["holes"] == document["image_bytes"]
    compare_sums(document)
    compare_symbols(document, named(elf, prefix), headers(elf, prefix))
    berkeley = run(f"{prefix}size", elf).splitlines()[1].split()[:3]
    templates = sum(h.size for h in headers(elf, prefix) if h.type == "NOBITS" and "T" in h.flags)
    ours = [document["size"][key] for key in ("text", "data", "bss")]
    assert [*ours[:2], ours[2] + templates] == [int(word) for word in berkeley]


def compare_sections(
    document: Mapping[str, Any], listed: Iterable[Header], sizes: Counter[tuple[str, int]]
) -> None:
    """Assert that every section is there once where it runs, with its address and size."""
    rows = [row for region in document["regions"] for row in region["rows"]]
    running = Counter[tuple[str, int]]()
    for row in rows:
        if row["kind"] in ("text", "data", "bss"):
            running[row["section"], row["address"]] += row["size"]
    # What a thread gets besides its initial values takes no room of its own.
    wanted = [h for h in listed if not (h.type == "NOBITS" and "T" in h.flags)]
    assert running == Counter({(h.name, h.address): h.size for h in wanted})
    assert all(sizes[key] == count for key, count in running.items())


def compare_sums(document: Mapping[str, Any]) -> None:
    """Assert that the leaves add up to every total above them."""
    leaves = document["leaves"]
    assert all(leaf["bytes"] > 0 for leaf in leaves)
    by_region = sums(leaves, "region")
    by_section = sums(leaves, "region", "section")
    for region in document["regions"]:
        assert by_region[(region["name"],)] == region["used"]
        rows = Counter[tuple[str, ...]]()
        for row in region["rows"]:
            rows[region["name"], row["section"]] += row["size"]
        assert {key: by_section[key] for key in rows} == dict(rows)
    for kind in ("flash", "ram"):
        names = {region["name"] for region in document["regions"] if region["kind"] == kind}
        total = sum(leaf["bytes"] for leaf in leaves if leaf["region"] in names)
        assert total == document["totals"][kind]["used"]
    overlapping(leaves)


def overlapping(leaves: Iterable[Mapping[str, Any]]) -> None:
    """Assert that no byte of a region is in two rows."""
    ends: dict[str, int] = {}
    for leaf in sorted(leaves, key=lambda leaf: (leaf["region"], leaf["address"])):
        assert leaf["address"] >= ends.get(leaf["region"], 0), leaf
        ends[leaf["region"]] = leaf["address"] + leaf["bytes"]


def sums(leaves: Iterable[Mapping[str, Any]], *keys: str) -> Counter[tuple[str, ...]]:
    """Return the bytes of leaves by some of their fields."""
    found = Counter[tuple[str, ...]]()
    for leaf in leaves:
        found[tuple(str(leaf[key]) for key in keys)] += leaf["bytes"]
    return found


def compare_symbols(
    document: Mapping[str, Any], listed: Iterable[Named], sections: Iterable[Header]
) -> None:
    """Assert that a symbol that shares its bytes with no other has as many as nm says."""
    places = [range(h.address, h.address + h.size) for h in sections if "T" not in h.flags]
    inside = [s for s in listed if any(s.address in place for place in places)]
    wanted = sorted(inside, key=lambda symbol: (symbol.begin, symbol.size))
    given = Counter[tuple[str, int]]()
    by_name: dict[str, list[Named]] = {}
    for symbol in wanted:
        by_name.setdefault(symbol.name, []).append(symbol)
    for leaf in document["leaves"]:
        if leaf["symbol"] and (not leaf["load"] or leaf["region"] == "stored"):
            for symbol in by_name.get(leaf["symbol"], ()):
                if symbol.begin <= leaf["address"] < symbol.end:
                    given[symbol.name, symbol.begin] += leaf["bytes"]
    for symbol in alone(wanted):
        counted = given[symbol.name, symbol.begin]
        # Where memories are told by role, what is stored where it runs has rows in both.
        assert counted in (symbol.size, 2 * symbol.size), (symbol, counted)


def alone(symbols: list[Named]) -> list[Named]:
    """Return those of some symbols, sorted by their addresses, that no other one overlaps."""
    found, reach = [], 0
    for symbol, after in zip(symbols, [*symbols[1:], None], strict=False):
        if symbol.begin >= reach and (after is None or after.begin >= symbol.end):
            found.append(symbol)
        reach = max(reach, symbol.end)
    return found
