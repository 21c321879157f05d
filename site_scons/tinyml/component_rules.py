"""What a component must obey beyond having the right keys and types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tinyml.errors import UserError

if TYPE_CHECKING:
    from tinyml.components import Component, KernelPart, Library, RewriteRule, Source

_DIGEST = ("sha256", "sha512")
# Per provider: the keys it must have, and those it may have; of the digests it needs one.
PROVIDER_KEYS = {
    "npm": (("package", "version"), ("root", *_DIGEST)),
    "pypi": (("package", "version"), ("root", *_DIGEST)),
    "debian": (("package", "version"), ("root",)),
    "git": (("url", "commit"), ("root",)),
    "path": ((), ("root",)),
}
_VERSION = (r"[A-Za-z0-9][A-Za-z0-9.+~!_-]*", "one exact version, no range")
_NPM_NAME = (r"(@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*", "name or @scope/name")
_PYPI_NAME = (r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "a project's name, without extras")
_DEBIAN_NAME = (r"[a-z0-9][a-z0-9+.-]+", "the name of a binary package")
_PACKAGE = {"npm": _NPM_NAME, "pypi": _PYPI_NAME, "debian": _DEBIAN_NAME}
# Nothing that a client could take for an option, and no transport that runs a command.
_URL = (
    r"(https?|ssh|git|file)://[^\s-]\S*|/[^\x00-\x1f]*|[\w.]+@[\w.-]+:[^\x00-\x1f\s-]\S*",
    "https://, ssh://, git://, file://, user@host:path or an absolute path",
)
_HEX = {
    "commit": (r"[0-9a-fA-F]{40}", "the full hash: 40 hexadecimal digits"),
    "sha256": (r"[0-9a-fA-F]{64}", "64 hexadecimal digits"),
    "sha512": (r"[0-9a-fA-F]{128}", "128 hexadecimal digits"),
}
_MACRO = (r"[A-Za-z_][A-Za-z0-9_]*", "macro names: letters, digits and _")
_RESERVED = ("archives",)  # folders of build/third_party that are not components


def check(component: Component, where: str, hint: str) -> None:
    """Raise a `UserError` where ``component`` cannot be fetched, built or used as it says."""
    rules = _Rules(where, hint)
    rules.name(component.name)
    rules.license(component.license)
    rules.source(component.source)
    rules.paths("license_file", [component.license_file])
    rules.paths("include", component.include)
    rules.macros("exported_defines", component.exported_defines)
    for name in component.requires:
        rules.match("requires", name, (r"[a-z0-9][a-z0-9-]*", "names of components"))
    if component.library:
        rules.library(component.library)
    for index, rule in enumerate(component.rewrite):
        rules.rewrite(f"rewrite[{index}]", rule)
    if component.cmake:
        rules.paths("[cmake] source", [component.cmake.source])
        rules.paths("[cmake] library", [component.cmake.library])
        rules.macros("[cmake] options", component.cmake.options)


def origin(component: Component) -> str:
    """Return where the component comes from, in one line."""
    source = component.source
    if source.provider == "git":
        return f"git {source.url} {source.commit}"
    if source.provider == "path":
        return f"path: {component.option}=/folder"
    return f"{source.provider} {source.package} {source.version}"


class _Rules:
    """The checks; ``where`` is the file, ``hint`` the last line of each message."""

    def __init__(self, where: str, hint: str) -> None:
        self.where = where
        self.hint = hint

    def refuse(self, what: str, expected: str) -> UserError:
        return UserError(f"{self.where}: {what}", expected, self.hint)

    def match(self, key: str, value: str, rule: tuple[str, str]) -> None:
        pattern, expected = rule
        if not re.fullmatch(pattern, value, re.ASCII):
            raise self.refuse(f"{key} is {value!r}", expected)

    def name(self, name: str) -> None:
        self.match("name", name, (r"[a-z0-9][a-z0-9-]*", "a folder of a-z, 0-9 and -"))
        if name in _RESERVED:
            raise self.refuse(f"name is {name!r}", "a name that build/third_party has no use for")

    def license(self, text: str) -> None:
        """Check the form of an SPDX expression (SPDX 2.3 annex D), not whether ids exist."""
        tokens = re.findall(r"[A-Za-z0-9.+-]+|[()]|\S", text)
        words = {"(": "(", ")": ")", "AND": "&", "OR": "&", "WITH": "&"}
        form = "".join(
            words.get(token, "x" if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", token) else "?")
            for token in tokens
        )
        while (shorter := form.replace("(x)", "x").replace("x&x", "x")) != form:
            form = shorter
        if form != "x":
            raise self.refuse(
                f"license is {text!r}", "an SPDX expression, e.g. Apache-2.0 or MIT OR BSD-3-Clause"
            )

    def source(self, source: Source) -> None:
        if source.provider not in PROVIDER_KEYS:
            raise self.refuse(
                f"[source] provider is {source.provider!r}", "one of " + ", ".join(PROVIDER_KEYS)
            )
        self.provider_keys(source)
        for key, value in source.pin.items():
            if key in _HEX:
                self.match(f"[source] {key}", value, _HEX[key])
        if source.package is not None and source.version is not None:
            self.match("[source] package", source.package, _PACKAGE[source.provider])
            self.match("[source] version", source.version, _VERSION)
        if source.url is not None:
            self.match("[source] url", source.url, _URL)
        self.paths("[source] root", [source.root])

    def provider_keys(self, source: Source) -> None:
        required, optional = PROVIDER_KEYS[source.provider]
        given = set(source.pin) - {"provider"}
        expected = f"with provider {source.provider!r}: {', '.join((*required, *optional))}"
        foreign = sorted(given - {*required, *optional})
        if foreign:
            raise self.refuse(f"[source] has {foreign[0]}", expected)
        missing = [key for key in required if key not in given]
        if missing:
            raise self.refuse(f"[source] lacks {', '.join(missing)}", expected)
        if "sha256" in optional and len(given & set(_DIGEST)) != 1:
            count = "no digest" if not given & set(_DIGEST) else "two digests"
            raise self.refuse(f"[source] has {count}", "one of sha256, sha512, of the archive")

    def library(self, library: Library) -> None:
        if not library.sources:
            raise self.refuse("[library] sources is empty", "a pattern, or no [library] at all")
        self.part("[library]", library)
        for kernel, part in library.kernel.items():
            where = f"[library.kernel.{kernel}]"
            self.part(where, part)
            self.macros(f"{where} exported_defines", part.exported_defines)

    def part(self, where: str, part: Library | KernelPart) -> None:
        for key in ("sources", "exclude", "private_include"):
            self.paths(f"{where} {key}", getattr(part, key))
        self.macros(f"{where} defines", part.defines)

    def paths(self, key: str, values: Iterable[str]) -> None:
        """Check that each is a path inside the tree: one that leaves it leaves the project."""
        for value in values:
            bad = not value or value.startswith(("/", "~")) or re.search(r"[\x00-\x1f\\]", value)
            if bad or ".." in value.split("/") or re.match(r"[A-Za-z]:", value):
                raise self.refuse(f"{key} is {value!r}", "a path inside the tree, with /, no ..")

    def macros(self, key: str, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self.match(key, name, _MACRO)
            if re.search(r"[\x00-\x1f]", value):
                raise self.refuse(f"{key}.{name} is {value!r}", "a value on one line")

    def rewrite(self, key: str, rule: RewriteRule) -> None:
        if rule.relative == (rule.prefix is not None) or rule.relative == (
            rule.replacement is not None
        ):
            raise self.refuse(f"{key} is not one rule", "from and to, or relative = true")
        for value in (rule.prefix or "", rule.replacement or ""):
            if re.search(r'[\x00-\x1f"<>\\]', value) or value.startswith("/"):
                raise self.refuse(f"{key} has {value!r}", "the beginning of an include path")
