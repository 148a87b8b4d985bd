"""Spellings of factors of a matrix and of systems of equations: which triangle is read, and which is given, differs between libraries."""

from __future__ import annotations

from typing import Any

from shapecalc.errors import NotKnownYet, SyntaxProblem
from shapecalc.expr import Apply, Expr, Var
from shapecalc.forms import apply, transposed

from . import tree
from .builder import Builder, build_text
from .libraries import library
from .surface import fitted, keywords, one, surface

ANYHOW = ("assume_a", "sym_pos", "overwrite_a", "overwrite_b", "check_finite", "debug")  # they change no value


def _options(builder: Builder, node: tree.Call, count: int, *names: str) -> dict[str, Any]:
    """The options by name, or behind the arguments in order."""
    given = keywords(builder, node, *names, *ANYHOW)
    behind = node.args[count:]
    if len(behind) > len(names):
        raise SyntaxProblem(f"{node.name} takes {count} argument{'s' * (count > 1)}", span=node.span)
    return given | {name: builder.static(a) for name, a in zip(names, behind, strict=False)}


def _plain(node: tree.Call, count: int) -> tree.Call:
    return tree.Call(node.name, node.args[:count], (), "", node.name_span, node.span)


def _from_scipy(node: tree.Call) -> bool:
    """Whether it is SciPy's, or JAX's of the same name."""
    return "scipy" in node.prefix.split(".")


@surface("cholesky")
def _cholesky(builder: Builder, node: tree.Call) -> Expr:
    """The lower factor, which NumPy and torch give; SciPy gives the upper one, its transpose, unless told otherwise."""
    first = "lower" if _from_scipy(node) else "upper"
    given = _options(builder, node, 1, first)
    upper = not given.get("lower", False) if _from_scipy(node) else given.get("upper", False)
    made = builder.made(_plain(node, 1), "cholesky", list(node.args[:1]))
    return transposed(made) if upper else made


@surface("solve")
def _solve(builder: Builder, node: tree.Call) -> Expr:
    """solve(A, B); with torch's left=False, of X A = B."""
    left = _options(builder, node, 2, *(("left",) if library(node.prefix) == "torch" or not node.prefix else ())).get("left", True)
    if left or len(node.args) < 2:
        return builder.made(_plain(node, 2), "solve", list(node.args[:2]))
    a, b = one(builder, _plain(node, 2), 2)
    return fitted(builder, node, lambda: transposed(apply("solve", transposed(a), transposed(b))), a, b)


@surface("solve_triangular")
def _triangle(builder: Builder, node: tree.Call) -> Expr:
    """SciPy's and JAX's solve_triangular(A, b, trans, lower), torch's (A, B, upper=..., left=...): one triangle of A is read."""
    torch = any(k.name == "upper" for k in node.keywords)
    given = _options(builder, node, 2, *(("upper", "left", "unitriangular") if torch else ("trans", "lower", "unit_diagonal")))
    if given.get("unitriangular") or given.get("unit_diagonal"):
        raise NotKnownYet("a diagonal that is taken to be 1 is not read", span=node.span)
    if given.get("trans", 0) not in (0, 1, "N", "T"):
        raise SyntaxProblem(f"trans={given['trans']} is not possible in {node.name}", span=node.span)
    a, b = one(builder, _plain(node, 2), 2)
    lower = not given["upper"] if torch else bool(given.get("lower", False))
    turned, left = given.get("trans", 0) in (1, "T"), given.get("left", True)

    def make() -> Expr:
        half = _half(a, lower)
        if left:
            return apply("solve", transposed(half) if turned else half, b)
        return transposed(apply("solve", transposed(half), transposed(b)))

    return fitted(builder, node, make, a, b)


def _half(a: Expr, lower: bool) -> Expr:
    """The triangle of a matrix; the matrix itself, where it has zeros elsewhere."""
    inner = a.args[0] if isinstance(a, Apply) and a.name == "transpose" else a
    zeros = (isinstance(inner, Apply) and inner.name == "cholesky") or (isinstance(inner, Var) and "triangular" in inner.properties)
    return a if zeros and lower == (inner is a) else apply("tril" if lower else "triu", a)


@surface("cho_solve")
def _cho_solve(builder: Builder, node: tree.Call) -> Expr:
    """cho_solve(cho_factor(A), b) is solve(A, b); cho_solve((L, True), b) that of L Lᵀ."""
    _options(builder, node, 2)
    if len(node.args) != 2:
        raise SyntaxProblem("cho_solve takes a factor and a right side", span=node.span)
    factor = node.args[0]
    if isinstance(factor, tree.Call) and factor.name == "cho_factor" and factor.args:
        _options(builder, factor, 1, "lower", "overwrite_a", "check_finite")
        return builder.made(node, "solve", [factor.args[0], node.args[1]])
    if not isinstance(factor, tree.Tuple | tree.List) or len(factor.items) != 2:
        raise NotKnownYet("the factor of cho_solve is read as (L, True), or as cho_factor(A)", span=factor.span)
    return _of_factor(builder, node, factor.items[0], bool(builder.static(factor.items[1])), node.args[1])


@surface("cho_factor")
def _cho_factor(builder: Builder, node: tree.Call) -> Expr:
    what = "cho_factor gives a factor with the other triangle left as it was"
    raise SyntaxProblem(what, span=node.span, hint="cho_solve(cho_factor(A), b)")


@surface("cholesky_solve")
def _cholesky_solve(builder: Builder, node: tree.Call) -> Expr:
    """torch.cholesky_solve(B, L)."""
    upper = _options(builder, node, 2, "upper").get("upper", False)
    if len(node.args) < 2:
        raise SyntaxProblem("cholesky_solve takes a right side and a factor", span=node.span)
    return _of_factor(builder, node, node.args[1], not upper, node.args[0])


def _of_factor(builder: Builder, node: tree.Call, factor: tree.Node, lower: bool, right: tree.Node) -> Expr:
    """solve(L @ L.T, b), by one triangle of L, or U.T @ U."""
    a, b = builder.build(factor), builder.build(right)

    def make() -> Expr:
        half = _half(a, lower)
        product = apply("matmul", half, transposed(half)) if lower else apply("matmul", transposed(half), half)
        return apply("solve", product, b)

    return fitted(builder, node, make, a, b)


@surface("cholesky_inverse")
def _cholesky_inverse(builder: Builder, node: tree.Call) -> Expr:
    """torch.cholesky_inverse(L) is inv(L @ L.T)."""
    upper = _options(builder, node, 1, "upper").get("upper", False)
    (a,) = one(builder, _plain(node, 1))
    half = _half(a, not upper)
    return fitted(builder, node, lambda: build_text("inv(A.T @ A)" if upper else "inv(A @ A.T)", {"A": half}), a)
