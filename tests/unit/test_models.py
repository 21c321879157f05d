"""models/<model>/model.toml: what is accepted, and how everything else is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml import models, vectors
from tinyml.errors import UserError

FULL = """
file = "net.h5"
app = "other"
[input]
scale = 0.5
[calibration]
file = "calibration.npz"
[test]
file = "data/test.npz"
[placement]
arena = "DTCM"
code = "ITCM"
weights = "SRAM"
layers = ["dense", "4"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model's folder with every file that the tests name, but no model.toml."""
    folder = tmp_path / "models" / "net"
    (folder / "data").mkdir(parents=True)
    for name in ("net.h5", "calibration.npz", "data/test.npz", "../outside.h5"):
        (folder / name).write_bytes(b"")
    return folder


def refused(folder: Path, toml: str) -> UserError:
    (folder / "model.toml").write_text(toml)
    with pytest.raises(UserError) as caught:
        models.load(folder)
    return caught.value


def test_every_key_arrives(folder: Path) -> None:
    """A model.toml with every key becomes a Model with every field."""
    (folder / "model.toml").write_text(FULL)
    assert models.load(folder) == models.Model(
        name="net",
        folder=folder,
        file=folder / "net.h5",
        app="other",
        input_scale=0.5,
        calibration=folder / "calibration.npz",
        test=folder / "data/test.npz",
        placement=models.Placement("DTCM", "ITCM", "SRAM", ("dense", "4")),
    )


def test_only_the_file_is_required(folder: Path) -> None:
    """Everything but the file has a default."""
    (folder / "model.toml").write_text('file = "net.h5"')
    model = models.load(folder)
    assert (model.app, model.input_scale, model.calibration, model.test) == ("mnist", 1, None, None)


@pytest.mark.parametrize(
    ("toml", "culprit", "expected"),
    [
        ('fil = "net.h5"', "unknown key 'fil'", "file, app, input, calibration, test"),
        ('app = "mnist"', "lacks file", "file"),
        ("file = 3", "file is 3", "a string"),
        ('file = "net.h5"\ninput = 1', "input is 1", "a table"),
        ('file = "net.h5"\n[input]\nscale = "1"', "scale is '1'", "a number"),
        ('file = "net.h5"\n[input]\nscale = nan', "scale is nan", "finite"),
        ('file = "net.h5"\n[input]\nscale = -1.0', "scale is -1.0", "above 0"),
        ('file = "net.h5"\n[input]\noffset = 1.0', "unknown key 'offset'", "scale"),
        ('file = "net.h5"\n[test]', "lacks file", "file"),
        ('file = "net.h5"\napp = "../x"', "app is '../x'", "firmware/apps"),
        ('file = "absent.h5"', "absent.h5 does not exist", "inside"),
        ('file = "../outside.h5"', "'../outside.h5'", "inside"),
        ('file = "/etc/passwd"', "'/etc/passwd'", "inside"),
        ('file = "a\\u0000b"', "'a\\x00b'", "inside"),
        ('file = ""', "file is ''", "inside"),
        ('file = "net.h5"\n[test]\nfile = "no.npz"', "no.npz does not exist", "inside"),
        ("file = ", "is not TOML", "TOML"),
    ],
)
def test_mistakes_are_named(folder: Path, toml: str, culprit: str, expected: str) -> None:
    """Each mistake is refused by a message that names it and says what is allowed."""
    error = refused(folder, toml)
    assert culprit in error.culprit
    assert expected in error.expected
    assert "model.toml" in error.hint


def test_a_link_cannot_lead_out(folder: Path) -> None:
    """A symbolic link to a file outside the folder is refused like the path itself."""
    (folder / "link.h5").symlink_to(folder.parent / "outside.h5")
    assert "'link.h5'" in refused(folder, 'file = "link.h5"').culprit


def test_a_missing_model_lists_those_present(folder: Path) -> None:
    """A folder without model.toml is refused with the names of the models there are."""
    (folder / "model.toml").write_text(FULL)
    with pytest.raises(UserError) as caught:
        models.load(folder.parent / "nte")
    assert "'nte'" in caught.value.culprit
    assert caught.value.expected == "one of net"


@given(text=st.text(alphabet='file=ap["]\n.1intest{}#\\', max_size=60))
def test_any_text_is_accepted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """No model.toml makes the loader raise anything but UserError."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.toml").write_text(text)
    try:
        models.load(folder)
    except UserError as error:
        assert error.expected and error.hint


def test_importing_is_cheap(root: Path) -> None:
    """A null build loads the models without numpy, let alone TensorFlow."""
    code = "import sys, tinyml.models; print({'numpy', 'tensorflow'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, cwd=root / "site_scons", capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


def test_the_committed_model(root: Path) -> None:
    """models/mnist has 100 calibration and 200 other test vectors, evenly over the digits."""
    model = models.load(root / "models" / "mnist")
    assert model.calibration is not None and model.test is not None
    calibration = vectors.load(model.calibration, (28, 28, 1), model.input_scale)
    test = vectors.load(model.test, (28, 28, 1), model.input_scale)
    assert (len(calibration), len(test)) == (100, 200)
    assert test.labels is not None and np.bincount(test.labels).tolist() == [20] * 10
    assert {v.tobytes() for v in calibration.inputs}.isdisjoint(v.tobytes() for v in test.inputs)
    for inputs in (calibration.inputs, test.inputs):
        assert inputs.min() == 0 and inputs.max() == 1
    sizes = [file.stat().st_size for file in (model.file, model.calibration, model.test)]
    assert sum(sizes) < 500_000, "these files are committed: keep them small"


def test_placement_names_what_it_places(folder: Path) -> None:
    """What is left out stays where the board has it."""
    (folder / "model.toml").write_text('file = "net.h5"\n[placement]\ncode = "ITCM"\n')
    assert models.load(folder).placement.choices() == {"code": "ITCM"}


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ('layers = ["1"]', "no memory for their weights"),
        ("arena = 3", "arena is 3"),
        ('stack = "DTCM"', "unknown key 'stack'"),
        ('layers = "1"', "layers is '1'"),
    ],
)
def test_bad_placement_is_refused(folder: Path, line: str, culprit: str) -> None:
    """Wrong types and keys, and layers without a memory."""
    error = refused(folder, f'file = "net.h5"\n[placement]\n{line}\n')
    assert culprit in error.culprit


@pytest.mark.parametrize("name", ["my model", "a.b", "a+b", "x'y", "e;touch x", "-n"])
def test_a_folder_name_that_tools_would_misread_is_refused(folder: Path, name: str) -> None:
    """It becomes part of commands, of C names and of file names."""
    renamed = folder.rename(folder.parent / name)
    error = refused(renamed, 'file = "net.h5"\napp = "mnist"\n')
    assert repr(name) in error.culprit and "letters" in error.expected
