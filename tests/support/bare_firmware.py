"""Small firmwares compiled straight with the cross compiler, without SCons."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tinyml import components, linker_script
from tinyml.boards import Board, load, serial_header
from tinyml.fetch import store

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
PREFIX = "arm-none-eabi-"
FLAGS = ["-O2", "-g", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off"]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wdouble-promotion", "-Wundef"]


@dataclass(frozen=True)
class Kit:
    """One board's HAL at one clock, compiled once: its library, flags and linker script."""

    board: Board
    flags: list[str]
    library: Path
    script: Path

    def link(self, output: Path, source: str, language: str = "c", *flags: str) -> Path:
        """Compile the text ``source``, with further ``flags``, and link it; return the ELF."""
        text = output.with_suffix(f".{language}")
        text.write_text(source)
        _run(
            [f"{PREFIX}gcc", *self.flags, *flags, str(text), str(self.library), "-o", str(output)]
            + ["-fno-exceptions", "--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{self.script}"]
            + ["-Wl,--gc-sections", "-Wl,--fatal-warnings"]
        )
        return output


def make_kit(
    name: str, folder: Path, mhz: int | None = None, boards: Path = FIRMWARE / "boards"
) -> Kit:
    """Compile the HAL of board ``name``, its board.c and the console into one library."""
    board = load(boards / name)
    assert board.core is not None
    mcu = [FIRMWARE / "mcu" / part for part in board.mcu_folders]
    shared = [FIRMWARE / name for name in ("runtime", "boards", "link")]
    includes = [folder, *shared, *board.folders, *mcu]
    flags = [*board.core.flags, *FLAGS, *(f"-I{path}" for path in includes)]
    flags += [f"-isystem{path}" for path in component_includes("cmsis-core")]
    flags += [f"-D{macro}={value}" for macro, value in board.defines(mhz).items()]
    sources = [path for part in mcu for path in sorted(part.glob("*.c"))]
    sources += [FIRMWARE / "runtime" / "console.c", FIRMWARE / "link" / "ring.c"]
    if board.source("board.c") not in sources:
        sources.append(board.source("board.c"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / serial_header.NAME).write_text(serial_header.generate(board))
    compile_command = [f"{PREFIX}gcc", "-std=c11", *flags, *WARNINGS, "-Werror", "-c"]
    _run([*compile_command, *map(str, sources)], cwd=folder)
    library = folder / "libhal.a"
    _run([f"{PREFIX}ar", "rcs", str(library), *map(str, sorted(folder.glob("*.o")))])
    script = folder / "board.ld"
    script.write_text(linker_script.generate(board, "a test"))
    return Kit(board, flags, library, script)


def component_includes(name: str) -> list[Path]:
    """Return the include folders of a third-party component, which must have been fetched."""
    component = components.load(ROOT / "third_party" / name)
    tree = store.tree(component, None)
    assert tree, f"{name} has not been fetched: scons fetch component={name}"
    return [(tree / folder).resolve() for folder in component.include]


def symbols(elf: Path) -> dict[str, int]:
    """Return the address of every symbol of ``elf``."""
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def disassembly(elf: Path) -> str:
    """Return what objdump says."""
    return _run([f"{PREFIX}objdump", "-d", str(elf)])


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout
