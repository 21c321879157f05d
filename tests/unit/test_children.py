"""Children: told to end politely, then made to; a group ends with the one that leads it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tinyml import children

STUBBORN = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: sys.exit(7) if number == {obeys} else None)
print("ready", flush=True)
while True:
    time.sleep(60)
"""
WITH_A_CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(60)"])
"""


def started(text: str, group: bool = False) -> subprocess.Popen[str]:
    """Return a child that is as far as to have said so."""
    command = [sys.executable, "-c", text]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=group)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize(
    ("obeys", "status"), [(signal.SIGINT, 7), (signal.SIGTERM, 7), (0, -signal.SIGKILL)]
)
def test_each_signal_is_tried_before_it_is_killed(obeys: int, status: int) -> None:
    """The first that it obeys is the last that it gets."""
    child = started(STUBBORN.format(obeys=int(obeys)))
    children.end(child, (signal.SIGINT, signal.SIGTERM), patience=1.5)
    assert child.returncode == status


def test_what_a_child_has_started_ends_with_it() -> None:
    """Both have the pipe open: it is at its end once both are gone."""
    child = started(WITH_A_CHILD, group=True)
    children.end(child, group=True)
    assert child.stdout is not None
    assert child.stdout.read() == ""


def test_one_that_has_ended_is_left_alone() -> None:
    """Its status stays."""
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    child.wait()
    children.end(child, group=True)
    assert child.returncode == 3
