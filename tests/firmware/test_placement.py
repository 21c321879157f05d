"""Arena, kernels and weights where model.toml wants them, and the inference is still right."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import oracle, project
from support import stm32f746_clocks as chip
from tinyml import boards, models, vectors

pytestmark = pytest.mark.live
PLACEMENT = """
[placement]
arena = "DTCM"
code = "ITCM"
weights = "DTCM"
layers = ["dense_2_1", "0"]
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which the model's default images are built."""
    project.build("board=mps2-an500", "kernel=cm7", "vectors")
    project.build("board=stm32f746", "kernel=cm7")
    return project.copy(tmp_path_factory.mktemp("project") / "copy")


@pytest.fixture
def placed(copied: Path) -> Iterator[Path]:
    """Return the copy, with the model placed; it is put back afterwards."""
    toml = copied / "models/mnist/model.toml"
    before = toml.read_text()
    toml.write_text(before + PLACEMENT)
    yield copied
    toml.write_text(before)


def symbols(elf: Path) -> dict[str, int]:
    """Return the address of every symbol, as nm prints it."""
    words = [
        line.split()
        for line in subprocess.run(
            ["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    ]
    return {word[-1]: int(word[0], 16) for word in words if len(word) == 3}


def memory_of(root: Path, board: str, address: int) -> str:
    """Return the name of the memory that an address is in."""
    found = boards.load(root / "firmware" / "boards" / board).memory
    return next(memory.name for memory in found if memory.origin <= address < memory.end)


@pytest.mark.parametrize("board", ["stm32f746", "mps2-an500"])
def test_addresses_are_in_the_chosen_memories(placed: Path, board: str) -> None:
    """By nm: the arena, every kernel that is called, the two layers' weights and no other's."""
    variant = project.build(f"board={board}", "kernel=cm7", folder=placed)
    where = {
        name: memory_of(placed, board, address)
        for name, address in symbols(variant / "mnist.elf").items()
        if name.startswith("mnist_") or name in plan(variant)["functions"]
    }
    assert where["mnist_arena"] == "DTCM"
    assert {where[name] for name in plan(variant)["functions"]} == {"ITCM"}
    memories = {weight["label"]: where[weight["symbol"]] for weight in plan(variant)["weights"]}
    hot = {label for label, memory in memories.items() if memory == "DTCM"}
    assert hot == {label for label in memories if "conv_1_1" in label or "dense_2_1" in label}
    assert {memory for label, memory in memories.items() if label not in hot} == {"FLASH"}
    rows = rows_of(variant / "mnist.size.json")
    assert rows[".hot_code"] == [("FLASH", "load image"), ("ITCM", "text")]
    assert rows[".hot_weights"] == [("DTCM", "text"), ("FLASH", "load image")]
    assert rows[".arena"] == [("DTCM", "bss")]


def plan(variant: Path) -> dict[str, Any]:
    """Return what the compiler planned: the kernels that are called, and every weight's symbol."""
    return dict(json.loads((variant / "mnist/generated/plan.json").read_text()))


def rows_of(size_report: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the memories that each section counts in, and as what."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for region in json.loads(size_report.read_text())["regions"]:
        for row in region["rows"]:
            rows.setdefault(row["section"], []).append((region["name"], row["kind"]))
    return {section: sorted(found) for section, found in rows.items()}


def test_a_board_may_place_code_and_weights_for_all_models(copied: Path) -> None:
    """The same in board.toml: every weight goes, and the compiler knows how much room there is."""
    folder = copied / "firmware/boards/hot"
    folder.mkdir()
    (folder / "board.toml").write_text(
        'inherit = "stm32f746"\nname = "hot"\n[placement]\ncode = "ITCM"\nweights = "SRAM1"\n'
    )
    variant = project.build("board=hot", folder=copied)
    where = symbols(variant / "mnist.elf")
    kernels = [where[name] for name in plan(variant)["functions"]]
    weights = [where[weight["symbol"]] for weight in plan(variant)["weights"]]
    assert {memory_of(copied, "hot", address) for address in kernels} == {"ITCM"}
    assert {memory_of(copied, "hot", address) for address in weights} == {"SRAM1"}


def test_inference_is_byte_for_byte_tflite_micro(placed: Path, tmp_path: Path) -> None:
    """Start-up has copied code and weights: every output byte of every vector is right."""
    variant = project.build("board=mps2-an500", "kernel=cm7", "vectors", folder=placed)
    elf = variant / "mnist-vectors.elf"
    assert memory_of(placed, "mps2-an500", symbols(elf)["mnist_hot_weights"]) == "DTCM"
    model = models.load(placed / "models" / "mnist")
    assert model.test is not None
    digits = vectors.load(model.test, (28, 28, 1), model.input_scale).inputs
    micro = oracle.TfliteMicro(placed / "build/models/mnist/int8/mnist.tflite")
    inputs = micro.quantized_inputs(digits)
    expected = micro.run(inputs)
    actual = project.run_vectors(elf, "mps2-an500", inputs.tobytes(), tmp_path)
    np.testing.assert_array_equal(
        np.frombuffer(actual, dtype=np.int8).reshape(expected.shape), expected
    )


def test_stm32f746_starts_from_where_it_was_copied_to(placed: Path) -> None:
    """The very image, on an emulated core with the chip's memories: kernels run in ITCM, at 0."""
    variant = project.build("board=stm32f746", "kernel=cm7", folder=placed)
    assert 0 in symbols(variant / "mnist.elf").values()
    board = chip.Stm32F746(variant / "mnist.elf")
    board.run_until(b"ready: CMD=0 lists the commands\r\n")
    assert "answer  3" in board.text.decode()
    # What was copied is written back to memory before instructions are fetched from there.
    addresses = [address for address, _ in board.writes]
    last_clean = max(i for i, address in enumerate(addresses) if address == chip.DCCSW)
    assert chip.ICIALLU in addresses[last_clean:]


@pytest.mark.parametrize(
    ("board", "line", "culprit", "expected"),
    [
        ("stm32f746", 'arena = "CCM"', "arena is 'CCM'", "ITCM, DTCM, SRAM1, SRAM2"),
        ("stm32f746", 'weights = "DTCM"', "placed in DTCM need 9", "at most 57344 bytes in DTCM"),
        ("stm32f746", 'arena = "TINY"', "arena needs", "at most 1024 bytes in TINY"),
        ("stm32f746", 'code = "TINY"', "region TINY of 1024 bytes overflowed", "TINY to hold"),
    ],
)
def test_what_does_not_fit_is_refused(
    placed: Path, board: str, line: str, culprit: str, expected: str
) -> None:
    """The message names the memory, how much is needed, and how much there is."""
    toml = placed / "models/mnist/model.toml"
    toml.write_text(toml.read_text().replace(PLACEMENT, f"\n[placement]\n{line}\n"))
    description = placed / f"firmware/boards/{board}/board.toml"
    before = description.read_text()
    sram2 = '[memory.SRAM2]\nkind = "ram"\norigin = 0x2004C000\nsize = "16K"\n'
    tiny = '\n[memory.TINY]\nkind = "ram"\norigin = 0x2004FC00\nsize = "1K"\n'
    assert sram2 in before
    if "TINY" in line:
        description.write_text(before.replace(sram2, sram2.replace("16K", "15K") + tiny))
    try:
        result = project.scons(f"board={board}", folder=placed)
    finally:
        description.write_text(before)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert culprit in result.stderr and expected in result.stderr


def test_placing_nothing_changes_nothing(copied: Path) -> None:
    """Going back to no placement gives the image that was there before, byte for byte."""
    before = (project.build("board=stm32f746", "kernel=cm7") / "mnist.bin").read_bytes()
    variant = project.build("board=stm32f746", "kernel=cm7", folder=copied)
    assert (variant / "mnist.bin").read_bytes() == before
    where = symbols(variant / "mnist.elf")
    assert memory_of(copied, "stm32f746", where["mnist_arena"]) == "SRAM1"
    kernels = [where[name] for name in plan(variant)["functions"]]
    assert {memory_of(copied, "stm32f746", address) for address in kernels} == {"FLASH"}
