"""Sends fuzz to the firmware's serial ports, and checks that they go on answering.

``python tests/benchmarks/fuzz_ports.py --runner virtual --bytes 1000000`` builds the firmware for
a runner (virtual, qemu, host), starts it, and sends that many bytes of mutated requests and garbage
to each of the two ports, before, during and after inferences. It ends with status 1 at the first
thing the firmware does wrong: no answer to a whole request although nothing was said of lost bytes,
a wrong score, a reset, its end. The same seed sends the same bytes; their timing differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "site_scons")]

from support import link_scenes  # noqa: E402
from support.port_fuzz import Fuzz  # noqa: E402
from support.runners import BOARDS, running  # noqa: E402
from tinyml.errors import exit_status  # noqa: E402

PORTS = ("console", "link")


def main() -> int:
    """Fuzz the ports of one runner."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", choices=BOARDS, default="virtual")
    parser.add_argument("--bytes", type=int, default=1_000_000, help="to each port")
    parser.add_argument("--port", choices=PORTS, action="append", help="default: both")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    image = link_scenes.image(given.runner)
    digit, scores = link_scenes.sample()
    begin = time.monotonic()
    with running(given.runner, image, *link_scenes.HURRIED[given.runner]) as run:
        fuzz = Fuzz(run, digit, scores, given.seed)
        shown = 0
        for sent in fuzz.send(given.port or PORTS, given.bytes):
            if sent * 20 // given.bytes > shown:
                shown = sent * 20 // given.bytes
                elapsed = time.monotonic() - begin
                print(f"{sent:,} bytes, {elapsed:.0f} s", file=sys.stderr, flush=True)
        fuzz.close()
        run.require_alive()
    print(f"{given.runner}: {fuzz.tally}, {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
