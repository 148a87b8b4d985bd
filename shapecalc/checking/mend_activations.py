"""Mends of f': the derivative of another activation in a formula, 1 - a**2 (of tanh) for a * (1 - a) (of sigmoid) or a > 0 (of relu)."""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import Apply
from ..language.tree import Compare, Name, Node, Number, Power, Product, Sum
from .case import Case, Mend
from .trees import NEW, factors, number, product

TANH, SIGMOID, RELU = "tanh", "sigmoid", "relu"
ONE, NOUGHT = number(1), number(0)


def activations(case: Case) -> Iterator[Mend]:
    """Another activation's derivative in the value that the written one is made of."""
    for site in case.sites:
        if not isinstance(site.node, Product):
            continue
        parts = factors(site.node)
        for k, (op, factor) in enumerate(parts):
            read = _read(case, parts, k) if op == "*" and (k == 0 or len(parts) > 1) else None
            if read is None:
                continue
            which, value, also = read
            rest = [p for j, p in enumerate(parts) if j not in (k, also)]
            place = k - (also is not None and also < k)
            for other in _meant(case, value):
                if other != which:
                    made = product([*rest[:place], *(("*", f) for f in _derivative(other, value)), *rest[place:]])
                    words = f"{case.said(factor)} belongs to the derivative of {which}; that of {other} is {_said(case, other, value)}"
                    yield Mend("wrong-function", site.plug(made), words, factor.span)


def _read(case: Case, parts: list[tuple[str, Node]], k: int) -> tuple[str, Node, int | None] | None:
    """Which activation's derivative a factor is, of which value, and the place of the factor that belongs to it."""
    match parts[k][1]:
        case Sum(terms=(("+", Number(value=one)), ("-", Power(base=base, exponent=Number(value=two))))) if one == 1 and two == 2:
            return TANH, base, None
        case Sum(terms=(("+", Number(value=one)), ("-", value))) if one == 1:
            said = case.said(value)
            also = next((j for j, (op, f) in enumerate(parts) if j != k and op == "*" and case.said(f) == said), None)
            return None if also is None else (SIGMOID, value, also)
        case Compare(op=">", left=value, right=Number(value=nought)) if nought == 0:
            return RELU, value, None
    return None


def _meant(case: Case, value: Node) -> tuple[str, ...]:
    """Which activation a value may be of: the one by which it is defined."""
    body = case.problem.definitions.get(value.id) if isinstance(value, Name) else None
    known = isinstance(body, Apply) and body.name in (TANH, SIGMOID, RELU)
    return (body.name,) if known and isinstance(body, Apply) else (TANH, SIGMOID)


def _derivative(which: str, value: Node) -> list[Node]:
    if which == TANH:
        return [Sum((("+", ONE), ("-", Power(value, number(2), NEW))), NEW)]
    if which == SIGMOID:
        return [value, Sum((("+", ONE), ("-", value)), NEW)]
    return [Compare(">", value, NOUGHT, NEW)]


def _said(case: Case, which: str, value: Node) -> str:
    return case.said(product([("*", f) for f in _derivative(which, value)]))
