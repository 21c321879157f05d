"""Names by other people become C identifiers, and those of two models never the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.errors import UserError
from tinyml.identifiers import identifier, model_identifier, require_apart


@given(st.text())
def test_identifier(text: str) -> None:
    """Any text becomes a C name without reserved forms, or nothing."""
    assert re.fullmatch(r"([A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*)?", identifier(text))


@pytest.mark.parametrize(
    ("name", "expected"), [("my-model.v2", "my_model_v2"), ("2fast", "m2fast"), ("_x", "x")]
)
def test_model_identifier(name: str, expected: str) -> None:
    """A model's name becomes a prefix of C names."""
    assert model_identifier(name) == expected


@pytest.mark.parametrize("name", ["", "...", "число"])
def test_model_identifier_refused(name: str) -> None:
    """A name with nothing that C allows."""
    with pytest.raises(UserError, match="name"):
        model_identifier(name)


@pytest.mark.parametrize(
    "models",
    [("mnist",), ("kws", "kws-small"), ("a", "b", "ab"), ("kws", "kws-world"), ("m", "minput")],
)
def test_models_apart(models: tuple[str, ...]) -> None:
    """Models may share the beginning of a name."""
    require_apart(models)


@pytest.mark.parametrize(
    "models",
    [
        ("my-model", "my_model"),
        ("2fast", "m2fast"),
        ("KWS", "kws"),
        ("kws", "other", "kws-w1-conv"),
        ("kws-input", "kws"),
        ("kws", "kws_weights"),
    ],
)
def test_models_that_would_clash(models: tuple[str, ...]) -> None:
    """One identifier, or one that looks like what is generated for another."""
    with pytest.raises(UserError, match="same C names"):
        require_apart(models)
