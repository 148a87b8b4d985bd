"""A stored report: every verdict against the one that is reached now."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.calculus.layouts import LAYOUTS
from shapecalc.checking import check_sheet
from shapecalc.derivation import Verdict
from shapecalc.errors import InputProblem, ShapecalcError

from .fields import Again, Fields

SCHEMA = "shapecalc.report/1"


def report(found: Fields) -> Iterator[Again]:
    """Every verdict of a report against the one that is reached now."""
    told = [Fields(c) for c in found.get("claims", list)]
    aliases = found.get("aliases", dict)
    if not all(isinstance(v, str) for v in aliases.values()):
        raise InputProblem('"aliases" is not what it has to be')
    sheet, layout = found.text("sheet"), found.one_of("layout", LAYOUTS)
    try:
        claims: tuple[Verdict, ...] = check_sheet(sheet, layout, bool(found.get("structured", bool)), aliases).claims
    except ShapecalcError as error:
        if not found.get("problems", list):
            raise InputProblem(f"its sheet cannot be read: {error.message}") from None
        yield Again("problem", "", "right", "")
        return
    fresh: dict[tuple[str, str], list[Verdict]] = {}
    for c in claims:
        fresh.setdefault((c.name, c.text), []).append(c)
    for t in told:
        key, verdict = (t.text("name"), t.text("text")), t.text("verdict")
        if fresh.get(key):
            yield compared(t, fresh[key].pop(0))
        elif verdict != "unreadable":
            yield Again(key[0], key[1], "wrong", "its sheet has no such claim")
    for left in (c for cs in fresh.values() for c in cs):
        yield Again(left.name, left.text, "wrong", "the report leaves this claim out")
    kinds = {t.text("verdict") for t in told}
    if found.get("ok", bool) != (not found.get("problems", list) and kinds <= {"right"}):
        yield Again("ok", "", "wrong", "it does not follow from the verdicts")


def compared(told: Fields, now: Verdict) -> Again:
    """One verdict as it was told and as it is now."""
    before = told.text("verdict"), told.get("slip", str, type(None))
    if before != (now.verdict, now.slip):
        said, found = (f"{v} ({s})" if s else v for v, s in (before, (now.verdict, now.slip)))
        return Again(now.name, now.text, "wrong", f"it is called {said}, and is {found}")
    if told.get("suggestion", str, type(None)) != now.suggestion:
        return Again(now.name, now.text, "wrong", "its suggestion is another")
    return Again(now.name, now.text, "right", certificate=now.certificate)
