"""Claims of every kind about layers, losses, forms, Jacobians and Hessians, each with the slip that a teacher would name."""

from pathlib import Path

import shapecalc

FILE = Path(__file__).parent / "cases" / "claims.txt"
CLAIMS = [tuple(line.split(" || ")) for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
NAMED = 0.85  # of the wrong ones: where two names are true of a slip, design and teacher may choose another


def same(slip, named, verdict):
    if {slip, named} == {"transposed", "wrong-layout"} or slip == named:
        return True
    return verdict == "ill-shaped" and "nonconformable" in {slip, named}


def test_every_verdict_and_most_names():
    total, others = 0, []
    for problem, claim, slip in CLAIMS:
        (found,) = shapecalc.check(f"{problem}\n{claim}").claims
        assert found.verdict in ({"right"} if slip == "right" else {"wrong", "ill-shaped"}), (claim, found.message)
        if slip != "right":
            total += 1
            if not same(slip, found.slip, found.verdict):
                others.append((problem, claim, slip, found.slip))
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
