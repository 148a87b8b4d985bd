"""Claims of every kind about layers, losses, forms, Jacobians and Hessians, with the slip that a teacher would name; those of the campaign.

What is said of each is kept word for word, with the certificate but for its gap: UPDATE_GOLDEN=1 writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import mutations
import pytest
from kept import compared, written

import shapecalc

HERE = Path(__file__).parent
FILE, GOLDEN = HERE / "cases" / "claims.txt", HERE / "golden" / "verdicts.txt"
CLAIMS = [tuple(line.split(" || ")) for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
NAMED = 0.85  # of the wrong ones: where two names are true of a slip, design and teacher may choose another
GROUP = 5
RIGHT = [(row.sheet, row.claim) for row in mutations.rows()]
ASKED = [(problem, claim) for problem, claim, _ in CLAIMS] + RIGHT


def same(slip, named, verdict):
    if {slip, named} == {"transposed", "wrong-layout"} or slip == named:
        return True
    return verdict == "ill-shaped" and "nonconformable" in {slip, named}


def said(number):
    problem, claim = ASKED[number]
    (v,) = shapecalc.check(f"{problem}\n{claim}").claims
    out = [f"{v.verdict} {v.slip or ''}".rstrip(), *v.message.splitlines()]
    out += [f"-> {v.suggestion}"] if v.suggestion else []
    out += [re.sub(r"gap \S+", "gap", str(v.certificate))] if v.certificate else []
    return "\n".join(line.rstrip() for line in out)


@pytest.mark.parametrize("first", range(0, len(ASKED), GROUP))
def test_what_is_said_of_a_claim(first):
    for k in range(first, min(first + GROUP, len(ASKED))):
        compared(GOLDEN, " || ".join(ASKED[k]), said(k))


def test_every_verdict_and_most_names():
    """As they were written down; the test above says that they still are."""
    total, others = 0, []
    for problem, claim, slip in CLAIMS:
        verdict, *named = written(GOLDEN)[f"{problem} || {claim}"].partition("\n")[0].split()
        assert verdict in ({"right"} if slip == "right" else {"wrong", "ill-shaped"}), (problem, claim)
        if slip != "right":
            total += 1
            if not same(slip, *named, verdict):
                others.append((problem, claim, slip, *named))
    assert total > 100
    assert len(others) <= (1 - NAMED) * total, others


def test_a_column_that_meets_a_vector():
    problem = "x: (S, 1); y: (S,); w: (); r = w * x[:, 0] - y; L = sum(r**2)"
    (found,) = shapecalc.check(f"{problem}\ndw = sum(2 * (w * x - y) * x)").claims
    assert (found.verdict, found.slip) == ("wrong", "broadcast")
    assert "to a whole table; no error is raised" in found.message


def test_a_column_is_no_layout_of_a_vector():
    layer = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
    for layout in ("denominator", "numerator"):
        (found,) = shapecalc.check(f"{layer}\ndb = dZ.T @ ones((S, 1))", layout).claims
        assert (found.verdict, found.slip) == ("wrong", "rank")
