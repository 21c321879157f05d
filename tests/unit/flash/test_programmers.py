"""The programmers' descriptions: each is whole, and a mistake in one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml.errors import UserError
from tinyml.flash import programmers

NAMES = (
    *("openocd", "st-flash", "pyocd", "stm32cubeprogrammer", "jlink", "dfu-util"),
    *("mass-storage", "stm32loader", "gdb"),
)


def test_every_programmer_is_there_in_the_order_of_auto() -> None:
    """And ranks are not shared, so that the order means something."""
    found = programmers.load_all()
    assert tuple(found) == NAMES
    assert len({each.rank for each in found.values()}) == len(found)


@pytest.mark.parametrize("name", NAMES)
def test_flashing_writes_verifies_and_resets(name: str) -> None:
    """And something proves it; the drive alone cannot be read back."""
    programmer = programmers.load_all()[name]
    done = [part for step in programmer.flash for part in step.does]
    wanted = ["write", "reset"] if name == "mass-storage" else ["write", "verify", "reset"]
    assert done == wanted
    assert all(step.proof or step.readback for step in programmer.flash if "verify" in step.does)
    assert programmer.errors and all(step.seconds > 0 for step in programmer.flash)


def description(folder: Path, old: str, new: str) -> Path:
    """Write openocd's description with one change."""
    text = (programmers.HERE / "programmers" / "openocd.toml").read_text()
    assert old in text
    path = folder / "openocd.toml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"{interface}"', '"{interfaec}"', "interfaec"),
        ('does = ["erase"]', 'does = ["errase"]', "errase"),
        ('probes = ["st-link"', 'probes = ["st-lnik"', "st-lnik"),
        ("permission = [", "permision = [", "permision"),
        ("'LIBUSB_ERROR_ACCESS'", "'LIBUSB_ERROR_(ACCESS'", "unterminated subpattern"),
        ('needs = ["openocd_interface"', 'needs = ["openocd_iface"', "openocd_iface"),
        ("rank = 1", 'rank = "first"', "rank is 'first'"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A placeholder, part, kind, cause or pattern that does not exist."""
    with pytest.raises(UserError) as refusal:
        programmers.load(description(tmp_path, old, new))
    assert said in refusal.value.culprit
