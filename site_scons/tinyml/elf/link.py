"""Run the linker; on success publish its outputs, on a region's overflow say what is too big.

``python -m tinyml.elf.link -- arm-none-eabi-gcc ... -o X.elf -Wl,-Map=X.map``. The ELF and the map
are written beside their places as ``*.partial`` and renamed when the link has succeeded. A link
that fails leaves neither. Any failure but an overflow shows the linker's own messages and returns
its exit status.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

if TYPE_CHECKING:
    from tinyml.elf import overflow

OVERFLOW_SUFFIX = ".overflow.json"
_PARTIAL, _RESPONSE = ".partial", "@"
_MAP_OPTION = re.compile(r"^(-Wl,(?:.*,)?--?Map[=,])([^,]+)")
_OUTPUT_OPTION = re.compile(r"^(-o|--output=)(.+)")


@dataclass(frozen=True)
class Link:
    """A linker command and what it writes.

    Attributes:
        arguments: the command with response files unfolded, and names to be written replaced by
            their partial ones.
        elf: the output.
        map: the map file, where one is asked for.
        fold: whether the arguments came in a response file and need one again.
    """

    arguments: tuple[str, ...]
    elf: Path
    map: Path | None
    fold: bool

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Return the files to publish; the ELF last, so that it never comes without its map."""
        return (self.map, self.elf) if self.map else (self.elf,)

    def run(self, extra: Sequence[str] = (), quiet: bool = False) -> tuple[int, str]:
        """Run the command; return its exit status and messages. Unless quiet, stdout passes on."""
        command = [*self.arguments, *extra]
        response = partial(self.elf.with_name(self.elf.name + ".rsp"))
        if self.fold:
            write_if_changed(response, "\n".join(_quoted(word) for word in command[1:]) + "\n")
            command = [command[0], f"@{response}"]
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.DEVNULL if quiet else None,
                stderr=subprocess.PIPE,
                # The messages are read by us, so they must not be translated.
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            )
        except OSError as error:
            raise _cannot_run(command[0], error) from error
        finally:
            response.unlink(missing_ok=True)
        return done.returncode, done.stderr.decode(errors="replace")


def partial(path: Path) -> Path:
    """Return the name that ``path`` has until it is complete."""
    return path.with_name(path.name + _PARTIAL)


def parse(command: Sequence[str]) -> Link:
    """Return the link that a command line stands for; `UserError` when it names no output."""
    words = _unfolded(command)
    elf: Path | None = None
    map_file: Path | None = None
    arguments: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if before == "-o":
            elf, word = Path(word), str(partial(Path(word)))
        elif output := _OUTPUT_OPTION.match(word):
            elf, word = Path(output[2]), output[1] + str(partial(Path(output[2])))
        elif option := _MAP_OPTION.match(word):
            map_file = Path(option[2])
            word = option[1] + str(partial(map_file)) + word[option.end() :]
        arguments.append(word)
    if elf is None:
        raise UserError(
            "the linker command names no output",
            "-o FILE among its arguments",
            "python -m tinyml.elf.link -- arm-none-eabi-gcc ... -o firmware.elf",
        )
    return Link(tuple(arguments), elf, map_file, fold=_RESPONSE in "".join(w[:1] for w in command))


def _unfolded(command: Sequence[str]) -> list[str]:
    """Return the command with ``@file`` replaced by its words, quoted as GCC documents it."""
    words: list[str] = []
    for word in command:
        is_file = word[:1] == _RESPONSE and Path(word[1:]).is_file()
        words += _words(Path(word[1:])) if is_file else [word]
    return words


def _words(response: Path) -> list[str]:
    try:
        return shlex.split(response.read_text())
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read the response file {response}: {error}",
            "linker arguments separated by white space, quotes closed",
            "delete it and build again",
        ) from error


def _quoted(word: str) -> str:
    return re.sub(r"""([\s\\'"])""", r"\\\1", word) or '""'


def _cannot_run(program: str, error: OSError) -> UserError:
    return UserError(
        f"cannot run the linker {program}: {error.strerror}",
        "arm-none-eabi-gcc on the PATH",
        "./sconsw installs it, or prints the command that does",
    )


def link(command: Sequence[str]) -> int:
    """Run one link and return its exit status.

    Raises:
        UserError: the linker cannot be run, or a region overflowed.
    """
    job = parse(command)
    try:
        status, messages = job.run()
        if status == 0:
            sys.stderr.write(messages)
            _publish(job)
            return 0
        # As after a plain link that failed: no older output is there to be taken for the new one.
        for path in job.outputs:
            path.unlink(missing_ok=True)
        _report_failure(job, messages)
        return status if status > 0 else 128 - status
    finally:
        for path in job.outputs:
            partial(path).unlink(missing_ok=True)


def _publish(job: Link) -> None:
    if job.map:
        # The map names the output; it shall be the name that stays.
        text = partial(job.map).read_bytes()
        text = text.replace(os.fsencode(partial(job.elf)), os.fsencode(job.elf))
        partial(job.map).write_bytes(text)
    for path in job.outputs:
        partial(path).replace(path)
    # The report on an older link, which did not fit, would be taken for one on this.
    job.elf.with_suffix(OVERFLOW_SUFFIX).unlink(missing_ok=True)


def _report_failure(job: Link, messages: str) -> None:
    # Imported here: a link that succeeds, as most do, need not wait for the ELF reader.
    from tinyml.elf import overflow

    found = overflow.overflows(messages)
    if not found:
        sys.stderr.write(messages)
        return
    from tinyml.elf import overflow_report

    sys.stderr.write(overflow.other_messages(messages))
    forced = _forced(job)
    more = overflow_report.write(job.elf, found, forced) if forced else ()
    raise overflow.explain(str(job.elf), found, forced, more)


def _forced(job: Link) -> overflow.Forced | None:
    """Return what the link gives when ld is made to finish; None when even that gives nothing."""
    from tinyml.elf import overflow

    elf, map_file = partial(job.elf), partial(job.elf.with_name(job.elf.name + ".map"))
    job.run(["-Wl,--noinhibit-exec", f"-Wl,-Map={map_file}"], quiet=True)
    try:
        return overflow.Forced.read(elf, map_file)
    except (OSError, UserError):
        return None
    finally:
        map_file.unlink(missing_ok=True)


def main() -> int:
    """Link with the command after ``--``."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.elf.link",
        description=__doc__,
        usage="%(prog)s -- LINKER ARGUMENT...",
    )
    parser.add_argument("command", nargs="+", help="linker command, after --")
    return link(parser.parse_args().command)


if __name__ == "__main__":
    sys.exit(exit_status(main))
