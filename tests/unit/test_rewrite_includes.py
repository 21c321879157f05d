"""Rewriting includes: what is one, what it becomes, and that nothing else is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinyml.errors import UserError
from tinyml.rewrite_includes import __main__ as command
from tinyml.rewrite_includes import relocate, report, rules, scan, search

RULES = rules.table([("old/", "new/deep/"), ("gone/", ""), ("arm/", "arm/dsp/")])
TREE = search.Search(frozenset({"src/a.c", "src/b.h", "inc/b.h", "inc/x/c.h"}), ("inc",))


def prefixed(text: bytes) -> bytes:
    """Rewrite ``text`` as src/a.c by the prefix rules."""
    return relocate.rewrite(text, "src/a.c", RULES, TREE)


def relative(text: bytes) -> bytes:
    """Rewrite ``text`` as src/a.c to paths relative to it."""
    return relocate.rewrite(text, "src/a.c", rules.Rules(relative=True), TREE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'#include "old/a.h"', b'#include "new/deep/a.h"'),
        (b"#include <old/a.h>", b"#include <new/deep/a.h>"),
        (b"#include<old/a.h>", b"#include<new/deep/a.h>"),
        (b"#include_next <old/a.h>\n", b"#include_next <new/deep/a.h>\n"),
        (b'#import "old/a.h"\n', b'#import "new/deep/a.h"\n'),
        (b'%:include "old/a.h"\n', b'%:include "new/deep/a.h"\n'),
        (b' \t#  include\t"old/a.h" // x\r\n', b' \t#  include\t"new/deep/a.h" // x\r\n'),
        (b'\xef\xbb\xbf#include "old/a.h"', b'\xef\xbb\xbf#include "new/deep/a.h"'),
        (
            b'/* a */ # /* b\n */ include /**/ "old/a.h"',
            b'/* a */ # /* b\n */ include /**/ "new/deep/a.h"',
        ),
        (b'#inc\\\nlude \\ \r\n"old/a.h"', b'#inc\\\nlude \\ \r\n"new/deep/a.h"'),
        (b'#include "ol\\\nd/a.h"\nint x;', b'#include "new/deep/a.h\\\n"\nint x;'),
        (b'int x; /*\n*/ #include "old/a.h"', b'int x; /*\n*/ #include "old/a.h"'),
        (b'/*\n*/ #include "old/a.h"', b'/*\n*/ #include "new/deep/a.h"'),
        (b'#error don\'t\n#include "old/a.h"', b'#error don\'t\n#include "new/deep/a.h"'),
        (b'#error don\'t /*\n#include "old/a.h"', b'#error don\'t /*\n#include "new/deep/a.h"'),
        (
            b"int i = 1'000; /*'*/\n#include \"old/a.h\"",
            b"int i = 1'000; /*'*/\n#include \"new/deep/a.h\"",
        ),
        (
            b'f(u8R"x(\n)"\n)x"); \n#include "old/a.h"',
            b'f(u8R"x(\n)"\n)x"); \n#include "new/deep/a.h"',
        ),
        (b'R"(\\\n)" \n#include "old/a.h"', b'R"(\\\n)" \n#include "new/deep/a.h"'),
        (b'FOOR"(\n#include "old/a.h"', b'FOOR"(\n#include "new/deep/a.h"'),
        (b'#if 0\n#include "old/\xff.h"\n#endif', b'#if 0\n#include "new/deep/\xff.h"\n#endif'),
        (
            b'#if X && __has_include( <old/a.h> ) || __has_include("old/b.h")\n',
            b'#if X && __has_include( <new/deep/a.h> ) || __has_include("new/deep/b.h")\n',
        ),
        (b"#elif __has_include_next(<old/a.h>)\n", b"#elif __has_include_next(<new/deep/a.h>)\n"),
        (b'#include "gone/gone/a.h"\n', b'#include "a.h"\n'),
        (
            b'#include "arm/a.h"\n#include "arm/dsp/a.h"',
            b'#include "arm/dsp/a.h"\n#include "arm/dsp/a.h"',
        ),
    ],
)
def test_an_include_is_rewritten(before: bytes, after: bytes) -> None:
    """Each way to write an include is found, its path alone changes, and once is enough."""
    assert prefixed(before) == after
    assert prefixed(after) == after


@pytest.mark.parametrize(
    "text",
    [
        b'// #include "old/a.h"\n',
        b'// joined \\\n#include "old/a.h"\n',
        b'/*\n#include "old/a.h"\n*/\n',
        b'/* never closed\n#include "old/a.h"\n',
        b'x = "\\\n#include <old/a.h>\\\n";',
        b'x = R"(\n#include <old/a.h>\n)";',
        b'x = LR"old(\n#include <old/a.h>\n)" )old";',
        b'int a; #include "old/a.h"\n',
        b'#define X #include "old/a.h"\n',
        b'#define old "old/a.h"\n#include old\n',
        b'#includes "old/a.h"\n',
        b'#include "old/a.h\n',
        b"#include <old/a.h\n",
        b'#include "very/old/a.h"\n',
        b'__has_include("old/a.h")\n',
        b"#if __has_include(old) || __has_includes(<old/a.h>)\n",
        b"#include\n<old/a.h>\n",
        b"",
    ],
)
def test_what_is_no_include_stays(text: bytes) -> None:
    """Comments, strings, macros and broken lines are left as they are."""
    assert prefixed(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'#include "b.h"\n', b'#include "b.h"\n'),
        (b"#include <b.h>\n", b'#include "../inc/b.h"\n'),
        (b"#include <x/c.h>\n", b'#include "../inc/x/c.h"\n'),
        (b'#include "./b.h"\n', b'#include "b.h"\n'),
        (b"#include <stdint.h>\n", b"#include <stdint.h>\n"),
        (b"#include_next <b.h>\n", b"#include_next <b.h>\n"),
        (b"#if __has_include(<b.h>)\n", b'#if __has_include("../inc/b.h")\n'),
    ],
)
def test_relative_to_the_including_file(before: bytes, after: bytes) -> None:
    """A file of the tree is named from where it is included; other files keep their names."""
    assert relative(before) == after
    assert relative(after) == after


def test_a_name_that_no_include_can_have() -> None:
    """A file of the tree whose name would break the line is not put into it."""
    hostile = search.Search(frozenset({'in"c/x.h'}), ('in"c',))
    text = b"#include <x.h>\n"
    assert relocate.rewrite(text, "a.c", rules.Rules(relative=True), hostile) == text


@pytest.mark.parametrize(
    ("table", "culprit"),
    [
        ([("", "x/")], "for every include"),
        ([("a/", "b/"), ("b/", "a/")], "leads back"),
        ([("a/", "b/"), ("b/", "c/"), ("c/", "a/b/")], "leads back"),
        ([("a/b/", "a/"), ("a/", "a/b/")], "leads back"),
        ([("a/", "b/"), ("a/", "c/")], "two rewrite rules"),
        ([("a/", 'b"')], "is no path"),
        ([("a\n", "b")], "is no path"),
    ],
)
def test_a_wrong_table_is_refused(table: list[tuple[str, str]], culprit: str) -> None:
    """Rules that never end, or that no file could mean, are an error of the table's writer."""
    with pytest.raises(UserError, match=culprit):
        rules.table(table)


def test_rules_may_follow_each_other() -> None:
    """What one rule makes another may take up; the longest prefix is first."""
    table = rules.table([("a/", "b/"), ("b/", "c/"), ("a/special/", "")])
    assert table.apply("a/x.h") == "c/x.h"
    assert table.apply("a/special/x.h") == "x.h"


def test_the_report_sorts_what_it_found() -> None:
    """Nothing, two files, macros and external names are told apart, with file and line."""
    text = b'#include "b.h"\n#include "old/no.h"\n#include <x/c.h>\n#include M\n#include <s.h>\n'
    found = report.Report(RULES)
    found.add("src/a.c", relocate.rewritten(text, "src/a.c", RULES, TREE))
    assert found.several == ['src/a.c:1  "b.h": src/b.h, inc/b.h']
    assert found.nothing == ['src/a.c:2  old/no.h -> "new/deep/no.h"']
    assert found.macros == ["src/a.c:4  M"]
    assert found.external == {"<s.h>": ["src/a.c:5"]}
    assert "5 includes in 1 files: 1 rewritten, 1 lead to nothing, 1 to two" in found.text()


def test_what_is_required_is_not_nothing(tmp_path: Path) -> None:
    """A path that a rule leads into another component is found there."""
    (tmp_path / "new/deep").mkdir(parents=True)
    (tmp_path / "new/deep/a.h").touch()
    places = search.Search(frozenset(), (), (tmp_path,))
    lines = b'#include "old/a.h"\n#include "old/b.h"\n'
    missing = [item.missing for item in relocate.rewritten(lines, "x.c", RULES, places)]
    assert missing == [False, True]


def test_the_command_relocates_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole tree is copied; a second run, and a run over the copy, write nothing new."""
    (tmp_path / "tree/src").mkdir(parents=True)
    (tmp_path / "tree/inc").mkdir()
    (tmp_path / "tree/src/a.c").write_bytes(b"#include <b.h>\r\nint a;")
    (tmp_path / "tree/inc/b.h").write_bytes(b"int b;\n")
    (tmp_path / "tree/README").write_text("not a source")
    for source, written in (("tree", 2), ("tree", 0), ("out", 0)):
        target = "out" if source == "tree" else "again"
        command.main(
            [str(tmp_path / source), str(tmp_path / target), "--relative", "--include", "inc"]
        )
        said = capsys.readouterr().out
        assert f"{written if target == 'out' else 2} files" in said
    copies = [tmp_path / folder / "src/a.c" for folder in ("out", "again")]
    assert [copy.read_bytes() for copy in copies] == [b'#include "../inc/b.h"\r\nint a;'] * 2
    assert not (tmp_path / "out/README").exists()


PIECES = [
    *(b"#", b"%:", b"include", b" ", b"\n", b"\r\n", b"\\\n", b"\\ \r\n", b"/*", b"*/", b"//"),
    *(b'"', b"'", b'R"(', b')"', b'R"x(', b')x"', b"<", b">", b"(", b")", b"old/", b"gone/"),
    *(b"b.h", b"x/c.h", b"arm/", b"../", b"if ", b"__has_include", b"_next", b"1'0", b"\xff"),
    *(b'#include "', b"#include <", b'#include "old/a.h"\n', b"#include <b.h>\n", b"\0", b"A"),
]
ANY_BYTES = st.one_of(
    st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)
)
TABLES = [RULES, rules.Rules(relative=True), rules.Rules(RULES.prefixes, relative=True)]


@settings(max_examples=400, deadline=None)
@given(ANY_BYTES, st.sampled_from(TABLES))
@example(b'#include "\\\nold/\\\n"', RULES)
@example(b"#include <\\\r\nb.h>", TABLES[1])
def test_any_bytes_keep_all_but_paths(data: bytes, table: rules.Rules) -> None:
    """Whatever a file holds: same lines, nothing but paths changed, and twice is as once."""
    out = relocate.rewrite(data, "src/a.c", table, TREE)
    assert re.findall(rb"\r?\n", out) == re.findall(rb"\r?\n", data)
    assert without_paths(out) == without_paths(data)
    assert relocate.rewrite(out, "src/a.c", table, TREE) == out
    assert [item.line for item in scan.includes(out)] == [item.line for item in scan.includes(data)]


def without_paths(data: bytes) -> list[bytes]:
    """Return the bytes between the includes' paths."""
    edges = [0, *(edge for item in scan.includes(data) for edge in (item.start, item.end))]
    edges.append(len(data))
    return [data[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize("piece", [b"/*", b'R"a(', b"#if __has_include(", b'"', b"\\\n", b"1'"])
def test_a_hostile_file_takes_no_hostile_time(piece: bytes) -> None:
    """Half a megabyte of one opening is read in well under the ten seconds a test may wait."""
    assert scan.includes(b"#include <a>\n" + piece * (500_000 // len(piece)))[0].path == b"a"
