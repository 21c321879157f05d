"""An archive can write nowhere but into its folder, and not more than there is room for."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.errors import UserError
from tinyml.fetch import members
from tinyml.fetch.unpack import unpack


def write(path: Path, *rows: tuple[str, bytes, str] | tuple[str, bytes]) -> Path:
    """Write a .tar.gz whose members have any name, type and link name."""
    with tarfile.open(path, "w:gz") as tar:
        for name, kind, *link in rows:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link[0] if link else ""
            info.size = 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"abc"))
    return path


def unpacked(archive: Path, root: str = ".") -> Path:
    """Unpack beside the archive."""
    return unpack(archive, archive.parent / "box" / "out", root, lambda count: None)


def around(folder: Path) -> set[str]:
    """Return what lies in ``folder`` outside of ``box/out``."""
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {path for path in paths if not path.startswith("box/out/")}


FILE, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    ("rows", "culprit"),
    [
        ([("/etc/evil", FILE)], "not a path inside"),
        ([("../evil", FILE)], "leads out"),
        ([("a/../../evil", FILE)], "leads out"),
        ([("a/..", tarfile.DIRTYPE)], "leads out"),
        ([("..\\evil", FILE)], "not a path inside"),
        ([("a", LINK, "/etc")], "leads out"),
        ([("a", LINK, "..")], "leads out"),
        ([("a/b", LINK, "../../x")], "leads out"),
        ([("a", LINK, "../out/../../evil")], "leads out"),
        ([("a", LINK, "b"), ("a/evil", FILE)], "holds a twice"),
        ([("b", tarfile.DIRTYPE), ("a", LINK, "b"), ("a/c", LINK, "x")], "behind a link"),
        # A link that is inside as a text and outside in fact, through another link.
        ([("x/y/a", LINK, "../.."), ("b", LINK, "x/y/a/../..")], "out of the tree"),
        ([("x/y/a", LINK, "../.."), ("b", LINK, "x/y/a/.."), ("b/e", LINK, "f")], "behind a link"),
        ([("a", HARD, "/etc/passwd")], "not a path inside"),
        ([("a", HARD, "../secret")], "leads out"),
        ([("a", HARD, "missing")], "no file"),
        ([("a", LINK, "b"), ("b", FILE), ("c", HARD, "a")], "no file"),
        ([("a", FILE), ("a", FILE)], "twice"),
        ([("a", FILE), ("a/b", FILE)], "as a file and as a folder"),
        ([("a/b", FILE), ("a", FILE)], "twice"),
        ([("null", tarfile.CHRTYPE)], "no file, folder or link"),
        ([("disk", tarfile.BLKTYPE)], "no file, folder or link"),
        ([("pipe", tarfile.FIFOTYPE)], "no file, folder or link"),
        ([("d/" * 101 + "d", FILE)], "more than 100 folders"),
    ],
)
def test_what_leads_out_of_the_tree_is_refused(
    tmp_path: Path, rows: list[tuple[str, bytes]], culprit: str
) -> None:
    """Each attack is named, and nothing appears outside of the folder."""
    archive = write(tmp_path / "evil.tgz", *rows)
    with pytest.raises(UserError) as caught:
        unpacked(archive)
    assert culprit in caught.value.culprit
    assert around(tmp_path) == {"evil.tgz", "box", "box/out"}


@pytest.mark.parametrize("neutral", [True, False])
def test_nothing_depends_on_the_filter_of_tarfile(
    tmp_path: Path, neutral: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Python's own filter the answer to a link and to a device is the same."""
    if neutral:
        monkeypatch.setattr(tarfile, "data_filter", lambda member, path: member)
    for rows in ([("a", LINK, "/etc")], [("null", tarfile.CHRTYPE)], [("a/b", HARD, "../../c")]):
        archive = write(tmp_path / "evil.tgz", *rows)
        with pytest.raises(UserError):
            list(members.members(archive))


def test_good_members_arrive(tmp_path: Path) -> None:
    """Files, folders, links inside the tree and hard links become what they were."""
    rows = [("t/a", FILE), ("t/d/", tarfile.DIRTYPE), ("t/l", LINK, "d/../a"), ("t/h", HARD, "t/a")]
    tree = unpacked(write(tmp_path / "good.tgz", *rows), "t")
    assert (tree / "a").read_bytes() == (tree / "l").read_bytes() == b"abc"
    assert (tree / "h").read_bytes() == b"abc"
    assert (tree / "h").stat().st_nlink == 1
    assert (tree / "l").is_symlink()
    assert (tree / "d").is_dir()


def test_no_mode_but_executable_is_kept(tmp_path: Path) -> None:
    """Set-user-id, sticky and world-writable bits of the archive do not reach the disk."""
    archive = tmp_path / "modes.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, mode in (("plain", 0o6666), ("program", 0o7777)):
            info = tarfile.TarInfo(name)
            info.mode = mode
            tar.addfile(info)
    tree = unpacked(archive)
    assert stat.S_IMODE((tree / "plain").stat().st_mode) & 0o7133 == 0
    assert stat.S_IMODE((tree / "program").stat().st_mode) & 0o7122 == 0o100


def test_link_is_judged_by_the_tree_that_is_taken(tmp_path: Path) -> None:
    """A link from the chosen folder to another folder of the archive would dangle or escape."""
    archive = write(tmp_path / "a.tgz", ("one/l", LINK, "../two/f"), ("two/f", FILE))
    with pytest.raises(UserError, match="out of the tree"):
        unpacked(archive, "one")


def test_root_must_be_there(tmp_path: Path) -> None:
    """A wrong root is answered with the folders that there are; a link is no root."""
    archive = write(tmp_path / "a.tgz", ("one/f", FILE), ("two", LINK, "one"))
    with pytest.raises(UserError) as caught:
        unpacked(archive, "three")
    assert "one" in caught.value.expected
    (tmp_path / "again").mkdir()
    with pytest.raises(UserError, match="a link on the way"):
        unpack(archive, tmp_path / "again" / "out", "two", lambda count: None)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the limit stops at the member that crosses it."""
    monkeypatch.setattr(members, "MAX_BYTES", 1 << 20)
    bomb = tmp_path / "bomb.tgz"
    with tarfile.open(bomb, "w:gz") as tar:
        for number in range(5):
            info = tarfile.TarInfo(str(number))
            info.size = 300 << 10
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(UserError, match="more than 1 MiB"):
        unpacked(bomb)
    assert sum(p.stat().st_size for p in (tmp_path / "box" / "out").iterdir()) <= 1 << 20


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million empty files fill a disk as well."""
    monkeypatch.setattr(members, "MAX_FILES", 10)
    archive = write(tmp_path / "many.tgz", *[(str(i), FILE) for i in range(11)])
    with pytest.raises(UserError, match="more than 10 members"):
        unpacked(archive)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_header_of_absurd_length_is_refused(tmp_path: Path, kind: bytes) -> None:
    """A header that claims gigabytes is refused before any memory is taken for it."""
    info = tarfile.TarInfo("name")
    info.type, info.size = kind, 4 << 30
    archive = tmp_path / "header.tgz"
    archive.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(UserError, match="absurd length"):
        unpacked(archive)


def test_negative_size_is_refused(tmp_path: Path) -> None:
    """A size below zero would make the reader walk in a circle."""
    info = tarfile.TarInfo("name")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfc\x00"  # base 256, GNU: -1024
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    archive = tmp_path / "negative.tgz"
    archive.write_bytes(gzip.compress(bytes(header) + bytes(2048)))
    with pytest.raises(UserError, match="negative size"):
        unpacked(archive)


def test_zip(tmp_path: Path) -> None:
    """A zip is read like a tar: mode, link, folder."""
    archive = tmp_path / "good.zip"
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("t/plain", b"abc")
        for name, mode, content in (("x", 0o100755, b"run"), ("l", 0o120777, b"plain")):
            info = zipfile.ZipInfo(f"t/{name}")
            info.external_attr = mode << 16
            package.writestr(info, content)
    tree = unpacked(archive, "t")
    assert (tree / "l").read_bytes() == b"abc"
    assert (tree / "x").stat().st_mode & 0o100


@pytest.mark.parametrize(
    ("name", "mode", "content"),
    [
        ("../evil", 0o100644, b""),
        ("/evil", 0o100644, b""),
        ("l", 0o120777, b"../evil"),
        ("l", 0o120777, b"/etc"),
        ("pipe", 0o010644, b""),
    ],
)
def test_zip_that_leads_out_is_refused(
    tmp_path: Path, name: str, mode: int, content: bytes
) -> None:
    """The rules do not depend on the kind of archive."""
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as package:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        package.writestr(info, content)
    with pytest.raises(UserError):
        unpacked(archive)
    assert around(tmp_path) == {"evil.zip", "box", "box/out"}


def test_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """Content beyond the declared size is never written."""
    archive = tmp_path / "liar.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("big", bytes(1 << 20))
    data = archive.read_bytes()
    lie = data.replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(lie)
    with pytest.raises(UserError, match="damaged"):
        unpacked(archive)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Return the bytes of a good archive of each kind."""
    folder = tmp_path_factory.mktemp("good")
    tar = write(folder / "a.tgz", *[(f"d{i}/f{i}", FILE) for i in range(4)], ("l", LINK, "d1/f1"))
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("d/f", b"abc" * 50)
    raw = gzip.decompress(tar.read_bytes())
    found = {"tgz": tar.read_bytes(), "zip": (folder / "a.zip").read_bytes(), "tar": raw}
    return found.__getitem__


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["tgz", "zip", "tar"]))
def test_damaged_archives_are_refused_or_read(
    good: Callable[[str], bytes],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    kind: str,
) -> None:
    """Whatever bytes are changed or cut off: members or a user's mistake, no traceback."""
    content = bytearray(good(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, min(len(content), 600) - 1))] = data.draw(
            st.integers(0, 255)
        )
    cut = data.draw(st.integers(0, len(content)))
    damaged = bytes(content[: cut or None])
    archive = tmp_path_factory.getbasetemp() / "damaged"
    archive.write_bytes(gzip.compress(damaged, 1) if kind == "tar" else damaged)
    try:
        for member in members.members(archive):
            assert sum(map(len, member.chunks())) == member.size
    except UserError as error:
        assert error.culprit.startswith("damaged ")  # the file's name


@pytest.mark.parametrize("length", [0, 1, 10, 100])
def test_truncated_archive_is_refused(
    good: Callable[[str], bytes], tmp_path: Path, length: int
) -> None:
    """A download that broke off is no archive."""
    archive = tmp_path / "half.tgz"
    archive.write_bytes(good("tgz")[:length])
    with pytest.raises(UserError, match="damaged"):
        list(members.members(archive))
