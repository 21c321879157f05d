"""Small trees with the layout of libraries that are described, but cannot be fetched here.

``third_party/standins/NAME/`` holds files of our own, ``NAME.files`` the paths of upstream's that
matter to the description, each with the kernels for which the library is to have it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from support.scons_project import ROOT
from tinyml import components

STANDINS = ROOT / "tests" / "third_party" / "standins"
THIRD_PARTY = ROOT / "third_party"
KERNELS = ROOT / "firmware" / "kernels"
# Where CMSIS-NN keeps the functions of our in-tree interface.
GROUPS = {
    "arm_avgpool": "PoolingFunctions",
    "arm_max_pool": "PoolingFunctions",
    "arm_convolve": "ConvolutionFunctions",
    "arm_depthwise": "ConvolutionFunctions",
    "arm_elementwise": "BasicMathFunctions",
    "arm_fully": "FullyConnectedFunctions",
    "arm_softmax": "SoftmaxFunctions",
}
# What the sources of a library need of the headers and defines that reach them.
NEEDS = {
    "tflite-micro": """
        #include "fixedpoint/fixedpoint.h"
        #include "flatbuffers/flatbuffers.h"
        #include "ruy/profiler/instrumentation.h"
        #if !defined(TF_LITE_STATIC_MEMORY) || FLATBUFFERS_LOCALE_INDEPENDENT
        #error "an exported define is missing"
        #endif
        """,
    "stm32f7xx-hal": """
        #include "stm32f7xx_hal.h"
        #if !defined(USE_HAL_DRIVER) || !defined(STM32F746xx) || HSE_VALUE != 25000000
        #error "a define is missing"
        #endif
        """,
}
CMSIS_NN_GLUE = (
    '#include "Include/arm_nnfunctions.h"\n#ifndef CMSIS_NN\n#error "no CMSIS_NN"\n#endif\n'
)


def layout(name: str) -> dict[str, str]:
    """Return upstream's paths and their marks: always, reference, cmsis-nn or never."""
    lines = (STANDINS / f"{name}.files").read_text().splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {path: mark for mark, path in pairs}


def compiled(name: str, kernel: str) -> set[str]:
    """Return the paths that the library is to be made of."""
    return {path for path, mark in layout(name).items() if mark in ("always", kernel)}


def symbol(path: str) -> str:
    """Return the name of the function in the filler of ``path``."""
    return "standin_" + re.sub(r"\W", "_", path)


def plant(name: str, folder: Path) -> Path:
    """Make the stand-in of component ``name`` in ``folder``, which must not exist; return it."""
    if name == "cmsis-nn":
        return _plant_cmsis_nn(folder)
    shutil.copytree(STANDINS / name, folder)
    if (STANDINS / f"{name}.files").exists():
        for path in layout(name):
            _fill(folder / path, path, NEEDS.get(name, ""))
    return folder


def _fill(file: Path, path: str, needs: str) -> None:
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f"// STAND-IN for {path}.\n"
    if file.suffix in (".c", ".cc"):
        linkage = 'extern "C" ' if file.suffix == ".cc" else ""
        glue = CMSIS_NN_GLUE if "/cmsis_nn/" in path else ""
        needs = "\n".join(line.strip() for line in needs.splitlines())
        text += f"{needs}\n{glue}{linkage}int {symbol(path)}(void);\n"
        text += f"int {symbol(path)}(void) {{ return 0; }}\n"
    file.write_text(text)


def _plant_cmsis_nn(folder: Path) -> Path:
    """Put our in-tree implementation of CMSIS-NN's interface where upstream has its own."""
    include, source = folder / "Include", folder / "Source"
    include.mkdir(parents=True)
    interface = KERNELS / "cmsis_nn"
    for header in [*interface.rglob("*.h"), *(KERNELS / "include").glob("*.h")]:
        shutil.copy(header, include)
    for file in interface.glob("*.c"):
        group = next(group for prefix, group in GROUPS.items() if file.name.startswith(prefix))
        (source / group).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, source / group)
    (source / "NNSupportFunctions").mkdir()
    for file in (KERNELS / "reference").glob("*_int8.c"):
        shutil.copy(file, source / "NNSupportFunctions" / f"arm_nn_{file.name}")
    (folder / "LICENSE").write_text("STAND-IN for CMSIS-NN: files of this project.\n")
    return folder


@dataclass(frozen=True)
class Served:
    """Stand-ins in local git repositories, with descriptions that pin their commits."""

    third_party: Path
    store: Path
    environment: dict[str, str]

    def fetch(self, *names: str) -> subprocess.CompletedProcess[str]:
        """Run the project's own `fetch`; git finds upstream's URLs in the local repositories."""
        folders = ["--third-party", str(self.third_party), "--store", str(self.store)]
        return subprocess.run(
            [sys.executable, "-m", "tinyml.fetch", *folders, *names],
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT / "site_scons")},
            capture_output=True,
            text=True,
            check=False,
        )


def serve(names: Iterable[str], folder: Path) -> Served:
    """Commit the stand-ins ``names`` to repositories; describe everything in ``folder``."""
    third_party = folder / "third_party"
    environment = {}
    for name, described in components.load_all(THIRD_PARTY).items():
        text = (described.folder / "component.toml").read_text()
        if name in names:
            repository = plant(name, folder / "repositories" / name)
            assert described.source.commit and described.source.url
            text = text.replace(described.source.commit, _commit(repository))
            index = len(environment) // 2
            environment[f"GIT_CONFIG_KEY_{index}"] = f"url.{repository}.insteadOf"
            environment[f"GIT_CONFIG_VALUE_{index}"] = described.source.url
        (third_party / name).mkdir(parents=True)
        (third_party / name / "component.toml").write_text(text)
    environment["GIT_CONFIG_COUNT"] = str(len(environment) // 2)
    return Served(third_party, folder / "build" / "third_party", environment)


def _commit(repository: Path) -> str:
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Stand-in"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()
