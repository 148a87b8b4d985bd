"""Where pages meet formats: what `d.to("latex")`, `d.save("notes.html")` and the command line share."""

from __future__ import annotations

from .options import Options
from .pages import page, steps, tex
from .writing import save, written

__all__ = ["Options", "page", "save", "steps", "tex", "written"]
