"""Which files of a component's tree are compiled, and what their objects are called."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tinyml.components import Component, Library
from tinyml.errors import UserError
from tinyml.rewrite_includes.search import SUFFIXES

# Debian Policy and dpkg-query(1): one absolute path a line, for each installed package.
PACKAGE_LISTS = Path("/var/lib/dpkg/info")
COMPILED = (".c", ".cc", ".cpp", ".cxx", ".S")


def sources(component: Component, library: Library, tree: Path) -> tuple[str, ...]:
    """Return what ``library`` compiles, relative to ``tree``, sorted.

    Raises:
        UserError: a pattern that matches no file, or a file that no compiler of ours takes.
    """
    excluded = {name for pattern in library.exclude for name in _matches(tree, pattern)}
    found: set[str] = set()
    for pattern in library.sources:
        matched = _matches(tree, pattern)
        if not matched:
            raise _refused(component, f"{pattern!r} matches no file of {tree}", "an existing file")
        found.update(matched)
    chosen = sorted(found - excluded)
    for name in chosen:
        if posixpath.splitext(name)[1] not in COMPILED:
            raise _refused(component, f"has the source {name}", " ".join(COMPILED))
    return tuple(chosen)


def object_names(names: Iterable[str]) -> dict[str, str]:
    """Return the object of each source, without suffix, so that no two in an archive are alike.

    A file's own name where it is the only one of that name, else its whole path.
    """
    names = list(names)
    stems = Counter(_stem(name) for name in names)
    return {
        name: _stem(name) if stems[_stem(name)] == 1 else name.replace("/", "_") for name in names
    }


def package_files(package: str, tree: Path, lists: Path = PACKAGE_LISTS) -> tuple[str, ...]:
    """Return the files of an installed Debian package that the preprocessor reads.

    They are relative to ``tree``, the folder that the package shares with all others.

    Raises:
        UserError: the package is not installed.
    """
    found = [lists / f"{package}.list", *sorted(lists.glob(f"{package}:*.list"))]
    texts = [path.read_text(encoding="utf-8") for path in found if path.is_file()]
    if not texts:
        raise UserError(
            f"the package {package} is not installed",
            f"{package} among the system's packages",
            f"./sconsw installs it, or apt-get install {package}",
        )
    paths = [Path(line) for line in "".join(texts).splitlines()]
    return tuple(
        sorted(
            str(path.relative_to(tree))
            for path in paths
            if path.suffix in SUFFIXES and path.is_relative_to(tree)
        )
    )


def _matches(tree: Path, pattern: str) -> Sequence[str]:
    return [path.relative_to(tree).as_posix() for path in tree.glob(pattern) if path.is_file()]


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _refused(component: Component, what: str, expected: str) -> UserError:
    toml = component.folder / "component.toml"
    return UserError(f"{toml}: [library] {what}", expected, f"correct sources in {toml}")
