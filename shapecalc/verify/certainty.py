"""How sure an exact yes is: the degrees of everything a problem names, and the bits that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from shapecalc.calculus.gradients import Backward
from shapecalc.expr import Expr
from shapecalc.language.problem import Problem
from shapecalc.rings import PRIME

from .degrees import CONSTANT, FREE, Degree, added, bits, degree, derivative, extent, multiplied, repeated, zero_test
from .points import degrees_of
from .trials import Trial
from .witness import incoming

ENOUGH = 50  # bits that a yes needs


class Certainty:
    """Bounds for one problem at given tuples of sizes."""

    def __init__(self, problem: Problem, backward: Backward | None, sizes: Sequence[Mapping[str, int]], prime: int = PRIME) -> None:
        self.prime = prime  # the smallest that is drawn
        self.problem = problem
        self.backward = backward
        self.sizes = tuple(sizes)
        self.memo: dict[Expr, Degree] = {}
        self.env: dict[str, Degree] = {}
        for name, v in problem.declared.items():
            self.env[name] = max((degrees_of(v, s) for s in self.sizes), default=FREE)
        for name, body in problem.definitions.items():
            n, d = degree(body, self.env, self.sizes, self.memo)
            # the witness moves every definition by a number of its own
            self.env[name] = (max(n, d + 1), d)
        self.env |= dict.fromkeys(incoming(problem).values(), FREE)
        if backward is not None:
            for name in backward.order:
                self.env.setdefault(backward.flows[name].symbol.name, degree(backward.formula(name), self.env, self.sizes, self.memo))

    def of(self, e: Expr, extra: Mapping[str, Expr] | None = None) -> Degree:
        """The bound for a formula in the names of the problem."""
        if not extra:
            return degree(e, self.env, self.sizes, self.memo)
        env = dict(self.env)
        for name, formula in extra.items():
            env[name] = degree(formula, env, self.sizes, {})
        return degree(e, env, self.sizes, {})

    @property
    def end(self) -> Degree:
        """The bound for what is differentiated: the loss, or the sum of <dZ, Z>."""
        if self.problem.loss is not None:
            return self.env[self.problem.loss]
        parts = []
        for name in incoming(self.problem):
            entries = prod(extent(d, self.sizes) for d in self.problem.definitions[name].shape)
            parts.append(repeated(multiplied((FREE, self.env[name])), entries))
        return added(parts) if parts else CONSTANT

    def equality(self, a: Expr, b: Expr, extra: Mapping[str, Expr] | None = None) -> int:
        """The bits that agreement of two formulas at one point gives."""
        return bits(zero_test(self.of(a, extra), self.of(b, extra)), self.prime)

    def slopes(self, gradients: Iterable[Expr], of: str | None = None, order: int = 1) -> int:
        """The bits that agreement with a difference quotient along a random direction gives: one degree more for the direction."""
        wanted = self.end if of is None else self.env[of]
        for _ in range(order):
            wanted = derivative(wanted)
        tests = [zero_test(self.of(g), wanted) for g in gradients]
        return min((bits((n + order, d), self.prime) for n, d in tests), default=0)


def total_bits(single: int, trials: Sequence[Trial]) -> int:
    """The bits that all trials give together against a formula that is wrong at any one of the tuples of sizes."""
    times: dict[tuple[tuple[str, int], ...], int] = {}
    for t in trials:
        key = tuple(t.frame.items())
        times[key] = times.get(key, 0) + 1
    return single * min(times.values(), default=0)


def sizes_of(trials: Sequence[Trial]) -> tuple[Mapping[str, int], ...]:
    """The tuples of sizes, each once."""
    return tuple(dict(items) for items in dict.fromkeys(tuple(t.frame.items()) for t in trials))
