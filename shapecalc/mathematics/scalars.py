"""The scalars of a product, gathered into one coefficient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from ..expr import Apply, Expr, Lit
from ..forms import apply
from ..shapes import polynomial
from .writer import only_scalars


class Scalars:
    """The coefficient of a product: an exact number, and what stands above and below the line."""

    def __init__(self) -> None:
        self.number = Fraction(1)
        self.above: list[Expr] = []
        self.below: list[Expr] = []
        self.beside: list[Expr] = []  # scalars that are made of tensors: a norm, a trace

    def take(self, e: Expr, inverse: bool = False) -> None:
        """One scalar factor, or divisor."""
        if isinstance(e, Lit):
            self.literal(e, inverse)
        elif isinstance(e, Apply) and e.name == "neg":
            self.number = -self.number
            self.take(e.args[0], inverse)
        elif isinstance(e, Apply) and e.name in ("mul", "div"):
            self.take(e.args[0], inverse)
            self.take(e.args[1], inverse if e.name == "mul" else not inverse)
        elif isinstance(e, Apply) and e.name == "power" and e["k"] < 0 and not inverse:
            self.take(e.args[0] if e["k"] == -1 else apply("power", e.args[0], k=-e["k"]), inverse=True)
        elif inverse:
            self.below.append(e)
        else:
            (self.above if only_scalars(e) else self.beside).append(e)

    def literal(self, e: Lit, inverse: bool) -> None:
        """A number, or a size with its names one by one."""
        if isinstance(e.value, Fraction):
            if inverse and not e.value:
                self.below.append(e)
            else:
                self.number *= 1 / e.value if inverse else e.value
            return
        terms = polynomial(e.value)
        if len(terms) > 1:
            (self.below if inverse else self.above).append(e)
            return
        ((names, coefficient),) = terms.items()
        self.number *= Fraction(1, coefficient) if inverse else coefficient
        (self.below if inverse else self.above).extend(Lit(name) for name in names)

    def strip(self, e: Expr) -> Expr:
        """e without its scalar factors."""
        while isinstance(e, Apply):
            if e.name == "neg":
                self.number = -self.number
                e = e.args[0]
            elif e.name == "mul" and e.shape and () in (e.args[0].shape, e.args[1].shape):
                scalar, e = e.args if e.args[0].shape == () else reversed(e.args)
                self.take(scalar)
            elif e.name == "div" and e.shape and e.args[1].shape == ():
                self.take(e.args[1], inverse=True)
                e = e.args[0]
            else:
                break
        return e


def powers(scalars: Sequence[Expr]) -> list[Expr]:
    """Each scalar once: n n is n squared."""
    return [e if n == 1 else apply("power", e, k=Fraction(n)) for e, n in Counter(scalars).items()]
