"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def distance(a: str, b: str) -> int:
    """How many letters to change, add, drop or swap to turn a into b; case counts half a letter, rounded up."""
    previous: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, previous, row = previous, row, [i]
        for j, y in enumerate(b, 1):
            best = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, before[j - 2] + 1)
            row.append(best)
    return row[-1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a mistyped one, if one is near."""
    if len(name) > 40:
        return None
    limit = 0 if len(name) == 1 else 1 if len(name) <= 3 else 2  # one letter is not a slip of another one
    found = min(
        ((distance(name.lower(), k.lower()), abs(len(k) - len(name)), k) for k in known if abs(len(k) - len(name)) <= limit), default=None
    )
    return found[2] if found and found[0] <= limit else None
