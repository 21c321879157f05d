"""Put the document together: the image, what is in it, what it was made from and with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tinyml import components, models
from tinyml.elf import debug_info
from tinyml.elf import image as elf_image
from tinyml.errors import UserError
from tinyml.files import read_toml
from tinyml.options import CALIBRATED_MODES
from tinyml.sbom import contents
from tinyml.sbom.inventory import Inventory, Places, take
from tinyml.sbom.spdx import Document


@dataclass(frozen=True)
class Inputs:
    """The files of one firmware, and where the descriptions are.

    Attributes:
        models: the folder of each model.toml, and the converted model.
        root: the project's folder; paths in the map are relative to it.
        overrides: folders that components were built from in place of what was fetched.
        created: what the document says of its creation.
    """

    elf: Path
    map: Path
    bin: Path
    build_info: Path
    models: tuple[tuple[Path, Path], ...]
    third_party: Path
    overrides: Mapping[str, Path]
    root: Path
    created: datetime


def bill_of_materials(inputs: Inputs) -> str:
    """Return the SPDX document of a firmware as JSON.

    Raises:
        UserError: a file is missing, damaged or of another build; a component is unknown.
    """
    places = Places(inputs.root, components.load_all(inputs.third_party), inputs.overrides)
    map_text = contents.read(inputs.map).decode("utf-8", "surrogateescape")
    making = debug_info.read(inputs.elf)
    inventory = take(elf_image.read(inputs.elf), making, map_text, places)
    info = _build_info(inputs.build_info)
    name, version = _project(inputs.root)
    document = Document(
        name=f"{inputs.elf.stem}-{info.get('board', 'unknown')}",
        creator=f"{name}-{version}",
        created=inputs.created,
    )
    image = _add_image(document, inputs, info)
    own = document.add(contents.project(name, version, inventory.sources))
    document.relate(image, "CONTAINS", own)
    _add_components(document, image, inventory, places, info)
    _add_external(document, image, inventory)
    for folder, tflite in inputs.models:
        _add_model(document, image, inputs.bin, (models.load(folder), tflite), info)
    for line in making.compilers:
        document.relate(document.add(contents.compiler(line)), "BUILD_TOOL_OF", image)
    return document.as_json(image)


def _add_image(document: Document, inputs: Inputs, info: Mapping[str, str]) -> str:
    made_of = ", ".join(f"{key} {value}" for key, value in info.items())
    image = document.add(contents.artifact(inputs.bin, "FIRMWARE", "Image", made_of))
    elf = document.add(contents.artifact(inputs.elf, "FIRMWARE", "Elf"))
    document.relate(image, "GENERATED_FROM", elf)
    return image


def _add_components(
    document: Document,
    image: str,
    inventory: Inventory,
    places: Places,
    info: Mapping[str, str],
) -> None:
    kernel = info.get("kernel", "").partition(" ")[0]  # "cmsis-nn (in-tree)"
    added = {
        name: document.add(contents.component(places.components[name], places.overrides.get(name)))
        for name in inventory.components
    }
    for name, identity in added.items():
        document.relate(image, "CONTAINS", identity)
        if name in inventory.linked:
            document.relate(image, "STATIC_LINK", identity)
        for required in places.components[name].requires_for(kernel):
            if required in added:
                document.relate(identity, "DEPENDS_ON", added[required])


def _add_external(document: Document, image: str, inventory: Inventory) -> None:
    for path in inventory.external:
        added = document.add(contents.external(Path(path)))
        document.relate(image, "CONTAINS", added)
        document.relate(image, "STATIC_LINK", added)


def _add_model(
    document: Document,
    image: str,
    binary: Path,
    made: tuple[models.Model, Path],
    info: Mapping[str, str],
) -> None:
    model, converted = made
    tflite = document.add(contents.artifact(converted, "OTHER", "Model-converted"))
    keras = document.add(contents.artifact(model.file, "OTHER", "Model"))
    document.relate(image, "GENERATED_FROM", tflite)
    document.relate(tflite, "GENERATED_FROM", keras)
    # An interpreter reads the .tflite on the device; ahead of time, only weights remain of it.
    if contents.read(converted) in contents.read(binary):
        document.relate(image, "CONTAINS", tflite)
    if model.calibration and info.get("quantize") in CALIBRATED_MODES:
        data = document.add(contents.artifact(model.calibration, "OTHER", "Model-calibration"))
        document.relate(tflite, "GENERATED_FROM", data)


def _build_info(path: Path) -> dict[str, str]:
    try:
        found = json.loads(contents.read(path))
        return {str(key): str(value) for key, value in dict(found).items()}
    except (ValueError, TypeError) as error:
        culprit = f"{path} is not a build-info.json: {error}"
        raise UserError(culprit, "one JSON object", "build it again") from error


def _project(root: Path) -> tuple[str, str]:
    described = read_toml(root / "pyproject.toml", "run this in the project's folder")
    table = described.get("project", {})
    return str(table.get("name", root.name)), str(table.get("version", ""))
