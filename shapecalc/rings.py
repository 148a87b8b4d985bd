"""The kinds of numbers that a formula can be evaluated over: integers modulo a prime power, and reals to fifty digits.

A ring offers ``lift``, ``total``, ``mul``, ``negative``, ``inverse``, ``power``, ``function`` and ``test``. The symbolic rings of
`calculus.entries` offer the same, so that one evaluator serves numbers and symbols.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

PRIME = (1 << 61) - 1  # Mersenne; one point lets a false identity of degree d through with probability d / PRIME


class Unsupported(Exception):
    """The ring has no such function (exp has no meaning modulo a prime)."""


class Unlucky(Exception):
    """The random point is on a pole, a kink or outside the domain: draw again."""


class Modular:
    """Integers modulo a prime, or its square (where a difference quotient with step p is an exact derivative)."""

    exact = True

    def __init__(self, prime: int = PRIME, square: bool = False) -> None:
        self.prime = prime
        self.modulus = prime * prime if square else prime

    def lift(self, value: Fraction) -> int:
        """The residue of a fraction."""
        if value.denominator == 1:
            return value.numerator % self.modulus
        return value.numerator * self.inverse(value.denominator) % self.modulus

    def total(self, values: Iterable[int]) -> int:
        """A sum."""
        return sum(values) % self.modulus

    def mul(self, a: int, b: int) -> int:
        """A product."""
        return a * b % self.modulus

    def negative(self, a: int) -> int:
        """Minus a."""
        return -a % self.modulus

    def inverse(self, a: int) -> int:
        """1/a; a multiple of the prime is a pole."""
        if a % self.prime == 0:
            raise Unlucky("a denominator is 0")
        return pow(a, -1, self.modulus)

    def is_zero(self, a: int) -> bool:
        """Whether a pivot cannot be divided by."""
        return a % self.prime == 0

    def power(self, a: int, exponent: Fraction) -> int:
        """a to an integer power; other powers have no meaning here."""
        if exponent.denominator != 1 or abs(exponent.numerator) > 1 << 20:
            raise Unsupported("a power that is not an integer")
        return pow(a, exponent.numerator, self.modulus) if exponent >= 0 else pow(self.inverse(a), -exponent.numerator, self.modulus)

    def power2(self, a: int, b: int) -> int:
        """a ** b with a variable exponent has no meaning here."""
        raise Unsupported("a variable exponent")

    def function(self, name: str, *args: int) -> int:
        """Only the functions that are rational; the others have no meaning modulo a prime."""
        raise Unsupported(name)

    def test(self, name: str, a: int, b: int) -> bool:
        """There is no order modulo a prime."""
        raise Unsupported(name)

    def same(self, a: int, b: int) -> bool:
        """Equality."""
        return a == b


_CONTEXT = decimal.Context(prec=60, Emin=-(10**6), Emax=10**6, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])
KINK = Decimal("1e-8")  # arguments nearer to a kink than this are drawn again


def _special(name: str) -> Callable[[Decimal], Decimal]:
    """A function that decimal does not have, by mpmath at the same precision."""
    import mpmath

    mpmath.mp.dps = 60
    function = getattr(mpmath, {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}.get(name, name))

    def call(x: Decimal) -> Decimal:
        out = function(mpmath.mpf(str(x)))
        if not isinstance(out, mpmath.mpf):
            raise Unlucky(f"{name} is not real there")
        return Decimal(mpmath.nstr(out, 60))

    return call


class Real:
    """Reals to sixty digits."""

    exact = False

    def __init__(self) -> None:
        self.context = _CONTEXT
        self._special: dict[str, Callable[[Decimal], Decimal]] = {}

    def lift(self, value: Fraction) -> Decimal:
        """A fraction to sixty digits."""
        return self.context.divide(Decimal(value.numerator), Decimal(value.denominator))

    def total(self, values: Iterable[Decimal]) -> Decimal:
        """A sum."""
        add, out = self.context.add, Decimal(0)
        for v in values:
            out = add(out, v)
        return out

    def mul(self, a: Decimal, b: Decimal) -> Decimal:
        """A product."""
        return self.context.multiply(a, b)

    def negative(self, a: Decimal) -> Decimal:
        """Minus a."""
        return self.context.minus(a)

    def inverse(self, a: Decimal) -> Decimal:
        """1/a."""
        if abs(a) < Decimal("1e-30"):
            raise Unlucky("a denominator is 0")
        return self.context.divide(Decimal(1), a)

    def is_zero(self, a: Decimal) -> bool:
        """Whether a pivot is too small to be divided by."""
        return abs(a) < Decimal("1e-30")

    def power(self, a: Decimal, exponent: Fraction) -> Decimal:
        """a to a rational power; a negative base with a fractional power is outside the domain."""
        if exponent.denominator == 1:
            n = exponent.numerator
            if abs(n) > 10**6:
                raise Unsupported("so large a power")
            return self.context.power(a, n) if n >= 0 else self.inverse(self.context.power(a, -n))
        if a <= 0:
            raise Unlucky("a root of a negative number")
        if exponent == Fraction(1, 2):
            return self.context.sqrt(a)
        return self.context.power(a, self.lift(exponent))

    def power2(self, a: Decimal, b: Decimal) -> Decimal:
        """a ** b for a > 0."""
        if a <= 0:
            raise Unlucky("a power of a negative number")
        return self.context.power(a, b)

    def function(self, name: str, *args: Decimal) -> Decimal:
        """A named function of one argument."""
        if name == "pi":
            return Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
        x = args[0]
        if abs(x) > 4000 and name in ("exp", "sinh", "cosh", "tanh"):
            raise Unlucky("the value is out of range")
        if name == "exp":
            return self.context.exp(x)
        if name == "log":
            if x <= 0:
                raise Unlucky("log of a number that is not positive")
            return self.context.ln(x)
        if name in ("sinh", "cosh", "tanh"):
            up, down = self.context.exp(x), self.context.exp(-x)
            sinh, cosh = self.context.subtract(up, down), self.context.add(up, down)
            half = Decimal("0.5")
            return self.mul(half, sinh) if name == "sinh" else self.mul(half, cosh) if name == "cosh" else self.context.divide(sinh, cosh)
        if name not in self._special:
            self._special[name] = _special(name)
        return self._special[name](x)

    def test(self, name: str, a: Decimal, b: Decimal) -> bool:
        """A comparison; too near to a tie the point is drawn again."""
        gap = self.context.subtract(a, b)
        if gap != 0 and abs(gap) < KINK:
            raise Unlucky("too near to a kink")
        return {"greater": gap > 0, "less": gap < 0, "greater_equal": gap >= 0, "less_equal": gap <= 0, "equal": gap == 0}[name]

    def same(self, a: Decimal, b: Decimal) -> bool:
        """Equality to thirty digits (relative to the larger, from 1 up)."""
        return abs(self.context.subtract(a, b)) <= Decimal("1e-22") * max(1, abs(a), abs(b))


def any_ring() -> tuple[Any, ...]:
    """The numeric rings, exact first."""
    return (Modular(), Real())
