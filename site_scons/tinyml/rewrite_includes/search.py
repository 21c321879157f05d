"""Where an include leads: to files of the tree, to other components, or out of sight."""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What the preprocessor reads. Everything else in a tree is not copied.
SUFFIXES = {
    *(".c", ".cc", ".cpp", ".cxx", ".S"),
    *(".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tpp", ".tcc", ".def"),
}


def files(tree: Path) -> tuple[str, ...]:
    """Return the files of ``tree`` that the preprocessor reads, relative to it, sorted.

    Links to folders are not followed; a link to a file counts as that file.
    """
    names: list[str] = []
    for folder, _, here in os.walk(tree):
        inside = os.path.relpath(folder, tree)
        names += [
            posixpath.normpath(posixpath.join(inside, name))
            for name in here
            if posixpath.splitext(name)[1] in SUFFIXES
        ]
    return tuple(sorted(names))


@dataclass(frozen=True)
class Search:
    """The places where includes are looked for.

    Attributes:
        names: the files of the tree, relative to it.
        include: include folders in the tree, relative to it, in order.
        outside: include folders of what the tree needs.
    """

    names: frozenset[str]
    include: tuple[str, ...] = ()
    outside: tuple[Path, ...] = ()

    def own(self, file: str, path: str) -> str | None:
        """Return the file of the tree that ``path`` names as seen from ``file``'s folder."""
        return self._in(posixpath.dirname(file), path)

    def found(self, file: str, path: str, quoted: bool) -> list[str]:
        """Return the files of the tree that ``path`` in ``file`` may mean, the right one first."""
        folders = [posixpath.dirname(file)] * quoted + list(self.include)
        return list(dict.fromkeys(filter(None, (self._in(folder, path) for folder in folders))))

    def is_outside(self, path: str) -> bool:
        """Return whether another component has ``path``."""
        return any(_is_file(folder, path) for folder in self.outside)

    def _in(self, folder: str, path: str) -> str | None:
        name = posixpath.normpath(posixpath.join(folder, path))
        return name if name in self.names else None


def search(tree: Path, include: Iterable[str] = (), outside: Iterable[Path] = ()) -> Search:
    """Return the search over what is in ``tree`` now."""
    return Search(frozenset(files(tree)), tuple(include), tuple(outside))


@functools.lru_cache(maxsize=4096)
def _is_file(folder: Path, path: str) -> bool:
    try:
        return (folder / path).is_file()
    except (OSError, ValueError):  # too long, or no name at all
        return False
