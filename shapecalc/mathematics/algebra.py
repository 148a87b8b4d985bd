"""Sums, powers, transposes, and the named functions of matrices."""

from __future__ import annotations

from fractions import Fraction

from ..boxes import APPLY, TIMES, Box, Cases, Fenced, Number, Sqrt, Symbol, Text, joined, op, paren, row, sub
from ..expr import Apply, Var
from ..symbols import dimension, product_shape
from .crossing import crossed, is_column
from .entries import SIGNS, exponent, indicator
from .products import ONES, is_link, product, signed, spread, transposed, with_ones
from .writer import COLUMN, ENTRYWISE, FRACTION, FREE, PRODUCT, ROW, SCRIPT, SUM, Piece, Rule, Writer, applied, fenced, raised


def _add(w: Writer, e: Apply, orient: str) -> Piece:
    out: list[Box | str] = []
    over = crossed(e, e.args)
    for term, sign in zip(e.args, e["signs"], strict=True):
        if with_ones(w, term, e, over):
            negative, piece = False, Piece(spread(w, term, e, orient, ENTRYWISE, over), PRODUCT)
        elif len(e.shape) > 2 and is_column(term) and not isinstance(term, Var):
            negative, piece = False, Piece(spread(w, term, e, orient, ENTRYWISE), SCRIPT)
        else:
            negative, piece = signed(w, term, orient if len(term.shape) == len(e.shape) else FREE)
        plus = (sign > 0) != negative
        if out or not plus:
            out.append("+" if plus else "−")
        out.append(fenced(piece, ENTRYWISE if out else SUM))
    return Piece(row(*out), SUM)


def _power(w: Writer, e: Apply, orient: str) -> Piece:
    (a,) = e.args
    script = exponent(e["k"])
    return Piece(w.noted(e, raised(w.base(a, orient), row("⊙", script) if e.shape else script)), SCRIPT)


def _pow(w: Writer, e: Apply, orient: str) -> Piece:
    a, b = e.args
    script = w.plain().piece(b).box
    return Piece(raised(w.base(a, orient if len(a.shape) == 1 else FREE), row("⊙", script) if e.shape else script), SCRIPT)


def _transpose(w: Writer, e: Apply, orient: str) -> Piece:
    (a,) = e.args
    rank = len(e.shape)
    if e["axes"] == (*range(rank - 2), rank - 1, rank - 2):
        piece = transposed(w, a)
        return Piece(w.noted(e, piece.box), piece.level) if isinstance(a, Var) else piece
    return w.call(e, orient)


def _inv(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(w.noted(e, raised(w.base(e.args[0]), row("−", Number("1")))), SCRIPT)


def _pinv(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(raised(w.base(e.args[0]), op("+")), SCRIPT)


def _matpow(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(raised(w.base(e.args[0]), exponent(Fraction(e["k"]))), SCRIPT)


def _expm(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(raised(Symbol("e", "plain"), w.plain().piece(e.args[0]).box), SCRIPT)


def _sqrt(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(Sqrt(w.piece(e.args[0], orient).box), FRACTION)


def _abs(w: Writer, e: Apply, orient: str) -> Piece:
    return w.call(e, orient) if len(e.shape) > 1 else Piece(Fenced("|", "|", w.plain().piece(e.args[0], orient).box))


def _determinant(w: Writer, e: Apply, _orient: str) -> Piece:
    """det A, with parentheses around anything longer."""
    inside = w.plain().piece(e.args[0])
    det = row(Symbol("det", "function"), APPLY, inside.box if inside.level >= SCRIPT else paren(inside.box))
    if e.name == "det":
        return Piece(det, SCRIPT, inside.level >= SCRIPT)
    positive = isinstance(e.args[0], Var) and "posdef" in e.args[0].properties
    return Piece(row(Symbol("log", "function"), APPLY, det if positive else Fenced("|", "|", det)), SCRIPT, positive)


def _norm(w: Writer, e: Apply, _orient: str) -> Piece:
    (a,) = e.args
    inside = w.plain().piece(a).box
    if e["ord"] == 1 and e["axis"] is None and len(a.shape) > 1:
        inside = applied(Symbol("vec", "function"), inside)
    which = Number("1") if e["ord"] == 1 else Symbol("F") if len(a.shape) > 1 and e["axis"] is None else Number("2")
    note = which if e["axis"] is None else row(which, ",", Text(f"axis={e['axis']}"))
    return Piece(sub(Fenced("‖", "‖", inside), note))


def _ones(w: Writer, e: Apply, orient: str) -> Piece:
    if orient == ROW or (len(e.shape) == 2 and e.shape[0] == 1):
        return Piece(w.noted(e, raised(ONES, op("⊤"))), SCRIPT)
    if len(e.shape) == 1 or (len(e.shape) == 2 and e.shape[1] == 1):
        return Piece(w.noted(e, ONES))
    return Piece(w.noted(e, sub(ONES, product_shape(e.shape))))


def _zeros(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(w.noted(e, Symbol("0", "matrix", bold=True)))


def _eye(w: Writer, e: Apply, _orient: str) -> Piece:
    return Piece(w.noted(e, sub(Symbol("I", "matrix", w.style.bold), dimension(e.shape[0]))))


def _pi(_w: Writer, _e: Apply, _orient: str) -> Piece:
    return Piece(Symbol("π", "plain"))


def _kron(w: Writer, e: Apply, _orient: str) -> Piece:
    """A vector beside a matrix is a row: xᵀ ⊗ I."""
    turned = ROW if len(e.shape) == 2 else FREE
    left, right = (w.piece(a, turned).box if len(a.shape) == 1 else w.within(a, FRACTION) for a in e.args)
    return Piece(row(left, "⊗", right), ENTRYWISE)


def _outer(w: Writer, e: Apply, orient: str) -> Piece:
    if is_link(w, e):
        return product(w, e, orient)
    a, b = e.args
    if max(len(a.shape), len(b.shape)) > 2 or not (a.shape and b.shape):
        return w.call(e, orient)
    # outer goes along the rows of a matrix, vec down its columns
    left, right = (applied(Symbol("vec", "function"), transposed(w, x).box) if len(x.shape) == 2 else None for x in (a, b))
    left = w.within(a, FRACTION, COLUMN, last=False) if left is None else left
    right = w.within(b, FRACTION, ROW) if right is None else raised(paren(right), op("⊤"))
    return Piece(row(left, TIMES, right), PRODUCT)


def _inner(w: Writer, e: Apply, orient: str) -> Piece:
    if is_link(w, e):
        return product(w, e, orient)
    return Piece(Fenced("⟨", "⟩", joined([w.plain().piece(a).box for a in e.args], ",")))


def _comparison(w: Writer, e: Apply, orient: str) -> Piece:
    a, b = (w.plain().piece(x, orient if len(x.shape) == 1 else FREE) for x in e.args)
    return Piece(indicator(a, b, e.name))


def _where(w: Writer, e: Apply, _orient: str) -> Piece:
    condition, a, b = e.args
    plain = w.plain()
    if isinstance(condition, Apply) and condition.name in SIGNS:
        left, right = (plain.piece(x).box for x in condition.args)
        test: Box = row(left, SIGNS[condition.name], right)
    else:
        test = row(plain.piece(condition).box, "≠", Number("0"))
    return Piece(Cases(((plain.piece(a).box, test), (plain.piece(b).box, Text("otherwise")))), FRACTION)


RULES: dict[str, Rule] = {
    "add": _add, "neg": product, "mul": product, "div": product, "matmul": product, "solve": product, "outer": _outer, "inner": _inner,
    "kron": _kron, "power": _power, "pow": _pow, "sqrt": _sqrt, "transpose": _transpose, "inv": _inv, "pinv": _pinv, "matpow": _matpow,
    "expm": _expm, "abs": _abs, "det": _determinant, "logdet": _determinant, "norm": _norm, "ones": _ones, "zeros": _zeros, "eye": _eye,
    "pi": _pi, "where": _where, **dict.fromkeys(SIGNS, _comparison),
}  # fmt: skip
