"""``python -m tinyml.fetch [NAME ...]``: fetch the components' sources, verified.

Every other part of a build is offline.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from tinyml import components
from tinyml.components import Component
from tinyml.errors import UserError, exit_status
from tinyml.fetch import transaction
from tinyml.fetch.progress import Progress
from tinyml.fetch.store import STORE, tree


def fetch_all(
    wanted: Sequence[Component],
    overrides: Mapping[str, Path],
    store: Path,
    given: Path | None,
    timeout: float,
) -> list[UserError]:
    """Fetch those of ``wanted`` that are not there; return what went wrong with the others."""
    progress = Progress()
    for component in wanted:
        if component.name in overrides:
            tree(component, overrides[component.name])
            progress.line(f"{component.name}: {overrides[component.name]}, as it is")
    wanted = [component for component in wanted if component.name not in overrides]
    if not _absent(wanted, store):
        progress.line(f"fetch: all there ({_names(wanted) or 'nothing to fetch'})")
        return []
    failures = []
    with transaction.locked(store, progress):
        for component in _absent(wanted, store):
            try:
                transaction.fetch(component, store, given, timeout, progress)
                progress.line(f"{component.name}: fetched, {_summary(component)}")
            except UserError as error:
                progress.line(f"{component.name}: FAILED")
                failures.append(error)
    if not failures:
        progress.line(f"fetch: all there ({_names(wanted)})")
    return failures


def _absent(wanted: Sequence[Component], store: Path) -> list[Component]:
    return [component for component in wanted if tree(component, store=store) is None]


def _names(wanted: Sequence[Component]) -> str:
    return ", ".join(component.name for component in wanted)


def _summary(component: Component) -> str:
    source = component.source
    return f"commit {source.commit}" if source.commit else f"{source.package} {source.version}"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.fetch", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="components; default: all")
    parser.add_argument("--archive", type=Path, metavar="DIR", help="download nothing: files here")
    parser.add_argument("--override", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS")
    parser.add_argument("--third-party", type=Path, default=Path("third_party"), metavar="DIR")
    parser.add_argument("--store", type=Path, default=STORE, metavar="DIR")
    return parser.parse_args(arguments)


def _overrides(words: list[str], known: Mapping[str, Component]) -> dict[str, Path]:
    by_option = {component.option: component.name for component in known.values()}
    overrides = {}
    for word in words:
        option, equals, folder = word.partition("=")
        if option.replace("-", "_") not in by_option or not (equals and folder):
            raise UserError(
                f"--override {word} names no component",
                "NAME=/folder with one of " + ", ".join(by_option),
                "correct the name",
            )
        overrides[by_option[option.replace("-", "_")]] = Path(folder)
    return overrides


def _wanted(names: list[str], known: Mapping[str, Component]) -> Sequence[Component]:
    """Return the named components and what they require; all that can be fetched for no name."""
    if names:
        return sorted(components.closure(names, known), key=lambda component: component.name)
    return [component for component in known.values() if component.source.provider != "path"]


def main(arguments: list[str] | None = None) -> int:
    """Fetch the sources of third-party components: download, verify, unpack."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    if options.archive is not None and not options.archive.is_dir():
        raise UserError(
            f"archive={options.archive} is no folder",
            "a folder with the archives, as another machine's build/third_party/archives",
            "correct the path",
        )
    known = components.load_all(options.third_party)
    overrides = _overrides(options.override, known)
    wanted = _wanted(options.names, known)
    failures = fetch_all(wanted, overrides, options.store, options.archive, options.timeout)
    for error in failures:
        print(error.report(), file=sys.stderr)
    return 1 if failures else 0


def _interrupted(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that the client ends with us and the scratch folder goes."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(exit_status(main))
