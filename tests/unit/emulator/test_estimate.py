"""Estimated cycles, by the real llvm-mca: what it reads, and what is made of its answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinyml.emulator.stm32f746.estimate import Block, estimate, require
from tinyml.errors import UserError

pytestmark = pytest.mark.live

ASSEMBLE = ["arm-none-eabi-as", "-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", "-mthumb"]


def code(folder: Path, text: str) -> bytes:
    """Return the machine code of ``text``."""
    (folder / "a.s").write_text(f".syntax unified\n{text}\n")
    subprocess.run([*ASSEMBLE, "a.s", "-o", "a.o"], cwd=folder, check=True)
    copy = ["arm-none-eabi-objcopy", "-O", "binary", "-j", ".text", "a.o", "a.bin"]
    subprocess.run(copy, cwd=folder, check=True)
    return (folder / "a.bin").read_bytes()


def test_a_pair_of_independent_instructions_takes_a_cycle(tmp_path: Path) -> None:
    """Two are issued at once; a chain of dependent multiplications is not."""
    pairs = code(tmp_path, "add r0, r0, #1\nadd r1, r1, #1\nadd r2, r2, #1\nadd r3, r3, #1")
    chain = code(tmp_path, "vfma.f32 s0, s1, s2\nvfma.f32 s0, s1, s2")
    blocks = [Block(0, pairs, 4, 4_000_000), Block(100, chain, 2, 2_000_000)]
    found = estimate(blocks, {0: "pairs", 100: "chain"}.__getitem__)
    assert found.functions["pairs"] == pytest.approx(2_000_000, rel=0.03)
    assert found.functions["chain"] >= 2 * 3 * 1_000_000
    assert (found.instructions, found.covered) == (6_000_000, 6_000_000)


def test_what_llvm_mca_cannot_read_is_prepared(tmp_path: Path) -> None:
    """IT blocks, branches to numbers, loads with the width in their names, EXC_RETURN's POP."""
    text = """
        cmp r0, #1
        itte ne
        addne.w r8, r1, r2
        ldrsbne r3, [r1], #1
        vmoveq.f32 s0, s1
        ldr r2, [pc, #16]
        smlad r4, r5, r6, r4
        ssat r1, #8, r1
        pkhbt r0, r1, r2, lsl #16
        push {r4, lr}
        vpush {d8}
        ldmia r0!, {r1, r2, r3}
        bl . + 40
        cbz r0, . + 20
        bgt.n . - 20
    """
    found = estimate([Block(0, code(tmp_path, text), 15, 1500)], lambda address: "all")
    assert found.covered == found.instructions == 1500
    assert 8 * 100 <= found.cycles <= 200 * 100


def test_blocks_of_one_function_are_added_and_the_rare_ones_left_out(tmp_path: Path) -> None:
    """The estimate says how many of the instructions it is about."""
    one = code(tmp_path, "add r0, r0, #1")
    blocks = [Block(2 * n, one, 1, 1000) for n in range(3)] + [Block(50, one, 1, 1)]
    found = estimate(blocks, lambda address: "f")
    assert (found.covered, found.instructions) == (3000, 3001)
    assert found.functions["f"] == pytest.approx(3000, rel=0.05)


def test_data_among_the_code_is_no_reason_to_fail(tmp_path: Path) -> None:
    """An instruction that llvm-mca does not know is taken for a NOP."""
    text = code(tmp_path, "add r0, r0, #1\nwfi\n.inst.n 0xbfff\nadd r1, r1, #1")
    found = estimate([Block(0, text, 5, 500)], lambda address: "f")
    assert found.cycles >= 200


def test_missing_llvm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The package is named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as refused:
        require()
    assert refused.value.hint == "sudo apt-get install llvm"
