"""Sizes and shapes: a size is a number or a polynomial in size names, and two different names are different sizes.

A size is written as an ``int`` or as a canonical string (``"S"``, ``"4*K"``, ``"n - 1"``), so that two sizes are equal exactly
when they compare equal. A shape is a tuple of sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from .errors import TooLarge

Dim = int | str
Shape = tuple[Dim, ...]
Monomial = tuple[str, ...]  # size names, sorted, with repetition; () is the constant
MOST_PARTS = 64  # monomials of one size


def polynomial(dim: Dim) -> dict[Monomial, int]:
    """The monomials of a size with their integer coefficients."""
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    return {(dim,): 1} if dim.isidentifier() else dict(_read(dim))


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[tuple[Monomial, int], ...]:
    """Reads back a canonical string made by `canonical`."""
    out: dict[Monomial, int] = {}
    for signed in text.replace("- ", "-").replace("+ ", "+").split(" "):
        sign = -1 if signed.startswith("-") else 1
        coefficient, names = sign, []
        for word in signed.lstrip("+-").split("*"):
            if word.isdigit():
                coefficient *= int(word)
            else:
                names.append(word)
        out[tuple(sorted(names))] = coefficient
    return tuple(out.items())


def canonical(terms: Mapping[Monomial, int]) -> Dim:
    """The one spelling of a polynomial: higher degrees first, then by name.

    >>> canonical({("n",): 1, (): -1}), canonical({("K",): 4}), canonical({(): 3})
    ('n - 1', '4*K', 3)
    """
    kept = sorted(((m, c) for m, c in terms.items() if c), key=lambda t: (-len(t[0]), t[1] < 0, t[0]))
    if not kept:
        return 0
    if kept[0][0] == ():
        return kept[0][1]
    text = ""
    for monomial, coefficient in kept:
        size = "*".join(([str(abs(coefficient))] if abs(coefficient) != 1 or not monomial else []) + list(monomial))
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += sign + size
    return text


def add(a: Dim, b: Dim) -> Dim:
    """The sum of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    out = polynomial(a)
    for monomial, coefficient in polynomial(b).items():
        out[monomial] = out.get(monomial, 0) + coefficient
    return canonical(out)


def multiply(a: Dim, b: Dim) -> Dim:
    """The product of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if a == 1 or b == 1:
        return b if a == 1 else a
    out: dict[Monomial, int] = {}
    for left, c in polynomial(a).items():
        for right, d in polynomial(b).items():
            monomial = tuple(sorted(left + right))
            out[monomial] = out.get(monomial, 0) + c * d
    if len(out) > MOST_PARTS:
        raise TooLarge(f"a size is a sum of at most {MOST_PARTS} products of sizes")
    return canonical(out)


def negative(a: Dim) -> Dim:
    """Minus a size (only ever part of a difference such as n - 1)."""
    return multiply(-1, a)


def is_empty(dim: Dim) -> bool:
    """Whether a size is below 1 whatever its names are: 0, -2, -n, 1 - n.

    >>> is_empty(0), is_empty("-n"), is_empty("1 - n"), is_empty("n - 5")
    (True, True, True, False)
    """
    if isinstance(dim, int):
        return dim < 1
    terms = polynomial(dim)
    # every product of names is at least 1
    return all(c <= 0 for m, c in terms.items() if m) and sum(terms.values()) < 1


def total(shape: Shape) -> Dim:
    """The number of entries of a tensor of this shape."""
    out: Dim = 1
    for dim in shape:
        out = multiply(out, dim)
    return out


def divide(a: Dim, b: Dim) -> Dim | None:
    """a / b where b is a single monomial that divides every monomial of a; else None."""
    divisor = polynomial(b)
    if len(divisor) != 1:
        return 1 if a == b else None
    ((names, coefficient),) = divisor.items()
    out: dict[Monomial, int] = {}
    for monomial, c in polynomial(a).items():
        rest = list(monomial)
        for name in names:
            if name not in rest:
                return None
            rest.remove(name)
        if c % coefficient:
            return None
        out[tuple(rest)] = c // coefficient
    return canonical(out)


def value(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number that a size is when its names are bound."""
    if isinstance(dim, int):
        return dim
    found = sizes.get(dim)
    if found is not None:
        return found
    out = 0
    for monomial, coefficient in polynomial(dim).items():
        for name in monomial:
            coefficient *= sizes[name]
        out += coefficient
    return out


def names(dim: Dim) -> tuple[str, ...]:
    """The size names in a size, in order of appearance."""
    return tuple(dict.fromkeys(name for monomial in polynomial(dim) for name in monomial))


def show(shape: Shape) -> str:
    """A shape as Python writes a tuple.

    >>> show(("S", "D")), show(("M",)), show(())
    ('(S, D)', '(M,)', '()')
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def broadcast(*shapes: Shape) -> Shape | None:
    """NumPy's common shape, where only a literal 1 or a missing axis may stretch; None where there is none.

    >>> broadcast(("S", "M"), ("M",)), broadcast(("S", 1), (1, "M")), broadcast(("S",), ("M",))
    (('S', 'M'), ('S', 'M'), None)
    """
    longest = max(shapes, key=len, default=())
    out = [*longest]
    for shape in shapes:
        if shape == longest:
            continue
        for axis, dim in enumerate(shape, len(out) - len(shape)):
            if out[axis] == 1:
                out[axis] = dim
            elif dim not in (1, out[axis]):
                return None
    return tuple(out)


def strip(shape: Shape) -> Shape:
    """A shape without its leading axes of size 1: what two shapes are compared by."""
    while shape and shape[0] == 1:
        shape = shape[1:]
    return shape


def is_scalar(shape: Shape) -> bool:
    """Whether every axis is the number 1."""
    return all(dim == 1 for dim in shape)
