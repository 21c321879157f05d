"""The messages of the serial protocol between Python and C++, as the build generates both."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import pytest

from support.compiled import ROOT
from support.messages import module_of

pytestmark = pytest.mark.live

SCHEMA = ROOT / "firmware" / "schema"
# The firmware's dialect of C++.
FLAGS = (
    "-std=c++17",
    "-fno-exceptions",
    "-fno-rtti",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
)
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")


@dataclass(frozen=True)
class Link:
    """The generated module, and a C++ program that answers messages."""

    messages: Any
    responder: Path

    def ask(self, request: bytes) -> Any:
        """Return the response to a message."""
        done = subprocess.run([self.responder], input=request, capture_output=True, check=True)
        assert self.messages.Message.MessageBufferHasIdentifier(done.stdout, 0)
        return self.messages.Message.GetRootAs(done.stdout)

    def refuses(self, request: bytes) -> bool:
        """Return whether the Verifier refuses a message."""
        done = subprocess.run([self.responder], input=request, capture_output=True, check=False)
        assert done.returncode in (0, 3)
        return done.returncode == 3


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Link:
    """Generate, and compile the responder."""
    folder = tmp_path_factory.mktemp("schema")
    messages = module_of(SCHEMA / "link.fbs", folder)
    source = ROOT / "tests" / "link" / "responder.cc"
    command = ["g++", *FLAGS, *SANITIZERS, "-I.", "-o", "responder", source]
    subprocess.run(command, cwd=folder, check=True)
    return Link(messages, folder / "responder")


def message(messages: Any, kind: int, build: Any, identifier: bytes = b"TMLL") -> bytes:
    """Return a message with the request that ``build`` makes."""
    builder = flatbuffers.Builder(0)
    request = build(builder)
    messages.MessageStart(builder)
    messages.MessageAddRequestType(builder, kind)
    messages.MessageAddRequest(builder, request)
    builder.Finish(messages.MessageEnd(builder), file_identifier=identifier)
    return bytes(builder.Output())


def infer(messages: Any, builder: Any) -> int:
    """Build an Infer with two parts."""
    parts = []
    for data in (b"\1\2\3", b"\xff" * 784):
        vector = builder.CreateByteVector(data)
        messages.PartStart(builder)
        messages.PartAddData(builder, vector)
        parts.append(messages.PartEnd(builder))
    messages.InferStartPartsVector(builder, len(parts))
    for part in parts:
        builder.PrependUOffsetTRelative(part)
    vector = builder.EndVector()
    messages.InferStart(builder)
    messages.InferAddParts(builder, vector)
    return int(messages.InferEnd(builder))


def ping(messages: Any, builder: Any) -> int:
    """Build a Ping."""
    messages.PingStart(builder)
    return int(messages.PingEnd(builder))


def test_a_request_and_its_response(link: Link) -> None:
    """Python's request is verified and read in C++, the response in Python."""
    m = link.messages
    response = link.ask(message(m, m.Request.Infer, lambda b: infer(m, b)))
    assert response.RequestType() == m.Request.NONE
    assert response.ResponseType() == m.Response.Inference
    inference = m.Inference()
    inference.Init(response.Response().Bytes, response.Response().Pos)
    assert bytes(inference.Outputs(0).DataAsNumpy()) == bytes([(6 + 784 * 255) % 256])
    assert inference.Cost() == 2**40


def test_the_verifier_refuses_what_is_no_message(link: Link) -> None:
    """Another file identifier, nothing, and offsets that leave the message."""
    m = link.messages
    good = message(m, m.Request.Ping, lambda b: ping(m, b))
    assert not link.refuses(good)
    assert link.refuses(message(m, m.Request.Ping, lambda b: ping(m, b), b"TMLX"))
    assert link.refuses(b"")
    assert link.refuses(b"\xff\xff\xff\x7f" + good[4:])


def test_damaged_messages_are_safe(link: Link) -> None:
    """Each byte of tables and offsets changed: refused, or read within the message."""
    m = link.messages
    good = message(m, m.Request.Infer, lambda b: infer(m, b))
    start = min(len(good), 160)  # behind it are the bytes of a part
    verdicts = {
        link.refuses(good[:at] + bytes([value]) + good[at + 1 :])
        for at in range(start)
        for value in (0, 0xFF, good[at] ^ 4)
    }
    assert verdicts == {True, False}


def test_a_newer_host(link: Link, tmp_path: Path) -> None:
    """A field and a request that the firmware does not know: one is ignored, the other named."""
    shutil.copytree(SCHEMA, tmp_path / "schema")
    schema = tmp_path / "schema" / "link.fbs"
    text = schema.read_text()
    text = text.replace("GetStatistics }", "GetStatistics, Dance }")
    text = text.replace("union Request", "table Dance { steps: uint; }\nunion Request")
    text = text.replace("echo: [ubyte];\n}", "echo: [ubyte];\n  more: ulong;\n}", 1)
    schema.write_text(text)
    newer = module_of(schema, tmp_path)

    def ping_with_more(builder: Any) -> int:
        newer.PingStart(builder)
        newer.PingAddMore(builder, 2**63)
        return int(newer.PingEnd(builder))

    def dance(builder: Any) -> int:
        newer.DanceStart(builder)
        newer.DanceAddSteps(builder, 3)
        return int(newer.DanceEnd(builder))

    codes = link.messages.ErrorCode
    known = link.ask(message(newer, newer.Request.Ping, ping_with_more))
    assert error(link, known).Code() == codes.Failed
    unknown = link.ask(message(newer, newer.Request.Dance, dance))
    assert error(link, unknown).Code() == codes.UnknownRequest


def error(link: Link, response: Any) -> Any:
    """Return the Error in a response."""
    assert response.ResponseType() == link.messages.Response.Error
    found = link.messages.Error()
    found.Init(response.Response().Bytes, response.Response().Pos)
    return found


def test_absent_is_not_zero(link: Link) -> None:
    """A cost that was not measured is None."""
    m = link.messages
    builder = flatbuffers.Builder(0)
    m.OperatorStart(builder)
    builder.Finish(m.OperatorEnd(builder))
    assert m.Operator.GetRootAs(builder.Output()).Cost() is None


def test_types_are_the_firmwares(link: Link) -> None:
    """The tensor types have the names and the values of inference.h."""
    header = (ROOT / "firmware" / "runtime" / "inference.h").read_text()
    names = re.findall(r"^    INFERENCE_(\w+),", header, re.MULTILINE)
    assert len(names) > 3
    listed = {name: n for name, n in vars(link.messages.TensorType).items() if name[0] != "_"}
    assert {name.upper(): n for name, n in listed.items()} == {n: i for i, n in enumerate(names)}


def test_every_message_is_described() -> None:
    """Each table, enum and union has a comment, and docs/serial-protocol.md names each message."""
    page = (ROOT / "docs" / "serial-protocol.md").read_text()
    for schema in SCHEMA.glob("*.fbs"):
        text = schema.read_text()
        declared = re.findall(r"(.*)\n(?:table|enum) (\w+)", text)
        assert declared
        assert [name for comment, name in declared if not comment.startswith("///")] == []
        for union in re.findall(r"^union \w+ \{(.*)\}", text, re.MULTILINE):
            assert [name for name in re.findall(r"\w+", union) if f"`{name}`" not in page] == []
