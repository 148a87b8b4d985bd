"""Points at larger sizes, for formulas in which sizes are numbers: (n - 2)*(n - 3)*x is 0 at the small ones that are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from shapecalc.evaluate import Frame, concrete
from shapecalc.expr import Apply, Expr, Lit, nodes
from shapecalc.rings import Unsupported
from shapecalc.shapes import Dim, names

from .trials import Trial, Trials
from .undecided import Undecided

WORKABLE = 2_000  # entries of one tensor at the larger sizes


def counted_with(formulas: Iterable[Expr]) -> frozenset[str]:
    """The names of the sizes that are numbers in a formula, (n - 2)*x, or that it counts with: ones(n - 5), x[0] + x[1] + x[2]."""
    out: set[Dim] = set()
    for e in formulas:
        for node in nodes(e):
            if isinstance(node, Lit):
                if isinstance(node.value, str):
                    out.add(node.value)
            else:
                for d in node.shape:
                    if isinstance(d, str) and not d.isidentifier():
                        out.add(d)
                if isinstance(node, Apply) and node.name == "slice":
                    picked = zip(node["items"], node.args[0].shape, strict=True)
                    out.update(d for (_, length), d in picked if isinstance(length, int) and isinstance(d, str))
    return frozenset([name for d in out for name in names(d)])


class Larger:
    """The points of one problem at larger sizes, each drawn when it is first asked for."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._drawn: dict[tuple[str, frozenset[str], int], tuple[Trial, ...]] = {}

    def of(self, mode: str, counted: frozenset[str], times: int = 2) -> tuple[Trial, ...]:
        """A point at which these sizes are larger, if there is one."""
        key = mode, counted, times
        if key not in self._drawn:
            self._drawn[key] = tuple(self._draw(mode, counted, times))
        return self._drawn[key]

    def _draw(self, mode: str, counted: frozenset[str], times: int) -> Iterator[Trial]:
        """One point at which they are so many times as large and more; none where a problem is long or its tensors grow large."""
        trials, problem = self.trials, self.trials.problem
        if trials.long or not problem.sizes:
            return
        try:
            for first in trials.of(mode)[:1]:
                sizes = self._sizes(first, counted, times)
                shapes = [v.shape for v in problem.variables().values()]
                if max((prod(concrete(s, Frame(sizes))) for s in shapes), default=1) <= WORKABLE:
                    yield trials.draw(mode, sizes=sizes, styles=(first.style,))
        except (Undecided, Unsupported):
            return

    def _sizes(self, first: Trial, counted: frozenset[str], times: int) -> dict[str, int]:
        """The others stay as they are as far as the order of all sizes allows it: an inverse may want more rows than columns."""
        out: dict[str, int] = {}
        before = least = 0
        for k, name in sorted((first.frame[n], n) for n in self.trials.problem.sizes):
            least += k > before
            out[name] = least = max(least, times * k + 3 if name in counted else k)
            before = k
        return out
