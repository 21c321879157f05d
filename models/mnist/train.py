"""Train the digit classifier and write its vectors: ``python models/mnist/train.py``.

Writes mnist.h5, calibration.npz and test.npz beside this file. The same machine, library
versions and data give the same files. Needs the project's ``train`` extra.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import digits
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
SEED = 20190627
PARAMETERS = 93_322
TEST_PER_DIGIT = 20
CALIBRATION_PER_DIGIT = 10
Indices = NDArray[np.intp]
SOURCES = {"mnist": digits.load_mnist, "digits": digits.load_digits}


def architecture() -> keras.Model:
    """Return the untrained network: (28, 28, 1) floats in [0, 1] to ten probabilities."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1), name="image"),
            layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(2, name="pool_1"),
            layers.Conv2D(64, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(2, name="pool_2"),
            layers.Conv2D(64, 3, activation="relu", name="conv_3"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="dense_1"),
            layers.Dense(10, activation="softmax", name="dense_2"),
        ],
        name="mnist",
    )
    if model.count_params() != PARAMETERS:
        raise AssertionError(f"{model.count_params()} parameters instead of {PARAMETERS}")
    return model


def split(labels: digits.Labels, random: np.random.Generator) -> tuple[Indices, Indices, Indices]:
    """Return the shuffled indices of (training, calibration, test) images.

    Test images are in no other part; calibration images are some of the training images.
    """
    order = random.permutation(len(labels))
    by_digit = [order[labels[order] == digit] for digit in range(10)]
    test = np.concatenate([indices[:TEST_PER_DIGIT] for indices in by_digit])
    training = np.concatenate([indices[TEST_PER_DIGIT:] for indices in by_digit])
    end = TEST_PER_DIGIT + CALIBRATION_PER_DIGIT
    calibration = np.concatenate([indices[TEST_PER_DIGIT:end] for indices in by_digit])
    return training, random.permutation(calibration), random.permutation(test)


def augmented(
    images: digits.Images, labels: digits.Labels, copies: int, random: np.random.Generator
) -> tuple[digits.Images, digits.Labels]:
    """Return the images with ``copies`` varied ones of each, in random order."""
    varied = [digits.vary(image, random) for image in images for _ in range(copies)]
    all_images = np.stack([*images, *varied])
    all_labels = np.concatenate([labels, np.repeat(labels, copies)])
    order = random.permutation(len(all_labels))
    return all_images[order], all_labels[order]


def train(images: digits.Images, labels: digits.Labels, epochs: int) -> keras.Model:
    """Return the network trained with Adam and a learning rate that falls as a cosine."""
    model = architecture()
    batch = 64
    steps = epochs * -(-len(labels) // batch)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(images[..., np.newaxis], labels, batch, epochs, verbose=2, shuffle=True)
    return model


def stored(images: digits.Images) -> NDArray[np.uint8]:
    """Return the images as (N, 28, 28, 1) bytes, 255 for ink."""
    return np.rint(images * 255).astype(np.uint8)[..., np.newaxis]


def main() -> None:
    """Train, write the three files and print the accuracy on the test vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=SOURCES, default=digits.available_source())
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--copies", type=int, default=12, help="varied copies of each image")
    options = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    random = np.random.default_rng(SEED)
    images, labels = SOURCES[options.data]()
    training, calibration, test = split(labels, random)
    data = augmented(images[training], labels[training], options.copies, random)
    model = train(*data, options.epochs)

    model.save(HERE / "mnist.h5", include_optimizer=False)
    np.savez_compressed(HERE / "calibration.npz", inputs=stored(images[calibration]))
    vectors = stored(images[test])
    np.savez_compressed(HERE / "test.npz", inputs=vectors, labels=labels[test])
    predicted = model.predict(vectors / np.float32(255), verbose=0).argmax(axis=1)
    correct = int((predicted == labels[test]).sum())
    print(f"{options.data}: {correct} of {len(test)} test vectors are classified correctly")


if __name__ == "__main__":
    main()
