"""The tables of a plan: every figure in its place, in a width that people can read."""

from __future__ import annotations

import json
import subprocess
import sys
from math import prod
from pathlib import Path
from typing import Any

import pytest

from tinyml.errors import UserError
from tinyml.plan_report import report
from tinyml.plan_report.arena_map import chart
from tinyml.plan_report.table import as_text
from tinyml.profile import Profile


def tensor(index: int, shape: list[int], offset: int | None, name: str = "t") -> dict[str, Any]:
    """Return a tensor of a plan.json; without an offset it is a constant."""
    place = {"weights": "m_w"} if offset is None else {"offset": offset}
    return {
        "index": index,
        "name": name,
        "type": "int8",
        "shape": shape,
        "bytes": prod(shape),
        **place,
    }


def operator(
    index: int, kind: str, reads: list[int], writes: list[int], **more: Any
) -> dict[str, Any]:
    """Return an operator of a plan.json."""
    plain: dict[str, Any] = {
        "index": index, "type": kind, "layer": "net/part/name;other", "functions": ["f"],
        "macs": 0, "inputs": reads, "outputs": writes, "weight_bytes": 0, "activation_bytes": 0,
        "live_bytes": 0, "scratch_bytes": 0, "scratch_offset": None, "shares": "",
        "fallback": "",
    }  # fmt: skip
    return plain | more


def piece(offset: int, size: int, first: int, last: int, *tensors: int) -> dict[str, Any]:
    """Return a piece of the arena of a plan.json."""
    return {
        "offset": offset,
        "bytes": size,
        "first": first,
        "last": last,
        "tensors": [{"index": index} for index in tensors],
    }


@pytest.fixture
def plan() -> dict[str, Any]:
    """Return a plan: a fused convolution, an ADD in place of its first input, a RESHAPE."""
    return {
        "model": "m.tflite",
        "kernel": "cm7",
        "macs": 12345,
        "weight_bytes": 678,
        "arena_bytes": 2064,
        "arena_lower_bound": 2048,
        "arena_alignment": 16,
        "state_bytes": 48,
        "tensors": [
            tensor(0, [1, 8, 8, 3], 1024),
            tensor(1, [4, 3, 3, 3], None),
            tensor(2, [1, 4, 4, 4], 0) | {"file_shape": [1, 5, 5, 4]},
            tensor(3, [1, 64], 0),
            tensor(4, [1, 4, 4, 4], 0),
        ],
        "operators": [
            operator(0, "CONV_2D+MAX_POOL_2D", [0, 1], [2], macs=12345, weight_bytes=678,
                     live_bytes=2048, scratch_bytes=100, scratch_offset=1232),
            operator(2, "ADD", [2, 2], [4], shares="in place"),
            operator(3, "RESHAPE", [4], [3], shares="alias", functions=[]),
        ],
        "weights": [{"bytes": 600, "region": ""}, {"bytes": 78, "region": "DTCM"}],
        "arena": [piece(0, 64, 0, 3, 2, 4, 3), piece(1024, 192, 0, 0, 0), piece(1232, 100, 0, 0)],
    }  # fmt: skip


def rows(text: str) -> list[list[str]]:
    """Return the words of every line."""
    return [line.split() for line in text.splitlines()]


def test_every_figure_is_shown(plan: dict[str, Any]) -> None:
    """Shapes without the batch, equal inputs counted, instructions per MAC, sums."""
    text = as_text(report.build(plan, Profile((24690, 100, 3), 24800)), ["a note"])
    found = rows(text)
    assert ["0", "CONV_2D", "part/name", "8x8x3", "4x4x4", "12,345", "24,690", "2.00"] in found
    assert ["2", "ADD", "part/name", "2", "of", "4x4x4", "4x4x4", "100"] in found
    assert ["all", "12,345", "24,800", "2.01"] in found
    assert ["0", "f", "678", "0", "100", "1,232", "2,048", "peak"] in found
    assert ["3", "-", "0", "alias"] in found
    assert ["fused", "0", "CONV_2D+MAX_POOL_2D"] in found
    assert ["in", "place", "2"] in found and ["alias", "3"] in found
    assert ["cropped", "0", "5x5x4", "to", "4x4x4"] in found
    assert "2,064 bytes; lower bound 2,048: 16 above the largest live set\n" in text
    assert "678 bytes, 78 of them copied to DTCM\n" in text
    assert found[-1] == ["a", "note"]


def test_without_a_profile_there_is_no_column_for_it(plan: dict[str, Any]) -> None:
    """No zeros or dashes that could be taken for a count."""
    text = as_text(report.build(plan))
    assert "instructions" not in text and "/MAC" not in text and "executed" not in text
    document = json.loads(report.as_json(plan, None))
    assert document["instructions"] is None
    assert [row["instructions"] for row in document["operators"]] == [None] * 3


def test_json_has_the_plan_and_the_counts(plan: dict[str, Any]) -> None:
    """All of plan.json, and instructions beside."""
    document = json.loads(report.as_json(plan, Profile((1, 2, 3), 10)))
    assert [row.pop("instructions") for row in document["operators"]] == [1, 2, 3]
    assert document.pop("instructions") == 10 and document.pop("format") == 1
    assert document == plan


def test_map_tells_whose_memory_it_is(plan: dict[str, Any]) -> None:
    """By operator: the input, scratch, what is free, and of the rest who wrote it last."""
    lines = [line.split() for line in chart(report.build(plan))][2:]
    assert lines == [
        ["bytes", "0", "2", "3"],
        ["0", "..", "63", "0", "2", "3"],
        ["64", "..", "1,023", ".", ".", "."],
        ["1,024", "..", "1,215", "in", ".", "."],
        ["1,216", "..", "1,231", ".", ".", "."],
        ["1,232", "..", "1,343", "s", ".", "."],
    ]


def test_many_operators_stay_within_a_page(plan: dict[str, Any]) -> None:
    """A long chart goes on below; text is plain ASCII, and nothing is as wide as 100 columns."""
    plan["operators"] = [operator(i, "DEPTHWISE_CONV_2D", [0], [2]) for i in range(120)]
    plan["arena"] = [piece(0, 1024, 60, 120, 2)]
    text = as_text(report.build(plan))
    assert max(map(len, text.splitlines())) <= 100 and text.isascii()
    heads = [line.split()[1:] for line in text.splitlines() if line.lstrip().startswith("bytes ")]
    assert [number for head in heads for number in head] == [str(i) for i in range(120)]


def test_profile_of_another_model_is_refused(plan: dict[str, Any]) -> None:
    """Counts are of operators by position, so their number has to agree."""
    with pytest.raises(UserError, match=r"counts 2 operators, m.tflite has 3"):
        report.build(plan, Profile((1, 2), 3))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"operators": [{}]}', '{"operators": 3}'])
def test_damaged_plan_is_refused(tmp_path: Path, text: str) -> None:
    """Three lines instead of a traceback."""
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UserError, match="cannot read the plan"):
        report.read(tmp_path / "plan.json")


def test_command_prints_to_a_pipe(plan: dict[str, Any], tmp_path: Path, root: Path) -> None:
    """The same text as in the file: no folding to a guessed width, no escape codes."""
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.plan_report", str(tmp_path / "plan.json")],
        env={"PYTHONPATH": str(root / "site_scons"), "COLUMNS": "20", "FORCE_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == as_text(report.build(plan)) and "\x1b" not in done.stdout


def test_hostile_names_stay_text(plan: dict[str, Any]) -> None:
    """A model's names may hold anything; a terminal is shown none of it, nor is markup obeyed."""
    plan["operators"][0]["layer"] = "net/\x1b[31m[bold]r\u00e9d\n/x"
    plan["model"] = "\x07.tflite"
    text = as_text(report.build(plan))
    assert "?[31m[bold]r?d?/x" in text and "?.tflite, kernel=cm7" in text
    assert text.isascii() and text.replace("\n", "").isprintable()


def test_outputs_outside_the_arena(plan: dict[str, Any]) -> None:
    """Variables have memory of their own."""
    del plan["tensors"][4]["offset"]
    found = rows(as_text(report.build(plan)))
    assert ["2", "f", "state", "in", "place"] in found and ["state", "48", "bytes"] in found


def test_map_of_parts_in_their_whole(plan: dict[str, Any]) -> None:
    """What is put together in place belongs to the maker of each part until it is whole."""
    plan["tensors"] = [tensor(0, [32], 0), tensor(1, [16], 0), tensor(2, [16], 16)]
    plan["operators"] = [
        operator(0, "ADD", [], [1]),
        operator(1, "ADD", [], [2]),
        operator(2, "CONCATENATION", [1, 2], [0], shares="view"),
    ]
    plan["arena"] = [piece(0, 32, 0, 3, 0, 1, 2)]
    lines = [line.split()[3:] for line in chart(report.build(plan))][3:]
    assert lines == [["0", "0", "2"], ["2", "1", "2"]]
