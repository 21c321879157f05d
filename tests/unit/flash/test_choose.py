"""Which programmer and which board: what is installed, what is attached, what was asked for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from support.flashing import StandIns, board, firmware
from tinyml.errors import UserError
from tinyml.flash import choose, desk, engine
from tinyml.flash.choose import Request
from tinyml.flash.desk import Desk, Port, Probe

ST_LINK = Probe("st-link", "066CFF49", "STM32 STLink", "0483:374b", True)
SECOND = replace(ST_LINK, serial="0669FF30")
J_LINK = Probe("j-link", "000174400580", "J-Link", "1366:0105", True)
DFU = Probe("dfu", "3577336B3030", "STM32 BOOTLOADER", "0483:df11", True)
REQUEST = Request("flash", board())


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Return a folder of programs that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("sys.executable", str(folder / "python"))
    return StandIns(folder)


def test_auto_takes_the_best_that_is_installed_and_attached(stand_ins: StandIns) -> None:
    """And says why; what is installed without a board, or attached without a tool, is passed."""
    for name in ("dfu-util", "st-flash", "st-info", "JLinkExe"):
        stand_ins.add(name)
    assert choose.choose(REQUEST, Desk((DFU,))).programmer.name == "dfu-util"
    chosen = choose.choose(REQUEST, Desk((DFU, ST_LINK)))
    assert chosen.programmer.name == "st-flash"
    assert "ST-LINK only" in chosen.why and "066CFF49" in chosen.why
    stand_ins.add("openocd")
    chosen = choose.choose(REQUEST, Desk((ST_LINK,)))
    assert (chosen.programmer.name, chosen.others) == ("openocd", ("st-flash",))
    assert stand_ins.ran == []


def test_auto_with_nothing_says_what_each_lacks(stand_ins: StandIns) -> None:
    """Installed or attached, programmer by programmer."""
    stand_ins.add("openocd")
    with pytest.raises(UserError) as refusal:
        choose.choose(REQUEST, Desk(()))
    said = refusal.value.culprit
    assert "openocd              no board attached" in said
    assert "st-flash             st-flash is not installed" in said
    assert "gdb                  only with gdbserver=localhost:3333" in said


def test_half_a_programmer_is_not_installed(stand_ins: StandIns) -> None:
    """st-flash without st-info cannot tell the chip."""
    stand_ins.add("st-flash")
    with pytest.raises(UserError, match="st-flash is not installed"):
        choose.choose(replace(REQUEST, programmer="st-flash"), Desk((ST_LINK,)))


def test_two_boards_and_none_picked_are_listed(stand_ins: StandIns) -> None:
    """With serial= one of them is taken; another number is refused."""
    stand_ins.add("openocd")
    both = Desk((ST_LINK, SECOND))
    with pytest.raises(UserError) as refusal:
        choose.choose(REQUEST, both)
    assert "066CFF49" in refusal.value.culprit and "0669FF30" in refusal.value.culprit
    assert refusal.value.hint == "serial=066CFF49"
    assert choose.choose(replace(REQUEST, serial="0669ff30"), both).probe == SECOND
    with pytest.raises(UserError, match="no board with serial=1234"):
        choose.choose(replace(REQUEST, serial="1234"), both)


def test_openocd_takes_the_file_of_the_probe_that_is_attached(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    """A J-Link on a board that has an ST-LINK of its own."""
    stand_ins.add("openocd")
    request = replace(REQUEST, image=firmware(tmp_path))
    by_two_wires = "-f interface/jlink.cfg -c 'transport select swd' -f target/stm32f7x.cfg"
    assert by_two_wires in engine.plan(request, Desk((J_LINK,)))
    assert "-f interface/stlink.cfg -f target" in engine.plan(request, Desk((ST_LINK,)))


def test_the_serial_number_reaches_every_command(stand_ins: StandIns, tmp_path: Path) -> None:
    """As the probe writes it, not as it was typed."""
    stand_ins.add("openocd")
    request = replace(REQUEST, image=firmware(tmp_path), serial="066cff49")
    commands = engine.plan(request, Desk((ST_LINK, SECOND))).splitlines()[1:]
    assert len(commands) == 2
    assert all("'adapter serial 066CFF49'" in line for line in commands)


def test_what_a_programmer_cannot_do_is_refused(stand_ins: StandIns) -> None:
    """A drive cannot erase; QEMU's board has no pyOCD target; a name nobody has."""
    stand_ins.add("openocd")
    erase = replace(REQUEST, action="erase", programmer="mass-storage")
    with pytest.raises(UserError, match="it has no way to erase") as refusal:
        choose.choose(erase, Desk(()))
    assert "openocd" in refusal.value.expected
    bare = replace(REQUEST, board=replace(board(), flash=None), programmer="pyocd")
    with pytest.raises(UserError, match="has no pyocd"):
        choose.choose(bare, Desk(()))
    with pytest.raises(UserError, match="there is no programmer 'jtag'"):
        choose.choose(replace(REQUEST, programmer="jtag"), Desk(()))


def test_what_helps_is_said_for_a_board_of_qemus(stand_ins: StandIns) -> None:
    """Words for other tools in board.toml would not: it has gdb's server and nothing else."""
    with pytest.raises(UserError) as refusal:
        choose.choose(replace(REQUEST, board=replace(board(), flash=None)), Desk(()))
    assert refusal.value.hint == "programmer=gdb gdbserver=localhost:3333"


@pytest.mark.parametrize("run", [True, False])
def test_a_drive_that_is_not_mounted(stand_ins: StandIns, run: bool) -> None:
    """It is asked for by its label."""
    with pytest.raises(UserError, match="no drive called DIS_F746NG is mounted"):
        choose.choose(replace(REQUEST, programmer="mass-storage"), Desk(()), run)


def test_without_a_list_of_usb_devices_the_programmer_is_asked(stand_ins: StandIns) -> None:
    """As st-info lists them."""
    said = "Found 2 stlink programmers\n  serial:     AAA1\n  chipid: 0x449\n  serial:     BBB2\n"
    stand_ins.add("st-flash")
    stand_ins.add("st-info", says=said)
    with pytest.raises(UserError, match="2 boards are attached that st-flash could use"):
        choose.choose(REQUEST, Desk(None))
    assert choose.choose(replace(REQUEST, serial="BBB2"), Desk(None)).probe == Probe(
        "st-link", "BBB2"
    )
    assert stand_ins.ran[0] == ["st-info", "--probe"]


def test_a_port_for_the_monitor_is_not_flashed(stand_ins: StandIns) -> None:
    """`flash monitor port=/dev/ttyUSB0`: the port is no drive, and no boot loader is behind it."""
    stand_ins.add("stm32loader")
    asked = replace(REQUEST, port="/dev/ttyUSB0")
    with pytest.raises(UserError) as refusal:
        choose.choose(asked, Desk(()))
    said = refusal.value.culprit
    assert "stm32loader          only with programmer=stm32loader port=/dev/ttyUSB0" in said
    assert "mass-storage         no board attached" in said
    chosen = choose.choose(replace(asked, programmer="stm32loader"), Desk(()))
    assert chosen.probe == Probe("serial", "/dev/ttyUSB0")


def test_a_server_that_is_given_is_used(stand_ins: StandIns) -> None:
    """By auto too: nothing else takes a server."""
    stand_ins.add("gdb-multiarch")
    asked = replace(REQUEST, gdbserver="localhost:3333")
    assert choose.choose(asked, Desk(())).programmer.name == "gdb"


def test_drives_by_their_label(tmp_path: Path) -> None:
    """A second board's drive has a number; a space is an escape; others are not ours."""
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb /media/my\\040self/DIS_F746NG vfat rw 0 0\n"
        "/dev/sdc /media/me/DIS_F746NG1 vfat rw 0 0\n"
        "/dev/sdd /media/me/DIS_F746NGX vfat rw 0 0\n"
    )
    assert desk.drives("DIS_F746NG", mounts) == {
        "/dev/sdb": "/media/my self/DIS_F746NG",
        "/dev/sdc": "/media/me/DIS_F746NG1",
    }
    assert desk.drives("", mounts) == {}


def usb_device(sysfs: Path, name: str, usb_id: str, **files: str) -> None:
    """Add a device as Linux lists it (Documentation/ABI/testing/sysfs-bus-usb)."""
    folder = sysfs / name
    folder.mkdir(parents=True)
    vendor, product = usb_id.split(":")
    for file, text in {"idVendor": vendor, "idProduct": product, **files}.items():
        (folder / file).write_text(text + "\n")


def test_probes_are_found_in_sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their ids, a J-Link's by its vendor; with whether this user may open them."""
    sysfs, devices = tmp_path / "sys", tmp_path / "dev"
    usb_device(sysfs, "1-1", "0483:374b", serial="S1", product="ST\x1bLink", busnum="1", devnum="7")
    usb_device(sysfs, "1-2", "1366:1024", busnum="1", devnum="8")
    usb_device(sysfs, "1-3", "05ac:0221", serial="keyboard")
    (devices / "001").mkdir(parents=True)
    (devices / "001" / "007").touch()
    monkeypatch.setattr(os, "access", lambda node, mode: False)
    assert desk.usb_probes(sysfs, devices) == (
        Probe("st-link", "S1", "ST?Link", "0483:374b", False),
        Probe("j-link", "1-2", "", "1366:1024", None),
    )
    assert desk.usb_probes(tmp_path / "none", devices) is None


def test_a_probe_that_may_not_be_opened(stand_ins: StandIns, tmp_path: Path) -> None:
    """Nothing is run; the udev rule with the probe's own ids is the answer."""
    stand_ins.add("openocd")
    locked = Desk((replace(ST_LINK, usb="0483:3748", usable=False),))
    with pytest.raises(UserError) as refusal:
        engine.perform(replace(REQUEST, image=firmware(tmp_path)), print, locked)
    assert "may not open the probe" in refusal.value.culprit
    assert 'ATTR{idVendor}=="0483", ATTR{idProduct}=="3748"' in refusal.value.hint
    assert stand_ins.ran == []


def test_listing_tells_ready_from_not(stand_ins: StandIns) -> None:
    """What `python -m tinyml.flash list` prints comes from the same verdicts."""
    stand_ins.add("openocd")
    found = Desk((ST_LINK,), (Port("/dev/ttyACM0", "0483:374b", "STLink", "S"),))
    verdict = choose.judge(choose.programmers.load_all()["openocd"], REQUEST, found)
    assert verdict.ready and verdict.attached == (ST_LINK,)
