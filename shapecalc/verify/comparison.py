"""Two formulas compared at the trials: equal with a known certainty, different with the numbers that show it, or undecided."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shapecalc.evaluate import EMPTY
from shapecalc.expr import Expr
from shapecalc.rings import Unsupported
from shapecalc.shapes import show
from shapecalc.tensor import Tensor, flat, nested

from .borders import PATIENCE, Borders, Side, veilable
from .certainty import ENOUGH, Certainty
from .compared import Comparison, bare, different
from .conditions import Conditions, assumptions, of_reals
from .gaps import NO, telling, told
from .larger import Larger, counted_with
from .points import STYLES
from .rounding import EQUAL, Pair, alike, apart
from .survey import Survey
from .trial import MISFORTUNE, Trial
from .trials import EXACT, REAL, SHORT, Trials
from .undecided import Undecided

ZERO = Decimal(0)
FLOATS = 1e-8  # what a function of arrays is held to
SEVERAL = 2  # points at which comparisons are unknown numbers
ROUNDS = 4  # how often points are added for a certainty that is too small
TRUTH = ("the derived formula",)
TOO_SMALL = (SHORT, EMPTY)
Extra = Mapping[str, Expr]
Function = Callable[[Mapping[str, Any]], Any]


class Comparisons:
    """Compares formulas at the trials of one problem. What hangs on the trials alone is worked out once for all claims."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.borders = Borders(trials)
        self.larger = Larger(trials)
        self._surveys: dict[Hashable, Survey] = {}
        self._conditions: Conditions | None = None
        self._assumptions: tuple[tuple[int, int], tuple[str, ...]] = (-1, -1), ()
        self._certainty: Certainty | None = None
        self._hidden = False  # whether a difference was taken for rounding
        self._short = False  # whether the last claim without a value wanted more entries than there were

    def _survey(self, mode: str) -> Survey:
        """The trials of a kind that claims are compared at."""
        return self._kept(mode, self.trials.several(mode))

    def _kept(self, which: Hashable, drawn: Sequence[Trial]) -> Survey:
        """Some trials, which may have been drawn again since they were last asked for."""
        found = self._surveys.get(which)
        if found is None or len(found.trials) != len(drawn) or any(a is not b for a, b in zip(found.trials, drawn, strict=True)):
            found = self._surveys[which] = Survey(drawn)
        return found

    def conditions(self, formulas: Sequence[Expr] = ()) -> tuple[str, ...]:
        """What must hold for the program and the formulas."""
        if self._conditions is None:
            self._conditions = Conditions(self.trials.problem)
        return self._conditions.of(formulas)

    def assumptions(self) -> tuple[str, ...]:
        """The declared properties that were used so far."""
        backward, known = self.trials.backward, self._conditions
        met = len(backward.context.used) if backward is not None else 0, len(known.relied) if known is not None else 0
        if met != self._assumptions[0]:
            self._assumptions = met, assumptions(backward, known)
        return self._assumptions[1]

    @property
    def certainty(self) -> Certainty:
        """The bounds for the exact trials; Unsupported where there are none."""
        sizes = self._kept(EXACT, self.trials.of(EXACT)).sizes
        if self._certainty is None or self._certainty.sizes != sizes:
            self._certainty = self._bounds(sizes)
        return self._certainty

    def forecast(self) -> Certainty:
        """The bounds before anything is run; those of a long program with exp may be hopeless."""
        return self._bounds((self.trials.sizes(equal=False, avoid=False),))

    def _bounds(self, sizes: tuple[Mapping[str, int], ...]) -> Certainty:
        return Certainty(self.trials.problem, self.trials.backward, sizes, 1 << self.trials.bits, self.trials.program, self.trials.tables)

    def compare(self, claim: Expr, truth: Expr, extra: Extra | None = None, squeeze: bool = False) -> Comparison:
        """A claim against the truth; shapes are compared without their leading axes of size 1 (`squeeze`: without any)."""
        if bare(claim.shape, squeeze) != bare(truth.shape, squeeze):
            return Comparison("shape", reason=f"{show(claim.shape)} against {show(truth.shape)}")
        exact = self._exactly(claim, truth, extra)
        if exact is not None and exact.verdict == "equal":
            return self._at_larger_sizes(claim, truth, extra, EXACT) or exact
        try:
            real = self._really(claim, truth, extra)
        except Undecided as error:
            real = Comparison("undecided", reason=error.message)
        except Unsupported as error:
            real = Comparison("undecided", reason=f"there are no numbers for {error}")
        if exact is None:
            return real
        return replace(real, exact=True) if real.verdict == "different" else exact

    def _one_by_one(self) -> Iterator[Trial]:
        """The real trials; the others are drawn only where the first has shown no difference."""
        first = self.trials.somewhere(REAL)
        yield first
        yield from (t for t in self._survey(REAL).trials if t is not first)

    def _pairs(self, trials: Iterable[Trial], claim: Expr, truth: Expr, extra: Extra | None) -> Iterator[Pair]:
        """Both values, wherever the claim has one."""
        for trial in trials:
            try:
                claimed, true = trial.value(claim, extra), trial.value(truth)
            except MISFORTUNE as error:
                self._short = str(error) in TOO_SMALL
                continue
            yield Pair(trial, claimed, true, lambda t: (t.value(claim, extra), t.value(truth)))

    def _exactly(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison | None:
        """Equal or different modulo a prime; None where that settles nothing."""
        try:
            for _ in range(ROUNDS):
                used, survey = [], self._survey(EXACT)
                if not extra:
                    survey.fill(claim)
                for trial, a, b, _ in self._pairs(survey.trials, claim, truth, extra):
                    if a.data != b.data:
                        if not trial.masked:
                            return Comparison("different", EXACT, 1, at=dict(trial.frame), exact=True)
                        self.certainty.of(claim, extra)  # what exp was taken of here may be met again
                        return None
                    used.append(trial)
                met = self._met(EXACT, used)
                sure = met.least * self.certainty.equality(claim, truth, extra) if used else 0
                if not sure:
                    return None
                if sure >= ENOUGH:
                    made = self._equal(EXACT, met, (claim,), bits=sure)
                    # a claim with a log of its own has to have a value somewhere
                    return None if of_reals(set(made.conditions) - set(self.conditions())) else made
                self.trials.again(EXACT)
        except (Unsupported, Undecided):
            return None
        return None

    def _really(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison:
        """Equal, different or undecided by sixty digits."""
        formulas = (claim, truth, *(extra or {}).values())
        if refuted := self.differs(self.trials.unmasked(), claim, truth, extra):
            return refuted
        refuted, worst, used = self._gone_through(self._pairs(self._one_by_one(), claim, truth, extra), formulas)
        if refuted:
            return refuted
        if not used:
            found = self._elsewhere(claim, truth, extra)
            if isinstance(found, Comparison):
                return found
            used, worst = [found[0]], found[1]
        refuted, gap, more = self._gone_through(self._pairs(telling(self.trials, truth), claim, truth, extra), formulas)
        if refuted:
            return refuted
        worst, used = max(worst, gap), used + more
        if not told(self.trials, used, truth):
            return Comparison("undecided", REAL, reason="the claim has no value at sizes that would tell it from others")
        met = self._met(REAL, used)
        if worst > EQUAL:
            return Comparison("undecided", REAL, len(used), met.sizes, gap=float(worst), reason=f"the values differ by {worst:.0e}")
        unseen = []
        for side in () if self._on_all_sides(claim, truth, extra) else self.borders.of((claim, truth), extra):
            refuted, gap, _ = self._gone_through(self._at_border(side, claim, truth, extra), formulas)
            if refuted:
                return refuted
            worst = max(worst, gap)
            if side.late:
                return Comparison("undecided", REAL, reason=f"not all borders of its comparisons were found in {PATIENCE:.0f} seconds")
            unseen += [side.unseen] if side.unseen else []
        if worst > EQUAL:
            why = f"beyond a kink the values differ by {worst:.0e}"
            return Comparison("undecided", REAL, len(used), met.sizes, gap=float(worst), reason=why)
        made = self._equal(REAL, met, (claim,), gap=float(worst))
        return self._at_larger_sizes(claim, truth, extra, REAL) or replace(made, conditions=(*made.conditions, *unseen))

    def _on_all_sides(self, claim: Expr, truth: Expr, extra: Extra | None) -> bool:
        """Whether both agree where comparisons are unknown numbers, so that no border has to be looked for."""
        if not veilable((claim, truth, *(extra or {}).values())):
            return False
        trials = [t.veiled for t in self._survey(REAL).trials[:SEVERAL]]
        found = list(self._pairs([t for t in trials if t is not None], claim, truth, extra))
        return len(found) == len(trials) and all(map(alike, found))

    def _at_border(self, side: Side, claim: Expr, truth: Expr, extra: Extra | None) -> Iterator[Pair]:
        """Both values on either side; where the numbers met were so large that a difference passed for rounding, nearer by as well."""
        self._hidden = False
        yield from self._pairs(side.trials, claim, truth, extra)
        if self._hidden:
            yield from self._pairs(self.borders.alone(side, extra), claim, truth, extra)

    def _at_larger_sizes(self, claim: Expr, truth: Expr, extra: Extra | None, mode: str) -> Comparison | None:
        """For a claim in which sizes are numbers, (n - 2)*(n - 3)*x: whether it differs where those sizes are beyond what is drawn.

        ``mode``: the arithmetic in which the two agreed so far; agreement modulo a prime settles this too.
        """
        formulas = (claim, *(extra or {}).values())
        counted = counted_with(formulas)
        if not counted:
            return None
        at_turns = self._gone_through(self._pairs(self.larger.turned(formulas), claim, truth, extra), (truth, *formulas))[0]
        if at_turns:
            return at_turns
        if mode == EXACT:
            drawn = self.larger.of(EXACT, counted)
            if drawn and not extra:
                self._kept(counted, drawn).fill(claim)
            if [p.claimed.data == p.true.data for p in self._pairs(drawn, claim, truth, extra)] == [True]:
                return None
        return self._gone_through(self._pairs(self.larger.of(REAL, counted), claim, truth, extra), (truth, *formulas))[0]

    def differs(self, trials: Iterable[Trial], claim: Expr, truth: Expr, extra: Extra | None) -> Comparison | None:
        """The first difference at some trials."""
        return self._gone_through(self._pairs(trials, claim, truth, extra), (claim, truth, *(extra or {}).values()))[0]

    def _gone_through(self, pairs: Iterable[Pair], formulas: Sequence[Expr]) -> tuple[Comparison | None, Decimal, list[Trial]]:
        """The first difference, if there is one; the largest gap; and the trials."""
        worst = ZERO
        used: list[Trial] = []
        for pair in pairs:
            gap, place = self._gap(pair, formulas)
            if gap > NO:
                return different(pair.trial, pair.claimed, pair.true, place, gap), gap, used
            worst = max(worst, gap)
            used.append(pair.trial)
        return None, worst, used

    def _elsewhere(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison | tuple[Trial, Decimal]:
        """For a claim that has no value where the program has one: points that are drawn for the claim, at larger sizes first (x[7]).

        The first point at which it agrees, and how well.
        """
        for pair in self._pairs(self._further(), claim, truth, extra):
            gap, place = self._gap(pair, (claim, truth, *(extra or {}).values()))
            if gap > NO:
                return different(pair.trial, pair.claimed, pair.true, place, gap)
            if gap <= EQUAL:
                return pair.trial, gap
        if self._short:
            return Comparison("undecided", REAL, reason="the sizes at which the claim has a value are larger than those that are tried")
        return Comparison("undecided", REAL, reason="the claim has no value at any of the points", void=True)

    def _further(self) -> Iterator[Trial]:
        """Points at larger sizes, then further ones at the usual sizes."""
        for times in (2, 4, 8):
            yield from self.larger.of(REAL, frozenset(self.trials.problem.sizes), times)
        for style in STYLES:
            with suppress(Undecided):
                for _ in range(4):
                    yield self.trials.draw(REAL, styles=(style,))

    def _met(self, mode: str, used: Sequence[Trial]) -> Survey:
        """The trials at which the claim had a value: mostly all of them."""
        every = self._survey(mode)
        same = len(used) == len(every.trials) and all(a is b for a, b in zip(used, every.trials, strict=True))
        return every if same else Survey(used)

    def _equal(self, method: str, met: Survey, formulas: Sequence[Expr], **how: Any) -> Comparison:
        provided, known = self.conditions(formulas), self.assumptions()
        missed = formulas and any(t not in met.trials for t in self._survey(method).trials)
        narrow = tuple(c for c in provided if c not in self.conditions()) if missed else ()
        return Comparison("equal", method, len(met.trials), met.sizes, conditions=provided, assumptions=known, narrow=narrow, **how)

    def _gap(self, pair: Pair, formulas: Sequence[Expr]) -> tuple[Decimal, int]:
        """The largest relative difference of two values, and in which entry."""
        found, place, hidden = apart(pair, formulas)
        self._hidden = self._hidden or hidden
        return found, place

    def compare_function(self, function: Function, truth: Expr) -> Comparison:
        """A function of arrays against the truth: it is called with nested lists of floats by name and may return any nested sequence."""
        used, worst = self.trials.several(REAL), 0.0
        for trial in used:
            wanted = trial.value(truth)
            found = flat(function({name: nested(t) for name, t in trial.env.items()}))
            if len(found) != len(wanted.data):
                return Comparison("shape", reason=f"{len(found)} numbers against {len(wanted.data)}", at=dict(trial.frame))
            scale = max((abs(float(x)) for x in wanted.data), default=1.0) or 1.0
            for place, (x, y) in enumerate(zip(found, wanted.data, strict=True)):
                gap = abs(x - float(y)) / scale
                if not gap <= FLOATS:
                    return different(trial, Tensor(wanted.shape, found), wanted, place, Decimal(gap))
                worst = max(worst, gap)
        return self._equal(REAL, self._met(REAL, used), (), gap=worst)
