"""Points on both sides of the borders at which comparisons turn: random points seldom fall between x > 0 and x > 0.1.

For each comparison in two formulas that are to be compared, a border is looked for between two of the points, or further out on the ray
through one of them, and halved down to a pair of points close to it on either side. Where a comparison turns nowhere, that is said.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain

from shapecalc.expr import Apply, Expr, nodes, variables
from shapecalc.forms import add, apply, lit
from shapecalc.notation import text
from shapecalc.rings import VEILED, Near

from .rays import Point, between, stretched
from .trial import MISFORTUNE, Trial
from .trials import REAL, Trials
from .undecided import Undecided
from .witness import incoming

SIDES = {
    **dict.fromkeys(("greater", "less", "greater_equal", "less_equal", "maximum", "minimum"), ((0, 1),)),
    **dict.fromkeys(("relu", "leaky_relu", "elu", "abs", "sign", "norm"), ((0,),)),
    "clip": ((0, 1), (0, 2)),
}  # for each operation with a kink, the arguments whose sign, or whose difference, decides
PICKS = frozenset({"max", "min"})
MOST = 16  # borders that are looked for
OTHERS = 3  # points between which each is looked for
ENTRIES = 3  # entries of one comparison that are followed to their borders
PATIENCE = 5.0  # seconds of this thread, whatever else the machine does, for all of them
SHARE = Decimal("0.47")  # of the way, at which a border is looked for next: halfway from x to -x lies 0, which is on the border itself
NEARER = 5  # points between the last on a ray at which the program has a value, and the first at which it has none
HALVINGS = 18  # of the way between two points; the rest is far from a kink still, and near for most claims
ALIKE = Decimal("1e-9")  # two rates that are one
FURTHER = 27  # where another comparison turns on what is left of the way, as x > 0 does beside x > 1e-9
TRIED = ", as at every point that was tried"
NOUGHT = lit(0)
NOWHERE = Decimal(0)
OUT = ("1e-4", "0.01", "0.1", "0.5", "2", "-1", "10", "-10", "100", "-100", "1e4", "-1e4", "1e6", "-1e6", "1e10", "-1e10", "1e-10")
RAY = tuple(map(Decimal, OUT))
PART = 0.3  # of the time, in which one name after the other is gone out along where nothing else has turned a comparison


@dataclass(frozen=True, slots=True)
class Side:
    """The trials close to a border; ``unseen``: what holds at all points, where the comparison turned nowhere; ``late``: time was up.

    ``of``: the difference that is 0 on the border.
    """

    trials: tuple[Trial, ...]
    unseen: str = ""
    late: bool = False
    of: Expr = NOUGHT


class Borders:
    """Looks for the borders of the comparisons in formulas, and keeps what was found for the next claim."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._found: dict[Expr, Side] = {}
        self._end = self._latest = float("inf")  # of the comparison that is going on, and of all in a search for a slip

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """So many seconds of this thread for all that is compared inside, which may be the many candidates for a slip."""
        before, self._latest = self._latest, time.thread_time() + seconds
        try:
            yield
        finally:
            self._latest = before

    def of(self, formulas: Iterable[Expr], extra: Mapping[str, Expr] | None) -> Iterator[Side]:
        """The points at each border."""
        self._end = end = min(self._latest, time.thread_time() + PATIENCE)
        every = [*formulas, *(extra or {}).values()]
        gaps = list(dict.fromkeys(g for e in every for n in nodes(e) for g in gaps_of(n)))
        for number, g in enumerate(gaps):
            side = self._found.get(g)
            if side is None:
                many = number >= MOST
                beside = [other for other in gaps[:MOST] if other != g]
                told = f"{text(g)} decides as it does at the points that were tried"
                side = Side((), told) if many else self._side(g, extra, end, beside)
                if not (many or side.late or {*(extra or ())} & set(variables(g))):
                    self._found[g] = side
            yield replace(side, of=g)

    def alone(self, side: Side, extra: Mapping[str, Expr] | None) -> tuple[Trial, ...]:
        """Points at the same border that are reached by one entry of each name: where all of them are far out, rounding hides much."""
        return self._side(side.of, extra, min(self._latest, self._end + PATIENCE / 2), alone=True).trials

    def _side(self, g: Expr, extra: Mapping[str, Expr] | None, end: float, beside: Sequence[Expr] = (), alone: bool = False) -> Side:
        """The points at one border; where there are none, which side was seen."""
        seen: set[bool] = set()
        made: list[Trial] = []
        search = Search(self.trials, g, extra, seen, end, beside, alone)
        for trial, far in search.starts():
            if time.thread_time() > end:
                return Side(tuple(made), late=True)
            search.far = far
            made += search.found(trial)
        if time.thread_time() > end:
            return Side(tuple(made), late=True)
        if len(seen) == 1 and not alone:
            search.single = True
            made += search.found(self.trials.of(REAL)[0])
        unseen = f"{text(g)} {'>' if True in seen else '<='} 0{TRIED}" if len(seen) == 1 else ""
        return Side(tuple(made), unseen)


class Search:
    """The search for the border of one difference.

    ``seen``: which signs were met; ``beside``: the other differences; ``alone``: whether it is looked for along one entry of each name.
    """

    def __init__(
        self,
        trials: Trials,
        g: Expr,
        extra: Mapping[str, Expr] | None,
        seen: set[bool],
        end: float,
        beside: Sequence[Expr] = (),
        alone: bool = False,
    ) -> None:
        self.trials = trials
        self.g = g
        self.extra = extra
        self.seen = seen
        self.end = end
        self.beside = beside
        self.alone = alone
        self.far = False  # whether only the ray along all names is gone along
        self.single = False  # whether names are gone along one by one: tanh(w) @ u + 1 turns far out along u, and nowhere along both
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

    def starts(self) -> Iterator[tuple[Trial, bool]]:
        """Where the search sets out from; for the ray along all names more of them, since their ratios stay as they are on it."""
        drawn = list(self.trials.of(REAL))[:2]
        yield from ((trial, False) for trial in drawn)
        if self.every != self.movable and not self.alone:
            for _ in range(OTHERS):
                with suppress(Undecided):
                    yield self.trials.draw(REAL, sizes=drawn[0].frame, styles=(drawn[0].style,)), True

    def found(self, trial: Trial) -> list[Trial]:
        """The trials at the borders that are met from one of the points."""
        return [t for pair in self.pairs(trial) for point in pair for t in self.made(point)]

    def pairs(self, trial: Trial) -> Iterator[tuple[Point, Point]]:
        """Points with a border between them, close together: a few along each way."""
        start = self._point(trial)
        here = self._signs(start)
        if here is None:
            return
        pole = False
        for way in self._ways(start):
            left = dict.fromkeys(range(len(here)))
            for other in way:
                there = self._signs(other)
                self.lost = there is None
                turned = [k for k in left if there is not None and there[k] != here[k]]
                for k in self.trials.random.sample(turned, min(len(turned), 1 if pole else ENTRIES)):
                    pair = self._halved(start, other, k, here[k])
                    pole = all(self._size(point, k) > self._size(start, k) for point in pair)
                    if not pole:  # 1/x - 1 turns at 0 without being 0, and further on as well
                        left.pop(k)
                    yield pair
                    if time.thread_time() > self.end:
                        return
                if len(here) - len(left) >= ENTRIES:
                    break

    def _ways(self, start: Point) -> Iterator[Iterator[Point]]:
        """Further points of the same sizes, then those on the ray; and the ray along all names: x > y may have to hold far out, too."""
        if self.alone:
            yield from (self._ray(start, self.movable) for _ in range(OTHERS))
            return
        if self.single:
            yield self._one_by_one(start)
            return
        if not self.far:
            yield chain(self._others(start), self._ray(start, self.movable))
        if self.every != self.movable:
            yield self._ray(start, self.every)

    def _one_by_one(self, start: Point) -> Iterator[Point]:
        """Points out along each name, the others staying where they are."""
        now = time.thread_time()
        for name in sorted(self.movable):
            for factor in map(Decimal, (-1, 10, -10, 1000, -1000)):
                if time.thread_time() > now + PART * (self.end - now):
                    return
                yield stretched(self.trials, start, factor, frozenset({name}))

    def _others(self, start: Point) -> Iterator[Point]:
        """Further points of the same sizes."""
        for _ in range(OTHERS):
            try:
                drawn = self.trials.draw(REAL, sizes=start.of.frame, styles=(start.of.style,))
                yield between(self.trials, start, self._point(drawn), Decimal(1))
            except Undecided:
                break

    def _ray(self, start: Point, names: frozenset[str]) -> Iterator[Point]:
        """Points on the ray along some of the names, both ways, up to where the program ceases to have a value."""
        reached: dict[bool, Decimal | None] = {True: Decimal(1), False: Decimal(-1)}
        only = self.trials.random.random() if self.alone else None
        for factor in RAY:
            low = reached[factor > 0]
            if low is None:
                continue
            yield stretched(self.trials, start, factor, names, only)
            if abs(factor) < 1:
                continue
            reached[factor > 0] = None if self.lost else factor
            for _ in range(NEARER if self.lost and low != factor else 0):
                middle = (low * factor).sqrt().copy_sign(factor)
                yield stretched(self.trials, start, middle, names, only)
                low, factor = (low, middle) if self.lost else (middle, factor)

    def _halved(self, start: Point, other: Point, k: int, side: bool) -> tuple[Point, Point]:
        """The border of entry k between two points, as close as is needed."""
        near, far = Decimal(0), Decimal(1)
        for done in range(HALVINGS + FURTHER):
            if done >= HALVINGS and not self._crossed(start, other, near, far, k):
                break
            middle = near + (far - near) * SHARE
            signs = self._signs(between(self.trials, start, other, middle))
            if signs is not None and signs[k] == side:
                near = middle
            else:
                far = middle
        return between(self.trials, start, other, near), between(self.trials, start, other, far)

    def _crossed(self, start: Point, other: Point, near: Decimal, far: Decimal, k: int) -> bool:
        """Whether another comparison turns between two points, and not where entry k turns: at 0 both would shrink at one rate."""
        points = [between(self.trials, start, other, share) for share in (near, far)] if self.beside else []
        first, second = ([self._values(point, g) for g in (self.g, *self.beside)] for point in points) if points else ([], [])
        for a, b in zip(first[1:], second[1:], strict=True):
            for x, y in zip(a, b, strict=False):
                if (x > 0) != (y > 0) and not _near(x * second[0][k], y * first[0][k]):
                    return True
        return False

    def _values(self, point: Point, g: Expr) -> Sequence[Decimal]:
        """A difference, entry by entry; nothing where it has no value."""
        for trial in self.made(point):
            with suppress(*MISFORTUNE, Undecided):
                return trial.value(g, self.extra).data
        return ()

    def _size(self, point: Point, k: int) -> Decimal:
        """How far entry k is from 0."""
        values = self._values(point, self.g)
        return abs(values[k]) if values else NOWHERE

    def _signs(self, point: Point) -> list[bool] | None:
        """Where a difference is positive; None where it has no value."""
        signs = [x > 0 for x in self._values(point, self.g)]
        self.seen.update(signs)
        return signs or None

    def made(self, point: Point) -> Iterator[Trial]:
        """The trial at a point, if the program has a value there."""
        try:
            trial = Trial(self.trials.program, Near(), point.of.frame, point.declared, point.given, self.trials.random)
            trial.add_gradients()
        except (*MISFORTUNE, Undecided):
            return
        yield trial

    def _point(self, trial: Trial) -> Point:
        return Point(trial, {n: trial.env[n] for n in self.trials.problem.declared}, trial.witness.given)


def veilable(formulas: Iterable[Expr]) -> bool:
    """Whether all that turns somewhere in the formulas is a comparison that an unknown number can stand for."""
    kinked = [n for e in formulas for n in nodes(e) if isinstance(n, Apply) and (n.name in SIDES or n.name in PICKS)]
    return all(n["ord"] in (1, 2) if n.name == "norm" else n.name in VEILED or n.op.means for n in kinked)


def gaps_of(node: Expr) -> Iterator[Expr]:
    """The differences whose signs decide what an operation with a kink does."""
    if not isinstance(node, Apply):
        return
    if node.name in PICKS:  # which entry it is
        yield apply("equal", node.args[0], apply(node.name, node.args[0], axis=node["axis"], keepdims=True))
    for places in SIDES.get(node.name, ()):
        parts = [node.args[k] for k in places]
        if len(parts) == 1 or parts[1] == NOUGHT:
            yield parts[0]
        else:
            yield add(*parts, signs=(1, -1))


def _near(a: Decimal, b: Decimal) -> bool:
    return abs(a - b) <= ALIKE * max(abs(a), abs(b))
