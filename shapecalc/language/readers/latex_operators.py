r"""What acts on what follows it: functions, sums over an index, fractions, derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Span, SyntaxProblem, UnknownName

from .latex_meanings import FUNCTIONS, Base, Meanings
from .latex_names import Script
from .latex_scripts import subscripts, unstyled
from .latex_tokens import Token
from .latex_tree import Big, Deriv, Entry, Frac, Func, Grad, Latex, Mul, Num, Raised, Ref, Special, Subscript, Turned, Unknown

PRODUCTS = {
    "\\cdot": "cdot", "\\times": "times", "\\odot": "odot", "\\circ": "odot", "*": "odot", "\\otimes": "otimes", "/": "/", "\\bullet": "cdot",
}  # fmt: skip
ENDS = (
    "+",
    "-",
    ")",
    "]",
    "}",
    "\\}",
    ">>",
    ",",
    ";",
    ":",
    "&",
    "\\\\",
    "\\mid",
    "<",
    ">",
    "=",
    "\\leq",
    "\\geq",
    "\\neq",
    "\\quad",
    "\\pm",
    "\\mp",
)
_BRACKETS = ("(", "[", "\\{")
_WHOLE = {"trace"}  # functions that take the whole product behind them


class Operators(Meanings):
    """Reads what stands behind a sign that acts."""

    def factor(self) -> Latex:
        """One factor."""
        raise NotImplementedError

    def term(self) -> Latex:
        """A product."""
        raise NotImplementedError

    def bracket(self) -> tuple[Latex, ...]:
        """What stands in a bracket, at its commas."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether no factor can follow at once."""
        return self.token is None or self.next_is(*ENDS, *PRODUCTS, *self.closers)

    # ---- functions

    def apply(self, name: str, base: Base, scripts: Sequence[Script]) -> Latex:
        """A function with its arguments."""
        power: Latex | None = None
        primes = sum(s.kind == "prime" for s in scripts)
        for script in scripts:
            if script.kind == "sup":
                power = self.formula(script.tokens, script.span)
            elif script.kind != "prime":
                message = "the inverse of a function is not read" if script.kind == "inverse" else f"this script of {name} is not read"
                raise SyntaxProblem(message, script.span)
        start = base.span[0]
        if self.next_is(*_BRACKETS):
            place, tokens = self.place, list(self.tokens)
            args = self.bracket()
            turned = self.next_is("^") and any(s.kind == "turn" for s in self._ahead())
            if name not in _WHOLE or not turned:
                if name in _WHOLE and self.next_is("("):
                    raise SyntaxProblem(
                        "the trace could end here, or go on", self.tokens[self.place].span, hint="put brackets around all of it"
                    )
                return self.scripted(Func(name, args, power, primes, False, base.span, (start, self.behind())))
            self.place, self.tokens = place, tokens
        if self.ended:
            raise SyntaxProblem(f"the argument of {name} is missing", base.span)
        arg = self.juxtaposed() if name in _WHOLE else self._bare(name)
        return Func(name, (arg,), power, primes, True, base.span, (start, self.behind()))

    def juxtaposed(self) -> Latex:
        """Factors side by side, up to any sign between them."""
        factors = [self.factor()]
        while not self.ended:
            factors.append(self.factor())
        span = factors[0].span[0], self.behind()
        return factors[0] if len(factors) == 1 else Mul(tuple(("", f) for f in factors), span)

    def _bare(self, name: str) -> Latex:
        """The one factor behind a function without brackets; log 2 pi is the one product that everybody reads alike."""
        start = self.place
        arg = self.factor()
        if isinstance(arg, Num) and not self.ended:
            follower = self.factor()
            if isinstance(follower, Special) and follower.kind == "pi":
                arg = Mul((("", arg), ("", follower)), (arg.span[0], follower.span[1]))
                follower = None if self.ended else follower
            else:
                follower = arg
            if follower is not None:
                raise self._unclear(name, start)
        elif not self.ended or self.next_is("/"):
            raise self._unclear(name, start)
        return arg

    def _unclear(self, name: str, start: int) -> SyntaxProblem:
        span = self.tokens[start].start, self.behind()
        return SyntaxProblem(f"where the argument of {name} ends cannot be seen", span, hint="put it in brackets")

    # ---- sums

    def big(self, kind: str, token: Token) -> Latex:
        """A sum over indices, or the largest entry along one."""
        indices: list[Subscript] = []
        lower: Latex | None = None
        upper: Latex | None = None
        for script in self.scripts():
            if script.kind == "sub":
                indices, lower = self._running(script)
            elif script.kind in {"sup", "layer", "sample", "turn", "conjugate"}:
                upper = self.formula(script.tokens, script.span)
            else:
                raise SyntaxProblem("this cannot stand at a sum", script.span)
        if not indices:
            raise SyntaxProblem(f"over what the {kind} runs is not written", token.span, hint=f"write \\{kind}_{{i=1}}^{{N}}")
        outer = self.lexicon.labels
        self.lexicon.labels = outer | {i.text for i in indices}
        negative = self.next_is("-")
        self.place += negative or self.next_is("+")
        try:
            body = self.term()
        finally:
            self.lexicon.labels = outer
        if negative:
            body = Mul((("", Num("-1", Fraction(-1), token.span)), ("cdot", body)), body.span)
        return Big(kind, tuple((i, lower, upper) for i in indices), body, (token.start, self.behind()))

    def _running(self, script: Script) -> tuple[list[Subscript], Latex | None]:
        """The indices below a sum, and the first value."""
        mark = next((k for k, t in enumerate(script.tokens) if t.is_("=")), None)
        letters = subscripts(script.tokens if mark is None else script.tokens[:mark])
        if letters is None or any(not i.text.rstrip("'").isalpha() for i in letters):
            raise SyntaxProblem("this range is not read", script.span, hint="write \\sum_{i=1}^{N} or \\sum_i")
        if mark is None:
            return list(letters), None
        if mark + 1 == len(script.tokens):
            raise SyntaxProblem("nothing stands after =", script.tokens[mark].span)
        return list(letters), self.formula(script.tokens[mark + 1 :], script.span)

    # ---- fractions and derivatives

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
        self.passed = ()
        of = self._operand()
        if by is None:
            if len(self.passed) != 1:
                hint = "write \\nabla_W L, or \\nabla L(W)"
                raise SyntaxProblem("by what is differentiated is not written", (token.start, self.behind()), hint=hint)
            by = self.passed[0]
        return self.scripted(Deriv(order, of, (by,) * order, True, (token.start, self.behind())))

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

    def function_command(self, token: Token) -> Latex:
        r"""\exp, \log, \tr and the like."""
        if token.text in {"max", "min"} and self.next_is("_"):
            return self.big(token.text, token)
        name = FUNCTIONS.get(token.text)
        if name is None:
            raise UnknownName(f"\\{token.text} is not read", token.span)
        return self.apply(name, Base((token.text,), True, token.span), self.scripts())


def differential_mark(tokens: Sequence[Token]) -> int:
    r"""How many tokens the \partial or d at the beginning has; 0 for none."""
    if tokens[0].is_("\\partial") or (tokens[0].kind == "letter" and tokens[0].text == "d"):
        return 1
    texts = [t.text for t in tokens[:4]]
    if tokens[0].is_("\\mathrm", "\\text", "\\operatorname"):
        return 4 if texts[1:4] == ["{", "d", "}"] else 2 if texts[1:2] == ["d"] else 0
    return 0
