"""What a run amounted to: instructions, virtual time, memory high-water marks, hot functions.

Counts are instructions executed. They are exact, and they are not the cycles of a board: wait
states, caches and dual issue are not in them.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tinyml.emulator.stm32f746.estimate import LIMITS, Block, Estimate, estimate
from tinyml.emulator.stm32f746.exceptions import name_of
from tinyml.emulator.stm32f746.machine import Stm32F746
from tinyml.emulator.stm32f746.memory import FILL, FLASH

_NO_FUNCTION = "(no symbol)"
HOT = 10


def by_function(machine: Stm32F746) -> Counter[str]:
    """Return the instructions executed in each function."""
    counts: Counter[str] = Counter()
    for address, instructions in machine.core.executed_blocks():
        counts[_function(machine, address)] += instructions
    return counts


def stack_used(machine: Stm32F746) -> int:
    """Return the deepest the main stack went, in bytes below its start."""
    top = machine.memories.word(FLASH) or 0
    if machine.image.stack:
        top = machine.image.stack[1]
    return int(max(0, top - machine.core.hook.lowest_msp))


def arena_used(machine: Stm32F746) -> int | None:
    """Return how many bytes of the arena were written, up to the last; None without an arena."""
    if machine.image.arena is None:
        return None
    low, high = machine.image.arena
    content = machine.memories.read(low, high - low)
    return None if content is None else len(content.rstrip(FILL))


def estimated(machine: Stm32F746) -> Estimate:
    """Return the estimated cycles of what was executed, by function."""
    memories = machine.memories
    blocks = (
        Block(address, memories.read(address, size) or b"", count, executed)
        for address, size, count, executed in machine.core.executed_code()
    )
    return estimate(blocks, lambda address: _function(machine, address))


def _function(machine: Stm32F746, address: int) -> str:
    places = map(machine.image.function_at, machine.memories.aliases(address))
    found = next(filter(None, places), None)
    return found[1] if found else _NO_FUNCTION


def as_json(machine: Stm32F746) -> dict[str, Any]:
    """Return the whole report as plain data."""
    rcc = machine.rcc
    return {
        "instructions": machine.core.executed,
        "skipped_cycles": machine.time.skipped,
        "virtual_seconds": machine.time.seconds,
        "clock": {
            "source": rcc.sysclk_source,
            "hclk_hz": rcc.hclk,
            "apb1_hz": rcc.bus(1),
            "apb2_hz": rcc.bus(2),
            "flash_wait_states": machine.flash.field("acr", 0, 4),
        },
        "stack_bytes": stack_used(machine),
        "arena_bytes": arena_used(machine),
        "uarts": {
            name: {"baud": round(machine.uarts[name].baud), "sent": line.sent, "got": line.received}
            for name, line in machine.lines.items()
            if line.sent or line.received
        },
        "exceptions": {name_of(n): count for n, count in sorted(machine.exceptions.taken.items())},
        "resets": machine.resets,
        "faults": machine.faults,
        "leds": {name: changes for name, changes in machine.leds.items() if changes},
        "ended": machine.ended,
        "functions": dict(by_function(machine).most_common()),
    }


def estimate_as_json(found: Estimate) -> dict[str, Any]:
    """Return an estimate as plain data, with its limits."""
    return {
        "unit": "estimated cycles",
        "tool": found.tool,
        "limits": LIMITS,
        "instructions": found.instructions,
        "covered_instructions": found.covered,
        "cycles": found.cycles,
        "functions": dict(found.functions.most_common()),
    }


def estimate_as_text(found: Estimate) -> str:
    """Return an estimate for a person."""
    share = 100 * found.covered / max(found.instructions, 1)
    lines = [
        f"estimated cycles: {found.cycles:,} by {found.tool}, of {share:.1f} % of the instructions",
        f"({LIMITS})",
    ]
    for name, cycles in found.functions.most_common(HOT):
        ratio = cycles / max(found.counts[name], 1)
        lines.append(f"  {cycles:>12,} {ratio:5.2f} an instruction  {name}")
    return "\n".join(lines) + "\n"


def as_text(machine: Stm32F746) -> str:
    """Return the report for a person."""
    report = as_json(machine)
    clock = report["clock"]
    lines = [
        f"clock     {clock['hclk_hz'] / 1e6:g} MHz from {clock['source']} "
        f"(APB1 {clock['apb1_hz'] / 1e6:g}, APB2 {clock['apb2_hz'] / 1e6:g}), "
        f"{clock['flash_wait_states']} flash wait states",
        f"executed  {report['instructions']:,} instructions",
        f"time      {report['virtual_seconds'] * 1e3:.3f} ms virtual, at one instruction a cycle; "
        f"{report['skipped_cycles']:,} cycles were waits, not executed",
        _memory("stack", report["stack_bytes"], machine.image.stack),
    ]
    if report["arena_bytes"] is not None:
        lines.append(_memory("arena", report["arena_bytes"], machine.image.arena))
    for name, uart in report["uarts"].items():
        lines.append(
            f"{name:9} {uart['baud']} baud, {uart['sent']} bytes sent, {uart['got']} received"
        )
    for name, count in report["exceptions"].items():
        lines.append(f"{name:9} taken {count:,} times")
    for name, changes in report["leds"].items():
        lines.append(f"{name:9} {'on' if changes[-1] else 'off'} after {len(changes)} changes")
    return "\n".join([*lines, *_hot(report)]) + "\n"


def _memory(what: str, used: int, room: tuple[int, int] | None) -> str:
    size = f" of {room[1] - room[0]:,}" if room else ""
    over = ": OVERFLOW" if room and used > room[1] - room[0] else ""
    return f"{what:9} {used:,}{size} bytes at most{over}"


def _hot(report: dict[str, Any]) -> list[str]:
    functions, total = report["functions"], max(report["instructions"], 1)
    if set(functions) <= {_NO_FUNCTION}:
        return []
    rows = [
        f"  {count:>12,} {100 * count / total:5.1f} %  {name}"
        for name, count in list(functions.items())[:HOT]
    ]
    return ["instructions by function:", *rows]


def save(machine: Stm32F746, path: str, found: Estimate | None) -> None:
    """Write the report as JSON to ``path``."""
    document = as_json(machine) | ({"estimate": estimate_as_json(found)} if found else {})
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
        json.dump(document, stream, indent=2)
        stream.write("\n")
