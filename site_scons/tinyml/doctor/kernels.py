"""Which kernels do the work: tuned ones, or the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from tinyml.doctor.finding import Finding, check, info, ok, unknown, warning
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import listed

_REFERENCE = "kernels/reference/"
_CMSIS_NN = re.compile(r"arm_(convolve|depthwise_conv|fully_connected|.*_s8$|.*_s16$)")
_TFLM_REFERENCE = re.compile(r"_ZN6tflite\d+reference_(integer_)?ops\d+")
_TFLM = re.compile(r"_ZNK?6tflite16MicroInterpreter")


@check("kernels")
def kernels(patient: Patient) -> Iterator[Finding]:
    """The kernels that do the work are the fast ones."""
    if patient.plans:
        findings = list(_planned(patient))
    elif any(_TFLM.match(name) for name in patient.symbols):
        findings = list(_interpreted(patient))
    else:
        findings = [unknown("no plan of our compiler, and no tflite-micro, in this firmware")]
    yield from findings


def _planned(patient: Patient) -> Iterator[Finding]:
    for plan in patient.plans:
        kernel = plan.get("kernel")
        operators = [each for each in plan.get("operators", ()) if isinstance(each, dict)]
        for operator in operators:
            if operator.get("fallback"):
                yield warning(
                    f"{_called(operator)} fell back to our kernel: {operator['fallback']}",
                    "scons plan shows each operator's work; kernel=cm7 has no such limits",
                )
        if kernel == "reference" and _tuned_is_possible(patient):
            yield warning(
                f"{plan.get('name')} runs on the reference kernels, which are to be read",
                "build with kernel=cm7",
            )
        elif kernel == "cm7":
            yield from _untuned(patient, operators)
        elif kernel == "cmsis-nn" and not any(each.get("fallback") for each in operators):
            yield ok(f"{plan.get('name')}: every operator calls CMSIS-NN's interface")


def _called(operator: dict[str, object]) -> str:
    return f"operator {operator.get('index')}, {operator.get('type')}"


def _tuned_is_possible(patient: Patient) -> bool:
    core = patient.board.core if patient.board else None
    return core is not None and core.cpu == "cortex-m7"


def _untuned(patient: Patient, operators: list[dict[str, object]]) -> Iterator[Finding]:
    """Compare what is called with the sources that the debug information names."""
    reference = {PurePath(u.name).stem for u, _ in patient.linked if _REFERENCE in u.name}
    slow = [each for each in operators if each.get("function") in reference]
    heavy = [each for each in slow if each.get("macs")]
    if not patient.linked:
        yield unknown("the file has no debug information, so kernels cannot be told apart")
    elif heavy:
        yield warning(
            f"{listed(_called(each) for each in heavy)} run on reference kernels",
            "scons plan shows each operator's work; docs/performance.md what is tuned",
        )
    elif slow:
        yield info(f"no tuned kernel, and no MACs either: {listed(map(_called, slow))}")
    else:
        yield ok(f"{len(operators)} operators on tuned kernels")


def _interpreted(patient: Patient) -> Iterator[Finding]:
    tuned = [name for name in patient.symbols if _CMSIS_NN.match(name)]
    reference = [name for name in patient.symbols if _TFLM_REFERENCE.match(name)]
    if not tuned:
        yield warning(
            "tflite-micro without a function of CMSIS-NN: its reference kernels, several times"
            " slower",
            "build with kernel=cmsis-nn; upstream's Makefile: OPTIMIZED_KERNEL_DIR=cmsis_nn",
        )
    elif reference:
        yield info(
            f"{len(tuned)} functions of CMSIS-NN are linked, and {len(reference)} reference"
            " kernels: operators or types that CMSIS-NN does not have"
        )
    else:
        yield ok(f"{len(tuned)} functions of CMSIS-NN are linked")
