"""Python files as Python's own parser sees them, with places counted in characters, and their comments. Nothing is ever run."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from shapecalc.errors import Span, SyntaxProblem, TooLarge

MOST_CHARACTERS = 400_000
DEEPEST = 60
_PARTS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|(?P<comment>#[^\n]*)',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """text: without the #; where it stands; alone: nothing stands before it in its line."""

    text: str
    start: int
    line: int
    alone: bool


@dataclass
class Source:
    """A Python file that could be parsed."""

    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.text))]

    def offset(self, line: int, column: int) -> int:
        """The character at a line and a column in UTF-8 bytes, which is how Python counts."""
        start = self.lines[min(line, len(self.lines)) - 1]
        end = self.lines[line] if line < len(self.lines) else len(self.text)
        written = self.text[start:end]
        if written.isascii():
            return min(start + column, end)
        return start + len(written.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        start = self.offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
        end = self.offset(getattr(node, "end_lineno", None) or 1, getattr(node, "end_col_offset", None) or 0)
        return start, max(start, end)

    def line(self, place: int) -> int:
        """The number of the line in which a character stands."""
        return bisect_right(self.lines, place)

    @cached_property
    def comments(self) -> list[Comment]:
        """All comments, in order."""
        found = []
        for match in _PARTS.finditer(self.text):
            if match["comment"] is not None:
                start = match.start()
                line = self.line(start)
                alone = not self.text[self.lines[line - 1] : start].strip()
                found.append(Comment(match["comment"][1:], start + 1, line, alone))
        return found


def parsed(text: str, name: str | None) -> Source:
    """The file; raises SyntaxProblem where it is no Python."""
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(f"the file has {len(text)} characters; of Python at most {MOST_CHARACTERS} are read").at("", name)
    # the parser refuses a byte order mark in a text, and so does a carriage return by itself confuse its columns
    text = text.removeprefix("\ufeff")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        raise _complaint(text, error).at(text, name) from None
    except (ValueError, RecursionError, MemoryError):
        raise SyntaxProblem("this is no Python that can be read").at(text, name) from None
    source = Source(text, tree)
    for node, depth in _deep(tree):
        if depth > 4 * DEEPEST:
            raise TooLarge("this is nested too deep", source.span(node)).at(text, name)
    return source


def _complaint(text: str, error: SyntaxError) -> SyntaxProblem:
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text))]
    line = min(max(error.lineno or 1, 1), len(starts))
    place = min(starts[line - 1] + max((error.offset or 1) - 1, 0), len(text))
    return SyntaxProblem(f"this is no Python: {error.msg}", (place, place + 1))


def _deep(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Every node with its depth; chains of + and of @ count as one level."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for child in ast.iter_child_nodes(node):
            flat = isinstance(node, ast.BinOp) and child is node.left and isinstance(child, ast.BinOp)
            waiting.append((child, depth if flat else depth + 1))


def dotted(node: ast.AST) -> str:
    """np.linalg.inv as it is written; "" for anything that is not names and dots."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""
