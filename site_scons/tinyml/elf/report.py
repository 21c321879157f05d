"""All that the size report says of one ELF file, and how it is gathered from the files."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tinyml.elf import demangle, groups, library, mapfile, operators, regions
from tinyml.elf.account import Account, account, check_bin
from tinyml.elf.image import Image, read
from tinyml.elf.leaves import Leaf, leaves
from tinyml.elf.library import Linked
from tinyml.elf.operators import Operators
from tinyml.errors import UserError

if TYPE_CHECKING:
    from tinyml.elf.stack import Stack
    from tinyml.plan_report.report import Report as Plan

Build = Mapping[str, str | int]
"""What the firmware says of itself: the content of its build-info.json."""


@dataclass(frozen=True)
class Inputs:
    """The files to report on; None for what is not there.

    Attributes:
        regions: a board's folder, its board.toml, or a TOML file with [memory] tables.
        bin: flat image to check the total of flash against.
        groups: rules that go before those of groups.toml.
        stack: folders with the compiler's call graphs.
        calls: what they cannot tell: stack of assembly functions, targets of indirect calls.
    """

    elf: Path
    regions: Path | None = None
    bin: Path | None = None
    map: Path | None = None
    plans: Sequence[Path] = ()
    build_info: Path | None = None
    groups: Path | None = None
    stack: Sequence[Path] = ()
    calls: Sequence[Path] = ()


@dataclass(frozen=True)
class Report:
    """What is known of an ELF file; None for what was not asked for.

    Attributes:
        leaves: every used byte once: what all views add up.
        notes: what cannot be known, and how it could.
    """

    account: Account
    leaves: tuple[Leaf, ...] = ()
    build: Build = field(default_factory=dict)
    linked: Linked | None = None
    operators: Operators | None = None
    plans: tuple[Plan, ...] = ()
    stack: Stack | None = None
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """Return symbols as they were written in the source, where that is another name."""
        return demangle.demangled({leaf.symbol for leaf in self.leaves})


@dataclass(frozen=True)
class Gathered:
    """A report with the image and the map that it was made of."""

    report: Report
    image: Image
    map_text: str | None


def gather(inputs: Inputs) -> Gathered:
    """Read all files and return what they say.

    Raises:
        UserError: one of them cannot be read, is damaged, or does not belong to the others.
    """
    image = read(inputs.elf)
    text = _map_text(inputs.map) if inputs.map else None
    layout = regions.layout(image, inputs.regions, text)
    board = inputs.regions.resolve() if inputs.regions else None
    name = (board if board.is_dir() else board.parent).name if board else ""
    result = account(image, name, layout)
    if inputs.bin:
        check_bin(result, inputs.bin.name, _length(inputs.bin))
    given = mapfile.read(text, inputs.map.name) if text is not None and inputs.map else None
    found = leaves(image, result, groups.load(inputs.groups), given)
    report = Report(
        account=result,
        leaves=found,
        build=_build_info(inputs.build_info) if inputs.build_info else {},
        linked=library.linked(image, found, given, text) if text and given is not None else None,
        operators=operators.read(inputs.plans) if inputs.plans else None,
        plans=_plans(inputs.plans),
        stack=_stack(inputs, image, found),
        notes=tuple(_notes(inputs, image, layout)),
    )
    return Gathered(report, image, text)


def _notes(inputs: Inputs, image: Image, layout: regions.Layout) -> list[str]:
    found = []
    if isinstance(layout, regions.ByRole):
        found.append(
            "no memories are known: what is stored and what is written to (--regions board.toml)"
        )
    if inputs.map is None:
        found.append("libraries, objects and most groups are in the linker's map (--map)")
    if not image.symbols:
        found.append("the ELF is stripped: it has no symbols")
    if image.relocatable:
        found.append("an object, not linked: its addresses are made up, and there is no .bin")
    for section in image.threads:
        found.append(f"{section.name}: {section.size} bytes more for each thread")
    return found


def _plans(paths: Sequence[Path]) -> tuple[Plan, ...]:
    if not paths:
        return ()
    from tinyml.elf import layers

    return tuple(layers.read(path) for path in paths)


def _stack(inputs: Inputs, image: Image, found: Sequence[Leaf]) -> Stack | None:
    if not inputs.stack:
        return None
    from tinyml.elf import stack

    return stack.measure(image, found, inputs.stack, inputs.calls)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "the .bin made from the .elf", "build it") from error


def _build_info(path: Path) -> Build:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): value for name, value in dict(found).items()}
    except (OSError, ValueError, TypeError) as error:
        culprit = f"cannot read {path}: {error}"
        raise UserError(culprit, "the build-info.json of the firmware", "build it") from error


def _map_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "the map that the linker wrote", "build it") from error
