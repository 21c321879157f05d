"""What a provider works with: a scratch folder, the kept archives, and the way to run a client."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.components import Component
from tinyml.errors import UserError
from tinyml.fetch import client
from tinyml.fetch.progress import Progress, megabytes
from tinyml.fetch.unpack import unpack

Check = Callable[[Component, Path], None]


@dataclass(frozen=True)
class Workspace:
    """Folders of one fetch of one component; all on the file system of the store.

    ``scratch`` is empty and goes when the fetch ends. ``kept`` is ``build/third_party/archives``.
    ``given`` is the folder of ``archive=``: where it is set, nothing is downloaded. A client may
    take ``timeout`` seconds.
    """

    component: Component
    scratch: Path
    kept: Path
    given: Path | None
    timeout: float
    progress: Progress

    @property
    def tree(self) -> Path:
        """Where the provider puts the tree."""
        return self.scratch / "tree"

    def run(self, what: str, command: Sequence[str], environment: Mapping[str, str] = {}) -> str:
        """Run a client, shown to the user as ``what``, and return its standard output.

        Raises:
            ClientFailure: see `tinyml.fetch.client.run`.
        """
        what = client.without_secrets(f"{self.component.name}: {what}")
        with self.progress.step(what) as show:
            return client.run(
                what,
                command,
                self.scratch / "client.log",
                self.timeout,
                lambda: show(megabytes(_size(self.scratch))),
                environment,
            )

    def archive(
        self, names: Callable[[str], bool], example: str, check: Check, download: Callable[[], Path]
    ) -> Path:
        """Return the component's archive, checked; ``names`` says which file name is its.

        It is taken from ``given``, or was kept by an earlier fetch, or ``download`` gets it into
        ``scratch`` and, once checked, it is kept. ``example`` is how such a file is called.

        Raises:
            UserError: ``check`` refuses it, or it is not in ``given``.
        """
        if self.given is not None and (found := _named(self.given, names)):
            check(self.component, found)
            return found
        if (kept := _named(self.kept, names)) and self._is_good(kept, check):
            return kept
        if self.given is not None:
            raise UserError(
                f"{self.component.name}: {self.given} does not hold its archive",
                f"{example}, as another machine's build/third_party/archives has it",
                f"scons fetch component={self.component.name} on a machine with a network",
            )
        downloaded = download()
        check(self.component, downloaded)
        self.kept.mkdir(parents=True, exist_ok=True)
        return downloaded.replace(self.kept / downloaded.name)

    def _is_good(self, kept: Path, check: Check) -> bool:
        try:
            check(self.component, kept)
        except UserError as error:
            self.progress.line(f"{self.component.name}: fetched again, because {error.culprit}")
            return False
        return True

    def unpack(self, archive: Path, root: str) -> None:
        """Make `tree` from the folder ``root`` of a checked archive."""
        with self.progress.step(f"{self.component.name}: unpacking {archive.name}") as show:
            unpacked = unpack(
                archive, self.scratch / "unpacked", root, lambda count: show(f"{count} files")
            )
        unpacked.rename(self.tree)


def _named(folder: Path, names: Callable[[str], bool]) -> Path | None:
    if not folder.is_dir():
        return None
    return next((path for path in sorted(folder.iterdir()) if names(path.name)), None)


def _size(folder: Path) -> int:
    """Return the bytes below ``folder``, which somebody else is writing to."""
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.stat(follow_symlinks=False).st_size
        except OSError:  # it was renamed or removed meanwhile
            continue
    return size


def sole_file(folder: Path, what: str) -> Path:
    """Return the one file that the client of the download ``what`` left in ``folder``."""
    files = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    if len(files) != 1:
        raise UserError(
            f"{what} left {len(files)} files instead of one archive",
            "one archive",
            "download it by hand to see why, and give the file with archive=",
        )
    return files[0]


def empty(folder: Path) -> None:
    """Remove ``folder`` and what is in it; it may be gone, or still be written to."""
    shutil.rmtree(folder, ignore_errors=True)
