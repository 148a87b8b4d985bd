"""The meaning of a formula of LaTeX: bottom up, so that the shapes of both sides settle what each product is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from shapecalc.errors import NotKnownYet, Span, SyntaxProblem, UnknownName
from shapecalc.shapes import Shape, broadcast, total

from ..nearest import nearest
from ..tree import Compare, Name, Node
from .draft import Draft
from .growing import call, number, power, product
from .growing import total as sum_of
from .growing import transposed as turned
from .latex_axes import Axes
from .latex_functions import applied, norm, raised, slope, square_norm
from .latex_indexed import Indexed, Value, fresh, lifted, mapped, settled, together
from .latex_indexed import multiplied as joined
from .latex_names import Lexicon
from .latex_terms import Term, Vectors, multiplied, placed, size_of
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
    walk,
)


class Unsettled(SyntaxProblem):
    """The size of a bold 1, or of I, that nothing near it tells."""


class Values:
    """Works out formulas about one sheet. axes: what is known of the indices of the statement that is being read."""

    def __init__(self, draft: Draft, vectors: Vectors, axes: Axes) -> None:
        self.draft = draft
        self.vectors = vectors
        self.axes = axes
        self.lexicon = Lexicon(draft)
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
            case Num(text=text, value=value, span=span):
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
                return self._special(node, want)
            case Add(terms=terms, span=span):
                return self._add(terms, span, want)
            case Mul(factors=factors, span=span):
                return self._product(factors, span, want)
            case Turned():
                return self._turned(node, want)
            case Big():
                return self.axes.big(node, self)
            case Deriv():
                return self._derivative(node)
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
                a, b = self.term(left), self.term(right)
                return Term(call("inner", (a.node, b.node), span), ())
            case Rows():
                return self._rows(node)
            case Relation(op=op, left=left, right=right, span=span):
                return self.entrywise([self.of(left), self.of(right)], lambda n: Compare(op, n[0], n[1], span))
        raise SyntaxProblem("this is not a formula", node.span)

    # ---- names

    def shape(self, name: str, span: Span) -> Shape:
        """The shape of what a name stands for."""
        sheet = self.draft.sheet
        if name in sheet.names:
            return sheet.names[name].shape
        if name in sheet.sizes:
            return ()
        of = next((n for n, given in sheet.upstream.items() if given == name), None)
        found = sheet.names[of].shape if of else self.draft.abbreviations.get(name)
        if found is None:
            raise NotKnownYet(f"the shape of {name} is not known here", span, hint=f"write out what {name} stands for")
        return found

    def gradient(self, name: str, span: Span) -> Term:
        """The gradient of a name, which has its shape."""
        if not name:
            raise SyntaxProblem("a differential stands only on the left of =", span)
        return Term(Name(self.draft.gradient(name), span), self.shape(name, span))

    def unknown(self, node: Unknown) -> UnknownName:
        """The complaint about a symbol that nothing introduces."""
        sheet = self.draft.sheet
        close = nearest(node.name, [*sheet.names, *sheet.sizes])
        return UnknownName(f"{node.written} is not declared", node.span, hint=f"did you mean {close}?" if close else f"declare it: {node.full}: (S, D)")

    def _derivative(self, node: Deriv) -> Value:
        """A derivative inside a formula: only the gradients of the loss have names."""
        of, by = node.of, node.by[0]
        loss = (isinstance(of, Ref) and of.name == self.draft.loss) or (isinstance(of, Unknown) and self.lexicon.is_loss((of.name,)))
        if node.order != 1 or not loss:
            what = "a second derivative" if node.order == 2 else "the derivative of anything but the loss"
            raise NotKnownYet(f"{what} has no name inside a formula", node.span, hint="write out what it is, or use the gradient of the loss")
        if isinstance(by, Ref) and self.draft.shape(by.name) is not None:
            return self.gradient(by.name, node.span)
        if isinstance(by, Entry) and isinstance(by.base, Ref) and self.draft.shape(by.base.name) is not None:
            inner = Entry(Grad(by.base.name, False, node.span), by.indices, by.sample, node.span)
            return self.of(inner)
        raise SyntaxProblem("by what is differentiated is not a name", by.span) if not isinstance(by, Unknown) else self.unknown(by)

    def _special(self, node: Special, want: Shape | None) -> Term:
        if node.kind == "pi":
            return Term(Name("pi", node.span), ())
        if node.kind == "e":
            return Term(call("exp", (number(1, node.span),), node.span), ())
        if node.size:
            sizes = [self.term(s) for s in node.size]
            shape = [size_of(s) for s in sizes]
            if any(d is None for d in shape):
                raise SyntaxProblem("this is not a size", node.size[0].span)
            known = tuple(d for d in shape if d is not None)
            wanted: Shape | None = known * 2 if node.kind == "eye" and len(known) == 1 else known
        else:
            wanted = want
        if wanted is None or (node.kind == "eye" and (len(wanted) != 2 or wanted[0] != wanted[1])):
            shown = {"ones": "\\mathbf{1}_S", "eye": "I_n", "zeros": "\\mathbf{0}_S"}[node.kind]
            raise Unsettled("what size this has cannot be seen here", node.span, hint=f"write it as {shown}")
        return _filled(node, wanted)

    # ---- sums and products

    def _add(self, terms: Sequence[tuple[str, Latex]], span: Span, want: Shape | None) -> Value:
        """A sum: first what is sure, then the bold ones that fit it."""
        values: list[Value | None] = []
        waiting: Unsettled | None = None
        for _, node in terms:
            try:
                values.append(self.of(node))
            except Unsettled as error:
                values.append(None)
                waiting = error
        if waiting is not None:
            known = [v.shape for v in values if isinstance(v, Term) and v.shape]
            shape = broadcast(*known) if known else want
            values = [self.of(node, shape) if v is None else v for v, (_, node) in zip(values, terms, strict=True)]
        found = [v for v in values if v is not None]
        signs = [sign for sign, _ in terms]
        return self.entrywise(found, lambda nodes: sum_of(list(zip(signs, nodes, strict=True))))

    def entrywise(self, values: Sequence[Value], join: Callable[[Sequence[Node]], Node]) -> Value:
        """Something of several values entry by entry."""
        if any(isinstance(v, Indexed) for v in values):
            return settled(together([lifted(v) for v in values], join))
        terms = [v for v in values if isinstance(v, Term)]
        vectors = [t for t in terms if len(t.shape) == 1 and t.shape != (1,)]
        matrix = next((t for t in terms if len(t.shape) == 2), None)
        if any(t.row != vectors[0].row for t in vectors) and matrix is None:
            raise SyntaxProblem("one of these is a row, the other a column", (vectors[0].span[0], vectors[-1].span[1]))
        if matrix is not None:
            terms = [placed(t, matrix.shape) if len(t.shape) == 1 else t for t in terms]
        shape = broadcast(*(t.shape for t in terms)) or max((t.shape for t in terms), key=len)
        return Term(join([t.node for t in terms]), shape, bool(vectors) and matrix is None and vectors[0].row)

    def _product(self, factors: Sequence[tuple[str, Latex]], span: Span, want: Shape | None) -> Value:
        values: list[Value | None] = []
        for _, node in factors:
            try:
                values.append(self.of(node))
            except Unsettled:
                values.append(None)
        if None in values:
            values = self._settle([n for _, n in factors], values, want)
        out: Value | None = None
        for k, ((op, node), value) in enumerate(zip(factors, values, strict=True)):
            if value is None:
                value = self.of(node, want)
            if op == "" and k and factors[k - 1][0] == "/" and isinstance(value, Term) and not value.shape:
                raise SyntaxProblem("where the quotient ends cannot be seen", node.span, hint="write \\frac{a}{b}, or put brackets")
            out = value if out is None else self.times(out, value, op)
        assert out is not None
        return out

    def _settle(self, nodes: Sequence[Latex], values: list[Value | None], want: Shape | None) -> list[Value | None]:
        """Bold ones and identities inside a product get their sizes from their neighbours, or at its ends from what is wanted."""
        tall = [k for k, v in enumerate(values) if v is None or (v.shape if isinstance(v, Term) else v.core)]
        for _ in range(len(tall)):
            for place, k in enumerate(tall):
                if values[k] is not None:
                    continue
                left = values[tall[place - 1]] if place else None
                right = values[tall[place + 1]] if place + 1 < len(tall) else None
                ends = want[0] if want and place == 0 else None, want[-1] if want and place == len(tall) - 1 else None
                before = _edge(left, -1) if place else ends[0]
                after = _edge(right, 0) if place + 1 < len(tall) else ends[1]
                values[k] = self._sized(nodes[k], before, after, want if len(tall) == 1 else None)
        return values

    def _sized(self, node: Latex, before: object, after: object, want: Shape | None) -> Value | None:
        """A bold 1 or an identity, of the size that stands before it or behind it."""
        flat = isinstance(node, Turned)
        special = node.arg if isinstance(node, Turned) else node
        if not isinstance(special, Special):
            return self.of(node, want) if want is not None else None
        size = before or after if special.kind == "eye" else (after if flat else before)
        if want is not None and size is None:
            return self.of(node, want)
        if not isinstance(size, int | str):
            return None
        made = _filled(special, (size, size) if special.kind == "eye" else (size,))
        return Term(made.node, made.shape, flat and len(made.shape) == 1)

    def times(self, a: Value, b: Value, op: str) -> Value:
        """A product or quotient of values."""
        if isinstance(a, Term) and isinstance(b, Term):
            return multiplied(a, b, op, self.vectors)
        return settled(joined(lifted(a), lifted(b), op))

    # ---- what acts

    def _turned(self, node: Turned, want: Shape | None) -> Value:
        value = self.of(node.arg, want and want[::-1])
        rank = len(value.shape) if isinstance(value, Term) else len(value.core)
        if rank == 0 and node.prime:
            raise SyntaxProblem("a prime behind a number", node.span, hint="f' is read where f is a function, x' where x is a vector or a matrix")
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
        base, exponent = self.of(node.base), self.term(node.exponent)
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
        from .latex_blocks import assembled

        return assembled(rows, node.span)


def _edge(value: Value | None, end: int) -> object:
    """The size with which a factor meets its neighbour."""
    if value is None:
        return None
    if isinstance(value, Indexed):
        return value.sizes[value.core[end]] if value.core else None
    return value.shape[end] if value.shape else None


def _filled(node: Special, shape: Shape) -> Term:
    """Ones, zeros or the identity of this shape."""
    sizes: list[Node] = [Name(d, node.span) if isinstance(d, str) and d.isidentifier() else _size(d, node.span) for d in shape]
    if node.kind == "eye":
        return Term(call("eye", sizes[:1], node.span), shape)
    return Term(call(node.kind, sizes, node.span), shape) if shape else Term(number(int(node.kind == "ones"), node.span), ())


def _size(dim: object, span: Span) -> Node:
    from ..syntax import parse
    from .growing import filled

    made: Node = filled(parse(str(dim)), {}, span)
    return made


__all__ = ["Fraction", "Unsettled", "Values", "fresh", "product", "total", "walk"]
