"""One variant of the build: from what the command line chose to an SCons environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from SCons.Environment import Environment

from tinyml import boards, components, models
from tinyml.errors import UserError
from tinyml.fetch import store
from tinyml.identifiers import require_apart

TOOLS = (
    "textfile",
    "toolchain",
    "whole_output",
    "rewrite_includes",
    "third_party_library",
    "cmake_library",
    "keras_to_tflite",
    "tflite_copy",
    "tflite_header",
    "tflite_compile",
    "op_resolver",
    "linker_script",
    "flatc",
    "firmware",
    "size_report",
    "size_budget",
    "size_diff",
    "size_picture",
    "size_table",
    "plan_report",
    "sbom",
    "emulate",
    "flash",
    "debug",
    "doctor",
    "notebook",
)


def environment(choice):
    """Return the construction environment for a `tinyml.options.Choice`.

    Raises:
        UserError: the choice cannot be built: a clock the board does not have, an engine or
            provider that is not there, a board or model description with a mistake.
    """
    described = [models.load(Path("models") / name) for name in choice.models]
    require_apart(choice.models)
    _require_apps(described)
    board = boards.load(Path("firmware/boards") / choice.board).with_fpu(choice.fpu)
    board = _placed(board, described, choice.engine)
    upstream = upstream_cmsis_nn(choice) if choice.kernel == "cmsis-nn" else None
    kernel = kernel_with_provider(choice.kernel, upstream)
    _notice(choice, board, kernel)
    env = Environment(
        tools=[],
        BOARD=board,
        BOARDDIR=f"firmware/boards/{choice.board}",
        MODELS=described,
        FIRMWARENAME="+".join(choice.models),
        CHOICE=choice,
        OPT=choice.opt,
        FPU=choice.fpu,
        KERNEL=choice.kernel,
        KERNELPROVIDER=kernel,
        CMSISNNUPSTREAM=upstream,
        COMPONENTOVERRIDES=choice.overrides,
        VARIANTDIR=f"build/{choice.variant}",
        BASELINEWORD=choice.baseline,
        THRESHOLD=choice.threshold,
        EMULATETIMEOUT=["--timeout", str(choice.timeout)] if choice.timeout else [],
        EMULATEFLAGS=list(choice.emulator_flags),
        FLASHFLAGS=[*choice.flash_flags, "--log", f"build/{choice.variant}/flash.log"],
        MONITORFLAGS=list(choice.monitor_flags),
        DEBUGFLAGS=list(choice.debug),
        TEXTFILESUFFIX="",
        ENV=_process_environment(),
        **_limits(board),
    )
    for tool in TOOLS:
        env.Tool(tool)
    if choice.verbose:
        # An empty COMSTR makes SCons print the command itself.
        env.Replace(**{name: "" for name in env.Dictionary() if name.endswith("COMSTR")})
    return env


def build_info(env):
    """Return what a firmware says of itself: the same words in its banner, report and JSON."""
    board, choice = env["BOARD"], env["CHOICE"]
    clock = board.clock and (choice.clock or board.clock.default_mhz)
    return {
        "board": choice.board,
        "model": env["FIRMWARENAME"],
        "engine": choice.engine,
        "kernel": env["KERNELPROVIDER"],
        "quantize": choice.quantize,
        "opt": choice.opt,
        "fpu": board.core.float_abi if board.core else "native",
        "clock_mhz": clock or 0,
    }


def upstream_cmsis_nn(choice):
    """Return which upstream CMSIS-NN is at hand, in words; None where there is none.

    Raises:
        UserError: the command line insists on upstream.
    """
    described = components.load(Path("third_party/cmsis-nn"))
    override = choice.overrides.get(described.name)
    if store.tree(described, override):
        return f"from {override}" if override else f"upstream {described.source.commit[:12]}"
    if choice.require_upstream_cmsis_nn:
        raise UserError(
            "cmsis_nn=upstream, but upstream CMSIS-NN has not been fetched",
            "its sources, or a checkout of yours: cmsis_nn=/folder",
            "scons fetch component=cmsis-nn",
        )
    return None


def kernel_with_provider(kernel, upstream):
    """Return the kernel's name and what is behind it: who provides it, or how much is tuned."""
    if kernel == "cmsis-nn":
        return f"cmsis-nn ({upstream or 'in-tree'})"
    if kernel == "cm7":
        kernels = Path("firmware/kernels")
        reference = {path.name for path in (kernels / "reference").glob("[a-z]*.c")}
        tuned = {path.name for path in (kernels / "cm7").glob("*.c")}
        return f"cm7 ({len(reference & tuned)} of {len(reference)} tuned)"
    return kernel


def _require_apps(described):
    """Refuse a model whose application does not exist."""
    apps = sorted(path.parent.name for path in Path("firmware/apps").glob("*/SConscript"))
    for model in described:
        if model.app not in apps:
            raise UserError(
                f"{model.folder}/model.toml app is {model.app!r}",
                f"one of {', '.join(apps)}",
                f"correct app in {model.folder}/model.toml",
            )


def _placed(board, described, engine):
    """Return the board with its memories used as the models want; a native program has none."""
    first = described[0]
    wanted = first.placement.choices()
    where = f"{first.folder}/model.toml for board={board.name}"
    for model in described[1:]:
        if model.placement.choices() != wanted:
            raise UserError(
                f"models {first.name} and {model.name} differ in [placement]",
                "arena, code and weights of all models of a firmware in the same memories",
                f"give {model.folder}/model.toml the [placement] of {first.folder}/model.toml",
            )
    placed = board.placed(wanted, where, "python -m tinyml.boards lists a board's memories")
    regions = placed.placement.regions() if placed.placement else {}
    if engine != "aot" and {"code", "weights"} & regions.keys():
        raise UserError(
            f"{where}: [placement] of code or weights with engine={engine}",
            "arena alone: tflite-micro's code and model stay where they are",
            f"scons board={board.name} engine=aot",
        )
    return placed


def _limits(board):
    """Return the memories for arena and weights, as the engines' builders take them."""
    limits = {}
    contents = board.placement.regions() if board.placement else {}
    for content in {"arena", "weights"} & contents.keys():
        limits[f"{content.upper()}REGION"] = contents[content]
        limits[f"{content.upper()}LIMIT"] = board.room(content)
    return limits


def _process_environment():
    """Return what a build step sees of the caller's environment: no more than it needs."""
    keep = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment["PYTHONPATH"] = str(Path("site_scons").resolve())
    return environment


def _notice(choice, board, kernel):
    """Say in one line each what a user should know before the build starts."""
    notes = []
    if choice.clock is not None:
        notes.append(board.check_clock(choice.clock))
    if choice.fpu == "soft":
        notes.append(
            "fpu=soft leaves the FPU out: each operation on floats is a call of a function;"
            " 'scons doctor' calls such an image an error"
        )
    if kernel == "cmsis-nn (in-tree)":
        notes.append(
            "kernel=cmsis-nn is provided in-tree (firmware/kernels/cmsis_nn):"
            " upstream CMSIS-NN has not been fetched"
        )
    if choice.kernel == "cm7":
        notes.append(f"kernel={kernel}: the others are the reference kernels")
    for note in filter(None, notes):
        print(f"scons: note: {note}", file=sys.stderr)
