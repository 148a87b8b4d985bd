"""From the name of a command to what it does."""

from __future__ import annotations

import gc
from typing import Any

ONE_PAGE = 400_000  # new objects after which rings are looked for where the process makes one page and ends; sympy alone has 200,000
BROKEN_PIPE = 141  # the exit code where whoever read us has gone


def run(name: str, values: dict[str, Any]) -> int:
    """One command with its arguments read."""
    from . import commands

    if name == "verify":
        from .verifying import verify

        return verify(values)
    if name in ("check", "gallery", "picture"):
        from . import others

        found: int = getattr(others, name)(values)
        return found
    gc.set_threshold(ONE_PAGE, 5, 5)
    result: int = getattr(commands, name)(values)
    return result
