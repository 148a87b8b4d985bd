"""Formulas remembered by structure are the ones that would be found anew, whatever was met before."""

from __future__ import annotations

from random import Random

import pytest
from programs import Maker

from shapecalc.calculus import gradients
from shapecalc.calculus.context import Context
from shapecalc.errors import ShapecalcError
from shapecalc.language.sheet import read
from shapecalc.notation import text

LAYERS = {
    "relu": ("W{k}: (D{j}, D{k}); b{k}: (D{k},)", "Z{k} = {x} @ W{k} + b{k}; H{k} = relu(Z{k})"),
    "gated": ("U{k}: (D{j}, D{k}); V{k}: (D{j}, D{k})", "G{k} = sigmoid({x} @ U{k}); T{k} = tanh({x} @ V{k}); H{k} = G{k} * T{k}"),
    "residual": ("W{k}: (D0, D0)", "A{k} = {x} @ W{k}; H{k} = {x} + tanh(A{k})"),
    "symmetric": ("W{k}: symmetric (D0, D0)", "H{k} = tanh({x} @ W{k})"),
    "attention": ("W{k}: (D0, D0)", "P{k} = softmax({x} @ W{k} @ {x}.T); H{k} = P{k} @ {x}"),
    "columns": ("W{k}: (D{k}, D{j}); b{k}: (D{k}, 1)", "Z{k} = W{k} @ {x}; H{k} = exp(-Z{k}**2) * b{k}"),
    "scaled": ("W{k}: (D{j}, D{k}); s{k}: ()", "Z{k} = s{k} * {x} @ W{k} / S; c{k} = sum(Z{k}); H{k} = Z{k} * c{k}"),
}


def network(kind: str, layers: int) -> str:
    """Many layers of a kind; the names grow longer on the way."""
    columns = kind == "columns"
    declared, body = LAYERS[kind]
    lines = ["H0: (D0, S)" if columns else "H0: (S, D0)"]
    lines += [declared.format(k=k, j=k - 1) for k in range(1, layers + 1)]
    lines += [body.format(k=k, x=f"H{k - 1}") for k in range(1, layers + 1)]
    return "\n".join([*lines, f"L = sum(H{layers}**2)"])


def formulas(source: str) -> list[str]:
    """The whole backward pass as text."""
    passed = gradients.backward(read(source))
    return [text(passed.formula(name)) for name in passed.order]


def afresh(monkeypatch: pytest.MonkeyPatch, source: str) -> list[str]:
    """The same with nothing remembered."""
    with monkeypatch.context() as patch:
        patch.setattr(gradients, "remembered", lambda find, *_: find())
        return formulas(source)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_deep_network(kind, monkeypatch):
    source = network(kind, 12)
    assert formulas(source) == afresh(monkeypatch, source)


def test_one_memory_for_many_programs(monkeypatch):
    shared: dict[object, object] = {}
    made = Context.__init__

    def begin(self, *args, **named):
        made(self, *args, **named)
        self.formulas = shared

    for seed in range(150):
        source = Maker(Random(seed), 3).program()
        try:
            expected = afresh(monkeypatch, source)
        except ShapecalcError:
            continue
        with monkeypatch.context() as patch:
            patch.setattr(Context, "__init__", begin)
            assert formulas(source) == expected, source
    assert len(shared) > 100


def test_like_layers_are_thought_about_once():
    passed = gradients.backward(read(network("relu", 40)))
    assert len(passed.order) > 120
    assert len(passed.context.formulas) < 12
