r"""Definitions that were not read, lest claims be judged without them; definitions between dollars in a line of prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapecalc.errors import ShapecalcError

from .draft import Draft
from .latex_names import LOSSES, Lexicon
from .latex_parser import Parser
from .latex_rows import LatexStatement
from .latex_tokens import Token
from .latex_tree import Latex, Ref, Unknown, walk

STYLES = frozenset({"mathbf", "mathcal", "boldsymbol", "bm", "mathrm", "{", "}"})
_INLINE = re.compile(r"(?<![\\$])\$(?![$\s])([^$\n]{3,300})(?<![\\\s])\$(?!\$)|\\\(([^\n]{3,300}?)\\\)")


def missed(statement: LatexStatement, draft: Draft) -> frozenset[str]:
    """What a statement was to define, and did not; L = f(Y) with an f that nobody knows says of no loss more than that there is one."""
    left = _left(statement, draft)
    if left is None or draft.taken(left.name) or draft.taken(left.full) or all(map(_abstract, statement.sides[1:])):
        return frozenset()
    return frozenset({left.name, left.full})


def missing_loss(draft: Draft, name: str = "") -> bool:
    """Whether this (any loss, where no name is given) was to be defined, and could not be read."""
    names = {name} if name else {n for group in LOSSES for n in group}
    return draft.loss is None and any(n in draft.missed and not draft.taken(n) for n in names)


def inline(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where formulas with = stand in a line of prose."""
    for match in _INLINE.finditer(text, start, end):
        group = 1 if match[1] is not None else 2
        if "=" in match[group]:
            yield match.span(group)


def head(statement: LatexStatement) -> str:
    """The left side as it is written, without a bracket behind it: L of L(w)."""
    left = statement.sides[0]
    opening = next((k for k, token in enumerate(left) if token.is_("(")), len(left))
    return " ".join(token.text for token in left[:opening] if token.text not in STYLES)


def defines(statement: LatexStatement, draft: Draft) -> bool:
    """Whether a statement introduces a name by others: L = ||Xw - y||^2, but not n = 100."""
    if len(statement.sides) < 2 or _left(statement, draft) is None:
        return False
    found = _parsed(statement.sides[1], draft)
    known = draft.sheet.names
    return found is None or any(isinstance(p, Unknown) or (isinstance(p, Ref) and p.name in known) for p in walk(found))


def _left(statement: LatexStatement, draft: Draft) -> Unknown | None:
    found = _parsed(statement.sides[0], draft) if len(statement.sides) > 1 else None
    return found if isinstance(found, Unknown) else None


def _parsed(side: Sequence[Token], draft: Draft) -> Latex | None:
    try:
        return Parser(side, Lexicon(draft)).whole() if side else None
    except ShapecalcError:
        return None


def _abstract(side: Sequence[Token]) -> bool:
    r"""Whether this is one letter and a bracket: f(Y), \mathcal{L}(\hat{y}, y)."""
    opening = next((k for k, token in enumerate(side) if token.is_("(")), len(side))
    letters = [t for t in side[:opening] if t.kind == "letter" or (t.kind == "command" and not t.text.startswith(("math", "bm", "bold")))]
    return len(letters) == 1 and opening < len(side) and side[-1].is_(")") and sum(t.is_("(") for t in side) == 1
