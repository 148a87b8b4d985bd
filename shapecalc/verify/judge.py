"""The judge: every formula that is handed out, and every claim, is compared with numbers that owe nothing to how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn

from shapecalc.calculus.gradients import Backward
from shapecalc.derivation import Certificate
from shapecalc.errors import ShapecalcError
from shapecalc.evaluate import concrete
from shapecalc.expr import Apply, Expr, Lit
from shapecalc.forms import zeros
from shapecalc.language.problem import Problem
from shapecalc.rings import Modular, Real, Unsupported
from shapecalc.shapes import Dim, Shape, strip, total
from shapecalc.tensor import Tensor

from .arrangement import Axes, arranged, arrangement
from .certainty import ENOUGH, Certainty, sizes_of, total_bits
from .comparison import NO, ROUNDS, YES, Comparison, Comparisons, Extra
from .conditions import assumptions
from .degrees import MASKS
from .points import distinct, is_structured
from .trials import EXACT, MISFORTUNE, REAL, Trial, Trials, Undecided, band, rescaled

ONE = Decimal(1)
SLOPE_NOISE, CURVATURE_NOISE = Decimal("1e-36"), Decimal("1e-26")  # of the value: sixty digits less those that the steps take, four to spare
WITNESS = "difference quotients of the program itself"
REVIVALS = 3
Check = Callable[[Trial], float]
Bound = Callable[[Certainty], int]


class Disproved(ShapecalcError):
    """A formula that was derived is not the derivative. ``names``: what it is the derivative by."""

    def __init__(self, message: str, names: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.names = tuple(names)


class Judge:
    """Judges formulas about one problem. The points are drawn once and kept, so that a further claim costs its own evaluation.

    ``seed`` makes the points reproducible; the one that was used is kept under that name.
    """

    def __init__(self, problem: Problem, backward: Backward | None = None, seed: int | None = None) -> None:
        self.problem = problem
        self.backward = backward
        self.trials = Trials(problem, backward, seed)
        self.seed = self.trials.seed
        self.comparisons = Comparisons(self.trials)

    def compare(self, claim: Expr, truth: Expr, extra: Extra | None = None, squeeze: bool = False) -> Comparison:
        """A claim against the truth, both in the names of the problem, of its gradients, and of `extra` (formulas, in order)."""
        return self.comparisons.compare(claim, truth, extra, squeeze)

    def values(self, which: int = 0, mode: str = REAL) -> Mapping[str, Tensor]:
        """The values of all names and gradients at one of the points."""
        return self.trials.of(mode)[which].env

    def certify(self, backward: Backward | None = None, wanted: Iterable[str] = ()) -> Certificate:
        """Every gradient of a backward pass against difference quotients of the program; Disproved names those that are not right.

        ``wanted``: names by which the loss is differentiated even where the pass found that it does not depend on them.
        """
        if backward is not None and backward is not self.backward:
            self.__init__(self.problem, backward, self.seed)  # type: ignore[misc]
        if self.backward is None:
            raise ValueError("there is no backward pass to be certified")
        formulas = self._gradients(self.backward, wanted)
        if not formulas:
            return Certificate("exact", 0, (), None, witnesses=(WITNESS,))
        names = list(formulas)

        def blame(trial: Trial) -> NoReturn:
            wrong = [n for n in names if self._slope_gap(trial, {n: formulas[n]}) > float(NO)]
            raise Disproved(f"the derived gradient{'s' * (len(wrong) > 1)} of {', '.join(wrong)} failed the check against {WITNESS}", wrong)

        made = self._settled(lambda t: self._slope_gap(t, formulas), lambda c: c.slopes(formulas.values()), blame, list(formulas.values()))
        return self._revived(made, formulas)

    def _gradients(self, backward: Backward, wanted: Iterable[str]) -> dict[str, Expr]:
        """The gradients to be checked; a comparison as a definition has none that a quotient could see."""
        out = {n: backward.formula(n) for n in backward.order if not _is_mask(self.problem.definitions.get(n))}
        out |= {n: zeros(self.problem.variable(n).shape) for n in wanted if n not in out and n not in backward.flows}
        for name, formula in out.items():
            if strip(formula.shape) != strip(self.problem.variable(name).shape):
                raise Disproved(f"the derived gradient of {name} has the shape {formula.shape}", [name])
        return out

    def certify_gradient(self, name: str, formula: Expr, structured: bool = False) -> Certificate:
        """One gradient formula, in the shape of the variable; `structured`: the partials by the distinct entries."""
        structure = self.problem.variable(name).properties if structured else frozenset()

        def blame(_: Trial) -> NoReturn:
            raise Disproved(f"the formula for the gradient of {name} failed the check against {WITNESS}", [name])

        return self._settled(lambda t: self._slope_gap(t, {name: formula}, structure), lambda c: c.slopes([formula]), blame, [formula])

    def _slope_gap(self, trial: Trial, formulas: Mapping[str, Expr], structure: frozenset[str] = frozenset()) -> float:
        """Σ <G, V> over all gradients against the quotient along all the V at once; gradients of very different size apart."""
        bands: dict[int, dict[str, Tensor]] = {}
        for name, formula in formulas.items():
            gradient = trial.value(formula)
            if structure and not is_structured(gradient, structure):
                return 1.0
            bands.setdefault(band(trial, gradient), {})[name] = gradient
        return max(self._band_gap(trial, gradients, structure) for gradients in bands.values())

    def _band_gap(self, trial: Trial, gradients: Mapping[str, Tensor], structure: frozenset[str]) -> float:
        ring, directions, products = trial.ring, {}, []
        for name, gradient in gradients.items():
            v = directions[name] = rescaled(trial, self.trials.direction(trial, gradient.shape, structure), gradient)
            free = distinct(v.shape, structure) if structure else range(len(v.data))
            g, along = zip(*((gradient.data[k], v.data[k]) for k in free), strict=True)
            products.append(ring.dots(g, along, len(g))[0])
        found = ring.total(products)
        (wanted,) = trial.witness.slope(directions)
        if isinstance(ring, Modular):
            return float(found != wanted)
        return gap(found, wanted, max(map(abs, products)), SLOPE_NOISE * trial.level())

    def certify_jacobian(self, of: str, wrt: str, formula: Expr, layout: str = "numerator", vec: bool = False, axes: Axes | None = None) -> Certificate:
        """∂of/∂wrt against quotients of every entry of `of`. The order of the axes follows from layout and vec, or is given.

        ``axes``: for each axis of the formula (without the ones that are the number 1) which axes of (of, wrt) it runs over, the last
        one fastest.
        """
        shapes = self.problem.variable(of).shape, self.problem.variable(wrt).shape
        order = axes or arrangement(*shapes, layout, vec)

        def check(trial: Trial) -> float:
            j = arranged(trial.value(formula), shapes, order, trial.frame)
            v = self.trials.direction(trial, concrete(shapes[1], trial.frame))
            width = len(v.data)
            found = trial.ring.dots(j, v.data * (len(j) // width), width)
            return gaps(trial, found, trial.witness.slope({wrt: v}, of), SLOPE_NOISE * trial.level(of))

        def blame(_: Trial) -> NoReturn:
            raise Disproved(f"the derived Jacobian of {of} by {wrt} failed the check against {WITNESS}", [wrt])

        self._sized(formula, shapes, f"the Jacobian of {of} by {wrt}")
        return self._settled(check, lambda c: c.slopes([formula], of), blame, [formula])

    def certify_hessian(self, wrt: str, formula: Expr, wrt2: str | None = None, vec: bool = False, axes: Axes | None = None) -> Certificate:
        """The second derivative of the loss by `wrt`, then by `wrt2`, against second differences of the loss."""
        other = wrt2 or wrt
        shapes = self.problem.variable(wrt).shape, self.problem.variable(other).shape
        order = axes or arrangement(*shapes, "numerator", vec)

        def check(trial: Trial) -> float:
            h = arranged(trial.value(formula), shapes, order, trial.frame)
            u, v = (self.trials.direction(trial, concrete(s, trial.frame)) for s in shapes)
            rows = trial.ring.dots(h, v.data * len(u.data), len(v.data))
            found = trial.ring.dots(u.data, rows, len(rows))
            return gaps(trial, found, trial.witness.curvature({wrt: u}, {other: v}), CURVATURE_NOISE * trial.level())

        def blame(_: Trial) -> NoReturn:
            raise Disproved(f"the derived Hessian by {wrt} failed the check against {WITNESS}", [wrt])

        self._sized(formula, shapes, f"the Hessian by {wrt}")
        return self._settled(check, lambda c: c.slopes([formula], order=2), blame, [formula])

    def _sized(self, formula: Expr, shapes: tuple[Shape, Shape], what: str) -> None:
        if total(formula.shape) != total((*shapes[0], *shapes[1])):
            raise Disproved(f"{what} has the shape {formula.shape}")

    def _settled(self, check: Check, bound: Bound, blame: Callable[[Trial], NoReturn], formulas: Sequence[Expr]) -> Certificate:
        """Exact arithmetic where it has a meaning and settles the matter, reals otherwise."""
        found = self._exact(check, bound, blame, formulas)
        if found is not None:
            return found
        try:
            gaps = self.trials.survey(REAL, check)
        except Unsupported as error:
            raise Undecided(f"there are no numbers for {error}") from None
        trials = self.trials.of(REAL)
        worst = max(gaps, default=0.0)
        if worst > NO:
            blame(trials[gaps.index(worst)])
        if worst > YES or not trials:
            raise Undecided(f"the check against {WITNESS} leaves a gap of {worst:.0e}")
        return self._certificate(REAL, trials, formulas, gap=worst)

    def _exact(self, check: Check, bound: Bound, blame: Callable[[Trial], NoReturn], formulas: Sequence[Expr]) -> Certificate | None:
        try:
            for _ in range(ROUNDS):
                gaps = self.trials.survey(EXACT, check)
                trials = self.trials.of(EXACT)
                if not trials:
                    return None
                if any(gaps):
                    if any(t.masked for t in trials):
                        return None
                    blame(trials[gaps.index(max(gaps))])
                single = bound(self.comparisons.certainty)
                if not single:
                    return None
                if (sure := total_bits(single, trials)) >= ENOUGH:
                    return self._certificate(EXACT, trials, formulas, sure=sure)
                self.trials.again(EXACT)
        except (Unsupported, Undecided):
            self.trials.drawn[EXACT] = []
        return None

    def _certificate(self, mode: str, trials: Sequence[Trial], formulas: Sequence[Expr], sure: int | None = None, gap: float | None = None) -> Certificate:
        open_conditions = self.comparisons.conditions(formulas)
        for style in dict.fromkeys(t.style for t in trials):
            if style.positive:
                names = self.trials.needy if style.who == "needy" else self.problem.declared
                open_conditions += tuple(c for n in names if (c := f"{n} > 0") not in open_conditions)
        return Certificate(mode, len(trials), sizes_of(trials), sure, gap, open_conditions, assumptions(self.backward), (WITNESS,))

    def _revived(self, made: Certificate, formulas: Mapping[str, Expr]) -> Certificate:
        """A real check at which a gradient was 0 throughout (a dead relu) shows nothing of it: a few more points."""
        trials = self.trials.of(REAL) if made.method == REAL else []
        worst = made.gap or 0.0
        for _ in range(REVIVALS):
            dead = [e for e in formulas.values() if not _is_zero(e) and not any(any(t.value(e).data) for t in trials)]
            if not trials or not dead:
                break
            try:
                trial = self.trials.draw(REAL)
                worst = max(worst, self._slope_gap(trial, formulas))
            except (*MISFORTUNE, Undecided):
                continue
            trials.append(trial)
        if worst > YES:
            raise Undecided(f"the check against {WITNESS} leaves a gap of {worst:.0e}")
        return replace(made, points=len(trials), sizes=sizes_of(trials), gap=worst) if trials else made


def _is_zero(e: Expr) -> bool:
    return isinstance(e, Lit) or e.name == "zeros"


def _is_mask(body: Expr | None) -> bool:
    return isinstance(body, Apply) and body.name in MASKS


def gap(a: Decimal, b: Decimal, scale: Decimal, noise: Decimal) -> float:
    """The difference relative to the largest of the numbers; what rounding may have done counts as none."""
    difference = Real.context.subtract(a, b).copy_abs()
    return 0.0 if difference <= noise else float(difference / max(abs(a), abs(b), scale))


def gaps(trial: Trial, found: Sequence[Any], wanted: Sequence[Any], noise: Decimal) -> float:
    """The largest gap between the entries of two rows."""
    if isinstance(trial.ring, Modular):
        return float(list(found) != list(wanted))
    scale = max(map(abs, wanted), default=ONE)
    return max((gap(a, b, scale, noise) for a, b in zip(found, wanted, strict=True)), default=0.0)


__all__ = ["MISFORTUNE", "Dim", "Disproved", "Judge", "Lit"]
