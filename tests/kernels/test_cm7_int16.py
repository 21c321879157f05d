"""The tuned int16 kernels give the numbers of the reference kernels, on an emulated Cortex-M7."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.bare_firmware import FIRMWARE, ROOT, Kit, make_kit
from support.compiled import KERNELS, run
from tinyml.emulator import qemu

pytestmark = pytest.mark.live

TUNED = sorted(path.stem for path in KERNELS.glob("cm7/*_int16.c"))
DRIVER = ROOT / "tests" / "kernels" / "int16.c"
STACK_LIMIT = 2048


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the emulated board's HAL, compiled."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("cm7") / "hal")


@pytest.fixture(scope="module")
def objects(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both versions of each kernel, the reference under another name."""
    folder = tmp_path_factory.mktemp("objects")
    flags = [*kit.flags, "-std=c11", "-fstack-usage", f"-I{FIRMWARE}/kernels/include"]
    for name in TUNED:
        for version, options in (("cm7", []), ("reference", [f"-D{name}=reference_{name}"])):
            source, target = str(KERNELS / version / f"{name}.c"), f"{version}_{name}.o"
            run(["arm-none-eabi-gcc", *flags, *options, "-c", source, "-o", target], folder)
    return folder


def test_drawn_parameters(kit: Kit, objects: Path, tmp_path: Path) -> None:
    """Geometry, factors, ranges, data and odd addresses drawn 300 times for each kernel."""
    link = ["--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{kit.script}", "-Wl,--gc-sections"]
    sources = [str(DRIVER), *map(str, sorted(objects.glob("*.o"))), str(kit.library)]
    flags = [*kit.flags, "-std=c11", f"-I{FIRMWARE}/kernels/include"]
    run(["arm-none-eabi-gcc", *flags, *sources, *link, "-o", "driver.elf"], tmp_path)
    assert kit.board.emulator is not None
    command = qemu.command(kit.board.emulator, tmp_path / "driver.elf")
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "same numbers"), done.stdout


def test_every_tuned_kernel_is_driven() -> None:
    """A kernel added to cm7/ without a row in the driver would not be tested."""
    text = DRIVER.read_text()
    assert [name for name in TUNED if f"reference_{name}(&params" not in text] == []


@pytest.mark.parametrize("name", TUNED)
def test_stack(objects: Path, name: str) -> None:
    """No kernel needs more than 2 KB of stack, of a size the compiler knows."""
    lines = (objects / f"cm7_{name}.su").read_text().splitlines()
    fields = [line.split("\t") for line in lines]
    assert all(kind == "static" for _, _, kind in fields)
    assert sum(int(size) for _, size, _ in fields) <= STACK_LIMIT
