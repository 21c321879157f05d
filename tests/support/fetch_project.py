"""A project with components of the test's own, fetched from archives of the test's own."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinyml import components
from tinyml.errors import exit_status
from tinyml.fetch import __main__ as command
from tinyml.fetch import store

SITE = Path(__file__).resolve().parents[2] / "site_scons"
FILES = {"LICENSE": b"free\n", "include/toy.h": b"#define TOY 1\n", "source/toy.c": b"int toy;\n"}


@dataclass(frozen=True)
class Outcome:
    """What one run of the command answered."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A folder with ``third_party/`` and a store; every path is absolute."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def store(self) -> Path:
        """The folder of the fetched trees."""
        return self.root / "build" / "third_party"

    def describe(self, name: str = "toy", include: str = "include", **source: str) -> None:
        """Write the component ``name``, its ``[source]`` as given."""
        folder = self.root / "third_party" / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f'{key} = "{value}"' for key, value in source.items()]
        (folder / "component.toml").write_text(
            'description = "a toy"\nlicense = "MIT"\nlicense_file = "LICENSE"\n'
            f'include = ["{include}"]\n[source]\n' + "\n".join(lines) + "\n"
        )

    def npm(self, archive: Path, version: str = "1.0.0", **source: str) -> None:
        """Describe ``toy`` as the npm package whose tarball is ``archive``."""
        self.describe(
            provider="npm",
            package="toy",
            version=version,
            **({"sha256": sha256(archive), "root": "package"} | source),
        )

    def arguments(self, *words: str | Path) -> list[str]:
        """Return the command line for this project."""
        folders = ["--third-party", str(self.root / "third_party"), "--store", str(self.store)]
        return [*folders, *map(str, words)]

    def fetch(self, *words: str | Path) -> Outcome:
        """Run the command in this process."""
        self.capsys.readouterr()
        status = exit_status(lambda: command.main(self.arguments(*words)))
        shown = self.capsys.readouterr()
        return Outcome(status, shown.out, shown.err)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tinyml.fetch", *self.arguments(*words)],
            env={**os.environ, "PYTHONPATH": str(SITE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def tree(self, name: str = "toy") -> Path | None:
        """Return what a build would be given."""
        component = components.load(self.root / "third_party" / name)
        return store.tree(component, store=self.store)

    def content(self, name: str = "toy") -> dict[str, bytes]:
        """Return every file of the stored tree, except the record."""
        folder = self.store / name
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != store.RECORD
        }


def sha256(path: Path) -> str:
    """Return the digest of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_tgz(path: Path, files: Mapping[str, bytes], prefix: str = "package/") -> Path:
    """Write a .tar.gz with ``files`` below ``prefix``; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path
