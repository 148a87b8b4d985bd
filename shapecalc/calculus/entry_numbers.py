"""The element-wise view with numbers: entries evaluated over a ring, small integers to follow with a pencil, random points to check at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import count
from math import prod
from random import Random
from typing import Any

from shapecalc.expr import Var
from shapecalc.rings import Field, Unlucky, Unsupported
from shapecalc.tensor import Tensor

from .entry_graph import Node, Number, reached

Whole = Callable[[], Number]
Draws = Callable[[int], Whole]  # numbers for the k-th tensor
TURNS = 36


class Exact(Field):
    """Fractions: what a pencil computes. On a kink it asks for other numbers (`Unlucky`)."""

    exact = True

    def lift(self, value: Fraction) -> Fraction:
        """A number."""
        return Fraction(value)

    def total(self, values: Iterable[Fraction]) -> Fraction:
        """A sum."""
        return sum(values, Fraction(0))

    def mul(self, a: Fraction, b: Fraction) -> Fraction:
        """A product."""
        return a * b

    def negative(self, a: Fraction) -> Fraction:
        """Minus a."""
        return -a

    def inverse(self, a: Fraction) -> Fraction:
        """1/a."""
        if not a:
            raise Unlucky("a denominator is 0")
        return 1 / a

    def size(self, a: Fraction) -> int:
        """1 for a pivot that can be divided by."""
        return int(a != 0)

    def is_zero(self, a: Fraction) -> bool:
        """Whether a is 0."""
        return not a

    def power(self, a: Fraction, exponent: Fraction) -> Fraction:
        """a to a whole power; roots are for reals."""
        if exponent.denominator != 1 or abs(exponent.numerator) > 1000:
            raise Unsupported("a root")
        k = exponent.numerator
        return a**k if k >= 0 else self.inverse(a) ** -k

    def power2(self, a: Fraction, b: Fraction) -> Fraction:
        """a ** b where b is whole."""
        return self.power(a, b)

    def function(self, name: str, *args: Fraction) -> Fraction:
        """No function of a fraction is one."""
        raise Unsupported(name)

    def test(self, name: str, a: Fraction, b: Fraction) -> bool:
        """A comparison of different numbers."""
        if a == b and name != "equal":
            raise Unlucky("on a kink")
        return _holds(name, a, b)

    def same(self, a: Fraction, b: Fraction) -> bool:
        """Equality."""
        return a == b


class Even(Exact):
    """Fractions that may be equal: where z < 0 and H = relu(z), the 0 of H > 0 is on no kink of the problem."""

    def test(self, name: str, a: Fraction, b: Fraction) -> bool:
        """A comparison of any numbers."""
        return _holds(name, a, b)


def _holds(name: str, a: Fraction, b: Fraction) -> bool:
    return {"greater": a > b, "less": a < b, "greater_equal": a >= b, "less_equal": a <= b, "equal": a == b}[name]


class Valued(dict[Node, Any]):
    """The values of nodes; those of the entries of named tensors are taken from env."""

    def __init__(self, env: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.env = env

    def __missing__(self, leaf: Node) -> Any:
        grid, k = leaf.data
        return self.env[grid.name].data[k]


def valued(roots: Iterable[Node], ring: Any, env: Mapping[str, Tensor]) -> list[Any]:
    """The values of nodes over a ring."""
    roots = list(roots)
    done = Valued(env)
    for node in reached(roots):
        done[node] = _value(node, ring, [done[a] for a in node.args], done)
    return [done[r] for r in roots]


def _value(node: Node, ring: Any, args: list[Any], done: Valued) -> Any:
    """The value of one node, its arguments being valued."""
    match node.kind:
        case "const":
            return ring.lift(Fraction(node.data))
        case "sum":
            return ring.total(args)
        case "dot":
            left, right = node.data
            return ring.total([ring.mul(done[a], done[b]) for a, b in zip(left.nodes, right.nodes, strict=True)])
        case "prod":
            c, exponents = node.data
            out = None if c == 1 else ring.lift(Fraction(c))
            for a, k in zip(args, exponents, strict=True):
                factor = a if k == 1 else ring.power(a, Fraction(k))
                out = factor if out is None else ring.mul(out, factor)
            return out
        case "call":
            return _called(node.data, ring, args)
        case "pow":
            return ring.power2(*args)
        case "test":
            return ring.lift(Fraction(int(ring.test(node.data, *args))))
        case "where":
            return args[2] if ring.is_zero(args[0]) else args[1]
    best = args[0]
    for x in args[1:]:
        best = x if ring.test("greater" if node.kind == "max" else "less", x, best) else best
    return best


def _called(name: str, ring: Any, args: list[Any]) -> Any:
    """A function; those with a kink by comparison."""
    if name not in ("relu", "abs", "sign"):
        return ring.function(name, *args)
    (x,), zero = args, ring.lift(Fraction(0))
    above, below = ring.test("greater", x, zero), ring.test("less", x, zero)
    if name == "relu":
        return x if above else zero
    sign = ring.lift(Fraction(int(above) - int(below)))
    return sign if name == "sign" else ring.mul(sign, x)


# The k-th row of digits is for the k-th tensor: small, without 0, and different enough that a reader sees where a number came from.
ROWS = ("123456789", "1213212311323121", "2132", "3142523415", "214365", "531246", "12", "4213")


def pencils(kinks: bool, functions: bool) -> Iterator[Draws]:
    """Small whole numbers, the same every time; of both signs first where there are kinks, and tenths where there are functions."""
    signs = kinks or functions
    return (partial(_pencil, turn, signs and turn % 3 != 2, 10 if functions else 1) for turn in range(TURNS))


def _pencil(turn: int, signs: bool, scale: int, which: int) -> Whole:
    """The numbers of one tensor."""
    digits = ROWS[(which + turn) % len(ROWS)]
    places = count(3 * turn)

    def draw() -> Number:
        k = next(places)
        n = Fraction(int(digits[k % len(digits)]), scale)
        return -n if signs and (k * 5 + which + turn) % 7 in (2, 5) else n

    return draw


def random_draws(seed: int) -> Iterator[Draws]:
    """Random fractions: of both signs, then positive, then small, as the domains of functions may ask."""
    random = Random(seed)  # noqa: S311 - points of a check, the same every time
    for turn in range(TURNS):
        low, scale = ((-15, 7), (1, 9), (1, 32))[turn % 3]
        yield partial(_random, random, [k for k in range(low, 16) if k], scale)


def _random(random: Random, choices: list[int], scale: int, _: int) -> Whole:
    return lambda: Fraction(random.choice(choices), scale)


def fitting(variable: Var, shape: tuple[int, ...], draw: Whole) -> Tensor:
    """Numbers of that shape which are what the variable is declared to be."""
    words = variable.properties
    if words & {"onehot", "onehot_columns", "probabilities"}:
        return _rows(words, shape, draw)
    data = [Fraction(draw()) for _ in range(prod(shape))]
    if words & {"positive", "nonnegative"}:
        data = [abs(x) for x in data]
    if len(shape) == 2 and shape[0] == shape[1]:
        data = _square(words, shape[0], data)
    elif "orthogonal" in words:
        data = [Fraction(int(i == j)) for i in range(shape[0]) for j in range(shape[1])]
    return Tensor(shape, data)


def _square(words: frozenset[str], n: int, data: list[Fraction]) -> list[Fraction]:
    """A square matrix with the declared properties."""
    at = [(i, j) for i in range(n) for j in range(n)]
    if "orthogonal" in words:
        # Householder: I - 2 v v' / v'v is orthogonal for every v
        v = [x or Fraction(1) for x in data[:n]]
        norm = sum(x * x for x in v)
        return [int(i == j) - 2 * v[i] * v[j] / norm for i, j in at]
    if words & {"symmetric", "posdef"}:
        data = [data[min(i, j) * n + max(i, j)] for i, j in at]
    if "diagonal" in words:
        data = [x if i == j else Fraction(0) for x, (i, j) in zip(data, at, strict=True)]
    if "triangular" in words:
        data = [x if i >= j else Fraction(0) for x, (i, j) in zip(data, at, strict=True)]
    if words & {"posdef", "invertible"}:
        # a diagonal that outweighs its row
        data = [sum((abs(x) for x in data[i * n:i * n + n]), Fraction(1)) if i == j else x for x, (i, j) in zip(data, at, strict=True)]
    return data


def _rows(words: frozenset[str], shape: tuple[int, ...], draw: Whole) -> Tensor:
    """One-hot, or numbers that sum to 1, along the last axis (the first for onehot_columns)."""
    columns = "onehot_columns" in words and len(shape) == 2
    n, lines = (shape[0] if columns else shape[-1]), prod(shape) // (shape[0] if columns else shape[-1])
    rows: list[list[Fraction]] = []
    for _ in range(lines):
        if "probabilities" in words:
            parts = [abs(Fraction(draw())) for _ in range(n)]
            rows.append([p / sum(parts) for p in parts])
        else:
            rows.append([Fraction(int(k == hot)) for hot in (abs(draw().numerator) % n,) for k in range(n)])
    if columns:
        rows = [list(r) for r in zip(*rows, strict=True)]
    return Tensor(shape, [x for r in rows for x in r])


def shown(value: Any, digits: int = 4) -> str:
    """A number for a reader: whole numbers and fractions exactly, reals rounded.

    >>> shown(Fraction(-3, 4)), shown(Fraction(7)), shown(Decimal("0.76159415595576"))
    ('-3/4', '7', '0.7616')
    """
    if isinstance(value, Fraction):
        return str(value)
    if value == 0:
        return "0"
    rounded = round(Decimal(value), max(0, digits - 1 - max(-1, Decimal(value).adjusted())))
    return format(rounded.normalize(), "f")
