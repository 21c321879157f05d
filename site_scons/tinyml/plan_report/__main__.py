"""Command line: ``python -m tinyml.plan_report plan.json --text X.plan.txt --json X.plan.json``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml import profile
from tinyml.errors import exit_status
from tinyml.files import write_if_changed
from tinyml.plan_report import report
from tinyml.plan_report.table import as_text


def main() -> None:
    """Print the tables of a plan, or write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.plan_report", description=__doc__)
    parser.add_argument("plan", type=Path, help="the compiler's plan.json")
    parser.add_argument("--profile", type=Path, help="the .profile.json: adds instructions")
    parser.add_argument("--number", type=int, default=0, help="of the model among several in it")
    parser.add_argument("--note", action="append", default=[], help="a line for below the totals")
    parser.add_argument("--text", type=Path, help="write the tables here instead")
    parser.add_argument("--json", type=Path, help="write the plan with the counts here")
    options = parser.parse_args()
    plan = report.read(options.plan)
    counted = profile.read(options.profile, options.number) if options.profile else None
    text = as_text(report.build(plan, counted), options.note)
    if options.json:
        write_if_changed(options.json, report.as_json(plan, counted))
    if options.text:
        write_if_changed(options.text, text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(exit_status(main))
