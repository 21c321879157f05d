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


def in_place(board: boards.Board, **choices: str) -> boards.Board:
    """Return the board with some content elsewhere, as a model may want it."""
    return board.placed(choices, "a test", "no hint")


def test_placed_code_and_weights_are_stored_in_flash(board: boards.Board) -> None:
    """They run and are read in RAM, and start-up is told to copy them as it copies .data."""
    placed_board = in_place(board, code="ITCM", weights="DTCM")
    script = linker_script.generate(placed_board, "test", ["libkernels.a", "libother.a"])
    assert (placed(script)[".hot_code"], placed(script)[".hot_weights"]) == ("ITCM", "DTCM")
    assert "> ITCM AT > FLASH :hot_code" in script and "> DTCM AT > FLASH :hot_weights" in script
    assert re.findall(r"LONG\(LOADADDR\(\.(\w+)\)\)", script) == [
        "data",
        "hot_code",
        "hot_weights",
    ]
    assert "*libother.a:*(.text .text.*)" in script
    assert "EXCLUDE_FILE(*libkernels.a:* *libother.a:*) .text.*" in script
    # No segment is writable and executable.
    assert "hot_code PT_LOAD FLAGS(5)" in script and "hot_weights PT_LOAD FLAGS(4)" in script


def test_without_a_placement_nothing_is_hot(board: boards.Board) -> None:
    """A board's own script copies variables alone."""
    script = linker_script.generate(board, "test")
    assert "hot" not in script and "EXCLUDE_FILE" not in script and ".null" not in script
    assert re.findall(r"LONG\(LOADADDR\(\.(\w+)\)\)", script) == ["data"]


@pytest.mark.parametrize("content", ["arena", "weights"])
def test_no_tensor_is_at_address_0(board: boards.Board, content: str) -> None:
    """The ITCM begins there, and a pointer to nothing is 0."""
    script = linker_script.generate(in_place(board, **{content: "ITCM"}), "test")
    section = {"arena": ".arena", "weights": ".hot_weights"}[content]
    assert script.index(".null (NOLOAD)") < script.index(f"    {section} ")
    assert ".null" not in linker_script.generate(in_place(board, code="ITCM"), "test", ["lib.a"])


def test_command_line_places(root: Path, tmp_path: Path) -> None:
    """The same from the command line, which the script's first line repeats."""
    output = tmp_path / "board.ld"
    folder = str(root / "firmware" / "boards" / "stm32f746")
    arguments = ["--place", "arena=DTCM", "--place", "code=ITCM", "--code-library", "libk.a"]
    assert linker_script.main([folder, *arguments, "--output", str(output)]) == 0
    first = output.read_text().splitlines()[0]
    assert "--place arena=DTCM --place code=ITCM" in first
    with pytest.raises(SystemExit):
        linker_script.main([folder, "--place", "stack=DTCM", "--output", str(output)])
