"""What came of a comparison: a verdict, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from shapecalc.derivation import Certificate
from shapecalc.shapes import Shape, strip
from shapecalc.tensor import Tensor, strides

from .trial import Trial
from .trials import REAL

TRUTH = ("the derived formula",)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing a claim with the truth.

    ``verdict``: "equal", "different", "shape" (they cannot be compared) or "undecided". Where they differ: ``at`` which sizes, in
    which entry, and both numbers; ``exact`` says that exact arithmetic found it too. ``gap``: relative, the largest one seen, or
    that of the entry. ``void``: nothing could be compared, since the claim has no value anywhere. ``narrow``: what must hold for the
    claim alone, where it has no value at some of the points (exp(log(x)) at a negative x).
    """

    verdict: str
    method: str = ""
    points: int = 0
    sizes: tuple[Mapping[str, int], ...] = ()
    bits: int | None = None
    gap: float | None = None
    at: Mapping[str, int] | None = None
    index: tuple[int, ...] | None = None
    claimed: float | None = None
    expected: float | None = None
    exact: bool = False
    conditions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    void: bool = False
    narrow: tuple[str, ...] = ()

    @property
    def certificate(self) -> Certificate | None:
        """What a yes rests on."""
        if self.verdict != "equal":
            return None
        return Certificate(self.method, self.points, self.sizes, self.bits, self.gap, self.conditions, self.assumptions, TRUTH)


def different(trial: Trial, a: Tensor, b: Tensor, place: int, gap: Decimal) -> Comparison:
    """The entry that shows it."""
    index = tuple(place // s % n for s, n in zip(strides(b.shape), b.shape, strict=True))
    numbers = {"claimed": float(a.data[place]), "expected": float(b.data[place])}
    return Comparison("different", REAL, 1, gap=float(gap), at=dict(trial.frame), index=index, **numbers)  # type: ignore[arg-type]


def bare(shape: Shape, squeeze: bool) -> Shape:
    """A shape without the axes of size 1 that do not count."""
    return tuple(d for d in shape if d != 1) if squeeze else strip(shape)
