"""Size reports made by hand, for the tests of what reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tinyml.elf import stored
from tinyml.elf.stored import Document

REGIONS = {"FLASH": ("flash", 1 << 20), "DTCM": ("ram", 1 << 16), "SRAM1": ("ram", 240 << 10)}
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "a|b`c\\|d",
    "<!--<script>",
    "[link](javascript:alert(1))",
    "${document.title='owned'}",
    '"];document.title="owned";//',
)


def leaf(symbol: str, size: int, region: str = "FLASH", **more: Any) -> dict[str, Any]:
    """Return one row: ``size`` bytes of ``symbol`` in main.o, unless ``more`` says otherwise."""
    row = {
        "region": region,
        "load": False,
        "section": ".text",
        "group": "app",
        "library": "",
        "object": "main.o",
        "symbol": symbol,
        "file": "main.c",
        "bytes": size,
        "kind": "symbol",
        "digest": "",
    }
    return row | more


def table(given: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a report with these rows as its JSON has it."""
    rows = [dict(row) for row in given]
    used: Counter[str] = Counter()
    for row in rows:
        used[row["region"]] += row["bytes"]
    regions = [
        {"name": name, "kind": kind, "size": size, "used": used[name]}
        for name, (kind, size) in REGIONS.items()
    ]
    return {"elf": "x.elf", "board": "tiny", "build": {}, "regions": regions, "leaves": rows} | more


def text(rows: Iterable[Mapping[str, Any]], **more: Any) -> str:
    """Return the same as text."""
    return json.dumps(table(rows, **more))


def document(*rows: Mapping[str, Any], **more: Any) -> Document:
    """Return a report with these rows, read."""
    return stored.parse(text(rows, **more).encode(), "x.size.json")
