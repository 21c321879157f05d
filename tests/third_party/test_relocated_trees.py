"""Whole libraries by other people, relocated: they compile, and follow their original."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.scons_project import ROOT, SconsProject
from support.third_party_project import component, project
from tinyml import components
from tinyml.fetch import store
from tinyml.rewrite_includes import scan
from tinyml.rewrite_includes.search import files

pytestmark = pytest.mark.live
RELATIVE = "[[rewrite]]\nrelative = true\n"
# Each group's aggregate file includes the others, so that sixteen compilations are the library.
DSP = component(
    "dsp",
    """include = ["Include"]
requires = ["core"]
[library]
sources = ["Source/*/*Functions.c", "Source/CommonTables/CommonTables.c"]
private_include = ["PrivateInclude"]
defines = { DISABLEFLOAT16 = "" }
"""
    + RELATIVE,
)
CORE = component("core", 'include = ["CMSIS/Core/Include"]')
GEMMLOWP = Path("/usr/include/gemmlowp")


def fetched(name: str) -> Path:
    """Return the fetched tree of a component of the project, or skip."""
    described = components.load(ROOT / "third_party" / name)
    tree = store.tree(described, store=ROOT / store.STORE)
    if tree is None:
        pytest.skip(f"{name} has not been fetched: scons fetch component={name}")
    return tree


@pytest.fixture(scope="module")
def dsp(tmp_path_factory: pytest.TempPathFactory) -> SconsProject:
    """Return a project in which CMSIS-DSP has been relocated and compiled for a Cortex-M7."""
    folder = tmp_path_factory.mktemp("dsp")
    for part in ("Include", "PrivateInclude", "Source"):
        shutil.copytree(fetched("cmsis-dsp") / part, folder / "trees/dsp" / part)
    shutil.copytree(fetched("cmsis-core"), folder / "trees/core")
    script = """
app = env.Clone()
app.UseComponents(["dsp"])
app.Object("user.o", "user.c")
app.Object("stranger.o", "stranger.c")
"""
    users = {"user.c": "#include <arm_math.h>\n", "stranger.c": "#include <stdint.h>\n"}
    made = project(folder, script, DSP, CORE, users, fake=False, board="stm32f746")
    made.scons("-j2")
    return made


def compiled(built: SconsProject) -> set[str]:
    """Build, and return the names of what was compiled."""
    lines = built.scons("-j2").stdout.splitlines()
    return {Path(line.split()[-1]).name for line in lines if line.startswith("  CC ")}


def again(tree: Path, output: Path, *options: str) -> None:
    """Relocate ``tree`` by the command, relative to the including file."""
    subprocess.run(
        [sys.executable, "-m", "tinyml.rewrite_includes", tree, output, "--relative", *options],
        env={"PYTHONPATH": str(ROOT / "site_scons")},
        capture_output=True,
        check=True,
    )


def assert_same(one: Path, other: Path) -> None:
    """Compare two trees file by file."""
    assert files(one) == files(other) != ()
    for name in files(one):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_cmsis_dsp_compiles_and_is_done(dsp: SconsProject, tmp_path: Path) -> None:
    """All of it, from the copy; relocating the copy once more changes no byte of it."""
    archive = dsp.folder / "build/v/third_party/dsp/libdsp.a"
    names = subprocess.check_output(
        ["arm-none-eabi-nm", "-g", "--defined-only", archive], text=True, stderr=subprocess.DEVNULL
    )
    assert {"arm_cfft_f32", "arm_biquad_cascade_df1_f32", "arm_mat_mult_q15"} < set(names.split())
    report = (dsp.folder / "build/relocated/dsp.includes.txt").read_text()
    assert "0 lead to nothing" in report
    copy = dsp.folder / "build/relocated/dsp"
    name = "Source/BasicMathFunctions/arm_abs_f32.c"  # with a BOM and CRLF
    original, moved = (dsp.folder / "trees/dsp" / name, copy / name)
    assert b'#include "../../Include/dsp/basic_math_functions.h"\r\n' in moved.read_bytes()
    one, other = (re.sub(rb'"[^"]*/', b'"', path.read_bytes()) for path in (original, moved))
    assert one == other
    again(copy, tmp_path / "twice", "--include", "PrivateInclude", "--include", "Include")
    assert_same(tmp_path / "twice", copy)
    assert compiled(dsp) == set()


@pytest.mark.parametrize("header", ["PrivateInclude/arm_sorting.h", "Include/dsp/svm_functions.h"])
def test_one_header_of_cmsis_dsp(dsp: SconsProject, header: str) -> None:
    """Those recompile that the compiler says include it, and at most those whose text does.

    SCons follows an include in a branch that the preprocessor skips, as it should: what is skipped
    may depend on anything.
    """
    copy = dsp.folder / "build/relocated/dsp"
    sources = [
        *copy.glob("Source/*/*Functions.c"),
        dsp.folder / "user.c",
        dsp.folder / "stranger.c",
    ]
    dependants = {
        source.with_suffix(".o").name
        for source in sources
        if str(copy / header) in preprocessor(dsp, source, copy, "-M").split()
    }
    textual = {s.with_suffix(".o").name for s in sources if copy / header in reached(s, copy)}
    assert dependants <= textual < {source.with_suffix(".o").name for source in sources}
    path = dsp.folder / "trees/dsp" / header
    path.write_bytes(path.read_bytes() + b"// changed\n")
    redone = compiled(dsp)
    assert dependants <= redone <= textual
    assert compiled(dsp) == set()


def reached(source: Path, copy: Path) -> set[Path]:
    """Return every file of the relocated tree that an include in ``source`` leads to in the end."""
    found: set[Path] = set()
    new = {source}
    while new:
        names = [
            (file.parent if item.form == "quoted" else copy / "Include") / item.path.decode()
            for file in new
            for item in scan.includes(file.read_bytes())
        ]
        new = {path.resolve() for path in names if path.is_file()} - found
        found |= new
    return found


def preprocessor(dsp: SconsProject, source: Path, tree: Path, *options: str) -> str:
    """Return what the preprocessor says of ``source``, with CMSIS-DSP in ``tree``."""
    folders = [
        tree / "PrivateInclude",
        tree / "Include",
        dsp.folder / "trees/core/CMSIS/Core/Include",
    ]
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"]
    command += ["-DDISABLEFLOAT16", *(f"-I{folder}" for folder in folders), *options, str(source)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return re.sub(r"(?<= )(/\S+)", lambda name: str(Path(name[1]).resolve()), said)


def test_the_compiler_agrees_on_what_is_included(dsp: SconsProject) -> None:
    """The preprocessor sees the same program in the relocated tree as in the original."""
    trees = [dsp.folder / name for name in ("build/relocated/dsp", "trees/dsp")]
    for group in ("SupportFunctions", "TransformFunctions", "SVMFunctions"):
        here, there = (
            preprocessor(dsp, tree / f"Source/{group}/{group}.c", tree, "-E", "-P")
            for tree in trees
        )
        assert here == there != ""


def test_gemmlowp_compiles_and_is_done(tmp_path: Path) -> None:
    """C++ headers without a library: the copy compiles, and a second relocation changes nothing."""
    if not GEMMLOWP.is_dir():
        pytest.skip("no /usr/include/gemmlowp: apt-get install libgemmlowp-dev")
    script = """
env.UseComponents(["gemm"])
env.Object("user.o", "user.cc")
"""
    user = (
        "#include <public/gemmlowp.h>\n#include <fixedpoint/fixedpoint.h>\n"
        "int f(int a, int b) { return gemmlowp::SaturatingRoundingDoublingHighMul(a, b); }\n"
    )
    described = component("gemm", f'include = ["."]\n{RELATIVE}')
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees/gemm").symlink_to(GEMMLOWP)
    built = project(tmp_path, script, described, {"user.cc": user}, fake=False)
    built.scons()
    copy = tmp_path / "build/relocated/gemm"
    again(copy, tmp_path / "twice", "--include", ".")
    assert_same(tmp_path / "twice", copy)
    assert "0 lead to nothing" in copy.with_name("gemm.includes.txt").read_text()


def test_an_installed_package_is_taken_apart(tmp_path: Path) -> None:
    """A cross compiler is shown the package's headers and none of the host's around them."""
    fetched("flatbuffers")
    script = """
env.UseComponents(["flatbuffers"])
env.Append(CCFLAGS=["-MD"])
env.Object("user.o", "user.cc")
"""
    described = (ROOT / "third_party/flatbuffers/component.toml").read_text()
    user = "#include <flatbuffers/flatbuffers.h>\nflatbuffers::FlatBufferBuilder *made;\n"
    built = project(
        tmp_path,
        script,
        {"third_party/flatbuffers/component.toml": described, "user.cc": user},
        fake=False,
        board="stm32f746",
    )
    (tmp_path / "build").mkdir(exist_ok=True)
    (tmp_path / "build/third_party").symlink_to(ROOT / store.STORE)
    built.scons()
    seen = (tmp_path / "user.o.d").read_text().split()
    assert "build/relocated/flatbuffers/include/flatbuffers/flatbuffers.h" in seen
    host = [path for path in seen if re.match("/usr/include/(?!newlib/)", path)]
    assert host == []
