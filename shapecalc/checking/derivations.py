"""Slips in the derivation itself: the program differentiated as a person would get it wrong, step by step to the end.

A wrong local derivative is made by putting something else into the program that has the same value and that derivative: u + k for
f(u) where f' is forgotten, d * u + k where softmax is taken entry by entry, a constant where a path is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ..calculus.gradients import Backward, backward, dependents
from ..errors import Misfit, ShapecalcError
from ..expr import Apply, Expr, Lit, Var, nodes, rebuild
from ..forms import add, apply, mul, remake
from ..language.problem import Problem
from ..notation import text
from ..tensor import Tensor
from .bench import Bench, Spot, Values

MOST = 40  # derivations that are tried
COST = 3000  # what one counts for, in parts of formulas
LONG = 16  # definitions of a problem beyond which none is


@dataclass(frozen=True, slots=True)
class Misread:
    """A program with the same values and a wrong derivative; ``values``: what its new names stand for."""

    slug: str
    words: str
    problem: Problem
    values: dict[str, Expr]
    note: str = ""


def misreadings(problem: Problem, wrt: str) -> Iterator[Misread]:
    """The ways to get a derivation wrong, those of one operation first, then forgotten paths."""
    live = dependents(problem, [wrt])
    for name, body in problem.definitions.items():
        if name in live:
            for node in nodes(body):
                if isinstance(node, Apply) and any(set(_names(a)) & live for a in node.args):
                    yield from _operation(problem, name, body, node)
    yield from _paths(problem, wrt, live)


def _names(e: Expr) -> list[str]:
    return [n.name for n in nodes(e) if isinstance(n, Var)]


def _operation(problem: Problem, name: str, body: Expr, node: Apply) -> Iterator[Misread]:
    """One operation with a wrong local derivative."""
    if len(node.args) != 1 or node.name in ("power", "neg") or node.shape != node.args[0].shape:
        return
    said = name if node is body else text(node)
    if node.name in ("softmax", "log_softmax"):
        p = node if node.name == "softmax" else apply("exp", node)
        slope = mul(p, add(Lit(1), p, signs=(1, -1))) if node.name == "softmax" else add(Lit(1), p, signs=(1, -1))
        words = f"{said} was differentiated entry by entry; every entry of softmax depends on its whole row"
        yield _linearised(problem, name, body, node, slope, "missing-term", words, "softmax")
    if node.op.slopes or node.name in ("softmax", "log_softmax"):
        words = f"the derivative of {node.name} is missing at {said}"
        yield _linearised(problem, name, body, node, None, "missing-factor", words)


def _linearised(problem: Problem, name: str, body: Expr, node: Apply, slope: Expr | None, slug: str, words: str, note: str = "") -> Misread:
    """f(u) replaced by slope * u + k, with constants that keep the value."""
    u = node.args[0]
    d, k = Var("slope′", node.shape), Var("rest′", node.shape)
    linear: Expr = u if slope is None else mul(d, u)
    value = u if slope is None else mul(slope, u)
    values = {"rest′": add(node, value, signs=(1, -1))} | ({} if slope is None else {"slope′": slope})
    changed = rebuild(body, lambda n: add(linear, k) if n == node else None, remake)
    return Misread(slug, words, _with(problem, {name: changed}, [k] + ([] if slope is None else [d])), values, note)


def _paths(problem: Problem, wrt: str, live: frozenset[str]) -> Iterator[Misread]:
    """A name taken for a constant in one definition, or in all but one; in one place of a definition."""
    uses: dict[str, list[str]] = {}
    for name, body in problem.definitions.items():
        for used in dict.fromkeys(_names(body)):
            if used in live:
                uses.setdefault(used, []).append(name)
    for used, where in uses.items():
        if len(where) > 1:
            for name in where:
                yield _frozen(problem, used, [name], f"the path through {name} is missing: {used} was taken for a constant there")
            if len(where) > 2:
                for name in where:
                    others = [n for n in where if n != name]
                    yield _frozen(problem, used, others, f"the paths through {' and '.join(others)} are missing")
        for name in where:
            yield from _places(problem, used, name)


def _frozen(problem: Problem, used: str, where: list[str], words: str) -> Misread:
    old = problem.variable(used)
    constant = Var("constant′", old.shape)
    changed = {n: rebuild(problem.definitions[n], lambda e: constant if e == old else None, remake) for n in where}
    return Misread("missing-term", words, _with(problem, changed, [constant]), {"constant′": old}, "path")


def _places(problem: Problem, used: str, name: str) -> Iterator[Misread]:
    """One of several places in one definition."""
    from .slips import parts

    old, body = problem.variable(used), problem.definitions[name]
    found = [p for p in parts(body) if p.node == old] if body.weight < 200 else []
    for part in found if 1 < len(found) < 5 else ():
        constant = Var("constant′", old.shape)
        words = f"{used} stands in {name} more than once, and one of its places was taken for a constant"
        yield Misread("missing-term", words, _with(problem, {name: part.plug(constant)}, [constant]), {"constant′": old}, "path")


def _with(problem: Problem, changed: dict[str, Expr], new: list[Var]) -> Problem:
    return replace(
        problem, definitions={**problem.definitions, **changed}, declared={**problem.declared, **{v.name: v for v in new}}, claims=()
    )


def outcomes(problem: Problem, wrt: str, bench: Bench, note: str = "") -> Iterator[tuple[Misread, Values | None]]:
    """The misreadings (of the kind with that note) and what comes of each, which is worked out once for all claims."""
    key = "misreadings", wrt
    if key not in bench.kept:
        bench.kept[key] = list(misreadings(problem, wrt)), {}
    made, values = bench.kept[key]
    for k, m in islice(((k, m) for k, m in enumerate(made) if note in ("", m.note)), MOST):
        if k not in values:
            values[k] = outcome(m, wrt, bench.spots)
        yield m, values[k]


def outcome(misread: Misread, wrt: str, spots: list[Spot]) -> Values | None:
    """The gradient that comes of it, at the points of a bench; None where it cannot be derived."""
    try:
        passed = backward(misread.problem, [wrt])
    except (ShapecalcError, Misfit, ArithmeticError, RecursionError):
        return None
    out = []
    for spot in spots:
        value = _at(misread, passed, wrt, spot)
        if value is None:
            return None
        out.append(value)
    return tuple(out)


def _at(misread: Misread, passed: Backward, wrt: str, spot: Spot) -> Tensor | None:
    there = spot.again()
    for name, e in misread.values.items():
        value = spot.value(e)
        if value is None:
            return None
        there.env[name] = value
    for name in passed.order:
        value = there.value(passed.formula(name))
        if value is None:
            return None
        there.env[passed.flows[name].symbol.name] = value
        # a value may have been remembered under the symbol's true one
        there.memo.clear()
    return there.value(passed.formula(wrt))
