"""Published identities: each derived from its text, with certificate."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import shapecalc

from .harness import MISSING, Plan, Table, forget, installed, once

CASES = Path(__file__).resolve().parent.parent / "cases"
Case = dict[str, Any]


def cases(plan: Plan) -> list[Case]:
    """All published cases, or so many of them, evenly spread."""
    found = [json.loads(line) for path in sorted(CASES.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return found[:: max(1, len(found) // plan.cases)][: plan.cases] if plan.cases else found


def asked(case: Case) -> Callable[[], tuple[str, str]]:
    """The derivation of one case: the formula, and how it was checked."""
    from tests.published import free_name, sheet, wrt_of

    source, kind, (wrt, vec) = sheet(case), case.get("kind", "gradient"), wrt_of(case)

    def run() -> tuple[str, str]:
        found: Any
        if kind == "gradient":
            found = shapecalc.derive(source, wrt=wrt, layout=case["layout"], structured=bool(case.get("structure")))[wrt]
        elif kind == "jacobian":
            found = shapecalc.jacobian(source, of=free_name(case, "out"), wrt=wrt, layout=case["layout"], vec=vec)
        else:
            found = shapecalc.hessian(source, wrt=wrt, vec=vec)
        return found.formula, found.certificate.method

    return run


def run(plan: Plan) -> Iterator[Table]:
    """How long one takes, and which take longest."""
    out = Table(
        "One published identity, from text to formula with certificate",
        [("how it was checked", ""), ("cases", "n"), ("median", "s"), ("95th percentile", "s"), ("worst", "s"), ("worst case", "")],
    )
    out.note(
        """
        Caches cold before each. Wanted: median 10 ms, 95th percentile 100 ms, worst 1 s.
        """
    )
    if not installed("numpy"):
        out.add(f"numpy {MISSING}", *[None] * 5)
        yield out
        return
    took: dict[str, tuple[float, str]] = {}
    failed: list[str] = []
    for case in cases(plan):
        try:
            _, method = asked(case)()  # once without counting: what a process loads once
            forget()
            took[case["id"]] = statistics.median(once(asked(case), most=3) for _ in range(min(3, plan.rounds))), method
        except (shapecalc.ShapecalcError, ArithmeticError, RecursionError) as error:
            failed.append(f"{case['id']} ({type(error).__name__})")
    for name, chosen in _groups(took).items():
        times = sorted(chosen.values())
        if times:
            worst = max(chosen, key=chosen.__getitem__)
            high = times[min(len(times) - 1, -(-len(times) * 95 // 100) - 1)]
            out.add(name, len(times), statistics.median(times), high, times[-1], worst)
    slowest = sorted(took, key=lambda k: -took[k][0])[:6]
    out.notes.append("The slowest: " + ", ".join(f"{k} {took[k][0] * 1e3:.0f} ms" for k in slowest) + ".")
    if failed:
        out.notes.append("No answer: " + ", ".join(failed) + ".")
    yield out


def _groups(took: dict[str, tuple[float, str]]) -> dict[str, dict[str, float]]:
    methods = sorted({method for _, method in took.values()})
    out = {"all": {k: s for k, (s, _) in took.items()}}
    names = {"exact": "modulo a 61-bit prime", "real": "in sixty digits"}
    return out | {names.get(m, m): {k: s for k, (s, method) in took.items() if method == m} for m in methods}
