"""Boards as data: what is read, what is refused, and in which words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml import boards
from tinyml.errors import UserError

KB = 1024
MINIMAL = """
name = "toy"
description = "a toy"
family = "toys"

[core]
cpu = "cortex-m7"
fpu = "fpv5-sp-d16"
float_abi = "hard"

[memory.FLASH]
kind = "flash"
origin = 0x08000000
size = "64K"

[memory.RAM]
kind = "ram"
origin = 0x20000000
size = 0x4000

[placement]
text = "FLASH"
data = "RAM"
bss = "RAM"
stack = "RAM"
stack_size = 1024
arena = "RAM"

[clock]
default_mhz = 100
max_mhz = 216
crystal_hz = 25000000
overclock_mhz = [288]
pll = { vco_min_mhz = 100, vco_max_mhz = 432 }
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a board.toml, some text of it replaced."""

    def write_board(*replacements: tuple[str, str], name: str = "toy", text: str = MINIMAL) -> Path:
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "board.toml").write_text(text)
        return folder

    return write_board


@pytest.fixture(scope="module")
def discovery() -> boards.Board:
    """Return the STM32F746G-DISCO."""
    root = Path(__file__).resolve().parents[2]
    return boards.load(root / "firmware" / "boards" / "stm32f746")


def test_stm32f746_memory_map(discovery: boards.Board) -> None:
    """The memories are those of RM0385: the three RAMs follow each other without a gap."""
    sizes = {memory.name: (memory.origin, memory.size // KB) for memory in discovery.memory}
    assert sizes == {
        "FLASH": (0x08000000, 1024),
        "ITCM": (0, 16),
        "DTCM": (0x20000000, 64),
        "SRAM1": (0x20010000, 240),
        "SRAM2": (0x2004C000, 16),
    }
    assert discovery.region("DTCM").end == discovery.region("SRAM1").origin
    assert discovery.region("SRAM1").end == discovery.region("SRAM2").origin


def test_stm32f746_core(discovery: boards.Board) -> None:
    """The FPU is single precision and its registers pass the arguments."""
    assert discovery.core is not None
    assert discovery.core.flags == (
        *("-mcpu=cortex-m7", "-mthumb"),
        *("-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    )
    assert discovery.mcu_folders == ("cortex-m7", "stm32f7")


@pytest.mark.parametrize("name", ["stm32f746", "nucleo-f746zg", "mps2-an500", "host"])
def test_every_board_loads(root: Path, name: str) -> None:
    """Each board is called like its folder and has sources, of its own or its family's."""
    board = boards.load(root / "firmware" / "boards" / name)
    assert board.name == name
    assert board.source("board.c").is_file()


def test_host_has_nothing_of_a_microcontroller(root: Path) -> None:
    """A native program has no core, memory map, clock or HAL."""
    board = boards.load(root / "firmware" / "boards" / "host")
    assert (board.core, board.memory, board.placement, board.clock) == (None, (), None, None)
    assert board.mcu_folders == ()
    assert board.defines() == {}


def test_sizes_have_units(write: Write) -> None:
    """A size is a number of bytes or a text with K or M."""
    board = boards.load(write(('"64K"', '"2M"'), ("stack_size = 1024", 'stack_size = "2K"')))
    assert board.region("FLASH").size == 2 << 20
    assert board.region("RAM").size == 0x4000
    assert board.placement is not None
    assert board.placement.stack_size == 2048


@pytest.mark.parametrize(
    ("old", "new", "culprit", "expected"),
    [
        ('family = "toys"', 'family = "toys"\ncolour = 1', "unknown key 'colour'", "description"),
        ("[core]", "[core]\nspeed = 1", "unknown key 'speed'", "cpu, fpu, float_abi"),
        ('kind = "ram"', 'kind = "ram"\nwidth = 3', "unknown key 'width'", "origin, size"),
        ("[clock]", "[clock]\nmhz = 3", "unknown key 'mhz'", "default_mhz"),
        ('name = "toy"', "", "lacks name", "description"),
        ("origin = 0x20000000", "", "memory[1] lacks origin", "size"),
        ('cpu = "cortex-m7"', "cpu = 7", "cpu is 7", "a string"),
        ("origin = 0x20000000", 'origin = "low"', "origin is 'low'", "a whole number"),
        ("default_mhz = 100", "default_mhz = true", "default_mhz is True", "a whole number"),
        ("[288]", "288", "overclock_mhz is 288", "a list"),
        ("[288]", '["fast"]', "overclock_mhz[0] is 'fast'", "a whole number"),
        ("origin = 0x20000000", "origin = 0x0800FFFF", "FLASH and RAM overlap", "0x08010000"),
        ("[memory.RAM]", "[memory.FLASH]", "is not TOML", "valid TOML"),
        ("[memory.RAM]", '[memory."R A M"]', "is called 'R A M'", "letters"),
        ("size = 0x4000", "size = 0", "RAM has size 0", "at least 1"),
        ("size = 0x4000", "size = -4", "RAM has size -4", "at least 1"),
        ('"64K"', '"64G"', "size is '64G'", '"64K"'),
        ("origin = 0x20000000", "origin = 0xFFFFF000", "to 0x100003000", "32-bit"),
        ("origin = 0x20000000", "origin = -16", "from -0x10", "32-bit"),
        ('kind = "ram"', 'kind = "rom"', "has kind 'rom'", "flash or ram"),
        ('kind = "ram"', 'kind = "ram"\nattributes = "xr"', "attributes 'xr'", "rwx"),
        ('arena = "RAM"', 'arena = "SDRAM"', "arena is 'SDRAM'", "a ram region: RAM"),
        ('text = "FLASH"', 'text = "RAM"', "text is 'RAM'", "a flash region: FLASH"),
        ("stack_size = 1024", "stack_size = 1020", "stack_size is 1020", "multiple of 8"),
        ("stack_size = 1024", "stack_size = 65536", "stack_size is 65536", "up to 16384"),
        ("stack_size = 1024", "stack_size = 0", "stack_size is 0", "up to 16384"),
        ('family = "toys"', "", "core and placement only", "together"),
        ("25000000", "25500000", "crystal_hz is 25500000", "MHz"),
        ("default_mhz = 100", "default_mhz = 20", "default_mhz is 20", "50 to 216 MHz"),
        (
            "[clock]",
            '[emulator]\nkind = "magic"\n[clock]',
            "kind is 'magic'",
            "qemu, virtual or host",
        ),
        ("[clock]", '[emulator]\nkind = "qemu"\n[clock]', "machine is ''", "QEMU's name"),
    ],
)
def test_mistakes_are_refused(
    write: Write, old: str, new: str, culprit: str, expected: str
) -> None:
    """Each mistake names the culprit in its file and what is allowed."""
    with pytest.raises(UserError) as caught:
        boards.load(write((old, new)))
    assert culprit in caught.value.culprit
    assert "board.toml" in caught.value.culprit
    assert expected in caught.value.expected


def test_unknown_board_names_those_there_are(write: Write) -> None:
    """A folder without board.toml is answered with the boards beside it."""
    folder = write()
    with pytest.raises(UserError) as caught:
        boards.load(folder.parent / "tyo")
    assert "toy" in caught.value.hint


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose board.toml every example overwrites."""
    return tmp_path_factory.mktemp("scratch")


@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_rubbish_is_refused(scratch: Path, text: str) -> None:
    """Whatever the file holds, the answer is a board or a user's mistake, nothing else."""
    (scratch / "board.toml").write_text(text, encoding="utf-8", newline="")
    with pytest.raises(UserError):
        boards.load(scratch)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**33) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    key=st.sampled_from(["core", "memory", "placement", "clock", "serial", "emulator", "family"]),
    value=values,
)
def test_any_value_of_a_key_is_loaded_or_refused(scratch: Path, key: str, value: object) -> None:
    """A table where a number belongs, or the reverse, never gets past as a traceback."""
    text = f'name = "n"\ndescription = "d"\n{key} = {_toml(value)}\n'
    (scratch / "board.toml").write_text(text, encoding="utf-8")
    try:
        assert boards.load(scratch).name == "n"
    except UserError as error:
        assert "board.toml" in error.culprit


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\U{ord(character):08X}" for character in value or "") + '"'


@pytest.mark.parametrize("mhz", [50, 180, 216])
def test_clock_within_specification(discovery: boards.Board, mhz: int) -> None:
    """Up to 216 MHz nothing is said."""
    assert discovery.check_clock(mhz) is None


def test_overclock_says_so(discovery: boards.Board) -> None:
    """288 MHz works and is called what it is."""
    notice = discovery.check_clock(288)
    assert notice is not None
    assert "overclock" in notice
    assert "216 MHz" in notice


@pytest.mark.parametrize("mhz", [-1, 0, 1, 49, 217, 287, 289, 100000])
def test_impossible_clock_is_refused(discovery: boards.Board, mhz: int) -> None:
    """What the PLL cannot make, or the chip is not made for, is answered with what is allowed."""
    with pytest.raises(UserError) as caught:
        discovery.check_clock(mhz)
    assert caught.value.expected == "50 to 216 MHz, 288 (overclock)"


@given(mhz=st.integers(50, 216))
def test_allowed_clocks_are_within_the_pll(discovery: boards.Board, mhz: int) -> None:
    """Every allowed clock has a VCO of 100 to 432 MHz: RM0385 section 5.3.2."""
    assert discovery.check_clock(mhz) is None
    assert 100 <= 2 * mhz <= 432


def test_fixed_clock(root: Path) -> None:
    """A board without a PLL has one clock."""
    board = boards.load(root / "firmware" / "boards" / "mps2-an500")
    assert board.check_clock(25) is None
    with pytest.raises(UserError) as caught:
        board.check_clock(26)
    assert caught.value.expected == "25 MHz"


def test_no_clock(root: Path) -> None:
    """A native program has no clock to set."""
    with pytest.raises(UserError, match="no clock"):
        boards.load(root / "firmware" / "boards" / "host").check_clock(216)


def test_defines(discovery: boards.Board) -> None:
    """The macros carry the clock asked for, the default one where none is."""
    assert discovery.defines(100)["BOARD_CLOCK_MHZ"] == 100
    assert discovery.defines() == {
        "BOARD_CLOCK_MHZ": 216,
        "BOARD_CRYSTAL_HZ": 25_000_000,
        "BOARD_CRYSTAL_BYPASS": 0,
    }


def test_inherited_board(write: Write) -> None:
    """A variant says only what differs; its sources are its parent's where it has none."""
    parent = write()
    (parent / "board.c").touch()
    (parent / "board.h").touch()
    text = 'inherit = "toy"\nname = "big"\n[memory.RAM]\nsize = "32K"\n'
    child = write(name="big", text=text)
    (child / "board.h").touch()
    board = boards.load(child)
    assert board.name == "big"
    assert board.description == "a toy"
    assert (board.region("RAM").origin, board.region("RAM").size) == (0x20000000, 32 * KB)
    assert board.source("board.c") == parent / "board.c"
    assert board.source("board.h") == child / "board.h"
    with pytest.raises(UserError, match=r"no board\.s"):
        board.source("board.s")


@pytest.mark.parametrize("parent", ["big", "nix"])
def test_inheriting_oneself_or_nobody_is_refused(write: Write, parent: str) -> None:
    """A circle ends in a message, and so does a parent that is not there."""
    write(name="loop", text='inherit = "big"\n')
    with pytest.raises(UserError, match=r"board\.toml"):
        boards.load(write(name="big", text=f'inherit = "{parent}"\n'))
    with pytest.raises(UserError, match=r"board\.toml"):
        boards.load(write(name="loop", text='inherit = "big"\n'))


def test_command_line(root: Path) -> None:
    """`python -m tinyml.boards` shows the memory map, and the error in three lines."""
    command = [sys.executable, "-m", "tinyml.boards", "firmware/boards/stm32f746", "--clock"]
    environment = {"PYTHONPATH": str(root / "site_scons")}
    shown, refused = (
        subprocess.run(
            [*command, mhz], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        for mhz in ("288", "300")
    )
    assert shown.returncode == 0
    assert "DTCM     0x20000000    65,536 bytes ram" in shown.stdout
    assert "overclock" in shown.stdout
    assert refused.returncode == 1
    assert refused.stderr.startswith("scons: error: clock=300 is not possible on stm32f746\n")
    assert len(refused.stderr.splitlines()) == 3


def test_import_is_cheap(root: Path) -> None:
    """Reading boards loads nothing heavy: it happens in every build."""
    code = "import sys, tinyml.boards; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(root / "site_scons")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"numpy", "tensorflow", "elftools", "jinja2", "rich", "tflite"} & set(loaded)


@pytest.mark.parametrize(
    ("choices", "culprit", "expected"),
    [
        ({"arena": "CCM"}, "arena is 'CCM'", "a ram region: ITCM, DTCM, SRAM1, SRAM2"),
        ({"weights": "FLASH"}, "weights is 'FLASH'", "a ram region"),
        ({"code": "FLASH"}, "code is 'FLASH'", "a ram region"),
    ],
)
def test_placement_in_a_memory_that_will_not_do(
    root: Path, choices: dict[str, str], culprit: str, expected: str
) -> None:
    """No such memory, or flash: refused in the words of whoever asked for it."""
    board = boards.load(root / "firmware" / "boards" / "stm32f746")
    with pytest.raises(UserError, match=r"models/x/model\.toml") as refusal:
        board.placed(choices, "models/x/model.toml", "a hint")
    assert culprit in refusal.value.culprit and expected in refusal.value.expected


def test_code_needs_a_memory_that_executes(root: Path) -> None:
    """A memory may say that it does not."""
    board = boards.load(root / "firmware" / "boards" / "stm32f746")
    memory = tuple(replace(m, attributes="rw") if m.name == "DTCM" else m for m in board.memory)
    with pytest.raises(UserError, match="no x"):
        replace(board, memory=memory).placed({"code": "DTCM"}, "a test", "a hint")


def test_room_is_what_the_stack_leaves(root: Path) -> None:
    """The only content whose size is known before the link."""
    board = boards.load(root / "firmware" / "boards" / "stm32f746")
    assert board.room("arena") == 240 << 10
    assert board.placed({"arena": "DTCM"}, "a test", "a hint").room("arena") == (64 - 8) << 10
    assert board.placed({}, "a test", "a hint") is board
    host = boards.load(root / "firmware" / "boards" / "host")
    assert host.placed({"arena": "DTCM"}, "a test", "a hint") is host
