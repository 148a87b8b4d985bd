"""The report on derivations made by hand: every claim with its verdict, what was found, and the change that mends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import cycle

from ..blocks import Block, Callout, Code, CodeBlock, Content, Document, Heading, List, Prose, Words, prose
from ..derivation import Report, Verdict

SAID = re.compile(r"(.+?)( (?:is \(|has no shape: |has the shape ).*)")
TOLD = {"yours": SAID, "right": SAID, "entry": re.compile(r"(\(.+?\)_?\S*)(: yours )(.+)(, right )(.+)")}
KINDS = {"right": "right", "wrong": "wrong", "ill-shaped": "wrong", "unreadable": "warning", "undecided": "warning"}


def page(reports: Iterable[Report], title: Content = ()) -> Document:
    """The reports one after the other."""
    blocks: list[Block] = []
    for report in reports:
        blocks += about(report)
    return Document(title, tuple(blocks))


def about(report: Report) -> Iterator[Block]:
    """One source."""
    if report.name:
        yield Heading(prose(report.name))
    for problem in report.problems:
        said = "This was not judged to the end" if report.stopped else "This cannot be read"
        yield Callout("warning", prose(said), (CodeBlock(problem),))
    right: list[Content] = []
    for claim in report.claims:
        if claim.verdict == "right" and not claim.message:
            right.append(title(claim))
            continue
        if right:
            yield List(tuple(right))
            right = []
        yield Callout(KINDS[claim.verdict], title(claim), tuple(body(report, claim)))
    if right:
        yield List(tuple(right))
    if report.claims:
        yield Prose(prose(summary(report)))


def place(c: Verdict) -> str:
    """Line 5, or cell 2, line 5 of a notebook."""
    return f"line {c.line}" if c.cell is None else f"cell {c.cell}, line {c.line}"


def title(c: Verdict) -> Content:
    """Line 5 is wrong (wrong-layout): dW = dZ.T @ X."""
    return prose(f"{place(c).capitalize()} is {c.verdict}" + (f" ({c.slip})" if c.slip else "") + f": `{flat(c.text)}`")


def flat(text: str) -> str:
    """A line of the user's that can stand between backticks."""
    return " ".join(text.replace("`", "'").split())


def body(report: Report, c: Verdict) -> Iterator[Block]:
    """What was found, the place in the line, and the mend."""
    if c.verdict == "unreadable":
        placed = not c.where or c.message.startswith(c.where)
        yield CodeBlock(c.message if placed else f"{c.where}\n{c.message}")
        return
    told, mend = parts(c.message)
    if told:
        yield List(tuple(map(sentence, told)))
    where = f"{c.where}\n" if c.where else ""
    if mend:
        yield CodeBlock(where + mend, "shapecalc")
    elif c.suggestion:
        yield CodeBlock(where + underlined(report.source, c) + c.suggestion, "shapecalc")


def parts(message: str) -> tuple[list[str], str]:
    """The lines of a message, and the drawing of the mend at its end."""
    told, _, mend = message.partition("\nmend:\n")
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    drawn = mend.rstrip().splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in drawn if line.strip()), default=0)
    return lines, "\n".join(line[margin:] for line in drawn)


def sentence(line: str) -> Content:
    """A line of a message, what it is about in bold."""
    head, colon, rest = line.partition(": ")
    if colon and head.isalpha() and len(head) < 12:
        return (*prose(f"**{head.capitalize()}:** "), *with_code(head, rest))
    first = line.split(" ", maxsplit=1)[0].rstrip(",")
    return (Words(line[:1].upper() + line[1:] if first.isalpha() and first.islower() else line),)


def with_code(head: str, rest: str) -> Content:
    """What is said, the formulas in it as code: dZ.T @ X is (M, D)."""
    found = TOLD[head].fullmatch(rest) if head in TOLD else None
    if found is None:
        return (Words(rest),)
    pieces = zip(found.groups(), cycle((Code, Words)), strict=False)
    return tuple(kind(text) for text, kind in pieces if text)


def underlined(source: str, c: Verdict) -> str:
    """The line with carets below what has to change."""
    span = c.mend_span or c.span
    if span is None or not source or c.span is None:
        return ""
    begin = source.rfind("\n", 0, span[0]) + 1
    end = source.find("\n", span[0])
    line = source[begin : end if end >= 0 else len(source)]
    indent = len(line) - len(line.lstrip())
    start, stop = span[0] - begin - indent, min(span[1], begin + len(line)) - begin - indent
    if start < 0 or stop <= start:
        return ""
    return f"{line.strip()}\n{' ' * start}{'^' * (stop - start)} "


def summary(report: Report) -> str:
    """How many are right, and which is the first that is not."""
    count = len(report.claims)
    good = sum(c.verdict == "right" for c in report.claims)
    if good == count:
        return "The claim is right." if count == 1 else f"All {count} claims are right."
    first = report.first_wrong
    where = f"; the first that is not stands in {place(first)}" if first else ""
    return f"{good} of {count} claims {'is' if good == 1 else 'are'} right{where}."
