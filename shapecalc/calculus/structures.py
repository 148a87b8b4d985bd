"""Derivatives by the distinct entries of a structured variable (structured=True)."""

from __future__ import annotations

from shapecalc.errors import NotKnownYet
from shapecalc.expr import Apply, Expr, Var
from shapecalc.forms import add, apply, lit, mul, transposed

from .context import symmetric
from .gradients import Backward

SOURCE = "Petersen & Pedersen, The Matrix Cookbook (2012), eq. 138"


def structured(variable: Var, gradient: Expr, backward: Backward) -> Expr:
    """The partials by the distinct entries, from the gradient by free entries.

    Symmetric: G + G.T - I*G (an entry off the diagonal stands in two places). Diagonal: I*G. Triangular: the lower triangle of G.
    """
    properties = variable.properties
    n = variable.shape[0] if variable.shape else 1
    if properties & {"symmetric", "posdef"}:
        if symmetric(gradient, backward.context):
            return weighted(gradient, add(lit(2), apply("eye", n=n), signs=(1, -1)))
        return add(gradient, transposed(gradient), mul(apply("eye", n=n), gradient), signs=(1, 1, -1))
    if "diagonal" in properties:
        return mul(apply("eye", n=n), gradient)
    if "triangular" in properties:
        return apply("tril", gradient)
    if properties & {"orthogonal", "onehot", "onehot_columns", "probabilities"}:
        raise NotKnownYet(
            f"structured=True is for symmetric, diagonal and triangular matrices; {variable.name} is {', '.join(sorted(properties))}"
        )
    return gradient


def weighted(gradient: Expr, weights: Expr) -> Expr:
    """gradient * weights, a division by a number kept outside."""
    if isinstance(gradient, Apply) and gradient.name == "div" and gradient.args[1].shape == ():
        return apply("div", mul(gradient.args[0], weights), gradient.args[1])
    return mul(gradient, weights)
