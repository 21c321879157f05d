"""npm and PyPI are asked through their own clients and configuration, and not trusted."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.fetch_project import FILES, Project, sha256, write_tgz
from tinyml.errors import UserError
from tinyml.fetch import sdist

Client = Callable[[str, str], Path]
# Does what `npm pack` does: a tarball in the folder after --pack-destination, its name on stdout.
FAKE_NPM = """
echo "$@" >> "{log}"
while [ "$1" != --pack-destination ]; do shift; done
cp "{tarball}" "$2/toy-1.0.0.tgz" && echo toy-1.0.0.tgz
"""


@pytest.fixture
def fake_npm(client: Client, toy_tgz: Path, tmp_path: Path) -> Path:
    """Put an npm on the PATH that packs ``toy_tgz``; return the log of its command lines."""
    log = tmp_path / "npm.log"
    client("npm", FAKE_NPM.format(log=log, tarball=toy_tgz))
    return log


def test_npm_package(project: Project, toy_tgz: Path, fake_npm: Path) -> None:
    """The client is asked once, by name and version, with the package's scripts switched off."""
    project.npm(toy_tgz)
    assert project.tree() is None
    outcome = project.fetch("toy")
    assert outcome.status == 0, outcome.err
    assert project.tree() == project.store / "toy"
    assert project.content() == FILES
    again = project.fetch()
    assert again.out == "fetch: all there (toy)\n"
    (call,) = fake_npm.read_text().splitlines()
    assert call.startswith("pack toy@1.0.0 ")
    assert "--ignore-scripts" in call


def test_sha512(project: Project, toy_tgz: Path, fake_npm: Path) -> None:
    """The longer digest serves as well, in capitals too."""
    digest = hashlib.sha512(toy_tgz.read_bytes()).hexdigest().upper()
    project.describe(provider="npm", package="toy", version="1.0.0", sha512=digest, root="package")
    assert project.fetch().status == 0


def test_kept_archive_needs_no_client(
    project: Project, toy_tgz: Path, fake_npm: Path, client: Client
) -> None:
    """What was downloaded once is not downloaded again, and is checked again."""
    project.npm(toy_tgz)
    assert project.fetch().status == 0
    client("npm", "exit 1\n")
    shutil.rmtree(project.store / "toy")
    assert project.fetch().status == 0
    kept = project.store / "archives" / "toy-1.0.0.tgz"
    kept.write_bytes(b"rubbish")
    shutil.rmtree(project.store / "toy")
    outcome = project.fetch()
    assert outcome.status == 1
    assert "fetched again, because toy: toy-1.0.0.tgz is not the pinned file" in outcome.out


@pytest.mark.parametrize("damage", ["tampered", "truncated", "empty"])
def test_wrong_download_is_refused(
    project: Project, toy_tgz: Path, fake_npm: Path, damage: str
) -> None:
    """One byte more or less: refused with both digests, not kept, the old tree untouched."""
    project.npm(toy_tgz)
    assert project.fetch().status == 0
    before = project.content()
    newer = write_tgz(project.root / "new" / "toy-2.0.0.tgz", {**FILES, "new": b"2"})
    project.npm(newer, version="2.0.0")
    good = newer.read_bytes()
    changed = {"tampered": good[:-9] + b"x" + good[-8:], "truncated": good[:-9], "empty": b""}
    toy_tgz.write_bytes(changed[damage])
    outcome = project.fetch()
    assert outcome.status == 1
    assert f"its sha256 is {hashlib.sha256(changed[damage]).hexdigest()}" in outcome.err
    assert f"expected: sha256 {hashlib.sha256(good).hexdigest()}" in outcome.err
    assert project.content() == before
    assert project.tree() is None
    assert not (project.store / "archives" / "toy-2.0.0.tgz").exists()
    toy_tgz.write_bytes(good)
    assert project.fetch().status == 0
    assert project.content()["new"] == b"2"


def test_npm_fails(project: Project, toy_tgz: Path, client: Client) -> None:
    """The last words of npm are shown, without the password that is in them."""
    client("npm", "echo npm error ENOTFOUND https://me:secret@host/toy >&2; exit 1\n")
    project.npm(toy_tgz)
    outcome = project.fetch()
    assert outcome.status == 1
    assert "toy: npm toy@1.0.0 failed with status 1" in outcome.err
    assert "| npm error ENOTFOUND https://***@host/toy" in outcome.err


def test_no_npm(project: Project, toy_tgz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is not there is named, with the way to get it."""
    monkeypatch.setenv("PATH", str(project.root))
    project.npm(toy_tgz)
    outcome = project.fetch()
    assert outcome.status == 1
    assert "npm is not installed" in outcome.err
    assert "apt install npm" in outcome.err


def test_npm_that_leaves_nothing(project: Project, toy_tgz: Path, client: Client) -> None:
    """A client that ends well without an archive is not believed."""
    client("npm", "exit 0\n")
    project.npm(toy_tgz)
    outcome = project.fetch()
    assert outcome.status == 1
    assert "left 0 files" in outcome.err


def test_archive_folder(project: Project, toy_tgz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With archive= no client is needed; a file of that name with other content is refused."""
    monkeypatch.setenv("PATH", "/nonexistent")
    project.npm(toy_tgz)
    outcome = project.fetch("--archive", toy_tgz.parent)
    assert outcome.status == 0, outcome.err
    assert project.content() == FILES
    shutil.rmtree(project.store)
    toy_tgz.write_bytes(toy_tgz.read_bytes() + b"\0")
    outcome = project.fetch("--archive", toy_tgz.parent)
    assert outcome.status == 1
    assert "is not the pinned file" in outcome.err


def test_archive_folder_that_lacks_the_file(
    project: Project, toy_tgz: Path, fake_npm: Path
) -> None:
    """With archive= nothing is downloaded: the file's name is asked for instead."""
    project.npm(toy_tgz)
    (project.root / "empty").mkdir()
    outcome = project.fetch("--archive", project.root / "empty")
    assert outcome.status == 1
    assert "toy-1.0.0.tgz" in outcome.err
    assert not fake_npm.exists()
    assert project.fetch("--archive", project.root / "no").status == 1


def test_scope_of_a_package(project: Project, toy_tgz: Path) -> None:
    """@scope/name is scope-name in the file's name, as npm has it."""
    scoped = toy_tgz.rename(toy_tgz.with_name("my-scope-toy-1.0.0.tgz"))
    project.describe(
        provider="npm",
        package="@my-scope/toy",
        version="1.0.0",
        sha256=sha256(scoped),
        root="package",
    )
    assert project.fetch("--archive", scoped.parent).status == 0


class _Registry(http.server.BaseHTTPRequestHandler):
    """As much of a registry as `npm pack` asks for."""

    tarball: bytes

    def do_GET(self) -> None:
        """Answer with the package's document, or its tarball."""
        host = f"http://{self.headers['Host']}"
        version = {"name": "toy", "version": "1.0.0", "dist": {"tarball": f"{host}/toy.tgz"}}
        document = {"name": "toy", "dist-tags": {}, "versions": {"1.0.0": version}}
        body = self.tarball if self.path == "/toy.tgz" else json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry(toy_tgz: Path) -> Iterator[str]:
    """Serve ``toy_tgz`` on this machine as npm's registry does."""
    handler = type("Handler", (_Registry,), {"tarball": toy_tgz.read_bytes()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.live
def test_npm_itself_with_the_users_registry(
    project: Project, toy_tgz: Path, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real npm, pointed to a mirror by its own configuration file."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    (tmp_path / "npmrc").write_text(f"registry={registry}\ncache={tmp_path / 'cache'}\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    monkeypatch.delenv("npm_config_registry", raising=False)
    project.npm(toy_tgz)
    outcome = project.fetch()
    assert outcome.status == 0, outcome.err
    assert project.content() == FILES


@pytest.fixture
def toy_sdist(tmp_path: Path) -> Path:
    """Return an sdist whose build would fail, and would be noticed."""
    evil = f"open({str(tmp_path / 'ran')!r}, 'w'); raise SystemExit(1)\n".encode()
    return write_tgz(
        tmp_path / "wheels" / "toy_kit-1.0.tar.gz",
        {**FILES, "setup.py": evil, "PKG-INFO": b"Name: toy-kit\nVersion: 1.0\n"},
        "toy_kit-1.0/",
    )


@pytest.fixture
def sdist_project(project: Project, toy_sdist: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Describe the sdist under its project's name, and clear pip's configuration."""
    for name in ("FIND_LINKS", "INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "CERT"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    project.describe(
        provider="pypi",
        package="toy-kit",
        version="1.0",
        sha256=sha256(toy_sdist),
        root="toy_kit-1.0",
    )
    return project


@pytest.mark.parametrize("where", ["environment", "file", "index"])
def test_sdist_from_where_pip_looks(
    sdist_project: Project, toy_sdist: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PIP_FIND_LINKS, a configuration file and a mirrored index serve; nothing of it is run."""
    folder = toy_sdist.parent
    if where == "environment":
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
    elif where == "file":
        (folder / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {folder}\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(folder / "pip.conf"))
    else:
        page = folder / "simple" / "toy-kit" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="../../{toy_sdist.name}">{toy_sdist.name}</a>')
        monkeypatch.setenv("PIP_INDEX_URL", (folder / "simple").as_uri())
    outcome = sdist_project.fetch()
    assert outcome.status == 0, outcome.err
    assert sdist_project.content()["include/toy.h"] == FILES["include/toy.h"]
    assert not (toy_sdist.parent.parent / "ran").exists()


def test_no_sdist(sdist_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is reported with the command that shows where pip looks."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    outcome = sdist_project.fetch()
    assert outcome.status == 1
    assert "no sdist of toy-kit==1.0 was found" in outcome.err
    assert "pip config list" in outcome.err


def test_dead_index(sdist_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that does not answer is a message, not a traceback."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    outcome = sdist_project.fetch()
    assert outcome.status == 1
    assert "Connection refused" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("name", ["toy_kit-1.0.tar.gz", "toy-kit-1.0.tar.gz", "Toy.Kit-1.0.tar.gz"])
def test_sdist_is_known_by_any_spelling(sdist_project: Project, toy_sdist: Path, name: str) -> None:
    """The file's name is compared as PEP 503 compares projects."""
    toy_sdist.rename(toy_sdist.with_name(name))
    assert sdist_project.fetch("--archive", toy_sdist.parent).status == 0


def test_pip_configuration() -> None:
    """Environment beats [download] beats [global]; lists are split; install's is not ours."""
    config = sdist.read_config(
        "\n".join(
            [
                ":env:.timeout='7'",
                "download.index-url='https://two.invalid'",
                "global.extra-index-url='https://a.invalid\\nhttps://b.invalid'",
                "global.index-url='https://one.invalid'",
                "global.timeout='99'",
                "install.no-index='true'",
            ]
        )
    )
    assert config.index_url == "https://two.invalid"
    assert config.extra_index_urls == ("https://a.invalid", "https://b.invalid")
    assert config.timeout == 7
    assert not config.no_index


def test_pip_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pip nobody knows where packages come from."""
    monkeypatch.setattr(sdist.sys, "executable", "/bin/false")
    with pytest.raises(UserError, match="pip cannot say"):
        sdist.ask_pip()
