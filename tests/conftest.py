"""Fixtures that every kind of test shares."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_MODELS = ROOT.parent / "shared" / "models"


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Return the folder of other people's models, or skip where it is absent."""
    if not SHARED_MODELS.is_dir():
        pytest.skip(f"no {SHARED_MODELS}: models by other people are not part of the project")
    return SHARED_MODELS
