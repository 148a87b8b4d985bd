"""Every sheet of the gallery derives, in form and within its time, and its page holds together."""

from __future__ import annotations

import re

import pytest

from shapecalc import derive
from shapecalc.gallery import Sheet, sheets

EXPECTED = {
    ("softmax-regression", "Z"): "(P - Y)/S",
    ("logistic-regression", "z"): "(p - t)/S",
    ("mlp", "Z1"): "dA1 * (1 - A1**2)",
    ("attention", "A"): "P * (dP - sum(dP * P, axis=-1, keepdims=True))",
    ("lstm", "Wi"): "x.T @ dzi",
    ("rnn", "W"): "x3.T @ dz3 + x2.T @ dz2 + x1.T @ dz1",
    ("infonce", "Z"): "(P - eye(S))/S",
    ("embedding", "E"): "T.T @ dX",
    ("poisson-regression", "eta"): "mu - t",
    ("residual", "X"): "dY + dZ @ W1.T",
    ("batchnorm", "beta"): "sum(dY, axis=0)",
    ("gaussian-process", "C"): "(outer(inv(C) @ y, inv(C) @ y) - inv(C))/2",
}
ASKED = (
    "logistic-regression", "softmax-regression", "deep-mlp", "batchnorm", "layernorm", "rmsnorm", "attention", "causal-attention",
    "multi-head-attention", "lstm", "gru", "rnn", "embedding", "residual", "glu", "swiglu", "dropout", "vae", "gan-discriminator",
    "gan-generator", "infonce", "gaussian", "gaussian-process", "pca", "factorisation", "ridge", "generalised-least-squares",
    "mahalanobis", "svm", "poisson-regression",
)  # fmt: skip


def test_nothing_is_missing():
    assert set(ASKED) <= set(sheets())


@pytest.mark.parametrize("sheet", sheets().values(), ids=lambda s: s.name)
def test_head(sheet: Sheet):
    assert re.fullmatch(r"[a-z0-9-]+", sheet.name)
    assert sheet.title[0].isupper()
    assert not sheet.title.endswith(".")
    assert re.search(r"\(\d{4}\)", sheet.source), "a source has a year"
    assert sheet.wrt


@pytest.mark.parametrize("sheet", sheets().values(), ids=lambda s: s.name)
def test_page(sheet: Sheet):
    d = derive(sheet.text, wrt=sheet.wrt)
    assert all(g.recognised or "einsum" in sheet.text for g in d.gradients.values())
    page = str(d.to("text"))
    assert "do not trust" not in page
    assert "could not be compared" not in page
    for name in d.wrt:
        assert f"d{name} = {d[name].formula}" in page


@pytest.mark.parametrize(("name", "of"), EXPECTED)
def test_form(name: str, of: str):
    sheet = sheets()[name]
    backward = dict(derive(sheet.text, wrt=sheet.wrt).backward)
    assert backward[f"d{of}"] == EXPECTED[name, of]
