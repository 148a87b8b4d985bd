"""Verdicts in words: what was written means, what is right, what differs, and the change that mends it."""

from __future__ import annotations

from ..derivation import Certificate, Verdict
from ..errors import ShapecalcError, ShapeProblem
from ..language.problem import Claim
from ..notation import text as written
from ..shapes import show
from .case import Case, Found


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
    slip = found.slug if found is not None else "nonconformable" if case.claim is None else None
    words = found.words if found is not None else ""
    suggestion = None
    if found is not None and found.tree is not None:
        suggestion = f"{case.truth.left} = {case.said(found.tree)}"
    shape = None if case.claim is None else case.claim.shape
    message = f"{words}; right: {written(case.truth.formula)} is {show(case.shape)}"
    return Verdict(claim.name, text, claim.line, verdict, slip, message, suggestion, None, claim.span, found.span if found else None,
                   None if case.claim is None else written(case.claim), written(case.truth.formula), shape)
