"""The choices in how formulas are written: one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shapecalc.records import record

from ..boxes import Box


@record
class Style:
    """How formulas are written.

    ``gradients``: the names of gradients, each with what it is the gradient of (dZ -> Z); ``gradient``: how they are drawn,
    ``partial`` (∂L/∂Z), ``nabla`` (∇_Z L) or ``name`` (dZ); ``loss``: what is differentiated.
    ``symbols``: names drawn as something else, as boxes (`read_symbol` makes them of LaTeX).
    ``bold``: vectors and matrices in bold. ``shapes``: the shape under every factor.
    ``sums``: sums along an axis of a matrix as products with ``ones`` (1ᵀ A) or with ``sigma`` (Σ_i A_i:).
    ``squares``: sum(A**2) as a ``norm`` or as a ``sum``. ``broadcast``: b in X W + b ``plain``, or as 1 bᵀ with ``ones``.
    ``vectors``: whether a 1-D name stands for a ``column`` or a ``row``; ``result``: how a 1-D formula as a whole is drawn,
    ``column``, ``row``, or ``free`` for whatever needs no transpose.
    """

    gradients: Mapping[str, str] = field(default_factory=dict)
    gradient: str = "partial"
    loss: str = "L"
    symbols: Mapping[str, Box] = field(default_factory=dict)
    bold: bool = False
    shapes: bool = False
    sums: str = "ones"
    squares: str = "norm"
    broadcast: str = "plain"
    vectors: str = "column"
    result: str = "free"
