"""Measures ours and the yardsticks in turn and prints what was seen, as Markdown; judges nothing.

    python -m tests.benchmarks [--quick] [--json F] [--sections startup,elementwise,...] [--docs]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from time import perf_counter

from .display import about, as_json, page
from .harness import QUICK, ROOT, TINY, Plan, Table, kernel

SECTIONS = {
    "startup": "Start-up of whole processes",
    "elementwise": "Element-wise derivation",
    "closed": "Closed forms",
    "identities": "Published identities",
    "claims": "Claims",
    "batch": "Many submissions",
    "pages": "Pages",
    "memory": "Memory",
    "instructions": "Instruction counts",
}
DOCS = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- from here on written by python -m tests.benchmarks --docs -->"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Ours beside other tools, in one run, as ratios.")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, one round: only to see that it runs")
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures to this file")
    parser.add_argument("--docs", action="store_true", help=f"write the tables into {DOCS.relative_to(ROOT)}")
    parser.add_argument("--sections", default=",".join(SECTIONS), metavar="A,B", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter for whole processes; a fresh environment without .pth files shows most"
    )
    return parser.parse_args()


def planned(given: argparse.Namespace) -> Plan:
    """How much is measured."""
    plan = Plan(**(TINY if given.tiny else QUICK if given.quick else {}), python=given.python)  # type: ignore[arg-type]
    return replace(plan, rounds=given.rounds, processes=given.rounds) if given.rounds else plan


def main() -> None:
    """All sections in turn."""
    given = arguments()
    names = [n.strip() for n in given.sections.split(",")]
    if strange := [n for n in names if n not in SECTIONS]:
        sys.exit(f"there is no section {', '.join(strange)}; there are {', '.join(SECTIONS)}")
    plan = planned(given)
    facts = about(plan.name, plan.python, kernel())
    sections: dict[str, list[Table]] = {}
    for name in names:
        start = perf_counter()
        sections[name] = list(import_module(f".{name}", __package__).run(plan))
        sys.stderr.write(f"{name}: {perf_counter() - start:.0f} s\n")
        # what is done so far is kept, should a later section be interrupted
        if given.json:
            tables = {n: [as_json(t) for t in found] for n, found in sections.items()}
            given.json.write_text(json.dumps({"about": facts, "sections": tables}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = page(facts, {SECTIONS[n]: found for n, found in sections.items()})
    sys.stdout.write(text + "\n")
    if given.docs:
        before = DOCS.read_text(encoding="utf-8").partition(MARK)[0]
        DOCS.write_text(f"{before}{MARK}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
