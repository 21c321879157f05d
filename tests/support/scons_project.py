"""Tiny SCons projects that use the tools of site_scons/site_tools, for the builders' tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A fake tool: notes that it ran, then writes to each file named after --output-like options.
FAKE_STEP = """
import os, sys
with open("ran.log", "a") as log:
    log.write(sys.argv[1] + "\\n")
if os.path.exists("fail." + sys.argv[1]):
    sys.exit("fake " + sys.argv[1] + " failed")
text = open(sys.argv[2]).read()
for output in sys.argv[3:]:
    old = open(output).read() if os.path.exists(output) else None
    if old != text:
        open(output, "w").write(text)
"""


class SconsProject:
    """A folder with an SConstruct; ``ran`` tells which fake tools the last run started."""

    def __init__(self, folder: Path, sconstruct: str, **files: str) -> None:
        """Write the SConstruct, the fake tool and ``files`` (name with __ for a dot)."""
        self.folder = folder
        self.write("SConstruct", textwrap.dedent(sconstruct))
        self.write("fake.py", FAKE_STEP)
        for name, text in files.items():
            self.write(name.replace("__", "."), text)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def scons(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run scons in the folder with the project's own site_scons."""
        log = self.folder / "ran.log"
        log.unlink(missing_ok=True)
        result = subprocess.run(
            [sys.executable, "-m", "SCons", f"--site-dir={ROOT / 'site_scons'}", "-Q", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
            capture_output=True,
            text=True,
            check=False,
        )
        if check:
            assert result.returncode == 0, result.stdout + result.stderr
        return result

    @property
    def ran(self) -> list[str]:
        """Return the names of the fake tools that the last run started, in order."""
        log = self.folder / "ran.log"
        return log.read_text().split() if log.exists() else []
