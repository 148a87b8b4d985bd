"""Reals for points of a kind: next to a kink, where many entries are alike, and where every operation errs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from random import Random
from typing import Any

from .real import CONTEXT, FIRM, FUNCTIONS, KINK, ZERO, Real, comparisons
from .ring import Unlucky

NEAREST = Decimal("1e-25")  # to a kink: what is nearer is drawn again, as rounding could mistake one side for the other
SHAKEN = 45  # digits that are left where the result of every operation is changed at random
LOST = Decimal("1e-30")  # of an addend: a sum that is less is one of numbers that cancel
_KINKED = frozenset(comparisons(KINK))


class Near(Real):
    """The same next to a kink, where nothing is differentiated by steps that could lead beyond it."""

    functions: Mapping[str, Callable[..., Decimal]] = {**FUNCTIONS, **comparisons(NEAREST)}


class _Shaking:
    """The context in which every result is changed at random behind its forty-fifth digit."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.prec = SHAKEN - 10  # to which an iteration can be brought
        for name in ("add", "subtract", "multiply", "divide", "power", "sqrt"):
            setattr(self, name, self.shaken(getattr(CONTEXT, name)))
        self.plus, self.minus = CONTEXT.plus, CONTEXT.minus

    def shaken(self, function: Callable[..., Decimal]) -> Callable[..., Decimal]:
        """A function, its result changed."""
        draw, shift = self.random.randint, -SHAKEN - 9

        def call(*of: Decimal) -> Decimal:
            found = function(*of)
            return CONTEXT.fma(found, Decimal(draw(-(10**9), 10**9)).scaleb(shift), found) if found else found

        return call


class Shaken(Near):
    """Reals in which every operation errs in the forty-fifth digit: what rounding leaves comes out otherwise, and all else does not."""

    def __init__(self, random: Random) -> None:
        self.context: Any = _Shaking(random)
        self.functions = {n: f if n in _KINKED else self.context.shaken(f) for n, f in Near.functions.items()}

    def power(self, a: Decimal, exponent: Fraction) -> Decimal:
        """a to a rational power."""
        return super().power(a, exponent) if exponent.denominator == 1 else self.power2(a, self.lift(exponent))


class Firm(Real):
    """Reals at a point where many entries are alike, in which no number is 0, 1 or -1 because of that, and no sum cancels.

    Such a number may come only of such numbers, or of a comparison: relu(-2) is 0, and so is 0 times x, at all points around. A
    comparison is therefore no tie, or one that stays a tie, and every value hangs smoothly on the point. Anything else is Unlucky.
    """

    functions: Mapping[str, Callable[..., Decimal]] = {**FUNCTIONS, **comparisons(KINK, firm=True)}
    decided = _KINKED

    def add(self, a: Decimal, b: Decimal) -> Decimal:
        """A sum."""
        found = self._held(self.context.add(a, b), a, b)
        if a and abs(found) < LOST * abs(a) and found not in FIRM:
            raise Unlucky("a sum cancels")
        return found

    def mul(self, a: Decimal, b: Decimal) -> Decimal:
        """A product."""
        return self._held(self.context.multiply(a, b), a, b) if a and b else ZERO

    def power(self, a: Decimal, exponent: Fraction) -> Decimal:
        """a to a rational power."""
        return self._held(super().power(a, exponent), a)

    def power2(self, a: Decimal, b: Decimal) -> Decimal:
        """a ** b for a > 0."""
        return self._held(super().power2(a, b), a, b)

    def function(self, name: str, *args: Decimal) -> Decimal:
        """A named function."""
        found = super().function(name, *args)
        return found if name in self.decided else self._held(found, *args)

    def _held(self, found: Decimal, *of: Decimal) -> Decimal:
        """A number that was found of others."""
        if found in FIRM and not all(x in FIRM for x in of):
            raise Unlucky("a number is 0 or 1 where entries are alike")
        return found

    def total(self, values: Iterable[Decimal]) -> Decimal:
        """A sum."""
        return reduce(self.add, values, ZERO)

    def each(self, name: str, columns: Sequence[Sequence[Decimal]]) -> list[Decimal]:
        """A function, entry by entry."""
        return [self.function(name, *entries) for entries in zip(*columns, strict=True)]

    def dots(self, a: Sequence[Decimal], b: Sequence[Decimal], n: int) -> list[Decimal]:
        """Σ a·b over each run of n entries."""
        return self.runs(list(map(self.mul, a, b)), n)

    def runs(self, a: Sequence[Decimal], n: int) -> list[Decimal]:
        """The sum of each run of n entries."""
        return list(a) if n == 1 else [reduce(self.add, a[k : k + n]) for k in range(0, len(a), n)]

    def combined(self, columns: Sequence[Sequence[Decimal]], signs: Sequence[int]) -> list[Decimal]:
        """The sum of several rows of entries with signs."""
        signed = [c if s == 1 else list(map(self.negative, c)) for c, s in zip(columns, signs, strict=True)]
        return [reduce(self.add, entries) for entries in zip(*signed, strict=True)]
