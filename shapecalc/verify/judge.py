"""The judge: every formula that is handed out, and every claim, is compared with numbers that owe nothing to how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from shapecalc.calculus.gradients import Backward
from shapecalc.derivation import Certificate
from shapecalc.errors import ShapecalcError
from shapecalc.evaluate import concrete
from shapecalc.expr import Apply, Expr, Lit
from shapecalc.forms import zeros
from shapecalc.language.problem import Problem
from shapecalc.rings import Modular, Unsupported
from shapecalc.shapes import Dim, Shape, strip, total
from shapecalc.tensor import Tensor

from .arrangement import Axes, arranged, arrangement
from .certainty import ENOUGH, Certainty, sizes_of, total_bits
from .comparison import NO, ROUNDS, YES, Comparison, Comparisons, Extra
from .conditions import assumptions
from .degrees import MASKS
from .points import distinct
from .trials import EXACT, MISFORTUNE, REAL, Trial, Trials, Undecided, rescaled
from .witness import end

WITNESS = "difference quotients of the program itself"
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
        """Σ <G, V> over all gradients against the quotient along all the V at once."""
        ring, directions, products = trial.ring, {}, []
        for name, formula in formulas.items():
            gradient = trial.value(formula)
            v = rescaled(trial, self.trials.direction(trial, gradient.shape, structure), gradient)
            directions[name] = v
            free = list(distinct(v.shape, structure)) if structure else range(len(v.data))
            g = [gradient.data[k] for k in free]
            products.append(ring.dots(g, [v.data[k] for k in free], len(g))[0])
            if structure and not _structured(gradient, structure):
                return 1.0
        (quotient,) = trial.witness.slope(directions)
        if isinstance(ring, Modular):
            return float(ring.total(products) != quotient)
        level = Decimal("1e-30") * abs(end(self.problem, ring, trial.env, trial.env))
        return _gap(ring.total(products), quotient, max(map(abs, products)), level)

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
            return _gaps(trial, found, trial.witness.slope({wrt: v}, of))

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
            return _gaps(trial, found, trial.witness.curvature({wrt: u}, {other: v}))

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
        used = assumptions(self.backward.context) if self.backward is not None else ()
        return Certificate(mode, len(trials), sizes_of(trials), sure, gap, open_conditions, used, (WITNESS,))

    def _revived(self, made: Certificate, formulas: Mapping[str, Expr]) -> Certificate:
        return made


def _is_mask(body: Expr | None) -> bool:
    return isinstance(body, Apply) and body.name in MASKS


def _structured(g: Tensor, structure: frozenset[str]) -> bool:
    """Whether the partials by distinct entries stand in a matrix of the same structure."""
    from .points import structured

    zero = g.data[0] - g.data[0]
    # reals that should be equal may differ in their last digits
    return all(a == b or (isinstance(a, Decimal) and abs(a - b) <= Decimal("1e-30") * max(abs(a), abs(b)))
               for a, b in zip(structured(g, structure, zero).data, g.data, strict=True))


def _gap(a: Decimal, b: Decimal, scale: Decimal, level: Decimal) -> float:
    """The difference relative to the largest of the numbers; below the level there is only rounding."""
    largest = max(abs(a), abs(b), scale, level)
    return float(abs(a - b) / largest) if largest else 0.0


def _gaps(trial: Trial, found: Sequence[Any], wanted: Sequence[Any]) -> float:
    if isinstance(trial.ring, Modular):
        return float(list(found) != list(wanted))
    scale = max(map(abs, wanted), default=Decimal(0))
    return max((_gap(a, b, scale, Decimal("1e-25")) for a, b in zip(found, wanted, strict=True)), default=0.0)


__all__ = ["MISFORTUNE", "Dim", "Disproved", "Judge", "Lit"]
