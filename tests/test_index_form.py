"""Random sums of indexed products, read as formulas: each has the value of its sum, and the formula is the one that was looked at once.

UPDATE_GOLDEN=1 writes the formulas anew.
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random

import numpy as np
import pytest
from published import evaluate

from shapecalc.calculus.collect import best_formula
from shapecalc.calculus.context import Context
from shapecalc.calculus.lowering import lower
from shapecalc.expr import Var
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Term, indices
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.shapes import show

GOLDEN = Path(__file__).parent / "golden/terms.txt"
N, GROUP, GROUPS = 3, 8, 150
LEAVES = [Var(name, ("n",) * rank) for name, rank in {"A": 2, "B": 2, "C": 2, "x": 1, "y": 1, "z": 1, "c": 0, "T": 3}.items()]
LEAVES += [Var("u", ("n", 1)), Var("v", (1, "n")), Var("S", ("n", "n"), frozenset({"symmetric"}))]
WEIGHTS = [4, 4, 2, 4, 3, 2, 1, 1, 1, 1, 1]
LETTERS = "ijklabcdefgh"


def values():
    rng = np.random.default_rng(2)
    out = {v.name: rng.uniform(0.5, 1.5, tuple(N if d == "n" else d for d in v.shape)) for v in LEAVES}
    return out | {"S": out["S"] + out["S"].T, "n": N}


VALUES = values()


def term(random, pool):
    """A product of a few leaves with random indices."""
    factors = []
    for v in random.choices(LEAVES, WEIGHTS, k=random.choice((1, 2, 2, 3, 3, 4))):
        base = apply("exp", v) if random.random() < 0.12 else v
        places = tuple(random.choice(pool) if d == "n" else None for d in v.shape)
        factors.append(Factor(base, places, Fraction(random.choice((1, 1, 1, 1, 1, 1, 2, -1)))))
    return Fraction(random.choice((1, 1, 1, 2, -1, -3))) / random.choice((1, 1, 2)), tuple(factors)


def case(seed):
    """(terms, target)"""
    random = Random(seed)
    pool = [Index("n") for _ in range(random.choice((2, 3, 3, 4)))]
    target = random.choice([(), pool[:1], pool[:1], pool[:2], pool[:2], pool[:2], [pool[0], None], [None, pool[0]]])
    free = frozenset(indices(target))
    made = [term(random, pool) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
    return [Term(c, f, frozenset(indices(p for x in f for p in x.places)) - free) for c, f in made], tuple(target)


def number(terms, target):
    """The sum, by NumPy."""
    used = dict.fromkeys(chain(indices(target), *(indices(f.places) for t in terms for f in t.factors), *(t.summed for t in terms)))
    letters, out = dict(zip(used, LETTERS, strict=False)), 0
    for t in terms:
        words, data = [], []
        for f in t.factors:
            a = VALUES[(f.base.args[0] if hasattr(f.base, "args") else f.base).name]
            a = np.exp(a) if hasattr(f.base, "args") else a
            data.append(np.squeeze(a, tuple(k for k, p in enumerate(f.places) if p is None)) ** float(f.power))
            words.append("".join(letters[i] for i in indices(f.places)))
        for i in (*indices(target), *t.summed):
            words.append(letters[i])
            data.append(np.ones(N))
        out = out + float(t.coefficient) * np.einsum(f"{','.join(words)}->{''.join(letters[i] for i in indices(target))}", *data)
    return np.reshape(out, tuple(1 if p is None else N for p in target))


DEFINED = {"P": "A @ B", "s": "x @ y", "H": "A * B", "w": "A @ x", "q": "c * s", "e": "exp(x)", "D": "1 / C"}
DECLARED = "; ".join(f"{v.name}: {' '.join((*v.properties, show(v.shape)))}" for v in LEAVES)
BODIES = read("; ".join([DECLARED, *(f"{name} = {body}" for name, body in DEFINED.items())])).definitions
for _name, _body in DEFINED.items():
    VALUES[_name] = evaluate(_body, VALUES)


def with_definitions(seed):
    """(terms, target): products in which some of the factors are together what a definition is."""
    terms, target = case(seed)
    random = Random(seed)
    pool = list(dict.fromkeys(chain(indices(target), *(indices(f.places) for t in terms for f in t.factors)))) or [Index("n")]
    out = []
    for t in terms:
        for name in random.sample(list(DEFINED), random.choice((1, 1, 2))):
            body = BODIES[name]
            more = lower(body, tuple(random.choice(pool) for _ in body.shape))
            free = frozenset(i for f in more.factors for i in indices(f.places)) - more.summed - frozenset(indices(target))
            t = t.times(more)
            t = t._replace(summed=t.summed | free)
        out.append(t)
    return out, target


@cache
def written():
    return GOLDEN.read_text(encoding="utf-8").splitlines() if GOLDEN.exists() else []


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_sum_of_products_is_read_as_a_formula(group):
    found = []
    for seed in range(group * GROUP, group * GROUP + GROUP):
        terms, target = case(seed)
        formula, _ = best_formula(terms, target, Context())
        assert formula.shape == tuple(1 if p is None else "n" for p in target)
        np.testing.assert_allclose(evaluate(text(formula), VALUES), number(terms, target), rtol=1e-9, err_msg=text(formula))
        found.append(text(formula))
    compared(found, group * GROUP)


def compared(found, start):
    if os.environ.get("UPDATE_GOLDEN"):
        written()[start:] = found
        GOLDEN.write_text("".join(line + "\n" for line in written()), encoding="utf-8")
    assert found == written()[start : start + GROUP]


@pytest.mark.parametrize("group", range(GROUPS // 2))
def test_products_that_have_a_name_are_called_by_it(group):
    found = []
    for seed in range(5000 + group * GROUP, 5000 + group * GROUP + GROUP):
        terms, target = with_definitions(seed)
        formula, _ = best_formula(terms, target, Context(definitions=BODIES))
        np.testing.assert_allclose(evaluate(text(formula), VALUES), number(terms, target), rtol=1e-9, err_msg=text(formula))
        found.append(text(formula))
    compared(found, (GROUPS + group) * GROUP)
