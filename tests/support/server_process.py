"""The firmware's server in a native process with the sanitizers, and a line to it."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.compiled import ROOT, WARNINGS, run
from support.messages import Messages
from tinyml.link.frame import Decoder, Frame, encode

FIRMWARE = ROOT / "firmware"
TESTS = ROOT / "tests" / "server"
INCLUDES = [f"-I{FIRMWARE / name}" for name in ("server", "link", "runtime", "boards")]
SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
# FlatBuffers' assertions are the firmware's no-ops; here they stop the program.
DEFINES = ("-DPROFILE=1", "-DFLATBUFFERS_ASSERT=assert", "-DFLATBUFFERS_ASSERT_INCLUDE=<cassert>")
CXX = ("-std=c++17", "-fno-exceptions", "-fno-rtti")


def compile_server(folder: Path) -> Path:
    """Compile the server around the models of tests/server, for the host; return the program."""
    common = [*SANITIZERS, *INCLUDES, f"-I{folder}", f"-I{TESTS}", *DEFINES, "-Wall", "-Wextra"]
    c = [*(FIRMWARE / "server").glob("*.c"), *(FIRMWARE / "link").glob("*.c"), TESTS / "models.c"]
    c += [FIRMWARE / "runtime" / name for name in ("profile.c", "tensor.c")]
    run(["gcc", "-std=c11", *WARNINGS, *common, "-c", *map(str, c)], folder)
    cc = [p for p in (FIRMWARE / "server").glob("*.cc") if p.name != "no_heap.cc"]
    run(["g++", *CXX, *common, "-Werror", "-c", *map(str, [*cc, TESTS / "driver.cc"])], folder)
    objects = sorted(map(str, folder.glob("*.o")))
    run(["g++", *SANITIZERS, "-o", "server", *objects, "-lm"], folder)
    return folder / "server"


@dataclass
class Server:
    """A server that runs, from its start."""

    messages: Messages
    process: subprocess.Popen[bytes]
    sequence: int = field(default=0)

    @classmethod
    def start(cls, program: Path, messages: Messages) -> Server:
        """Start the program."""
        process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return cls(messages, process)

    def stop(self) -> None:
        """End the program, which must end well."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0
        self.process.stdout.close()

    def line(self, data: bytes, lost: int = 0) -> bytes:
        """Send bytes, of which ``lost`` more were lost; return all that is sent back."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(struct.pack("=II", len(data), lost) + data)
        self.process.stdin.flush()
        header = self.process.stdout.read(4)
        assert len(header) == 4, "the server has ended"
        return self.process.stdout.read(*struct.unpack("=I", header))

    def frames(self, data: bytes, lost: int = 0) -> list[Frame]:
        """Send bytes; return the frames that come back, which must have no fault."""
        decoder = Decoder(max_payload=4096)
        frames = decoder.feed(self.line(data, lost))
        assert not decoder.faults
        return frames

    def ask(self, name: str, **fields: Any) -> tuple[str, Any]:
        """Make a request; return the kind and the table of its response."""
        self.sequence = self.sequence % 65535 + 1
        request = self.messages.request(name, **fields)
        (frame,) = self.frames(encode(self.sequence, request))
        assert frame.sequence == self.sequence
        return self.messages.response(frame.payload)

    def expect(self, kind: str, name: str, **fields: Any) -> Any:
        """Make a request; return the table of its response, which must be of ``kind``."""
        found, table = self.ask(name, **fields)
        assert found == kind, self.messages.error(table) if found == "Error" else found
        return table

    def refused(self, name: str, **fields: Any) -> str:
        """Make a request that is refused; return the name of the error's code."""
        return self.messages.error(self.expect("Error", name, **fields))
