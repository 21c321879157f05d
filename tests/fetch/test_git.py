"""A git component is exactly the pinned commit, whoever serves it and however it travelled."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from support.fetch_project import Project
from tinyml import components
from tinyml.errors import UserError
from tinyml.fetch import git_archive
from tinyml.fetch.providers import git

SUBMODULE = "1234567890" * 4


def run_git(repository: Path, *words: str) -> str:
    """Run git in ``repository``, independent of the user's configuration."""
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "T"), ("EMAIL", "t@t"), ("DATE", "2020-01-01T00:00:00Z"))
    }
    return subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-C", str(repository), *words],
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of two commits with whatever makes a tree hard to hash or to copy."""
    repository = tmp_path_factory.mktemp("git") / "upstream"
    (repository / "include").mkdir(parents=True)
    run_git(repository, "init", "--quiet")
    (repository / "LICENSE").write_text("free\n")
    (repository / "include" / "toy.h").write_bytes(b"#define TOY 1\r\n")
    run_git(repository, "add", ".")
    run_git(repository, "commit", "--quiet", "-m", "first")
    # Sorted by git: "include-more", "include.txt", "include/".
    for name in ("include-more", "include.txt", "empty", "grün.txt", "run"):
        (repository / name).write_text("" if name == "empty" else f"{name} $Id$\n")
    (repository / "run").chmod(0o755)
    (repository / "link").symlink_to("include/toy.h")
    # A checkout or `git archive` would convert, expand and leave out; the stored bytes count.
    (repository / ".gitattributes").write_text("*.txt text eol=crlf ident\nrun export-ignore\n")
    run_git(repository, "add", ".")
    run_git(repository, "update-index", "--add", "--cacheinfo", f"160000,{SUBMODULE},sub")
    run_git(repository, "commit", "--quiet", "-m", "second")
    run_git(repository, "tag", "-a", "v1", "-m", "version 1")
    return repository


@pytest.fixture
def head(upstream: Path) -> str:
    """Return the hash of the second commit."""
    return run_git(upstream, "rev-parse", "HEAD")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_commit_is_fetched(project: Project, upstream: Path, head: str, scheme: str) -> None:
    """The tree holds git's bytes and modes, and nothing of git itself."""
    project.describe(provider="git", url=f"{scheme}{upstream}", commit=head)
    outcome = project.fetch()
    assert outcome.status == 0, outcome.err
    tree = project.tree()
    assert tree == project.store / "toy"
    assert (tree / "include" / "toy.h").read_bytes() == b"#define TOY 1\r\n"
    assert (tree / "include.txt").read_bytes() == b"include.txt $Id$\n"
    assert (tree / "run").stat().st_mode & 0o100
    assert (tree / "link").readlink() == Path("include/toy.h")
    assert not (tree / ".git").exists()
    assert (project.store / "archives" / f"toy-{head}.tar.gz").is_file()


def test_older_commit_and_root(project: Project, upstream: Path) -> None:
    """Any commit can be pinned, and a folder of it be the tree."""
    first = run_git(upstream, "rev-parse", "HEAD~1")
    project.describe(provider="git", url=str(upstream), commit=first, root="include", include=".")
    component = project.root / "third_party" / "toy" / "component.toml"
    component.write_text(component.read_text().replace('"LICENSE"', '"toy.h"'))
    assert project.fetch().status == 0
    assert set(project.content()) == {"toy.h"}


def test_server_that_gives_only_branches(
    project: Project, upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that refuses a bare hash is asked for everything, and the commit taken from that."""
    first = run_git(upstream, "rev-parse", "HEAD~1")
    for key, value in (("COUNT", "1"), ("KEY_0", "protocol.version"), ("VALUE_0", "0")):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    project.describe(provider="git", url=f"file://{upstream}", commit=first)
    outcome = project.fetch()
    assert outcome.status == 0, outcome.err
    assert "all history" in outcome.out


def test_mirror_by_instead_of(
    project: Project, upstream: Path, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The url.<base>.insteadOf redirects a host that does not exist to a mirror."""
    config = project.root / "gitconfig"
    config.write_text(f'[url "{upstream.parent}/"]\ninsteadOf = https://git.invalid/toys/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    project.describe(provider="git", url="https://git.invalid/toys/upstream", commit=head)
    assert project.fetch().status == 0


def test_unknown_commit_is_refused(project: Project, upstream: Path, head: str) -> None:
    """A commit that the repository does not have is named, and a good tree stays."""
    project.describe(provider="git", url=str(upstream), commit=head)
    assert project.fetch().status == 0
    before = project.content()
    project.describe(provider="git", url=str(upstream), commit="0" * 39 + "1")
    outcome = project.fetch()
    assert outcome.status == 1
    assert "0" * 39 + "1" in outcome.err
    assert "has no commit" in outcome.err
    assert project.tree() is None
    assert project.content() == before


def test_tag_is_no_commit(project: Project, upstream: Path, head: str) -> None:
    """The hash of an annotated tag is answered with the commit that it means."""
    tag = run_git(upstream, "rev-parse", "v1")
    project.describe(provider="git", url=str(upstream), commit=tag)
    outcome = project.fetch()
    assert outcome.status == 1
    assert f"{tag} is a tag, of commit {head}" in outcome.err


def test_repository_that_is_not_there(project: Project, upstream: Path, head: str) -> None:
    """What git said is passed on, and the other components are fetched all the same."""
    project.describe("afirst", provider="git", url=f"{upstream}/nowhere", commit=head)
    project.describe("toy", provider="git", url=str(upstream), commit=head)
    outcome = project.fetch()
    assert outcome.status == 1
    assert "nowhere" in outcome.err
    assert "| fatal:" in outcome.err
    assert "archive=" in outcome.err
    assert project.tree("toy") is not None
    assert project.tree("afirst") is None


@pytest.fixture
def kept(project: Project, upstream: Path, head: str) -> Path:
    """Return the archive that a fetch keeps."""
    project.describe(provider="git", url=str(upstream), commit=head)
    assert project.fetch().status == 0
    return project.store / "archives" / f"toy-{head}.tar.gz"


def test_kept_archive_serves_a_machine_without_network(
    project: Project, kept: Path, head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """archive= needs neither git nor the url: the archive proves itself."""
    given = tmp_path / "usb-stick"
    given.mkdir()
    kept.rename(given / kept.name)
    fresh = Project(tmp_path / "elsewhere", project.capsys)
    fresh.describe(provider="git", url="https://git.invalid/toy", commit=head)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    outcome = fresh.fetch("--archive", given)
    assert outcome.status == 0, outcome.err
    assert fresh.content() == project.content()


def test_archive_is_reproducible(project: Project, kept: Path) -> None:
    """Fetching the commit again gives the same bytes."""
    first = kept.read_bytes()
    kept.unlink()
    (project.store / "toy" / ".fetched.json").unlink()
    assert project.fetch().status == 0
    assert kept.read_bytes() == first


def rewritten(archive: Path, change: str) -> None:
    """Change one thing of a kept archive."""
    before = io.BytesIO(gzip.decompress(archive.read_bytes()))
    with tarfile.open(fileobj=before) as old, tarfile.open(archive, "w:gz") as new:
        for info in old:
            content = old.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
            if change == "byte" and info.name == "tree/LICENSE":
                content = content.replace(b"f", b"F")
            if change == "mode" and info.name == "tree/run":
                info.mode = 0o644
            if change == "name" and info.name == "tree/LICENSE":
                info.name = "tree/LICENCE"
            if change == "link" and info.issym():
                info.linkname = "include/../LICENSE"
            if change == "missing" and info.name == "tree/empty":
                continue
            if change == "submodule" and info.name == "submodules":
                content = content.replace(b"1234", b"4321")
            if change == "message" and info.name == "commit":
                content += b"!"
            if change == "hardlink" and info.name == "tree/run":
                extra = tarfile.TarInfo("tree/extra")
                extra.type, extra.linkname = tarfile.LNKTYPE, "tree/LICENSE"
                new.addfile(extra)
            info.size = len(content)
            new.addfile(info, io.BytesIO(content))
        if change == "extra":
            new.addfile(tarfile.TarInfo("tree/extra"))


@pytest.mark.parametrize(
    "change",
    ["byte", "mode", "name", "link", "missing", "submodule", "message", "hardlink", "extra"],
)
def test_tampered_archive_is_refused(project: Project, kept: Path, head: str, change: str) -> None:
    """Every name, mode, byte and link is covered by the commit's hash."""
    git_archive.check(kept, head)
    rewritten(kept, "nothing")
    git_archive.check(kept, head)
    rewritten(kept, change)
    with pytest.raises(UserError) as caught:
        git_archive.check(kept, head)
    assert kept.name in caught.value.culprit
    before = project.content()
    (project.store / "toy" / ".fetched.json").unlink()
    moved = kept.rename(project.root / kept.name)
    assert project.fetch("--archive", moved.parent).status == 1
    assert project.content() == before


def test_damaged_kept_archive_is_fetched_again(project: Project, kept: Path, head: str) -> None:
    """What an earlier fetch kept is checked before use, and replaced where it is bad."""
    rewritten(kept, "byte")
    (project.store / "toy" / ".fetched.json").unlink()
    outcome = project.fetch()
    assert outcome.status == 0
    assert "fetched again" in outcome.out
    git_archive.check(kept, head)


def test_too_large_a_commit_is_refused() -> None:
    """The size is known from the listing, before a byte is unpacked."""
    with pytest.raises(UserError, match="4096 MiB"):
        git._entries("toy", f"100644 blob {'0' * 40} {4 << 30}\tbig\0")


def test_the_submodule_is_listed_by_path(kept: Path) -> None:
    """A submodule is part of the hash, though nothing of it is fetched."""
    with tarfile.open(kept) as tar:
        member = tar.extractfile("submodules")
        assert member is not None
        assert member.read() == f"{SUBMODULE} sub\n".encode()


def test_credentials_are_not_shown(project: Project, upstream: Path, head: str) -> None:
    """User and password of a url appear neither in progress nor in errors."""
    secret = "https://user:secret@localhost:1/toy.git"
    project.describe(provider="git", url=secret, commit=head)
    assert components.load(project.root / "third_party" / "toy").source.url == secret
    outcome = project.fetch()
    assert outcome.status == 1
    assert "***@localhost" in outcome.out
    assert "secret" not in outcome.out + outcome.err
