"""One commit of a git repository, through the git client and the user's configuration of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tinyml.components import Component
from tinyml.errors import UserError
from tinyml.fetch import git_archive, members
from tinyml.fetch.client import ClientFailure
from tinyml.fetch.git_archive import Entry
from tinyml.fetch.workspace import Workspace

# No question on the terminal, English messages to recognise, no repository but the one named.
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_STALLED = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]
# A server that serves only what a branch or tag points to; a server that cannot be shallow.
_NEEDS_MORE = r"not our ref|unadvertised object|does not support shallow|no such remote ref"
_EVERYTHING = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]


def fetch(workspace: Workspace) -> dict[str, Any]:
    """Make the tree from the commit's files as git stores them; submodules stay empty."""
    source = workspace.component.source
    assert source.commit is not None
    name = f"{workspace.component.name}-{source.commit}.tar.gz"
    archive = workspace.archive(
        lambda found: found == name, name, check, lambda: _download(workspace, name)
    )
    workspace.unpack(archive, str(Path(git_archive.TREE, source.root)))
    return {"archive": archive.name}


def check(component: Component, archive: Path) -> None:
    """Raise a `UserError` unless ``archive`` holds exactly the pinned commit."""
    git_archive.check(archive, component.source.commit or "")


def _download(workspace: Workspace, name: str) -> Path:
    source = workspace.component.source
    url, commit = source.url or "", (source.commit or "").lower()
    repository = workspace.scratch / "repository"
    git = ["git", *_STALLED, "--git-dir", str(repository)]
    what = f"git {url} {commit[:10]}"
    workspace.run(what, ["git", "init", "--quiet", "--bare", str(repository)], _ENVIRONMENT)
    _fetch(workspace, what, git, url, commit)
    _check_commit(workspace, what, git, url, commit)
    archive = workspace.scratch / name
    listing = workspace.run(what, [*git, "ls-tree", "-r", "-z", "--long", commit], _ENVIRONMENT)
    with _Objects(repository) as objects:
        content = objects.read(commit)
        git_archive.write(archive, content, objects.entries(_entries(name, listing)))
    return archive


def _fetch(workspace: Workspace, what: str, git: list[str], url: str, commit: str) -> None:
    """Fetch one commit; all branches and tags where the server gives no commit by its hash."""
    command = [*git, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]
    try:
        workspace.run(what, [*command, "--depth", "1", "--", url, commit], _ENVIRONMENT)
    except ClientFailure as error:
        if not re.search(_NEEDS_MORE, error.output):
            raise
        workspace.run(f"{what}: all history", [*command, "--", url, *_EVERYTHING], _ENVIRONMENT)


def _check_commit(workspace: Workspace, what: str, git: list[str], url: str, commit: str) -> None:
    try:
        found = workspace.run(
            what,
            [*git, "rev-parse", "--verify", "--quiet", commit + "^{commit}"],
            _ENVIRONMENT,
        ).strip()
    except ClientFailure:
        found = ""
    if found != commit:
        name = workspace.component.name
        raise UserError(
            f"{name}: {commit} is a tag, of commit {found}"
            if found
            else f"{name}: {url} has no commit {commit}",
            "the full hash of a commit of that repository",
            f"correct commit in {workspace.component.folder / 'component.toml'}",
        )


def _entries(name: str, listing: str) -> list[Entry]:
    """Parse ``git ls-tree -r -z --long``: mode, type, hash, size, tab, path."""
    entries, total = [], 0
    for line in listing.split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, _, object_id, size = facts.split()
        entries.append(Entry(mode, object_id, path))
        total += int(size) if size.isdecimal() else 0
    if len(entries) > members.MAX_FILES or total > members.MAX_BYTES:
        raise UserError(
            f"{name}: the commit has {len(entries)} files, {total >> 20} MiB",
            f"at most {members.MAX_FILES} files and {members.MAX_BYTES >> 20} MiB",
            "choose a smaller repository",
        )
    return entries


class _Objects:
    """Objects of a repository, read through one ``git cat-file --batch``."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __enter__(self) -> _Objects:
        self._process = subprocess.Popen(
            ["git", "--git-dir", str(self._repository), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, object_id: str) -> bytes:
        asked, answered = self._pipes()
        asked.write(object_id.encode() + b"\n")
        asked.flush()
        size = int(answered.readline().split()[2])
        content = answered.read(size)
        answered.read(1)  # the line feed after the content
        return content

    def entries(self, entries: list[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Return each entry with its content; a submodule has none."""
        for entry in entries:
            yield entry, b"" if entry.mode == "160000" else self.read(entry.object_id)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout
