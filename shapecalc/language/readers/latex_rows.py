r"""A display of LaTeX into statements: rows end at \\, a row that begins with = or + goes on, and words divide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shapecalc.errors import Span, SyntaxProblem

from .latex_cleaning import cleaned, closing, words
from .latex_tokens import Token

RELATIONS = ("=", "\\equiv", "\\leftarrow", "\\coloneqq")
_CLAIMLESS = ("\\approx", "\\propto", "\\sim", "\\simeq", "\\cong", "\\leq", "\\geq", "\\neq", "<", ">", "\\ll", "\\gg", "\\prec", "\\succ")
_MEMBER = ("\\in", "\\colon")
_OPERATORS = ("+", "-", "*", "/", "\\cdot", "\\times", "\\odot", "\\otimes", "\\circ", "\\pm")
_OPENING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "<<": ">>"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_DIVIDING = (
    "and",
    "where",
    "with",
    "so",
    "thus",
    "hence",
    "therefore",
    "since",
    "because",
    "then",
    "which",
    "or",
    "we",
    "now",
    "but",
    "also",
    "here",
)
_ASIDE = ("for", "as", "by", "using", "from", "note", "recall", "dim", "shape", "chain", "product", "see", "in", "all")
_CONDITION = ("if", "when", "otherwise", "else", "unless", "provided", "except", "only")


@dataclass(slots=True)
class LatexStatement:
    """sides: the tokens between the relations; relations: the tokens themselves."""

    sides: list[list[Token]] = field(default_factory=lambda: [[]])
    relations: list[Token] = field(default_factory=list)

    @property
    def span(self) -> Span:
        """From its first token to its last."""
        tokens = [*self.relations, *(t for side in self.sides for t in side)]
        return min(t.start for t in tokens), max(t.end for t in tokens)

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.relations and not self.sides[0]


def steps(tokens: Sequence[Token]) -> list[int]:
    """For each token 1 where it opens a bracket that is closed, -1 where it closes one, else 0."""
    out = [0] * len(tokens)
    opened: list[int] = []
    for k, token in enumerate(tokens):
        if token.kind == "begin" or (token.kind == "sign" and token.text in _OPENING):
            opened.append(k)
        elif token.kind == "end" or (token.kind == "sign" and token.text in _CLOSING):
            wanted = _CLOSING.get(token.text) if token.kind == "sign" else None
            depth = len(opened)
            while depth and (tokens[opened[depth - 1]].text != wanted if wanted else tokens[opened[depth - 1]].kind != "begin"):
                depth -= 1
            if depth and len(opened) - depth < 50:
                out[opened[depth - 1]], out[k] = 1, -1
                del opened[depth - 1 :]
    return out


def statements(tokens: Sequence[Token]) -> list[LatexStatement | SyntaxProblem]:
    """The statements of a display; where a row cannot be told apart, the complaint stands in its place."""
    try:
        tokens = cleaned(tokens)
    except SyntaxProblem as error:
        return [error]
    found: list[LatexStatement | SyntaxProblem] = []
    carried: LatexStatement | None = None
    for row in _rows(tokens):
        for number, cell in enumerate(_cells(row)):
            try:
                carried = _cell(cell, number, carried, found)
            except SyntaxProblem as error:
                # a statement that goes on here is not known in full
                found = [s for s in found if s is not carried]
                found.append(error)
                carried = None
    return [s for s in found if isinstance(s, SyntaxProblem) or not s.blank]


def _rows(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    r"""Rows, split at \\ outside brackets."""
    row: list[Token] = []
    depth = inside = 0
    for token, step in zip(tokens, steps(tokens), strict=True):
        depth += step
        inside += step if token.kind in {"begin", "end"} else 0
        if token.is_("\\\\") and depth == 0:
            yield row
            row = []
        elif not (token.is_("\\\\", "&") and depth and not inside):
            row.append(token)
    yield row


def _cells(row: Sequence[Token]) -> Iterator[list[Token]]:
    """The parts of a row that stand by themselves: the second, the fourth & divides; any other only aligns."""
    cell: list[Token] = []
    depth = count = 0
    for token, step in zip(row, steps(row), strict=True):
        depth += step
        if not (token.is_("&") and depth == 0):
            cell.append(token)
            continue
        count += 1
        last = cell[-1] if cell else token
        # a &=& b, of eqnarray: both align
        if count % 2 == 0 and not last.is_(*RELATIONS, *_OPERATORS) and not (count == 2 and not cell):
            yield cell
            cell = []
        elif not cell:
            cell.append(Token("sign", "&", token.start, token.end))
    yield cell


def _cell(
    cell: list[Token], number: int, carried: LatexStatement | None, found: list[LatexStatement | SyntaxProblem]
) -> LatexStatement | None:
    """The statements of one cell; the first may go on from the row above. What can be gone on from is given back."""
    aligned = bool(cell) and cell[0].is_("&")
    parts = [part for part in _parts(cell[1:] if aligned else cell) if part]
    for count, part in enumerate(parts):
        if count == 0 and number == 0 and carried is not None and _goes_on(part, aligned, carried):
            _add(carried, part)
            continue
        if _is_range(part, parts[count + 1 :]):
            break
        statement = LatexStatement()
        _add(statement, part)
        if statement.blank or _is_aside(part) or (not statement.relations and any(t.is_("\\in") for t in part)):
            continue
        if not statement.relations:
            if count or number:
                raise SyntaxProblem("what this adds to the formula before it cannot be seen", statement.span)
            hint = "a row that goes on from the one above begins with = or with an operator"
            raise SyntaxProblem("this row has no =", statement.span, hint=hint)
        if not statement.sides[0]:
            raise SyntaxProblem("nothing stands before =", statement.relations[0].span)
        found.append(statement)
        carried = statement
    return carried


def _is_range(part: Sequence[Token], rest: Sequence[Sequence[Token]]) -> bool:
    """Whether i = 1, ..., n begins here."""
    short = len(part) == 3 and part[0].kind == "letter" and part[1].is_("=") and part[2].kind == "number"
    return short and any(token.is_("...") for other in rest for token in other)


def _is_aside(part: Sequence[Token]) -> bool:
    """Whether a part only says what something is: (S x D), or x in R^n."""
    if part[0].is_("\\in", "\\forall"):
        return True
    if part[0].is_("\\text") and len(part) > 1 and part[1].is_("{"):
        return closing(part, 1) == len(part) - 1
    marks = steps(part)
    depth = 0
    for k, mark in enumerate(marks):
        depth += mark
        if depth == 0:
            return part[0].is_("(", "[") and k == len(part) - 1
    return False


def _goes_on(part: Sequence[Token], aligned: bool, carried: LatexStatement) -> bool:
    """Whether a row belongs to the statement above."""
    if not part:
        return False
    last = carried.sides[-1][-1] if carried.sides[-1] else carried.relations[-1]
    if part[0].is_(*RELATIONS) or last.is_(*RELATIONS, *_OPERATORS):
        return True
    if not part[0].is_(*_OPERATORS):
        return False
    if part[0].is_("-") and not aligned and any(t.is_(*RELATIONS) for t in part):
        message = "this row could go on from the one above, or begin with a minus"
        raise SyntaxProblem(message, part[0].span, hint="put & before the minus where the row goes on")
    return True


def _add(statement: LatexStatement, part: Sequence[Token]) -> None:
    """More tokens at the end of a statement, divided at the relations."""
    depth = 0
    member = False
    for token, step in zip(part, steps(part), strict=True):
        depth += step
        if depth == 0 and token.is_(*_CLAIMLESS):
            raise SyntaxProblem(f"{_shown(token)} says nothing that can be checked", token.span, hint="only = is judged")
        if depth == 0 and step == 0 and token.is_(*RELATIONS):
            # := is one sign
            if token.is_("=") and statement.sides[-1] and statement.sides[-1][-1].is_(":"):
                statement.sides[-1].pop()
            statement.relations.append(token)
            statement.sides.append([])
            member = False
        elif depth == 0 and token.is_(*_MEMBER):
            member = True
        elif not member:
            statement.sides[-1].append(token)


def _shown(token: Token) -> str:
    return "\\" + token.text if token.kind == "command" else token.text


def _parts(cell: Sequence[Token]) -> Iterator[list[Token]]:
    """What stands between commas, wide spaces, arrows and words such as "and"."""
    part: list[Token] = []
    depth = place = 0
    marks = steps(cell)
    while place < len(cell):
        token, step = cell[place], marks[place]
        depth += step
        place += 1
        if depth == 0 and token.is_("\\text") and place < len(cell) and cell[place].is_("{"):
            end = closing(cell, place)
            divides = _word(words(cell[place + 1 : end]), bool(part), token, cell[end + 1 : end + 2])
            if divides is not None:
                yield part
                if divides == "aside":
                    return
                part, place = [], end + 1
                continue
        if depth == 0 and token.is_("\\quad", ",", ";", "\\Rightarrow", "\\forall", "\\qedhere"):
            yield part
            part = []
            if token.is_("\\forall"):
                return
        elif not (depth == 0 and token.is_(".") and place == len(cell)) and not token.is_("\\quad"):
            part.append(token)
    yield part


def _word(said: Sequence[str], after: bool, token: Token, follower: Sequence[Token]) -> str | None:
    """What a text does outside all brackets: it divides, it is said beside the formula, or (None) it is the name of a function."""
    first = next((word for word in said if word), "")
    if first in _CONDITION:
        raise SyntaxProblem(
            "a formula with a condition is not read", token.span, hint="write the cases with an indicator: \\mathbb{1}[z > 0]"
        )
    if not first or first in _DIVIDING:
        return "divides"
    if follower and follower[0].is_("(", "[", "\\{", "{", "_", "^"):
        return None
    if first in _ASIDE or len(said) > 1:
        return "aside"
    return "divides" if after and (not follower or follower[0].is_("\\quad", ",", ".")) and len(first) > 2 else None
