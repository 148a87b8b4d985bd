"""Derivations and identities that other people published: the derived formula, printed and read as NumPy, gives their numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from published import agrees, assignment, evaluate, free_name, sheet, wrt_of

import shapecalc

CASES = [
    json.loads(line)
    for name in ("derivations", "identities")
    for line in (Path(__file__).parent / f"cases/{name}.jsonl").read_text().splitlines()
]


def derived(case):
    text, kind = sheet(case), case.get("kind", "gradient")
    wrt, vec = wrt_of(case)
    if kind == "gradient":
        return shapecalc.derive(text, wrt=wrt, layout=case["layout"], structured=bool(case.get("structure")))[wrt]
    if kind == "jacobian":
        return shapecalc.jacobian(text, of=free_name(case, "out"), wrt=wrt, layout=case["layout"], vec=vec)
    return shapecalc.hessian(text, wrt=wrt, vec=vec)


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_the_printed_formula_gives_the_published_numbers(case):
    found = derived(case)
    kind, vec = case.get("kind", "gradient"), wrt_of(case)[1]
    for trial in (0, 1):
        _, scope = assignment(case, trial)
        want = evaluate(case["expect"], scope)
        got = evaluate(found.expanded, scope)
        if kind == "gradient" and vec:
            got = np.asarray(got).reshape(-1, order="F")
            want = np.asarray(want).reshape(-1)
        assert not agrees(got, want, kind), found.expanded


@pytest.mark.parametrize("case", [c for c in CASES if (c.get("reduction") or {}).get("collapses")], ids=lambda c: c["id"])
def test_the_axis_that_disappears(case):
    assert derived(case).reduction.over == (case["reduction"]["collapses"],)


def test_formulas_are_as_short_as_the_published_ones():
    plain = [c for c in CASES if c.get("kind", "gradient") == "gradient" and not re.search(r"\bd\w", c["expect"])]
    ratios = sorted(len(derived(c).expanded.replace(" ", "")) / len(c["expect"].replace(" ", "")) for c in plain)
    assert ratios[len(ratios) // 2] <= 1.0
    assert ratios[-1] <= 2.0
