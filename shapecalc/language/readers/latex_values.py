"""The meaning of a formula of LaTeX, worked out bottom up, each part once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapecalc.errors import NotKnownYet, ShapeProblem, Span, SyntaxProblem
from shapecalc.shapes import Shape, show

from ..tree import Compare, Name, Node
from .draft import Draft
from .growing import call, number, power, product
from .growing import transposed as turned
from .latex_axes import Axes
from .latex_blocks import assembled
from .latex_functions import applied, norm, raised, slope, square_norm
from .latex_indexed import Indexed, Value, lifted, mapped, settled
from .latex_indexed import multiplied as joined
from .latex_products import Products, Unsettled
from .latex_terms import Term, Vectors
from .latex_tree import (
    Add,
    Angle,
    Bars,
    Big,
    Deriv,
    Differential,
    Entry,
    Frac,
    Func,
    Grad,
    Latex,
    Mul,
    Norm,
    Num,
    Raised,
    Ref,
    Relation,
    Rows,
    Special,
    Turned,
    Unknown,
)


class Values(Products):
    """Works out formulas about one sheet. axes: what is known of the indices of the statement that is being read."""

    def __init__(self, draft: Draft, vectors: Vectors, axes: Axes) -> None:
        super().__init__(draft, vectors)
        self.axes = axes
        self._done: dict[tuple[int, Shape | None], Value | Unsettled] = {}
        self._kept: list[Latex] = []  # so that no number of a node is given to another

    def of(self, node: Latex, want: Shape | None = None) -> Value:
        """The value of a formula; want: the shape that what surrounds it asks for, for a bold 1."""
        key = id(node), want
        if key not in self._done:
            self._kept.append(node)
            try:
                self._done[key] = self._of(node, want)
            except Unsettled as error:
                self._done[key] = error
        found = self._done[key]
        if isinstance(found, Unsettled):
            raise found
        return found

    def term(self, node: Latex, want: Shape | None = None) -> Term:
        """The value of a formula that has no index left."""
        value = self.of(node, want)
        if isinstance(value, Indexed):
            hint = f"write \\sum_{value.labels[0]}, or put the index on the left as well"
            raise SyntaxProblem(f"the index {value.labels[0]} is not summed", value.span, hint=hint)
        return value

    def _of(self, node: Latex, want: Shape | None) -> Value:
        match node:
            case Num(value=value, span=span):
                return Term(number(value, span), ())
            case Ref(name=name, span=span):
                return Term(Name(name, span), self.shape(name, span))
            case Grad(name=name, span=span):
                return self.gradient(name, span)
            case Unknown():
                raise self.unknown(node)
            case Entry():
                return self.axes.entry(node, self)
            case Special():
                return self.special(node, want)
            case Add(terms=terms):
                return self.add(terms, want)
            case Mul(factors=factors):
                return self.product(factors, want)
            case Turned():
                return self._turned(node, want)
            case Big():
                return self.axes.big(node, self)
            case Deriv():
                return self.derivative(node)
            case Differential(span=span):
                raise SyntaxProblem("a differential stands only on the left of =", span)
        return self._acted(node)

    def _acted(self, node: Latex) -> Value:
        """Functions and brackets."""
        match node:
            case Frac(top=top, bottom=bottom):
                return self.times(self.of(top), self.of(bottom), "/")
            case Raised():
                return self._raised(node)
            case Func():
                return self._function(node)
            case Norm(arg=arg, order=order, span=span):
                return self.plain(arg, span, lambda t: norm(t, order, span))
            case Bars(arg=arg, span=span):
                return self._bars(self.of(arg), span)
            case Angle(left=left, right=right, span=span):
                return self._inner(self.of(left), self.of(right), span)
            case Rows():
                return self._rows(node)
            case Relation(op=op, left=left, right=right, span=span):
                return self.entrywise([self.of(left), self.of(right)], lambda n: Compare(op, n[0], n[1], span))
        raise SyntaxProblem("this is not a formula", node.span)

    # ---- what acts

    def _turned(self, node: Turned, want: Shape | None) -> Value:
        value = self.of(node.arg, want and want[::-1])
        rank = len(value.shape) if isinstance(value, Term) else len(value.core)
        if rank == 0 and node.prime:
            hint = "f' is read where f is a function, x' where x is a vector or a matrix"
            raise SyntaxProblem("a prime behind a number", node.span, hint=hint)
        if rank > 2:
            raise SyntaxProblem("of more than two axes the transpose is not read", node.span)
        if isinstance(value, Indexed):
            return Indexed(value.parts, value.labels, value.core[::-1], node.span, value.sizes, not value.row and rank == 1)
        if rank == 1:
            return Term(value.node, value.shape, not value.row)
        return Term(turned(value.node, node.span), value.shape[::-1]) if rank else value

    def plain(self, arg: Latex, span: Span, make: Callable[[Term], Term]) -> Value:
        """Something of a value without indices; a vector for each index is worked out along its axis."""
        value = self.of(arg)
        if isinstance(value, Term):
            return make(value)
        if value.core:
            raise NotKnownYet("this is not read of a vector with an index", span, hint="write it with a sum over its entries")
        return mapped(value, lambda n: make(Term(n, ())).node)

    def _inner(self, a: Value, b: Value, span: Span) -> Value:
        if isinstance(a, Term) and isinstance(b, Term):
            if len(a.shape) == len(b.shape) == 1:
                return Term(call("inner", (a.node, b.node), span), ())
            if a.shape != b.shape:
                raise ShapeProblem(f"an inner product of {show(a.shape)} and {show(b.shape)}", span)
            # NumPy's inner of matrices is A @ B.T, and no number
            return Term(call("sum", (product(a.node, "*", b.node),), span), ())
        out = joined(lifted(a), lifted(b), "odot")
        return settled(Indexed(out.parts, out.labels, (), span, out.sizes))

    def _bars(self, value: Value, span: Span) -> Value:
        if isinstance(value, Indexed):
            if value.core:
                raise SyntaxProblem("single bars around a vector", span, hint="write \\|x\\|")
            return mapped(value, lambda n: call("abs", (n,), span))
        if len(value.shape) == 1:
            raise SyntaxProblem("single bars around a vector can be a norm, or absolute values", span, hint="write \\|x\\|")
        if not value.shape:
            return Term(call("abs", (value.node,), span), ())
        if len(value.shape) != 2 or value.shape[0] != value.shape[1]:
            raise SyntaxProblem("bars around a matrix that is not square", span, hint="a norm is written \\|A\\|")
        return Term(call("det", (value.node,), span), ())

    def _raised(self, node: Raised) -> Value:
        span = node.span
        if isinstance(node.base, Special) and node.base.kind == "e":
            value = self.of(node.exponent)
            if isinstance(value, Indexed):
                return mapped(value, lambda n: call("exp", (n,), span))
            return applied(self.draft, "exp", [value], span, node.base.span)
        two = isinstance(node.exponent, Num) and node.exponent.value == 2
        if isinstance(node.base, Norm) and two:
            inner, order = self.of(node.base.arg), node.base.order
            if isinstance(inner, Indexed) and order in {"", "2", "F"}:
                squares = mapped(inner, lambda n: power(n, number(2, span)))
                return settled(Indexed(squares.parts, squares.labels, (), span, squares.sizes))
            squared = square_norm(inner, order, span) if isinstance(inner, Term) else None
            if squared is not None:
                return squared
        base, over = self.of(node.base), self.of(node.exponent)
        if isinstance(over, Indexed):
            if over.core or (base.core if isinstance(base, Indexed) else base.shape):
                raise SyntaxProblem("the power of a vector can mean many things", span, hint="write it with indices, y_i^{t_i}")
            return self.entrywise([base, over], lambda n: power(n[0], n[1]))
        exponent = over
        if isinstance(base, Term):
            return raised(base, exponent, node.entrywise, span)
        if base.core and not node.entrywise:
            raise SyntaxProblem("the power of a vector can mean many things", span, hint="write x^{\\odot 2}, or x^\\top x")
        return mapped(base, lambda n: raised(Term(n, ()), exponent, True, span).node)

    def _function(self, node: Func) -> Value:
        values = [self.of(a) for a in node.args]
        if node.primes:
            if node.primes > 1 or len(values) != 1:
                raise NotKnownYet("only first derivatives of functions are read", node.span)
            out = self.entrywise(values, lambda n: slope(self.draft, node.name, n[0], node.span))
        elif any(isinstance(v, Indexed) for v in values):
            out = self._indexed_function(node, values)
        else:
            out = applied(self.draft, node.name, [v for v in values if isinstance(v, Term)], node.span, node.name_span)
        if node.power is None:
            return out
        exponent = self.term(node.power)
        return self.entrywise([out], lambda n: power(n[0], exponent.node))

    def _indexed_function(self, node: Func, values: Sequence[Value]) -> Value:
        """A function of entries, or of a vector for each index."""
        cores = [len(v.core) if isinstance(v, Indexed) else len(v.shape) for v in values]
        if any(cores) and node.name not in {"softmax", "sigmoid", "tanh", "relu", "exp", "log", "max"}:
            raise NotKnownYet(f"{node.name} is not read of a vector with an index", node.span)
        if any(cores) and node.name == "max":
            raise NotKnownYet("max is not read of a vector with an index", node.span, hint="write \\max_j x_{ij}")

        def join(nodes: Sequence[Node]) -> Node:
            return applied(self.draft, node.name, [Term(n, ()) for n in nodes], node.span, node.name_span).node

        return self.entrywise(values, join)

    def _rows(self, node: Rows) -> Value:
        """A matrix written out: of numbers stacked, of blocks joined."""
        rows = [[self.term(cell) for cell in row] for row in node.rows]
        if len({len(row) for row in rows}) != 1 or not rows[0]:
            raise SyntaxProblem("the rows of this matrix differ in length", node.span)
        return assembled(rows, node.span)
