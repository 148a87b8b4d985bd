"""Reals in which a comparison is an unknown number: what holds there holds on either side of every border."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from random import Random
from typing import Any

from .near import Near
from .real import ONE, ZERO
from .ring import Unlucky

KEY = Context(prec=40, Emin=-(10**13), Emax=10**6)  # differences that are the same to so many digits are one
ON_A_KINK = Decimal("1e-30")


class Veiled(Near):
    """Reals in which a > b has a random value that hangs on a - b alone, and 1 less it where b > a; relu(x) is x times that.

    The values of two formulas hang smoothly on these numbers, so that two that agree for random ones agree for 0 and 1, whichever
    comparisons are true. What does not agree may still be equal: 2*x > 0 is x > 0.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.masks: dict[Decimal, Decimal] = {}

    def sides(self, gaps: Sequence[Decimal]) -> list[Decimal]:
        """For each difference a - b the number that stands for a > b; 0 where there is no difference."""
        return list(map(self._side, gaps))

    def _side(self, gap: Decimal) -> Decimal:
        if not gap:
            return ZERO
        if gap.copy_abs() < ON_A_KINK:
            raise Unlucky("too near to a kink")
        key = KEY.plus(gap)
        found = self.masks.get(key)
        if found is None:
            other = self.masks.get(key.copy_negate())
            found = self.masks[key] = (
                Decimal(self.random.randint(1, 10**9)).scaleb(-9) if other is None else self.context.subtract(ONE, other)
            )
        return found

    def over(self, gaps: Sequence[Decimal]) -> list[Decimal]:
        """Each difference where it is positive, else 0; of that the same comparison is the same number: relu(x) > 0 is x > 0."""
        out = []
        for gap, side in zip(gaps, self.sides(gaps), strict=True):
            held = self.context.multiply(gap, side)
            if held:
                self.masks[KEY.plus(held)] = side
                self.masks[KEY.plus(self.context.subtract(held, gap))] = self.context.subtract(ONE, side)
            out.append(held)
        return out

    def signs(self, gaps: Sequence[Decimal]) -> list[Decimal]:
        """1 and -1 for a > b and its opposite."""
        c = self.context
        return [c.subtract(c.add(side, side), ONE) if gap else ZERO for side, gap in zip(self.sides(gaps), gaps, strict=True)]

    def each(self, name: str, columns: Sequence[Sequence[Decimal]]) -> list[Decimal]:
        """A function, entry by entry."""
        made = _VEILED.get(name)
        return super().each(name, columns) if made is None else made(self, *columns)

    def function(self, name: str, *args: Decimal) -> Decimal:
        """A named function."""
        return self.each(name, [(a,) for a in args])[0] if name in _VEILED else super().function(name, *args)


def _apart(r: Veiled, a: Sequence[Decimal], b: Sequence[Decimal]) -> list[Decimal]:
    return r.combined((a, b), (1, -1))


def _at_least(r: Veiled, a: Sequence[Decimal], b: Sequence[Decimal]) -> list[Decimal]:
    gaps = _apart(r, a, b)
    return [side if gap else ONE for side, gap in zip(r.sides(gaps), gaps, strict=True)]


_VEILED: dict[str, Callable[..., list[Any]]] = {
    "greater": lambda r, a, b: r.sides(_apart(r, a, b)),
    "less": lambda r, a, b: r.sides(_apart(r, b, a)),
    "greater_equal": _at_least,
    "less_equal": lambda r, a, b: _at_least(r, b, a),
    "maximum": lambda r, a, b: r.combined((b, r.over(_apart(r, a, b))), (1, 1)),
    "minimum": lambda r, a, b: r.combined((b, r.over(_apart(r, b, a))), (1, -1)),
    "relu": Veiled.over,
    "abs": lambda r, a: r.dots(r.signs(a), a, 1),
    "sign": Veiled.signs,
}
VEILED = frozenset(_VEILED)
