"""Reads the members of an untrusted archive, refusing those that no source archive needs.

Refused: paths that are absolute or hold ``..``, links out of the tree, devices and pipes, sparse
and encrypted files, and archives that unpack to more than `MAX_FILES` or `MAX_BYTES`. Python's
own ``tarfile.data_filter`` runs too, but nothing depends on it.
"""

from __future__ import annotations

import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from tinyml.errors import UserError

MAX_FILES = 100_000
MAX_BYTES = 2 << 30
MAX_DEPTH = 100
_MAX_HEADER = 1 << 20  # what tarfile may ask for at once; only a hostile header is larger
_CHUNK = 1 << 16
# What gzip, tarfile and zipfile raise on bytes that are no archive; zipfile says RuntimeError to
# encryption, tarfile RecursionError (a RuntimeError) to headers without end.
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error),
    *(EOFError, ValueError, OverflowError, RuntimeError),
)


@dataclass(frozen=True)
class Member:
    """One entry: ``kind`` is folder, file, copy (of an earlier file) or link (symbolic).

    ``target`` is what a link holds, or the path in the archive of what a copy copies.
    """

    archive: Path
    path: PurePosixPath
    kind: str
    mode: int
    target: str = ""
    size: int = 0
    content: IO[bytes] | None = None

    def chunks(self) -> Iterator[bytes]:
        """Return the content of a file, piece by piece; the errors are those of `members`."""
        with _damage(self.archive):
            while self.content is not None and (chunk := self.content.read(_CHUNK)):
                yield chunk


def members(archive: Path) -> Iterator[Member]:
    """Return the members of a .tar.gz or .zip file in order; read each before the next.

    Raises:
        UserError: the archive is damaged, of another kind, too large, or holds what is refused.
    """
    with archive.open("rb") as stream:
        is_zip = stream.read(2) == b"PK"
    with _damage(archive):
        yield from _zip_members(archive) if is_zip else _tar_members(archive)


@contextmanager
def _damage(archive: Path) -> Iterator[None]:
    """Turn the libraries' errors about the bytes they read into a `UserError`."""
    try:
        yield
    except _DAMAGE as error:
        raise _refused(archive, f"is damaged, or no archive: {error}") from error


def _refused(archive: Path, what: str) -> UserError:
    return UserError(
        f"{archive.name} {what}",
        "a complete archive of files, folders and links inside its tree",
        "do not use this archive; nothing of it was kept",
    )


class _Budget:
    """What an archive may still unpack to."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.files = MAX_FILES
        self.bytes = MAX_BYTES

    def spend(self, size: int) -> None:
        if size < 0:
            raise _refused(self.archive, "holds a member of negative size")
        self.files -= 1
        self.bytes -= size
        if self.files < 0:
            raise _refused(self.archive, f"holds more than {MAX_FILES} members")
        if self.bytes < 0:
            raise _refused(self.archive, f"unpacks to more than {MAX_BYTES >> 20} MiB")


class _Bounded:
    """The decompressed stream, for tarfile: no read is larger than a sane header needs."""

    def __init__(self, archive: Path, stream: gzip.GzipFile) -> None:
        self._archive = archive
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_HEADER:
            raise _refused(self._archive, "has a header of absurd length")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _tar_members(archive: Path) -> Iterator[Member]:
    budget = _Budget(archive)
    with (
        gzip.open(archive, "rb") as stream,
        tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(archive, stream))) as tar,
    ):
        for info in tar:
            budget.spend(info.size)
            path = _inside(archive, info.name)
            member = _tar_member(archive, tar, info, path)
            tarfile.data_filter(info, "/tree")
            if path.parts:
                yield member


def _tar_member(
    archive: Path, tar: tarfile.TarFile, info: tarfile.TarInfo, path: PurePosixPath
) -> Member:
    mode = info.mode & 0o777
    if info.isdir():
        return Member(archive, path, "folder", mode)
    if info.issym():
        return Member(archive, path, "link", mode, _checked_link(archive, path, info.linkname))
    if info.islnk():
        return Member(archive, path, "copy", mode, str(_inside(archive, info.linkname)))
    if not info.isreg() or info.issparse():
        raise _refused(archive, f"holds {info.name!r}, which is no file, folder or link")
    return Member(archive, path, "file", mode, size=info.size, content=tar.extractfile(info))


def _zip_members(archive: Path) -> Iterator[Member]:
    budget = _Budget(archive)
    with zipfile.ZipFile(archive) as package:
        for info in package.infolist():
            budget.spend(info.file_size)
            path = _inside(archive, info.filename)
            if path.parts:
                yield _zip_member(archive, package, info, path)


def _zip_member(
    archive: Path, package: zipfile.ZipFile, info: zipfile.ZipInfo, path: PurePosixPath
) -> Member:
    attributes = info.external_attr >> 16  # Unix file mode; 0 from other systems
    mode = attributes & 0o777
    if info.is_dir():
        return Member(archive, path, "folder", mode)
    if stat.S_ISLNK(attributes):
        with package.open(info) as content:
            target = content.read(_CHUNK).decode("utf-8", "surrogateescape")
        return Member(archive, path, "link", mode, _checked_link(archive, path, target))
    if stat.S_IFMT(attributes) not in (0, stat.S_IFREG):
        raise _refused(archive, f"holds {info.filename!r}, which is no file, folder or link")
    # zipfile stops at the declared size, which the budget has paid for, and checks the CRC.
    return Member(archive, path, "file", mode, size=info.file_size, content=package.open(info))


def _inside(archive: Path, name: str) -> PurePosixPath:
    """Return the path of a member, provided that it lies in the tree."""
    if not name or name.startswith("/") or "\\" in name or "\0" in name:
        raise _refused(archive, f"holds {name!r}, which is not a path inside its tree")
    path = PurePosixPath(name)
    if ".." in path.parts:
        raise _refused(archive, f"holds {name!r}, which leads out of its tree")
    if len(path.parts) > MAX_DEPTH:
        raise _refused(archive, f"holds a path of more than {MAX_DEPTH} folders")
    return path


def _checked_link(archive: Path, path: PurePosixPath, target: str) -> str:
    """Return ``target``, provided that as a text it does not climb out of the tree."""
    depth = len(path.parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or part.startswith("/"):
            break
    else:
        if target and "\0" not in target:
            return target
    raise _refused(archive, f"holds the link {path} -> {target!r}, which leads out of its tree")
