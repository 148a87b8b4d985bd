"""Floating-point numbers: fast enough to try hundreds of mends at, and never what a verdict rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import add, mul, neg, sub

from . import elementary
from .ring import Field, Unlucky, Unsupported


def _by_decimals(function: Callable[[Decimal], Decimal]) -> Callable[[float], float]:
    """A function of positive numbers that floats have none of."""

    def call(x: float) -> float:
        if not 0 < x < math.inf:
            raise Unlucky("a function of positive numbers")
        return float(function(Decimal(x)))

    return call


_FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sinh", "cosh", "tanh", "sin", "cos", "tan", "erf")},
    "lgamma": _by_decimals(elementary.lgamma),
    "digamma": _by_decimals(elementary.digamma),
    "trigamma": _by_decimals(elementary.trigamma),
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "greater": lambda a, b: float(a > b),
    "less": lambda a, b: float(a < b),
    "greater_equal": lambda a, b: float(a >= b),
    "less_equal": lambda a, b: float(a <= b),
    "equal": lambda a, b: float(a == b),
    "maximum": max,
    "minimum": min,
    "relu": lambda x: max(x, 0.0),
    "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
}


class Floats(Field):
    """Python's own floats; what has no value raises an arithmetic error or Unlucky."""

    context = None

    def lift(self, value: Fraction) -> float:
        """The nearest float."""
        return float(value)

    def total(self, values: Iterable[float]) -> float:
        """A sum."""
        return sum(values)

    def mul(self, a: float, b: float) -> float:
        """A product."""
        return a * b

    def negative(self, a: float) -> float:
        """Minus a."""
        return -a

    def inverse(self, a: float) -> float:
        """1/a."""
        return 1 / a

    def is_zero(self, a: float) -> bool:
        """Whether a pivot is too small to be divided by."""
        return abs(a) < 1e-12

    def size(self, a: float) -> float:
        """The absolute value."""
        return abs(a) if abs(a) >= 1e-12 else 0.0

    def power(self, a: float, exponent: Fraction) -> float:
        """a to a rational power."""
        return self._real(a ** (exponent.numerator if exponent.denominator == 1 else float(exponent)))

    def power2(self, a: float, b: float) -> float:
        """a ** b."""
        return self._real(a**b)

    @staticmethod
    def _real(x: object) -> float:
        if not isinstance(x, float):
            raise Unlucky("a root of a negative number")
        return x

    def knows(self, name: str) -> bool:
        """Everything elementary."""
        return name in _FUNCTIONS

    def function(self, name: str, *args: float) -> float:
        """A named function."""
        if name == "pi":
            return math.pi
        if name not in _FUNCTIONS:
            raise Unsupported(name)
        return self.each(name, [(a,) for a in args])[0]

    def test(self, name: str, a: float, b: float) -> bool:
        """A comparison."""
        return bool(_FUNCTIONS[name](a, b))

    def same(self, a: float, b: float) -> bool:
        """Equality to nine digits."""
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)

    def each(self, name: str, columns: Sequence[Sequence[float]]) -> list[float]:
        """A function, entry by entry."""
        try:
            return list(map(_FUNCTIONS[name], *columns))
        except ValueError:
            raise Unlucky("outside the domain") from None

    def dots(self, a: Sequence[float], b: Sequence[float], n: int) -> list[float]:
        """Σ a·b over each run of n entries."""
        return self.runs(list(map(mul, a, b)), n)

    def runs(self, a: Sequence[float], n: int) -> list[float]:
        """The sum of each run of n entries."""
        return list(a) if n == 1 else [sum(a[k : k + n]) for k in range(0, len(a), n)]

    def combined(self, columns: Sequence[Sequence[float]], signs: Sequence[int]) -> list[float]:
        """The sum of several rows of entries with signs."""
        out = list(columns[0]) if signs[0] == 1 else list(map(neg, columns[0]))
        for column, sign in zip(columns[1:], signs[1:], strict=True):
            out = list(map(add if sign == 1 else sub, out, column))
        return out
