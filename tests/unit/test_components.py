"""Third-party components as data: what is read, what is refused, and in which words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml import components
from tinyml.errors import UserError

SHA256 = "ab" * 32
FULL = f"""
description = "filters"
license = "Apache-2.0 OR (MIT AND BSD-3-Clause)"
license_file = "LICENSE"
include = ["Include", "."]
exported_defines = {{ FILTER_STATIC = "1", FILTER_EMPTY = "" }}
requires = ["core"]

[source]
provider = "pypi"
package = "filters"
version = "1.10.3"
sha256 = "{SHA256}"
root = "filters-1.10.3"

[library]
sources = ["Source/**/*.c"]
exclude = ["Source/**/*F16.c"]
private_include = ["PrivateInclude"]
defines = {{ INSIDE = "2" }}
flags = ["-fno-strict-aliasing"]

[library.kernel.cmsis-nn]
sources = ["Fast/*.c"]
exclude = ["Source/slow.c"]
defines = {{ FAST = "" }}
requires = ["extra"]

[[rewrite]]
from = "filters/"
to = ""

[[rewrite]]
relative = true

[cmake]
source = "Source"
library = "libFilters.a"
options = {{ LOOPUNROLL = "ON" }}
"""
HEADERS = f"""
description = "headers"
license = "MIT"
license_file = "LICENSE"
include = ["."]

[source]
provider = "git"
url = "https://example.org/headers.git"
commit = "{"0123456789" * 4}"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a component.toml, some text of it replaced."""

    def write_component(
        *replacements: tuple[str, str], name: str = "filters", text: str = FULL
    ) -> Path:
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "component.toml").write_text(text)
        return folder

    return write_component


def test_everything_is_read(write: Write) -> None:
    """A component that uses every key arrives complete, tuples and tables as they were."""
    folder = write()
    component = components.load(folder)
    assert (component.name, component.folder) == ("filters", folder)
    assert component.include == ("Include", ".")
    assert component.exported_defines == {"FILTER_STATIC": "1", "FILTER_EMPTY": ""}
    assert component.source.digest == ("sha256", SHA256)
    assert component.source.root == "filters-1.10.3"
    assert component.rewrite == (
        components.RewriteRule(prefix="filters/", replacement=""),
        components.RewriteRule(relative=True),
    )
    assert component.cmake == components.CMake("Source", "libFilters.a", {"LOOPUNROLL": "ON"})


def test_kernel_adds_to_the_library(write: Write) -> None:
    """What [library.kernel.X] says counts for kernel=X alone, after what [library] says."""
    component = components.load(write())
    assert component.library is not None
    plain, fast = (component.library.for_kernel(kernel) for kernel in (None, "cmsis-nn"))
    assert plain.sources == ("Source/**/*.c",)
    assert fast.sources == ("Source/**/*.c", "Fast/*.c")
    assert fast.exclude == ("Source/**/*F16.c", "Source/slow.c")
    assert fast.defines == {"INSIDE": "2", "FAST": ""}
    assert component.requires_for("reference") == ("core",)
    assert component.requires_for("cmsis-nn") == ("core", "extra")


@pytest.mark.parametrize(
    ("old", "new", "culprit", "expected"),
    [
        ('license = "', 'colour = 1\nlicense = "', "unknown key 'colour'", "license_file"),
        ('license = "', 'folder = "x"\nlicense = "', "unknown key 'folder'", "license_file"),
        ("[source]", "[source]\nmirror = 1", "unknown key 'mirror'", "provider, package"),
        ("[library]", "[library]\nheaders = []", "unknown key 'headers'", "sources, exclude"),
        ("[cmake]", "[cmake]\ntarget = 1", "unknown key 'target'", "source, library"),
        ("relative = true", "absolute = true", "unknown key 'absolute'", "from, to, relative"),
        ('description = "filters"', "", "lacks description", "license"),
        ('description = "filters"', 'description = "f"\nname = "x"', "name 'x'", "'filters'"),
        ('license_file = "LICENSE"', "license_file = 3", "license_file is 3", "a string"),
        ('requires = ["core"]', 'requires = "core"', "requires is 'core'", "a list"),
        ('requires = ["core"]', 'requires = ["../x"]', "requires is '../x'", "names"),
        ('"1", FILTER_EMPTY', "1, FILTER_EMPTY", "exported_defines.FILTER_STATIC is 1", "a string"),
        ("FILTER_EMPTY", "FILTER-EMPTY", "is 'FILTER-EMPTY'", "macro names"),
        ('FAST = ""', 'FAST = "a\\nb"', "defines.FAST is", "one line"),
        ("{ INSIDE", "[] # {", "defines is []", "a table"),
        # What proves the archive.
        (f'sha256 = "{SHA256}"', "", "no digest", "sha256, sha512"),
        ('version = "1', f'sha512 = "{SHA256 * 2}"\nversion = "1', "two digests", "one of"),
        (SHA256, SHA256[:-1], "sha256 is", "64 hexadecimal"),
        (SHA256, SHA256[:-1] + "g", "sha256 is", "64 hexadecimal"),
        # The provider's keys.
        ('"pypi"', '"svn"', "provider is 'svn'", "npm, pypi, debian, git, path"),
        ('"pypi"', '"debian"', "[source] has sha256", "package, version, root"),
        ('"pypi"', '"git"', "[source] has package", "url, commit, root"),
        ('"pypi"', '"path"', "[source] has package", "root"),
        ('package = "filters"', "", "lacks package", "package, version"),
        ('version = "1.10.3"', "", "lacks version", "package, version"),
        ('"1.10.3"', '">=1"', "version is '>=1'", "one exact version"),
        ('"1.10.3"', '"latest version"', "version is", "one exact version"),
        ('package = "filters"', 'package = "--help"', "package is '--help'", "a project's name"),
        ('package = "filters"', 'package = "a[b]"', "package is 'a[b]'", "without extras"),
        # Paths stay in the tree.
        ('"LICENSE"', '"/etc/passwd"', "license_file is '/etc/passwd'", "inside the tree"),
        ('"LICENSE"', '""', "license_file is ''", "inside the tree"),
        ('"Include"', '"../Include"', "include is '../Include'", "inside the tree"),
        ('"filters-1.10.3"', '"a/../.."', "root is 'a/../..'", "inside the tree"),
        ('"Source/**/*.c"', '"/**/*.c"', "sources is '/**/*.c'", "inside the tree"),
        ('"Source/**/*F16.c"', '"..\\\\x"', "exclude is", "inside the tree"),
        ('"PrivateInclude"', '"C:/x"', "private_include is", "inside the tree"),
        ('"Fast/*.c"', '"Fast/../../*.c"', "[library.kernel.cmsis-nn] sources", "inside the tree"),
        ('source = "Source"', 'source = ".."', "[cmake] source is '..'", "inside the tree"),
        ('"libFilters.a"', '"/libFilters.a"', "[cmake] library", "inside the tree"),
        ('["Source/**/*.c"]', "[]", "sources is empty", "a pattern"),
        # Rules of RewriteIncludes.
        ("relative = true", "", "rewrite[1] is not one rule", "from and to, or relative"),
        (
            "relative = true",
            'relative = true\nto = ""',
            "rewrite[1] is not one rule",
            "from and to",
        ),
        ('from = "filters/"', "", "rewrite[0] is not one rule", "from and to"),
        ('from = "filters/"', 'from = "a\\"b"', "rewrite[0] has 'a\"b'", "include path"),
        (
            '[[rewrite]]\nfrom = "filters/"\nto = ""',
            "[[rewrite]]\nfrom = 1",
            "from is 1",
            "string",
        ),
        ("[cmake]", "[cmake", "is not TOML", "valid TOML"),
    ],
)
def test_mistakes_are_refused(
    write: Write, old: str, new: str, culprit: str, expected: str
) -> None:
    """Each mistake names the file, the culprit and what is allowed."""
    with pytest.raises(UserError) as caught:
        components.load(write((old, new)))
    assert culprit in caught.value.culprit
    assert "component.toml" in caught.value.culprit
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("old", "new", "culprit"),
    [
        ("89012345", "8901234", "commit is"),
        ("0123456789", "v1.0", "commit is"),
        ("https://", "ext::sh -c ", "url is 'ext::"),
        ("https://example.org", "--upload-pack=x", "url is '--upload"),
        ("https://example.org", "../x", "url is '../x"),
        ("https://example.org", "https://-oProxy", "url is"),
        ("commit = ", "commits = ", "unknown key 'commits'"),
        ("url = ", "package = ", "has package"),
    ],
)
def test_mistakes_of_a_git_source(write: Write, old: str, new: str, culprit: str) -> None:
    """Only a full hash pins a commit, and no url is an option or a command."""
    with pytest.raises(UserError, match=r"component\.toml") as caught:
        components.load(write((old, new), text=HEADERS))
    assert culprit in caught.value.culprit


@pytest.mark.parametrize(
    "url", ["file:///srv/x y", "/srv/x y", "ssh://git@h/x", "git@h.org:x/y.git"]
)
def test_urls_of_git(write: Write, url: str) -> None:
    """What git itself understands is allowed, a local folder included; a space only there."""
    folder = write(("https://example.org/headers.git", url), text=HEADERS)
    if url.startswith("file:"):
        with pytest.raises(UserError):
            components.load(folder)
    else:
        assert components.load(folder).source.url == url


@pytest.mark.parametrize("name", ["Filters", "fil_ters", "-x", "archives"])
def test_folder_names(write: Write, name: str) -> None:
    """A component's name is its folder's, made of what an option can be made of."""
    with pytest.raises(UserError, match="name is"):
        components.load(write(name=name))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("MIT", True),
        ("Apache-2.0", True),
        ("GPL-2.0+ WITH GCC-exception-2.0", True),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", True),
        ("((MIT))", True),
        ("LicenseRef-Arm", True),
        ("", False),
        ("MIT Apache-2.0", False),
        ("MIT AND", False),
        ("(MIT", False),
        ("MIT)", False),
        ("()", False),
        ("MIT/BSD", False),
        ("free, really", False),
        ("AND", False),
    ],
)
def test_licences(write: Write, text: str, good: bool) -> None:
    """A licence has the form of an SPDX expression."""
    folder = write(('"Apache-2.0 OR (MIT AND BSD-3-Clause)"', f'"{text}"'))
    if good:
        assert components.load(folder).license == text
    else:
        with pytest.raises(UserError, match="license is"):
            components.load(folder)


def test_headers_only(write: Write) -> None:
    """Without [library] there is nothing to compile; a git source has no digest but its commit."""
    component = components.load(write(name="my-headers", text=HEADERS))
    assert component.library is None
    assert component.requires_for("cmsis-nn") == ()
    assert component.source.digest is None
    assert component.option == "my_headers"
    assert component.source.pin == {
        "provider": "git",
        "url": "https://example.org/headers.git",
        "commit": "0123456789" * 4,
        "root": ".",
    }


def _with_requires(write: Write, **requires: str) -> Path:
    folder = Path()
    for name, names in requires.items():
        quoted = ", ".join(f'"{other}"' for other in names.split())
        text = f"requires = [{quoted}]\n{HEADERS}"
        folder = write(name=name, text=text)
    return folder.parent


def test_closure_has_dependencies_last(write: Write) -> None:
    """The order is the linker's, each component once, whatever was asked for first."""
    known = components.load_all(_with_requires(write, a="c b", b="d", c="d", d="", e=""))
    for names in (["a"], ["d", "a"], ["b", "a", "c"]):
        order = [component.name for component in components.closure(names, known)]
        assert sorted(order) == ["a", "b", "c", "d"]
        assert order[0] == "a"
        assert order[-1] == "d"


def test_closure_of_a_kernel(write: Write) -> None:
    """What only kernel=cmsis-nn requires comes only with kernel=cmsis-nn."""
    write()
    known = components.load_all(_with_requires(write, core="", extra=""))
    plain, fast = (
        [component.name for component in components.closure(["filters"], known, kernel)]
        for kernel in ("reference", "cmsis-nn")
    )
    assert plain == ["filters", "core"]
    assert fast == ["filters", "core", "extra"]


@pytest.mark.parametrize(
    ("requires", "culprit"),
    [
        ({"a": "a"}, "a -> a"),
        ({"a": "b", "b": "c", "c": "b"}, "b -> c -> b"),
        ({"a": "b", "b": "nobody"}, "requires 'nobody'"),
    ],
)
def test_circles_and_strangers_are_refused(
    write: Write, requires: dict[str, str], culprit: str
) -> None:
    """A circle is shown; an unknown requirement is answered with the components there are."""
    with pytest.raises(UserError, match=r"component\.toml") as caught:
        components.load_all(_with_requires(write, **requires))
    assert culprit in caught.value.culprit


def test_circle_of_one_kernel(write: Write) -> None:
    """A circle that only one kernel closes is found all the same."""
    write()
    with pytest.raises(UserError, match="filters -> extra -> filters"):
        components.load_all(_with_requires(write, core="", extra="filters"))


def test_unknown_folder_and_name(write: Write) -> None:
    """A component that is not there is answered with those that are."""
    folder = write(name="toy", text=HEADERS)
    with pytest.raises(UserError) as caught:
        components.load(folder.parent / "tyo")
    assert "toy" in caught.value.hint
    with pytest.raises(UserError) as caught:
        components.closure(["tyo"], components.load_all(folder.parent))
    assert caught.value.expected == "one of toy"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose component.toml every example overwrites."""
    return tmp_path_factory.mktemp("scratch") / "toy"


@given(
    key=st.sampled_from(
        ["license_file", "include", "exported_defines", "requires", "source", "library"]
        + ["rewrite", "cmake", "name", "library.kernel.x", "source.root", "library.sources"]
    ),
    value=values,
)
def test_any_value_of_a_key_is_loaded_or_refused(scratch: Path, key: str, value: object) -> None:
    """A table where a text belongs, or the reverse, never gets past as a traceback."""
    text = 'description = "d"\nlicense = "MIT"\n'
    if not key.startswith("license"):
        text += 'license_file = "L"\n'
    if not key.startswith("source"):
        text += 'source.provider = "path"\n'
    scratch.mkdir(exist_ok=True)
    (scratch / "component.toml").write_text(f"{text}{key} = {_toml(value)}\n", encoding="utf-8")
    try:
        assert components.load(scratch).name == "toy"
    except UserError as error:
        assert "component.toml" in error.culprit


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\U{ord(character):08X}" for character in value or "") + '"'


def test_every_component_of_the_project(root: Path) -> None:
    """What third_party describes is consistent; the command lists it with its source."""
    command = [sys.executable, "-m", "tinyml.components", "third_party"]
    environment = {"PYTHONPATH": str(root / "site_scons")}
    listed = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    ).stdout
    for name in components.load_all(root / "third_party"):
        assert name in listed


def test_import_is_cheap(root: Path) -> None:
    """Components are read in every build: nothing heavy is loaded for it."""
    code = "import sys, tinyml.components; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(root / "site_scons")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"numpy", "tensorflow", "rich", "unearth", "socket", "subprocess"} & set(loaded)
