"""What numbers do not settle."""

from __future__ import annotations

from shapecalc.errors import NotKnownYet


class Undecided(NotKnownYet):
    """No admissible point was found, or the numbers do not settle the matter."""
