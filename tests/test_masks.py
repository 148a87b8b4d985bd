"""Comparisons in printed formulas: NumPy gives truth values for them, of which a minus is an error and + is "or"."""

from __future__ import annotations

import re

import pytest

from shapecalc.language.sheet import read
from shapecalc.notation import text

SHAPES = "X: (n, m); A: (m, n); x: (n,); y: (n,); R: (n, n)\nr = "

WRITTEN = {
    "(x > 0) + (y > 0)": "1*(x > 0) + (y > 0)",
    "(x > 0) - (y > 0) + x": "1*(x > 0) - (y > 0) + x",
    "x - (y > 0)": "x - (y > 0)",
    "1 - (x > 0)": "1 - (x > 0)",
    "-(x > 0)": "-1*(x > 0)",
    "-((x > 0) * y)": "-((x > 0) * y)",
    "(-(x > 0)) * y": "-1*(x > 0) * y",
    "-(x > 0)/2": "-1*(x > 0)/2",
    "-((x > 0)/2)": "-((x > 0)/2)",
    "-((R > 0).T @ R)": "-((R > 0).T @ R)",
    "-((R > 0) * R) @ R": "-((R > 0) * R) @ R",
    "(X > 0) @ (A > 0)": "1*(X > 0) @ (A > 0)",
    "R @ ((X > 0) @ (A > 0))": "R @ (1*(X > 0) @ (A > 0))",
    "2*((x > 0) @ (y > 0))": "2*(1*(x > 0) @ (y > 0))",
    "einsum('i,i->', x > 0, y > 0)": "einsum('i,i->', 1*(x > 0), y > 0)",
    "exp(x > 0)": "exp(1*(x > 0))",
    "max(x > 0) - max(y > 0)": "1*max(x > 0) - max(y > 0)",
    "(x > 0)[:, None] + (y > 0)": "1*(x > 0)[:, None] + (y > 0)",
    "diag(x > 0) @ (R > 0)": "1*diag(x > 0) @ (R > 0)",
    "((x > 0) * (y > 0) + (x > y)) * x": "(1*((x > 0) * (y > 0)) + (x > y)) * x",
}


@pytest.mark.parametrize("formula", WRITTEN)
def test_a_comparison_is_printed_as_a_number_where_one_is_meant(formula):
    np = pytest.importorskip("numpy")
    e = read(SHAPES + formula).definitions["r"]
    printed = text(e)
    assert printed == WRITTEN[formula]
    assert text(read(SHAPES + printed).definitions["r"]) == printed
    rng = np.random.default_rng(1)
    values = {"X": rng.normal(size=(3, 4)), "A": rng.normal(size=(4, 3)), "R": rng.normal(size=(3, 3))}
    values |= {"x": rng.normal(size=3), "y": rng.normal(size=3)}
    names = {name: getattr(np, name) for name in ("einsum", "exp", "max", "diag")}
    meant = re.sub(r"(\w) > (\w)", r"holds(\1, \2)", formula)
    expected = eval(meant, {**names, **values, "holds": lambda a, b: np.where(a > b, 1.0, 0.0)})
    assert np.allclose(eval(printed, {**names, **values}), expected, rtol=1e-12)
