"""Two formulas compared at the trials: equal with a known certainty, different with the numbers that show it, or undecided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shapecalc.derivation import Certificate
from shapecalc.expr import Expr, nodes
from shapecalc.rings import Real, Unsupported
from shapecalc.shapes import Shape, strip
from shapecalc.tensor import Tensor, strides

from .certainty import ENOUGH, Certainty, sizes_of, total_bits
from .conditions import Conditions
from .points import STYLES, Undecided
from .trials import EXACT, MISFORTUNE, REAL, Trial, Trials

YES, NO = Decimal("1e-20"), Decimal("1e-12")  # relative gaps up to which reals are equal, and from which on they are different
NOISE, SHARP = Decimal("1e-48"), Decimal("1e-30")  # of the largest number met: what rounding may do, and what it cannot
ROUNDS = 4  # how often points are added for a certainty that is too small
Extra = Mapping[str, Expr]
Pair = tuple[Trial, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing a claim with the truth.

    ``verdict``: "equal", "different", "shape" (they cannot be compared) or "undecided". Where they differ: ``at`` which sizes, in
    which entry, and both numbers; ``exact`` says that exact arithmetic found it too. ``gap``: relative, the largest one seen, or
    that of the entry.
    """

    verdict: str
    method: str = ""
    points: int = 0
    sizes: tuple[Mapping[str, int], ...] = ()
    bits: int | None = None
    gap: float | None = None
    at: Mapping[str, int] | None = None
    index: tuple[int, ...] | None = None
    claimed: float | None = None
    expected: float | None = None
    exact: bool = False
    conditions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str = ""

    @property
    def certificate(self) -> Certificate | None:
        """What a yes rests on."""
        if self.verdict != "equal":
            return None
        return Certificate(self.method, self.points, self.sizes, self.bits, self.gap, self.conditions, self.assumptions, ("the derived formula",))


class Comparisons:
    """Compares formulas at the trials of one problem."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._conditions: Conditions | None = None
        self._certainty: Certainty | None = None

    def conditions(self, formulas: Sequence[Expr] = ()) -> tuple[str, ...]:
        """What must hold for the program and the formulas."""
        if self._conditions is None:
            self._conditions = Conditions(self.trials.problem)
        return self._conditions.of(formulas)

    @property
    def certainty(self) -> Certainty:
        """The bounds for the exact trials; Unsupported where there are none."""
        trials = self.trials.of(EXACT)
        if self._certainty is None or self._certainty.sizes != sizes_of(trials):
            self._certainty = Certainty(self.trials.problem, self.trials.backward, sizes_of(trials))
        return self._certainty

    def compare(self, claim: Expr, truth: Expr, extra: Extra | None = None, squeeze: bool = False) -> Comparison:
        """A claim against the truth; shapes are compared without their leading axes of size 1 (`squeeze`: without any)."""
        if bare(claim.shape, squeeze) != bare(truth.shape, squeeze):
            return Comparison("shape", reason=f"{claim.shape} against {truth.shape}")
        exact = self._exactly(claim, truth, extra)
        if exact is not None and exact.verdict == "equal":
            return exact
        try:
            real = self._really(claim, truth, extra)
        except Undecided as error:
            real = Comparison("undecided", reason=error.message)
        except Unsupported as error:
            real = Comparison("undecided", reason=f"there are no numbers for {error}")
        if exact is None:
            return real
        return replace(real, exact=True) if real.verdict == "different" else exact

    def _pairs(self, trials: Sequence[Trial], claim: Expr, truth: Expr, extra: Extra | None) -> Iterator[Pair]:
        """Both values wherever the claim has one."""
        for trial in trials:
            try:
                yield trial, trial.value(claim, extra), trial.value(truth)
            except MISFORTUNE:
                continue

    def _exactly(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison | None:
        """Equal or different modulo a prime; None where that settles nothing."""
        try:
            for _ in range(ROUNDS):
                used = []
                for trial, a, b in self._pairs(self.trials.of(EXACT), claim, truth, extra):
                    if a.data != b.data:
                        return None if trial.masked else Comparison("different", EXACT, 1, at=dict(trial.frame), exact=True)
                    used.append(trial)
                single = self.certainty.equality(claim, truth, extra) if used else 0
                if not single:
                    return None
                if (sure := total_bits(single, used)) >= ENOUGH:
                    return Comparison("equal", EXACT, len(used), sizes_of(used), sure, conditions=self.conditions((claim,)))
                self.trials.again(EXACT)
        except (Unsupported, Undecided):
            return None
        return None

    def _really(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison:
        """Equal, different or undecided by sixty digits."""
        worst, used = Decimal(0), []
        trials: Iterator[Trial] = iter(self.trials.of(REAL))
        for trial, a, b in self._pairs([*trials], claim, truth, extra):
            gap, place = self.gap(trial, (claim, truth), a, b, extra)
            if gap > NO:
                return different(trial, a, b, place, gap)
            worst = max(worst, gap)
            used.append(trial)
        if not used:
            return self._elsewhere(claim, truth, extra)
        if worst > YES:
            return Comparison("undecided", REAL, len(used), sizes_of(used), gap=float(worst), reason=f"the values differ by {float(worst):.0e}")
        return Comparison("equal", REAL, len(used), sizes_of(used), gap=float(worst), conditions=self.conditions((claim,)))

    def _elsewhere(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison:
        """For a claim that has no value where the program has one: points that are drawn for the claim."""
        for style in STYLES:
            for _ in range(4):
                try:
                    trial = self.trials.draw(REAL, styles=(style,))
                except Undecided:
                    break
                for _, a, b in self._pairs([trial], claim, truth, extra):
                    gap, place = self.gap(trial, (claim, truth), a, b, extra)
                    if gap > NO:
                        return different(trial, a, b, place, gap)
                    if gap <= YES:
                        return Comparison("equal", REAL, 1, sizes_of([trial]), gap=float(gap), conditions=self.conditions((claim,)))
        return Comparison("undecided", REAL, reason="the claim has no value at any of the points")

    def gap(self, trial: Trial, formulas: Sequence[Expr], a: Tensor, b: Tensor, extra: Extra | None) -> tuple[Decimal, int]:
        """The largest relative difference of two values, and in which entry; what rounding may have done counts as none."""
        away = [Real.context.subtract(x, y).copy_abs() for x, y in zip(a.data, b.data, strict=True)]
        relative = [d / max(abs(x), abs(y)) if d else d for d, x, y in zip(away, a.data, b.data, strict=True)]
        place = max(range(len(relative)), key=relative.__getitem__)
        if relative[place] <= YES:
            return relative[place], place
        scale = max(magnitude(trial, e, extra) for e in formulas)
        for k, d in enumerate(away):
            if d <= NOISE * scale:
                relative[k] = Decimal(0)
            elif d <= SHARP * scale:
                relative[k] = min(relative[k], NO)
        place = max(range(len(relative)), key=relative.__getitem__)
        return relative[place], place


def magnitude(trial: Trial, e: Expr, extra: Extra | None) -> Decimal:
    """The largest number that is met on the way to a value."""
    every = [n for f in ((extra or {}).values() if extra else ()) for n in nodes(f)] + list(nodes(e))
    return max((abs(x) for n in every if (t := trial.memo.get(n)) is not None for x in t.data), default=Decimal(1))


def different(trial: Trial, a: Tensor, b: Tensor, place: int, gap: Decimal) -> Comparison:
    """The entry that shows it."""
    index = tuple(place // s % n for s, n in zip(strides(b.shape), b.shape, strict=True))
    return Comparison("different", REAL, 1, gap=float(gap), at=dict(trial.frame), index=index,
                      claimed=float(a.data[place]), expected=float(b.data[place]))


def bare(shape: Shape, squeeze: bool) -> Shape:
    """A shape without the axes of size 1 that do not count."""
    return tuple(d for d in shape if d != 1) if squeeze else strip(shape)


__all__ = ["NO", "YES", "Comparison", "Comparisons", "Real", "bare"]
