"""The bill of materials: ``python -m tinyml.sbom --elf X.elf --map X.map ... --output OUT``.

Run in the project's folder, as the build is: paths in the map are relative to it. The time of
creation is ``--source-date-epoch``, so that the same image gives the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.sbom.bill import Inputs, bill_of_materials


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.sbom", description=__doc__)
    for name, help_text in (
        ("elf", "linked firmware, with debug information"),
        ("map", "the linker's map"),
        ("bin", "the image: objcopy -O binary of the .elf"),
        ("build-info", "what the firmware is made of, as JSON"),
        ("output", "where to write the document (.spdx.json)"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=help_text)
    for name, help_text in (
        ("model-dir", "folder of model.toml; again for each other model"),
        ("tflite", "the converted model; as many as there are folders, in their order"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, action="append", help=help_text)
    parser.add_argument("--third-party", type=Path, default=Path("third_party"))
    parser.add_argument(
        "--override",
        type=_override,
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="a component that was built from this folder",
    )
    parser.add_argument(
        "--source-date-epoch",
        type=int,
        default=os.environ.get("SOURCE_DATE_EPOCH", "0"),
        help="time of creation, in seconds since 1970; default: the variable of this name, or 0",
    )
    return parser.parse_args()


def _override(argument: str) -> tuple[str, Path]:
    name, separator, folder = argument.partition("=")
    if not (name and separator and folder):
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=FOLDER")
    return name.replace("_", "-"), Path(folder)


def _pairs(folders: list[Path], models: list[Path]) -> tuple[tuple[Path, Path], ...]:
    if len(folders) != len(models):
        raise UserError(
            f"{len(folders)} --model-dir and {len(models)} --tflite",
            "as many of one as of the other",
            "--model-dir models/mnist --tflite mnist.tflite",
        )
    return tuple(zip(folders, models, strict=True))


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise UserError(
            f"{seconds} is no time for SOURCE_DATE_EPOCH: {error}",
            "seconds since 1970",
            "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        ) from error


def main() -> None:
    """Write the bill of materials."""
    arguments = _arguments()
    inputs = Inputs(
        elf=arguments.elf,
        map=arguments.map,
        bin=arguments.bin,
        build_info=arguments.build_info,
        models=_pairs(arguments.model_dir, arguments.tflite),
        third_party=arguments.third_party,
        overrides=dict(arguments.override),
        root=Path.cwd(),
        created=_time(arguments.source_date_epoch),
    )
    write_if_changed(arguments.output, bill_of_materials(inputs))


if __name__ == "__main__":
    sys.exit(exit_status(main))
