"""How an index signature runs at concrete sizes: where the factors of each product stand, and which products are added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import prod
from operator import itemgetter
from typing import Any, NamedTuple

from .op import Axes, Signature
from .rings import Unsupported
from .shapes import value
from .tensor import Tensor, strides

Gather = Callable[[Sequence[Any]], Sequence[Any]]
Core = Callable[[Any, Sequence[Sequence[Any]]], list[Any]]
"""From a ring and the entries of the arguments to the entries of the result."""
Numbers = tuple[tuple[str, int], ...]

KEPT = 1 << 14  # products up to which a plan is kept for the next signature of the same kind
SMALL = 1 << 11  # products up to which it does not pay to multiply more than two factors pair by pair
MOST = 1 << 25  # products that are formed at all: some seconds


class Plan(NamedTuple):
    """How a signature runs.

    ``gathers`` lays the entries of each argument out in the order of the products (None: as they are), ``run`` products are added
    up for each entry, and ``places`` are where those entries stand (None: everywhere, in order).
    """

    shape: tuple[int, ...]
    gathers: tuple[Gather | None, ...]
    run: int
    places: tuple[int, ...] | None


def letters(axes: Axes) -> list[str]:
    """The letters of some axes, each once, in order."""
    groups = ((x,) if isinstance(x, str) else x or () for x in axes)
    return list(dict.fromkeys(x for group in groups for x in group))


def laid_out(gather: Gather | None, data: Sequence[Any]) -> Sequence[Any]:
    """The entries in the order of the products."""
    return data if gather is None else gather(data)


def _gather(positions: Sequence[int], count: int) -> Gather | None:
    if list(positions) == list(range(count)):
        return None
    if len(positions) == 1:
        only = positions[0]
        return lambda data: (data[only],)
    return itemgetter(*positions)


def _steps(axes: Axes, sizes: Mapping[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
    """The shape of a tensor with these axes, and how far apart in it the neighbours along each letter are."""
    groups = [(x,) if isinstance(x, str) else x or () for x in axes]
    shape = tuple(prod(sizes[x] for x in g) for g in groups)
    out: dict[str, int] = {}
    for group, step in zip(groups, strides(shape), strict=True):
        inner = 1
        for letter in reversed(group):
            out[letter] = out.get(letter, 0) + step * inner
            inner *= sizes[letter]
    return shape, out


def _positions(step: Mapping[str, int], every: Iterable[str], sizes: Mapping[str, int]) -> list[int]:
    """Where in a tensor with such steps the index stands, for all indices over some letters."""
    out = [0]
    for x in every:
        ahead = range(0, step[x] * sizes[x], step[x]) if step.get(x) else (0,) * sizes[x]
        out = [start + more for start in out for more in ahead]
    return out


def _planned(inputs: tuple[Axes, ...], output: Axes, bound: Numbers) -> Plan:
    sizes = dict(bound)
    shape, out = _steps(output, sizes)
    stepped = [_steps(axes, sizes) for axes in inputs]
    summed = [x for x in dict.fromkeys(x for _, s in stepped for x in s) if x not in out]
    gathers = tuple(_gather(_positions(s, [*out, *summed], sizes), prod(own)) for own, s in stepped)
    places = _positions(out, out, sizes)
    ordered = places == list(range(prod(shape)))
    return Plan(shape, gathers, prod(sizes[x] for x in summed), None if ordered else tuple(places))


_kept_plan = lru_cache(maxsize=4096)(_planned)


def _products(inputs: Iterable[Axes], output: Axes, sizes: Mapping[str, int]) -> int:
    return prod(sizes[x] for x in dict.fromkeys([*letters(output), *(x for axes in inputs for x in letters(axes))]))


def plan(inputs: tuple[Axes, ...], output: Axes, bound: Numbers) -> Plan:
    """How a signature runs, its letters bound to numbers."""
    small = _products(inputs, output, dict(bound)) <= KEPT
    return _kept_plan(inputs, output, bound) if small else _planned(inputs, output, bound)


def _core(inputs: tuple[Axes, ...], output: Axes, bound: Numbers) -> Core:
    """All products at once, pair by pair, or row by column."""
    sizes = dict(bound)
    count = _products(inputs, output, sizes)
    if len(inputs) > 2 and count > SMALL:
        return _pairwise(inputs, output, bound)
    if count > MOST:
        raise Unsupported("a product of so many numbers")
    if len(inputs) == 2 and count > KEPT:
        strided = _strided(inputs, output, sizes)
        if strided is not None:
            return strided
    shape, gathers, run, places = plan(inputs, output, bound)
    total = prod(shape)

    def core(ring: Any, columns: Sequence[Sequence[Any]]) -> list[Any]:
        laid = [laid_out(g, c) for g, c in zip(gathers, columns, strict=True)]
        if not laid:
            out = [ring.lift(Fraction(1))] * (total if places is None else len(places))
        elif len(laid) == 1:
            out = ring.runs(laid[0], run)
        else:
            first = laid[0]
            for column in laid[1:-1]:
                first = ring.dots(first, column, 1)
            out = ring.dots(first, laid[-1], run)
        return out if places is None else _placed(ring, out, places, total)

    return core


def _placed(ring: Any, entries: Sequence[Any], places: Sequence[int], total: int) -> list[Any]:
    out = [ring.lift(Fraction(0))] * total
    for place, x in zip(places, entries, strict=True):
        out[place] = x
    return out


def _strided(inputs: tuple[Axes, ...], output: Axes, sizes: Mapping[str, int]) -> Core | None:
    """A sum over one letter, as slices of the arguments; None where it is something else."""
    shape, out = _steps(output, sizes)
    (_, a), (_, b) = (_steps(axes, sizes) for axes in inputs)
    summed = [x for x in dict.fromkeys((*a, *b)) if x not in out]
    places = _positions(out, out, sizes)
    if len(summed) != 1 or summed[0] not in a or summed[0] not in b or places != list(range(prod(shape))):
        return None
    n, p, q = sizes[summed[0]], a[summed[0]], b[summed[0]]
    starts = list(zip(_positions(a, out, sizes), _positions(b, out, sizes), strict=True))

    def core(ring: Any, columns: Sequence[Sequence[Any]]) -> list[Any]:
        left, right = columns
        return [ring.dots(left[i : i + p * n - p + 1 : p], right[j : j + q * n - q + 1 : q], n)[0] for i, j in starts]

    return core


def _pairwise(inputs: tuple[Axes, ...], output: Axes, bound: Numbers) -> Core:
    """More than two factors: the two whose product is cheapest first, letters that nothing else has summed at once."""
    axes, sizes, live = list(inputs), dict(bound), list(range(len(inputs)))
    schedule: list[tuple[int, int, Core]] = []
    while len(live) > 2:
        i, j = min(combinations(live, 2), key=lambda pair: _products([axes[k] for k in pair], (), sizes))
        live = [k for k in live if k not in (i, j)]
        asked = {*letters(output), *(x for k in live for x in letters(axes[k]))}
        kept = tuple(x for x in letters((*axes[i], *axes[j])) if x in asked)
        schedule.append((i, j, _core((axes[i], axes[j]), kept, bound)))
        live.append(len(axes))
        axes.append(kept)
    schedule.append((live[0], live[1], _core((axes[live[0]], axes[live[1]]), output, bound)))

    def core(ring: Any, columns: Sequence[Sequence[Any]]) -> list[Any]:
        known = list(columns)
        for i, j, part in schedule:
            known.append(part(ring, (known[i], known[j])))
        return list(known[-1])

    return core


def contraction(signature: Signature, sizes: Mapping[str, int]) -> Callable[[Any, Sequence[Tensor]], Tensor]:
    """An index signature: for each entry of the result, the sum of the products."""
    bound = tuple((k, value(d, sizes)) for k, d in signature.sizes.items())
    shape = _steps(signature.output, dict(bound))[0]
    core = _core(signature.inputs, signature.output, bound)
    powers = signature.powers or (1,) * len(signature.inputs)
    over = prod(value(d, sizes) for d in signature.over)

    def step(ring: Any, tensors: Sequence[Tensor]) -> Tensor:
        out = core(ring, [t.data if p == 1 else ring.inverses(t.data) for t, p in zip(tensors, powers, strict=True)])
        if over != 1:
            out = ring.dots(out, [ring.lift(Fraction(1, over))] * len(out), 1)
        return Tensor(shape, [ring.negative(x) for x in out] if signature.sign < 0 else out)

    return step
