"""Tensors without arguments: ones, zeros, eye."""

from __future__ import annotations

from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Axes, Op, Parameters, Signature
from shapecalc.shapes import Shape
from shapecalc.tensor import Tensor

LETTERS = "ijklmnopqrstuvwabcdefgh"


def letters(shape: Shape, start: int = 0) -> Axes:
    """One letter for each axis, None for an axis that is the number 1."""
    return tuple(None if dim == 1 else LETTERS[start + k] for k, dim in enumerate(shape))


def bound(axes: Axes, shape: Shape) -> dict[str, int | str]:
    """The sizes of the letters in axes."""
    return {axis: dim for axis, dim in zip(axes, shape, strict=True) if isinstance(axis, str)}


def tensors_scalar(value: Any) -> Tensor:
    """A value of rank 0."""
    return Tensor((), [value])


def _given(_: tuple[Shape, ...], params: Parameters) -> Shape:
    return tuple(params["shape"])


def _square(_: tuple[Shape, ...], params: Parameters) -> Shape:
    if params["n"] == 0:
        raise Misfit("eye needs a size")
    return (params["n"], params["n"])


def _filled(_: tuple[Shape, ...], params: Parameters) -> Signature:
    axes = letters(tuple(params["shape"]))
    return Signature((), axes, sizes=bound(axes, tuple(params["shape"])))


def _identity(_: tuple[Shape, ...], params: Parameters) -> Signature:
    n = params["n"]
    return Signature((), (None, None)) if n == 1 else Signature((), ("i", "i"), sizes={"i": n})


def _none(_: tuple[Shape, ...], __: Parameters) -> Shape:
    return ()


OPS = (
    Op("pi", "constant", (), _none, value=lambda ring, tensors, params: tensors_scalar(ring.function("pi")), latex=r"\pi", doc="π"),
    Op("ones", "constant", (), _given, (("shape", ()),), _filled, latex=r"\mathbf{1}", doc="every entry is 1"),
    Op("zeros", "constant", (), _given, (("shape", ()),), latex=r"\mathbf{0}", doc="every entry is 0"),
    Op("eye", "constant", (), _square, (("n", 0),), _identity, latex="I", aliases=("identity",), doc="the identity matrix: δ_ij"),
)
