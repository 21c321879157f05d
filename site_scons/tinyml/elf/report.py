"""All that the size report says of one firmware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinyml.elf.account import Account
from tinyml.elf.leaves import Leaf
from tinyml.elf.library import Linked
from tinyml.elf.operators import Operators

Build = Mapping[str, str | int]
"""What the firmware says of itself: the content of its build-info.json."""


@dataclass(frozen=True)
class Report:
    """What is known of an ELF file; None for what was not asked for.

    Attributes:
        leaves: every used byte once: what all views add up.
    """

    account: Account
    leaves: tuple[Leaf, ...] = ()
    build: Build = field(default_factory=dict)
    linked: Linked | None = None
    operators: Operators | None = None
