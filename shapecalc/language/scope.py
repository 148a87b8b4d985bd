"""What the names in a formula mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapecalc.expr import Expr

from . import tree


@dataclass(slots=True)
class Scope:
    """What the names in a formula mean.

    ``variables`` are formulas by name, ``sizes`` the size names, ``static`` what the parameters of a rule stand for (axis=...),
    ``functions`` what the user defined: parameters and body. ``source`` is the text that spans point into.
    """

    variables: Mapping[str, Expr]
    sizes: Iterable[str] = ()
    static: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, tuple[tuple[str, ...], tree.Node | None]] = field(default_factory=dict)
    source: str = ""

    def words(self, node: tree.Index, fallback: str = "this") -> str:
        """The part of the source that a node stands for, if it is short."""
        written = self.source[node.span[0] : node.span[1]]
        return written if 0 < len(written) <= 40 and "\n" not in written else fallback
