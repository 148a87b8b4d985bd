"""Programs written out: a derivation as source text for NumPy, PyTorch or JAX, or as a test."""

from __future__ import annotations

from ..derivation import Program
from .plain import plain
from .for_numpy import NUMPY

TARGETS = ("numpy", "torch", "jax", "python-test")


def generate(program: Program, target: str) -> str:
    """Source text that defines ``forward(**values)`` and ``gradients(**values)`` (or ``jacobian``, ``hessian``)."""
    if target == "numpy":
        return plain(program, NUMPY)
    raise ValueError(f"there is no target {target}; there are {', '.join(TARGETS)}")
