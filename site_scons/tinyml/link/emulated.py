"""A firmware in an emulator of its own, for as long as a client uses it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
import weakref
from collections import deque
from pathlib import Path
from typing import IO

from tinyml import boards, children, options
from tinyml.link.errors import Disconnected, PortError
from tinyml.link.generated import ROOT
from tinyml.link.transport import SerialTransport
from tinyml.terminal import harmless

SCHEME = "emulator:"
_ANNOUNCEMENT = re.compile(r"link: (socket://\S+)")
_START_SECONDS = 60.0
_END_SECONDS = 2.0
_KEPT_LINES = 8


def image_of(port: str) -> Path:
    """Return the firmware that ``emulator:PATH`` names; without a path, the default build's."""
    path = port.removeprefix(SCHEME)
    if path:
        return Path(path)
    choice = options.parse({}, ROOT)
    return ROOT / "build" / choice.variant / f"{'+'.join(choice.models)}.elf"


def command(image: Path) -> list[str]:
    """Return the command that emulates ``image`` with its link on a TCP port.

    Raises:
        PortError: there is no such firmware, or nothing says for which board it is.
    """
    if not image.is_file():
        raise PortError(
            f"no firmware {image}",
            "a firmware that has been built",
            "./sconsw, or emulator:PATH.elf for another one",
        )
    run = [sys.executable, "-m", "tinyml.emulator", str(_board_folder(image)), str(image.resolve())]
    return [*run, "--link", "tcp:0"]


def _board_folder(image: Path) -> Path:
    return ROOT / "firmware" / "boards" / _board(image.with_suffix(".build-info.json"))


def _counted(board: Path) -> str:
    emulator = boards.load(board).emulator
    return "instructions" if emulator is not None and emulator.kind == "virtual" else ""


def _board(record: Path) -> str:
    """Return the board that a build's record names."""
    try:
        name = json.loads(record.read_text(encoding="utf-8"))["board"]
        if not re.fullmatch(r"[\w-]+", name):
            raise ValueError(f"no board is called {name!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PortError(
            f"{record} does not say for which board the firmware is ({error})",
            "the record that the build writes beside the firmware",
            "build it again with scons, and give the .elf in the build's own folder",
        ) from error
    return str(name)


class EmulatorTransport:
    """An emulator that is started here, and the socket that it serves the link on.

    ``counted`` is what its counter counts, where the firmware takes it for something else.
    """

    def __init__(self, port: str) -> None:
        """Start the emulator for ``emulator:`` or ``emulator:PATH.elf``, wait for its link.

        Raises:
            PortError: there is no such firmware, or its emulator does not start.
        """
        image = image_of(port)
        self._child = _Child(command(image))
        self.counted = _counted(_board_folder(image))
        self._end = weakref.finalize(self, self._child.end)
        try:
            self._line = SerialTransport(self._child.link_url())
        except BaseException:
            self._end()
            raise

    def read(self, seconds: float) -> bytes:
        """Return what has come; wait for the first byte, at most that long."""
        try:
            return self._line.read(seconds)
        except Disconnected as error:
            raise self._child.gone() from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._line.write(data)
        except Disconnected as error:
            raise self._child.gone() from error

    def close(self) -> None:
        """Close the socket and end the emulator."""
        self._line.close()
        self._end()


class _Child:
    """The emulator's process.

    A thread of its own starts and awaits it: Linux ends a child with the thread that started it,
    and the client may be made in one that ends sooner.
    """

    def __init__(self, words: list[str]) -> None:
        """Start the process; its announcement is waited for in `link_url`."""
        self._said: dict[str, deque[str]] = {
            name: deque(maxlen=_KEPT_LINES) for name in ("stdout", "stderr")
        }
        self._url: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._started: queue.SimpleQueue[subprocess.Popen[str] | OSError] = queue.SimpleQueue()
        self._watcher = threading.Thread(target=self._watch, args=(words,), daemon=True)
        self._watcher.start()
        process = self._started.get()
        if isinstance(process, OSError):
            raise PortError(
                f"cannot run {words[0]}: {process.strerror}",
                "Python's own executable",
                "run it from the project's .venv",
            )
        self._process = process

    def _watch(self, words: list[str]) -> None:
        try:
            # A session of its own: Ctrl-C is ours, and what the emulator starts ends with it.
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=_environment(),
                preexec_fn=children.die_with_parent(),
                start_new_session=True,
            )
        except OSError as error:
            self._started.put(error)
            return
        self._started.put(process)
        assert process.stdout and process.stderr
        console = threading.Thread(target=self._keep, args=("stdout", process.stdout), daemon=True)
        console.start()
        self._keep("stderr", process.stderr)
        self._url.put(None)
        console.join()
        process.wait()

    def _keep(self, name: str, stream: IO[str]) -> None:
        """Keep the last lines of a stream, and pass the announcement on."""
        with stream, contextlib.suppress(ValueError):
            for line in stream:
                self._said[name].append(harmless(line.rstrip()))
                found = _ANNOUNCEMENT.fullmatch(line.strip())
                if found and name == "stderr":
                    self._url.put(found[1])

    def link_url(self) -> str:
        """Return where the link is served, as soon as the emulator says it."""
        try:
            url = self._url.get(timeout=_START_SECONDS)
        except queue.Empty:
            url = None
        if url is None:
            raise PortError(
                f"the emulator serves no link{self._last_words()}",
                "an emulator that starts, and says where the link is",
                " ".join(self._process.args if isinstance(self._process.args, list) else ()),
            )
        return url

    def gone(self) -> Disconnected:
        """Return the error for an emulator that has ended or closed the link."""
        return Disconnected(
            f"the emulator has ended{self._last_words()}",
            "a firmware that runs for as long as the client uses it",
            "read its last lines; scons emulate runs it in this terminal",
        )

    def _last_words(self) -> str:
        """Return status and last lines, for the end of a sentence."""
        self._watcher.join(_END_SECONDS)  # it ends when all has been said
        status = self._process.poll()
        how = "" if status is None else f" (status {status})"
        lines = [*self._said["stdout"], *self._said["stderr"]]
        return how + (":\n" + "\n".join(f"         {line}" for line in lines) if lines else "")

    def end(self) -> None:
        """End the process and all that it started."""
        children.end(self._process, patience=_END_SECONDS, group=True)


def _environment() -> dict[str, str]:
    """Return an environment in which the child finds this very package."""
    paths = [str(ROOT / "site_scons"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
