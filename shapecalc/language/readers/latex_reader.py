"""Displays of LaTeX read into the sheet that stands before them."""

from __future__ import annotations

from shapecalc.errors import ShapecalcError

from .draft import Draft
from .latex_asides import defines, head
from .latex_claims import Claims
from .latex_rows import LatexStatement, statements
from .latex_tokens import Macros, scan
from .reading import Page, Reading


def read_display(claims: Claims, start: int, end: int, macros: Macros | None = None, page: int = 0) -> None:
    """The statements of one display, which lies between two places of a page."""
    claims.page = page
    try:
        tokens = scan(claims.draft.pages[page].text, start, end, macros)
    except ShapecalcError as error:
        claims.draft.problem(error, page)
        return
    for statement in statements(tokens):
        if isinstance(statement, LatexStatement):
            claims.statement(statement)
        else:
            claims.draft.problem(statement, page)


def introduced(page: Page, start: int, end: int, macros: Macros | None = None) -> frozenset[str]:
    """The left sides in one display, as they are written."""
    try:
        found = statements(scan(page.text, start, end, macros))
    except ShapecalcError:
        return frozenset()
    return frozenset(head(s) for s in found if isinstance(s, LatexStatement) and s.relations)


def read_aside(
    claims: Claims, start: int, end: int, macros: Macros | None = None, page: int = 0, displayed: frozenset[str] = frozenset()
) -> bool:
    """The definitions of a formula in a line of prose, which makes no claims; whether all of them are known.

    What of it is not read is no matter until it is used. displayed: left sides in displays, where it is said what they are.
    """
    kept, claims.page = len(claims.draft.problems), page
    try:
        tokens = scan(claims.draft.pages[page].text, start, end, macros)
    except ShapecalcError:
        return True
    for statement in statements(tokens):
        if isinstance(statement, LatexStatement) and head(statement) not in displayed and defines(statement, claims.draft):
            claims.statement(statement)
    done = len(claims.draft.problems) == kept
    del claims.draft.problems[kept:]
    return done


def read_latex(text: str, given: str = "", name: str | None = None, layout: str = "denominator", macros: Macros | None = None) -> Reading:
    r"""Formulas of LaTeX bound to the declarations of a sheet.

    layout: the one in which claims entry by entry, and differentials, are written down; formulas in matrices are as they were written.

    >>> read_latex(r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Z}", "X: (S, D); W: (D, M); Z = X @ W").source
    'X: (S, D)\nW: (D, M)\nZ = X @ W\n∂L/∂W = X.T @ dZ\n'
    """
    draft = Draft([Page(given, name), Page(text, name)])
    draft.sheet_text(0, len(given))
    claims = Claims(draft, layout)
    read_display(claims, 0, len(text), macros, 1)
    claims.finish()
    return draft.reading()
