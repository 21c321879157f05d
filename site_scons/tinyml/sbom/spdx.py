"""SPDX 2.3 documents as JSON: elements, relationships, and a namespace made from the content.

Fields and their meaning: SPDX specification 2.3, clauses 6 (document), 7 (package), 8 (file) and 11
(relationships); names in JSON: the specification's JSON schema.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NO_ASSERTION = "NOASSERTION"
DOCUMENT_ID = "SPDXRef-DOCUMENT"


@dataclass(frozen=True)
class File:
    """One file; ``name`` is relative to the project, digests are hexadecimal."""

    name: str
    kind: str
    sha1: str
    sha256: str

    @classmethod
    def of(cls, name: str, kind: str, content: bytes) -> File:
        """Return the record of a file with this content; ``kind``: SOURCE, BINARY or OTHER."""
        return cls(
            name, kind, hashlib.sha1(content).hexdigest(), hashlib.sha256(content).hexdigest()
        )


@dataclass(frozen=True)
class Package:
    """One package.

    Attributes:
        id: without "SPDXRef-".
        version, file_name, comment: left out where empty.
        purpose: a value of ``primaryPackagePurpose``.
        license: SPDX expression that its authors declare.
        checksums: algorithm, as SPDX spells it, and hexadecimal digest of the package's archive.
        purl: package URL.
        files: where they were analysed; their verification code is computed.
    """

    id: str
    name: str
    purpose: str
    version: str = ""
    file_name: str = ""
    location: str = NO_ASSERTION
    license: str = NO_ASSERTION
    checksums: tuple[tuple[str, str], ...] = ()
    purl: str = ""
    comment: str = ""
    files: tuple[File, ...] = ()


@dataclass
class Document:
    """A document under construction; what is added first comes first."""

    name: str
    creator: str
    created: datetime
    packages: list[Package] = field(default_factory=list)
    relationships: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, package: Package) -> str:
        """Add a package and return its id, changed where another has it already."""
        taken = {known.id for known in self.packages}
        wanted, number = _id(package.id), 2
        while (name := wanted if number == 2 else f"{wanted}-{number - 1}") in taken:
            number += 1
        self.packages.append(Package(**{**vars(package), "id": name}))
        return name

    def relate(self, subject: str, kind: str, target: str) -> None:
        """Add a relationship between two packages, once."""
        if (subject, kind, target) not in self.relationships:
            self.relationships.append((subject, kind, target))

    def as_json(self, described: str) -> str:
        """Return the document, which is about the package ``described``."""
        content = self._content(described)
        # Two documents with one namespace are the same document (SPDX 2.3, clause 6.5).
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        namespace = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}"
        return json.dumps(content | {"documentNamespace": namespace}, indent=2) + "\n"

    def _content(self, described: str) -> dict[str, Any]:
        files = [_file(p, i, f) for p in self.packages for i, f in enumerate(p.files)]
        inside = [
            (_reference(p.id), "CONTAINS", _file_id(p, i))
            for p in self.packages
            for i in range(len(p.files))
        ]
        between = [(_reference(a), kind, _reference(b)) for a, kind, b in self.relationships]
        triples = [(DOCUMENT_ID, "DESCRIBES", _reference(described)), *between, *inside]
        return {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT_ID,
            "name": self.name,
            "creationInfo": {
                "created": self.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "creators": [f"Tool: {self.creator}"],
            },
            "packages": [_package(package) for package in self.packages],
            "files": files,
            "relationships": [
                {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                for a, kind, b in triples
            ],
        }


def verification_code(files: Sequence[File]) -> str:
    """Return the SHA-1 of the sorted SHA-1s of the files (SPDX 2.3, clause 7.9)."""
    digests = "".join(sorted(file.sha1 for file in files))
    return hashlib.sha1(digests.encode()).hexdigest()


def _id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", text)


def _reference(name: str) -> str:
    return f"SPDXRef-{name}"


def _file_id(package: Package, index: int) -> str:
    return _reference(f"{package.id}-File-{index}-{_id(package.files[index].name)}")


def _package(package: Package) -> dict[str, Any]:
    optional = {
        "versionInfo": package.version,
        "packageFileName": package.file_name,
        "comment": package.comment,
        "checksums": _checksums(package.checksums),
        "externalRefs": _purl(package.purl),
    }
    analysed = {
        "packageVerificationCode": {
            "packageVerificationCodeValue": verification_code(package.files)
        },
        "licenseInfoFromFiles": [NO_ASSERTION],
    }
    return {
        "SPDXID": _reference(package.id),
        "name": package.name,
        **{key: value for key, value in optional.items() if value},
        "primaryPackagePurpose": package.purpose,
        "supplier": NO_ASSERTION,
        "downloadLocation": package.location,
        "filesAnalyzed": bool(package.files),
        **(analysed if package.files else {}),
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": package.license,
        "copyrightText": NO_ASSERTION,
    }


def _file(package: Package, index: int, file: File) -> dict[str, Any]:
    return {
        "SPDXID": _file_id(package, index),
        "fileName": f"./{file.name}",
        "fileTypes": [file.kind],
        "checksums": _checksums((("SHA1", file.sha1), ("SHA256", file.sha256))),
        "licenseConcluded": NO_ASSERTION,
        "licenseInfoInFiles": [NO_ASSERTION],
        "copyrightText": NO_ASSERTION,
    }


def _checksums(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"algorithm": algorithm, "checksumValue": value} for algorithm, value in pairs]


def _purl(purl: str) -> list[dict[str, str]]:
    if not purl:
        return []
    return [
        {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": purl,
        }
    ]
