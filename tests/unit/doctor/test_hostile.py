"""The doctor is shown files that are cut short, altered and made up: it answers each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinyml import boards
from tinyml.boards import Board
from tinyml.doctor import units
from tinyml.doctor.checks import ordered
from tinyml.doctor.finding import ERROR, IMAGE, SEVERITIES, answer
from tinyml.doctor.patient import Patient, of
from tinyml.elf import headers
from unit.elf import tiny_elf

ROOT = Path(__file__).resolve().parents[3]
GCC = "arm-none-eabi-gcc"
SOURCE = "struct s { int a; char b; } x; int f(double d) { return (int)d + x.a; } int main(void) {"
SOURCE += " return f(2.0) + x.b; }"


@pytest.fixture(scope="module")
def disco() -> Board:
    """Return the board."""
    return boards.load(ROOT / "firmware" / "boards" / "stm32f746")


@cache
def real(folder: Path) -> bytes:
    """Return a linked file with debug information; a made one where there is no compiler."""
    source = folder / "x.c"
    source.write_text(SOURCE)
    words = [GCC, "-mcpu=cortex-m7", "-mthumb", "-g", "-O1", "--specs=nosys.specs", "-nostartfiles"]
    words += ["-Wl,-e,main", "-Wl,-Ttext=0x08000000", str(source), "-o", str(folder / "x.elf")]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except OSError:
        return tiny_elf.build()
    return (folder / "x.elf").read_bytes()


def examined(path: Path, board: Board | None) -> set[str]:
    """Return how grave the findings of all checks of an image are."""
    patient = Patient(path, board)
    found = [
        each for check in ordered() if check.subject == IMAGE for each in answer(check, patient)
    ]
    assert all(each.severity in SEVERITIES and each.evidence for each in found)
    return {each.severity for each in found}


@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=40
    ),
    cut=st.floats(0, 1) | st.just(1.0),
)
@example(changes=[(0.0, 0x7F)], cut=0.0)
@settings(max_examples=150)
def test_no_altered_file_makes_a_check_fall(
    changes: list[tuple[float, int]],
    cut: float,
    tmp_path_factory: pytest.TempPathFactory,
    disco: Board,
) -> None:
    """Bytes anywhere, DWARF, code, symbols and attributes included; the end cut off."""
    folder = tmp_path_factory.getbasetemp()
    data = bytearray(real(folder))
    for where, value in changes:
        data[int(where * len(data))] = value
    path = folder / "altered.elf"
    path.write_bytes(data[: int(cut * len(data))])
    examined(path, disco)


@pytest.mark.live
@pytest.mark.skipif(shutil.which(GCC) is None, reason=f"no {GCC}")
@pytest.mark.parametrize("value", [0, 63, 255])
def test_no_altered_debug_information_makes_its_reader_fall(
    value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each of the first bytes of each section in turn: lengths, versions, codes and forms."""
    folder = tmp_path_factory.getbasetemp()
    data = real(folder)
    path = folder / "debug.elf"
    for section in headers.read(data).sections:
        if section.name.startswith((".debug_", ".ARM.attributes")):
            for offset in range(min(48, section.size)):
                altered = bytearray(data)
                altered[section.offset + offset] = value
                path.write_bytes(altered)
                units.read(path)


@given(data=st.binary(max_size=200))
@settings(max_examples=50)
def test_no_bytes_make_a_check_fall(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With and without the first four bytes of an ELF file."""
    path = tmp_path_factory.getbasetemp() / "noise.elf"
    for content in (data, b"\x7fELF" + data):
        path.write_bytes(content)
        assert ERROR in examined(path, None)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"board": 7, "model": null}', '{"board": "../../x"}', "[" * 100_000, "\x00"],
)
def test_records_that_are_damaged_count_as_absent(text: str, tmp_path: Path) -> None:
    """They only add to what the image says; none of them can lead out of the project."""
    elf = tmp_path / "x.elf"
    elf.write_bytes(tiny_elf.build())
    for suffix in (".build-info.json", ".size.json"):
        elf.with_suffix(suffix).write_text(text)
    patient = of(elf, None, ROOT)
    assert patient.board is None
    for check in ordered():
        if check.subject == IMAGE:
            assert answer(check, patient)


@pytest.mark.parametrize(
    "record",
    [
        {"stack": 3},
        {"stack": {"worst": "many"}},
        {"stack": {"worst": 3, "main": {"chain": [{}]}, "reserved": 2, "unknown": [1]}},
        {"stack": {"worst": 3, "main": {}, "reserved": None}},
    ],
)
def test_a_size_document_of_another_kind_is_no_accident(
    record: dict[str, object], tmp_path: Path
) -> None:
    """Numbers that are no numbers are not compared."""
    elf = tmp_path / "x.elf"
    elf.write_bytes(tiny_elf.build())
    elf.with_suffix(".size.json").write_text(json.dumps(record))
    assert answer(next(c for c in ordered() if c.id == "stack"), of(elf, None, ROOT))


def doctor(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "tinyml.doctor", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_says_what_it_found(tmp_path: Path) -> None:
    """Words for people, JSON for programs with the same findings, status 1 for an error."""
    text = tmp_path / "x.elf"
    text.write_text("no firmware at all")
    told = doctor(text, "--image-only")
    assert told.returncode == 1
    assert "error    image: x.elf is not an ELF file" in told.stdout
    assert told.stdout.rstrip().splitlines()[-1].startswith("1 error, 0 warnings; 0 checks")
    document = json.loads(doctor(text, "--image-only", "--json").stdout)
    assert document["counts"]["error"] == 1
    assert {each["check"] for each in document["findings"]} == {
        check.id for check in ordered() if check.subject == IMAGE
    }
    assert {"severity", "evidence", "fix", "holds", "subject"} <= document["findings"][0].keys()


def test_a_reader_who_has_seen_enough_is_no_accident(tmp_path: Path) -> None:
    """The status is the image's all the same."""
    path = tmp_path / "x.elf"
    path.write_text("no firmware at all")
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "tinyml.doctor", str(path), "--image-only"]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_mistakes_on_the_command_line_are_told_in_three_lines(tmp_path: Path) -> None:
    """No traceback: a file that is not there, a check that does not exist."""
    for words, culprit in (
        ((tmp_path / "x.elf",), "no firmware"),
        (("--only", "nonsense"), "no check 'nonsense'"),
    ):
        told = doctor(*words)
        assert told.returncode == 1
        assert told.stderr.startswith("scons: error: ")
        assert culprit in told.stderr
        assert len(told.stderr.splitlines()) == 3
    assert len(doctor("--list").stdout.splitlines()) == len(ordered())
