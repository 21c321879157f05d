"""Brings one component into the store: all of it, or nothing, whatever interrupts.

A fetch works in ``.work/<component>/`` of the store, under a lock. Only when the tree and its
record are complete is the old tree moved aside and the new one renamed into its place. A process
killed in between leaves the old tree in ``.work``, from where the next fetch moves it back.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinyml.components import Component
from tinyml.errors import UserError
from tinyml.fetch.progress import Progress
from tinyml.fetch.providers import BY_NAME
from tinyml.fetch.store import RECORD, tree
from tinyml.fetch.workspace import Workspace, empty

_WORK = ".work"
_OLD = "old"


@contextmanager
def locked(store: Path, progress: Progress) -> Iterator[None]:
    """Hold the store's lock; wait, and say so, where another fetch holds it.

    The kernel drops the lock of a killed process, so what is then found in ``.work`` is left over.
    """
    try:
        store.mkdir(parents=True, exist_ok=True)
        opened = (store / ".lock").open("w")
    except OSError as error:
        raise _no_room("fetch", error) from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.line(f"fetch: another fetch is writing to {store}, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        _recover(store)
        yield


def _recover(store: Path) -> None:
    """Move back a tree whose replacement never came, remove what else was left over."""
    for old in store.glob(f"{_WORK}/*/{_OLD}"):
        place = store / old.parent.name
        if not place.exists():
            old.rename(place)
    empty(store / _WORK)


def fetch(
    component: Component, store: Path, given: Path | None, timeout: float, progress: Progress
) -> None:
    """Fetch ``component`` into ``store``; the caller holds the lock.

    Raises:
        UserError: it could not be had, or is not what is pinned; the store is as it was.
    """
    scratch = store / _WORK / component.name
    empty(scratch)
    try:
        scratch.mkdir(parents=True)
        workspace = Workspace(component, scratch, store / "archives", given, timeout, progress)
        record = BY_NAME[component.source.provider](workspace)
        folder = Path(record.get("installed", {}).get("folder", workspace.tree))
        _check_described(component, folder)
        content = {"component": component.name, "pin": component.source.pin, **record}
        (workspace.tree / RECORD).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        _replace(workspace.tree, store / component.name, scratch / _OLD)
    except OSError as error:
        raise _no_room(component.name, error) from error
    finally:
        empty(scratch)
    if tree(component, store=store) is None:
        raise AssertionError(f"{component.name} was fetched, but its record does not say so")


def _check_described(component: Component, folder: Path) -> None:
    """Refuse a tree that lacks what the description says is in it."""
    wanted = [("license_file", component.license_file, Path.is_file)]
    wanted += [("include", path, Path.is_dir) for path in component.include]
    for key, path, exists in wanted:
        if not exists(folder / path):
            raise UserError(
                f"{component.name}: there is no {path} in what was fetched",
                f"{key} inside the tree that {component.source.provider} gives",
                f"correct {key}, or root, in {component.folder / 'component.toml'}",
            )


def _replace(new: Path, place: Path, old: Path) -> None:
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if old.exists():
            old.rename(place)
        raise


def _no_room(what: str, error: OSError) -> UserError:
    where = f" ({error.filename})" if error.filename else ""
    return UserError(
        f"{what}: {error.strerror or error}{where}",
        "a folder build/third_party that can be written to, on a disk with room",
        "make room or correct the permissions, then scons fetch again; nothing was changed",
    )
