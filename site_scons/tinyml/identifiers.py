"""C identifiers made from names that other people gave."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinyml.errors import UserError

#: What follows a model's own identifier in the generated C: two models must not meet there.
SUFFIXES = ("arena", "data", "input", "model", "operator", "output", "state", "weight", "w0")
_BEHIND = tuple(f"_{suffix}" for suffix in SUFFIXES)


def identifier(text: str) -> str:
    """Return ``text`` with what C does not allow in a name replaced, without reserved forms."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return f"m{name}" if name[:1].isdigit() else name


def model_identifier(text: str) -> str:
    """Return the C identifier for a model called ``text``; refuse a name with no letter in it."""
    name = identifier(text)
    if not name:
        raise UserError(
            f"the model name {text!r} has no letter or digit that C allows",
            "a name that makes a C identifier",
            "--name mnist",
        )
    return name


def require_apart(models: Sequence[str]) -> None:
    """Refuse models for one firmware whose C names could be the same."""
    names = [(model, model_identifier(model).lower()) for model in models]
    for index, (first, a) in enumerate(names):
        for second, b in names[index + 1 :]:
            short, long = sorted((a, b), key=len)
            rest = re.sub(r"^_w\d", "_w0", long.removeprefix(short))
            if long.startswith(short) and (not rest or rest.startswith(_BEHIND)):
                raise UserError(
                    f"models {first!r} and {second!r} would have the same C names",
                    "names that differ in more than punctuation, and none that is another and "
                    + ", ".join(_BEHIND),
                    f"rename models/{second}",
                )
