"""Reals to sixty digits, with every function of the rule book."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from . import elementary
from .ring import Field, Unlucky, Unsupported

CONTEXT = decimal.Context(prec=60, Emin=-(10**13), Emax=10**6, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])
KINK = Decimal("1e-8")  # arguments nearer to a kink than this are drawn again
MOST, LEAST = 4000, -(10**12)  # of which exp is taken: masks that stand for minus infinity are -1e9
POLE = Decimal("1e-30")
ZERO, ONE, HALF = Decimal(0), Decimal(1), Decimal("0.5")
FIRM = frozenset({ZERO, ONE, -ONE})


def _exp(x: Decimal) -> Decimal:
    if x > MOST or x < LEAST:
        raise Unlucky("the value is out of range")
    return CONTEXT.exp(x)


def _log(x: Decimal) -> Decimal:
    if x <= 0:
        raise Unlucky("log of a number that is not positive")
    return CONTEXT.ln(x)


def _sqrt(x: Decimal) -> Decimal:
    if x <= 0:
        raise Unlucky("a root of a number that is not positive")
    return CONTEXT.sqrt(x)


def _hyperbolic(make: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    def call(x: Decimal) -> Decimal:
        up = _exp(x)
        return make(up, CONTEXT.divide(ONE, up))

    return call


def _tanh(up: Decimal, down: Decimal) -> Decimal:
    return CONTEXT.divide(CONTEXT.subtract(up, down), CONTEXT.add(up, down))


def _inside(function: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    """A function of the numbers between -1 and 1."""

    def call(x: Decimal) -> Decimal:
        if abs(x) >= 1:
            raise Unlucky("outside -1 to 1")
        return function(x)

    return call


def _positive(function: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    """A function of the positive numbers."""

    def call(x: Decimal) -> Decimal:
        if x <= POLE:
            raise Unlucky("a function of positive numbers")
        return function(x)

    return call


def _rounded(function: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    return lambda x: CONTEXT.plus(function(x))


def comparisons(kink: Decimal, firm: bool = False) -> dict[str, Callable[..., Decimal]]:
    """The functions with a kink; what is nearer to one than this is drawn again, and (`firm`) what is on it, unless it stays there."""

    def gap(a: Decimal, b: Decimal) -> Decimal:
        """a - b, which is 0 or far from it."""
        found = CONTEXT.subtract(a, b)
        if (found or (firm and not (a in FIRM and b in FIRM))) and abs(found) < kink:
            raise Unlucky("too near to a kink")
        return found

    return {
        "greater": lambda a, b: ONE if gap(a, b) > 0 else ZERO,
        "less": lambda a, b: ONE if gap(a, b) < 0 else ZERO,
        "greater_equal": lambda a, b: ONE if gap(a, b) >= 0 else ZERO,
        "less_equal": lambda a, b: ONE if gap(a, b) <= 0 else ZERO,
        "equal": lambda a, b: ZERO if gap(a, b) else ONE,
        "maximum": lambda a, b: a if gap(a, b) > 0 else b,
        "minimum": lambda a, b: a if gap(a, b) < 0 else b,
        "relu": lambda x: x if gap(x, ZERO) > 0 else ZERO,
        "abs": lambda x: x.copy_abs() if gap(x, ZERO) else ZERO,
        "sign": lambda x: ONE.copy_sign(x) if gap(x, ZERO) else ZERO,
    }


FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sinh": _hyperbolic(lambda up, down: CONTEXT.multiply(HALF, CONTEXT.subtract(up, down))),
    "cosh": _hyperbolic(lambda up, down: CONTEXT.multiply(HALF, CONTEXT.add(up, down))),
    "tanh": _hyperbolic(_tanh),
    "sigmoid": lambda x: CONTEXT.divide(ONE, CONTEXT.add(ONE, _exp(x.copy_negate()))),
    "sin": _rounded(elementary.sin),
    "cos": _rounded(elementary.cos),
    "tan": _rounded(elementary.tan),
    "arcsin": _rounded(_inside(elementary.arcsin)),
    "arccos": _rounded(_inside(elementary.arccos)),
    "arctan": _rounded(elementary.arctan),
    "erf": _rounded(elementary.erf),
    "lgamma": _rounded(_positive(elementary.lgamma)),
    "digamma": _rounded(_positive(elementary.digamma)),
    "trigamma": _rounded(_positive(elementary.trigamma)),
    **comparisons(KINK),
}


class Real(Field):
    """Reals to sixty digits."""

    exact = False
    context = CONTEXT
    functions: Mapping[str, Callable[..., Decimal]] = FUNCTIONS

    def lift(self, value: Fraction) -> Decimal:
        """A fraction to sixty digits."""
        return self.context.divide(Decimal(value.numerator), Decimal(value.denominator))

    def total(self, values: Iterable[Decimal]) -> Decimal:
        """A sum."""
        return reduce(self.context.add, values, ZERO)

    def mul(self, a: Decimal, b: Decimal) -> Decimal:
        """A product."""
        return self.context.multiply(a, b)

    def negative(self, a: Decimal) -> Decimal:
        """Minus a."""
        return self.context.minus(a)

    def inverse(self, a: Decimal) -> Decimal:
        """1/a."""
        if abs(a) < POLE:
            raise Unlucky("a denominator is 0")
        return self.context.divide(ONE, a)

    def is_zero(self, a: Decimal) -> bool:
        """Whether a pivot is too small to be divided by."""
        return abs(a) < POLE

    def size(self, a: Decimal) -> Decimal:
        """The absolute value."""
        return a.copy_abs() if abs(a) >= POLE else ZERO

    def power(self, a: Decimal, exponent: Fraction) -> Decimal:
        """a to a rational power; a negative base with a fractional power is outside the domain."""
        if exponent.denominator == 1:
            n = exponent.numerator
            if abs(n) > 10**6:
                raise Unsupported("so large a power")
            return self.context.power(a, n) if n >= 0 else self.inverse(self.context.power(a, -n))
        if exponent == Fraction(1, 2):
            return _sqrt(a)
        return self.power2(a, self.lift(exponent))

    def power2(self, a: Decimal, b: Decimal) -> Decimal:
        """a ** b for a > 0."""
        if a <= 0:
            raise Unlucky("a power of a number that is not positive")
        return self.context.power(a, b)

    def knows(self, name: str) -> bool:
        """Everything elementary."""
        return name in self.functions

    def function(self, name: str, *args: Decimal) -> Decimal:
        """A named function."""
        if name == "pi":
            return self.context.plus(elementary.PI)
        if name not in self.functions:
            raise Unsupported(name)
        return self.functions[name](*args)

    def test(self, name: str, a: Decimal, b: Decimal) -> bool:
        """A comparison; too near to a tie the point is drawn again."""
        return bool(self.functions[name](a, b))

    def same(self, a: Decimal, b: Decimal) -> bool:
        """Equality to twenty-two digits (relative to the larger, from 1 up)."""
        return abs(self.context.subtract(a, b)) <= Decimal("1e-22") * max(ONE, abs(a), abs(b))

    def each(self, name: str, columns: Sequence[Sequence[Decimal]]) -> list[Decimal]:
        """A function, entry by entry."""
        return list(map(self.functions[name], *columns))

    def dots(self, a: Sequence[Decimal], b: Sequence[Decimal], n: int) -> list[Decimal]:
        """Σ a·b over each run of n entries."""
        return self.runs(list(map(self.context.multiply, a, b)), n)

    def runs(self, a: Sequence[Decimal], n: int) -> list[Decimal]:
        """The sum of each run of n entries."""
        plus = self.context.add
        return list(a) if n == 1 else [reduce(plus, a[k : k + n]) for k in range(0, len(a), n)]

    def combined(self, columns: Sequence[Sequence[Decimal]], signs: Sequence[int]) -> list[Decimal]:
        """The sum of several rows of entries with signs."""
        plus, minus = self.context.add, self.context.subtract
        out = list(columns[0]) if signs[0] == 1 else list(map(self.context.minus, columns[0]))
        for column, sign in zip(columns[1:], signs[1:], strict=True):
            out = list(map(plus if sign == 1 else minus, out, column))
        return out

    def powers(self, a: Sequence[Decimal], exponent: Fraction) -> list[Decimal]:
        """Each entry to a fixed power."""
        return list(map(self.context.multiply, a, a)) if exponent == 2 else [self.power(x, exponent) for x in a]
