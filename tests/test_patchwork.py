"""Points at sizes that are large numbers, made of patches of equal entries: they have the values of the whole tensors, and refute."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from math import prod
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Maker

from shapecalc.api import check
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, evaluate
from shapecalc.expr import Lit, Var, variables
from shapecalc.language.sheet import build, read
from shapecalc.language.syntax import parse
from shapecalc.notation import text
from shapecalc.rings import Firm, Near, Real, Unlucky, Unsupported
from shapecalc.tensor import Tensor
from shapecalc.verify import Judge
from shapecalc.verify.general import generalised
from shapecalc.verify.larger import WORKABLE
from shapecalc.verify.patchwork import Patcher, Patches
from shapecalc.verify.points import Sampler
from shapecalc.verify.trial import MISFORTUNE, Trial
from shapecalc.verify.witness import incoming

PROGRAMS = int(os.environ.get("SHAPECALC_PROGRAMS", "60"))
bounded = settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
CUT = {"n": (1, 1, 2, 3), "m": (1, 1, 4, 2), "k": (1, 1, 1, 2)}
NEARBY = Decimal("1e-18")  # far enough to break a tie of numbers, and near enough for sixty digits


def spread(t, shape, cut):
    """A tensor with every entry written as often as it counts."""
    whole = {name: [k for k, n in enumerate(stretch) for _ in range(n)] for name, stretch in cut.items()}
    places = [whole.get(d) or range(n) for d, n in zip(shape, t.shape, strict=True)]
    made = Tensor(tuple(map(len, places)), [Decimal(0)] * prod(map(len, places)))
    return made.indexed(lambda index, _: t[tuple([place[i] for i, place in zip(index, places, strict=True)])])


def drawn(problem, seed, cut):
    """A point of patches: the frame, and the values of what is given."""
    frame, ring = Patches({}, cut), Firm()
    patcher = Patcher(ring, frame, Sampler(ring, frame, Random(seed)), 0.5)
    return frame, {v.name: patcher.value(v) for v in given_to(problem)}


def given_to(problem):
    """The declared names and the incoming gradients."""
    return [*problem.declared.values(), *[Var(symbol, problem.definitions[n].shape) for n, symbol in incoming(problem).items()]]


def near(a, b, by):
    largest = max([Decimal(1), *map(abs, a.data), *map(abs, b.data)])
    return all(abs(x - y) <= largest * Decimal(by) for x, y in zip(a.data, b.data, strict=True))


@bounded
@given(st.integers(0, 2**32))
def test_patches_have_the_values_of_whole_tensors_and_of_all_points_around(seed):
    """Where a value is found on patches, it is that of the whole tensors, and a point close by that has no equal entries has it too."""
    problem = read(Maker(Random(seed), 2).program())
    passed = backward(problem)
    kept = [v for v in given_to(problem) if set(v.shape) <= {1, *CUT}]  # not 2*n, the axis of a tensor that is sliced
    frame, ring = Patches({}, CUT), Firm()
    patcher = Patcher(ring, frame, Sampler(ring, frame, Random(seed)), 0.5)
    env = {v.name: patcher.value(v) for v in kept}
    whole = {v.name: spread(env[v.name], v.shape, CUT) for v in kept}
    random = Random(seed)
    around = {n: t.mapped(lambda x: x * (1 + NEARBY * random.randint(1, 9))) for n, t in whole.items()}
    full = Frame(frame.numbers)
    lines = [*problem.definitions.items(), *[(passed.flows[n].symbol.name, passed.formula(n)) for n in passed.order]]
    for name, body in lines:
        if not variables(body).keys() <= env.keys():
            continue
        try:
            small = evaluate(Firm(), body, env, frame, meaning)
        except (Unsupported, *MISFORTUNE):
            continue
        large, close = (evaluate(Near(), body, known, full, meaning) for known in (whole, around))
        made = spread(small, body.shape, CUT)
        assert made.shape == large.shape == close.shape
        assert near(made, large, "1e-45"), name
        assert near(large, close, "1e-9"), name
        env[name], whole[name], around[name] = small, large, close


@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ("A: symmetric (n, n)", lambda rows: rows == [list(c) for c in zip(*rows, strict=True)]),
        ("A: onehot (n, m)", lambda rows: all(sorted(row) == [0] * 7 + [1] for row in rows)),
        ("A: onehot_columns (n, m)", lambda rows: all(sorted(c) == [0] * 6 + [1] for c in zip(*rows, strict=True))),
        ("A: probabilities (n, m)", lambda rows: all(min(r) > 0 and abs(sum(r) - 1) < Decimal("1e-25") for r in rows)),
        ("A: positive (n, m)", lambda rows: min(map(min, rows)) > 0),
    ],
)
def test_whole_tensors_are_what_was_declared(declared, holds):
    problem = read(f"{declared}\nL = sum(A**2)")
    _, env = drawn(problem, 1, CUT)
    assert holds(spread(env["A"], problem.declared["A"].shape, CUT).rows())


@pytest.mark.parametrize("own", ["posdef", "orthogonal", "triangular", "diagonal", "invertible"])
def test_what_patches_cannot_be_is_not_tried(own):
    with pytest.raises(Unsupported, match=own):
        drawn(read(f"A: {own} (n, n)\nL = sum(A**2)"), 1, CUT)


NOT_ALIKE = [
    "diag(x)", "eye(n) @ x", "vec(A)", "reshape(A, (n*n,))", "x[1:]", "max(A, axis=1)", "concatenate([x, x])", "tril(A)", "cumsum(x)",
    "kron(A, A)", "outer(x, A)", "flip(x)", "inv(A)",
]  # fmt: skip


@pytest.mark.parametrize("formula", NOT_ALIKE)
def test_what_tells_the_members_of_an_axis_apart_has_no_value_on_patches(formula):
    problem = read(f"x: (n,)\nA: (n, n)\nz = {formula}")
    frame, env = drawn(problem, 1, CUT)
    with pytest.raises(Unsupported):
        evaluate(Firm(), problem.definitions["z"], env, frame, meaning)


@pytest.mark.parametrize(
    "formula",
    ["x[:, None] - x[None, :]", "abs(x[:, None] - x[None, :])", "x[:, None] == x[None, :]", "maximum(x, x)", "1 - x / x", "log(x / x)"],
)
def test_a_tie_of_entries_that_are_alike_is_drawn_again(formula):
    problem = read(f"x: positive (n,)\nz = {formula}")
    frame, env = drawn(problem, 1, CUT)
    with pytest.raises(Unlucky):
        evaluate(Firm(), problem.definitions["z"], env, frame, meaning)


def test_what_stays_on_a_kink_may_be_there():
    one, two, nought = Decimal(1), Decimal(2), Decimal(0)
    ring = Firm()
    dead = ring.function("relu", -two)
    assert [ring.function("greater", dead, nought), ring.mul(dead, two), ring.add(dead, two), ring.add(one, -one)] == [0, 0, 2, 0]
    for name, args in [("add", (two, -two)), ("mul", (two, one / two)), ("power2", (two, nought))]:
        with pytest.raises(Unlucky, match="0 or 1"):
            getattr(ring, name)(*args)
    with pytest.raises(Unlucky, match="kink"):
        ring.function("equal", two, two)
    with pytest.raises(Unlucky, match="cancels"):
        ring.total([two, Decimal("1e-50"), -two])


# ---- claims -------------------------------------------------------------------------------------------

LAYER = "X: (64, 784); W: (784, 128); b: (128,); Y: (64, 128); H = relu(X @ W + b); L = sum((H - Y)**2)/64"
CUBE = "X: (512, 512); W: (512, 512); b: (512,); Y: (512, 512); H = tanh(X @ W + b); L = sum((H - Y)**2)/512"
NET = (
    "X: (64, 784); W1: (784, 128); b1: (128,); W2: (128, 10); b2: (10,); Y: onehot (64, 10)\n"
    "Z1 = X @ W1 + b1; H = relu(Z1); Z2 = H @ W2 + b2; L = -sum(Y*log_softmax(Z2))/64"
)
HEADS = "X: (256, 64); Q: (64, 64); K: (64, 64); V: (64, 64)\nA = softmax((X @ Q) @ (X @ K).T); O = A @ (X @ V); L = sum(O**2)/256"
MEAN = "X: (64, 784); Y: (64, 784); L = mean((X - Y)**2)"
AFFINE = "X: (64, 784); W: (784, 128); b: (128,)\nZ = X @ W + b"

WRONG = [
    (LAYER, "dW = X.T @ (H - Y) / 64", "missing-factor"),
    (LAYER, "dW = 2*X.T @ (H - Y) / 64", "missing-factor"),
    (LAYER, "dW = X.T @ ((H - Y)*(H > 0)) / 64", "factor-2"),
    (LAYER, "dW = 2*X.T @ ((H - Y)*(H > 0))", "missing-scale"),
    (LAYER, "db = 2*((H - Y)*(H > 0))/64", "not-reduced"),
    (LAYER, "dW = -2*X.T @ ((H - Y)*(H > 0))/64", "sign"),
    (CUBE, "dW = 2*X.T @ (H - Y) / 512", "missing-factor"),
    (CUBE, "dW = 2*X @ ((H - Y)*(1 - H**2)) / 512", "transposed"),
    (CUBE, "dX = 2*((H - Y)*(1 - H**2)) @ W / 512", "transposed"),
    (NET, "dW1 = X.T @ (((softmax(Z2) - Y) @ W2.T) * (Z1 > 0))", "missing-scale"),
    (NET, "dW1 = X.T @ ((softmax(Z2) - Y) @ W2.T)/64", "missing-factor"),
    (NET, "db1 = sum(dZ1, axis=1)", "wrong-axis"),
    (NET, "dZ1 = dH * Z1", "wrong-function"),
    (HEADS, "dV = X.T @ (A @ dO)", "transposed"),
    (HEADS, "dQ = X.T @ (dA * A) @ (X @ K)", "missing-term"),
    (MEAN, "dX = 2*(X - Y)", "missing-scale"),
    (MEAN, "dX = 2*(X - Y)/784", "missing-scale"),
    (MEAN, "dX = (X - Y)/64/784", "factor-2"),
    (AFFINE, "dW = X.T @ dZ / 64", "extra-scale"),
]


@pytest.fixture
def heaviest(monkeypatch):
    """How many entries the largest declared value had at any point that was drawn."""
    met = [0]
    made = Trial.__init__

    def counted(self, program, ring, frame, declared, given, random):
        met.append(max(len(t.data) for t in (*declared.values(), *given.values())))
        made(self, program, ring, frame, declared, given, random)

    monkeypatch.setattr(Trial, "__init__", counted)
    return lambda: max(met)


@pytest.mark.parametrize(("source", "claim", "slip"), WRONG)
def test_a_wrong_claim_about_large_numbers_is_refuted_without_large_tensors(source, claim, slip, heaviest):
    (found,) = check(f"{source}\n{claim}").claims
    assert (found.verdict, found.slip) == ("wrong", slip)
    assert heaviest() <= WORKABLE


def judged(source, claim, by):
    problem = read(source)
    judge = Judge(problem, backward(problem), 3)
    return judge.compare(build(problem, parse(claim), {}), judge.backward.formula(by))


def test_it_is_refuted_at_the_numbers_themselves():
    found = judged("X: (50, 100)\nL = sum(X**2)/50", "X/24.99999", "X")
    assert (found.verdict, found.at) == ("different", {})
    assert found.gap == pytest.approx(4e-7, rel=1e-3)
    assert found.claimed / found.expected == pytest.approx(25 / 24.99999)
    found = judged("X: (S, 100)\nW: (100, 100)\nL = sum((X @ W)**2)/S", "2*W", "W")
    assert found.verdict == "different"
    assert set(found.at) == {"S"}
    assert found.index < (100, 100)
    assert "n100" not in found.at


def test_what_holds_at_the_numbers_only_is_not_refuted(heaviest):
    assert judged("X: (100, 50)\nL = sum(mean(X**2, axis=1)) / 100", "X/50/50", "X").verdict == "equal"
    assert heaviest() == 5000  # which no patches confirm


def test_a_number_is_made_of_the_sizes_that_make_it_simplest():
    general = generalised(read(HEADS))
    assert [text(general.number(Fraction(1, n))) for n in (64, 256, 128, 512, 3)] == ["1/n64", "1/n256", "2/n256", "0.5/n256", "1/3"]
    assert [general.counted(Lit(Fraction(n))) for n in (3, 128, 64 * 256)] == [1, 256, 64 * 256]


def test_sizes_in_a_formula_are_the_numbers():
    frame = Patches({"S": 3}, {"n": (1, 1, 30, 52)})
    problem = read("x: (n,)\nA: (S, n)\nL = mean(x) + n + S + sum(A) / (n*S)")
    ones = {n: Tensor(frame.shape(v.shape), [Decimal(2)] * prod(frame.shape(v.shape))) for n, v in problem.declared.items()}
    assert evaluate(Firm(), problem.definitions["L"], ones, frame, meaning).data[0] == 2 + 84 + 3 + 2
    # no axis of patches, and a place that is counted in members
    place = read("x: (n,)\nz = cumsum(ones(1000))[n] + sum(x)*0").definitions["z"]
    assert evaluate(Real(), place, ones, frame, meaning).data[0] == 85
