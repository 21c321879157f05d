"""TensorFlow, told to be silent and repeatable; and a lid for what it prints nevertheless."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from tinyml.errors import UserError

_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",  # a GPU adds start-up time and other roundings
    "KERAS_BACKEND": "tensorflow",  # whatever the user's keras.json says
    "TF_CPP_MIN_LOG_LEVEL": "1",  # warnings and errors; shown when the conversion fails
    "TF_ENABLE_ONEDNN_OPTS": "0",  # one rounding on every processor
}


def tensorflow() -> Any:
    """Return the module ``tensorflow``. It must be the first to import it in its process."""
    os.environ.update(_ENVIRONMENT)
    # Of the one interpreter that has the reference kernels.
    warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated")
    return importlib.import_module("tensorflow")


def keras() -> Any:
    """Return the module ``keras``, running on TensorFlow."""
    tensorflow()
    return importlib.import_module("keras")


@contextlib.contextmanager
def output_held_back() -> Iterator[None]:
    """Hold back everything the process prints, C++ included, and show it if the body fails.

    A `UserError` says itself what is wrong, so nothing else is shown with it, unless another
    exception caused it: then the output may hold the details.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    streams = (1, 2)
    saved = [os.dup(stream) for stream in streams]
    with tempfile.TemporaryFile() as held, os.fdopen(os.dup(2), "wb") as screen:
        try:
            for stream in streams:
                os.dup2(held.fileno(), stream)
            yield
        except BaseException as error:
            if not isinstance(error, (UserError, KeyboardInterrupt)) or error.__cause__:
                held.seek(0)
                screen.write(held.read())
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, copy in zip(streams, saved, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
