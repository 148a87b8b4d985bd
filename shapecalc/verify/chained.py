"""Gradients too small for a quotient of the whole program: of each definition alone, put together by the chain rule.

Where <G, V> is less than what rounding does to the loss, the difference of two losses shows nothing of it. The difference of the
definitions that a name is used in does: the gradient by a name is the sum over them of their own gradients times what they change by.
Where that holds for every name, the definitions among them, all gradients are right, from the loss backwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shapecalc.expr import variables
from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .tape import Tape
from .trial import Trial
from .witness import STEP, incoming

LINE = "="  # before the name of a definition: what it becomes, which no other definition sees


class Links:
    """What the definitions change by when names are moved, and nothing that is defined by them is."""

    def __init__(self, trial: Trial, names: Mapping[str, Tensor]) -> None:
        problem, passed = trial.program.problem, trial.program.backward
        assert passed is not None
        self.trial = trial
        assert isinstance(trial.ring, Real)
        self.ring = trial.ring
        self.tape = Tape()
        self.gradients: list[Tensor] = []
        for name, body in problem.definitions.items():
            if name in passed.flows and not names.keys().isdisjoint(variables(body)):
                self.tape.add(LINE + name, body)
                self.gradients.append(trial.derived(passed.formula(name)))
        self.level = self._largest(self._moved({}, STEP))
        """How large the numbers are whose differences are taken."""
        self.outside = {n: trial.env[symbol].data for n, symbol in incoming(problem).items() if n in names}
        if problem.loss is not None and problem.loss in names:
            self.outside[problem.loss] = [Decimal(1)]

    @property
    def rounding(self) -> Decimal:
        """How far operations that err move the numbers: log_softmax along an axis of 1 is 0 but for that."""
        names = [line.name.removeprefix(LINE) for line in self.tape.lines]
        apart = Real.context.subtract
        still = self.trial.env
        moves = [[apart(a, b) for a, b in zip(t.env[n].data, still[n].data, strict=True)] for t in self.trial.shaken for n in names]
        return max(self._largest(moves[: len(names)]), self._largest(moves[len(names) :]))

    def _largest(self, values: Sequence[Sequence[Any]]) -> Decimal:
        """The largest of the values of each definition, times its gradient."""
        sizes = [max(map(abs, g.data)) * max(map(abs, v)) for g, v in zip(self.gradients, values, strict=True)]
        return max(sizes, default=Decimal(0))

    def slope(self, directions: Mapping[str, Tensor]) -> Decimal:
        """Σ <G, V> over the names that are moved, by the gradients of the definitions that they are used in."""
        there, back = (self._moved(directions, step) for step in (STEP, -STEP))
        ring, half = self.ring, Real.context.divide(Decimal("0.5"), STEP)
        changes = [ring.combined((a, b), (1, -1)) for a, b in zip(there, back, strict=True)]
        inner = [ring.inner(g.data, change) for g, change in zip(self.gradients, changes, strict=True)]
        direct = [ring.inner(given, directions[n].data) for n, given in self.outside.items()]
        return ring.total([ring.mul(ring.total(inner), half), *direct])

    def _moved(self, directions: Mapping[str, Tensor], step: Decimal) -> list[list[Any]]:
        shifts = {name: [(step, v.data)] for name, v in directions.items()}
        cells = self.tape.cells(self.trial.env, self.ring, shifts)
        self.tape.run(self.ring, self.trial.frame, cells, self.tape.lines)
        return [cells[line.body] for line in self.tape.lines]
