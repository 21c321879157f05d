"""The server as a native program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.messages import Messages
from support.server_process import Server, compile_server


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Messages:
    """Return the protocol's messages."""
    return Messages.make(tmp_path_factory.mktemp("messages"))


@pytest.fixture(scope="session")
def program(messages: Messages) -> Path:
    """Return the compiled server."""
    return compile_server(Path(messages.module.__file__).parent)


@pytest.fixture
def server(program: Path, messages: Messages) -> Iterator[Server]:
    """Return a server that has just started; it must end without a complaint."""
    started = Server.start(program, messages)
    yield started
    started.stop()
