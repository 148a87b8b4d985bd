"""Documents in every place where people write mathematics: one file for each format, chosen by name or by a file's suffix."""

from __future__ import annotations

from .output import Output
from .writing import FORMATS, format_of, formula, render, save

__all__ = ["FORMATS", "Output", "format_of", "formula", "render", "save"]
