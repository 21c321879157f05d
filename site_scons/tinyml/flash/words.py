"""Fills the templates of a programmer: command lines are lists of words, and never pass a shell."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Callable, Iterable, Mapping

from tinyml.errors import UserError

_PLAIN = re.compile(r"[\w./+,:@%=-]", re.ASCII)
_OPTION = re.compile(r"\[(\w+)\]")

Value = str | int | None


class Text(str):
    """A value that says how it is to be quoted: ``{image:tcl}``, ``{image:gdb}`` and so on."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """Return the text, quoted for the language ``spec``."""
        quote = QUOTING.get(spec)
        return quote(self) if quote else super().__format__(spec)


def _escaped(text: str) -> str:
    """Quote for Tcl and gdb: a backslash before everything that could mean something."""
    return "".join(c if _PLAIN.match(c) or ord(c) > 127 else f"\\{c}" for c in text)


QUOTING: Mapping[str, Callable[[str], str]] = {
    "tcl": _escaped,
    "gdb": _escaped,
    "shell": shlex.quote,
    "quoted": lambda text: f'"{text}"',  # J-Link Commander: a name with spaces
}


def names(template: str) -> set[str]:
    """Return the placeholders of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def fill(template: str, values: Mapping[str, Value]) -> str:
    """Return ``template`` with its placeholders filled.

    Raises:
        UserError: a value that is not known, or that no command line can hold.
    """
    known = {name: _text(name, value) for name, value in values.items() if value is not None}
    missing = sorted(names(template) - known.keys())
    if missing:
        raise UserError(
            f"{' and '.join(missing)} must be known for {template!r}",
            "a value for each",
            "python -m tinyml.flash -h lists what can be given",
        )
    return template.format_map(known)


def _text(name: str, value: str | int) -> Text | int:
    if isinstance(value, int):
        return value
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise UserError(
            f"{name} is {value!r}", "no control characters in a command line", "rename it"
        )
    return Text(value)


def command(
    template: Iterable[str],
    options: Mapping[str, tuple[str, ...]],
    values: Mapping[str, Value],
) -> list[str]:
    """Return the words of a command; ``[name]`` stands for an option, left out where unknown."""
    filled: list[str] = []
    for word in template:
        option = _OPTION.fullmatch(word)
        if option is None:
            filled.append(fill(word, values))
            continue
        wanted = options[option[1]]
        if all(values.get(name) is not None for part in wanted for name in names(part)):
            filled += [fill(part, values) for part in wanted]
    return filled
