"""The engine with programs that record: what is run, what counts as success, what failures say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from support.flashing import BOARD_DIR, StandIns, board, firmware
from support.scons_project import ROOT
from tinyml.errors import UserError
from tinyml.flash import engine
from tinyml.flash.__main__ import main, summary
from tinyml.flash.choose import Request
from tinyml.flash.desk import Desk, Probe
from tinyml.flash.engine import Result

ST_LINK = Desk((Probe("st-link", "066C"),))
J_LINK = Desk((Probe("j-link", "1744"),))
DFU = Desk((Probe("dfu", "3577"),))
CHIP = "chip id 0x10016449"
OPENOCD_GOOD = {"mrw": CHIP, "write_image": "wrote 188 bytes\nverified 188 bytes in 0.01s"}


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Return a folder of programs that comes first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return StandIns(folder)


def request(tmp_path: Path, programmer: str, action: str = "flash", **more: object) -> Request:
    """Return a request with an image, if it needs one, and a log."""
    image = firmware(tmp_path) if action == "flash" else None
    asked = Request(action, board(), image, programmer, log=tmp_path / "tool.log")
    return replace(asked, **more)  # type: ignore[arg-type]


def perform(asked: Request, found: Desk) -> Result:
    """Do it, without a word."""
    return engine.perform(asked, lambda line: None, found)


def failure(asked: Request, found: Desk) -> UserError:
    """Return the error that it ends with."""
    with pytest.raises(UserError) as refusal:
        perform(asked, found)
    return refusal.value


def flat(commands: Sequence[Sequence[str]]) -> list[str]:
    """Return commands as lines."""
    return [" ".join(words) for words in commands]


def test_openocd(stand_ins: StandIns, tmp_path: Path) -> None:
    """Two runs: one that only looks at the chip, one that writes, verifies and resets."""
    stand_ins.add("openocd", when=repr(OPENOCD_GOOD))
    result = perform(request(tmp_path, "openocd"), ST_LINK)
    assert (result.done, result.size) == (("write", "verify", "reset"), 188)
    files = "openocd -f interface/stlink.cfg -f target/stm32f7x.cfg -c init"
    image = str(tmp_path / "image.bin")
    assert flat(stand_ins.ran) == [
        f"{files} -c echo [format {{chip id 0x%08x}} [mrw 0xe0042000]] -c shutdown",
        f"{files} -c reset init -c flash write_image erase {image} 0x08000000 bin"
        f" -c verify_image {image} 0x08000000 bin -c reset run -c shutdown",
    ]


def test_stm32cubeprogrammer(stand_ins: StandIns, tmp_path: Path) -> None:
    """The words of UM2237."""
    when = {"-w": "Downloading 100%\nDownload verified successfully ", "-c": "Device ID   : 0x449"}
    stand_ins.add("STM32_Programmer_CLI", when=repr(when))
    perform(request(tmp_path, "stm32cubeprogrammer", serial="066C"), ST_LINK)
    connect = "STM32_Programmer_CLI -c port=SWD sn=066C mode=UR"
    assert flat(stand_ins.ran) == [
        connect,
        f"{connect} -w {tmp_path / 'image.bin'} 0x08000000 -v -rst",
    ]


def test_stm32cubeprogrammer_that_goes_on_after_an_error(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    """It ends with status 0 and says that it verified, after failing to write."""
    said = "Error: Failed to download data! it may be not erased or protected\n"
    when = {"-w": f"{said}Download verified successfully", "-c": "Device ID   : 0x449"}
    stand_ins.add("STM32_Programmer_CLI", when=repr(when))
    error = failure(request(tmp_path, "stm32cubeprogrammer"), ST_LINK)
    assert "write-protected" in error.culprit


def test_jlink(stand_ins: StandIns, tmp_path: Path) -> None:
    """Its commands are in a file; a path with spaces is quoted there."""
    folder = tmp_path / "my project"
    folder.mkdir()
    asked = request(folder, "jlink", serial="1744")
    stand_ins.add("JLinkExe", says="E0042000 = 10016449 \nO.K.")
    (stand_ins.folder / "JLinkExe.reads").write_bytes((folder / "image.bin").read_bytes())
    perform(asked, J_LINK)
    identify, look, write, script = stand_ins.ran
    common = "JLinkExe -Device STM32F746NG -If SWD -Speed 4000 -AutoConnect 1 -ExitOnError 1"
    assert " ".join(write).startswith(f"{common} -NoGui 1 -SelectEmuBySN 1744 -CommandFile ")
    assert look == ["script", "mem32 0xe0042000 1", "exit"]
    assert script[:4] == ["script", "r", "h", f'loadbin "{folder / "image.bin"}", 0x08000000']
    assert script[4].startswith('savebin "') and script[4].endswith('", 0x08000000, 0xbc')
    assert script[5:] == ["r", "g", "exit"]
    assert identify[:-1] == write[:-1]


def test_dfu_util_is_verified_by_reading_back(stand_ins: StandIns, tmp_path: Path) -> None:
    """Written, read back and compared by us, then started."""
    asked = request(tmp_path, "dfu-util")
    image = tmp_path / "image.bin"
    stand_ins.add("dfu-util", says="File downloaded successfully")
    (stand_ins.folder / "dfu-util.reads").write_bytes(image.read_bytes())
    assert perform(asked, DFU).done == ("write", "verify", "reset")
    device = "dfu-util -d 0483:df11 -a 0 -s 0x08000000"
    lines = flat(stand_ins.ran)
    assert lines[0] == f"{device} -D {image}"
    assert lines[1].startswith(f"{device}:188 -U ")
    assert lines[2] == f"{device}:leave"


def test_what_reads_back_differently_is_an_error(stand_ins: StandIns, tmp_path: Path) -> None:
    """With the first address that differs; and nothing is started."""
    asked = request(tmp_path, "dfu-util")
    data = bytearray((tmp_path / "image.bin").read_bytes())
    data[0x32] ^= 0x10
    stand_ins.add("dfu-util", says="File downloaded successfully")
    (stand_ins.folder / "dfu-util.reads").write_bytes(data)
    error = failure(asked, DFU)
    assert "first difference at 0x08000032" in error.culprit
    assert len(stand_ins.ran) == 2
    (stand_ins.folder / "dfu-util.reads").write_bytes(data[:0x20])
    assert "first difference at 0x08000020" in failure(asked, DFU).culprit
    (stand_ins.folder / "dfu-util.reads").unlink()
    assert "ended without saying" in failure(asked, DFU).culprit


def test_another_chip_is_refused_before_any_write(stand_ins: StandIns, tmp_path: Path) -> None:
    """An STM32F76x answers: what it is, what the board has, and only the look was run."""
    stand_ins.add("openocd", when=repr({"mrw": "chip id 0x10006451"}))
    error = failure(request(tmp_path, "openocd"), ST_LINK)
    assert "finds another chip" in error.culprit and "0x451" in error.culprit
    assert "0x449, of board stm32f746" in error.expected
    assert len(stand_ins.ran) == 1


def test_the_chip_of_the_picked_board_counts(stand_ins: StandIns, tmp_path: Path) -> None:
    """st-info lists them all."""
    said = "serial: AA\nchipid: 0x451\nserial: BB\nchipid: 0x449\n"
    both = Desk((Probe("st-link", "AA"), Probe("st-link", "BB")))
    stand_ins.add("st-info", says=said)
    stand_ins.add("st-flash", says="Flash written and verified! jolly good!")
    assert perform(request(tmp_path, "st-flash", serial="BB"), both).size == 188
    assert stand_ins.ran[-1][1:5] == ["--connect-under-reset", "--reset", "--serial", "BB"]
    assert "another chip" in failure(request(tmp_path, "st-flash", serial="AA"), both).culprit


def test_success_must_be_said(stand_ins: StandIns, tmp_path: Path) -> None:
    """Status 0 without the word that it verified is no success."""
    stand_ins.add("openocd", when=repr({"mrw": CHIP}), says="bye")
    error = failure(request(tmp_path, "openocd"), ST_LINK)
    assert "ended without saying that it did" in error.culprit
    assert "openocd: bye" in error.culprit


def test_a_silent_programmer_is_stopped(stand_ins: StandIns, tmp_path: Path) -> None:
    """And what is in flash is told to be incomplete."""
    stand_ins.add("openocd", when=repr({"mrw": CHIP}), seconds="60 write_image")
    error = failure(request(tmp_path, "openocd", timeout=0.7), ST_LINK)
    assert "still writing after 0.7 s and was stopped" in error.culprit
    assert "incomplete" in error.culprit
    assert "(stopped after 0.7 s)" in (tmp_path / "tool.log").read_text()


FAILURES = {
    "openocd": {
        "LIBUSB_ERROR_ACCESS\nError: open failed": "may not open the probe",
        "Error: open failed": "finds no probe",
        "Error: init mode failed (unable to connect to the target)": "no chip behind it",
        "Error: Flash sector 3 is protected": "write-protected",
        "Error: checksum mismatch - attempting binary compare": "something else than it wrote",
        "Error: libusb_claim_interface failed: LIBUSB_ERROR_BUSY": "another program uses it",
        "Error: Cannot identify target as a STM32F2/4/7": "another chip",
    },
    "st-flash": {
        "WARN usb.c: Couldn't find any ST-Link devices": "finds no probe",
        "Could not open USB device 0x0483:0x374b, access error.": "may not open the probe",
        "ERROR common.c: Failed to unlock flash!": "flash locked",
        "Verification of flash failed at offset: 0": "something else than it wrote",
        "device found, but unable to claim (probably already in use?)": "another program uses it",
    },
    "pyocd": {
        "C Target type stm32f746nghx not recognized. Use": "does not know the chip",
        "No connected debug probes": "finds no probe",
        "0001 C Error: STLink error (9): Get IDCODE error": "no chip behind it",
    },
    "stm32cubeprogrammer": {
        "Error: No debug probe detected.": "finds no probe",
        "Error: Data mismatch found at address 0x08002814": "something else than it wrote",
        "Error: No STM32 target found!": "no chip behind it",
    },
    "jlink": {
        "Connecting to J-Link via USB...FAILED: Cannot connect to J-Link.": "finds no probe",
        "Cannot connect to target.": "no chip behind it",
    },
    "dfu-util": {
        "dfu-util: No DFU capable USB device available": "finds no probe",
        "Cannot open DFU device 0483:df11 found (LIBUSB_ERROR_ACCESS)": "may not open the probe",
        "Error during download get_status (LIBUSB_ERROR_NO_DEVICE)": "lost the board half-way",
    },
}
TOOLS = {"stm32cubeprogrammer": "STM32_Programmer_CLI", "jlink": "JLinkExe"}


@pytest.mark.parametrize(
    ("programmer", "said", "meaning"),
    [(name, *each) for name, table in FAILURES.items() for each in table.items()],
)
def test_what_failures_mean(
    stand_ins: StandIns, tmp_path: Path, programmer: str, said: str, meaning: str
) -> None:
    """Known words become a cause and a fix, with the last lines and the log beside them."""
    found = {"jlink": J_LINK, "dfu-util": DFU}.get(programmer, ST_LINK)
    stand_ins.add(TOOLS.get(programmer, programmer), says=said, status="1")
    stand_ins.add("st-info", says=said)
    error = failure(request(tmp_path, programmer), found)
    assert meaning in error.culprit
    assert said.splitlines()[-1] in error.culprit
    assert str(tmp_path / "tool.log") in error.culprit
    assert said.splitlines()[0] in (tmp_path / "tool.log").read_text()
    assert "(" not in error.hint[:1] and error.hint


def test_an_unknown_failure_names_other_programmers(stand_ins: StandIns, tmp_path: Path) -> None:
    """Those that are installed and drive the same probe."""
    stand_ins.add("openocd", says="Error: \x1b[31mgremlins\x1b[0m", status="3")
    stand_ins.add("st-flash")
    stand_ins.add("st-info")
    error = failure(request(tmp_path, "openocd"), ST_LINK)
    assert "openocd: Error: gremlins" in error.culprit
    assert "programmer=st-flash" in error.hint


def test_a_locked_chip_is_told_how_to_unlock(stand_ins: StandIns, tmp_path: Path) -> None:
    """The exact command, which is never run for the user: it erases."""
    stand_ins.add("st-info", says="chipid: 0x449")
    stand_ins.add("st-flash", says="Failed to unlock flash!", status="255")
    assert "openocd" in failure(request(tmp_path, "st-flash"), ST_LINK).hint
    stand_ins.add("openocd", when=repr({"mrw": CHIP}), says="device is read protected", status="1")
    hint = failure(request(tmp_path, "openocd"), ST_LINK).hint
    assert "'stm32f2x unlock 0'" in hint and "ERASES" in hint


def test_erase_and_reset(stand_ins: StandIns, tmp_path: Path) -> None:
    """Each looks at the chip first; neither needs an image."""
    stand_ins.add("openocd", when=repr({"mrw": CHIP, "mass_erase": "stm32x mass erase complete"}))
    assert perform(request(tmp_path, "openocd", "erase"), ST_LINK).done == ("erase",)
    assert perform(request(tmp_path, "openocd", "reset"), ST_LINK).done == ("reset",)
    assert len(stand_ins.ran) == 4


def test_mass_storage(tmp_path: Path) -> None:
    """The image is copied to the drive; FAIL.TXT is the probe's verdict; nothing is verified."""
    drive = tmp_path / "DIS_F746NG"
    drive.mkdir()
    (drive / "FAIL.TXT").write_text("of an earlier attempt")
    asked = request(tmp_path, "mass-storage", port=str(drive))
    result = perform(asked, Desk(()))
    assert result.done == ("write", "reset")
    assert (drive / "IMAGE.BIN").read_bytes() == (tmp_path / "image.bin").read_bytes()
    assert "NOT verified" in summary("flash", "x", result)
    drive.rename(tmp_path / "gone")
    assert "does not find the drive" in failure(asked, Desk(())).culprit


def test_the_probes_verdict_on_a_dropped_image(tmp_path: Path) -> None:
    """FAIL.TXT appears after the copy."""
    drive = tmp_path / "DIS_F746NG"
    drive.mkdir()
    command = [
        sys.executable,
        "-m",
        "tinyml.flash.mass_storage",
        str(firmware(tmp_path)),
        str(drive),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons")}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while not (drive / "IMAGE.BIN").exists() and child.poll() is None:
        time.sleep(0.01)
    (drive / "FAIL.TXT").write_text("SWD read error")
    assert child.stderr is not None
    assert "FAIL.TXT says 'SWD read error'" in child.stderr.read()
    assert child.wait() == 1


def test_ctrl_c_ends_tool_and_engine(stand_ins: StandIns, tmp_path: Path) -> None:
    """Status 130, one line, no traceback, and the tool is gone."""
    stand_ins.add("dfu-util", seconds="60 -D", says="Download")
    elf = firmware(tmp_path)
    command = [sys.executable, "-m", "tinyml.flash", "flash", str(BOARD_DIR), str(elf)]
    child = subprocess.Popen(
        [*command, "--programmer", "dfu-util"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    log = tmp_path / "image.flash.log"
    while (not log.exists() or "-D" not in log.read_text()) and child.poll() is None:
        time.sleep(0.02)
    time.sleep(0.3)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "Traceback" not in said.replace("KeyboardInterrupt", "")
    assert "what is in flash now is incomplete" in said
    with pytest.raises(ProcessLookupError):
        os.killpg(child.pid, 0)


def test_dry_run_runs_nothing(
    stand_ins: StandIns, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what would be run, quoted for a shell; an image need not be there yet."""
    stand_ins.add("openocd")
    folder = tmp_path / "a b"
    arguments = ["flash", str(BOARD_DIR), str(folder / "x.elf"), "--programmer", "openocd", "-n"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    first, second, *_ = printed.splitlines()
    assert first.startswith(f"# cannot read {folder / 'x.elf'}")
    assert second == "# openocd: as asked for"
    assert f"'flash write_image erase {tmp_path}/a\\ b/x.bin 0x08000000 bin'" in printed
    assert [words for words in stand_ins.ran if "init" in words] == []


def test_the_last_line_has_bytes_time_and_speed() -> None:
    """And what was done."""
    line = summary("flash", "stm32f746", Result("openocd", ("write", "verify", "reset"), 4096, 2.0))
    assert line == (
        "stm32f746: 4,096 bytes by openocd in 2.0 s (2.0 KiB/s): written, verified, reset"
    )
