"""programmer=stm32loader: the real tool against a boot loader that speaks AN3155, with faults."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.an3155 import ACK, NACK, BootLoader, Unplugged
from support.flashing import BOARD_DIR, command_line, firmware
from support.scons_project import ROOT
from tinyml import programs
from unit.elf import tiny_elf

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(programs.find("stm32loader") is None, reason="no stm32loader"),
]
SHIM = ROOT / "tests" / "flash" / "no_modem_lines"


@pytest.fixture
def elf(tmp_path: Path) -> Path:
    """Return an image of several of the protocol's blocks of 256 bytes."""
    more = tiny_elf.Piece(".more", 0x0800_0100, 1200, tiny_elf.R, 0x0800_0100)
    return firmware(tmp_path, (*tiny_elf.firmware(), more))


def flash(chip: BootLoader, elf: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Flash the chip as a user does."""
    image = [str(elf)] if not more or more[0] not in ("erase", "reset") else []
    action = "flash" if image else more[0]
    options = [word for word in more if word != action]
    return command_line(
        *(action, str(BOARD_DIR), *image, "--programmer", "stm32loader", "--port", chip.port),
        *options,
        extra={"PYTHONPATH": f"{ROOT / 'site_scons'}:{SHIM}"},
    )


def test_a_write_end_to_end(elf: Path) -> None:
    """Erased, written, read back by the tool, started; old contents are gone."""
    with BootLoader() as chip:
        done = flash(chip, elf)
    assert done.returncode == 0, done.stderr
    data = elf.with_suffix(".bin").read_bytes()
    assert bytes(chip.flash[: len(data)]) == data
    assert set(chip.flash[len(data) :]) == {0xFF}
    assert (chip.erased, chip.started) == (1, 0x08000000)
    assert f"{len(data):,} bytes by stm32loader" in done.stdout
    assert "written, verified, reset" in done.stdout


def test_without_reset_wires_the_boot_loader_goes_on(elf: Path) -> None:
    """The second run finds it synchronised already: it answers nothing first, then NACK."""
    with BootLoader(wired=False) as chip:
        done = flash(chip, elf)
    assert done.returncode == 0, done.stderr
    assert chip.started == 0x08000000


def at(count: int, answer: bytes) -> BootLoader:
    """Return a chip that answers so to the write numbered ``count``."""
    return BootLoader(fault=lambda number: answer if number == count else ACK)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NACK, "stm32loader is refused by the boot loader (NACK)"),
        (b"", "stm32loader gets no sense out of the boot loader"),
        (b"\x5a", "stm32loader gets no sense out of the boot loader"),
    ],
    ids=["nack", "time-out", "garbled"],
)
def test_a_fault_half_way(elf: Path, answer: bytes, said: str) -> None:
    """One block is refused, not answered, or answered with a byte that means nothing."""
    with at(2, answer) as chip:
        done = flash(chip, elf)
    assert done.returncode == 1
    assert said in done.stderr
    assert chip.started is None


def test_a_pulled_cable(elf: Path) -> None:
    """The port goes away between two blocks."""

    def pull(count: int) -> bytes:
        if count == 3:
            raise Unplugged
        return ACK

    with BootLoader(fault=pull) as chip:
        done = flash(chip, elf)
    assert done.returncode == 1
    assert "stm32loader lost the board half-way" in done.stderr
    assert "incomplete" in done.stderr
    assert "Traceback" not in done.stderr.splitlines()[0]


def test_a_bit_that_does_not_stick(elf: Path) -> None:
    """The tool's own verification finds it, and it is told."""
    with BootLoader() as chip:

        def spoil(count: int) -> bytes:
            chip.flash[0x40] = 0x00
            return ACK

        chip.fault = spoil
        done = flash(chip, elf)
    assert done.returncode == 1
    assert "stm32loader read back something else than it wrote" in done.stderr


def test_read_out_protection(elf: Path) -> None:
    """Every access is refused; the command that unlocks is shown, and was not run."""
    with BootLoader(protected=True) as chip:
        done = flash(chip, elf)
    assert done.returncode == 1
    assert "stm32loader is refused by the boot loader" in done.stderr
    assert "--unprotect" in done.stderr and "ERASES" in done.stderr
    assert chip.erased == 0


def test_another_chip(elf: Path) -> None:
    """An STM32F76x is left as it is."""
    with BootLoader(product_id=0x451) as chip:
        done = flash(chip, elf)
    assert done.returncode == 1
    assert "stm32loader finds another chip than the board's" in done.stderr
    assert (chip.erased, chip.writes) == (0, 0)


def test_nobody_answers(elf: Path) -> None:
    """A board that runs its firmware: BOOT0 is low."""
    with BootLoader(asleep=True) as chip:
        done = flash(chip, elf, "--timeout", "60")
    assert done.returncode == 1
    assert "gets no sense out of the boot loader" in done.stderr
    assert "BOOT0 high" in done.stderr


def test_erase_and_reset(elf: Path) -> None:
    """Each alone."""
    with BootLoader() as chip:
        assert flash(chip, elf, "erase").returncode == 0
        assert (chip.erased, set(chip.flash)) == (1, {0xFF})
        assert flash(chip, elf, "reset").returncode == 0
        assert chip.started == 0x08000000
