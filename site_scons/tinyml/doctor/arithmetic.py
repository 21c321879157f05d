"""Floating point: is the FPU used as the board has it."""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, error, info, ok, warning
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import callers_of, listed
from tinyml.elf.check import check_float_abi
from tinyml.errors import UserError

_CPACR = 0xE000ED88
_FP_ARCH, _HARDFP_USE, _VFP_ARGS = "TAG_FP_ARCH", "TAG_ABI_HARDFP_USE", "TAG_ABI_VFP_ARGS"
_SINGLE = 1  # Tag_ABI_HardFP_use: single precision only (IHI 0045, section 3.3.6)

# Run-time ABI for the Arm Architecture (IHI 0043), tables 2 to 7, and libgcc's own names.
_DOUBLE = tuple(f"__aeabi_{name}" for name in ("dadd", "dsub", "drsub", "dmul", "ddiv", "f2d"))
_DOUBLE += tuple(f"__aeabi_{name}" for name in ("d2f", "i2d", "ui2d", "l2d", "ul2d", "d2iz"))
_DOUBLE += tuple(f"__aeabi_{name}" for name in ("d2uiz", "d2lz", "d2ulz", "dcmpeq", "dcmplt"))
_DOUBLE += tuple(f"__aeabi_{name}" for name in ("dcmple", "dcmpge", "dcmpgt", "dcmpun"))


@check("float-abi")
def float_abi(patient: Patient) -> Iterator[Finding]:
    """Floats are computed and passed as the board's FPU can."""
    assert patient.image
    tags = patient.image.attributes
    core = patient.board.core if patient.board else None
    if tags and not tags.get(_FP_ARCH) and (core is None or core.float_abi != "soft"):
        yield from _soft(patient)
    elif core is None:
        args = "in FPU registers" if tags.get(_VFP_ARGS) == 1 else "in core registers"
        yield info(f"built for an FPU, floats passed {args}; which FPU the board has is not known")
    else:
        try:
            check_float_abi(patient.image, core)
        except UserError as refusal:
            yield error(f"{refusal.culprit}; expected: {refusal.expected}", refusal.hint)
        else:
            yield ok(f"{' '.join(core.flags[2:]) or 'no FPU'}, as the board")


def _soft(patient: Patient) -> Iterator[Finding]:
    """Report an image whose floats are computed by library functions."""
    board = patient.board
    functions = [name for name in ("__aeabi_fmul", "__aeabi_fadd") if name in patient.symbols]
    used = f"; {' and '.join(functions)} are linked" if functions else ""
    if board is None or board.core is None:
        yield warning(
            f"built for no FPU (no Tag_FP_arch){used}: wrong on a chip that has one",
            "-mfpu= and -mfloat-abi=hard of the chip for every compilation and the link",
        )
        return
    flags = f"-mfpu={board.core.fpu} -mfloat-abi={board.core.float_abi}"
    asked = patient.build.get("fpu") == "soft"
    yield error(
        f"built for soft float (no Tag_FP_arch), but {board.name} has an FPU"
        f" ({board.core.fpu}){used}: each operation on floats is a function call",
        "build without fpu=soft" if asked else f"{flags} for every compilation and the link",
    )


@check("fpu-on")
def fpu_on(patient: Patient) -> Iterator[Finding]:
    """The FPU is switched on before it is used."""
    users = [function for function in patient.code.functions if function.floating]
    if not users:
        yield ok("no instruction uses the FPU")
    elif any(function.touches(_CPACR) for function in patient.code.functions):
        yield ok("CPACR is set up")
    else:
        yield error(
            f"{listed(f.name for f in users)} use the FPU, and nothing writes CPACR"
            f" ({_CPACR:#x}): the first such instruction is a UsageFault",
            "set CP10 and CP11 of SCB->CPACR in the reset handler (CMSIS: SystemInit)",
        )


@check("double")
def double(patient: Patient) -> Iterator[Finding]:
    """Nothing is computed in a double precision that the FPU does not have."""
    assert patient.image
    core = patient.board.core if patient.board else None
    single = "-sp-" in core.fpu if core else patient.image.attributes.get(_HARDFP_USE) == _SINGLE
    faulty = [function for function in patient.code.functions if function.double]
    if faulty and single:
        yield error(
            f"{listed(f.name for f in faulty)} compute with double-precision instructions"
            f" (first at {faulty[0].double[0]:#010x}); the FPU has single precision: a UsageFault",
            f"-mfpu={core.fpu if core else 'fpv5-sp-d16'} for every compilation",
        )
    linked = [name for name in _DOUBLE if name in patient.symbols]
    if linked:
        users = callers_of(patient, linked)
        yield warning(
            f"linked: {listed(linked)}, called by {listed(users) or 'a pointer'}:"
            " double precision in software, some 50 instructions an operation",
            "1.0f and not 1.0, sqrtf and not sqrt; -Wdouble-promotion names the places",
        )
    if not linked and not (faulty and single):
        yield ok("no double precision" + ("" if single or faulty else " in software"))
