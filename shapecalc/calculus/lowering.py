"""From matrix algebra to index form: products are flattened, everything else stays a factor of its own."""

from __future__ import annotations

import itertools
from fractions import Fraction

from shapecalc.expr import Apply, Expr, Lit, nodes
from shapecalc.forms import apply, flipped, remake
from shapecalc.indexed import Factor, Index, Place, Places, Term, indices
from shapecalc.op import Axes, Axis, Signature
from shapecalc.ops.constants import letters
from shapecalc.shapes import add as add_sizes


class Bound:
    """Letters of a signature bound to indices: those of the result to given ones, the others to new ones."""

    def __init__(self, signature: Signature, places: Places) -> None:
        self.names: dict[str, Index] = {}
        self.deltas: list[Factor] = []
        self.split: dict[Index, tuple[Index, ...]] = {}
        for axis, place in zip(signature.output, places, strict=True):
            self._bind(axis, place, signature)
        self.outer = frozenset(self.names.values())
        for axes in signature.inputs:
            for axis in axes:
                for letter in _each(axis):
                    if letter not in self.names:
                        self.names[letter] = Index(signature.sizes[letter])
        self.summed = frozenset(self.names.values()) - self.outer

    def _bind(self, axis: Axis, place: Place, signature: Signature) -> None:
        if axis is None or place is None:
            return
        if isinstance(axis, tuple):
            parts = place if isinstance(place, tuple) and len(place) == len(axis) else None
            if parts is None:
                # one index over joined axes: it has to be split where it stands
                parts = tuple(Index(signature.sizes[letter]) for letter in axis)
                if not isinstance(place, Index):
                    raise Opaque
                self.split[place] = parts
            for letter, index in zip(axis, parts, strict=True):
                self._one(letter, index)
        elif isinstance(place, Index):
            self._one(axis, place)
        else:
            raise Opaque

    def _one(self, letter: str, index: Index) -> None:
        known = self.names.setdefault(letter, index)
        if known is not index:
            self.deltas.append(Factor(apply("eye", n=index.dim), (known, index)))

    def places(self, axes: Axes) -> Places:
        """The indices of one argument."""
        out: list[Place] = []
        for axis in axes:
            found = tuple(self.names[x] for x in _each(axis))
            out.append(found[0] if len(found) == 1 else found or None)
        return tuple(out)


class Opaque(Exception):
    """The axes do not line up with the signature: the node stays a factor of its own."""


def _each(axis: Axis) -> tuple[str, ...]:
    return () if axis is None else axis if isinstance(axis, tuple) else (axis,)


def atom(e: Expr, places: Places, power: Fraction = Fraction(1)) -> Term:
    """e as one factor."""
    return Term(Fraction(1), (Factor(e, places, power),))


def lower(e: Expr, places: Places) -> Term:
    """e, indexed by places, as one product; what is not a product is a single factor."""
    if isinstance(e, Lit):
        return Term(e.value, ()) if isinstance(e.value, Fraction) else atom(e, ())
    if not isinstance(e, Apply):
        return atom(e, places)
    if e.name in ("power", "sqrt"):
        return raised(e.args[0], places, e["k"] if e.name == "power" else Fraction(1, 2))
    if e.name == "zeros":
        return Term(Fraction(0), ())
    if e.name == "matpow" and 0 < abs(e["k"]) <= 6:
        return _chain(e.args[0] if e["k"] > 0 else apply("inv", e.args[0]), abs(e["k"]), places)
    if e.name == "det":
        return _determinant(e)
    if e.name == "inv":
        return _inverse(e, places)
    if e.name in MOVING:
        return _moved(e, places)
    signature = e.signature
    if signature is None:
        return atom(e, places)
    try:
        bound = Bound(signature, places)
    except Opaque:
        return atom(e, places)
    if bound.split:
        return atom(e, places)
    out = Term(Fraction(signature.sign), tuple(bound.deltas), bound.summed)
    for arg, axes, power in zip(e.args, signature.inputs, signature.powers or (1,) * len(e.args), strict=True):
        part = lower(arg, bound.places(axes)) if power == 1 else raised(arg, bound.places(axes), Fraction(power))
        out = out.times(part)
    for dim in signature.over:
        out = out.times(_size(dim, -1))
    return out


MOVING = frozenset({"slice", "place", "tril", "triu", "cumsum", "flip", "windows", "overlap_add"})


def _moved(e: Apply, places: Places) -> Term:
    """An operation that moves or masks entries: scalars go outside, a slice of what was joined is the part that it is."""
    (a,) = e.args
    if isinstance(a, Apply) and a.name in ("mul", "div", "neg"):
        scaled = _scaled(a)
        if scaled is not None:
            scale, rest = scaled
            return lower(scale, (None,) * len(scale.shape)).times(lower(remake(e, (rest,)), places))
    if e.name == "flip" and (inside := flipped_inside(a, e["axes"])) != e:
        return lower(inside, places)
    if e.name == "place" and isinstance(a, Apply) and a.name == "place":
        both = zip(e["items"], a["items"], strict=True)
        items = tuple((add_sizes(start, before), length) for (start, _), (before, length) in both)
        return lower(apply("place", a.args[0], items=items, shape=e.shape), places)
    if e.name == "slice":
        part = _sliced(a, e["items"])
        if part is not None:
            return lower(part, places)
    return atom(e, places)


def flipped_inside(a: Expr, axes: tuple[int, ...]) -> Expr:
    """A flip of an entrywise formula: the formula of its flipped arguments, so that equal factors meet; a sum only if that undoes one."""
    if not isinstance(a, Apply) or not axes:
        return flipped(a, axes)
    entrywise = a.op.family in ("pointwise", "undefined") or a.name in ("mul", "div", "neg")
    if not entrywise and (a.name != "add" or not any(isinstance(n, Apply) and n.name == "flip" for n in nodes(a))):
        return flipped(a, axes)
    parts = []
    for arg in a.args:
        behind = len(a.shape) - len(arg.shape)
        parts.append(flipped_inside(arg, tuple(k - behind for k in axes if k >= behind and arg.shape[k - behind] != 1)))
    return remake(a, tuple(parts))


def _sliced(a: Expr, items: tuple[tuple[int | str, int | str], ...]) -> Expr | None:
    """A slice that is exactly one of the joined parts, also through functions of each entry; a slice of a slice is one."""
    if not isinstance(a, Apply):
        return None
    if a.name == "concatenate":
        axis, start = a["axis"], 0
        for part in a.args:
            wanted = tuple((start, d) if k == axis else (0, d) for k, d in enumerate(part.shape))
            if wanted == items:
                return part
            start = add_sizes(start, part.shape[axis])  # type: ignore[assignment]
        return None
    if a.name == "place":
        return a.args[0] if a["items"] == items else None
    if a.name == "slice":
        both = zip(items, a["items"], strict=True)
        return apply("slice", a.args[0], items=tuple((add_sizes(start, before), length) for (start, length), (before, _) in both))
    if a.op.family == "pointwise" or a.name in ("mul", "div", "neg", "add"):
        parts = []
        for arg in a.args:
            if arg.shape == ():
                parts.append(arg)
                continue
            found = _sliced(arg, items) if arg.shape == a.shape else None
            if found is None:
                return None
            parts.append(found)
        return remake(a, tuple(parts))
    return None


def _size(dim: int | str, power: int) -> Term:
    if isinstance(dim, int):
        return Term(Fraction(dim) ** power, ())
    return atom(Lit(dim), (), Fraction(power))


def raised(e: Expr, places: Places, k: Fraction) -> Term:
    """e ** k: a product without sums is raised factor by factor where that is sound."""
    inner = lower(e, places)
    if k == 1:
        return inner
    whole = k.denominator == 1
    if inner.summed or (inner.coefficient == 0 and k < 0):
        return atom(e, places, k)
    if whole:
        return Term(inner.coefficient ** int(k), tuple(Factor(f.base, f.places, f.power * k) for f in inner.factors))
    if inner.coefficient == 1 and len(inner.factors) == 1 and inner.factors[0].power == 1:
        return Term(Fraction(1), (inner.factors[0]._replace(power=k),))
    return atom(e, places, k)


def _chain(a: Expr, k: int, places: Places) -> Term:
    """A power of a matrix as a chain of products."""
    stops = [places[0], *(Index(a.shape[0]) for _ in range(k - 1)), places[1]]
    out = Term(Fraction(1), (), frozenset(i for i in stops[1:-1] if isinstance(i, Index)))
    for left, right in itertools.pairwise(stops):
        out = out.times(lower(a, (left, right)))
    return out


INVERTIBLE = frozenset({"invertible", "posdef", "orthogonal"})


def is_invertible(e: Expr) -> bool:
    """Whether e is known to have an inverse from what was declared."""
    if isinstance(e, Apply):
        if e.name in ("transpose", "inv", "matpow"):
            return is_invertible(e.args[0])
        if e.name == "matmul":
            return len(e.shape) == 2 and all(len(a.shape) == 2 and a.shape[0] == a.shape[1] and is_invertible(a) for a in e.args)
        return e.name == "eye"
    return not isinstance(e, Lit) and bool(INVERTIBLE & e.properties)


def _inverse(e: Apply, places: Places) -> Term:
    """inv: of a transpose, of a scalar multiple, of a product of invertible matrices, of an inverse, of kron."""
    (a,) = e.args
    row, column = places
    if isinstance(a, Apply):
        if a.name == "transpose":
            return lower(apply("inv", a.args[0]), (column, row))
        if a.name == "inv":
            return lower(a.args[0], places)
        if a.name == "diag":
            return lower(apply("diag", apply("power", a.args[0], k=Fraction(-1))), places)
        if a.name == "kron" and all(len(b.shape) == 2 and b.shape[0] == b.shape[1] for b in a.args):
            return lower(apply("kron", *(apply("inv", b) for b in a.args)), places)
        if a.name == "matmul" and is_invertible(a):
            middle = Index(a.shape[0]) if a.shape[0] != 1 else None
            left = lower(apply("inv", a.args[1]), (row, middle))
            out = left.times(lower(apply("inv", a.args[0]), (middle, column)))
            return out._replace(summed=out.summed | frozenset(indices((middle,))))
        if a.name == "matpow" and is_invertible(a):
            return lower(apply("matpow", a.args[0], k=-a["k"]), places)
        if a.name in ("mul", "div", "neg"):
            scaled = _scaled(a)
            if scaled is not None:
                scale, rest = scaled
                return raised(scale, (None,) * len(scale.shape), Fraction(-1)).times(lower(apply("inv", rest), places))
    return atom(e, places)


def _determinant(e: Apply) -> Term:
    """det of a transpose, an inverse, a power."""
    (a,) = e.args
    k = Fraction(1)
    while isinstance(a, Apply) and a.name in ("transpose", "inv", "matpow"):
        k *= -1 if a.name == "inv" else a["k"] if a.name == "matpow" else 1
        a = a.args[0]
    return atom(apply("det", a), (), k)


def _scaled(a: Apply) -> tuple[Expr, Expr] | None:
    """A matrix that is a scalar times another: the scalar and the other."""
    if a.name == "neg":
        return Lit(-1), a.args[0]
    left, right = a.args
    if a.name == "mul" and left.shape == ():
        return left, right
    if right.shape == ():
        return (right if a.name == "mul" else apply("power", right, k=Fraction(-1))), left
    return None


def terms_of(e: Expr, places: Places) -> list[Term]:
    """A formula as terms: the addends of a sum, each lowered; anything else is one term."""
    if isinstance(e, Apply) and e.name == "neg":
        return [t._replace(coefficient=-t.coefficient) for t in terms_of(e.args[0], places)]
    if isinstance(e, Apply) and e.name == "add":
        out: list[Term] = []
        for arg, sign in zip(e.args, e["signs"], strict=True):
            own = places[len(places) - len(arg.shape) :]
            kept = tuple(None if d == 1 else p for p, d in zip(own, arg.shape, strict=True))
            out.extend(t._replace(coefficient=sign * t.coefficient) for t in terms_of(arg, kept))
        return out
    return [lower(e, places)]


__all__ = ["Bound", "Opaque", "atom", "is_invertible", "letters", "lower", "raised", "terms_of"]
