"""Firmwares of engine=tflm around the stand-in for tflite-micro, without SCons."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.bare_firmware import FIRMWARE, PREFIX, ROOT, Kit
from tinyml import model_data
from tinyml.compiler.graph import parse
from tinyml.tflm import interface, resolver

STAND_IN = ROOT / "tests" / "third_party" / "standins" / "tflite-micro"
ENGINE = FIRMWARE / "engines" / "tflm"
SERVER = FIRMWARE / "server"
STUB = ROOT / "tests" / "firmware" / "server_stub.c"
EXPORTED = "-DTF_LITE_STATIC_MEMORY"
CXX_FLAGS = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wdouble-promotion", "-Wundef"]
FIELDS = ("BOARD", "MODEL", "ENGINE", "KERNEL", "QUANTIZE", "OPT")


@dataclass(frozen=True)
class Recipe:
    """What a firmware is made of, where it is not the usual."""

    app: str = "vectors"
    arena_bytes: int = 65536
    forgotten: str = ""  # an operator that the resolver does not add after all
    embedded: bytes = b""  # a model that it was not built for
    exported: Sequence[str] = (EXPORTED,)


def build(kit: Kit, folder: Path, model: bytes, recipe: Recipe) -> Path:
    """Compile the application, the engine and the stand-in; link them; return the ELF.

    Raises:
        AssertionError: with the compiler's messages, when it does not compile or link.
    """
    _write_generated(folder, model, recipe)
    flags = [
        *kit.flags,
        "-DPROFILE=1",
        f"-I{folder}",
        f"-I{ENGINE}",
        f"-I{SERVER}",
        *WARNINGS,
        "-Werror",
    ]
    app = [p for p in (FIRMWARE / "apps" / recipe.app).glob("*.c") if "posix" not in p.name]
    runtime = [FIRMWARE / "runtime" / f"{name}.c" for name in ("profile", "tensor")]
    c = [*app, *runtime, *ENGINE.glob("*.c"), *([STUB] if recipe.app == "mnist" else [])]
    _run([f"{PREFIX}gcc", "-std=c11", *flags, "-c", *map(str, c)], folder)
    _run([f"{PREFIX}gcc", *kit.flags, f"-Wa,-I{folder}", "-c", "model_data.S"], folder)
    cxx = [f"{PREFIX}g++", *CXX_FLAGS, *flags, *recipe.exported, f"-I{STAND_IN}", "-c"]
    _run([*cxx, *map(str, ENGINE.glob("*.cc"))], folder)
    objects = sorted(map(str, folder.glob("*.o")))
    library = folder / "library"
    library.mkdir()
    _run([*cxx, *map(str, STAND_IN.rglob("*.cc"))], library)
    _run([f"{PREFIX}ar", "rcsD", "libtflm.a", *sorted(p.name for p in library.iterdir())], library)
    elf = folder / f"{recipe.app}.elf"
    _run(
        [f"{PREFIX}gcc", *kit.flags, *objects, str(library / "libtflm.a"), str(kit.library)]
        + ["-lm", "-lstdc++", "-o", str(elf), "--specs=nano.specs", "-nostartfiles"]
        + [f"-Wl,-T,{kit.script}", "-Wl,--gc-sections", "-Wl,--fatal-warnings"],
        folder,
    )
    return elf


def _write_generated(folder: Path, model: bytes, recipe: Recipe) -> None:
    (folder / "m.tflite").write_bytes(recipe.embedded or model)
    graph = parse(model, "m.tflite")
    files = interface.files(graph, "m")
    files["op_resolver.h"] = resolver.header(graph)
    if recipe.forgotten:
        call = f"resolver.{recipe.forgotten}()"
        assert call in files["op_resolver.h"]
        files["op_resolver.h"] = files["op_resolver.h"].replace(call, "kTfLiteOk")
    files["arena_size.h"] = f"#define TFLM_ARENA_BYTES {recipe.arena_bytes}\n"
    files["build_info.h"] = "".join(
        f'#define BUILD_{field} "{field.lower()}"\n' for field in FIELDS
    )
    for name, text in files.items():
        (folder / name).write_text(text)
    data = model_data.load(folder / "m.tflite", "m_data")
    (folder / "model_data.h").write_text(model_data.header(data))
    (folder / "model_data.S").write_text(model_data.incbin_source(data))


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
