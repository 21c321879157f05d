"""The virtual STM32F746, as a process of its own: its core, unicorn, is under the GPL version 2."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from tinyml.errors import UserError

MODULE = "tinyml.emulator.stm32f746"


def command(image: Path, board_dir: Path, extra: Sequence[str]) -> list[str]:
    """Return the command that runs ``image``; ``extra`` are options of that module.

    Raises:
        UserError: unicorn is not installed.
    """
    # Found, not imported: only that process may load it.
    if importlib.util.find_spec("unicorn") is None:
        raise UserError(
            "the virtual STM32F746 needs the Python package unicorn",
            "the packages of requirements/emulate.txt",
            "./sconsw emulate, or pip install unicorn",
        )
    where = ["--board-dir", str(board_dir.resolve())]
    return [sys.executable, "-m", MODULE, str(image.resolve()), *where, *extra]
