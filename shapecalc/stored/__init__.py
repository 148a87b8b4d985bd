"""A stored result judged again from its source: nothing in the file is believed, the certificate least of all.

The problem is read anew, derived anew, and every formula of the file is compared with difference quotients at new points, modulo a new
prime: as a formula of the file, or where it is word for word the new one, as that. The page under "document" is words about these
formulas, and is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapecalc.errors import InputProblem
from shapecalc.publishing import derivatives as written
from shapecalc.publishing import facts

from . import reports
from .derivations import derivation
from .derivatives import derivative
from .fields import Again, Fields, loaded, several

READERS: Mapping[str, Callable[[Fields], Iterator[Again]]] = {
    facts.SCHEMA: derivation,
    written.SCHEMA: derivative,
    reports.SCHEMA: reports.report,
}


@dataclass(frozen=True, slots=True)
class Recheck:
    """A stored result after it has been judged again."""

    schema: str
    parts: tuple[Again, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was confirmed."""
        return all(p.verdict == "right" for p in self.parts)


def recheck(text: str) -> Recheck:
    """Judges the text of a JSON file that derive, jacobian, hessian or check wrote. Raises InputProblem where it is none.

    >>> from shapecalc.results import Derivation
    >>> from shapecalc.language.sheet import read
    >>> d = Derivation(read("X: (S, D); W: (D, M); Z = X @ W"), ["W"], "denominator", False)
    >>> stored = str(d.to("json", views=("matrix",)))
    >>> recheck(stored).ok, recheck(stored.replace('"X.T @ dZ"', '"X.T @ (2 * dZ)"')).ok
    (True, False)
    """
    return rechecked(loaded(text))


def rechecked(data: Any) -> Recheck:
    """The same of data that has been read already."""
    found = Fields(data)
    schema = found.text("schema")
    if schema not in READERS:
        raise InputProblem("this is no result that can be judged again", hint=f"its schema is none of {', '.join(READERS)}")
    parts = tuple(READERS[schema](found))
    if not parts:
        raise InputProblem("there is nothing in it to judge")
    notes = []
    if found.data.get("version") != facts.version():
        notes.append("written by another version: formulas are judged, their LaTeX and their entries are not compared")
    if "document" in found.data:
        notes.append('the page under "document" is not read')
    return Recheck(schema, parts, tuple(notes))


__all__ = ["Again", "Recheck", "recheck", "rechecked", "several"]
