"""Puts our entries into a file of the user's, and leaves everything else of it as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinyml.errors import UserError
from tinyml.files import write_if_changed

MARK = "tinyml: "
"""How the names of our entries begin; an entry of another name is the user's."""

Entry = Mapping[str, Any]


def put(path: Path, version: str, key: str, name: str, entries: Sequence[Entry]) -> str:
    """Write ``entries`` into the list ``key`` of a JSON file; return what was done, in words.

    Entries of ours that are there are replaced, where they stand; other entries, keys and their
    order stay. A file that is more than JSON, as editors allow, is not touched.

    Args:
        path: the file; written anew where there is none.
        version: of the format, for a new file.
        key: the list's.
        name: the key of an entry's name.
        entries: ours; their names begin with `MARK`.

    Raises:
        UserError: the file cannot be read, or is not what it should be.
    """
    if not path.exists():
        _write(path, {"version": version, key: list(entries)}, "  ")
        return f"{path}: written"
    text = _read(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return f"{path}: left alone, as it has comments or is not JSON; {_kept(path, key, entries)}"
    theirs = document.get(key, []) if isinstance(document, dict) else None
    if not isinstance(theirs, list):
        raise UserError(
            f"{path} has no list {key!r}",
            f'{{"version": "{version}", "{key}": [...]}}',
            f"correct or move {path}, then scons ide again",
        )
    document[key] = _merged(theirs, name, entries)
    changed = _write(path, document, _indentation(text)) if document != json.loads(text) else False
    others = sum(not _is_ours(each, name) for each in theirs)
    return f"{path}: {'changed' if changed else 'up to date'}, {others} entries of yours kept"


def put_whole(path: Path, text: str) -> str:
    """Write a file that is ours alone, by its first line; return what was done, in words.

    Raises:
        UserError: the file cannot be read or written.
    """
    first = text.splitlines()[0]
    if path.exists() and _read(path).splitlines()[:1] != [first]:
        return f"{path}: left alone, as it is yours"
    try:
        changed = write_if_changed(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error
    return f"{path}: {'written' if changed else 'up to date'}"


def _kept(path: Path, key: str, entries: Sequence[Entry]) -> str:
    """Write our entries beside a file that we may not touch; return where they are."""
    beside = path.with_name(f"{path.stem}.tinyml.json")
    _write(beside, {key: list(entries)}, "  ")
    return f"ours are in {beside}"


def _merged(theirs: list[Any], name: str, entries: Sequence[Entry]) -> list[Any]:
    new = {entry[name]: entry for entry in entries}
    merged = []
    for each in theirs:
        if not _is_ours(each, name):
            merged.append(each)
        elif each[name] in new:
            merged.append(new.pop(each[name]))
    return merged + list(new.values())


def _is_ours(entry: object, name: str) -> bool:
    return isinstance(entry, dict) and str(entry.get(name, "")).startswith(MARK)


def _indentation(text: str) -> str:
    """Return how the user indents: the white space of the first line that has some."""
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else "  "


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read {path}: {error}", "a text file", f"move {path} away, then scons ide"
        ) from error


def _write(path: Path, document: Mapping[str, Any], indent: str) -> bool:
    try:
        text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
        return write_if_changed(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write {path}: {error.strerror}", "a folder that can be written to", "scons ide"
    )
