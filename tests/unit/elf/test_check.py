"""The checks of a linked firmware, each seen to refuse what it is for."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from tinyml.elf.check import check, main
from tinyml.elf.image import parse
from tinyml.errors import UserError
from unit.elf.tiny_elf import BOARD, CORE, RW, Name, Piece, build, firmware, names

TEXT, *OTHERS = firmware()


def checked(data: bytes, *in_flash: tuple[str, int]) -> None:
    """Check a firmware for the tiny board."""
    check(parse(data, "tiny.elf"), BOARD, in_flash)


def with_vectors(stack: int, reset: int) -> bytes:
    """Return a firmware whose vector table begins so."""
    return build((replace(TEXT, content=struct.pack("<II", stack, reset)), *OTHERS))


def test_a_sound_firmware_passes() -> None:
    """Nothing is raised."""
    checked(build(), ("model", 16))


def test_a_missing_symbol_is_refused() -> None:
    """The linker may have dropped it."""
    with pytest.raises(UserError, match="holds no symbol weights"):
        checked(build(), ("weights", 16))


@pytest.mark.parametrize(("name", "region"), [("counter", "DTCM"), ("arena", "SRAM1")])
def test_a_model_in_ram_is_refused(name: str, region: str) -> None:
    """A variable is named with its section, address and region."""
    with pytest.raises(UserError, match=rf"{name} \(.*\) is at 0x200[0-9a-f]* in {region}"):
        checked(build(), (name, 4))


def test_a_misaligned_model_is_refused() -> None:
    """The address and the alignment are named."""
    symbols = (Name("model", 0x0800_0074, 8, ".rodata"),)
    with pytest.raises(UserError, match="0x08000074, which is not aligned to 16 bytes"):
        checked(build(symbols=symbols), ("model", 16))
    checked(build(symbols=symbols), ("model", 4))


def test_a_symbol_in_another_memory_than_wanted_is_refused() -> None:
    """Where it is and where it should be; a symbol that is not there is refused too."""
    image = parse(build(), "tiny.elf")
    check(image, BOARD, in_memory=[("arena", "SRAM1")])
    with pytest.raises(UserError, match="in SRAM1") as refusal:
        check(image, BOARD, in_memory=[("arena", "DTCM")])
    assert "an address in DTCM" in refusal.value.expected
    with pytest.raises(UserError, match="holds no symbol weights"):
        check(image, BOARD, in_memory=[("weights", "DTCM")])


def test_one_bad_definition_among_several_is_found() -> None:
    """Static arrays of one name in two files are both looked at."""
    both = (*names(), Name("model", 0x2000_2004, 4, ".data"))
    with pytest.raises(UserError, match="in DTCM, not in flash"):
        checked(build(symbols=both), ("model", 16))


def test_a_symbol_larger_than_its_section_is_refused() -> None:
    """Its end would be somebody else's bytes."""
    symbols = (Name("model", 0x0800_0070, 65, ".rodata"),)
    with pytest.raises(UserError, match="reaches beyond its section"):
        checked(build(symbols=symbols), ("model", 16))


@pytest.mark.parametrize(
    ("stack", "reset"),
    [
        (0x2000_2000, 0x0800_0008),  # not Thumb
        (0x2000_2000, 0x2000_0001),  # no code there
        (0x2000_2000, 0x0800_0071),  # constants
        (0x2000_2000, 0x0900_0001),  # nothing
        (0x2000_2004, 0x0800_0009),  # stack not aligned
        (0x0800_0000, 0x0800_0009),  # stack in flash
        (0, 0x0800_0009),
        (0xFFFF_FFFF, 0xFFFF_FFFF),  # erased flash
    ],
)
def test_a_bad_vector_table_is_refused(stack: int, reset: int) -> None:
    """Both words that the core loads after a reset are checked and shown."""
    with pytest.raises(UserError, match=rf"begins with {stack:#010x}, {reset:#010x}"):
        checked(with_vectors(stack, reset))


def test_a_stack_at_the_very_end_of_ram_is_fine() -> None:
    """The pointer of an empty stack is one beyond its memory, as here of SRAM1."""
    checked(with_vectors(0x2004_C000, 0x0800_0009))


def test_no_vectors_at_the_start_of_flash() -> None:
    """A first section that begins later leaves erased flash where the core looks."""
    late = replace(TEXT, address=0x0800_0008, load=0x0800_0008, size=90)
    with pytest.raises(UserError, match="no vector table at the start of flash"):
        checked(build((late, *OTHERS)))


def test_a_section_outside_every_memory_is_refused() -> None:
    """Such as an arena assigned to memory that the board does not have."""
    with pytest.raises(UserError, match=r"section \.sdram .* in none of the board's memories"):
        checked(build((*firmware(), Piece(".sdram", 0xC000_0000, 16, RW))))


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({10: 8, 27: 1}, "float ABI soft"),
        ({6: 13}, "float ABI soft"),
        ({10: 8, 28: 1}, "FPU FPv5-D16$"),
        ({10: 6, 27: 1, 28: 1}, "FPU VFPv4-D16"),
        ({10: 3, 28: 1}, "FPU number 3"),
    ],
)
def test_other_floating_point_is_refused(tags: dict[int, int], message: str) -> None:
    """Soft float, softfp, double precision and the Cortex-M4's FPU are each told apart."""
    with pytest.raises(UserError, match=message) as refusal:
        checked(build(attributes=tags))
    assert "-mfpu=fpv5-sp-d16 -mfloat-abi=hard" in refusal.value.expected


def test_a_board_without_fpu_wants_soft_float() -> None:
    """There the FPU's attributes must be absent."""
    board = replace(BOARD, core=replace(CORE, float_abi="soft"))
    check(parse(build(attributes={6: 13}), "tiny.elf"), board)


def test_a_board_whose_fpu_is_left_out_on_purpose() -> None:
    """``--fpu soft``: then an image that uses it is the wrong one."""
    board = replace(BOARD, core=CORE).with_fpu("soft")
    assert board.core is not None
    assert board.core.flags == ("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=soft")
    assert BOARD.with_fpu("hard") is BOARD
    check(parse(build(attributes={6: 13}), "tiny.elf"), board)
    with pytest.raises(UserError, match="built for float ABI hard"):
        check(parse(build(), "tiny.elf"), board)
    with pytest.raises(UserError, match="float ABI hard"):
        check(parse(build(), "tiny.elf"), board)


def test_a_native_board_has_nothing_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an error to ask: silence would look like a passed check."""
    (tmp_path / "board.toml").write_text('name = "host"\ndescription = "native"\n')
    (tmp_path / "x.elf").write_bytes(build())
    words = ["check", str(tmp_path / "x.elf"), "--board-dir", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(UserError, match="has no memory map"):
        main()
