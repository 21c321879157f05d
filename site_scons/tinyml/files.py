"""Writing files so that nothing half-written is ever seen, and reading the project's TOML."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tinyml.errors import UserError


def write_if_changed(path: str | os.PathLike[str], content: str | bytes) -> bool:
    """Write ``content`` to ``path`` unless it is there already; return whether it was written.

    The content is written to a file beside ``path`` and renamed, so a killed build leaves
    either the old file or the new one. Text is written as UTF-8 with Unix line ends.
    """
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    with contextlib.suppress(OSError):
        if target.read_bytes() == data:
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def require_folder(path: Path) -> None:
    """Make the folder ``path``, unless it is there.

    Raises:
        UserError: it cannot be made, or nothing may be written in it.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise _no_folder(path, error.strerror or str(error)) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _no_folder(path, "it is not writable")


def _no_folder(path: Path, reason: str) -> UserError:
    return UserError(
        f"cannot write in the folder {path}: {reason}",
        f"a folder {path} that belongs to this user, on a disk that can be written to",
        f"ls -ld {path}; mv {path} elsewhere if somebody else made it",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_toml(path: Path, hint: str) -> dict[str, Any]:
    """Return the parsed TOML file, or a `UserError` that carries ``hint``."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}", "a readable TOML file", hint
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}", "valid TOML 1.0", hint) from error
