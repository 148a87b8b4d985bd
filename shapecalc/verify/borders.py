"""Points on both sides of the borders at which comparisons turn: random points seldom fall between x > 0 and x > 0.1.

For each comparison in two formulas that are to be compared, a border is looked for between two of the points, or further out on the ray
through one of them, and halved down to a pair of points close to it on either side. Where a comparison turns nowhere, that is said.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shapecalc.expr import Apply, Expr, nodes, variables
from shapecalc.forms import add, apply, lit
from shapecalc.notation import text
from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .trials import MISFORTUNE, REAL, Trial, Trials
from .undecided import Undecided
from .witness import incoming

SIDES = {
    **dict.fromkeys(("greater", "less", "greater_equal", "less_equal", "maximum", "minimum"), ((0, 1),)),
    **dict.fromkeys(("relu", "leaky_relu", "elu", "abs", "sign", "norm"), ((0,),)),
    "clip": ((0, 1), (0, 2)),
}  # for each operation with a kink, the arguments whose sign, or whose difference, decides
MOST = 16  # borders that are looked for
OTHERS = 3  # points between which each is looked for
ENTRIES = 3  # entries of one comparison that are followed to their borders
PATIENCE = 5.0  # seconds of this thread, whatever else the machine does, for all of them
SHARE = Decimal("0.47")  # of the way, at which a border is looked for next: halfway from x to -x lies 0, which is on the border itself
NEARER = 5  # points between the last on a ray at which the program has a value, and the first at which it has none
HALVINGS = 18  # of the way between two points; the rest is far from a kink still, and near for any claim
NOUGHT = lit(0)
RAY = tuple(map(Decimal, ("1e-4", "0.01", "0.1", "0.5", "2", "-1", "10", "-10", "100", "-100", "1e4", "-1e4", "1e6", "-1e6")))
FIXED = frozenset({"onehot", "onehot_columns", "orthogonal"})  # what lies between two such values is no such value
HELD = FIXED | {"probabilities"}  # a multiple of which is none
SIGNED = frozenset({"positive", "nonnegative", "posdef"})

Values = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Point:
    """The values of what is declared, and of incoming gradients, at the sizes of a trial."""

    of: Trial
    declared: Values
    given: Values


@dataclass(frozen=True, slots=True)
class Side:
    """The trials close to a border; ``unseen``: what holds at all points, where the comparison turned nowhere; ``late``: time was up."""

    trials: tuple[Trial, ...]
    unseen: str = ""
    late: bool = False


class Borders:
    """Looks for the borders of the comparisons in formulas, and keeps what was found for the next claim."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._found: dict[Expr, Side] = {}

    def of(self, formulas: Iterable[Expr], extra: Mapping[str, Expr] | None) -> Iterator[Side]:
        """The points at each border."""
        end = time.thread_time() + PATIENCE
        every = [*formulas, *(extra or {}).values()]
        for number, g in enumerate(dict.fromkeys(g for e in every for n in nodes(e) for g in gaps_of(n))):
            side = self._found.get(g)
            if side is None:
                many = number >= MOST
                side = Side((), f"{text(g)} decides as it does at the points that were tried") if many else self._side(g, extra, end)
                if not (many or side.late or {*(extra or ())} & set(variables(g))):
                    self._found[g] = side
            yield side

    def _side(self, g: Expr, extra: Mapping[str, Expr] | None, end: float) -> Side:
        """The points at one border; where there are none, which side was seen."""
        seen: set[bool] = set()
        made: list[Trial] = []
        search = Search(self.trials, g, extra, seen, end)
        for trial in list(self.trials.of(REAL))[:2]:
            made += [t for pair in search.pairs(trial) for point in pair for t in search.made(point)]
            if time.thread_time() > end:
                return Side(tuple(made), late=True)
        unseen = f"{text(g)} {'>' if True in seen else '<='} 0, as at every point that was tried" if len(seen) == 1 else ""
        return Side(tuple(made), unseen)


class Search:
    """The search for the border of one difference. ``seen``: which signs were met."""

    def __init__(self, trials: Trials, g: Expr, extra: Mapping[str, Expr] | None, seen: set[bool], end: float) -> None:
        self.trials = trials
        self.g = g
        self.extra = extra
        self.seen = seen
        self.end = end
        self.lost = False  # whether the last point was one at which the program has no value
        self.every = frozenset((*trials.problem.declared, *incoming(trials.problem).values()))
        self.movable = self._behind()

    def _behind(self) -> frozenset[str]:
        """The names that a difference hangs on, declared or given: the others stay where they are when it is looked for far out."""
        problem, symbols = self.trials.problem, {*(self.extra or ())}
        asked = set(variables(self.g))
        if asked & symbols or not asked <= {*problem.declared, *problem.definitions}:
            return self.every
        for name in reversed(problem.definitions):
            if name in asked:
                asked.update(variables(problem.definitions[name]))
        return frozenset(asked & set(problem.declared))

    def pairs(self, trial: Trial) -> Iterator[tuple[Point, Point]]:
        """Points with a border between them, close together."""
        start = self._point(trial)
        here = self._signs(start)
        if here is None:
            return
        left = dict.fromkeys(range(len(here)))
        for other in self._others(start):
            there = self._signs(other)
            self.lost = there is None
            turned = [k for k in left if there is not None and there[k] != here[k]]
            for k in self.trials.random.sample(turned, min(len(turned), ENTRIES)):
                left.pop(k)
                yield self._halved(start, other, k, here[k])
                if time.thread_time() > self.end:
                    return
            if len(here) - len(left) >= ENTRIES:
                return

    def _others(self, start: Point) -> Iterator[Point]:
        """Further points of the same sizes, then those on the ray."""
        for _ in range(OTHERS):
            try:
                drawn = self.trials.draw(REAL, sizes=start.of.frame, styles=(start.of.style,))
                yield between(self.trials, start, self._point(drawn), Decimal(1))
            except Undecided:
                break
        for names in dict.fromkeys((self.movable, self.every)):  # x alone may not go far where x <= y must hold
            yield from self._ray(start, names)

    def _ray(self, start: Point, names: frozenset[str]) -> Iterator[Point]:
        """Points on the ray along some of the names, both ways, up to where the program ceases to have a value."""
        reached: dict[bool, Decimal | None] = {True: Decimal(1), False: Decimal(-1)}
        for factor in RAY:
            low = reached[factor > 0]
            if low is None:
                continue
            yield stretched(self.trials, start, factor, names)
            if abs(factor) < 1:
                continue
            reached[factor > 0] = None if self.lost else factor
            for _ in range(NEARER if self.lost and low != factor else 0):
                middle = (low * factor).sqrt().copy_sign(factor)
                yield stretched(self.trials, start, middle, names)
                low, factor = (low, middle) if self.lost else (middle, factor)

    def _halved(self, start: Point, other: Point, k: int, side: bool) -> tuple[Point, Point]:
        """The border of entry k between two points, as close as is needed."""
        near, far = Decimal(0), Decimal(1)
        for _ in range(HALVINGS):
            middle = near + (far - near) * SHARE
            signs = self._signs(between(self.trials, start, other, middle))
            if signs is not None and signs[k] == side:
                near = middle
            else:
                far = middle
        return between(self.trials, start, other, near), between(self.trials, start, other, far)

    def _signs(self, point: Point) -> list[bool] | None:
        """Where a difference is positive; None where it has no value."""
        for trial in self.made(point):
            try:
                signs = [x > 0 for x in trial.value(self.g, self.extra).data]
            except (*MISFORTUNE, Undecided):
                continue
            self.seen.update(signs)
            return signs
        return None

    def made(self, point: Point) -> Iterator[Trial]:
        """The trial at a point, if the program has a value there."""
        try:
            trial = Trial(self.trials.program, Real(), point.of.frame, point.declared, point.given, self.trials.random)
            trial.add_gradients()
        except (*MISFORTUNE, Undecided):
            return
        yield trial

    def _point(self, trial: Trial) -> Point:
        return Point(trial, {n: trial.env[n] for n in self.trials.problem.declared}, trial.witness.given)


def gaps_of(node: Expr) -> Iterator[Expr]:
    """The differences whose signs decide what an operation with a kink does."""
    if not isinstance(node, Apply):
        return
    if node.name in ("max", "min"):  # which entry it is
        yield apply("equal", node.args[0], apply(node.name, node.args[0], axis=node["axis"], keepdims=True))
    for places in SIDES.get(node.name, ()):
        parts = [node.args[k] for k in places]
        if len(parts) == 1 or parts[1] == NOUGHT:
            yield parts[0]
        else:
            yield add(*parts, signs=(1, -1))


def between(trials: Trials, start: Point, end: Point, share: Decimal) -> Point:
    """A point on the way from one to another; what has to keep its form stays where it is."""
    ring = Real()

    def moved(a: Tensor, b: Tensor) -> Tensor:
        away = ring.combined((b.data, a.data), (1, -1))
        return Tensor(a.shape, ring.combined((a.data, ring.dots(away, [share] * len(away), 1)), (1, 1)))

    fixed = {n for n, v in trials.problem.declared.items() if v.properties & FIXED}
    declared = {n: a if n in fixed else moved(a, end.declared[n]) for n, a in start.declared.items()}
    return Point(start.of, declared, {n: moved(a, end.given[n]) for n, a in start.given.items()})


def stretched(trials: Trials, start: Point, factor: Decimal, movable: frozenset[str]) -> Point:
    """A point on the ray from the origin along some of the names."""
    ring = Real()
    held = HELD if factor > 0 else HELD | SIGNED
    declared = trials.problem.declared
    moved = {n for n in movable if n not in declared or not declared[n].properties & held}

    def made(values: Values) -> Values:
        return {n: a if n not in moved else Tensor(a.shape, ring.dots(a.data, [factor] * len(a.data), 1)) for n, a in values.items()}

    return Point(start.of, made(start.declared), made(start.given))
