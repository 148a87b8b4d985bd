"""Indices: over which axis each letter of a statement runs, entries and rows of arrays, and sums over letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from shapecalc.errors import ShapeProblem, Span, SyntaxProblem, UnknownName
from shapecalc.shapes import Dim, Shape, add, show

from ..syntax import parse
from ..tree import Name, Node, Number, Sum
from .draft import Draft
from .growing import call, filled, number, picked
from .latex_indexed import Indexed, Part, Value, array, fresh, lifted, renamed, settled, summed
from .latex_terms import Term, size_of
from .latex_tree import Big, Deriv, Entry, Grad, Latex, Mul, Num, Ref, Special, Subscript, Unknown, walk


class Evaluator(Protocol):
    """What works out the formulas in which entries stand."""

    draft: Draft

    def of(self, node: Latex, want: Shape | None = None) -> Value:
        """The value of a formula."""

    def term(self, node: Latex, want: Shape | None = None) -> Term:
        """The value of a formula that has no index left."""

    def unknown(self, node: Unknown) -> UnknownName:
        """The complaint about a symbol that nothing introduces."""


class Axes:
    """The sizes over which the letters of one statement run, found before its formulas are worked out."""

    def __init__(self) -> None:
        self.known: dict[str, set[Dim]] = {}
        self.choices: dict[str, list[set[Dim]]] = {}

    def learn(self, sides: Iterable[Latex], values: Evaluator) -> None:
        """Looks at all entries and sums of a statement."""
        for side in sides:
            for node in walk(side):
                if isinstance(node, Entry):
                    self._entry(node, values)
                elif isinstance(node, Big):
                    self._limits(node)

    def _base_shape(self, node: Latex, values: Evaluator) -> Shape | None:
        match node:
            case Ref(name=name) | Grad(name=name):
                sheet = values.draft.sheet
                return (
                    values.draft.shape(name)
                    if name in sheet.names
                    else values.draft.abbreviations.get(name) or self._upstream(name, values)
                )
            case Deriv(by=(Ref(name=name),)):
                return values.draft.shape(name)
        return None

    def _upstream(self, name: str, values: Evaluator) -> Shape | None:
        sheet = values.draft.sheet
        return next((sheet.names[n].shape for n, given in sheet.upstream.items() if given == name), None)

    def _entry(self, node: Entry, values: Evaluator) -> None:
        shape = self._base_shape(node.base, values)
        if shape is None:
            return
        if len(node.indices) == len(shape):
            for index, dim in zip(node.indices, shape, strict=True):
                if index.text[0].isalpha():
                    self.known.setdefault(index.text, set()).add(dim)
        elif len(node.indices) == 1 and node.indices[0].text[0].isalpha():
            # an axis of size 1 is no axis that an index runs over
            self.choices.setdefault(node.indices[0].text, []).append({d for d in shape if d != 1} or set(shape))

    def _limits(self, node: Big) -> None:
        for index, _, upper in node.indices:
            match upper:
                case Ref(name=name):
                    self.known.setdefault(index.text, set()).add(name)
                case Num(value=value) if value.denominator == 1:
                    self.known.setdefault(index.text, set()).add(int(value))

    def size(self, letter: str) -> Dim | None:
        """The size over which a letter runs, where there is one for sure."""
        known = self.known.get(letter, set())
        if known:
            return next(iter(known)) if len(known) == 1 else None
        options = self.choices.get(letter, [])
        common = set.intersection(*options) if options else set()
        return next(iter(common)) if len(common) == 1 else None

    # ---- entries

    def entry(self, node: Entry, values: Evaluator) -> Value:
        """Entries of an array: it with a letter for each axis that an index runs over."""
        if isinstance(node.base, Special) and node.base.kind == "eye":
            return self._kronecker(node)
        base = values.of(node.base)
        if isinstance(base, Indexed):
            return self._deeper(base, node)
        return self._placed(base, self._positions(node, base.shape), node.span)

    def _kronecker(self, node: Entry) -> Value:
        letters = tuple(i.text for i in node.indices)
        size = next((s for s in map(self.size, letters) if s is not None), None)
        if size is None or len(letters) != 2 or not all(x[0].isalpha() for x in letters):
            raise SyntaxProblem("how large this identity is cannot be seen", node.span)
        eye = call("eye", [dimension(size, node.span)], node.span)
        return Indexed((Part(eye, letters),), tuple(dict.fromkeys(letters)), (), node.span, dict.fromkeys(letters, size))

    def _deeper(self, base: Indexed, node: Entry) -> Value:
        """An entry of a vector that has an index already."""
        if len(base.core) != len(node.indices) or not all(i.text[0].isalpha() for i in node.indices):
            raise SyntaxProblem("these indices cannot be read", node.span)
        letters = tuple(i.text for i in node.indices)
        if set(letters) & set(base.labels):
            raise SyntaxProblem("this index is used twice", node.span)
        out = renamed(base, dict(zip(base.core, letters, strict=True)))
        return Indexed(out.parts, (*out.labels, *letters), (), node.span, out.sizes)

    def _positions(self, node: Entry, shape: Shape) -> list[Subscript | None]:
        """For each axis the index that stands there; None where none does."""
        indices = list(node.indices)
        if not shape:
            raise ShapeProblem("a number has no entries", node.span)
        if len(indices) == len(shape):
            return list(indices)
        if len(indices) != 1 or len(shape) != 2:
            raise ShapeProblem(f"{len(indices)} indices on {show(shape)}", node.span)
        letter = indices[0].text
        if not letter[0].isalpha():
            hint = "write a_{1:} for a row, a_{:1} for a column"
            raise SyntaxProblem("which row or column this is cannot be seen", node.span, hint=hint)
        if 1 in shape and shape != (1, 1):
            axis = shape.index(1)
            one = Subscript("1", node.span)
            return [one if k == axis else indices[0] for k in range(2)]
        size = self.size(letter)
        fitting = [k for k, d in enumerate(shape) if d == size]
        if size is None or len(fitting) != 1:
            hint = f"say over what it runs, \\sum_{{{letter}=1}}^{{N}}, or write a_{{{letter}:}} for a row"
            raise SyntaxProblem(f"along which axis of {show(shape)} the index {letter} runs cannot be seen", node.span, hint=hint)
        return [indices[0] if k == fitting[0] else None for k in range(2)]

    def _placed(self, base: Term, positions: Sequence[Subscript | None], span: Span) -> Value:
        """The array with letters for its axes; whole numbers pick places, ":" and nothing leave an axis as it is."""
        items: list[int | str | None] = []
        letters: list[str] = []
        sizes: dict[str, Dim] = {}
        core: list[str] = []
        labels: list[str] = []
        for index, dim in zip(positions, base.shape, strict=True):
            text = ":" if index is None else index.text
            if text.isdigit():
                if int(text) < 1 or (isinstance(dim, int) and int(text) > dim):
                    raise ShapeProblem(f"there is no entry {text} on an axis of {dim}", span)
                items.append(int(text) - 1)
                continue
            items.append(":")
            letters.append(fresh() if text == ":" else text)
            (core if text == ":" else labels).append(letters[-1])
            sizes[letters[-1]] = dim
        node = base.node if all(i == ":" for i in items) else picked(base.node, items)
        if not labels:
            return Term(node, tuple(sizes.values()))
        return Indexed((Part(node, tuple(letters)),), tuple(dict.fromkeys(labels)), tuple(core), span, sizes)

    # ---- sums

    def big(self, node: Big, values: Evaluator) -> Value:
        """A sum or product over letters, or the largest entry along one."""
        value = values.of(node.body)
        if node.kind == "prod":
            return self._product(node, value, values)
        if node.kind != "sum":
            return self._extreme(node, value)
        out = lifted(value)
        for index, lower, upper in reversed(node.indices):
            count = self._count(index, lower, upper, values)
            if index.text in out.labels:
                self._agree(index, count, out.sizes[index.text])
                out = summed(out, index.text)
            elif count is None:
                raise SyntaxProblem(f"the index {index.text} occurs nowhere in this sum", node.span)
            else:
                out = Indexed((Part(dimension(count, index.span), ()), *out.parts), out.labels, out.core, out.span, out.sizes, out.row)
        return settled(Indexed(out.parts, out.labels, out.core, node.span, out.sizes, out.row))

    def _product(self, node: Big, value: Value, values: Evaluator) -> Value:
        """The product over letters; a factor behind it that lacks them could stand outside."""
        last = values.of(node.body.factors[-1][1]) if isinstance(node.body, Mul) else value
        for index, lower, upper in reversed(node.indices):
            if not isinstance(last, Indexed) or index.text not in last.labels:
                where = node.body.factors[-1][1].span if isinstance(node.body, Mul) else node.body.span
                hint = f"put brackets around what is multiplied for every {index.text}"
                raise SyntaxProblem(f"where the product over {index.text} ends cannot be seen", where, hint=hint)
            self._agree(index, self._count(index, lower, upper, values), last.sizes[index.text])
        for index, _, _ in reversed(node.indices):
            value = self._extreme(Big(node.kind, ((index, None, None),), node.body, node.span), value)
        return value

    def _count(self, index: Subscript, lower: Latex | None, upper: Latex | None, values: Evaluator) -> Dim | None:
        """How many values a letter takes; None where it is not written."""
        if lower is not None and not (isinstance(lower, Num) and lower.value in {0, 1}):
            raise SyntaxProblem("a sum begins at 1", lower.span)
        if upper is None:
            return None
        if isinstance(upper, Unknown):
            raise values.unknown(upper)
        term = values.term(upper)
        size = size_of(term)
        node = term.node
        if size is None and isinstance(node, Sum) and len(node.terms) == 2:
            (_, name), (sign, one) = node.terms
            if isinstance(name, Name) and isinstance(one, Number) and one.value.denominator == 1:
                size = add(name.id, int(one.value) if sign == "+" else -int(one.value))
        if size is None:
            raise SyntaxProblem("this is no size", upper.span)
        from_zero = isinstance(lower, Num) and lower.value == 0
        return add(size, 1) if from_zero else size

    def _agree(self, index: Subscript, count: Dim | None, size: Dim) -> None:
        if count is not None and count != size:
            message = f"{index.text} takes {count} values here, but the axis has {size}"
            raise ShapeProblem(message, index.span, hint=f"write \\sum_{{{index.text}=1}}^{{{size}}}")

    def _extreme(self, node: Big, value: Value) -> Value:
        if not isinstance(value, Indexed) or len(node.indices) != 1 or node.indices[0][0].text not in value.labels:
            raise SyntaxProblem(f"over what the {node.kind} runs cannot be seen", node.span)
        letter = node.indices[0][0].text
        labels = tuple(x for x in value.labels if x != letter)
        if value.core:
            raise SyntaxProblem(f"the {node.kind} of vectors", node.span)
        whole = array(value, (*labels, letter))
        made = call(node.kind, (whole,), node.span, axis=len(labels)) if labels else call(node.kind, (whole,), node.span)
        return settled(Indexed((Part(made, labels),), labels, (), node.span, {x: value.sizes[x] for x in labels}))


def dimension(size: Dim, span: Span) -> Node:
    """A size as a formula."""
    if isinstance(size, int):
        return number(size, span)
    if size.isidentifier():
        return Name(size, span)
    made: Node = filled(parse(size), {}, span)
    return made
