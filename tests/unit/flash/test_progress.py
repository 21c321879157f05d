"""How far a programmer is, from lines as the real ones print them."""

from __future__ import annotations

import pytest

from tinyml.flash import programmers
from tinyml.flash.progress import Progress

LINES = [
    ("st-flash", 0, "  3/ 12 pages written", 0.25),
    ("pyocd", 0, "[====================", 0.5),
    ("stm32cubeprogrammer", 0, "[==========          ] 50%", 0.5),
    ("dfu-util", 0, "Download\t[=====                    ]  20%        12345 bytes", 0.2),
    ("stm32loader", 0, "Write 256 bytes at 0x8000100", 0.25),
    ("gdb", 0, "Loading section .rodata, size 0x200 lma 0x8000200", 0.5),
    ("jlink", 0, "Flash download: Program  [ 75%]", 0.75),
    ("openocd", 0, "Info : device id = 0x10016449", 0.0),
    ("stm32loader", 0, "Write 256 bytes at 0x9000000", 1.0),
    ("stm32loader", 0, "Write 256 bytes at 0x0", 0.0),
]


@pytest.mark.parametrize(("programmer", "step", "line", "fraction"), LINES)
def test_how_far(programmer: str, step: int, line: str, fraction: float) -> None:
    """Of 1024 bytes from the start of flash; never less than nothing or more than all."""
    run = programmers.load_all()[programmer].flash[step]
    with Progress(run, 0x08000000, 1024) as progress:
        progress.heard("something else")
        progress.heard(line)
    assert progress.fraction == pytest.approx(fraction)
