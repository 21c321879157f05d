"""Notebook: .ipynb -> .html, run from top to bottom, complete in itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from support import project
from tinyml import notebook
from tinyml.errors import UserError

pytestmark = pytest.mark.live
MNIST = project.ROOT / "models" / "mnist" / "mnist.ipynb"


def write(path: Path, *sources: str) -> Path:
    """Write a notebook with the code cells ``sources``."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_cells_run_in_the_notebooks_folder_with_the_settings(tmp_path: Path) -> None:
    """Outputs are in the page, the file itself is left as it was, our environment too."""
    path = write(tmp_path / "x.ipynb", "import os; a = 6", "print(a * 7, os.environ['X_SETTING'])",
                 "print(os.getcwd())")  # fmt: skip
    before = path.read_bytes()
    done = notebook.execute(path, {"X_SETTING": "seen"})
    assert [cell.outputs[0].text for cell in done.cells[1:]] == ["42 seen\n", f"{tmp_path}\n"]
    assert path.read_bytes() == before and "X_SETTING" not in os.environ
    page = notebook.render(done)
    assert "42 seen" in page


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    """No script, style or image comes from elsewhere."""
    page = notebook.render(notebook.execute(write(tmp_path / "x.ipynb", "1"), {}))
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?!#|data:)[^\"'\s>]+", page)
    assert not re.findall(r"@import|url\(\s*[\"']?http", page)


@pytest.mark.parametrize(
    ("cell", "message"),
    [("1 / 0", "code cell 2 failed"), ("import os; os._exit(3)", "code cell 2 failed")],
)
def test_a_cell_that_fails_is_named(
    tmp_path: Path, cell: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception, or a kernel that dies: the cell is named and nothing is written."""
    path, page = write(tmp_path / "x.ipynb", "2", cell, "3"), tmp_path / "x.html"
    with pytest.raises(UserError, match=message):
        notebook.main([str(path), "--output", str(page)])
    assert not page.exists()
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"cells": 3}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    """A damaged file is an error in three parts."""
    (tmp_path / "x.ipynb").write_bytes(content)
    with pytest.raises(UserError, match="is not a Jupyter notebook"):
        notebook.execute(tmp_path / "x.ipynb", {})


def test_the_committed_notebook_has_no_outputs() -> None:
    """Outputs belong into the page that is made of it."""
    for cell in nbformat.read(MNIST, as_version=4).cells:
        assert cell.cell_type != "code" or (cell.outputs == [] and cell.execution_count is None)


def test_mnist_notebook_from_training_to_the_device(tmp_path: Path) -> None:
    """All cells run; one epoch without varied copies is enough to see it work."""
    variant = project.build("board=host")
    page = tmp_path / "mnist.html"
    settings = {"IMAGE": str(variant / "mnist.elf"), "EPOCHS": "1", "COPIES": "0"}
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    result = subprocess.run(
        [sys.executable, "-m", "tinyml.notebook", str(MNIST), "--output", str(page), *words],
        env={**os.environ, "PYTHONPATH": str(project.ROOT / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    text = page.read_text()
    assert "output_stream output_stderr" not in text  # no remarks of TensorFlow's
    # The digits, the digit, its scores, the layers.
    assert len(re.findall(r'<img[^>]+src="data:image/png;base64', text)) == 4
    answers = re.findall(r"\b(Keras|TFLite|device) +7 ", text)
    assert answers == ["Keras", "TFLite", "device"]
    assert re.findall(r"^device +100% of 20 digits", text, re.MULTILINE)
    assert {"none", "dynamic", "int8", "float16", "int16x8"} <= set(re.findall(r"<td>(\w+)", text))
