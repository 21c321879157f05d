"""The page of a size report: complete, self-contained, and nothing in it runs but our scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tinyml.elf import draw, picture
from tinyml.elf.__main__ import main
from tinyml.elf.picture import Library
from tinyml.elf.stored import Document
from tinyml.errors import UserError
from unit.elf.size_documents import HOSTILE, document, leaf, text
from unit.elf.tiny_elf import build

LAYOUT = Library("/* layout */", "A <licence> & its text")
OLD = [leaf("main", 100), leaf("gone", 40), leaf("conv", 200, group="kernels", library="libk.a")]
NEW = [
    leaf("main", 120),
    leaf("main", 8, kind="literal"),
    leaf("conv", 200, group="kernels", library="libk.a"),
    leaf("buffer", 64, "DTCM"),
    leaf("", 2, kind="padding", object="", group="padding"),
]


class Page(HTMLParser):
    """Reads a page as a browser does: its elements, and the text of scripts and style."""

    def __init__(self, html: str) -> None:
        """Read ``html``."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Note an element's end."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of scripts and style."""
        if self._inside:
            self.raw[self._inside][-1] += data

    @property
    def policy(self) -> str:
        """Return the content security policy."""
        found = [a for _, a in self.elements if a.get("http-equiv") == "Content-Security-Policy"]
        assert len(found) == 1
        return str(found[0]["content"])

    @property
    def data(self) -> dict[str, Any]:
        """Return the page's data."""
        found = json.loads(self.raw["script"][0])
        assert isinstance(found, dict)
        return found


def page(new: Document, old: Document | None = None) -> Page:
    """Return the page, read."""
    return Page(picture.page(new, LAYOUT, old))


def leaves(node: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return every leaf under a node with the names that lead to it."""
    here = (*path, node["n"])
    if "c" not in node:
        return [(here, node)]
    return [found for child in node["c"] for found in leaves(child, here)]


def test_every_byte_is_in_the_tree_by_group_library_object_and_symbol() -> None:
    """A function's constants are its own; what has no symbol says what it is."""
    trees = page(document(*NEW)).data["trees"]
    flash = {path: node["b"] for path, node in leaves(trees["flash"])}
    assert flash == {
        ("flash", "app", "(objects)", "main.o", "main"): 128,
        ("flash", "kernels", "libk.a", "main.o", "conv"): 200,
        ("flash", "padding", "(objects)", "(linker)", "(padding)"): 2,
    }
    assert [node["r"] for _, node in leaves(trees["ram"])] == ["DTCM"]


def test_a_comparison_has_the_old_sizes_and_what_is_gone() -> None:
    """So that growth can be coloured; a moved symbol has its old size at its new place."""
    data = page(document(*NEW), document(*OLD)).data
    found = {
        path[-1]: (node["o"], node["b"], node.get("h", ""))
        for path, node in leaves(data["trees"]["flash"]) + leaves(data["trees"]["ram"])
    }
    assert found == {
        "main": (100, 128, ""),
        "conv": (200, 200, ""),
        "gone": (40, 0, "removed"),
        "buffer": (0, 64, "added"),
        "(padding)": (0, 2, "added"),
    }


def test_a_page_of_nothing() -> None:
    """A file without anything in memory is a page that says so."""
    assert page(document()).data["trees"] == {}


def test_nothing_comes_from_elsewhere() -> None:
    """No element loads anything, and the policy would not let it."""
    shown = page(document(*NEW))
    for tag, attributes in shown.elements:
        assert tag not in ("img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        assert (attributes.get("href") or "data:,").startswith("data:,")
    assert "url(" not in shown.raw["style"][0]
    assert shown.policy.startswith("default-src 'none';")


def test_the_policy_allows_the_two_scripts_and_the_style_alone() -> None:
    """By the digests that a browser computes; no element has a script or style of its own."""
    shown = page(document(*NEW))

    def digest(content: str) -> str:
        return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    scripts = {digest(script) for script in shown.raw["script"][1:]}
    rules = dict(rule.strip().split(" ", 1) for rule in shown.policy.split(";"))
    assert set(re.findall(r"'sha256-([^']+)'", rules["script-src"])) == scripts
    assert re.findall(r"'sha256-([^']+)'", rules["style-src"]) == [digest(shown.raw["style"][0])]
    assert "unsafe" not in shown.policy
    for _, attributes in shown.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_data(name: str) -> None:
    """Wherever it stands in the report; the page has the same elements as with harmless names."""
    rows = [leaf(name, 4, group=name, library=name, object=name, file=name)]
    harmless = [leaf("f", 4, group="g", library="l", object="o", file="c")]
    more = {"build": {name: name}, "elf": name, "board": name}
    shown = page(document(*rows, **more), document(*rows, **more))
    usual = page(document(*harmless, build={"a": "b"}), document(*harmless))
    assert [tag for tag, _ in shown.elements] == [tag for tag, _ in usual.elements]
    ((path, _),) = leaves(shown.data["trees"]["flash"])
    assert path == ("flash", name, name, name, name)


def test_the_licence_is_in_the_page() -> None:
    """As the library's terms want it, as text."""
    assert "A &lt;licence&gt; &amp; its text" in picture.page(document(*NEW), LAYOUT)


def test_very_many_symbols_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest of each object become one box; no byte is lost."""
    monkeypatch.setattr(picture, "MOST_LEAVES", 10)
    rows = [leaf(f"s{i}", 1 + i, object=f"{i % 3}.o") for i in range(40)]
    found = leaves(page(document(*rows)).data["trees"]["flash"])
    assert len(found) == 13
    assert sum(node["b"] for _, node in found) == sum(range(1, 41))
    assert {node["n"] for _, node in found if node.get("k") == "several"} == {"(10 smaller)"}


def test_the_layout_library_must_be_there(tmp_path: Path) -> None:
    """And must be able to stand in a page."""
    with pytest.raises(UserError, match="cannot read"):
        draw.layout(tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / picture.LICENCE).write_text("terms")
    (tmp_path / picture.SCRIPT).write_text("'</SCRIPT>'")
    with pytest.raises(UserError, match="would end its own element"):
        draw.layout(tmp_path)


def test_not_fetched_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error is the command that fetches it."""
    monkeypatch.setattr(draw.store, "STORE", tmp_path)
    with pytest.raises(UserError) as refusal:
        draw.layout(None)
    assert refusal.value.hint == "scons fetch component=d3-hierarchy"


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    """Of a stored report, compared with another."""
    for name, rows in (("old", OLD), ("new", NEW)):
        (tmp_path / f"{name}.json").write_text(text(rows))
    (tmp_path / "lib/dist").mkdir(parents=True)
    (tmp_path / "lib" / picture.LICENCE).write_text(LAYOUT.licence)
    (tmp_path / "lib" / picture.SCRIPT).write_text(LAYOUT.script)
    files = [str(tmp_path / "new.json"), "--baseline", str(tmp_path / "old.json")]
    where = ["--layout", str(tmp_path / "lib"), "--output", str(tmp_path / "x.html")]
    draw.main([*files, *where])
    assert (tmp_path / "x.html").read_text() == picture.page(document(*NEW), LAYOUT, document(*OLD))


def test_the_report_of_an_elf_file_as_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed, or written by the name's end; any ELF file will do."""
    monkeypatch.setattr(draw, "layout", lambda _: LAYOUT)
    (tmp_path / "x.elf").write_bytes(build())
    main(["report", str(tmp_path / "x.elf"), "--html", "--output", str(tmp_path / "x.html")])
    shown = capsys.readouterr().out
    assert shown == (tmp_path / "x.html").read_text()
    assert [path[-1] for path, _ in leaves(Page(shown).data["trees"]["flash"])].count("main") == 1
