"""Functions of one's own: registered, tested by the generic rule tests, and taken out again."""

from __future__ import annotations

import pytest
import test_rules as rules

import shapecalc
from shapecalc import pointwise, register, structured, unregister
from shapecalc.errors import ShapecalcError
from shapecalc.ops import BOOK, NAMES
from shapecalc.verify import Disproved

MISH = ("tanh(softplus(x)) + x * sigmoid(x) * (1 - tanh(softplus(x))**2)", "x * tanh(softplus(x))")
EXAMPLES = {
    "mish": (pointwise("mish", *MISH, source="Misra (2019), Mish"), "X: (n, m)\nw: (m,)\nL = sum(mish(X) * w)"),
    "hypotenuse": (
        pointwise("hypotenuse", ("a / y", "b / y"), "sqrt(a**2 + b**2)", ("a", "b")),
        "X: (n, m)\nw: (m,)\nL = sum(hypotenuse(X, w)**3)",
    ),
    "energy": (
        structured("energy", ("dy * (b + b.T) @ a", "dy * outer(a, a)"), "a @ b @ a", lambda shapes, _: (), ("a", "b")),
        "x: (n,)\nA: (n, n)\nL = sin(energy(x, A))",
    ),
}


@pytest.fixture(params=EXAMPLES)
def row(request):
    op, example = EXAMPLES[request.param]
    register(op, example)
    yield example
    unregister(op.name)
    assert op.name not in BOOK
    assert op.name not in NAMES


def test_a_registered_rule_passes_the_generic_tests(row):
    rules.test_the_derivative_is_certified(row)
    rules.test_generated_code_against_central_differences(row)


@pytest.mark.autodiff
def test_a_registered_rule_agrees_with_torch(row):
    rules.test_torch_autodiff_agrees(row)


def test_a_wrong_rule_is_not_taken():
    with pytest.raises(Disproved):
        register(pointwise("mish", MISH[0].replace("1 - tanh", "1 + tanh"), MISH[1]))
    assert "mish" not in BOOK
    with pytest.raises(ShapecalcError, match="no function mish"):
        shapecalc.derive("x: (n,); L = sum(mish(x))")


def test_a_replaced_rule_comes_back_if_the_new_one_is_wrong():
    register(pointwise("cube", "3 * x**2", "x**3"))
    with pytest.raises(Disproved):
        register(pointwise("cube", "4 * x**3", "x**3"))
    assert shapecalc.derive("x: (n,); L = sum(cube(x))")["x"].formula == "3*x**2"
    unregister("cube")


@pytest.mark.parametrize("name", ["exp", "conv1d", "asin", "if", "2x"])
def test_a_name_that_is_taken_is_refused(name):
    with pytest.raises(ShapecalcError, match=r"already|no name"):
        register(pointwise(name, "1", "x"))


def test_a_function_of_tensors_needs_an_example_that_uses_it():
    with pytest.raises(ShapecalcError, match="missing"):
        register(structured("twice", "2 * dy", "2 * a"))
    with pytest.raises(ShapecalcError, match="does not use"):
        register(structured("twice", "2 * dy", "2 * a"), "x: (n,); L = sum(x)")
    assert "twice" not in BOOK


def test_code_without_a_spelling_is_refused():
    register(pointwise("odd", "3 * x**2", value=lambda ring, x: ring.mul(x, ring.mul(x, x))))
    d = shapecalc.derive("x: (n,); L = sum(odd(x))")
    with pytest.raises(ShapecalcError, match="how numpy spells odd"):
        d.code("numpy")
    unregister("odd")
