"""Linker scripts: printed from the memory map and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tinyml import boards, linker_script
from tinyml.errors import UserError


@pytest.fixture
def board(root: Path) -> boards.Board:
    """Return the STM32F746G-DISCO."""
    return boards.load(root / "firmware" / "boards" / "stm32f746")


def regions(script: str) -> dict[str, tuple[int, int]]:
    """Return the MEMORY of a script: name -> origin, length."""
    lines = re.findall(r"^ +(\w+) \((\w+)\) : ORIGIN = (\w+), LENGTH = (\w+)$", script, re.M)
    return {name: (int(origin, 0), int(length, 0)) for name, _, origin, length in lines}


def placed(script: str) -> dict[str, str]:
    """Return the region of every output section."""
    return dict(re.findall(r"^    (\.\w+)[^{]*\{[^}]*\} > (\w+)", script, re.M))


def test_memory_is_the_boards(board: boards.Board) -> None:
    """Every memory appears under its own name, so that the linker's messages use it."""
    script = linker_script.generate(board, "test")
    assert regions(script) == {m.name: (m.origin, m.size) for m in board.memory}
    assert "FLASH (rx)" in script
    assert "DTCM (rwx)" in script


def test_attributes_of_the_board_win(board: boards.Board) -> None:
    """A memory may say its attributes itself."""
    memory = tuple(replace(m, attributes="rw") if m.name == "SRAM2" else m for m in board.memory)
    assert "SRAM2 (rw) :" in linker_script.generate(replace(board, memory=memory), "test")


def test_sections_follow_the_placement(board: boards.Board) -> None:
    """Each kind of content goes where board.toml puts it."""
    assert board.placement is not None
    placement = replace(board.placement, bss="SRAM2", arena="ITCM", data="SRAM1")
    script = linker_script.generate(replace(board, placement=placement), "test")
    regions_of = placed(script)
    assert {name: regions_of[name] for name in (".text", ".rodata", ".stack")} == {
        ".text": "FLASH",
        ".rodata": "FLASH",
        ".stack": "DTCM",
    }
    assert (regions_of[".bss"], regions_of[".arena"], regions_of[".data"]) == (
        "SRAM2",
        "ITCM",
        "SRAM1",
    )
    assert "> SRAM1 AT > FLASH" in script


def test_script_is_deterministic(board: boards.Board) -> None:
    """The same board gives the same text, with the command that made it at the top."""
    script = linker_script.generate(board, "the command")
    assert script == linker_script.generate(board, "the command")
    assert "the command" in script.splitlines()[0]


def test_native_program_has_none(root: Path) -> None:
    """A board without a memory map is refused."""
    with pytest.raises(UserError, match="no memory map"):
        linker_script.generate(boards.load(root / "firmware" / "boards" / "host"), "test")


def test_command_line_leaves_the_same_file_alone(root: Path, tmp_path: Path) -> None:
    """A second run does not touch its output."""
    output = tmp_path / "deep" / "board.ld"
    arguments = [str(root / "firmware" / "boards" / "mps2-an500"), "--output", str(output)]
    assert linker_script.main(arguments) == 0
    before = output.stat().st_mtime_ns
    assert linker_script.main(arguments) == 0
    assert output.stat().st_mtime_ns == before
    assert str(root) not in output.read_text()
