"""The left sides of claims: derivatives by names or by entries, as a sheet writes them."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.errors import NotKnownYet, Span, SyntaxProblem
from shapecalc.shapes import Shape, is_scalar

from .draft import Draft
from .latex_asides import missing_loss
from .latex_axes import Axes
from .latex_indexed import Indexed
from .latex_names import Lexicon
from .latex_terms import Vectors
from .latex_tree import Deriv, Entry, Grad, Latex, Ref, Turned, Unknown
from .latex_values import Values

UNREAD = "the definition of what is differentiated could not be read, so that nothing can be said of its derivatives"


@dataclass(frozen=True, slots=True)
class Target:
    """A derivative on the left of =: text as the sheet writes it; letters of its entries, in the order of the axes; its shape."""

    text: str
    span: Span
    shape: Shape | None
    letters: tuple[str, ...] = ()
    want: Shape | None = None  # the shape that a bold 1 on the right may count on


class Targets:
    """Reads the left sides of one statement."""

    def __init__(self, draft: Draft, layout: str) -> None:
        self.draft = draft
        self.layout = layout
        self.vectors = Vectors()
        self.axes = Axes()
        self.values = Values(draft, self.vectors, self.axes)

    def named(self, of: Latex) -> str:
        """A formula defined under a name of its own."""
        raise NotImplementedError

    def target(self, node: Latex) -> Target:
        """The left side of a claim."""
        match node:
            case Grad(name=name, span=span):
                shape = self.draft.shape(name)
                if shape is None:
                    raise SyntaxProblem("a differential stands here, but none on the right", span)
                if missing_loss(self.draft):
                    raise SyntaxProblem(UNREAD, span)
                return Target(f"∂{self.draft.loss or 'L'}/∂{name}", span, shape, (), shape)
            case Entry(base=Grad(name=name), span=span) | Entry(base=Deriv(by=(Ref(name=name),)), span=span):
                plain = self.target(node.base)
                return self._with_letters(plain, self._letters(node, name), span)
            case Deriv():
                return self._derivative(node)
        raise SyntaxProblem("this is no derivative", node.span)

    def _with_letters(self, plain: Target, letters: tuple[str, ...], span: Span) -> Target:
        """Entry by entry; in the numerator layout a gradient is turned."""
        turned = self.layout == "numerator" and len(letters) == 2
        return Target(plain.text, span, plain.shape, letters[::-1] if turned else letters, plain.want)

    def _letters(self, node: Entry, name: str) -> tuple[str, ...]:
        """The letters of an entry on the left, one for each axis."""
        value = self.values.of(Entry(Ref(name, node.span), node.indices, node.sample, node.span))
        if not isinstance(value, Indexed) or len(set(value.parts[0].letters)) != len(self.values.shape(name, node.span)):
            raise NotKnownYet(
                "the derivative by a part is not read", node.span, hint=f"write it for all of {name}, with a letter for each axis"
            )
        return value.parts[0].letters

    def _derivative(self, node: Deriv) -> Target:
        names: list[str] = []
        below: list[str] = []
        for by in node.by:
            inner = by.arg if isinstance(by, Turned) and node.order == 2 and by is node.by[1] else by
            name = inner.base if isinstance(inner, Entry) else inner
            if isinstance(name, Unknown):
                raise self.values.unknown(name)
            if isinstance(inner, Turned) or not isinstance(name, Ref) or self.draft.shape(name.name) is None:
                raise SyntaxProblem("by what is differentiated is not a name", by.span)
            names.append(name.name)
            below += self._letters(inner, name.name) if isinstance(inner, Entry) else ()
        of, above = self._differentiated(node)
        letters = (*above, *below)
        if len(set(letters)) < len(letters):
            raise NotKnownYet("an index stands above and below: only a part of the derivative is meant", node.span)
        shape = self.draft.shape(names[0])
        gradient = node.order == 1 and (of == self.draft.loss or of not in self.draft.sheet.definitions)
        number = is_scalar(self.draft.shape(of) or ())
        if node.order == 2:
            by_two = f"∂{names[0]}²" if names[0] == names[1] else f"∂{names[0]}∂{names[1]}"
            square = shape * 2 if shape and len(shape) == 1 and names[0] == names[1] else None
            return Target(f"∂²{of}/{by_two}", node.span, None, letters, square)
        target = Target(f"∂{of}/∂{names[0]}", node.span, shape if gradient else None, letters, shape if number else None)
        if gradient:
            return self._with_letters(target, letters, node.span)
        turned = self.layout == "denominator" and len(letters) == 2
        return Target(target.text, node.span, None, letters[::-1] if turned else letters, target.want)

    def _differentiated(self, node: Deriv) -> tuple[str, tuple[str, ...]]:
        """What is differentiated as a name of the sheet, and the letters of its entries; a formula is given a name."""
        of = node.of
        if isinstance(of, Unknown):
            if not Lexicon(self.draft).is_loss((of.name,)):
                raise self.values.unknown(of)
            if missing_loss(self.draft, of.name):
                raise SyntaxProblem(UNREAD, of.span)
            return self.draft.loss or "L", ()
        if isinstance(of, Ref) and of.name in self.draft.sheet.definitions:
            return of.name, ()
        if isinstance(of, Entry) and isinstance(of.base, Ref) and of.base.name in self.draft.sheet.definitions:
            return of.base.name, self._letters(of, of.base.name)
        return self.named(of), ()
