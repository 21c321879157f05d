"""How the objects were compiled: optimisation, and flags and types that must agree."""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, error, info, ok, unknown, warning
from tinyml.doctor.patient import Patient
from tinyml.doctor.units import Layout, Unit
from tinyml.doctor.words import listed

OLDEST_GCC = (12,)
_DEBUG_LEVELS = ("O0", "Og")
# Options that change how data is laid out or passed, each with its default for bare metal.
_ABI = {
    "-mfloat-abi": "soft",
    "-mabi": "aapcs",
    "-mstructure-size-boundary": "8",
}
_ABI_SWITCHES = (
    ("-fshort-enums", "-fno-short-enums"),
    ("-fshort-wchar", "-fno-short-wchar"),
    ("-fsigned-char", "-fno-unsigned-char"),
    ("-funsigned-char", "-fno-signed-char"),
    ("-fpack-struct", "-fno-pack-struct"),
    ("-mbig-endian", "-mlittle-endian"),
    ("-fshort-double", "-fno-short-double"),
)


@check("optimisation", "debug")
def optimisation(patient: Patient) -> Iterator[Finding]:
    """The code is optimised, as code that is measured or shipped must be."""
    known = [(unit, size) for unit, size in patient.own if unit.optimisation]
    if not known:
        yield unknown("no compiler recorded its options", "compile with -grecord-gcc-switches")
        return
    total = sum(size for _, size in known)
    plain = [(unit, size) for unit, size in known if unit.optimisation in _DEBUG_LEVELS]
    if not plain:
        levels = sorted({unit.optimisation for unit, _ in known})
        yield ok(f"{total} bytes of code by -{', -'.join(levels)}")
        return
    size = sum(size for _, size in plain)
    levels = sorted({f"-{unit.optimisation}" for unit, _ in plain})
    evidence = (
        f"{size} of {total} bytes of code were compiled with {' and '.join(levels)}:"
        f" {listed(unit.name for unit, _ in plain)}"
    )
    asked = patient.build.get("opt") == "debug"
    fix = "build with opt=speed or opt=size" if asked else "compile with -O2 (or -Os)"
    grave = 2 * size >= total or any("kernel" in unit.name.lower() for unit, _ in plain)
    yield error(f"a debug build: {evidence}", fix) if grave else warning(evidence, fix)


@check("builtins", "debug")
def builtins(patient: Patient) -> Iterator[Finding]:
    """The compiler may put instructions in the place of memcpy, fabsf and their like."""
    flags = ("-fno-builtin", "-ffreestanding")  # the second brings the first
    found = {u.name: flag for u, _ in patient.own for flag in flags if flag in u.options}
    if found:
        yield warning(
            f"{listed(found)}: compiled with {' and '.join(sorted(set(found.values())))}, so small"
            " copies and float functions become calls",
            "leave it out; -fno-builtin-NAME is for a single function",
        )
    else:
        yield ok("-fno-builtin is not used")


@check("abi", "debug")
def abi(patient: Patient) -> Iterator[Finding]:
    """All objects pass arguments and lay out data by the same options."""
    found = False
    for name, ways in _ways(patient).items():
        if len(ways) > 1:
            found = True
            each = "; ".join(f"{way}: {listed(units, 2)}" for way, units in ways.items())
            yield error(f"objects disagree on {name}: {each}", f"one {name} for every compilation")
    cores = _by_value(patient, "-mcpu")
    if len(cores) > 1:
        found = True
        each = "; ".join(f"{core}: {listed(units, 2)}" for core, units in cores.items())
        yield warning(f"objects were compiled for several cores: {each}", "one -mcpu for all")
    if not found:
        yield ok(f"{len(patient.own)} objects by the same ABI options")


def _ways(patient: Patient) -> dict[str, dict[str, list[str]]]:
    """Return, by option, the ways it is set and the units that have it so."""
    ways: dict[str, dict[str, list[str]]] = {}
    gnu = [unit for unit, _ in patient.own if unit.version]
    for unit in gnu:
        for option, default in _ABI.items():
            value = unit.options.get(option, default)
            ways.setdefault(option, {}).setdefault(f"{option}={value}", []).append(unit.name)
        for on, off in _ABI_SWITCHES:
            state = _switched(unit, on, off)
            ways.setdefault(on, {}).setdefault(state, []).append(unit.name)
    return ways


def _switched(unit: Unit, on: str, off: str) -> str:
    """Return the last of two opposite switches, or that neither is given."""
    given = [word for word in unit.producer.split() if word.split("=")[0] in (on, off)]
    # The default counts as switched off but for enums and char, whose default is the target's.
    default = {"-fshort-enums": on, "-funsigned-char": on, "-fsigned-char": off}.get(on, off)
    return given[-1] if given else default


def _by_value(patient: Patient, option: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for unit, _ in patient.own:
        if option in unit.options:
            values.setdefault(unit.options[option], []).append(unit.name)
    return values


@check("layout", "debug")
def layout(patient: Patient) -> Iterator[Finding]:
    """All objects lay out the types they share alike."""
    seen: dict[tuple[str, str], tuple[Layout, str]] = {}
    clashes: dict[tuple[str, str], str] = {}
    for unit in patient.debug.all:
        for key, own in unit.layouts.items():
            first, where = seen.setdefault(key, (own, unit.name))
            if first != own and key not in clashes:
                clashes[key] = _difference(first, where, own, unit.name)
    for (name, declared), difference in list(clashes.items())[:8]:
        yield error(
            f"objects disagree on {name} ({declared}): {difference}",
            "the same -D options for all that include that header: a define decides its layout",
        )
    if patient.debug.problem:
        yield unknown(f"the debug information is damaged: {patient.debug.problem}", "build again")
    elif not clashes:
        yield ok(f"{len(seen)} types")


def _difference(first: Layout, where: str, second: Layout, there: str) -> str:
    if first.size != second.size:
        return f"{first.size} bytes in {where}, {second.size} bytes in {there}"
    differing = [
        f"{a[0]} at {a[1]} in {where}, {b[0]} at {b[1]} in {there}"
        for a, b in zip(first.members, second.members, strict=False)
        if a != b
    ]
    return differing[0] if differing else f"other members in {there} than in {where}"


@check("toolchain")
def toolchain(patient: Patient) -> Iterator[Finding]:
    """The compiler is one that is supported."""
    assert patient.image
    versions = {unit.version for unit, _ in patient.own if unit.version}
    others = sorted({u.producer.split(" -")[0] for u, _ in patient.own if not u.version})
    if not versions and not others:
        yield unknown("nothing in the file names its compiler", "compile with -g")
        return
    for version in sorted(v for v in versions if v < OLDEST_GCC):
        yield warning(
            f"compiled by GCC {'.'.join(map(str, version))}; the oldest tried is"
            f" {'.'.join(map(str, OLDEST_GCC))}",
            "arm-none-eabi-gcc 12 or newer: apt-get install gcc-arm-none-eabi",
        )
    if len(versions) > 1:
        each = ", ".join(".".join(map(str, version)) for version in sorted(versions))
        yield warning(f"objects by several compilers: GCC {each}", "build all of it again")
    if others:
        yield info(f"compiled by {listed(others, 2)}, whose flags are not known here")
    elif len(versions) == 1 and min(versions) >= OLDEST_GCC:
        yield ok(f"GCC {'.'.join(map(str, min(versions)))}")
