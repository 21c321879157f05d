"""Run every linter over the project; the exit status is 0 if none found anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def c_files() -> list[str]:
    """Return every C and C++ source and header the project holds."""
    folders = ("firmware", "tests")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return sorted(str(p.relative_to(ROOT)) for p in found if p.suffix in {".c", ".cc", ".h"})


def linters() -> dict[str, list[str]]:
    """Return each linter's name and command."""
    python = [sys.executable, "-m"]
    return {
        "ruff check": [*python, "ruff", "check", "."],
        "ruff format": [*python, "ruff", "format", "--check", "."],
        "mypy": [*python, "mypy"],
        "clang-format": [str(BIN / "clang-format"), "--dry-run", "--Werror", *c_files()],
        "sh": ["sh", "-n", "sconsw"],
    }


def main() -> int:
    """Run all linters, even after one has failed, and say which."""
    failed = []
    for name, command in linters().items():
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"lint: {', '.join(failed)} failed" if failed else "lint: clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
