"""What is to be written, checked against the board before anything touches it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml.boards import Board, Core, Memory
from tinyml.elf import image as elf_image
from tinyml.elf.check import check_float_abi, check_vectors
from tinyml.elf.regions import require_memories
from tinyml.errors import UserError

# Tag_CPU_arch (Addenda to the ABI for the Arm Architecture, IHI 0045, section 3.3.5).
_ARCHITECTURES = {9: "v6K", 10: "v7", 11: "v6-M", 12: "v6S-M", 13: "v7E-M", 16: "v8-M.base"}
_ARCHITECTURES |= {17: "v8-M.main", 21: "v8.1-M.main"}
_OF_CORE = {
    "cortex-m0": (11, 12),
    "cortex-m0plus": (11, 12),
    "cortex-m3": (10,),
    "cortex-m4": (13,),
    "cortex-m7": (13,),
    "cortex-m33": (17,),
    "cortex-m55": (21,),
}
_PROFILE_M = ord("M")
_ERASED = b"\xff"


@dataclass(frozen=True)
class Firmware:
    """An image that fits its board.

    Attributes:
        binary: the file with exactly the bytes for flash.
        elf: the file that it was made from; None where only ``binary`` is there.
        address: of its first byte.
        data: its bytes.
        notes: what the user should know, though it is no mistake.
    """

    binary: Path
    elf: Path | None
    address: int
    data: bytes
    notes: tuple[str, ...] = ()


def flash_of(board: Board) -> Memory:
    """Return the memory that programmers write.

    Raises:
        UserError: the board has none.
    """
    if board.placement is None:
        raise UserError(
            f"board {board.name} has no flash",
            "a board with a memory of kind flash, such as board=stm32f746",
            "scons flash board=stm32f746",
        )
    return board.region(board.placement.text)


def load(path: Path, board: Board) -> Firmware:
    """Return the image in ``path``, an .elf with its .bin beside it, or a .bin alone.

    Raises:
        UserError: it is not for this board, too large, linked elsewhere, or not what it says.
    """
    flash = flash_of(board)
    if path.suffix == ".elf":
        return _from_elf(path, board, flash)
    if path.suffix != ".bin":
        raise UserError(f"{path} is no image", "an .elf or a .bin", "scons builds both")
    data = _read(path)
    _check_size(path, flash, flash.origin + len(data), board)
    _check_start(path, data, board, flash)
    note = f"{path.name} does not say its core and FPU; its .elf would be checked for them"
    return Firmware(path, None, flash.origin, data, (note,))


def _from_elf(path: Path, board: Board, flash: Memory) -> Firmware:
    image = elf_image.read(path)
    stored = {s.load_address: s.content for s in image.sections if s.load_address is not None}
    if not stored:
        raise UserError(f"{path} holds nothing to write", "a linked firmware", "scons builds it")
    first, last = min(stored), max(address + len(part) for address, part in stored.items())
    if first != flash.origin:
        raise UserError(
            f"{path} is linked for {first:#010x}",
            f"an image for {board.name}, whose {flash.name} begins at {flash.origin:#010x}",
            f"scons board={board.name}, and flash the .elf of that variant",
        )
    _check_size(path, flash, last, board)
    check_vectors(image, require_memories(board))
    notes = _check_core(path, image, board)
    data = _flat(stored, first, last)
    return Firmware(_binary(path, data), path, first, data, notes)


def _flat(stored: Mapping[int, bytes], first: int, last: int) -> bytes:
    """Return the sections as one block; objcopy fills gaps with zeros."""
    block = bytearray(last - first)
    for address, part in stored.items():
        block[address - first : address - first + len(part)] = part
    return bytes(block)


def _binary(elf: Path, data: bytes) -> Path:
    """Return the .bin beside ``elf``, which must be the same image."""
    binary = elf.with_suffix(".bin")
    if _read(binary) != data:
        raise UserError(
            f"{binary} is not the image of {elf}",
            "both from one build",
            "scons builds both; or arm-none-eabi-objcopy -O binary",
        )
    return binary


def _check_size(path: Path, flash: Memory, end: int, board: Board) -> None:
    if end > flash.end:
        raise UserError(
            f"{path} takes {end - flash.origin:,} bytes, more than the flash of {board.name}",
            f"at most {flash.size:,} bytes, {flash.origin:#010x} to {flash.end:#010x}",
            "scons size-report shows what takes the room; opt=size and quantize=int8 make it less",
        )


def _check_start(path: Path, data: bytes, board: Board, flash: Memory) -> None:
    """Refuse a raw image that does not begin with a vector table for this board's memories."""
    stack, reset = struct.unpack_from("<II", data.ljust(8, _ERASED))
    in_ram = any(m.origin < stack <= m.end for m in board.memory if m.kind == "ram")
    in_image = flash.origin <= reset - 1 < flash.origin + len(data) and reset % 2 == 1
    if not (in_ram and in_image):
        raise UserError(
            f"{path} begins with {stack:#010x}, {reset:#010x}: no image for {board.name}",
            f"the top of a stack in RAM, then a function's address + 1 in {flash.name}"
            f" from {flash.origin:#010x}",
            f"scons board={board.name}, and flash that variant's image",
        )


def _check_core(path: Path, image: elf_image.Image, board: Board) -> tuple[str, ...]:
    """Refuse code for another core or FPU; return what is to be said of code without one."""
    core = board.core
    assert core is not None
    tags = image.attributes
    arch, profile = tags.get("TAG_CPU_ARCH"), tags.get("TAG_CPU_ARCH_PROFILE", _PROFILE_M)
    if arch not in _OF_CORE.get(core.cpu, (arch,)) or profile != _PROFILE_M:
        built = _ARCHITECTURES.get(arch, str(arch)) if isinstance(arch, int) else "an unknown core"
        raise UserError(
            f"{path} was built for {built}",
            f"code for the {core.cpu} of {board.name}: {' '.join(core.flags)}",
            f"scons board={board.name}, and flash the .elf of that variant",
        )
    if core.float_abi != "soft" and not tags.get("TAG_FP_ARCH") and tags:
        check_float_abi(image, Core(core.cpu, core.fpu, "soft"))
        return (f"{path.name} does not use the FPU: floats are slow (scons doctor tells more)",)
    check_float_abi(image, core)
    return ()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}", "an image that was built", "scons builds it"
        ) from error
