"""The trials that a claim is compared at, and a formula evaluated at all of them at once: what is looked up is looked up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Step, number
from shapecalc.expr import ZERO, Apply, Expr, Lit, nodes
from shapecalc.rings import Unsupported
from shapecalc.tensor import Tensor

from .certainty import sizes_of, total_bits
from .trial import KEPT, MISFORTUNE, Trial

MOST_STEPS = 4096


class Survey:
    """Some trials, their tuples of sizes, and how many trials are at that which has fewest."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = tuple(trials)
        self.sizes: tuple[Mapping[str, int], ...] = sizes_of(trials)
        self.least = total_bits(1, trials)
        self.steps: dict[tuple[object, ...], tuple[Step, ...]] = {}

    def fill(self, e: Expr) -> None:
        """Evaluates a formula wherever all of the trials have a value for it; what does not go here is for each of them to say."""
        if not self.trials:
            return
        for t in self.trials:
            if not t.memo or len(t.memo) > KEPT:
                t.value(ZERO)
        memories = [t.memo for t in self.trials]
        try:
            for node in nodes(e):
                if node in memories[0]:
                    continue
                if isinstance(node, Apply):
                    self._apply(node, memories)
                elif isinstance(node, Lit):
                    for t, memory in zip(self.trials, memories, strict=True):
                        memory[node] = Tensor((), [t.ring.lift(number(node, t.frame))])
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
