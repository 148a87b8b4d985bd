"""What is asked of a formula that was derived: the gap that shows it wrong, how sure a yes would be, and who is to blame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from shapecalc.errors import ShapecalcError
from shapecalc.expr import Expr
from shapecalc.shapes import Shape, show, total

from .certainty import Certainty
from .trial import Trial

WITNESS = "difference quotients of the program itself"


class Disproved(ShapecalcError):
    """A formula that was derived is not the derivative. ``names``: what it is the derivative by."""

    def __init__(self, message: str, names: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be settled: the gap at one trial, the bits that no gap gives, who is to blame for one, and the formulas at stake.

    ``several``: whether more than one tuple of sizes is wanted even of a long problem, as the formula may be anybody's.
    """

    gap: Callable[[Trial], float]
    bits: Callable[[Certainty], int]
    blame: Callable[[Trial], NoReturn]
    formulas: Sequence[Expr]
    several: bool = True


def blame(what: str, *names: str) -> Callable[[Trial], NoReturn]:
    """What raises Disproved for one formula."""

    def raised(_: Trial) -> NoReturn:
        raise Disproved(f"the formula for {what} failed the check against {WITNESS}", names)

    return raised


def sized(formula: Expr, shapes: tuple[Shape, Shape], what: str) -> None:
    """Raises Disproved where a derivative has not as many entries as its two shapes together."""
    if total(formula.shape) != total((*shapes[0], *shapes[1])):
        raise Disproved(f"the formula for {what} has the shape {show(formula.shape)}")
