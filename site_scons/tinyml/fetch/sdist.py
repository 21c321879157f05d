"""``python -m tinyml.fetch.sdist NAME==VERSION FOLDER``: download an sdist, run nothing of it.

pip itself would run the sdist's build to read its metadata, so the package ``unearth`` finds and
downloads; where it looks is what pip's own configuration files and PIP_* variables say.
"""

from __future__ import annotations

import argparse
import ast
import logging
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyml.errors import UserError, exit_status

_SECTIONS = ("global", "download", ":env:")  # what `pip download` reads, the strongest last


@dataclass(frozen=True)
class PipConfig:
    """Where pip would look; None for ``index_url`` is pip's default index."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    timeout: float = 15.0


def read_config(listing: str) -> PipConfig:
    """Parse the output of ``pip config list``: lines ``section.option='value'``."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    options = {key: value for section in _SECTIONS for key, value in found[section].items()}
    return PipConfig(
        index_url=options.get("index-url"),
        extra_index_urls=_words(options, "extra-index-url"),
        find_links=_words(options, "find-links"),
        trusted_hosts=_words(options, "trusted-host"),
        no_index=options.get("no-index", "").lower() in {"1", "true", "yes", "on", "y", "t"},
        cert=options.get("cert"),
        client_cert=options.get("client-cert"),
        proxy=options.get("proxy"),
        timeout=float(options.get("timeout", options.get("default-timeout", "15"))),
    )


def _words(options: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(options.get(key, "").split())


def ask_pip() -> PipConfig:
    """Return pip's configuration, as pip itself reads it.

    Raises:
        UserError: this Python has no pip, or pip cannot read its configuration.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise UserError(
            f"pip cannot say where packages come from: {answer.stderr.strip()}",
            "pip beside this Python, with a configuration that it can read",
            f"{sys.executable} -m pip config list",
        )
    return read_config(answer.stdout)


def download(requirement: str, folder: Path, config: PipConfig) -> Path:
    """Download the one sdist that meets ``requirement`` to ``folder`` and return its path.

    Raises:
        UserError: there is none, or a place to look at could not be reached.
    """
    # Imported here: only this process needs an HTTP client.
    from unearth import PackageFinder
    from unearth.auth import MultiDomainBasicAuth
    from unearth.fetchers.sync import PyPIClient

    name = requirement.partition("==")[0]
    context = ssl.create_default_context(cafile=config.cert) if config.cert else True
    session: Any = PyPIClient(
        trusted_hosts=config.trusted_hosts,
        verify=context,
        cert=config.client_cert,
        proxy=config.proxy,
        timeout=config.timeout,
        follow_redirects=True,
    )
    # With no index of the user's, the finder's own default: it is pip's default too.
    finder = PackageFinder(
        session,
        index_urls=[config.index_url] if config.index_url else [],
        no_binary=[name],
        ignore_compatibility=True,
    )
    finder.sources = [] if config.no_index else finder.sources
    for url in () if config.no_index else config.extra_index_urls:
        finder.add_index_url(url)
    for url in config.find_links:
        finder.add_find_links(url)
    session.auth = MultiDomainBasicAuth(
        index_urls=[source["url"] for source in finder.sources if source["type"] == "index"]
    )
    best = finder.find_best_match(requirement).best
    if best is None:
        raise UserError(
            f"no sdist of {requirement} was found",
            "a source distribution in the places that `pip config list` shows",
            "pip config list, or the archive in a folder given as archive=",
        )
    found = finder.download(best.link, folder)
    if found.parent != folder:  # it lay in a local folder, and is not copied
        return Path(shutil.copy(found, folder))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Download one sdist from where pip's configuration says."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.fetch.sdist", description=main.__doc__)
    parser.add_argument("requirement", metavar="NAME==VERSION")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    print(download(options.requirement, options.folder, ask_pip()).name)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
