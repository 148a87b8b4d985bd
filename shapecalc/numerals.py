"""Numbers and sizes as text, with how tightly it binds."""

from __future__ import annotations

from fractions import Fraction

from .shapes import Dim

COMPARISON, SUM, NEGATIVE, PRODUCT, POWER, POSTFIX, ATOM = range(7)


def number(value: Fraction) -> tuple[str, int]:
    """An exact number: an integer, a decimal where that is short, or a quotient."""
    if value < 0:
        return "-" + number(-value)[0], NEGATIVE
    if value.denominator == 1:
        return str(value.numerator), ATOM
    quotient = f"{value.numerator}/{value.denominator}"
    places = next((k for k in range(1, 31) if 10**k % value.denominator == 0), 0)
    scaled = value.numerator * 10**places // value.denominator
    if places >= 5 and scaled < 100:
        return f"{scaled}e-{places}", ATOM  # 1e-6, not 1/1000000
    whole, rest = divmod(scaled, 10**places)
    decimal = f"{whole}.{rest:0{places}d}"
    if 0 < places <= 4 or (places and len(decimal) <= len(quotient)):
        return decimal, ATOM
    return quotient, PRODUCT


def dimension(dim: Dim) -> tuple[str, int]:
    """A size as a number in a formula."""
    written = str(dim)
    return written, SUM if " " in written else PRODUCT if "*" in written else ATOM
