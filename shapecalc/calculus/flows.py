"""The gradient of one name, and gradients written out inside others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.expr import Apply, Expr, Var, rebuild, variables
from shapecalc.forms import remake
from shapecalc.indexed import Factor, Place, Places, Term, fresh, indices, refreshed, renamed

from .alike import Handed
from .collect import best_formula
from .context import Context
from .lowering import lower, terms_of
from .reverse import Lost
from .sketches import Sketch


@dataclass(slots=True)
class Flow:
    """The gradient of one name: what arrives at it in index form, and the formula read from that."""

    name: str
    symbol: Var
    handed: list[Handed] = field(default_factory=list)
    formula: Expr | None = None
    sketch: Sketch | None = None
    given: bool = False
    lost: list[tuple[Lost, ...]] = field(default_factory=list)
    _terms: list[Term] | None = None
    _places: Places | None = None

    @property
    def places(self) -> Places:
        """The indices of its axes; few are ever asked for."""
        if self._places is None:
            self._places = fresh(self.symbol.shape)
        return self._places

    @property
    def collected(self) -> list[Term]:
        """All that arrives, added up."""
        return [t for h in self.handed for t in h.within(self.places)]

    @property
    def terms(self) -> list[Term]:
        """The formula as terms; few are ever asked for."""
        if self._terms is None:
            assert self.formula is not None
            self._terms = self.collected if self.given else terms_of(self.formula, self.places)
        return self._terms


def substitute(term: Term, symbols: Mapping[str, Flow], context: Context) -> list[Term]:
    """A term with gradients that have a name written out: as terms where they stand alone, as formulas inside anything else."""
    out = [Term(term.coefficient, (), term.summed)]
    for f in term.factors:
        flow = symbols.get(f.base.name) if isinstance(f.base, Var) else None
        if flow is not None and f.power == 1:
            made = [placed(t, flow.places, f.places) for t in flow.terms]
            out = [t.times(refreshed(m)) for t in out for m in made]
            continue
        base = f.base
        if isinstance(base, Apply) and any(n in symbols for n in variables(base)):
            base = rebuild(base, lambda node: _written(node, symbols), lambda node, args: _remade(node, args, context))
        part = lower(base, f.places) if f.power == 1 else Term(Fraction(1), (Factor(base, f.places, f.power),))
        out = [t.times(part) for t in out]
    return out


def _remade(node: Apply, args: tuple[Expr, ...], context: Context) -> Expr:
    """A node on other arguments; a sum is read anew."""
    made = remake(node, args)
    if made.name != "add":
        return made
    places = fresh(made.shape)
    return best_formula(terms_of(made, places), places, context)[0]


def _written(node: Expr, symbols: Mapping[str, Flow]) -> Expr | None:
    flow = symbols.get(node.name) if isinstance(node, Var) else None
    return flow.formula if flow is not None else None


def placed(t: Term, old: Places, new: Places) -> Term:
    """A term whose free indices are other ones."""
    names: dict[object, Place] = {}
    for a, b in zip(old, new, strict=True):
        for i in indices((a,)):
            names[i] = b
    return renamed(t, names)  # type: ignore[arg-type]
