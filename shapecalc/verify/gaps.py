"""How far a formula is from a difference quotient, and along which directions the quotient is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shapecalc.rings import Modular, Real

from .trials import ONE, Trial

SLOPE_NOISE, CURVATURE_NOISE = Decimal("1e-36"), Decimal("1e-26")  # of a value: what the steps leave of sixty digits, four to spare


@dataclass(frozen=True, slots=True)
class Reach:
    """Along which directions a quotient is taken.

    ``structure``: within the symmetric (diagonal, triangular) matrices; ``zeros``: what is 0 stays 0, as it may lie on a kink;
    ``declared``: definitions are not moved on their own; ``words``: how that is said.
    """

    structure: frozenset[str] = frozenset()
    zeros: bool = False
    declared: bool = False
    words: str = ""


REACHES = (
    Reach(),
    Reach(zeros=True, words=" that keep all zeros"),
    Reach(zeros=True, declared=True, words=" by the declared names, that keep all zeros"),
)


def gap(a: Decimal, b: Decimal, scale: Decimal, noise: Decimal) -> float:
    """The difference relative to the largest of the numbers; what rounding may have done counts as none."""
    difference = Real.context.subtract(a, b).copy_abs()
    return 0.0 if difference <= noise else float(difference / max(abs(a), abs(b), scale))


def gaps(trial: Trial, found: Sequence[Any], wanted: Sequence[Any], noise: Decimal, of: str | None = None) -> float:
    """The largest gap between the entries of two rows."""
    if isinstance(trial.ring, Modular):
        return float(list(found) != list(wanted))
    scale, level = max(map(abs, wanted), default=ONE), noise * trial.level(of)
    return max((gap(a, b, scale, level) for a, b in zip(found, wanted, strict=True)), default=0.0)
