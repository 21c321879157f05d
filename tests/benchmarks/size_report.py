"""What the size report costs: for our firmware, and for a program of 100 MB with 200,000 symbols.

    .venv/bin/python tests/benchmarks/size_report.py [build/<variant>/mnist.elf]

Each line is the best of several runs in processes of their own: seconds of processor time, the
same as a multiple of a Python that does nothing, and the most memory. Figures, not verdicts.
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3
SYMBOLS, SYMBOL_BYTES, DEBUG_BYTES, MEMBERS = 200_000, 240, 40 << 20, 500
TEXT = 0x40_0000


def elf(path: Path) -> None:
    """Write a 64-bit program: one section of code, its symbols, and something like debug data."""
    text_bytes = SYMBOLS * SYMBOL_BYTES
    names = b"\0" + b"".join(f"_ZN4deep{len(str(i)) + 1}f{i}Ev\0".encode() for i in range(SYMBOLS))
    symbols, at = [bytes(24)], 1
    for i in range(SYMBOLS):
        size = SYMBOL_BYTES - i % 16
        symbols.append(struct.pack("<IBBHQQ", at, 0x12, 0, 1, TEXT + i * SYMBOL_BYTES, size))
        at += len(f"_ZN4deep{len(str(i)) + 1}f{i}Ev") + 1
    titles = b"\0.text\0.debug_info\0.symtab\0.strtab\0.shstrtab\0"
    parts = [
        (1, 1, 6, TEXT, b"\x90" * text_bytes, 0, 16, 0),
        (7, 1, 0, 0, bytes(DEBUG_BYTES), 0, 1, 0),
        (19, 2, 0, 0, b"".join(symbols), 4, 8, 24),
        (27, 3, 0, 0, names, 0, 1, 0),
        (35, 3, 0, 0, titles, 0, 1, 0),
    ]
    headers, offset = [bytes(64)], 64 + 56
    with path.open("wb") as stream:
        stream.seek(offset)
        for name, kind, flags, address, content, link, align, entry in parts:
            row = (name, kind, flags, address, offset, len(content), link, 1, align, entry)
            headers.append(struct.pack("<IIQQQQIIQQ", *row))
            offset += stream.write(content)
        stream.write(b"".join(headers))
        stream.seek(0)
        ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        rest = (2, 62, 1, TEXT, 64, offset, 0, 64, 56, 1, 64, len(headers), len(headers) - 1)
        stream.write(ident + struct.pack("<HHIQQQIHHHHHH", *rest))
        load = (1, 5, 64 + 56, TEXT, TEXT, text_bytes, text_bytes, 4096)
        stream.write(struct.pack("<IIQQQQQQ", *load))


def map_file(path: Path) -> None:
    """Write the map that a linker would have written: a section of an object for every symbol."""
    lines = ["Linker script and memory map", "", f".text {TEXT:#x} {SYMBOLS * SYMBOL_BYTES:#x}"]
    for i in range(SYMBOLS):
        address, member = TEXT + i * SYMBOL_BYTES, i * MEMBERS // SYMBOLS
        lines.append(
            f" .text.f{i}\n                {address:#x} {SYMBOL_BYTES:#x} liba.a(m{member}.o)"
        )
    path.write_text("\n".join(lines) + "\n")


def cost(words: Sequence[str]) -> tuple[float, int]:
    """Return the least processor time in seconds, and the most memory in MB, of several runs."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons")}
    times, memory = [], 0
    for _ in range(RUNS):
        with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(map(str, words))} failed")
        times.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss >> 10)
    return min(times), memory


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("elf", nargs="?", type=Path, help="our firmware, with its map beside it")
    arguments = parser.parse_args()
    nothing, _ = cost([sys.executable, "-c", ""])
    report = [sys.executable, "-m", "tinyml.elf", "report"]

    def show(what: str, *words: str | Path) -> None:
        seconds, memory = cost([*report, *map(str, words)])
        print(f"{what:42} {seconds:7.3f} s  {seconds / nothing:7.1f} x  {memory:5} MB")

    if arguments.elf:
        firmware, map_of = arguments.elf, arguments.elf.with_suffix(".map")
        show("firmware", firmware)
        show("firmware, map, stack", firmware, "--map", map_of, "--stack", firmware.parent)
        show("firmware, map, files", firmware, "--map", map_of, "--view", "file")
    with tempfile.TemporaryDirectory() as folder:
        big, its_map = Path(folder, "big.elf"), Path(folder, "big.map")
        elf(big)
        map_file(its_map)
        print(f"big: {big.stat().st_size >> 20} MB, {SYMBOLS} symbols")
        show("big", big)
        show("big, map", big, "--map", its_map)
        show("big, as JSON", big, "--json")
        show("big, the 20 biggest symbols", big, "--view", "symbol", "--top", "20")


if __name__ == "__main__":
    main()
