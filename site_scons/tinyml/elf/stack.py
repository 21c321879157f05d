"""The deepest stack of each function and of the whole program, set against the reserved stack.

A function's own use is, in this order, what a project notes (`tinyml.elf.calls`), what the compiler
says (`tinyml.elf.callgraph`), what its Thumb code shows (`tinyml.elf.thumb`), or unknown. So are
its calls. An unknown use counts as 0, and an unknown call as none: the sum is then a lower bound,
and says so.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tinyml.elf import callgraph, calls, thumb
from tinyml.elf.callgraph import Function
from tinyml.elf.calls import Known
from tinyml.elf.demangle import demangled
from tinyml.elf.headers import EM_ARM
from tinyml.elf.image import SHF_EXECINSTR, Image, Section, Symbol
from tinyml.elf.leaves import Leaf
from tinyml.elf.table import Cell, Table, columns

NOTED, COMPILER, CODE, NOBODY = "noted", "compiler", "code", "unknown"

# What a Cortex-M pushes when it takes an exception (ARMv7-M ARM, B1.5.6 and B1.5.7): 8 words, with
# an FPU 26, and one more where the stack pointer was not aligned to 8 bytes.
_FRAME, _FRAME_WITH_FPU = 36, 108
_VECTORS = (
    "vectors",
    "__vectors",
    "__Vectors",
    "_vectors",
    "vector_table",
    "__isr_vector",
    "g_pfnVectors",
    "isr_vector",
)
_MOST_VECTORS = 512  # 16 of the core and at most 496 of the chip
_SHOWN = 6


@dataclass
class Node:
    """One function of the image.

    Attributes:
        own: bytes of stack it uses itself.
        name: as it is shown; ``symbol`` is what the ELF calls it.
        names: all that notes may call it by.
        known_by: who says so: one of `NOTED`, `COMPILER`, `CODE`, `NOBODY`.
        calls: names of its callees' nodes.
        unknown: what is not known of it, in words.
    """

    key: str
    name: str
    object: str
    symbol: str
    names: calls.Names
    own: int = 0
    known_by: str = NOBODY
    calls: tuple[str, ...] = ()
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Depth:
    """The deepest chain of calls from a function.

    Attributes:
        bytes: of stack.
        through: the node of the next function of the chain; None at its end.
        unknown: what may make it deeper.
    """

    bytes: int
    through: str | None
    unknown: frozenset[str]


@dataclass(frozen=True)
class Handler:
    """An interrupt handler; its depth is without the frame that the core pushes."""

    key: str
    name: str
    depth: Depth
    frame: int

    @property
    def bytes(self) -> int:
        """Return what an interrupt takes in all."""
        return self.depth.bytes + self.frame


@dataclass(frozen=True)
class Stack:
    """The stack of a program.

    Attributes:
        reserved: bytes; None where the image reserves none.
        start: the node where the program starts; None where that is unknown.
        handlers: of interrupts and faults, the deepest first.
        nodes, depths: every function, by its key.
    """

    reserved: int | None
    start: str | None
    handlers: tuple[Handler, ...]
    nodes: Mapping[str, Node]
    depths: Mapping[str, Depth]

    @property
    def main(self) -> Depth | None:
        """Return the deepest chain from where the program starts."""
        return None if self.start is None else self.depths[self.start]

    def chain(self, key: str) -> list[tuple[str, int]]:
        """Return the functions of the deepest chain from one, with the bytes of each."""
        return [(self.nodes[key].name, self.nodes[key].own), *self._below(key)]

    def _below(self, key: str) -> Iterator[tuple[str, int]]:
        following = self.depths[key].through
        while following is not None:
            node = self.nodes[following]
            yield node.name, node.own
            following = self.depths[following].through

    @property
    def worst(self) -> int:
        """Return what is needed if every handler interrupts the one before it."""
        return (self.main.bytes if self.main else 0) + sum(h.bytes for h in self.handlers)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return what may make it more."""
        found = set(self.main.unknown if self.main else ())
        return tuple(sorted(found.union(*(h.depth.unknown for h in self.handlers))))

    def lines(self) -> list[str]:
        """Return it for people: the sum, the deepest chain, what is unknown."""
        if self.main is None or self.start is None:
            return ["stack: where the program starts is unknown"]
        least = "at least " if self.unknown else ""
        room = "" if self.reserved is None else f" of {self.reserved} reserved"
        found = [f"stack: {least}{self.worst} bytes{room}: main {self.main.bytes}"]
        for handler in self.handlers:
            found[0] += f", {handler.name} {handler.depth.bytes} + {handler.frame}"
        if self.reserved is not None and self.worst > self.reserved:
            found[0] += f"; {self.worst - self.reserved} bytes too many"
        chain = " > ".join(f"{name} {count}" for name, count in self.chain(self.start))
        found.append(f"  deepest: {chain}")
        found += [f"  unknown: {what}" for what in self.unknown[:_SHOWN]]
        if len(self.unknown) > _SHOWN:
            found.append(f"  and {len(self.unknown) - _SHOWN} more unknown, in the JSON")
        return found

    def table(self) -> Table:
        """Return every function with its own use and the deepest chain below it."""
        rows: list[tuple[Cell, ...]] = []
        for key, node in self.nodes.items():
            depth = self.depths[key]
            below = [name for name, _ in islice(self._below(key), _SHOWN + 1)]
            through = " > ".join(below[:_SHOWN]) + (" > ..." if len(below) > _SHOWN else "")
            least = ">=" if depth.unknown else ""
            rows.append((node.name, node.known_by, through, node.own, least, depth.bytes))
        rows.sort(key=lambda row: (-int(str(row[5])), str(row[0])))
        heads = columns(("function", "known by", "deepest through"), ("own", "", "deepest"))
        return Table("stack", heads, tuple(rows))

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "reserved": self.reserved,
            "worst": self.worst,
            "main": None if self.start is None else self._depth(self.start),
            "handlers": [
                {"name": h.name, "frame": h.frame, **self._depth(h.key)} for h in self.handlers
            ],
            "unknown": list(self.unknown),
            "functions": [
                {
                    "name": node.name,
                    "symbol": node.symbol,
                    "object": node.object,
                    "own": node.own,
                    "known_by": node.known_by,
                    "deepest": self.depths[key].bytes,
                    "unknown": sorted(self.depths[key].unknown),
                }
                for key, node in self.nodes.items()
            ],
        }

    def _depth(self, key: str) -> dict[str, Any]:
        return {
            "bytes": self.depths[key].bytes,
            "chain": [{"function": name, "bytes": count} for name, count in self.chain(key)],
            "unknown": sorted(self.depths[key].unknown),
        }


def measure(
    image: Image,
    leaves: Sequence[Leaf],
    folders: Iterable[Path],
    notes: Iterable[Path] = (),
    entry: str = "",
) -> Stack:
    """Return the stack of an image whose objects' ``.ci`` files lie in ``folders``.

    Raises:
        UserError: a folder or a file of notes cannot be read.
    """
    nodes = _Nodes(image, leaves, callgraph.files(folders), calls.load(notes)).all()
    depths = deepest(nodes)
    by_address = {int(key, 16): key for key in nodes}
    start, handlers = _entries(image)
    main = next((k for k, n in nodes.items() if n.symbol == entry), by_address.get(start & ~1))
    frame = _FRAME_WITH_FPU if image.attributes.get("TAG_FP_ARCH") else _FRAME
    found = [
        Handler(key, nodes[key].name, depths[key], frame)
        for key in dict.fromkeys(by_address[a] for a in handlers if a in by_address)
        if key != main
    ]
    return Stack(
        reserved=sum(leaf.bytes for leaf in leaves if leaf.group == "stack") or None,
        start=main,
        handlers=tuple(sorted(found, key=lambda h: (-h.bytes, h.name))),
        nodes=nodes,
        depths=depths,
    )


def _entries(image: Image) -> tuple[int, tuple[int, ...]]:
    """Return where the program starts, and its handlers where it has a Cortex-M's vector table."""
    table = next((s for s in image.symbols if s.name in _VECTORS), None)
    section = next((s for s in image.sections if table and s.index == table.section), None)
    if image.machine != EM_ARM or table is None or section is None:
        return image.entry, ()
    size = (table.size or section.end - table.address) & ~3
    content = section.bytes_at(table.address, min(size, 4 * _MOST_VECTORS))
    words = struct.unpack(f"{image.order}{len(content) // 4}I", content)
    return image.entry, tuple(word & ~1 for word in words[2:] if word & 1)


class _Nodes:
    """Makes the nodes of an image's functions."""

    def __init__(
        self,
        image: Image,
        leaves: Sequence[Leaf],
        files: Mapping[str, Sequence[Path]],
        known: Known,
    ) -> None:
        self.image, self.known = image, known
        self.sections = {section.index: section for section in image.sections}
        self.functions = _functions(image, self.sections)
        self.written = demangled(symbol.name for symbol in self.functions.values())
        self.marks = sorted(image.marks)
        self.objects = {leaf.address: leaf for leaf in leaves if not leaf.load}
        self.graphs = _graphs(leaves, files)
        self.by_name: dict[str, list[Symbol]] = {}
        for symbol in self.functions.values():
            self.by_name.setdefault(symbol.name, []).append(symbol)
        self.labels = {s.name for s in image.symbols if not s.function and self._is_code(s)}
        self.aliases: dict[str, int] = {s.name: s.address for s in image.symbols if s.function}

    def _is_code(self, symbol: Symbol) -> bool:
        return bool(self.sections[symbol.section].flags & SHF_EXECINSTR)

    def all(self) -> dict[str, Node]:
        """Return the node of each function by its address, in hexadecimal."""
        return {f"{address:x}": self._node(symbol) for address, symbol in self.functions.items()}

    def _node(self, symbol: Symbol) -> Node:
        leaf = self.objects.get(symbol.address)
        node = Node(
            f"{symbol.address:x}",
            calls.base(self.written.get(symbol.name, symbol.name)),
            leaf.object if leaf else "",
            symbol.name,
            self._names(symbol),
        )
        function = self._compiled(symbol, leaf)
        code = self._code(symbol)
        # A naked function is all assembly: the compiler says 0 bytes and no calls of it.
        bare = function is not None and not (function.bytes or function.calls or function.indirect)
        if function is not None and not (bare and code and (code.bytes or code.calls)):
            self._by_compiler(node, function)
        elif code is not None:
            self._by_code(node, code)
        else:
            node.unknown.append(f"stack and calls of {node.name}")
        self._by_notes(node)
        return node

    def _names(self, symbol: Symbol) -> calls.Names:
        return calls.names_of(symbol.name, symbol.file, self.written.get(symbol.name, ""))

    def _compiled(self, symbol: Symbol, leaf: Leaf | None) -> Function | None:
        functions = self.graphs.get((leaf.path, leaf.object), {}) if leaf else {}
        names = {name for name, address in self.aliases.items() if address == symbol.address}
        found = [f for name in (symbol.name, *sorted(names)) for f in functions.get(name, ())]
        same = [f for f in found if not f.source or f.source == symbol.file or not symbol.file]
        return max(same or found, key=lambda f: f.bytes, default=None)

    def _code(self, symbol: Symbol) -> thumb.Code | None:
        """Return what a Thumb function's code shows; None for other code, or of unknown length."""
        section, leaf = self.sections[symbol.section], self.objects.get(symbol.address)
        size = symbol.size or (leaf.bytes if leaf else 0)  # hand-written assembly says no size
        if self.image.machine != EM_ARM or self.image.order != "<" or not size:
            return None
        parts, end = [], symbol.address + size
        for begin, limit, kind in self._kinds(symbol.address, end):
            if kind == "a":
                return None
            if kind == "t":
                parts.append((begin, section.bytes_at(begin, limit - begin)))
        return thumb.analyse(symbol.address, parts, end) if parts else None

    def _kinds(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """Return the parts of a function by the mapping symbols: code or data."""
        index = bisect_right(self.marks, start, key=lambda mark: mark.address) - 1
        after = bisect_left(self.marks, end, key=lambda mark: mark.address)
        inside = self.marks[max(index, 0) : after]
        starts = [max(mark.address, start) for mark in inside]
        rows = zip(starts, [*starts, end][1:], inside, strict=True)
        return [(begin, limit, mark.kind) for begin, limit, mark in rows if begin < limit]

    def _by_compiler(self, node: Node, function: Function) -> None:
        node.own, node.known_by = function.bytes, COMPILER
        if function.dynamic:
            node.unknown.append(f"alloca or an array of variable length in {node.name}")
        targets = []
        for title, place in function.calls.items():
            key = self._resolved(title)
            if key:
                targets.append(key)
            elif title in self.labels:  # others were done in line: builtins
                node.unknown.append(f"{title}, called in {node.name} ({place})")
        node.calls = tuple(targets)
        node.unknown += [f"indirect call in {node.name} ({at})" for at in function.indirect]

    def _resolved(self, title: str) -> str | None:
        """Return the node of what a call graph names; a local one is its source's."""
        source, _, name = title.rpartition(":")
        if not source:
            address = self.aliases.get(name)
            return f"{address:x}" if address in self.functions else None
        file = source.rpartition("/")[2]
        found = self.by_name.get(name, [])
        same = [s for s in found if s.file == file] or found
        return f"{same[0].address:x}" if same else None

    def _by_code(self, node: Node, code: thumb.Code) -> None:
        node.own, node.known_by = code.bytes, CODE
        if code.dynamic:
            node.unknown.append(f"stack that {node.name} takes by a register")
        if code.indirect:
            node.unknown.append(f"indirect call in {node.name}")
        known = [f"{a & ~1:x}" for a in code.calls if a & ~1 in self.functions]
        node.calls = tuple(dict.fromkeys(known))

    def _by_notes(self, node: Node) -> None:
        if self.known.is_elsewhere(node.names):
            node.own, node.known_by, node.calls, node.unknown = 0, NOTED, (), []
            return
        stack, targets = self.known.stack_of(node.names), self.known.calls_of(node.names)
        if stack is not None:
            node.own, node.known_by = stack, NOTED
            node.unknown = [w for w in node.unknown if not w.startswith(("stack", "alloca"))]
        if targets is not None:
            node.unknown = [w for w in node.unknown if not w.startswith("indirect")]
            more = [
                f"{address:x}"
                for address, symbol in self.functions.items()
                if any(calls.matches(target, self._names(symbol)) for target in targets)
                and f"{address:x}" != node.key
            ]
            node.calls = tuple(dict.fromkeys([*node.calls, *more]))


def _functions(image: Image, sections: Mapping[int, Section]) -> dict[int, Symbol]:
    """Return the functions by their address; of several names of one, the global."""
    found: dict[int, Symbol] = {}
    for symbol in sorted(image.symbols, key=lambda s: (s.rank, -s.size, s.name)):
        if symbol.function and sections[symbol.section].flags & SHF_EXECINSTR:
            found.setdefault(symbol.address, symbol)
    return dict(sorted(found.items()))


def _graphs(
    leaves: Iterable[Leaf], files: Mapping[str, Sequence[Path]]
) -> dict[tuple[str, str], dict[str, list[Function]]]:
    """Return the functions of each linked object by their names, from its ``.ci`` file."""
    found: dict[tuple[str, str], dict[str, list[Function]]] = {}
    for path, name in dict.fromkeys((leaf.path, leaf.object) for leaf in leaves):
        functions: dict[str, list[Function]] = {}
        for file in _nearest(path or name, files.get(name.rpartition("/")[2], ())):
            for function in callgraph.read(file):
                functions.setdefault(function.name, []).append(function)
        found[path, name] = functions
    return found


def _nearest(origin: str, candidates: Sequence[Path]) -> list[Path]:
    """Return those candidates that share the most folders with where an object came from."""
    parts = Path(origin).parts

    def shared(path: Path) -> int:
        windows = (path.parts[i : i + len(parts) - 1] for i in range(len(path.parts)))
        return max((_common(parts, window) for window in windows), default=0)

    best = max(map(shared, candidates), default=0)
    return sorted(path for path in candidates if shared(path) == best)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def deepest(nodes: Mapping[str, Node]) -> dict[str, Depth]:
    """Return the deepest chain from each function; a call that closes a circle is unknown.

    Without recursion of our own: a chain of a hundred thousand calls is no reason to fail.
    """
    found: dict[str, Depth] = {}
    for root in nodes:
        _walk(root, nodes, found)
    return found


def _walk(root: str, nodes: Mapping[str, Node], found: dict[str, Depth]) -> None:
    path: list[tuple[str, list[str]]] = [] if root in found else [(root, list(nodes[root].calls))]
    open_ = {root: 0}
    circles: dict[str, set[str]] = {}
    while path:
        key, left = path[-1]
        if left:
            target = left.pop()
            if target in open_:
                round_ = [nodes[k].name for k, _ in path[open_[target] :]]
                what = f"recursion: {' > '.join([*round_, nodes[target].name])}"
                for inside, _ in path[open_[target] :]:
                    circles.setdefault(inside, set()).add(what)
            elif target not in found and target in nodes:
                open_[target] = len(path)
                path.append((target, list(nodes[target].calls)))
            continue
        found[key] = _settled(nodes[key], found, circles.pop(key, set()))
        path.pop()
        open_.pop(key)


def _settled(node: Node, found: Mapping[str, Depth], circles: set[str]) -> Depth:
    below = [target for target in node.calls if target in found]
    best = max(below, key=lambda target: found[target].bytes, default=None)
    unknown = frozenset(node.unknown).union(circles, *(found[target].unknown for target in below))
    return Depth(node.own + (found[best].bytes if best else 0), best, unknown)
