"""Programs written out: a derivation as source text for NumPy, PyTorch or JAX, or as a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shapecalc.derivation import Program
from shapecalc.errors import InputProblem

from .custom import jax_module, torch_module
from .differences import pytest_module
from .for_numpy import NUMPY
from .functions import plain

TARGETS: Mapping[str, Callable[[Program], str]] = {
    "numpy": lambda program: plain(program, NUMPY),
    "torch": torch_module,
    "jax": jax_module,
    "python-test": pytest_module,
}


def generate(program: Program, target: str) -> str:
    """Source text for a target: numpy, torch, jax or python-test.

    It defines ``gradients(**values)``, a dict of arrays (``jacobian`` and ``hessian`` give one array), and ``forward(**values)``, the
    value of every definition. torch has a `torch.autograd.Function` called Value besides, jax a `custom_vjp` called value; the test
    compares NumPy code with central differences. Raises InputProblem for another target.
    """
    if target not in TARGETS:
        raise InputProblem(f"there is no target {target!r}", hint=", ".join(TARGETS))
    return TARGETS[target](program)
