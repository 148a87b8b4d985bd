"""Loads every spelling that formulas may use."""

from . import arranging, convolutions, losses, masks, patterns, repeating, sizing, slicing, surface

__all__ = ["arranging", "convolutions", "losses", "masks", "patterns", "repeating", "sizing", "slicing", "surface"]
