"""How far a formula is from a difference quotient, and along which directions the quotient is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shapecalc.expr import Apply, Expr, Lit
from shapecalc.rings import Modular, Real
from shapecalc.tensor import Tensor

from .chained import Links
from .points import distinct, is_structured
from .trial import MISFORTUNE, ONE, Trial
from .trials import REAL, Trials
from .undecided import Undecided

YES, NO = Decimal("1e-20"), Decimal("1e-12")  # relative gaps up to which reals are equal, and from which on they are different
FURTHER = 20  # points of a long problem that are drawn until a value is not 0 at two of them
SHORTER = Decimal("1e-8")  # a step so much shorter is tried where the first leaves a gap
RESIDUE = Decimal("1e-48")  # of a value: what rounding may leave of a 0
ERRING = Decimal("1e9")  # a quotient's noise by what errors in the 45th digit do: those in the 60th over 1e-20, four digits to spare
STAYS = Decimal("1e-3")  # by how much of itself a number changes at the most, where every operation errs, that is not what rounding left
SLOPE_NOISE, CURVATURE_NOISE = Decimal("1e-36"), Decimal("1e-26")  # of a value: what the steps leave of sixty digits, four to spare


@dataclass(frozen=True, slots=True)
class Reach:
    """Along which directions a quotient is taken.

    ``structure``: within the symmetric (diagonal, triangular) matrices; ``zeros``: what is 0 stays 0, as it may lie on a kink;
    ``declared``: definitions are not moved on their own; ``words``: how that is said.
    """

    structure: frozenset[str] = frozenset()
    zeros: bool = False
    declared: bool = False
    words: str = ""


REACHES = (
    Reach(),
    Reach(zeros=True, words=" that keep all zeros"),
    Reach(zeros=True, declared=True, words=" by the declared names, that keep all zeros"),
)


def gap(a: Decimal, b: Decimal, scale: Decimal, noise: Decimal) -> float:
    """The difference relative to the largest of the numbers; what rounding may have done counts as none."""
    difference = Real.context.subtract(a, b).copy_abs()
    return 0.0 if difference <= noise else float(difference / max(abs(a), abs(b), scale))


def gaps(trial: Trial, found: Sequence[Any], wanted: Sequence[Any], noise: Decimal, of: str | None = None) -> float:
    """The largest gap between the entries of two rows."""
    if isinstance(trial.ring, Modular):
        return float(list(found) != list(wanted))
    scale, level = max(map(abs, wanted), default=ONE), noise * trial.level(of)
    largest = max(map(abs, found), default=ONE)
    if largest and level > largest * NO:
        trial.missed([of or ""])
    return max((gap(a, b, scale, level) for a, b in zip(found, wanted, strict=True)), default=0.0)


def told(trials: Trials, drawn: Sequence[Trial], formula: Expr) -> bool:
    """Whether these real points tell a size from a number: in a long problem a formula has to be other than 0 at two tuples of sizes.

    Where all units of one layer are off, everything behind it is 0, and a formula with a number for a size is not told apart.
    """
    if not (trials.long and trials.problem.sizes):
        return True
    return len({tuple(t.frame.items()) for t in drawn if any(t.value(formula).data)}) > 1


def telling(trials: Trials, formula: Expr) -> Iterator[Trial]:
    """Further real points until they tell; Undecided where they never do. One that was of no use is taken out by who asked for it."""
    drawn = trials.several(REAL)
    for _ in range(FURTHER):
        if told(trials, drawn, formula):
            return
        trials.apart_from(next((t for t in drawn if any(t.value(formula).data)), drawn[0]))
        drawn.append(trials.draw(REAL))
        yield drawn[-1]
    raise Undecided("all values are 0 at all points but one")


def slope_gap(trial: Trial, formulas: Mapping[str, Expr], reach: Reach) -> float:
    """Σ <G, V> over all gradients against the quotient along all the V at once; gradients of very different size apart."""
    bands: dict[int, dict[str, Tensor]] = {}
    none: dict[str, Tensor] = {}
    for name, formula in formulas.items():
        gradient = trial.derived(formula)
        if reach.structure and not is_structured(gradient, reach.structure):
            return 1.0
        bands.setdefault(band(trial, gradient), {})[name] = gradient
        if not any(gradient.data):
            none[name] = gradient
    found = max([_band_gap(trial, gradients, reach) for gradients in bands.values()])
    if none and found <= NO and not isinstance(trial.ring, Modular) and trial.program.backward is not None and _is_free(reach):
        found = max(found, _Band(trial, none, reach).linked())  # too small a derivative looks like none
    return found


def _band_gap(trial: Trial, gradients: Mapping[str, Tensor], reach: Reach) -> float:
    made = _Band(trial, gradients, reach)
    if isinstance(trial.ring, Modular):
        return float(made.found != trial.witness.slope(made.directions)[0])
    noise = SLOPE_NOISE * trial.level()
    if made.unseen(noise):
        if trial.program.backward is not None and _is_free(reach):
            return made.linked()
        trial.missed(gradients)
    return made.gap(lambda v: trial.witness.slope(v)[0], noise)


def _is_free(reach: Reach) -> bool:
    """Whether every name is moved in any direction, as it takes to put the gradients of the definitions together."""
    return not (reach.zeros or reach.declared)


class _Band:
    """Gradients of like size along directions, in one sum."""

    def __init__(self, trial: Trial, gradients: Mapping[str, Tensor], reach: Reach) -> None:
        ring, products = trial.ring, []
        self.trial = trial
        self.gradients = gradients
        self.directions: dict[str, Tensor] = {}
        for name, gradient in gradients.items():
            v = rescaled(trial, trial.direction(gradient.shape, reach.structure), gradient)
            if reach.zeros:
                v = Tensor(v.shape, [x if at else at for x, at in zip(v.data, trial.env[name].data, strict=True)])
            self.directions[name] = v
            if reach.structure:
                free = list(distinct(v.shape, reach.structure))
                products.append(ring.inner([gradient.data[k] for k in free], [v.data[k] for k in free]))
            else:
                products.append(ring.inner(gradient.data, v.data))
        self.found = ring.total(products)
        self.products = products

    def unseen(self, noise: Decimal) -> bool:
        """Whether what rounding does to a quotient hides an error in the sum, which is not 0."""
        largest = max(map(abs, self.products))
        return bool(largest) and noise > largest * NO

    def gap(self, slope: Callable[[Mapping[str, Tensor]], Any], noise: Decimal) -> float:
        """How far the sum is from a quotient along the directions."""
        found, largest = self.found, max(map(abs, self.products))
        first = gap(found, slope(self.directions), largest, noise)
        if first <= YES or noise > largest * SHORTER * NO > noise * SHORTER * NO:
            return first
        # near a pole a step may be too long; a shorter one helps if the formula is right (0, too), and only then
        short = {n: Tensor(v.shape, self.trial.ring.scaled(v.data, SHORTER)) for n, v in self.directions.items()}
        return min(first, gap(found * SHORTER, slope(short), largest * SHORTER, noise))

    def linked(self) -> float:
        """The same by the definitions that use the names, one at a time."""
        links = Links(self.trial, self.directions)
        noise = SLOPE_NOISE * links.level
        if self.unseen(noise):
            self.trial.missed(self.directions)
        self.trial.linked = self.trial.linked or any(self.products)
        found = self.gap(links.slope, noise)
        if found <= YES:
            return found
        try:
            noise = max(noise, ERRING * links.rounding)
        except (*MISFORTUNE, Undecided):
            return found
        if self.unseen(noise) and not self.left_over():
            self.trial.missed(self.directions)
        return self.gap(links.slope, noise)

    def left_over(self) -> bool:
        """Whether the gradients are what rounding left of 0, as log_softmax along an axis of 1 has it: others where operations err."""
        passed = self.trial.program.backward
        assert passed is not None
        try:
            others = [{n: t.derived(passed.formula(n)).data for n in self.directions} for t in self.trial.shaken]
        except (*MISFORTUNE, Undecided):
            return False
        pairs = [zip(self.gradients[n].data, other[n], strict=True) for other in others for n in self.directions]
        return all(any(Real.context.subtract(a, b).copy_abs() > STAYS * abs(a) for a, b in pair) for pair in pairs)


def band(trial: Trial, gradient: Tensor) -> int:
    """Gradients of one band are checked in one sum, in which an error in any of them shows."""
    if isinstance(trial.ring, Modular):
        return 0
    largest: Decimal = max(map(abs, gradient.data), default=Decimal(0))
    return largest.adjusted() // 10 if largest else 0


def rescaled(trial: Trial, v: Tensor, gradient: Tensor) -> Tensor:
    """A direction that is longer where the gradient is small, and the other way round."""
    if isinstance(trial.ring, Modular):
        return v
    largest: Decimal = max(map(abs, gradient.data), default=Decimal(0))
    # what rounding left of a gradient that is 0 asks for no longer steps, whose own error would be taken for a slope
    exponent = max(-5, min(5, -largest.adjusted())) if largest > RESIDUE * trial.level() else 0
    return v.mapped(lambda x: x.scaleb(exponent, Real.context)) if exponent else v


def dead(trials: Sequence[Trial], formulas: Mapping[str, Expr]) -> list[str]:
    """The gradients that were 0, or too small to be seen, at every point although they are not 0 as formulas."""
    return [n for n, e in formulas.items() if not (_is_zero(e) or any(n not in t.unseen and any(t.derived(e).data) for t in trials))]


def _is_zero(e: Expr) -> bool:
    return isinstance(e, Lit) or (isinstance(e, Apply) and e.name == "zeros")
