"""Drops an image on the drive of a board's probe.

``python -m tinyml.flash.mass_storage BIN DRIVE``
The probe writes flash while it takes the file, then takes the drive away and brings it back; what
went wrong is in a file FAIL.TXT on it. Flash cannot be read back this way.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tinyml.errors import UserError, exit_status

_CHUNK = 16384
_RETURN_SECONDS = 30.0
_SETTLE_SECONDS = 2.0


def drop(image: Path, drive: Path) -> int:
    """Copy ``image`` to ``drive``, wait for the probe's verdict, and return the bytes written.

    Raises:
        UserError: no such drive, a drive that takes no files, or the probe's FAIL.TXT.
    """
    if not drive.is_dir():
        raise UserError(
            f"the drive {drive} is not there", "the folder where it is mounted", "mount it"
        )
    data = image.read_bytes()
    # What an earlier attempt left would be taken for this one's.
    earlier = _verdict(drive)
    try:
        _copy(data, drive / f"{image.stem[:8].upper()}.BIN")
    except OSError as error:
        raise UserError(
            f"{drive}: {error.strerror}", "a drive that takes a file", "plug the board in again"
        ) from error
    verdict = _wait(drive)
    if verdict is not None and verdict != earlier:
        raise UserError(
            f"the probe refused the image: FAIL.TXT says {verdict!r}",
            "a drive without FAIL.TXT",
            "use another programmer, which says more",
        )
    return len(data)


def _copy(data: bytes, target: Path) -> None:
    with target.open("wb", buffering=0) as stream:
        for offset in range(0, len(data), _CHUNK):
            stream.write(data[offset : offset + _CHUNK])
            done = min(len(data), offset + _CHUNK)
            print(f"{100 * done // len(data)}%", flush=True)
        os.fsync(stream.fileno())


def _wait(drive: Path) -> str | None:
    """Return the text of FAIL.TXT once the drive is back, None where there is none.

    A probe takes its drive away for a moment; some do not.
    """
    deadline = time.monotonic() + _RETURN_SECONDS
    settled = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.2)
        if drive.is_dir() and time.monotonic() > settled:
            return _verdict(drive)
    raise UserError(
        f"the drive did not come back at {drive}",
        "a drive that the system mounts by itself",
        "mount it by hand and look for FAIL.TXT; what is in flash is not known",
    )


def _verdict(drive: Path) -> str | None:
    for name in ("FAIL.TXT", "fail.txt"):
        try:
            return (drive / name).read_text(encoding="ascii", errors="replace").strip()[:200]
        except OSError:
            continue
    return None


def main(arguments: list[str] | None = None) -> int:
    """Drop an image on a board's drive."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.flash.mass_storage", description=main.__doc__
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("drive", type=Path)
    options = parser.parse_args(arguments)
    print(f"copied {drop(options.image, options.drive)} bytes to {options.drive}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
