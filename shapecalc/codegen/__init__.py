"""Programs written out: a derivation as source text for NumPy, PyTorch or JAX, or as a test."""

from __future__ import annotations

from shapecalc.derivation import Program

from .custom import jax_module, torch_module
from .differences import test_module
from .for_numpy import NUMPY
from .functions import plain

TARGETS = ("numpy", "torch", "jax", "python-test")


def generate(program: Program, target: str) -> str:
    """Source text that defines ``forward(**values)`` and ``gradients(**values)`` (or ``jacobian``, ``hessian``)."""
    if target == "numpy":
        return plain(program, NUMPY)
    if target == "torch":
        return torch_module(program)
    if target == "jax":
        return jax_module(program)
    if target == "python-test":
        return test_module(program)
    raise ValueError(f"there is no target {target}; there are {', '.join(TARGETS)}")
