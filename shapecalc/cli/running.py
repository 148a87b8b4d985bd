"""From the name of a command to what it does."""

from __future__ import annotations

from typing import Any

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
    result: int = getattr(commands, name)(values)
    return result
