"""The tuned int8 kernels give the bytes of the reference kernels, on an emulated Cortex-M7."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from support.bare_firmware import FIRMWARE, ROOT, Kit, make_kit
from support.compiled import KERNELS, run
from tinyml.emulator import qemu

pytestmark = pytest.mark.live

TUNED = sorted(path.stem for path in KERNELS.glob("cm7/*int8.c"))
REFERENCES = {path.stem for path in KERNELS.glob("reference/*int8.c")}
#: What packed convolutions call.
CALLED = ("packed_tile",)
#: Programs that compare kernels with their references.
DRIVERS = sorted((ROOT / "tests" / "kernels").glob("cm7_*.c"))
STACK_LIMIT = 2048


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the emulated board's HAL, compiled."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("cm7") / "hal")


@pytest.fixture(scope="module")
def objects(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the kernels, and the references under names of their own, compiled."""
    folder = tmp_path_factory.mktemp("objects")
    flags = [*kit.flags, "-std=c11", "-fcallgraph-info=su", "-fstack-usage"]
    flags += [f"-I{FIRMWARE}/kernels/include"]
    versions = [("cm7", name) for name in (*TUNED, *CALLED)]
    versions += [("reference", name) for name in sorted(REFERENCES)]
    for version, name in versions:
        options = [f"-D{name}=reference_{name}"] if version == "reference" else []
        source, target = str(KERNELS / version / f"{name}.c"), f"{version}_{name}.o"
        run(["arm-none-eabi-gcc", *flags, *options, "-c", source, "-o", target], folder)
    return folder


def link(kit: Kit, objects: Path, source: Path, folder: Path) -> Path:
    """Link a driver with both versions of each kernel; return the ELF."""
    kernels = [str(path) for path in sorted(objects.glob("*.o"))]
    options = ["--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{kit.script}", "-Wl,--gc-sections"]
    flags = [*kit.flags, "-std=c11"]
    flags += [f"-I{FIRMWARE}/kernels/{part}" for part in ("include", "cm7")]
    command = ["arm-none-eabi-gcc", *flags, str(source), *kernels, str(kit.library), *options]
    run([*command, "-o", "driver.elf"], folder)
    return folder / "driver.elf"


@pytest.mark.parametrize("source", DRIVERS, ids=lambda path: path.stem)
def test_drawn_parameters(kit: Kit, objects: Path, tmp_path: Path, source: Path) -> None:
    """Geometry, offsets, ranges, data and odd addresses drawn 400 times for each kernel."""
    assert kit.board.emulator is not None
    command = qemu.command(kit.board.emulator, link(kit, objects, source, tmp_path))
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "same bytes"), done.stdout


def test_every_tuned_kernel_is_driven() -> None:
    """A kernel added to cm7/ without a row in a driver would not be tested."""
    text = "".join(path.read_text() for path in DRIVERS)
    assert [name for name in TUNED if f"    {name}(&" not in text] == []
    compared = [name for name in TUNED if name in REFERENCES]
    assert [name for name in compared if f"reference_{name}(&" not in text] == []


def deepest(calls: str) -> int:
    """Return the stack of the deepest calls in what gcc's -fcallgraph-info=su writes."""
    node = r'node: { title: "([^"]+)" label: "[^"]*?(\d+) bytes \(static\)'
    frames = {title: int(size) for title, size in re.findall(node, calls)}
    edges = re.findall(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"', calls)

    def below(function: str) -> int:
        called = (below(target) for source, target in edges if source == function)
        return frames.get(function, 0) + max(called, default=0)

    return max(map(below, frames))


def test_stack(objects: Path) -> None:
    """No kernel needs more than 2 KB of stack, of a size the compiler knows.

    What assembly pushes is not counted: less than 100 bytes.
    """
    for name in TUNED:
        lines = (objects / f"cm7_{name}.su").read_text().splitlines()
        assert all(line.endswith("\tstatic") for line in lines)
        assert deepest((objects / f"cm7_{name}.ci").read_text()) <= STACK_LIMIT, name
