"""Where mends are tried: random points in floating point, and how one value relates to another there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, isnan, nan
from typing import Any

from ..calculus.texts import meaning
from ..errors import ShapecalcError
from ..evaluate import Frame, evaluate
from ..expr import Expr
from ..rings import Floats, Unlucky, Unsupported
from ..shapes import Shape, strip
from ..tensor import Tensor
from ..verify.general import General
from ..verify.judge import Judge
from ..verify.trial import Trial
from ..verify.trials import FLOAT, REAL, Trials
from ..verify.undecided import Undecided

RING = Floats()
CLOSE = 1e-8  # of the largest entry: what counts as equal here; the judge confirms every match
ZERO = 1e-12  # below which a number is none
MISHAPS = (Unlucky, Unsupported, ArithmeticError, ValueError, TypeError, ShapecalcError, KeyError)
KEPT = 20_000  # values that are remembered
MOST = 3  # points: two tuples of different sizes and one of equal ones
SMALL = 5  # points at the sizes at which entries are shown: a relu of two entries is dead at one in four
Values = tuple[Tensor, ...]


class Spot:
    """One random point: sizes, and the value of every name.

    ``general``: of a problem whose sizes are large numbers the one with any sizes in their place, which the point is one of.
    """

    def __init__(self, frame: Mapping[str, int], env: Mapping[str, Tensor], general: General | None = None) -> None:
        self.frame = Frame(frame)
        self.env = dict(env)
        self.general = general
        self.memo: dict[Expr, Tensor] = {}

    def again(self) -> Spot:
        """The same point, for names that have other values."""
        return Spot(self.frame, self.env, self.general)

    def known(self, e: Expr) -> Tensor | None:
        """The value of a formula that was evaluated here before."""
        try:
            return self.memo.get(e if self.general is None else self.general.formula(e))
        except MISHAPS:
            return None

    def value(self, e: Expr) -> Tensor | None:
        """The value of a formula; None where it has none."""
        if len(self.memo) > KEPT:
            self.memo.clear()
        try:
            return evaluate(RING, e if self.general is None else self.general.formula(e), self.env, self.frame, meaning, self.memo)
        except MISHAPS:
            return None


class Bench:
    """The points at which mends are tried, and how much has been tried.

    A new formula is evaluated at the first point, and only if it passes there at the others.
    """

    def __init__(self, trials: Trials, general: General | None = None, points: Sequence[Trial] | None = None) -> None:
        drawn = _drawn(trials) if points is None else points
        self.spots = [Spot(t.frame, {n: v.mapped(float) for n, v in t.env.items()}, general) for t in drawn]
        self.general = general
        self.tried = 0
        self.trials = trials
        self._small: list[Trial] = []
        self.judges: dict[tuple[str, str], Judge] = {}  # of the problem with something more declared
        self.kept: dict[tuple[object, ...], Any] = {}  # what was worked out at these points for all claims about one truth

    def small(self, sizes: Mapping[str, int]) -> Iterator[Trial]:
        """Points at the sizes at which entries are shown, each drawn when it is first asked for."""
        for k in range(SMALL):
            if k == len(self._small):
                self._small.append(self.trials.draw(FLOAT, sizes=self._small[0].frame if k else sizes))
            yield self._small[k]

    def values(self, e: Expr) -> Values | None:
        """The value at every point."""
        self.tried += 1
        out = []
        for spot in self.spots:
            value = spot.value(e)
            if value is None or not all(map(isfinite, value.data)):
                return None
            out.append(value)
        return tuple(out)

    def factor(self, e: Expr, target: Values, back: bool = False) -> tuple[float, ...] | None:
        """k at each point where these values are k times those of a formula (`back`: the other way round); None where they are not.

        Mostly one point is enough.
        """
        self.tried += 1
        out = []
        for spot, wanted in zip(self.spots, target, strict=True):
            value = spot.value(e)
            if value is None or not all(map(isfinite, value.data)):
                return None
            k = _factor(value.data, wanted.data) if back else _factor(wanted.data, value.data)
            if k is None:
                return None
            out.append(k)
        return None if all(map(isnan, out)) else tuple(out)

    def meets(self, e: Expr, target: Values, shape: Shape) -> bool:
        """Whether a formula has these values; shapes are compared without their leading axes of size 1."""
        if strip(e.shape) != strip(shape):
            return False
        self.tried += 1
        for spot, wanted in zip(self.spots, target, strict=True):
            value = spot.value(e)
            if value is None or not alike(value.data, wanted.data):
                return False
        return True


def _drawn(trials: Trials) -> Sequence[Trial]:
    """The judge's own points in real numbers where there are some, else points in floats, which cost less."""
    if unmasked := trials.unmasked():
        return unmasked
    try:
        return trials.of(REAL if REAL in trials.drawn else FLOAT)[:MOST]
    except Undecided:
        return trials.of(REAL)[:MOST]


def alike(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two rows of entries are equal, as far as floats can tell; mostly settled by the first entry."""
    if len(a) != len(b):
        return False
    limit = CLOSE * max(max(map(abs, b), default=0.0), 1e-300)
    for x, y in zip(a, b, strict=True):  # noqa: SIM110 - mostly the first entry settles it: no generator is made for that
        if not abs(x - y) <= limit:
            return False
    return True


def same(a: Values, b: Values) -> bool:
    """Whether two values are equal at every point, as rows of entries."""
    return all(alike(x.data, y.data) for x, y in zip(a, b, strict=True))


def ratio(a: Values, b: Values) -> tuple[float, ...] | None:
    """k at each point where a = k·b, nan where both are zero; None where they are not proportional, or zero everywhere."""
    out = []
    for x, y in zip(a, b, strict=True):
        k = _factor(x.data, y.data)
        if k is None:
            return None
        out.append(k)
    return None if all(map(isnan, out)) else tuple(out)


def _factor(a: Sequence[float], b: Sequence[float]) -> float | None:
    if len(a) != len(b):
        return None
    peak = max(b, key=abs)
    largest = max(map(abs, a))
    if abs(peak) < ZERO:
        return nan if largest < ZERO else None
    k = a[b.index(peak)] / peak
    limit = CLOSE * largest
    if not limit:
        return None
    for x, y in zip(a, b, strict=True):
        if abs(x - k * y) > limit:
            return None
    return k


def turned(v: Values) -> Values | None:
    """The transposes of matrices (a vector counts as a row)."""
    out = []
    for t in v:
        if len(t.shape) > 2 or not t.shape:
            return None
        rows, columns = t.shape if len(t.shape) == 2 else (1, t.shape[0])
        out.append(Tensor((columns, rows), [t.data[i * columns + j] for j in range(columns) for i in range(rows)]))
    return tuple(out)
