"""One formula evaluated at several trials at once: what is looked up for an operation is looked up once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Step
from shapecalc.expr import ZERO, Apply, Expr, nodes
from shapecalc.rings import Unsupported
from shapecalc.tensor import Tensor

from .trials import KEPT, MISFORTUNE, Trial

MOST_STEPS = 4096


class SideBySide:
    """Fills the memories of trials with the values of a formula's parts, wherever all of them have one."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = tuple(trials)
        self.steps: dict[tuple[object, ...], tuple[Step, ...]] = {}

    def fill(self, e: Expr) -> None:
        """Evaluates a formula as far as that goes; what does not go here is for each trial to say."""
        if not self.trials:
            return
        for t in self.trials:
            if not t.memo or len(t.memo) > KEPT:
                t.value(ZERO)
        memories = [t.memo for t in self.trials]
        try:
            for node in nodes(e):
                if isinstance(node, Apply) and node not in memories[0]:
                    self._apply(node, memories)
        except (KeyError, Unsupported, *MISFORTUNE):
            return

    def _apply(self, node: Apply, memories: Sequence[dict[Expr, Tensor]]) -> None:
        for a in node.args:
            if a not in memories[0]:
                for t in self.trials:
                    t.value(a)
        args = node.args
        given = [[memory[a] for a in args] for memory in memories]
        key = node.op.name, node.params, *[a.shape for a in args]
        steps = self.steps.get(key)
        if steps is None:
            if len(self.steps) >= MOST_STEPS:
                self.steps.clear()
            made = [t.frame.step(node, [x.shape for x in own], meaning) for t, own in zip(self.trials, given, strict=True)]
            steps = self.steps[key] = tuple(made)
        for t, memory, (shape, run), own in zip(self.trials, memories, steps, given, strict=True):
            memory[node] = Tensor(shape, run(t.ring, [x.data for x in own]))
