"""Names, sums and products of LaTeX formulas: bottom up, so that the shapes of both sides settle what each product is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapecalc.errors import NotKnownYet, Span, SyntaxProblem, UnknownName
from shapecalc.shapes import Shape, broadcast

from ..nearest import nearest
from ..tree import Name, Node
from .draft import Draft
from .growing import call, number
from .growing import total as sum_of
from .latex_axes import dimension
from .latex_indexed import Indexed, Value, lifted, settled, together
from .latex_indexed import multiplied as joined
from .latex_names import Lexicon
from .latex_terms import Term, Vectors, entrywise, multiplied, placed, size_of
from .latex_tree import Deriv, Entry, Grad, Latex, Ref, Special, Turned, Unknown

ENTRYWISE = {"odot", "oslash"}


class Unsettled(SyntaxProblem):
    """The size of a bold 1, or of I, that nothing near it tells."""


class Products:
    """Works out what names, sums and products are; the rest is left to the class that works out everything."""

    def __init__(self, draft: Draft, vectors: Vectors) -> None:
        self.draft = draft
        self.vectors = vectors
        self.lexicon = Lexicon(draft)

    def of(self, node: Latex, want: Shape | None = None) -> Value:
        """The value of a formula; want: the shape that what surrounds it asks for, for a bold 1."""
        raise NotImplementedError

    def term(self, node: Latex, want: Shape | None = None) -> Term:
        """The value of a formula that has no index left."""
        raise NotImplementedError

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
        hint = f"did you mean {close}?" if close else f"declare it: {node.full}: (S, D)"
        return UnknownName(f"{node.written} is not declared", node.span, hint=hint)

    def derivative(self, node: Deriv) -> Value:
        """A derivative inside a formula: only the gradients of the loss have names."""
        of, by = node.of, node.by[0]
        loss = (isinstance(of, Ref) and of.name == self.draft.loss) or (isinstance(of, Unknown) and self.lexicon.is_loss((of.name,)))
        if node.order != 1 or not loss:
            what = "a second derivative" if node.order == 2 else "the derivative of anything but the loss"
            hint = "write out what it is, or use the gradient of the loss"
            raise NotKnownYet(f"{what} has no name inside a formula", node.span, hint=hint)
        if isinstance(by, Ref) and self.draft.shape(by.name) is not None:
            return self.gradient(by.name, node.span)
        if isinstance(by, Entry) and isinstance(by.base, Ref) and self.draft.shape(by.base.name) is not None:
            inner = Entry(Grad(by.base.name, False, node.span), by.indices, by.sample, node.span)
            return self.of(inner)
        raise SyntaxProblem("by what is differentiated is not a name", by.span) if not isinstance(by, Unknown) else self.unknown(by)

    def special(self, node: Special, want: Shape | None) -> Term:
        """A bold 1, an identity, a constant."""
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

    def add(self, terms: Sequence[tuple[str, Latex]], want: Shape | None) -> Value:
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
        if any(not t.shape for t in terms):
            entrywise(terms)
        rows = [t for t in vectors if t.row]
        made = any(not isinstance(t.node, Name) for t in rows)
        if made and all(t.row or (isinstance(t.node, Name) and t.shape == rows[0].shape) for t in vectors):
            vectors = rows  # x W + b: who writes x W has rows, and b is one
        if any(t.row != vectors[0].row for t in vectors) and matrix is None:
            raise SyntaxProblem("one of these is a row, the other a column", (vectors[0].span[0], vectors[-1].span[1]))
        if matrix is not None:
            terms = [placed(t, matrix.shape) if len(t.shape) == 1 else t for t in terms]
        shape = broadcast(*(t.shape for t in terms)) or max((t.shape for t in terms), key=len)
        return Term(join([t.node for t in terms]), shape, bool(vectors) and matrix is None and vectors[0].row)

    def product(self, factors: Sequence[tuple[str, Latex]], want: Shape | None) -> Value:
        """Factors, and the signs between them."""
        values: list[Value | None] = []
        for _, node in factors:
            try:
                values.append(self.of(node))
            except Unsettled:
                values.append(None)
        if None in values:
            values = self._settle(factors, values, want)
        for k, (op, node) in enumerate(factors):
            if values[k] is None:
                values[k] = self.of(node, want)
            number = isinstance(value := values[k], Term) and not value.shape
            if op == "" and k and factors[k - 1][0] == "/" and number:
                raise SyntaxProblem("where the quotient ends cannot be seen", node.span, hint="write \\frac{a}{b}, or put brackets")
        return self._joined([(op, v) for (op, _), v in zip(factors, values, strict=True) if v is not None])

    def _joined(self, signed: Sequence[tuple[str, Value]]) -> Value:
        """The product, read from the left but where what stands side by side behind a ⊙ belongs together; the first sign is left alone."""
        out, k = signed[0][1], 1
        while k < len(signed):
            op, value = signed[k]
            end = k + 1
            while op in ENTRYWISE and end < len(signed) and signed[end][0] not in {*ENTRYWISE, "/"}:
                end += 1
            if end > k + 1 and _belongs(out, value, whole := self._joined(signed[k:end])):
                value, k = whole, end - 1
            out = self.times(out, value, op)
            k += 1
        return out

    def _settle(self, factors: Sequence[tuple[str, Latex]], values: list[Value | None], want: Shape | None) -> list[Value | None]:
        """Bold ones and identities inside a product get their sizes from their neighbours, or at its ends from what is wanted.

        Entry by entry they have the shape of their neighbours, side by side the size with which these meet them.
        """
        tall = [k for k, v in enumerate(values) if v is None or (v.shape if isinstance(v, Term) else v.core)]
        for _ in range(len(tall)):
            for place, k in enumerate(tall):
                if values[k] is not None:
                    continue
                node = factors[k][1]
                beside = [o for o in (place - 1, place + 1) if 0 <= o < len(tall) and _entry_by_entry(factors, tall[o], k)]
                if beside:
                    values[k] = self._beside(node, [values[tall[o]] for o in beside])
                    continue
                left = values[tall[place - 1]] if place else None
                right = values[tall[place + 1]] if place + 1 < len(tall) else None
                ends = want[0] if want and place == 0 else None, want[-1] if want and place == len(tall) - 1 else None
                before = _edge(left, -1) if place else ends[0]
                after = _edge(right, 0) if place + 1 < len(tall) else ends[1]
                values[k] = self._sized(node, before, after, want if len(tall) == 1 else None)
        return values

    def _beside(self, node: Latex, others: Sequence[Value | None]) -> Value | None:
        """A bold 1 entry by entry with others: of their shape, unless that has one entry where the 1 may have any number."""
        for other in others:
            if other is None:
                continue
            shape = shape_of(other)
            if shape[-1 if isinstance(node, Turned) else 0] != 1:
                return self.of(node, shape)
        return None

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


def _entry_by_entry(factors: Sequence[tuple[str, Latex]], one: int, other: int) -> bool:
    """Whether the sign between two factors is one that goes entry by entry."""
    return any(op in ENTRYWISE for op, _ in factors[min(one, other) + 1 : max(one, other) + 1])


def _belongs(a: Value, b: Value, whole: Value) -> bool:
    """Whether a ⊙ b c is a ⊙ (b c), which is `whole`, and not (a ⊙ b) c. Where both can be meant, it is not read."""
    first, second, third = shape_of(a), shape_of(b), shape_of(whole)
    if not first or not second:
        return False
    if broadcast(first, second) is None or (len(first) == len(second) == 1 and a.row != b.row):
        return True
    if len(first) == 1 and len(second) == 2:
        if len(third) == 1 or first[0] == second[0] or first[0] not in third:
            return len(third) == 1  # a column on the rows of a matrix: the same, and plainer; on its columns it is not
    elif broadcast(first, third) is None or len(third) > len(first):
        return False
    elif len(second) == 1 and len(third) == 2:
        return True
    raise SyntaxProblem("where ⊙ ends cannot be seen", (a.span[0], whole.span[1]), hint="put brackets around what belongs together")


def shape_of(value: Value) -> Shape:
    """The shape of what has no index left."""
    return value.shape if isinstance(value, Term) else tuple(value.sizes[x] for x in value.core)


def _edge(value: Value | None, end: int) -> object:
    """The size with which a factor meets its neighbour."""
    if value is None:
        return None
    if isinstance(value, Indexed):
        return value.sizes[value.core[end]] if value.core else None
    return value.shape[end] if value.shape else None


def _filled(node: Special, shape: Shape) -> Term:
    """Ones, zeros or the identity of this shape."""
    sizes = [dimension(d, node.span) for d in shape]
    if node.kind == "eye":
        return Term(call("eye", sizes[:1], node.span), shape)
    return Term(call(node.kind, sizes, node.span), shape) if shape else Term(number(int(node.kind == "ones"), node.span), ())
