"""Loads and checks ``firmware/boards/<board>/board.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tinyml import budgets, typed_toml
from tinyml.boards import rules
from tinyml.boards.board import Board
from tinyml.boards.parts import Memory
from tinyml.errors import UserError
from tinyml.files import read_toml

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


def load(board_dir: str | Path) -> Board:
    """Return the board described by ``board_dir``/board.toml, checked.

    Raises:
        UserError: the file is missing, not TOML, or contradicts itself.
    """
    folder = Path(board_dir)
    where = str(folder / "board.toml")
    table, folders = _inherited(folder, ())
    hint = f"see {folder.parent / 'stm32f746' / 'board.toml'}"
    allowed = [item.name for item in fields(Board) if item.name != "folders"]
    typed_toml.check_keys(table, allowed, where, hint)
    values = dict(table)
    values["memory"] = memories(table.get("memory", {}), where, hint)
    budget = budgets.tables(values.pop("budget", []), where)
    if isinstance(table.get("placement"), Mapping):
        values["placement"] = _with_size(table["placement"], "stack_size", where, hint)
    board = typed_toml.build(Board, values, where + ":", hint)
    board = Board(**{**vars(board), "budget": budget, "folders": folders})
    rules.check(board, where, hint)
    return board


def memories_of(board_dir: str | Path) -> tuple[Memory, ...]:
    """Return the memories of a board, whatever else its board.toml says: another version's, too.

    Raises:
        UserError: the file is missing or not TOML, or describes them wrongly.
    """
    folder = Path(board_dir)
    where, hint = str(folder / "board.toml"), f"correct {folder / 'board.toml'}"
    table, _ = _inherited(folder, ())
    rows = memories(table.get("memory", {}), where, hint)
    return tuple(typed_toml.build(Memory, row, f"{where}:", hint) for row in rows)


def _inherited(folder: Path, children: tuple[Path, ...]) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Return the merged table of ``folder`` and its ancestors, and those folders, own first."""
    table = read_toml(folder / "board.toml", _boards_beside(folder))
    lineage = (*children, folder)
    parent = table.pop("inherit", None)
    if parent is None:
        return table, lineage
    if not isinstance(parent, str) or folder.parent / parent in lineage:
        raise UserError(
            f"{folder / 'board.toml'} inherits {parent!r}",
            "another board that does not inherit this one",
            _boards_beside(folder),
        )
    base, lineage = _inherited(folder.parent / parent, lineage)
    return _merged(base, table), lineage


def _boards_beside(folder: Path) -> str:
    names = sorted(path.parent.name for path in folder.parent.glob("*/board.toml"))
    return f"one of the boards of {folder.parent}: {', '.join(names) or 'none'}"


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def memories(tables: object, where: str, hint: str) -> list[dict[str, Any]]:
    """Return the tables [memory.NAME] of a description with their names, and sizes in bytes."""
    if not isinstance(tables, Mapping):
        raise UserError(f"{where}: memory is {tables!r}", "tables [memory.NAME]", hint)
    found = []
    for name, table in tables.items():
        sized = _with_size(table, "size", f"{where}: [memory.{name}]", hint)
        found.append({"name": name} | sized)
    return found


def _with_size(table: object, key: str, where: str, hint: str) -> dict[str, Any]:
    """Return ``table`` with the size under ``key``, an integer or e.g. "64K", in bytes."""
    if not isinstance(table, Mapping):
        raise UserError(f"{where} is {table!r}", "a table", hint)
    value = table.get(key)
    if not isinstance(value, str):
        return dict(table)
    match = re.fullmatch(r"(\d{1,10})([KM]?)", value)
    if match is None:
        raise UserError(f"{where} {key} is {value!r}", 'bytes, or "64K", or "1M"', hint)
    return dict(table) | {key: int(match[1]) * _UNITS[match[2]]}
