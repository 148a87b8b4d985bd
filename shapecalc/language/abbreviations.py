"""Lines behind a problem that look like definitions and are none: dZ2 = (P - Y) / S, where nothing is called Z2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from shapecalc.expr import Apply, Expr, Var, variables
from shapecalc.shapes import is_scalar

from .builder import COMPARE
from .problem import Claim, Problem, is_loss_name
from .statements import Assign, PlainTarget, split
from .tree import Name, walk

STILL = frozenset({*COMPARE.values(), "sign"})  # nothing flows back through a comparison
GRADIENT = re.compile(r"d(_?[A-Z0-9].*|[a-z]\d+)")  # what only a gradient is called: dZ2, d1, dz2


def settled(problem: Problem, claims: bool = False) -> Problem:
    """The problem without the abbreviations at its end.

    Behind a scalar, the loss, a name such as dZ2 is the gradient of something that has no name, and no further step of the program.
    claims: the text is there to be judged, so that any name with a d in front is one, and a scalar need not come before it.
    """
    if claims:
        problem = _ending(problem)
    names = _named(problem, claims)
    return _at_all_ends(problem if not names or len(names) == len(problem.definitions) else _cut(problem, names))


def _at_all_ends(problem: Problem) -> Problem:
    """The problem with a gradient that comes in at each end of which a claim speaks: dA * C - dB * S, where nothing is made of A or B.

    An end of which none does is a value that the claims may use, as is anything beside a loss.
    """
    last = problem.last
    used = {p.id for c in problem.claims for v in c.values for p, _ in walk(v) if isinstance(p, Name)}
    if last is None or not used or (problem.loss is not None and problem.gradient_name(last) not in used):
        return problem
    taken = _used(problem, problem.definitions) | {c.wrt for c in problem.claims} | set(problem.upstream) | {last}
    ends = {n: problem.gradient_name(n) for n in problem.definitions if n not in taken}
    ends = {n: gradient for n, gradient in ends.items() if gradient in used}
    if ends and problem.loss is not None:
        ends[last] = problem.gradient_name(last)
    return replace(problem, upstream={**problem.upstream, **ends}) if ends else problem


def output(problem: Problem, wanted: Iterable[str] = ()) -> Problem:
    """The problem without comparisons at its end, through which nothing flows back, unless one of them is wanted."""
    if problem.last is None or _flows(problem, problem.last):
        return problem
    names, live = list(problem.definitions), _live(problem)
    while len(names) > 1 and names[-1] not in live and live & set(names[:-1]):
        names.pop()
    late = set(problem.definitions) - set(names)
    return _cut(problem, names) if late and not late & ({*wanted} | set(problem.upstream)) else problem


def _live(problem: Problem) -> set[str]:
    """The definitions that change with anything that is declared."""
    moving = set(problem.declared)
    for name, body in problem.definitions.items():
        if _moves(body, moving):
            moving.add(name)
    return moving & problem.definitions.keys()


def _named(problem: Problem, claims: bool) -> list[str]:
    """The definitions without those at the end that have the name of a gradient."""
    names = list(problem.definitions)
    while names and (names[-1].startswith("d") and len(names[-1]) > 1 if claims else GRADIENT.fullmatch(names[-1])):
        names.pop()
    behind_loss = bool(names) and is_scalar(problem.definitions[names[-1]].shape)
    if not behind_loss:
        names = list(problem.definitions)
        while claims and len(names) > 1 and GRADIENT.fullmatch(names[-1]):
            names.pop()
    return names


def _cut(problem: Problem, names: Sequence[str]) -> Problem:
    """The problem with these definitions only; the others are abbreviations for its claims."""
    late = set(problem.definitions) - set(names)
    made = [
        Claim("abbreviation", s.target.name, s.text, s.line, s.span, s.values, operator=s.operator)
        for s in split(problem.source, [])
        if isinstance(s, Assign) and isinstance(s.target, PlainTarget) and s.target.name in late
    ]
    out = replace(problem, definitions={n: problem.definitions[n] for n in names})
    # where the loss is only found now, a quotient of it is no Jacobian
    known = [replace(c, kind="gradient") if c.kind == "jacobian" and c.of == out.loss else c for c in problem.claims]
    return replace(out, claims=(*made, *known))


def _ending(problem: Problem) -> Problem:
    """The problem up to its output, where lines behind that only prepare the claims: mask = Z > 0, or s = 1 - h**2 after a loss.

    Taken for the output such a line would make every gradient 0, or hide the loss.
    """
    live, names = _live(problem), list(problem.definitions)
    losses = [k for k, n in enumerate(names) if n in live and is_loss_name(n) and is_scalar(problem.definitions[n].shape)]
    loss = losses[-1] if losses else None
    kept = len(names)
    if loss is not None and not any(_rests(problem, n, names[loss]) for n in names[loss + 1 :]):
        kept = loss + 1
    while kept > 1 and names[kept - 1] not in live and live & set(names[: kept - 1]):
        kept -= 1
    late = set(names[kept:])
    asked = {n for c in problem.claims for n in (c.of, c.wrt, c.wrt2)} | set(problem.upstream)
    used = {p.id for c in problem.claims for v in c.values for p, _ in walk(v) if isinstance(p, Name)}
    # a claim about a comparison that only these lines use has one of them for its output
    before, behind = (_used(problem, part) for part in (names[:kept], late))
    if not late or late & asked or any(f"d{n}" in used for n in late) or (asked & behind) - before - live:
        return problem
    return _cut(problem, names[:kept])


def _used(problem: Problem, names: Iterable[str]) -> set[str]:
    """The names that stand in these definitions."""
    return {v for n in names for v in variables(problem.definitions[n])}


def _flows(problem: Problem, name: str) -> bool:
    """Whether a definition changes with anything that is declared."""
    waiting, seen = [name], set()
    while waiting:
        n = waiting.pop()
        if n in problem.declared:
            return True
        if n in problem.definitions and n not in seen:
            seen.add(n)
            waiting += _moving(problem.definitions[n])
    return False


def _moves(e: Expr, live: set[str]) -> bool:
    """Whether a formula changes with anything that is live, a comparison aside."""
    return any(n in live for n in _moving(e))


def _moving(e: Expr) -> Iterator[str]:
    """The names that a formula changes with, comparisons aside."""
    waiting, seen = [e], set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Var):
            yield node.name
        elif isinstance(node, Apply) and node.name not in STILL:
            waiting += node.args[1:] if node.name == "where" else node.args


def _rests(problem: Problem, name: str, on: str) -> bool:
    """Whether one definition is made of another."""
    waiting, seen = [name], set()
    while waiting:
        n = waiting.pop()
        if n == on:
            return True
        if n not in seen:
            seen.add(n)
            waiting += variables(problem.definitions[n]) if n in problem.definitions else ()
    return False
