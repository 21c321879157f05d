"""A model through our compiler: to C, to a shared library of this computer, and its answers."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Plan, prepare

ROOT = Path(__file__).resolve().parents[2]
KERNELS = ROOT / "firmware" / "kernels"
INCLUDES = (
    "firmware/runtime",
    "firmware/kernels/include",
    "firmware/kernels/cmsis_nn/include",
    "firmware/kernels/cm7",
)
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wdouble-promotion", "-Wconversion", "-Werror")
C_FLAGS = ("-std=c11", "-ffp-contract=off", *(f"-I{ROOT / path}" for path in INCLUDES), *WARNINGS)
HOST_FLAGS = ("-O2", "-fPIC", "-g", "-fsanitize=undefined", "-fno-sanitize-recover=undefined")

Array = np.ndarray[Any, np.dtype[Any]]


class _Tensor(ctypes.Structure):
    """Struct inference_tensor of inference.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("rank", ctypes.c_uint32),
        ("shape", ctypes.POINTER(ctypes.c_int32)),
        ("bytes", ctypes.c_uint32),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
        ("data", ctypes.c_void_p),
    )


class _Model(ctypes.Structure):
    """Struct inference_model of inference.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("inputs", ctypes.POINTER(_Tensor)),
        ("outputs", ctypes.POINTER(_Tensor)),
        ("operators", ctypes.c_void_p),
        ("input_count", ctypes.c_uint32),
        ("output_count", ctypes.c_uint32),
        ("operator_count", ctypes.c_uint32),
        ("arena_bytes", ctypes.c_uint32),
        ("weight_bytes", ctypes.c_uint32),
        ("state_bytes", ctypes.c_uint32),
        ("invoke", ctypes.CFUNCTYPE(ctypes.c_int)),
        ("initialise", ctypes.CFUNCTYPE(ctypes.c_int)),
        ("reset", ctypes.CFUNCTYPE(None)),
    )


_DTYPES = (np.float32, np.int8, np.uint8, np.int16, np.int32)  # enum inference_type


@dataclass(frozen=True)
class HostModel:
    """A model in a shared library, initialised."""

    model: _Model

    @classmethod
    def load(cls, library: Path, name: str) -> HostModel:
        """Return the model called ``name`` in a shared library."""
        model = _Model.in_dll(ctypes.CDLL(str(library)), f"{name}_model")
        assert not model.initialise or model.initialise() == 0
        return cls(model)

    def reset(self) -> None:
        """Give the variables, if there are any, their initial values."""
        if self.model.reset:
            self.model.reset()

    def run(self, inputs: list[Array]) -> list[Array]:
        """Return copies of the outputs for one inference."""
        assert len(inputs) == self.model.input_count
        for i, array in enumerate(inputs):
            tensor = self.model.inputs[i]
            assert array.nbytes == tensor.bytes and array.dtype == _DTYPES[tensor.type]
            ctypes.memmove(tensor.data, np.ascontiguousarray(array).ctypes.data, tensor.bytes)
        assert self.model.invoke() == 0
        return [_copy(self.model.outputs[i]) for i in range(self.model.output_count)]


def _copy(tensor: _Tensor) -> Array:
    shape = tuple(tensor.shape[i] for i in range(tensor.rank))
    raw = ctypes.string_at(tensor.data, tensor.bytes)
    return np.frombuffer(raw, _DTYPES[tensor.type]).reshape(shape)


def write(data: bytes, folder: Path, kernel: str = "reference", name: str = "model") -> Plan:
    """Compile a model's bytes into ``folder`` and return the plan."""
    plan = prepare(parse(data, "model.tflite"), kernel)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in emit(plan, name, "a test").items():
        path = folder / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return plan


def kernel_library(
    folder: Path,
    compiler: str = "gcc",
    flags: tuple[str, ...] = HOST_FLAGS,
    kernel: str = "reference",
) -> Path:
    """Compile all kernels into ``folder``/libkernels.a, those of ``kernel`` where it has its own.

    The host runs none of cm7/, whose instructions are the Cortex-M7's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = {path.name: path for path in KERNELS.glob("reference/[a-z]*.c")}
    sources |= {path.name: path for path in KERNELS.glob(f"{kernel}/[a-z]*.c")}
    sources |= {path.name: path for path in KERNELS.glob("cmsis_nn/*.c")}
    run([compiler, *C_FLAGS, *flags, "-c", *map(str, sources.values())], folder)
    objects = sorted(str(path) for path in folder.glob("*.o"))
    run([compiler.replace("gcc", "ar"), "rcs", "libkernels.a", *objects], folder)
    return folder / "libkernels.a"


def shared_library(folder: Path, kernels: Path) -> Path:
    """Compile the generated model in ``folder`` into a shared library."""
    target = folder / "model.so"
    sources = ("model.c", "model_weights.S")
    link = ("-shared", "-I.", "-O1", *C_FLAGS, *HOST_FLAGS[1:])
    run(["gcc", *link, "-o", target.name, *sources, str(kernels), "-lm"], folder)
    return target


def objects(
    folder: Path, compiler: str = "gcc", flags: tuple[str, ...] = ("-O1", *HOST_FLAGS[1:])
) -> list[str]:
    """Compile the generated model in ``folder`` and return the paths of its objects."""
    run([compiler, *C_FLAGS, *flags, "-c", "model.c", "model_weights.S"], folder)
    return [str(folder / "model.o"), str(folder / "model_weights.o")]


def run(command: list[str], folder: Path) -> None:
    """Run a tool, and fail with what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
