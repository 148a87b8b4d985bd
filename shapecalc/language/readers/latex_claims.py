"""Statements of LaTeX as statements of the language: definitions, claims about derivatives, equalities; chains link by link."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shapecalc.errors import NameProblem, NotKnownYet, ShapecalcError, Span, SyntaxProblem
from shapecalc.shapes import Shape, is_scalar

from ..refusals import VALUES, WORDS
from ..tree import Node
from .draft import Draft
from .growing import transposed
from .latex_asides import missed
from .latex_derivatives import differential_mark
from .latex_differentials import gradients, has_differential
from .latex_indexed import Indexed, Value, array, lifted, renamed
from .latex_names import Lexicon
from .latex_parser import Parser
from .latex_reach import reached
from .latex_rows import LatexStatement
from .latex_targets import Target, Targets
from .latex_terms import Term, Vectors, fitted
from .latex_tokens import Token
from .latex_tree import Deriv, Differential, Entry, Grad, Latex, Ref, Special, Turned, Unknown
from .reading import Piece
from .spelling import spelled


@dataclass(slots=True)
class Claims:
    """Reads the statements of one problem into a draft.

    oriented: the lines that hang on vectors being columns, or rows, with the place where that is seen.
    """

    draft: Draft
    layout: str = "denominator"
    page: int = 0
    vectors: Vectors = field(default_factory=Vectors)
    oriented: list[tuple[list[Piece], Span, int]] = field(default_factory=list)

    def statement(self, statement: LatexStatement) -> None:
        """One statement; what cannot be read is kept as a problem of the draft."""
        try:
            Reader(self, statement).read()
        except ShapecalcError as error:
            self.draft.problem(error, self.page)
        self.draft.missed |= missed(statement, self.draft)

    def finish(self) -> None:
        """Takes back the claims that hang on how vectors are meant, where the text means them in both ways."""
        if self.vectors.rows is None or self.vectors.columns is None:
            return
        for line, span, page in self.oriented:
            if any(line is kept for kept in self.draft.tail):
                self.draft.tail = [kept for kept in self.draft.tail if kept is not line]
                error = SyntaxProblem(
                    "vectors are columns in one line of this text and rows in another",
                    span,
                    hint="declare rows as x: (1, D), columns as x: (D, 1)",
                )
                self.draft.problem(error, page)


class Reader(Targets):
    """Reads one statement."""

    def __init__(self, claims: Claims, statement: LatexStatement) -> None:
        super().__init__(claims.draft, claims.layout)
        self.claims = claims
        self.written = statement

    def read(self) -> None:
        """The statement, whatever it is."""
        sides = [side for side in self.written.sides if side]
        if len(sides) < len(self.written.sides) or len(sides) < 2:
            raise SyntaxProblem("nothing stands beside =", self.written.relations[-1].span if self.written.relations else self.written.span)
        right = [self.parsed(side) for side in sides[1:]]
        known = [node for node in right if node is not None]
        left = self.left(sides[0], any(has_differential(node) for node in known))
        if isinstance(left, Unknown) and not left.sub and Lexicon(self.draft).is_loss((left.name,)):
            known = [reached(node) for node in known]
        self.axes.learn([left, *known], self.values)
        if not known:
            return
        if not isinstance(left, Unknown):
            self.no_arrow(left)
        match left:
            case Differential():
                self.differential(left, known)
            case Grad(differential=True) if any(has_differential(node) for node in known) and self.is_scalar(left.name):
                self.differential(left, known)
            case Deriv() | Grad() | Entry(base=Grad() | Deriv()):
                self.derivative(left, known)
            case Unknown():
                self.definition(left, known)
            case Special(kind="pi"):
                raise SyntaxProblem("\\pi is the number here", left.span, hint="give the value a name of its own")
            case Turned(arg=Ref(name=name), prime=True):
                message = f"{name}' can be the transpose of {name}, or another name"
                raise SyntaxProblem(message, left.span, hint=f"write {name}^\\top, or \\tilde{{{name}}}")
            case _:
                self.equality(left, known)

    # ---- sides

    def parsed(self, side: Sequence[Token]) -> Latex | None:
        """A right side; None where it cannot be read, which is kept as a problem."""
        try:
            return Parser(side, Lexicon(self.draft)).whole()
        except ShapecalcError as error:
            self.draft.problem(error, self.claims.page)
            return None

    def left(self, side: Sequence[Token], moving: bool) -> Latex:
        """The left side, which may be the differential of a formula."""
        mark = differential_mark(side) if moving else 0
        if mark and mark < len(side) and "d" not in self.draft.sheet.names:
            with suppress(ShapecalcError):
                if isinstance(whole := Parser(side, Lexicon(self.draft)).whole(), Deriv):
                    return whole  # ∂L / ∂W in one line
            rest = Parser(side[mark:], Lexicon(self.draft))
            try:
                of = rest.whole()
            except ShapecalcError:
                of = None
            plain = of.base if isinstance(of, Entry) else of.arg if isinstance(of, Turned) else of
            if of is not None and not isinstance(plain, Ref | Unknown):
                return Differential(of, (side[0].start, side[-1].end))
        return Parser(side, Lexicon(self.draft)).whole()

    def is_scalar(self, name: str) -> bool:
        """Whether a differential is of the loss or of another scalar that is defined."""
        shape = self.draft.shape(name)
        return not name or (name in self.draft.sheet.definitions and shape is not None and is_scalar(shape))

    def node(self, value: Value, target: Target | None) -> Node:
        """A value as a formula with the shape and the axes of what stands on the left."""
        letters = target.letters if target else ()
        shape = target.shape if target else None
        if isinstance(value, Term) and not letters:
            return fitted(value, shape).node
        value = lifted(value)
        whole = [x for x in letters if x.startswith("#")]
        if value.core and len(value.core) == len(whole):
            value = renamed(value, dict(zip(value.core, whole, strict=True)))
            value = Indexed(value.parts, (*value.labels, *whole), (), value.span, value.sizes)
        extra = [x for x in value.labels if x not in letters]
        if extra:
            raise SyntaxProblem(f"the index {extra[0]} is neither summed nor on the left", value.span, hint=f"write \\sum_{extra[0]}")
        if value.core:
            raise SyntaxProblem("this has more axes than the left side", value.span)
        missing = [x for x in letters if x not in value.labels]
        if missing:
            raise SyntaxProblem(f"the index {missing[0]} is on the left only", value.span)
        return array(value, letters)

    # ---- what is written out

    def line(self, head: str, head_span: Span, nodes: Sequence[Node], sign: str = "=", early: bool = False) -> None:
        """A line of the sheet."""
        pieces = [Piece(head, *head_span, self.claims.page)] if head else []
        for node in nodes:
            if pieces:
                pieces.append(Piece(f" {sign} "))
            pieces += spelled(node, self.claims.page)
        self.draft.line(pieces, early)
        both = self.claims.vectors
        seen = self.vectors.columns or self.vectors.rows
        both.columns = both.columns or self.vectors.columns
        both.rows = both.rows or self.vectors.rows
        if seen is not None and self.draft.tail:
            self.claims.oriented.append((self.draft.tail[-1], seen, self.claims.page))

    def worked_out(self, nodes: Sequence[Latex], target: Target | None, want: Shape | None = None) -> list[Node]:
        """The right sides that have a meaning; the others are kept as problems."""
        out: list[Node] = []
        for node in nodes:
            try:
                out.append(self.node(self.values.of(node, want), target))
            except ShapecalcError as error:
                self.draft.problem(error, self.claims.page)
        return out

    # ---- claims about derivatives

    def derivative(self, left: Latex, right: Sequence[Latex]) -> None:
        """A derivative, and what it is said to be; other derivatives by the same names are said to be that as well."""
        targets = [self.target(left)]
        values: list[Latex] = []
        for node in right:
            again = self._again(node, targets[0])
            if again is None:
                values.append(node)
            elif all(again.text != t.text for t in targets):
                targets.append(again)
        for target in targets:
            nodes = self.worked_out(values, target, target.want if not target.letters else None)
            if nodes:
                self.line(target.text, target.span, nodes)
        if not values:
            message = "this says nothing: the same derivative stands on both sides"
            raise SyntaxProblem(message if len(targets) == 1 else "neither of these derivatives is written out", left.span)

    def _again(self, node: Latex, first: Target) -> Target | None:
        """A derivative among the right sides that says the same as the left side, or None where it is a value."""
        if not isinstance(node, Deriv | Grad | Entry):
            return None
        try:
            target = self.target(node)
        except ShapecalcError:
            return None
        same = target.text.partition("/")[2] == first.text.partition("/")[2] and target.letters == first.letters
        return target if same else None

    def named(self, of: Latex) -> str:
        """A formula defined under a name of its own."""
        term = self.values.term(of)
        name = self.draft.fresh("f")
        self.line(name, of.span, [term.node], early=True)
        page = self.draft.pages[self.claims.page]
        self.draft.names[name] = " ".join(page.text[of.span[0] : of.span[1]].split())
        return name

    def differential(self, left: Grad | Differential, right: Sequence[Latex]) -> None:
        """The differential of a scalar: its gradients are read off each side."""
        if isinstance(left, Differential):
            term = self.values.term(left.of)
            if term.shape:
                raise NotKnownYet("only differentials of scalars are read", left.span)
            name = self.named(left.of)
        else:
            name = left.name or self.draft.loss or "L"
        found: dict[str, list[Node]] = {}
        for side in right:
            try:
                for by, formula in gradients(side, self.rank).items():
                    value = fitted(self.values.term(formula), self.values.shape(by, formula.span))
                    turned = self.layout == "numerator" and len(value.shape) == 2
                    found.setdefault(by, []).append(transposed(value.node) if turned else value.node)
            except ShapecalcError as error:
                self.draft.problem(error, self.claims.page)
        for by, nodes in found.items():
            self.line(f"∂{name}/∂{by}", left.span, nodes)

    def rank(self, node: Latex) -> int:
        """The number of axes of a part of a differential."""
        return len(self.values.term(node).shape)

    # ---- definitions and equalities

    def definition(self, left: Unknown, right: Sequence[Latex]) -> None:
        """A new name; a chain behind it is judged link by link."""
        gradient = next((node for node in right if isinstance(node, Deriv | Grad)), None)
        if gradient is not None and len(right) > 1 and self._named_gradient(left, gradient, right):
            return
        found: list[tuple[Value, Latex]] = []
        for node in right:
            try:
                found.append((self.values.of(node), node))
            except ShapecalcError as error:
                self.draft.problem(error, self.claims.page)
        if not found:
            return
        target = self.new(left, found[0][0])
        nodes = [self.node(value, target) for value, _ in found]
        self.line(target.text, left.span, nodes[:1], early=True)
        if target.text in self.draft.abbreviations:
            value = found[0][0]
            sizes = value.sizes if isinstance(value, Indexed) else {}
            self.draft.abbreviations[target.text] = value.shape if isinstance(value, Term) else tuple(sizes[x] for x in target.letters)
        for one, other in itertools.pairwise(nodes):
            self.line("", left.span, [one, other], "==")

    def _named_gradient(self, left: Unknown, gradient: Latex, right: Sequence[Latex]) -> bool:
        """delta = ∂L/∂z = ...: a claim about the gradient, and a name for it (or, of a Hessian, for what it is said to be)."""
        others = [node for node in right if node is not gradient]
        try:
            target = self.target(gradient)
        except ShapecalcError:
            return False
        nodes = self.worked_out(others, target, target.want)
        if not nodes:
            return True
        self.line(target.text, target.span, nodes)
        second = isinstance(gradient, Deriv) and (gradient.order == 2 or target.shape is None)
        value = self.values.of(others[-1] if second else gradient)
        named = self.new(left, value)
        self.line(named.text, left.span, [self.node(value, named)], early=True)
        if named.text in self.draft.abbreviations and isinstance(value, Term):
            self.draft.abbreviations[named.text] = value.shape
        return True

    def new(self, left: Unknown, value: Value) -> Target:
        """The name that is being defined: indices below it are no part of it where they run over the axes of its value."""
        letters = tuple(i.text for i in left.sub)
        entries = isinstance(value, Indexed) and set(value.labels) == set(letters) and len(set(letters)) == len(letters)
        name = left.name if entries else left.full
        if not name.isidentifier() or name in WORDS or name in VALUES:
            raise SyntaxProblem(f"{left.written} cannot be the name of a value", left.span)
        return Target(name, left.span, None, letters if entries else ())

    def no_arrow(self, left: Latex) -> None:
        """Refuses an arrow behind what has a meaning already."""
        if any(r.is_("\\leftarrow") for r in self.written.relations):
            raise NameProblem("this name is given a new value", left.span, hint="give the new value a name of its own")

    def equality(self, left: Latex, right: Sequence[Latex]) -> None:
        """Two formulas that are said to be equal."""
        value = self.values.of(left)
        letters = tuple(dict.fromkeys(value.labels)) if isinstance(value, Indexed) else ()
        shape = value.shape if isinstance(value, Term) else None
        target = Target("", left.span, shape, letters)
        nodes = [self.node(value, target), *self.worked_out(right, target, shape)]
        for one, other in itertools.pairwise(nodes):
            self.line("", left.span, [one, other], "==")
