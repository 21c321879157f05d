"""The kernels compiled once per session, and the comparison with tflite-micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.compare import Comparison
from support.compiled import kernel_library


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return all kernels as a static library of this computer, checked for undefined behaviour."""
    return kernel_library(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def oracle(kernels: Path, tmp_path: Path) -> Comparison:
    """Return the comparison with tflite-micro."""
    return Comparison(kernels, tmp_path)
