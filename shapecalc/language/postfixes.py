"""What stands right behind an operand: the mark of a transpose, a superscript, the primes of a derivative."""

from __future__ import annotations

from fractions import Fraction

from shapecalc.errors import SyntaxProblem

from .tokens import Token
from .tree import Call, Name, Node, Number, Power, Transpose


def primed(operand: Node) -> str:
    """f' or f'' where a name with these marks was written, else nothing."""
    marks = ""
    while isinstance(operand, Transpose) and operand.how == "'":
        operand, marks = operand.arg, marks + "'"
    return operand.id + marks if isinstance(operand, Name) and marks else ""


def postfix(operand: Node, token: Token) -> Node:
    """An operand with a transpose or a superscript behind it."""
    text, span = token.text, (operand.span[0], token.end)
    if text in {"'", "ᵀ", "⊤"}:
        return Transpose(operand, text, span)
    if text in {"-1", "-T"}:
        inverse = Call("inv", (operand,), (), "", token.span, span)
        return inverse if text == "-1" else Transpose(inverse, "⁻ᵀ", span)
    if text.startswith("-"):
        raise SyntaxProblem("of the negative superscripts only ⁻¹ is read", token.span, hint="write 1/x**2")
    return Power(operand, Number(text, Fraction(text), token.span), span)
