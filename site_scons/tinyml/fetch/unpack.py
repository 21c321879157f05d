"""Writes the members of an untrusted archive below one folder, and nowhere else.

`tinyml.fetch.members` judges names and sizes; here the file system itself is asked: nothing is
written through a link, nothing is written twice, and every link resolves inside the tree.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tinyml.errors import UserError
from tinyml.fetch.members import Member, members


def unpack(archive: Path, folder: Path, root: str, tick: Callable[[int], None]) -> Path:
    """Unpack ``archive`` into the new folder ``folder`` and return its part ``root``.

    ``tick`` is called with the number of members written so far. Files get the modes 644 or 755
    as the umask allows, and no owner of the archive's.

    Raises:
        UserError: `tinyml.fetch.members` refuses the archive, or it has no folder ``root``, holds
            a path twice, or a link that leaves the tree.
    """
    folder.mkdir(parents=True)
    links: list[Member] = []
    for count, member in enumerate(members(archive), 1):
        tick(count)
        if member.kind == "link":
            links.append(member)
        else:
            _write(archive, folder, member)
    for link in links:  # last: while files were written, there was none to write through
        _place(archive, folder, link).symlink_to(link.target)
    tree = folder / root
    if Path(os.path.realpath(tree)) != Path(os.path.realpath(folder), root):
        raise _refused(archive, f"has a link on the way to {root}")
    if not tree.is_dir():
        top = ", ".join(sorted(path.name for path in folder.iterdir())[:8])
        raise UserError(
            f"{archive.name} has no folder {root!r}", f"one of {top}", "correct [source] root"
        )
    _check_links(archive, tree)
    return tree


def _refused(archive: Path, what: str) -> UserError:
    return UserError(
        f"{archive.name} {what}",
        "an archive in which every path occurs once and every link stays inside the tree",
        "do not use this archive; nothing of it was kept",
    )


def _place(archive: Path, folder: Path, member: Member) -> Path:
    """Return where ``member`` goes, its folder made; no link may be on the way there."""
    path = member.path
    target = folder / path
    if Path(os.path.realpath(target.parent)) != Path(os.path.realpath(folder), path.parent):
        raise _refused(archive, f"holds {path} behind a link")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _refused(archive, f"holds {path.parent} as a file and as a folder") from error
    again = member.kind == "folder" and target.is_dir()
    if target.is_symlink() or (target.exists() and not again):
        raise _refused(archive, f"holds {path} twice")
    return target


def _write(archive: Path, folder: Path, member: Member) -> None:
    target = _place(archive, folder, member)
    if member.kind == "folder":
        target.mkdir(exist_ok=True)
        return
    if member.kind == "copy":
        _copy(archive, folder, member, target)
        return
    mode = 0o777 if member.mode & 0o100 else 0o666
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as stream:
        for chunk in member.chunks():
            stream.write(chunk)


def _copy(archive: Path, folder: Path, member: Member, target: Path) -> None:
    """Write a hard link of the archive as what it is to a reader: the same content again."""
    origin = folder / member.target
    if not origin.is_file():
        raise _refused(archive, f"holds a hard link {member.path} to {member.target}, no file")
    shutil.copyfile(origin, target)
    shutil.copymode(origin, target)


def _check_links(archive: Path, tree: Path) -> None:
    inside = Path(os.path.realpath(tree))
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                raise _refused(archive, f"holds the link {path.relative_to(tree)} out of the tree")
