"""Gradients too small for a quotient of the whole program are checked definition by definition, or it is said that they were not."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.calculus.gradients import backward
from shapecalc.forms import lit, mul, zeros
from shapecalc.language.sheet import read
from shapecalc.verify import Disproved, Judge, Undecided
from shapecalc.verify import judge as judging
from shapecalc.verify.gaps import slope_gap

STEPS = 40
SHRINKING = "\n".join(
    ["x: (n,)", "h0 = x / 2", *(f"h{k} = h{k - 1} / sqrt(1 + h{k - 1}**2) / 50" for k in range(1, STEPS + 1)), f"L = sum(h{STEPS})"]
)
BY_DEFINITIONS = "the smallest gradients by those of each definition"
TINY = "x: (n,)\ny: (n,)\nL = sum(sqrt(x**2 + 1)) + sum(sqrt(y**2 + 1)) / 10**60"


class Forged:
    """A backward pass one of whose formulas is another."""

    def __init__(self, passed, name, formula):
        self._passed, self._name, self._formula = passed, name, formula

    def formula(self, name):
        return self._formula if name == self._name else self._passed.formula(name)

    def __getattr__(self, name):
        return getattr(self._passed, name)


def test_gradients_that_die_out_are_certified():
    made = shapecalc.derive(SHRINKING).certificate
    assert BY_DEFINITIONS in str(made)
    assert "0 or too small" not in str(made)


@pytest.mark.parametrize("name", ["x", "h0", "h1", "h7", "h20", "h38", "h39"])
@pytest.mark.parametrize("change", [lambda e: mul(lit(2), e), lambda e: zeros(e.shape)], ids=["doubled", "nothing"])
def test_a_wrong_one_among_them_is_named(name, change):
    problem = read(SHRINKING)
    passed = backward(problem)
    forged = Forged(passed, name, change(passed.formula(name)))
    with pytest.raises(Disproved) as found:
        Judge(problem, forged, 7).certify(wanted=problem.declared)
    assert name in found.value.names


@pytest.mark.parametrize("name", ["W1", "s2", "N7", "g12"])
def test_no_point_at_which_all_samples_are_alike_is_enough(name):
    """Each layer divides by its own size: drawn carelessly, the gradients of the first layers are 10**-60, and nothing is seen of them."""
    lines = ["X0: (S, E)"]
    for k in range(1, 21):
        lines += [f"W{k}: (E, F)", f"V{k}: (F, E)", f"g{k}: (E,)"]
    for k in range(1, 21):
        lines += [
            f"R{k} = X{k - 1} + tanh(X{k - 1} @ W{k}) @ V{k}",
            f"s{k} = mean(R{k}**2, axis=1, keepdims=True)",
            f"N{k} = R{k} / sqrt(s{k} + 1)",
            f"X{k} = N{k} * g{k}",
        ]
    problem = read("\n".join(lines))
    passed = backward(problem)
    assert Judge(problem, passed, 3).certify().method == "real"
    forged = Forged(passed, name, mul(lit(2), passed.formula(name)))
    with pytest.raises(Disproved) as found:
        Judge(problem, forged, 3).certify()
    assert name in found.value.names


def test_what_nothing_shows_is_said():
    made = str(shapecalc.derive(TINY).certificate)
    assert "the gradient of y being 0 or too small to be seen at every point" in made
    problem = read(TINY)
    passed = backward(problem)
    assert Judge(problem, passed).certify_gradient("x", passed.formula("x")).gap < 1e-20
    with pytest.raises(Undecided, match="too small to be seen"):
        Judge(problem, passed).certify_gradient("y", passed.formula("y"))


def test_definitions_are_not_put_together_where_they_are_not_moved(monkeypatch):
    """Within the directions that keep all zeros, or by the declared names alone, the gradients of definitions are not all shown right."""
    problem = read(SHRINKING)
    passed = backward(problem)
    for reach in judging.REACHES[1:]:
        judge = Judge(problem, passed, 7)
        trial = judge.trials.of("real")[0]
        trial.last = True
        assert slope_gap(trial, {"x": mul(lit(2), passed.formula("x"))}, reach) < 1e-12
        assert trial.unseen == {"x"}
        assert not trial.linked


# ---- claims about them -------------------------------------------------------------------------------

CLAIMS = (
    ("dh1 = dh2 / (50 * (1 + h1**2)**(3/2))", "right"),
    ("dh1 = 2*dh2 / (50 * (1 + h1**2)**(3/2))", "wrong"),
    ("dh1 = h0*0", "wrong"),
    ("dx = dh0 / 2", "right"),
    ("dx = dh0", "wrong"),
    ("dx = 0*x", "wrong"),
    ("dx = (dh0 + 1) / 2 - 1/2", "right"),  # of which rounding leaves nothing but itself
)


@pytest.mark.parametrize(("claim", "verdict"), CLAIMS)
def test_a_claim_about_a_small_gradient_is_no_matter_of_rounding(claim, verdict):
    assert [c.verdict for c in shapecalc.check(f"{SHRINKING}\n{claim}").claims] == [verdict]


@pytest.mark.parametrize("power", [30, 45, 60, 120])
def test_neither_is_one_that_is_small_beside_another(power):
    right = f"y / sqrt(1 + y**2) / 10**{power}"
    sheet = TINY.replace("60", str(power)) + f"\ndy = {right}\ndy = 2*{right}\ndy = {right} + 0*x*sqrt(1 + y**2)\ndy = 0*y"
    assert [c.verdict for c in shapecalc.check(sheet).claims] == ["right", "wrong", "right", "wrong"]


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        ("1", "right"),
        ("(1 + 10**(-23))", "undecided"),
        ("(1 + 10**(-38))", "undecided"),
        ("(sqrt(2)**2 / 2)", "right"),
        ("(1 + 10**(-11))", "wrong"),
    ],
)
def test_a_factor_that_is_nearly_one(factor, verdict):
    """Rounding leaves 10**-60 of a value: 10**-23 of it is no rounding."""
    assert shapecalc.check(f"x: (n,)\nL = sum(sqrt(x**2 + 1))\ndx = x / sqrt(x**2 + 1) * {factor}").claims[0].verdict == verdict


@pytest.mark.parametrize(
    "source",
    [
        "A: (k,); B: (1,); h = arctan(A); z = log_softmax(B, axis=0); L = sum(h) + sum(z)",
        "V: (n, 1); A: (k, k); h = eigvalsh(A); z = log_softmax(V, axis=1)",
        "C: (n,); A: (); h = digamma(1 + A**2); z = logsumexp(log_softmax(C, axis=0), axis=0)",
        "P: (n, n); V: (n, 1); A: (k, k); h = sqrt(sum(A**2)); z = log_softmax(P @ V, axis=1)",
    ],
)
def test_what_rounding_leaves_of_a_gradient_that_is_0_is_no_gradient(source):
    """log_softmax along an axis of 1 is 0 whatever it is of; its gradient in decimals is 10**-60 or so, and so is the quotient."""
    for seed in range(3):
        problem = read(source)
        passed = backward(problem)
        assert Judge(problem, passed, seed).certify().method == "real"
