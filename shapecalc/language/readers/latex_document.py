r"""A .tex file: displays after comments such as  % shapecalc: X: (S, D)  ; the author's macros are written out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapecalc.errors import ShapecalcError, TooLarge

from .blocks import Block, read_blocks
from .latex_tokens import Macro, Token, scan
from .reading import Page, Reading

_ENVIRONMENTS = "equation|align|alignat|gather|multline|flalign|eqnarray|displaymath|dmath"
_SKIPPED = "verbatim|Verbatim|lstlisting|minted|comment"
_MARK = re.compile(
    r"\\\\|\\%|%(?P<comment>[^\n]*)|(?P<bracket>\\\[)|(?P<dollars>\$\$)|"
    rf"\\begin\{{(?P<env>(?:{_ENVIRONMENTS})\*?)\}}|\\begin\{{(?P<skip>{_SKIPPED})\*?\}}"
)
_SHEET = re.compile(r"[%\s]*shapecalc:\s*")
_MACRO = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*\{?\s*\\(?P<new>[A-Za-z]+)\s*\}?\s*(?:\[(?P<count>[1-9])\])?\s*(?=\{)"
    r"|\\def\s*\\(?P<defined>[A-Za-z]+)(?P<places>(?:#[1-9])*)\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{?\s*\\(?P<operator>[A-Za-z]+)\s*\}?\s*(?=\{)"
)
_COMMENTED = re.compile(r"(?<!\\)(?:\\\\)*%")
MOST_MACROS = 2_000
MOST_MARKS = 200_000
LONGEST_MACRO = 2_000
HINT = "% shapecalc: X: (S, D)"


def read_tex(text: str, name: str | None = None, layout: str = "denominator") -> list[Reading]:
    """The problems of a .tex file."""
    return read_blocks([Page(text, name)], blocks(text), f"write a comment before the displays: {HINT}", macros(text), layout)


def blocks(text: str) -> Iterator[Block]:
    """Comments that declare, and displays, in order."""
    place = count = 0
    absent: set[str] = set()  # what never closes again is looked for once
    while match := _MARK.search(text, place):
        count += 1
        if count > MOST_MARKS:
            raise TooLarge(f"the file has more than {MOST_MARKS} comments and displays")
        place = match.end()
        if match["comment"] is not None:
            sheet = _SHEET.match(match["comment"])
            if sheet:
                yield Block("line", match.start("comment") + sheet.end(), match.end())
            continue
        if match["skip"]:
            place = _after(text, f"\\end{{{match['skip']}", place)
            continue
        closing = "\\]" if match["bracket"] else "$$" if match["dollars"] else f"\\end{{{match['env']}}}" if match["env"] else ""
        if not closing:
            continue
        end = -1 if closing in absent else text.find(closing, place)
        if end < 0:
            absent.add(closing)
            continue
        yield Block("math", place, end)
        place = end + len(closing)


def _after(text: str, mark: str, place: int) -> int:
    found = text.find(mark, place)
    return len(text) if found < 0 else found + len(mark)


def macros(text: str) -> dict[str, Macro]:
    r"""What \newcommand, \def and \DeclareMathOperator say; a name that is given two meanings has none that can be relied on."""
    found: dict[str, Macro] = {}
    twice: set[str] = set()
    for count, match in enumerate(_MACRO.finditer(text)):
        if count >= MOST_MACROS:
            break
        end = _closing(text, match.end())
        if end is None or _COMMENTED.search(text, text.rfind("\n", 0, match.start()) + 1, match.start()):
            continue
        start = match.end() + 1
        try:
            body = scan(text, start, end)
        except ShapecalcError:
            continue
        if match["operator"]:
            span = match.start(), end + 1
            body = [Token("command", "operatorname", *span), Token("sign", "{", *span), *body, Token("sign", "}", *span)]
        count = int(match["count"] or 0) if match["new"] else (match["places"] or "").count("#")
        name, macro = match["new"] or match["defined"] or match["operator"], Macro(count, tuple(body))
        if name in found and found[name].written != macro.written:
            twice.add(name)
        found[name] = macro
    return {name: macro for name, macro in found.items() if name not in twice}


def _closing(text: str, place: int) -> int | None:
    """Where the brace closes that opens at this place; None where it does not, or far away."""
    depth = 0
    for k in range(place, min(len(text), place + LONGEST_MACRO)):
        if text[k] in "{}" and text[k - 1] != "\\":
            depth += 1 if text[k] == "{" else -1
            if depth == 0:
                return k
    return None
