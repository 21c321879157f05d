"""Images are refused before anything is written: too large, linked elsewhere, for another core."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.flashing import V7E_M, board, firmware
from tinyml.boards import load
from tinyml.errors import UserError
from tinyml.flash import image
from unit.elf.tiny_elf import Piece, R
from unit.elf.tiny_elf import firmware as pieces

TEXT, *OTHERS = pieces()


def refused(path: Path) -> str:
    """Return what is said of an image."""
    with pytest.raises(UserError) as refusal:
        image.load(path, board())
    return refusal.value.culprit


def test_a_sound_image_is_taken(tmp_path: Path) -> None:
    """With its address and the bytes of its .bin; nothing to be said."""
    elf = firmware(tmp_path)
    loaded = image.load(elf, board())
    assert (loaded.address, loaded.elf, loaded.notes) == (0x08000000, elf, ())
    assert loaded.data == loaded.binary.read_bytes()


def test_a_raw_image_is_taken_with_a_note(tmp_path: Path) -> None:
    """Its vector table fits; its core cannot be told."""
    loaded = image.load(firmware(tmp_path).with_suffix(".bin"), board())
    assert loaded.elf is None
    assert "core" in loaded.notes[0]


def test_larger_than_the_flash(tmp_path: Path) -> None:
    """By one byte is enough; exactly full is not too large."""
    size = (1 << 20) - 0x100
    big = Piece(".big", 0x0800_0100, size, R, 0x0800_0100)
    assert image.load(firmware(tmp_path, (*pieces(), big)), board()).data
    big = replace(big, size=size + 1)
    elf = firmware(tmp_path, (*pieces(), big))
    assert "1,048,577 bytes, more than the flash of stm32f746" in refused(elf)
    assert "1,048,577 bytes" in refused(elf.with_suffix(".bin"))


def test_linked_for_another_address(tmp_path: Path) -> None:
    """An image for QEMU's board begins at 0."""
    vectors = struct.pack("<II", 0x2000_2000, 9)
    moved = Piece(".text", 0, 100, TEXT.flags, 0, content=vectors)
    elf = firmware(tmp_path, (moved,))
    assert "is linked for 0x00000000" in refused(elf)
    assert "begins with 0x20002000, 0x00000009" in refused(elf.with_suffix(".bin"))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({6: 10, 7: ord("M")}, "was built for v7"),
        ({6: 12, 7: ord("M")}, "was built for v6S-M"),
        ({6: 17, 7: ord("M")}, "was built for v8-M.main"),
        ({6: 13, 7: ord("A")}, "was built for v7E-M"),
        ({6: 99, 7: ord("M")}, "was built for 99"),
        ({**V7E_M, 10: 6, 27: 1, 28: 1}, "FPU VFPv4-D16"),
        ({**V7E_M, 10: 8, 28: 1}, "FPU FPv5-D16"),
        ({**V7E_M, 10: 8, 27: 1}, "float ABI soft"),
    ],
)
def test_for_another_core_or_fpu(tmp_path: Path, tags: dict[int, int], said: str) -> None:
    """A Cortex-M3, -M0, -M33, an A core; the FPU of an M4, one with doubles, softfp."""
    assert said in refused(firmware(tmp_path, attributes=tags))


def test_code_without_the_fpu_runs_and_is_remarked_on(tmp_path: Path) -> None:
    """It is slow, not wrong."""
    loaded = image.load(firmware(tmp_path, attributes=V7E_M), board())
    assert "does not use the FPU" in loaded.notes[0]


def test_a_stale_binary(tmp_path: Path) -> None:
    """The .bin beside the .elf must be the same image."""
    elf = firmware(tmp_path)
    data = bytearray(elf.with_suffix(".bin").read_bytes())
    data[50] ^= 1
    elf.with_suffix(".bin").write_bytes(data)
    assert "is not the image of" in refused(elf)
    elf.with_suffix(".bin").unlink()
    assert "cannot read" in refused(elf)


def test_no_image(tmp_path: Path) -> None:
    """A missing file, a .hex, an empty .bin, a file that is no ELF."""
    (tmp_path / "x.hex").touch()
    (tmp_path / "x.bin").touch()
    (tmp_path / "x.elf").write_text("no")
    assert "is no image" in refused(tmp_path / "x.hex")
    assert "begins with 0xffffffff" in refused(tmp_path / "x.bin")
    assert "is not an ELF file" in refused(tmp_path / "x.elf")
    assert "cannot read" in refused(tmp_path / "none.elf")


@given(changes=st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=6))
def test_no_altered_image_makes_us_fall(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    """It is taken or refused; what is taken lies in flash."""
    elf = firmware(tmp_path_factory.mktemp("fuzz"))
    data = bytearray(elf.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    elf.write_bytes(data)
    try:
        loaded = image.load(elf, board())
    except UserError:
        return
    assert loaded.address == 0x08000000 and len(loaded.data) <= 1 << 20


def test_a_board_without_flash(tmp_path: Path, root: Path) -> None:
    """The native program has nothing to flash."""
    host = load(root / "firmware" / "boards" / "host")
    with pytest.raises(UserError, match="has no flash"):
        image.load(firmware(tmp_path), host)


@pytest.mark.live
def test_gaps_are_filled_as_objcopy_fills_them(tmp_path: Path) -> None:
    """The oracle for the flat image is the tool that writes the .bin."""
    if not shutil.which("arm-none-eabi-objcopy"):
        pytest.skip("no arm-none-eabi-objcopy")
    elf = firmware(tmp_path, (*pieces(), Piece(".far", 0x0800_1000, 7, R, 0x0800_1000)))
    binary = elf.with_suffix(".bin")
    command = ["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(binary)]
    subprocess.run(command, check=True)
    assert image.load(elf, board()).data == binary.read_bytes()
