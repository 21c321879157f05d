"""What is in an image, on the evidence of its map and debug information.

The map shows which objects gave bytes to it, and of which libraries; the debug information of these
objects, which source files and headers went into them. What was merely on the link line, or pulled
in and then dropped by ``--gc-sections``, is not in the inventory.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml.components import Component
from tinyml.elf import mapfile
from tinyml.elf.debug_info import DEBUG_INFO, Making
from tinyml.elf.image import Image
from tinyml.elf.leaves import linked_objects
from tinyml.errors import UserError

# build/third_party/<name>/ holds what was fetched, build/relocated/<name>/ a copy with its includes
# rewritten or of what is installed, build/<variant>/third_party/<name>/ what was made of it.
_OF_COMPONENT = re.compile(r"build/(?:(?:[^/]+/)?third_party|relocated)/([^/]+)/")


@dataclass(frozen=True)
class Inventory:
    """The parts of an image, each sorted.

    Attributes:
        components: names of those with code linked, or headers compiled, into it.
        linked: names of the components of which a library is linked.
        external: libraries and objects from outside the project: the toolchain's.
        sources: files of the project itself, relative to its folder.
    """

    components: tuple[str, ...]
    linked: tuple[str, ...]
    external: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Whose the files are.

    Attributes:
        root: the project's folder, absolute.
        components: all there are, by name.
        overrides: folders used in place of what was fetched.
    """

    root: Path
    components: Mapping[str, Component]
    overrides: Mapping[str, Path]

    def absolute(self, path: str) -> str:
        """Return a path of the map or the debug information, absolute and without ``..``."""
        return os.path.normpath(self.root / path)

    def component(self, path: str) -> str | None:
        """Return the component that an absolute path belongs to, if any."""
        for name, folder in self.overrides.items():
            if Path(path).is_relative_to(self.absolute(str(folder))):
                return name
        inside = self.inside(path) or ""
        found = _OF_COMPONENT.match(inside)
        return self._known(found[1], inside) if found else None

    def inside(self, path: str) -> str | None:
        """Return an absolute path relative to the project; None where it lies outside."""
        return os.path.relpath(path, self.root) if Path(path).is_relative_to(self.root) else None

    def _known(self, name: str, path: str) -> str:
        if name not in self.components:
            raise UserError(
                f"{path} is in the image, but there is no component {name}",
                "a component.toml for everything built from third-party sources",
                f"write third_party/{name}/component.toml",
            )
        return name


def take(image: Image, making: Making, map_text: str, places: Places) -> Inventory:
    """Return the inventory of an image.

    Raises:
        UserError: the map is not the image's, or the image was built without debug information.
    """
    contributions = mapfile.contributions(map_text)
    objects = linked_objects(image, contributions)
    units = {c.address: c.object for c in contributions if c.output == DEBUG_INFO}
    if not making.units:
        raise UserError(
            f"{image.name} has no debug information, which tells the sources it was made from",
            "objects compiled with -g, linked without -s",
            "build it with scons",
        )
    archives = {places.absolute(_file(name)) for name in objects}
    external = {p for p in archives if not places.inside(p) and not places.component(p)}
    ours = {name for name in objects if places.absolute(_file(name)) not in external}
    files = {f for u in making.units if units.get(u.offset) in ours for f in u.files}
    absolute = {places.absolute(file) for file in files}
    linked = {name for path in archives - external if (name := places.component(path))}
    compiled = {name for path in absolute if (name := places.component(path))}
    return Inventory(
        components=tuple(sorted(linked | compiled)),
        linked=tuple(sorted(linked)),
        external=tuple(sorted(external)),
        sources=tuple(sorted(_sources(absolute, places))),
    )


def _file(name: str) -> str:
    """Return the library or object that a name in the map stands for."""
    found = mapfile.member(name)
    return found[0] if found else name


def _sources(paths: Iterable[str], places: Places) -> Iterator[str]:
    for path in paths:
        inside = places.inside(path)
        # What lies in build/ was generated, or fetched.
        if inside and not inside.startswith("build/") and not places.component(path):
            yield inside
