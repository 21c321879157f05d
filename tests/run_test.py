"""The whole check, as continuous integration runs it: lint, build the variants, run the tests.

The variants are built first, so that the tests find them ready and a build that fails is
seen as what it is.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = (
    "board=stm32f746 kernel=cmsis-nn",
    "board=stm32f746 kernel=cm7",
    "board=stm32f746 quantize=none",
    "board=stm32f746 opt=size",
    "board=stm32f746 opt=debug profile=0",
    "board=mps2-an500 kernel=reference",
    "board=mps2-an500 kernel=cm7",
    "board=mps2-an500 kernel=cmsis-nn",
    "board=mps2-an500 quantize=none",
    "board=mps2-an500 quantize=dynamic",
    "board=mps2-an500 quantize=float16",
    "board=host",
    "board=host kernel=cmsis-nn",
    "board=host quantize=none",
    "board=host quantize=dynamic",
    "board=host quantize=float16",
)


def main() -> int:
    """Run the steps in order; the first that fails ends the run with its exit status."""
    steps = [[sys.executable, "tests/run_lint.py"]]
    for variant in VARIANTS:
        targets = [] if "stm32f746" in variant else [".", "vectors"]
        steps.append([sys.executable, "-m", "SCons", "-Q", *variant.split(), *targets])
    steps.append([sys.executable, "-m", "pytest", "--numprocesses", "2"])
    for step in steps:
        print("$", *step[step[0] == sys.executable and step[1] == "-m" :][1:], flush=True)
        status = subprocess.run(step, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
