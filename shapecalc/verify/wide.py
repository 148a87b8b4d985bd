"""What is asked about a problem whose sizes are large numbers: first of the same problem in any sizes, then of points made of patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from shapecalc.derivation import Certificate
from shapecalc.errors import ShapecalcError
from shapecalc.expr import Expr
from shapecalc.rings import Unsupported

from .compared import Comparison
from .comparison import Comparisons, Extra
from .general import General
from .patchwork import Patchwork
from .trials import Trials


class Judging(Protocol):
    """What judges a problem."""

    trials: Trials
    comparisons: Comparisons

    def compare(self, claim: Expr, truth: Expr, extra: Extra | None = None, squeeze: bool = False) -> Comparison:
        """A claim against the truth."""
        ...


J = TypeVar("J", bound=Judging)


class Wide(Generic[J]):
    """A problem in any sizes in the place of its large numbers, with the judge of it."""

    def __init__(self, general: General, judge: J, seed: int) -> None:
        self.general = general
        self.judge = judge
        self.patchwork = Patchwork(judge.comparisons, general.numbers, seed)

    def compared(self, claim: Expr, truth: Expr, extra: Extra | None, squeeze: bool) -> tuple[Comparison, Comparison | None] | None:
        """What is found at any sizes and, where the two differ there, what refutes the claim at the numbers themselves.

        None where they have no meaning for other sizes.
        """
        try:
            further = None if extra is None else {name: self.general.formula(e) for name, e in extra.items()}
            a, b = self.general.formula(claim), self.general.formula(truth)
            found = self.judge.compare(a, b, further, squeeze)
        except (ShapecalcError, Unsupported):
            return None
        return found, self.patchwork.refuted(a, b, further) if found.verdict == "different" else None

    def certified(self, formulas: Sequence[Expr], made: Callable[[J, Sequence[Expr]], Certificate]) -> Certificate | None:
        """What the problem in any sizes says of some formulas; None where it does not bear them out."""
        try:
            return made(self.judge, [self.general.formula(e) for e in formulas])
        except (ShapecalcError, Unsupported):
            return None
