"""Every operation of the rule book: its derivative against difference quotients, and generated code against autodiff."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import require_module

import shapecalc
from shapecalc.expr import Apply, nodes
from shapecalc.language.sheet import read
from shapecalc.ops import BOOK
from shapecalc.shapes import value

ROWS = [row.strip() for row in (Path(__file__).parent / "cases/rules.txt").read_text().split("\n\n") if row.strip()]
IDS = [row.splitlines()[-1][:70] for row in ROWS]
NOT_WRITTEN = {"place", "expm", "eigvecs", "trigamma"}  # made by pull-backs only; the last three have none of their own


def arrays(problem, rng, most=4):
    sizes = dict(zip(problem.sizes, rng.permutation(np.arange(2, 2 + len(problem.sizes))), strict=True))
    out = {}
    for name, v in problem.declared.items():
        shape = tuple(value(d, {k: int(n) for k, n in sizes.items()}) for d in v.shape)
        a = rng.uniform(-1.5, 1.5, shape)
        if v.properties & {"positive", "probabilities"}:
            a = np.abs(a) + 0.3
        if v.properties & {"symmetric", "posdef"}:
            a = a @ a.T / shape[0] + np.eye(shape[0])
        if "invertible" in v.properties:
            a = a / 4 + 2 * np.eye(shape[0])
        if "orthogonal" in v.properties:
            a = np.linalg.qr(a)[0]
        if "diagonal" in v.properties:
            a = np.diag(np.diag(a))
        if "onehot" in v.properties:
            a = np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
        if "probabilities" in v.properties:
            a = a / a.sum(-1, keepdims=True)
        out[name] = np.asarray(a)
    return out


def run(derivation, target, values):
    module = {}
    exec(compile(derivation.code(target), f"<{target}>", "exec"), module)  # noqa: S102 - our own code
    return module


def test_every_operation_has_a_row():
    used = {n.name for row in ROWS for e in read(row).definitions.values() for n in nodes(e) if isinstance(n, Apply)}
    assert set(BOOK) - used - NOT_WRITTEN == set()


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_derivative_is_certified(row):
    d = shapecalc.derive(row)
    assert d.certificate.points >= 1
    assert all(g.shape == read(row).declared[n].shape for n, g in d.gradients.items())


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_generated_code_against_central_differences(row):
    d = shapecalc.derive(row)
    rng = np.random.default_rng(3)
    values = arrays(d.problem, rng)
    module = run(d, "numpy", values)
    if d.problem.loss is None:
        last = d.problem.last
        shape = module["forward"](**values)[last].shape
        values["d" + last] = rng.normal(size=shape)

    def loss(v):
        out = module["forward"](**v)
        return float(np.sum(out[d.problem.loss])) if d.problem.loss else float(np.sum(out[last] * v["d" + last]))

    found = module["gradients"](**values)
    for name, g in found.items():
        v = rng.normal(size=values[name].shape)
        h = 1e-6
        up, down = ({**values, name: values[name] + s * h * v} for s in (1, -1))
        slope = (loss(up) - loss(down)) / (2 * h)
        assert np.sum(g * v) == pytest.approx(slope, rel=2e-4, abs=2e-5), name


@pytest.mark.autodiff
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_torch_autodiff_agrees(row):
    torch = require_module("torch")
    d = shapecalc.derive(row)
    values = arrays(d.problem, np.random.default_rng(5))
    try:
        module = run(d, "torch", values)
    except NotImplementedError as error:
        pytest.skip(str(error))
    if d.problem.loss is None or "forward" not in module:
        pytest.skip("no scalar loss")
    tensors = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in values.items()}
    plain = run(d, "numpy", values)["gradients"](**values)
    total = torch.sum(torch.as_tensor(module["forward"](**tensors)[d.problem.loss]))
    total.backward()
    for name, g in plain.items():
        auto = tensors[name].grad
        auto = np.zeros_like(values[name]) if auto is None else auto.numpy()
        np.testing.assert_allclose(g, auto, rtol=1e-7, atol=1e-9, err_msg=name)
