"""What stands on the left of =: a name, or a derivative in any of the ways in which people write one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.records import record

from .complaints import written
from .refusals import new_name, refuse_sign
from .tokens import Kind, Token


@record
class PlainTarget:
    """A name, dW among them: what it means depends on what is known already."""

    name: str
    span: Span = field(compare=False)


@record
class GradTarget:
    """∂of/∂wrt, or ∂²of/∂wrt∂wrt2 where order is 2 (wrt2 is wrt again in ∂²L/∂w²); of is None where it is not written: W.grad."""

    of: str | None
    wrt: str
    order: int
    wrt2: str | None
    span: Span = field(compare=False)


Target = PlainTarget | GradTarget

_FORMS = "write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v"


def read_target(source: str, tokens: Sequence[Token]) -> Target:
    """The left side that these tokens, of which there is at least one, spell."""
    span = tokens[0].start, tokens[-1].end
    if len(tokens) == 1 and tokens[0].kind is Kind.NAME:
        name = new_name(tokens[0])
        if name.startswith("grad_") and len(name) > len("grad_"):
            return GradTarget(None, name.removeprefix("grad_"), 1, None, span)
        return PlainTarget(name, span)
    match [token.text for token in tokens]:
        case [name, ".", "grad"] if tokens[0].kind is Kind.NAME:
            return GradTarget(None, name, 1, None, span)
        case ["∇", *rest]:
            return _nabla(rest, span)
        case [first, *rest] if first.startswith(("d", "∂")) and "/" in rest:
            return _quotient(tokens, span)
    raise _refused(source, tokens, span)


def _nabla(texts: Sequence[str], span: Span) -> GradTarget:
    """∇_W L, ∇²_w L, ∇_{W} L; the L may be left out."""
    order = 2 if "2" in texts else 1
    match [text for text in texts if text != "2"]:
        case ["_", "{", wrt, "}", *of] if len(of) < 2:
            pass
        case [under, *of] if under.startswith("_") and len(under) > 1 and len(of) < 2:
            wrt = under[1:]
        case _:
            raise SyntaxProblem("this derivative cannot be read", span, hint="write ∇_W L or ∇²_w L")
    names = [wrt, *of]
    if not all(name.isidentifier() for name in names) or texts.count("2") > 1:
        raise SyntaxProblem("this derivative cannot be read", span, hint="write ∇_W L or ∇²_w L")
    return GradTarget(of[0] if of else None, wrt, order, wrt if order == 2 else None, span)


def _atoms(tokens: Sequence[Token]) -> list[str]:
    """The tokens of a quotient taken apart: d2L/dw2 is ∂ ^2 L / ∂ w2, and so is ∂²L/∂w2; "?" is what has no place there."""
    atoms: list[str] = []
    for token in tokens:
        text, below, behind = token.text, "/" in atoms, atoms[-1:] == ["∂"] or atoms[-2:] == ["∂", "^2"]
        if token.kind is Kind.NAME and (behind or text[0] != "d"):
            atoms.append(text)
        elif token.kind is Kind.NAME:
            double = text.startswith("d2") and not below
            atoms += ["∂", *(["^2"] if double else []), *([text[1 + double :]] if text[1 + double :] else [])]
        elif text == "2":
            atoms.append("^2")
        elif text in ("∂", "/"):
            atoms.append(text)
        elif text not in ("^", "{", "}") and not (below and text in ("(", ")")):
            atoms.append("?")
    return atoms


def _quotient(tokens: Sequence[Token], span: Span) -> GradTarget:
    """dL/dW, ∂L/∂W, d2L/dw2, ∂²L/∂w∂v and what lies between."""
    atoms = _atoms(tokens)
    cut = atoms.index("/")
    above = atoms[:cut]
    below: list[list[str]] = []  # name, and "^2" where it stands behind
    for atom in atoms[cut + 1 :]:
        if atom == "∂":
            below.append([])
        elif atom != "/" and below:
            below[-1].append(atom)
        elif atom != "/":
            below.append(["?"])
    order = 2 if above[1:2] == ["^2"] else 1
    of = above[order:]
    words = [*of, *(word for part in below for word in part[:1])]
    readable = above[0] == "∂" and below and len(of) == 1 and all(part[1:] in ([], ["^2"]) for part in below)
    if not readable or len(words) != 1 + len(below) or not all(word.isidentifier() for word in words):
        raise SyntaxProblem("this derivative cannot be read", span, hint=_FORMS)
    return _derivative(of[0], order, below, span)


def _derivative(of: str, order: int, below: list[list[str]], span: Span) -> GradTarget:
    """What is written below the line agrees with the order above it."""
    first, squares = below[0][0] if below else "", ["^2"] in [part[1:] for part in below]
    if order == 1 and len(below) == 1 and not squares:
        return GradTarget(of, first, 1, None, span)
    if order == 2 and len(below) == 2 and not squares:
        return GradTarget(of, first, 2, below[1][0], span)
    if order == 2 and len(below) == 1:
        name = first if squares else first.removesuffix("2")
        if name and (squares or name != first):
            return GradTarget(of, name, 2, name, span)
    raise SyntaxProblem("the orders above and below the line differ", span, hint=_FORMS)


def _refused(source: str, tokens: Sequence[Token], span: Span) -> SyntaxProblem:
    """Anything else on the left of =."""
    for token in tokens:
        if token.text not in {"∂", "∇"}:
            refuse_sign(source, token)
    shown = written(source, span)
    if tokens[0].kind is Kind.NAME and len(tokens) > 1:
        if tokens[1].text == "(" and tokens[-1].text == ")":
            return SyntaxProblem("this cannot stand on the left of =", span, hint=f"a function is written def {shown} = ...")
        if tokens[1].text == "[" and tokens[-1].text == "]":
            return SyntaxProblem(f"only the whole of {tokens[0].text} can be given a value", span)
        if tokens[1].text == ",":
            return SyntaxProblem("only one name can be given a value at a time", span)
    return SyntaxProblem("this cannot stand on the left of =", span, hint="on the left stands a name, Z or dW, or a derivative, dL/dW")
