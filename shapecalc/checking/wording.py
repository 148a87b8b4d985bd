"""Verdicts in words: what was written means, what is right, what differs, and the change that mends it."""

from __future__ import annotations

from ..derivation import Certificate, Verdict
from ..errors import ShapecalcError, ShapeProblem, shorten
from ..language.problem import Claim
from ..language.tree import Call, Name, Node, Product, Sum, Transpose
from ..notation import text as written
from ..shapes import show
from .assumptions import assumption
from .case import Case, Found
from .confusions import sentence
from .entry import first_difference
from .reader import Reader
from .trees import NEW, factors, toggled

HEAVIEST = 300  # parts of a claim above which it is not written anew
LONGEST = 160  # characters of a claim that are repeated
MOST_STEPS = 8  # lines of a derivation that are shown to compare with


def plain(claim: Claim, verdict: str, message: str = "", text: str | None = None, certificate: Certificate | None = None) -> Verdict:
    """A verdict that needs no diagnosis."""
    return Verdict(claim.name, text or claim.text, claim.line, verdict, None, message, None, certificate, claim.span)


def shape_error(claim: Claim, error: ShapecalcError, text: str | None = None) -> Verdict:
    """A claim that cannot be read, or does not conform and is about nothing that is known."""
    kind = "ill-shaped" if isinstance(error, ShapeProblem) else "unreadable"
    slip = "nonconformable" if kind == "ill-shaped" else None
    return Verdict(claim.name, text or claim.text, claim.line, kind, slip, str(error), error.hint, None, claim.span, error.span)


def explained(claim: Claim, text: str, case: Case, found: Found | None, error: ShapecalcError | None) -> Verdict:
    """A wrong claim with its diagnosis."""
    verdict = "ill-shaped" if case.claim is None else "wrong"
    slip = found.slug if found is not None else None
    tree = None if found is None or found.tree is None else opened(case.reader, found.tree)
    equals = "==" if case.truth.kind == "equality" else "="
    better = written(case.truth.formula) if tree is None else case.said(tree)
    suggestion = f"{case.truth.left} {equals} {better}" if better != case.truth.left else None
    shape = None if case.claim is None else case.claim.shape
    span = found.span if found is not None and found.span and found.span[0] >= 0 else case.tree.span
    parts = [_yours(case, error), _right(case), *_differs(case, found), _mend(case, found, span, suggestion)]
    return Verdict(
        claim.name, text, claim.line, verdict, slip, "\n".join(p for p in parts if p), suggestion, None, claim.span, span,
        None if case.claim is None or case.claim.weight > HEAVIEST else written(case.claim), written(case.truth.formula), shape,
    )  # fmt: skip


def _yours(case: Case, error: ShapecalcError | None) -> str:
    said = shorten(case.said(case.tree), LONGEST)
    if case.claim is None:
        reason = error.message if error is not None else "its parts do not fit together"
        notes = "".join(f" ({n})" for n in error.notes[:1]) if error is not None else ""
        return f"yours: {said} has no shape: {reason}{notes}"
    return f"yours: {said} is {show(case.claim.shape)}"


def _right(case: Case) -> str:
    if case.truth.kind == "equality":
        return f"other side: {case.truth.left} is {show(case.shape)}"
    return f"right: {case.truth.left} = {written(case.truth.formula)} is {show(case.shape)}"


def _differs(case: Case, found: Found | None) -> list[str]:
    """The slip in words, and the first entry that shows it."""
    out = []
    assumed = assumption(case)
    if found is None:
        out.append("slip: no single slip explains it" + (f". {assumed}" if assumed else ""))
        steps = case.truth.steps()
        if steps:
            out.append(f"derivation: {'; '.join(steps[-MOST_STEPS:])}")
    elif found.words:
        more = f"; besides, {found.also}" if found.also else ""
        said = " ".join(x for x in (sentence(case, found), assumed) if x)
        out.append(f"slip: {found.words}{more}" + (f". {said}" if said else ""))
    entry = first_difference(case)
    return [*out, f"entry: {entry}"] if entry else out


def _mend(case: Case, found: Found | None, span: tuple[int, int], suggestion: str | None) -> str:
    """The user's line with the change underlined."""
    if found is None or suggestion is None:
        return ""
    drawn = ShapecalcError(suggestion, span).at(case.problem.source)
    return f"mend:\n{drawn}"


def opened(reader: Reader, tree: Node) -> Node:
    """A transposed product as a person would write it: (A @ B).T is B.T @ A.T."""
    match tree:
        case Transpose(arg=Transpose(arg=inner)):
            return opened(reader, inner)
        case Transpose(arg=Product() as inner, span=span) if span == NEW:
            made = _reversed(reader, inner)
        case Transpose(arg=Sum(terms=terms), span=span) if span == NEW:
            made = Sum(tuple((s, opened(reader, toggled(t))) for s, t in terms), NEW)
        case Transpose(arg=Call(name="outer", args=(a, b)) as inner, span=span) if span == NEW:
            made = Call("outer", (b, a), (), inner.prefix, NEW, NEW)
        case _:
            return tree
    return made if made is not None and reader.shape(made) == reader.shape(tree) is not None else tree


def _reversed(reader: Reader, node: Product) -> Node | None:
    """A product transposed factor by factor; scalars stay where they are."""
    parts = factors(node)
    shapes = [reader.shape(f) for _, f in parts]
    first = next((k for k, s in enumerate(shapes) if s), None)
    if first is None or any(s is None for s in shapes):
        return None
    matrices = [(op, f) for (op, f), s in zip(parts, shapes, strict=True) if s]
    ops = {op for op, _ in matrices[1:]}
    scalars = [p for p, s in zip(parts, shapes, strict=True) if not s]
    if ops - {"@"} or any(len(s or ()) not in (0, 2) for s in shapes):
        return None
    flipped = [toggled(f) for _, f in reversed(matrices)]
    ahead = [p for k, p in enumerate(parts) if not shapes[k] and k < first]
    behind = [p for p in scalars if p not in ahead]
    chain = [("*", flipped[0]), *(("@", f) for f in flipped[1:])]
    everything = [*ahead, *chain, *behind]
    return Product(everything[0][1], tuple(everything[1:]), NEW) if len(everything) > 1 else everything[0][1]


__all__ = ["Name", "explained", "plain", "shape_error"]
