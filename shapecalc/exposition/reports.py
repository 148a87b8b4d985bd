"""The report on derivations made by hand: every claim with its verdict, what was found, and the change that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blocks import Block, Callout, CodeBlock, Content, Document, Heading, List, Prose, prose
from ..derivation import Report, Verdict

MARKS = {"right": "✓", "wrong": "✗", "ill-shaped": "✗", "unreadable": "?", "undecided": "?"}
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
        yield Callout("warning", prose("This cannot be read"), (CodeBlock(problem),))
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


def title(c: Verdict) -> Content:
    """✗ line 5: dW = dZ.T @ X."""
    verdict = "" if c.verdict == "right" else f" is {c.verdict}" + (f" ({c.slip})" if c.slip else "")
    return prose(f"{MARKS[c.verdict]} line {c.line}: `{flat(c.text)}`{verdict}")


def flat(text: str) -> str:
    """A line of the user's that can stand between backticks."""
    return " ".join(text.replace("`", "'").split())


def body(report: Report, c: Verdict) -> Iterator[Block]:
    """What was found, the place in the line, and the mend."""
    if c.verdict == "unreadable":
        yield CodeBlock(c.message)
        return
    drawn = underlined(report.source, c)
    if drawn:
        yield CodeBlock(drawn, "shapecalc")
    for part in c.message.split("; "):
        yield Prose(prose(part[:1].upper() + part[1:] + ("" if part.endswith((".", ":")) else ".")))
    if c.suggestion:
        yield Prose(prose(f"**Mend:** `{flat(c.suggestion)}`"))


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
    return f"{line.strip()}\n{' ' * start}{'^' * (stop - start)}"


def summary(report: Report) -> str:
    """How many are right, and which is the first that is not."""
    count = len(report.claims)
    good = sum(c.verdict == "right" for c in report.claims)
    if good == count:
        return "The claim is right." if count == 1 else f"All {count} claims are right."
    first = next(c for c in report.claims if c.verdict != "right")
    return f"{good} of {count} claims {'is' if good == 1 else 'are'} right; the first that is not stands in line {first.line}."
