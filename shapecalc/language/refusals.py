"""What people write that is not in the language, and what to write in its place: for words, and for signs."""

from __future__ import annotations

from keyword import kwlist

from shapecalc.errors import SyntaxProblem, shorten

from .tokens import Kind, Token

_CHOICE = "write where(condition, a, b)"
_WHOLE = "formulas act on whole arrays: sum(X, axis=0)"
_AWAY = "leave this line out"
_DEFINED = "name the value: L = ..."
_LOGIC = "comparisons are 0 or 1: (a > 0) * (b > 0)"

WORDS = {
    "if": _CHOICE, "else": _CHOICE, "elif": _CHOICE, "for": _WHOLE, "while": _WHOLE, "in": _WHOLE,
    "import": _AWAY, "from": _AWAY, "print": _AWAY, "return": _DEFINED,
    "and": _LOGIC, "or": _LOGIC, "is": "write ==", "not": "comparisons are 0 or 1: 1 - (a > 0)",
    "lambda": "call a variable lam or λ; a function is def f(x) = ...", "def": "a definition of a function is a line of its own",
    "assert": "write left == right", "del": _AWAY, "pass": _AWAY,
}  # fmt: skip
VALUES = {"None", "True", "False"}
_REFUSED = frozenset([*WORDS, *kwlist]) - VALUES

_TWO_PRODUCTS = "write @ for the matrix product, * entry by entry"
_ENTRYWISE = "without the dot it acts entry by entry"
_QUOTES = "write plain quotation marks: 'ij,jk->ik'"
_GRADIENT = "the gradient of L by Z is called dZ in a formula"

SIGNS = {
    "·": _TWO_PRODUCTS, "×": _TWO_PRODUCTS, "∘": _TWO_PRODUCTS, "∙": _TWO_PRODUCTS, "•": _TWO_PRODUCTS, "⋅": _TWO_PRODUCTS,
    "⊗": "write kron(A, B) or outer(a, b)", "÷": "write /", "⊘": "write /", "–": "write - for a minus", "—": "write - for a minus",
    ".*": _ENTRYWISE, "./": _ENTRYWISE, ".^": "write **", "//": "write /; a comment begins with #", "%": "a comment begins with #",
    "\\": "write solve(A, b); a line goes on only inside brackets",
    "&": _LOGIC, "&&": _LOGIC, "~": "comparisons are 0 or 1: 1 - (a > 0)", "!": "comparisons are 0 or 1: 1 - (a > 0)",
    "√": "write sqrt(x)", "∑": "write sum(X, axis=0)", "∏": "write prod(X, axis=0)",
    "∂": _GRADIENT, "∇": _GRADIENT, "†": "write X.T", "“": _QUOTES, "”": _QUOTES, "‘": _QUOTES, "`": _QUOTES,
    "+=": "one assignment to a line", "-=": "write = or +=", "*=": "write = or +=", "/=": "write = or +=", "@=": "write = or +=",
    ":=": "write =", "{": "write round brackets", "ⁿ": "write x**n", **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", "write the digit on the line: x1"),
    "$": "LaTeX is not read here", "->": None,
    ";": "statements end only outside brackets",
}  # fmt: skip
_SIGN_KINDS = frozenset([Kind.OPERATOR, Kind.OPENING, Kind.CLOSING])
KNOWN = frozenset("+-*/@^()[],:=<>.|")  # signs that have a place, if not here


def refuse_word(token: Token) -> None:
    """Raises where the word is one of Python's that has no place in a formula."""
    if token.text in _REFUSED:
        raise SyntaxProblem(f"{token.text} is not part of the language", token.span, hint=WORDS.get(token.text))


def refuse_sign(source: str, token: Token) -> None:
    """Raises where the sign never has a place in a formula."""
    written = source[token.start : token.end]
    if token.kind in _SIGN_KINDS and (token.text in SIGNS or (len(token.text) == 1 and token.text not in KNOWN)):
        raise SyntaxProblem(f"{shorten(written)} is not part of the language", token.span, hint=SIGNS.get(token.text))


def new_name(token: Token) -> str:
    """A name that is to be given to something: not a word that is taken."""
    refuse_word(token)
    if token.text in VALUES:
        raise SyntaxProblem(f"{token.text} is a value, not a name", token.span)
    return token.text
