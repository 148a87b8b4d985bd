"""Points at sizes that are large numbers, at which tensors are made of a few patches of equal entries.

An axis of 784 is cut into four stretches, and every input has one value for each combination of stretches. All that is made of such inputs
is made of the same patches, by whatever treats the members of an axis alike: a sum over 784 is one over four stretches, each as often as it
is long. So a program and a claim have their true values at the true sizes for the cost of tiny ones, and a difference refutes the claim.

Entries that are alike could lie on a kink for that reason alone, x[i] > x[j]. So numbers are Firm: where a comparison is a tie that
might not stay one, or a sum cancels, the point is drawn again, and what differs at a point that is left differs at all points around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from itertools import product as indices
from math import prod
from random import Random
from typing import Any

from shapecalc.contractions import contraction, letters
from shapecalc.evaluate import Bound, Expand, Frame, Step, ready
from shapecalc.expr import Apply, Expr, Var
from shapecalc.rings import Field, Firm, Unsupported
from shapecalc.shapes import Dim, Shape, names, value
from shapecalc.tensor import Tensor

from .compared import Comparison
from .comparison import Comparisons, Extra
from .points import BROAD, STYLES, Sampler, Style
from .trial import MISFORTUNE, Trial
from .trials import Trials
from .undecided import Undecided
from .witness import incoming

POINTS = 6  # that are compared before a wrong claim is tried number by number
TRIES = 4  # for each of them
ALIKE = frozenset({"positive", "nonnegative", "symmetric", "probabilities", "onehot", "onehot_columns"})  # what patches may be


class Patches(Frame):
    """Sizes of which some are axes cut into stretches: how often the entries of each stretch count, by the name of the size."""

    def __init__(self, sizes: Mapping[str, int], stretches: Mapping[str, tuple[int, ...]]) -> None:
        self.stretches = stretches
        numbers = {n: sum(cut) for n, cut in stretches.items()}
        super().__init__({**sizes, **{n: len(cut) for n, cut in stretches.items()}}, {**sizes, **numbers})

    def step(self, node: Apply, shapes: Sequence[tuple[int, ...]], expand: Expand) -> Step:
        """The operation of a node, on patches; Unsupported where it does not treat the members of an axis alike."""
        key = (node.op.name, node.params, *[a.shape for a in node.args])
        found = self.steps.get(key)
        if found is None:
            found = self.steps[key] = self._ready(node, tuple(shapes), expand)
        return found

    def _ready(self, node: Apply, shapes: Bound, expand: Expand) -> Step:
        cut = {d for s in (node.shape, *[a.shape for a in node.args]) for d in s if self.cut(d)}
        if not cut <= self.stretches.keys():
            raise Unsupported("an axis of parts")  # 64*784, whose patches are not in one piece
        if cut and node.op.signature is not None:
            return self._weighted(node)
        if cut and not (node.op.means or node.op.family in ("pointwise", "sum") or node.name == "zeros"):
            raise Unsupported(node.name)
        return ready(node, shapes, self, expand)

    def cut(self, dim: Dim) -> bool:
        """Whether a size has to do with one that is cut."""
        return isinstance(dim, str) and not self.stretches.keys().isdisjoint(names(dim))

    def _weighted(self, node: Apply) -> Step:
        """An index signature: how often the entries count that are summed is one more factor."""
        signature = node.signature
        if signature is None:
            raise Unsupported("a reshape across axes")
        out = [x for axis in signature.output for x in axis or ()]
        cut = {x: self.stretches[d] for x, d in signature.sizes.items() if isinstance(d, str) and self.cut(d)}
        if any(out.count(x) > 1 for x in cut):
            raise Unsupported("a diagonal")
        summed = [x for axes in signature.inputs for x in letters(axes) if x not in out]
        weights = {x: cut[x] for x in dict.fromkeys(summed) if x in cut}
        made = replace(
            signature,
            inputs=(*signature.inputs, *[(x,) for x in weights]),
            powers=(*signature.powers, *[1 for _ in weights]) if signature.powers else (),
            over=tuple([value(d, self.numbers) for d in signature.over]),
        )
        shape, core = contraction(made, self)

        def run(ring: Any, columns: Sequence[list[Any]]) -> list[Any]:
            found: list[Any] = core(ring, [*columns, *[[ring.lift(Fraction(k)) for k in weight] for weight in weights.values()]])
            return found

        return Step(shape, run)


class Patcher:
    """Draws values that are made of patches. ``damped``: how much smaller matrices are, the more entries their products sum."""

    def __init__(self, ring: Field, frame: Patches, sampler: Sampler, damped: float) -> None:
        self.ring = ring
        self.frame = frame
        self.sampler = sampler
        self.damped = damped

    def value(self, v: Var) -> Tensor:
        """A value of a declared variable; Unsupported where its properties are not those of patches."""
        own, shape = v.properties, self.frame.shape(v.shape)
        if not any(map(self.frame.cut, v.shape)):
            return self.sampler.value(v)
        if not own <= ALIKE:
            raise Unsupported(", ".join(sorted(own)))
        if own & {"onehot", "onehot_columns"}:
            return self._onehot(v.shape, 0 if "onehot_columns" in own else len(shape) - 1)
        if "probabilities" in own:
            return self._probabilities(v)
        return self._damped(v.shape, self.sampler.value(v))

    def free(self, shape: Shape) -> Tensor:
        """Entries without any structure."""
        return self._damped(shape, self.sampler.free(self.frame.shape(shape)))

    def _damped(self, shape: Shape, t: Tensor) -> Tensor:
        largest = max([value(d, self.frame.numbers) for d in shape], default=1)
        if len(shape) < 2 or largest <= BROAD:
            return t
        scale = Fraction((BROAD / largest) ** self.damped).limit_denominator(10**6)
        return Tensor(t.shape, self.ring.scaled(t.data, self.ring.lift(scale)))

    def _counts(self, dim: Dim) -> tuple[int, ...]:
        """How often each member of an axis counts."""
        return self.frame.stretches.get(str(dim), (1,) * value(dim, self.frame))

    def _onehot(self, shape: Shape, axis: int) -> Tensor:
        """A single 1 along an axis, where a stretch has one member only."""
        single = [k for k, n in enumerate(self._counts(shape[axis])) if n == 1]
        made = self.frame.shape(shape)
        places = {at: self.sampler.random.choice(single) for at in indices(*[range(n) for k, n in enumerate(made) if k != axis])}
        one, zero = self.ring.lift(Fraction(1)), self.ring.lift(Fraction(0))
        return Tensor(made, [zero] * prod(made)).indexed(
            lambda index, _: one if index[axis] == places[(*index[:axis], *index[axis + 1 :])] else zero
        )

    def _probabilities(self, v: Var) -> Tensor:
        """Positive entries that add up to 1 along the last axis, each as often as it counts."""
        weights = [self.ring.lift(Fraction(k)) for k in self._counts(v.shape[-1])]
        data, n, out = self.sampler.value(Var(v.name, v.shape, frozenset({"positive"}))).data, len(weights), list[Any]()
        for k in range(0, len(data), n):
            row = data[k : k + n]
            out += self.ring.scaled(row, self.ring.inverse(self.ring.inner(row, weights)))
        return Tensor(self.frame.shape(v.shape), out)


class Patchwork:
    """The points of one problem in any sizes at its own numbers. ``numbers``: which numbers its sizes are, by name."""

    def __init__(self, comparisons: Comparisons, numbers: Mapping[str, int], seed: int) -> None:
        self.comparisons = comparisons
        self.trials: Trials = comparisons.trials
        self.numbers = numbers
        self.random = Random(seed)  # noqa: S311 - nothing is kept secret by it
        self.cut = {name: self._stretches(n) for name, n in numbers.items()}
        self._drawn: list[Trial | None] = []

    def refuted(self, claim: Expr, truth: Expr, extra: Extra | None) -> Comparison | None:
        """The first difference, at the numbers themselves; None where there is none at these points, or nothing can be tried there."""
        try:
            found = self.comparisons.differs(self._points(), claim, truth, extra)
        except (Unsupported, Undecided):
            return None
        if found is None:
            return None
        start = {n: (0, *accumulate(cut)) for n, cut in self.cut.items()}
        index = tuple([start[str(d)][i] if d in start else i for i, d in zip(found.index or (), truth.shape, strict=True)])
        return replace(found, index=index, at={n: k for n, k in (found.at or {}).items() if n not in self.numbers})

    def _points(self) -> Iterator[Trial]:
        for k in range(POINTS):
            if k == len(self._drawn):
                self._drawn.append(self._draw(1.0 if k % 2 else 0.5, STYLES[k // 2]))
            if (drawn := self._drawn[k]) is not None:
                yield drawn

    def _draw(self, damped: float, style: Style) -> Trial | None:
        """A point at which everything has a value; None where none was found."""
        problem, program = self.trials.problem, self.trials.program
        for _ in range(TRIES):
            sizes = {n: k for n, k in self.trials.sizes(equal=False, avoid=False).items() if n not in self.numbers}
            frame, ring = Patches(sizes, self.cut), Firm()
            sampler = Sampler(ring, frame, self.random, style, self.trials.asked(style.who))
            patcher = Patcher(ring, frame, sampler, damped)
            try:
                declared = {name: patcher.value(v) for name, v in problem.declared.items()}
                given = {symbol: patcher.free(problem.definitions[name].shape) for name, symbol in incoming(problem).items()}
                trial = Trial(program, ring, frame, declared, given, self.random)
                trial.add_gradients()
            except MISFORTUNE:
                continue
            except Unsupported:
                break
            return trial
        return None

    def _stretches(self, n: int) -> tuple[int, ...]:
        """An axis cut into four, two of them of one member, which a one-hot row can choose."""
        long = self.random.randint(1, n - 3)
        return 1, 1, long, n - 2 - long
