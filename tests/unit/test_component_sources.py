"""Which files of a component are compiled, and how its objects are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml import component_sources
from tinyml.errors import UserError


def test_no_two_objects_are_called_alike() -> None:
    """A file's own name where that is unique in the archive, its whole path where it is not."""
    assert component_sources.object_names(["a/x.c", "b/x.c", "b/y.c", "b/x.S"]) == {
        "a/x.c": "a_x.c",
        "b/x.c": "b_x.c",
        "b/y.c": "y",
        "b/x.S": "b_x.S",
    }


def test_the_files_of_a_package_are_its_own(tmp_path: Path) -> None:
    """Of a folder shared by all packages, only what dpkg says this one installed."""
    (tmp_path / "libx-dev:amd64.list").write_text(
        "/.\n/usr/include/x/a.h\n/usr/include/x\n/usr/lib/libx.a\n/opt/b.h\n"
    )
    (tmp_path / "libxy-dev.list").write_text("/usr/include/xy.h\n")
    found = component_sources.package_files("libx-dev", Path("/usr"), tmp_path)
    assert found == ("include/x/a.h",)
    with pytest.raises(UserError, match="libz-dev is not installed"):
        component_sources.package_files("libz-dev", Path("/usr"), tmp_path)
