"""Functions of each entry that a problem leaves undefined: f, with derivatives f', f'', ... of which nothing is known."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import perm
from typing import Any

from shapecalc.op import Op, Parameters
from shapecalc.shapes import Shape

DEGREE = 12


def _same(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    return shapes[0]


def _coefficients(name: str) -> list[Fraction]:
    """A polynomial in the place of f, so that formulas can be compared: what holds for f holds for it, whatever its coefficients."""
    state = sum(ord(c) * 257**k for k, c in enumerate(name)) % (1 << 31)
    out = []
    for _ in range(DEGREE + 1):
        state = (1103515245 * state + 12345) % (1 << 31)
        out.append(Fraction(state % 199 - 99, 101))
    return out


@cache
def undefined(name: str) -> Op:
    """The operation for an undefined function of that name; its parameter ``order`` counts the primes."""

    def value(ring: Any, tensors: list[Any], params: Parameters) -> Any:
        order = params["order"]
        weights = [ring.lift(_coefficients(name)[k] * perm(k, order)) for k in range(DEGREE, order - 1, -1)]

        def entry(x: Any) -> Any:
            out = ring.lift(Fraction(0))
            for weight in weights:
                out = ring.total((ring.mul(out, x), weight))
            return out

        return tensors[0].mapped(entry)

    return Op(name, "undefined", ("x",), _same, (("order", 0),), value=value, doc=f"{name} of each entry, left undefined")
