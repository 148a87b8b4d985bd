"""What a ring must offer for a formula to be evaluated over it, and what can be made of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any


class Unsupported(Exception):
    """The ring has no such function (exp has no meaning modulo a prime)."""


class Unlucky(Exception):
    """The random point is on a pole, a kink or outside the domain: draw again."""


class Ring:
    """One entry at a time (the first methods), and whole rows of entries in terms of that, to be overridden by something faster."""

    exact = False

    def lift(self, value: Fraction) -> Any:
        """A fraction as an element."""
        raise NotImplementedError

    def total(self, values: Iterable[Any]) -> Any:
        """A sum."""
        raise NotImplementedError

    def mul(self, a: Any, b: Any) -> Any:
        """A product."""
        raise NotImplementedError

    def negative(self, a: Any) -> Any:
        """Minus a."""
        raise NotImplementedError

    def inverse(self, a: Any) -> Any:
        """1/a, Unlucky where there is none."""
        raise NotImplementedError

    def power(self, a: Any, exponent: Fraction) -> Any:
        """A fixed power, Unsupported where it has no meaning."""
        raise NotImplementedError

    def power2(self, a: Any, b: Any) -> Any:
        """a ** b."""
        raise Unsupported("a variable exponent")

    def function(self, name: str, *args: Any) -> Any:
        """A named function, Unsupported where it has no meaning."""
        raise Unsupported(name)

    def test(self, name: str, a: Any, b: Any) -> bool:
        """A comparison."""
        raise Unsupported(name)

    def knows(self, name: str) -> bool:
        """Whether `each` has the operation of this name, in place of its formula or of its value in the rule book."""
        return False

    def each(self, name: str, columns: Sequence[Sequence[Any]]) -> list[Any]:
        """A function that the ring knows, entry by entry."""
        return [self.function(name, *entries) for entries in zip(*columns, strict=True)]

    def dots(self, a: Sequence[Any], b: Sequence[Any], n: int) -> list[Any]:
        """Σ a·b over each run of n entries."""
        return self.runs(list(map(self.mul, a, b)), n)

    def inner(self, a: Sequence[Any], b: Sequence[Any]) -> Any:
        """Σ a·b."""
        return self.dots(a, b, len(a))[0]

    def scaled(self, a: Sequence[Any], by: Any) -> list[Any]:
        """Each entry times the same number."""
        return self.dots(a, [by] * len(a), 1)

    def moved(self, a: Sequence[Any], steps: Sequence[tuple[Any, Sequence[Any]]]) -> Sequence[Any]:
        """a + Σ step · direction."""
        for step, direction in steps:
            a = self.combined((a, self.scaled(direction, step)), (1, 1))
        return a

    def negatives(self, a: Sequence[Any]) -> list[Any]:
        """Minus each entry."""
        return list(map(self.negative, a))

    def runs(self, a: Sequence[Any], n: int) -> list[Any]:
        """The sum of each run of n entries."""
        return list(a) if n == 1 else [self.total(a[k : k + n]) for k in range(0, len(a), n)]

    def combined(self, columns: Sequence[Sequence[Any]], signs: Sequence[int]) -> list[Any]:
        """The sum of several rows of entries with signs."""
        signed = [c if s == 1 else list(map(self.negative, c)) for c, s in zip(columns, signs, strict=True)]
        return list(map(self.total, zip(*signed, strict=True)))

    def inverses(self, a: Sequence[Any]) -> list[Any]:
        """1/a for each entry."""
        return list(map(self.inverse, a))

    def powers(self, a: Sequence[Any], exponent: Fraction) -> list[Any]:
        """Each entry to a fixed power."""
        return [self.power(x, exponent) for x in a]


class Adapted(Ring):
    """A ring that has only what one entry at a time needs."""

    def __init__(self, ring: Any) -> None:
        self.ring = ring
        for name in ("lift", "total", "mul", "negative", "inverse", "power", "power2", "function", "test", "knows"):
            if hasattr(ring, name):
                setattr(self, name, getattr(ring, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ring, name)


class Field(Ring):
    """A ring of numbers, in which linear systems are solved by elimination."""

    def size(self, a: Any) -> Any:
        """How good a pivot is; 0 for one that cannot be divided by."""
        raise NotImplementedError

    def eliminated(self, rows: Sequence[Sequence[Any]]) -> tuple[list[list[Any]], Any]:
        """The rows, a square matrix and what stands beside it, with the square made the identity; and its determinant."""
        a, det = [list(row) for row in rows], self.lift(Fraction(1))
        for k in range(len(a)):
            best = max(range(k, len(a)), key=lambda r: self.size(a[r][k]))
            if not self.size(a[best][k]):
                raise Unlucky("a matrix is singular")
            if best != k:
                a[k], a[best], det = a[best], a[k], self.negative(det)
            det = self.mul(det, a[k][k])
            scale = self.inverse(a[k][k])
            a[k] = self.dots(a[k], [scale] * len(a[k]), 1)
            for r, row in enumerate(a):
                if r != k:
                    a[r] = self.combined((row, self.dots(a[k], [row[k]] * len(row), 1)), (1, -1))
        return a, det

    def inverted(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """The inverse of a square matrix."""
        n, one, zero = len(rows), self.lift(Fraction(1)), self.lift(Fraction(0))
        wide = [[*row, *(one if i == j else zero for j in range(n))] for i, row in enumerate(rows)]
        return [row[n:] for row in self.eliminated(wide)[0]]

    def determinant(self, rows: Sequence[Sequence[Any]]) -> Any:
        """The determinant; of a singular matrix too, as far as the ring can tell that it is 0."""
        return self.eliminated(rows)[1]
