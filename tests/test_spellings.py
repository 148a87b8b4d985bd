"""What NumPy and torch are taken to mean is what they do: each line is run by the library itself, and the values compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import require_module

from shapecalc.language.sheet import read
from shapecalc.results import Derivation
from shapecalc.shapes import value

LINES = (Path(__file__).parent / "cases/spellings.txt").read_text().splitlines()


@pytest.mark.autodiff
@pytest.mark.parametrize("line", LINES)
def test_a_spelling_means_what_the_library_does(line):
    torch = require_module("torch")
    problem = read(line)
    sizes = dict(zip(problem.sizes, [3, 4, 2, 5, 6], strict=False))
    rng = np.random.default_rng(1)
    values = {n: rng.uniform(0.2, 0.9, tuple(value(d, sizes) for d in v.shape)) for n, v in problem.declared.items()}
    for name, a in values.items():
        if a.ndim == 2 and a.shape[0] == a.shape[1]:
            values[name] = a @ a.T + np.eye(len(a))
    space = {}
    exec(Derivation(problem, list(problem.declared), "denominator", False).code("numpy"), space)  # noqa: S102 - it is ours
    found = np.asarray(space["forward"](**values, **sizes)[problem.last])
    formula = line.rsplit(";", 1)[1].split("=", 1)[1].strip()
    expected = np.asarray(by_library(formula, values, sizes, torch))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def by_library(formula, values, sizes, torch):
    """The value by NumPy, or by torch where the line is torch's."""
    names = {"np": np, "torch": torch, "F": torch.nn.functional, **sizes}
    try:
        return eval(formula, {**names, **values})
    except (AttributeError, TypeError, ValueError, IndexError):
        return eval(formula, {**names, **{n: torch.tensor(a) for n, a in values.items()}})
