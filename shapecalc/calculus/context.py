"""What simplification may know of a problem: its definitions, declared properties, and which of them it has used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from shapecalc.expr import Apply, Expr, Var, variables
from shapecalc.forms import apply
from shapecalc.indexed import Places, Term, fresh
from shapecalc.shapes import Shape, is_scalar

from .lowering import lower


@dataclass(slots=True)
class Context:
    """What simplification may know of a problem: its definitions, and which declared properties it has used so far.

    ``kept`` and ``idents`` are what is remembered; ``met`` are the definitions that came in by name since it was last emptied;
    ``asked``: whether anything was looked up that does not follow from the names at hand; ``loose``: whether a definition could be
    found where not all its names are.
    """

    definitions: Mapping[str, Expr] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    used: dict[tuple[str, str], None] = field(default_factory=dict)
    scalars: list[tuple[Var, dict[Expr, Fraction]]] | None = None
    names: dict[Expr, Var] | None = None
    bodies: frozenset[tuple[str, Shape]] = frozenset()
    even: dict[Expr, bool] = field(default_factory=dict)
    traits: dict[str, tuple[object, ...]] = field(default_factory=dict)
    kept: dict[tuple[object, ...], Any] = field(default_factory=dict)
    idents: dict[tuple[object, ...], int] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    asked: bool = False
    loose: bool = False
    _products: dict[Expr, list[tuple[Var, tuple[Places, Term]]]] | None = None

    def products_in(self, term: Term) -> list[tuple[Var, tuple[Places, Term]]]:
        """The definitions that are products of at least two factors, the first of which stands in the term, in index form."""
        known = self._by_first_factor()
        return [found for base in dict.fromkeys(f.base for f in term.factors) for found in known.get(base, ())]

    def _by_first_factor(self) -> dict[Expr, list[tuple[Var, tuple[Places, Term]]]]:
        if self._products is None:
            self._products = {}
            for name, body in self.definitions.items():
                if name in self.hidden or not isinstance(body, Apply) or body.op.family == "sum":
                    continue
                places = fresh(body.shape)
                lowered = lower(body, places)
                if len(lowered.factors) > 1 and lowered.coefficient and (not lowered.summed or len(body.shape) > 0):
                    self._products.setdefault(lowered.factors[0].base, []).append((Var(name, body.shape), (places, lowered)))
                    self.loose |= not variables(body).keys() <= {n for f in lowered.factors for n in variables(f.base)}
        return self._products

    def note(self, e: Expr, what: str) -> None:
        """Remembers that a declared property was used: that e is "symmetric" or "orthogonal", or that it "sums" to 1 along an axis."""
        for v in variables(e).values() if what == "symmetric" or not isinstance(e, Var) else [e]:
            word = next((p for p in GROUNDS[what] if isinstance(v, Var) and p in v.properties), None)
            if isinstance(v, Var) and word is not None:
                self.used[v.name, word] = None
            elif isinstance(v, Var) and v.name in self.definitions:
                self.note(self.definitions[v.name], what)


GROUNDS = {
    "symmetric": ("symmetric", "posdef", "diagonal"),
    "orthogonal": ("orthogonal",),
    "sums": ("onehot", "onehot_columns", "probabilities"),
}


def symmetric(e: Expr, context: Context) -> bool:
    """Whether e equals its transpose, by what was declared or by how it is made."""
    if len(e.shape) != 2 or e.shape[0] != e.shape[1]:
        return False
    found = context.even.get(e)
    if found is None:
        found = context.even[e] = _symmetric(e, context)
    return found


def _symmetric(e: Expr, context: Context) -> bool:
    """Whether a square matrix does."""
    if isinstance(e, Var):
        if e.properties & {"symmetric", "posdef", "diagonal"}:
            return True
        body = context.definitions.get(e.name)
        return body is not None and symmetric(body, context)
    assert isinstance(e, Apply)
    if e.name in ("eye", "diag", "ones", "zeros") or (e.name == "outer" and e.args[0] == e.args[1]):
        return True
    if e.name in ("inv", "matpow", "neg", "transpose", "power", "exp", "sqrt", "log", "tanh"):
        return symmetric(e.args[0], context)
    if e.name in ("add", "mul", "div"):
        return all(is_scalar(a.shape) or symmetric(a, context) for a in e.args)
    if e.name == "matmul":
        return _palindrome(e, context)
    return False


def flat_product(e: Expr) -> list[Expr]:
    """The factors of a chain of matrix products."""
    if isinstance(e, Apply) and e.name == "matmul":
        return [f for a in e.args for f in flat_product(a)]
    return [e]


def _turned(e: Expr) -> Expr:
    return e.args[0] if isinstance(e, Apply) and e.name == "transpose" else apply("transpose", e, axes=(1, 0))


def _palindrome(e: Apply, context: Context) -> bool:
    chain = flat_product(e)
    if any(len(f.shape) != 2 for f in chain):  # B @ c with B (n, n, m)
        return False
    while len(chain) > 1:
        first, last = chain[0], chain[-1]
        if _turned(first) != last and not (first == last and symmetric(first, context)):
            return False
        chain = chain[1:-1]
    return not chain or symmetric(chain[0], context)


def is_orthogonal(e: Expr, context: Context) -> bool:
    """Whether the columns of e are orthonormal."""
    if isinstance(e, Var):
        body = context.definitions.get(e.name)
        return "orthogonal" in e.properties or (body is not None and is_orthogonal(body, context))
    return isinstance(e, Apply) and e.name == "eigvecs"
