"""Loads every spelling that formulas may use."""

from . import losses, slicing, surface

__all__ = ["losses", "slicing", "surface"]
