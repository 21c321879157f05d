"""What the commands of ``python -m tinyml.link`` do; each returns what it has to show."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from serial.tools import list_ports

from tinyml.errors import UserError
from tinyml.link import samples, table
from tinyml.link.answers import Inference, Line, Model
from tinyml.link.client import Client
from tinyml.link.samples import Sample


@dataclass(frozen=True)
class Shown:
    """What a command says, as text and as JSON."""

    text: str
    document: Any


@dataclass(frozen=True)
class Run:
    """One inference: what was asked, the answer, and the seconds between the two."""

    sample: Sample
    answer: Inference
    seconds: float

    @property
    def best(self) -> int | None:
        """The index of the first output's largest element."""
        outputs = self.answer.outputs
        return int(np.argmax(outputs[0])) if outputs and outputs[0].size else None


def info(given: argparse.Namespace) -> Shown:
    """Show who answers, the models with their operators, and the counters."""
    with _client(given) as client:
        device, models = client.device, client.models()
        operators = [client.operators(model.index) for model in models]
        counted = client.statistics()
    tables = [table.device(device, given.port)]
    for model, rows in zip(models, operators, strict=True):
        tables += [table.model(model), table.operators(rows, device.unit)]
    tables.append(table.statistics(counted, device.unit))
    document = {
        "port": given.port,
        "device": {name: value for name, value in asdict(device).items() if name != "echo"},
        "models": [
            _model(model) | {"operators": [asdict(row) for row in rows]}
            for model, rows in zip(models, operators, strict=True)
        ],
        "statistics": asdict(counted),
    }
    return Shown(table.as_text(tables), document)


def infer(given: argparse.Namespace) -> Shown:
    """Run a model on each sample of the files."""
    _require_positive("--count", given.count)
    _require_files(given.files)
    with _client(given) as client:
        model, unit = _chosen(client, given.model), client.device.unit
        runs = [_run(client, model, sample) for sample in _samples(given, model)[: given.count]]
    document = {
        "model": model.name,
        "unit": unit,
        "inferences": [_as_json(model, run) for run in runs],
    }
    text = _one(model, runs[0]) if len(runs) == 1 else _many(runs, unit)
    return Shown(text, document)


def bench(given: argparse.Namespace) -> Shown:
    """Run a model repeatedly, on the samples in turn."""
    _require_positive("--repeat", given.repeat)
    _require_files(given.files)
    with _client(given) as client:
        model, unit = _chosen(client, given.model), client.device.unit
        found = itertools.cycle(_samples(given, model))
        runs = [_run(client, model, next(found)) for _ in range(given.repeat)]
        line = client.line
    document = {
        "model": model.name,
        "unit": unit,
        "costs": [run.answer.cost for run in runs],
        "seconds": [run.seconds for run in runs],
        "line": asdict(line),
    }
    head = f"{model.name}, inferences: {len(runs)}\n"
    return Shown(head + _spreads(runs, unit) + _remarks(line), document)


def ports(_given: argparse.Namespace) -> Shown:
    """List the serial ports."""
    found = sorted(list_ports.comports(), key=lambda port: str(port.device))
    document = [
        {
            "port": port.device,
            "usb": None if port.vid is None else f"{port.vid:04x}:{port.pid:04x}",
            "serial_number": port.serial_number,
            "description": port.description,
        }
        for port in found
    ]
    if not found:
        return Shown("no serial ports: is the board or the adapter plugged in?\n", document)
    rows = table.columns("port", "USB id", "serial number", "description")
    for each in document:
        table.row(rows, *each.values())
    return Shown(table.as_text([rows]), document)


def _client(given: argparse.Namespace) -> Client:
    return Client(given.port, given.timeout, given.retries)


def _chosen(client: Client, name: str) -> Model:
    """Return the model of a name or an index."""
    for model in client.models():
        if name in (model.name, str(model.index)):
            return model
    names = ", ".join(f"{model.index} ({model.name})" for model in client.models())
    raise UserError(
        f"--model {name}: the firmware has no such model",
        f"one of: {names or 'none at all'}",
        "python -m tinyml.link info",
    )


def _samples(given: argparse.Namespace, model: Model) -> list[Sample]:
    """Return what is in the files, or zeros where there are none."""
    found = [each for path in given.files for each in samples.read(path, model, given.invert)]
    for sample in found:
        if sample.dark_on_light:
            note = "light at its edge: if the model was trained on light strokes on black, --invert"
            print(f"note: {sample.name} is {note}", file=sys.stderr)
    return found or samples.zeros(model)


def _require_files(paths: list[Path]) -> None:
    """Refuse a file that is not there before a port is opened for it."""
    for path in paths:
        if not path.is_file():
            raise UserError(
                f"no file {path}", "a PNG, PGM or other picture, .npy or .npz", "check the name"
            )


def _require_positive(option: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise UserError(f"{option} {value}", "a number above 0", f"{option} 1")


def _run(client: Client, model: Model, sample: Sample) -> Run:
    begin = time.perf_counter()
    answer = client.infer(list(sample.values), model.index, sample.pixels)
    return Run(sample, answer, time.perf_counter() - begin)


def _model(model: Model) -> dict[str, Any]:
    """Return a model for JSON."""
    fields = asdict(model)
    for tensor in (*fields["inputs"], *fields["outputs"]):
        tensor["dtype"] = tensor["dtype"].name
    return fields


def _as_json(model: Model, run: Run) -> dict[str, Any]:
    outputs = [
        {"name": tensor.name, "type": tensor.dtype.name, "stored": stored.tolist()}
        | ({"real": tensor.real(stored).tolist()} if tensor.scale else {})
        for tensor, stored in zip(model.outputs, run.answer.outputs, strict=True)
    ]
    fields = {"sample": run.sample.name, "answer": run.best, "label": run.sample.label}
    return fields | {"cost": run.answer.cost, "seconds": run.seconds, "outputs": outputs}


def _one(model: Model, run: Run) -> str:
    """Return the scores of one inference, and what it took."""
    cost = f"{run.answer.cost:,} {run.answer.unit}, " if run.answer.unit else ""
    took = f"{cost}round trip {run.seconds * 1000:.1f} ms by this computer's clock\n"
    if run.best is None:
        return took
    scores = model.outputs[0].real(run.answer.outputs[0]).reshape(-1).tolist()
    return f"{table.as_text([table.scores(scores)])}\nanswer {run.best}, {took}"


def _many(runs: list[Run], unit: str) -> str:
    """Return a row for each inference, and how many answers were right."""
    rows = table.columns("sample", "answer>", "label>", "", f"{unit or 'cost'}>", "ms>")
    for run in runs:
        label = run.sample.label
        wrong = "wrong" if label not in (None, run.best) else ""
        milliseconds = f"{run.seconds * 1000:.1f}"
        table.row(rows, run.sample.name, run.best, label, wrong, run.answer.cost, milliseconds)
    known = [run for run in runs if run.sample.label is not None]
    right = sum(run.best == run.sample.label for run in known)
    verdict = f"{right} of {len(known)} right\n" if known else ""
    return f"{table.as_text([rows])}\n{verdict}{_spreads(runs, unit)}"


def _spreads(runs: list[Run], unit: str) -> str:
    """Return minimum, mean and maximum of costs and of round trips."""
    rows = table.columns("", "min>", "mean>", "max>")
    if unit:
        costs = [run.answer.cost for run in runs]
        table.row(rows, unit, min(costs), f"{sum(costs) / len(costs):,.1f}", max(costs))
    times = [run.seconds * 1000 for run in runs]
    spread = (min(times), sum(times) / len(times), max(times))
    table.row(rows, "round trip, ms", *(f"{each:,.2f}" for each in spread))
    return table.as_text([rows])


def _remarks(line: Line) -> str:
    """Return what the line did to the requests, if it did anything."""
    seen = {
        "requests sent again": line.repeats,
        "damaged frames": sum(line.faults.values()),
        "late answers": line.stale,
        "notices of lost bytes": line.overruns,
    }
    return "".join(f"{what}: {count}\n" for what, count in seen.items() if count)
