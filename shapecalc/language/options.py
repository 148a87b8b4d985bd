"""Options by name that a spelling has not looked at: to pass over one would be to read another formula than the one that is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.expr import Expr

from .tree import Call, Keyword, Node

B = TypeVar("B")  # whoever builds: the room that does so is above this one
IGNORED = frozenset({"dtype", "device", "out", "requires_grad", "optimize"})  # they change no value
STORED = frozenset({"copy", "non_blocking", "memory_format", "casting", "subok"})  # nor do these, which only conversions have


class Noted:
    """A keyword that notes whether its value was asked for."""

    def __init__(self, keyword: Keyword) -> None:
        self.keyword = keyword
        self.name: str = keyword.name
        self.span: Span = keyword.span
        self.used = False

    @property
    def value(self) -> Node:
        """The value, which is used from here on."""
        self.used = True
        return self.keyword.value


def heard(spelling: Callable[[B, Call], Expr], builder: B, node: Call) -> Expr:
    """What a spelling makes of a call; raises SyntaxProblem where it has left an option out of account."""
    if not node.keywords:
        return spelling(builder, node)
    noted = tuple(map(Noted, node.keywords))
    made = spelling(builder, replace(node, keywords=cast("Any", noted)))
    left = next((k for k in noted if not k.used and k.name not in IGNORED | STORED), None)
    if left is not None:
        raise SyntaxProblem(f"{node.name} has no option {left.name}", span=left.span)
    return made
