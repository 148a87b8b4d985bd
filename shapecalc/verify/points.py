"""Random values that respect what was declared: where formulas are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import product as indices
from math import prod
from random import Random
from typing import Any

from shapecalc.evaluate import Frame
from shapecalc.expr import Apply, Expr, Lit, Var, nodes, variables
from shapecalc.language.problem import Problem
from shapecalc.ops.linear_algebra import identity, product
from shapecalc.rings import Field, Floats, Modular, Real, Unlucky
from shapecalc.shapes import value
from shapecalc.tensor import Tensor

STRUCTURES = frozenset({"symmetric", "posdef", "diagonal", "triangular"})
BROAD = 8  # entries along an axis above which a matrix is scaled down, lest its products grow out of range
DIGITS = 9  # of a drawn real: enough to be in no special position, short enough to be multiplied fast


@dataclass(frozen=True, slots=True)
class Style:
    """How real values are drawn: |x| between low and high, of both signs or only positive, ``lift`` more on the diagonal.

    ``who``: "all" variables, the "needy", those that a function with a restricted domain depends on, or the "masks", which are
    multiplied by a large number; the others are drawn as in the first style. ``skew``: the share of negative numbers, if it is not
    half of them; matrices are then scaled by their size to ``matrices``, and vectors to ``vectors``, so that a deep chain neither
    dies out nor explodes. ``shrink``: how many digits further behind the point everything begins; ``near``: what it is added to.
    """

    low: float = 0.2
    high: float = 1.8
    positive: bool = False
    who: str = "all"
    lift: int = 0
    skew: float = 0.0
    matrices: float = 1.0
    vectors: float = 0.05
    shrink: int = 0
    near: int = 0


PLAIN = Style()
STYLES = (
    PLAIN,
    Style(0.05, 0.95, who="needy"),
    Style(0.05, 0.95, positive=True, who="needy"),
    Style(1.05, 2.5, positive=True, who="needy"),
    Style(0.2, 1.8, lift=6, who="needy"),
    Style(0.05, 0.95, positive=True),
    Style(0.2, 1.8, positive=True, lift=6),
)
MASK = 1000  # from which on a number may stand for an infinity that is added to scores
MASKED = Style(who="masks", shrink=9), Style(who="masks", shrink=9, near=1)  # -1e9 * mask, -1e9 * (1 - mask) are numbers like others


def deep(definitions: int) -> tuple[Style, ...]:
    """For long problems: the longer, the fewer negative numbers, since a single layer without a positive entry stops everything.

    Where each layer divides by its own size (a norm), all samples come out alike unless vectors are large and matrices small.
    """
    skew = max(0.02, min(0.16, 20 / definitions))
    return Style(0.5, 1.2, skew=skew), Style(0.5, 1.2, skew=skew, matrices=0.6, vectors=3.0)


def needy(problem: Problem) -> frozenset[str]:
    """The declared names that a function with a restricted domain depends on."""
    asked: set[str] = set()
    for body in problem.definitions.values():
        for node in nodes(body):
            if isinstance(node, Apply) and _restricted(node):
                asked.update(n for a in node.args for n in variables(a))
    return _declared(problem, asked)


def _declared(problem: Problem, asked: set[str]) -> frozenset[str]:
    """The declared names among these, and among what these are defined by."""
    for name in reversed(problem.definitions):
        if name in asked:
            asked.update(variables(problem.definitions[name]))
    return frozenset(asked & set(problem.declared))


def masks(problem: Problem) -> frozenset[str]:
    """The declared names in what is multiplied by a large number: (1 - M) * -1e9."""
    asked: set[str] = set()
    for body in problem.definitions.values():
        for node in nodes(body):
            if isinstance(node, Apply) and node.name == "mul" and any(_is_large(a) for a in node.args):
                asked.update(n for a in node.args for n in variables(a))
    return _declared(problem, asked)


ASKED: Mapping[str, Callable[[Problem], frozenset[str]]] = {"needy": needy, "masks": masks, "all": lambda _: frozenset()}


def _is_large(node: Expr) -> bool:
    while isinstance(node, Apply) and len(node.args) == 1:
        node = node.args[0]  # -1e9, spread
    return isinstance(node, Lit) and isinstance(node.value, Fraction) and abs(node.value) >= MASK


def _restricted(node: Apply) -> bool:
    if node.name == "power":
        return bool(node["k"].denominator != 1)
    return bool(node.op.domain) and node.name != "div"


class Sampler:
    """Draws values over a ring at given sizes."""

    def __init__(self, ring: Field, frame: Frame, random: Random, style: Style = PLAIN, asked: Iterable[str] = ()) -> None:
        self.ring = ring
        self.frame = frame
        self.random = random
        self.style = style
        self.asked = frozenset(asked)

    def free(self, shape: tuple[int, ...], style: Style = PLAIN) -> Tensor:
        """Entries without any structure."""
        ring, random = self.ring, self.random
        if isinstance(ring, Modular):
            bits, draw = ring.prime.bit_length() - 1, random.getrandbits  # from a set of 2^bits numbers, which the bound counts with
            return Tensor(shape, [draw(bits) for _ in range(prod(shape))])
        low, high = round(style.low * 10**DIGITS), round(style.high * 10**DIGITS)
        below = 0.0 if style.positive else style.skew or 0.5
        drawn = (random.randint(low, high) * (-1 if random.random() < below else 1) for _ in range(prod(shape)))
        digits = DIGITS + style.shrink
        if isinstance(ring, Floats):
            data: list[Any] = [style.near + x / 10**digits for x in drawn]
        else:
            data = [Decimal(style.near * 10**digits + x).scaleb(-digits, Real.context) for x in drawn]
        scale = 1.0
        if style.skew and shape:
            # a product with such a matrix keeps a positive vector's size on average, and the vectors that are added stay small
            mean = (style.low + style.high) / 2 * (1 - 2 * style.skew)
            scale = style.matrices * 2 / (mean * (shape[-1] + shape[-2])) if len(shape) > 1 else style.vectors
        elif len(shape) > 1 and max(shape) > BROAD:
            scale = (BROAD / max(shape)) ** 0.5
        return Tensor(shape, data if scale == 1.0 else ring.dots(data, [ring.lift(Fraction(scale))] * len(data), 1))

    def direction(self, shape: tuple[int, ...], structure: frozenset[str] = frozenset()) -> Tensor:
        """A direction to differentiate in: free entries, or those of a symmetric, diagonal or triangular matrix."""
        return structured(self.free(shape), structure, self.ring.lift(Fraction(0))) if structure else self.free(shape)

    def value(self, v: Var) -> Tensor:
        """A value of a declared variable."""
        shape, own, style = self.frame.shape(v.shape), v.properties, self.style
        if not own and not style.lift and (style.who == "all" or v.name in self.asked):
            return self.free(shape, style)
        if style.who != "all" and v.name not in self.asked:
            style = PLAIN
        if own & {"onehot", "onehot_columns"}:
            return self.onehot(shape, 0 if "onehot_columns" in own else len(shape) - 1)
        if own & {"positive", "nonnegative", "probabilities"} and not style.positive:
            style = replace(style, positive=True, lift=0)
        if "probabilities" in own:
            return self.probabilities(shape, style)
        if "orthogonal" in own:
            return self.orthogonal(shape, own, style)
        return self.matrix(shape, own, style)

    def matrix(self, shape: tuple[int, ...], own: frozenset[str], style: Style) -> Tensor:
        """Free entries, or a matrix that is symmetric, positive definite, diagonal or triangular."""
        ring = self.ring
        out = self.free(shape, style)
        if style.lift and len(shape) == 2 and shape[0] == shape[1]:
            lift = ring.lift(Fraction(style.lift))
            out = out.indexed(lambda index, x: ring.total((x, lift)) if index[0] == index[1] else x)
        if "posdef" in own and not isinstance(ring, Modular) and "diagonal" not in own:
            rows = out.rows()
            squared = product(ring, rows, [list(c) for c in zip(*rows, strict=True)])
            half = [ring.lift(Fraction(1, 2))] * len(rows)
            one = identity(ring, len(rows))
            return out.of_rows([ring.dots(ring.combined(pair, (1, 1)), half, 1) for pair in zip(squared, one, strict=True)])
        if own & {"posdef", "diagonal"} == {"posdef", "diagonal"} and not isinstance(ring, Modular):
            out = out.mapped(lambda x: max(x, ring.negative(x)))
        return structured(out, own, ring.lift(Fraction(0)))

    def onehot(self, shape: tuple[int, ...], axis: int) -> Tensor:
        """A single 1 along an axis, zeros elsewhere."""
        one, zero = self.ring.lift(Fraction(1)), self.ring.lift(Fraction(0))
        places: dict[tuple[int, ...], int] = {}

        def pick(index: tuple[int, ...], _: Any) -> Any:
            place = places.setdefault((*index[:axis], *index[axis + 1 :]), self.random.randrange(shape[axis]))
            return one if index[axis] == place else zero

        return Tensor(shape, [zero] * prod(shape)).indexed(pick)

    def probabilities(self, shape: tuple[int, ...], style: Style) -> Tensor:
        """Positive entries that add up to 1 along the last axis."""
        n, data = shape[-1], self.free(shape, style).data
        out: list[Any] = []
        for k in range(0, len(data), n):
            scale = self.ring.inverse(self.ring.total(data[k : k + n]))
            out += self.ring.dots(data[k : k + n], [scale] * n, 1)
        return Tensor(shape, out)

    def orthogonal(self, shape: tuple[int, ...], own: frozenset[str], style: Style) -> Tensor:
        """Orthonormal columns: Cayley's (I - K) inv(I + K) of a skew K; a reflection where it is to be symmetric as well."""
        ring, n = self.ring, shape[0]
        if shape[1] > n:
            raise Unlucky("orthonormal columns need as many rows")
        one = identity(ring, n)
        if own & {"symmetric", "diagonal", "posdef"}:
            v = self.free((n,), style).data
            scale = ring.mul(ring.lift(Fraction(-2)), ring.inverse(ring.dots(v, v, n)[0]))
            rows = [[ring.total((one[i][j], ring.mul(scale, ring.mul(v[i], v[j])))) for j in range(n)] for i in range(n)]
        else:
            k = self.free((n, n), style).rows()
            skew = [[k[i][j] if i < j else ring.negative(k[j][i]) if j < i else ring.lift(Fraction(0)) for j in range(n)] for i in range(n)]
            minus = [ring.combined((a, b), (1, -1)) for a, b in zip(one, skew, strict=True)]
            plus = [ring.combined((a, b), (1, 1)) for a, b in zip(one, skew, strict=True)]
            rows = product(ring, minus, ring.inverted(plus))
        return Tensor(shape, [x for row in rows for x in row[: shape[1]]])


def structured(a: Tensor, own: frozenset[str], zero: Any) -> Tensor:
    """A matrix made symmetric, diagonal or (lower) triangular by its own entries."""
    if "diagonal" in own:
        return a.indexed(lambda index, x: x if index[0] == index[1] else zero)
    if own & {"symmetric", "posdef"}:
        return a.indexed(lambda index, _: a[max(index), min(index)])
    if "triangular" in own:
        return a.indexed(lambda index, x: x if index[0] >= index[1] else zero)
    return a


def is_structured(a: Tensor, own: frozenset[str]) -> bool:
    """Whether a matrix has the structure, to all digits but the last few."""
    made = structured(a, own, a.data[0] - a.data[0])
    if isinstance(a.data[0], int):
        return made.data == a.data
    scale = max(map(abs, a.data))
    return all(abs(x - y) <= scale * Decimal("1e-25") for x, y in zip(a.data, made.data, strict=True))


def distinct(shape: tuple[int, ...], own: frozenset[str]) -> Iterator[int]:
    """The places of the entries that such a matrix is determined by."""
    for place, index in enumerate(indices(*map(range, shape))):
        if "diagonal" in own:
            if index[0] == index[1]:
                yield place
        elif not own & {"symmetric", "posdef", "triangular"} or index[0] >= index[1]:
            yield place


def degrees_of(v: Var, sizes: Mapping[str, int]) -> tuple[int, int]:
    """What degree the entries of a drawn value have, as quotients of polynomials in the numbers that were drawn."""
    if "orthogonal" in v.properties:
        n = value(v.shape[0], sizes)
        return (2, 2) if v.properties & {"symmetric", "diagonal", "posdef"} else (n, n)
    if "onehot" in v.properties or "onehot_columns" in v.properties:
        return (0, 0)
    return (1, 1) if "probabilities" in v.properties else (1, 0)
