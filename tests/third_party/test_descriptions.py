"""third_party/*/component.toml against trees of upstream's layout, fetched and built for real."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from support import standins
from support.bare_firmware import component_includes
from support.scons_project import ROOT, SconsProject
from support.standins import Served
from tinyml import component_sources
from tinyml.components import Component

PROJECT = """
    from pathlib import Path
    from tinyml import boards
    board = boards.load(Path("{root}/firmware/boards/stm32f746"))
    env = Environment(
        tools=[], ENV={{"PATH": "/usr/bin:/bin"}}, BOARD=board, OPT="speed",
        KERNEL=ARGUMENTS["kernel"], VARIANTDIR="build/" + ARGUMENTS["kernel"],
        COMPONENTOVERRIDES={{"cmsis-core": Path("{core}")}},
    )
    for tool in ("toolchain", "rewrite_includes", "third_party_library"):
        env.Tool(tool)
    for name in Split(ARGUMENTS["use"]):
        user = env.Clone()
        user.UseComponents([name])
        program = user.Program(
            f"build/{{name}}.elf", f"{{name}}-user.{{ARGUMENTS['suffix']}}",
            LINKFLAGS=["-nostdlib", "-Wl,-e,user", "$LINKFLAGS"],
        )
        user.Default(program, user.get("LIBS", []))
    """


def test_licences_and_pins_are_given(described: dict[str, Component]) -> None:
    """Every component of the project has its licence and an exact source."""
    assert set(described) >= {"cmsis-core", "cmsis-dsp", "cmsis-nn", "tflite-micro"}
    assert {item.license for item in described.values()} == {
        "Apache-2.0",
        "BSD-3-Clause",
        "ISC",
    }
    assert all(len(item.source.pin) > 2 for item in described.values())


def test_a_replaced_kernel_has_a_replacement(described: dict[str, Component]) -> None:
    """For kernel=cmsis-nn, tflite-micro loses exactly the kernels that it gets anew."""
    library = described["tflite-micro"].library
    assert library
    part = library.kernel["cmsis-nn"]
    assert [PurePosixPath(path).name for path in part.sources] == [
        PurePosixPath(path).name for path in part.exclude
    ]
    assert "cmsis-nn" in part.requires


def test_every_path_is_in_the_tree(fetched: tuple[Component, Path]) -> None:
    """No pattern, include folder or licence file of a description is without a match."""
    component, tree = fetched
    assert (tree / component.license_file).is_file()
    assert all((tree / folder).is_dir() for folder in component.include)
    if component.library:
        parts = [component.library, *component.library.kernel.values()]
        patterns = [p for part in parts for p in (*part.sources, *part.exclude)]
        assert [p for p in patterns if not any(tree.glob(p))] == []


@pytest.mark.parametrize("kernel", ["reference", "cmsis-nn"])
@pytest.mark.parametrize("name", ["tflite-micro", "stm32f7xx-hal", "cmsis-device-f7"])
def test_the_right_sources_are_chosen(
    described: dict[str, Component], served: Served, name: str, kernel: str
) -> None:
    """Of upstream's files, the library is made of those that upstream's own build takes."""
    library = described[name].library
    assert library
    chosen = component_sources.sources(
        described[name], library.for_kernel(kernel), served.store / name
    )
    assert set(chosen) == standins.compiled(name, kernel)


@pytest.fixture(scope="module")
def project(served: Served) -> SconsProject:
    """Return an SCons project with the stand-ins as its components."""
    core = ROOT / component_includes("cmsis-core")[0].parents[2]
    return SconsProject(served.store.parents[1], PROJECT.format(root=ROOT, core=core))


def defined(archive: Path) -> set[str]:
    """Return the global symbols that an archive defines."""
    command = ["arm-none-eabi-nm", "--defined-only", "--extern-only", "--format=posix"]
    done = subprocess.run([*command, str(archive)], check=True, capture_output=True, text=True)
    return {line.split()[0] for line in done.stdout.splitlines() if " " in line}


@pytest.mark.live
@pytest.mark.parametrize("kernel", ["reference", "cmsis-nn"])
def test_tflite_micro_builds(project: SconsProject, kernel: str) -> None:
    """Library and user compile with what tflite-micro and its requirements export."""
    project.write(
        "tflite-micro-user.cc",
        """
        #include "tensorflow/lite/c/common.h"
        #include "fixedpoint/fixedpoint.h"
        #if FLATBUFFERS_PREFER_PRINTF != 1 || FLATBUFFERS_LOCALE_INDEPENDENT
        #error "the defines of what is required do not reach the user"
        #endif
        #if defined(CMSIS_NN) != {wanted}
        #error "a define of the kernel set is missing, or there for another"
        #endif
        extern "C" int user() { return sizeof(TfLiteTensor); }
        """.replace("{wanted}", str(int(kernel == "cmsis-nn"))),
    )
    project.scons(f"kernel={kernel}", "use=tflite-micro", "suffix=cc")
    folder = project.folder / "build" / kernel / "third_party"
    symbols = defined(folder / "tflite-micro" / "libtflite-micro.a")
    ours = {f"tensorflow/lite/micro/{name}.cc" for name in ("micro_interpreter", "micro_log")}
    fillers = {standins.symbol(path) for path in standins.compiled("tflite-micro", kernel) - ours}
    assert {name for name in symbols if name.startswith("standin_")} == fillers
    assert (folder / "cmsis-nn").exists() == (kernel == "cmsis-nn")


@pytest.mark.live
def test_cmsis_nn_builds(project: SconsProject) -> None:
    """The library has the functions that generated code calls, found by their header's name."""
    project.write(
        "cmsis-nn-user.c",
        """
        #include "arm_nnfunctions.h"
        int32_t user(const cmsis_nn_dims *dims);
        int32_t user(const cmsis_nn_dims *dims) {
            return arm_fully_connected_s8_get_buffer_size(dims);
        }
        """,
    )
    project.scons("kernel=cmsis-nn", "use=cmsis-nn", "suffix=c")
    symbols = defined(project.folder / "build/cmsis-nn/third_party/cmsis-nn/libcmsis-nn.a")
    functions = {path.stem for path in (standins.KERNELS / "cmsis_nn").glob("*.c")}
    assert functions <= symbols


@pytest.mark.live
def test_the_hal_builds(project: SconsProject) -> None:
    """ST's HAL takes its configuration from ST's template, the chip from an exported define."""
    project.write(
        "stm32f7xx-hal-user.c",
        """
        #include "stm32f7xx_hal.h"
        uint32_t user(void);
        uint32_t user(void) { return HAL_GetREVID() + SystemCoreClock + HSE_VALUE; }
        """,
    )
    project.scons("kernel=reference", "use=stm32f7xx-hal", "suffix=c")
    folder = project.folder / "build" / "reference" / "third_party"
    assert "HAL_GetREVID" in defined(folder / "stm32f7xx-hal" / "libstm32f7xx-hal.a")
    assert "SystemCoreClock" in defined(folder / "cmsis-device-f7" / "libcmsis-device-f7.a")


@pytest.mark.live
def test_debian_headers_compile_for_the_board(project: SconsProject, served: Served) -> None:
    """Headers from the host's /usr/include come without the host's C library."""
    done = served.fetch("flatbuffers", "gemmlowp")
    assert done.returncode == 0, done.stderr
    project.write("point.fbs", "table Point { x: int; } root_type Point;")
    subprocess.run(["flatc", "--cpp", "point.fbs"], cwd=project.folder, check=True)
    project.write(
        "flatbuffers-user.cc",
        """
        #include "point_generated.h"
        extern "C" int user(const void *bytes) { return GetPoint(bytes)->x(); }
        """,
    )
    project.write(
        "gemmlowp-user.cc",
        """
        #include "fixedpoint/fixedpoint.h"
        extern "C" int32_t user(int32_t x) { return gemmlowp::RoundingDivideByPOT(x, 3); }
        """,
    )
    project.scons("kernel=reference", "use=flatbuffers gemmlowp", "suffix=cc")
    command = ["arm-none-eabi-readelf", "--debug-dump=line", "build/flatbuffers.elf"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True)
    assert "build/relocated/flatbuffers" in done.stdout
    assert not re.search("/usr/include/(?!newlib)", done.stdout)


def test_a_moved_pin_is_refused(served: Served, tmp_path: Path) -> None:
    """A commit that the repository does not have leaves the good tree and says what is wrong."""
    description = served.third_party / "tflm-ruy" / "component.toml"
    good = description.read_text()
    commit = standins.components.load(description.parent).source.commit
    assert commit
    try:
        description.write_text(good.replace(commit, "0" * 39 + "1"))
        done = served.fetch("tflm-ruy")
    finally:
        description.write_text(good)
    assert done.returncode == 1
    assert "tflm-ruy" in done.stderr
    assert (served.store / "tflm-ruy" / "ruy" / "profiler" / "instrumentation.h").is_file()
