r"""A value by cases: \begin{cases} a & z > 0 \\ b & \text{otherwise} \end{cases} is where(z > 0, a, b)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapecalc.errors import Span, SyntaxProblem

from .latex_cleaning import closing, words
from .latex_tokens import Token
from .latex_tree import Func, Latex, Relation

_SAID = frozenset("if for when where otherwise else elsewhere all other cases any and".split())  # noqa: SIM905 - a list of words
_ORDERS = frozenset({">", "<", ">=", "<=", "geq", "leq", "ge", "le", "geqslant", "leqslant"})
_TEXT = ("\\text", "\\mathrm", "\\textrm", "\\mbox")
Formula = Callable[[Sequence[Token], Span], Latex]


def cases(rows: Sequence[Sequence[Sequence[Token]]], formula: Formula, span: Span) -> Latex:
    """The rows, each a value and a condition; the last is what is left, by name or as the contrary of the one before it."""
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        raise SyntaxProblem("cases are read where each has a value and a condition", span)
    out = formula(_unsaid(rows[-1][0]), span)
    for value, condition in reversed(rows[:-1]):
        where = formula(_unsaid(condition), span)
        if not isinstance(where, Relation):
            raise SyntaxProblem("a case wants a comparison", span, hint="z > 0")
        out = Func("where", (where, formula(_unsaid(value), span), out), None, 0, False, span, span)
    last = _unsaid(rows[-1][1])
    if last and not (len(rows) == 2 and _are_contrary(_unsaid(rows[0][1]), last, formula, span)):
        raise SyntaxProblem("the last of several cases is the one that is left", span, hint="\\text{otherwise}")
    return out


def _are_contrary(first: list[Token], second: list[Token], formula: Formula, span: Span) -> bool:
    """Whether one of two conditions is the other's contrary, a tie aside."""
    a, b = formula(first, span), formula(second, span)
    if not (isinstance(a, Relation) and isinstance(b, Relation)):
        return False
    same = [t.text for t in first if t.text not in _ORDERS] == [t.text for t in second if t.text not in _ORDERS]
    return same and {a.op[0], b.op[0]} == {">", "<"}


def _unsaid(tokens: Sequence[Token]) -> list[Token]:
    r"""Tokens without the words among them, \text{if } z > 0, \text{otherwise}, and without a comma at the end."""
    out: list[Token] = []
    place = 0
    while place < len(tokens):
        if tokens[place].is_(*_TEXT) and place + 1 < len(tokens) and tokens[place + 1].is_("{"):
            end = closing(tokens, place + 1)
            if {word for word in words(tokens[place + 2 : end]) if word} <= _SAID:
                place = end + 1
                continue
        out.append(tokens[place])
        place += 1
    while out and out[-1].is_("\\quad", ",", ".", ";"):
        out.pop()
    return out
