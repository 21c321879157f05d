"""Amounts of memory as people write them: ``4096``, ``64K``, ``1M``, ``85%``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

ALLOWED = 'bytes ("4096", "64K", "1M") or a percentage ("85%", "0.5%")'
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}
_BYTES = re.compile(r"(\d{1,12})\s?([KM]?)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s?%", re.ASCII)


@dataclass(frozen=True)
class Amount:
    """Some bytes, or a part of a whole; ``text`` is how it was written."""

    text: str
    bytes: int = 0
    percent: Fraction | None = None

    def of(self, whole: int) -> int:
        """Return the amount in bytes; a percentage is one of ``whole``, rounded down."""
        return self.bytes if self.percent is None else int(self.percent * whole / 100)


def parse(text: str) -> Amount | None:
    """Return the amount that ``text`` stands for; None where it is none."""
    if match := _BYTES.fullmatch(text.strip()):
        return Amount(text.strip(), bytes=int(match[1]) * _UNITS[match[2]])
    if match := _PERCENT.fullmatch(text.strip()):
        return Amount(text.strip(), percent=Fraction(match[1]))
    return None
