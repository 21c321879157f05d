"""Each check of an image has a firmware that makes it speak; the sound one makes none speak."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinyml import boards
from tinyml.boards import Board
from tinyml.doctor import checks  # noqa: F401 - fills the registry
from tinyml.doctor.finding import ERROR, IMAGE, INFO, OK, REGISTRY, UNKNOWN, WARNING, answer
from tinyml.doctor.patient import Patient
from tinyml.doctor.units import Unit
from unit.doctor.foreign import FPU, MAIN, Recipe, build, run

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc"),
]

SOFT = ("-mfloat-abi=soft",)
DOUBLE_FPU = ("-mfpu=fpv5-d16", "-mfloat-abi=hard")
IN_RAM = "-DMODEL=__attribute__((aligned(16))) unsigned char model_weights[256]={1,2,3}"
ODD = (
    "-DMODEL=const __attribute__((aligned(16))) unsigned char holder[300]={1};"
    "extern const unsigned char model_weights[256];"
    '__asm(".global model_weights\\n.set model_weights, holder + 1\\n.type model_weights,%object\\n'
    '.size model_weights, 256")'
)
NO_VECTORS = MAIN.replace('".vectors"', '".rodata.v"')
FLATBUFFER = "-DMODEL=const __attribute__((aligned(16))) unsigned char {}[256]={{{}}}"
TFLITE = "28,0,0,0,84,70,76,51"

# check: how it is made to speak, how grave it is, and words of its evidence.
SICK: dict[str, tuple[tuple[Recipe, str, str], ...]] = {
    "core": (
        (Recipe(cpu="cortex-a9", fpu=("-mfpu=vfpv3", "-mfloat-abi=hard")), ERROR, "does not run"),
        (Recipe(cpu="cortex-m4", fpu=("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")), OK, "v7E-M"),
        (Recipe(cpu="cortex-m3", fpu=SOFT), WARNING, "v7"),
        (Recipe(cpu="cortex-m33"), ERROR, "v8-M.mainline"),
    ),
    "float-abi": (
        (Recipe(fpu=SOFT), ERROR, "soft float (no Tag_FP_arch), but stm32f746 has an FPU"),
        (Recipe(fpu=(FPU[0], "-mfloat-abi=softfp")), ERROR, "built for float ABI soft"),
        (Recipe(fpu=DOUBLE_FPU), ERROR, "built for FPU FPv5-D16"),
    ),
    "fpu-on": (
        (Recipe(flags=("-DNO_FPU",)), ERROR, "nothing writes CPACR"),
        (Recipe(flags=("-DNO_FPU",), fpu=SOFT), OK, "no instruction uses the FPU"),
    ),
    "double": (
        (Recipe(flags=("-DDOUBLE",)), WARNING, "__aeabi_dmul, called by reset"),
        (Recipe(flags=("-DDOUBLE",), fpu=DOUBLE_FPU), ERROR, "reset compute with double"),
    ),
    "optimisation": (
        (Recipe(level=("-O0", "-g")), ERROR, "a debug build"),
        (Recipe(level=("-Og", "-g")), ERROR, "-Og: main.c"),
        (Recipe(other=("-O0",)), WARNING, "-O0: other.c"),
        (Recipe(level=("-O2",)), UNKNOWN, "no debug information"),
        (Recipe(flags=("-gno-record-gcc-switches",)), ERROR, "-O0"),
    ),
    "builtins": (
        (Recipe(flags=("-fno-builtin",)), WARNING, "main.c, other.c"),
        (Recipe(other=("-ffreestanding",)), WARNING, "other.c: compiled with -ffreestanding"),
    ),
    "abi": (
        (Recipe(other=("-fno-short-enums",)), ERROR, "-fshort-enums: main.c; -fno-short-enums: o"),
        (Recipe(other=("-fsigned-char",)), ERROR, "-fsigned-char"),
        (Recipe(other=("-mcpu=cortex-m4",)), WARNING, "cortex-m4: other.c"),
    ),
    "layout": (
        (Recipe(other=("-DWIDE",)), ERROR, "struct shared (shared.h): 8 bytes in main.c"),
        (
            Recipe(other=("-fpack-struct=1",), flags=("-DWIDE",)),
            ERROR,
            "16 bytes in main.c, 12 byte",
        ),
    ),
    "toolchain": ((Recipe(level=("-O2",)), UNKNOWN, "names its compiler"),),
    "printf-float": (
        (Recipe(flags=('-DPRINT="%f",(double)gain',), link=("-u", "_printf_float")), WARNING, "_f"),
        (Recipe(flags=('-DPRINT="%d",(int)position',)), INFO, "without floats"),
        (Recipe(strip=("--strip-all",)), UNKNOWN, "stripped"),
    ),
    "heap": (
        (Recipe(flags=("-DHEAP",)), WARNING, "called by reset"),
        (Recipe(flags=('-DPRINT="%d",(int)position',)), WARNING, "malloc"),
    ),
    "memories": (
        (Recipe(script=("ORIGIN = 0x20000000", "ORIGIN = 0x30000000")), ERROR, "none of the"),
    ),
    "vectors": ((Recipe(main=NO_VECTORS, script=("vectors ==", "1 ||")), ERROR, "begins with"),),
    "model": (
        (Recipe(flags=(IN_RAM,)), ERROR, "start-up copies it to RAM"),
        (Recipe(flags=(FLATBUFFER.format("x", TFLITE), "-Dmodel_weights=x")), OK, "x: 256 bytes"),
        (
            Recipe(
                flags=(FLATBUFFER.format("x", f"0,0,0,0,0,0,0,0,{TFLITE}"), "-Dmodel_weights=x")
            ),
            WARNING,
            "not aligned to 16 bytes",
        ),
        (Recipe(flags=(ODD,)), ERROR, "not aligned to 4"),
        (Recipe(flags=("-Dmodel_weights=plain",)), UNKNOWN, "looks like a model"),
    ),
    "semihosting": (
        (Recipe(flags=("-DSEMIHOSTING",)), ERROR, "BKPT 0xAB in host"),
        (Recipe(flags=("-DSEMIHOSTING", "-DGUARDED")), INFO, "harmless"),
        (Recipe(flags=("-DSEMIHOSTING", "-DGUARDED", "-O0")), INFO, "harmless"),
        (Recipe(flags=("-DSEMIHOSTING",), strip=("--strip-all",)), ERROR, "if it is code"),
        (Recipe(link=("--specs=rdimon.specs", "-u", "_exit")), ERROR, "BKPT 0xAB in"),
    ),
    "kernels": ((Recipe(), UNKNOWN, "no tflite-micro"),),
    "stack": ((Recipe(flags=("-DDEEP=9000",)), ERROR, "8192 are reserved; the deepest: reset"),),
    "caches": (
        (Recipe(flags=("-DNO_CACHES",)), WARNING, "the instruction cache (SCB_EnableICache) nor"),
        (Recipe(flags=("-O0",)), OK, "both"),
    ),
    "clock": (
        (Recipe(flags=("-DNO_CLOCK",)), WARNING, "RCC_PLLCFGR nor FLASH_ACR"),
        (Recipe(flags=("-O0",)), OK, "set up"),
    ),
    "image": ((Recipe(), INFO, "a firmware of others"),),
}
CASES = [(name, *case) for name, cases in SICK.items() for case in cases]


@pytest.fixture(scope="module")
def disco(root: Path) -> Board:
    """Return the board with one memory more, so that a section can be put outside of all."""
    return boards.load(root / "firmware" / "boards" / "stm32f746")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, disco: Board) -> Callable[[Recipe], Path]:
    """Return what builds each recipe once."""
    done: dict[Recipe, Path] = {}

    def once(recipe: Recipe) -> Path:
        if recipe not in done:
            folder = tmp_path_factory.mktemp("foreign") / "x"
            done[recipe] = build(folder, disco, recipe)
        return done[recipe]

    return once


def test_every_check_of_an_image_has_a_case() -> None:
    """A check that nothing makes speak would not be missed."""
    assert set(SICK) == {check.id for check in REGISTRY.values() if check.subject == IMAGE}


@pytest.mark.parametrize(("name", "recipe", "severity", "words"), CASES)
def test_a_sick_firmware_is_told(
    name: str,
    recipe: Recipe,
    severity: str,
    words: str,
    built: Callable[[Recipe], Path],
    disco: Board,
) -> None:
    """The check says how grave it is, what it saw, and for errors and warnings what to do."""
    found = answer(REGISTRY[name], Patient(built(recipe), disco))
    assert found[0].severity == severity, found
    assert words in found[0].evidence
    assert found[0].fix or severity not in (ERROR, WARNING)


def test_nothing_is_wrong_with_the_sound_one(built: Callable[[Recipe], Path], disco: Board) -> None:
    """No error and no warning; a check that cries at everything is worth nothing."""
    patient = Patient(built(Recipe()), disco)
    found = {name: answer(REGISTRY[name], patient)[0].severity for name in SICK}
    expected = dict.fromkeys(SICK, OK) | {"image": INFO, "kernels": UNKNOWN}
    assert found == expected


def test_what_only_a_board_tells_is_unknown_without_one(built: Callable[[Recipe], Path]) -> None:
    """Of a firmware of others nothing is guessed."""
    patient = Patient(built(Recipe()))
    for name in ("core", "memories", "vectors", "caches", "clock"):
        found = answer(REGISTRY[name], patient)
        assert [each.severity for each in found] == [UNKNOWN], name
        assert "--board-dir" in found[0].fix
    assert answer(REGISTRY["float-abi"], patient)[0].severity == INFO
    soft = Patient(built(Recipe(fpu=SOFT)))
    assert answer(REGISTRY["float-abi"], soft)[0].severity == WARNING


def test_an_object_and_a_host_program_are_no_firmware(
    built: Callable[[Recipe], Path], disco: Board
) -> None:
    """One error says what it is, and every other check that it cannot know."""
    for path in (built(Recipe()).parent / "main.o", Path(shutil.which("true") or "/bin/true")):
        patient = Patient(path, disco)
        assert answer(REGISTRY["image"], patient)[0].severity == ERROR
        for name in set(SICK) - {"image"}:
            assert [f.severity for f in answer(REGISTRY[name], patient)] == [UNKNOWN], name


def test_code_is_read_as_objdump_reads_it(built: Callable[[Recipe], Path], disco: Board) -> None:
    """Calls, FPU instructions and double precision, counted by the binutils' disassembler."""
    for recipe in (
        Recipe(flags=("-DDOUBLE",), fpu=DOUBLE_FPU),
        Recipe(flags=("-DHEAP", "-DDOUBLE")),
    ):
        path = built(recipe)
        code = Patient(path, disco).code
        listing = run(path.parent, "arm-none-eabi-objdump", "-d", "--no-show-raw-insn", "x.elf")
        lines = [line.split("\t") for line in listing.splitlines() if line.count("\t") >= 1]
        words = [line[1].split()[0] for line in lines if len(line) > 1 and line[1].split()]
        assert sum(f.floating for f in code.functions) == sum(w.startswith("v") for w in words)
        doubles = sum(len(f.double) for f in code.functions)
        assert doubles == sum(".f64" in w and not w.startswith(("vldr", "vstr")) for w in words)


def test_a_guard_on_one_of_two_ways_is_no_guard(tmp_path: Path, disco: Board) -> None:
    """A breakpoint that a handler reaches without asking for a debugger is an error."""
    handler = "static void handler(void) { host(); }\n"
    table = "__attribute__((section"
    both = MAIN.replace(table, "void host(void);\n" + handler + table, 1)
    recipe = Recipe(
        flags=("-DSEMIHOSTING", "-DGUARDED"), main=both.replace(", reset}", ", reset, handler}")
    )
    found = answer(REGISTRY["semihosting"], Patient(build(tmp_path / "x", disco, recipe), disco))
    assert found[0].severity == ERROR


def test_callers_are_ours_and_as_the_source_has_them(tmp_path: Path) -> None:
    """Not the library's own functions, and not a mangled name."""
    (tmp_path / "x.cc").write_text(
        "#include <cstdlib>\nvolatile int n; char *volatile p; namespace deep { struct Thing {\n"
        "__attribute__((noinline)) void grow(int by) { p = (char *)malloc(by); } } thing; }\n"
        'extern "C" void reset() { deep::thing.grow(n); for (;;) {} }\n'
    )
    words = ("arm-none-eabi-g++", "-mcpu=cortex-m7", "-mthumb", "-O1", "-g", "--specs=nosys.specs")
    run(tmp_path, *words, "-nostartfiles", "-Wl,-e,reset", "x.cc", "-o", "x.elf")
    found = answer(REGISTRY["heap"], Patient(tmp_path / "x.elf"))[0]
    assert "called by deep::Thing::grow(int):" in found.evidence


def test_qemu_answers_semihosting(built: Callable[[Recipe], Path], root: Path) -> None:
    """What is an error on hardware is how a firmware ends in an emulator."""
    board = boards.load(root / "firmware" / "boards" / "mps2-an500")
    patient = Patient(built(Recipe(flags=("-DSEMIHOSTING",))), board)
    assert answer(REGISTRY["semihosting"], patient)[0].severity == OK


def test_the_record_says_what_the_image_cannot(
    built: Callable[[Recipe], Path], disco: Board
) -> None:
    """A clock below the board's, another board, and the option that undoes a deliberate choice."""
    path = built(Recipe())
    slow = Patient(path, disco, build={"board": "stm32f746", "clock_mhz": 100})
    assert answer(REGISTRY["clock"], slow)[0].evidence == "set up for 100 of 216 MHz"
    foreign = Patient(path, disco, build={"board": "mps2-an500"})
    assert answer(REGISTRY["image"], foreign)[0].severity == ERROR
    soft = Patient(built(Recipe(fpu=SOFT)), disco, build={"fpu": "soft"})
    assert answer(REGISTRY["float-abi"], soft)[0].fix == "build without fpu=soft"
    debug = Patient(built(Recipe(level=("-O0", "-g"))), disco, build={"opt": "debug"})
    assert "opt=speed" in answer(REGISTRY["optimisation"], debug)[0].fix


@pytest.mark.parametrize(
    ("producers", "severity", "words"),
    [
        (("GNU C11 10.3.1 20210824 -mcpu=cortex-m7 -O2",), WARNING, "GCC 10.3.1; the oldest"),
        (("GNU C11 12.2.1 20221205 -O2", "GNU C++17 13.2.0 -O2"), WARNING, "GCC 12.2.1, 13.2.0"),
        (("clang version 16.0.6",), INFO, "clang version 16.0.6, whose flags"),
        (("GNU C11 12.2.1 20221205 -O2",), OK, "GCC 12.2.1"),
    ],
)
def test_the_compiler_is_told_by_what_it_wrote(
    producers: tuple[str, ...],
    severity: str,
    words: str,
    built: Callable[[Recipe], Path],
    disco: Board,
) -> None:
    """One that is too old, two versions, and one of which nothing is known."""
    patient = Patient(built(Recipe()), disco)
    patient.__dict__["linked"] = tuple((Unit("x.c", each, (), {}), 10) for each in producers)
    found = answer(REGISTRY["toolchain"], patient)[0]
    assert found.severity == severity
    assert words in found.evidence


def test_the_last_of_several_levels_counts() -> None:
    """As for gcc itself; -O is -O1, and none at all is -O0."""
    for flags, level in (("-O2 -O0", "O0"), ("-Os", "Os"), ("-O", "O1"), ("-mthumb", "O0")):
        assert Unit("x.c", f"GNU C11 12.2.1 {flags}", (), {}).optimisation == level
    assert Unit("x.c", "clang version 16", (), {}).optimisation == ""


TFLM = "_ZN6tflite16MicroInterpreter6InvokeEv"
REFERENCE = "_ZN6tflite21reference_integer_ops14ConvPerChannelERKNS_10ConvParamsE"


@pytest.mark.parametrize(
    ("names", "severity", "words"),
    [
        ((TFLM,), WARNING, "tflite-micro without a function of CMSIS-NN"),
        ((TFLM, REFERENCE), WARNING, "OPTIMIZED_KERNEL_DIR"),
        ((TFLM, "arm_convolve_wrapper_s8", REFERENCE), INFO, "1 reference kernels"),
        ((TFLM, "arm_convolve_wrapper_s8", "arm_softmax_s8"), OK, "2 functions of CMSIS-NN"),
        (("main",), UNKNOWN, "no tflite-micro"),
    ],
)
def test_kernels_of_tflite_micro_are_told_by_their_names(
    names: tuple[str, ...],
    severity: str,
    words: str,
    built: Callable[[Recipe], Path],
    disco: Board,
) -> None:
    """Mangled by the C++ ABI, as every compiler of Arm's does."""
    patient = Patient(built(Recipe()), disco)
    patient.__dict__["symbols"] = {name: [] for name in names}
    found = answer(REGISTRY["kernels"], patient)[0]
    assert found.severity == severity
    assert words in found.evidence + found.fix


def with_operator(kernel: str, **operator: object) -> dict[str, object]:
    """Return a plan with one operator."""
    return {"kernel": kernel, "name": "m", "operators": [{"index": 3, "type": "ADD"} | operator]}


@pytest.mark.parametrize(
    ("plan", "severity", "words"),
    [
        ({"kernel": "reference", "name": "m"}, WARNING, "m runs on the reference kernels"),
        (with_operator("cm7", function="other", macs=9), WARNING, "operator 3, ADD run on ref"),
        (with_operator("cm7", function="other", macs=0), INFO, "no tuned kernel, and no MACs"),
        (with_operator("cm7", function="x", macs=9), OK, "1 operators"),
        (with_operator("cmsis-nn", fallback="too wide"), WARNING, "fell back to our kernel: too"),
        (with_operator("cmsis-nn", fallback=""), OK, "every operator"),
    ],
)
def test_plans_tell_the_kernels(
    plan: dict[str, object], severity: str, words: str, tmp_path: Path, disco: Board
) -> None:
    """Which of them are reference kernels is read from the sources' names in the image."""
    path = build(tmp_path / "x", disco, Recipe())
    patient = Patient(path, disco, plans=(plan,))
    renamed = [
        (replace(unit, name=f"firmware/kernels/reference/{unit.name}"), size)
        for unit, size in patient.linked
    ]
    patient.__dict__["linked"] = tuple(renamed)
    found = answer(REGISTRY["kernels"], patient)
    assert found[0].severity == severity
    assert words in found[0].evidence
