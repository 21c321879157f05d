"""The bill of materials of a firmware that was linked by the real tools."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from support import project as project_build
from tinyml import boards, linker_script
from tinyml.elf import debug_info, image, mapfile
from tinyml.elf.leaves import linked_objects
from tinyml.errors import UserError

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc"),
]

GCC = (
    *("arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    *("-O2", "-ffunction-sections", "-fdata-sections"),
)
FILES = {
    "pyproject.toml": '[project]\nname = "tiny"\nversion = "1.2"\n',
    "firmware/main.c": """\
#include <string.h>
#include "scale.h"
#include "twice.h"
#include "unused.h"
extern char __stack_top[];
void reset(void);
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {__stack_top, reset};
volatile long long number = 5;
char buffer[99];
void reset(void) {
    for (;;) {
        memset(buffer, (int)(1000 / number), sizeof buffer);
        number = scale(twice((int)number));
    }
}
""",
    "build/third_party/twice/include/twice.h": "static inline int twice(int x) { return 2 * x; }\n",
    "build/third_party/nothing/include/unused.h": "#define UNUSED 1\n",
    "build/third_party/scale/scale.h": "int scale(int x);\n",
    "build/third_party/scale/scale.c": '#include "scale.h"\nint scale(int x) { return x + 3; }\n',
    "build/third_party/nothing/nothing.c": "int nothing(int x) { return x; }\n",
    "models/m/model.toml": 'file = "m.h5"\n[calibration]\nfile = "c.npz"\n',
    "models/m/m.h5": "model",
    "models/m/c.npz": "vectors",
    "build/m.tflite": "\x1c\0\0\0TFL3 a converted model",
    "build/v/m.build-info.json": '{"board": "stm32f746", "quantize": "int8", "kernel": "cm7"}',
}
COMPONENT = """\
description = "for tests"
license = "MIT"
license_file = "LICENSE"
requires = [{requires}]
[source]
provider = "npm"
package = "@tiny/{name}"
version = "1.0.0"
sha256 = "{digest}"
"""


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Iterator[Path]:
    """Return a small project, its firmware linked with one component of three."""
    folder = tmp_path / "un projet à part"
    requires = {"scale": '"twice"', "twice": "", "nothing": ""}
    for name, words in requires.items():
        text = COMPONENT.format(name=name, requires=words, digest="0f" * 32)
        write(folder / "third_party" / name / "component.toml", text)
    for name, text in FILES.items():
        write(folder / name, text)
    board = boards.load(root / "firmware" / "boards" / "stm32f746")
    write(folder / "build/v/board.ld", linker_script.generate(board, "a test"))
    for name in ("scale", "nothing"):
        source, built = f"build/third_party/{name}/{name}.c", f"build/v/third_party/{name}"
        (folder / built).mkdir(parents=True)
        run(folder, *GCC, "-g", "-c", source, "-o", f"{built}/{name}.o")
        run(folder, "arm-none-eabi-ar", "rcsD", f"{built}/lib{name}.a", f"{built}/{name}.o")
    includes = ("scale", "twice/include", "nothing/include")
    search = [f"-Ibuild/third_party/{include}" for include in includes]
    run(folder, *GCC, "-g", *search, "-c", "firmware/main.c", "-o", "build/v/main.o")
    libraries = [f"build/v/third_party/{name}/lib{name}.a" for name in ("scale", "nothing")]
    link = ("--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections", "-T", "build/v/board.ld")
    output = ("-Wl,-Map=build/v/m.map", "-o", "build/v/m.elf")
    run(folder, *GCC, *link, "build/v/main.o", *libraries, "-lm", *output)
    run(folder, "arm-none-eabi-objcopy", "-O", "binary", "build/v/m.elf", "build/v/m.bin")
    yield folder


def write(path: Path, text: str) -> None:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(folder: Path, *command: str) -> str:
    """Run one tool, which must succeed, and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sbom(project: Path, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the firmware of a project."""
    command = [sys.executable, "-m", "tinyml.sbom", "--model-dir", "models/m"]
    for name in ("elf", "map", "bin", "build-info.json"):
        command += [f"--{name.removesuffix('.json')}", f"build/v/m.{name}"]
    command += ["--tflite", "build/m.tflite", "--output", "build/v/m.spdx.json", *words]
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons")}
    environment.pop("SOURCE_DATE_EPOCH", None)
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, env=environment
    )


def written(project: Path, root: Path, *words: str) -> dict[str, Any]:
    """Return the document that the command writes, which spdx-tools must find valid."""
    done = sbom(project, root, *words)
    assert done.returncode == 0, done.stderr
    path = project / "build/v/m.spdx.json"
    messages = validate_full_spdx_document(parse_file(str(path)))
    assert [message.validation_message for message in messages] == []
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def related(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return the relationships between packages, by their names."""
    names = {package["SPDXID"]: package["name"] for package in document["packages"]}
    rows = document["relationships"]
    triples = [[row[f"{x}"] for x in ("spdxElementId", "relatedSpdxElement")] for row in rows]
    return {
        (names[a], row["relationshipType"], names[b])
        for row, (a, b) in zip(rows, triples, strict=True)
        if a in names and b in names
    }


def test_the_document_tells_what_is_in_the_image(project: Path, root: Path) -> None:
    """Linked and compiled-in components, toolchain, model and data; nothing merely on the line."""
    document = written(project, root)
    assert related(document) == {
        ("m.bin", "GENERATED_FROM", "m.elf"),
        ("m.bin", "CONTAINS", "tiny"),
        ("m.bin", "CONTAINS", "scale"),
        ("m.bin", "STATIC_LINK", "scale"),
        ("m.bin", "CONTAINS", "twice"),
        ("scale", "DEPENDS_ON", "twice"),
        ("m.bin", "CONTAINS", "libgcc.a"),
        ("m.bin", "STATIC_LINK", "libgcc.a"),
        ("m.bin", "CONTAINS", "libc_nano.a"),
        ("m.bin", "STATIC_LINK", "libc_nano.a"),
        ("m.bin", "GENERATED_FROM", "m.tflite"),
        ("m.tflite", "GENERATED_FROM", "m.h5"),
        ("m.tflite", "GENERATED_FROM", "c.npz"),
        ("GCC", "BUILD_TOOL_OF", "m.bin"),
    }
    assert [file["fileName"] for file in document["files"]] == ["./firmware/main.c"]
    assert "nothing" not in json.dumps(document)
    assert "libm.a" not in json.dumps(document)


def test_digests_are_those_of_the_files(project: Path, root: Path) -> None:
    """Image, ELF, model and data; the components' are those of their pins."""
    packages = {package["name"]: package for package in written(project, root)["packages"]}
    paths = ("build/v/m.bin", "build/v/m.elf", "build/m.tflite", "models/m/m.h5", "models/m/c.npz")
    for path in paths:
        digest = hashlib.sha256((project / path).read_bytes()).hexdigest()
        assert packages[Path(path).name]["checksums"][0]["checksumValue"] == digest
    assert packages["scale"]["checksums"][0]["checksumValue"] == "0f" * 32
    gcc = run(project, "arm-none-eabi-gcc", "-dumpfullversion").strip()
    assert gcc in packages["GCC"]["versionInfo"]


def test_the_same_image_gives_the_same_bytes(project: Path, root: Path) -> None:
    """Twice, and with the time that SOURCE_DATE_EPOCH says."""
    first = written(project, root)
    assert written(project, root) == first
    assert first["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    dated = written(project, root, "--source-date-epoch", "1700000000")
    assert dated["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert dated["documentNamespace"] != first["documentNamespace"]


def test_a_model_that_is_in_the_image_is_contained(project: Path, root: Path) -> None:
    """As an interpreter on the device needs it: the bytes of the .tflite are found."""
    with (project / "build/v/m.bin").open("ab") as stream:
        stream.write((project / "build/m.tflite").read_bytes())
    assert ("m.bin", "CONTAINS", "m.tflite") in related(written(project, root))


def test_calibration_counts_only_where_it_is_used(project: Path, root: Path) -> None:
    """A float model has not seen the vectors."""
    write(project / "build/v/m.build-info.json", '{"quantize": "none"}')
    assert not any("c.npz" in triple for triple in related(written(project, root)))


def test_a_source_that_is_gone_is_an_error(project: Path, root: Path) -> None:
    """Its digest cannot be told, and nothing is written."""
    (project / "firmware/main.c").unlink()
    done = sbom(project, root)
    assert done.returncode == 1
    assert "cannot read firmware/main.c, which went into the image" in done.stderr
    assert not (project / "build/v/m.spdx.json").exists()


def test_damaged_debug_information_is_refused(project: Path) -> None:
    """Bytes altered all over the file: read or refused, never a crash, never endless."""
    path = project / "build/v/m.elf"
    sound, chance = path.read_bytes(), random.Random(1)
    assert debug_info.read(path).units
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            debug_info.read(path)
        except UserError as error:
            assert "damaged" in error.culprit


def test_the_projects_own_firmware() -> None:
    """Valid, up to date at once, and with a source for each object that is linked."""
    options = ("board=stm32f746", "kernel=cmsis-nn", "sbom")
    variant = project_build.build(*options)
    path = variant / "mnist.spdx.json"
    assert validate_full_spdx_document(parse_file(str(path))) == []
    assert "`sbom' is up to date" in project_build.scons(*options).stdout
    document = json.loads(path.read_text())
    listed = {Path(file["fileName"]).stem for file in document["files"]}
    objects = linked_objects(image.read(variant / "mnist.elf"), mapped(variant))
    ours = {o for o in objects if "/generated/" not in o and not Path(o).is_absolute()}
    stems = {Path((mapfile.member(name) or ("", name))[1]).stem for name in ours}
    assert len(stems) > 20
    assert stems <= listed
    named = {package["name"] for package in document["packages"]}
    assert {
        "mnist.bin",
        "mnist.tflite",
        "mnist.h5",
        "cmsis-core",
        "flatbuffers",
        "libc_nano.a",
        "GCC",
    } <= named


def mapped(variant: Path) -> tuple[mapfile.Contribution, ...]:
    """Return the contributions in the firmware's map."""
    return mapfile.contributions((variant / "mnist.map").read_text())
