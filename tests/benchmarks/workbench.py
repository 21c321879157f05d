"""Where the benchmarks build: links to the project, and the models of other people beside ours."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml import tflite_copy
from tinyml.compiler.graph import parse
from tinyml.options import folders_with

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "models"
BENCH = ROOT / "build" / "benchmarks"
LINKED = (
    *("SConstruct", "firmware", "site_scons", "third_party", "build/third_party"),
    "models/SConscript",
)
KERAS_MODES = ("int8", "none")
# The file that the post's own model is, and what it stands in the table as.
POST = ("mnist-tflite.h5", "post")


@dataclass(frozen=True)
class Network:
    """A model.

    Attributes:
        mode: the only one that a .tflite can be measured in; empty for a Keras model.
        file: somebody else's; None for a folder of ``models/``.
    """

    name: str
    mode: str = ""
    file: Path | None = None

    def measured(self, asked: Sequence[str] | None) -> list[str]:
        """Return the modes to measure, of those asked for where any were."""
        if not self.mode:
            return list(asked or KERAS_MODES)
        return [self.mode] if asked is None or self.mode in asked else []


def networks() -> list[Network]:
    """Return our models, the post's and those of MLPerf Tiny, as far as they are here."""
    ours = [Network(name) for name in folders_with(ROOT / "models", "model.toml")]
    theirs = [Network(POST[1], file=SHARED / POST[0])]
    theirs = [network for network in theirs if network.file and network.file.is_file()]
    return ours + theirs + [_ready(file) for file in sorted(SHARED.glob("*.tflite"))]


def _ready(file: Path) -> Network:
    mode = tflite_copy.mode(parse(file.read_bytes(), file.name))
    return Network(file.stem, mode, file)


def prepare(chosen: Sequence[Network]) -> Path:
    """Return the folder to build in; what it has built before is still there."""
    for name in LINKED:
        _link(BENCH / name, ROOT / name)
    for network in chosen:
        folder = BENCH / "models" / network.name
        if network.file is None:
            _link(folder, ROOT / "models" / network.name)
        else:
            _foreign(folder, network.file)
    return BENCH


def _link(link: Path, to: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(to)


def _foreign(folder: Path, file: Path) -> None:
    """Make a model's folder around somebody's file; a Keras model has mnist's vectors."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / file.name)
    toml = f'file = "{file.name}"\n'
    if file.suffix != ".tflite":
        mnist = ROOT / "models" / "mnist"
        described = (mnist / "model.toml").read_text(encoding="utf-8")
        toml = described.replace('file = "mnist.h5"', f'file = "{file.name}"')
        for vectors in ("calibration.npz", "test.npz"):
            shutil.copyfile(mnist / vectors, folder / vectors)
    (folder / "model.toml").write_text(toml, encoding="utf-8")
