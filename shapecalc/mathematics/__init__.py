"""From formulas to boxes: how mathematics is written on paper, decided once for all formats."""

from __future__ import annotations

from .formulas import boxes, equation
from .style import Style

__all__ = ["Style", "boxes", "equation"]
