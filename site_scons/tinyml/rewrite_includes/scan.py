"""Finds the includes of a C, C++ or preprocessed assembly file, as the preprocessor would.

Works on bytes: a file's encoding is nobody's business here. Follows the translation phases of
C11 5.1.1.2: lines joined by a backslash first, then comments, then directives. A backslash joins
lines even with blanks after it, an unclosed quote ends at its line, and a raw string is one in C
as well: all three as GCC does it. Trigraphs are not read. Includes in skipped branches
(``#if 0``) are found like others.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

_SPLICE = re.compile(rb"\\[ \t\v\f]*\r?\n")

# Atomic groups throughout: what was read as a comment is never tried as anything else.
_COMMENT = rb"/\*(?>.*?(?:\*/|\Z))|//[^\n]*+"
_BLANK = rb"(?>[ \t\v\f\r\0]++|" + _COMMENT + rb")*+"
_RAW = rb'(?:u8|[uUL])?R"([^ ()\\\t\v\f\n"]{0,16})\('
_HAS_INCLUDE = rb"__has_include(?:_next)?\b"
_PIECES = rb"""
    [^\n"'/\w$]++
    | [0-9] (?>[eEpP][+-] | '\w | [\w.])*+      # a number may hold ' between digits
    | (?!%b) [A-Za-z_$] [\w$]*+
    | "(?>[^"\\\n] | \\[^\n] | \\)*+ "?
    | '(?>[^'\\\n] | \\[^\n] | \\)*+ '?
    | %b
    | /
"""


def _up_to(stop: bytes) -> re.Pattern[bytes]:
    """Match up to the end of the line or a word ``stop``; a comment may hold line ends."""
    return re.compile(rb"(?>" + _PIECES % (stop, _COMMENT) + rb")*+", re.VERBOSE | re.DOTALL)


_REST = _up_to(_RAW)
_REST_OF_CONDITION = _up_to(_RAW + rb"|" + _HAS_INCLUDE)
_RAW_START = re.compile(_RAW)
_STRING = re.compile(rb'[^"]*"(?>[^"\\\n]|\\[^\n]|\\)*+"?')
# Lines in which nothing can begin that matters: tables of numbers, most of them.
_PLAIN_LINES = re.compile(rb"""(?>[^\n"'/#%]*+\n)*+""")
_BLANKS = re.compile(_BLANK, re.DOTALL)
_DIRECTIVE = re.compile(rb"(?:\#|%:)" + _BLANK + rb"([A-Za-z_]\w*+)" + _BLANK, re.DOTALL)
_HEADER = re.compile(rb'"(?P<quoted>[^"\n]*+)"|<(?P<angled>[^>\n]*+)>|(?P<macro>[A-Za-z_]\w*+)')
_QUESTION = re.compile(_HAS_INCLUDE + _BLANK + rb"(?:\(" + _BLANK + rb")?", re.DOTALL)

_INCLUDES = {b"include", b"include_next", b"import"}
_CONDITIONS = {b"if", b"elif"}


@dataclass(frozen=True)
class Include:
    """One include, or one ``__has_include``, of a file.

    Attributes:
        start: where the path with its quotes or brackets begins in the file's bytes.
        end: where it ends.
        path: what stands between them, joined lines joined; the macro where it is one.
        form: ``quoted`` ("path"), ``angled`` (<path>), or ``macro``: only the compiler knows.
        next: whether the search starts after the including file's own folder (include_next).
        line: counted from 1.
        joins: the line joins between start and end.
    """

    start: int
    end: int
    path: bytes
    form: str
    next: bool
    line: int
    joins: bytes = b""


def includes(data: bytes) -> list[Include]:
    """Return the includes of a file in order; any bytes are a file."""
    return list(_Scanner(data).includes())


class _Scanner:
    """Walks over a file's text, which is its bytes with joined lines joined."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.joins = [match.span() for match in _SPLICE.finditer(data)]
        self.text = _SPLICE.sub(b"", data) if self.joins else data
        self.removed = [0]  # by the first n joins
        self.cuts = []  # where in the text each join was
        for start, end in self.joins:
            self.cuts.append(start - self.removed[-1])
            self.removed.append(self.removed[-1] + end - start)
        self.counted = (0, 1)  # a position in the bytes and its line
        self.unclosed: set[bytes] = set()  # ends of raw strings that never come

    def includes(self) -> Iterator[Include]:
        position = 3 if self.text.startswith(b"\xef\xbb\xbf") else 0
        while position < len(self.text):
            position = _end(_PLAIN_LINES, self.text, position)
            position = _end(_BLANKS, self.text, position)
            directive = _DIRECTIVE.match(self.text, position)
            if directive:
                position = yield from self.directive(directive[1], directive.end())
            position = self.skip(_REST, position) + 1

    def directive(self, name: bytes, position: int) -> Generator[Include, None, int]:
        """Yield the includes of a directive; return a position on the rest of its line."""
        if name in _INCLUDES:
            header = _HEADER.match(self.text, position)
            if header:
                yield self.include(header, name == b"include_next")
                return header.end()
        while name in _CONDITIONS:
            position = self.skip(_REST_OF_CONDITION, position)
            question = _QUESTION.match(self.text, position)
            if not question:
                break
            position = question.end()
            header = _HEADER.match(self.text, position)
            if header and header["macro"] is None:
                yield self.include(header, b"_next" in question[0])
                position = header.end()
        return position

    def include(self, header: re.Match[bytes], following: bool) -> Include:
        form = str(header.lastgroup)
        start, end = self.original(header.start()), self.original(header.end() - 1) + 1
        joins = b"".join(_SPLICE.findall(self.data[start:end])) if self.joins else b""
        return Include(start, end, header[form], form, following, self.line(start), joins)

    def skip(self, pattern: re.Pattern[bytes], position: int) -> int:
        """Return where ``pattern`` stops after ``position``, having stepped over raw strings."""
        while True:
            position = _end(pattern, self.text, position)
            raw = _RAW_START.match(self.text, position)
            if not raw:
                return position
            position = self.raw_end(raw)

    def raw_end(self, raw: re.Match[bytes]) -> int:
        """Return where a raw string ends. Lines are not joined in it, so look in the bytes."""
        close = b")" + raw[1] + b'"'
        found = -1
        if close not in self.unclosed:
            found = self.data.find(close, self.original(raw.end() - 1) + 1)
        if found < 0:
            self.unclosed.add(close)
            return _end(_STRING, self.text, raw.start())
        end = found + len(close)
        return end - self.removed[bisect.bisect_left(self.joins, (end, end))]

    def original(self, position: int) -> int:
        """Return where the text's byte at ``position`` is in the file."""
        return position + self.removed[bisect.bisect_right(self.cuts, position)]

    def line(self, position: int) -> int:
        before, line = self.counted
        self.counted = position, line + self.data.count(b"\n", before, position)
        return self.counted[1]


def _end(pattern: re.Pattern[bytes], text: bytes, position: int) -> int:
    """Return where ``pattern``, which also matches nothing, ends when tried at ``position``."""
    match = pattern.match(text, position)
    return match.end() if match else position
