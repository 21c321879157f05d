"""Turns a TOML table into a frozen dataclass, refusing what the dataclass does not declare.

The dataclass is the schema: its field names are the allowed keys, its annotations the types, a
field with a default may be left out. Supported annotations: ``bool``, ``int``, ``float``, ``str``,
``tuple[T, ...]``, ``Mapping[str, T]``, a nested dataclass, and any of them ``| None``.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from tinyml.errors import UserError

T = TypeVar("T")

_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
}


def build(cls: type[T], table: object, where: str, hint: str) -> T:
    """Return ``cls`` made from ``table``.

    Args:
        cls: the dataclass to make.
        table: the parsed TOML value; anything but a table is refused.
        where: what to call the table in a message, e.g. ``board.toml: [clock]``.
        hint: the last line of the message.

    Raises:
        UserError: an unknown key, a missing key, or a value of the wrong type.
    """
    if not isinstance(table, Mapping):
        raise UserError(f"{where} is {table!r}", "a table", hint)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    check_keys(table, list(fields), where, hint)
    missing = [name for name, field in fields.items() if name not in table and _required(field)]
    if missing:
        raise UserError(f"{where} lacks {', '.join(missing)}", f"keys {', '.join(fields)}", hint)
    kinds = typing.get_type_hints(cls)
    values = {key: _value(kinds[key], table[key], f"{where} {key}", hint) for key in table}
    return cls(**values)


def check_keys(table: Mapping[str, Any], allowed: list[str], where: str, hint: str) -> None:
    """Refuse a key of ``table`` that is not in ``allowed``."""
    unknown = [key for key in table if key not in allowed]
    if unknown:
        raise UserError(f"{where} has an unknown key {unknown[0]!r}", ", ".join(allowed), hint)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(kind: Any, value: object, where: str, hint: str) -> Any:
    if isinstance(kind, types.UnionType):
        (kind,) = [part for part in typing.get_args(kind) if part is not type(None)]
    if dataclasses.is_dataclass(kind):
        return build(typing.cast("type[Any]", kind), value, where, hint)
    if typing.get_origin(kind) is tuple:
        return _items(typing.get_args(kind)[0], value, where, hint)
    if typing.get_origin(kind) is Mapping:
        return _named(typing.get_args(kind)[1], value, where, hint)
    if kind is float and type(value) is int:
        value = float(value)
    # bool is a subclass of int: `size = true` is still a mistake.
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise UserError(f"{where} is {value!r}", _NAMES[kind], hint)
    return value


def _items(kind: Any, value: object, where: str, hint: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise UserError(f"{where} is {value!r}", "a list in [ ]", hint)
    return tuple(_value(kind, item, f"{where}[{i}]", hint) for i, item in enumerate(value))


def _named(kind: Any, value: object, where: str, hint: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError(f"{where} is {value!r}", "a table { NAME = value }", hint)
    return {name: _value(kind, item, f"{where}.{name}", hint) for name, item in value.items()}
