"""A sheet in the making: statements as they are read from a file, those that define before those that claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shapecalc.errors import NameProblem, ShapecalcError, Span, SyntaxProblem, TooLarge
from shapecalc.expr import variables
from shapecalc.shapes import Shape, is_scalar

from .. import tree
from ..problem import is_loss_name
from ..sheet import Sheet
from ..statements import Assign, Declaration, Define, Equality, GradTarget, Statement, Upstream, split
from .reading import Page, Piece, Reading, joined

MOST_STATEMENTS = 200_000


@dataclass(slots=True)
class Draft:
    """Statements on their way into a `Reading`.

    sheet: what is known so far, so that shapes can be asked for. abbreviations: shapes of what later claims may use; None where it
    is not known. names: made up here, and what the file writes. The pages grow while a notebook is read.
    """

    pages: list[Page]
    title: str = ""
    sheet: Sheet = field(default_factory=lambda: Sheet(""))
    head: list[list[Piece]] = field(default_factory=list)
    tail: list[list[Piece]] = field(default_factory=list)
    defined: list[str] = field(default_factory=list)  # for each line of the head the name that it defines, or ""
    abbreviations: dict[str, Shape | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)  # names whose definitions could not be read
    given: set[str] = field(default_factory=set)  # defined by sheets, whose last definition is what they are about
    problems: list[ShapecalcError] = field(default_factory=list)

    # ---- what is known

    def shape(self, name: str) -> Shape | None:
        """The shape of a declared name or a definition."""
        found = self.sheet.names.get(name)
        return None if found is None else found.shape

    def taken(self, name: str) -> bool:
        """Whether a name means something already, be it as a gradient."""
        sheet = self.sheet
        return (
            name in sheet.names
            or name in sheet.sizes
            or name in sheet.functions
            or name in self.abbreviations
            or name in sheet.upstream.values()
            or sheet.claimed(name) is not None
        )

    def fresh(self, name: str) -> str:
        """This name, or one like it that is free."""
        number = 1
        while self.taken(found := name if number == 1 else f"{name}{number - 1}" if len(name) == 1 else f"{name}_{number}"):
            number += 1
        return found

    def gradient(self, name: str) -> str:
        """What the gradient of a known name is called in a formula."""
        sheet = self.sheet
        if name in sheet.upstream and not any(name in variables(body) for body in sheet.definitions.values()):
            return sheet.upstream[name]  # else it is what comes in from outside alone
        return "d" + name if "d" + name not in sheet.names and "d" + name not in sheet.sizes else "grad_" + name

    @property
    def loss(self) -> str | None:
        """The name of the scalar loss, if the last definition is one."""
        last = next(reversed(self.sheet.definitions), None)
        if last is None or last in self.sheet.upstream or not is_scalar(self.sheet.definitions[last].shape):
            return None
        return last

    # ---- what is read

    def problem(self, error: ShapecalcError, page: int = 0) -> None:
        """Keeps an error that points into a page."""
        if error.span is not None and error.span[1] < error.span[0]:
            error.span = error.span[::-1]
        self.problems.append(error.at(self.pages[page].text, self.pages[page].name).with_traceback(None))

    def sheet_text(self, start: int, end: int, page: int = 0) -> None:
        """A stretch of a page that is written in the language; what cannot be read of it is kept as a problem."""
        text = self.pages[page].text[start:end]
        errors: list[ShapecalcError] = []
        for statement in split(text, errors):
            a, b = statement.span
            try:
                self.keep(statement, [Piece(text[a:b], start + a, start + b, page)], text)
                self.given |= set(self.sheet.definitions)
            except ShapecalcError as error:
                errors.append(error)
        for found in errors:
            found.span = found.span and (found.span[0] + start, found.span[1] + start)
            found.source = None
            self.problem(found, page)

    def line(self, pieces: Sequence[Piece], early: bool = False) -> None:
        """One statement that was put together from a page; raises where it cannot be read, with a span of that page.

        early: a definition that the loss does not use is put before the loss, which stays the last.
        """
        text = joined(pieces)
        try:
            for statement in split(text):
                self.keep(statement, list(pieces), text, early)
        except ShapecalcError as error:
            raise Reading(tuple(pieces), tuple(self.pages)).anchored(error) from None

    def keep(self, statement: Statement, pieces: list[Piece], text: str, early: bool = False) -> None:
        """A statement where it belongs."""
        if len(self.head) + len(self.tail) >= MOST_STATEMENTS:
            raise TooLarge(f"there are more than {MOST_STATEMENTS} statements")
        if isinstance(statement, Equality) or (isinstance(statement, Assign) and self.is_claim(statement)):
            self.tail.append(pieces)
            return
        self.unique(statement)
        place = len(self.head)
        if early and isinstance(statement, Assign):
            place = self.place(statement)
        elif early:
            place = next((k for k, name in enumerate(self.defined) if name), place)
        self.sheet.source = text
        self.sheet.read(statement)
        self.sheet.claims.clear()
        self.head.insert(place, pieces)
        name = statement.target.name if isinstance(statement, Assign) and not isinstance(statement.target, GradTarget) else ""
        self.defined.insert(place, name)
        if name and place < len(self.head) - 1:
            for later in dict.fromkeys(n for n in self.defined[place + 1 :] if n):
                self.sheet.definitions[later] = self.sheet.definitions.pop(later)

    def is_claim(self, statement: Assign) -> bool:
        """Whether a line with = says something about a derivative, or uses one."""
        if isinstance(statement.target, GradTarget) or self.sheet.claimed(statement.target.name) is not None:
            return True
        used = [part.id for value in statement.values for part in tree.names(value)]
        if not any(name in self.abbreviations or self.sheet.is_gradient(name) for name in used):
            return False
        self.abbreviations.setdefault(statement.target.name, None)
        return True

    def unique(self, statement: Statement) -> None:
        """Refuses a name that is given twice: the sheet would count lines that are not the file's."""
        named: list[tuple[str, Span]] = []
        match statement:
            case Declaration(names=names):
                named = [(name.id, name.span) for name in names]
            case Define(name=name):
                named = [(name.id, name.span)] if name.id in self.sheet.functions else []
            case Assign(target=target) if not isinstance(target, GradTarget):
                named = [(target.name, target.span)]
            case Upstream() | _:
                pass
        for word, span in named:
            if word in self.sheet.names or word in self.sheet.functions:
                raise NameProblem(f"{word} is declared or defined already", span, hint="give it a name of its own")

    def place(self, statement: Assign) -> int:
        """The line of the head before which a definition goes: the last definition, if it must stay the last."""
        last = next(reversed(self.sheet.definitions), None)
        settled = last is not None and (last in self.given or is_loss_name(last)) and self.loss is not None
        if last is None or not (settled or self.tail):
            return len(self.head)
        if not any(part.id == last for v in statement.values for part in tree.names(v)):
            return len(self.defined) - 1 - self.defined[::-1].index(last)
        if self.tail:
            raise SyntaxProblem(f"this uses {last}, and comes after the first claim; the problem comes before all claims", statement.span)
        return len(self.head)

    def cut(self, of: str) -> set[str]:
        """Takes back the definitions behind a name, and gives their names: what lies behind it is given, not worked out."""
        place = self.defined.index(of)
        later = {name for name in self.defined[place + 1 :] if name}
        kept = [k for k, name in enumerate(self.defined) if name not in later]
        self.head, self.defined = [self.head[k] for k in kept], [self.defined[k] for k in kept]
        for name in later:
            del self.sheet.definitions[name]
            del self.sheet.names[name]
        return later

    def clear(self) -> None:
        """Takes back everything but the problems."""
        self.head, self.tail, self.defined = [], [], []
        self.sheet = Sheet("")

    def reading(self) -> Reading:
        """What was read."""
        pieces: list[Piece] = []
        for line in (*self.head, *self.tail):
            pieces += [*line, Piece("\n")]
        problems = sorted(self.problems, key=lambda e: e.span or (0, 0))
        usable = tuple(pieces) if self.sheet.declared or self.sheet.definitions else ()
        return Reading(usable, tuple(self.pages), tuple(problems), dict(self.names), self.title)
