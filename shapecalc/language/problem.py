"""A problem as it was written: what is declared and defined, what the loss is, which names the gradients have, and the claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from shapecalc.expr import Expr, Var
from shapecalc.records import record

from . import tree

LOSSES = frozenset({"L", "J", "E", "C", "l", "f", "ell", "ℓ", "loss", "cost", "objective", "error", "nll"})


def is_loss_name(name: str) -> bool:
    """Whether a name is one that losses have."""
    return name.rstrip("_0123456789") in LOSSES or "loss" in name.lower() or "cost" in name.lower()


@record
class Claim:
    """One line that says something about a derivative, or an abbreviation for later lines.

    ``kind``: "gradient", "jacobian", "hessian", "abbreviation" or "equality". ``wrt`` is what is differentiated by, ``of`` what is
    differentiated, ``wrt2`` the second variable of a mixed Hessian. ``values`` are the sides, each with its span in the source.
    """

    kind: str
    name: str
    text: str
    line: int
    span: tuple[int, int]
    values: tuple[tree.Node, ...]
    wrt: str = ""
    of: str = ""
    wrt2: str = ""
    operator: str = "="


@record
class Problem:
    """Declarations, definitions in order, and what is asked of them."""

    source: str
    declared: Mapping[str, Var]
    sizes: tuple[str, ...]
    definitions: dict[str, Expr]
    upstream: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    functions: Mapping[str, tuple[tuple[str, ...], tree.Node | None]] = field(default_factory=dict)
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    _sizes: frozenset[str] = field(init=False, repr=False, compare=False)
    _given: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sizes", frozenset(self.sizes))
        object.__setattr__(self, "_given", frozenset(self.upstream.values()))

    @property
    def last(self) -> str | None:
        """The name of the last definition."""
        return next(reversed(self.definitions), None) if self.definitions else None

    @property
    def loss(self) -> str | None:
        """The name of the scalar loss, if the last definition is one and no incoming gradient is named for it."""
        last = self.last
        if last is None or last in self.upstream:
            return None
        return last if all(d == 1 for d in self.definitions[last].shape) else None

    def variable(self, name: str) -> Var:
        """A declared name or a definition as a variable."""
        if name in self.declared:
            return self.declared[name]
        return Var(name, self.definitions[name].shape)

    def variables(self) -> dict[str, Var]:
        """Every name that a formula may use."""
        return {**self.declared, **{n: Var(n, e.shape) for n, e in self.definitions.items()}}

    def gradient_name(self, name: str) -> str:
        """What the gradient with respect to a name is called: d + the name, unless that is taken."""
        wanted = "d" + name
        taken = wanted in self.declared or wanted in self.definitions or wanted in self._sizes
        taken = taken or (wanted in self._given and self.upstream.get(name) != wanted)  # what comes in of another definition
        return f"grad_{name}" if taken else wanted
