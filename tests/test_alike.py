"""What is remembered by structure is what would be found anew, whatever was met before."""

from __future__ import annotations

from random import Random

import pytest
from operations import Operations
from programs import Maker

from shapecalc.calculus import gradients
from shapecalc.calculus.alike import Memory
from shapecalc.calculus.context import Context
from shapecalc.errors import ShapecalcError
from shapecalc.gallery import sheets
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
    "normed": ("g{k}: (D0,)", "C{k} = {x} - mean({x}, axis=1)[:, None]; s{k} = mean(C{k}**2, axis=1); H{k} = g{k} * C{k} / s{k}[:, None]"),
    "sliced": ("W{k}: (D0, 2*D0)", "a{k} = {x} @ W{k}; H{k} = sigmoid(a{k}[:, :D0]) * tanh(a{k}[:, D0:])"),
    "logistic": ("W{k}: (D0, D0)", "u{k} = {x} @ W{k}; H{k} = 1 / (1 + exp(-u{k}))"),
    "exponential": ("W{k}: (D0, D0)", "E{k} = exp({x} @ W{k}); H{k} = E{k} / sum(E{k}, axis=1, keepdims=True)"),
    "gram": ("", "K{k} = {x} @ {x}.T; H{k} = K{k} @ {x} / S"),
    "unary": ("", "H{k} = sin({x})"),
    "masked": ("W{k}: (D0, D0); M{k}: positive (S, D0)", "H{k} = relu({x} @ W{k}) * M{k}"),
}  # fmt: skip
SQUARE = [kind for kind, (declared, _) in LAYERS.items() if "D{k}" not in declared and kind not in ("symmetric", "columns")]


def network(kind: str, layers: int) -> str:
    """Many layers of a kind; the names grow longer on the way."""
    declared, body = LAYERS[kind]
    lines = ["H0: (D0, S)" if kind == "columns" else "H0: (S, D0)"]
    lines += [declared.format(k=k, j=k - 1) for k in range(1, layers + 1)]
    lines += [body.format(k=k, x=f"H{k - 1}") for k in range(1, layers + 1)]
    return "\n".join([*lines, f"L = sum(H{layers}**2)"])


def mixed(rng: Random, layers: int = 9) -> str:
    """Layers of several kinds; some take their input from further back, some share a weight, some products have a name too."""
    chosen = rng.sample(SQUARE, 2)
    declared, defined = {"H0": "H0: (S, D0)"}, []
    for k in range(1, layers + 1):
        parameters, body = LAYERS[rng.choice(chosen)]
        x = f"H{k - 1}" if rng.random() < 0.8 else f"H{rng.randrange(k)}"
        for line in filter(None, parameters.format(k=k, j=k - 1).split("; ")):
            name, shape = line.split(": ")
            other = next((n for n, d in declared.items() if d.endswith(f": {shape}") and rng.random() < 0.2), None)
            if rng.random() < 0.1 and shape == "(D0, D0)":
                shape = "symmetric (D0, D0)"
            declared[name] = f"{name}: {shape}"
            body = body.replace(name.replace(str(k), "{k}"), other or name)
        if rng.random() < 0.3:
            defined.append(f"p{k} = {x} * {x}" if rng.random() < 0.5 else f"p{k} = {x} / S")
        defined += body.format(k=k, x=x).split("; ")
        if rng.random() < 0.2:
            defined.append(f"q{k} = H{k} * {x}")
            defined.append(f"t{k} = sum({x})")
    last = rng.choice([f"L = sum(H{layers}**2)", f"L = sum(H{layers} * H1)", f"Q = H{layers} - H{layers - 1}"])
    return "\n".join([*declared.values(), *defined, last])


def told(source: str) -> list[tuple[object, ...]]:
    """The whole backward pass: names, formulas, the axes that were lost on the way, and the declared properties that were used."""
    passed = gradients.backward(read(source))
    return [*((name, text(passed.formula(name)), passed.flows[name].lost) for name in passed.order), *sorted(passed.context.used)]


def afresh(monkeypatch: pytest.MonkeyPatch, source: str) -> list[tuple[object, ...]]:
    """The same with nothing remembered."""
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "step", lambda *_: None)
        return told(source)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_deep_network(kind, monkeypatch):
    source = network(kind, 12)
    assert told(source) == afresh(monkeypatch, source)


@pytest.mark.parametrize("sheet", sheets().values(), ids=lambda s: s.name)
def test_the_gallery(sheet, monkeypatch):
    assert told(sheet.text) == afresh(monkeypatch, sheet.text)


def test_layers_of_several_kinds(monkeypatch):
    for seed in range(25):
        source = mixed(Random(seed))
        assert told(source) == afresh(monkeypatch, source), source


@pytest.mark.parametrize(("maker", "programs"), [(Maker, 100), (Operations, 60)])
def test_one_memory_for_many_programs(maker, programs, monkeypatch):
    kept: dict[object, object] = {}
    idents: dict[object, object] = {}
    made = Context.__init__

    def begin(self, *args, **named):
        made(self, *args, **named)
        self.kept, self.idents = kept, idents

    for seed in range(programs):
        source = maker(Random(seed), 3).program()
        try:
            expected = afresh(monkeypatch, source)
        except ShapecalcError:
            continue
        with monkeypatch.context() as patch:
            patch.setattr(Context, "__init__", begin)
            assert told(source) == expected, source
            assert told(source) == expected, source  # and now all of it is known
    assert len(kept) > 2 * programs


# in twelve layers, and in each further one: searches for a formula, definitions that are gone back through by the rules, what is kept
EFFORT = {
    "relu": ((18, 6, 22), (0, 0, 0)), "gated": ((49, 9, 25), (3, 0, 0)), "residual": ((32, 6, 28), (2, 0, 1)),
    "symmetric": ((27, 13, 2), (2, 1, 0)), "attention": ((54, 6, 11), (4, 0, 0)), "columns": ((23, 6, 16), (1, 0, 0)),
    "scaled": ((20, 7, 25), (0, 0, 0)), "normed": ((37, 6, 17), (2, 0, 0)), "sliced": ((8, 5, 13), (0, 0, 0)),
    "logistic": ((8, 5, 13), (0, 0, 0)), "exponential": ((26, 5, 16), (1, 0, 0)), "gram": ((30, 6, 26), (2, 0, 1)),
    "unary": ((5, 4, 9), (0, 0, 0)), "masked": ((13, 4, 17), (0, 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("kind", LAYERS)
def test_like_layers_are_thought_about_once(kind, monkeypatch):
    sought, pulled = [], []
    best, pull = gradients.best_formula, gradients.Pass.pulled
    monkeypatch.setattr(gradients, "best_formula", lambda *args: sought.append(args) or best(*args))
    monkeypatch.setattr(gradients.Pass, "pulled", lambda *args: pulled.append(args) or pull(*args))

    def effort(layers):
        sought.clear()
        pulled.clear()
        kept = gradients.backward(read(network(kind, layers))).context.kept
        return len(sought), len(pulled), len(kept)

    few, many = effort(12), effort(15)
    assert (few, tuple((b - a) / 3 for a, b in zip(few, many, strict=True))) == EFFORT[kind]


APART = {
    "a product that has a name in one layer only": (
        "X1, A1, B1, X2, A2, B2: (n, m)\nP = A1 * B1\nZ1 = X1 * A1 * B1\nR1 = tanh(Z1)\nZ2 = X2 * A2 * B2\nR2 = tanh(Z2)\nL = sum(R1 * R2)",
        [("X1", "dZ1 * P"), ("X2", "dZ2 * B2 * A2")],
    ),
    "exponentials of which one layer has the sum by name": (
        "u: (n,); v: (n,)\np = exp(u) / sum(exp(u))\nE = exp(v)\nq = exp(v) / sum(exp(v))\nL = sum(p**3) + sum(q**3)",
        [("u", "(dp - dp @ p) * p"), ("v", "(dq - dq @ q) * q")],
    ),
    "one name twice": ("X: (n, n); Y: (n, n)\nA = X @ Y\nB = A @ A\nL = sum(B**2)", [("A", "dB @ A.T + A.T @ dB"), ("Y", "X.T @ dA")]),
    "two sizes that are one": (
        "X: (n, m); W: (m, n)\nA = X @ W\nV: (n, n)\nB = A @ V\nL = sum(B**2)",
        [("A", "dB @ V.T"), ("X", "dA @ W.T")],
    ),
    "sizes in another order of the alphabet": (
        "x: (b, d); y: (s, a)\nu = mean(x) * x\nv = mean(y) * y\nL = sum(u**2) + sum(v**2)",
        [("x", "mean(du * x) + sum(x) * du / (b*d)"), ("y", "mean(dv * y) + sum(y) * dv / (s*a)")],
    ),
}


@pytest.mark.parametrize("name", APART)
def test_what_looks_alike_and_is_not(name, monkeypatch):
    source, expected = APART[name]
    found = told(source)
    assert found == afresh(monkeypatch, source)
    assert {(row[0], row[1]) for row in found} >= set(expected)


def test_names_that_are_not_asked_for():
    source = network("relu", 6)
    whole = {row[0]: row[1] for row in told(source) if len(row) == 3}
    problem = read(source)
    for wanted in (["b1", "W3"], ["W6"], ["b2", "b4", "b6"], ["H0"]):
        passed = gradients.backward(problem, wanted)
        assert {n: text(passed.formula(n)) for n in wanted} == {n: whole[n] for n in wanted}
        assert set(passed.order) < set(whole)


def test_a_matrix_that_all_steps_share_is_thought_about_once_for_each(monkeypatch):
    """Its gradient is a sum over the steps; to write out one gradient after the other in it took time with the square of their number."""
    sought = []
    best = gradients.best_formula
    monkeypatch.setattr(gradients, "best_formula", lambda *args: sought.append(args) or best(*args))

    def effort(steps):
        sought.clear()
        lines = [f"x{k} = tanh(A @ x{k - 1})" for k in range(1, steps + 1)]
        gradients.backward(read("\n".join(["x0: (n,)", "A: (n, n)", *lines, f"L = sum(x{steps})"])))
        return len(sought)

    assert effort(60) - effort(30) <= 2 * 30
