"""The Python module that flatc makes of firmware/schema/link.fbs.

The build makes it for each variant, as ``Flatc`` does; the client keeps one of its own in
build/link, made by the same step the first time it is needed and whenever the schema has changed.
"""

from __future__ import annotations

import functools
import hashlib
import types
from pathlib import Path

from tinyml import schema
from tinyml.errors import UserError
from tinyml.files import write_if_changed

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "firmware" / "schema" / "link.fbs"
MODULE = ROOT / "build" / "link" / "link_generated.py"


@functools.cache
def messages(path: Path = SCHEMA, kept: Path = MODULE) -> types.ModuleType:
    """Return the generated module for the schema at ``path``; ``kept`` is where it is kept.

    Raises:
        UserError: the schema is not there or has a mistake, or flatc is needed and not there.
    """
    mark = f"# schema {_digest(path)}\n".encode()
    text = _kept(kept, mark)
    if text is None:
        text = schema.generate(schema.Job(path))[1] + mark
        _keep(kept, text)
    module = types.ModuleType(kept.stem)
    exec(compile(text, str(kept), "exec"), module.__dict__)
    return module


def _digest(path: Path) -> str:
    """Return a digest of the schema, of what it includes, and of how it is translated."""
    digest = hashlib.sha256(repr(schema.LAYOUT).encode())
    pending, seen = [path], set()
    while pending:
        file = pending.pop()
        if file in seen:
            continue
        seen.add(file)
        text = _read(file)
        digest.update(text.encode())
        pending += [file.parent / name for name in schema.includes(text)]
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read the protocol's schema {path}: {error}",
            "a checkout of the project: the client reads firmware/schema",
            "run it from the checkout: .venv/bin/python -m tinyml.link",
        ) from error


def _kept(path: Path, mark: bytes) -> bytes | None:
    """Return the module that was kept, unless it is of another schema or not there."""
    try:
        text = path.read_bytes()
    except OSError:
        return None
    return text if text.endswith(mark) else None


def _keep(path: Path, text: bytes) -> None:
    """Keep the module for the next time; a checkout that cannot be written to is no mistake."""
    try:
        write_if_changed(path, text)
    except OSError:
        return
