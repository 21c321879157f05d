"""models/mnist/train.py: the data it makes, and that the committed vectors are that data."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytestmark = pytest.mark.live


@pytest.fixture
def train(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the training script as a module, or skip without the ``train`` extra."""
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(root / "models" / "mnist"))
    for name in ("train", "digits"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import train

    return train


def test_the_committed_vectors_are_those_of_the_script(root: Path, train: ModuleType) -> None:
    """Drawing and dividing the digits again gives the two .npz; no test digit was trained on."""
    images, labels = train.digits.load_digits()
    training, calibration, test = train.split(labels, np.random.default_rng(train.SEED))
    assert set(test).isdisjoint(training) and set(calibration) <= set(training)
    assert len(test) + len(training) == len(labels) == 1797
    folder = root / "models" / "mnist"
    with np.load(folder / "test.npz") as stored:
        assert np.array_equal(stored["inputs"], train.stored(images[test]))
        assert np.array_equal(stored["labels"], labels[test])
    with np.load(folder / "calibration.npz") as stored:
        assert np.array_equal(stored["inputs"], train.stored(images[calibration]))


def test_digits_are_drawn_as_mnist_draws(train: ModuleType) -> None:
    """Ink fits a 20x20 box around the centre of the field; varied copies stay in the field."""
    from scipy import ndimage

    images, _ = train.digits.load_digits()
    random = np.random.default_rng(0)
    for image in images[:50]:
        assert image.shape == (28, 28) and image.min() == 0 and image.max() == 1
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        assert np.ptp(rows) < 20 and np.ptp(columns) < 20
        assert np.allclose(ndimage.center_of_mass(image), 13.5, atol=0.51)
        varied = train.digits.vary(image, random)
        assert varied.min() >= 0 and varied.max() <= 1 and not np.array_equal(varied, image)
        assert np.allclose(ndimage.center_of_mass(varied), 13.5, atol=4)


def test_keras_mnist_is_taken_where_it_is(
    train: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With MNIST in Keras' folder it is the default; its two parts are joined and scaled."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert train.digits.available_source() == "digits"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").touch()
    assert train.digits.available_source() == "mnist"
    part = (np.full((3, 28, 28), 255, np.uint8), np.arange(3))
    monkeypatch.setattr("keras.datasets.mnist.load_data", lambda: (part, part))
    images, labels = train.digits.load_mnist()
    assert images.shape == (6, 28, 28) and images.max() == 1 and images.dtype == np.float32
    assert labels.tolist() == [0, 1, 2, 0, 1, 2]
