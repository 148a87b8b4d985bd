"""Random programs as people declare them: with properties, with numbers for sizes, with long names; and everything that is made of one.

`SHAPECALC_PROGRAMS` says how many; the seed of a program is its number.
"""

from __future__ import annotations

import os
import re
from random import Random

import pytest
from conftest import SEEDS
from hypothesis import HealthCheck, given, settings
from operations import Operations

import shapecalc
from shapecalc.errors import InputProblem, NotKnownYet, TooLarge
from shapecalc.language.sheet import read
from shapecalc.stored import recheck

PROGRAMS = int(os.environ.get("SHAPECALC_PROGRAMS", "24"))
KNOWN = (InputProblem, NotKnownYet)  # Undecided is one: no point is in the domain
SQUARE = ("symmetric", "posdef", "diagonal", "orthogonal", "triangular", "invertible")
ANY = ("positive", "nonnegative", "onehot", "probabilities", "onehot_columns")  # the last for matrices only
LONG = ("weights", "alpha", "X_", "lambda_", "x1", "beta_hat", "dA", "Sigma", "e", "S", "I", "mu")
DECLARED = re.compile(r"^(\w+): \((.*)\)$", re.MULTILINE)
some = settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))


def program(seed):
    """A program by its number, some of its names declared with a property, some sizes numbers, some names long, or sizes alike."""
    rng = Random(seed)
    source = Operations(rng, rng.choice((1, 2, 2, 2, 3))).program(rng.randint(1, 3))
    source = DECLARED.sub(lambda m: f"{m[1]}: {word(m[2], rng)} ({m[2]})", source)
    way = rng.random()
    if way < 0.25:
        for letter, n in zip("nmk", rng.sample([2, 3, 4, 5, 7], 3), strict=True):
            if rng.random() < 0.7:
                source = re.sub(rf"(?<![A-Za-z]){letter}(?![A-Za-z=(])", str(n), source)
    elif way < 0.45:
        for name in "ABCDEFGHPQRUVWXY":
            if rng.random() < 0.5:
                source = re.sub(rf"\b{name}\b", rng.choice(LONG) + name.lower(), source)
    elif way < 0.55:
        one, other = rng.sample("nmk", 2)
        source = re.sub(rf"\b{one}\b(?!=)", other, source)
    return source


def word(shape, rng):
    """A property that such a shape can have, or none."""
    sizes = [d.strip() for d in shape.split(",") if d.strip()]
    if not sizes or sizes == ["1"] or rng.random() < 0.5:
        return ""
    if len(sizes) == 2 and sizes[0] == sizes[1] and rng.random() < 0.8:
        return rng.choice(SQUARE)
    return rng.choice(ANY if len(sizes) == 2 else ANY[:4]) if rng.random() < 0.5 else ""


def derived(seed):
    """(derivation, source), or twice None where no point is in the domain, or a derivative has no rule; sizes may not fit any more."""
    source = program(seed)
    try:
        read(source)
    except InputProblem:  # concatenate((A, B)) of n - 1 and 1 where n became a number
        return None, None
    try:
        return shapecalc.derive(source), source
    except KNOWN:
        return None, None


@settings(some, max_examples=max(2, PROGRAMS // 2))  # six pages each
@given(SEEDS)
def test_a_page_can_be_written_in_every_format(seed):
    d, _ = derived(seed)
    for target in ("text", "markdown", "latex", "html", "typst", "json") if d else ():
        page = str(d.to(target))
        assert page
        assert "do not trust this page" not in page, program(seed)
        assert "could not be compared" not in page, program(seed)


@some
@given(SEEDS)
def test_every_line_of_the_backward_pass_is_a_right_claim(seed):
    d, source = derived(seed)
    if d is None:
        return
    sheet = "\n".join([source, *(f"{name} = {formula}" for name, formula in d.backward)])
    for claim in shapecalc.check(sheet).claims:
        assert claim.verdict in {"right", "undecided"}, f"{claim}\n{sheet}"


@some
@given(SEEDS)
def test_a_stored_result_is_confirmed(seed):
    d, source = derived(seed)
    if d is None:
        return
    try:
        stored = str(d.to("json"))
    except TooLarge:
        return
    for part in recheck(stored).parts:
        assert part.verdict in {"right", "undecided"}, f"{part}\n{source}"


@some
@given(SEEDS)
def test_second_derivatives_and_code_are_made_or_refused(seed):
    d, source = derived(seed)
    if d is None:
        return
    name = Random(seed).choice(list(d.problem.declared))
    for make in (shapecalc.jacobian, *([shapecalc.hessian] if d.problem.loss else [])):
        try:
            assert make(source, wrt=name).certificate
        except (*KNOWN, TooLarge):
            continue
    for target in ("numpy", "torch", "jax"):
        compile(d.code(target), target, "exec")


@pytest.mark.parametrize(
    "source",
    [
        "C: onehot (n, m); z = max(C, axis=1)",
        "B: (n,); H: (m,); h1 = min(B); L = h1 + sum(H**2)",  # dh1 is no entry of dH
        "B: (m,); C: (m, k); h = mse(B, B); z = max(C, axis=1); L = h + sum(z**2)",
    ],
)
def test_entries_are_compared_where_numbers_tie_and_names_are_alike(source):
    page = shapecalc.derive(source).to("text")
    assert "could not be compared" not in page
    assert "do not trust" not in page


@pytest.mark.parametrize("kind", ["posdef", "onehot", "lambda_", "(5"])
def test_the_instrument_makes_what_it_says(kind):
    assert sum(kind in program(k) for k in range(300)) > 10
