"""One option of the command line: the kinds of value there are, and which values are accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CHOICE = "one of the values"
LIST = "several with commas between"
NUMBER = "a whole number greater than 0"
FOLDER = "a folder"
FILE = "a file to write"
GIVEN = "a file that is there"
ADDRESS = "HOST:PORT of one that runs already"
SERIAL = "tcp:PORT"
BASELINE = "a stored .size.json, an ELF file, or a commit"
AMOUNT = "bytes (4096, 64K) or percent (1%)"
TCP = "a TCP port of this computer"
TEXT = "any text"
LIMIT = "seconds of virtual time (10s) or instructions (500000, 200M, 2G)"
_PORT = r"([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_PATTERNS = {
    NUMBER: r"0*[1-9][0-9]*",
    SERIAL: f"tcp:{_PORT}",
    TCP: _PORT,
    LIMIT: r"[0-9]{1,6}(\.[0-9]{1,6})?s|[0-9]{1,12}[KMG]?",
    FILE: r".+",
    TEXT: r".+",
    BASELINE: r"[^-\x00].*",
    AMOUNT: r"[0-9]{1,12} ?[KM]?|[0-9]{1,4}(\.[0-9]{1,3})? ?%",
    ADDRESS: rf"\[?[\w.:-]+\]?:{_PORT}",
}


@dataclass(frozen=True)
class Option:
    """One ``name=value`` of the command line.

    ``values`` lists what it may be; ``kind`` says in words what else, if anything.
    """

    name: str
    values: tuple[str, ...]
    default: str
    help: str
    kind: str = CHOICE

    @property
    def allowed(self) -> str:
        """What the value may be, in words."""
        return ", ".join((*self.values, *self.kinds))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the value may be beside ``values``, in words."""
        return (self.kind,) if self.kind != CHOICE else ()

    def accepts(self, value: str) -> bool:
        """Return whether ``value`` is one of the values, or of the kind."""
        if self.kind == LIST:
            return set(value.split(",")) <= set(self.values)
        if self.kind == FOLDER and Path(value).is_dir():
            return True
        if self.kind == GIVEN and Path(value).is_file():
            return True
        return value in self.values or fits(self.kind, value)


def fits(kind: str, value: str) -> bool:
    """Return whether ``value`` is written as those of ``kind`` are."""
    pattern = _PATTERNS.get(kind)
    return pattern is not None and re.fullmatch(pattern, value, re.ASCII) is not None
