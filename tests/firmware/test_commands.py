"""The commands on the console: the line reader and the parser alone, then the demonstration."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.apps import build
from support.compiled import ROOT, WARNINGS, run

pytestmark = pytest.mark.live

APP = ROOT / "firmware" / "apps" / "mnist"
SANITIZER = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")
LONGEST = 40
EMPTY, UNKNOWN = 7, 8  # enum command_kind
#: What a terminal sends, the keys that matter more often than chance would have them.
KEYS = st.one_of(st.sampled_from(b"\r\n\b\x7f\x03cC=5, "), st.integers(0, 255))
TYPED = st.lists(st.one_of(KEYS.map(lambda k: bytes([k])), st.just(b"x" * 39)), max_size=40)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Return line reader and parser, compiled for this computer."""
    folder = tmp_path_factory.mktemp("reader")
    sources = [APP / "line.c", APP / "command.c", ROOT / "tests" / "firmware" / "line_driver.c"]
    flags = ["-std=c11", "-shared", "-fPIC", f"-I{APP}", *WARNINGS, *SANITIZER]
    run(["gcc", *flags, "-o", "reader.so", *map(str, sources)], folder)
    loaded = ctypes.CDLL(str(folder / "reader.so"))
    loaded.lines_of.restype = ctypes.c_ulong
    return loaded


def lines(reader: ctypes.CDLL, typed: bytes) -> list[str]:
    """Return the lines in what was typed; `!` is one too long, `^` a break."""
    events = ctypes.create_string_buffer(2 * len(typed) + 1)
    length = reader.lines_of(typed, ctypes.c_ulong(len(typed)), events)
    found = events.raw[:length].split(b"\0")[:-1]
    marks = {"1": "", "2": "!", "3": "^"}
    return [marks[text[:1].decode()] + text[1:].decode("ascii") for text in found]


def expected(typed: bytes) -> list[str]:
    """Return the same by the rules, a line at a time."""
    found: list[str] = []
    line: list[str] = []
    previous = 0
    for byte in typed:
        if byte == 0x0A and previous == 0x0D:
            pass
        elif byte in (0x0A, 0x0D):
            found.append("".join(line) if len(line) <= LONGEST else "!")
            line = []
        elif byte == 3:
            found.append("^")
            line = []
        elif byte in (8, 0x7F):
            line = line[:-1]
        else:
            line.append(chr(byte) if 0x20 <= byte < 0x7F else "?")
        previous = byte
    return found


@given(typed=TYPED.map(b"".join))
def test_lines(reader: ctypes.CDLL, typed: bytes) -> None:
    """CR, LF and CRLF end a line, backspace takes back, Ctrl-C forgets, too long is too long."""
    assert lines(reader, typed) == expected(typed)


def test_a_line_that_was_too_long(reader: ctypes.CDLL) -> None:
    """Its end is no command, and what is taken back counts."""
    assert lines(reader, b"x" * 5000 + b"CMD=2\rCMD=3\r\n") == ["!", "CMD=3"]
    assert lines(reader, b"x" * 45 + b"\b" * 5 + b"\n" + b"y" * 41 + b"\n") == ["x" * 40, "!"]


def parsed(reader: ctypes.CDLL, text: str) -> tuple[int, int | None]:
    """Return the kind of a command and its number."""
    kind, has_count, count = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    reader.parse(text.encode(), *map(ctypes.byref, (kind, has_count, count)))
    return kind.value, count.value if has_count.value and kind.value < EMPTY else None


def by_rule(text: str) -> tuple[int, int | None]:
    """Return the same by a regular expression."""
    match = re.fullmatch(r" *cmd=([0-9]+)(?:,([0-9]+))? *", text, re.IGNORECASE)
    if not match or int(match[1]) > 5:
        return (UNKNOWN if text.strip(" ") else EMPTY), None
    return int(match[1]), None if match[2] is None else min(int(match[2]), 2**32 - 1)


@given(
    text=st.one_of(
        st.text("cCmMdD=0123456789, ", max_size=14),
        st.from_regex(r"(?ai)\A *cmd=0*[0-9],?[0-9]{0,14} *\Z"),
    )
)
@pytest.mark.parametrize("prefix", ["", "CMD=", " cmD=5,"])
def test_commands(reader: ctypes.CDLL, prefix: str, text: str) -> None:
    """In capitals or not, with spaces around; a huge number stays huge; nothing else is one."""
    kind, count = parsed(reader, prefix + text)
    wanted = by_rule(prefix + text)
    limit = 2**32 - 1
    assert kind == wanted[0]
    # A number beyond 32 bits stays beyond every limit, whatever digits follow.
    assert count == wanted[1] or (wanted[1] == limit and count is not None and count > 10_000)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demonstration around a small model."""
    return build(tmp_path_factory.mktemp("app"), "mnist")


def output(program: Path, typed: bytes) -> str:
    """Return what the demonstration prints. What is typed is there when it starts."""
    there, end = os.pipe()
    os.write(end, typed)
    os.close(end)
    with os.fdopen(there, "rb") as keys:
        done = subprocess.run(
            [program, "--console", "stdio"],
            stdin=keys,
            capture_output=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode("ascii")


def answers(program: Path, typed: bytes) -> list[str]:
    """Return the lines that the demonstration prints when it is ready, for what is typed."""
    _, _, after = output(program, typed).partition("ready: CMD=0 lists the commands\n")
    return after.splitlines()


def test_help(program: Path) -> None:
    """Every command is listed; an empty line is nothing."""
    said = answers(program, b"\r\n  \ncmd=0\n")
    assert [line.split()[0] for line in said] == [*(f"CMD={n}" for n in range(5)), "CMD=5,n", "ok"]


def test_model(program: Path) -> None:
    """Tensors with type, shape, quantization and size; operators; bytes."""
    text = "\n".join(answers(program, b"CMD=1\r"))
    assert (
        "model   toy\ninput   in\n        uint8   1x784, scale 3921.569e-6, zero 0, 784 bytes"
        in text
    )
    assert "output  out\n        uint8   1x10, scale 3921.569e-6, zero 0, 10 bytes" in text
    assert "    0   PICK" in text and text.endswith("state           0 bytes\nok")
    assert "arena         794 bytes" in text


def test_the_digit_again(program: Path) -> None:
    """CMD=2 prints what was printed at the start, but for what it cost."""
    banner, rest = output(program, b"CMD=2\n").split("debug\n")
    before, after = rest.split("ready: CMD=0 lists the commands\n")
    cost = re.compile(r" *\d+( ns)?$", re.MULTILINE)
    assert cost.sub("n", after) == cost.sub("n", before) + "ok\n"
    assert "answer" in after and banner.startswith("\nscons-tinyml\nboard   host")


def test_build_and_memory(program: Path) -> None:
    """The banner, and what is known of the memory on this computer."""
    said = answers(program, b"CMD=3\nCMD=4\n")
    assert said[1:3] == ["scons-tinyml", "board   host"]
    assert said[-2:] == ["arena         794 bytes", "ok"]


def test_repetition(program: Path) -> None:
    """Several inferences, their least, mean and largest cost."""
    said = answers(program, b"CMD=5,20\r\nCMD=3\r\n")
    assert said[0].split() == ["runs", "20"]
    least, mean, largest = (int(line.split()[1]) for line in said[1:4])
    assert [line.split()[0] for line in said[1:4]] == ["min", "mean", "max"]
    assert 0 < least <= mean <= largest and said[4] == "ok" and "scons-tinyml" in said


def test_repetition_that_is_broken_off(program: Path) -> None:
    """Ctrl-C ends it; a command that came before the Ctrl-C waits and is carried out."""
    assert answers(program, b"CMD=5,10000\n\x03")[0].split() == ["runs", "1"]
    said = answers(program, b"CMD=5,3\nCMD=4\n\x03")
    assert said[0].split() == ["runs", "3"] and said[-1] == "ok"


@pytest.mark.parametrize("n", ["0", "10001", "4294967297", "9" * 30])
def test_a_number_out_of_range(program: Path, n: str) -> None:
    """It is refused with the range, and the next command is carried out."""
    said = answers(program, f"CMD=5,{n}\nCMD=5,1\n".encode())
    assert said[:2] == ["error: n of CMD=5,n is out of range", "expected: 1 to 10000"]
    assert said[2].split() == ["runs", "1"]


@pytest.mark.parametrize(
    "line",
    [
        "CMD=6",
        "CMD=5",
        "CMD=2,1",
        "CMD=",
        "CMD=-1",
        "CMD=1x",
        "hello",
        "CMD =1",
        "CMD=5,",
        "CMD=5,x",
    ],
)
def test_what_is_no_command(program: Path, line: str) -> None:
    """It is shown, with what would be one."""
    said = answers(program, f"{line}\n".encode())
    assert said == [f"error: {line}", "expected: CMD=0 (help) to CMD=4, or CMD=5,n"]


def test_garbage(program: Path) -> None:
    """What cannot be printed is not; a line too long is named; then a command works."""
    said = answers(program, b"\0\xff\x1b[A\n" + b"z" * 500 + b"\nCMD=2\0\ncmd=4\n")
    usage = "expected: CMD=0 (help) to CMD=4, or CMD=5,n"
    assert said[:4] == ["error: ???[A", usage, "error: the line is too long", usage]
    assert said[4:6] == ["error: CMD=2?", usage] and said[-1] == "ok"


@given(typed=TYPED.map(b"".join))
def test_anything_typed_ends(program: Path, typed: bytes) -> None:
    """Whatever comes, the command behind it is carried out."""
    assert answers(program, typed + b"\x03CMD=4\n")[-1] == "ok"


def test_a_model_that_is_no_classifier(tmp_path: Path) -> None:
    """It is served all the same: only what needs a digit is refused."""
    said = answers(build(tmp_path, "mnist", inputs=100), b"CMD=2\nCMD=5,2\nCMD=4\n")
    refusal = ["error: model toy is not a digit classifier"]
    refusal += ["expected: one input of 784 elements, one output of 10"]
    assert said[:4] == refusal * 2 and said[-1] == "ok"
