"""The choices in how a document is written out: one frozen record."""

from __future__ import annotations

from shapecalc.records import record


@record
class Output:
    """How a document is written.

    ``ascii``: text without a character outside ASCII. ``width``: columns that text folds at; None does not fold.
    ``standalone``: LaTeX as a document, not a fragment to paste. ``github``: Markdown whose formulas are fenced, which GitHub leaves
    alone. ``colour``: sizes in their colours. ``ppi``: the resolution of a PNG. ``language``: of the words, for HTML.
    """

    ascii: bool = False
    width: int | None = None
    standalone: bool = False
    github: bool = False
    colour: bool = True
    ppi: int = 200
    language: str = "en"
