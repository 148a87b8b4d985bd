"""What a formula of LaTeX says before shapes settle its products: names are known, kinds of products are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

from shapecalc.errors import Span


@dataclass(frozen=True, slots=True)
class Num:
    """A number as written, and its value."""

    text: str
    value: Fraction
    span: Span


@dataclass(frozen=True, slots=True)
class Ref:
    """A name of the sheet: declared, defined, a size, or an abbreviation."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Grad:
    """The gradient of a name; or, where it is written with a d in a line about differentials, its differential."""

    name: str
    differential: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """A symbol that nothing introduces: names are the ways in which the sheet could call it, its index left out; with the index as well.

    sub: what could be an index. arguments: the names in brackets behind it, as in J(w).
    """

    name: str
    full: str
    sub: tuple[Subscript, ...]
    written: str
    span: Span
    squared: bool = False


@dataclass(frozen=True, slots=True)
class Subscript:
    """One index: a letter, a whole number from 1, or ":" for all."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """Entries, rows or columns of something; sample: the index was written above, in round brackets."""

    base: Latex
    indices: tuple[Subscript, ...]
    sample: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Special:
    """kind: ones, zeros, eye, pi, e; size: what is written as its index."""

    kind: str
    size: tuple[Latex, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Add:
    """Terms, each with its sign; the first may have one too."""

    terms: tuple[tuple[str, Latex], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Mul:
    r"""Factors, each with what stands before it: "" for nothing, or cdot, times, odot, otimes, "/"; the first has ""."""

    factors: tuple[tuple[str, Latex], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Frac:
    """top over bottom."""

    top: Latex
    bottom: Latex
    span: Span


@dataclass(frozen=True, slots=True)
class Raised:
    r"""A power; entrywise where it is written ^{\odot 2}."""

    base: Latex
    exponent: Latex
    entrywise: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Turned:
    r"""A transpose; prime where it is written with a '."""

    arg: Latex
    prime: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Func:
    r"""A function; power: of its value, as in \tanh^2(x); primes: derivatives of it; bare: its argument is without brackets."""

    name: str
    args: tuple[Latex, ...]
    power: Latex | None
    primes: int
    bare: bool
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Big:
    """kind: sum, prod, max, min. Each index with the first and the last value that are written."""

    kind: str
    indices: tuple[tuple[Subscript, Latex | None, Latex | None], ...]
    body: Latex
    span: Span


@dataclass(frozen=True, slots=True)
class Norm:
    """Between double bars; order as written: "", "2", "F", "1" and so on."""

    arg: Latex
    order: str
    span: Span


@dataclass(frozen=True, slots=True)
class Bars:
    """Between single bars: a determinant or an absolute value."""

    arg: Latex
    span: Span


@dataclass(frozen=True, slots=True)
class Angle:
    """An inner product in angle brackets."""

    left: Latex
    right: Latex
    span: Span


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix written out."""

    rows: tuple[tuple[Latex, ...], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Relation:
    """1 where it holds, else 0: what an indicator holds, or a comparison in brackets."""

    op: str
    left: Latex
    right: Latex
    span: Span


@dataclass(frozen=True, slots=True)
class Deriv:
    """order times the derivative of something by names or entries; of is None where it is written as an operator with nothing behind."""

    order: int
    of: Latex
    by: tuple[Latex, ...]
    nabla: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Differential:
    """The d of something that is no name of the sheet, on the left of =."""

    of: Latex
    span: Span


Latex = (
    Num | Ref | Grad | Unknown | Entry | Special | Add | Mul | Frac | Raised | Turned | Func | Big | Norm | Bars | Angle | Rows | Relation
    | Deriv | Differential
)  # fmt: skip


def _fields(kind: type[Latex]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name not in {"span", "name_span", "text", "name", "differential"})


def parts(node: Latex) -> Iterator[Latex]:
    """The parts of a node, from left to right."""
    waiting: list[object] = [getattr(node, name) for name in _fields(type(node))][::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += reversed(part)
        elif isinstance(part, Latex):
            yield part


def walk(node: Latex) -> Iterator[Latex]:
    """Every part of a formula, itself included."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(list(parts(part))))
