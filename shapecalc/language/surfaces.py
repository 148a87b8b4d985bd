"""Loads every spelling that formulas may use."""

from . import arranging, compositions, convolutions, losses, masks, patterns, repeating, sizing, slicing, surface

__all__ = ["arranging", "compositions", "convolutions", "losses", "masks", "patterns", "repeating", "sizing", "slicing", "surface"]
