"""``--explain``: what a model file is, in words and one row a layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tinyml.convert.load import Layer, Source, Tensor
from tinyml.convert.quantize import Fixed


def explain(source: Source, fixed: Fixed) -> str:
    """Return the text: origin, repairs, parameters, inputs, outputs, layers."""
    lines = [
        f"{source.path}: written by {source.written_by}, {source.parameters:,} parameters",
        *(f"  input   {_tensor(tensor)}" for tensor in source.inputs),
        *(f"  output  {_sizes(out.shape)} {out.dtype.name}" for out in fixed.function.outputs),
        *(f"  repair  {note}" for note in source.repairs or ["none needed"]),
    ]
    return "\n".join([*lines, *_table(source.layers)]) + "\n"


def _tensor(tensor: Tensor) -> str:
    return f"{_sizes((1, *tensor.shape))} {tensor.dtype} {tensor.name!r}"


def _sizes(shape: Iterable[int]) -> str:
    return "x".join(str(size) for size in shape)


def _table(layers: tuple[Layer, ...]) -> Iterator[str]:
    """Yield the layers in columns as wide as their longest entry."""
    rows = [(row.name, row.kind, row.output, f"{row.parameters:,}") for row in layers]
    if not rows:
        return
    rows.insert(0, ("layer", "class", "output", "parameters"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *texts, number in rows:
        cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
        yield "  " + "  ".join([*cells, number.rjust(widths[-1])])
