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

TUNED = sorted(path.stem for path in KERNELS.glob("cm7/*_int8.c"))
#: Those of another signature than the reference's, and what they call.
PACKED = ("conv_2d_packed_int8", "packed_tile")
DRIVER = ROOT / "tests" / "kernels" / "cm7_int8.c"
STACK_LIMIT = 2048


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the emulated board's HAL, compiled."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("cm7") / "hal")


def compile_kernels(kit: Kit, folder: Path) -> list[str]:
    """Compile both versions of each kernel, the reference under a name of its own."""
    flags = [
        *kit.flags,
        "-std=c11",
        "-fcallgraph-info=su",
        "-fstack-usage",
        f"-I{FIRMWARE}/kernels/include",
    ]
    for name in (*TUNED, *PACKED[1:]):
        alias = f"-D{name}=reference_{name}"
        versions: dict[str, list[str]] = {"cm7": [], "reference": [alias]}
        if name in PACKED:
            del versions["reference"]
        for version, options in versions.items():
            source = str(KERNELS / version / f"{name}.c")
            target = f"{version}_{name}.o"
            run(["arm-none-eabi-gcc", *flags, *options, "-c", source, "-o", target], folder)
    return sorted(path.name for path in folder.glob("*.o"))


def driver(kit: Kit, folder: Path) -> Path:
    """Link the driver with both versions of each kernel; return the ELF."""
    objects = compile_kernels(kit, folder)
    link = ["--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{kit.script}", "-Wl,--gc-sections"]
    flags = [*kit.flags, "-std=c11", f"-I{FIRMWARE}/kernels/include", f"-I{KERNELS}/cm7"]
    command = ["arm-none-eabi-gcc", *flags, str(DRIVER), *objects, str(kit.library), *link]
    run([*command, "-o", "driver.elf"], folder)
    return folder / "driver.elf"


def test_drawn_parameters(kit: Kit, tmp_path: Path) -> None:
    """Geometry, offsets, ranges, data and odd addresses drawn 400 times for each kernel."""
    assert kit.board.emulator is not None
    command = qemu.command(kit.board.emulator, driver(kit, tmp_path))
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "same bytes"), done.stdout


def test_every_tuned_kernel_is_driven() -> None:
    """A kernel added to cm7/ without a row in the driver would not be tested."""
    text = DRIVER.read_text()
    calls = [f"{name}(&p" if name in PACKED else f"reference_{name}(&params" for name in TUNED]
    assert [call for call in calls if call not in text] == []


def deepest(calls: str) -> int:
    """Return the stack of the deepest calls in what gcc's -fcallgraph-info=su writes."""
    node = r'node: { title: "([^"]+)" label: "[^"]*?(\d+) bytes \(static\)'
    frames = {title: int(size) for title, size in re.findall(node, calls)}
    edges = re.findall(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"', calls)

    def below(function: str) -> int:
        called = (below(target) for source, target in edges if source == function)
        return frames.get(function, 0) + max(called, default=0)

    return max(map(below, frames))


def test_stack(kit: Kit, tmp_path: Path) -> None:
    """No kernel needs more than 2 KB of stack, of a size the compiler knows.

    What assembly pushes is not counted: less than 100 bytes.
    """
    compile_kernels(kit, tmp_path)
    for name in TUNED:
        lines = (tmp_path / f"cm7_{name}.su").read_text().splitlines()
        assert all(line.endswith("\tstatic") for line in lines)
        assert deepest((tmp_path / f"cm7_{name}.ci").read_text()) <= STACK_LIMIT, name
