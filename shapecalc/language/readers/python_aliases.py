"""Arrays under several names: what a call changes in place, and which array another one is a view of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .python_values import path

_CHANGERS = frozenset({"at", "fill_diagonal", "put", "copyto", "shuffle", "place", "putmask"})  # what they are given first
_METHODS = frozenset({"fill", "sort", "partition", "put", "itemset", "resize"})  # what stands before the dot
_HARMLESS = frozenset({"requires_grad_", "retain_grad_", "share_memory_"})
_VIEWED = frozenset({"T", "mT", "data", "real"})
_VIEWS = frozenset(
    "reshape view ravel transpose t swapaxes squeeze unsqueeze expand_dims permute flatten detach numpy asarray as_tensor".split()  # noqa: SIM905
)


def changed_in_place(node: ast.AST) -> Iterator[str]:
    """The paths of what the calls inside a statement may change: Z.fill(0), W.mul_(2), np.copyto(Z, V), np.add(X, V, out=Z)."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        changed = [k.value for k in call.keywords if k.arg == "out"]
        if isinstance(call.func, ast.Attribute):
            name = call.func.attr
            changed += call.args[:1] if name in _CHANGERS else []
            own = name.endswith("_") and not name.startswith("_") and not name.endswith("__") and name not in _HARMLESS
            changed += [call.func.value] if own or name in _METHODS else []
        yield from (where for c in changed if (where := array_behind(c)) is not None)


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
                node = args[0] if args and path(inner) in {"np", "numpy", "torch", "jnp"} else inner
            case _:
                return path(node)
