r"""Differentials: dL = tr(A^T dX) says that A is the gradient; A is read off by going back through a formula that is linear in dX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from shapecalc.errors import NotKnownYet, Span, SyntaxProblem

from .latex_tree import Add, Angle, Frac, Func, Grad, Latex, Mul, Num, Turned, walk

Rank = Callable[[Latex], int]


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows back: numbers, and a matrix or vector (None for the number 1, and for the identity behind a trace)."""

    numbers: tuple[tuple[str, Latex], ...] = ()
    array: Latex | None = None
    inside: bool = False  # a trace: the array None is the identity

    def times(self, node: Latex) -> Flow:
        """The flow times a number."""
        return Flow((*self.numbers, ("cdot", node)), self.array, self.inside)


def has_differential(node: Latex) -> bool:
    """Whether a d of a name occurs."""
    return any(isinstance(part, Grad) and part.differential and part.name for part in walk(node))


def gradients(node: Latex, rank: Rank) -> dict[str, Latex]:
    """For each name whose differential occurs in a scalar formula, the gradient; rank tells the number of axes of a part."""
    found: dict[str, list[Latex]] = {}
    waiting = [(node, Flow())]
    while waiting:
        part, flow = waiting.pop()
        if isinstance(part, Grad) and part.differential:
            found.setdefault(part.name, []).append(_collected(flow, part.span))
        else:
            waiting += reversed(_back(part, flow, rank))
    return {name: terms[0] if len(terms) == 1 else Add(tuple(("+", t) for t in terms), node.span) for name, terms in found.items()}


def _collected(flow: Flow, span: Span) -> Latex:
    """The flow as a formula."""
    if flow.array is None and flow.inside:
        raise NotKnownYet("tr(dX) alone: its gradient is I", span, hint="write tr(I_n dX) with the size of I")
    one = Num("1", Fraction(1), span)
    factors = [*flow.numbers, *([("cdot", flow.array)] if flow.array is not None else [])]
    if not factors:
        return one
    (op, first), *rest = factors
    if op == "/":
        return Mul((("", one), *factors), span)
    return Mul((("", first), *rest), span) if rest else first


def _back(node: Latex, flow: Flow, rank: Rank) -> list[tuple[Latex, Flow]]:
    """One step back: the parts in which differentials occur, each with what flows to it."""
    match node:
        case Add(terms=terms):
            minus = Num("-1", Fraction(-1), node.span)
            out = []
            for sign, term in terms:
                if not has_differential(term):
                    raise SyntaxProblem("this term has no differential", term.span)
                out.append((term, flow.times(minus) if sign == "-" else flow))
            return out
        case Turned(arg=arg):
            array = flow.array if flow.array is None else Turned(flow.array, False, flow.array.span)
            return [(arg, Flow(flow.numbers, array, flow.inside))]
        case Frac(top=top, bottom=bottom) if not has_differential(bottom):
            return [(top, Flow((*flow.numbers, ("/", bottom)), flow.array, flow.inside))]
        case Func(name="trace", args=(arg,), power=None, primes=0):
            return [(arg, Flow(_scalars(flow, node.span), None, True))]
        case Angle(left=left, right=right):
            return _angle(left, right, flow, node.span)
        case Mul(factors=factors):
            return _product(factors, flow, rank, node.span)
    raise NotKnownYet("this is not read of a differential", node.span, hint="write it as a trace: dL = \\operatorname{tr}(A^\\top dX)")


def _scalars(flow: Flow, span: Span) -> tuple[tuple[str, Latex], ...]:
    if flow.inside:
        raise SyntaxProblem("a trace inside a trace", span)
    return flow.numbers if flow.array is None else (*flow.numbers, ("cdot", flow.array))


def _angle(left: Latex, right: Latex, flow: Flow, span: Span) -> list[tuple[Latex, Flow]]:
    if has_differential(left) and has_differential(right):
        raise SyntaxProblem("this is not linear in the differentials", span)
    moving, fixed = (left, right) if has_differential(left) else (right, left)
    return [(moving, Flow(_scalars(flow, span), fixed))]


def _product(factors: Sequence[tuple[str, Latex]], flow: Flow, rank: Rank, span: Span) -> list[tuple[Latex, Flow]]:
    """L F R: L^T, what flows, R^T; numbers go out of the way."""
    moving = [k for k, (_, f) in enumerate(factors) if has_differential(f)]
    if len(moving) != 1:
        raise SyntaxProblem("this is not linear in the differentials", span)
    place = moving[0]
    if any(op in {"odot", "otimes"} for op, _ in factors):
        return _entrywise(factors, place, flow, span)
    numbers = list(flow.numbers)
    left: list[Latex] = []
    right: list[Latex] = []
    for k, (op, factor) in enumerate(factors):
        if k == place:
            if op == "/":
                raise SyntaxProblem("this is not linear in the differentials", span)
        elif rank(factor) == 0 or op == "/":
            numbers.append(("/" if op == "/" else "cdot", factor))
        else:
            (left if k < place else right).append(factor)
    array: list[Latex] = [Turned(f, False, f.span) for f in reversed(left)]
    if flow.array is not None:
        array.append(flow.array)
    array += [Turned(f, False, f.span) for f in reversed(right)]
    inside = flow.inside and not array
    joined = None if not array else array[0] if len(array) == 1 else Mul(tuple(("", f) for f in array), span)
    return [(factors[place][1], Flow(tuple(numbers), joined, inside))]


def _entrywise(factors: Sequence[tuple[str, Latex]], place: int, flow: Flow, span: Span) -> list[tuple[Latex, Flow]]:
    """A, entry by entry with F."""
    if any(op != "odot" for op, _ in factors[1:]) or flow.array is None:
        hint = "write it with a trace of matrix products"
        raise NotKnownYet("this product of a differential is not read", span, hint=hint)
    others = [("odot", f) for k, (_, f) in enumerate(factors) if k != place]
    return [(factors[place][1], Flow(flow.numbers, Mul((("", flow.array), *others), span)))]
