"""Loads every spelling that formulas may use."""

from . import arranging, losses, sizing, slicing, surface

__all__ = ["arranging", "losses", "sizing", "slicing", "surface"]
