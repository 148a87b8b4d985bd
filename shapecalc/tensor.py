"""A tensor of numbers or symbols: a concrete shape and a flat list of entries, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Any


def strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far apart in the flat list neighbours along each axis are."""
    return tuple(prod(shape[k + 1:]) for k in range(len(shape)))


class Tensor:
    """Entries of any ring with a shape."""

    __slots__ = ("data", "shape")

    def __init__(self, shape: tuple[int, ...], data: list[Any]) -> None:
        self.shape = shape
        self.data = data

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Every index in the order of the entries."""
        return product(*map(range, self.shape))

    def __getitem__(self, index: tuple[int, ...]) -> Any:
        return self.data[sum(i * s for i, s in zip(index, strides(self.shape), strict=True))]

    def rows(self) -> list[list[Any]]:
        """A matrix as a list of rows."""
        n = self.shape[1]
        return [self.data[k * n:(k + 1) * n] for k in range(self.shape[0])]

    def of_rows(self, rows: list[list[Any]]) -> Tensor:
        """A matrix from its rows."""
        return Tensor((len(rows), len(rows[0])), [x for row in rows for x in row])

    def scalar(self, value: Any) -> Tensor:
        """A tensor of rank 0."""
        return Tensor((), [value])

    def mapped(self, function: Callable[[Any], Any]) -> Tensor:
        """The function of each entry."""
        return Tensor(self.shape, [function(x) for x in self.data])

    def indexed(self, function: Callable[[tuple[int, ...], Any], Any]) -> Tensor:
        """The function of each index and entry."""
        return Tensor(self.shape, [function(i, x) for i, x in zip(self.indices(), self.data, strict=True)])

    def select(self, ranges: list[range]) -> Tensor:
        """The entries at the given positions of each axis."""
        steps = strides(self.shape)
        shape = tuple(map(len, ranges))
        return Tensor(shape, [self.data[sum(i * s for i, s in zip(index, steps, strict=True))] for index in product(*ranges)])

    def placed(self, starts: list[int], shape: tuple[int, ...], zero: Any) -> Tensor:
        """These entries inside a larger tensor of zeros."""
        out, steps = [zero] * prod(shape), strides(shape)
        for index, x in zip(self.indices(), self.data, strict=True):
            out[sum((i + b) * s for i, b, s in zip(index, starts, steps, strict=True))] = x
        return Tensor(shape, out)

    def joined(self, others: list[Tensor], axis: int) -> Tensor:
        """Tensors one after the other along an axis."""
        parts = [self, *others]
        shape = (*self.shape[:axis], sum(p.shape[axis] for p in parts), *self.shape[axis + 1:])
        block = prod(self.shape[axis + 1:])
        out: list[Any] = []
        for k in range(prod(self.shape[:axis])):
            for p in parts:
                width = p.shape[axis] * block
                out.extend(p.data[k * width:(k + 1) * width])
        return Tensor(shape, out)

    def along(self, axis: int, function: Callable[[list[Any]], list[Any]]) -> Tensor:
        """A function of each line of entries along an axis, of the same length."""
        axis %= len(self.shape)
        step, n = strides(self.shape)[axis], self.shape[axis]
        out = list(self.data)
        for index in product(*(range(d) if k != axis else range(1) for k, d in enumerate(self.shape))):
            start = sum(i * s for i, s in zip(index, strides(self.shape), strict=True))
            places = [start + k * step for k in range(n)]
            for place, x in zip(places, function([self.data[p] for p in places]), strict=True):
                out[place] = x
        return Tensor(self.shape, out)

    def reduce(self, axes: tuple[int, ...], keep: bool, function: Callable[[list[Any]], Any]) -> Tensor:
        """A function of all the entries that differ along the axes only."""
        rows: dict[tuple[int, ...], list[Any]] = {}
        for index, x in zip(self.indices(), self.data, strict=True):
            rows.setdefault(tuple(i for k, i in enumerate(index) if k not in axes), []).append(x)
        shape = tuple(1 if k in axes else d for k, d in enumerate(self.shape) if keep or k not in axes)
        return Tensor(shape, [function(row) for row in rows.values()])


def nested(t: Tensor) -> Any:
    """A tensor as lists within lists of floats, as NumPy's tolist gives them."""
    rows: list[Any] = [float(x) for x in t.data]
    for n in reversed(t.shape[1:]):
        rows = [rows[k : k + n] for k in range(0, len(rows), n)]
    return rows if t.shape else rows[0]


def flat(value: Any) -> list[float]:
    """The numbers of a nested sequence or an array, row by row."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [x for part in value for x in flat(part)]
    return [float(value)]
