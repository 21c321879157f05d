"""A model compiled and assembled by the real tools, for the host and for a Cortex-M7."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tinyml.model_data import ModelData, array_source, header, incbin_source

pytestmark = pytest.mark.live

CONTENT = b"\x1c\0\0\0TFL3" + bytes(range(251)) * 9
DATA = ModelData("tiny.tflite", CONTENT, "mnist_data", 64)
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wmissing-declarations", "-Wshadow", "-Werror"]
CORTEX_M7 = ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"]
PREFIXES = ["", "arm-none-eabi-"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the generated files, and the model in a folder of its own."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.tflite").write_bytes(CONTENT)
    (tmp_path / "m.h").write_text(header(DATA))
    (tmp_path / "m.c").write_text(array_source(DATA, "m.h"))
    (tmp_path / "m.S").write_text(incbin_source(DATA))
    return tmp_path


def run(folder: Path, *command: str) -> str:
    """Run one tool and return what it printed; skip where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def compiled(folder: Path, prefix: str, source: str, *words: str) -> str:
    """Compile or assemble one file and return the object's name."""
    flags = CORTEX_M7 if prefix else []
    out = f"{source}{''.join(words)}.o"
    run(folder, prefix + "gcc", *flags, *STRICT, "-fdata-sections", *words, "-c", source, "-o", out)
    return out


def content(folder: Path, prefix: str, objects: str) -> bytes:
    """Return the bytes of the model's section in an object."""
    section = ".rodata.mnist_data"
    run(folder, f"{prefix}objcopy", "-O", "binary", "-j", section, objects, "raw")
    return (folder / "raw").read_bytes()


def symbols(folder: Path, prefix: str, objects: str) -> list[tuple[str, int]]:
    """Return name and size of each symbol that has one."""
    rows = [line.split() for line in run(folder, f"{prefix}nm", "-S", objects).splitlines()]
    return sorted((row[3], int(row[1], 16)) for row in rows if len(row) == 4)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_array_and_incbin_hold_the_same_bytes(folder: Path, prefix: str) -> None:
    """The model itself, under the same symbols of the same size, in a section of the same name."""
    array = compiled(folder, prefix, "m.c", "-std=c11")
    incbin = compiled(folder, prefix, "m.S", "-Imodels")
    assert content(folder, prefix, array) == content(folder, prefix, incbin) == CONTENT
    expected = [("mnist_data", len(CONTENT)), ("mnist_data_len", 4)]
    assert symbols(folder, prefix, array) == symbols(folder, prefix, incbin) == expected


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("source", ["m.c", "m.S"])
def test_the_section_is_constant_and_aligned(folder: Path, prefix: str, source: str) -> None:
    """Read-only, and on the boundary that was asked for, in either form."""
    words = ["-Imodels"] if source == "m.S" else ["-std=c11"]
    built = compiled(folder, prefix, source, *words)
    table = run(folder, f"{prefix}readelf", "-SW", built).splitlines()
    row = next(line for line in table if " .rodata.mnist_data " in line).split("]")[1].split()
    assert (row[1], row[6], row[-1]) == ("PROGBITS", "A", "64")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("words", [["-std=c11"], ["-xc++", "-std=c++11"], ["-xc++", "-std=c++20"]])
def test_no_warning_as_c_and_as_cpp(folder: Path, prefix: str, words: list[str]) -> None:
    """And in C++ the symbols keep their C names, though a const is local by default there."""
    built = compiled(folder, prefix, "m.c", *words)
    assert [name for name, _ in symbols(folder, prefix, built)] == ["mnist_data", "mnist_data_len"]


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
@pytest.mark.parametrize("source", ["m.c", "m.S"])
def test_a_program_reads_the_model(folder: Path, compiler: str, source: str) -> None:
    """Through the header, from C and C++: bytes, length, macro and address."""
    (folder / "main.cc" if compiler == "g++" else folder / "main.c").write_text(
        '#include "m.h"\n#include "m.h"\n#include <stdint.h>\n#include <stdio.h>\n'
        "int main(void) {\n"
        "    if (mnist_data_len != MNIST_DATA_LEN) return 1;\n"
        "    if ((uintptr_t)mnist_data % MNIST_DATA_ALIGNMENT) return 2;\n"
        "    return fwrite(mnist_data, 1, mnist_data_len, stdout) != MNIST_DATA_LEN;\n}\n"
    )
    program = "main.cc" if compiler == "g++" else "main.c"
    words = ["-Imodels"] if source == "m.S" else ["-std=c11"]
    data = compiled(folder, "", source, *words)
    run(folder, compiler, *STRICT, program, data, "-o", "program")
    done = subprocess.run([folder / "program"], capture_output=True, check=True)
    assert done.stdout == CONTENT


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_model_of_another_length_is_refused_by_the_assembler(folder: Path, prefix: str) -> None:
    """A stale .S, or another model of that name earlier on the include path."""
    (folder / "models" / "tiny.tflite").write_bytes(CONTENT + b"x")
    compiler = prefix + "gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    command = [compiler, "-Imodels", "-c", "m.S"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "not the one this file was generated for" in done.stderr
