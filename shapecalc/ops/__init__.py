"""The rule book: one record per operation, found by any of its names."""

from __future__ import annotations

from shapecalc.op import Op

from .constants import OPS as _CONSTANTS
from .linear_algebra import OPS as _LINEAR_ALGEBRA
from .multilinear import OPS as _MULTILINEAR
from .parts import OPS as _PARTS
from .pointwise import OPS as _POINTWISE
from .rearranging import OPS as _REARRANGING
from .reducing import OPS as _REDUCING
from .sliding import OPS as _SLIDING
from .spectral import OPS as _SPECTRAL

_ROOMS = (_CONSTANTS, _MULTILINEAR, _REARRANGING, _PARTS, _SLIDING, _POINTWISE, _REDUCING, _LINEAR_ALGEBRA, _SPECTRAL)
BOOK: dict[str, Op] = {op.name: op for room in _ROOMS for op in room}
NAMES: dict[str, Op] = {alias: op for op in BOOK.values() for alias in (op.name, *op.aliases)}
BUILT_IN = frozenset(BOOK)
