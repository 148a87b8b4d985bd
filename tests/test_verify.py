"""Nothing is printed that is not proved: what the judge lets through, what it stops, and how sure it is."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from shapecalc.api import check, derive
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.jacobians import hessian, jacobian
from shapecalc.calculus.structures import fact, structured
from shapecalc.calculus.texts import meaning
from shapecalc.derivation import Certificate
from shapecalc.evaluate import Frame, evaluate
from shapecalc.expr import ZERO, Expr, Var
from shapecalc.language.problem import Problem
from shapecalc.language.sheet import build, read
from shapecalc.language.syntax import parse
from shapecalc.rings import Masked, Modular, Real, Table, Unknown, Unlucky
from shapecalc.shapes import divide, polynomial, value
from shapecalc.tensor import Tensor
from shapecalc.verify import Disproved, Judge, Undecided
from shapecalc.verify.arrangement import arranged, arrangement
from shapecalc.verify.certainty import Certainty
from shapecalc.verify.degrees import bits, degree, zero_test
from shapecalc.verify.general import generalised
from shapecalc.verify.points import STYLES, Sampler
from shapecalc.verify.points import structured as shaped
from shapecalc.verify.sizes import axes_of, draw_sizes
from shapecalc.verify.trials import EXACT, REAL, Trials
from shapecalc.verify.witness import Program, Witness

AFFINE = "X: (S, D)\nW: (D, M)\nb: (M,)\nY: (S, M)\nZ = X @ W + b\nL = sum((Z - Y)**2) / (2*S)"
LAYER = "X: (S, D)\nW: (D, M)\nb: (M,)\nZ = X @ W + b"
MLP = """X: (S, D)
W1: (D, H)
b1: (H,)
W2: (H, K)
b2: (K,)
Y: onehot (S, K)
Z1 = X @ W1 + b1
A1 = relu(Z1)
Z2 = A1 @ W2 + b2
"""


def judge_of(text: str, seed: int | None = None) -> tuple[Judge, Problem]:
    problem = read(text)
    return Judge(problem, backward(problem), seed), problem


def claim(judge: Judge, text: str) -> Expr:
    """A formula in the names of the problem and of its gradients."""
    names = {f.symbol.name: f.symbol for f in judge.backward.flows.values()} if judge.backward else {}
    return build(judge.problem, parse(text), names)


def compared(source: str, name: str, text: str):
    judge, _ = judge_of(source)
    return judge.compare(claim(judge, text), judge.backward.formula(name))


# ---- certificates -----------------------------------------------------------------------------------

PROGRAMS = {  # what a program is certified by
    AFFINE: "exact",
    LAYER: "exact",
    MLP + "L = sum((Z2 - Y)**2)": "exact",
    MLP + "L = -sum(Y * log_softmax(Z2)) / S": "exact",
    MLP + "P = softmax(Z2)\nL = -sum(Y * log(P)) / S": "exact",
    "X: (n, p)\nL = logdet(X.T @ X)": "exact",
    "x: (D,)\nL = sum(exp(exp(x)))": "exact",
    "x: (D,)\nL = sum(x**2 * softplus(x)) + logsumexp(x)": "exact",
    "x: positive (D,)\na: (D,)\nL = sum(x**a)": "exact",
    "x: (D,)\nL = sum(tanh(x) * cosh(x) - silu(x))": "exact",
    "X: (n, p)\nA: invertible (n, n)\nout = det(X.T @ A @ X)": "exact",
    "A: (n, n)\nB: (n, m)\nout = inv(A) @ B": "exact",
    "X: (n, p)\ny: (n,)\nw = inv(X.T @ X) @ X.T @ y": "exact",
    "A: posdef (n, n)\nout = cholesky(A)": "real",
    "Q: orthogonal (n, n)\nA: (n, n)\nout = Q.T @ A @ Q": "exact",
    "x: (D,)\nL = norm(x)": "real",
    "x: (D,)\nL = sum(abs(x))": "exact",
    "x: (D,)\ny: (D,)\nL = sum(maximum(x, y) * minimum(x, 1))": "exact",
    "x: (D,)\nL = sum(clip(x, -1, 1))": "real",
    "X: (S, D)\nm = max(X, axis=1)": "real",
    "w: (D,)\nX: (S, D)\ny: (S,)\nL = sum(maximum(0, 1 - y * (X @ w)))": "exact",
    "x: (D,)\nL = sum(x**2.5)": "real",
    "x: (n,)\nout = x[1:] * x[:-1]": "exact",
    "H: (4*K, n - 1)\nx: (n - 1,)\ny = H @ x": "exact",
    "X: (8, 3)\nW: (3, M)\nZ = X @ W": "exact",
    "P: probabilities (S, K)\nL = sum(P * log(P))": "exact",
    "x: (D,)\nL = sum(arcsin(x))": "real",
    "x: (1, 1)\nL = 3 * x": "exact",
    "x: (D,)\nh1 = tanh(x)\nh2 = h1 * x\ndh: upstream(h1)": "exact",
}


@pytest.mark.parametrize("source", PROGRAMS)
def test_derived_gradients_are_certified(source):
    judge, problem = judge_of(source)
    made = judge.certify(wanted=problem.declared)
    assert made.method == PROGRAMS[source]
    assert made.points >= 2
    if made.method == "exact":
        assert made.bits >= 50
        assert made.gap is None
    else:
        assert made.gap <= 1e-20
        assert made.bits is None
    for name in judge.backward.order:
        assert judge.compare(judge.backward.expanded(name), judge.backward.formula(name)).verdict == "equal"


def test_a_certificate_says_how():
    judge, _ = judge_of(AFFINE)
    text = str(judge.certify())
    assert "difference quotients of the program itself" in text
    assert "probability of a wrong yes below 2^-5" in text


def test_sizes_are_pairwise_different_twice_and_equal_once():
    made = judge_of(AFFINE)[0].certify()
    assert [len(set(s.values())) for s in made.sizes] == [3, 3, 1]
    assert made.sizes[0] != made.sizes[1]


def test_the_same_seed_gives_the_same_points():
    first, second = (judge_of(AFFINE, 7)[0] for _ in range(2))
    assert first.seed == 7
    assert {n: t.data for n, t in first.values().items()} == {n: t.data for n, t in second.values().items()}
    third = judge_of(AFFINE)[0]
    again = judge_of(AFFINE, third.seed)[0]
    assert {n: t.data for n, t in third.values(0, EXACT).items()} == {n: t.data for n, t in again.values(0, EXACT).items()}


# ---- mutations: every formula of a backward pass, spoilt ---------------------------------------------

SPOILT = ["2*({})", "-({})", "({}) + ({})**2", "({}) * (1 + 1/S)"]


@pytest.mark.parametrize("source", [AFFINE, LAYER, MLP + "L = sum((Z2 - Y)**2) / S", MLP + "L = -sum(Y * log_softmax(Z2)) / S"])
@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_gradient_is_caught_and_named(source, how):
    problem = read(source)
    for name in backward(problem).order:
        pass_ = backward(problem)
        flow = pass_.flows[name]
        if flow.given or name == problem.loss:
            continue
        flow.formula = build(problem, parse(how.replace("{}", "G")), {"G": flow.formula})
        with pytest.raises(Disproved) as caught:
            Judge(problem, pass_).certify()
        assert name in caught.value.names


def test_a_transpose_that_is_missing_on_a_square():
    """At equal sizes everything fits, and the values tell."""
    source = "X: (n, n)\nW: (n, n)\nZ = X @ W"
    for text in ("X @ dZ", "dZ @ X", "dZ.T @ X", "X.T @ dZ.T"):
        assert compared(source, "W", text).verdict == "different"
    assert compared(source, "W", "X.T @ dZ").verdict == "equal"
    assert compared(source, "W", "(dZ.T @ X).T").verdict == "equal"


def test_a_gradient_of_the_wrong_shape_is_disproved():
    problem = read(LAYER)
    pass_ = backward(problem)
    pass_.flows["b"].formula = pass_.flows["Z"].symbol
    with pytest.raises(Disproved, match="has the shape"):
        Judge(problem, pass_).certify()


def test_what_the_loss_does_not_depend_on_has_gradient_zero():
    problem = read("x: (D,)\ny: (D,)\nL = sum(x * y)")
    pass_ = backward(problem, ["x"])
    judge = Judge(problem, pass_)
    assert judge.certify(wanted=["x"]).method == "exact"
    with pytest.raises(Disproved) as caught:
        judge.certify(wanted=["x", "y"])  # the pass knows nothing of y, which is no zero
    assert caught.value.names == ("y",)


def test_a_property_of_the_variable_does_not_hold_the_direction():
    """With A symmetric and V symmetric, x @ A would pass for outer(x, x) in a check that only moves A within its kind."""
    source = "A: symmetric (n, n)\nB: (n, n)\nL = tr(A @ B)"
    judge, problem = judge_of(source)
    judge.certify()
    assert judge.compare(claim(judge, "(B + B.T) / 2"), judge.backward.formula("A")).verdict == "different"
    spoilt = backward(problem)
    spoilt.flows["A"].formula = claim(judge, "(B + B.T) / 2")
    with pytest.raises(Disproved):
        Judge(problem, spoilt).certify()


@pytest.mark.parametrize("word", ["symmetric", "posdef", "diagonal", "triangular"])
def test_partials_by_distinct_entries(word):
    judge, problem = judge_of(f"A: {word} (n, n)\nB: (n, n)\nL = tr(B @ A @ A)")
    free = judge.backward.formula("A")
    made = structured(problem.declared["A"], free, judge.backward)
    assert judge.certify_gradient("A", made, structured=True).method == "exact"
    assert judge.certify_gradient("A", free).method == "exact"
    with pytest.raises(Disproved):
        judge.certify_gradient("A", free, structured=True)
    with pytest.raises(Disproved):
        judge.certify_gradient("A", made)


# ---- claims ---------------------------------------------------------------------------------------

CLAIMS = [
    (AFFINE, "W", "X.T @ dZ", "equal"),
    (AFFINE, "W", "X.T @ (Z - Y) / S", "equal"),
    (AFFINE, "W", "einsum('sd,sm->dm', X, dZ)", "equal"),
    (AFFINE, "W", "sqrt((X.T @ dZ)**2) * sign(X.T @ dZ)", "equal"),
    (AFFINE, "W", "exp(0) * X.T @ dZ", "equal"),
    (AFFINE, "W", "2*X.T @ dZ", "different"),
    (AFFINE, "W", "-X.T @ dZ", "different"),
    (AFFINE, "W", "dZ.T @ X", "shape"),
    (AFFINE, "W", "X.T @ (Z - Y)", "different"),
    (AFFINE, "b", "sum(dZ, axis=0)", "equal"),
    (AFFINE, "b", "ones(S) @ dZ", "equal"),
    (AFFINE, "b", "sum(dZ, axis=0, keepdims=True)", "equal"),
    (AFFINE, "b", "sum(dZ, axis=0, keepdims=True).T", "shape"),
    (AFFINE, "b", "mean(dZ, axis=0)", "different"),
    (AFFINE, "b", "dZ", "shape"),
    (AFFINE, "Z", "2*(Z - Y)/S - (Z - Y)/S", "equal"),
    (MLP + "L = sum(A1)", "Z1", "Z1 > 0", "equal"),
    (MLP + "L = sum(A1)", "Z1", "Z1 >= 0", "equal"),
    (MLP + "L = sum(A1)", "Z1", "A1 > 0", "equal"),
    (MLP + "L = sum(A1)", "Z1", "2*Z1 > 0", "equal"),
    (MLP + "L = sum(A1)", "Z1", "(Z1 > 0)**2", "equal"),
    (MLP + "L = sum(A1)", "Z1", "sign(Z1)", "different"),
    (MLP + "L = sum(A1)", "Z1", "Z1 < 0", "different"),
    (MLP + "L = sum(A1)", "Z1", "ones(S, H)", "different"),
    ("x: (D,)\nL = sum(tanh(x))", "x", "1 - tanh(x)**2", "equal"),
    ("x: (D,)\nL = sum(tanh(x))", "x", "1 / cosh(x)**2", "equal"),
    ("x: (D,)\nL = sum(tanh(x))", "x", "1 - tanh(x)", "different"),
    ("x: (D,)\nL = sum(tanh(x))", "x", "1 - tanh(x)**2 + x/10**9", "different"),
    ("x: (D,)\nL = sum(1 / x)", "x", "-exp(-2*log(x))", "equal"),  # has a value for x > 0 only
    ("x: (D,)\nL = sum(x**2)", "x", "2*x**3 / x**2", "equal"),
    ("Z: (S, K)\nY: onehot (S, K)\nL = -sum(Y * log_softmax(Z))", "Z", "softmax(Z) - Y", "equal"),
    ("Z: (S, K)\nY: (S, K)\nL = -sum(Y * log_softmax(Z))", "Z", "softmax(Z) - Y", "different"),
    ("Z: (S, K)\nL = sum(softmax(Z))", "Z", "zeros(S, K)", "equal"),
    ("A: (n, n)\nx: (n,)\nL = x @ A @ x", "x", "2*A @ x", "different"),
    ("A: symmetric (n, n)\nx: (n,)\nL = x @ A @ x", "x", "2*A @ x", "equal"),
    ("A: posdef (n, n)\nL = logdet(A)", "A", "inv(A)", "equal"),
    ("A: invertible (n, n)\nL = logdet(A)", "A", "inv(A)", "different"),
    ("A: invertible (n, n)\nL = logdet(A)", "A", "inv(A).T", "equal"),
]


@pytest.mark.parametrize(("source", "name", "text", "verdict"), CLAIMS)
def test_claims(source, name, text, verdict):
    found = compared(source, name, text)
    assert found.verdict == verdict
    if verdict == "different":
        assert found.gap > 1e-12
        assert found.claimed != found.expected
        assert len(found.index) == len(found.at and read(source).variable(name).shape)
    assert isinstance(found.certificate, Certificate) == (verdict == "equal")
    assert not found.void


def test_a_slip_that_only_a_size_shows():
    """n*(n - 1) is 2*n at n = 3 and only there."""
    assert compared("x: (n,)\nL = 2*n * sum(x)", "x", "n * (n - 1) * ones(n)").verdict == "different"
    assert compared("x: (n,)\nL = 2*n * sum(x)", "x", "ones(n) * (n**2 - n**2 + 2*n)").verdict == "equal"


def test_abbreviations_and_earlier_claims():
    judge, _ = judge_of(AFFINE)
    scale = claim(judge, "(Z - Y)")
    names = {"R": Var("R", scale.shape), "dZ": Var("dZ", scale.shape)}
    formula = build(judge.problem, parse("X.T @ R / S"), names)
    assert judge.compare(formula, judge.backward.formula("W"), {"R": scale}).verdict == "equal"
    # a claimed dZ takes the place of the derived one in what comes after it
    later = build(judge.problem, parse("X.T @ dZ"), names)
    assert judge.compare(later, judge.backward.formula("W"), {"dZ": scale}).verdict == "different"
    assert judge.compare(later, judge.backward.formula("W")).verdict == "equal"


def test_functions_of_arrays():
    judge, _ = judge_of(AFFINE)
    judge.certify()

    def column_sums(values):
        return [sum(column) for column in zip(*values["dZ"], strict=True)]

    assert judge.compare_function(column_sums, judge.backward.formula("b")).verdict == "equal"
    assert judge.compare_function(lambda v: [2 * x for x in column_sums(v)], judge.backward.formula("b")).verdict == "different"
    assert judge.compare_function(lambda v: v["dZ"], judge.backward.formula("b")).verdict == "shape"
    assert judge.compare_function(lambda v: [float("nan")] * len(column_sums(v)), judge.backward.formula("b")).verdict == "different"


def test_what_a_function_of_arrays_is_given_and_held_to():
    judge, _ = judge_of("X: (n, m); T: (n, m, k); s: (); L = s * sum(X**2) + sum(T)")
    given = []

    def slope(off, place=0):
        def function(values):
            given.append(values)
            out = [[2 * values["s"] * x for x in row] for row in values["X"]]
            largest = max(abs(x) for row in out for x in row)
            out[place][place] += off * largest
            return out

        return function

    truth = judge.backward.formula("X")
    found = judge.compare_function(slope(0), truth)
    assert (found.verdict, found.method, found.points, found.gap) == ("equal", "real", 3, pytest.approx(0, abs=1e-15))
    sizes = [t.frame for t in judge.trials.of("real")]
    assert [(len(v["X"]), len(v["X"][0])) for v in given] == [(f["n"], f["m"]) for f in sizes]
    assert [(len(v["T"]), len(v["T"][0]), len(v["T"][0][0])) for v in given] == [(f["n"], f["m"], f["k"]) for f in sizes]
    assert all(isinstance(v["s"], float) and isinstance(v["T"][0][0][0], float) for v in given)
    assert judge.compare_function(slope(0.9e-8), truth).gap == pytest.approx(0.9e-8, rel=1e-3)
    far = judge.compare_function(slope(1.1e-8, 1), truth)
    assert (far.verdict, far.index, far.points, far.at) == ("different", (1, 1), 1, dict(sizes[0]))
    assert far.gap == pytest.approx(1.1e-8, rel=1e-3)
    assert far.claimed - far.expected == pytest.approx(1.1e-8 * max(abs(2 * given[0]["s"] * x) for r in given[0]["X"] for x in r), rel=1e-3)
    short = judge.compare_function(lambda v: v["X"][:1], truth)
    n, m = sizes[0]["n"], sizes[0]["m"]
    assert (short.verdict, short.reason, short.at) == ("shape", f"{m} numbers against {n * m}", dict(sizes[0]))
    assert judge.compare_function(lambda v: tuple(v["X"]), judge.backward.formula("X")).verdict == "different"
    assert judge.compare_function(lambda v: sum(x * x for row in v["X"] for x in row), judge.backward.formula("s")).verdict == "equal"
    assert judge.compare_function(lambda v: 0.0, ZERO).verdict == "equal"
    assert judge.compare_function(lambda v: 0.9e-8, ZERO).verdict == "equal"  # of a 0, absolutely
    assert judge.compare_function(lambda v: 1.1e-8, ZERO).verdict == "different"


SURE = [(61, "exact", 3), (31, "exact", 6), (19, "exact", 9), (15, "exact", 12), (14, "real", 3)]


@pytest.mark.parametrize(("bits", "method", "points"), SURE)
def test_points_are_added_until_a_claim_is_sure(bits, method, points, monkeypatch):
    """A point gives some two bits less than the prime has; four times as many points at most."""
    monkeypatch.setattr("shapecalc.verify.trials.BITS", (bits, bits, bits))
    judge, _ = judge_of("x: (n,); A: (n, m); L = sum((x @ A)**2)")
    found = judge.compare(claim(judge, "2*A @ A.T @ x"), judge.backward.formula("x"))
    assert (found.verdict, found.method, found.points) == ("equal", method, points)
    assert method == "real" or found.bits >= 50


def test_many_gradients_that_are_not_right_are_named_in_short():
    names = [f"x{k}" for k in range(7)]
    problem = read("; ".join(f"{n}: (n,)" for n in names) + "; L = " + " + ".join(f"sum(relu(-sqrt(1 + {n}**2)))" for n in names))
    for count, said in ((4, "x0, x1, x2, x3"), (5, "x0, x1, x2 and 2 more"), (7, "x0, x1, x2 and 4 more")):
        found = Judge(problem, backward(problem, names[:count]), seed=1).certify()
        assert found.witnesses[0].endswith(f"(the gradients of {said} being 0 at every point)")


def test_another_backward_pass_is_judged_at_points_of_its_own():
    judge, problem = judge_of(AFFINE)
    first = judge.trials
    assert judge.certify(judge.backward).points == 3
    assert judge.trials is first
    other = backward(problem, ["b"])
    assert judge.certify(other).points == 3
    assert judge.backward is other
    assert judge.trials is not first
    assert judge.trials.seed == first.seed


def test_a_name_without_a_value_is_undecided():
    judge, _ = judge_of(AFFINE)
    found = judge.compare(Var("dQ", ("D", "M")), judge.backward.formula("W"))
    assert (found.verdict, found.reason) == ("undecided", "dQ has no value here")


def test_fixed_sizes_may_be_large():
    judge, _ = judge_of("X: (S, 300)\nW: (300, 40)\nb: (40,)\nY: onehot (S, 40)\nL = -sum(Y * log_softmax(X @ W + b)) / S")
    made = judge.certify()
    assert made.points == 3
    assert all({"S", "n300", "n40"} == set(sizes) and max(sizes.values()) < 10 for sizes in made.sizes)
    assert made.witnesses == ("difference quotients of the program itself (with any sizes in the place of 40, 300)",)
    judge, _ = judge_of("W: (4096, 4096)\nx: (4096,)\nz = W @ x")
    assert judge.certify().points > 0


def test_where_a_formula_hangs_on_the_numbers_they_are_tried_themselves():
    judge, _ = judge_of("X: (100, 60)\nZ = reshape(X, (6000,))\nL = Z @ Z")
    assert judge.certify().sizes == ({},)
    judge, _ = judge_of("X: (2000, 3000)\nZ = reshape(X, (6000000,))\nL = Z @ Z")
    with pytest.raises(Undecided, match="too many entries"):
        judge.certify()


MEANS = "X: (100, 50)\nL = sum(mean(X**2, axis=1)) / 100"


@pytest.mark.parametrize(
    ("claim", "verdict", "where"),
    [
        ("2*X/5000", "equal", {"n50", "n100"}),
        ("X/2500", "equal", {"n50", "n100"}),
        ("X/50/50", "equal", set()),  # as many rows as columns twice over: at these numbers only
        ("2*X/4999", "different", set()),
        ("2*X.T/5000", "shape", set()),
        ("2*X/5000 * (X < 1000)", "different", set()),
    ],
)
def test_claims_about_large_fixed_sizes(claim, verdict, where):
    judge, _ = judge_of(MEANS)
    found = judge.compare(build(judge.problem, parse(claim), {}), judge.backward.formula("X"))
    assert found.verdict == verdict
    assert set().union(*map(set, found.sizes)) == where


def test_a_wrong_claim_about_sizes_too_large_for_numbers_is_undecided_and_says_why():
    judge, _ = judge_of("W: (900, 900)\nx: (900,)\nL = sum(max(W * x, axis=1))")  # a maximum tells the members of an axis apart
    truth = judge.backward.formula("x")
    assert judge.compare(truth, truth).verdict == "equal"
    found = judge.compare(build(judge.problem, parse("2*D"), {"D": truth}), truth)
    assert found.verdict == "undecided"
    assert "W has too many entries, (900, 900)" in found.reason
    assert "with other numbers in the place of the large sizes it is wrong" in found.reason


GENERAL = [
    "X: (70, 60)\nW: (60, 8)\nb: (8,)\nZ = X @ W + b\nL = sum((relu(Z) - 1)**2) / 70",
    "X: (70, 60)\nL = mean(X**2) + X[3:8, 1] @ X[3:8, 2] / 35 + 4200*sum(X) / 6",
    "A: (70, 70)\nB: (70, 60)\nL = tr(A @ eye(70)) + sum(concatenate([A, B], axis=1)[:, 70]) / 140 + sum(ones(70, 60) * B)",
]


@pytest.mark.parametrize("source", GENERAL)
def test_a_formula_in_any_sizes_is_the_formula_at_the_numbers(source):
    """What a yes for any sizes rests on."""
    problem = read(source)
    general, passed = generalised(problem), backward(problem)
    assert general is not None
    assert not any(isinstance(d, int) and d > 5 for v in general.problem.declared.values() for d in v.shape)
    judge = Judge(problem, passed)
    (trial,) = judge.trials.of("exact")
    bodies = problem.definitions | {n: passed.formula(n) for n in passed.order}
    for body in bodies.values():
        found, wanted = evaluate(trial.ring, general.formula(body), trial.env, general.numbers, meaning), trial.value(body)
        assert (found.shape, found.data) == (wanted.shape, wanted.data)


def test_squeezed_shapes():
    judge = Judge(read("X: (S, 1)\nout = X * 2"))
    one, other = (build(judge.problem, parse(t), {}) for t in ("X.T", "X"))
    assert judge.compare(one, other).verdict == "shape"
    assert judge.compare(one, other, squeeze=True).verdict == "equal"


# ---- Jacobians and Hessians --------------------------------------------------------------------------

JACOBIANS = [
    "W: (M, D)\nx: (D,)\ny = W @ x", "x: (D,)\ny = tanh(x)", "X: (S, D)\nW: (D, M)\ny = X @ W", "A: (n, n)\nx: (n,)\ny = inv(A) @ x",
    "x: (D,)\nt: ()\ny = t * x", "x: (D, 1)\nW: (M, D)\ny = W @ x", "X: (S, D)\ny = sum(X, axis=0)", "Z: (K,)\ny = softmax(Z)",
]  # fmt: skip


@pytest.mark.parametrize("source", JACOBIANS)
def test_jacobians(source):
    problem = read(source)
    judge = Judge(problem)
    for wrt in problem.declared:
        found = jacobian(problem, "y", wrt)
        for layout in ("numerator", "denominator"):
            for vec in (False, True):
                formula = found.formula(layout, vec)
                judge.certify_jacobian("y", wrt, formula, layout, vec)
                with pytest.raises(Disproved):
                    judge.certify_jacobian("y", wrt, build(problem, parse("2*J"), {"J": formula}), layout, vec)


def test_a_jacobian_in_the_other_layout_is_stopped():
    problem = read("W: (n, n)\nx: (n,)\ny = W @ x")
    judge = Judge(problem)
    formula = jacobian(problem, "y", "x").formula("numerator")
    judge.certify_jacobian("y", "x", formula, axes=((0,), (1,)))
    with pytest.raises(Disproved):
        judge.certify_jacobian("y", "x", formula, "denominator")
    with pytest.raises(Disproved, match="shape"):
        judge.certify_jacobian("y", "W", formula)


HESSIANS = [
    "x: (D,)\nA: (D, D)\nL = x @ A @ x", "x: (D,)\nL = sum(x**3) * sum(x)", "x: (D,)\nX: (S, D)\nL = sum(log(1 + exp(X @ x)))",
    "x: (D,)\nL = sum(x)", "x: (D,)\nb: (D,)\nL = exp(x @ b)", "x: (S, D)\nL = tr(x.T @ x)**2", "x: positive (D,)\nL = sum(log(x))",
]  # fmt: skip


@pytest.mark.parametrize("source", HESSIANS)
def test_hessians(source):
    problem = read(source)
    formula = hessian(problem, "x")[0].formula()
    judge = Judge(problem)
    assert judge.certify_hessian("x", formula).method == "exact"
    with pytest.raises(Disproved):
        judge.certify_hessian("x", build(problem, parse("H + ones(H.shape)"), {"H": formula}) if formula.shape else formula)


def test_mixed_hessian():
    problem = read("x: (D,)\ny: (M,)\nA: (D, M)\nL = x @ A @ y")
    judge = Judge(problem)
    judge.certify_hessian("x", problem.declared["A"], "y")
    with pytest.raises(Disproved):
        judge.certify_hessian("x", build(problem, parse("2*A"), {}), "y")


def test_second_differences_have_no_first_order_left():
    """f = (x·a)² x·b / (x·c): both rings, against the Hessian worked out by hand at a point with one entry."""
    problem = read("x: ()\nL = x**3 / (1 + x)")
    x = Fraction(3, 7)
    second = 6 * x / (1 + x) - 6 * x**2 / (1 + x) ** 2 + 2 * x**3 / (1 + x) ** 3
    for ring in (Masked(Random(0)), Real()):
        at = {"x": Tensor((), [ring.lift(x)])}
        one = {"x": Tensor((), [ring.lift(Fraction(1))])}
        (found,) = Witness(Program(problem), ring, Frame({}), at, {}).curvature(one, one)
        wanted = ring.lift(second)
        assert found == wanted if isinstance(ring, Modular) else abs(found - wanted) < Decimal("1e-27")


def test_orders_of_axes():
    assert arrangement(("M",), ("D",), "denominator") == ((1,), (0,))
    assert arrangement(("M", "K"), (), "denominator") == ((1,), (0,))
    assert arrangement((), ("S", "D"), "numerator") == ((1,), (0,))
    assert arrangement(("S", 1), ("D",), "numerator") == ((0,), (2,))
    j = Tensor((2, 3), [1, 2, 3, 4, 5, 6])
    assert arranged(j, (("D",), ("M",)), ((1,), (0,)), {"D": 3, "M": 2}) == [1, 4, 2, 5, 3, 6]
    assert arranged(Tensor((6,), j.data), (("D", "M"), ()), ((1, 0),), {"D": 3, "M": 2}) == [1, 4, 2, 5, 3, 6]


# ---- the bound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prime", [101, 1009])
@pytest.mark.parametrize("wrong", ["X.T @ dZ + X.T @ X @ W", "X.T @ (dZ * Z)", "X.T @ dZ * W"])
def test_wrong_formulas_pass_as_rarely_as_the_theory_says(prime, wrong):
    """One entry compared at random points modulo a small prime: passes at most degree/p of the time, and it is not 0 either."""
    judge, problem = judge_of("X: (1, D)\nW: (D, 1)\nZ = X @ W")
    false, truth = claim(judge, wrong), judge.backward.formula("W")
    sizes = {"D": 1}
    certainty = Certainty(problem, judge.backward, (sizes,))
    limit = max(1, zero_test(certainty.of(false), certainty.of(truth))[0]) / prime
    random, passed, trials = Random(5), 0, 20_000
    ring, frame = Modular(prime), Frame(sizes)
    for _ in range(trials):
        env = {n: Tensor((1, 1), [random.randrange(prime)]) for n in ("X", "W", "dZ")}
        env["Z"] = evaluate(ring, problem.definitions["Z"], env, frame, meaning)
        passed += evaluate(ring, false, env, frame, meaning).data == evaluate(ring, truth, env, frame, meaning).data
    noise = 4 * (limit / trials) ** 0.5
    assert 0 < passed / trials <= limit + noise


@pytest.mark.parametrize("wrong", ["exp(x + y) - exp(x) - exp(y) + x", "log(x * y) + y", "tanh(x) - y"])
def test_wrong_formulas_with_exp_pass_as_rarely_as_the_theory_says(wrong):
    """The same with unknowns in the place of exp and log, whose arguments may be equal by chance."""
    problem = read(f"x: ()\ny: ()\nout = {wrong}")
    prime, random, frame, passed, trials, most = 251, Random(5), Frame({}), 0, 4_000, 0
    tables: list[Table] = []
    certainty = Certainty(problem, None, ({},), 1, tables=lambda: tables)
    for _ in range(trials):
        ring = Unknown(random, prime)
        env = {n: Tensor((), [random.randrange(1, prime)]) for n in ("x", "y")}
        with suppress(Unlucky):
            passed += evaluate(ring, problem.definitions["out"], env, frame, meaning).data == [0]
        most = max(most, ring.table.tests)
        tables[:] = [max([*tables, ring.table], key=lambda t: t.tests)]
    n, d = certainty.powers.widest
    limit = (certainty.of(problem.definitions["out"])[0] + most * 3 * (n + 2 * d)) / prime
    assert 0 < passed / trials <= limit


EXPONENTIAL = [
    ("Z: (S, K); L = sum(logsumexp(Z, axis=1))", "Z", "exp(Z - logsumexp(Z, axis=1)[:, None])", "equal"),
    ("Z: (S, K); L = sum(logsumexp(Z, axis=1))", "Z", "exp(Z) / sum(exp(Z), axis=0)", "different"),
    ("Z: (S, K); Y: (S, K); L = -sum(Y * log_softmax(Z))", "Z", "sum(Y, axis=1)[:, None] * softmax(Z) - Y", "equal"),
    ("z: (n,); L = sum(sigmoid(z))", "z", "sigmoid(z) * sigmoid(-z)", "equal"),
    ("z: (n,); L = sum(sigmoid(z))", "z", "sigmoid(z) * sigmoid(2*z)", "different"),
    ("z: (n,); L = sum(tanh(z))", "z", "4 / (exp(z) + exp(-z))**2", "equal"),
    ("z: (n,); L = sum(softplus(z))", "z", "exp(z) / (1 + exp(z))", "equal"),
    ("x: positive (n,); a: (n,); L = sum(x**a)", "x", "a * exp(a * log(x)) / x", "equal"),
    ("x: (n,); L = sum(exp(exp(x)))", "x", "exp(x + exp(x))", "equal"),
    ("x: (n,); L = sum(exp(exp(x)))", "x", "exp(2*exp(x))", "different"),
]


@pytest.mark.parametrize(("source", "name", "text", "verdict"), EXPONENTIAL)
def test_claims_with_exp_are_settled_exactly(source, name, text, verdict):
    found = compared(source, name, text)
    assert found.verdict == verdict
    assert (found.method == "exact" and found.bits >= 50) if verdict == "equal" else found.gap > 1e-12


def test_a_spoilt_exp_is_caught_by_numbers():
    """Unknowns refute nothing: that a gradient with exp is wrong is said on reals."""
    judge, _ = judge_of("x: (n,)\nL = sum(x * exp(x))")
    judge.backward.flows["x"].formula = claim(judge, "exp(x) + x * exp(x) * (1 + 1/1000000)")
    with pytest.raises(Disproved) as caught:
        Judge(judge.problem, judge.backward).certify()
    assert caught.value.names == ("x",)


def test_what_no_residue_can_show_is_shown_by_a_real_point():
    judge, _ = judge_of("x: (n,)\nL = sum(x**2)")
    found = judge.compare(claim(judge, "2*x + 0*log(-x @ x)"), judge.backward.formula("x"))
    assert (found.verdict, found.void) == ("undecided", True)


DEGREES = [
    ("X @ W", (2, 0)), ("X @ W + b", (2, 0)), ("(X @ W)**3", (6, 0)), ("s / b", (1, 1)), ("sum(s / b)", (4, 4)), ("1 / (1 + s)", (0, 1)),
    ("det(A)", (4, 0)), ("inv(A)", (3, 4)), ("matpow(A, 3)", (3, 0)), ("relu(X @ W)", (3, 0)), ("X > 0", (1, 0)), ("tril(A)", (1, 0)),
    ("cumsum(b)", (1, 0)), ("zeros(S, D)", (0, 0)), ("where(b > 0, b, s)", (2, 0)), ("mse(b, b)", (2, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "most"), DEGREES)
def test_degrees(text, most):
    problem = read(f"X: (S, D)\nW: (D, M)\nA: (n, n)\nb: (M,)\ns: ()\nout = {text}")
    sizes = {"S": 4, "D": 4, "M": 4, "n": 4}
    n, d = degree(problem.definitions["out"], dict.fromkeys(problem.declared, (1, 0)), (sizes,))
    assert n <= max(most[0], 1) + most[1] * 2
    assert (d == 0) == (most[1] == 0)
    assert n >= most[0]


def test_degrees_bound_what_is_measured():
    """Along a line, an entry is a quotient of polynomials in one number: with a degree of n it has at most n roots."""
    problem = read("A: (n, n)\nx: (n,)\nL = x @ inv(A @ A + eye(n)) @ x")
    frame, prime = Frame({"n": 2}), 10007
    n, _ = degree(problem.definitions["L"], {"A": (1, 0), "x": (1, 0)}, (frame,))
    random, ring = Random(3), Modular(prime)
    start, step = ([random.randrange(prime) for _ in range(6)] for _ in range(2))
    roots = 0
    for t in range(prime):
        point = [(a + t * b) % prime for a, b in zip(start, step, strict=True)]
        env = {"A": Tensor((2, 2), point[:4]), "x": Tensor((2,), point[4:])}
        with suppress(Unlucky):
            roots += evaluate(ring, problem.definitions["L"], env, frame, meaning).data == [0]
    assert roots <= n


def test_bits():
    assert bits((1, 0), 2**61 - 1) == 60
    assert bits((4, 0), 2**61 - 1) == 58
    assert bits((5, 0), 2**61 - 1) == 58
    assert bits((2**61, 0), 2**61 - 1) == 0
    assert bits((0, 0), 101) == 6


def test_too_small_a_certainty_is_made_up_for_by_more_points():
    source = "x: (D,)\nL = sum(x**20000)"
    judge, _ = judge_of(source)
    made = judge.certify()
    assert made.method == "exact"
    assert made.bits >= 50
    assert made.points > len(made.sizes)


# ---- draws -----------------------------------------------------------------------------------------


def drawn(words: str, ring, shape=("n", "n"), n: int = 4, style=STYLES[0]) -> Tensor:
    v = Var("A", shape, frozenset(words.split()))
    return Sampler(ring, Frame({"n": n, "m": 3}), Random(n), style).value(v)


@pytest.mark.parametrize("ring", [Modular(), Real()], ids=["residues", "reals"])
def test_properties_are_respected(ring):
    one, zero = ring.lift(Fraction(1)), ring.lift(Fraction(0))
    a = drawn("symmetric", ring)
    assert a.rows() == [list(c) for c in zip(*a.rows(), strict=True)]
    a = drawn("posdef", ring)
    assert a.rows() == [list(c) for c in zip(*a.rows(), strict=True)]
    assert all(x == zero for i, row in enumerate(drawn("diagonal", ring).rows()) for j, x in enumerate(row) if i != j)
    assert all(x == zero for i, row in enumerate(drawn("triangular", ring).rows()) for j, x in enumerate(row) if j > i)
    assert all(sorted(row, key=int) == [zero] * 3 + [one] for row in drawn("onehot", ring).rows())
    assert all(sorted(c, key=int) == [zero] * 3 + [one] for c in zip(*drawn("onehot_columns", ring).rows(), strict=True))
    assert all(ring.same(ring.total(row), one) for row in drawn("probabilities", ring).rows())
    assert len(drawn("onehot", ring, ("n",)).data) == 4
    assert ring.same(ring.total(drawn("probabilities", ring, ("n",)).data), one)


@pytest.mark.parametrize("words", ["orthogonal", "orthogonal symmetric"])
@pytest.mark.parametrize("ring", [Modular(), Real()], ids=["residues", "reals"])
def test_orthogonal_columns(ring, words):
    for shape in (("n", "n"), ("n", "m")):
        q = drawn(words, ring, shape).rows()
        columns = list(zip(*q, strict=True))
        for i, a in enumerate(columns):
            for j, b in enumerate(columns):
                assert ring.same(ring.dots(a, b, len(a))[0], ring.lift(Fraction(int(i == j))))


def test_signs_of_reals():
    ring = Real()
    assert all(x > 0 for word in ("positive", "nonnegative", "probabilities") for x in drawn(word, ring).data)
    both = Counter(x > 0 for k in range(2, 8) for x in drawn("", ring, n=k).data)
    assert both[True] > 20
    assert both[False] > 20
    a = drawn("posdef", ring)
    Judge(read("A: posdef (n, n)\nL = sum(cholesky(A))")).trials.draw(REAL)  # every minor is positive
    assert all(row[k] > 0 for k, row in enumerate(a.rows()))
    assert all(x > 0 for x in drawn("", ring, style=STYLES[-1]).data)


COMPOUND = [
    ("H: (4*K, n - 1)\nL = sum(H)", ("4*K", "n - 1")), ("x: (n,)\ny = x[3:]", ("n - 3",)), ("X: (a - b, b)\nL = sum(X)", ("a - b", "b")),
    ("X: (a*b + 1, a)\nL = sum(X)", ("a*b + 1",)),
]  # fmt: skip


@pytest.mark.parametrize(("source", "axes"), COMPOUND)
def test_every_axis_has_an_entry(source, axes):
    problem = read(source)
    for seed in range(30):
        for equal in (False, True):
            if equal and "a - b" in axes:
                continue
            sizes = draw_sizes(problem, axes_of(problem), Random(seed), equal)
            assert all(value(d, sizes) >= 1 for d in axes)
            assert equal or len(set(sizes.values())) == len(sizes)


def test_sizes_that_cannot_be():
    with pytest.raises(Undecided, match="at least 1"):
        Judge(read("x: (n,)\ny = x[300:]")).trials.draw(EXACT)


def test_many_sizes_stay_small():
    declared = ["X: (D0, D1)", *(f"W{k}: (D{k}, D{k + 1})" for k in range(1, 20))]
    problem = read("\n".join([*declared, "Z = X @ " + " @ ".join(f"W{k}" for k in range(1, 20))]))
    sizes = list(draw_sizes(problem, axes_of(problem), Random(1)).values())
    assert max(sizes) <= 6
    assert all(a != b for a, b in pairwise(sizes))


def test_shaped_is_idempotent():
    a = Tensor((3, 3), list(range(9)))
    for word in ("symmetric", "diagonal", "triangular"):
        once = shaped(a, frozenset({word}), 0)
        assert shaped(once, frozenset({word}), 0).data == once.data


# ---- domains ----------------------------------------------------------------------------------------

CONDITIONS = [
    ("x: (D,)\nL = sum(log(x))", ("x > 0",)),
    ("x: positive (D,)\nL = sum(log(x))", ()),
    ("A: (n, n)\nB: (n, n)\nL = tr(inv(A) @ B)", ("A is invertible",)),
    ("A: posdef (n, n)\nL = logdet(A)", ()),
    ("X: (n, p)\nL = logdet(X.T @ X)", ("X.T @ X is invertible",)),
    ("X: (n, p)\nlam: positive ()\nL = logdet(X.T @ X + lam*eye(p))", ()),
    ("X: (S, D)\nL = sum(log(sigmoid(X)) + log(1 - sigmoid(X)))", ()),
    ("X: (S, D)\nL = sum(log(1 + X**2))", ()),
    ("x: (D,)\ny: (D,)\nL = (x @ y) / (norm(x) * norm(y))", ("x != 0", "y != 0")),
    ("x: (D,)\ny: (D,)\nL = sum(x / y)", ("y != 0",)),
    ("x: (D,)\nL = sum(relu(x))", ("no argument is on a kink of relu",)),
    ("W: (D, M)\nx: (D,)\nL = sum(sqrt(x @ W))", ("x @ W > 0",)),
    ("x: (D,)\na: (D,)\nL = sum(x**a)", ("x > 0",)),
    ("x: (D,)\nL = sum(arcsin(x))", ("abs(x) < 1",)),
    ("X: (n, m)\nW: (m, k)\nL = sum(log(X @ W))", ("X @ W > 0",)),
    ("X: (n, m)\nL = sum(max(X, axis=1))", ("no argument is on a kink of max",)),
    ("X: (n, m)\nlow = min(X, axis=0)\nL = sum(low**2)", ("no argument is on a kink of min",)),
    ("A: (n, n)\nout = matpow(A, -2)", ("A is invertible",)),
]


@pytest.mark.parametrize(("source", "conditions"), CONDITIONS)
def test_conditions(source, conditions):
    judge, _ = judge_of(source)
    assert judge.certify().conditions == conditions


def test_positive_values_are_tried_and_said():
    judge, _ = judge_of("W: (D, M)\nx: (D,)\nv: (M,)\nL = sum(sqrt(x @ W - 0.01) * log(v)) + sum(sqrt(W))", seed=3)
    made = judge.certify()
    assert made.conditions == ("x @ W - 0.01 > 0", "v > 0", "W > 0")
    assert made.witnesses == ("difference quotients of the program itself (at positive W, x, v)",)


def test_sizes_are_drawn_again_until_there_is_an_inverse():
    made = judge_of("X: (n, p)\nA: posdef (n, n)\nout = det(X.T @ A @ X)")[0].certify()
    assert all(s["n"] >= s["p"] for s in made.sizes)


@pytest.mark.parametrize("source", ["x: (D,)\nL = sum(log(-x**2))", "x: (D,)\nL = sum(sqrt(-exp(x)))", "x: (D,)\nL = sum(1 / (x - x))",
                                    "A: (n, n)\nL = logdet(A - A)", "x: (D,)\nL = sum(arcsin(2 + x**2))"])
def test_a_program_without_a_value_is_undecided_soon(source):
    judge, _ = judge_of(source)
    start = time.perf_counter()
    with pytest.raises(Undecided, match="no point was found"):
        judge.certify()
    assert time.perf_counter() - start < 5


def test_a_gradient_that_is_0_but_for_rounding_is_not_disproved():
    """Of two numbers the correlation is 1 or -1, at any of which steps that are long leave more than rounding does."""
    source = "x, y: (n,); a = x - mean(x); b = y - mean(y); r = a @ b / (norm(a) * norm(b))"
    for seed in range(40):
        judge_of(source, seed)[0].certify()


MASKS = ["S + M * -1e9", "S + (1 - M) * -1e9", "S / d + (1 - M) * -10000"]


@pytest.mark.parametrize("scores", MASKS)
def test_scores_behind_a_mask_show_what_is_wrong(scores):
    """Most points of a mask leave one score in reach, where a softmax is 1 and every claim about it is 0."""
    source = f"S, M: (T, T); d: positive (); Z = {scores}; P = softmax(Z)\n"
    right = "P * (dP - sum(dP * P, axis=-1, keepdims=True))"
    assert compared(source, "Z", right).verdict == "equal"
    for wrong in ("P * dP", f"-{right}", f"2 * {right}", "P * (dP - sum(dP * P, axis=0))", "dP - sum(dP * P, axis=-1, keepdims=True)"):
        assert compared(source, "Z", wrong).verdict == "different"


def test_kinks_are_kept_away_from():
    judges = [judge_of("x: (D,)\nL = sum(relu(x) * sigmoid(x))")[0] for _ in range(6)]
    for judge in judges:
        judge.certify()
    met = [x for judge in judges for trial in judge.trials.of(REAL) for x in trial.env["x"].data]
    assert all(abs(x) > Decimal("1e-8") for x in met)
    assert {x > 0 for x in met} == {True, False}


def test_a_kink_that_cannot_be_avoided():
    """Where a declared or a computed 0 lies on a kink, the quotient goes along directions that leave it there, and that is said."""
    said = {"A: diagonal (n, n)\nL = sum(relu(A)**2)": "zeros", "x: (D,)\nh = x / x\nL = sum(maximum(h, 1) * x)": "by the declared names"}
    for source, words in said.items():
        judge, _ = judge_of(source)
        assert words in str(judge.certify())


def test_what_the_loss_does_not_depend_on_is_not_moved():
    judge, problem = judge_of("x: (D,)\nA: diagonal (n, n)\nB = relu(A)\nL = sum(x**2)")
    assert judge.certify(wanted=problem.declared).method == "exact"


def test_a_vanishing_gradient_is_no_disproof():
    for source in ("Z: (S, K)\nL = sum(softmax(Z))", "x: (D,)\nL = sum(sin(x)**2 + cos(x)**2)", "x: (D,)\nL = sum(sign(x))"):
        judge, problem = judge_of(source)
        assert judge.certify(wanted=problem.declared).method in ("exact", "real")


# ---- depth and speed ----------------------------------------------------------------------------------


def chain(layers: int, activation: str, loss: str, sizes: str = "D{}") -> str:
    lines = [f"X: (S, {sizes.format(0)})", f"Y: onehot (S, {sizes.format(layers)})"]
    for k in range(1, layers + 1):
        before, after = sizes.format(k - 1), sizes.format(k)
        lines += [f"W{k}: ({before}, {after})", f"b{k}: ({after},)"]
    for k in range(1, layers + 1):
        lines += [f"Z{k} = {f'A{k - 1}' if k > 1 else 'X'} @ W{k} + b{k}", f"A{k} = {activation}(Z{k})"]
    return "\n".join([*lines, loss.replace("OUT", f"A{layers}")])


SQUARES, ENTROPY = "L = sum((OUT - Y)**2) / S", "L = -sum(Y * log_softmax(OUT)) / S"


DEEP = [("relu", SQUARES, "exact"), ("relu", ENTROPY, "real"), ("tanh", SQUARES, "real")]


@pytest.mark.parametrize(("activation", "loss", "method"), DEEP)
def test_a_hundred_layers(activation, loss, method):
    judge, _ = judge_of(chain(100, activation, loss))
    start = time.process_time()
    made = judge.certify()
    assert made.method == method
    assert time.process_time() - start < 10
    seen = [max(map(abs, judge.values(0, method)[f"dW{k}"].data)) for k in range(1, 101)]
    assert all(seen), "no gradient has died out on the way"


@pytest.mark.slow
def test_a_thousand_layers():
    judge, problem = judge_of(chain(1000, "relu", SQUARES))
    assert judge.certify().method == "exact"
    spoilt = judge.backward
    spoilt.flows["W1"].formula = build(problem, parse("2*G"), {"G": spoilt.formula("W1")})
    with pytest.raises(Disproved) as caught:
        Judge(problem, spoilt).certify()
    assert caught.value.names == ("W1",)


def test_masks_that_meet_each_other():
    """relu(A) where A <= 0 is 0 by order, not by algebra: what is 0 at every real point is settled by exact arithmetic, or not at all."""
    judge, _ = judge_of("A: (S, D)\nh = relu(A)\nk = where(A > 0, A, h)\nL = sum(k**2)")
    assert judge.certify().points > 2
    passed = judge.backward
    passed.flows["h"].formula = claim(judge, "3*dk * (1 - (A > 0))")
    with pytest.raises(Undecided, match="the gradient of h"):
        Judge(judge.problem, passed).certify()


def test_a_gradient_that_is_0_everywhere_is_mentioned():
    judge, _ = judge_of("x: (D,)\nL = sum(relu(-sqrt(1 + x**2)) + x)")
    assert "the gradient of x" not in str(judge.certify())
    judge, _ = judge_of("x: (D,)\ny: (D,)\nL = sum(relu(-sqrt(1 + x**2)) + y)")
    assert "the gradient of x being 0 at every point" in str(judge.certify())


def test_a_long_problem_has_fewer_points():
    assert judge_of(chain(20, "relu", SQUARES))[0].certify().points == 1
    assert judge_of(chain(3, "relu", SQUARES))[0].certify().points == 3


@pytest.mark.benchmark
def test_speed():
    """Generous by a factor of ten against what an unhurried machine does."""
    problem = read(AFFINE)
    pass_ = backward(problem)
    Judge(problem, pass_).certify()
    start = time.process_time()
    for _ in range(20):
        judge = Judge(problem, pass_)
        judge.certify()
    assert (time.process_time() - start) / 20 < 0.03
    claims = [claim(judge, f"{k}*X.T @ dZ/{k}") for k in range(2, 202)]
    truth = pass_.formula("W")
    start = time.process_time()
    assert {judge.compare(c, truth).verdict for c in claims} == {"equal"}
    assert len(claims) / (time.process_time() - start) > 100


# ---- the witness ------------------------------------------------------------------------------------


def test_the_quotient_of_a_definition_entry_by_entry():
    problem = read("x: (D,)\ny = x**2 / (1 + x)")
    ring, frame, random = Masked(Random(1)), Frame({"D": 3}), Random(2)
    x, v = ([Fraction(random.randint(1, 99), random.randint(1, 9)) for _ in range(3)] for _ in range(2))
    at, along = (Tensor((3,), [ring.lift(a) for a in row]) for row in (x, v))
    found = Witness(Program(problem), ring, frame, {"x": at}, {}).slope({"x": along}, "y")
    assert found == [ring.lift((2 * a * (1 + a) - a * a) / (1 + a) ** 2 * b) for a, b in zip(x, v, strict=True)]


def test_definitions_are_moved_on_their_own():
    """A shift of an intermediate value reaches what is computed from it, and nothing before it."""
    problem = read("x: ()\nh = x**2\ny = 3*h + x")
    ring = Modular()
    tape = Program(problem).tape
    cells = tape.cells({"x": Tensor((), [5])})
    tape.run(ring, Frame({}), cells, tape.lines, {"h": [(1, [1])]})
    assert [cells[tape.names[n]] for n in ("x", "h", "y")] == [[5], [26], [83]]


def test_trials_know_what_has_no_exact_meaning():
    trials = Trials(read("x: (D,)\nL = sum(sqrt(exp(x)))"), None, None)
    assert trials.of(EXACT) == []
    assert len(trials.of(REAL)) == 2


# ---- borders of comparisons ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("x: (n,); y = relu(x)", "dx = dy * (x > 0.1)"),
        ("x: (n,); y = relu(x)", "dx = dy * (x > -0.01)"),
        ("a, b: (n,); y = maximum(a, b)", "da = dy * (a > 1.02*b)"),
        ("x: positive (n,); y = relu(x - 0.9)", "dx = dy * (x > 0.91)"),
        ("x: (n,); L = sum(relu(x - 50) * x)", "dx = 0*x"),
        ("r: (n,); L = sum(where(abs(r) < 1, r**2/2, abs(r) - 1/2))", "dr = where(abs(r) < 1.01, r, sign(r))"),
        ("X: (n, m); L = sum(max(X, axis=1))", "dX = (X >= max(X, axis=1, keepdims=True) - 0.01)*1"),
        ("A: symmetric (n, n); B = relu(A)", "dA = dB * (A > 0.1)"),
        ("x: (n,); L = x @ x", "dx = where(x > 100, 0, 2*x)"),
        ("x: (n,); L = x @ x", "dx = 2*x + relu(x - 50000)"),
        ("X: (S, D); W: (D, M); Z = X @ W", "dW = X.T @ clip(dZ, -5, 5)"),
        ("X: (S, D); W: (D, M); Z = X @ W", "dW = X.T @ minimum(dZ, 1000)"),
        ("x: (n,); L = sum(exp(x))", "dx = exp(x) + relu(x - 3)"),
        ("x: (n,); L = x @ x", "dx = 2*x + max(concatenate([x, 50*ones(1)])) - 50"),
        ("X: (n, m); L = sum(X**2)", "dX = 2*clip(X, -1e9, 1e9)"),
        ("x: (n,); L = sum(relu(x))", "dx = (x > 1e-9)"),
        ("x: (n,); L = sum(relu(x))", "dx = (relu(x) > 1e-10)"),
        ("x: (n,); L = sum(relu(x)**2)", "dx = 2*x*(x > -1e-7)"),
        ("x: (n,); L = sum(exp(x))", "dx = exp(x) + (exp(x) < 1e-5)"),
        ("x: (n,); L = sum(exp(x))", "dx = exp(x) + (exp(x) < 1e-20)"),
        ("x: (n,); a: (); L = sum(where(x > a, x**2, x))", "dx = where(x > a, 2*x, 1 + (x > 5))"),
        ("x: (n,); a: (); L = sum(where(x > a, x**2, x))", "dx = where(x > a, 2*x, 1 + (x > 70))"),
        ("x, y: (n,); L = sum(maximum(x, y))", "dx = (x > y) * (x > -1e5)"),
        ("x: (n,); L = sum(abs(x))", "dx = clip(1e9/x, -1, 1)"),
        ("x: (n,); L = norm(x)", "dx = x / maximum(norm(x), 1e-8)"),
        ("x: (n,); L = sum(x**2)/2", "dx = clip(x, -1000, 10**12)"),
        ("x: (n,); L = sum(x**2)/2", "dx = clip(x, -10**12, 1000)"),
        ("x: (n,); L = sum(x**2)/2", "dx = maximum(x, -1000)"),
        ("x: (n,); L = sum(x**2)/2", "dx = minimum(1000, x)"),
        ("x: (n,); L = sum(x**2)/2", "dx = relu(x + 1000) - 1000"),
        ("x: (n,); L = sum(x**2)/2", "dx = elu(x + 1000) - 1000"),
        ("x: (n,); L = sum(x**2)/2", "dx = leaky_relu(x + 1000) - 1000"),
        ("x: (n,); L = sum(x**2)/2", "dx = abs(x + 1000) - 1000"),
        ("x: (n,); L = sum(x**2)/2", "dx = x * sign(x + 1000)"),
        ("x: (n,); L = sum(x**2)/2", "dx = x * (x >= -1000)"),
        ("x: (n,); L = sum(x**2)/2", "dx = x * (1000 >= x)"),
        ("x: (n,); L = x @ x", "dx = 2*x * (n < 100)"),
        ("X: (n, m); L = sum(X)", "dX = ones(n, m) * (m != 7)"),
        ("X: (n, m); L = sum(X)", "dX = ones(n, m) * (n < m + 20)"),
        ("A: (n, n); L = tr(A @ A)", "dA = 2*A.T * (n < 100)"),
        ("x: (n,); L = x @ x", "dx = 2*x*minimum(n, 40)/n"),
        ("x: (n,); L = x @ x", "dx = 2*x + x*(n-2)*(n-3)*(n-4)*(n-5)*(n-6)*(n-7)*(n-8)*(n-9)*(n-10)*(n-11)*(n-12)*(n-13)"),
    ],
)
def test_a_comparison_that_turns_elsewhere_is_found(source, claim):
    assert check(f"{source}\n{claim}").claims[0].verdict == "wrong"


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("x: (n,); y = relu(x)", "dx = dy * (2*x > 0)"),
        ("x: (n,); y = relu(x)", "dx = dy * (1 + sign(x))/2"),
        ("r: (n,); L = sum(where(abs(r) < 1, r**2/2, abs(r) - 1/2))", "dr = clip(r, -1, 1)"),
        ("x: (n,); y = maximum(x, 0.01*x)", "dx = where(x > 0, dy, 0.01*dy)"),
        ("x: (n,); y = minimum(2*x, -x)", "dx = dy * where(x >= 0, -1, 2)"),
        ("x: (n,); y = abs(x)", "dx = dy*x/abs(x)"),
        ("X: (n, m); L = sum(max(X, axis=1))", "dX = (X == max(X, axis=1, keepdims=True))*1"),
    ],
)
def test_the_same_borders_in_other_words_are_right(source, claim):
    assert check(f"{source}\n{claim}").claims[0].verdict == "right"


def test_a_border_that_is_reached_along_one_name_only():
    """1 + u @ psi is positive wherever w is large, since tanh(w @ z) is 1 or -1 there, and at most points that are drawn."""
    planar = "u, w, z: (d,); b: (); psi = (1 - tanh(w @ z + b)**2)*w; L = log(abs(1 + u @ psi))"
    assert check(f"{planar}\ndu = psi/abs(1 + u @ psi)").claims[0].verdict == "wrong"
    assert check(f"{planar}\ndu = psi/(1 + u @ psi)").claims[0].verdict == "right"


def test_a_comparison_that_turns_nowhere_is_said():
    (v,) = check("x: (n,); L = sum(sqrt(1 + relu(exp(x))))\ndx = exp(x)/(2*sqrt(1 + exp(x)))").claims
    assert v.verdict == "right"
    assert "exp(x) > 0, as at every point that was tried" in v.certificate.conditions


@pytest.mark.parametrize(
    ("source", "claim", "verdict"),
    [
        ("x: (n,); L = x @ x", "dx = 2*x + (n - 2)*(n - 3)*(n - 4)*(n - 5)*x", "wrong"),
        ("x: (n,); L = x @ x", "dx = 2*x*(n < 6)", "wrong"),
        ("x: (n,); L = sum(exp(x))", "dx = exp(x)*(n < 6)", "wrong"),
        ("x: (n,); L = x @ x", "dx = 2*x + concatenate([zeros(5), ones(n - 5)])", "wrong"),
        ("x: (n,); L = x @ x", "dx = concatenate([2*x[:1], 2*x[1:]])", "right"),
        ("x: (n,); L = x @ x", "dx = concatenate([2*x[:7], 2*x[7:]])", "right"),
        ("x: (n,); L = x @ x", "dx = 2*x + sum(x[100:])*0", "undecided"),
        ("x: (n,); L = sum(x)**2/2", "dx = x[0] + x[1] + x[2] + 0*x", "wrong"),
        ("x: (n,); L = x @ x", "dx = 2*x + sum(x[6:7]) - sum(x[6:7])", "right"),
        ("x: (n,); L = x @ x", "dx = 2*x + sum(x[6:7])", "wrong"),
        ("x: (n,); L = sum(x[:6]**2)", "dx = concatenate([2*x[:6], zeros(n - 6)])", "right"),
        ("x: (n,); L = sum(x[:6]**2)", "dx = concatenate([2*x[:5], zeros(n - 5)])", "wrong"),
        ("X: (S, D); w: (D,); y: (S,); L = mean((X @ w - y)**2)", "dw = 2/S * X.T @ (X @ w - y)", "right"),
        ("X: (S, D); L = logdet(X.T @ X)/S", "dX = 2/S * X @ inv(X.T @ X)", "right"),
        ("x: (3,); L = x @ x / 3", "dx = 2*x/3", "right"),
    ],
)
def test_a_claim_that_is_right_at_small_sizes_only_is_wrong(source, claim, verdict):
    assert check(f"{source}\n{claim}").claims[0].verdict == verdict


@pytest.mark.parametrize(
    ("source", "claim", "where"),
    [
        ("x: (n,); L = x @ x / 2", "dx = exp(log(x))", "right where it has a value: x > 0"),
        ("x: (n,); L = sum(log(x))", "dx = exp(-log(x))", ""),
        ("x: (n,); L = x @ x / 2", "dx = x**2/x", ""),
    ],
)
def test_a_claim_that_has_a_value_only_here_and_there_says_where(source, claim, where):
    (v,) = check(f"{source}\n{claim}").claims
    assert (v.verdict, v.message) == ("right", where)


# ---- what mutants of ourselves have shown to be untested ----------------------------------------------


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("A: invertible (n, n); B: (n, n); L = logdet(A @ B)", ("A @ B is invertible",)),
        ("A, B: invertible (n, n); L = logdet(A @ B)", ()),
        ("A: invertible (n, n); L = logdet(A.T @ inv(A) @ matpow(A, 2))", ()),
        ("x: (n,); L = log(sum(exp(x)))", ()),
        ("x: (n,); L = sum(log(sqrt(exp(x))))", ()),
        ("x: (n,); L = log(x @ x)", ("x @ x > 0",)),
    ],
)
def test_conditions_are_neither_lost_nor_invented(source, conditions):
    assert derive(source).certificate.conditions == conditions


def test_nothing_to_certify_is_certified_at_no_point():
    problem = read("x: (n,); y = 2*x")
    made = Judge(problem, backward(problem, [])).certify()
    assert (made.method, made.points, made.sizes) == (EXACT, 0, ())


def test_a_formula_for_a_free_matrix_is_not_that_of_a_symmetric_one():
    d = derive("A: symmetric (n, n); B: (n, n); x: (n,); L = x @ A @ x + x @ B @ x")
    assert d["x"].formula == "2*A @ x + B @ x + B.T @ x"
    both = derive("A: symmetric (n, n); B: (n, n); x, z: (n,); u = A @ x; v = B @ z; L = u @ u + v @ v")
    assert (both["x"].formula, both["z"].formula) == ("A @ du", "B.T @ dv")


DIVIDED = [("2*m*n", "n", "2*m"), ("m*n", "k", None), ("m*n + n", "n", "m + 1"), (6, 4, None), (6, 3, 2)]


@pytest.mark.parametrize(("a", "b", "quotient"), DIVIDED)
def test_sizes_divide_or_do_not(a, b, quotient):
    found = divide(a, b)
    assert (found if found is None else polynomial(found)) == (quotient if quotient is None else polynomial(quotient))


def test_onehot_facts_name_the_axis_only_where_there_are_several():
    assert fact(Var("y", ("n",), frozenset({"onehot"})), "onehot") == "sum(y) = 1"
    assert fact(Var("Y", ("m", "n"), frozenset({"onehot"})), "onehot") == "sum(Y, axis=1) = 1"


def test_roots_of_products_stay_under_the_root():
    """(2x)**(1/2) is not 2**(1/2) x: only a single factor takes a fractional power."""
    d = derive("x: positive (n,); y: positive (n,); L = sum((2*x*y)**0.5)")
    assert d.certificate.points >= 1
    assert read("x: positive (n,); y: positive (n,); L = sum((2*x*y)**0.5)").definitions["L"].shape == ()


def test_a_point_near_a_pole_is_no_disproof():
    """softmax makes entries of 1e-15, and log of them: a step of 1e-20 is long there, and was taken for a wrong formula."""
    for seed in range(12):
        judge, _ = judge_of("Z: (S, S)\nP = softmax(14 * Z)\nL = -tr(log(P))", seed)
        assert judge.certify().points
    judge, _ = judge_of("Z: (S, S)\nP = softmax(14 * Z)\nL = -tr(log(P))", 1)
    judge.backward.flows["P"].formula = claim(judge, "-eye(S) / P * (1 + 1/1000000)")
    with pytest.raises(Disproved):
        judge.certify()


def test_borders_that_were_not_looked_for_decide_nothing(monkeypatch):
    source = "x: (n,)\nL = sum(sqrt(x**2 + 1))\ndx = x / sqrt(x**2 + 1) * (x < 1000)"
    assert check(source).claims[0].verdict == "wrong"
    monkeypatch.setattr("shapecalc.verify.borders.PATIENCE", -1.0)
    monkeypatch.setattr("shapecalc.verify.borders.Search.pairs", lambda *_: iter(()))
    (claim,) = check(source).claims
    assert claim.verdict == "undecided"
    assert "borders" in claim.message


def test_what_a_mask_leaves_of_a_zero_is_no_difference():
    source = "S, M: (T, T); V: (T, e); P = softmax(where(M > 0, S, -inf)); O = P @ V\n"
    right, wrong = "dS = P * (dP - sum(dP * P, axis=-1, keepdims=True))", "dS = P * dP"
    assert [c.verdict for c in check(f"{source}{right}\n{wrong}").claims] == ["right", "wrong"]


def test_what_is_smaller_than_any_rounding_is_not_taken_for_it():
    source = "x: (n,)\nL = sum(exp(x - 1000))\ndx = exp(x - 1000)\ndx = 2*exp(x - 1000)\ndx = 0*x"
    assert [c.verdict for c in check(source).claims] == ["right", "wrong", "wrong"]


def test_a_mask_that_stands_for_minus_infinity_has_a_value():
    source = "Q, K: (t, d); V: (t, e); M = tril(ones(t, t)) > 0; P = softmax(where(M, Q @ K.T, -1e9)); O = P @ V\n"
    right = "(P * M * (dO @ V.T - sum(dO * O, axis=1, keepdims=True))) @ K"
    first, second = check(source + f"dQ = {right}\ndQ = {right.replace('sum(dO * O', 'sum(dO * dO')}").claims
    assert (first.verdict, second.verdict) == ("right", "wrong")


def test_a_border_is_found_close_to_where_the_program_ends_to_have_a_value():
    source = "C: (n,)\nB: (n,)\nL = sum(erf(B - log_softmax(C)))\n"
    right = "2*(sum(exp(-(B - log_softmax(C))**2)) * softmax(C) - exp(-(B - log_softmax(C))**2)) / sqrt(pi)"
    first, second = check(f"{source}dC = {right}\ndC = ({right}) * (C < 20) + 97*(C >= 20)").claims
    assert (first.verdict, second.verdict) == ("right", "wrong")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("n < 300", "wrong"), ("n != 301", "wrong"), ("n*n < 90000", "wrong"), ("n < 3000", "wrong"), ("sqrt(n - 2) < 30", "wrong"),
        ("log(n - 3) < 3", "wrong"), ("1/(n - 8) < 1", "wrong"), ("n > 0", "right"),
    ],
)  # fmt: skip
def test_a_comparison_of_sizes_is_followed_to_where_it_turns(said, verdict):
    (claim,) = check(f"x: (n,); L = x @ x\ndx = 2*x * ({said})").claims
    assert claim.verdict == verdict
