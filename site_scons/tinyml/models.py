"""Loads ``models/<model>/model.toml``: what a model is and which vectors go with it.

::

    file = "mnist.h5"          # .h5, .keras, a SavedModel folder, or a .tflite, taken as it is
    app = "mnist"              # firmware/apps/<app> runs it; this is the default

    [input]
    scale = 0.00392156862745098  # float input = stored uint8 value x scale; default 1.0

    [calibration]              # what int8 and int16x8 take the ranges of the tensors from
    file = "calibration.npz"

    [test]                     # held-out vectors: the accuracy, and the firmware's tests
    file = "test.npz"

    [placement]                # memories of the board, by their names in board.toml; each optional
    arena = "DTCM"
    code = "ITCM"              # the kernels, copied there at start-up
    weights = "DTCM"           # copied there at start-up
    layers = ["dense_1", "4"]  # only these layers' weights: by a word of the name, or by number

    [[budget]]                 # see `tinyml.budgets`
    memory = "flash"
    group = "model weights"
    fail = "100K"

The three files are paths inside the model's folder. `tinyml.vectors` describes the two
``.npz``. Only ``file`` is required.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from tinyml import budgets, typed_toml
from tinyml.budgets import Budget
from tinyml.errors import UserError
from tinyml.files import read_toml
from tinyml.identifiers import model_identifier


@dataclass(frozen=True)
class Placement:
    """Which memories a model wants; None leaves the board's choice.

    ``layers`` are those whose weights go to ``weights``; all where it is empty.
    """

    arena: str | None = None
    code: str | None = None
    weights: str | None = None
    layers: tuple[str, ...] = ()

    def choices(self) -> dict[str, str]:
        """Return the memory of each kind of content that has one."""
        wanted = {"arena": self.arena, "code": self.code, "weights": self.weights}
        return {content: memory for content, memory in wanted.items() if memory is not None}


@dataclass(frozen=True)
class Model:
    """A folder of ``models/``; every path exists and lies in ``folder``.

    ``input_scale`` turns a stored uint8 vector into the model's float input.
    """

    name: str
    folder: Path
    file: Path
    app: str
    input_scale: float
    calibration: Path | None
    test: Path | None
    placement: Placement = Placement()
    budget: tuple[Budget, ...] = ()

    @property
    def identifier(self) -> str:
        """What its C names begin with."""
        return model_identifier(self.name)


@dataclass(frozen=True)
class _Input:
    scale: float = 1.0


@dataclass(frozen=True)
class _Vectors:
    file: str


@dataclass(frozen=True)
class _ModelToml:
    file: str
    app: str = "mnist"
    input: _Input = _Input()
    calibration: _Vectors | None = None
    test: _Vectors | None = None
    placement: Placement = Placement()
    budget: tuple[Budget, ...] = ()


def load(folder: Path) -> Model:
    """Return the model described by ``folder/model.toml``.

    Raises:
        UserError: no such folder or file, TOML that is not valid, an unknown key, a value of
            the wrong type, a path that leaves the folder or does not exist.
    """
    toml = folder / "model.toml"
    hint = f"correct {toml}; the keys are explained in docs/models.md"
    if not toml.is_file():
        raise _no_such_model(folder)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", folder.name):
        culprit = f"the model's folder is called {folder.name!r}"
        raise UserError(culprit, "letters, digits, - and _ in its name", f"rename {folder}")
    table = read_toml(toml, hint)
    budget = budgets.tables(table.pop("budget", []), str(toml))
    described = typed_toml.build(_ModelToml, table, str(toml), hint)
    scale = described.input.scale
    if not (math.isfinite(scale) and scale > 0):
        raise UserError(f"{toml} [input] scale is {scale}", "a finite number above 0", hint)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", described.app):
        raise UserError(f"{toml} app is {described.app!r}", "a folder of firmware/apps", hint)
    return Model(
        name=folder.name,
        folder=folder,
        file=_inside(folder, described.file, f"{toml} file", hint),
        app=described.app,
        input_scale=scale,
        calibration=_vectors(folder, described.calibration, f"{toml} [calibration] file", hint),
        test=_vectors(folder, described.test, f"{toml} [test] file", hint),
        placement=_placement(described.placement, str(toml), hint),
        budget=budget,
    )


def _placement(placement: Placement, where: str, hint: str) -> Placement:
    if placement.layers and placement.weights is None:
        culprit = f"{where}: [placement] has layers, but no memory for their weights"
        raise UserError(culprit, 'weights = "DTCM" or another memory of the board', hint)
    return placement


def _vectors(folder: Path, section: _Vectors | None, where: str, hint: str) -> Path | None:
    return None if section is None else _inside(folder, section.file, where, hint)


def _inside(folder: Path, name: str, where: str, hint: str) -> Path:
    """Return ``folder/name``, provided that it exists and does not leave the folder."""
    expected = f"the path of a file inside {folder}"
    # resolve() refuses a NUL and follows links, so that a link cannot lead out either.
    if not name or "\0" in name or not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{where} is {name!r}", expected, hint)
    path = folder / name
    if not path.exists():
        raise UserError(f"{where}: {path} does not exist", expected, hint)
    return path


def _no_such_model(folder: Path) -> UserError:
    present = sorted(path.parent.name for path in folder.parent.glob("*/model.toml"))
    return UserError(
        f"there is no model {folder.name!r}: {folder / 'model.toml'} is missing",
        f"one of {', '.join(present)}" if present else f"a folder of {folder.parent}",
        "give the folder a model.toml; models/mnist/model.toml is an example",
    )
