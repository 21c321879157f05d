"""The one exception for a user's mistake, and how it is shown."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator


class UserError(Exception):
    """A mistake in what the user gave us: an input file, an option, the machine's set-up.

    Args:
        culprit: what is wrong and where, e.g. ``models/x/x.h5 is empty``.
        expected: what would have been right.
        hint: what to do next, as a command where there is one.
    """

    def __init__(self, culprit: str, expected: str, hint: str) -> None:
        """Keep the three parts; ``str()`` is the culprit alone."""
        super().__init__(culprit)
        self.culprit = culprit
        self.expected = expected
        self.hint = hint

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str]]:
        """Pickle all three parts, so that the error survives a process boundary."""
        return (UserError, (self.culprit, self.expected, self.hint))

    def report(self) -> str:
        """Return the three lines shown to the user, each labelled and aligned."""
        return (
            f"scons: error: {self.culprit}\n"
            f"       expected: {self.expected}\n"
            f"       try: {self.hint}"
        )


def exit_status(main: Callable[[], int | None], mistake: int = 1) -> int:
    """Run a command line's ``main`` and return its exit status.

    A `UserError` becomes its three lines on stderr and the status ``mistake``. Ctrl-C, and a reader
    of stdout that has seen enough (``| head``), end it quietly. Any other exception is a defect of
    ours and keeps its traceback.
    """
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as tinyml/__init__.py left it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main() or 0
        sys.stdout.flush()
        return status
    except UserError as error:
        print(error.report(), file=sys.stderr)
        return mistake
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what a shell reports for SIGPIPE


def _reader_has_gone() -> bool:
    """Return whether it is stdout that is a pipe without a reader, not another pipe of ours."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


@contextlib.contextmanager
def shown(leave: Callable[[int], object]) -> Iterator[None]:
    """Show a `UserError` raised in the body as its three lines, then call ``leave(2)``."""
    try:
        yield
    except UserError as error:
        print(error.report(), file=sys.stderr)
        leave(2)
