"""Every rule of the accounting, damaged in turn, is missed by the example or by the self-checks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unit.elf import accounting_example

# What the rule says: file of tinyml/elf, the text that does it, and what stands there instead.
MUTATIONS: dict[str, tuple[str, str, str]] = {
    "gaps in flash are padding": ("account.py", "if end is not None and address != end:", "if 0:"),
    "a gap in RAM that alignment explains is padding": (
        "account.py",
        "end != section.address < end + section.alignment",
        "end != section.address < end",
    ),
    "a wide gap in RAM is free": (
        "account.py",
        "end != section.address < end + section.alignment",
        "end != section.address",
    ),
    "stored bytes of .data count in flash": (
        "account.py",
        "(s for s in image.sections if layout.load(s) is memory)",
        "(s for s in image.sections if layout.run(s) is memory)",
    ),
    "code that runs in RAM is a load image": (
        "account.py",
        "if layout.run(section) is memory else LOAD_IMAGE",
        "if section.flags & 4 else LOAD_IMAGE",
    ),
    "the .bin begins with the first stored byte": ("account.py", "- min(stored)[0]", "- 0x8000008"),
    "what is written and stored is data": ("account.py", "return BSS if", "return TEXT if"),
    "a function's address is even": ("image.py", "~1 if arm and function else ~0", "~0"),
    "load addresses are physical": (
        "image.py",
        "segment.physical + into",
        "segment.virtual + into",
    ),
    "a thread's storage takes no room": (
        "image.py",
        "bool(self.flags & SHF_TLS) and self.type == SHT_NOBITS",
        "False",
    ),
    "mapping symbols are no names": ("image.py", 'in ("a", "d", "t", "x") and', "in () and"),
    "a global name goes before others": ("image.py", "{1: 0, 2: 1}.get(binding, 2)", "-binding"),
    "another name for the same bytes counts once": (
        "spans.py",
        "if before == (symbol.address, symbol.size):",
        "if False:",
    ),
    "the inner of two symbols has the bytes": (
        "spans.py",
        "key=lambda s: (s.address, -s.size, s.rank, s.name)",
        "key=lambda s: (-s.size, s.address, s.rank, s.name)",
    ),
    "the later of two overlapping symbols has the bytes": (
        "spans.py",
        "if open_ and begin > position:",
        "if open_ and (begin := min(open_[-1][0], begin + 4)) > position:",
    ),
    "constants between instructions are literals": (
        "spans.py",
        "LITERAL if data else SYMBOL",
        "SYMBOL",
    ),
    "a label without a size has what follows": (
        "spans.py",
        "bare = (s for s in symbols if not s.size and",
        "bare = (s for s in symbols if s.size and",
    ),
    "an object's section names what no symbol does": (
        "spans.py",
        'name = _name_of(piece) if start == piece.start else ""',
        'name = ""',
    ),
    "strings without a name are literals": (
        "spans.py",
        "return LITERAL if self.stored and constant else UNATTRIBUTED",
        "return UNATTRIBUTED",
    ),
    "constants beside code are no code": (
        "spans.py",
        "constant = not self.executable or _CONSTANTS.match(piece.input)",
        "constant = not self.executable",
    ),
    "merged strings have no symbol": ("spans.py", '"" if _MERGED.search(name) else name', "name"),
    "what the linker script writes is its own": (
        "spans.py",
        "if piece.object == SCRIPT:",
        "if False:",
    ),
    "room that no object fills is a reserve": ("spans.py", "return RESERVE", "return PADDING"),
    "bytes of RAM that nobody names are unattributed": (
        "spans.py",
        "LITERAL if self.stored and constant else UNATTRIBUTED",
        "LITERAL",
    ),
    "a byte is in one piece only": (
        "leaves.py",
        "end = min(piece.address + piece.size, following, section.end)",
        "end = piece.address + piece.size",
    ),
    "the copy in flash is told from what runs": (
        "leaves.py",
        "row.kind == LOAD_IMAGE, section, span",
        "False, section, span",
    ),
    "the copy has the addresses of flash": (
        "leaves.py",
        "moved = row.address - section.address",
        "moved = 0",
    ),
    "padding between sections is counted": (
        "leaves.py",
        "    if row.kind == PADDING:\n",
        "    if row.kind == PADDING:\n        return\n",
    ),
    "members are told from plain objects": ("mapfile.py", "if found else None", "and None"),
    "LONG of the script is read": ("mapfile.py", "BYTE|SHORT|LONG", "BYTE|SHORT"),
    "long names wrap": ("mapfile.py", '_WRAPPED.sub(r"\\1 ", ', "str("),
    "the first rule decides": (
        "groups.py",
        "for rule in self._rules)",
        "for rule in self._rules[::-1])",
    ),
    "a star of a group's name is filled in": ("groups.py", "words[number - 1]", '"{1}"'),
}
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the modules."""
    folder = tmp_path_factory.mktemp("mutated")
    source, left_out = ROOT / "site_scons" / "tinyml", shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, folder / "tinyml", ignore=left_out)
    return folder


def example(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the example with the modules in a folder."""
    path = os.pathsep.join((str(folder), str(ROOT / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "unit.elf.accounting_example"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_example_adds_up(copied: Path) -> None:
    """Row by row, and in a copy of the modules, which the mutations need."""
    assert accounting_example.rows() == accounting_example.ROWS
    assert example(copied).returncode == 0


@pytest.mark.parametrize("rule", MUTATIONS)
def test_a_damaged_rule_is_seen(rule: str, copied: Path) -> None:
    """The damage is really done, and then something goes red."""
    file, text, instead = MUTATIONS[rule]
    path = copied / "tinyml" / "elf" / file
    sound = path.read_text()
    assert sound.count(text) == 1, "the mutation is out of date"
    path.write_text(sound.replace(text, instead))
    try:
        compile(path.read_text(), file, "exec")
        assert example(copied).returncode == 1, rule
    finally:
        path.write_text(sound)
