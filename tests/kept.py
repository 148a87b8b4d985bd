"""What was found once, looked at, and written down by name: UPDATE_GOLDEN=1 writes it anew."""

from __future__ import annotations

import os
from functools import cache

MARK = "#### "


@cache
def written(path):
    """What is known by name."""
    parts = path.read_text(encoding="utf-8").split(MARK)[1:] if path.exists() else []
    return dict(part.rstrip().split("\n", 1) for part in parts)


def compared(path, name, found):
    """That it is what it was."""
    if os.environ.get("UPDATE_GOLDEN"):
        kept = written(path)
        kept[name] = found
        path.write_text("".join(f"{MARK}{n}\n{body}\n\n" for n, body in kept.items()), encoding="utf-8")
    assert found == written(path)[name]
