"""Integers modulo a power of a prime, and the same with unknowns for comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import gcd, prod
from operator import add, mul, neg, sub
from random import Random

from .ring import Field, Unlucky, Unsupported

PRIME = (1 << 61) - 1  # at a prime at least so large, one point lets a false identity of degree d through with probability below d / PRIME
_SMALL = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
_SINCLAIR = (2, 325, 9375, 28178, 450775, 9780504, 1795265022)
_PRODUCT = prod((*_SMALL, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127))


def random_prime(random: Random, bits: int = 61) -> int:
    """A prime between 2^bits and twice that which nobody could know beforehand: no formula can be made to vanish modulo it.

    Miller and Rabin's test to the first thirteen primes decides below 3.3e24 (Sorenson & Webster, 2017), up to 80 bits, and to
    Sinclair's seven bases below 2^64.
    """
    bases = _SINCLAIR if 32 < bits < 64 else _SMALL
    while True:
        n = random.getrandbits(bits) | 1 << bits | 1
        if gcd(n, _PRODUCT) == 1 and all(_passes(n, base) for base in bases):
            return n


def _passes(n: int, base: int) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    x = pow(base, odd, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


class Modular(Field):
    """Integers modulo a prime, or a power of it (where a difference quotient with step p is an exact derivative)."""

    exact = True

    def __init__(self, prime: int = PRIME, square: bool = False, exponent: int = 1) -> None:
        self.prime = prime
        self.exponent = 2 if square else exponent
        self.modulus: int = prime**self.exponent

    def raised(self, exponent: int) -> Modular:
        """The same integers modulo another power of the prime."""
        return Modular(self.prime, exponent=exponent)

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

    def size(self, a: int) -> int:
        """1 for a unit."""
        return int(a % self.prime != 0)

    def determinant(self, rows: Sequence[Sequence[int]]) -> int:
        """0 where no pivot is left, which only a field can say."""
        try:
            return int(self.eliminated(rows)[1])
        except Unlucky:
            if self.exponent == 1:
                return 0
            raise

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

    def dots(self, a: Sequence[int], b: Sequence[int], n: int) -> list[int]:
        """Σ a·b over each run of n entries: one reduction for each sum."""
        modulus = self.modulus
        if n == 1:
            return [x * y % modulus for x, y in zip(a, b, strict=True)]
        return self.runs(list(map(mul, a, b)), n)

    def inner(self, a: Sequence[int], b: Sequence[int]) -> int:
        """Σ a·b, reduced once."""
        total: int = sum(map(mul, a, b))
        return total % self.modulus

    def scaled(self, a: Sequence[int], by: int) -> list[int]:
        """Each entry times the same number."""
        modulus = self.modulus
        return [x * by % modulus for x in a]

    def moved(self, a: Sequence[int], steps: Sequence[tuple[int, Sequence[int]]]) -> Sequence[int]:
        """a + Σ step · direction."""
        modulus = self.modulus
        for step, direction in steps:
            a = [(x + step * v) % modulus for x, v in zip(a, direction, strict=True)]
        return a

    def negatives(self, a: Sequence[int]) -> list[int]:
        """Minus each entry."""
        modulus = self.modulus
        return [-x % modulus for x in a]

    def runs(self, a: Sequence[int], n: int) -> list[int]:
        """The sum of each run of n entries: column by column where the runs are many, which is one call for each column."""
        modulus = self.modulus
        if n == 1:
            return [x % modulus for x in a]
        if n * n > len(a):
            return [sum(a[k : k + n]) % modulus for k in range(0, len(a), n)]
        out = a[::n]
        for k in range(1, n):
            out = list(map(add, out, a[k::n]))
        return [x % modulus for x in out]

    def combined(self, columns: Sequence[Sequence[int]], signs: Sequence[int]) -> list[int]:
        """The sum of several rows of entries with signs."""
        modulus = self.modulus
        out = columns[0] if signs[0] == 1 else list(map(neg, columns[0]))
        for column, sign in zip(columns[1:], signs[1:], strict=True):
            out = list(map(add if sign == 1 else sub, out, column))
        return [x % modulus for x in out]

    def inverses(self, a: Sequence[int]) -> list[int]:
        """1/a for each entry, with one inversion for all (Montgomery's trick)."""
        if len(a) < 3:
            return list(map(self.inverse, a))
        so_far, out, modulus = 1, [], self.modulus
        for x in a:
            out.append(so_far)
            so_far = so_far * x % modulus
        back = self.inverse(so_far)
        for k in range(len(a) - 1, -1, -1):
            out[k] = out[k] * back % modulus
            back = back * a[k] % modulus
        return out

    def powers(self, a: Sequence[int], exponent: Fraction) -> list[int]:
        """Each entry to a fixed power."""
        if exponent == 2:
            modulus = self.modulus
            return [x * x % modulus for x in a]
        return self.inverses(a) if exponent == -1 else [self.power(x, exponent) for x in a]


class Masked(Modular):
    """Integers modulo a prime power in which a comparison is an unknown: a > b has a random value that hangs on a - b alone.

    What holds for unknown masks holds for the true ones, and the bound of a random point covers them as further variables; what
    fails may still be true (where order and arithmetic go together: 2x > 0 is x > 0), so that this ring only ever confirms.
    """

    def __init__(self, random: Random, prime: int = PRIME, exponent: int = 1, masks: dict[int, int] | None = None) -> None:
        super().__init__(prime, exponent=exponent)
        self.random = random
        self.masks: dict[int, int] = {} if masks is None else masks

    def raised(self, exponent: int) -> Masked:
        """The same integers modulo another power, with the same masks: a step of size p changes none."""
        return Masked(self.random, self.prime, exponent, self.masks)

    def knows(self, name: str) -> bool:
        """Comparisons and what is made of one."""
        return name in _MASKED

    def sides(self, gaps: Sequence[int]) -> list[int]:
        """For each difference a - b the unknown that says whether a > b; 0 where there is no difference."""
        p = self.prime
        return self._sides(gaps if self.exponent == 1 else [gap % p for gap in gaps], gaps)

    def _sides(self, keys: Sequence[int], gaps: Sequence[int]) -> list[int]:
        """The same; the keys are the differences modulo p, of which one of each pair that are minus each other is kept."""
        masks, p = self.masks, self.prime
        found = list(map(masks.get, keys))
        if None not in found:
            return found  # type: ignore[return-value]
        bits, draw = p.bit_length() - 1, self.random.getrandbits
        opposite = {p - key for key in keys}
        new = found.count(None) == len(opposite) == len(keys) and p not in opposite and opposite.isdisjoint(keys)
        if new and masks.keys().isdisjoint(opposite):
            fresh = [draw(bits) for _ in keys]
            masks.update(zip(keys, fresh, strict=True))
            return fresh
        return [self._side(key, gap) for key, gap in zip(keys, gaps, strict=True)]

    def _side(self, key: int, gap: int) -> int:
        """The same for one difference, which may have been met before, or minus that, or be 0."""
        masks, p = self.masks, self.prime
        found = masks.get(key)
        if found is None and (other := masks.get(p - key)) is not None:
            found = (1 - other) % p  # so that a > b and b > a are 1 together
        elif found is None and key:
            found = masks[key] = self.random.getrandbits(p.bit_length() - 1)
        elif found is None:
            if gap:
                raise Unlucky("on a kink")
            found = 0
        return found

    def over(self, gaps: Sequence[int]) -> list[int]:
        """Each difference where it is positive, else 0; of it the same comparison is the same unknown: relu(x) > 0 is x > 0."""
        p, modulus, masks = self.prime, self.modulus, self.masks
        residues = gaps if self.exponent == 1 else [gap % p for gap in gaps]
        sides = self._sides(residues, gaps)
        held = [side * gap % modulus for side, gap in zip(sides, gaps, strict=True)]
        keys = held if self.exponent == 1 else [x % p for x in held]
        if not masks.keys() >= set(keys):
            masks.update(zip(keys, sides, strict=True))
            # what the opposite comparison leaves of b - a
            masks.update(zip([(key - r) % p for key, r in zip(keys, residues, strict=True)], [(1 - s) % p for s in sides], strict=True))
            masks.pop(0, None)  # no difference is no comparison
        return held

    def each(self, name: str, columns: Sequence[Sequence[int]]) -> list[int]:
        """The function of each row of entries."""
        made = _MASKED.get(name)
        if made is None:
            raise Unsupported(name)
        return made(self, *columns)

    def function(self, name: str, *args: int) -> int:
        """A comparison, or a choice by one."""
        return self.each(name, [(a,) for a in args])[0]


def _greater(r: Masked, a: Sequence[int], b: Sequence[int]) -> list[int]:
    return r.sides(r.combined((a, b), (1, -1)))


def _greater_equal(r: Masked, a: Sequence[int], b: Sequence[int]) -> list[int]:
    gaps = r.combined((a, b), (1, -1))
    return [side if gap else 1 for side, gap in zip(r.sides(gaps), gaps, strict=True)]


def _equal(r: Masked, a: Sequence[int], b: Sequence[int]) -> list[int]:
    gaps = r.combined((a, b), (1, -1))
    r.sides(gaps)  # a step from equal to unequal is a kink
    return [int(not gap) for gap in gaps]


def _larger(r: Masked, a: Sequence[int], b: Sequence[int]) -> list[int]:
    return r.combined((b, r.over(r.combined((a, b), (1, -1)))), (1, 1))


def _smaller(r: Masked, a: Sequence[int], b: Sequence[int]) -> list[int]:
    return r.combined((b, r.over(r.combined((b, a), (1, -1)))), (1, -1))


def _sign(r: Masked, a: Sequence[int]) -> list[int]:
    modulus = r.modulus
    return [(2 * side - 1) % modulus if x else 0 for side, x in zip(r.sides(a), a, strict=True)]


_MASKED: dict[str, Callable[..., list[int]]] = {
    "greater": _greater,
    "less": lambda r, a, b: _greater(r, b, a),
    "greater_equal": _greater_equal,
    "less_equal": lambda r, a, b: _greater_equal(r, b, a),
    "equal": _equal,
    "maximum": _larger,
    "minimum": _smaller,
    "relu": Masked.over,
    "abs": lambda r, a: r.dots(_sign(r, a), a, 1),
    "sign": _sign,
}
