"""Check a linked firmware before it is flashed: ``python -m tinyml.elf.check X.elf --board-dir D``.

Every section inside a memory of the board, the vector table where the core looks for it, floating
point as the board's core has it, and each ``--in-flash SYMBOL[:ALIGN]`` constant and aligned.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from tinyml import boards
from tinyml.boards import Board, Core, Memory
from tinyml.elf.account import account
from tinyml.elf.image import SHF_EXECINSTR, Image, Section, Symbol, read, require_firmware
from tinyml.elf.regions import FLASH, RAM, describe, region_at, require_memories
from tinyml.errors import UserError, exit_status

DEFAULT_ALIGNMENT = 16

# Tag_FP_arch and Tag_ABI_HardFP_use = 1 (IHI 0045, section 3.3.6). The two FPUs that a Cortex-M7
# can have share one number and differ in the second tag alone.
_FP_ARCH: dict[int | str, str] = {0: "none", 6: "VFPv4-D16", 8: "FPv5-D16"}
_FPU = {
    "fpv4-sp-d16": "VFPv4-D16 (single precision)",
    "fpv5-sp-d16": "FPv5-D16 (single precision)",
    "fpv5-d16": "FPv5-D16",
}
# softfp computes in the FPU but passes arguments as soft does, and is told by that.
_FLOAT_ABI = {"hard": "hard", "softfp": "soft", "soft": "soft"}


def check(
    image: Image,
    board: Board,
    in_flash: Sequence[tuple[str, int]] = (),
    in_memory: Sequence[tuple[str, str]] = (),
) -> None:
    """Raise `UserError` for the first thing that would keep the firmware from running.

    Args:
        image: the linked firmware.
        board: what it is to run on.
        in_flash: symbols that must be in flash, each with its alignment in bytes.
        in_memory: symbols that must be in a memory, each with its name.
    """
    require_firmware(image)
    memories = require_memories(board)
    account(image, board.name, memories)
    check_vectors(image, memories)
    if board.core:
        check_float_abi(image, board.core)
    for name, alignment in in_flash:
        check_in_flash(image, memories, name, alignment)
    for name, memory in in_memory:
        check_in_memory(image, memories, name, memory)


def check_in_memory(image: Image, memories: Sequence[Memory], name: str, wanted: str) -> None:
    """Raise `UserError` unless every symbol ``name`` runs or is read in the memory ``wanted``."""
    for symbol in _symbols(image, name):
        region = region_at(memories, symbol.address)
        if region is None or region.name != wanted:
            raise UserError(
                f"{name} is at {symbol.address:#010x}, in {region.name if region else 'no memory'}",
                f"an address in {wanted}, as [placement] of model.toml wants it",
                "look at the section's line in the .map file",
            )


def check_in_flash(
    image: Image, memories: Sequence[Memory], name: str, alignment: int = DEFAULT_ALIGNMENT
) -> None:
    """Raise `UserError` unless every symbol ``name`` is in flash where it runs, and aligned."""
    for symbol in _symbols(image, name):
        _check_place(image, memories, symbol)
        if symbol.address % alignment:
            raise UserError(
                f"{name} is at {symbol.address:#010x}, which is not aligned to {alignment} bytes",
                f"an address divisible by {alignment}",
                f"define it with alignas({alignment}), as python -m tinyml.model_data does",
            )


def _symbols(image: Image, name: str) -> list[Symbol]:
    found = [symbol for symbol in image.symbols if symbol.name == name]
    if not found:
        raise UserError(
            f"{image.name} holds no symbol {name}",
            f"{name} linked in",
            "is its object on the link line, and used? --gc-sections drops what nothing refers to;"
            " an application for several models goes through INFERENCE_MODELS",
        )
    return found


def _check_place(image: Image, memories: Sequence[Memory], symbol: Symbol) -> None:
    section = next(s for s in image.sections if s.index == symbol.section)
    region = region_at(memories, symbol.address)
    flashes = describe([memory for memory in memories if memory.kind == FLASH])
    where = f"{symbol.name} ({symbol.size} bytes, {section.name}) is at {symbol.address:#010x}"
    stays = section.load_address == section.address
    if region is None or region.kind != FLASH or not stays:
        raise UserError(
            f"{where} in {region.name if region else 'no memory of the board'}, not in flash",
            f"a constant in {flashes}",
            "define it const: a variable is copied to RAM at start-up",
        )
    if not section.address <= symbol.address <= symbol.address + symbol.size <= section.end:
        raise UserError(
            f"{where} and reaches beyond its section",
            f"all of it in {flashes}",
            "its .size is wrong, or the linker script cuts the section",
        )


def check_vectors(image: Image, memories: Sequence[Memory]) -> None:
    """Raise `UserError` unless a flash begins with an initial stack pointer and a reset vector.

    The core loads both from there after a reset (ARMv7-M Architecture Reference Manual, B1.5.5).
    """
    section = _first_of_flash(image, memories)
    if section is None or section.size < 8:
        raise UserError(
            f"{image.name} has no vector table at the start of flash",
            "sections stored from the first byte of "
            + describe([memory for memory in memories if memory.kind == FLASH]),
            "KEEP(*(.vectors)) first in the linker script's first section",
        )
    stack, reset = struct.unpack_from("<II", section.content)
    if not _is_stack(memories, stack) or not _is_thumb_code(image, reset):
        raise UserError(
            f"the vector table at {section.address:#010x} ({section.name}) begins with"
            f" {stack:#010x}, {reset:#010x}",
            "the top of a stack in RAM (8-byte aligned), then a function's address + 1",
            "KEEP(*(.vectors)) first in the linker script's first section",
        )


def _first_of_flash(image: Image, memories: Sequence[Memory]) -> Section | None:
    origins = {memory.origin for memory in memories if memory.kind == FLASH}
    return next((s for s in image.sections if s.content and s.address in origins), None)


def _is_stack(memories: Sequence[Memory], top: int) -> bool:
    # A full stack begins one word below the pointer: it may equal the end of its memory.
    region = region_at(memories, top - 1)
    return region is not None and region.kind == RAM and top % 8 == 0


def _is_thumb_code(image: Image, vector: int) -> bool:
    target = vector - 1
    section = next((s for s in image.sections if s.address <= target < s.end), None)
    # Code that runs from RAM is not there yet when the core comes out of reset.
    stays = section is not None and section.load_address == section.address
    return vector % 2 == 1 and stays and bool(section and section.flags & SHF_EXECINSTR)


def check_float_abi(image: Image, core: Core) -> None:
    """Raise `UserError` unless the build attributes show the board's FPU and float ABI.

    Tags and values: IHI 0045, section 3.3.6.
    """
    tags = image.attributes
    if not tags:
        raise UserError(
            f"{image.name} has no build attributes (.ARM.attributes)",
            "a firmware linked by arm-none-eabi-gcc and not stripped of them",
            "build again without objcopy --remove-section",
        )
    found = {"float ABI": _float_abi(tags), "FPU": _fpu(tags)}
    fpu = "none" if core.float_abi == "soft" else _FPU.get(core.fpu)
    wanted = {"float ABI": _FLOAT_ABI.get(core.float_abi), "FPU": fpu}
    for what, value in wanted.items():
        if found[what] != value:
            raise UserError(
                f"{image.name} was built for {what} {found[what]}",
                f"{what} {value or 'unknown here'}: {' '.join(core.flags)}",
                "give these flags to every compilation, to the assembler and to the linker",
            )


def _float_abi(tags: dict[str, int | str]) -> str:
    return "hard" if tags.get("TAG_ABI_VFP_ARGS") == 1 else "soft"


def _fpu(tags: dict[str, int | str]) -> str:
    arch = tags.get("TAG_FP_ARCH", 0)
    single = tags.get("TAG_ABI_HARDFP_USE") == 1
    return _FP_ARCH.get(arch, f"number {arch}") + " (single precision)" * single


def _symbol(argument: str) -> tuple[str, int]:
    name, separator, alignment = argument.partition(":")
    if not name or (separator and not (alignment.isdecimal() and int(alignment))):
        raise argparse.ArgumentTypeError(f"{argument!r} is not SYMBOL or SYMBOL:ALIGN")
    return name, int(alignment) if separator else DEFAULT_ALIGNMENT


def _placed_symbol(argument: str) -> tuple[str, str]:
    name, _, memory = argument.partition(":")
    if not name or not memory:
        raise argparse.ArgumentTypeError(f"{argument!r} is not SYMBOL:MEMORY")
    return name, memory


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf.check", description=__doc__)
    parser.add_argument("elf", type=Path, help="linked firmware")
    parser.add_argument("--board-dir", type=Path, required=True, help="folder of board.toml")
    parser.add_argument(
        "--in-flash",
        type=_symbol,
        nargs="+",
        action="extend",
        default=[],
        metavar="SYMBOL[:ALIGN]",
        help=f"must be in flash, aligned (default {DEFAULT_ALIGNMENT} bytes)",
    )
    parser.add_argument(
        "--in-memory",
        type=_placed_symbol,
        action="append",
        default=[],
        metavar="SYMBOL:MEMORY",
        help="must be in that memory when it is used",
    )
    parser.add_argument(
        "--fpu",
        choices=("hard", "soft"),
        default="hard",
        help="soft: built without the board's FPU on purpose (default: as the board has it)",
    )
    return parser.parse_args()


def main() -> None:
    """Check; silence is good news."""
    arguments = _arguments()
    board = boards.load(arguments.board_dir).with_fpu(arguments.fpu)
    check(read(arguments.elf), board, arguments.in_flash, arguments.in_memory)


if __name__ == "__main__":
    sys.exit(exit_status(main))
