"""How sure an exact yes is: the degrees of everything a problem names, and the bits that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

from shapecalc.calculus.gradients import Backward
from shapecalc.expr import Apply, Expr
from shapecalc.language.problem import Problem
from shapecalc.rings import PRIME, Table

from .degrees import CONSTANT, FREE, Degree, Powers, added, applied, bits, degree, derivative, extent, multiplied, repeated, zero_test
from .points import degrees_of
from .trial import Trial
from .witness import Program, incoming

ENOUGH = 50  # bits that a yes needs


class Certainty:
    """Bounds for one problem at given tuples of sizes."""

    def __init__(
        self,
        problem: Problem,
        backward: Backward | None,
        sizes: Sequence[Mapping[str, int]],
        prime: int = PRIME,
        program: Program | None = None,
        tables: Callable[[], Iterable[Table]] = tuple,
    ) -> None:
        self.prime = prime  # the smallest that is drawn
        self.problem = problem
        self.sizes = tuple(sizes)
        self.memo: dict[Expr, Degree] = {}
        self.env: dict[str, Degree] = {}
        for name, v in problem.declared.items():
            self.env[name] = max([degrees_of(v, s) for s in self.sizes], default=FREE) if v.properties else FREE
        self.env |= dict.fromkeys(incoming(problem).values(), FREE)
        self.program = program or Program(problem, backward)
        self.tables = tables
        self.powers = Powers()
        self.found: list[Any] = [None] * len(self.program.tape.shapes)
        self._run()

    def _run(self) -> None:
        """The bounds for all definitions and gradients, on the tape of the program."""
        program, tape, found, env, powers = self.program, self.program.tape, self.found, self.env, self._powers()
        for name in tape.given:
            found[tape.names[name]] = env[name]
        moved = len(program.forward)
        for k, (name, parts, body, own) in enumerate(tape.lines):
            for place, node, args in tape.parts[parts.start : parts.stop]:
                found[place] = applied(node, [found[a] for a in args], self.sizes, powers) if isinstance(node, Apply) else CONSTANT
            n, d = found[body]
            # the witness moves every definition by a number of its own
            found[own] = env[name] = (max(n, d + 1), d) if k < moved else (n, d)

    def _powers(self) -> Powers:
        """With what exp was made of so far."""
        for table in self.tables():
            self.powers.up, self.powers.down = max(self.powers.up, table.up), max(self.powers.down, table.down)
        return self.powers

    def of(self, e: Expr, extra: Mapping[str, Expr] | None = None) -> Degree:
        """The bound for a formula in the names of the problem."""
        if not extra:
            place = self.program.tape.numbers.get(e)
            if place is not None:
                known: Degree = self.found[place]
                return known
            return degree(e, self.env, self.sizes, self.memo, self._powers())
        env = dict(self.env)
        for name, formula in extra.items():
            env[name] = degree(formula, env, self.sizes, {}, self._powers())
        return degree(e, env, self.sizes, {}, self._powers())

    def _moved(self, a: Degree) -> Degree:
        """The derivative of such a quotient along a direction; exp and log bring in the derivatives of their arguments."""
        n, d = derivative(a)
        count = max(map(len, self.tables()), default=0)
        below = count * 2 * sum(self.powers.widest)
        return n + below, d + below

    def _bits(self, test: Degree) -> int:
        """The bits of a test, less the chance that two residues were equal by which exp and log are told apart."""
        n, d = self.powers.widest
        tests = max([table.tests for table in self.tables()], default=0)
        return bits((test[0] + tests * 3 * (n + 2 * d), test[1] + 3 * d), self.prime)

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
        return self._bits(zero_test(self.of(a, extra), self.of(b, extra)))

    def slopes(self, gradients: Iterable[Expr], of: str | None = None, order: int = 1) -> int:
        """The bits that agreement with a difference quotient along a random direction gives: one degree more for the direction."""
        wanted = self.end if of is None else self.env[of]
        for _ in range(order):
            wanted = self._moved(wanted)
        tests = {zero_test(degree_, wanted) for degree_ in {self.of(g) for g in gradients}}
        return min([self._bits((n + order, d)) for n, d in tests], default=0)


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
