"""Loads every spelling that formulas may use."""

from . import arranging, convolutions, losses, sizing, slicing, surface

__all__ = ["arranging", "convolutions", "losses", "sizing", "slicing", "surface"]
