"""Ports that are real: a terminal device, and an emulator's process that always ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support.link_standin import Firmware, digits_model
from tinyml.link import Client, Disconnected, PortError, emulated

DIGIT = np.arange(784, dtype=np.uint8).reshape(28, 28, 1)
TESTS = Path(__file__).resolve().parents[1]

#: An emulator's process: notes its number, announces the link, serves a stand-in.
SERVER = """
    import os, pathlib, sys
    from support.link_standin import Firmware, served
    pathlib.Path({pid!r}).write_text(str(os.getpid()))
    print("the banner\\x1b[2J", flush=True)
    with served(Firmware()) as url:
        print("console: socket://127.0.0.1:1", file=sys.stderr)
        print(f"link: {{url}}", file=sys.stderr, flush=True)
        {then}
"""


@pytest.fixture
def device() -> Iterator[str]:
    """Serve a stand-in on a pseudo-terminal; yield the device's name."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    firmware = Firmware([digits_model()])

    def serve() -> None:
        try:
            while data := os.read(ours, 4096):
                os.write(ours, firmware.feed(data))
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    yield os.ttyname(theirs)
    os.close(theirs)
    os.close(ours)


@pytest.mark.parametrize("options", ["", "?baud=57600"])
def test_a_serial_port(device: str, options: str) -> None:
    """A terminal device with pyserial, at either speed; every byte value passes."""
    with Client(device + options) as client:
        assert client.infer(DIGIT, pixels=True).cost == 2**40
        assert client.line.repeats == 0


def test_one_program_at_a_time(device: str) -> None:
    """A port that is in use is refused: two readers would take each other's answers."""
    with Client(device), pytest.raises(PortError, match="lock"):
        Client(device)


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a process that serves a stand-in in the emulator's place; return where its number is."""
    pid = tmp_path / "pid"
    use(monkeypatch, pid, "import signal; signal.pause()")
    return pid


def use(monkeypatch: pytest.MonkeyPatch, pid: Path, then: str) -> None:
    """Replace the emulator's command by one that serves a stand-in, ``then`` does something."""
    program = textwrap.dedent(SERVER).format(pid=str(pid), then=then)
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setattr(emulated, "command", lambda _: [sys.executable, "-c", program])


def runs(pid: Path) -> bool:
    """Return whether the process still runs; one that has ended may be nobody's child yet."""
    try:
        state = Path(f"/proc/{pid.read_text()}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ends(pid: Path) -> bool:
    """Return whether the process ends before long."""
    for _ in range(500):
        if not runs(pid):
            return True
        time.sleep(0.02)
    return False


def test_the_emulator_ends_with_the_client(emulator: Path) -> None:
    """It runs for as long as the client is open."""
    with Client("emulator:") as client:
        assert client.infer(DIGIT, pixels=True).cost == 2**40
        assert runs(emulator)
    assert not runs(emulator)
    client.close()


def test_a_client_that_nobody_closes(emulator: Path) -> None:
    """A client that is forgotten takes its emulator along."""
    client = Client("emulator:")
    assert runs(emulator)
    del client
    assert ends(emulator)


def test_a_client_made_in_a_thread(emulator: Path) -> None:
    """The emulator outlives the thread that opened the client: a window opens it in one."""
    made: list[Client] = []
    thread = threading.Thread(target=lambda: made.append(Client("emulator:")))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with made[0] as client:
        assert client.ping().board == "standin"


def test_nobody_answers_in_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first question fails the emulator is ended."""
    pid = tmp_path / "pid"
    use(monkeypatch, pid, "import signal; signal.pause()")
    monkeypatch.setattr(Client, "ping", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Client("emulator:")
    assert not runs(pid)


def test_an_emulator_that_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status and its last lines are part of the error, without what a terminal would obey."""
    pid = tmp_path / "pid"
    use(monkeypatch, pid, "import time; time.sleep(1); sys.exit('HardFault')")
    with Client("emulator:") as client, pytest.raises(Disconnected) as caught:
        while True:
            client.ping()
    report = caught.value.report()
    assert "status 1" in report and "HardFault" in report and "the banner?[2J" in report


def test_an_emulator_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ends before it serves anything, and one that is not there."""
    failing = [sys.executable, "-c", "import sys; sys.exit('no unicorn')"]
    monkeypatch.setattr(emulated, "command", lambda _: failing)
    with pytest.raises(PortError, match=r"serves no link \(status 1\):\n +no unicorn"):
        Client("emulator:")
    monkeypatch.setattr(emulated, "command", lambda _: ["/no/such/python"])
    with pytest.raises(PortError, match="cannot run /no/such/python"):
        Client("emulator:")


def test_the_emulator_ends_when_we_are_killed(tmp_path: Path) -> None:
    """SIGKILL of our process leaves nothing behind (Linux)."""
    pid = tmp_path / "pid"
    server = textwrap.dedent(SERVER).format(pid=str(pid), then="import signal; signal.pause()")
    program = f"""
import sys, time
from tinyml.link import Client, emulated
emulated.command = lambda _: [sys.executable, "-c", {server!r}]
with Client("emulator:"):
    print("open", flush=True)
    time.sleep(60)
"""
    paths = f"{TESTS.parent / 'site_scons'}{os.pathsep}{TESTS}"
    user = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
    )
    assert user.stdout and user.stdout.readline() == b"open\n"
    assert runs(pid)
    user.send_signal(signal.SIGKILL)
    user.wait()
    user.stdout.close()
    assert ends(pid)


def test_the_default_image() -> None:
    """``emulator:`` is what ``./sconsw`` builds without options."""
    image = emulated.image_of("emulator:")
    assert image.parts[-2:] == ("stm32f746-aot-cm7-int8-speed", "mnist.elf")
    assert emulated.image_of("emulator:some/x.elf") == Path("some/x.elf")


def test_the_emulators_command(tmp_path: Path) -> None:
    """The board is the one of the build's record; without one, or with nonsense, it is refused."""
    image = tmp_path / "digits.elf"
    with pytest.raises(PortError, match="no firmware"):
        emulated.command(image)
    image.touch()
    with pytest.raises(PortError, match="does not say for which board"):
        emulated.command(image)
    record = tmp_path / "digits.build-info.json"
    for text in ("", "[]", "{}", '{"board": 3}', '{"board": "../x"}', '{"board": ""}', "\xff"):
        record.write_text(text, encoding="latin-1")
        with pytest.raises(PortError, match="does not say for which board"):
            emulated.command(image)
    record.write_text(json.dumps({"board": "mps2-an500"}))
    words = emulated.command(image)
    assert words[3:] == [
        str(TESTS.parent / "firmware" / "boards" / "mps2-an500"), str(image), "--link", "tcp:0"
    ]  # fmt: skip
