"""The kernels, compiled once per session, and the comparison with tflite-micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.compare import Comparison
from support.compiled import kernel_library
from support.m7 import CortexM7

#: To copy; test_template.py does.
collect_ignore = ["TEMPLATE"]


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return all kernels as a static library of this computer, checked for undefined behaviour."""
    return kernel_library(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(scope="session")
def cortex_m7(tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the emulated Cortex-M7 with the kernels of `cm7`."""
    return CortexM7.make(tmp_path_factory.mktemp("cortex_m7"), "cm7")


@pytest.fixture
def oracle(kernels: Path, cortex_m7: CortexM7, tmp_path: Path) -> Comparison:
    """Return the comparison with tflite-micro."""
    return Comparison(kernels, cortex_m7, tmp_path)
