"""The STM32F746's own image on the virtual board: `scons emulate` runs what would be flashed."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support import oracle, project
from support.bare_firmware import Kit, make_kit, symbols
from tinyml import models, vectors

pytestmark = pytest.mark.live

ROOT = project.ROOT
BOARD = ROOT / "firmware" / "boards" / "stm32f746"
FAULT_STATUS = 70
ROW = re.compile(r"^([A-Z0-9_+]+) +\d+ +(\d+)$", re.MULTILINE)
HEADER = '#include "interface.h"\n#include "console.h"\n#include "device.h"\n'


def emulate(image: Path, *options: str, board: Path = BOARD) -> subprocess.CompletedProcess[str]:
    """Run ``image`` as `scons emulate` does."""
    return subprocess.run(
        [sys.executable, "-m", "tinyml.emulator", str(board), str(image), *options],
        env={**project.without_project_path(), "PYTHONPATH": str(ROOT / "site_scons")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def operators(text: str) -> list[tuple[str, int]]:
    """Return the rows of the operator table: name and count."""
    return [(name, int(count)) for name, count in ROW.findall(text)]


@pytest.fixture(scope="module")
def variant() -> Path:
    """Return the folder of the STM32F746's default variant."""
    return project.build("board=stm32f746")


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the STM32F746's HAL."""
    return make_kit("stm32f746", tmp_path_factory.mktemp("stm32f746"))


# --- the model's image ---------------------------------------------------------------------------


def test_image_boots_and_answers_as_in_qemu(variant: Path, tmp_path: Path) -> None:
    """At 216 MHz, scores and answer are QEMU's, and the counts differ by the counters' own cost."""
    counts = tmp_path / "counts.json"
    run = emulate(variant / "mnist.elf", "--strict", "--counts", str(counts))
    assert run.returncode == 0, run.stderr
    assert "reset   power on\n" in run.stdout
    report = json.loads(counts.read_text())
    assert report["clock"] == {
        "source": "PLL",
        "hclk_hz": 216_000_000,
        "apb1_hz": 54_000_000,
        "apb2_hz": 108_000_000,
        "flash_wait_states": 7,
    }
    assert report["uarts"]["USART6"]["baud"] == pytest.approx(115200, rel=1e-3)
    assert report["faults"] == report["resets"] == []
    qemu_variant = project.build("board=mps2-an500")
    boards = ROOT / "firmware" / "boards" / "mps2-an500"
    qemu = emulate(qemu_variant / "mnist.elf", board=boards)
    scores = re.compile(r"^ ?\d +\d\.\d+$|^answer.*$", re.MULTILINE)
    assert scores.findall(run.stdout) == scores.findall(qemu.stdout) != []
    ours, theirs = operators(run.stdout), operators(qemu.stdout)
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    # One read of QEMU's timer costs more instructions than one of the DWT, and its tick is 40 ns
    # where an instruction is 64 ns.
    reshape = next(i for i, (name, _) in enumerate(ours) if name == "RESHAPE")
    cost = theirs[reshape][1] - ours[reshape][1]
    for (name, exact), (_, ticks) in zip(ours, theirs, strict=True):
        assert ticks - exact == pytest.approx(cost, abs=3), name


def test_runs_repeat_and_the_bin_is_the_elf(variant: Path, tmp_path: Path) -> None:
    """Two runs, one of the .bin, agree in every byte and every instruction."""
    runs = [
        emulate(variant / name, "--counts", str(tmp_path / name))
        for name in ("mnist.elf", "mnist.bin")
    ]
    assert [run.returncode for run in runs] == [0, 0]
    assert runs[0].stdout == runs[1].stdout
    elf, binary = (json.loads((tmp_path / name).read_text()) for name in ("mnist.elf", "mnist.bin"))
    assert elf["instructions"] == binary["instructions"] > 1_000_000
    hottest = next(iter(elf["functions"]))
    assert hottest in symbols(variant / "mnist.elf")
    assert elf["functions"][hottest] > elf["instructions"] / 4
    assert sum(elf["functions"].values()) == elf["instructions"]
    assert 0 < elf["stack_bytes"] < 8192
    assert elf["arena_bytes"] > 0


def test_estimated_cycles(variant: Path, tmp_path: Path) -> None:
    """llvm-mca's estimate covers nearly all, stands apart and says what it is."""
    run = emulate(variant / "mnist.elf", "--estimate", "--counts", str(tmp_path / "c"))
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "c").read_text())["estimate"]
    assert found["unit"] == "estimated cycles"
    assert found["covered_instructions"] > 0.98 * found["instructions"]
    assert 0.4 * found["instructions"] < found["cycles"] < 4 * found["instructions"]
    assert found["limits"] in run.stderr


def test_bytes_are_tflite_micros(variant: Path, tmp_path: Path) -> None:
    """The vectors' outputs, through semihosting, are the oracle's byte for byte."""
    model = models.load(ROOT / "models" / "mnist")
    assert model.test is not None
    digits = vectors.load(model.test, (28, 28, 1), model.input_scale).inputs
    project.build("board=stm32f746", "vectors")
    micro = oracle.TfliteMicro(ROOT / "build/models/mnist/int8/mnist.tflite")
    inputs = micro.quantized_inputs(digits)
    elf = variant / "mnist-vectors.elf"
    actual = project.run_vectors(elf, "stm32f746", inputs.tobytes(), tmp_path)
    expected = micro.run(inputs)
    np.testing.assert_array_equal(
        np.frombuffer(actual, dtype=np.int8).reshape(expected.shape), expected
    )


def test_overclock_is_reported() -> None:
    """`clock=288` runs, at what the crystal allows, and the board says what it is."""
    run = project.scons("emulate", "board=stm32f746", "clock=288")
    assert run.returncode == 0, run.stderr
    assert "overclock: 287.5 MHz" in run.stderr
    assert "answer  3" in run.stdout


# --- limits and ports ------------------------------------------------------------------------


def test_limits(kit: Kit, tmp_path: Path) -> None:
    """Instructions, virtual seconds and this computer's time each end a firmware that hangs."""
    source = HEADER + "int main(void) { board_init(); for (;;) { } }"
    elf = kit.link(tmp_path / "fw.elf", source)
    for option, value, words in (
        ("--limit", "3M", "limit of 3,000,000 instructions"),
        ("--limit", "0.05s", "limit of 0.05 s of virtual time"),
        ("--timeout", "0.5", "time-out of 0.5 s"),
    ):
        run = emulate(elf, option, value)
        assert run.returncode == 124
        assert f"stopped: {words}" in run.stderr


def test_limit_that_is_none(kit: Kit, tmp_path: Path) -> None:
    """A limit without sense is refused."""
    elf = kit.link(tmp_path / "fw.elf", HEADER + "int main(void) { return 0; }")
    run = emulate(elf, "--limit", "soon")
    assert run.returncode == 1
    assert "limit=soon is not possible" in run.stderr


ECHO = """
int main(void) {
    board_init();
    for (;;) {
        uint8_t byte;
        while (board_port_read(BOARD_CONSOLE, &byte)) {
            if (byte == 4) { board_exit(9); }
            board_port_write(BOARD_CONSOLE, &byte, 1);
        }
        board_sleep();
    }
}
"""


@pytest.fixture
def served(kit: Kit, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield a board that echoes on USART6, and its TCP port."""
    elf = kit.link(tmp_path / "echo.elf", HEADER + ECHO)
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyml.emulator", str(BOARD), str(elf), "--uart6", "tcp:0"],
        env={**project.without_project_path(), "PYTHONPATH": str(ROOT / "site_scons")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = re.search(r"USART6 is socket://127.0.0.1:(\d+)", process.stderr.readline())
    assert found
    yield process, int(found[1])
    process.kill()
    process.communicate()


def test_uart6_on_tcp(served: tuple[subprocess.Popen[str], int]) -> None:
    """Every byte that a client sends comes back, and the firmware's status is the process's."""
    process, number = served
    sent = bytes(value for value in range(256) if value != 4)
    received = bytearray()
    with socket.create_connection(("127.0.0.1", number), timeout=20) as client:
        client.sendall(sent)
        deadline = time.monotonic() + 20
        while len(received) < len(sent) and time.monotonic() < deadline:
            received += client.recv(1000)
        client.sendall(b"\x04")
        assert process.wait(timeout=20) == 9
    assert bytes(received) == sent


# --- faults in our own firmware ------------------------------------------------------------------


FAULTS = {
    "undefined": ('__asm volatile(".global culprit\\nculprit: udf #0");', "UsageFault"),
    "double": (
        '__asm volatile(".global culprit\\nculprit: .inst.w 0xee300b00");',
        "UsageFault",
    ),
    "wild": (
        '__asm volatile(".global culprit\\nculprit: ldr r0, [%0]" :: "r"(0xB0000000u) : "r0");',
        "BusFault",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_reported_twice(kit: Kit, tmp_path: Path, name: str) -> None:
    """The firmware dumps its registers, and the board says which instruction it was."""
    body, fault = FAULTS[name]
    elf = kit.link(tmp_path / "fw.elf", f"{HEADER}int main(void) {{ board_init(); {body} }}")
    run = emulate(elf)
    assert run.returncode == FAULT_STATUS
    assert f"fault: {fault}" in run.stdout
    culprit = symbols(elf)["culprit"]
    assert f"{culprit:08x}" in run.stdout.lower()
    assert f"pc {culprit:#010x}" in run.stderr


def test_stack_overflow_is_reported(kit: Kit, tmp_path: Path) -> None:
    """Growing past its memory is a fault, and both reports call it what it is."""
    source = (
        HEADER
        + """
        static uint32_t dig(volatile uint32_t *above) {
            volatile uint32_t here[64] = {*above};
            return dig(here) + here[1];
        }
        int main(void) { board_init(); volatile uint32_t x = 1; console_u32(dig(&x), 0); }
    """
    )
    run = emulate(kit.link(tmp_path / "fw.elf", source))
    assert run.returncode == FAULT_STATUS
    assert "the stack is exhausted" in run.stdout
    assert "the stack has overflowed" in run.stderr


def test_image_for_another_chip(kit: Kit) -> None:
    """QEMU's image is for memories that this chip does not have."""
    run = emulate(project.build("board=mps2-an500") / "mnist.elf")
    assert run.returncode == 1
    assert "bytes for 0x00000000" in run.stderr


def test_refused_images(tmp_path: Path) -> None:
    """What is no image for the chip is refused in three lines."""
    for name, data, words in (
        ("a.elf", b"\x7fELF" + bytes(60), "damaged"),
        ("a.bin", b"", "0 bytes"),
        ("a.hex", b":00000001FF\n", ".hex"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        run = emulate(path)
        assert run.returncode == 1, run.stderr
        assert words in run.stderr
        assert len(run.stderr.splitlines()) == 3
