"""The rules that say what bytes are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml.elf import groups
from tinyml.errors import UserError


@pytest.mark.parametrize(
    ("values", "group"),
    [
        (("reserve", ".stack", "", "", "", ""), "stack"),
        (("reserve", "._user_heap_stack", "", "", "", ""), "stack"),
        (("reserve", ".heap", "", "", "", ""), "heap"),
        (("reserve", ".backup", "", "", "", ""), "reserve"),
        (("symbol", ".bss", ".bss.x", "", "main.o", "tensor_arena"), "arena"),
        (("symbol", ".rodata", ".rodata.model_weights", "", "m.o", "w"), "model weights"),
        (
            ("symbol", ".text", "", "build/v/third_party/cmsis-nn/libcmsis-nn.a", "a.o", "f"),
            "cmsis-nn",
        ),
        (("symbol", ".text", "", "build/v/kernels/libkernels.a", "conv.o", "conv"), "kernels"),
        (("symbol", ".text", "", "/usr/lib/libc_nano.a", "memcpy.o", "memcpy"), "C/C++ library"),
        (("symbol", ".text", "", "vendor/libfilter.a", "fir.o", "fir"), "filter"),
        (("symbol", ".text", "", "", "build/v/mcu/board.o", "board_init"), "HAL"),
        (("symbol", ".text", "", "", "Core/Src/main.o", "main"), "app"),
        (("padding", ".text", "", "", "", ""), "padding"),
        (("padding", ".text", ".text.f", "", "main.o", ""), "app"),
        (("symbol", ".text", "", "", "", "main"), groups.NOBODY),
    ],
)
def test_what_bytes_are_for(values: tuple[str, ...], group: str) -> None:
    """By section, kind, library, object and symbol; the first rule that matches decides."""
    assert groups.load().of(*values) == group


def test_rules_of_ones_own_come_first(tmp_path: Path) -> None:
    """A pattern without a slash is about the file's name; ** goes through folders."""
    table = tmp_path / "own.toml"
    table.write_text(
        '[[rule]]\ngroup = "radio"\nobject = ["radio_*.o", "**/rf/**"]\n'
        '[[rule]]\ngroup = "driver {1}"\nobject = "drivers/*/*.o"\nsection = ".text"\n'
    )
    found = groups.load(table)
    assert found.of("symbol", ".text", "", "", "src/radio_tx.o", "f") == "radio"
    assert found.of("symbol", ".text", "", "", "a/rf/b/c.o", "f") == "radio"
    assert found.of("symbol", ".text", "", "", "drivers/adc/x.o", "f") == "driver adc"
    assert found.of("symbol", ".text", "", "", "drivers/adc/deep/x.o", "f") == "app"
    assert found.of("symbol", ".data", "", "", "drivers/adc/x.o", "f") == "app"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[rule]]\nobject = "x"', "rule 1 has no group"),
        ('[[rule]]\ngroup = "x"\nobjects = "x"', "has objects"),
        ('[[rule]]\ngroup = "x"\nobject = 1', "object is 1"),
        ('[[rule]]\ngroup = "x"\nobject = []', r"object is \[\]"),
        ("rule = 1", "holds"),
        ("[rules]", "holds"),
        ("[[rule", "is not TOML"),
    ],
)
def test_rules_with_a_mistake_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the number of the rule and what is wrong."""
    table = tmp_path / "own.toml"
    table.write_text(text)
    with pytest.raises(UserError, match=message):
        groups.load(table)
