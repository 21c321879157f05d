"""Runs a Jupyter notebook and renders it as one HTML page: ``python -m tinyml.notebook``.

The page is complete in itself: it loads nothing from anywhere.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

if TYPE_CHECKING:
    import nbformat

CELL_SECONDS = 1800
_LAST_LINES = 12


def execute(path: Path, settings: Mapping[str, str]) -> nbformat.NotebookNode:
    """Return the notebook ``path`` with the outputs of all its cells, run in its own folder.

    ``settings`` are environment variables for it. The file itself is not changed.

    Raises:
        UserError: it is no notebook, or a cell failed.
    """
    import nbclient
    from jupyter_client.manager import AsyncKernelManager
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = _read(path)
    with environment_with(settings), tempfile.TemporaryDirectory() as sockets:
        # Sockets in a folder of this user: no port of this computer is open to others.
        manager = AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=str(Path(sockets, "kernel"))
        )
        begun: list[int] = []
        client = nbclient.NotebookClient(
            notebook,
            km=manager,
            on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise _failed(path, len(begun), str(error)) from None
        finally:
            if manager.has_kernel:
                asyncio.run(manager.shutdown_kernel(now=True))
    return notebook


def render(notebook: nbformat.NotebookNode) -> str:
    """Return the notebook as an HTML page without links to scripts or styles elsewhere."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="classic", embed_images=True)
    # The template would load these from the network; nothing here has formulas or widgets.
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = ""
    exporter.widget_renderer_url = exporter.mermaid_js_url = ""
    page, _ = exporter.from_notebook_node(notebook)
    return str(page)


def _read(path: Path) -> nbformat.NotebookNode:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    # nbformat takes for granted that the JSON is an object of the right kind.
    except (OSError, ValueError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise UserError(
            f"{path} is not a Jupyter notebook: {str(error).splitlines()[0]}",
            "an .ipynb file",
            "git checkout, or save it with Jupyter again",
        ) from error


def _failed(path: Path, number: int, text: str) -> UserError:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()
    print("\n".join(plain.splitlines()[-_LAST_LINES:]), file=sys.stderr)
    return UserError(
        f"{path}: code cell {number} failed; its last lines are above",
        "a notebook that runs from top to bottom",
        f"jupyter lab {path}, and run it cell by cell",
    )


@contextlib.contextmanager
def environment_with(settings: Mapping[str, str]) -> Iterator[None]:
    """Have ``settings`` in the environment, and this Python's folder first on PATH."""
    before = dict(os.environ)
    folder = str(Path(sys.executable).parent)
    os.environ.update(settings, PATH=f"{folder}{os.pathsep}{before.get('PATH', '')}")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(arguments: list[str] | None = None) -> int:
    """Run a notebook and write it as HTML."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.notebook", description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.html")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="an environment variable"
    )
    options = parser.parse_args(arguments)
    settings = {}
    for word in options.set:
        name, equals, value = word.partition("=")
        if not (name and equals):
            parser.error(f"--set {word}: NAME=VALUE is wanted")
        settings[name] = value
    try:
        import nbclient  # noqa: F401
        import nbconvert  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"the Python package {error.name} is not installed",
            "the packages of requirements/notebook.txt",
            "./sconsw notebook, or pip install nbclient nbconvert ipykernel matplotlib",
        ) from error
    write_if_changed(options.output, render(execute(options.notebook, settings)))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
