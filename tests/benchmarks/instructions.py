"""Instructions per inference of every model, kernel set and mode, as one table of figures.

``python tests/benchmarks/instructions.py`` asks ``scons plan`` for each variant, which runs it on
the emulated Cortex-M7 (board=mps2-an500) and counts instructions exactly and repeatably. They are
not cycles: nothing is said of caches, wait states or what issues in pairs. A MAC is a nominal
multiply-accumulate, as the model defines it, whether or not a kernel executes it.

The models are those of ``models/`` and, where the folder ``../shared/models`` is present, other
people's. All are built in ``build/benchmarks``, a folder of links to the project, and stay there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "site_scons")]

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks import workbench  # noqa: E402
from benchmarks.workbench import Network  # noqa: E402
from support import project  # noqa: E402
from tinyml.errors import UserError, exit_status  # noqa: E402
from tinyml.options import QUANTIZE_MODES  # noqa: E402

BOARD = "mps2-an500"
BASELINE = "reference"
TUNED = "cm7"
KERNELS = (BASELINE, TUNED, "cmsis-nn")
SPEED = "speed"


@dataclass(frozen=True)
class Ceiling:
    """Instructions per MAC that `TUNED` should need at most for a whole network."""

    must: float
    target: float
    stretch: float

    def reached(self, per_mac: float) -> str:
        """Return the hardest of the three that ``per_mac`` keeps, in words."""
        kept = [name for name, value in vars(self).items() if per_mac <= value]
        return kept[-1] if kept else "above"

    def __str__(self) -> str:
        """Return the three with slashes between."""
        return "/".join(f"{value:.2f}" for value in vars(self).values())


CEILINGS = {
    ("mnist", "int8"): Ceiling(1.10, 0.90, 0.65),
    ("mnist", "none"): Ceiling(1.70, 1.40, 0.90),
    ("pretrainedResnet_quant", "int8"): Ceiling(1.30, 1.05, 0.80),
    ("kws_ref_model", "int8"): Ceiling(1.80, 1.40, 1.10),
    ("ad01_int8", "int8"): Ceiling(1.60, 1.20, 0.90),
}


@dataclass(frozen=True)
class Layer:
    """One step of one inference; ``covers`` are the operators of the file that it does."""

    type: str
    macs: int
    instructions: int
    covers: tuple[int, ...] = ()

    @property
    def per_mac(self) -> str:
        """Instructions per MAC; empty where nothing is multiplied."""
        return f"{self.instructions / self.macs:.2f}" if self.macs else ""


@dataclass(frozen=True)
class Run:
    """One inference of one variant; ``whole`` is the call, as if it were one layer."""

    layers: tuple[Layer, ...]
    whole: Layer

    def over(self, operators: Iterable[int]) -> int:
        """Return the instructions of the layers that do any of ``operators``."""
        wanted = set(operators)
        return sum(layer.instructions for layer in self.layers if wanted & set(layer.covers))


def read(plan: Mapping[str, Any]) -> Run:
    """Return the counts in a ``.plan.json`` of ``scons plan``.

    Raises:
        UserError: it has none.
    """
    if plan["instructions"] is None:
        raise UserError(
            f"the plan of {plan['model']} has no instructions in it",
            "a board whose emulator counts them, and profile=1",
            f"scons plan board={BOARD}",
        )
    layers = tuple(
        Layer(row["type"], row["macs"], row["instructions"], tuple(row["covers"]))
        for row in plan["operators"]
    )
    return Run(layers, Layer("all", plan["macs"], plan["instructions"]))


def measure(bench: Path, model: str, quantize: str, kernel: str) -> Run:
    """Build one variant and run it.

    Raises:
        UserError: the variant cannot be built or run.
    """
    words = (f"board={BOARD}", f"model={model}", f"quantize={quantize}", f"kernel={kernel}")
    result = project.scons("plan", *words, folder=bench)
    if result.returncode:
        raise UserError(
            f"scons plan {' '.join(words)} failed:\n{result.stdout}{result.stderr}",
            "variants that build and run",
            "correct what scons says, or choose others with --model, --kernel, --quantize",
        )
    variant = bench / "build" / f"{BOARD}-aot-{kernel}-{quantize}-{SPEED}"
    return read(json.loads((variant / f"{model}.plan.json").read_text(encoding="utf-8")))


def empty_table(kernels: Sequence[str], layers: bool) -> Table:
    """Return the table's head; the first of ``kernels`` is the baseline."""
    table = Table(title=f"instructions per inference, board={BOARD}, opt={SPEED}")
    for heading in ("model", "quantize", *(("operator",) if layers else ())):
        table.add_column(heading, no_wrap=True)
    table.add_column("MACs", justify="right")
    for kernel in kernels:
        table.add_column(kernel, justify="right")
        table.add_column("/MAC", justify="right")
        if kernel != kernels[0]:
            table.add_column("gain", justify="right")
    table.add_column(f"{TUNED}: must/target/stretch", no_wrap=True)
    return table


def add_network(
    table: Table, network: tuple[str, str], runs: Mapping[str, Run], layers: bool
) -> None:
    """Add one row for the whole network and, if asked for, before it one an operator.

    The first of ``runs`` is the baseline.
    """
    title = network
    if layers:
        for row in layer_rows(list(runs.values())):
            table.add_row(*title, *row)
            title = ("", "")
    whole = [run.whole for run in runs.values()]
    cells = [cell for layer in whole for cell in figures(layer, whole[0].instructions)]
    name = ("all",) if layers else ()
    baseline = whole[0]
    row = (*title, *name, f"{baseline.macs:,}", *cells[:2], *cells[3:])
    table.add_row(*row, verdict(network, runs), end_section=layers)


def layer_rows(runs: Sequence[Run]) -> list[list[str]]:
    """Return a row for each operator of the file, a fused one's figures in its first row."""
    rows = []
    for index in sorted(set(chain(*(layer.covers for run in runs for layer in run.layers)))):
        found = [next((x for x in run.layers if index in x.covers), None) for run in runs]
        known = [layer for layer in found if layer]
        row = [f"{index:2} {known[0].type}", f"{known[0].macs:,}"]
        for layer in found:
            row += _layer_cells(layer, index, runs[0])
        rows.append(row[:4] + row[5:])  # the baseline has no gain over itself
    return rows


def _layer_cells(layer: Layer | None, index: int, baseline: Run) -> list[str]:
    if layer is None:
        return ["", "", ""]
    if layer.covers[0] != index:
        return [f"in {layer.covers[0]}", "", ""]
    return figures(layer, baseline.over(layer.covers))


def figures(layer: Layer, baseline: int) -> list[str]:
    """Return instructions, instructions per MAC, and how many times fewer than the baseline's."""
    gain = f"{baseline / layer.instructions:.1f}x" if layer.instructions else ""
    return [f"{layer.instructions:,}", layer.per_mac, gain]


def verdict(network: tuple[str, str], runs: Mapping[str, Run]) -> str:
    """Return the network's ceilings and which of them the tuned kernels keep."""
    ceiling = CEILINGS.get(network)
    if ceiling is None or TUNED not in runs:
        return ""
    whole = runs[TUNED].whole
    return f"{ceiling}  {ceiling.reached(whole.instructions / whole.macs)}"


def _options(arguments: list[str] | None, networks: Sequence[Network]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [network.name for network in networks]
    parser.add_argument("--model", nargs="+", choices=names, default=names)
    parser.add_argument("--kernel", nargs="+", choices=KERNELS[1:], default=KERNELS[1:])
    parser.add_argument(
        "--quantize",
        nargs="+",
        choices=QUANTIZE_MODES,
        help="default: int8 and none, or the file's",
    )
    parser.add_argument("--layers", action="store_true", help="one row for each operator too")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    networks = workbench.networks()
    options = _options(arguments, networks)
    chosen = [network for network in networks if network.name in options.model]
    bench = workbench.prepare(chosen)
    kernels = (BASELINE, *options.kernel)
    table = empty_table(kernels, options.layers)
    failed: list[str] = []
    for network in chosen:
        for mode in network.measured(options.quantize):
            print(f"counting {network.name} ({mode})", file=sys.stderr)
            try:
                runs = {kernel: measure(bench, network.name, mode, kernel) for kernel in kernels}
            except UserError as error:  # the others are worth having all the same
                failed.append(f"{network.name} ({mode})")
                print(error.report(), file=sys.stderr)
                continue
            add_network(table, (network.name, mode), runs, options.layers)
    console = Console()
    # Where nobody looks on, in a file or a log, rows are not folded to a guessed width.
    (console if console.is_terminal else Console(width=200)).print(table)
    if failed:
        print(f"not counted: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
