"""Compares a build with its baseline: the step behind ``scons size-diff``.

The exit status is 1 where flash or RAM grew past the threshold, or a budget of growth fails.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.elf import baseline, budget, diff, stored, verdict
from tinyml.elf.change import compare
from tinyml.elf.verdict import FAIL, WARN
from tinyml.errors import exit_status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf.against", description=__doc__)
    parser.add_argument("report", type=Path, help="the build's .size.json")
    baseline.arguments(parser)
    budget.source_arguments(parser)
    parser.add_argument("--threshold", help="growth of flash and of RAM that is allowed")
    diff.view_arguments(parser)
    return parser.parse_args()


def main() -> int:
    """Compare, show, write, judge."""
    options = _arguments()
    allowed = None if options.threshold is None else diff.threshold(options.threshold)
    new = stored.read(options.report)
    old = baseline.find(options, options.report)
    compared = compare(old, new)
    judged = [
        each for each in verdict.judge(budget.sources(options), new, old) if each.is_of_growth
    ]
    for each in judged:
        if each.level == WARN:
            print(f"scons: warning: {each.text}", file=sys.stderr)
    notes = compared.beyond(allowed) if allowed else []
    notes += [each.text for each in judged if each.level == FAIL]
    return diff.publish(compared, notes, options)


if __name__ == "__main__":
    sys.exit(exit_status(main, mistake=2))
