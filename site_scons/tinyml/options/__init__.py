"""The words of the command line: which there are, what was chosen, what is handed on."""

from tinyml.options.available import (
    CALIBRATED_MODES,
    QUANTIZE_MODES,
    TARGETS,
    components,
    folders_with,
    help_text,
    table,
)
from tinyml.options.chosen import Choice, parse, unknown_target
from tinyml.options.handed_on import SHAPING
from tinyml.options.option import Option

__all__ = [
    "CALIBRATED_MODES",
    "QUANTIZE_MODES",
    "SHAPING",
    "TARGETS",
    "Choice",
    "Option",
    "components",
    "folders_with",
    "help_text",
    "parse",
    "table",
    "unknown_target",
]
