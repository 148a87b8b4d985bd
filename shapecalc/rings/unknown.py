"""Integers modulo a prime power with exp and log, of which nothing is used but that exp turns sums into products, and its series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from random import Random

from .modular import PRIME, Masked
from .ring import Unlucky

Monomial = tuple[tuple[int, int], ...]
"""Numbers that were drawn, each by its place in the list, and to which power."""
WIDEST = 4  # powers of drawn numbers that one value of exp may be made of; one that needs more is drawn itself
MOST = 1 << 7  # values of exp among which sums and differences are looked for


@dataclass(slots=True)
class Table:
    """What exp and log are at one point, by the residue of the argument.

    ``powers``: of which numbers in ``drawn`` exp of a residue is the product; ``values``: that product; ``logs``: log of a residue;
    ``tests``: how many pairs of residues were compared, any of which may have been equal by chance; ``up``, ``down``: the most powers
    of drawn numbers, and of their inverses, in one value of exp.
    """

    drawn: list[int] = field(default_factory=list)
    powers: dict[int, Monomial] = field(default_factory=lambda: {0: ()})
    logs: dict[int, int] = field(default_factory=lambda: {1: 0})
    values: dict[int, int] = field(default_factory=dict)
    tests: int = 0
    up: int = 0
    down: int = 0

    def __len__(self) -> int:
        return len(self.values) + len(self.logs) - 1


class Unknown(Masked):
    """Integers modulo p^k in which exp(r) is a number drawn for the residue r, and exp(r + p·w) = exp(r)·(1 + p·w + (p·w)²/2 + ...).

    The series of exp is exact there, a further term being a multiple of p^k, so that a difference quotient is the derivative. Where a
    residue is the sum or the difference of two others (or minus one), exp of it is the product or the quotient; where it is log(v), it
    is v. What holds for every such function holds for exp; what fails may still be true: this ring only ever confirms.
    """

    def __init__(
        self, random: Random, prime: int = PRIME, exponent: int = 1, masks: dict[int, int] | None = None, table: Table | None = None
    ) -> None:
        super().__init__(random, prime, exponent, masks)
        self.table = Table() if table is None else table

    def raised(self, exponent: int) -> Unknown:
        """The same integers modulo another power, with the same unknowns."""
        return Unknown(self.random, self.prime, exponent, self.masks, self.table)

    def knows(self, name: str) -> bool:
        """Comparisons, exp, log and what is made of them."""
        return name in _FUNCTIONS or super().knows(name)

    def each(self, name: str, columns: Sequence[Sequence[int]]) -> list[int]:
        """The function of each row of entries."""
        made = _FUNCTIONS.get(name)
        return super().each(name, columns) if made is None else made(self, *columns)

    def power2(self, a: int, b: int) -> int:
        """a ** b = exp(b · log(a))."""
        return self.exp([b * self.log([a])[0] % self.modulus])[0]

    def exp(self, a: Sequence[int]) -> list[int]:
        """exp of each entry."""
        p, modulus, values = self.prime, self.modulus, self.table.values
        self.table.tests += len(a) * len(values)
        out = []
        for x in a:
            r = x % p
            found = values.get(r)
            if found is None:
                found = values[r] = self._made(r)
            out.append(found if x == r else found * self._series(x - r) % modulus)
        return out

    def _series(self, step: int) -> int:
        """exp of a multiple of p."""
        total = term = 1
        for k in range(1, self.exponent):
            term = term * step * pow(k, -1, self.modulus) % self.modulus
            total += term
        return total

    def _made(self, r: int) -> int:
        """exp of a residue, from what it is made of."""
        table = self.table
        monomial = table.powers.get(r)
        if monomial is None:
            monomial = self._relation(r)
            if monomial is None:
                monomial = ((len(table.drawn), 1),)
                table.drawn.append(self._fresh())
            table.powers[r] = monomial
        up, down = _sides(monomial)
        table.up, table.down = max(table.up, up), max(table.down, down)
        out = 1
        for k, n in monomial:
            out = out * pow(table.drawn[k], n, self.prime) % self.prime
        table.logs.setdefault(out, r)
        return out

    def _fresh(self) -> int:
        drawn = self.random.getrandbits(self.prime.bit_length() - 1)
        if not drawn:
            raise Unlucky("a value of exp is 0")
        return drawn

    def _relation(self, r: int) -> Monomial | None:
        """exp of a residue that is minus another, or the sum or difference of two others; None where none is found."""
        table, p = self.table, self.prime
        powers = table.powers
        table.tests += 2 * min(len(powers), MOST)
        for a, monomial in islice(powers.items(), MOST):
            rest = powers.get((r - a) % p)
            if rest is not None and (found := _product(monomial, rest, 1)) is not None:
                return found
            rest = powers.get((a - r) % p)
            if rest is not None and (found := _product(monomial, rest, -1)) is not None:
                return found
        return None

    def log(self, a: Sequence[int]) -> list[int]:
        """log of each entry."""
        p, table = self.prime, self.table
        table.tests += len(a) * len(table.logs)
        out = []
        for x in a:
            r = x % p
            if r == 0:
                raise Unlucky("log of 0")
            found = table.logs.get(r)
            if found is None:
                found = table.logs[r] = self._fresh()
                table.powers[found] = ((len(table.drawn), 1),)
                table.values[found] = r
                table.drawn.append(r)
            out.append(found if x == r else (found + self._log_series((x - r) * pow(r, -1, self.modulus))) % self.modulus)
        return out

    def _log_series(self, step: int) -> int:
        """log of 1 and a multiple of p."""
        total, term = 0, -1
        for k in range(1, self.exponent):
            term = -term * step % self.modulus
            total += term * pow(k, -1, self.modulus)
        return total


def _sides(monomial: Monomial) -> tuple[int, int]:
    return sum([n for _, n in monomial if n > 0]), -sum([n for _, n in monomial if n < 0])


def _product(a: Monomial, b: Monomial, sign: int) -> Monomial | None:
    """The product or the quotient of two; None where it is made of too much."""
    powers = dict(a)
    for k, n in b:
        powers[k] = powers.get(k, 0) + sign * n
    out = tuple([(k, n) for k, n in powers.items() if n])
    return out if max(_sides(out)) <= WIDEST else None


def _hyperbolic(r: Unknown, a: Sequence[int], sign: int) -> list[int]:
    """exp(x) ± exp(-x)."""
    up = r.exp(a)
    return r.combined((up, r.inverses(up)), (1, sign))


def _half(r: Unknown, a: list[int]) -> list[int]:
    return r.scaled(a, r.lift(Fraction(1, 2)))


_FUNCTIONS: dict[str, Callable[..., list[int]]] = {
    "exp": Unknown.exp,
    "log": Unknown.log,
    "sinh": lambda r, a: _half(r, _hyperbolic(r, a, -1)),
    "cosh": lambda r, a: _half(r, _hyperbolic(r, a, 1)),
    "tanh": lambda r, a: r.dots(_hyperbolic(r, a, -1), r.inverses(_hyperbolic(r, a, 1)), 1),
}
