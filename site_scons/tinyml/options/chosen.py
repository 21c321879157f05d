"""Parses and checks what was chosen on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml import boards
from tinyml.boards import Board
from tinyml.errors import UserError
from tinyml.options import available, handed_on
from tinyml.options.option import Option


@dataclass(frozen=True)
class Choice:
    """What one run of the build was asked for; the fields are the options.

    ``given`` are the words of the command line that shape the firmware.
    """

    board: str
    models: tuple[str, ...]
    quantize: str
    engine: str
    kernel: str
    opt: str
    arena: str
    clock: int | None
    fpu: str
    profile: bool
    require_upstream_cmsis_nn: bool
    timeout: int | None
    emulator_flags: tuple[str, ...]
    flash_flags: tuple[str, ...]
    monitor_flags: tuple[str, ...]
    debug: tuple[str, ...]
    verbose: bool
    components: tuple[str, ...]
    archive: Path | None
    overrides: Mapping[str, Path]
    baseline: str = ""
    threshold: str = ""
    given: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """Name of the variant's folder in ``build/``.

        A clock, arena, fpu or profile other than the default is part of the name too: switching
        there and back rebuilds nothing.
        """
        parts = [self.board, self.engine, self.kernel, self.quantize, self.opt]
        if self.clock is not None:
            parts.append(f"{self.clock}MHz")
        if self.arena != "separate":
            parts.append(f"{self.arena}arena")
        if self.fpu != "hard":
            parts.append(f"{self.fpu}fpu")
        if not self.profile:
            parts.append("noprofile")
        return "-".join(parts)


def parse(arguments: Mapping[str, str], root: Path) -> Choice:
    """Turn the command line's ``name=value`` pairs into a `Choice`.

    Raises:
        UserError: an option or a value that does not exist, or two that exclude each other.
    """
    known = {option.name: option for option in available.table(root)}
    for name in arguments:
        if name not in known:
            raise _unknown_option(name, known)
    for name, value in arguments.items():
        _check_value(known[name], value)
    chosen = {name: option.default for name, option in known.items()} | dict(arguments)
    components = available.components(root)
    board = boards.load(root / "firmware" / "boards" / chosen["board"])
    _check_virtual_board(board, arguments)
    _check_fpu(board, chosen["fpu"])
    if "kernel" not in arguments:
        chosen["kernel"] = _usual_kernel(board, chosen)
    _check_kernel(board, chosen)
    return Choice(
        board=chosen["board"],
        models=_models(chosen),
        quantize=chosen["quantize"],
        engine=chosen["engine"],
        kernel=chosen["kernel"],
        opt=chosen["opt"],
        arena=chosen["arena"],
        clock=int(chosen["clock"]) if "clock" in arguments else None,
        fpu=chosen["fpu"],
        profile=chosen["profile"] == "1",
        require_upstream_cmsis_nn=chosen.get("cmsis_nn", "auto") != "auto",
        timeout=int(chosen["timeout"]) if "timeout" in arguments else None,
        emulator_flags=handed_on.to_emulator(arguments),
        flash_flags=handed_on.to_flash(arguments),
        monitor_flags=handed_on.to_monitor(arguments),
        debug=handed_on.to_debug(arguments),
        verbose=chosen["verbose"] == "1",
        components=tuple(chosen["component"].split(",")) if "component" in arguments else (),
        archive=Path(chosen["archive"]) if "archive" in arguments else None,
        overrides={
            component: Path(chosen[name])
            for component in components
            if chosen[name := component.replace("-", "_")] not in ("auto", "upstream")
        },
        baseline=arguments.get("baseline", ""),
        threshold=arguments.get("threshold", ""),
        given=handed_on.to_another_commit(arguments, components),
    )


def _check_value(option: Option, value: str) -> None:
    if not option.accepts(value):
        raise UserError(
            f"{option.name}={value} is not possible",
            " or ".join(
                [*(f"{option.name}={allowed}" for allowed in option.values), *option.kinds]
            ),
            _closest(option.name, value, option.values),
        )


def _closest(name: str, value: str, values: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value, values, n=1)
    return f"scons {name}={close[0]}" if close else "scons -h lists every option and its values"


def unknown_target(name: str, targets: Collection[str]) -> UserError:
    """Return the error for a target that nothing makes; ``targets`` are those with a name."""
    close = difflib.get_close_matches(name, targets, n=1)
    return UserError(
        f"there is no target '{name}'",
        "a file that the build makes, or one of " + ", ".join(sorted(targets)),
        f"scons {close[0]}" if close else "scons -h lists every target",
    )


def _unknown_option(name: str, options: Mapping[str, Option]) -> UserError:
    close = difflib.get_close_matches(name, options, n=1)
    return UserError(
        f"there is no option '{name}'",
        "one of " + ", ".join(options),
        f"scons {close[0]}=..." if close else "scons -h lists every option and its values",
    )


def _check_fpu(board: Board, fpu: str) -> None:
    if fpu != "hard" and (board.core is None or board.core.float_abi == "soft"):
        raise UserError(
            f"fpu={fpu} has nothing to leave out: board={board.name} sets no FPU flags",
            "no fpu= option, or a board whose core has an FPU: board=stm32f746",
            f"scons board=stm32f746 fpu={fpu}",
        )


def _usual_kernel(board: Board, chosen: Mapping[str, str]) -> str:
    tuned = _is_cortex_m7(board) and chosen["engine"] == "aot" and chosen["fpu"] == "hard"
    return "cm7" if tuned else "reference"


def _check_kernel(board: Board, chosen: Mapping[str, str]) -> None:
    """Refuse kernels of ours for the Cortex-M7 where something else is asked for that they need."""
    if chosen["kernel"] != "cm7":
        return
    if chosen["engine"] == "tflm":
        raise UserError(
            "kernel=cm7 belongs to engine=aot: tflite-micro has kernels of its own",
            "kernel=reference or kernel=cmsis-nn with engine=tflm",
            f"scons board={board.name} engine=tflm kernel=cmsis-nn",
        )
    if chosen["fpu"] != "hard":
        raise UserError(
            "kernel=cm7 uses instructions of the FPU, which fpu=soft leaves out",
            "kernel=reference or kernel=cmsis-nn with fpu=soft",
            f"scons board={board.name} fpu=soft kernel=reference",
        )
    if not _is_cortex_m7(board):
        raise UserError(
            f"kernel=cm7 does not run on board={board.name}: its instructions are the Cortex-M7's",
            f"kernel=reference or kernel=cmsis-nn with board={board.name}",
            f"scons board={board.name} kernel=reference",
        )


def _is_cortex_m7(board: Board) -> bool:
    return board.core is not None and board.core.cpu == "cortex-m7"


def _check_virtual_board(board: Board, arguments: Mapping[str, str]) -> None:
    if board.emulator is not None and board.emulator.kind == "virtual":
        return
    for name in handed_on.EMULATORS:
        if arguments.get(name) == "pty":
            raise UserError(
                f"{name}=pty belongs to the virtual board; board={board.name} has another emulator",
                f"{name}=stdio, {name}=tcp:PORT or {name}=off; or board=stm32f746",
                f"scons board={board.name} emulate {name}=tcp:0",
            )
    for name in handed_on.VIRTUAL_BOARD:
        if name in arguments:
            raise UserError(
                f"{name}= belongs to the virtual board; board={board.name} has another emulator",
                "no such option, or a board with emulator kind virtual: board=stm32f746",
                f"scons board=stm32f746 emulate {name}={arguments[name]}",
            )


def _models(chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return the models of the firmware, in the order given."""
    models = tuple(chosen["model"].split(","))
    if len(set(models)) < len(models):
        raise UserError(
            f"model={chosen['model']} names a model twice",
            "each model once",
            f"scons model={','.join(dict.fromkeys(models))}",
        )
    if len(models) > 1 and chosen["engine"] == "tflm":
        raise UserError(
            f"engine=tflm runs one model, not the {len(models)} of model={chosen['model']}",
            "several models with engine=aot",
            f"scons model={chosen['model']} engine=aot",
        )
    return models
