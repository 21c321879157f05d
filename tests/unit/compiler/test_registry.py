"""An operator has one name in the registry, the kernels, the tests and the guide."""

from __future__ import annotations

import re
from pathlib import Path

import tflite

from tinyml.compiler import ops
from tinyml.compiler.graph import enum_names

ROOT = Path(__file__).resolve().parents[3]
OPERATORS = Path(ops.__file__).parent


def test_every_file_is_registered() -> None:
    """A file that is not in the registry would never run; names in capitals are no operators."""
    files = {path.stem for path in OPERATORS.glob("[a-z]*.py")}
    assert files == {name.lower() for name in ops.OPERATORS}


def test_names_of_the_schema() -> None:
    """The registry's names are the schema's."""
    assert set(ops.OPERATORS) <= set(enum_names(tflite.BuiltinOperator).values())


def test_each_has_tests() -> None:
    """A folder of its own, or one of a test that names it."""
    files = (ROOT / "tests" / "compiler").rglob("test_*.py")
    named = words("\n".join(path.read_text() for path in files))
    assert set(ops.OPERATORS) <= named


def test_the_guide_names_them_all() -> None:
    """`docs/models.md` lists what runs."""
    assert set(ops.OPERATORS) <= words((ROOT / "docs" / "models.md").read_text())


def words(text: str) -> set[str]:
    """Return the names in capitals."""
    return set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text))
