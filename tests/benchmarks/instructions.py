"""Instructions per inference of every model, kernel set and mode, as one table of figures.

``python tests/benchmarks/instructions.py`` builds each variant with scons and runs it on the
emulated Cortex-M7 (board=mps2-an500), which counts instructions exactly and repeatably. They are
not cycles: nothing is said of caches, wait states or what issues in pairs. A MAC is a nominal
multiply-accumulate, as the model defines it, whether or not a kernel executes it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "site_scons")]

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from support import project  # noqa: E402
from tinyml.errors import UserError, exit_status  # noqa: E402
from tinyml.options import QUANTIZE_MODES, folders_with  # noqa: E402

BOARD = "mps2-an500"
BASELINE = "reference"
KERNELS = (BASELINE, "cm7", "cmsis-nn")
MODES = ("int8", "none")
OPERATOR = re.compile(r"^([A-Z][A-Z0-9_]*) +(\d+) +(\d+)$", re.MULTILINE)
TOTAL = re.compile(r"^total +(\d+) instructions$", re.MULTILINE)


@dataclass(frozen=True)
class Layer:
    """One operator of one inference."""

    type: str
    macs: int
    instructions: int


@dataclass(frozen=True)
class Run:
    """One inference of one variant; ``instructions`` are those of the whole call."""

    layers: tuple[Layer, ...]
    instructions: int

    @property
    def whole(self) -> Layer:
        """The network as if it were one layer."""
        return Layer("total", sum(layer.macs for layer in self.layers), self.instructions)


def parse(output: str) -> Run:
    """Read what the firmware prints.

    Raises:
        UserError: it printed no counts.
    """
    total = TOTAL.search(output)
    layers = tuple(Layer(name, int(a), int(b)) for name, a, b in OPERATOR.findall(output))
    if total is None or not layers:
        raise UserError(
            "the firmware printed no instructions per operator",
            "an application that prints its profile, as firmware/apps/mnist does",
            "look at the output of scons emulate with the same options",
        )
    return Run(layers, int(total[1]))


def measure(model: str, quantize: str, kernel: str) -> Run:
    """Build one variant and run it.

    Raises:
        UserError: the variant cannot be built or run.
    """
    words = (f"board={BOARD}", f"model={model}", f"quantize={quantize}", f"kernel={kernel}")
    result = project.scons("emulate", *words)
    if result.returncode:
        raise UserError(
            f"scons emulate {' '.join(words)} failed:\n{result.stdout}{result.stderr}",
            "variants that build and run",
            "correct what scons says, or choose others with --model, --kernel, --quantize",
        )
    return parse(result.stdout)


def cells(layer: Layer, baseline: Layer) -> list[str]:
    """Return instructions, instructions per MAC and the share of the baseline's."""
    per_mac = f"{layer.instructions / layer.macs:.2f}" if layer.macs else ""
    share = f"{layer.instructions / baseline.instructions:.2f}"
    return [f"{layer.instructions:,}", per_mac, *([] if layer is baseline else [share])]


def add_network(table: Table, title: str, runs: Sequence[Run]) -> None:
    """Add one row a layer and one for the whole network; the first run is the baseline."""
    table.add_section()
    for number, layers in enumerate(zip(*(run.layers for run in runs), strict=True)):
        row = [cell for layer in layers for cell in cells(layer, layers[0])]
        name = f"{number:2} {layers[0].type}"
        table.add_row(title if number == 0 else "", name, f"{layers[0].macs:,}", *row)
    totals = [run.whole for run in runs]
    row = [cell for layer in totals for cell in cells(layer, totals[0])]
    table.add_row("", "total", f"{totals[0].macs:,}", *row)


def empty_table(kernels: Sequence[str]) -> Table:
    """Return the table's head; the first of ``kernels`` is the baseline."""
    table = Table(title=f"instructions per inference, board={BOARD}")
    table.add_column("model")
    table.add_column("layer")
    table.add_column("MACs", justify="right")
    for kernel in kernels:
        table.add_column(kernel, justify="right")
        table.add_column("/MAC", justify="right")
        if kernel != kernels[0]:
            table.add_column(f"of {kernels[0]}", justify="right")
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    models = folders_with(ROOT / "models", "model.toml")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", choices=models, default=models)
    parser.add_argument("--kernel", nargs="+", choices=KERNELS[1:], default=KERNELS[1:])
    parser.add_argument("--quantize", nargs="+", choices=QUANTIZE_MODES, default=MODES)
    options = parser.parse_args(arguments)
    kernels = (BASELINE, *options.kernel)
    table = empty_table(kernels)
    for model in options.model:
        for quantize in options.quantize:
            runs = [measure(model, quantize, kernel) for kernel in kernels]
            add_network(table, f"{model} ({quantize})", runs)
    console = Console()
    # Where nobody looks on, in a file or a log, rows are not folded to a guessed width.
    (console if console.is_terminal else Console(width=200)).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
