"""Loads every spelling that formulas may use."""

from . import arranging, compositions, convolutions, layers, losses, masks, patterns, repeating, sizing, slicing, solving, surface

__all__ = [
    "arranging", "compositions", "convolutions", "layers", "losses", "masks", "patterns", "repeating", "sizing", "slicing", "solving",
    "surface",
]  # fmt: skip
