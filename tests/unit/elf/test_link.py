"""The linker's wrapper, with a fake linker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tinyml.elf.link import link, parse
from tinyml.errors import UserError

FAKE = """\
import pathlib, sys
words = sys.argv[1:]
if words[0].startswith("@"):
    words = pathlib.Path(words[0][1:]).read_text().split()
out = pathlib.Path(words[words.index("-o") + 1])
out.write_text("elf of " + " ".join(word for word in words if word.endswith(".o")))
for word in words:
    if word.startswith("-Wl,-Map="):
        pathlib.Path(word[9:]).write_text(f"OUTPUT({out} elf32-littlearm)")
print("to stdout")
print("to stderr", file=sys.stderr)
sys.exit(3 if "--fail" in words else 0)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the command of a linker that writes its output, even when it fails."""
    monkeypatch.chdir(tmp_path)
    Path("fake.py").write_text(FAKE)
    return [sys.executable, "fake.py"]


def files() -> set[str]:
    """Return the names of the outputs and of whatever else was left."""
    return {path.name for path in Path().iterdir()} - {"fake.py", "words.rsp"}


def test_a_link_that_succeeds_is_published(
    fake: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """ELF and map under their own names, the messages as they were, nothing else left."""
    assert link([*fake, "a.o", "-o", "x.elf", "-Wl,-Map=x.map"]) == 0
    assert Path("x.elf").read_text() == "elf of a.o"
    assert Path("x.map").read_text() == "OUTPUT(x.elf elf32-littlearm)"
    assert files() == {"x.elf", "x.map"}
    assert capfd.readouterr() == ("to stdout\n", "to stderr\n")


def test_a_link_that_fails_leaves_nothing(
    fake: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither half an ELF nor the one of before; status and messages are the linker's."""
    Path("x.elf").write_text("old")
    assert link([*fake, "a.o", "-o", "x.elf", "-Wl,-Map=x.map", "--fail"]) == 3
    assert files() == set()
    assert capfd.readouterr().err == "to stderr\n"


def test_response_files_are_understood(fake: list[str]) -> None:
    """Hundreds of objects come in a file, and -o may be among them."""
    objects = [f"build/object{i}.o" for i in range(600)]
    Path("words.rsp").write_text("\n".join([*objects, "-o", "x.elf"]))
    command = [fake[0], "@words.rsp"]
    assert parse(command).elf == Path("x.elf")
    Path("words.rsp").write_text(Path("words.rsp").read_text() + " -Wl,-Map=x.map")
    runner = Path("run")
    runner.write_text(f'#!/bin/sh\nexec {fake[0]} fake.py "$@"\n')
    runner.chmod(0o755)
    assert link(["./run", "@words.rsp"]) == 0
    assert Path("x.elf").read_text() == "elf of " + " ".join(objects)
    assert files() == {"x.elf", "x.map", "run"}


@pytest.mark.parametrize(
    ("words", "elf", "map_file"),
    [
        (["ld", "-o", "a.elf"], "a.elf", None),
        (["ld", "-oa.elf", "-Wl,-Map,a.map"], "a.elf", "a.map"),
        (["ld", "-Wl,--gc-sections,-Map=b/a.map,--cref", "--output=b/a.elf"], "b/a.elf", "b/a.map"),
    ],
)
def test_every_way_to_name_the_outputs(words: list[str], elf: str, map_file: str | None) -> None:
    """Each is found, and only the partial name remains in the command."""
    job = parse(words)
    assert job.elf == Path(elf)
    assert job.map == (Path(map_file) if map_file else None)
    text = " ".join(job.arguments)
    assert text.count(".partial") == len(job.outputs)
    assert text.replace(".partial", "") == " ".join(words)


@pytest.mark.parametrize("content", [b'-o "x.elf', b"-o \xff\xfe"])
def test_a_damaged_response_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """An open quote, or bytes that are no text."""
    (tmp_path / "words.rsp").write_bytes(content)
    with pytest.raises(UserError, match="cannot read the response file"):
        parse(["ld", f"@{tmp_path / 'words.rsp'}"])


def test_no_output_is_refused() -> None:
    """A link to a.out is a mistake in a build."""
    with pytest.raises(UserError, match="names no output"):
        parse(["arm-none-eabi-gcc", "a.o"])


def test_a_missing_linker_is_refused(tmp_path: Path) -> None:
    """By its name, with what installs it."""
    with pytest.raises(UserError, match="cannot run the linker no-such-gcc"):
        link(["no-such-gcc", "-o", str(tmp_path / "x.elf")])
