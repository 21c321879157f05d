"""Checks that flatc and the FlatBuffers headers are of one version.

flatc's C++ refuses other headers, but only where it is compiled, with a message about
``FLATBUFFERS_VERSION_MAJOR``. ``python -m tinyml.flatc INCLUDE_DIR`` checks and prints the version.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tinyml.errors import UserError, exit_status

_PARTS = ("MAJOR", "MINOR", "REVISION")


def check_versions(include_dir: str | Path, flatc: str = "flatc") -> str:
    """Return the version that ``flatc`` and the headers in ``include_dir`` have in common.

    Raises:
        UserError: one of them is not there, or they differ.
    """
    header = Path(include_dir) / "flatbuffers" / "base.h"
    headers, compiler = _header_version(header), compiler_version(flatc)
    if headers != compiler:
        raise UserError(
            f"{flatc} is version {compiler}, the headers of {include_dir} are {headers}",
            "flatc and headers of the same version: generated C++ compiles with no other",
            "apt-get install flatbuffers-compiler libflatbuffers-dev, which belong together",
        )
    return compiler


def _header_version(header: Path) -> str:
    try:
        text = header.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _no_headers(f"cannot read {header}: {error.strerror}") from error
    numbers = [re.search(rf"#define FLATBUFFERS_VERSION_{part} +(\d+)", text) for part in _PARTS]
    if not all(numbers):
        raise _no_headers(f"{header} defines no FLATBUFFERS_VERSION_MAJOR, _MINOR and _REVISION")
    return ".".join(number[1] for number in numbers if number)


def _no_headers(what: str) -> UserError:
    return UserError(
        what, "the headers of FlatBuffers 2 or newer", "scons fetch component=flatbuffers"
    )


def compiler_version(flatc: str) -> str:
    """Return the version that ``flatc`` says it has; refuse a program that is not flatc."""
    try:
        done = subprocess.run([flatc, "--version"], capture_output=True, text=True, check=False)
        answer = done.stdout
    except OSError as error:
        answer = str(error.strerror)
    found = re.match(r"flatc version (\d+\.\d+\.\d+)\b", answer)
    if not found:
        raise UserError(
            f"{flatc} --version answers {answer.strip()!r}",
            "flatc, the compiler of FlatBuffers schemas",
            "apt-get install flatbuffers-compiler",
        )
    return found[1]


def main(arguments: list[str] | None = None) -> int:
    """Check flatc against a folder of headers and print the version."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.flatc", description=main.__doc__)
    parser.add_argument("include_dir", type=Path)
    parser.add_argument("--flatc", default="flatc")
    given = parser.parse_args(arguments)
    print(check_versions(given.include_dir, given.flatc))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
