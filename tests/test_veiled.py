"""Comparisons as unknown numbers among the reals: what agrees there needs no search for borders."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

import shapecalc
from shapecalc.language.sheet import read
from shapecalc.rings import Unlucky, Veiled
from shapecalc.verify.borders import veilable

NUMBERS = [Decimal(x) for x in ("1.5", "-0.25", "3", "-7.125", "0.5")]
OTHERS = [Decimal(x) for x in ("0.75", "2.5", "-3", "-7", "0.5")]


def of(ring, name, *columns):
    return ring.each(name, columns)


def test_what_comparisons_have_to_do_with_each_other_holds():
    ring = Veiled(Random(1))
    more, less = of(ring, "greater", NUMBERS, OTHERS), of(ring, "less", NUMBERS, OTHERS)
    assert [a + b for a, b in zip(more, less, strict=True)] == [1, 1, 1, 1, 0]
    assert of(ring, "greater_equal", NUMBERS, OTHERS)[-1] == of(ring, "less_equal", NUMBERS, OTHERS)[-1] == 1
    both = zip(of(ring, "maximum", NUMBERS, OTHERS), of(ring, "minimum", NUMBERS, OTHERS), strict=True)
    assert [a + b for a, b in both] == [a + b for a, b in zip(NUMBERS, OTHERS, strict=True)]
    nought = [Decimal(0)] * len(NUMBERS)
    held = of(ring, "relu", NUMBERS)
    assert of(ring, "greater", held, nought) == of(ring, "greater", NUMBERS, nought)
    assert of(ring, "abs", NUMBERS) == [s * x for s, x in zip(of(ring, "sign", NUMBERS), NUMBERS, strict=True)]
    assert ring.function("relu", Decimal("1.5")) == held[0]
    assert all(x not in (0, 1) for x in more[:-1])


def test_a_comparison_is_the_same_number_again():
    ring = Veiled(Random(1))
    assert of(ring, "greater", NUMBERS, OTHERS) == of(ring, "greater", NUMBERS, OTHERS)
    with pytest.raises(Unlucky):
        of(ring, "relu", [Decimal("1e-40")])


NET = """X: (n, d); W: (d, h); c: (h,)
Z = X @ W
H = relu(Z)
N = H / sqrt(1 + sum(H**2, axis=1, keepdims=True))
L = sum(N @ c)
"""
RIGHT = "dZ = dH * (Z > 0)", "dZ = dH * (H > 0)", "dW = X.T @ (dH * (0 < Z))", "dW = X.T @ where(Z > 0, dH, 0)"
WRONG = "dZ = dH * (Z > 0.001)", "dZ = dH * (H >= 0)", "dZ = dH", "dZ = where(Z > 100, 2, 1) * dH * (Z > 0)", "dZ = dH * (X @ W > -1e-7)"


@pytest.mark.parametrize("claim", RIGHT)
def test_a_claim_that_agrees_behind_the_veil_needs_no_borders(claim, monkeypatch):
    def looked_for(*_):
        raise AssertionError("a border is looked for")

    monkeypatch.setattr("shapecalc.verify.borders.Search.pairs", looked_for)
    assert shapecalc.check(NET + claim).claims[0].verdict == "right"


@pytest.mark.parametrize("claim", WRONG)
def test_one_that_does_not_is_judged_at_the_borders(claim):
    assert shapecalc.check(NET + claim).claims[0].verdict == "wrong"


@pytest.mark.parametrize(
    ("formula", "all_of_it"),
    [("relu(x)", True), ("clip(x, 0, 1)", True), ("elu(x) * leaky_relu(x)", True), ("norm(x) * abs(x)", True), ("max(x) * x", False),
     ("norm(x, 1) * x", True), ("norm(x, inf)", False)],
)  # fmt: skip
def test_what_an_unknown_number_can_stand_for(formula, all_of_it):
    assert veilable([read(f"x: (n,)\ny = {formula}\nL = sum(y)").definitions["y"]]) is all_of_it
