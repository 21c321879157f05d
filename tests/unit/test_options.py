"""Options: every value the help lists is taken, every other is refused with what is allowed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tinyml import options
from tinyml.errors import UserError
from tinyml.options import handed_on


def test_defaults_are_the_f746_with_our_engine(root: Path) -> None:
    """No argument at all means the main job."""
    choice = options.parse({}, root)
    assert choice.variant == "stm32f746-aot-cm7-int8-speed"
    assert (choice.models, choice.clock, choice.profile) == (("mnist",), None, True)


def test_every_listed_value_is_accepted(root: Path) -> None:
    """The table that the help prints is the table that is checked."""
    for option in options.table(root):
        for value in option.values:
            options.parse({option.name: value}, root)


def test_values_are_found_in_the_folders(root: Path) -> None:
    """A folder with a board.toml or model.toml is an option's value, with no list to keep."""
    by_name = {option.name: option.values for option in options.table(root)}
    assert {"stm32f746", "mps2-an500", "host"} <= set(by_name["board"])
    assert "mnist" in by_name["model"]


def test_kernel_default_follows_the_board(root: Path) -> None:
    """The tuned kernels are for the Cortex-M7 only."""
    assert options.parse({"board": "mps2-an500"}, root).kernel == "cm7"
    assert options.parse({"board": "host"}, root).kernel == "reference"


@pytest.mark.parametrize(
    ("arguments", "culprit", "allowed"),
    [
        ({"bord": "host"}, "bord", "board"),
        ({"board": "stm32f7"}, "board=stm32f7", "board=stm32f746"),
        ({"quantize": "int4"}, "quantize=int4", "quantize=int8"),
        ({"kernel": "fast"}, "kernel=fast", "kernel=cmsis-nn"),
        ({"clock": "fast"}, "clock=fast", "whole number"),
        ({"clock": "-1"}, "clock=-1", "whole number"),
        ({"timeout": "0"}, "timeout=0", "greater than 0"),
        ({"profile": "yes"}, "profile=yes", "profile=1"),
        ({"board": "host", "kernel": "cm7"}, "kernel=cm7", "kernel=reference"),
        ({"fpu": "soft", "kernel": "cm7"}, "kernel=cm7 uses instructions of the FPU", "reference"),
        ({"fpu": "soft", "board": "host"}, "fpu=soft has nothing to leave out", "board=stm32f746"),
        ({"fpu": "single"}, "fpu=single", "fpu=soft"),
        ({"gdbserver": "ocd"}, "gdbserver=ocd", "gdbserver=openocd"),
        ({"gdbserver": "localhost"}, "gdbserver=localhost", "HOST:PORT of one that runs already"),
        ({"server": "localhost:3333"}, "no option 'server'", "gdbserver"),
        ({"script": "/nowhere.gdb"}, "script=/nowhere.gdb", "a file that is there"),
        ({"board": "host", "link": "pty"}, "link=pty belongs", "link=tcp:PORT"),
        ({"board": "host", "limit": "1s"}, "limit= belongs", "board=stm32f746"),
        ({"link": "tcp:65536"}, "link=tcp:65536", "tcp:PORT"),
        ({"gdb": "65536"}, "gdb=65536", "TCP port"),
        ({"gdbserver": "localhost:70000"}, "gdbserver=localhost:70000", "HOST:PORT"),
        ({"model": "../etc"}, "model=../etc", "model=mnist"),
        ({"model": "mnist,mnist"}, "model=mnist,mnist names", "once"),
        ({"model": "mnist,x"}, "model=mnist,x", "several"),
        ({"component": "cmsis-core,x"}, "component=cmsis-core,x", "component=cmsis-dsp or"),
        ({"archive": "/nowhere"}, "archive=/nowhere", "a folder"),
        ({"cmsis_nn": "yes"}, "cmsis_nn=yes", "cmsis_nn=upstream or a folder"),
    ],
)
def test_wrong_options_are_refused(
    root: Path, arguments: dict[str, str], culprit: str, allowed: str
) -> None:
    """The message names the culprit and what would have been right."""
    with pytest.raises(UserError) as caught:
        options.parse(arguments, root)
    assert culprit in caught.value.culprit
    assert allowed in caught.value.expected


def test_without_the_fpu_the_kernels_are_those_that_need_none(root: Path) -> None:
    """The default changes with it, and the variant's name says so."""
    soft = options.parse({"fpu": "soft"}, root)
    assert soft.kernel == "reference"
    assert soft.variant == "stm32f746-aot-reference-int8-speed-softfpu"


def test_options_of_debug_are_passed_on(root: Path) -> None:
    """Those that were given, as its own command line has them."""
    given = {"debugger": "none", "gdb_port": "3333", "load": "1", "serial": "066D"}
    assert set(options.parse(given, root).debug) == {
        *("--debugger=none", "--gdb-port=3333", "--load", "--serial=066D")
    }
    assert options.parse({}, root).debug == ()


def test_a_gdbserver_that_runs_already_serves_flash_and_debug(root: Path) -> None:
    """One that is named by what it is has yet to be started, by debug alone."""
    running = options.parse({"gdbserver": "[::1]:3333"}, root)
    for flags in (running.flash_flags, running.monitor_flags, running.debug):
        assert flags == ("--gdbserver=[::1]:3333",)
    named = options.parse({"gdbserver": "openocd"}, root)
    assert (named.flash_flags, named.debug) == ((), ("--gdbserver=openocd",))


def test_help_lists_every_option_with_values_and_default(root: Path) -> None:
    """``scons -h`` needs no other page."""
    text = options.help_text(root)
    for option in options.table(root):
        assert option.name in text
        assert option.default in text
        assert all(value in text for value in option.values)


def test_clock_and_profile_have_a_folder_of_their_own(root: Path) -> None:
    """Two variants that differ in anything compiled never share a folder."""
    variants = {
        options.parse(arguments, root).variant
        for arguments in (
            {},
            {"clock": "200"},
            {"profile": "0"},
            {"opt": "size"},
            {"arena": "shared"},
            {"fpu": "soft"},
        )
    }
    assert len(variants) == 6


def test_readme_lists_every_option_and_value(root: Path) -> None:
    """The README's table cannot fall behind the table that is checked."""
    section = (root / "README.md").read_text().split("\n## Options\n")[1].split("\n## ")[0]
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in section.splitlines()
        if line.startswith("| `")
    }
    for option in options.table(root):
        for value in option.values:
            row = rows.get(option.name, rows["<component>"])
            assert f"`{value}`" in row or option.name == "component", (option.name, value)


def test_what_a_size_is_compared_with(root: Path) -> None:
    """A file or a commit, and how much growth is allowed; neither shapes the firmware."""
    choice = options.parse({"baseline": "HEAD~1", "threshold": "0.5%", "board": "host"}, root)
    assert (choice.baseline, choice.threshold) == ("HEAD~1", "0.5%")
    assert choice.variant == options.parse({"board": "host"}, root).variant


@pytest.mark.parametrize(
    ("name", "value"),
    [("baseline", ""), ("baseline", "--upload-pack=x"), ("threshold", "-1"), ("threshold", "many")],
)
def test_no_baseline_and_no_threshold(root: Path, name: str, value: str) -> None:
    """Nothing that a tool could take for an option of its own."""
    with pytest.raises(UserError, match=f"{name}="):
        options.parse({name: value}, root)


def test_another_commit_is_built_with_the_words_that_shape_a_firmware(root: Path) -> None:
    """No more than was given, as it may not know the others; a folder by its absolute path."""
    given = {"opt": "size", "board": "host", "threshold": "1", "verbose": "1", "cmsis_nn": "auto"}
    assert options.parse(given, root).given == ("board=host", "opt=size", "cmsis_nn=auto")
    folder = {"cmsis_core": str(root / "firmware" / ".." / "firmware")}
    assert options.parse(folder, root).given == (f"cmsis_core={root / 'firmware'}",)


def test_what_changes_the_variant_shapes_the_firmware(root: Path) -> None:
    """An option that is added to the one must be added to the other."""
    usual = options.parse({}, root).variant
    for option in options.table(root):
        for value in (*option.values, "288"):
            if option.accepts(value) and option.name not in ("component", "kernel"):
                changed = options.parse({option.name: value}, root).variant != usual
                assert not changed or option.name in options.SHAPING


@pytest.mark.parametrize(
    ("module", "names", "handed"),
    [
        ("tinyml.debug", handed_on.DEBUG, handed_on.to_debug),
        ("tinyml.flash", handed_on.FLASH, handed_on.to_flash),
    ],
)
def test_what_is_handed_on_is_known_there(
    module: str, names: tuple[str, ...], handed: Callable[[dict[str, str]], tuple[str, ...]]
) -> None:
    """Each flag is one that the command itself lists."""
    words = handed(dict.fromkeys(names, "1"))
    listed = subprocess.run(
        [sys.executable, "-m", module, *(["flash"] if module == "tinyml.flash" else []), "-h"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    known = set(re.findall(r"--[a-z-]+", listed))
    assert len(words) == len(names) and {word.split("=")[0] for word in words} <= known
