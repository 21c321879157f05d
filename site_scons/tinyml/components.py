"""Third-party components as data: loads and checks ``third_party/<name>/component.toml``.

::

    description = "DSP functions for Cortex-M"
    license = "Apache-2.0"              # SPDX expression
    license_file = "LICENSE"            # inside the tree
    include = ["Include"]               # public include folders, relative to the tree
    exported_defines = { NAME = "1" }   # whoever uses the component is compiled with them
    requires = ["cmsis-core"]

    [source]                            # see `Source`
    provider = "pypi"
    package = "cmsisdsp"
    version = "1.10.3"
    sha256 = "..."
    root = "cmsisdsp-1.10.3"            # folder of the archive that becomes the tree

    [library]                           # absent: headers only
    sources = ["Source/**/*.c"]
    exclude = ["Source/**/*F16.c"]
    private_include = ["PrivateInclude"]
    defines = { NAME = "" }
    flags = ["-fno-strict-aliasing"]

    [library.kernel.cmsis-nn]           # added to the above for kernel=cmsis-nn
    sources = ["Kernels/**/*.c"]
    requires = ["cmsis-nn"]

    [[rewrite]]                         # how `#include`s change; absent: tree used as it is
    from = "upstream/include/"
    to = ""

    [cmake]                             # how its own CMakeLists.txt builds it
    source = "Source"
    library = "libx.a"                  # in cmake's build folder
    options = { KEY = "VALUE" }

Only ``description``, ``license``, ``license_file`` and ``[source]`` are required. "The tree" is
what `scons fetch` unpacked, or the folder of an override. ``python -m tinyml.components DIR``
checks every component of a folder and lists them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from tinyml import component_rules, typed_toml
from tinyml.errors import UserError, exit_status
from tinyml.files import read_toml


@dataclass(frozen=True)
class Source:
    """Where the tree comes from, and what proves that it is the right one.

    ``provider`` decides which other fields are set: see `component_rules.PROVIDER_KEYS`.
    """

    provider: str
    package: str | None = None
    version: str | None = None
    url: str | None = None
    commit: str | None = None
    sha256: str | None = None
    sha512: str | None = None
    root: str = "."

    @property
    def pin(self) -> dict[str, str]:
        """The fields that are set: two sources with the same pin give the same tree."""
        return {key: value for key, value in vars(self).items() if value is not None}

    @property
    def digest(self) -> tuple[str, str] | None:
        """Algorithm and lower-case hex digest of the archive; None where git or Debian checks."""
        for algorithm in ("sha256", "sha512"):
            value = getattr(self, algorithm)
            if value is not None:
                return algorithm, value.lower()
        return None


@dataclass(frozen=True)
class KernelPart:
    """What one value of ``kernel=`` adds to a library; patterns are relative to the tree."""

    sources: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    private_include: tuple[str, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    exported_defines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """How a component's archive is compiled; patterns and folders are relative to the tree."""

    sources: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    private_include: tuple[str, ...] = ()
    defines: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    kernel: Mapping[str, KernelPart] = field(default_factory=dict)

    def for_kernel(self, kernel: str | None) -> Library:
        """Return the library with the additions for ``kernel`` merged in, none left to choose."""
        part = self.kernel.get(kernel or "", KernelPart())
        return replace(
            self,
            sources=self.sources + part.sources,
            exclude=self.exclude + part.exclude,
            private_include=self.private_include + part.private_include,
            defines={**self.defines, **part.defines},
            flags=self.flags + part.flags,
            kernel={},
        )


@dataclass(frozen=True)
class RewriteRule:
    """One rule for `RewriteIncludes`.

    Either ``prefix`` and ``replacement`` (the TOML's ``from`` and ``to``), or ``relative``:
    includes become relative to the file that includes.
    """

    prefix: str | None = None
    replacement: str | None = None
    relative: bool = False


@dataclass(frozen=True)
class CMake:
    """How the component's own CMakeLists.txt, in ``source`` of the tree, is built."""

    source: str
    library: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Component:
    """A third-party component; ``library`` is None where it is headers only."""

    name: str
    description: str
    license: str
    license_file: str
    source: Source
    include: tuple[str, ...] = ()
    exported_defines: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    library: Library | None = None
    rewrite: tuple[RewriteRule, ...] = ()
    cmake: CMake | None = None
    folder: Path = field(default=Path(), compare=False)

    @property
    def option(self) -> str:
        """Name of the command-line option that overrides the tree, e.g. ``cmsis_nn``."""
        return self.name.replace("-", "_")

    def requires_for(self, kernel: str | None) -> tuple[str, ...]:
        """Return the names of what the component needs when it is built for ``kernel``."""
        return self.requires + self._part(kernel).requires

    def exports_for(self, kernel: str | None) -> dict[str, str]:
        """Return what users of the component, built for ``kernel``, are compiled with."""
        return {**self.exported_defines, **self._part(kernel).exported_defines}

    def _part(self, kernel: str | None) -> KernelPart:
        parts = self.library.kernel if self.library else {}
        return parts.get(kernel or "", KernelPart())


def load(folder: str | Path) -> Component:
    """Return the component described by ``folder``/component.toml, checked by itself.

    Raises:
        UserError: the file is missing, not TOML, has an unknown key or a value that cannot be.
    """
    folder = Path(folder)
    toml = folder / "component.toml"
    hint = f"correct {toml}; docs/third-party.md explains the keys"
    table = read_toml(toml, _present(folder.parent))
    allowed = [item.name for item in fields(Component) if item.name != "folder"]
    typed_toml.check_keys(table, allowed, str(toml), hint)
    name = table.setdefault("name", folder.name)
    if name != folder.name:
        raise UserError(f"{toml} has name {name!r}", f"its folder's name, {folder.name!r}", hint)
    if isinstance(table.get("rewrite"), list):
        table["rewrite"] = [_renamed(rule, f"{toml}: rewrite", hint) for rule in table["rewrite"]]
    described = typed_toml.build(Component, table, f"{toml}:", hint)
    component = replace(described, folder=folder)
    component_rules.check(component, str(toml), hint)
    return component


def load_all(directory: str | Path) -> dict[str, Component]:
    """Return every component of ``directory`` (``third_party``) by name, sorted.

    Raises:
        UserError: one of them is wrong, requires what is not there, or requires itself.
    """
    folders = sorted(path.parent for path in Path(directory).glob("*/component.toml"))
    components = {folder.name: load(folder) for folder in folders}
    for component in components.values():
        for kernel in (None, *(component.library.kernel if component.library else ())):
            closure([component.name], components, kernel)
    return components


def closure(
    names: Iterable[str], components: Mapping[str, Component], kernel: str | None = None
) -> tuple[Component, ...]:
    """Return the named components and all that they require, each before what it requires.

    That is the order in which a linker wants their archives. ``kernel`` is the build's
    ``kernel=``: it decides which additional requirements count.

    Raises:
        UserError: a name that is no component, or components that require each other.
    """
    done: list[Component] = []
    for name in reversed(tuple(names)):
        _visit(name, components, kernel, (), done)
    return tuple(reversed(done))


def _visit(
    name: str,
    components: Mapping[str, Component],
    kernel: str | None,
    path: tuple[str, ...],
    done: list[Component],
) -> None:
    user = components[path[-1]].folder / "component.toml" if path else None
    if name not in components:
        raise UserError(
            f"{user} requires {name!r}" if user else f"there is no component {name!r}",
            "one of " + (", ".join(components) or "none: third_party holds no component.toml"),
            f"correct requires in {user}" if user else "choose one of them",
        )
    if name in path:
        circle = " -> ".join((*path[path.index(name) :], name))
        raise UserError(
            f"{user}: components require each other: {circle}",
            "no component that requires itself",
            f"remove one of these from requires in {user}",
        )
    component = components[name]
    if component in done:
        return
    for required in reversed(component.requires_for(kernel)):
        _visit(required, components, kernel, (*path, name), done)
    done.append(component)


def _renamed(rule: object, where: str, hint: str) -> object:
    """Return ``rule`` with the TOML's ``from`` and ``to`` under the dataclass's names."""
    if not isinstance(rule, Mapping):
        return rule
    typed_toml.check_keys(rule, ["from", "to", "relative"], where, hint)
    names = {"from": "prefix", "to": "replacement"}
    for key in names:
        if not isinstance(rule.get(key, ""), str):
            raise UserError(f"{where} {key} is {rule[key]!r}", "a string", hint)
    return {names.get(key, key): value for key, value in rule.items()}


def _present(directory: Path) -> str:
    names = sorted(path.parent.name for path in directory.glob("*/component.toml"))
    return f"one of the components of {directory}: {', '.join(names) or 'none'}"


def main(arguments: list[str] | None = None) -> int:
    """Check every component of a folder and list them with their sources."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.components", description=main.__doc__)
    parser.add_argument("directory", type=Path, nargs="?", default=Path("third_party"))
    for component in load_all(parser.parse_args(arguments).directory).values():
        print(f"{component.name:20} {component.license:14} {component_rules.origin(component)}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
