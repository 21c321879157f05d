"""Firmware in QEMU, for boards that QEMU has a machine for."""

from __future__ import annotations

import shutil
from pathlib import Path

from tinyml.boards import Emulator
from tinyml.errors import UserError

PROGRAM = "qemu-system-arm"


def command(emulator: Emulator, elf: Path) -> list[str]:
    """Return the command that runs ``elf``; UART0 is its output, its status the firmware's.

    ``-icount`` makes virtual time a count of instructions, so that runs are repeatable.

    Raises:
        UserError: QEMU is not installed.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise UserError(
            f"{PROGRAM} is not installed",
            "QEMU for Arm on the PATH",
            "sudo apt-get install qemu-system-arm",
        )
    return [
        program,
        *("-M", emulator.machine),
        *("-display", "none", "-monitor", "none", "-serial", "stdio"),
        *("-icount", f"shift={emulator.icount_shift}"),
        *("-semihosting-config", "enable=on,target=native"),
        *("-kernel", str(elf.resolve())),
    ]
