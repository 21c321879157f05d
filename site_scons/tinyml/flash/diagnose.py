"""From what a programmer said to what the user can do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tinyml.errors import UserError
from tinyml.flash.programmers import Cause, Programmer, causes
from tinyml.flash.words import Value

_LAST_LINES = 8
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\n\t -~]")


class FlashError(UserError):
    """A programmer failed; ``cause`` is the name of why, in causes.toml, or None."""

    def __init__(self, culprit: str, expected: str, hint: str, cause: str | None = None) -> None:
        """Keep the cause beside the three parts."""
        super().__init__(culprit, expected, hint)
        self.cause = cause

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        """Pickle as a plain `UserError`."""
        return (UserError, (self.culprit, self.expected, self.hint))


class _Known(dict[str, Value]):
    """Values of a message: what is not known is left as it is."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


def cause_of(programmer: Programmer, text: str) -> str | None:
    """Return the first cause whose patterns are in ``text``, None where none is."""
    for name in causes():
        if any(re.search(p, text, re.MULTILINE) for p in programmer.errors.get(name, ())):
            return name
    return None


def failure(
    programmer: Programmer, cause: str | None, text: str, values: Mapping[str, Value], log: str
) -> FlashError:
    """Return the error to show: the cause in words where it is known, and the tool's last lines."""
    known = _Known(values)
    if cause is None:
        what = Cause(
            "failed in a way that is not known here",
            "a programmer that ends well",
            "read its last lines above; try {others}",
        )
    else:
        what = causes()[cause]
    said = last_lines(text)
    shown = "".join(f"\n    {programmer.name}: {line}" for line in said)
    where = f"\n    (all of it: {log})" if log else ""
    return FlashError(
        f"{programmer.name} {what.says.format_map(known)}{shown}{where}",
        what.expected.format_map(known),
        what.fix.format_map(known),
        cause,
    )


def last_lines(text: str) -> list[str]:
    """Return the last lines of ``text`` that say something, fit for a terminal."""
    lines = (_CONTROL.sub("", line).strip() for line in re.split(r"[\r\n]+", text))
    return [line[:200] for line in lines if line][-_LAST_LINES:]


def usb_rule(usb_id: str) -> str:
    """Return the udev rule that lets the user at the screen open devices with this id."""
    vendor, _, product = usb_id.partition(":")
    return (
        f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}",'
        ' MODE="0660", TAG+="uaccess"'
    )
