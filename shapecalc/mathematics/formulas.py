"""The rules of writing, one for each operation, and the two doors: `boxes` for a formula, `equation` for a line."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ..boxes import APPLY, TIMES, Box, Cases, Fenced, Frac, Grid, Number, Scripts, Sqrt, Sum, Symbol, Text, Under, joined, op, paren, row, sub
from ..expr import Apply, Expr, Var
from ..forms import apply, size
from ..ops.reducing import axes_of
from ..shapes import Dim, add, show, total
from ..symbols import dimension, index_row, kind_of, product_shape, shape_box
from .entries import entry, exponent
from .entries import indicator as indicator_box
from .products import ONES, is_link, product, raised, signed, spread, transposed
from .style import Style
from .writer import (
    ATOM,
    COLUMN,
    ENTRYWISE,
    FRACTION,
    FREE,
    PRODUCT,
    ROW,
    SCRIPT,
    SUM,
    Piece,
    Rule,
    Writer,
    applied,
    fenced,
    names_in,
)


def boxes(e: Expr, style: Style | None = None) -> Box:
    """A formula as boxes, written as on paper.

    >>> from shapecalc.language.sheet import read
    >>> boxes(read("X: (S, D); W: (D, M); Z = X @ W").definitions["Z"]).items[0].text
    'X'
    """
    style = style or Style()
    w = Writer(style, RULES, frozenset(names_in(e)))
    return w.piece(e, style.result if len(e.shape) == 1 else FREE).box


def equation(left: Box | str, e: Expr, style: Style | None = None) -> Box:
    """left = formula; a string is the name of what is defined."""
    style = style or Style()
    head = Writer(style, RULES).variable(Var(left, e.shape), style.vectors).box if isinstance(left, str) else left
    return row(head, "=", boxes(e, style))


def name(variable: Var, style: Style | None = None) -> Box:
    """A name, or a gradient, as it stands in formulas."""
    style = style or Style()
    return Writer(style, RULES).variable(variable, style.vectors).box


def _add(w: Writer, e: Apply, orient: str) -> Piece:
    out: list[Box | str] = []
    for term, sign in zip(e.args, e["signs"], strict=True):
        if len(term.shape) == 1 and len(e.shape) == 2 and w.style.broadcast == "ones":
            negative, piece = False, Piece(spread(w, term, e, orient, ENTRYWISE), PRODUCT)
        else:
            negative, piece = signed(w, term, orient if len(term.shape) == len(e.shape) else FREE)
        plus = (sign > 0) != negative
        if out or not plus:
            out.append("+" if plus else "−")
        out.append(fenced(piece, ENTRYWISE if len(out) else SUM))
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


def _inv(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(w.noted(e, raised(w.base(e.args[0]), row("−", Number("1")))), SCRIPT)


def _pinv(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(raised(w.base(e.args[0]), op("+")), SCRIPT)


def _matpow(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(raised(w.base(e.args[0]), exponent(Fraction(e["k"]))), SCRIPT)


def _expm(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(raised(Symbol("e", "plain"), w.plain().piece(e.args[0]).box), SCRIPT)


def _sqrt(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(Sqrt(w.piece(e.args[0], orient).box), FRACTION)


def _abs(w: Writer, e: Apply, orient: str) -> Piece:
    return w.call(e, orient) if len(e.shape) > 1 else Piece(Fenced("|", "|", w.plain().piece(e.args[0], orient).box))


def _determinant(w: Writer, e: Apply, orient: str) -> Piece:
    """det A, with parentheses around anything longer."""
    inside = w.plain().piece(e.args[0])
    det = row(Symbol("det", "function"), APPLY, inside.box if inside.level >= SCRIPT else paren(inside.box))
    if e.name == "det":
        return Piece(det, SCRIPT, inside.level >= SCRIPT)
    positive = isinstance(e.args[0], Var) and "posdef" in e.args[0].properties
    return Piece(row(Symbol("log", "function"), APPLY, det if positive else Fenced("|", "|", det)), SCRIPT, positive)


def _norm(w: Writer, e: Apply, orient: str) -> Piece:
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


def _zeros(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(w.noted(e, Symbol("0", "matrix", bold=True)))


def _eye(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(w.noted(e, sub(Symbol("I", "matrix", w.style.bold), dimension(e.shape[0]))))


def _pi(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(Symbol("π", "plain"))


def _kron(w: Writer, e: Apply, orient: str) -> Piece:
    return Piece(row(w.within(e.args[0], FRACTION), "⊗", w.within(e.args[1], FRACTION)), ENTRYWISE)


def _outer(w: Writer, e: Apply, orient: str) -> Piece:
    if is_link(w, e):
        return product(w, e, orient)
    left, right = (applied(Symbol("vec", "function"), w.piece(a).box) if len(a.shape) > 1 else w.piece(a, COLUMN).box for a in e.args)
    right = raised(paren(right), op("⊤")) if len(e.args[1].shape) > 1 else w.piece(e.args[1], ROW).box
    return Piece(row(left, TIMES, right), PRODUCT)


def _inner(w: Writer, e: Apply, orient: str) -> Piece:
    if is_link(w, e):
        return product(w, e, orient)
    return Piece(Fenced("⟨", "⟩", joined([w.plain().piece(a).box for a in e.args], ",")))


def _comparison(w: Writer, e: Apply, orient: str) -> Piece:
    a, b = (w.plain().piece(x, orient if len(x.shape) == 1 else FREE) for x in e.args)
    return Piece(indicator_box(a, b, e.name))


def _where(w: Writer, e: Apply, orient: str) -> Piece:
    from .entries import SIGNS

    condition, a, b = e.args
    plain = w.plain()
    if isinstance(condition, Apply) and condition.name in SIGNS:
        left, right = (plain.piece(x).box for x in condition.args)
        test: Box = row(left, SIGNS[condition.name], right)
    else:
        test = row(plain.piece(condition).box, "≠", Number("0"))
    return Piece(Cases(((plain.piece(a).box, test), (plain.piece(b).box, Text("otherwise")))), FRACTION)


def _reduction(w: Writer, e: Apply, orient: str) -> Piece:
    """A sum or a mean: of all entries, or along axes that a product with ones does not reach."""
    (a,) = e.args
    if is_link(w, e):
        return product(w, e, orient)
    axes = axes_of(dict(e.params), len(a.shape))
    if not a.shape:
        return w.piece(a)
    square = isinstance(a, Apply) and a.name == "power" and a["k"] == 2
    if e.name == "sum" and e["axis"] is None and square and w.style.squares == "norm" and len(a.shape) <= 2:
        return _power(w, apply("power", apply("norm", a.args[0]), k=Fraction(2)), orient)  # type: ignore[union-attr]
    if e["axis"] is None or len(axes) == len(a.shape) or len(a.shape) == 2:
        body = _sigma(w, a, axes)
    else:
        note = Text("axis=" + (str(e["axis"]) if isinstance(e["axis"], int) else ",".join(map(str, e["axis"]))))
        body = Piece(Sum(note, None, fenced(w.plain().piece(a), ENTRYWISE)), PRODUCT, True)
    if e.name == "mean":
        count = w.plain().piece(size(total(tuple(a.shape[k] for k in axes)))).box
        return Piece(row(Frac(Number("1"), count), TIMES, body.box), PRODUCT, True)
    return body


def _sigma(w: Writer, a: Expr, axes: tuple[int, ...]) -> Piece:
    """Σ over the entries, or over the rows or columns of a matrix."""
    letters, inner = w.letters(len(a.shape))
    named = [Symbol(x) for x in letters]
    below = joined([named[k] for k in axes if a.shape[k] != 1] or [named[0]], ",")
    if len(axes) == len(a.shape):
        body = fenced(entry(inner.plain(), a, tuple(named)), ENTRYWISE)
    else:
        body = sub(w.base(a), row(*(named[k] if k in axes else ":" for k in range(len(a.shape)))))
    return Piece(Sum(below, None, body), PRODUCT, True)


def _extreme(w: Writer, e: Apply, orient: str) -> Piece:
    if e["axis"] is None:
        return w.call(e, orient)
    note = Text(f"axis={e['axis']}")
    return Piece(row(Under(Symbol(e.name, "function"), note), APPLY, paren(w.plain().piece(e.args[0]).box)), SCRIPT)


def _softmax(w: Writer, e: Apply, orient: str) -> Piece:
    """The axis is said only where it is not the last one."""
    rank = len(e.shape)
    last = e["axis"] % rank == rank - 1
    plain = Apply(e.op, e.args, (("axis", -1),), e.shape) if last else e
    return w.call(plain, orient)


def _expand(w: Writer, e: Apply, orient: str) -> Piece:
    """x[:, None] is the column x, x[None, :] the row xᵀ."""
    (a,) = e.args
    if len(a.shape) == 1 and len(e.shape) == 2:
        return w.piece(a, ROW if e["axes"] == (0,) else COLUMN)
    return w.piece(a) if not a.shape else _indexed(w, a, ["None" if k in e["axes"] else ":" for k in range(len(e.shape))])


def _squeeze(w: Writer, e: Apply, orient: str) -> Piece:
    (a,) = e.args
    if len(a.shape) == 2 and len(e.shape) == 1:
        return w.piece(a) if orient == (ROW if e["axes"] == (0,) else COLUMN) else transposed(w, a)
    return _indexed(w, a, ["0" if k in e["axes"] else ":" for k in range(len(a.shape))])


def _slice(w: Writer, e: Apply, orient: str) -> Piece:
    def span(start: Dim, length: Dim, dim: Dim) -> str:
        stop = add(start, length)
        return f"{'' if start == 0 else start}:{'' if stop == dim else stop}"

    return _indexed(w, e.args[0], [span(start, n, dim) for (start, n), dim in zip(e["items"], e.args[0].shape, strict=True)])


def _indexed(w: Writer, a: Expr, items: list[str]) -> Piece:
    return Piece(Scripts(w.base(a), Text(f"[{', '.join(items)}]")))


def _shaped(w: Writer, e: Apply, orient: str) -> Piece:
    """reshape and broadcast_to, with the shape as an index."""
    (a,) = e.args
    if e.name == "broadcast_to" and len(a.shape) == 1 and len(e.shape) == 2:
        return Piece(row(ONES, TIMES, w.within(a, FRACTION, ROW)), PRODUCT)
    head = sub(Symbol("reshape" if e.name == "reshape" else "broadcast", "function"), shape_box(e.shape))
    return Piece(applied(head, w.plain().piece(a).box), SCRIPT)


def _einsum(w: Writer, e: Apply, orient: str) -> Piece:
    head = sub(Symbol("einsum", "function"), Text(e["spec"].replace(" ", "").replace("->", "→")))
    return Piece(applied(head, joined([w.plain().piece(a).box for a in e.args], ",")), SCRIPT)


def _join(w: Writer, e: Apply, orient: str) -> Piece:
    """Matrices side by side or one above the other."""
    parts = [w.plain().piece(a).box for a in e.args]
    if len(e.shape) > 2:
        return Piece(applied(sub(Symbol("concatenate", "function"), Text(f"axis={e['axis']}")), joined(parts, ",")), SCRIPT)
    beside = e["axis"] % len(e.shape) == 1
    return Piece(Grid((tuple(parts),) if beside else tuple((p,) for p in parts)))


def _place(w: Writer, e: Apply, orient: str) -> Piece:
    head = sub(Symbol("place", "function"), Text(show(e.shape)))
    return Piece(applied(head, w.plain().piece(e.args[0]).box), SCRIPT)


def _named(label: str) -> Rule:
    def rule(w: Writer, e: Apply, orient: str) -> Piece:
        return w.call(e, orient, Symbol(label, "function"))

    return rule


RULES: dict[str, Rule] = {
    "add": _add, "neg": product, "mul": product, "div": product, "matmul": product, "solve": product, "outer": _outer, "inner": _inner,
    "kron": _kron, "power": _power, "pow": _pow, "sqrt": _sqrt, "transpose": _transpose, "inv": _inv, "pinv": _pinv, "matpow": _matpow,
    "expm": _expm, "abs": _abs, "det": _determinant, "logdet": _determinant, "norm": _norm, "ones": _ones, "zeros": _zeros, "eye": _eye,
    "pi": _pi, "where": _where, "sum": _reduction, "mean": _reduction, "max": _extreme, "min": _extreme, "softmax": _softmax,
    "log_softmax": _softmax, "expand_dims": _expand, "squeeze": _squeeze, "slice": _slice, "reshape": _shaped, "broadcast_to": _shaped,
    "einsum": _einsum, "concatenate": _join, "place": _place,
    **dict.fromkeys(("greater", "less", "greater_equal", "less_equal", "equal"), _comparison),
}  # fmt: skip

__all__ = ["boxes", "equation", "index_row", "kind_of", "name", "replace", "ATOM", "_named"]
