"""Gradients of matrix formulas, derived with their shapes, shown in every layout, and checked.

import shapecalc
shapecalc.derive("X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")["b"].formula      # sum(dZ, axis=0)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import ShapecalcError

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Derivation, Gradient, JacobianResult, check, derive, hessian, hvp, jacobian, jvp, recheck
    from .batch.many import check_many
    from .rulebook import Op, pointwise, register, structured, unregister

_OWN = ("Op", "pointwise", "register", "structured", "unregister")
_LAZY = ("Derivation", "Gradient", "JacobianResult", "check", "derive", "hessian", "hvp", "jacobian", "jvp", "recheck")


def __getattr__(name: str) -> Any:
    """The interface, loaded when it is first asked for."""
    if name in _OWN:
        return getattr(import_module(".rulebook", __name__), name)
    if name == "check_many":
        return import_module(".batch.many", __name__).check_many
    if name in _LAZY:
        return getattr(import_module(".api", __name__), name)
    raise AttributeError(f"module 'shapecalc' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """%load_ext shapecalc."""
    import_module(".notebook", __name__).load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """%unload_ext shapecalc."""
    import_module(".notebook", __name__).unload_ipython_extension(shell)


__all__ = [
    "Derivation", "Gradient", "JacobianResult", "Op", "ShapecalcError", "check", "check_many", "derive", "hessian", "hvp", "jacobian",
    "jvp", "pointwise", "recheck", "register", "structured", "unregister",
]  # fmt: skip
