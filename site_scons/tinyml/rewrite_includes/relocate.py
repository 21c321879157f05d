"""Rewrites the includes of one file: bytes in, bytes out, nothing but their paths changed."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from tinyml.rewrite_includes import scan
from tinyml.rewrite_includes.rules import Rules
from tinyml.rewrite_includes.search import Search

# A file of the tree may be called anything; not every name can stand in an include.
_NO_INCLUDE = re.compile(r'[\x00-\x1f"\\]')


@dataclass(frozen=True)
class Rewritten:
    """An include and what became of it.

    Attributes:
        include: as it stood in the file.
        path: what it names now.
        quoted: how it stands now.
        files: the files of the tree that it may mean, the right one first.
        missing: it leads nowhere although the rules speak of it.
    """

    include: scan.Include
    path: str
    quoted: bool
    files: tuple[str, ...] = ()
    missing: bool = False

    @property
    def changed(self) -> bool:
        """Whether the text is another one."""
        return _text(self.include.path) != self.path or self.quoted != (
            self.include.form == "quoted"
        )

    @property
    def replacement(self) -> bytes:
        """The path with quotes or brackets, and the line joins that were in it."""
        left, right = (b'"', b'"') if self.quoted else (b"<", b">")
        return left + self.path.encode("utf-8", "surrogateescape") + self.include.joins + right


def rewrite(data: bytes, file: str, rules: Rules, search: Search) -> bytes:
    """Return the contents ``data`` of ``file``, a name relative to the tree, rewritten."""
    pieces, position = [], 0
    for item in rewritten(data, file, rules, search):
        if item.changed:
            pieces += [data[position : item.include.start], item.replacement]
            position = item.include.end
    return b"".join([*pieces, data[position:]])


def rewritten(data: bytes, file: str, rules: Rules, search: Search) -> list[Rewritten]:
    """Return what becomes of each include of ``file``."""
    return [_one(include, file, rules, search) for include in scan.includes(data)]


def _one(include: scan.Include, file: str, rules: Rules, search: Search) -> Rewritten:
    path, quoted = _text(include.path), include.form == "quoted"
    if include.form == "macro":
        return Rewritten(include, path, quoted)
    # What lies beside the including file comes first for the compiler, so it does here.
    beside = rules.relative and quoted and not include.next and search.own(file, path)
    new = path if beside else rules.apply(path)
    files = tuple(search.found(file, new, quoted))
    if rules.relative and files and not include.next:
        near = posixpath.relpath(files[0], posixpath.dirname(file) or ".")
        if not _NO_INCLUDE.search(near):
            return Rewritten(include, near, True, files)
    missing = not files and rules.covers(path) and not search.is_outside(new)
    return Rewritten(include, new, quoted, files, missing)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
