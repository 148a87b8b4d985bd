"""In which order the entries of a Jacobian or a Hessian stand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from shapecalc.evaluate import concrete
from shapecalc.shapes import Shape
from shapecalc.tensor import Tensor, strides

Axes = tuple[tuple[int, ...], ...]
"""For each axis of the formula that is not the number 1: the axes of (of, wrt) that it runs over, the last one fastest."""


def arrangement(of: Shape, wrt: Shape, layout: str = "numerator", vec: bool = False) -> Axes:
    """The order of the axes in a layout.

    Numerator: those of `of`, then those of `wrt`; denominator: the other way round; a matrix by a scalar and a scalar by a matrix are
    turned in the layout that is not theirs. vec: columns stacked, which runs the axes backwards.

    >>> arrangement(("M",), ("S", "D"), "denominator"), arrangement(("M",), ("S", "D"), vec=True)
    (((1,), (2,), (0,)), ((0,), (2, 1)))
    """
    first = [k for k, d in enumerate(of) if d != 1]
    second = [len(of) + k for k, d in enumerate(wrt) if d != 1]
    numerator = layout == "numerator"
    if vec:
        groups = [tuple(reversed(axes)) for axes in ((first, second) if numerator else (second, first))]
        return tuple(g for g in groups if g)
    if not second:
        return tuple((k,) for k in (first if numerator or len(of) != 2 else reversed(first)))
    if not first:
        return tuple((k,) for k in (reversed(second) if numerator and len(wrt) == 2 else second))
    return tuple((k,) for k in ((*first, *second) if numerator else (*second, *first)))


def arranged(a: Tensor, shapes: tuple[Shape, Shape], axes: Axes, sizes: Mapping[str, int]) -> list[Any]:
    """The entries of a Jacobian in the order of (of, wrt), row by row."""
    whole = concrete((*shapes[0], *shapes[1]), sizes)
    steps = strides(whole)
    every = [k for group in axes for k in group]
    out: list[Any] = [None] * prod(whole)
    for index, x in zip(product(*(range(whole[k]) for k in every)), a.data, strict=True):
        out[sum(i * steps[k] for i, k in zip(index, every, strict=True))] = x
    return out
