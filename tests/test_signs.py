"""A product has no minus inside, and a formula with one means the same without it."""

from __future__ import annotations

import pytest

from shapecalc.calculus.signs import signed
from shapecalc.language.sheet import build, read
from shapecalc.language.syntax import parse
from shapecalc.notation import text

SHEET = "A, B: (n, n); x, y: (n,); a, b: ()\nL = sum(A @ x) + sum(B @ y) + a + b"
WRITTEN = {
    "x * (-y)": "-x * y",
    "(-x) * (-y)": "x * y",
    "(-A) @ x": "-A @ x",
    "2 * (-(a * x))": "-2*a*x",
    "a * (-x) / b": "-a*x/b",
    "(-x) / 2": "-x/2",
    "x / (-b)": "-x/b",
    "x - (-y)": "x + y",
    "-x + y": "y - x",
    "-(-(x * (-y)))": "-x * y",
    "(-x) * (-(a * (-y)))": "-x * a * y",
    "exp(-x * (-y)) * y": "exp(-x * (-y)) * y",
    "x - y": "x - y",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_minus_goes_outside(written):
    problem = read(SHEET)
    e = build(problem, parse(written))
    assert text(signed(e)) == WRITTEN[written]
    assert text(signed(signed(e))) == WRITTEN[written]
