"""One variant of the build: from what the command line chose to an SCons environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from SCons.Environment import Environment

from tinyml import boards, models
from tinyml.errors import UserError

TOOLS = (
    "textfile",
    "toolchain",
    "whole_output",
    "keras_to_tflite",
    "tflite_header",
    "tflite_compile",
    "linker_script",
    "firmware",
    "size_report",
    "emulate",
)


def environment(choice):
    """Return the construction environment for a `tinyml.options.Choice`.

    Raises:
        UserError: the choice cannot be built: a clock the board does not have, an engine or
            provider that is not there, a board or model description with a mistake.
    """
    board = boards.load(Path("firmware/boards") / choice.board)
    model = models.load(Path("models") / choice.model)
    _refuse_absent_upstream(choice)
    _notice(choice, board)
    env = Environment(
        tools=[],
        BOARD=board,
        BOARDDIR=f"firmware/boards/{board.name}",
        MODEL=model,
        CHOICE=choice,
        OPT=choice.opt,
        KERNEL=choice.kernel,
        VARIANTDIR=f"build/{choice.variant}",
        EMULATETIMEOUT=choice.timeout,
        TEXTFILESUFFIX="",
        TEXTFILECOMSTR="  TEXT     $TARGET",
        ENV=_process_environment(),
    )
    for tool in TOOLS:
        env.Tool(tool)
    if choice.verbose:
        # An empty COMSTR makes SCons print the command itself.
        env.Replace(**{name: "" for name in env.Dictionary() if name.endswith("COMSTR")})
    return env


def build_info(choice, board, model):
    """Return what a firmware says of itself: the same words in its banner, report and JSON."""
    clock = board.clock and (choice.clock or board.clock.default_mhz)
    return {
        "board": choice.board,
        "model": model.name,
        "engine": choice.engine,
        "kernel": kernel_with_provider(choice),
        "quantize": choice.quantize,
        "opt": choice.opt,
        "clock_mhz": clock or 0,
    }


def kernel_with_provider(choice):
    """Return the kernel's name and what is behind it: who provides it, or how much is tuned."""
    if choice.kernel == "cmsis-nn":
        return "cmsis-nn (in-tree)"
    if choice.kernel == "cm7":
        kernels = Path("firmware/kernels")
        reference, tuned = (
            {p.name for p in (kernels / s).glob("*.c")} for s in ("reference", "cm7")
        )
        return f"cm7 ({len(reference & tuned)} of {len(reference)} tuned)"
    return choice.kernel


def _process_environment():
    """Return what a build step sees of the caller's environment: no more than it needs."""
    keep = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment["PYTHONPATH"] = str(Path("site_scons").resolve())
    return environment


def _refuse_absent_upstream(choice):
    if choice.engine == "tflm":
        raise UserError(
            "engine=tflm needs upstream tflite-micro, which this version cannot fetch yet",
            "engine=aot, our own compiler",
            f"scons board={choice.board} model={choice.model} engine=aot",
        )
    if choice.cmsis_nn == "upstream":
        raise UserError(
            "cmsis_nn=upstream needs upstream CMSIS-NN, which this version cannot fetch yet",
            "cmsis_nn=auto, which uses the in-tree implementation of CMSIS-NN's interface",
            f"scons board={choice.board} kernel=cmsis-nn",
        )


def _notice(choice, board):
    """Say in one line each what a user should know before the build starts."""
    notes = []
    if choice.clock is not None:
        notes.append(board.check_clock(choice.clock))
    if choice.kernel == "cmsis-nn":
        notes.append(
            "kernel=cmsis-nn is provided in-tree (firmware/kernels/cmsis_nn):"
            " upstream CMSIS-NN has not been fetched"
        )
    if choice.kernel == "cm7":
        notes.append(f"kernel={kernel_with_provider(choice)}: the others are the reference kernels")
    for note in filter(None, notes):
        print(f"scons: note: {note}", file=sys.stderr)
