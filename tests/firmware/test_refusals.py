"""What cannot work is refused by the build: culprit, what is allowed, what to do next."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from support import project

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project to put mistakes into."""
    project.build("board=stm32f746")
    return project.copy(tmp_path_factory.mktemp("project") / "copy")


def refused(folder: Path, *arguments: str) -> str:
    """Build, expect the three lines of a user's mistake, and return them."""
    result = project.scons(*arguments, folder=folder)
    assert result.returncode == 2, result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    message = re.search(
        r"^scons: error: .+\n       expected: .+\n       try: .+$", result.stderr, re.MULTILINE
    )
    assert message, result.stderr
    return message.group()


def add_model(folder: Path, name: str, h5: bytes | None) -> Path:
    """Add a model whose file has the bytes ``h5`` (None: no file); return its folder."""
    model = folder / "models" / name
    shutil.copytree(folder / "models" / "mnist", model)
    (model / "mnist.h5").unlink()
    if h5 is not None:
        (model / "mnist.h5").write_bytes(h5)
    return model


def add_board(folder: Path, name: str, *replacements: tuple[str, str]) -> None:
    """Add a board like the stm32f746, with changes to its description."""
    board = folder / "firmware" / "boards" / name
    shutil.copytree(folder / "firmware" / "boards" / "stm32f746", board)
    text = (board / "board.toml").read_text().replace('name = "stm32f746"', f'name = "{name}"')
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (board / "board.toml").write_text(text)


@pytest.mark.parametrize(
    ("arguments", "culprit", "allowed"),
    [
        (["bord=host"], "'bord'", "board"),
        (["board=stm32f7"], "board=stm32f7", "board=stm32f746"),
        (["clock=500"], "clock=500", "216"),
        (["engine=tflm"], "tflite-micro", "scons fetch component=tflite-micro"),
        (["engine=tflm", "kernel=cm7"], "kernel=cm7", "kernel=cmsis-nn"),
        (["kernel=cmsis-nn", "cmsis_nn=upstream"], "cmsis_nn=upstream", "fetch component=cmsis-nn"),
        (["sbom", "board=host"], "board=host", "board=stm32f746"),
        (["board=host", "kernel=cm7"], "kernel=cm7", "kernel=reference"),
        (["emulate", "board=mps2-an500", "uart6=off"], "uart6=", "board=stm32f746"),
        (["emulate", "limit=soon"], "limit=soon", "virtual time"),
        (["emulate", "uart6=com1"], "uart6=com1", "tcp:PORT"),
        (["emulate", "counts=/no/folder/x"], "cannot write /no/folder/x", "a folder that exists"),
    ],
)
def test_wrong_options(root: Path, arguments: list[str], culprit: str, allowed: str) -> None:
    """A wrong option or value is refused before anything is built."""
    message = refused(root, *arguments)
    assert culprit in message
    assert allowed in message


def test_missing_cross_compiler(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arm-none-eabi-gcc the build says what to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert "gcc-arm-none-eabi" in refused(root, "board=stm32f746")


@pytest.mark.parametrize(
    ("name", "h5", "culprit"),
    [("absent", None, "mnist.h5"), ("empty", b"", "mnist.h5"), ("text", b"hello", "mnist.h5")],
)
def test_bad_model_files(copied: Path, name: str, h5: bytes | None, culprit: str) -> None:
    """A missing, empty or foreign model file is refused and leaves no output."""
    add_model(copied, name, h5)
    assert culprit in refused(copied, f"model={name}")
    assert not list(copied.glob(f"build/models/{name}/**/*.*"))


def test_an_application_that_is_not_there(copied: Path) -> None:
    """A misspelled app is refused with those that there are."""
    add_model(copied, "misspelled", b"")
    toml = copied / "models" / "misspelled" / "model.toml"
    toml.write_text(toml.read_text().replace('app = "mnist"', 'app = "mnits"'))
    message = refused(copied, "model=misspelled")
    assert "app is 'mnits'" in message and "one of mnist, profile, vectors" in message


@pytest.mark.parametrize(
    ("name", "replacement", "culprit"),
    [
        ("unknown-key", ("[core]\n", "[core]\nspeed = 3\n"), "speed"),
        ("overlap", ("origin = 0x20010000", "origin = 0x20008000"), "SRAM1"),
        ("not-toml", ("[core]\n", "[core\n"), "board.toml"),
    ],
)
def test_bad_boards(copied: Path, name: str, replacement: tuple[str, str], culprit: str) -> None:
    """A board description with a mistake is refused by the name of the mistake."""
    add_board(copied, name, replacement)
    assert culprit in refused(copied, f"board={name}")


def test_model_too_large_for_ram(copied: Path) -> None:
    """An arena larger than its region is refused before linking, with both sizes."""
    add_board(copied, "small-ram", ('size = "240K"', 'size = "4K"'))
    message = refused(copied, "board=small-ram")
    assert "SRAM1" in message
    assert "4096" in message.replace(",", "")


def test_model_too_large_for_flash(copied: Path) -> None:
    """An image larger than flash is refused with region, excess and the biggest symbols."""
    add_board(copied, "small-flash", ('size = "1M"', 'size = "64K"'))
    result = project.scons("board=small-flash", folder=copied)
    assert result.returncode == 2
    assert re.search(r"FLASH.* by [\d,]+ bytes", result.stderr), result.stderr
    assert "weights" in result.stderr
    assert not list(copied.glob("build/small-flash*/*.elf"))
