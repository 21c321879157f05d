"""Whatever ends or disturbs a fetch: nothing half-done counts, and what was good stays good."""

from __future__ import annotations

import errno
import io
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fetch_project import FILES, Project, write_tgz
from tinyml.fetch import client as client_module
from tinyml.fetch import transaction, unpack, workspace

Client = Callable[[str, str], Path]
PATIENCE = 30.0  # seconds
HANGING_NPM = """
while [ "$1" != --pack-destination ]; do shift; done
echo half > "$2/toy-2.0.0.tgz"
echo $$ > "{started}"
exec sleep 600
"""


def count(folder: Path) -> int:
    """Return the number of entries in ``folder``, which may not be there yet."""
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def wait_for(what: Callable[[], object]) -> None:
    """Wait until ``what`` is true."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.fixture
def good(project: Project, toy_tgz: Path) -> Project:
    """Return a project with version 1.0.0 in the store, and version 2.0.0 pinned."""
    project.npm(toy_tgz)
    assert project.fetch("--archive", toy_tgz.parent).status == 0
    newer = write_tgz(toy_tgz.with_name("toy-2.0.0.tgz"), {**FILES, "new": b"2"})
    project.npm(newer, version="2.0.0")
    assert project.tree() is None
    return project


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_killed_while_downloading(
    good: Project, toy_tgz: Path, client: Client, tmp_path: Path, number: signal.Signals
) -> None:
    """A fetch that is interrupted or killed leaves nothing that counts; the next one works."""
    started = tmp_path / "started"
    client("npm", HANGING_NPM.format(started=started))
    process = good.start()
    wait_for(lambda: started.exists() and started.read_text().strip())
    sleeper = int(started.read_text())
    process.send_signal(number)
    assert process.wait(PATIENCE) == (-9 if number == signal.SIGKILL else 130)
    if number == signal.SIGKILL:
        os.kill(sleeper, signal.SIGKILL)
    else:  # the client ended with us, and so did the scratch folder
        wait_for(lambda: not is_alive(sleeper))
        assert not list((good.store / ".work").iterdir())
    assert good.tree() is None
    assert good.content() == FILES
    assert good.fetch("--archive", toy_tgz.parent).status == 0
    assert good.content() == {**FILES, "new": b"2"}
    assert not list((good.store / ".work").glob("*"))


def test_interrupted_while_the_client_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal between the client's start and our knowing of it ends the client all the same."""
    started = []
    start = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))
        os.kill(os.getpid(), signal.SIGTERM)
        return started[-1]

    def interrupted(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tinyml.fetch.client.subprocess.Popen", popen)
    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            client_module.run("toy", ["sleep", "600"], tmp_path / "log", 60, lambda: None)
        assert signal.getsignal(signal.SIGTERM) is interrupted
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [process.poll() for process in started] == [-signal.SIGKILL]


def test_killed_while_unpacking(good: Project, toy_tgz: Path) -> None:
    """Kill -9 in the middle of thousands of files: the old tree is whole, then the new one is."""
    many = {f"source/{number}.c": b"int x;\n" for number in range(5_000)}
    large = write_tgz(toy_tgz.with_name("toy-2.0.0.tgz"), {**FILES, **many})
    good.npm(large, version="2.0.0")
    process = good.start("--archive", large.parent)
    unpacked = good.store / ".work" / "toy" / "unpacked" / "package" / "source"
    wait_for(lambda: count(unpacked) > 100)
    process.kill()
    process.wait(PATIENCE)
    assert 100 < count(unpacked) < 5_000, "it was not in the middle"
    assert good.content() == FILES
    assert good.tree() is None
    assert good.fetch("--archive", large.parent).status == 0
    assert len(good.content()) == 5_003
    assert not list((good.store / ".work").glob("*"))


def test_killed_between_the_two_renames(good: Project) -> None:
    """The old tree, moved aside for a new one that never came, is moved back."""
    aside = good.store / ".work" / "toy" / "old"
    aside.parent.mkdir(parents=True, exist_ok=True)
    (good.store / "toy").rename(aside)
    (good.root / "empty").mkdir()
    assert good.fetch("--archive", good.root / "empty").status == 1
    assert good.content() == FILES


def test_rename_that_fails(good: Project, toy_tgz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new tree cannot be moved to its place, the old one is back there."""
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "tree":
            raise OSError(errno.EIO, "Input/output error", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    outcome = good.fetch("--archive", toy_tgz.parent)
    assert outcome.status == 1
    assert "Input/output error" in outcome.err
    assert good.content() == FILES


def test_two_at_once(project: Project, toy_tgz: Path, client: Client, tmp_path: Path) -> None:
    """The second waits and says so; then all is there, and nothing is downloaded twice."""
    log, go = tmp_path / "log", tmp_path / "go"
    script = (
        f'echo x >> {log}\nwhile [ "$1" != --pack-destination ]; do shift; done\n'
        f'while [ ! -e {go} ]; do sleep 0.05; done\ncp {toy_tgz} "$2/"\n'
    )
    client("npm", script)
    project.npm(toy_tgz)
    first = project.start()
    wait_for(log.exists)
    second = project.start()
    assert second.stdout is not None
    assert "another fetch is writing" in second.stdout.readline()
    go.touch()
    assert first.wait(PATIENCE) == 0
    assert second.wait(PATIENCE) == 0
    assert second.stdout.read() == "fetch: all there (toy)\n"
    assert log.read_text() == "x\n"
    assert project.content() == FILES
    for process in (first, second):
        process.communicate()


def test_client_that_hangs(good: Project, client: Client, tmp_path: Path) -> None:
    """A client gets so much time and no more; what it started ends with it."""
    client("npm", f"sleep 600 &\necho $! > {tmp_path / 'child'}\nwait\n")
    outcome = good.fetch("--timeout", "0.5")
    assert outcome.status == 1
    assert "took longer than 0.5 s" in outcome.err
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: not is_alive(child))
    assert good.content() == FILES


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of one megabyte; skip where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(project: Project, toy_tgz: Path, small_disk: Path) -> None:
    """A disk that fills up while unpacking: a clear message, room again, the old tree whole."""
    (small_disk / "build").mkdir()
    (project.root / "build").symlink_to(small_disk / "build")
    project.npm(toy_tgz)
    assert project.fetch("--archive", toy_tgz.parent).status == 0
    big = write_tgz(toy_tgz.with_name("toy-2.0.0.tgz"), {**FILES, "big": bytes(2 << 20)})
    project.npm(big, version="2.0.0")
    used = shutil.disk_usage(small_disk).used
    outcome = project.fetch("--archive", toy_tgz.parent)
    assert outcome.status == 1
    assert "No space left on device" in outcome.err
    assert shutil.disk_usage(small_disk).used <= used + 4096
    assert project.content() == FILES


@pytest.mark.parametrize("where", ["unpack", "record", "lock"])
def test_disk_that_refuses(
    good: Project, toy_tgz: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room or no permission, wherever it is met, ends in three lines and changes nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")

    if where == "unpack":
        monkeypatch.setattr(workspace, "unpack", refuse)
    elif where == "record":
        monkeypatch.setattr(transaction.json, "dumps", refuse)
    else:
        monkeypatch.setattr(Path, "mkdir", refuse)
    outcome = good.fetch("--archive", toy_tgz.parent)
    monkeypatch.undo()
    assert outcome.status == 1
    assert "No space left on device (x)" in outcome.err
    assert len(outcome.err.splitlines()) == 3
    assert good.content() == FILES


@pytest.mark.parametrize(
    "attack", [("package/../../../x", b"0"), ("/package/x", b"0"), ("package/l", b"2", "/etc")]
)
def test_verified_but_hostile_archive(
    good: Project, toy_tgz: Path, attack: tuple[str, ...]
) -> None:
    """A digest only says that it is the pinned file: it is unpacked with the same distrust."""
    evil = toy_tgz.with_name("toy-2.0.0.tgz")
    with tarfile.open(evil, "w:gz") as tar:
        info = tarfile.TarInfo(attack[0])
        info.type = attack[1]  # type: ignore[assignment]
        info.linkname = attack[2] if len(attack) > 2 else ""
        tar.addfile(info, io.BytesIO())
    good.npm(evil, version="2.0.0")
    outcome = good.fetch("--archive", toy_tgz.parent)
    assert outcome.status == 1
    assert "toy-2.0.0.tgz holds" in outcome.err
    assert good.content() == FILES
    assert not (good.root / "x").exists()
    assert not list((good.store / ".work").glob("*"))


def test_read_only_store_that_has_all(project: Project, toy_tgz: Path) -> None:
    """Where nothing is to be fetched, nothing is written: not even the lock."""
    project.npm(toy_tgz)
    assert project.fetch("--archive", toy_tgz.parent).status == 0
    (project.store / ".lock").unlink()
    assert project.fetch().status == 0
    assert not (project.store / ".lock").exists()


def test_unpack_is_not_called_unverified(good: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is checked before the first byte is unpacked."""
    called: list[object] = []
    monkeypatch.setattr(unpack, "members", called.append)
    folder = good.root / "downloads"
    (folder / "toy-2.0.0.tgz").write_bytes(b"other")
    assert good.fetch("--archive", folder).status == 1
    assert not called
