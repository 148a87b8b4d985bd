"""Trials: points at which a whole problem has been evaluated, drawn until everything has a value."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import isfinite, prod
from random import Random
from typing import TypeVar

from shapecalc.calculus.gradients import Backward
from shapecalc.evaluate import Frame
from shapecalc.language.problem import Problem
from shapecalc.rings import Field, Floats, Real, Table, Unknown, Unlucky, Unsupported, random_prime
from shapecalc.shapes import show

from .degrees import kinds
from .points import ASKED, MASKED, PLAIN, STYLES, Sampler, Style, deep
from .sizes import SMALLEST, WIDE, axes_of, draw_sizes, fixed_entries, numbers_in
from .trial import MISFORTUNE, Dim, Trial
from .undecided import Undecided
from .witness import Program, incoming

EXACT, REAL, FLOAT = "exact", "real", "float"  # the last for trying things out: no verdict rests on floats
LONG = 30  # definitions beyond which a single tuple of sizes is tried, so that the cost stays linear
BITS = (61, 73, 79)  # of the prime; its square is no longer for the machine at the larger ones
MOST_ENTRIES = 1 << 19  # of one value
PATIENCE = 10.0  # seconds after which no further point is drawn for one trial
NARROW, WIDER = SMALLEST, 3  # where many sizes begin; in reals a layer of two, both of them negative, stops everything behind a relu
DIM = 4  # points at which derivatives are too small to be seen, after which that is said
LARGE = 3  # of these, how many with large vectors
TRIES = 24  # points for each way of drawing; fewer where one takes long
SHORT = "an index is past the end"

Found = TypeVar("Found")


class Kinked(Undecided):
    """At every point the program is on a kink."""


class Trials:
    """Draws the trials of one problem, exact ones and real ones, and keeps them."""

    def __init__(self, problem: Problem, backward: Backward | None, seed: int | None) -> None:
        self.problem = problem
        self.program = Program(problem, backward)
        self.backward = backward
        self.seed = int.from_bytes(os.urandom(8), "big") if seed is None else seed
        self.random = Random(self.seed)  # noqa: S311 - nothing is kept secret by it
        self.long = len(problem.definitions) > LONG or fixed_entries(problem) > WIDE
        # the degree grows with the length and with what exp is taken of: at a larger prime one point is as sure
        parts = [e for _, e, _ in self.program.tape.parts]
        self.kinds = kinds(parts)
        self.functions = "function" in self.kinds
        self.bits = BITS[2 if self.functions else 1 if self.long else 0]
        self.prime = random_prime(self.random, self.bits)
        self._unmasked: list[Trial] | None = None
        self.axes, self.numbers = axes_of(problem), numbers_in(parts)
        self.drawn: dict[str, list[Trial]] = {}
        self._asked: dict[str, frozenset[str]] = {}
        self.tries = max(4, TRIES * LONG // max(LONG, len(problem.definitions)))
        self._first: dict[str, Trial] = {}
        self._lucky: dict[str, Style] = {}
        self._avoid: dict[str, int] = {}
        self._dim: list[Style] = []

    def asked(self, who: str) -> frozenset[str]:
        """The needy names, or those of masks."""
        if who not in self._asked:
            self._asked[who] = ASKED[who](self.problem)
        return self._asked[who]

    def of(self, mode: str) -> list[Trial]:
        """The trials in exact or in real arithmetic; none where the program has no exact meaning. Undecided where no point is found."""
        if mode not in self.drawn:
            try:
                self.drawn[mode] = list(self._planned(mode))
            except Unsupported:
                if mode == REAL:
                    raise
                self.drawn[mode] = []
        return self.drawn[mode]

    def several(self, mode: str) -> list[Trial]:
        """The same for claims of people, who take a size for a number: of a long problem at a second tuple of sizes, too."""
        drawn = self.of(mode)
        if self.long and len(drawn) == 1 and self.problem.sizes:
            self.apart_from(drawn[0])
            drawn.append(self.draw(mode))
        return drawn

    def apart_from(self, trial: Trial) -> None:
        """From now on sizes are other numbers than at this point, as far as possible."""
        self._avoid = dict(trial.frame)

    def somewhere(self, mode: str) -> Trial:
        """The first trial; Undecided where there is none."""
        if mode not in self._first:
            self._first[mode] = self.draw(mode)
        return self._first[mode]

    def unmasked(self) -> list[Trial]:
        """Real points at which a mask times -1e9 leaves several scores in reach; masks are too near to 0 or 1 there to bear a claim out."""
        if self._unmasked is None:
            self._unmasked = []
            for style in MASKED if self.asked("masks") else ():
                with suppress(Undecided):
                    self._unmasked.append(self.draw(REAL, styles=(style,)))
        return self._unmasked

    def tables(self) -> list[Table]:
        """What exp and log are at the exact points."""
        return [t.ring.table for t in self.drawn.get(EXACT, ()) if isinstance(t.ring, Unknown)]

    def _planned(self, mode: str) -> Iterator[Trial]:
        """Two tuples of pairwise different sizes and one of equal ones; of a long problem one tuple. For floats those that there are."""
        if mode == EXACT and "root" in self.kinds:
            raise Unsupported("a root")
        known = self.drawn.get(EXACT) if mode == FLOAT else None
        if known:
            yield from [self.draw(mode, sizes=t.frame) for t in known]  # at which it is worked out already how everything runs
            return
        first = self.somewhere(mode)
        yield first
        if self.long:
            return
        self.apart_from(first)
        yield self.draw(mode)
        if len(self.problem.sizes) > 1:
            try:
                yield self.draw(mode, equal=True)
            except Undecided:
                return  # det(X.T @ A @ X) may want more rows than columns: no point of equal sizes has an inverse

    def draw(
        self,
        mode: str,
        equal: bool = False,
        sizes: Mapping[str, int] | None = None,
        styles: Sequence[Style] | None = None,
        tries: int | None = None,
    ) -> Trial:
        """A new trial, drawn again and again until everything has a value; Undecided where that never happens."""
        reason, start = "", time.monotonic()
        for style in self._styles(mode)[: 1 if equal else None] if styles is None else styles:
            for attempt in range(tries or self.tries * (2 if mode == EXACT else 1)):
                made = sizes or self.sizes(equal, avoid=attempt < self.tries // 3, smallest=NARROW if mode == EXACT else WIDER)
                if not sizes and reason == SHORT:
                    made = {name: n + attempt for name, n in made.items()}  # x[:6] wants more entries than are drawn at first
                try:
                    trial = self._once(mode, style, made)
                except MISFORTUNE as error:
                    reason = str(error) or type(error).__name__
                    if time.monotonic() - start > PATIENCE:
                        break
                    continue
                trial.equal = equal
                trial.last = mode != REAL or len(self._dim) >= DIM
                if style not in MASKED:
                    self._lucky.setdefault(mode, style)
                return trial
        raise Undecided(f"no point was found where everything has a value; at the last one, {reason}")

    def sizes(self, equal: bool, avoid: bool, smallest: int = NARROW) -> dict[str, int]:
        """Sizes of which none is what it was in the first trial, as far as possible: a size that stays 2 cannot be told from the number."""
        best = self._drawn_sizes(equal, smallest)
        for _ in range(40 if avoid else 0):
            alike = self._alike(best)
            if not alike:
                break
            made = self._drawn_sizes(equal, smallest)
            best = made if self._alike(made) < alike else best
        return best

    def _drawn_sizes(self, equal: bool, smallest: int) -> dict[str, int]:
        return draw_sizes(self.problem, self.axes, self.random, equal, self.numbers, self._avoid, smallest)

    def _alike(self, sizes: Mapping[str, int]) -> int:
        return sum(self._avoid.get(name) == n for name, n in sizes.items()) if self._avoid else 0

    def _styles(self, mode: str) -> tuple[Style, ...]:
        if mode == EXACT:
            return (PLAIN,)
        every = (*deep(len(self.problem.definitions)), *STYLES) if self.long else STYLES
        # large vectors do better in most draws, not in every one
        bright = tuple(s for s in every if self._dim.count(s) < (LARGE if s.vectors > 1 else 1))
        if len(self._dim) >= DIM:
            bright = (*every[1:], every[0])
        return (self._lucky[mode], *bright) if mode in self._lucky else bright

    def _once(self, mode: str, style: Style, sizes: Mapping[str, int]) -> Trial:
        frame = sizes if isinstance(sizes, Frame) else Frame(sizes)
        for name, v in self.problem.variables().items():
            if prod(frame.shape(v.shape)) > MOST_ENTRIES:
                raise Undecided(f"{name} has too many entries, {show(v.shape)}, to be checked number by number")
        ring: Field = Unknown(self.random, self.prime) if mode == EXACT else Floats() if mode == FLOAT else Real()
        sampler = Sampler(ring, frame, self.random, style, self.asked(style.who))
        declared = {name: sampler.value(v) for name, v in self.problem.declared.items()}
        shapes = {symbol: self.problem.definitions[name].shape for name, symbol in incoming(self.problem).items()}
        given = {symbol: sampler.free(frame.shape(shape)) for symbol, shape in shapes.items()}
        trial = Trial(self.program, ring, frame, declared, given, self.random)
        trial.style = style
        trial.add_gradients()
        if mode == FLOAT and not all(isfinite(x) for t in trial.env.values() for x in t.data):
            raise Unlucky("the value is out of range")
        return trial

    def survey(self, mode: str, check: Callable[[Trial], Found], several: bool = False) -> list[Found]:
        """What the check finds at every trial; one at which the check itself is unlucky is replaced."""
        trials = self.several(mode) if several else self.of(mode)
        return [self._checked(trials, k, mode, check) for k in range(len(trials))]

    def _checked(self, trials: list[Trial], k: int, mode: str, check: Callable[[Trial], Found]) -> Found:
        reason = ""
        for _ in range(self.tries):
            try:
                return check(trials[k])
            except MISFORTUNE as error:
                reason = str(error)
                if isinstance(error, Dim):
                    self._dim.append(trials[k].style)
                    self._lucky.pop(mode, None)
                if len(trials) > 1:
                    self.apart_from(trials[k - 1])
                trials[k] = self.draw(mode, trials[k].equal)
        raise Kinked(f"the difference quotient has no value: {reason}")

    def again(self, mode: str) -> None:
        """One more trial at each tuple of sizes, where one gives too small a certainty."""
        once = {tuple(t.frame.items()): t for t in self.drawn[mode]}
        self.drawn[mode] += [self.draw(mode, t.equal, t.frame) for t in once.values()]
