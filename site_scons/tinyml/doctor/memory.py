"""Where things are: sections, vector table, models, stack."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, error, info, ok, unknown, warning
from tinyml.doctor.patient import Patient
from tinyml.doctor.words import listed
from tinyml.elf.account import account
from tinyml.elf.check import check_vectors
from tinyml.elf.image import SHF_WRITE, Image, Section, Symbol
from tinyml.errors import UserError

_LEAST = 64  # bytes: what is smaller is no model
_WEIGHTS = re.compile(r"weights|model_data|tflite|(^|_)model$", re.IGNORECASE)
_IDENTIFIER, _AT = b"TFL3", 4  # of a .tflite file: FlatBuffers' file_identifier
_ALIGNMENT = 16  # of a model that tflite-micro reads in place

# Tag_CPU_arch (IHI 0045, section 3.3.5.2) by core.
_ARCH = {0: "pre-v4", 10: "v7", 11: "v6-M", 12: "v6S-M", 13: "v7E-M", 14: "v8-A", 15: "v8-R"}
_ARCH |= {16: "v8-M.baseline", 17: "v8-M.mainline", 21: "v8.1-M.mainline", 22: "v9-A"}
_RUNS = {  # by core: the architectures whose code it runs, its own first
    "cortex-m0": (12, 11),
    "cortex-m0plus": (12, 11),
    "cortex-m1": (12, 11),
    "cortex-m3": (10, 12, 11),
    "cortex-m4": (13, 10, 12, 11),
    "cortex-m7": (13, 10, 12, 11),
    "cortex-m23": (16, 12, 11),
    "cortex-m33": (17, 13, 10, 16, 12, 11),
    "cortex-m55": (21, 17, 13, 10, 16, 12, 11),
    "cortex-m85": (21, 17, 13, 10, 16, 12, 11),
}
_MICROCONTROLLER = ord("M")


@check("core", "board")
def core(patient: Patient) -> Iterator[Finding]:
    """The code is for the board's core."""
    assert patient.image and patient.board and patient.board.core
    tags, cpu = patient.image.attributes, patient.board.core.cpu
    arch, profile = tags.get("TAG_CPU_ARCH"), tags.get("TAG_CPU_ARCH_PROFILE", _MICROCONTROLLER)
    runs = _RUNS.get(cpu, ())
    fix = f"-mcpu={cpu} -mthumb for every compilation and the link"
    if not isinstance(arch, int) or not runs:
        yield unknown(f"no Tag_CPU_arch, or nothing is known of {cpu}", fix)
        return
    name = f"Arm{_ARCH.get(arch, f' architecture {arch}')}"
    if arch not in runs or profile not in (_MICROCONTROLLER, 0):
        yield error(f"built for {name}, which a {cpu} does not run", fix)
    elif arch != runs[0]:
        yield warning(f"built for {name}: the {cpu} has more instructions than that", fix)
    else:
        yield ok(f"{name}, the {cpu}'s")


@check("memories", "board")
def memories(patient: Patient) -> Iterator[Finding]:
    """Every section is inside one of the board's memories."""
    assert patient.image and patient.board
    try:
        account(patient.image, patient.board.name, patient.board.memory)
    except UserError as refusal:
        yield error(f"{refusal.culprit}; expected: {refusal.expected}", refusal.hint)
    else:
        yield ok(f"{len(patient.image.sections)} sections")


@check("vectors", "board")
def vectors(patient: Patient) -> Iterator[Finding]:
    """The vector table is where the core looks for it after a reset."""
    assert patient.image and patient.board
    try:
        check_vectors(patient.image, patient.board.memory)
    except UserError as refusal:
        yield error(f"{refusal.culprit}; expected: {refusal.expected}", refusal.hint)
    else:
        yield ok("initial stack pointer and reset vector at the start of flash")


@check("model")
def model(patient: Patient) -> Iterator[Finding]:
    """Models and weights are in flash, and aligned."""
    assert patient.image
    found = list(_models(patient.image))
    if not found:
        yield unknown(
            "nothing in the file looks like a model",
            "names with weights, model_data or tflite are looked for, and .tflite files",
        )
        return
    troubles = [trouble for each in found for trouble in _placed(*each)]
    yield from troubles
    if not troubles:
        size = sum(symbol.size for symbol, _, _ in found)
        yield ok(f"{listed(symbol.name for symbol, _, _ in found)}: {size} bytes in flash")


def _models(image: Image) -> Iterator[tuple[Symbol, Section, int]]:
    """Yield what holds models or weights, its section, and the alignment that it needs."""
    flatbuffers = list(_flatbuffers(image))
    yield from ((symbol, section, _ALIGNMENT) for symbol, section in flatbuffers)
    sections = {section.index: section for section in image.sections}
    named = [s for s in image.symbols if _WEIGHTS.search(s.name) and s.size >= _LEAST]
    outer = [symbol for symbol, _ in flatbuffers]
    # An array around others comes first, and speaks for them.
    for symbol in sorted(named, key=lambda s: -s.size):
        inside = (s.address <= symbol.address < s.address + s.size for s in outer)
        if sections[symbol.section].load_address is not None and not any(inside):
            outer.append(symbol)
            yield symbol, sections[symbol.section], 4


def _flatbuffers(image: Image) -> Iterator[tuple[Symbol, Section]]:
    """Yield the .tflite files in the image, each as the symbol that holds it."""
    for section in image.sections:
        content = section.content
        start = content.find(_IDENTIFIER, _AT)
        while start >= 0:
            address = section.address + start - _AT
            holder = next(
                (s for s in image.symbols if s.address == address),
                Symbol("a .tflite file", address, _LEAST, section.index),
            )
            # The root's offset comes first; it is small, and a multiple of 4. The letters also
            # stand in code that looks for them.
            root = int.from_bytes(content[start - _AT : start], "little")
            if 0 < root < len(content) and root % 4 == 0:
                yield holder, section
            start = content.find(_IDENTIFIER, start + 1)


def _placed(symbol: Symbol, section: Section, alignment: int) -> Iterator[Finding]:
    where = f"{symbol.name} ({symbol.size} bytes) is at {symbol.address:#010x} in {section.name}"
    copied = section.load_address != section.address
    if copied and section.name.startswith(".data"):
        yield error(
            f"{where}: start-up copies it to RAM, so it takes flash and RAM", "define it const"
        )
    elif copied:
        yield info(f"{where}, copied from {section.load_address:#010x} at start-up, as placed")
    elif section.flags & SHF_WRITE:
        yield warning(f"{where}, a section of variables", "define it const")
    if symbol.address % alignment:
        say = error if symbol.address % 4 else warning
        yield say(
            f"{where}, not aligned to {alignment} bytes", f"define it with alignas({alignment})"
        )
