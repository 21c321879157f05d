"""A size report as JSON, for programs; numbers are bytes and addresses."""

from __future__ import annotations

import json
from typing import Any

from tinyml.elf.account import Account, RegionUse
from tinyml.elf.layers import layer_view
from tinyml.elf.library import Bytes, Library, Linked
from tinyml.elf.operators import Operators
from tinyml.elf.regions import FLASH, RAM
from tinyml.elf.report import Report
from tinyml.elf.table import records

FORMAT = 1
"""Version of the JSON; a change that would mislead its readers counts it up."""


def as_json(report: Report) -> str:
    """Return the report; ``libraries`` and ``operators`` are there if they were asked for."""
    document = _account(report.account) | {"build": dict(report.build)}
    if report.linked:
        document |= _linked(report.linked)
    if report.operators:
        document["kernels"] = _kernels(report.operators)
    if report.plans:
        document["layers"] = records(layer_view(list(report.plans)))
    if report.stack:
        document["stack"] = report.stack.as_dict()
    if report.names:
        document["names"] = dict(report.names)
    document["notes"] = list(report.notes)
    # A row a line: a file of thousands of them can still be read, and compared by lines.
    rows = ",\n".join(f"    {json.dumps(leaf._asdict())}" for leaf in report.leaves)
    text = json.dumps(document, indent=2).removesuffix("\n}")
    return f'{text},\n  "leaves": [\n{rows}\n  ]\n}}\n'


def _account(account: Account) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "elf": account.elf,
        "board": account.board,
        "image_bytes": account.image_bytes,
        "holes": account.holes,
        "size": {"text": account.text, "data": account.data, "bss": account.bss},
        "totals": {
            kind: {"used": account.used(kind), "size": account.size(kind)} for kind in (FLASH, RAM)
        },
        "regions": [_region(use) for use in account.regions],
    }


def _region(use: RegionUse) -> dict[str, Any]:
    return {
        "name": use.memory.name,
        "kind": use.memory.kind,
        "origin": use.memory.origin,
        "size": use.memory.size,
        "used": use.used,
        "free": use.free,
        "rows": [vars(row) for row in use.rows],
    }


def _linked(linked: Linked) -> dict[str, Any]:
    return {
        "libraries": [_library(library) for library in linked.libraries],
        "objects": [
            {"path": path, "linked": _bytes(given)}
            for path, given in sorted(linked.objects.items())
        ],
        "linker": _bytes(linked.linker),
    }


def _library(library: Library) -> dict[str, Any]:
    return {
        "name": library.name,
        "path": library.path,
        "archive_bytes": library.archive_bytes,
        "size": vars(library.size),
        "linked": _bytes(library.linked),
        "members": {
            "linked": [
                {"name": member.name, **vars(member.size), "linked": _bytes(member.linked)}
                for member in library.linked_members
            ],
            "other": list(library.other_members),
        },
        "symbols": {
            "linked": list(library.linked_symbols),
            "other": list(library.other_symbols),
        },
    }


def _bytes(given: Bytes) -> dict[str, int]:
    return {region: count for region, count in sorted(given.items()) if count}


def _kernels(operators: Operators) -> dict[str, Any]:
    return {
        "kernel": operators.kernel,
        "operators": len(operators.all),
        "arm_functions": len(operators.all) - len(operators.others),
        "calls": [vars(operator) for operator in operators.all],
    }
