"""Arrays under several names: what a call changes in place, and which array another one is a view of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapecalc.ops import NAMES

from .python_values import path

_CHANGERS = frozenset({"at", "fill_diagonal", "put", "copyto", "shuffle", "place", "putmask"})  # what they are given first
_MODULES = frozenset({"np", "numpy", "torch", "jnp", "F", "init"})  # what may stand before the dot and is no array
_METHODS = frozenset({"fill", "sort", "partition", "put", "itemset", "resize"})  # what stands before the dot
_HARMLESS = frozenset({"requires_grad_", "retain_grad_", "share_memory_"})
_LAID_OUT = frozenset({"shape", "strides", "dtype", "flat"})
_VIEWED = frozenset({"T", "mT", "data", "real", "flat"})
_VIEWS = frozenset(
    "reshape view ravel transpose t swapaxes squeeze unsqueeze expand_dims permute flatten detach numpy asarray as_tensor".split()  # noqa: SIM905
)


def changed_in_place(node: ast.AST) -> Iterator[str]:
    """The paths of what the calls inside a statement may change: Z.fill(0), W.mul_(2), np.copyto(Z, V), np.add(X, V, out=Z)."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        changed = [k.value for k in call.keywords if k.arg == "out"]
        if isinstance(call.func, ast.Attribute):
            name = call.func.attr
            of_module = (path(call.func.value) or "").rpartition(".")[2] in _MODULES
            own = name.endswith("_") and not name.startswith("_") and not name.endswith("__") and name not in _HARMLESS
            own = own or name in _METHODS or name.startswith("__i") or any(k.arg == "inplace" for k in call.keywords)
            changed += call.args[:1] if name in _CHANGERS or (own and of_module) else []
            changed += [call.func.value] if own and not of_module else []
            # np.exp(Z, Z): what is worked out and not kept was put somewhere
            changed += call.args[1:] if of_module and isinstance(node, ast.Expr) and node.value is call and call.func.attr in NAMES else []
        yield from (where for c in changed if (where := array_behind(c)) is not None)
    for target in node.targets if isinstance(node, ast.Assign) else []:
        if isinstance(target, ast.Attribute) and target.attr in _LAID_OUT and (where := array_behind(target.value)) is not None:
            yield where


def array_behind(node: ast.AST) -> str | None:
    """The path of the array that an expression is, or may be a view of: X of X, X.T, X[1:], X.reshape(-1), np.asarray(X)."""
    while True:
        match node:
            case ast.Attribute(value=inner, attr=attr) if attr in _VIEWED:
                node = inner
            case ast.Subscript(value=inner) if path(node) is None:
                node = inner
            case ast.Call(func=ast.Attribute(attr=name, value=inner), args=args) if name in _VIEWS:
                # np.reshape(X, ...) as X.reshape(...): what stands before the dot is a module there, and no array
                node = args[0] if args and path(inner) in _MODULES else inner
            case _:
                return path(node)
