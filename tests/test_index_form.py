"""Random sums of indexed products, read as formulas: each has the value of its sum, and the formula is the one that was looked at once.

UPDATE_GOLDEN=1 writes the formulas anew.
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache
from itertools import chain, combinations, permutations
from pathlib import Path
from random import Random

import numpy as np
import pytest
from published import evaluate

from shapecalc.calculus.collect import best_formula
from shapecalc.calculus.context import Context
from shapecalc.calculus.likeness import key
from shapecalc.calculus.lowering import lower
from shapecalc.calculus.pieces import Piece, aligned, leaf_cost, sums, turned
from shapecalc.calculus.products import hadamards, matmuls, scalings, side_by_side
from shapecalc.calculus.recognise import read as read_term
from shapecalc.expr import Var
from shapecalc.forms import apply
from shapecalc.indexed import Factor, Index, Term, indices
from shapecalc.language.builder import build_text
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
VALUES |= {f"{name}2": value / 7 for name, value in VALUES.items() if name != "n"}


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
        words, data = [""], [1.0]
        for f in t.factors:
            a = evaluate(text(f.base), VALUES)
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


def with_roots(seed):
    """(terms, target): sums that share factors, with powers and coefficients between 0 and 1 among them, and all that are near."""
    random = Random(seed)
    pool = [Index("n") for _ in range(random.choice((1, 2, 2, 3)))]
    target = random.choice([(), pool[:1], pool[:1], pool[:2], pool[:2], [pool[0], None]])
    free = frozenset(indices(target))

    def factor(v):
        base = apply("add", v, Var(f"{v.name}2", v.shape), signs=(1, random.choice((1, -1)))) if random.random() < 0.3 else v
        places = tuple(random.choice(pool) if d == "n" else None for d in v.shape)
        return Factor(base, places, Fraction(random.choice(POWERS)))

    shared = [factor(v) for v in random.choices(LEAVES, WEIGHTS, k=random.choice((0, 1, 1, 2)))]
    out = []
    for _ in range(random.choice((1, 2, 2, 3))):
        factors = [*shared, *(factor(v) for v in random.choices(LEAVES, WEIGHTS, k=random.choice((0, 1, 1, 2))))]
        random.shuffle(factors)
        coefficient = Fraction(random.choice(COEFFICIENTS))
        out.append(Term(coefficient, tuple(factors), frozenset(i for f in factors for i in indices(f.places)) - free))
    return out, tuple(target)


POWERS = ("1", "1", "1", "1", "1/2", "1/2", "-1/2", "1/3", "3/2", "-1", "-2", "2")
COEFFICIENTS = ("1", "1", "-1", "1/2", "-1/2", "1/3", "2/3", "-3/4", "3/2", "2", "-2")
ROOTS = 50


@pytest.mark.parametrize("group", range(ROOTS))
def test_a_sum_of_products_with_roots_is_read_as_a_formula(group):
    found = []
    for seed in range(20000 + group * GROUP, 20000 + group * GROUP + GROUP):
        terms, target = with_roots(seed)
        formula, _ = best_formula(terms, target, Context())
        np.testing.assert_allclose(evaluate(text(formula), VALUES), number(terms, target), rtol=1e-9, err_msg=text(formula))
        found.append(text(formula))
    compared(found, (GROUPS + GROUPS // 2 + group) * GROUP)


# ---- terms that are alike ------------------------------------------------------------------------------------


def ring_or_chain(random, free, summed):
    """Factors of two indices, or one, of few names: rings, chains, stars, and what is between."""
    names = [v for v in LEAVES if v.name in ("A", "S", "x")]
    places = [random.sample([*free, *summed], 2) for _ in summed] + [[i] for i in summed if random.random() < 0.2]
    return [Factor(names[random.random() < 0.2] if len(p) == 2 else names[2], tuple(p), Fraction(1)) for p in places]


def alike(a, b, summed):
    """Whether another order of the summed indices makes the factors of one those of the other."""

    def told(factors, names):
        places = [tuple(names.get(i, i).serial for i in f.places) for f in factors]
        return sorted((f.base.name, tuple(sorted(p)) if f.base.name == "S" else p) for f, p in zip(factors, places, strict=True))

    wanted = told(b, {})
    return any(told(a, dict(zip(summed, order, strict=True))) == wanted for order in permutations(summed))


@pytest.mark.parametrize("seed", range(60))
def test_terms_are_alike_where_only_names_of_indices_differ(seed):
    random = Random(seed)
    pool = [Index("n") for _ in range(random.choice((4, 5, 6)))]
    free, summed = pool[: seed % 3], pool[seed % 3 :]
    made = [ring_or_chain(random, free, summed) for _ in range(5)]
    others = dict(zip(pool, [*free, *summed[1:], summed[0]], strict=True))
    made += [[f._replace(places=tuple(others[i] for i in f.places)) for f in made[0]]]
    keys = [key(Term(Fraction(1), tuple(random.sample(f, len(f))), frozenset(summed)), tuple(free), Context()) for f in made]
    assert keys[0] == keys[-1]
    for (k, a), (m, b) in combinations(zip(keys, made, strict=True), 2):
        assert (k == m) is alike(a, b, summed)


# ---- what is tried, and what it costs ------------------------------------------------------------------------

COSTS = Path(__file__).parent / "golden/costs.txt"
I1, I2, I3 = (Index("n") for _ in range(3))
CALLED = {I1: "i", I2: "j", I3: "k", None: "1"}
TRIED = [
    ("A", (I1, I2)), ("B", (I2, I3)), ("C", (I1, I2)), ("C", (I2, I1)), ("x", (I1,)), ("y", (I2,)), ("z", (I3,)), ("u", (I1, None)),
    ("v", (None, I2)), ("A + C", (I1, I2)), ("A * C", (I2, I1)), ("x[:, None] * A", (I1, I2)), ("A * x", (I1, I2)), ("A @ B", (I1, I3)),
    ("C**-2", (I2, I1)), ("A.T", (I2, I1)), ("x + y", (I1,)), ("x / y", (I2,)), ("eye(n)", (I2, I3)), ("A[:, :1]", (I2, None)),
    ("T", (I1, I2, I3)), ("sum(A, axis=0, keepdims=True)", (None, I2)),
]  # fmt: skip


def pieces_tried():
    for source, places in TRIED:
        e = build_text(source, {v.name: v for v in LEAVES}, ("n",))
        yield Piece(leaf_cost(e), e, places)


def shown(places):
    return "".join(f"({shown(p)})" if isinstance(p, tuple) else CALLED[p] for p in places) or "()"


def of(piece):
    """Its array without axes of size 1, and the letters of the others."""
    a = np.asarray(evaluate(text(piece.e), VALUES), dtype=float)
    return a.reshape([N] * len(indices(piece.places))), shown(indices(piece.places)).replace("()", "")


def told(made, *of_what):
    """Each formula that was made, checked against NumPy's einsum."""
    for p in made:
        (found, out), given = of(p), [of(q) for q in of_what]
        spec = ",".join(w for _, w in given) + "->" + out
        np.testing.assert_allclose(found, np.einsum(spec, *(a for a, _ in given)), rtol=1e-9, err_msg=f"{text(p.e)} is not {spec}")
        yield f"    {p.cost:g}  {text(p.e)}  {shown(p.places)}"


def ways(p):
    """Every way to make a formula, and another beside it, into a third."""
    yield "turned", told(turned(p), p)
    axes = [k for k, x in enumerate(p.places) if x is not None]
    for gone in chain.from_iterable(combinations(axes, r) for r in range(1, len(axes) + 1)):
        yield f"summed over {', '.join(map(str, gone))}", told(sums(p, gone), p)
    for q in pieces_tried():
        name = f"and {text(q.e)}  {shown(q.places)}"
        own, other = set(indices(p.places)), set(indices(q.places))
        rank = max(2, len(p.places), len(q.places))
        for need in dict.fromkeys(map(frozenset, (own | other, own ^ other, ()))):
            kept = f"{name}, {shown(i for i in (I1, I2, I3) if i in need)} kept"
            yield f"{kept}: matmuls", told(matmuls(p, q, need, 0.0), p, q)
            yield f"{kept}: hadamards", told(hadamards(p, q, need, rank), p, q)
            yield f"{kept}: hadamards, diagonal", told(hadamards(p, q, need, rank, diagonal=True), p, q)
            yield f"{kept}: scalings", told(scalings(p, q, need, False), p, q)
            yield f"{kept}: scalings, diagonal", told(scalings(p, q, need, True), p, q)
        if own.isdisjoint(other):
            yield f"{name}: side by side", told(side_by_side(p, q), p, q)
        found = aligned(p, q.places) if own == other else None
        yield f"{name}: aligned", told([found] if found else [], p)


READ = 40  # groups of single terms


def as_before(number, made):
    parts = COSTS.read_text(encoding="utf-8").split("#### ") if COSTS.exists() else [""]
    parts += [""] * (len(TRIED) + READ + READ // 2 + 1 - len(parts))
    if os.environ.get("UPDATE_GOLDEN"):
        parts[number + 1] = made
        COSTS.write_text("#### ".join(parts), encoding="utf-8")
    assert parts[number + 1] == made


@pytest.mark.parametrize("number", range(len(TRIED)))
def test_what_is_tried_and_what_it_costs(number):
    """The costs decide which of several right formulas is printed."""
    p = list(pieces_tried())[number]
    found = [f"  {name}\n{chr(10).join(lines)}" for name, made in ways(p) if (lines := list(made))]
    as_before(number, "\n".join([f"{text(p.e)}  {shown(p.places)}", *found]) + "\n")


@pytest.mark.parametrize("group", range(READ))
def test_what_a_term_costs(group):
    """Terms by themselves, powers and vectors beside columns among them, in both ways in which a vector scales a matrix."""
    made = [f"terms {group}"]
    for seed in range(9000 + group * GROUP, 9000 + group * GROUP + GROUP):
        terms, target = case(seed)
        for t in terms:
            for scaling in ("broadcast", "diag"):
                p = read_term(list(t.factors), target, scaling)
                wanted = number([t._replace(coefficient=Fraction(1))], target)
                found = np.broadcast_to(evaluate(text(p.e), VALUES), wanted.shape)
                np.testing.assert_allclose(found, wanted, rtol=1e-9, err_msg=text(p.e))
                made.append(f"    {p.cost:g}  {text(p.e)}  {len(p.places)}")
    as_before(len(TRIED) + group, "\n".join(made) + "\n")


@pytest.mark.parametrize("group", range(READ // 2))
def test_what_a_term_costs_whose_axes_are_run_together(group):
    """vec, diag(vec), outer of both, and what is reshaped in the end; identity matrices and axes that are the number 1 among them."""
    made = [f"run together {group}"]
    for seed in range(12000 + group * GROUP, 12000 + group * GROUP + GROUP):
        random = Random(seed)
        i, j, k, m = (Index("n") for _ in range(4))
        target = random.choice([((i, j),), ((j, i), (k, m)), ((i, j), (k, m)), ((i, j), k), (k, (j, i)), (None, (i, j))])
        free = list(indices(target))
        factors = []
        while not set(free) <= {x for f in factors for x in indices(f.places)} or random.random() < 0.3:
            if random.random() < 0.3 and len(free) > 2:
                factors.append(Factor(apply("eye", n="n"), tuple(random.sample(free, 2))))
                continue
            v = random.choice(LEAVES[:6])
            factors.append(Factor(v, tuple(random.choice(free) for _ in v.shape)))
        p = read_term(factors, target, random.choice(("broadcast", "diag")))
        flat = number([Term(Fraction(1), tuple(factors), frozenset())], tuple(free))
        wanted = flat.reshape([1 if p is None else N ** len(indices((p,))) for p in target])
        found = np.broadcast_to(evaluate(text(p.e), VALUES), wanted.shape)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, err_msg=text(p.e))
        made.append(f"    {p.cost:g}  {text(p.e)}  {len(p.places)}")
    as_before(len(TRIED) + READ + group, "\n".join(made) + "\n")
