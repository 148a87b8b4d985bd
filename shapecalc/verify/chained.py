"""Gradients too small for a quotient of the whole program: of each definition alone, put together by the chain rule.

Where <G, V> is less than what rounding does to the loss, the difference of two losses shows nothing of it. The difference of the
definitions that a name is used in does: the gradient by a name is the sum over them of their own gradients times what they change by.
Where that holds for every name, the definitions among them, all gradients are right, from the loss backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shapecalc.expr import variables
from shapecalc.rings import Real
from shapecalc.tensor import Tensor

from .tape import Cells, Tape
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
        cells = self._cells({}, STEP)
        sizes = [
            max(map(abs, g.data)) * max([max(map(abs, cells[a])) for a in self.tape.used([line])])
            for g, line in zip(self.gradients, self.tape.lines, strict=True)
        ]
        self.level = max(sizes, default=Decimal(0))
        """How large the numbers are whose differences are taken, and those that they are made of."""
        self.outside = {n: trial.env[symbol].data for n, symbol in incoming(problem).items() if n in names}
        if problem.loss is not None and problem.loss in names:
            self.outside[problem.loss] = [Decimal(1)]

    def slope(self, directions: Mapping[str, Tensor]) -> Decimal:
        """Σ <G, V> over the names that are moved, by the gradients of the definitions that they are used in."""
        there, back = (self._moved(directions, step) for step in (STEP, -STEP))
        ring, half = self.ring, Real.context.divide(Decimal("0.5"), STEP)
        changes = [ring.combined((a, b), (1, -1)) for a, b in zip(there, back, strict=True)]
        inner = [ring.inner(g.data, change) for g, change in zip(self.gradients, changes, strict=True)]
        direct = [ring.inner(given, directions[n].data) for n, given in self.outside.items()]
        return ring.total([ring.mul(ring.total(inner), half), *direct])

    def _moved(self, directions: Mapping[str, Tensor], step: Decimal) -> list[list[Any]]:
        cells = self._cells(directions, step)
        return [cells[line.body] for line in self.tape.lines]

    def _cells(self, directions: Mapping[str, Tensor], step: Decimal) -> Cells:
        shifts = {name: [(step, v.data)] for name, v in directions.items()}
        cells = self.tape.cells(self.trial.env, self.ring, shifts)
        self.tape.run(self.ring, self.trial.frame, cells, self.tape.lines)
        return cells
