"""Call graphs, what Thumb code shows, and the deepest chain of calls."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import callgraph, calls, thumb
from tinyml.elf.stack import Depth, Node, Stack, deepest
from tinyml.errors import UserError

GRAPH = r"""graph: { title: "firmware/apps/main.c"
node: { title: "main" label: "main\nfirmware/apps/main.c:9:5\n24 bytes (static)" }
node: { title: "firmware/apps/main.c:show" label: "show\nmain.c:3:1\n8 bytes (dynamic,bounded)" }
node: { title: "grow" label: "grow\nmain.c:5:1\n16 bytes (dynamic)" }
node: { title: "memset" label: "__builtin_memset\n<built-in>" shape : ellipse }
node: { title: "__indirect_call" label: "Indirect Call Placeholder" shape : ellipse }
edge: { sourcename: "main" targetname: "firmware/apps/main.c:show" label: "main.c:11:5" }
edge: { sourcename: "main" targetname: "firmware/apps/main.c:show" label: "main.c:12:5" }
edge: { sourcename: "main" targetname: "memset" }
edge: { sourcename: "main" targetname: "__indirect_call" label: "main.c:13:5" }
}
"""


def test_a_call_graph_is_read() -> None:
    """Stack, calls with the place of the first, calls through pointers, names of local ones."""
    main, show, grow = callgraph.parse(GRAPH)
    assert (main.name, main.source, main.bytes, main.dynamic) == ("main", "", 24, False)
    assert main.calls == {"firmware/apps/main.c:show": "main.c:11:5", "memset": ""}
    assert main.indirect == ["main.c:13:5"]
    assert (show.name, show.source, show.dynamic) == ("show", "main.c", False)
    assert (grow.bytes, grow.dynamic) == (16, True)


@settings(max_examples=200, deadline=1000)
@given(st.integers(0, len(GRAPH)), st.text(max_size=9), st.integers(0, 30))
def test_a_damaged_call_graph_never_crashes(at: int, change: str, cut: int) -> None:
    """Whatever is no node and no edge is passed over."""
    for function in callgraph.parse(GRAPH[:at] + change + GRAPH[at + cut :]):
        assert function.title.isprintable() and function.bytes >= 0


def test_call_graphs_are_found_by_their_objects(tmp_path: Path) -> None:
    """Beside the object, under the name that gcc gives them, and in folders inside."""
    (tmp_path / "kernels").mkdir()
    for name in ("main.ci", "kernels/conv.o.ci", "kernels/conv.c.ci"):
        (tmp_path / name).write_text("")
    found = callgraph.files([tmp_path])
    assert sorted(found) == ["conv.c.o", "conv.o", "main.o"]
    with pytest.raises(UserError, match="is no folder"):
        callgraph.files([tmp_path / "nowhere"])


def halfwords(*words: int) -> bytes:
    """Return Thumb code."""
    return struct.pack(f"<{len(words)}H", *words)


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ((0xB5F0,), 20),  # push {r4-r7, lr}
        ((0xB082,), 8),  # sub sp, #8
        ((0xE92D, 0x4FF0), 36),  # push.w {r4-r11, lr}
        ((0xED2D, 0x8B10), 64),  # vpush {d8-d15}
        ((0xED2D, 0x8A02), 8),  # vpush {s16, s17}
        ((0xF5AD, 0x6D80), 1024),  # sub.w sp, sp, #1024
        ((0xF2AD, 0x4D04), 1028),  # subw sp, sp, #1028
        ((0xF84D, 0x4D04), 4),  # str r4, [sp, #-4]!
        ((0xE96D, 0x4502), 8),  # strd r4, r5, [sp, #-8]!
        ((0xF1AD, 0x0D28), 40),  # sub.w sp, sp, #40
        ((0xB002,), 0),  # add sp, #8
        ((0xF1AD, 0x0128), 0),  # sub.w r1, sp, #40
        ((0xBDF0,), 0),  # pop
    ],
)
def test_what_code_takes_from_the_stack(code: tuple[int, ...], used: int) -> None:
    """Encodings as the assembler gives them (see the live test, which compares with objdump)."""
    assert thumb.analyse(0, [(0, halfwords(*code))], 4).bytes == used


@pytest.mark.parametrize(
    ("code", "indirect"),
    [
        ((0x4798,), True),  # blx r3
        ((0x4718,), True),  # bx r3
        ((0x4770,), False),  # bx lr
        ((0x469F,), True),  # mov pc, r3
        ((0x46F7,), False),  # mov pc, lr
        ((0xF8DF, 0xF004), True),  # ldr pc, [pc, #4]
        ((0xF85D, 0xFB04), False),  # pop {pc}
        ((0xBD10,), False),  # pop {r4, pc}
    ],
)
def test_jumps_that_registers_and_memory_decide(code: tuple[int, ...], indirect: bool) -> None:
    """Returns are none of them."""
    assert thumb.analyse(0, [(0, halfwords(*code))], 4).indirect == indirect


def test_calls_and_jumps_out_of_a_function() -> None:
    """BL, B.W and short branches, forwards and backwards; what stays inside is no call."""
    code = halfwords(0xF000, 0xF802, 0xE7FE, 0xF7FF, 0xBFFA, 0xD0F7)
    found = thumb.analyse(0x100, [(0x100, code)], 0x10C)
    # bl .+8 (inside: 0x108), b . (inside), b.w back, beq back
    assert found.calls == (0x100 + 6 + 4 - 12, 0x100 + 10 + 4 - 18)
    assert thumb.analyse(0x100, [(0x100, code)], 0x106).calls[0] == 0x108


@given(st.binary(max_size=64))
def test_any_bytes_can_be_looked_at(code: bytes) -> None:
    """Data that nobody marked is no reason to fail."""
    assert thumb.analyse(0, [(0, code)], len(code)).bytes >= 0


def graph(**functions: tuple[int, str]) -> dict[str, Node]:
    """Return nodes: bytes, and the names of what each calls."""
    return {
        name: Node(name, name, "", name, (name,), own, "compiler", tuple(targets.split()))
        for name, (own, targets) in functions.items()
    }


def stack_of(nodes: dict[str, Node], start: str, reserved: int | None = None) -> Stack:
    """Return the stack of a program that starts there."""
    return Stack(reserved, start, (), nodes, deepest(nodes))


def test_the_deepest_chain_is_not_the_longest() -> None:
    """Bytes decide, a function that is reached twice counts once a chain."""
    nodes = graph(a=(8, "b e"), b=(4, "c"), c=(4, "d"), d=(1, ""), e=(100, "d"))
    stack = stack_of(nodes, "a")
    assert stack.chain("a") == [("a", 8), ("e", 100), ("d", 1)]
    assert (stack.worst, stack.unknown) == (109, ())


def test_recursion_is_named_and_ends() -> None:
    """Of all that goes through the circle the depth is a lower bound."""
    nodes = graph(main=(1, "f"), f=(2, "g leaf"), g=(4, "f"), leaf=(8, ""))
    depths = deepest(nodes)
    assert depths["main"].unknown == {"recursion: f > g > f"}
    assert depths["leaf"] == Depth(8, None, frozenset())
    assert "at least" in stack_of(nodes, "main").lines()[0]
    (itself,) = deepest(graph(f=(2, "f")))["f"].unknown
    assert itself == "recursion: f > f"


def test_a_chain_of_a_hundred_thousand_calls_is_followed() -> None:
    """Without recursion of our own."""
    count = 100_000
    nodes = {
        str(i): Node(
            str(i), str(i), "", "", (), 1, "compiler", (str(i + 1),) if i + 1 < count else ()
        )
        for i in range(count)
    }
    assert deepest(nodes)["0"].bytes == count


def test_too_little_stack_is_said() -> None:
    """With the bytes that are missing."""
    stack = stack_of(graph(main=(100, "f"), f=(30, "")), "main", 128)
    assert stack.lines()[0] == "stack: 130 bytes of 128 reserved: main 130; 2 bytes too many"
    assert stack.lines()[1] == "  deepest: main 100 > f 30"


def test_notes_are_read_the_last_one_counts(tmp_path: Path) -> None:
    """Patterns, functions of one source, functions with a stack of their own."""
    notes = tmp_path / "calls.toml"
    notes.write_text(
        'elsewhere = ["fault_*"]\n[stack]\n"tile_*" = 8\ntile_4 = 92\n'
        '[calls]\nmain = ["model.c:invoke"]\nmemcpy = ["x"]\n'
    )
    known = calls.load([notes])
    assert (known.stack_of(("tile_1",)), known.stack_of(("tile_4",))) == (8, 92)
    assert known.stack_of(("other",)) is None
    assert known.calls_of(("main", "main.c:main")) == ("model.c:invoke",)
    assert known.calls_of(("memcpy",)) == ("x",)
    assert known.is_elsewhere(("fault_entry",))
    assert calls.matches("model.c:invoke", calls.names_of("invoke", "model.c", ""))
    assert not calls.matches("model.c:invoke", calls.names_of("invoke", "other.c", ""))
    written = "server::(anonymous namespace)::Fixed::allocate(unsigned int)"
    names = calls.names_of("_ZN6server1A", "x.cc", written)
    assert calls.base(written) == "server::(anonymous namespace)::Fixed::allocate"
    for pattern in (written, calls.base(written), "server::*", "x.cc:*", "_ZN6server1A"):
        assert calls.matches(pattern, names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[stack]\nf = -1", "f is -1"),
        ("[stack]\nf = true", "f is True"),
        ('[calls]\nf = "g"', "f is 'g'"),
        ("[calls]\nf = [1]", r"f is \[1\]"),
        ("stack = 1", "stack is 1"),
        ("[calling]", "has calling"),
        ('elsewhere = "f"', "elsewhere is 'f'"),
        ("[", "is not TOML"),
    ],
)
def test_notes_with_a_mistake_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each with what is wrong."""
    notes = tmp_path / "calls.toml"
    notes.write_text(text)
    with pytest.raises(UserError, match=message):
        calls.load([notes])
