"""gdb's servers: their command lines, by recording stand-ins and by the real tools' own parsers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.terminal import comes, processes
from tinyml import boards, programs
from tinyml.boards import Board
from tinyml.debug import servers
from tinyml.debug.listening import listens
from tinyml.debug.script import Target, text
from tinyml.errors import UserError
from tinyml.flash.desk import Probe

BOARD = "firmware/boards/stm32f746"
# Writes its command line down, then does as STANDIN says: listens on the port that it finds among
# its words, says something and ends, or hangs.
STANDIN = """\
#!{python}
import json, os, re, socket, sys, time
words = sys.argv[1:]
open(os.environ["STANDIN_RECORD"], "w").write(json.dumps([os.path.basename(sys.argv[0]), *words]))
mode = os.environ["STANDIN"]
if mode.startswith("says "):
    sys.exit(mode[5:])
if mode == "listens":
    line = " ".join(words)
    port = re.search(r"(?:gdb_port |--listen_port=|-p |-port )(\\d+)", line)[1]
    server = socket.create_server(("127.0.0.1", int(port)))
time.sleep(600)
"""
COMMANDS = {
    "openocd": "openocd -f interface/stlink.cfg -f target/stm32f7x.cfg [-c adapter serial 066D]"
    " -c gdb_port PORT -c tcl_port disabled -c telnet_port disabled",
    "pyocd": "pyocd gdbserver -W --no-config --persist -t stm32f746nghx [-u 066D]"
    " -p PORT -T PORT -S -O semihost_console_type=console",
    "st-util": "st-util --listen_port=PORT --multi --semihosting [--serial 066D]",
    "jlink": "JLinkGDBServerCLExe -nogui -localhostonly -if SWD -device STM32F746NG"
    " [-select usb=066D] -port PORT -telnetport PORT -swoport PORT",
}
PROGRAMS = ("openocd", "pyocd", "st-util", "JLinkGDBServerCLExe")


@pytest.fixture
def disco(root: Path) -> Board:
    """Return the board with an ST-LINK."""
    return boards.load(root / BOARD)


class Bench:
    """A folder with a firmware, and stand-ins for all servers."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Write them."""
        self.root, self.folder, self.record = root, folder, folder / "record.json"
        self.elf = folder / "x.elf"
        self.elf.write_bytes(b"\x7fELF")
        (folder / "bin").mkdir()
        for name in PROGRAMS:
            path = folder / "bin" / name
            path.write_text(STANDIN.format(python=sys.executable))
            path.chmod(0o755)

    def start(self, mode: str, *options: str) -> subprocess.Popen[str]:
        """Start a session without gdb."""
        return subprocess.Popen(
            [sys.executable, "-m", "tinyml.debug", BOARD, str(self.elf), "--debugger", "none"]
            + list(options),
            cwd=self.root,
            env={
                **os.environ,
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(self.root / "site_scons"),
                "STANDIN": mode,
                "STANDIN_RECORD": str(self.record),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def failed(self, mode: str, *options: str) -> str:
        """Return what a session that fails says; nothing of it is left running."""
        session = self.start(mode, *options)
        _, said = session.communicate(timeout=60)
        assert session.returncode == 1, said
        assert said.startswith("scons: error: ")
        assert comes(lambda: not processes(str(self.folder)))
        return said


@pytest.fixture
def bench(tmp_path: Path, root: Path) -> Bench:
    """Return the stand-ins."""
    return Bench(tmp_path, root)


@pytest.mark.parametrize("serial", ["066D", None])
@pytest.mark.parametrize("name", COMMANDS)
def test_each_server_is_started_as_its_manual_says(
    name: str, serial: str | None, bench: Bench
) -> None:
    """Word by word, with and without one probe picked; the port is one that it listens on."""
    options = ["--gdbserver", name, *(["--serial", serial] if serial else [])]
    session = bench.start("listens", *options)
    assert session.stdout is not None
    assert session.stdout.readline() == f"gdbserver={name}: as asked\n"
    assert re.fullmatch(rf"{name}: ready for gdb on .*:\d+; log: .*\n", session.stdout.readline())
    words = json.loads(bench.record.read_text())
    part = r"\1" if serial else ""
    expected = re.sub(r" \[(.*?)\]", rf" {part}" if serial else "", COMMANDS[name])
    assert re.sub(r"\b\d{4,5}\b", "PORT", " ".join(words)) == expected
    session.terminate()
    session.communicate()
    assert comes(lambda: not processes(str(bench.folder)))


@pytest.mark.parametrize(
    ("name", "says", "cause", "fix"),
    [
        ("openocd", "Error: open failed", "finds no probe", "plug the board in"),
        ("openocd", "libusb: LIBUSB_ERROR_ACCESS", "may not open the probe", 'idProduct}=="374b"'),
        (
            "openocd",
            "Error: init mode failed (unable to connect to the target)",
            "no chip",
            "reset",
        ),
        ("st-util", "WARN usb.c: Couldn't find any ST-Link devices", "finds no probe", "plug"),
        ("pyocd", "E Target type stm32f746nghx not recognized", "does not know", "pyocd pack ins"),
        ("openocd", "something that nobody has seen", "not known here", "last lines"),
    ],
)
def test_a_server_that_ends_is_explained(
    name: str, says: str, cause: str, fix: str, bench: Bench
) -> None:
    """Its own words, their usual cause, and what helps."""
    said = bench.failed(f"says {says}", "--gdbserver", name)
    assert says in said
    assert cause in said
    assert fix in said


def test_a_server_that_never_listens_is_ended(bench: Bench) -> None:
    """The time limit is named, and the log."""
    said = bench.failed("hangs", "--gdbserver", "openocd", "--start-timeout", "0.5")
    assert "did not listen on port" in said
    assert "within 0.5 s" in said
    assert "x.gdbserver.log" in said


def test_a_port_that_is_taken_is_told_before_anything_starts(bench: Bench) -> None:
    """Somebody else's server would be taken for ours."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = bench.failed("listens", "--gdbserver", "openocd", "--gdb-port", port)
    assert f"port {port} is taken" in said
    assert not bench.record.exists()


def test_the_port_may_be_picked(bench: Bench) -> None:
    """Editors want it to be the same each time."""
    port = servers.free_ports(1)[0]
    session = bench.start("listens", "--gdbserver", "openocd", "--gdb-port", str(port))
    assert session.stdout is not None
    session.stdout.readline()
    assert f"127.0.0.1:{port};" in session.stdout.readline()
    session.terminate()
    session.communicate()


@pytest.mark.parametrize(
    ("options", "culprit"),
    [
        (("--gdbserver", "nonsense"), "there is no gdb server nonsense"),
        (("--gdbserver", "qemu"), "gdbserver=qemu does not run board=stm32f746"),
        (("--gdbserver", "localhost:3333"), "debugger=none, and no server to start"),
        (("--script", "/nowhere/x.gdb"), "no file /nowhere/x.gdb"),
    ],
)
def test_mistakes_are_told(options: tuple[str, ...], culprit: str, bench: Bench) -> None:
    """In three lines, and nothing is started."""
    said = bench.failed("listens", *options)
    assert culprit in said
    assert not bench.record.exists()


@pytest.mark.parametrize("name", ["openocd", "st-util", "pyocd"])
def test_the_real_tool_takes_the_words(name: str, disco: Board, tmp_path: Path, root: Path) -> None:
    """Without a probe each gets as far as looking for one: its parser was content."""
    if programs.find_first(servers.load_all()[name].tools) is None:
        pytest.skip(f"no {name}")
    if servers.attached():
        pytest.skip("a probe is attached")
    elf = tmp_path / "x.elf"
    elf.write_bytes(b"\x7fELF")
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.debug", BOARD, str(elf), "--debugger", "none"]
        + ["--gdbserver", name],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"scons: error: {name} finds no probe" in done.stderr


ST = Probe("st-link", "066D", "STM32 STLink", "0483:374b", True)
OTHER = Probe("st-link", "0777", "STM32 STLink", "0483:374b", True)
JLINK = Probe("j-link", "5000", "J-Link", "1366:0101", True)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the set of tools that are there; a test fills it."""
    there: set[str] = set()
    monkeypatch.setattr(
        servers.programs,
        "find_first",
        lambda names, places=(): next((f"/bin/{name}" for name in names if name in there), None),
    )
    return there


def test_auto_takes_the_server_for_the_probe_that_is_there(
    disco: Board, installed: set[str]
) -> None:
    """The best one installed that drives it; without a probe the best one installed."""
    installed.update({"st-util", "JLinkGDBServer"})
    assert servers.choose("auto", disco, None, (ST,)).server.name == "st-util"
    assert servers.choose("auto", disco, None, (JLINK,)).server.name == "jlink"
    assert servers.choose("auto", disco, None, ()).server.name == "st-util"
    installed.add("openocd")
    chosen = servers.choose("auto", disco, None, (JLINK,))
    assert (chosen.server.name, chosen.probe) == ("openocd", JLINK)
    ports = dict.fromkeys(servers.PORTS, 1)
    words = " ".join(servers.command(chosen, disco, ports, None))
    assert "-f interface/jlink.cfg -c transport select swd -f target/stm32f7x.cfg" in words


def test_one_of_two_probes_must_be_picked(disco: Board, installed: set[str]) -> None:
    """They are listed; the serial number picks one."""
    installed.add("openocd")
    with pytest.raises(UserError, match=r"2 probes are attached: 066D .*, 0777") as refusal:
        servers.choose("auto", disco, None, (ST, OTHER))
    assert refusal.value.hint == "scons debug serial=066D"
    assert servers.choose("auto", disco, "0777", (ST, OTHER)).probe == OTHER


def test_no_server_is_installed(disco: Board, installed: set[str]) -> None:
    """How to get one is said."""
    with pytest.raises(
        UserError, match="no gdb server for board=stm32f746 is installed"
    ) as refusal:
        servers.choose("auto", disco, None, ())
    assert "openocd" in refusal.value.hint


def test_a_board_that_says_nothing_of_a_server(root: Path, installed: set[str]) -> None:
    """What its board.toml lacks is named."""
    installed.add("JLinkGDBServer")
    board = boards.load(root / "firmware/boards/mps2-an500")
    chosen = servers.Choice(servers.load_all()["jlink"], None, "")
    with pytest.raises(UserError, match="says nothing of J-Link") as refusal:
        servers.command(chosen, board, dict.fromkeys(servers.PORTS, 1), None)
    assert "jlink in [flash]" in refusal.value.expected


@pytest.mark.parametrize(
    ("old", "new", "culprit"),
    [
        ("{port}", "{prot}", "nothing fills prot"),
        ('programmer = "openocd"', 'programmer = "ocd"', "programmer is 'ocd'"),
        ("rank = 1", 'rank = "first"', "rank is 'first'"),
        ("rank = 1", "rank = ", "is not TOML"),
    ],
)
def test_a_description_with_a_mistake_is_refused(
    old: str, new: str, culprit: str, tmp_path: Path
) -> None:
    """With the file's name."""
    path = tmp_path / "mine.toml"
    path.write_text((servers.FOLDER / "openocd.toml").read_text().replace(old, new))
    with pytest.raises(UserError, match=culprit) as refusal:
        servers.load(path)
    assert "mine.toml" in refusal.value.culprit


def test_listening_is_told_without_connecting() -> None:
    """A socket that listens, one that is only bound, one that is connected, none."""
    with socket.socket() as bound, socket.create_server(("127.0.0.1", 0)) as server:
        bound.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert listens(port)
        assert not listens(bound.getsockname()[1])
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()  # nobody has connected
    assert not listens(port)


def test_gdb_is_told_to_load_only_when_asked() -> None:
    """And resets afterwards, so that the core starts from what was written."""
    target = Target("localhost:1", ("monitor semihosting",), ("monitor reset halt",))
    plain, loading = text(target, load=False), text(target, load=True)
    assert "load" not in plain
    body = loading.split("define prepare\n")[1].split("end\n")[0].split("\n")
    assert [line.strip() for line in body if line] == [
        "monitor semihosting",
        "monitor reset halt",
        "load",
        "monitor reset halt",
    ]
