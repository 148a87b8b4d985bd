"""Declared properties: what each says, and derivatives by the distinct entries of a structured variable (structured=True)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from shapecalc.errors import NotKnownYet
from shapecalc.expr import Apply, Expr, Var, nodes, rebuild
from shapecalc.forms import add, apply, lit, mul, remake, transposed
from shapecalc.language.problem import Problem

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


FACTS = {
    "symmetric": "{0}.T = {0}",
    "posdef": "{0}.T = {0}, and x @ {0} @ x > 0",
    "diagonal": "{0} is 0 off its diagonal",
    "triangular": "{0} is 0 above its diagonal",
    "orthogonal": "{0}.T @ {0} = I",
    "invertible": "inv({0}) exists",
    "positive": "{0} > 0",
    "nonnegative": "{0} >= 0",
    "onehot": "sum({0}, axis={1}) = 1",
    "onehot_columns": "sum({0}, axis=0) = 1",
    "probabilities": "{0} > 0, sum({0}, axis={1}) = 1",
}
WORDS = {
    "posdef": "positive definite", "onehot": "one-hot", "onehot_columns": "one-hot by columns", "probabilities": "row-probabilities",
}  # fmt: skip


def fact(variable: Var, word: str) -> str:
    """What a declared property says of a variable, as a formula: sum(Y, axis=1) = 1."""
    rank = len(variable.shape)
    return FACTS[word].format(variable.name, rank - 1) if rank > 1 else FACTS[word].format(variable.name, 0).replace(", axis=0", "")


def stated(variable: Var, word: str) -> str:
    """A declared property with what it says: Y one-hot: sum(Y, axis=1) = 1."""
    return f"{variable.name} {WORDS.get(word, word)}: {fact(variable, word)}"


def supposed(problem: Problem, name: str, *properties: str) -> Problem:
    """The problem with these properties declared of a variable, and no others."""
    other = Var(name, problem.declared[name].shape, frozenset(properties))

    def change(node: Expr) -> Expr | None:
        return other if isinstance(node, Var) and node.name == name else None

    definitions = {n: rebuild(e, change, remake) for n, e in problem.definitions.items()}
    return replace(problem, declared={**problem.declared, name: other}, definitions=definitions)


def bare(problem: Problem, name: str) -> Problem:
    """The problem with nothing declared of a variable but its shape."""
    return supposed(problem, name)


def totals(problem: Problem, formulas: Iterable[Expr]) -> Iterator[tuple[Var, Apply, tuple[str, ...]]]:
    """Sums over the rows or columns of tables that were declared without properties, and properties that would make them 1."""
    seen: set[Expr] = set()
    for formula in formulas:
        for node in nodes(formula):
            table = node.args[0] if isinstance(node, Apply) and node.name == "sum" else None
            v = problem.declared.get(table.name) if isinstance(table, Var) else None
            if v is None or v.properties or not v.shape or node in seen or not isinstance(node, Apply):
                continue
            seen.add(node)
            rank, axis = len(v.shape), node["axis"]
            if isinstance(axis, tuple) or (axis is None and rank > 1):
                continue
            last = axis is None or axis % rank == rank - 1
            yield v, node, ("probabilities", "onehot") if last else ("onehot_columns",) if axis % rank == 0 and rank == 2 else ()


def declared(e: Expr, problem: Problem) -> Expr:
    """A formula with what is declared of its variables."""
    return rebuild(e, lambda node: problem.declared.get(node.name) if isinstance(node, Var) else None, remake)
