"""The first entry in which a claim and the truth differ, as formulas in entries at small sizes."""

from __future__ import annotations

from itertools import product
from math import isclose

from ..calculus.entry_graph import Graph, leaves
from ..calculus.entry_names import Names, incoming_base
from ..calculus.entry_text import Writer
from ..calculus.entry_values import spell_out
from ..errors import ShapecalcError
from ..evaluate import concrete
from ..expr import Expr, Var, variables
from ..language.problem import Problem
from ..rings import Unlucky, Unsupported
from ..tensor import Tensor, strides
from ..verify.trial import Trial
from .case import Case

HEAVIEST = 300  # parts of a formula whose entries are still written out
LONGEST = 110  # characters of an entry that is still shown


def first_difference(case: Case) -> str:
    """(db)_1: yours g11 + g12 + g13, right g11 + g21; empty where no entry can be compared, or it would be too long to be read.

    It is where sizes are large numbers: an entry of a product is a sum of hundreds.
    """
    claim, truth = case.claim, case.truth.formula
    if claim is None or claim.weight > HEAVIEST or truth.weight > HEAVIEST or case.bench.general is not None:
        return ""
    try:
        return _difference(case, claim, truth)
    except (ShapecalcError, Unlucky, Unsupported, ArithmeticError, KeyError, IndexError, ValueError):
        return ""


def _difference(case: Case, claim: Expr, truth: Expr) -> str:
    sizes = {name: 2 + k % 2 for k, name in enumerate(case.problem.sizes)}
    place = _first_place(case, sizes, claim, truth)
    if place is None:
        return ""
    graph, env = Graph(), _symbols(case.problem, sizes, {**variables(claim), **variables(truth)})
    first, second = (spell_out(graph, e, env, sizes) for e in (claim, truth))
    yours, right = (Writer().text(t.data[k]) for t, k in ((first, place[0]), (second, place[1])))
    if max(len(yours), len(right)) > LONGEST or yours == right:
        return ""
    return f"({case.truth.left}){place[2]}: yours {yours}, right {right}"


def _first_place(case: Case, sizes: dict[str, int], claim: Expr, truth: Expr) -> tuple[int, int, str] | None:
    """The first place where they differ at one of a few points: behind a dead relu, or where a one-hot entry is 1, they may agree."""
    found = None
    for trial in case.bench.small(sizes):
        place = _place(trial, claim, truth)
        found = place if found is None or (place is not None and place[1] < found[1]) else found
        if found is not None and not any(found[:2]):
            break
    return found


def _place(trial: Trial, claim: Expr, truth: Expr) -> tuple[int, int, str] | None:
    """Where the values differ first, in both flat lists, and the index as it is written; None where they agree as far as both reach."""
    a, b = trial.value(claim), trial.value(truth)
    shapes = tuple(tuple(n for n in t.shape if n != 1) for t in (a, b))
    if len(shapes[0]) != len(shapes[1]):
        return None
    for index in product(*(range(min(m, n)) for m, n in zip(*shapes, strict=True))):
        i, j = (sum(k * step for k, step in zip(index, strides(s), strict=True)) for s in shapes)
        if not isclose(a.data[i], b.data[j], rel_tol=1e-9, abs_tol=1e-12):
            return i, j, "_" + "".join(str(k + 1) for k in index) if index else ""
    return None


def _symbols(problem: Problem, sizes: dict[str, int], used: dict[str, Var]) -> dict[str, Tensor]:
    """The entries of everything that is used, by the names that the element-wise view gives them."""
    names = Names(problem)
    gradients = {n: problem.upstream.get(n) or problem.gradient_name(n) for n in problem.definitions if n != problem.loss}
    base = incoming_base(problem, "auto", gradients, list(gradients))
    out = {}
    for name, v in used.items():
        shape = concrete(v.shape, sizes)
        grid = names.grid(name, shape, base if name in gradients.values() else None)
        out[name] = Tensor(shape, leaves(grid, False))
    return out
