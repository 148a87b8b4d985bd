"""Random formulas, whatever stands inside what: where parentheses go shows in what is read back.

The formulas of derivatives are tidied, so that a minus before a sum, or a product inside a power of a product, hardly occurs in them.
"""

from __future__ import annotations

import math
import os
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from conftest import SEEDS
from hypothesis import HealthCheck, given, settings
from operations import OPERATIONS

from shapecalc.calculus.texts import meaning
from shapecalc.errors import Misfit, ShapecalcError
from shapecalc.evaluate import evaluate
from shapecalc.expr import Var, variables
from shapecalc.forms import add as added
from shapecalc.forms import apply, lit, size
from shapecalc.language.builder import build_text
from shapecalc.language.readers.latex_reader import read_latex
from shapecalc.language.sheet import read
from shapecalc.mathematics import Style, boxes
from shapecalc.notation import text
from shapecalc.render import formula as drawn
from shapecalc.rings import Floats, Unlucky
from shapecalc.shapes import add
from shapecalc.tensor import Tensor

FORMULAS = int(os.environ.get("SHAPECALC_PROGRAMS", "450"))
PLAIN = "s, t: (); u, v, w: (k,); A, B, C: (k, k)"
TALL = f"{PLAIN}; R: (1, k); Q: (k, 1); F, G: (k, k, k); H: (1, k, k); J: (k, 1, k); K: (k, k, k, k)"
SIZE = 3
OF_TWO = ["matmul"] * 8 + ["mul"] * 4 + ["add"] * 4 + ["div"] * 2 + ["pow", "outer", "greater", "equal", "maximum", "inner"]
OF_ONE = ["neg"] * 3 + ["transpose"] * 3 + ["power"] * 2
OF_ONE += ["exp", "sum", "mean", "tr", "diag", "norm", "flip", "cumsum", "slice", "squeeze"]
MISHAPS = (Misfit, ShapecalcError, ValueError, IndexError)


class Trees:
    """Makes formulas of declared names, with the choices of a number."""

    def __init__(self, declared, seed):
        self.rng = Random(seed)
        problem = read(f"{declared}; zero = 0*s")
        self.variables, self.sizes = problem.variables(), problem.sizes
        self.leaves = list(problem.declared.values())
        self.most = max(len(v.shape) for v in self.leaves)
        rng = np.random.default_rng(1)
        self.values = {v.name: self.tensor(rng, v.shape) for v in self.leaves}

    def tensor(self, rng, shape):
        shape = tuple(SIZE if d == "k" else d for d in shape)
        entries = rng.uniform(0.5, 1.5, math.prod(shape)) * rng.choice((-1, 1), math.prod(shape))
        return Tensor(shape, entries.tolist())

    def tree(self, depth):
        rng = self.rng
        while depth and rng.random() < 0.9:
            try:
                e = self.of_two(depth) if rng.random() < 0.6 else self.of_one(self.tree(depth - 1))
            except MISHAPS:
                continue
            if len(e.shape) <= self.most:
                return e
        if rng.random() < 0.15:
            return lit(Fraction(rng.choice((1, 2, 3, -1, -2)), rng.choice((1, 1, 2, 3)))) if rng.random() < 0.8 else size("k")
        return rng.choice(self.leaves)

    def of_two(self, depth):
        name, a, b = self.rng.choice(OF_TWO), self.tree(depth - 1), self.tree(depth - 1)
        if name == "outer" and () in (a.shape, b.shape):
            raise Misfit("no vectors")
        return apply("add", a, b, signs=(self.rng.choice((1, 1, -1)), self.rng.choice((1, -1)))) if name == "add" else apply(name, a, b)

    def of_one(self, a):
        rng, rank = self.rng, len(a.shape)
        name = rng.choice(OF_ONE if rank else ("neg", "power", "exp"))
        axis = rng.randrange(rank) if rank else None
        if name == "transpose":
            axes = rng.sample(range(rank), rank)
            if axes == sorted(axes):
                raise Misfit("nothing moves")
            return apply(name, a, axes=tuple(axes))
        if name == "slice":
            part = (rng.choice((0, 1)), add("k", -1)) if a.shape[axis] == "k" else (0, 1)
            return apply(name, a, items=tuple(part if k == axis else (0, d) for k, d in enumerate(a.shape)))
        if name == "squeeze" and 1 not in a.shape:
            raise Misfit("nothing to leave out")
        parameters = {
            "power": {"k": Fraction(rng.choice((2, 3, -1, -2)))}, "sum": {"axis": rng.choice((None, axis))}, "mean": {"axis": axis},
            "norm": {"axis": None}, "flip": {"axes": (axis,)}, "cumsum": {"axis": axis, "reverse": rng.random() < 0.5},
            "squeeze": {"axes": tuple(k for k, d in enumerate(a.shape) if d == 1)},
        }  # fmt: skip
        return apply(name, a, **parameters.get(name, {}))

    def value(self, e):
        """The entries of a formula; None where it has no value, or one too large for what is compared."""
        try:
            found = np.asarray(evaluate(Floats(), e, self.values, {"k": SIZE}, meaning).data, dtype=float)
        except (ArithmeticError, Unlucky, ValueError):
            return None
        return found if np.all(np.isfinite(found)) and np.max(np.abs(found)) < 1e9 else None


def many(share):
    return settings(max_examples=round(FORMULAS * share), deadline=None, suppress_health_check=list(HealthCheck))


@many(2)
@given(SEEDS)
def test_a_formula_in_text_reads_back_to_the_same_value(seed):
    trees = Trees(TALL, seed)
    e = trees.tree(4)
    value = trees.value(e)
    if value is None:
        return
    again = build_text(text(e), trees.variables, trees.sizes)
    assert again.shape == e.shape, text(e)
    np.testing.assert_allclose(trees.value(again), value, rtol=1e-7, atol=1e-9, err_msg=text(e))


@many(2)
@given(SEEDS)
def test_a_formula_on_paper_reads_back_to_the_same_value_or_not_at_all(seed):
    trees = Trees(PLAIN, seed)
    e = trees.tree(4)
    found = on_paper(trees, e)
    value = trees.value(e)
    if found is None or value is None:
        return
    said = f"{drawn(boxes(e, Style()), 'latex')} for {text(e)} was read as {text(found)}"
    assert found.shape == e.shape, said
    np.testing.assert_allclose(trees.value(found), value, rtol=1e-7, atol=1e-9, err_msg=said)


def on_paper(trees, e):
    """What the LaTeX of a formula is read as, if it is."""
    reading = read_latex(f"Z = {drawn(boxes(e, Style()), 'latex')}", PLAIN.replace("; ", "\n"))
    try:
        return read(reading.source).definitions.get("Z")
    except ShapecalcError:
        return None


@pytest.mark.parametrize("declared", [PLAIN, TALL])
def test_the_formulas_are_what_they_should_be(declared):
    """Most have a value, of LaTeX a good part is read, and none of the operations is missing."""
    made = [(trees, trees.tree(4)) for trees in (Trees(declared, seed) for seed in range(300))]
    assert sum(trees.value(e) is not None for trees, e in made) > 200
    assert declared == TALL or sum(on_paper(*m) is not None for m in made) > 80
    names = " ".join(text(e) for _, e in made)
    assert all(sign in names for sign in ("-(", " @ (", ").T", "**(", "outer(", "cumsum(", "[::-1", "norm(", " > ", "diag("))


BY_AXES = ("transpose", "expand_dims", "squeeze", "flip")  # of themselves they do nothing


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.args and op.name not in BY_AXES], ids=lambda op: op.name)
def test_an_operation_with_what_it_does_of_itself_reads_back_as_it_is(op):
    """cumprod(B) stood for the products along axis 0, when a text without an axis had come to mean what it does in NumPy."""
    shapes = [(), ("n",), ("m", "n"), ("n", "n"), ("k", "m", "n"), ("k", "n", "n")]
    tried = 0
    for own in product(shapes, repeat=len(op.args)):
        for axis in (None, 0, -1) if "axis" in dict(op.params) else (...,):
            variables = {name: Var(name, shape) for name, shape in zip("abc", own, strict=False)}
            try:
                e = apply(op.name, *variables.values(), **({} if axis is ... else {"axis": axis}))
            except (Misfit, TypeError, IndexError):
                continue
            again = build_text(text(e), variables, ("k", "m", "n"))
            assert (again.shape, text(again)) == (e.shape, text(e))
            tried += 1
    assert tried


def test_names_are_found_in_a_part_that_equals_another():
    """Equal parts that were made one by one: of two of them only one is gone through."""

    def product():
        return apply("matmul", Var("A", ("m", "n")), Var("x", ("n", 1)))

    for made in (added(product(), apply("exp", product())), added(apply("exp", product()), product())):
        assert [list(variables(e)) for e in (made, *made.args)] == [["A", "x"]] * 3
