r"""Fractions and derivatives of LaTeX: \\frac{\\partial L}{\\partial W}, \\partial_W L, \\nabla_W L, dL/dW."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.errors import Span, SyntaxProblem

from .latex_operators import Operators
from .latex_scripts import unstyled
from .latex_tokens import Token
from .latex_tree import Deriv, Entry, Frac, Grad, Latex, Num, Raised, Ref, Turned, Unknown


class Derivatives(Operators):
    """Reads derivatives, and quotients that are none."""

    def fraction(self, token: Token) -> Latex:
        """A quotient, or a derivative."""
        top = self.argument()
        bottom = self.argument()
        span = token.start, self.behind()
        if not bottom or not top:
            raise SyntaxProblem("a part of this fraction is missing", span)
        mark = differential_mark(top)
        if mark and differential_mark(bottom) and (top[0].is_("\\partial") or self._differentiates(bottom)):
            return self.scripted(self._derivative(top[mark:], bottom, span))
        return self.scripted(Frac(self.formula(top, span), self.formula(bottom, span), span))

    def _differentiates(self, bottom: Sequence[Token]) -> bool:
        mark = differential_mark(bottom)
        return len(bottom) > mark and (self.starts_symbol(bottom[mark]) or bottom[mark].is_("{", "("))

    def _derivative(self, top: Sequence[Token], bottom: Sequence[Token], span: Span) -> Latex:
        order, top = self._order(list(top))
        by: list[Latex] = []
        for part in self._denominators(bottom):
            node = self.formula(part, span)
            two = isinstance(node, Raised) and isinstance(node.exponent, Num) and node.exponent.value == 2 and order == 2
            by += [node.base, node.base] if isinstance(node, Raised) and two else [node]
        if len(by) != order:
            raise SyntaxProblem("the orders above and below the line differ", span)
        if top:
            of = self.formula(top, (top[0].start, top[-1].end))
        else:
            if self.ended:
                raise SyntaxProblem("what is differentiated is missing", span)
            of = self.term()
        return Deriv(order, of, tuple(by), False, (span[0], max(span[1], self.behind()) if not top else span[1]))

    def _order(self, top: list[Token]) -> tuple[int, list[Token]]:
        if not top or not top[0].is_("^"):
            return 1, top
        inner = type(self)(top[1:], self.lexicon, self.depth + 1)
        order = inner.argument()
        if [t.text for t in unstyled(order)] != ["2"]:
            raise SyntaxProblem("only first and second derivatives are read", top[0].span)
        return 2, inner.tokens[inner.place :]

    def _denominators(self, bottom: Sequence[Token]) -> list[list[Token]]:
        """What stands behind each mark below the line."""
        parts: list[list[Token]] = []
        place = depth = 0
        while place < len(bottom):
            mark = differential_mark(bottom[place:]) if depth == 0 else 0
            if mark:
                parts.append([])
                place += mark
                continue
            depth += bottom[place].is_("{") - bottom[place].is_("}")
            if parts:
                parts[-1].append(bottom[place])
            place += 1
        if not parts or not all(parts):
            raise SyntaxProblem("by what is differentiated is missing", (bottom[0].start, bottom[-1].end))
        return parts

    def partial(self, token: Token) -> Latex:
        r"""\partial L/\partial W, \partial_W L, or the differential of a name."""
        if self.next_is("_"):
            return self.nabla(token)
        order = 1
        if self.next_is("^"):
            order, rest = self._order(self.tokens[self.place :])
            self.tokens[self.place :] = rest
        if self.ended:
            raise SyntaxProblem("what is differentiated is missing", token.span)
        of = self.factor()
        if not self.next_is("/"):
            return self.gradient(of, token.span)
        self.place += 1
        by: list[Latex] = []
        while self.next_is("\\partial"):
            self.place += 1
            node = self.factor()
            two = order == 2 and isinstance(node, Raised) and isinstance(node.exponent, Num) and node.exponent.value == 2
            by += [node.base, node.base] if isinstance(node, Raised) and two else [node]
        span = token.start, self.behind()
        if len(by) != order:
            raise SyntaxProblem("by what is differentiated cannot be read", span)
        return Deriv(order, of, tuple(by), False, span)

    def nabla(self, token: Token) -> Latex:
        r"""\nabla_W L, \nabla^2 f(x), \nabla\nabla E(w)."""
        order, by = 1, None
        while True:
            for script in self.scripts():
                if script.kind == "sub":
                    by = self.formula(script.tokens, script.span)
                elif script.kind == "sup" and script.text == "2":
                    order = 2
                else:
                    raise SyntaxProblem("this cannot stand at ∇", script.span)
            if not self.next_is("\\nabla"):
                break
            self.place += 1
            order = 2
        if self.ended:
            raise SyntaxProblem("what is differentiated is missing", token.span)
        of, passed = self._acted_on()
        if by is None:
            if len(passed) != 1:
                hint = "write \\nabla_W L, or \\nabla L(W)"
                raise SyntaxProblem("by what is differentiated is not written", (token.start, self.behind()), hint=hint)
            by = passed[0]
        return self.scripted(Deriv(order, of, (by,) * order, True, (token.start, self.behind())))

    def _acted_on(self) -> tuple[Latex, tuple[Latex, ...]]:
        """What a ∇ acts on, and the names in the bracket behind it."""
        self.passed = ()
        of = self._operand()
        return of, self.passed

    def _operand(self) -> Latex:
        """What a ∇ acts on: a name of a scalar, or all factors side by side."""
        place, tokens = self.place, list(self.tokens)
        node = self.factor()
        if isinstance(node, Unknown | Ref) or (isinstance(node, Entry | Turned | Grad) and self.ended):
            return node
        if self.ended:
            if self.next_is("\\odot", "\\cdot", "\\circ", "*", "\\times", "/"):
                raise SyntaxProblem(
                    "how far ∇ reaches cannot be seen", node.span, hint="put what it acts on in brackets, and all of it in others"
                )
            return node
        self.place, self.tokens = place, tokens
        return self.juxtaposed()


def differential_mark(tokens: Sequence[Token]) -> int:
    r"""How many tokens the \partial or d at the beginning has; 0 for none."""
    if tokens[0].is_("\\partial") or (tokens[0].kind == "letter" and tokens[0].text == "d"):
        return 1
    texts = [t.text for t in tokens[:4]]
    if tokens[0].is_("\\mathrm", "\\text", "\\operatorname"):
        return 4 if texts[1:4] == ["{", "d", "}"] else 2 if texts[1:2] == ["d"] else 0
    return 0
