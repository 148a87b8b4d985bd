"""Elementary functions of decimals to sixty digits that the decimal module lacks: circular functions, their inverses, erf, log Γ.

Series with range reduction (Abramowitz & Stegun 1964, ch. 4, 6 and 7), carried to eighty digits; a test holds them to mpmath. No operator
is written on a decimal that matters: -x and abs(x) round to whatever precision the caller's thread has set.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import comb

DIGITS = 80
CONTEXT = decimal.Context(prec=DIGITS, Emin=-(10**6), Emax=10**6)
TINY = Decimal(10) ** -(DIGITS + 2)
ONE, TWO = Decimal(1), Decimal(2)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651328230664709")
SQRT_PI = PI.sqrt(CONTEXT)


def _series(first: Decimal, square: Decimal, start: int) -> Decimal:
    """Σ first · square^k · start! / (start + 2k)!, the common form of sine and cosine (square is -x²)."""
    multiply, divide, add = CONTEXT.multiply, CONTEXT.divide, CONTEXT.add
    out = term = first
    n = start
    while abs(term) > TINY:
        term = divide(multiply(term, square), Decimal((n + 1) * (n + 2)))
        out = add(out, term)
        n += 2
    return out


def _reduced(x: Decimal) -> Decimal:
    """x less a multiple of 2π, between -π and π."""
    if abs(x) <= PI:
        return x
    turn = CONTEXT.multiply(TWO, PI)
    return CONTEXT.subtract(x, CONTEXT.multiply(turn, CONTEXT.to_integral_value(CONTEXT.divide(x, turn))))


def sin(x: Decimal) -> Decimal:
    """The sine."""
    x = _reduced(x)
    return _series(x, CONTEXT.multiply(x, x).copy_negate(), 1)


def cos(x: Decimal) -> Decimal:
    """The cosine."""
    x = _reduced(x)
    return _series(ONE, CONTEXT.multiply(x, x).copy_negate(), 0)


def tan(x: Decimal) -> Decimal:
    """The tangent."""
    return CONTEXT.divide(sin(x), cos(x))


def arctan(x: Decimal) -> Decimal:
    """The angle between -π/2 and π/2: the argument is halved three times, atan(x) = 2 atan(x / (1 + sqrt(1 + x²)))."""
    multiply, divide, add = CONTEXT.multiply, CONTEXT.divide, CONTEXT.add
    if abs(x) > 1:
        quarter = divide(PI, TWO)
        return CONTEXT.subtract(quarter.copy_sign(x), arctan(divide(ONE, x)))
    for _ in range(3):
        x = divide(x, add(ONE, CONTEXT.sqrt(add(ONE, multiply(x, x)))))
    square, power, out, n = multiply(x, x).copy_negate(), x, x, 1
    while abs(power) > TINY:
        power = multiply(power, square)
        n += 2
        out = add(out, divide(power, Decimal(n)))
    return multiply(Decimal(8), out)


def arcsin(x: Decimal) -> Decimal:
    """The angle between -π/2 and π/2; |x| < 1."""
    return arctan(CONTEXT.divide(x, CONTEXT.sqrt(CONTEXT.subtract(ONE, CONTEXT.multiply(x, x)))))


def arccos(x: Decimal) -> Decimal:
    """The angle between 0 and π; |x| < 1."""
    return CONTEXT.subtract(CONTEXT.divide(PI, TWO), arcsin(x))


def erf(x: Decimal) -> Decimal:
    """2/sqrt(π) · e^(-x²) · Σ 2^k x^(2k+1) / (2k+1)!!, all terms of one sign (A&S 7.1.6); 1 to all digits from 13 up."""
    if abs(x) > 13:
        return ONE.copy_sign(x)
    multiply, divide, add = CONTEXT.multiply, CONTEXT.divide, CONTEXT.add
    square = multiply(x, x)
    double = add(square, square)
    out = term = x
    n = 1
    while abs(term) > TINY * max(ONE, abs(out)):
        n += 2
        term = divide(multiply(term, double), Decimal(n))
        out = add(out, term)
    return divide(multiply(multiply(TWO, out), CONTEXT.exp(square.copy_negate())), SQRT_PI)


# ---- log Γ and its derivatives, of positive numbers: asymptotic series from 50 up, and recurrence below

FAR = 50
TERMS = 45  # at 50 what is left of the series is below 1e-85


@lru_cache(maxsize=1)
def _bernoulli() -> tuple[Decimal, ...]:
    """B_2, B_4, ... (A&S 23.1.2), from Σ_j comb(n + 1, j) B_j = 0."""
    found = [Fraction(1)]
    for n in range(1, 2 * TERMS + 1):
        found.append(-sum((comb(n + 1, j) * b for j, b in enumerate(found)), Fraction(0)) / (n + 1))
    return tuple(CONTEXT.divide(Decimal(b.numerator), Decimal(b.denominator)) for b in found[2::2])


def _far(x: Decimal) -> tuple[Decimal, list[Decimal]]:
    """x + n, which is at least 50, and x, x + 1, ... before it."""
    passed = []
    while x < FAR:
        passed.append(x)
        x = CONTEXT.add(x, ONE)
    return x, passed


def _tail(x: Decimal, first: Decimal, over: Callable[[int], int]) -> Decimal:
    """Σ B_2n · first / (x^(2n - 2) · over(n)), n = 1, 2, ..."""
    multiply, divide, add = CONTEXT.multiply, CONTEXT.divide, CONTEXT.add
    square, power, out = multiply(x, x), first, Decimal(0)
    for n, b in enumerate(_bernoulli(), 1):
        out = add(out, divide(multiply(b, power), Decimal(over(n))))
        power = divide(power, square)
    return out


def lgamma(x: Decimal) -> Decimal:
    """log Γ(x), x > 0 (A&S 6.1.40, 6.1.15)."""
    multiply, add, subtract = CONTEXT.multiply, CONTEXT.add, CONTEXT.subtract
    far, passed = _far(x)
    half = CONTEXT.divide(ONE, TWO)
    out = add(subtract(multiply(subtract(far, half), CONTEXT.ln(far)), far), multiply(half, CONTEXT.ln(multiply(TWO, PI))))
    out = add(out, _tail(far, CONTEXT.divide(ONE, far), lambda n: 2 * n * (2 * n - 1)))
    product = ONE
    for z in passed:
        product = multiply(product, z)
    return subtract(out, CONTEXT.ln(product))


def digamma(x: Decimal) -> Decimal:
    """ψ(x), x > 0 (A&S 6.3.18, 6.3.5)."""
    divide, subtract = CONTEXT.divide, CONTEXT.subtract
    far, passed = _far(x)
    once = divide(ONE, far)
    out = subtract(CONTEXT.ln(far), divide(once, TWO))
    out = subtract(out, _tail(far, CONTEXT.multiply(once, once), lambda n: 2 * n))
    for z in passed:
        out = subtract(out, divide(ONE, z))
    return out


def trigamma(x: Decimal) -> Decimal:
    """ψ'(x), x > 0 (A&S 6.4.12, 6.4.6)."""
    multiply, divide, add = CONTEXT.multiply, CONTEXT.divide, CONTEXT.add
    far, passed = _far(x)
    once = divide(ONE, far)
    square = multiply(once, once)
    out = add(add(once, divide(square, TWO)), _tail(far, multiply(square, once), lambda n: 1))
    for z in passed:
        out = add(out, divide(ONE, multiply(z, z)))
    return out
