"""Comparisons whose two sides share a part: tau*r >= (tau - 1)*r is r >= 0."""

from __future__ import annotations

from fractions import Fraction

from shapecalc.expr import Apply, Expr, Lit, variables
from shapecalc.forms import add, apply, lit
from shapecalc.indexed import fresh

from .collect import best_formula
from .context import Context
from .lowering import terms_of

TURNED = {"greater": "less", "less": "greater", "greater_equal": "less_equal", "less_equal": "greater_equal"}


def against_zero(e: Expr, context: Context) -> Expr:
    """A comparison as one with 0, where the difference of its sides is no longer than either of them."""
    if not isinstance(e, Apply) or e.name not in TURNED or any(isinstance(a, Lit) or a.shape != e.shape for a in e.args):
        return e
    left, right = e.args
    if not variables(left).keys() & variables(right).keys():
        return e
    places = fresh(e.shape)
    difference, terms = best_formula(terms_of(add(left, right, signs=(1, -1)), places), places, context)
    turned = False
    if len(terms) == 1 and terms[0].coefficient:  # 2*b > 0 is b > 0
        turned = terms[0].coefficient < 0
        difference, _ = best_formula([terms[0]._replace(coefficient=Fraction(1))], places, context)
    if difference.weight > min(left.weight, right.weight) or difference.shape != e.shape:
        return e
    return apply(TURNED[e.name] if turned else e.name, difference, lit(0))
