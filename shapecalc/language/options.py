"""Options by name that a spelling has not looked at: to pass over one would be to read another formula than the one that is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from shapecalc.errors import NotDifferentiable, Span, SyntaxProblem
from shapecalc.expr import Apply, Expr
from shapecalc.masks import COMPARISONS

from .tree import Call, Keyword, Node, String

B = TypeVar("B")  # whoever builds: the room that does so is above this one
IGNORED = frozenset({"dtype", "device", "out", "requires_grad", "optimize"})  # they change no value; dtype where numbers stay the same
WHOLE = frozenset({"int", "long", "bool", "int8", "int16", "int32", "int64", "uint8", "intp", "bool_", "short"})
LOGICAL = frozenset({*COMPARISONS, "sign"})
_MADE = frozenset({"zeros", "ones", "eye"})
_OF_THESE = frozenset({"mul", "add", "neg", "transpose", "expand_dims", "squeeze", "reshape", "broadcast_to", "sum"})
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


def asked(node: Call, *names: str) -> dict[str, Node]:
    """The values of these options, as far as they are given; no other is looked at."""
    return {k.name: k.value for k in node.keywords if k.name in names}


def at_most(node: Call, count: int) -> None:
    """Raises SyntaxProblem where more arguments are given than a spelling reads."""
    if len(node.args) > count:
        raise SyntaxProblem(f"{node.name} takes {count} argument{'s' * (count > 1)} at most", span=node.span)


def is_whole(e: Expr) -> bool:
    """Whether it is a whole number."""
    return not isinstance(e, Apply) and (value := getattr(e, "value", None)) is not None and getattr(value, "denominator", 0) == 1


def stays_whole(e: Expr) -> bool:
    """Whether all entries are whole numbers, as far as that can be seen: those of comparisons, their sums, ones."""
    waiting = [e]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Apply) and at.name in _OF_THESE:
            waiting += at.args
        elif not (is_whole(at) or (isinstance(at, Apply) and at.name in LOGICAL | _MADE)):
            return False
    return True


def kept(made: Expr, kind: Node, span: Span) -> Expr:
    """The value, made one of this kind; raises NotDifferentiable where its decimals would be cut off by that."""
    name = kind.value if isinstance(kind, String) else getattr(kind, "name", getattr(kind, "id", ""))
    if name in WHOLE and not stays_whole(made):
        raise NotDifferentiable("a whole number has its decimals cut off: nothing flows back through that", span=span)
    return made


def heard(spelling: Callable[[B, Call], Expr], builder: B, node: Call) -> Expr:
    """What a spelling makes of a call; raises SyntaxProblem where it has left an option out of account."""
    if not node.keywords:
        return spelling(builder, node)
    noted = tuple(map(Noted, node.keywords))
    made = spelling(builder, replace(node, keywords=cast("Any", noted)))
    left = next((k for k in noted if not k.used and k.name not in IGNORED | STORED), None)
    if left is not None:
        raise SyntaxProblem(f"{node.name} has no option {left.name}", span=left.span)
    for kind in (k for k in node.keywords if k.name == "dtype"):
        kept(made, kind.value, kind.span)
    return made
