"""Index formulas: Σ_i g_im, ∂z_ij/∂b_m = δ_jm. They are written down as small data, or taken from the index form itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from fractions import Fraction
from typing import Union

from shapecalc.records import record

from ..boxes import APPLY, TIMES, Box, Frac, Number, Scripts, Sum, Symbol, Tinted, joined, op, paren, row, sub, sup
from ..expr import Lit, Var
from ..indexed import Index, Places, single
from ..indexed import Term as Product
from ..shapes import Dim
from ..symbols import dimension, index_row, parts, script, symbol
from .entries import entry, exponent, named_entry
from .formulas import RULES
from .style import Style
from .writer import ENTRYWISE, LETTERS, Piece, Writer, fenced, names_in, number

Label = str | int


@record
class Entry:
    """x_ik: an entry of a named tensor. Indices are letters, or numbers counted from 1; a scalar has none."""

    name: str
    indices: tuple[Label, ...] = ()


@record
class Delta:
    """δ_jm: 1 where the two indices agree, else 0."""

    first: Label
    second: Label


@record
class Partial:
    """∂z_ij/∂b_m."""

    of: Entry
    by: Entry


@record
class Size:
    """A size used as a number."""

    dim: Dim


@record
class Call:
    """f(...) of an index formula, f named as in the language; ``prime`` for its derivative."""

    function: str
    argument: IndexFormula
    prime: bool = False


@record
class Power:
    """A factor with an exponent."""

    factor: Factor
    exponent: Fraction | int


@record
class Group:
    """An index formula in parentheses, as one factor."""

    body: IndexFormula


Factor = Union[Entry, Delta, Partial, Size, Call, Power, Group]  # noqa: UP007 - a runtime alias


@record
class IndexTerm:
    """coefficient · Σ over ``sums`` of the product of ``factors``, divided by ``divisors``."""

    factors: tuple[Factor, ...] = ()
    sums: tuple[str, ...] = ()
    coefficient: Fraction | int = 1
    divisors: tuple[Factor, ...] = ()


@record
class IndexFormula:
    """A sum of terms. ``ranges``: the sizes that indices run to, drawn above the Σ where they are given."""

    terms: tuple[IndexTerm, ...]
    ranges: Mapping[str, Dim] = field(default_factory=dict)


def formula(*factors: Factor, sums: Iterable[str] = (), coefficient: Fraction | int = 1, divisors: tuple[Factor, ...] = ()) -> IndexFormula:
    """An index formula of one term."""
    return IndexFormula((IndexTerm(factors, tuple(sums), coefficient, divisors),))


def index_boxes(f: IndexFormula | Factor, style: Style | None = None) -> Box:
    """An index formula, or one factor of it, as boxes."""
    style = style or Style()
    if not isinstance(f, IndexFormula):
        return _factor(f, style, {}).box
    out: list[Box | str] = []
    for term in f.terms:
        coefficient = Fraction(term.coefficient)
        if out or coefficient < 0:
            out.append("−" if coefficient < 0 else "+")
        out.append(_term(term, abs(coefficient), style, f.ranges))
    return row(*out) if out else Number("0")


def _term(term: IndexTerm, coefficient: Fraction, style: Style, ranges: Mapping[str, Dim]) -> Box:
    over = [] if coefficient.numerator == 1 else [Number(str(coefficient.numerator))]
    under: list[Box] = [] if coefficient.denominator == 1 else [Number(str(coefficient.denominator))]
    under += [_factor(d, style, ranges).box for d in term.divisors]
    factors = [_factor(x, style, ranges).box for x in term.factors]
    if under and not term.sums and len(factors) <= 1:
        return Frac(joined([*over, *factors] or [Number("1")], TIMES), joined(under, TIMES))
    front: list[Box] = [Frac(over[0] if over else Number("1"), joined(under, TIMES))] if under else list(over)
    body = joined(factors, TIMES) if factors else Number("1")
    for index in reversed(term.sums):
        top = dimension(ranges[index]) if index in ranges else None
        below = row(Symbol(index), "=", Number("1")) if top is not None else Symbol(index)
        body = Sum(below, top, body)
    if front and not factors and not term.sums:
        return joined(front, TIMES)
    return joined([*front, body], TIMES)


def _factor(x: Factor, style: Style, ranges: Mapping[str, Dim]) -> Piece:
    match x:
        case Entry(name, indices):
            return Piece(_entry(name, indices, style))
        case Delta(first, second):
            return Piece(sub(Symbol("δ"), index_row((_label(first), _label(second)))))
        case Partial(of, by):
            return Piece(Frac(row("∂", _factor(of, style, ranges).box), row("∂", _factor(by, style, ranges).box), derivative=True))
        case Size(dim):
            return Piece(dimension(dim))
        case Call(function, argument, prime):
            head: Box = Symbol({"sigmoid": "σ"}.get(function, function), "function")
            head = sup(head, op("′")) if prime else head
            return Piece(row(head, APPLY, paren(index_boxes(argument, style))))
        case Power(factor, k):
            base = _factor(factor, style, ranges).box
            plain = (isinstance(factor, Entry) and parts(factor.name)[2] is None) or isinstance(factor, Group)
            return Piece(sup(base if plain else paren(base), exponent(Fraction(k))))
        case Group(body):
            return Piece(paren(index_boxes(body, style)))


def _entry(name: str, indices: tuple[Label, ...], style: Style) -> Box:
    """An entry; of a gradient, ∂L/∂z_ij unless the style calls gradients by name."""
    labels = tuple(map(_label, indices))
    if name in style.symbols:
        drawn = style.symbols[name]
        drawn = drawn if isinstance(drawn, Symbol) else paren(drawn)
        return sub(drawn, index_row(labels)) if labels else drawn
    if name in style.gradients and style.gradient != "name":
        of = _entry(style.gradients[name], indices, style)
        return Frac(row("∂", symbol(style.loss)), row("∂", of), derivative=True)
    return named_entry(name, labels)


def _label(label: Label) -> Box:
    return Number(str(label)) if isinstance(label, int) else script(label)


def of_terms(terms: Iterable[Product], places: Places, style: Style | None = None, letters: str = LETTERS) -> tuple[Box, dict[Index, str]]:
    """The index form itself, with letters for its indices: free ones first, in the order of the axes; and the letters chosen.

    An axis that runs over two indices together is drawn with both.
    """
    found = list(terms)
    taken = {n for t in found for f in t.factors for n in names_in(f.base)}
    free = iter([x for x in letters if x not in taken] + [f"i{k}" for k in range(1, 40)])
    named: dict[Index, str] = {}
    for index in [i for p in places for i in single(p)]:
        named.setdefault(index, next(free))
    own: dict[Index, str] = {}
    for term in found:
        # each term counts from the same letter on: summed indices of different terms never meet
        rest = iter(list(own.values()))
        for factor in term.factors:
            for index in (i for p in factor.places for i in single(p)):
                if index not in named and index not in own:
                    own[index] = next(rest, None) or next(free)
    w = Writer(style or Style(), RULES, frozenset(taken | set(named.values()) | set(own.values())))
    out: list[Box | str] = []
    for term in found:
        if out or term.coefficient < 0:
            out.append("−" if term.coefficient < 0 else "+")
        out.append(_product(w, term, {**named, **own}))
    return (row(*out) if out else Number("0")), {**named, **own}


def _product(w: Writer, term: Product, letters: Mapping[Index, str]) -> Box:
    above: list[Box] = []
    below: list[Box] = []
    for f in term.factors:
        drawn = _indexed(w, f.base, tuple(tuple(script(letters[i]) for i in single(p)) for p in f.places))
        k = abs(f.power)
        if k != 1:
            drawn = sup(drawn if _is_short(f.base) else paren(drawn), exponent(k))
        (above if f.power > 0 else below).append(drawn)
    value = abs(term.coefficient)
    top = [number(Fraction(value.numerator)).box] if value.numerator != 1 else []
    bottom: list[Box] = [Number(str(value.denominator))] if value.denominator != 1 else []
    sums = [x for i, x in letters.items() if i in term.summed]
    sizes = [b if n == 1 else sup(b, Number(str(n))) for b, n in Counter(b for b in below if _is_size(b)).items()]
    rest = [b for b in below if not _is_size(b)]
    body = joined(above, TIMES) if above else Number("1")
    if rest:
        body = Frac(body, joined(rest, TIMES))
    if sums:
        body = Sum(joined([Symbol(x) for x in sums], ","), None, body)
    bottom += sizes
    front: list[Box] = [Frac(joined(top or [Number("1")], TIMES), joined(bottom, TIMES))] if bottom else top
    return joined([*front, *([body] if above or rest or sums or not front else [])], TIMES)


def _is_short(base: Var | Lit | object) -> bool:
    """Whether an exponent can stand on this as it is drawn: a name, of a size as well."""
    if isinstance(base, Lit):
        return isinstance(base.value, str) and base.value.isidentifier()
    return isinstance(base, Var) and parts(base.name)[2] is None


def _is_size(box: Box) -> bool:
    return isinstance(box, Tinted) or (isinstance(box, Scripts) and isinstance(box.body, Tinted))


def _indexed(w: Writer, base: Var | Lit | object, indices: tuple[tuple[Box, ...], ...]) -> Box:
    """A factor of the index form; axes that are the number 1 carry no index."""
    if isinstance(base, Lit):
        return w.piece(base).box
    if getattr(base, "name", "") == "eye" and len(indices) == 2 and all(indices):
        return sub(Symbol("δ"), index_row(indices[0] + indices[1]))
    flat = tuple(index_row(i) if len(i) > 1 else i[0] if i else Number("1") for i in indices)
    return fenced(entry(w, base, flat), ENTRYWISE)  # type: ignore[arg-type]
