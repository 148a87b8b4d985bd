"""Points at larger sizes, for formulas in which sizes are numbers: (n - 2)*(n - 3)*x is 0 at the small ones that are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from math import prod

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, concrete, evaluate
from shapecalc.expr import Apply, Expr, Lit, nodes, variables
from shapecalc.forms import add
from shapecalc.rings import Near, Unsupported
from shapecalc.shapes import Dim, names

from .borders import gaps_of
from .sizes import SMALLEST
from .trial import MISFORTUNE, Trial
from .trials import REAL, Trials
from .undecided import Undecided

WORKABLE = 2_000  # entries of one tensor at the larger sizes
AT_TURNS = 11_000  # the same where a comparison of sizes turns, which hardly any claim has: a matrix of a hundred rows and columns
EACH = 65  # sizes up to which each is tried where a comparison may turn; beyond, it is doubled and halved
SPREAD = 40  # further than so many times as large, at random: (n - 2)*(n - 3)*...*(n - 13) is 0 at all that are a little larger


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


def turning(formulas: Iterable[Expr]) -> Iterator[dict[str, int]]:
    """Sizes at which a comparison of sizes alone, n < 100 or n != 7, is another than at those that are drawn: the smallest such."""
    for node in dict.fromkeys([n for e in formulas for n in nodes(e) if isinstance(n, Apply) and not variables(n)]):
        for g in [add(*node.args, signs=(1, -1))] if node.name == "equal" else gaps_of(node):
            free = sorted({name for n in nodes(g) if isinstance(n, Lit) and isinstance(n.value, str) for name in names(n.value)})
            if g.shape != () or not free:
                continue
            yield from next(filter(None, (list(_turned(g, dict.fromkeys(free, 3), name)) for name in free)), ())


def _turned(g: Expr, usual: dict[str, int], name: str) -> Iterator[dict[str, int]]:
    """Sizes at which a difference has another sign than usual, one of them being another: the first at which it is 0, +, or -."""

    def side(k: int) -> int | None:
        try:
            found: Decimal = evaluate(Near(), g, {}, Frame({**usual, name: k}), meaning).data[0]
        except (*MISFORTUNE, Unsupported):
            return None  # sqrt(n - 5) has no value at 3
        return int(found > 0) - int(found < 0)

    first = next((s for k in range(usual[name], EACH) if (s := side(k)) is not None), None)
    met = {first, None}

    def new(places: Iterable[int]) -> Iterator[dict[str, int]]:
        for k in places:
            if (found := side(k)) not in met:
                met.add(found)
                yield {**usual, name: k}

    yield from new(range(1, EACH + 1))
    low = EACH
    while low < AT_TURNS:
        near, far = low, 2 * low
        while far - near > 1 and side(near) != side(far):
            middle = (near + far) // 2
            near, far = (middle, far) if side(middle) == side(low) else (near, middle)
        yield from new((near, far))
        low *= 2


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
        """One point at which they are so many times as large and more; none where a problem is long or its tensors grow large.

        The others are small, or where nothing is defined there, as an inverse that wants more rows than columns, grow with them.
        """
        trials, problem = self.trials, self.trials.problem
        if trials.long or not problem.sizes:
            return
        try:
            for first in trials.of(mode)[:1]:
                far = trials.random.randrange(SPREAD)
                for ordered, tries in ((False, 1), (True, None)):
                    each = (self._sizes(first, counted, times, further, ordered) for further in (far, 0))
                    sizes = next((s for s in each if self._largest(s) <= WORKABLE), None)
                    if sizes is not None:
                        with suppress(Undecided):
                            yield trials.draw(mode, sizes=sizes, styles=(first.style,), tries=tries)
                            return
        except (Undecided, Unsupported):
            return

    def turned(self, formulas: Iterable[Expr]) -> Iterator[Trial]:
        """A point for each comparison of sizes alone, at sizes at which it turns."""
        trials, problem = self.trials, self.trials.problem
        for wanted in turning(formulas):
            for first in trials.of(REAL)[:1]:
                sizes = {name: wanted.get(name, first.frame[name]) for name in problem.sizes}
                if self._largest(sizes) <= AT_TURNS:
                    with suppress(Undecided, Unsupported):
                        yield trials.draw(REAL, sizes=sizes, styles=(first.style,))

    def _largest(self, sizes: Mapping[str, int]) -> int:
        """How many entries the largest tensor has."""
        frame = Frame(sizes)
        return max((prod(concrete(v.shape, frame)) for v in self.trials.problem.variables().values()), default=1)

    def _sizes(self, first: Trial, counted: frozenset[str], times: int, further: int, ordered: bool) -> dict[str, int]:
        """The others are the smallest, at which a claim costs least; ``ordered``: as they are, as far as the order of all allows it."""
        out: dict[str, int] = {}
        before = least = 0
        for k, name in sorted((first.frame[n], n) for n in self.trials.problem.sizes):
            least += k > before
            large = times * k + 3 + further
            if ordered:
                out[name] = least = max(least, large if name in counted else k)
            else:
                out[name] = large if name in counted else SMALLEST
            before = k
        return out
