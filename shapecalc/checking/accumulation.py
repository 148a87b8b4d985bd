"""Gradients that are added up line by line: dx = ..., then dx += ...; only the whole can be right or wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..derivation import Verdict
from ..language.problem import Claim
from ..language.tree import Sum
from .trees import NEW
from .wording import plain

if TYPE_CHECKING:
    from .marker import Marker


def grouped(claims: Sequence[Claim]) -> list[list[Claim]]:
    """The claims in order, those that are added up together in one list, at the place of the last of them."""
    groups: list[list[Claim]] = []
    for claim in claims:
        earlier = None
        if claim.kind == "gradient" and claim.operator == "+=":
            earlier = next((g for g in reversed(groups) if g[-1].kind == "gradient" and g[-1].wrt == claim.wrt), None)
        if earlier is not None:
            groups.remove(earlier)
        groups.append([*(earlier or []), claim])
    return groups


def mark_sum(marker: Marker, group: Sequence[Claim]) -> Iterator[Verdict]:
    """The verdicts on lines that are added up: the one that has to change is wrong, the others are right with it mended."""
    last = group[-1]
    total = Sum(tuple(("+", c.values[-1]) for c in group), NEW)
    (verdict,) = marker.mark(replace(last, values=(total,), operator="="))
    place = verdict.mend_span[0] if verdict.mend_span is not None else -1
    blamed = next((c for c in group if c.span[0] <= place < c.span[1]), last)
    for claim in group:
        if verdict.verdict == "right":
            yield replace(verdict, text=claim.text, line=claim.line, span=claim.span, message=_together(group, claim))
        elif claim is blamed:
            yield replace(verdict, name=claim.name, text=claim.text, line=claim.line, span=claim.span)
        else:
            yield plain(claim, "undecided", f"judged together with line {blamed.line}, where something has to change")


def _together(group: Sequence[Claim], claim: Claim) -> str:
    others = [str(c.line) for c in group if c is not claim]
    return f"right together with line {' and '.join(others)}"
