"""Random sizes, at which formulas are compared: small ones, as different from each other as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from shapecalc.expr import Expr, Lit, nodes
from shapecalc.language.problem import Problem
from shapecalc.shapes import Dim, names, value

from .undecided import Undecided

SMALLEST, LARGEST = 2, 5
RANK, HEAVY = 4, 10_000  # tensors of more than four axes are kept below so many entries
MANY = 7  # size names up to which all of them are drawn pairwise different
WIDE = 1 << 12  # entries of a value whose sizes are numbers, above which it is large


def axes_of(problem: Problem) -> tuple[tuple[Dim, ...], frozenset[int]]:
    """The sizes that are sums or products of names, and the sizes that are numbers, wherever they stand in a problem."""
    compound: dict[Dim, None] = {}
    fixed: set[int] = set()
    shapes: set[tuple[Dim, ...]] = {v.shape for v in problem.declared.values()}
    for body in problem.definitions.values():
        shapes.update(n.shape for n in nodes(body))
    for dim in {d for shape in shapes for d in shape}:
        if isinstance(dim, int):
            fixed.add(dim)
        elif not dim.isidentifier():
            compound[dim] = None
    return tuple(sorted(compound, key=str)), frozenset(fixed - {1})


class Numbers(NamedTuple):
    """The sizes that are numbers in some formulas, S in sum(X)/S, and the whole numbers that stand there: 2 is not to be S as well."""

    sizes: frozenset[str]
    others: frozenset[int]


def numbers_in(parts: Iterable[Expr]) -> Numbers:
    """Those of all constants among some nodes."""
    values = {node.value for node in parts if isinstance(node, Lit)}
    sizes = frozenset([name for v in values if isinstance(v, str) for name in names(v)])
    return Numbers(sizes, frozenset([n for v in values if isinstance(v, Fraction) for n in (abs(v.numerator), v.denominator)]))


NONE = Numbers(frozenset(), frozenset())


def draw_sizes(
    problem: Problem,
    axes: tuple[tuple[Dim, ...], frozenset[int]],
    random: Random,
    equal: bool = False,
    numbers: Numbers = NONE,
    before: Mapping[str, int] = MappingProxyType({}),
    smallest: int = SMALLEST,
) -> dict[str, int]:
    """A number for each size name; every axis has at least one entry, and where possible no two different sizes are alike.

    Of many, those in ``numbers`` are unlike all others, none is what it was ``before``, and ``smallest`` is where they begin.
    """
    compound, fixed = axes
    fallback = None
    few = len(problem.sizes) <= MANY
    for attempt in range(400):
        more = attempt // 40
        if few or equal:
            drawn = _numbers(len(problem.sizes), LARGEST + max(0, len(problem.sizes) - 4 if few else 0) + more, random, equal)
        else:
            drawn = _apart(problem.sizes, numbers, before, range(smallest, smallest + 2 + more), random)
        sizes = _lighter(problem, dict(zip(problem.sizes, drawn, strict=True)))
        made = [value(d, sizes) for d in compound]
        if any(n < 1 for n in made):
            continue
        everything = [*sizes.values(), *made, *fixed]
        if equal or not few or (min(made, default=2) > 1 and len(set(everything)) == len(everything)):
            return sizes
        fallback = fallback or sizes
    if fallback is None:
        raise Undecided(f"no small sizes make every axis at least 1: {', '.join(map(str, compound))}")
    return fallback


def _lighter(problem: Problem, sizes: dict[str, int]) -> dict[str, int]:
    """Sizes at which no tensor of many axes has more entries than can be worked with: the largest of its sizes come down to 2."""
    for shape in {e.shape for e in (*problem.declared.values(), *problem.definitions.values()) if len(e.shape) > RANK}:
        while prod(max(1, value(d, sizes)) for d in shape) > HEAVY:
            names = [d for d in shape if isinstance(d, str) and sizes.get(d, 0) > SMALLEST]
            if not names:
                break
            sizes[max(names, key=lambda d: sizes[d])] -= 1
    return sizes


def _numbers(count: int, top: int, random: Random, equal: bool) -> list[int]:
    if equal:
        return [random.randint(SMALLEST, LARGEST - 1)] * count
    return random.sample(range(SMALLEST, top + 1), count)


def _apart(names_: Sequence[str], numbers: Numbers, before: Mapping[str, int], low: range, random: Random) -> list[int]:
    """Too many to be all different and small: neighbours are, which meet in a product, and what is a number is like nothing else."""
    free, last = low.stop, 0
    out: list[int] = []
    for name in names_:
        if name in numbers.sizes:
            while free in numbers.others or free == before.get(name):
                free += 1
            n, free = free, free + 1
        else:
            left = [n for n in low if n != last]
            n = last = random.choice([n for n in left if n != before.get(name)] or left)
        out.append(n)
    return out


def fixed_entries(problem: Problem) -> int:
    """The entries of the largest value, as far as its sizes are numbers."""
    return max((prod(d for d in v.shape if isinstance(d, int)) for v in problem.variables().values()), default=1)
