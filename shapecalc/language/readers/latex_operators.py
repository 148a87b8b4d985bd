r"""What acts on what follows it: functions, sums over an index, fractions, derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import SyntaxProblem, UnknownName

from .latex_meanings import FUNCTIONS, Base, Meanings
from .latex_names import Script
from .latex_scripts import subscripts
from .latex_tokens import Token
from .latex_tree import Big, Func, Latex, Mul, Num, Special, Subscript

PRODUCTS = {
    "\\cdot": "cdot", "\\times": "times", "\\odot": "odot", "\\circ": "odot", "*": "odot", "\\otimes": "otimes", "/": "/",
    "\\bullet": "cdot", "\\oslash": "oslash",
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
        """A sum or product over indices, or the largest entry along one."""
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

    def function_command(self, token: Token) -> Latex:
        r"""\exp, \log, \tr and the like."""
        if token.text in {"max", "min"} and self.next_is("_"):
            return self.big(token.text, token)
        name = FUNCTIONS.get(token.text)
        if name is None:
            raise UnknownName(f"\\{token.text} is not read", token.span)
        return self.apply(name, Base((token.text,), True, token.span), self.scripts())
