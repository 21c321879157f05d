"""A git commit as one .tar.gz that proves itself: whoever holds it can verify it without git.

The archive holds ``commit`` (the commit object as git stores it), ``tree/`` (the files as git
stores them, no attribute or line end applied) and ``submodules`` (path and hash of each, one a
line). A commit's hash covers its tree's hash, which covers every name, mode and byte: see
"Git Objects" in the book Pro Git, chapter 10.2. So the pinned hash is checked by hashing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tinyml.errors import UserError
from tinyml.fetch.members import Member, members

TREE = "tree"
_LARGEST_COMMIT = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file of a commit: ``mode`` as git prints it, e.g. ``100644``."""

    mode: str
    object_id: str
    path: str


def write(archive: Path, commit: bytes, entries: Iterable[tuple[Entry, bytes]]) -> None:
    """Write the archive: the same bytes for the same commit, whoever writes it and when."""
    submodules = []
    with (
        archive.open("wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, "commit", "100644", commit)
        for entry, content in entries:
            if entry.mode == "160000":
                submodules.append(f"{entry.object_id} {entry.path}\n")
            else:
                _add(tar, f"{TREE}/{entry.path}", entry.mode, content)
        _add(tar, "submodules", "100644", "".join(submodules).encode("utf-8", "surrogateescape"))


def _add(tar: tarfile.TarFile, name: str, mode: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.mode = int(mode, 8) & 0o777
    if mode == "120000":
        info.type, info.linkname = tarfile.SYMTYPE, content.decode("utf-8", "surrogateescape")
        tar.addfile(info)
    else:
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


def check(archive: Path, commit: str) -> None:
    """Raise a `UserError` unless ``archive`` holds exactly the commit of that hash."""
    found = _Found()
    for member in members(archive):
        found.take(member)
    claimed = _id(b"commit", found.commit)
    if claimed != commit.lower():
        raise _wrong(archive, f"holds commit {claimed}", f"commit {commit}")
    promised = found.commit.split(b"\n", 1)[0].removeprefix(b"tree ").decode("ascii", "replace")
    tree = found.tree.id().hex()
    if tree != promised:
        raise _wrong(archive, f"is not what its commit says: tree {tree}", f"tree {promised}")


def _wrong(archive: Path, what: str, expected: str) -> UserError:
    return UserError(
        f"{archive.name} {what}",
        expected,
        "remove the file and fetch again, or take another copy of it",
    )


@dataclass
class _Tree:
    """A folder as git hashes it: entries sorted, a folder as if its name ended in a slash."""

    folders: dict[bytes, _Tree] = field(default_factory=dict)
    entries: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)

    def put(self, path: PurePosixPath, mode: str, object_id: bytes) -> None:
        tree = self
        for part in path.parts[:-1]:
            tree = tree.folders.setdefault(_bytes(part), _Tree())
        tree.entries[_bytes(path.name)] = (mode.encode(), object_id)

    def id(self) -> bytes:
        rows = [(name, *entry) for name, entry in self.entries.items()]
        rows += [(name + b"/", b"40000", tree.id()) for name, tree in self.folders.items()]
        lines = (
            mode + b" " + name.removesuffix(b"/") + b"\0" + object_id
            for name, mode, object_id in sorted(rows)
        )
        return bytes.fromhex(_id(b"tree", b"".join(lines)))


@dataclass
class _Found:
    """What has been read of an archive so far."""

    commit: bytes = b""
    tree: _Tree = field(default_factory=_Tree)

    def take(self, member: Member) -> None:
        first, *rest = member.path.parts
        if first == TREE and rest:
            self._file(member, PurePosixPath(*rest))
        elif first == "commit":
            self.commit = _short(member)
        elif first == "submodules":
            self._submodules(member)

    def _submodules(self, member: Member) -> None:
        for line in _short(member).decode("utf-8", "surrogateescape").splitlines():
            match = re.fullmatch(r"([0-9a-f]{40}) (.+)", line)
            if match is None:
                raise _wrong(member.archive, f"lists the submodule {line!r}", "HASH PATH")
            self.tree.put(PurePosixPath(match[2]), "160000", bytes.fromhex(match[1]))

    def _file(self, member: Member, path: PurePosixPath) -> None:
        if member.kind == "link":
            self.tree.put(path, "120000", bytes.fromhex(_id(b"blob", _bytes(member.target))))
        elif member.kind == "file":
            self.tree.put(path, f"100{member.mode:o}", _blob(member))
        else:  # not what git has, so no hash would cover it
            raise _wrong(member.archive, f"has {member.path} as {member.kind}", "files and links")


def _blob(member: Member) -> bytes:
    content = hashlib.sha1(b"blob %d\0" % member.size, usedforsecurity=False)
    for chunk in member.chunks():
        content.update(chunk)
    return content.digest()


def _id(kind: bytes, content: bytes) -> str:
    header = kind + b" %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _short(member: Member) -> bytes:
    """Return the content of a member that describes the archive; a long one is not ours."""
    if member.kind != "file" or member.size > _LARGEST_COMMIT:
        raise _wrong(
            member.archive, f"has {member.path} as no short file", "an archive of `scons fetch`"
        )
    return b"".join(member.chunks())


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
