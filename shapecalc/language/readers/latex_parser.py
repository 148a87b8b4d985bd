r"""The parser of LaTeX formulas: sums of products of factors, by recursive descent, never deep."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Span, SyntaxProblem, TooLarge

from .latex_cases import cases
from .latex_cleaning import MATRICES, closing
from .latex_derivatives import Derivatives
from .latex_meanings import REFUSED
from .latex_operators import PRODUCTS
from .latex_tokens import Token
from .latex_tree import Add, Angle, Bars, Deriv, Differential, Grad, Latex, Mul, Norm, Num, Ref, Relation, Rows, Special, Turned, Unknown

DEEPEST = 40
_CLOSERS = {"(": ")", "[": "]", "\\{": "\\}"}
_COMPARISONS = {"<": "<", ">": ">", "\\leq": "<=", "\\geq": ">=", "=": "==", "\\neq": "!="}


class Parser(Derivatives):
    """Reads the tokens of one formula."""

    def formula(self, tokens: Sequence[Token], span: Span) -> Latex:
        """The formula that the tokens are, all of them."""
        if self.depth >= DEEPEST:
            raise TooLarge(f"this is nested more than {DEEPEST} deep", span)
        if not tokens:
            raise SyntaxProblem("nothing stands here", span)
        return type(self)(tokens, self.lexicon, self.depth + 1).whole()

    def whole(self) -> Latex:
        """The formula, up to the last token."""
        node = self.compared()
        if self.token is not None:
            raise self.stray(self.token)
        return node

    def stray(self, token: Token) -> SyntaxProblem:
        """The complaint about a token that has no place."""
        shown = "\\" + token.text if token.kind == "command" else token.text
        if token.kind == "sign" and token.text in {")", "]", "\\}", ">>", "}"}:
            return SyntaxProblem(f"{shown} closes nothing", token.span)
        if token.kind in {"begin", "end"}:
            return SyntaxProblem(f"the environment {token.text} is not read", token.span)
        return SyntaxProblem(f"{shown} cannot stand here", token.span, hint=REFUSED.get(token.text))

    def compared(self) -> Latex:
        """A sum, or a comparison of two."""
        left = self.expression()
        token = self.token
        if token is None or not token.is_(*_COMPARISONS):
            return left
        self.place += 1
        right = self.expression()
        op = _COMPARISONS["\\" + token.text if token.kind == "command" else token.text]
        return Relation(op, left, right, (left.span[0], right.span[1]))

    def expression(self) -> Latex:
        """Terms with their signs."""
        terms: list[tuple[str, Latex]] = []
        start = self.token.start if self.token else self.behind()
        while not terms or self.next_is("+", "-"):
            sign = self.tokens[self.place].text if self.next_is("+", "-") else ""
            self.place += bool(sign)
            terms.append((sign or "+", self.term()))
        if len(terms) == 1 and terms[0][0] == "+":
            return terms[0][1]
        return Add(tuple(terms), (start, self.behind()))

    def term(self) -> Latex:
        """Factors, and the signs of products between them."""
        factors: list[tuple[str, Latex]] = []
        op = ""
        while not factors or op or not self.ended or self.next_is(*PRODUCTS):
            token = self.token
            if token is not None and token.is_(*PRODUCTS) and factors and not op:
                self.place += 1
                op = PRODUCTS["\\" + token.text if token.kind == "command" else token.text]
                continue
            negative = bool(op) and self.next_is("-")
            self.place += negative
            node = self.factor()
            if factors and not op and isinstance(node, Num) and node.value == 1:
                hint = "write \\mathbf{1}, or \\cdot 1"
                raise SyntaxProblem("a 1 behind a factor can be a number, or a vector of ones", node.span, hint=hint)
            factors.append((op, Add((("-", node),), node.span) if negative else node))
            op = ""
            self._quotient(factors)
        if len(factors) == 1:
            return factors[0][1]
        return Mul(tuple(factors), (factors[0][1].span[0], self.behind()))

    def _quotient(self, factors: list[tuple[str, Latex]]) -> None:
        """dL/dW in one line is a derivative."""
        if len(factors) < 2 or factors[-1][0] != "/":
            return
        (op, top), (_, bottom) = factors[-2:]
        if isinstance(top, Grad) and top.differential and isinstance(bottom, Grad) and bottom.differential:
            span = top.span[0], bottom.span[1]
            of: Latex = Ref(top.name, top.span) if top.name else Unknown("L", "L", (), "L", top.span)
            factors[-2:] = [(op, Deriv(1, of, (Ref(bottom.name, bottom.span),), False, span))]

    def factor(self) -> Latex:
        """A number, a symbol, a bracket, or a sign with what it acts on."""
        token = self.token
        if token is None or self.ended:
            last = self.tokens[self.place - 1] if self.place else (token or self.tokens[-1])
            raise SyntaxProblem("a factor is missing" + (f" after {_shown(last)}" if self.place else ""), last.span)
        if self.starts_symbol(token):
            return self._indicator(self.symbol())
        self.place += 1
        if token.kind == "number":
            return self._indicator(self.scripted(Num(token.text, Fraction(token.text), token.span)))
        if token.kind == "command":
            return self._command(token)
        if token.kind == "begin" and token.text in MATRICES:
            return self._matrix(token)
        if token.kind == "begin" and token.text in {"cases", "dcases"}:
            rows = self._cells(token)
            return self.scripted(cases(rows, self.formula, (token.start, self.behind())))
        if token.is_("{"):
            return self._group()
        if token.is_("(", "[", "\\{"):
            self.place -= 1
            items = self.bracket()
            if len(items) != 1:
                raise SyntaxProblem("a comma can stand only between arguments", (token.start, self.behind()))
            return self.scripted(items[0])
        if token.is_("|", "\\|", "<<"):
            return self._bars(token)
        raise self.stray(token)

    def _command(self, token: Token) -> Latex:
        match token.text:
            case "frac":
                return self.fraction(token)
            case "sqrt":
                if self.next_is("["):
                    raise SyntaxProblem("only square roots are read", self.tokens[self.place].span, hint="write a power: x^{1/3}")
                start = self.place
                arg = self.formula(self.argument(), (token.start, self.tokens[start].end if start < len(self.tokens) else token.end))
                return self.scripted(_call("sqrt", arg, token, self.behind()))
            case "sum" | "prod":
                return self.big(token.text, token)
            case "nabla":
                return self.nabla(token)
            case "partial":
                return self.partial(token)
        if token.text in REFUSED:
            raise SyntaxProblem(REFUSED[token.text], token.span)
        return self.function_command(token)

    def _group(self) -> Latex:
        """Braces; around one symbol they say nothing."""
        start = self.place - 1
        end = closing(self.tokens, start)
        inside = self.tokens[start + 1 : end]
        if len(inside) == 1 and self.starts_symbol(inside[0]):
            self.tokens[start : end + 1] = inside
            self.place = start
            return self._indicator(self.symbol())
        self.place = end + 1
        span = self.tokens[start].start, self.tokens[end].end
        if not inside:
            # X{}^T: the braces hold nothing
            return self.scripted(self.factor()) if not self.ended else self._empty(span)
        return self.scripted(self.formula(inside, span))

    def _empty(self, span: Span) -> Latex:
        raise SyntaxProblem("nothing stands in these braces", span)

    def bracket(self) -> tuple[Latex, ...]:
        """What stands in the bracket that begins here."""
        opening = self.tokens[self.place]
        if self.depth >= DEEPEST:
            raise TooLarge(f"brackets are nested more than {DEEPEST} deep", opening.span)
        self.depth += 1
        closers, self.closers = self.closers, ()
        self.place += 1
        items: list[Latex] = []
        while True:
            if self.token is None:
                raise SyntaxProblem(f"{_shown(opening)} is never closed", opening.span)
            if self.next_is(_CLOSERS[opening.text]) and not items:
                raise SyntaxProblem("nothing stands in this bracket", (opening.start, self.tokens[self.place].end))
            items.append(self.compared())
            if not self.next_is(","):
                break
            self.place += 1
        if self.token is None:
            raise SyntaxProblem(f"{_shown(opening)} is never closed", opening.span)
        if not self.next_is(_CLOSERS[opening.text]):
            raise self.stray(self.tokens[self.place])
        self.place += 1
        self.depth -= 1
        self.closers = closers
        return tuple(items)

    def _bars(self, opening: Token) -> Latex:
        """A norm, a determinant, an absolute value, or an inner product."""
        if self.depth >= DEEPEST:
            raise TooLarge(f"bars are nested more than {DEEPEST} deep", opening.span)
        self.depth += 1
        closers, self.closers = self.closers, (*self.closers, opening.text, ">>")
        left = self.expression()
        if opening.is_("<<") and self.next_is(",", "|"):
            self.place += 1
            right: Latex | None = self.expression()
        else:
            right = None
        if not self.next_is(">>" if opening.is_("<<") else opening.text):
            raise SyntaxProblem(f"{_shown(opening)} is never closed", opening.span)
        self.place += 1
        self.depth -= 1
        self.closers = closers
        span = opening.start, self.behind()
        if opening.is_("<<"):
            if right is None:
                raise SyntaxProblem("an inner product has two sides", span)
            self._frobenius()
            return self.scripted(Angle(left, right, (span[0], self.behind())))
        if opening.is_("|"):
            return self.scripted(Bars(left, span))
        return self._norm(left, span)

    def _frobenius(self) -> None:
        """Goes past the F below an inner product."""
        if self.next_is("_"):
            self.place += 1
            self.argument()

    def _norm(self, arg: Latex, span: Span) -> Latex:
        scripts = self.scripts()
        order = next((s.text for s in scripts if s.kind == "sub"), "")
        below = next((s for s in scripts if s.kind == "sub"), None)
        if below is not None and not order:
            raise SyntaxProblem("this norm is not read", below.span, hint="_F, _2 and _1 are")
        end = below.span[1] if below else span[1]
        return self.scripted(Norm(arg, order, (span[0], end)), [s for s in scripts if s.kind != "sub"])

    def _cells(self, token: Token) -> list[list[list[Token]]]:
        """The rows of an environment, each in its cells."""
        rows: list[list[list[Token]]] = [[[]]]
        depth = 1
        while self.place < len(self.tokens):
            inner = self.tokens[self.place]
            self.place += 1
            depth += (inner.kind == "begin") - (inner.kind == "end")
            if depth == 0:
                break
            if depth == 1 and inner.is_("&"):
                rows[-1].append([])
            elif depth == 1 and inner.is_("\\\\"):
                rows.append([[]])
            else:
                rows[-1][-1].append(inner)
        if depth:
            raise SyntaxProblem(f"the environment {token.text} is never closed", token.span)
        if rows[-1] == [[]]:
            rows.pop()
        return rows

    def _matrix(self, token: Token) -> Latex:
        """A matrix, its rows and cells."""
        rows = self._cells(token)
        span = token.start, self.behind()
        node = Rows(tuple(tuple(self.formula(cell, span) for cell in row) for row in rows), span)
        if token.text in {"vmatrix", "Vmatrix"}:
            raise SyntaxProblem("write \\det of the matrix", span)
        return self.scripted(node)

    def _indicator(self, node: Latex) -> Latex:
        r"""\mathbb{1}[z > 0] is the comparison; any other symbol stays."""
        if isinstance(node, Special) and node.kind in {"ones", "eye"} and node.size and isinstance(node.size[0], Relation):
            return self.scripted(node.size[0])  # \mathbf{1}_{z > 0}
        bold = isinstance(node, Special) and node.kind in {"ones", "eye"} and not node.size
        if not bold or not self.next_is("(", "[", "\\{"):
            return node
        place, tokens = self.place, list(self.tokens)
        items = self.bracket()
        if len(items) == 1 and isinstance(items[0], Relation):
            return self.scripted(items[0])
        self.place, self.tokens = place, tokens
        return node


def _shown(token: Token) -> str:
    return "\\" + token.text if token.kind == "command" else {"<<": "⟨", ">>": "⟩"}.get(token.text, token.text)


def _call(name: str, arg: Latex, token: Token, end: int) -> Latex:
    from .latex_tree import Func

    return Func(name, (arg,), None, 0, False, token.span, (token.start, end))


__all__ = ["Differential", "Parser", "Turned"]
