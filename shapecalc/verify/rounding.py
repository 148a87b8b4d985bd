"""Two values at a point in sixty digits: what rounding may have done is told from a difference, however small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from shapecalc.expr import Expr, nodes
from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .gaps import NO, STAYS, YES
from .trial import MISFORTUNE, Trial
from .undecided import Undecided

ZERO = Decimal(0)
EQUAL = Decimal("1e-40")  # relative gaps up to which two values are the same
NOISE, SHARP = Decimal("1e-48"), Decimal("1e-30")  # of the largest number met: what rounding may do, and what it cannot
DEAD = Decimal("1e-100000")  # below which only masks lead


class Pair(NamedTuple):
    """What a claim and the truth are at a point; `again`: at another one."""

    trial: Trial
    claimed: Tensor
    true: Tensor
    again: Callable[[Trial], tuple[Tensor, Tensor]]


def apart(pair: Pair, formulas: Sequence[Expr]) -> tuple[Decimal, int, bool]:
    """The largest relative difference of two values, in which entry, and whether a difference was taken for rounding.

    ``formulas``: of which the values are, and whose parts say how large the numbers were that were met.
    """
    trial, a, b, _ = pair
    away = _away(a, b)
    divide = Real.context.divide  # whose exponents reach further than those of Python's own operators
    larger = [max(x.copy_abs(), y.copy_abs()) for x, y in zip(a.data, b.data, strict=True)]
    relative = [divide(d.copy_abs(), x) if d else ZERO for d, x in zip(away, larger, strict=True)]
    if any(x > DEAD for x in larger):  # where exp(-1e9) stands for exp(-inf), what it leaves of a 0 says nothing beside other entries
        relative = [d if x > DEAD else ZERO for d, x in zip(relative, larger, strict=True)]
    place, hidden = _largest(relative), False
    if relative[place] <= EQUAL:
        return relative[place], place, hidden
    met = (x for e in formulas for n in nodes(e) if (t := trial.memo.get(n)) is not None for x in t.data)
    scale: Decimal = max((x.copy_abs() for x in met), default=Decimal(1))
    doubtful = [k for k, d in enumerate(away) if d.copy_abs() <= SHARP * scale or relative[k] <= YES]
    staying = _staying(pair, away) if any(relative[k] > EQUAL for k in doubtful) else frozenset()
    for k in doubtful:
        if k not in staying:
            hidden = hidden or relative[k] > NO
            relative[k] = ZERO if relative[k] <= YES or away[k].copy_abs() <= NOISE * scale else min(relative[k], NO)
    place = _largest(relative)
    return relative[place], place, hidden


def alike(pair: Pair) -> bool:
    """Whether two values agree as they stand, nothing being put down to rounding."""
    both = zip(_away(pair.claimed, pair.true), pair.claimed.data, pair.true.data, strict=True)
    return all(d.copy_abs() <= EQUAL * max(x.copy_abs(), y.copy_abs()) for d, x, y in both)


def _staying(pair: Pair, away: Sequence[Decimal]) -> frozenset[int]:
    """Entries whose difference is the same where every operation errs: it is none of rounding, however small (2*exp(-99) for exp(-99))."""
    try:
        others = [_away(*pair.again(trial)) for trial in pair.trial.shaken]
    except (*MISFORTUNE, Undecided):
        return frozenset()
    change = Real.context.subtract
    return frozenset(
        k for k, (d, *found) in enumerate(zip(away, *others, strict=True)) if d and all(abs(change(d, e)) <= STAYS * abs(d) for e in found)
    )


def _away(a: Tensor, b: Tensor) -> list[Decimal]:
    return [Real.context.subtract(x, y) for x, y in zip(a.data, b.data, strict=True)]


def _largest(values: Sequence[Decimal]) -> int:
    return max(range(len(values)), key=values.__getitem__)
