"""flash, erase, reset and monitor as targets: what is run, in which order, and what -n shows."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from support.scons_project import SconsProject

SCONSTRUCT = """
import sys
env = Environment(
    tools=["flash"],
    BOARDDIR="board",
    FLASHFLAGS=["--programmer=openocd"],
    MONITORFLAGS=["--log=my log.txt"],
    ENV={"PATH": "/usr/bin:/bin"},
)
copy = Copy("$TARGET", "$SOURCE")
images = [env.Command(name, "source.txt", copy) for name in ("x.elf", "x.bin")]
env.OnBoard(env.Flatten(images), COMMAND_LINE_TARGETS)
"""
# In the place of `python -m tinyml.flash...`.
FAKE = """#!{python}
import sys
words = sys.argv[2:]
with open("ran.log", "a") as log:
    log.write(" ".join(words).replace(" ", "_") + "\\n")
if "--dry-run" in words:
    print("would run: programmer x.bin")
if "--programmer=broken" in words:
    sys.exit(1)
"""


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project whose steps only note that they ran."""
    fake = tmp_path / "fake-python"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    text = SCONSTRUCT.replace("env = ", f"sys.executable = {str(fake)!r}\nenv = ", 1)
    return SconsProject(tmp_path, text, source__txt="1")


def test_flash_builds_first(project: SconsProject) -> None:
    """The .elf and the .bin; then one step, each time that it is asked for."""
    project.scons("flash")
    assert (project.folder / "x.bin").exists()
    assert project.ran == ["tinyml.flash_flash_board_x.elf_--programmer=openocd"]
    project.scons("flash")
    assert len(project.ran) == 1


def test_erase_reset_and_monitor_build_nothing(project: SconsProject) -> None:
    """They run as they are asked for, the monitor last; a word with a space stays one."""
    project.scons("monitor", "erase", "reset", "-j4")
    assert not (project.folder / "x.elf").exists()
    assert project.ran == [
        "tinyml.flash_erase_board_--programmer=openocd",
        "tinyml.flash_reset_board_--programmer=openocd",
        "tinyml.flash.monitor_board_--log=my_log.txt",
    ]


def test_flash_and_monitor_in_one_go(project: SconsProject) -> None:
    """The monitor waits, then starts the firmware anew, so that its first words are seen."""
    project.scons("flash", "monitor", "-j4")
    assert project.ran == [
        "tinyml.flash_flash_board_x.elf_--programmer=openocd",
        "tinyml.flash.monitor_board_--log=my_log.txt_--reset",
    ]


def test_dry_run_shows_the_commands(project: SconsProject) -> None:
    """With SCons' own -n nothing is built or flashed; the step says what it would run."""
    done = project.scons("-n", "flash")
    assert "would run: programmer x.bin" in done.stdout
    assert not (project.folder / "x.elf").exists()
    assert project.ran == ["tinyml.flash_flash_board_x.elf_--programmer=openocd_--dry-run"]


@pytest.mark.parametrize("option", ["-n", "-j1"])
def test_a_failure_fails_the_build(project: SconsProject, option: str) -> None:
    """With status 2, planned or done; and no monitor after it."""
    text = (project.folder / "SConstruct").read_text()
    project.write("SConstruct", text.replace("--programmer=openocd", "--programmer=broken"))
    done = project.scons(option, "flash", "monitor", check=False)
    assert done.returncode == 2
    assert len(project.ran) == 1
