"""Whose function is meant, where libraries mean different things by one name."""

from __future__ import annotations

from shapecalc.errors import SyntaxProblem

from . import tree

EXTREMES = frozenset({"max", "min"})  # torch's give values and places along an axis
_LIBRARIES = {"np": "numpy", "jnp": "jax", "F": "torch", "nn": "torch", "tf": "tensorflow", "tensorflow": "tensorflow"}


def library(prefix: str) -> str:
    """The library behind a module: torch of F and torch.linalg, numpy of np, jax of jnp; what it is called elsewhere as it is."""
    first = prefix.partition(".")[0]
    return _LIBRARIES.get(first, first)


def by_torch(node: tree.Call) -> bool:
    """Whether this is torch's: its prefix, or its words for an axis. Its variance is divided by the count minus 1."""
    return library(node.prefix) == "torch" or any(k.name in ("dim", "keepdim") for k in node.keywords)


def unnamed_axis(node: tree.Call, rank: int) -> int | tuple[int, ...]:
    """Along what a softmax that names no axis is: SciPy's along all of them, torch's along the first of three, others along the last."""
    if library(node.prefix) == "scipy":
        return tuple(range(rank)) if rank > 1 else -1
    if library(node.prefix) == "torch" and rank > 2:
        raise SyntaxProblem(f"{node.name} of {rank} axes without the axis", span=node.span, hint=f"{node.name}(X, dim=-1)")
    return -1
