"""The two tables of sizes, against the files and against strip itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tinyml.elf import size_table
from tinyml.errors import UserError
from unit.elf.size_documents import document, leaf

STRIP = shutil.which("arm-none-eabi-strip") or shutil.which("strip")
GCC = "arm-none-eabi-gcc" if STRIP and "arm" in STRIP else "gcc"
needs_strip = pytest.mark.skipif(not STRIP, reason="no strip of any toolchain is installed")


def test_conversions_beside_the_original(tmp_path: Path) -> None:
    """Sizes are the files'; the ratio and the saving are of the original."""
    for name, size in (("x.h5", 400), ("none.tflite", 300), ("int8.tflite", 100)):
        (tmp_path / name).write_bytes(bytes(size))
    modes = [(mode, tmp_path / f"{mode}.tflite") for mode in ("none", "int8")]
    assert size_table.conversions(tmp_path / "x.h5", modes).rows == (
        ("x.h5", "400", "1.000", "-"),
        ("none", "300", "0.750", "25.0 %"),
        ("int8", "100", "0.250", "75.0 %"),
    )


def test_a_saved_model_is_all_its_files(tmp_path: Path) -> None:
    """It is a folder."""
    (tmp_path / "model/variables").mkdir(parents=True)
    (tmp_path / "model/saved_model.pb").write_bytes(bytes(30))
    (tmp_path / "model/variables/data").write_bytes(bytes(12))
    assert size_table.size_of(tmp_path / "model") == 42


def test_an_empty_original_has_no_ratio(tmp_path: Path) -> None:
    """Nothing is divided by zero."""
    (tmp_path / "x.h5").touch()
    shown = size_table.conversions(tmp_path / "x.h5", [("none", tmp_path / "x.h5")])
    assert shown.rows[1] == ("none", "0", "-", "-")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a library with debug information."""
    (tmp_path / "f.c").write_text("int f(int x) { return x * 3; }\n")
    archive = tmp_path / "libf.a"
    subprocess.run([GCC, "-g", "-c", "f.c", "-o", "f.o"], cwd=tmp_path, check=True)
    subprocess.run([GCC.replace("gcc", "ar"), "rcs", archive, "f.o"], cwd=tmp_path, check=True)
    return archive


def described(library: Path) -> dict[str, object]:
    """Return what a report says of a library of which 60 bytes of 240 are linked."""
    size = {"text": 200, "data": 40, "bss": 8}
    linked = {"FLASH": 60, "DTCM": 4}
    names = {"name": library.name, "path": str(library), "archive_bytes": 1234}
    return names | {"size": size, "linked": linked}


@needs_strip
def test_libraries(library: Path) -> None:
    """What strip leaves is what it leaves when it is called by hand; the library stays as it is."""
    assert STRIP
    before = library.read_bytes()
    new = document(leaf("f", 60), leaf("x", 4, "DTCM"), libraries=[described(library)])
    (row,) = size_table.libraries(new, STRIP).rows
    assert library.read_bytes() == before
    subprocess.run([STRIP, "--strip-unneeded", library], check=True)
    by_hand = library.stat().st_size
    assert by_hand < len(before)
    assert row == ("libf.a", "1234", str(by_hand), "240", "60", "4", "25.0 %")


@needs_strip
def test_what_is_no_library(tmp_path: Path) -> None:
    """The file is named, and what strip said."""
    assert STRIP
    (tmp_path / "libf.a").write_text("nothing")
    with pytest.raises(UserError, match=r"cannot strip .*libf\.a"):
        size_table.stripped(tmp_path / "libf.a", STRIP)


def test_without_strip(tmp_path: Path) -> None:
    """The tool is named."""
    with pytest.raises(UserError, match="cannot run no-such-strip"):
        size_table.stripped(tmp_path, "no-such-strip")


def test_a_report_without_libraries() -> None:
    """It was made without the linker's map."""
    with pytest.raises(UserError, match="lists no libraries"):
        size_table.libraries(document(leaf("f", 4)), "strip")


@pytest.mark.parametrize(
    "damage", [{"size": 3}, {"path": 3}, {"linked": {"ROM": 1}}, {"linked": []}]
)
def test_a_library_described_badly(library: Path, damage: dict[str, object]) -> None:
    """A report that somebody edited is an error, not a crash."""
    new = document(leaf("f", 60), libraries=[described(library) | damage])
    with pytest.raises(UserError, match="described badly"):
        size_table.libraries(new, "strip")


def test_text_and_markdown_have_the_same_cells(tmp_path: Path) -> None:
    """Two forms of one table."""
    (tmp_path / "x.h5").write_bytes(bytes(4))
    tables = [size_table.conversions(tmp_path / "x.h5", [("int8", tmp_path / "x.h5")])]
    plain, markdown = size_table.as_text(tables), size_table.as_markdown(tables)
    assert "int8      4  1.000   0.0 %" in plain
    assert "| `int8` | 4 | 1.000 | 0.0 % |" in markdown
