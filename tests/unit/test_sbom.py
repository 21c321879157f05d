"""The bill of materials: documents, packages, and what is taken to be in an image."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from tinyml.components import Component, Source
from tinyml.elf.debug_info import Making, Unit
from tinyml.elf.image import Image, parse
from tinyml.errors import UserError
from tinyml.sbom import contents, debian
from tinyml.sbom.inventory import Places, take
from tinyml.sbom.purl import purl
from tinyml.sbom.spdx import Document, File, Package, verification_code
from unit.elf.tiny_elf import build, firmware

EPOCH = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
SHA512 = "ab" * 64


@pytest.fixture(autouse=True)
def dpkg(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a dpkg-query on the path that knows one package."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "dpkg-query"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1 $2 $3" in\n'
        '"--show --showformat=\\${Version} libexample-dev") printf 1:2.0+b-1 ;;\n'
        '"--search "*/libexample.a" ") echo "libexample-dev:amd64: $2" ;;\n'
        "*) exit 1 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(debian, "distribution", lambda: "debian")
    debian._dpkg_query.cache_clear()


def described(name: str, **source: Any) -> Component:
    """Return a component with this source."""
    return Component(name, "for tests", "Apache-2.0", "LICENSE", Source(**source))


NPM = described("core", provider="npm", package="@scope/core-m", version="5.4.0-5", sha512=SHA512)
PYPI = described("dsp", provider="pypi", package="CMSIS_dsp", version="1.10.3", sha256="cd" * 32)
DEBIAN = described("example", provider="debian", package="libexample-dev", version="2.0")
GIT = described("nn", provider="git", url="https://example.org/nn.git", commit="12" * 20)
PATH = described("mine", provider="path")
ALL = {c.name: c for c in (NPM, PYPI, DEBIAN, GIT, PATH)}


def validated(document: Document, described: str, tmp_path: Path) -> dict[str, Any]:
    """Return the document's JSON, which spdx-tools must find valid."""
    path = tmp_path / "x.spdx.json"
    path.write_text(document.as_json(described))
    messages = validate_full_spdx_document(parse_file(str(path)))
    assert [message.validation_message for message in messages] == []
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def document() -> tuple[Document, str]:
    """Return a document with a package of each kind, and the image's id."""
    result = Document("x", "tests-1", EPOCH)
    image = result.add(Package("Image", "x.bin", "FIRMWARE", checksums=(("SHA256", "ef" * 32),)))
    files = (File.of("a_b.c", "SOURCE", b"1"), File.of("a-b.c", "SOURCE", b"2"))
    result.relate(image, "CONTAINS", result.add(Package("Project", "p", "SOURCE", files=files)))
    for component in ALL.values():
        added = result.add(contents.component(component, None))
        result.relate(image, "CONTAINS", added)
    return result, image


def test_a_document_is_valid_spdx(tmp_path: Path) -> None:
    """With every provider, with files whose names differ in a sign SPDX does not allow in ids."""
    content = validated(*document(), tmp_path)
    assert content["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert len({file["SPDXID"] for file in content["files"]}) == 2


def test_the_namespace_follows_the_content() -> None:
    """The same content twice gives the same bytes; another time of creation, another namespace."""
    first, image = document()
    assert first.as_json(image) == document()[0].as_json(image)
    later = Document(first.name, first.creator, datetime(2024, 1, 1, tzinfo=UTC))
    later.packages, later.relationships = first.packages, first.relationships
    namespaces = {json.loads(d.as_json(image))["documentNamespace"] for d in (first, later)}
    assert len(namespaces) == 2


def test_packages_of_one_name_get_two_ids() -> None:
    """Two libraries of the toolchain may be called the same."""
    result = Document("x", "tests-1", EPOCH)
    ids = [result.add(Package("Toolchain-libc.a", "libc.a", "LIBRARY")) for _ in range(3)]
    assert ids == ["Toolchain-libc.a", "Toolchain-libc.a-2", "Toolchain-libc.a-3"]


def test_the_verification_code_is_the_specifications() -> None:
    """SHA-1 over the concatenated SHA-1s, sorted: whatever the order of the files."""
    files = [File.of(name, "SOURCE", name.encode()) for name in ("a", "b")]
    digests = "".join(sorted(hashlib.sha1(name).hexdigest() for name in (b"a", b"b")))
    expected = hashlib.sha1(digests.encode()).hexdigest()
    assert verification_code(files) == verification_code(files[::-1]) == expected


@pytest.mark.parametrize(
    ("component", "url", "location", "version", "checksums"),
    [
        (NPM, "pkg:npm/%40scope/core-m@5.4.0-5", "NOASSERTION", "5.4.0-5", (("SHA512", SHA512),)),
        (PYPI, "pkg:pypi/cmsis-dsp@1.10.3", "NOASSERTION", "1.10.3", (("SHA256", "cd" * 32),)),
        (DEBIAN, "pkg:deb/debian/libexample-dev@1:2.0%2Bb-1", "NOASSERTION", "1:2.0+b-1", ()),
        (GIT, "", f"git+https://example.org/nn.git@{'12' * 20}", "12" * 20, ()),
        (PATH, "", "NOASSERTION", "", ()),
    ],
)
def test_components_say_what_their_pin_says(
    component: Component, url: str, location: str, version: str, checksums: Any
) -> None:
    """Package URL, location, version and digest; of Debian, the version that is installed."""
    package = contents.component(component, None)
    assert (package.purl, package.location, package.version) == (url, location, version)
    assert package.checksums == checksums


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://name:secret@example.org/x.git", "git+https://example.org/x.git@"),
        ("ssh://git:secret@example.org:22/x", "git+ssh://git@example.org:22/x@"),
        ("git@example.org:a/x.git", "git+ssh://git@example.org/a/x.git@"),
        ("file:///srv/x.git", None),
        ("/srv/x.git", None),
    ],
)
def test_a_location_is_for_others_to_download_from(url: str, location: str | None) -> None:
    """No passwords, no folders of this machine; git's short form as the URL it stands for."""
    commit = "12" * 20
    source = Source("git", url=url, commit=commit)
    assert contents.location(source) == (location + commit if location else "NOASSERTION")


def test_an_overridden_component_claims_nothing_of_its_pin() -> None:
    """Neither version nor digest nor licence: nobody compared the folder."""
    package = contents.component(NPM, Path("/checkout"))
    assert (package.version, package.checksums, package.purl) == ("", (), "")
    assert package.license == package.location == "NOASSERTION"
    assert "local folder" in package.comment


def test_a_toolchain_library_knows_its_debian_package(tmp_path: Path) -> None:
    """Where dpkg knows the file; elsewhere, its digest is all there is to say."""
    for name, url in {
        "libexample.a": "pkg:deb/debian/libexample-dev@1:2.0%2Bb-1",
        "y.a": "",
    }.items():
        (tmp_path / name).write_bytes(b"!<arch>\n")
        package = contents.external(tmp_path / name)
        assert package.purl == url
        assert package.checksums == (("SHA256", hashlib.sha256(b"!<arch>\n").hexdigest()),)


def test_purl_quotes_what_the_specification_quotes() -> None:
    """The scope's sign, plus signs; not the colon of an epoch."""
    assert purl("npm", "@angular/animation", "12.3.1") == "pkg:npm/%40angular/animation@12.3.1"
    assert purl("deb", "debian/x", "1:1+b~2") == "pkg:deb/debian/x@1:1%2Bb~2"


def test_a_model_may_be_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SavedModel: each of its files is listed."""
    monkeypatch.chdir(tmp_path)
    Path("saved/variables").mkdir(parents=True)
    Path("saved/saved_model.pb").write_bytes(b"1")
    Path("saved/variables/v").write_bytes(b"2")
    result = Document("x", "tests-1", EPOCH)
    model = result.add(contents.artifact(Path("saved"), "OTHER", "Model"))
    content = validated(result, model, tmp_path)
    names = [file["fileName"] for file in content["files"]]
    assert names == ["./saved/saved_model.pb", "./saved/variables/v"]


MAP = """\
Linker script and memory map

LOAD build/v/third_party/never/libnever.a
.text           0x08000000       0x64
 .text          0x08000000       0x10 build/v/app/main.o
 .text          0x08000010       0x10 build/v/third_party/nn/libnn.a(nn.o)
 .text          0x08000020       0x10 /gcc/libgcc.a(div.o)
 .text          0x08000030        0x0 /gcc/libm.a(dropped.o)

.debug_info     0x00000000      0x400
 .debug_info    0x00000000      0x100 build/v/app/main.o
 .debug_info    0x00000100      0x100 build/v/third_party/nn/libnn.a(nn.o)
 .debug_info    0x00000200      0x100 /gcc/libgcc.a(div.o)
 .debug_info    0x00000300      0x100 build/v/kernels/libk.a(dropped.o)
"""
MAIN = {
    "/p/firmware/main.c",
    "/p/build/v/generated/model.h",
    "/p/build/third_party/core/core.h",
    "/p/build/relocated/example/x.h",
    "/usr/include/newlib/string.h",
}
UNITS = (
    Unit(0x000, frozenset(MAIN)),
    Unit(0x100, frozenset({"/p/build/third_party/nn/nn.c", "third_party/nn/port.h"})),
    Unit(0x200, frozenset({"/p/firmware/not_ours.c"})),
    Unit(0x300, frozenset({"/p/firmware/dropped.c", "/p/build/third_party/dsp/dsp.h"})),
)


@pytest.fixture
def image() -> Image:
    """Return the usual firmware."""
    return parse(build(firmware(), ()), "tiny.elf")


def places(**overrides: str) -> Places:
    """Return a project in /p with all components."""
    return Places(Path("/p"), ALL, {name: Path(path) for name, path in overrides.items()})


def test_only_what_gave_bytes_to_the_image_is_in_the_inventory(image: Image) -> None:
    """Linked libraries, headers used by linked objects, relocated too; nothing dropped by ld."""
    found = take(image, Making(UNITS, ()), MAP, places())
    assert found.components == ("core", "example", "nn")
    assert found.linked == ("nn",)
    assert found.external == ("/gcc/libgcc.a",)
    assert found.sources == ("firmware/main.c", "third_party/nn/port.h")


def test_an_override_is_known_by_its_folder(image: Image) -> None:
    """Headers in a checkout of the user's belong to the component it stands for."""
    making = Making((Unit(0, frozenset({"/my/core/core.h"})),), ())
    assert take(image, making, MAP, places(core="/my/x/../core")).components == ("core", "nn")


def test_an_unknown_component_is_refused(image: Image) -> None:
    """A bill that leaves out what it does not know would be worse than none."""
    with pytest.raises(UserError, match="there is no component other"):
        take(image, Making(UNITS, ()), MAP.replace("/nn/", "/other/"), places())


def test_an_image_without_debug_information_is_refused(image: Image) -> None:
    """Its headers could not be told."""
    with pytest.raises(UserError, match=r"tiny.elf has no debug information"):
        take(image, Making((), ()), MAP, places())
