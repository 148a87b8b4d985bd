"""Points on the way between two others, and on the ray through one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .trial import Trial
from .trials import Trials

FIXED = frozenset({"onehot", "onehot_columns", "orthogonal"})  # what lies between two such values is no such value
HELD = FIXED | {"probabilities"}  # a multiple of which is none
SIGNED = frozenset({"positive", "nonnegative", "posdef"})
ONE = Decimal(1)

Values = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Point:
    """The values of what is declared, and of incoming gradients, at the sizes of a trial."""

    of: Trial
    declared: Values
    given: Values


def between(trials: Trials, start: Point, end: Point, share: Decimal) -> Point:
    """A point on the way from one to another; what has to keep its form stays where it is."""
    ring = Real()

    def moved(a: Tensor, b: Tensor) -> Tensor:
        away = ring.combined((b.data, a.data), (1, -1))
        return Tensor(a.shape, ring.combined((a.data, ring.dots(away, [share] * len(away), 1)), (1, 1)))

    fixed = {n for n, v in trials.problem.declared.items() if v.properties & FIXED}
    declared = {n: a if n in fixed else moved(a, end.declared[n]) for n, a in start.declared.items()}
    return Point(start.of, declared, {n: moved(a, end.given[n]) for n, a in start.given.items()})


def stretched(trials: Trials, start: Point, factor: Decimal, movable: frozenset[str], only: float | None = None) -> Point:
    """A point on the ray from the origin along some of the names; ``only``: along one entry of each, at this share of its entries."""
    ring = Real()
    held = HELD if factor > 0 else HELD | SIGNED
    declared = trials.problem.declared
    moved = {n for n in movable if n not in declared or not declared[n].properties & held}

    def stretch(name: str, a: Tensor) -> Tensor:
        if name not in moved:
            return a
        one = None if only is None or (name in declared and declared[name].properties) else int(only * len(a.data))
        return Tensor(a.shape, ring.dots(a.data, [factor if one in (None, k) else ONE for k in range(len(a.data))], 1))

    return Point(start.of, {n: stretch(n, a) for n, a in start.declared.items()}, {n: stretch(n, a) for n, a in start.given.items()})
