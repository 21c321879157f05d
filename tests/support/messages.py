"""Messages of the serial protocol, written and read with what flatc makes of the schema."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers

from support.compiled import ROOT
from tinyml.schema import Job, generate

SCHEMA = ROOT / "firmware" / "schema" / "link.fbs"


def module_of(schema: Path, folder: Path) -> Any:
    """Generate header and module into ``folder``; return the Python module."""
    header, module = generate(Job(schema))
    (folder / "link_generated.h").write_bytes(header)
    path = folder / "link_generated.py"
    path.write_bytes(module)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@dataclass(frozen=True)
class Part:
    """Part of an input."""

    data: bytes | None
    input: int = 0
    encoding: int = 0
    first: int = 0


@dataclass(frozen=True)
class Messages:
    """The generated module, and what is made with it."""

    module: Any

    @classmethod
    def make(cls, folder: Path) -> Messages:
        """Generate header and module of the project's schema into ``folder``."""
        return cls(module_of(SCHEMA, folder))

    def request(self, name: str, **fields: Any) -> bytes:
        """Return a message with the request ``name``; fields are named as in the schema.

        Bytes become vectors, parts a vector of tables, numbers themselves; None is left out.
        """
        builder = flatbuffers.Builder(0)
        table = self._table(builder, name, fields)
        self.module.MessageStart(builder)
        self.module.MessageAddRequestType(builder, getattr(self.module.Request, name))
        self.module.MessageAddRequest(builder, table)
        builder.Finish(self.module.MessageEnd(builder), file_identifier=b"TMLL")
        return bytes(builder.Output())

    def response(self, payload: bytes) -> tuple[str, Any]:
        """Return the kind of response in a message, and its table."""
        assert self.module.Message.MessageBufferHasIdentifier(payload, 0)
        message = self.module.Message.GetRootAs(payload)
        assert message.RequestType() == 0
        kinds = {n: name for name, n in vars(self.module.Response).items() if name[0] != "_"}
        kind = kinds[message.ResponseType()]
        table = getattr(self.module, kind)()
        table.Init(message.Response().Bytes, message.Response().Pos)
        return kind, table

    def error(self, table: Any) -> str:
        """Return the name of an Error's code."""
        codes = {n: name for name, n in vars(self.module.ErrorCode).items() if name[0] != "_"}
        return codes[table.Code()]

    def _table(self, builder: Any, name: str, fields: dict[str, Any]) -> int:
        made = {key: self._made(builder, name, key, value) for key, value in fields.items()}
        getattr(self.module, f"{name}Start")(builder)
        for key, value in made.items():
            if value is not None:
                camel = "".join(word.title() for word in key.split("_"))
                getattr(self.module, f"{name}Add{camel}")(builder, value)
        return int(getattr(self.module, f"{name}End")(builder))

    def _made(self, builder: Any, name: str, key: str, value: Any) -> Any:
        if isinstance(value, bytes):
            return builder.CreateByteVector(value)
        if isinstance(value, Sequence):
            return self._parts(builder, getattr(self.module, f"{name}StartPartsVector"), value)
        return value

    def _parts(self, builder: Any, start: Any, parts: Iterable[Part]) -> int:
        tables = [
            self._table(
                builder,
                "Part",
                {
                    "input": p.input,
                    "encoding": p.encoding,
                    "first_element": p.first,
                    "data": p.data,
                },
            )
            for p in parts
        ]
        start(builder, len(tables))
        for table in reversed(tables):
            builder.PrependUOffsetTRelative(table)
        return int(builder.EndVector())
