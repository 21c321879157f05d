"""Estimated cycles: llvm-mca's model of the Cortex-M7, for each block of code that was executed.

Every block is taken as a loop of its own that runs from memory without wait states, and its cycles
an iteration are multiplied by its executions. Nothing is in it of flash and bus, caches, branch
prediction, or of what two blocks share. It ranks code; it predicts no board.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinyml.errors import UserError

LIMITS = (
    "each block as a loop of its own, from memory without wait states: no flash, caches, branch "
    "prediction or overlap of blocks; independent VFMA and VLDR are taken for slower than they are"
)
_TARGET = ("-triple=thumbv7em-none-eabihf", "-mcpu=cortex-m7")
_MCA_TARGET = ("-mtriple=thumbv7em-none-eabihf", "-mcpu=cortex-m7")
_ITERATIONS = 100
_MARK, _MARK_TEXT = b"\xab\xde", re.compile(r"\s*udf\s+#171\s*$")  # between two blocks
_CONDITION = r"(eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)"
_IT = re.compile(r"it[te]{0,3}$")
_CONDITIONAL = re.compile(rf"(\w+?){_CONDITION}(\.\w+)*$")
_BRANCH = re.compile(rf"(b{_CONDITION}?(?:\.w)?|bl)$")
_ERROR_LINE = re.compile(r"^[^:\n]*:(\d+):\d+: error:", re.MULTILINE)
_UNSUPPORTED = re.compile(r"note: instruction:\s*(.+)")
COVERAGE = 0.99  # of all instructions
MOST_BLOCKS = 2000


@dataclass(frozen=True)
class Block:
    """A block of code: its bytes, how many instructions it has and how many were executed."""

    address: int
    code: bytes
    count: int
    executed: int


@dataclass
class Estimate:
    """Cycles by function; ``covered`` of ``instructions`` are in them."""

    tool: str
    instructions: int = 0
    covered: int = 0
    functions: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def cycles(self) -> int:
        """All estimated cycles."""
        return sum(self.functions.values())


def require() -> str:
    """Return the version of llvm-mca.

    Raises:
        UserError: it is not installed.
    """
    missing = [name for name in ("llvm-mc", "llvm-mca") if shutil.which(name) is None]
    if missing:
        raise UserError(
            f"{missing[0]} is not installed",
            "LLVM's tools on the PATH, for estimate=1",
            "sudo apt-get install llvm",
        )
    words = subprocess.run(["llvm-mca", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"LLVM version (\S+)", words.stdout)
    return found[1] if found else "?"


def estimate(blocks: Iterable[Block], name_of: Callable[[int], str]) -> Estimate:
    """Return the cycles of the blocks that were executed most, by the function at an address."""
    every = sorted(blocks, key=lambda block: (-block.executed, block.address))
    result = Estimate(f"llvm-mca {require()}", sum(block.executed for block in every))
    hot = list(_hot(every, result.instructions))
    for block, cycles in zip(hot, _cycles(_disassembled(hot)), strict=True):
        if cycles is None or not block.count:
            continue
        name = name_of(block.address)
        result.covered += block.executed
        result.functions[name] += round(cycles * block.executed / block.count)
        result.counts[name] += block.executed
    return result


def _hot(blocks: Sequence[Block], total: int) -> Iterable[Block]:
    seen = 0
    for block in blocks[:MOST_BLOCKS]:
        if seen >= COVERAGE * total:
            return
        seen += block.executed
        yield block


def _disassembled(blocks: Sequence[Block]) -> list[list[str]]:
    """Return each block's instructions, as LLVM writes them."""
    data = b"".join(block.code + _MARK for block in blocks)
    done = subprocess.run(
        ["llvm-mc", "-disassemble", *_TARGET],
        input=" ".join(f"{byte:#04x}" for byte in data),
        capture_output=True,
        text=True,
        check=False,
    )
    listings: list[list[str]] = [[]]
    for line in done.stdout.splitlines():
        if _MARK_TEXT.match(line):
            listings.append([])
        elif line.strip() and not line.strip().startswith("."):
            listings[-1].append(" ".join(line.split()))
    return [_analysable(listing) for listing in listings[: len(blocks)]]


def _analysable(listing: list[str]) -> list[str]:
    """Return the instructions without what llvm-mca cannot read: IT, and branches to numbers."""
    result, conditional = [], 0
    for line in listing:
        mnemonic, _, operands = line.partition(" ")
        if _IT.match(mnemonic):
            conditional = len(mnemonic) - 1
            continue
        if conditional:
            conditional -= 1
            mnemonic = _CONDITIONAL.sub(lambda m: m[1] + (m[3] or ""), mnemonic)
        if _BRANCH.match(mnemonic):
            wide = mnemonic if mnemonic == "bl" or mnemonic.endswith(".w") else f"{mnemonic}.w"
            result.append(f"{wide} target")
        elif mnemonic in ("cbz", "cbnz"):
            result.append(f"{mnemonic} {operands.split(',')[0]}, target")
        else:
            result.append(f"{mnemonic} {operands}")
    return result


def _cycles(listings: list[list[str]]) -> list[float | None]:
    """Return each listing's cycles an iteration; None where llvm-mca reads nothing of it."""
    lines: list[str] = []
    for index, listing in enumerate(listings):
        lines += [f"# LLVM-MCA-BEGIN {index}", *(listing or ["nop"]), f"# LLVM-MCA-END {index}"]
    lines.append("target:")
    found: list[float | None] = [None] * len(listings)
    for region in _analysed(lines):
        summary = region["SummaryView"]
        index = int(region["Name"])
        if listings[index]:
            found[index] = summary["TotalCycles"] / summary["Iterations"]
    return found


def _analysed(lines: list[str]) -> list[dict[str, Any]]:
    """Run llvm-mca; an instruction that it does not know becomes a NOP."""
    command = ["llvm-mca", *_MCA_TARGET, f"-iterations={_ITERATIONS}", "-json", "-"]
    for _ in range(20):
        text = "\n".join(lines) + "\n"
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            regions = json.loads(done.stdout)["CodeRegions"]
            return list(regions)
        if not _leave_out(lines, done.stderr):
            break
    raise UserError(
        f"llvm-mca failed: {(done.stderr.strip().splitlines() or ['no message'])[0]}",
        "a version that knows the Cortex-M7: LLVM 11 or newer",
        "run without estimate=1",
    )


def _leave_out(lines: list[str], errors: str) -> bool:
    """Replace what ``errors`` are about; return whether anything was."""
    numbers = {int(number) - 1 for number in _ERROR_LINE.findall(errors)}
    unsupported = {" ".join(text.split()) for text in _UNSUPPORTED.findall(errors)}
    numbers |= {index for index, line in enumerate(lines) if line in unsupported}
    for number in numbers:
        lines[number] = "nop"
    return bool(numbers)
