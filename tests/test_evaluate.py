"""The value of a formula: every operation of the rule book against NumPy, residues against fractions, long chains."""

from __future__ import annotations

import math
from fractions import Fraction
from math import prod
from random import Random

import numpy as np
import pytest
from test_rings import Exact

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, apply_node, concrete, contract, evaluate
from shapecalc.expr import Apply, Expr, Lit, Var, nodes
from shapecalc.forms import apply
from shapecalc.language.sheet import read
from shapecalc.op import Signature
from shapecalc.ops import BOOK
from shapecalc.rings import Masked, Modular, Real, Unlucky, Unsupported
from shapecalc.tensor import Tensor

SIZES = {"n": 3, "S": 4, "D": 5, "M": 2, "K": 3}
SHAPES = {
    "A": ("n", "n"), "B": ("n", "n"), "X": ("S", "D"), "W": ("D", "M"), "x": ("D",), "v": ("n",), "b": ("M",), "c": ("S", 1), "r": (1, "D"),
    "s": (), "T": ("K", "S", "D"), "U": ("K", "D", "M"), "p": ("S", "D"), "u": ("S", "D"), "P": ("n", "n"),
}  # fmt: skip


def softmax(a, axis=-1):
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def lse(a, **how):
    return np.log(np.sum(np.exp(a), **how))


def expm(a):
    return sum((np.linalg.matrix_power(a, k) / math.factorial(k) for k in range(40)), np.zeros_like(a))


def special(name, a):
    mpmath = pytest.importorskip("mpmath")
    function = {"digamma": mpmath.digamma, "psi1": lambda x: mpmath.psi(1, x)}[name]
    return np.vectorize(lambda x: float(function(x)), otypes=[float])(a)


erf, sig = np.vectorize(math.erf), lambda a: 1 / (1 + np.exp(-a))
CASES = {  # the operation: formulas that use it, and what NumPy makes of them
    "pi": [("pi * s", lambda e: np.pi * e.s)],
    "ones": [("ones(S, D)", lambda e: np.ones((4, 5))), ("ones(1, M)", lambda e: np.ones((1, 2)))],
    "zeros": [("zeros(S, D)", lambda e: np.zeros((4, 5)))],
    "eye": [("eye(n)", lambda e: np.eye(3)), ("eye(n) * s", lambda e: np.eye(3) * e.s)],
    "mul": [("X * r", lambda e: e.X * e.r), ("c * x", lambda e: e.c * e.x), ("T * X", lambda e: e.T * e.X)],
    "div": [("X / r", lambda e: e.X / e.r), ("x / s", lambda e: e.x / e.s), ("s / X", lambda e: e.s / e.X)],
    "neg": [("-X", lambda e: -e.X)],
    "add": [("X + r - c + s", lambda e: e.X + e.r - e.c + e.s), ("-X + x", lambda e: -e.X + e.x)],
    "matmul": [("X @ W", lambda e: e.X @ e.W), ("X @ x", lambda e: e.X @ e.x), ("x @ W", lambda e: e.x @ e.W),
               ("x @ x", lambda e: e.x @ e.x),
               ("T @ W", lambda e: e.T @ e.W), ("T @ U", lambda e: e.T @ e.U), ("r @ W", lambda e: e.r @ e.W),
               ("c @ r", lambda e: e.c @ e.r)],
    "outer": [("outer(x, b)", lambda e: np.outer(e.x, e.b))],
    "inner": [("inner(x, x)", lambda e: np.inner(e.x, e.x))],
    "tr": [("tr(A @ B)", lambda e: np.trace(e.A @ e.B))],
    "diag": [("diag(x)", lambda e: np.diag(e.x))],
    "diagonal": [("diagonal(A)", lambda e: np.diagonal(e.A))],
    "einsum": [("einsum('ksd,kdm->sm', T, U)", lambda e: np.einsum("ksd,kdm->sm", e.T, e.U)),
               ("einsum('ij,jk,kl->il', A, B, A)", lambda e: e.A @ e.B @ e.A), ("einsum('ii->i', A)", lambda e: np.diagonal(e.A))],
    "kron": [("kron(A, W)", lambda e: np.kron(e.A, e.W)), ("kron(x, W)", lambda e: np.kron(e.x, e.W)),
             ("kron(x, x)", lambda e: np.kron(e.x, e.x))],
    "transpose": [("X.T", lambda e: e.X.T), ("T.T", lambda e: e.T.T), ("T.mT", lambda e: np.swapaxes(e.T, 1, 2)),
                  ("transpose(T, (1, 2, 0))", lambda e: np.transpose(e.T, (1, 2, 0)))],
    "expand_dims": [("x[:, None]", lambda e: e.x[:, None]), ("X[:, None]", lambda e: e.X[:, None])],
    "squeeze": [("c[:, 0]", lambda e: e.c[:, 0])],
    "reshape": [("reshape(X, (S*D,))", lambda e: e.X.reshape(-1)), ("reshape(T, (K*S, D))", lambda e: e.T.reshape(12, 5)),
                ("reshape(X, (D, S))", lambda e: e.X.reshape(5, 4))],
    "vec": [("vec(X)", lambda e: e.X.reshape(-1, order="F"))],
    "broadcast_to": [("broadcast_to(r, (S, D))", lambda e: np.broadcast_to(e.r, (4, 5)))],
    "slice": [("X[1:, :-1]", lambda e: e.X[1:, :-1]), ("T[0]", lambda e: e.T[0])],
    "concatenate": [("concatenate((X, c), axis=1)", lambda e: np.concatenate((e.X, e.c), axis=1)),
                    ("concatenate((x, b, x))", lambda e: np.concatenate((e.x, e.b, e.x)))],
    "tril": [("tril(A)", lambda e: np.tril(e.A)), ("tril(X, k=-1)", lambda e: np.tril(e.X, -1))],
    "triu": [("triu(A, k=1)", lambda e: np.triu(e.A, 1))],
    "cumsum": [("cumsum(X, axis=0)", lambda e: np.cumsum(e.X, axis=0)), ("cumsum(x)", lambda e: np.cumsum(e.x))],
    "prod": [("prod(X, axis=0)", lambda e: np.prod(e.X, axis=0)), ("prod(x)", lambda e: np.prod(e.x))],
    "cumprod": [("cumprod(X, axis=1)", lambda e: np.cumprod(e.X, axis=1)), ("cumprod(x)", lambda e: np.cumprod(e.x))],
    "cross": [("cross(T[0, 0, :3], T[1, 1, :3])", lambda e: np.cross(e.T[0, 0, :3], e.T[1, 1, :3]))],
    "power": [("X**3", lambda e: e.X**3), ("X**-2", lambda e: e.X**-2),
              ("p**2.5", lambda e: e.p**2.5), ("p**(-1/3)", lambda e: e.p ** (-1 / 3))],
    "pow": [("p**X", lambda e: e.p**e.X), ("2**x", lambda e: 2**e.x)],
    "log": [("log(p)", lambda e: np.log(e.p))],
    "log1p": [("log1p(p)", lambda e: np.log1p(e.p))],
    "sqrt": [("sqrt(p)", lambda e: np.sqrt(e.p))],
    "arcsin": [("arcsin(u)", lambda e: np.arcsin(e.u))],
    "arccos": [("arccos(u)", lambda e: np.arccos(e.u))],
    "erf": [("erf(X)", lambda e: erf(e.X))],
    "sigmoid": [("sigmoid(X)", lambda e: sig(e.X))],
    "softplus": [("softplus(X)", lambda e: np.logaddexp(0, e.X))],
    "silu": [("silu(X)", lambda e: e.X * sig(e.X))],
    "lgamma": [("lgamma(exp(X))", lambda e: np.vectorize(math.lgamma)(np.exp(e.X)))],
    "digamma": [("digamma(exp(X))", lambda e: special("digamma", np.exp(e.X)))],
    "trigamma": [("trigamma(exp(X))", lambda e: special("psi1", np.exp(e.X)))],
    "gelu": [("gelu(X)", lambda e: e.X * (1 + erf(e.X / math.sqrt(2))) / 2)],
    "relu": [("relu(X)", lambda e: np.maximum(e.X, 0))],
    "leaky_relu": [("leaky_relu(X, 0.2)", lambda e: np.where(e.X > 0, e.X, 0.2 * e.X))],
    "elu": [("elu(X)", lambda e: np.where(e.X > 0, e.X, np.expm1(e.X)))],
    "greater": [("X > r", lambda e: e.r < e.X)],
    "less": [("X < 0", lambda e: e.X < 0)],
    "greater_equal": [("X >= X", lambda e: e.X >= e.X)],
    "less_equal": [("X <= c", lambda e: e.c >= e.X)],
    "equal": [("X == X", lambda e: e.X == e.X), ("X == r", lambda e: e.r == e.X)],
    "where": [("where(X > 0, X, r)", lambda e: np.where(e.X > 0, e.X, e.r))],
    "maximum": [("maximum(X, r)", lambda e: np.maximum(e.X, e.r))],
    "minimum": [("minimum(X, 0)", lambda e: np.minimum(e.X, 0))],
    "clip": [("clip(X, -1, 0.5)", lambda e: np.clip(e.X, -1, 0.5))],
    "sum": [("sum(T, axis=1)", lambda e: e.T.sum(1)), ("sum(X)", lambda e: e.X.sum()),
            ("sum(T, axis=(0, 2), keepdims=True)", lambda e: e.T.sum((0, 2), keepdims=True))],
    "mean": [("mean(X, axis=0)", lambda e: e.X.mean(0)), ("mean(T)", lambda e: e.T.mean())],
    "max": [("max(X, axis=1)", lambda e: e.X.max(1)), ("max(T, axis=(0, 1))", lambda e: e.T.max((0, 1))),
            ("max(X)", lambda e: e.X.max())],
    "min": [("min(X, axis=0, keepdims=True)", lambda e: e.X.min(0, keepdims=True))],
    "softmax": [("softmax(X)", lambda e: softmax(e.X)), ("softmax(T, axis=1)", lambda e: softmax(e.T, 1)),
                ("softmax(x)", lambda e: softmax(e.x))],
    "log_softmax": [("log_softmax(X, axis=0)", lambda e: np.log(softmax(e.X, 0)))],
    "logsumexp": [("logsumexp(X, axis=1)", lambda e: lse(e.X, axis=1)), ("logsumexp(X)", lambda e: lse(e.X))],
    "norm": [("norm(X)", lambda e: np.sqrt((e.X**2).sum())), ("norm(X, axis=1)", lambda e: np.sqrt((e.X**2).sum(1))),
             ("norm(x, ord=1)", lambda e: abs(e.x).sum())],
    "var": [("var(X, axis=0)", lambda e: e.X.var(0)), ("var(x, ddof=1)", lambda e: e.x.var(ddof=1))],
    "std": [("std(X, axis=1, keepdims=True)", lambda e: e.X.std(1, keepdims=True))],
    "mse": [("mse(X, p)", lambda e: ((e.X - e.p) ** 2).mean())],
    "inv": [("inv(A)", lambda e: np.linalg.inv(e.A))],
    "det": [("det(A)", lambda e: np.linalg.det(e.A))],
    "logdet": [("logdet(A)", lambda e: np.linalg.slogdet(e.A)[1])],
    "solve": [("solve(A, B)", lambda e: np.linalg.solve(e.A, e.B)), ("solve(A, v)", lambda e: np.linalg.solve(e.A, e.v))],
    "matpow": [("matpow(A, 3)", lambda e: np.linalg.matrix_power(e.A, 3)), ("matpow(A, -2)", lambda e: np.linalg.matrix_power(e.A, -2)),
               ("matpow(A, 0)", lambda e: np.eye(3))],
    "pinv": [("pinv(W)", lambda e: np.linalg.pinv(e.W))],
    "cholesky": [("cholesky(P)", lambda e: np.linalg.cholesky(e.P))],
    "expm": [("expm(A)", lambda e: expm(e.A))],
    "eigvalsh": [("eigvalsh(A)", lambda e: np.linalg.eigvalsh((e.A + e.A.T) / 2))],
    "eigvecs": [("abs(eigh(A)[1])", lambda e: np.abs(np.linalg.eigh((e.A + e.A.T) / 2)[1]))],
    "flip": [("X[::-1]", lambda e: e.X[::-1]), ("flip(X)", lambda e: np.flip(e.X))],
    "windows": [("windows(X, 2, axis=1)", lambda e: np.lib.stride_tricks.sliding_window_view(e.X, 2, 1))],
    "overlap_add": [("overlap_add(A)", lambda e: np.array([np.trace(e.A[::-1], k) for k in range(1 - len(e.A), len(e.A))]))],
}  # fmt: skip
PLAIN = ["exp", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "abs", "sign"]
CASES |= {name: [(f"{name}(X)", lambda e, name=name: getattr(np, name)(e.X))] for name in PLAIN}
ROWS = [(name, text, reference) for name, cases in CASES.items() for text, reference in cases]


class Arrays:
    """The same random values as floats, and over a ring."""

    def __init__(self, seed: object) -> None:
        random = np.random.default_rng(abs(hash(seed)) % 2**32)
        self.values = {name: random.normal(size=concrete(shape, SIZES)).round(6) for name, shape in SHAPES.items()}
        self.values["p"] = abs(self.values["p"]) + 0.125
        self.values["u"] = random.uniform(-0.9, 0.9, size=(4, 5)).round(6)
        self.values["P"] = (self.values["A"] @ self.values["A"].T + np.eye(3)).round(6)

    def __getattr__(self, name: str) -> np.ndarray:
        return self.values[name]

    def over(self, ring) -> dict[str, Tensor]:
        return {n: Tensor(np.shape(v), [ring.lift(Fraction(str(x))) for x in np.ravel(v)]) for n, v in self.values.items()}


def formula(text: str) -> Expr:
    declared = "\n".join(f"{n}: ({', '.join(map(str, s))}{',' * (len(s) == 1)})" for n, s in SHAPES.items())
    return read(f"{declared}\nout = {text}").definitions["out"]


def test_no_operation_is_forgotten():
    assert set(CASES) | {"place"} == set(BOOK)  # place comes of derivatives alone: see below


@pytest.mark.parametrize(("name", "text", "reference"), ROWS, ids=[text for _, text, _ in ROWS])
def test_reals_agree_with_numpy(name, text, reference):
    e = formula(text)
    assert any(isinstance(n, Apply) and n.op.name == name for n in nodes(e))
    arrays = Arrays(text)
    found = evaluate(Real(), e, arrays.over(Real()), SIZES, meaning)
    wanted = np.asarray(reference(arrays), float)
    assert found.shape == wanted.shape == concrete(e.shape, SIZES)
    np.testing.assert_allclose(np.array([float(x) for x in found.data]).reshape(found.shape), wanted, rtol=1e-9, atol=1e-9)


def test_place():
    a = Var("A", ("n", "n"))
    e = apply("place", a, items=((1, "n"), (0, "n")), shape=("n + 2", "n"))
    found = evaluate(Modular(), e, {"A": Tensor((2, 2), [1, 2, 3, 4])}, {"n": 2}, meaning)
    assert (found.shape, found.data) == ((4, 2), [0, 0, 1, 2, 3, 4, 0, 0])


RATIONAL = {
    "add", "mul", "div", "neg", "matmul", "outer", "inner", "tr", "diag", "diagonal", "einsum", "kron", "transpose", "vec", "reshape",
    "slice", "concatenate", "tril", "triu", "cumsum", "sum", "mean", "var", "mse", "inv", "det", "solve", "matpow", "pinv", "expand_dims",
}  # fmt: skip


@pytest.mark.parametrize("text", [text for name, text, _ in ROWS if name in RATIONAL])
def test_residues_agree_with_fractions(text):
    """One evaluation over the rationals, in a ring that has single entries only; one modulo a prime and one modulo its square."""
    e, arrays = formula(text), Arrays(text)
    wanted = evaluate(Exact(), e, arrays.over(Exact()), SIZES, meaning)
    for ring in (Modular(), Modular(square=True), Masked(Random(0))):
        found = evaluate(ring, e, arrays.over(ring), SIZES, meaning)
        assert found.shape == wanted.shape
        assert found.data == [ring.lift(x) for x in wanted.data]


@pytest.mark.parametrize("text", ["exp(X)", "sqrt(p)", "max(X, axis=0)", "softmax(X)", "p**X", "expm(A)", "norm(X)"])
def test_what_is_not_rational_is_unsupported(text):
    for ring in (Modular(), Masked(Random(0))):
        with pytest.raises(Unsupported):
            evaluate(ring, formula(text), Arrays(text).over(ring), SIZES, meaning)


def test_poles_are_unlucky():
    zero = {"X": Tensor((4, 5), [0] * 20)}
    for ring in (Modular(), Real()):
        with pytest.raises(Unlucky):
            evaluate(ring, formula("1 / X"), zero, SIZES, meaning)


def test_sizes_count():
    e = formula("X * (S + 2*D) / n")
    ring = Modular()
    found = evaluate(ring, e, {"X": Tensor((4, 5), [3] * 20)}, SIZES, meaning)
    assert found.data == [14] * 20


def test_a_frame_is_used_again():
    frame, ring = Frame(SIZES), Modular()
    arrays = Arrays("frame").over(ring)
    first = evaluate(ring, formula("X @ W + b"), arrays, frame, meaning)
    steps = dict(frame.steps)
    assert evaluate(ring, formula("X @ W + b"), arrays, frame, meaning).data == first.data
    assert frame.steps == steps
    assert dict(frame) == SIZES


def test_what_is_remembered_is_not_computed_again():
    ring, memo = Modular(), {}
    x = Var("x", ("D",))
    e = apply("mul", x, x)
    memo[e] = Tensor((5,), [1, 2, 3, 4, 5])
    assert evaluate(ring, apply("sum", e), {}, SIZES, meaning, memo).data == [15]


@pytest.mark.parametrize("length", [20_000])
def test_long_formulas_need_no_recursion(length):
    e: Expr = Var("x", ())
    for _ in range(length):
        e = apply("add", e, Lit(1), signs=(1, 1))
    assert evaluate(Modular(), e, {"x": Tensor((), [5])}, {}, meaning).data == [length + 5]


def test_shared_parts_are_computed_once():
    e: Expr = Var("x", ())
    for _ in range(200):
        e = apply("mul", e, e)  # 2**200 leaves if written out
    p = Modular().prime
    assert evaluate(Modular(), e, {"x": Tensor((), [3])}, {}, meaning).data == [pow(3, 2**200, p)]


def test_one_operation_over_a_ring_of_single_entries():
    a = [Fraction(k) for k in range(6)]
    node = apply("transpose", Var("X", ("S", "D")), axes=(1, 0))
    out = apply_node(Exact(), node, [Tensor((2, 3), a)], {"S": 2, "D": 3}, meaning)
    assert (out.shape, out.data) == ((3, 2), [0, 3, 1, 4, 2, 5])
    joined = contract(Exact(), Signature((("i", "j"),), (("i", "j"),), sizes={"i": "S", "j": "D"}), [Tensor((2, 3), a)], {"S": 2, "D": 3})
    assert (joined.shape, joined.data) == ((6,), a)
    assert prod(joined.shape) == 6


# ---- contractions -----------------------------------------------------------------------------------

SIGNATURES = [
    "ik,kj->ij", "ki,kj->ij", "ik,jk->ij", "ik,kj->ji", "ki,k->i", "ij,ij->", "ik,kj,jl->il", "ik,kl,lj,jm->im", "ij,jk,ki->",
    "ij,ij,ij->ij", "ij,kl,mi->jklm", "ik,kj,k->ij",
]  # fmt: skip


@pytest.mark.parametrize("spec", SIGNATURES)
@pytest.mark.parametrize("way", ["as it comes", "pairs and slices"])
def test_every_way_to_contract_gives_the_same(spec, way, monkeypatch):
    if way != "as it comes":
        monkeypatch.setattr("shapecalc.contractions.SMALL", 0)
        monkeypatch.setattr("shapecalc.contractions.KEPT", 0)
    sizes = {"i": 3, "j": 4, "k": 5, "l": 2, "m": 3}
    inputs, _, output = spec.partition("->")
    random = np.random.default_rng(len(spec))
    arrays = [random.integers(-9, 9, size=[sizes[x] for x in word]) for word in inputs.split(",")]
    signature = Signature(tuple(tuple(word) for word in inputs.split(",")), tuple(output), sizes={k: k for k in sizes})
    tensors = [Tensor(a.shape, [int(x) for x in a.ravel()]) for a in arrays]
    found = contract(Modular(), signature, tensors, sizes)
    wanted = np.einsum(spec, *arrays)
    assert found.shape == wanted.shape
    assert found.data == [int(x) % Modular().prime for x in wanted.ravel()]


def test_many_factors_are_multiplied_pair_by_pair():
    """Eight letters: 5**8 products at once, 5**3 in pairs."""
    spec = "ab,bc,cd,de,ef,fg,gh->ah"
    names = ["A" + str(k) for k in range(7)]
    e = apply("einsum", *(Var(n, ("n", "n")) for n in names), spec=spec)
    rows = [[[(i * 7 + j * 3 + k) % 11 for j in range(9)] for i in range(9)] for k in range(7)]
    env = {n: Tensor((9, 9), [x for row in rows[k] for x in row]) for k, n in enumerate(names)}
    found = evaluate(Modular(), e, env, {"n": 9}, meaning)
    wanted = np.linalg.multi_dot([np.array(r) for r in rows])
    assert found.data == [int(x) for x in wanted.ravel()]


def test_what_is_too_large_is_refused():
    e = apply("matmul", Var("A", (4096, 4096)), Var("B", (4096, 4096)))
    with pytest.raises(Unsupported, match="so many"):
        evaluate(Modular(), e, {"A": Tensor((4096, 4096), []), "B": Tensor((4096, 4096), [])}, {}, meaning)
