"""A relocated tree follows its original file by file, and does no more than it must."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.scons_project import SconsProject

SCONSTRUCT = """
    from tinyml import errors
    from tinyml.rewrite_includes import rules
    DefaultEnvironment(tools=[])
    with errors.shown(Exit):
        env = Environment(tools=["rewrite_includes"])
        table = rules.table([("old/", ARGUMENTS.get("to", "new/"))], "relative" in ARGUMENTS)
        env.RewriteIncludes("copy", "tree", rules=table, include=["inc"])
    """
FILES = {
    "tree/src/a.c": "#include <old/b.h>\nint a;\n",
    "tree/inc/new/b.h": '#include "old/no.h"\n',
    "tree/README": "old/",
}


@pytest.fixture
def built(tmp_path: Path) -> SconsProject:
    """Return a project whose tree is relocated."""
    made = SconsProject(tmp_path, SCONSTRUCT)
    for name, text in FILES.items():
        made.write(name, text)
    made.scons()
    return made


def copied(built: SconsProject) -> dict[str, str]:
    """Return the relocated files and their contents."""
    copy = built.folder / "copy"
    return {
        str(path.relative_to(copy)): path.read_text() for path in copy.rglob("*") if path.is_file()
    }


def redone(built: SconsProject, *arguments: str) -> list[str]:
    """Build, and return why SCons relocated what."""
    lines = built.scons("--debug=explain", *arguments).stdout.splitlines()
    return [re.split("[`']", line)[1] for line in lines if "building `" in line]


def test_the_tree_is_copied_rewritten(built: SconsProject) -> None:
    """Sources and headers, by the rules, and a report on where their includes lead."""
    assert copied(built) == {
        "src/a.c": "#include <new/b.h>\nint a;\n",
        "inc/new/b.h": '#include "new/no.h"\n',
    }
    report = (built.folder / "copy.includes.txt").read_text()
    assert 'inc/new/b.h:1  old/no.h -> "new/no.h"' in report
    assert "2 includes in 2 files: 2 rewritten, 1 lead to nothing" in report


def test_a_second_build_does_nothing(built: SconsProject) -> None:
    """Nothing has changed, so nothing is read again."""
    assert redone(built) == []


def test_one_file_is_one_step(built: SconsProject) -> None:
    """A changed file alone is rewritten again, its neighbours are not."""
    built.write("tree/src/a.c", "int changed;\n")
    assert redone(built) == ["copy.includes.txt", "copy/src/a.c"]
    assert copied(built)["src/a.c"] == "int changed;\n"


def test_other_rules_are_another_tree(built: SconsProject) -> None:
    """The rule table is in the signature; so is whether paths become relative."""
    assert len(redone(built, "to=newer/")) == 3
    assert copied(built)["src/a.c"] == "#include <newer/b.h>\nint a;\n"
    assert len(redone(built, "relative=1")) == 3
    assert copied(built)["src/a.c"] == '#include "../inc/new/b.h"\nint a;\n'


def test_a_file_that_comes_and_goes(built: SconsProject) -> None:
    """A new file may change where an include leads; a removed one leaves no copy."""
    built.scons("relative=1")
    assert copied(built)["inc/new/b.h"] == '#include "new/no.h"\n'
    built.write("tree/inc/new/no.h", "")
    built.scons("relative=1")
    assert copied(built)["inc/new/b.h"] == '#include "no.h"\n'
    (built.folder / "tree/inc/new/no.h").unlink()
    built.scons("relative=1")
    assert copied(built)["inc/new/b.h"] == '#include "new/no.h"\n'
    assert "inc/new/no.h" not in copied(built)


def test_a_table_that_never_ends_is_refused(built: SconsProject) -> None:
    """A mistake in the rules is three lines, before anything is written."""
    result = built.scons('to=o"', check=False)
    assert result.returncode == 2
    assert "is no path" in result.stderr
