"""Draws a size report as one HTML page: a treemap of flash and of RAM, by group down to symbol.

The page needs no network: the layout library (d3-hierarchy), its licence, our script and style are
in it. Names come from an ELF, so they are untrusted: they go in as JSON with every character that
HTML could read escaped, the script sets text and never markup, and the page's own content security
policy lets nothing run but the scripts whose digests it states.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tinyml.elf import match
from tinyml.elf.match import Pair
from tinyml.elf.stored import MEMORIES, SYMBOL, Document
from tinyml.errors import UserError

COMPONENT = "d3-hierarchy"
SCRIPT = "dist/d3-hierarchy.min.js"
LICENCE = "LICENSE"
MOST_LEAVES = 20_000
"""Boxes of one memory; of an ELF with more symbols, each object's smallest are drawn as one."""

NO_LIBRARY, NO_OBJECT = "(objects)", "(linker)"

_HERE = Path(__file__).parent / "templates"
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=True,
)


@dataclass(frozen=True)
class Box:
    """One leaf of the picture; ``old`` is its size in the older build."""

    memory: str
    path: tuple[str, str, str]
    name: str
    bytes: int
    old: int
    kind: str
    region: str
    file: str
    how: str


@dataclass(frozen=True)
class Library:
    """The layout library: its script and its licence, as they go into the page."""

    script: str
    licence: str


def library(tree: Path) -> Library:
    """Return the layout library from its fetched ``tree``."""
    hint = f"scons fetch component={COMPONENT}"
    try:
        script = (tree / SCRIPT).read_text(encoding="utf-8")
        licence = (tree / LICENCE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {tree}: {error}", f"{COMPONENT} as fetched", hint) from error
    if "</script" in script.lower() or "<!--" in script:
        culprit = f"{tree / SCRIPT} cannot stand in a page: it would end its own element"
        raise UserError(culprit, f"{COMPONENT} as pinned in its component.toml", hint)
    return Library(script, licence)


def page(new: Document, layout: Library, old: Document | None = None) -> str:
    """Return the picture of ``new``; with ``old``, it also shows what grew."""
    data = {
        "title": new.title,
        "build": dict(new.build),
        "diff": old is not None,
        "regions": [vars(region) | _old_use(region.name, old) for region in new.regions],
        "trees": {memory: tree for memory, tree in _trees(new, old).items() if tree["c"]},
    }
    script = _text("picture.js")
    style = _text("picture.css")
    return _ENVIRONMENT.get_template("picture.html.j2").render(
        title=new.title,
        diff=old is not None,
        old=_difference(old, new) if old else "",
        style=Markup(style),
        layout=Markup(layout.script),
        script=Markup(script),
        licence=layout.licence,
        data=Markup(_embedded(data)),
        script_digests=[_digest(layout.script), _digest(script)],
        style_digest=_digest(style),
    )


def _difference(old: Document, new: Document) -> str:
    """Return what the older build is, and in which options it differs."""
    differing = [name for name in old.build if new.build.get(name) != old.build[name]]
    return ", ".join([old.title, *(f"{name} {old.build[name]}" for name in differing)])


def _old_use(name: str, old: Document | None) -> dict[str, int]:
    region = old.region(name) if old else None
    return {"old": region.used} if region else {}


def _text(name: str) -> str:
    # What stands between the tags is what the digest is of, so line ends must be the file's.
    return (_HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(data: object) -> str:
    """Return JSON that may stand in a script element: no name in it can end the element."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _trees(new: Document, old: Document | None) -> dict[str, dict[str, Any]]:
    boxes = list(_boxes(new, old))
    return {
        memory: _tree(memory, _bounded([box for box in boxes if box.memory == memory]))
        for memory in MEMORIES
    }


def _boxes(new: Document, old: Document | None) -> Iterator[Box]:
    memory_of = (old.memory_of() if old else {}) | new.memory_of()
    for pair in match.pairs(old, new) if old else _alone(new):
        item = pair.item
        before = pair.old.bytes if pair.old else {}
        after = pair.new.bytes if pair.new else {}
        for region in sorted({*before, *after}):
            sizes = after.get(region, 0), before.get(region, 0)
            if any(sizes):
                yield Box(
                    memory_of[region],
                    (item.group, item.library or NO_LIBRARY, item.object or NO_OBJECT),
                    item.symbol or f"({item.kind})",
                    *sizes,
                    kind=item.kind,
                    region=region,
                    file=item.file,
                    how="" if pair.how == match.SAME else pair.how,
                )


def _alone(document: Document) -> Iterator[Pair]:
    return (Pair(item, item, match.SAME) for item in match.items(document))


def _bounded(boxes: list[Box]) -> Iterable[Box]:
    """Return at most about `MOST_LEAVES` boxes: the smallest of an object become one."""
    if len(boxes) <= MOST_LEAVES:
        return boxes
    kept = heapq.nlargest(MOST_LEAVES, boxes, key=lambda box: (max(box.bytes, box.old), box.name))
    ids = {id(box) for box in kept}
    merged: dict[tuple[tuple[str, str, str], str], list[Box]] = {}
    for box in boxes:
        if id(box) not in ids:
            merged.setdefault((box.path, box.region), []).append(box)
    return kept + [_one(found) for found in merged.values()]


def _one(found: list[Box]) -> Box:
    first = found[0]
    return Box(
        memory=first.memory,
        path=first.path,
        name=f"({len(found)} smaller)",
        bytes=sum(box.bytes for box in found),
        old=sum(box.old for box in found),
        kind="several",
        region=first.region,
        file="",
        how="",
    )


def _tree(memory: str, boxes: Iterable[Box]) -> dict[str, Any]:
    """Return nested nodes: ``n`` name, ``c`` children; of a leaf ``b`` bytes, ``o`` old ones."""
    root: dict[str, Any] = {"n": memory, "c": []}
    inner: dict[tuple[str, ...], dict[str, Any]] = {(): root}
    for box in boxes:
        for depth in range(1, len(box.path) + 1):
            path = box.path[:depth]
            if path not in inner:
                inner[path] = {"n": path[-1], "c": []}
                inner[path[:-1]]["c"].append(inner[path])
        leaf = {"n": box.name, "b": box.bytes, "o": box.old, "r": box.region}
        extra = {"f": box.file, "h": box.how, "k": box.kind if box.kind != SYMBOL else ""}
        inner[box.path]["c"].append(leaf | {key: value for key, value in extra.items() if value})
    return root
