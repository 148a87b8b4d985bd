"""The judge: every formula that is handed out, and every claim, is compared with numbers that owe nothing to how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

from shapecalc.calculus.gradients import Backward
from shapecalc.derivation import Certificate
from shapecalc.evaluate import concrete
from shapecalc.expr import Apply, Expr
from shapecalc.forms import zeros
from shapecalc.language.problem import Problem
from shapecalc.rings import Unsupported
from shapecalc.shapes import show, strip
from shapecalc.tensor import Tensor

from .arrangement import Axes, arranged, arrangement
from .certainty import ENOUGH, sizes_of, total_bits
from .compared import Comparison
from .comparison import ROUNDS, Comparisons, Extra, Function
from .conditions import of_reals
from .degrees import MASKS
from .gaps import CURVATURE_NOISE, NO, REACHES, SLOPE_NOISE, YES, Reach, dead, gaps, slope_gap, telling
from .general import General, NoGeneral, generalised
from .points import STRUCTURES
from .question import WITNESS, Disproved, Question, blame, sized
from .trial import MISFORTUNE, Trial
from .trials import EXACT, REAL, Kinked, Trials
from .undecided import Undecided
from .wide import Wide

CULPRITS = 8  # wrong gradients that are named
REVIVALS = 3  # further points where a gradient was 0 at all of them
MANY_REVIVALS = 20  # the same where nothing else settles it: x in clip(x, a, b) counts at every sixth entry
SIGNED = frozenset({"positive", "nonnegative", "probabilities", "onehot", "onehot_columns"})


class Judge:
    """Judges formulas about one problem. The points are drawn once and kept, so that a further claim costs its own evaluation.

    ``seed`` makes the points reproducible; the one that was used is kept under that name.
    """

    def __init__(self, problem: Problem, backward: Backward | None = None, seed: int | None = None) -> None:
        self.problem = problem
        self.seed = seed
        self._start(backward)

    def _start(self, backward: Backward | None) -> None:
        self.backward = backward
        self.trials = Trials(self.problem, backward, self.seed)
        self.seed = self.trials.seed
        self.comparisons = Comparisons(self.trials)
        self._doubt = False  # whether masks disagreed, which only live gradients in real numbers can clear up
        self._wide: Wide[Judge] | None = None
        if (general := generalised(self.problem)) is not None:
            with suppress(NoGeneral):
                judge = Judge(general.problem, None if backward is None else general.backward(backward), self.seed)
                self._wide = Wide(general, judge, judge.trials.seed)

    def compare(self, claim: Expr, truth: Expr, extra: Extra | None = None, squeeze: bool = False) -> Comparison:
        """A claim against the truth, both in the names of the problem, of its gradients, and of `extra` (formulas, in order)."""
        wide = None if self._wide is None else self._wide.compared(claim, truth, extra, squeeze)
        general, refuted = wide or (None, None)
        if refuted is not None:
            return refuted
        if general is not None and general.verdict == "equal" and not general.narrow:
            return replace(general, conditions=self.comparisons.conditions((claim,)), assumptions=self.comparisons.assumptions())
        made = self.comparisons.compare(claim, truth, extra, squeeze)
        if general is None or general.verdict != "different" or made.verdict != "undecided":
            return made
        return replace(made, reason=f"{made.reason}; with other numbers in the place of the large sizes it is wrong")

    @property
    def trying(self) -> tuple[Trials, General | None]:
        """The trials at which formulas are tried out before they are judged; of large numbers at any sizes, to which a formula is put."""
        return (self.trials, None) if self._wide is None else (self._wide.judge.trials, self._wide.general)

    def compare_function(self, function: Function, truth: Expr) -> Comparison:
        """A function from values by name (nested lists of floats) to numbers, against the truth."""
        return self.comparisons.compare_function(function, truth)

    def values(self, which: int = 0, mode: str = REAL) -> Mapping[str, Tensor]:
        """The values of all names and gradients at one of the points."""
        return self.trials.of(mode)[which].env

    def certify(self, backward: Backward | None = None, wanted: Iterable[str] = ()) -> Certificate:
        """Every gradient of a backward pass against difference quotients of the program; Disproved names those that are not right.

        ``wanted``: names by which the loss is differentiated even where the pass found that it does not depend on them.
        """
        if backward is not None and backward is not self.backward:
            self._start(backward)
        if self.backward is None:
            raise ValueError("there is no backward pass to be certified")
        formulas = self._gradients(self.backward, wanted)
        if not formulas:
            return Certificate(EXACT, 0, (), witnesses=(WITNESS,))
        if (made := self._generally(list(formulas.values()), lambda judge, _: judge.certify(wanted=wanted))) is not None:
            return made
        for reach in REACHES:
            within = {n: e for n, e in formulas.items() if n in self.problem.declared or not reach.declared}
            try:
                return self._certified(within or formulas, reach)
            except Kinked as error:
                kinked = error
        raise kinked

    def _certified(self, formulas: Mapping[str, Expr], reach: Reach) -> Certificate:
        def wrong_ones(trial: Trial) -> NoReturn:
            trial.last = True
            wrong = self._culprits(trial, formulas, reach)
            raise Disproved(f"the derived gradient{'s' * (len(wrong) > 1)} of {', '.join(wrong)} failed the check against {WITNESS}", wrong)

        every = list(formulas.values())
        question = Question(lambda t: slope_gap(t, formulas, reach), lambda c: c.slopes(every), wrong_ones, every, several=False)
        return self._revived(self._settled(question), question, formulas, reach)

    def _culprits(self, trial: Trial, formulas: Mapping[str, Expr], reach: Reach) -> list[str]:
        """The first gradients of the pass that are not right, found by halving."""
        out: list[str] = []
        stack = [list(formulas)]
        while stack and len(out) < CULPRITS:
            names = stack.pop()
            if slope_gap(trial, {n: formulas[n] for n in names}, reach) > NO:
                half = len(names) // 2
                stack += [names[half:], names[:half]] if half else []
                out += names if not half else []
        return out

    def _gradients(self, backward: Backward, wanted: Iterable[str]) -> dict[str, Expr]:
        """The gradients to be checked; a comparison as a definition has none that a quotient could see."""
        out = {n: backward.formula(n) for n in backward.order if not _is_mask(self.problem.definitions.get(n))}
        out |= {n: zeros(self.problem.variable(n).shape) for n in wanted if n not in backward.flows}
        declared, definitions = self.problem.declared, self.problem.definitions
        for name, formula in out.items():
            wanted_shape = (declared[name] if name in declared else definitions[name]).shape
            if formula.shape != wanted_shape and strip(formula.shape) != strip(wanted_shape):
                raise Disproved(f"the derived gradient of {name} has the shape {show(formula.shape)}", [name])
        return out

    def certify_gradient(self, name: str, formula: Expr, structured: bool = False) -> Certificate:
        """One gradient formula, in the shape of the variable; `structured`: the partials by the distinct entries."""
        made = self._generally([formula], lambda judge, same: judge.certify_gradient(name, same[0], structured))
        if made is not None:
            return made
        structure = self.problem.variable(name).properties & STRUCTURES if structured else frozenset()

        def found(trial: Trial) -> float:
            return slope_gap(trial, {name: formula}, Reach(structure=structure))

        return self._settled(Question(found, lambda c: c.slopes([formula]), blame(f"the gradient of {name}", name), [formula]))

    def certify_jacobian(
        self, of: str, wrt: str, formula: Expr, layout: str = "numerator", vec: bool = False, axes: Axes | None = None
    ) -> Certificate:
        """∂of/∂wrt against quotients of every entry of `of`. The order of the axes follows from layout and vec, or is given.

        ``axes``: for each axis of the formula (without the ones that are the number 1) which axes of (of, wrt) it runs over, the last
        one fastest.
        """
        made = self._generally([formula], lambda judge, same: judge.certify_jacobian(of, wrt, same[0], layout, vec, axes))
        if made is not None:
            return made
        shapes = self.problem.variable(of).shape, self.problem.variable(wrt).shape
        order = axes or arrangement(*shapes, layout, vec)

        def found(trial: Trial) -> float:
            j = arranged(trial.value(formula), shapes, order, trial.frame)
            v = trial.direction(concrete(shapes[1], trial.frame)).data
            along = trial.ring.dots(j, v * (len(j) // len(v)), len(v))
            wanted = trial.witness.slope({wrt: Tensor(concrete(shapes[1], trial.frame), v)}, of)
            return gaps(trial, along, wanted, SLOPE_NOISE, of)

        sized(formula, shapes, f"the Jacobian of {of} by {wrt}")
        return self._settled(Question(found, lambda c: c.slopes([formula], of), blame(f"the Jacobian of {of} by {wrt}", wrt), [formula]))

    def certify_hessian(self, wrt: str, formula: Expr, wrt2: str | None = None, vec: bool = False, axes: Axes | None = None) -> Certificate:
        """The second derivative of the loss by `wrt`, then by `wrt2`, against second differences of the loss."""
        made = self._generally([formula], lambda judge, same: judge.certify_hessian(wrt, same[0], wrt2, vec, axes))
        if made is not None:
            return made
        other = wrt2 or wrt
        shapes = self.problem.variable(wrt).shape, self.problem.variable(other).shape
        order = axes or arrangement(*shapes, "numerator", vec)

        def found(trial: Trial) -> float:
            h = arranged(trial.value(formula), shapes, order, trial.frame)
            u, v = (trial.direction(concrete(s, trial.frame)) for s in shapes)
            along = trial.ring.dots(h, v.data * len(u.data), len(v.data))
            both = trial.ring.dots(u.data, along, len(along))
            return gaps(trial, both, trial.witness.curvature({wrt: u}, {other: v}), CURVATURE_NOISE)

        sized(formula, shapes, f"the Hessian by {wrt}")
        return self._settled(Question(found, lambda c: c.slopes([formula], order=2), blame(f"the Hessian by {wrt}", wrt), [formula]))

    def _generally(self, formulas: Sequence[Expr], certified: Callable[[Judge, Sequence[Expr]], Certificate]) -> Certificate | None:
        """What the problem in any sizes says of some formulas; None where there is none, or where it does not bear them out."""
        made = None if self._wide is None else self._wide.certified(formulas, certified)
        if self._wide is None or made is None:
            return None
        provided, known = self.comparisons.conditions(formulas), self.comparisons.assumptions()
        return replace(made, conditions=provided, assumptions=known, witnesses=(made.witnesses[0] + self._wide.general.words,))

    def _settled(self, question: Question) -> Certificate:
        """Exact arithmetic where it has a meaning and settles the matter, reals otherwise."""
        made = self._exactly(question)
        if made is not None:
            return made
        try:
            found = self.trials.survey(REAL, question.gap, question.several)
        except Unsupported as error:
            raise Undecided(f"there are no numbers for {error}") from None
        trials, worst = self.trials.of(REAL), max(found)
        if worst > NO:
            question.blame(trials[found.index(worst)])
        for trial in (t for e in question.formulas for t in telling(self.trials, e)) if question.several else ():
            try:
                worst = max(worst, further := question.gap(trial))
            except MISFORTUNE:
                trials.remove(trial)
                continue
            if further > NO:
                question.blame(trial)
        if worst > YES:
            raise Undecided(f"the check against {WITNESS} leaves a gap of {worst:.0e}")
        if question.several and all(t.unseen for t in trials):
            raise Undecided("the derivative is too small to be seen at all points")
        return self._certificate(REAL, trials, question.formulas, gap=worst)

    def _exactly(self, question: Question) -> Certificate | None:
        try:
            if self.trials.long and self.trials.functions and not question.bits(self.comparisons.forecast()):
                return None
            for _ in range(ROUNDS):
                found = self.trials.survey(EXACT, question.gap, question.several)
                trials = self.trials.of(EXACT)
                self._doubt = any(found)
                if self._doubt and not any(t.masked for t in trials):
                    question.blame(trials[found.index(1.0)])
                if not trials or self._doubt or not (single := question.bits(self.comparisons.certainty)):
                    return None
                if (sure := total_bits(single, trials)) >= ENOUGH:
                    break
                self.trials.again(EXACT)
            else:
                return None
        except Kinked:
            return None
        except (Unsupported, Undecided):
            self.trials.drawn[EXACT] = []
            return None
        made = self._certificate(EXACT, trials, question.formulas, bits=sure)
        if self.trials.functions and of_reals(made.conditions):
            self.trials.somewhere(REAL)  # log(-x**2) has an exact meaning and no value
        return made

    def _certificate(self, method: str, trials: Sequence[Trial], formulas: Sequence[Expr], **how: Any) -> Certificate:
        provided = self.comparisons.conditions(formulas)
        known = self.comparisons.assumptions()
        seen = WITNESS + self._where(trials)
        return Certificate(method, len(trials), sizes_of(trials), conditions=provided, assumptions=known, witnesses=(seen,), **how)

    def _where(self, trials: Sequence[Trial]) -> str:
        """Which names were positive at all of the points, a value being found more easily there; that is no condition of the formula."""
        names: set[str] = set(self.problem.declared)
        for t in trials:
            names &= (self.trials.asked("needy") if t.style.who == "needy" else names) if t.style.positive else set()
        drawn = [n for n, v in self.problem.declared.items() if n in names and not v.properties & SIGNED]
        return f" (at positive {_listed(drawn)})" if drawn else ""

    def _revived(self, made: Certificate, question: Question, formulas: Mapping[str, Expr], reach: Reach) -> Certificate:
        """Where a gradient was 0 at every real point (a dead relu) they show nothing of it: a few more are tried, and the rest is said."""
        seen = made.witnesses[0] + reach.words
        if made.method != REAL:
            return replace(made, witnesses=(seen,))
        trials, worst = self.trials.of(REAL), made.gap or 0.0
        for _ in range(MANY_REVIVALS if self._doubt else REVIVALS):
            if not dead(trials, formulas):
                break
            try:
                trial = self.trials.draw(REAL)
                worst = max(worst, found := question.gap(trial))
            except (*MISFORTUNE, Undecided):
                continue
            if found > NO:
                question.blame(trial)
            trials.append(trial)
        still = dead(trials, formulas)
        unsettled = list(formulas) if worst > YES else self._doubtful({n: formulas[n] for n in still}, reach) if self._doubt else []
        if unsettled:
            raise Undecided(f"the check against {WITNESS} does not settle the gradient of {_listed(unsettled)}")
        if any(t.linked for t in trials):
            seen += ", the smallest gradients by those of each definition"
        if still:
            small = "0 or too small to be seen" if any(t.unseen for t in trials) else "0"
            seen += f" (the gradient{'s' * (len(still) > 1)} of {_listed(still)} being {small} at every point)"
        return replace(made, points=len(trials), sizes=sizes_of(trials), gap=worst, witnesses=(seen,))

    def _doubtful(self, dead: Mapping[str, Expr], reach: Reach) -> list[str]:
        """Of gradients that are 0 at all real points, those that exact arithmetic with unknown masks does not confirm either."""
        try:
            return next((wrong for t in self.trials.of(EXACT) if dead and (wrong := self._culprits(t, dead, reach))), [])
        except MISFORTUNE:
            return list(dead)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def _is_mask(body: Expr | None) -> bool:
    return isinstance(body, Apply) and body.name in MASKS
