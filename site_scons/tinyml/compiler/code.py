"""C text: identifiers, literals, initialisers. No arithmetic, and nothing gets out unescaped."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from tinyml.compiler.prepared import View
from tinyml.identifiers import identifier

#: C types by tensor type.
C_TYPES = {
    "FLOAT32": "float",
    "FLOAT16": "uint16_t",
    "INT8": "int8_t",
    "UINT8": "uint8_t",
    "INT16": "int16_t",
    "INT32": "int32_t",
    "INT64": "int64_t",
}

#: Longer names from the graph are cut.
LONGEST_NAME = 40

#: Where generated lines are broken.
LINE = 100


class Raw(str):
    """Text that is C already, such as the name of an array."""

    __slots__ = ()


@dataclass(frozen=True)
class Code:
    """One operator in C: the headers it needs, file-level constants, statements of invoke."""

    headers: tuple[str, ...]
    constants: tuple[str, ...]
    statements: tuple[str, ...]


def macro_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return part of a macro's name for each of ``names``, empty where it would not be unique.

    None begins with a digit, so that none is a number's.
    """
    found = [identifier(name)[:LONGEST_NAME].strip("_").upper() for name in names]
    return tuple(name if found.count(name) == 1 else "" for name in found)


def string(text: str) -> str:
    """Return a C string literal; what is not plain ASCII becomes octal bytes."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode(errors="replace")
    )
    return f'"{escaped}"'


def comment(text: str) -> str:
    """Return ``text`` fit for a // comment: one line that neither ends nor continues it."""
    return "".join(c if " " <= c <= "~" and c != "\\" else "?" for c in text)


def literal(value: float) -> str:
    """Return an exact literal: decimal for an int, hexadecimal for a float32."""
    if isinstance(value, int):
        return str(value) if value != -(2**31) else "INT32_MIN"
    assert np.float32(value) == value, f"{value} is no float32"
    return f"{value.hex()}f"


def initializer(value: Any) -> str:
    """Return an initialiser: a dataclass or mapping by field name, a sequence in order."""
    if isinstance(value, Raw):
        return value
    members = _members(value)
    if members is not None:
        return "{" + ", ".join(f".{k} = {initializer(v)}" for k, v in members.items()) + "}"
    if isinstance(value, Sequence):
        return "{" + ", ".join(initializer(v) for v in value) + "}"
    return literal(value)


def constant(c_type: str, name: str, value: Any) -> str:
    """Return the definition of a file-level constant, broken into lines where it is long."""
    text = f"static const {c_type} {name} = {initializer(value)};"
    if len(text) <= LINE:
        return text
    lines = [f"    {part}" for part in _lines(value)]
    return "\n".join((f"static const {c_type} {name} = {{", *lines, "};"))


def _lines(value: Any) -> list[str]:
    """Return the inside of an initialiser: a member a line, or a paragraph of numbers."""
    members = _members(value)
    if members is not None:
        return [f".{name} = {initializer(member)}," for name, member in members.items()]
    return textwrap.wrap(", ".join(initializer(item) for item in value) + ",", LINE - 4)


def _members(value: Any) -> Mapping[str, Any] | None:
    if is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    return value if isinstance(value, Mapping) else None


def array(c_type: str, name: str, values: Sequence[int | float]) -> str:
    """Return the definition of a file-level constant array."""
    return constant(c_type, f"{name}[{len(values)}]", values)


def call(function: str, *arguments: str) -> str:
    """Return a call as an expression."""
    return f"{function}({', '.join(arguments)})"


@dataclass(frozen=True)
class Names:
    """The C names that one operator's code may use."""

    operator: int
    operands: Mapping[int, str]
    constants: Mapping[str, str]
    scratch: str
    scratch_bytes: int
    views: frozenset[View] = frozenset()

    def local(self, what: str) -> Raw:
        """Return the name of one of the operator's own constants."""
        return Raw(f"{what}_{self.operator}")

    def operand(self, tensor: int | Raw | None) -> str:
        """Return the expression for a tensor's first element, NULL where there is none."""
        if isinstance(tensor, Raw):
            return tensor
        return "NULL" if tensor is None else self.operands[tensor]

    def is_view(self, view: View) -> bool:
        """Return whether a tensor lies where an operator's view wants it: nothing to copy."""
        return view in self.views

    def constant(self, name: str) -> str:
        """Return the expression for the first element of one of the choice's constants."""
        return self.constants[name]


def kernel_call(
    names: Names,
    header: str,
    function: str,
    params_type: str,
    params: Any,
    tensors: Sequence[int | Raw | None],
    constants: Sequence[str] = (),
) -> Code:
    """Return the code of a call of one of our kernels: a parameter struct, then its operands.

    Among the operands may be expressions, such as that of scratch memory. ``constants`` are
    definitions that ``params`` refers to.
    """
    name = names.local("params")
    arguments = (f"&{name}", *(names.operand(tensor) for tensor in tensors))
    return Code(
        headers=(header,),
        constants=(*constants, constant(f"struct {params_type}", name, params)),
        statements=(f"{call(function, *arguments)};",),
    )
