"""Elementary functions of decimals to sixty digits that the decimal module lacks: circular functions, their inverses, erf.

Series with range reduction (Abramowitz & Stegun 1964, ch. 4 and 7), carried to eighty digits; a test holds them to mpmath. No operator
is written on a decimal that matters: -x and abs(x) round to whatever precision the caller's thread has set.
"""

from __future__ import annotations

import decimal
from decimal import Decimal

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
