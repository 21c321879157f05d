"""Writes the CMake toolchain file of a board, so that a library's own build fits the firmware.

``python -m tinyml.cmake_toolchain firmware/boards/stm32f746 --output build/stm32f746.cmake``. The
file names the cross compiler and the flags of the core, and makes archives reproducible. It holds
no absolute path, so the same board always gives the same file. See cmake-toolchains(7).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tinyml import boards
from tinyml.boards import Board
from tinyml.errors import exit_status
from tinyml.files import write_if_changed

CROSS_PREFIX = "arm-none-eabi-"
LANGUAGES = ("C", "CXX", "ASM")
_OPENING = """\
# Generated from board.toml by: python -m tinyml.cmake_toolchain {name}
"""
# A test program of CMake's cannot be linked without a linker script, so it is made a library.
_BARE_METAL = """\
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR {cpu})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
"""


def text(board: Board) -> str:
    """Return the toolchain file of ``board``; a native program gets the host's own compiler."""
    prefix = CROSS_PREFIX if board.core else ""
    lines = [_OPENING.format(name=board.name)]
    if board.core:
        lines.append(_BARE_METAL.format(cpu=board.core.cpu))
    lines.append(_compilers(prefix))
    if board.core:
        flags = " ".join((*board.core.flags, "-ffunction-sections", "-fdata-sections"))
        lines += [f'set(CMAKE_{language}_FLAGS_INIT "{flags}")\n' for language in LANGUAGES]
    return "".join(lines + [_archiver(language) for language in LANGUAGES])


def _compilers(prefix: str) -> str:
    programs = {
        "C_COMPILER": "gcc",
        "CXX_COMPILER": "g++",
        "ASM_COMPILER": "gcc",
        "AR": "ar",
        "RANLIB": "ranlib",
        "OBJCOPY": "objcopy",
    }
    return "".join(f"set(CMAKE_{key} {prefix}{program})\n" for key, program in programs.items())


def _archiver(language: str) -> str:
    """Return the commands for archives: D leaves out times and owners (ar(1))."""
    commands = {
        "CREATE": "<CMAKE_AR> qcD <TARGET> <LINK_FLAGS> <OBJECTS>",
        "APPEND": "<CMAKE_AR> qD <TARGET> <LINK_FLAGS> <OBJECTS>",
        "FINISH": "<CMAKE_RANLIB> -D <TARGET>",
    }
    return "".join(
        f'set(CMAKE_{language}_ARCHIVE_{step} "{command}")\n' for step, command in commands.items()
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the toolchain file of one board."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.cmake_toolchain", description=main.__doc__
    )
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("--fpu", choices=("hard", "soft"), default="hard")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    write_if_changed(options.output, text(boards.load(options.board_dir).with_fpu(options.fpu)))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
