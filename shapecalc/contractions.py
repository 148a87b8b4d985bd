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

Gather = Callable[[Sequence[Any]], Sequence[Any]]
Core = Callable[[Any, Sequence[Sequence[Any]]], list[Any]]
"""From a ring and the entries of the arguments to the entries of the result."""
Numbers = tuple[tuple[str, int], ...]

KEPT = 1 << 14  # products up to which it is kept how a signature runs, for the next one of the same kind
SMALL = 1 << 11  # products up to which it does not pay to multiply more than two factors pair by pair
ONE = Fraction(1)
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
    """The letters of some axes, each once, in order; a letter is one character, so that an axis of one letter is a row of letters too."""
    return list(dict.fromkeys([x for axis in axes if axis is not None for x in axis]))


def laid_out(gather: Gather | None, data: Sequence[Any]) -> Sequence[Any]:
    """The entries in the order of the products."""
    return data if gather is None else gather(data)


def _gather(positions: list[int], count: int) -> Gather | None:
    if len(positions) == count and positions == list(range(count)):
        return None
    if len(positions) == 1:
        only = positions[0]
        return lambda data: (data[only],)
    return itemgetter(*positions)


def _steps(axes: Axes, sizes: Mapping[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
    """The shape of a tensor with these axes, and how far apart in it the neighbours along each letter are."""
    shape: list[int] = []
    out: dict[str, int] = {}
    step = 1
    for axis in reversed(axes):
        extent = 1
        for letter in reversed(axis or ()):
            out[letter] = out.get(letter, 0) + step * extent
            extent *= sizes[letter]
        shape.append(extent)
        step *= extent
    return tuple(reversed(shape)), dict(reversed(out.items()))


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
    summed = list(dict.fromkeys([x for _, s in stepped for x in s if x not in out]))
    gathers = tuple([_gather(_positions(s, [*out, *summed], sizes), prod(own)) for own, s in stepped])
    places = _positions(out, out, sizes)
    ordered = places == list(range(prod(shape)))
    return Plan(shape, gathers, prod([sizes[x] for x in summed]), None if ordered else tuple(places))


def _products(inputs: Iterable[Axes], output: Axes, sizes: Mapping[str, int]) -> int:
    return prod([sizes[x] for x in {x for axes in (output, *inputs) for axis in axes if axis is not None for x in axis}])


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
    return _gathered(_planned(inputs, output, bound))


def _gathered(way: Plan) -> Core:
    """The factors of all products side by side, and the products added up run by run."""
    shape, gathers, run, places = way
    total = prod(shape)
    if places is not None:
        inner, count = _gathered(Plan((len(places),), gathers, run, None)), len(places)
        return lambda ring, columns: _placed(ring, inner(ring, columns) if columns else [ring.lift(ONE)] * count, places, total)
    if not gathers:
        return lambda ring, _: [ring.lift(ONE)] * total
    if len(gathers) == 1:
        only = gathers[0]
        if run == 1:
            return (lambda _, columns: list(columns[0])) if only is None else (lambda _, columns: list(only(columns[0])))
        return lambda ring, columns: ring.runs(laid_out(only, columns[0]), run)
    if len(gathers) == 2:
        left, right = (_as_it_is if g is None else g for g in gathers)
        return lambda ring, columns: ring.dots(left(columns[0]), right(columns[1]), run)

    def core(ring: Any, columns: Sequence[Sequence[Any]]) -> list[Any]:
        first, *rest, last = map(laid_out, gathers, columns)
        for column in rest:
            first = ring.dots(first, column, 1)
        out: list[Any] = ring.dots(first, last, run)
        return out

    return core


def _as_it_is(data: Sequence[Any]) -> Sequence[Any]:
    return data


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


def contraction(signature: Signature, sizes: Mapping[str, int]) -> tuple[tuple[int, ...], Core]:
    """The shape of an index signature's value, and how it is found: for each entry of it, the sum of the products."""
    bound = tuple([(k, value(d, sizes)) for k, d in signature.sizes.items()])
    over = prod([value(d, sizes) for d in signature.over])
    small = _products(signature.inputs, signature.output, dict(bound)) <= KEPT
    make = _kept_contraction if small else _contraction
    return make(signature.inputs, signature.output, bound, signature.powers, over, signature.sign)


def stretched(axes: Axes, output: Axes, bound: Numbers) -> Gather | None:
    """How an argument is laid out that is broadcast."""
    small = _products((axes,), output, dict(bound)) <= KEPT
    return (_kept_plan if small else _planned)((axes,), output, bound).gathers[0]


def _contraction(
    inputs: tuple[Axes, ...], output: Axes, bound: Numbers, powers: tuple[int, ...], over: int, sign: int
) -> tuple[tuple[int, ...], Core]:
    shape, core = _steps(output, dict(bound))[0], _core(inputs, output, bound)
    if -1 in powers:
        core = _divided(core, powers)
    if over != 1:
        core = _scaled(core, Fraction(1, over))
    return shape, core if sign > 0 else _negated(core)


_kept_contraction = lru_cache(maxsize=2048)(_contraction)
_kept_plan = lru_cache(maxsize=1024)(_planned)


def _divided(core: Core, powers: tuple[int, ...]) -> Core:
    return lambda ring, columns: core(ring, [c if p == 1 else ring.inverses(c) for c, p in zip(columns, powers, strict=True)])


def _scaled(core: Core, by: Fraction) -> Core:
    return lambda ring, columns: ring.scaled(core(ring, columns), ring.lift(by))


def _negated(core: Core) -> Core:
    return lambda ring, columns: ring.negatives(core(ring, columns))
