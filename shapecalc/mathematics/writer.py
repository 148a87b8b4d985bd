"""What the rules of writing share: pieces with their level, names, and where parentheses go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from ..boxes import APPLY, Box, Frac, Number, Scripts, Symbol, Text, Under, joined, op, paren, row, sub, sup
from ..expr import Apply, Expr, Lit, Var, nodes
from ..shapes import Dim, is_scalar, polynomial
from ..symbols import dimension, kind_of, shape_box, symbol
from .style import Style

COMPARISON, SUM, ENTRYWISE, PRODUCT, FRACTION, SCRIPT, ATOM = range(7)
COLUMN, ROW, FREE, INDEXED = "column", "row", "free", "indexed"
LETTERS = "ijklmpqrstuv"
WHOLE = frozenset((  # transposed as a whole: (A x - b)ᵀ, not xᵀ Aᵀ - bᵀ
    "add", "power", "pow", "slice", "flip", "windows", "overlap_add", "reshape", "einsum", "concatenate", "place", "max", "min", "prod",
    "norm",
))  # fmt: skip
HEADS = {
    "sigmoid": "σ", "sign": "sgn", "log_softmax": "log softmax", "leaky_relu": "leaky relu", "maximum": "max", "minimum": "min",
    "cholesky": "chol", "transpose": "transpose", "broadcast_to": "broadcast",
}  # fmt: skip


class Piece(NamedTuple):
    """A box, how tightly it binds, and whether it reaches as far to the right as it can (a big sum)."""

    box: Box
    level: int = ATOM
    open: bool = False


class Writer:
    """Writes formulas in one style; the rules, one for each operation, are given by `formulas`."""

    def __init__(self, style: Style, rules: Mapping[str, Rule], used: frozenset[str] = frozenset()) -> None:
        self.style = style
        self.rules = rules
        self.used = used

    def piece(self, e: Expr, orient: str = FREE) -> Piece:
        """e as a piece; ``orient`` says how a 1-D formula is to be drawn."""
        orient = self.natural(e) if orient == FREE else orient
        if isinstance(e, Lit):
            return self.size(e.value) if isinstance(e.value, str) else number(e.value)
        if isinstance(e, Var):
            return self.variable(e, orient)
        if orient == ROW and len(e.shape) == 1 and e.name in WHOLE and self.natural(e) == COLUMN:
            return Piece(raised(fenced(self.plain().piece(e, COLUMN), ATOM), op("⊤")), SCRIPT)
        rule = self.rules.get(e.name)
        return rule(self, e, orient) if rule is not None else self.call(e, orient)

    def within(self, e: Expr, level: int, orient: str = FREE, last: bool = True) -> Box:
        """e, in parentheses where it binds less tightly than its surroundings ask, or reaches beyond them."""
        return fenced(self.piece(e, orient), level, last)

    def base(self, e: Expr, orient: str = FREE) -> Box:
        """e as what an exponent stands on, without a shape below it."""
        return self.plain().within(e, ATOM, orient)

    def plain(self) -> Writer:
        """The same without shapes under the factors."""
        return Writer(replace(self.style, shapes=False), self.rules, self.used) if self.style.shapes else self

    def noted(self, e: Expr, box: Box) -> Box:
        """The box, with the shape of e below it if the style asks for it."""
        return Under(box, shape_box(e.shape)) if self.style.shapes and e.shape else box

    def natural(self, e: Expr) -> str:
        """Whether a 1-D formula is a column or a row without a transpose; columns where both would do."""
        if len(e.shape) != 1:
            return FREE
        if not isinstance(e, Apply):
            return self.style.vectors
        if e.name == "matmul":
            return ROW if len(e.args[0].shape) == 1 else COLUMN
        if e.name in ("sum", "mean") and len(e.args[0].shape) == 2 and self.style.sums == "ones":
            return ROW if e["axis"] in (0, -2) else COLUMN
        if e.name == "squeeze":
            return ROW if e["axes"] == (0,) else COLUMN
        if e.op.family in ("pointwise", "sum") or e.name in ("neg", "mul", "div"):
            found = {self.natural(a) for a in e.args if len(a.shape) == 1}
            return self.style.vectors if len(found) != 1 else found.pop()
        return COLUMN

    def variable(self, v: Var, orient: str) -> Piece:
        """A name; a vector that is drawn against its nature is transposed."""
        drawn = self.name(v)
        if len(v.shape) == 1 and orient != self.style.vectors:
            return Piece(self.noted(v, raised(fenced(drawn, ATOM), op("⊤"))), SCRIPT)
        return Piece(self.noted(v, drawn.box), drawn.level)

    def name(self, v: Var) -> Piece:
        """A name without its shape."""
        if v.name in self.style.symbols:
            box = self.style.symbols[v.name]
            return Piece(box, ATOM if isinstance(box, Symbol | Number) else FRACTION)
        if v.name in self.style.gradients and self.style.gradient != "name":
            of = self.symbol(self.style.gradients[v.name], kind_of(v.shape))
            return self.gradient(of)
        if v.name in self.style.gradients:
            of = self.symbol(self.style.gradients[v.name], kind_of(v.shape))
            return Piece(row(Text("d"), of), SCRIPT)
        return Piece(self.symbol(v.name, kind_of(v.shape)))

    def symbol(self, name: str, kind: str) -> Box:
        """A name as a symbol."""
        return self.style.symbols.get(name) or symbol(name, kind, self.style.bold)

    def gradient(self, of: Box) -> Piece:
        """The derivative of the loss by something."""
        loss = symbol(self.style.loss)
        if self.style.gradient == "nabla":
            return Piece(row(sub(op("∇"), of), loss), PRODUCT)
        return Piece(Frac(row("∂", loss), row("∂", of), derivative=True), FRACTION)

    def size(self, dim: Dim) -> Piece:
        """A size used as a number."""
        terms = len(polynomial(dim))
        return Piece(dimension(dim), SUM if terms > 1 else ATOM if isinstance(dim, str) and dim.isidentifier() else PRODUCT)

    def call(self, e: Apply, orient: str = FREE, name: Box | None = None) -> Piece:
        """f(a, b)."""
        head = self.head(e) if name is None else name
        own = COLUMN if len(e.shape) == 1 and e.op.family != "pointwise" else orient
        inside = joined([self.plain().piece(a, own if len(a.shape) == 1 else FREE).box for a in e.args], ",")
        box = applied(head, inside)
        if len(e.shape) == 1 and orient == ROW and own == COLUMN:
            return Piece(raised(box, op("⊤")), SCRIPT)
        return Piece(box)

    def head(self, e: Apply) -> Box:
        """The name of a function; parameters that are not at their defaults become an index."""
        defaults = dict(e.op.params)
        told = [f"{k}={_shown(v)}" for k, v in e.params if v != defaults[k] and k != "keepdims"]
        head = Symbol(HEADS.get(e.name, e.name), "function")
        return sub(head, Text(", ".join(told))) if told else head

    def letters(self, count: int) -> tuple[tuple[str, ...], Writer]:
        """Index letters that nothing else here is called by, and the writer for what they index."""
        free = [x for x in LETTERS if x not in self.used]
        chosen = tuple(free[:count])
        return chosen, Writer(self.style, self.rules, self.used | set(chosen))


Rule = Callable[[Writer, Apply, str], Piece]


def fenced(piece: Piece, level: int, last: bool = True) -> Box:
    """A piece, in parentheses where it binds less tightly than asked, or reaches beyond its place."""
    return paren(piece.box) if piece.level < level or (piece.open and not last) else piece.box


def raised(box: Box, script: Box) -> Box:
    """An exponent; what has one already is put in parentheses."""
    return sup(paren(box) if isinstance(box, Scripts) and box.sup is not None else box, script)


def applied(head: Box, inside: Box) -> Box:
    """A function of something."""
    return row(head, APPLY, paren(inside))


def number(value: Fraction) -> Piece:
    """An exact number: an integer, a short decimal where the denominator is a large power of ten, or a fraction."""
    if value < 0:
        return Piece(row("−", number(-value).box), SUM)
    if value.denominator == 1:
        return Piece(Number(str(value.numerator)))
    for digits in range(2, 7):
        if value.denominator > 12 and 10**digits % value.denominator == 0:
            whole, rest = divmod(value.numerator * 10**digits // value.denominator, 10**digits)
            return Piece(Number(f"{whole}.{rest:0{digits}d}".rstrip("0")))
    return Piece(Frac(Number(str(value.numerator)), Number(str(value.denominator))), FRACTION)


def only_scalars(e: Expr) -> bool:
    """Whether e is made of numbers, sizes and scalar names alone."""
    return all(n.shape == () for n in nodes(e))


def is_tensor(e: Expr) -> bool:
    """Whether e has an axis."""
    return e.shape != ()


def single(e: Expr) -> bool:
    """Whether e has one entry."""
    return is_scalar(e.shape)


def names_in(e: Expr) -> Iterator[str]:
    """Every name and size name in e: letters that an index must not be called by."""
    for node in nodes(e):
        if isinstance(node, Var):
            yield node.name
        elif isinstance(node, Lit) and isinstance(node.value, str):
            yield from (x for monomial in polynomial(node.value) for x in monomial)
        for dim in node.shape:
            yield from (x for monomial in polynomial(dim) for x in monomial)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return str(value)
