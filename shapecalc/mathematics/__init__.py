"""From formulas to boxes: how mathematics is written on paper, decided once for all formats."""

from __future__ import annotations

from .formulas import boxes, equation, name
from .indices import Call, Delta, Entry, Group, IndexFormula, IndexTerm, Partial, Power, Size, formula, index_boxes, of_terms
from .reading import entries, entry_text, read_symbol, vector_entries
from .style import Style

__all__ = [
    "Call",
    "Delta",
    "Entry",
    "Group",
    "IndexFormula",
    "IndexTerm",
    "Partial",
    "Power",
    "Size",
    "Style",
    "boxes",
    "entries",
    "entry_text",
    "equation",
    "formula",
    "index_boxes",
    "name",
    "of_terms",
    "read_symbol",
    "vector_entries",
]
