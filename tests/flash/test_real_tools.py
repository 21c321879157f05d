"""Our command lines, read by the real programmers' own parsers; their real errors in our words.

No probe is attached where these tests run; where one is, they are skipped: they would write to it.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.flashing import board, firmware
from tinyml import programs
from tinyml.errors import UserError
from tinyml.flash import desk, engine, words
from tinyml.flash.choose import Request
from tinyml.flash.desk import Desk, Probe
from tinyml.flash.engine import Job

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(bool(desk.usb_probes()), reason="a probe is attached"),
]
UGLY = "it's [a] $HOME {project; \\x"
# pyOCD's parsers in one process, as it takes a second to start.
PYOCD = """
import ast, sys
from pyocd.__main__ import PyOCDTool
from pyocd.commands.execution_context import CommandExecutionContext
for line in sys.argv[1:]:
    given = PyOCDTool().build_parser().parse_args(ast.literal_eval(line))
    for command in getattr(given, "commands", None) or []:
        print(CommandExecutionContext().parse_command(" ".join(command))[:2])
"""


def needed(tool: str) -> str:
    """Return the path of a tool, or skip where it is not installed."""
    path = programs.find(tool)
    if path is None:
        pytest.skip(f"no {tool}: see requirements/system-test.txt")
    return path


def commands(request: Request, probe: Probe) -> list[list[str]]:
    """Return every command of every step of a request, as words."""
    planned = replace(request, board=board())
    chosen = engine.choose(planned, Desk((probe,)), run=False)
    image = engine.image.load(request.image, planned.board) if request.image else None
    job = Job(planned, chosen, image, Path("/tmp"))
    return [job.command(step) for step in (*filter(None, [job.identify]), *job.steps)]


def output(command: list[str]) -> tuple[int, str]:
    """Run a command; return its status and all it says."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def all_commands(programmer: str, probe: Probe, folder: Path, serial: str) -> list[list[str]]:
    """Return the commands of flash, erase and reset, with and without a serial number."""
    image = firmware(folder)
    request = Request("flash", board(), image, programmer)
    found = commands(request, probe) + commands(replace(request, serial=serial), probe)
    for action in ("erase", "reset"):
        found += commands(replace(request, action=action, image=None, serial=serial), probe)
    return found


def test_st_flash(tmp_path: Path) -> None:
    """It says "invalid command line" where it is; the gate is seen to close on a wrong word."""
    needed("st-flash")
    serial = "066CFF495087534867153831"
    found = all_commands("st-flash", Probe("st-link", serial), tmp_path, serial)
    writing = [line for line in found if Path(line[0]).name == "st-flash"]
    assert len(writing) == 4
    for line in writing:
        status, said = output(line)
        assert status and "invalid command line" not in said, line
        assert "Couldn't find any ST-Link devices" in said or "no ST-Link" in said.lower()
    assert "invalid command line" in output([*writing[0][:-1], "elsewhere"])[1]


def test_dfu_util(tmp_path: Path) -> None:
    """Status 74 is "no device", 64 "usage" (sysexits.h)."""
    needed("dfu-util")
    found = all_commands("dfu-util", Probe("dfu", "3577"), tmp_path, "3577")
    assert len(found) == 8
    for line in found:
        status, said = output(line)
        assert (status, "No DFU capable USB device" in said) == (74, True), line
    assert output([*found[0], "--bogus"])[0] == 64


def test_pyocd(tmp_path: Path) -> None:
    """Its own parsers take every line; what stands behind -c is read by its commander's."""
    needed("pyocd")
    found = all_commands("pyocd", Probe("st-link", "066C"), tmp_path, "066C")
    assert len(found) == 10
    status, said = output([sys.executable, "-c", PYOCD, *(repr(line[1:]) for line in found)])
    assert status == 0, said
    assert sorted(set(said.splitlines())) == [
        "('read32', ['0xe0042000'])",
        "('reset', [])",
        "('savemem', ['0x08000000', '188', '/tmp/readback.bin'])",
    ]
    assert output([sys.executable, "-c", PYOCD, repr([*found[1][1:], "--bogus"])])[0] == 2


def test_pyocd_has_no_stm32f74x_of_its_own() -> None:
    """So the description must say which pack brings it; this fails on the day that it does."""
    status, said = output([needed("pyocd"), "list", "--targets"])
    assert status == 0 and "stm32f767zi" in said
    assert "stm32f74" not in said


OPENOCD_DUMMY = """
adapter driver dummy
adapter speed 100
transport select jtag
"""
# A target that does nothing and a flash that is an array, both OpenOCD's own, for tests.
OPENOCD_FAUX = """
jtag newtap x cpu -irlen 4
target create x.cpu testee -chain-position x.cpu
flash bank x.flash faux 0x08000000 0x100000 0 0 x.cpu
proc mrw {{address}} {{ return {chip} }}
rename init real_init
proc init {{}} {{
    real_init
    proc verify_image {{file address type}} {{ echo "verified [file size $file] bytes" }}
}}
"""


def faux_board(folder: Path, chip: str) -> Request:
    """Return a request to flash a board behind OpenOCD's dummy adapter."""
    (folder / "dummy.cfg").write_text(OPENOCD_DUMMY)
    (folder / "faux.cfg").write_text(OPENOCD_FAUX.format(chip=chip))
    described = board()
    assert described.flash
    flash = replace(
        described.flash,
        openocd_interface=str(folder / "dummy.cfg"),
        openocd_target=str(folder / "faux.cfg"),
    )
    ugly = folder / UGLY
    ugly.mkdir()
    return Request(
        "flash",
        replace(described, flash=flash),
        firmware(ugly),
        "openocd",
        log=folder / "openocd.log",
    )


def test_openocd_writes(tmp_path: Path) -> None:
    """The real one runs all our words, on its array for a flash, from an ugly folder."""
    needed("openocd")
    asked = faux_board(tmp_path, "0x10016449")
    assert engine.perform(asked, lambda line: None, Desk(None)).done[0] == "write"
    said = (tmp_path / "openocd.log").read_text()
    assert f"from file {tmp_path / UGLY / 'image.bin'}" in said
    assert "chip id 0x10016449" in said


def test_openocd_refuses_another_chip(tmp_path: Path) -> None:
    """Before it writes."""
    needed("openocd")
    asked = faux_board(tmp_path, "0x10006451")
    with pytest.raises(UserError, match="finds another chip"):
        engine.perform(asked, lambda line: None, Desk(None))
    assert "write_image" not in (tmp_path / "openocd.log").read_text()


def test_openocd_knows_the_commands_of_the_chip(tmp_path: Path) -> None:
    """With its real target file and dummy adapter each gets as far as the missing chip."""
    needed("openocd")
    found = all_commands("openocd", Probe("st-link", "066C"), tmp_path, "066C")
    typed = dict.fromkeys(line[at + 1] for line in found for at, w in enumerate(line) if w == "-c")
    tried = [each for each in typed if each.split()[0] in ("stm32f2x", "verify_image", "echo")]
    tried += ["stm32f2x unlock 0"]  # what is shown for a locked chip
    assert len(tried) == 4
    for each in tried:
        assert "Target not examined yet" in openocd_on_a_real_target(each), each
    for wrong in ("stm32f2x mass_erase", "verify_image image.bin nowhere bin", "stm32f2x earse 0"):
        assert "Target not examined yet" not in openocd_on_a_real_target(wrong), wrong


@pytest.mark.parametrize("kind", ["st-link", "j-link", "cmsis-dap"])
def test_openocd_drives_every_kind_of_probe(tmp_path: Path, kind: str) -> None:
    """It takes interface, transport and target together, and then misses the probe."""
    needed("openocd")
    asked = Request("flash", board(), firmware(tmp_path), "openocd", log=tmp_path / "log")
    with pytest.raises(UserError, match="openocd finds no probe"):
        engine.perform(asked, lambda line: None, Desk((Probe(kind, "066C"),)))


def openocd_on_a_real_target(command: str) -> str:
    """Return what OpenOCD says to one command after an initialisation that found no chip."""
    before = ["-c", "adapter driver dummy", "-c", "transport select jtag"]
    before += ["-f", "target/stm32f7x.cfg", "-c", "catch {init}", "-c", "echo MARK"]
    said = output(["openocd", *before, "-c", command, "-c", "shutdown"])[1]
    return said.partition("MARK")[2]


def test_tcl_reads_a_quoted_word_as_one(tmp_path: Path) -> None:
    """OpenOCD's own Tcl says what it got."""
    needed("openocd")
    values = [UGLY, 'say "hi"', "$(rm x)", "{", "}", "a]b[c", "#x;y", "tab\\t", "grüße"]
    echoes = [part for value in values for part in ("-c", f"echo {words.Text(value):tcl}")]
    said = output(["openocd", *echoes, "-c", "shutdown"])[1].splitlines()
    assert [line for line in said if line in values] == values


@pytest.mark.parametrize(
    ("programmer", "tool", "more", "said"),
    [
        ("openocd", "openocd", {}, "openocd finds no probe"),
        ("st-flash", "st-flash", {}, "st-flash finds no probe"),
        ("pyocd", "pyocd", {}, "pyocd finds no probe"),
        ("dfu-util", "dfu-util", {}, "dfu-util finds no probe"),
        ("stm32loader", "stm32loader", {"port": "/dev/ttyNONE"}, "cannot open /dev/ttyNONE"),
        ("gdb", "gdb-multiarch", {"gdbserver": "localhost:9"}, "gdb reaches no gdbserver"),
    ],
)
def test_with_no_board(
    tmp_path: Path, programmer: str, tool: str, more: dict[str, str], said: str
) -> None:
    """The real tool fails, and what it meant is said with its last lines and a way on."""
    needed(tool)
    asked = Request("flash", board(), firmware(tmp_path), programmer, log=tmp_path / "log")
    with pytest.raises(UserError) as refusal:
        engine.perform(replace(asked, **more), lambda line: None, Desk(None))
    assert said in refusal.value.culprit
    assert f"\n    {programmer}: " in refusal.value.culprit
    assert (tmp_path / "log").stat().st_size > 0
