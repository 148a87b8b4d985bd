"""Generated code: what it computes, against autodiff, finite differences and the evaluator; and how it reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
import pytest
from conftest import require_module

from shapecalc.api import Derivation
from shapecalc.calculus.jacobians import hessian, jacobian
from shapecalc.calculus.texts import meaning
from shapecalc.codegen import generate
from shapecalc.derivation import Program
from shapecalc.errors import InputProblem, NotKnownYet
from shapecalc.evaluate import evaluate
from shapecalc.expr import Apply, Expr, Var, nodes
from shapecalc.forms import apply
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.ops import BOOK
from shapecalc.rings import Real
from shapecalc.shapes import value
from shapecalc.tensor import Tensor

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = ["numpy", pytest.param("torch", marks=pytest.mark.autodiff), pytest.param("jax", marks=pytest.mark.autodiff)]


def run(source: str, target: str = "numpy") -> SimpleNamespace:
    """The names that generated code defines."""
    if target in ("torch", "jax"):
        require_module(target)
    space: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "<generated>", "exec"), space)  # noqa: S102 - it is ours
    return SimpleNamespace(**space)


def array(x: Any) -> np.ndarray:
    return x.detach().numpy() if hasattr(x, "detach") else np.asarray(x)


def draw(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    x = rng.normal(size=shape)
    match kind:
        case "positive":
            return np.abs(x) + 0.5
        case "unit":
            return rng.uniform(-0.8, 0.8, size=shape)
        case "posdef":
            return x @ x.T + np.eye(len(x))
        case "symmetric":
            return x + x.T
        case "onehot":
            return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
        case "binary":
            return (x > 0).astype(float)
    return x


# ---- every operation ------------------------------------------------------------------

SIZES = {"S": 4, "D": 3, "M": 5, "n": 3, "K": 2, "H": 2, "λ": 6}
SHAPES = {
    "X": ("S", "D"), "Y": ("S", "D"), "W": ("D", "M"), "A": ("n", "n"), "B": ("n", "M"), "x": ("D",), "y": ("D",), "c": (),
    "u": ("n", 1), "v": (1, "n"), "T": ("H", "S", "D"), "G": ("H", "D", "M"), "Q": (2, "H", 2, "n"), "V": ("S", "λ"), "one": (1, 1),
}  # fmt: skip
ROWS = """
add          X - Y + x | c - 1/3 | 2 - (X - Y) - (-X)
neg          -(X + Y) | -X * Y | (-x)**2
mul          X * (Y * x) | c*X | X*S*c | 2*(X > 0) | (X > 0) * (Y > 0) | (X > 0) * Y | S * (X > Y) * c | X * (Y > 0) * (X > 1)
div          X / (Y**2 + 1) | X / S | c/(x**2 + 1) | X / (2*S) / (x**2 + 2) | (X > 0) / 2
matmul       X @ W | X @ (W @ W.T) | x @ W | A @ A @ u | (X * Y) @ W | T @ G | X @ x | x @ y | (X > 0) @ W | X @ (W * 2) @ W.T
outer        outer(x, y) | outer(X, x) | outer(u, v)
inner        inner(x, y) | inner(X, Y)
tr           tr(A) | tr(A @ A + eye(n))
diag         diag(x) | diag(u) | diag(v) | diag(x + y) @ W
diagonal     diagonal(A) | diagonal(A @ A)
einsum       einsum('ij,jk->ik', X, W) | einsum('hsd,hdm->hm', T, G) | einsum('i,j->ij', x, y) | einsum('Sa->a', X) |
             einsum('ij,ij,j->', X, Y, x)
kron         kron(A, B) | kron(X, W.T)
transpose    X.T | (X + Y).T | swapaxes(T, -1, -2) | transpose(T, (1, 2, 0)) | T.T | (T + 1).T | swapaxes(T, 0, 1) | (X @ W).T
expand_dims  x[:, None] | x[None] | (x + y)[None, :, None] | S[None] * x | c[None, None] | (2*S)[None]
squeeze      u[:, 0] | v[0] | (v * 2)[0] | one[0, 0]
reshape      reshape(X, (D, S)) | reshape(T, (H*S, D)) | reshape(X + Y, (S*D,)) | reshape(c, (1, 1)) | reshape(one, ())
vec          vec(X) | vec(T) | vec(x) | vec(X @ W) | vec(c)
broadcast_to broadcast_to(x, (S, D)) | broadcast_to(c, (S,)) | broadcast_to(v, (n, n))
slice        X[1:] | X[:, 1:3] | x[0:2] | (X + Y)[:, :2] | X[1] | X[:, 0] | Q[:, :, 1] | V[:, 2:] | V[:2, :λ - 1]
concatenate  concatenate((X, Y), axis=0) | concatenate((X, x[None]), axis=0) | concatenate((x, y, x), axis=0) | concatenate((X, Y), axis=1)
tril         tril(A) | tril(A, k=-1) | tril(A, k=1) | tril(T)
triu         triu(A) | triu(A, k=-1) | triu(A + 1, k=1)
cumsum       cumsum(X, axis=0) | cumsum(x, axis=0) | cumsum(T, axis=-1) | cumsum(X, axis=1, reverse=True)
cumprod      cumprod(X, axis=0) | cumprod(x, axis=0) | cumprod(T, axis=-1)
flip         x[::-1] | X[:, ::-1] | T[::-1, :, ::-1] | (X + Y)[::-1] | flip(T)
windows      windows(x, 2) | windows(X, H, axis=0) | windows(X + Y, (H, D - 1), axis=(0, 1)) | windows(T, (n, 2), axis=(1, 2))
overlap_add  overlap_add(X) | overlap_add(X * Y) | overlap_add(T, axis=0) | overlap_add(T, axis=1) | overlap_add(Q, axis=(1, 0))
eigvalsh     eigvalsh(A) | eigvalsh(X @ X.T)
eigvecs      eigh(A)[1] | eigh(A + A.T)[1] @ B
sum          sum(X) | sum(X, axis=0) | sum(X, axis=1, keepdims=True) | sum(T, axis=(0, 2)) | sum(X, keepdims=True) |
             sum(X > 0) | sum(c) | sum(X > 0, axis=0)
mean         mean(X) | mean(X, axis=0) | mean(T, axis=(1, 2), keepdims=True) | mean(X > 0)
prod         prod(X) | prod(X, axis=0) | prod(T, axis=(0, 2)) | prod(X, axis=1, keepdims=True) | prod(X, keepdims=True) | prod(c)
max          max(X) | max(X, axis=0) | max(T, axis=(0, 1)) | max(X, axis=1, keepdims=True) | max(X, keepdims=True)
min          min(X) | min(X, axis=0) | min(T, axis=(0, 1)) | min(X, axis=1, keepdims=True)
softmax      softmax(X) | softmax(X, axis=0) | softmax(T, axis=(0, 1)) | softmax(X, axis=None) | softmax(1000 * X)
log_softmax  log_softmax(X) | log_softmax(X, axis=0) | log_softmax(T, axis=(0, 1)) | log_softmax(X, axis=None) | log_softmax(1000 * X)
logsumexp    logsumexp(X) | logsumexp(X, axis=0) | logsumexp(T, axis=(0, 1)) | logsumexp(X, axis=1, keepdims=True) |
             logsumexp(1000 * X, axis=1)
norm         norm(X) | norm(x) | norm(X, axis=0) | norm(X, axis=1, keepdims=True) | norm(X, ord=1) | norm(T, axis=(0, 1)) |
             norm(T) | norm(T, axis=(0, 1, 2)) | norm(T, ord=1, axis=1) | norm(X, keepdims=True) | norm(c)
var          var(X) | var(X, axis=0) | var(X, axis=1, ddof=1, keepdims=True) | var(T, axis=(0, 1)) | var(X, ddof=1)
std          std(X) | std(X, axis=0) | std(X, axis=1, ddof=1, keepdims=True) | std(T, axis=(0, 1))
mse          mse(X, Y) | mse(x, y, reduction='sum')
ones         ones(S) @ X | ones(S, D) | X * ones(1, D)
zeros        zeros(S) | zeros(S, D) + X | zeros(n - 1)
eye          eye(n) | A + 2*eye(n) | eye(3)
pi           pi * X | sqrt(2*pi) | X**2 / sqrt(2*pi*S)
power        X**2 | (X + Y)**3 | (X**2 + 1)**(1/3) | (X**2 + 1)**-1 | (X**2 + 1)**-0.5 | 2**-1 | -X**2 | (S*c)**2 | S**-1 | D**0.5
pow          (X**2 + 1)**Y | 2**X | (x**2 + 1)**c | (X**2 + 1)**S | S**D
exp          exp(X) | exp(2) | exp(-S) | exp(c)
log          log(X**2 + 1) | log(S) | log(2*S + 1)
log1p        log1p(X**2) | log1p(S)
expm1        expm1(X) | expm1(2)
sin          sin(X) | sin(S)
cos          cos(X) | cos(2)
tan          tan(X / 4) | tan(1)
arcsin       arcsin(tanh(X)) | arcsin(1/S)
arccos       arccos(tanh(X)) | arccos(1/2)
arctan       arctan(X) | arctan(2)
sinh         sinh(X) | sinh(1)
cosh         cosh(X) | cosh(1)
tanh         tanh(X) | tanh(1/S)
erf          erf(X) | erf(c) | erf(1/2)
lgamma       lgamma(exp(X)) | lgamma(exp(c)) | lgamma(1/2) | lgamma(30 * exp(X))
digamma      digamma(exp(X)) | digamma(exp(c)) | digamma(1/2) | digamma(30 * exp(X))
trigamma     trigamma(exp(X)) | trigamma(exp(c)) | trigamma(S) | trigamma(30 * exp(X))
sigmoid      sigmoid(X) | sigmoid(100 * X) | sigmoid(2) | sigmoid(c)
softplus     softplus(X) | softplus(30 * X) | softplus(S)
silu         silu(X) | silu(1)
gelu         gelu(X) | gelu(1) | gelu(5 * X)
relu         relu(X) | relu(X @ W) | relu(S)
leaky_relu   leaky_relu(X) | leaky_relu(X, slope=0.3) | leaky_relu(c)
elu          elu(X) | elu(X, alpha=0.5) | elu(c, 2)
abs          abs(X) | abs(-S) | abs(c)
sign         sign(X) | sign(c) | sign(-S)
sqrt         sqrt(X**2 + 1) | sqrt(S) | X / sqrt(D)
greater      X > 0 | X > Y | S > c | S > 2 | 1 - (X > 0) | (X > 0) - (Y > 0) | -(X > 0) | (X > 0)**2 | (X > 0)[0] | (X > 0).T |
             ((X > 0) > (Y > 0))
less         X < Y | x < 1/2
greater_equal X >= Y | S >= S
less_equal   X <= Y | X <= x
equal        X == X | X == Y | (X == max(X, axis=1, keepdims=True)) / sum(X == max(X, axis=1, keepdims=True), axis=1, keepdims=True)
where        where(X > 0, X, Y) | where(X > 0, 1, 0) | where(X > 0, 1, 1/3) | where(X > 0, X, 0) | where(X > 0, Y > 0, 0) |
             where((X > 0) * (Y > 0), X, Y) | where(S > 2, X, Y) | where(x > 0, X, c)
maximum      maximum(X, Y) | maximum(X, 0) | maximum(0, X) | maximum(X, c) | maximum(S, 2) | maximum(X, sqrt(2)) |
             maximum(sqrt(2), S) | maximum(X > 0, Y)
minimum      minimum(X, Y) | minimum(X, 1/2) | minimum(c, x)
clip         clip(X, -1, 1) | clip(X, Y - 1, Y) | clip(X, c, 2) | clip(X, 0, S) | clip(X, c, sqrt(20)) | clip(S, 0, 2) | clip(S, c, 2)
inv          inv(A) | inv(A @ A + eye(n)) @ u
det          det(A) | det(A.T @ A)
logdet       logdet(A) | logdet(A @ A.T)
solve        solve(A, B) | solve(A, x[:2] @ W[:2, :2] @ B[:2, 0] * u)
matpow       matpow(A, 3) | matpow(A, -2) | matpow(A, 0)
pinv         pinv(X) | pinv(X[:, :2])
cholesky     cholesky(A @ A.T + eye(n)) | cholesky(A @ A.T + 4*eye(n) + tril(A) / 8)
cross        cross(concatenate((x[:2], y[:1]), axis=0), concatenate((y[:1], x[:2]), axis=0))
expm         expm(A) | expm(8 * A) | expm(0 * A)
"""
FORMULAS = {
    op: [f.strip() for f in rest.split("|")]
    for op, _, rest in (line.partition(" ") for line in ROWS.strip().replace("|\n", "|").splitlines())
}


def built(formula: str) -> Expr:
    return build_text(formula, {n: Var(n, s) for n, s in SHAPES.items()}, SIZES, {})


PLACED = [
    apply("place", Var(n, SHAPES[n]), items=items, shape=shape)
    for n, items, shape in [
        ("x", ((1, "D"),), ("D + 3",)),
        ("X", ((0, "S"), (2, "D")), ("S", "2*D")),
        ("x", ((0, "D"),), ("D",)),
        ("T", (("S", "H"), (1, "S"), (0, "D")), ("H + S", "S + 2", "D")),
    ]
]
NODES = {**{op: [built(f) for f in formulas] for op, formulas in FORMULAS.items()}, "place": PLACED}


def test_every_operation_has_a_row():
    assert {n.name for es in NODES.values() for e in es for n in nodes(e) if isinstance(n, Apply)} == set(BOOK) == set(NODES)


@pytest.fixture(scope="module")
def expected() -> tuple[dict[str, np.ndarray], dict[str, list[np.ndarray]]]:
    """Values of the variables, and of every formula by the evaluator, which knows nothing of NumPy."""
    rng = np.random.default_rng(0)
    values = {n: rng.normal(size=tuple(value(d, SIZES) for d in s)) for n, s in SHAPES.items()}
    env = {n: Tensor(a.shape, [Decimal(float(x)) for x in a.flat]) for n, a in values.items()}

    def number(e: Expr) -> np.ndarray:
        found = evaluate(Real(), e, env, SIZES, meaning)
        return np.array([float(x) for x in found.data]).reshape(found.shape)

    return values, {op: [number(e) for e in es] for op, es in NODES.items()}


@pytest.mark.parametrize("target", LIBRARIES)
@pytest.mark.parametrize("op", NODES)
def test_every_operation(op: str, target: str, expected: Any):
    values, wanted = expected
    steps = tuple((f"out{k}", e) for k, e in enumerate(NODES[op]))
    program = Program(tuple(SHAPES.items()), steps, (), ())
    forward = run(generate(program, target), target).forward
    if target == "jax":
        forward = require_module("jax").jit(forward)  # one compilation in place of many
    made = forward(**values)
    for formula, k, want in zip(NODES[op], range(len(steps)), wanted[op], strict=True):
        found = array(made[f"out{k}"])
        assert (found.dtype, found.shape) == (np.float64, want.shape), formula
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-11 * (1 + np.max(np.abs(want))), err_msg=text(formula))


# ---- whole problems against autodiff ----------------------------------------------------

Reference = Callable[..., Any]


def rectified(m: Any, a: Any) -> Any:
    return m.where(a > 0, a, 0.0)


def sigmoid(m: Any, a: Any) -> Any:
    return 1 / (1 + m.exp(-a))


def largest(m: Any, a: Any) -> Any:
    return (m.amax if hasattr(m, "amax") else m.max)(a, 1)


def cross_entropy(m: Any, p: Any, y: Any) -> Any:
    return -m.mean(y * m.log(p) + (1 - y) * m.log(1 - p))


def soft(m: Any, a: Any, axis: int) -> Any:
    e = m.exp(a)
    return e / m.sum(e, axis=axis, keepdims=True)


def lstm(m: Any, *, x: Any, h: Any, c: Any, W: Any, U: Any, b: Any) -> Any:
    z = W @ x + U @ h + b
    k = c.shape[0]
    i, f, o, g = sigmoid(m, z[:k]), sigmoid(m, z[k : 2 * k]), sigmoid(m, z[2 * k : 3 * k]), m.tanh(z[3 * k :])
    return o * m.tanh(f * c + i * g)


def normed(m: Any, X: Any, axis: int) -> Any:
    mu = m.mean(X, axis=axis, keepdims=True)
    return (X - mu) / m.sqrt(m.mean((X - mu)**2, axis=axis, keepdims=True) + 1e-3)


def attention(m: Any, Q: Any, K: Any, V: Any) -> Any:
    return soft(m, Q @ m.swapaxes(K, -1, -2) / K.shape[-1]**0.5, -1) @ V


PROBLEMS: dict[str, tuple[str, Reference]] = {
    "affine, samples as rows": (
        "X: (S, D); W: (D, M); b: (M,)\nZ = X @ W + b",
        lambda _, X, W, b: X @ W + b),
    "affine, samples as columns": (
        "X: (D, S); W: (M, D); b: (M, 1)\nZ = W @ X + b",
        lambda _, X, W, b: W @ X + b),
    "least squares with a penalty": (
        "X: (S, D); w: (D,); y: (S,); c: (); r = X @ w - y\nL = sum(r**2) / (2*S) + c/2 * sum(w**2)",
        lambda m, X, w, y, c: m.sum((X @ w - y)**2) / (2 * len(y)) + c / 2 * m.sum(w**2)),
    "two layers": (
        """X: (S, D); W1: (D, H); b1: (H,); W2: (H, M); b2: (1, M); Y: (S, M)
        Z1 = X @ W1 + b1; A1 = relu(Z1); Z2 = A1 @ W2 + b2; A2 = tanh(Z2); L = mean((A2 - Y)**2)""",
        lambda m, X, W1, b1, W2, b2, Y: m.mean((m.tanh(rectified(m, X @ W1 + b1) @ W2 + b2) - Y)**2)),
    "softmax and cross entropy": (
        "X: (S, D); W: (D, M); b: (M,); Y: onehot (S, M)\nZ = X @ W + b\nP = softmax(Z)\nL = -sum(Y * log(P)) / S",
        lambda m, X, W, b, Y: -m.sum(Y * m.log(soft(m, X @ W + b, -1))) / len(X)),
    "logistic regression": (
        "X: (D, S); w: (D, 1); b: (1, 1); Y: (1, S)\nA = sigmoid(w.T @ X + b)\nL = -mean(Y * log(A) + (1 - Y) * log(1 - A))",
        lambda m, X, w, b, Y: cross_entropy(m, sigmoid(m, w.T @ X + b), Y)),
    "batch norm": (
        """X: (S, D); g: (D,); b: (D,)
        mu = mean(X, axis=0); v = mean((X - mu)**2, axis=0); N = (X - mu) / sqrt(v + 1/1000); Y = g * N + b""",
        lambda m, X, g, b: g * normed(m, X, 0) + b),
    "layer norm": (
        """X: (S, D); g: (D,); b: (D,)
        N = (X - mean(X, axis=1, keepdims=True)) / sqrt(var(X, axis=1, keepdims=True) + 1/1000); Y = g * N + b""",
        lambda m, X, g, b: g * normed(m, X, 1) + b),
    "attention": (
        "Q: (T, D); K: (S, D); V: (S, M)\nA = Q @ K.T / sqrt(D)\nP = softmax(A)\nO = P @ V",
        attention),
    "attention, batched": (
        "Q: (B, T, D); K: (B, S, D); V: (B, S, M)\nA = Q @ swapaxes(K, -1, -2) / sqrt(D)\nP = softmax(A)\nO = P @ V",
        attention),
    "LSTM cell": (
        """x: (D,); h: (K,); c: (K,); W: (4*K, D); U: (4*K, K); b: (4*K,)
        z = W @ x + U @ h + b
        i = sigmoid(z[:K]); f = sigmoid(z[K:2*K]); o = sigmoid(z[2*K:3*K]); g = tanh(z[3*K:]); c2 = f * c + i * g; h2 = o * tanh(c2)""",
        lstm),
    "quadratic form": (
        "A: (n, n); x: (n,)\nL = x @ A @ x",
        lambda _, A, x: x @ A @ x),
    "logdet": (
        "A: posdef (n, n); X: (n, D)\nL = logdet(A) + tr(X.T @ inv(A) @ X)",
        lambda m, A, X: m.linalg.slogdet(A)[1] + m.trace(X.T @ m.linalg.inv(A) @ X)),
    "inverse": (
        "A: (n, n); B: (n, M)\nY = inv(A) @ B",
        lambda m, A, B: m.linalg.inv(A) @ B),
    "GLU": (
        "X: (S, D); W: (D, M); V: (D, M); b: (M,)\nU = X @ W + b\nG = sigmoid(X @ V)\nY = U * G",
        lambda m, X, W, V, b: (X @ W + b) * sigmoid(m, X @ V)),
    "convolution by shifts": (
        "X: (S, n); k: (2,); b: ()\nY = X[:, :n - 1] * k[0] + X[:, 1:] * k[1] + b",
        lambda _, X, k, b: X[:, :-1] * k[0] + X[:, 1:] * k[1] + b),
    "convolution by patches": (
        "P: (S, T, K, C); F: (K, C, M)\nY = einsum('stkc,kcm->stm', P, F)\nZ = maximum(Y, 0)",
        lambda m, P, F: rectified(m, m.einsum("stkc,kcm->stm", P, F))),
    "pooling and norms": (
        "X: (S, D)\nu = max(X, axis=1)\nL = norm(X) + sum(u**2) + logsumexp(X) + norm(X, ord=1)",
        lambda m, X: m.sqrt(m.sum(X**2)) + m.sum(largest(m, X)**2) + m.log(m.sum(m.exp(X))) + m.sum(m.abs(X))),
    "bounds that broadcast": (
        "X: (S, D); a: (D,); b: (D,)\nL = sum(clip(X, a, b)**2)",
        lambda m, X, a, b: m.sum(m.minimum(m.maximum(X, a), b)**2)),
    "names that code is written with": (
        "np: (S, torch); jnp: (torch,); values: (S,); ϵ: ()\nsoftmax = np @ jnp\nmath = sigmoid(softmax) - values\nL = sum(math**2) + ϵ**2",
        lambda m, np, jnp, values, **rest: m.sum((sigmoid(m, np @ jnp) - values)**2) + rest["ε"]**2),
}  # fmt: skip


@cache
def program_of(source: str, wrt: tuple[str, ...] = (), layout: str = "denominator", structured: bool = False) -> Program:
    problem = read(source)
    return Derivation(problem, list(wrt or problem.declared), layout, structured).program()


def point(source: str, trial: int) -> dict[str, np.ndarray]:
    """Values of every declared name and incoming gradient, at sizes that differ."""
    problem = read(source)
    program = program_of(source)
    rng = np.random.default_rng(trial)
    sizes = {n: int(k) for n, k in zip(problem.sizes, trial + 2 + rng.permutation(len(problem.sizes)), strict=True)}
    out = {}
    for n, s in program.inputs:
        properties = problem.declared[n].properties if n in problem.declared else frozenset()
        out[n] = draw(rng, tuple(value(d, sizes) for d in s), next(iter(properties), ""))
    return out


@cache
def by_autodiff(name: str, trial: int, library: str) -> dict[str, np.ndarray]:
    """The gradients of the reference, which is written by hand."""
    source, reference = PROBLEMS[name]
    values = point(source, trial)
    declared = list(read(source).declared)
    seed = next((a for n, a in values.items() if n not in declared), np.ones(()))
    m = require_module("torch" if library == "torch" else "jax.numpy")
    if library == "torch":
        given = [m.tensor(values[n], requires_grad=True) for n in declared]
        scalar = m.sum(reference(m, **{safe(n): t for n, t in zip(declared, given, strict=True)}) * m.tensor(seed))
        return {n: g.numpy() for n, g in zip(declared, m.autograd.grad(scalar, given), strict=True)}
    jax = require_module("jax")
    jax.config.update("jax_enable_x64", True)
    scalar = jax.jit(jax.grad(lambda given: m.sum(reference(m, **{safe(n): t for n, t in given.items()}) * seed)))
    found = scalar({n: values[n] for n in declared})
    return {n: np.asarray(g) for n, g in found.items()}


def safe(name: str) -> str:
    return normalize("NFKC", name)


def close(found: Any, expected: Any) -> None:
    assert array(found).shape == np.shape(expected)
    np.testing.assert_allclose(array(found), expected, rtol=1e-8, atol=1e-10 * (1 + np.max(np.abs(expected), initial=0)))


@pytest.mark.autodiff
@pytest.mark.parametrize("trial", [0, 1])
@pytest.mark.parametrize(("target", "library"), [("numpy", "torch"), ("torch", "torch"), ("jax", "jax")])
@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_those_of_autodiff(name: str, target: str, library: str, trial: int):
    source = PROBLEMS[name][0]
    values = point(source, trial)
    gradients = run(generate(program_of(source), target), target).gradients
    if target == "jax":
        gradients = require_module("jax").jit(gradients)  # one compilation in place of many
    found = gradients(**values, nothing=None)
    expected = by_autodiff(name, trial, library)
    assert set(found) == set(read(source).declared)
    for n, g in expected.items():
        close(found[n], g)


@pytest.mark.autodiff
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_torch_function_passes_gradcheck(name: str):
    torch = require_module("torch")
    source = PROBLEMS[name][0]
    values = point(source, 0)
    made = run(generate(program_of(source), "torch"), "torch")
    given = [torch.tensor(values[n], requires_grad=True) for n in read(source).declared]
    assert torch.autograd.gradcheck(made.Value.apply, given, fast_mode=True)


@pytest.mark.autodiff
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_jax_function_goes_through_jit_and_grad(name: str):
    jax = require_module("jax")
    source = PROBLEMS[name][0]
    values = point(source, 0)
    made = run(generate(program_of(source), "jax"), "jax")
    declared = list(read(source).declared)
    seed = next((a for n, a in values.items() if n not in declared), np.ones(()))
    total = jax.jit(jax.grad(lambda given: (made.value(*given) * seed).sum()))
    expected = by_autodiff(name, 0, "jax")
    for n, g in zip(declared, total([values[n] for n in declared]), strict=True):
        close(g, expected[n])


UNTOLD = "h: (p*q,)\nH = reshape(h, (p, q))\nL = sum(H @ H.T)"
STRUCTURED = "A: symmetric (n, n); D: diagonal (n, n); T: triangular (n, n)\nL = tr(A @ D @ A @ T) + tr(D @ T @ D)"


def test_generated_tests_pass(tmp_path: Path):
    sources = [generate(program_of(source), "python-test") for source, _ in PROBLEMS.values()]
    sources += [
        generate(program_of(PROBLEMS["two layers"][0], layout="numerator"), "python-test"),
        generate(program_of(STRUCTURED, structured=True), "python-test"),
        generate(program_of(UNTOLD), "python-test"),
        generate(program_of("A: (2, 2); x: (2,)\ny = A @ x"), "python-test"),
    ]
    for k, source in enumerate(sources):
        (tmp_path / f"test_{k}.py").write_text(source, encoding="utf-8")
    done = pytest_run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def pytest_run(path: Path) -> subprocess.CompletedProcess[str]:
    quiet = ["-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(path)]
    command = [sys.executable, "-m", "pytest", *quiet, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=path)


def test_a_generated_test_fails_where_the_gradient_is_wrong(tmp_path: Path):
    source = generate(program_of("X: (S, D); W: (D, M)\nZ = X @ W"), "python-test")
    assert "dW = X.T @ dZ  #" in source
    (tmp_path / "test_wrong.py").write_text(source.replace("dW = X.T @ dZ  #", "dW = -X.T @ dZ  #"), encoding="utf-8")
    done = pytest_run(tmp_path)
    assert done.returncode == 1
    assert "2 failed, 2 passed" in done.stdout


# ---- the layouts, Jacobians, Hessians -----------------------------------------------------


@pytest.mark.parametrize("target", LIBRARIES)
def test_the_numerator_layout_transposes_matrices(target: str):
    source = "X: (S, D); W: (D, M); b: (M,)\nZ = X @ W + b"
    values = point(source, 0)
    programs = [program_of(source, layout=layout) for layout in ("denominator", "numerator")]
    plain, turned = (run(generate(p, target), target).gradients(**values) for p in programs)
    for n in ("X", "W", "b"):
        close(turned[n], array(plain[n]).T)


@pytest.mark.parametrize("target", LIBRARIES)
def test_the_gradient_by_a_definition(target: str):
    source = "X: (S, D); w: (D,)\nz = X @ w\nL = sum(tanh(z))"
    values = point(source, 0)
    found = run(generate(program_of(source, ("z", "w")), target), target).gradients(**values)
    dz = 1 - np.tanh(values["X"] @ values["w"])**2
    close(found["z"], dz)
    close(found["w"], values["X"].T @ dz)


@pytest.mark.parametrize("target", LIBRARIES)
def test_two_incoming_gradients(target: str):
    source = "X: (S, D); W: (D, H); V: (H, M)\nA = tanh(X @ W)\nZ = A @ V\nG: upstream(A)"
    problem, program = read(source), program_of(source)
    program = replace(program, incoming=tuple((problem.upstream.get(d, f"d{d}"), d) for d in ("A", "Z")))
    rng = np.random.default_rng(0)
    sizes = dict(zip(problem.sizes, (2, 3, 4, 5), strict=True))
    values = {n: rng.normal(size=tuple(sizes[str(d)] for d in s)) for n, s in program.inputs}
    found = run(generate(program, target), target).gradients(**values)
    A = np.tanh(values["X"] @ values["W"])
    close(found["V"], A.T @ values["dZ"])
    close(found["W"], values["X"].T @ ((values["G"] + values["dZ"] @ values["V"].T) * (1 - A**2)))


@pytest.mark.parametrize("target", LIBRARIES)
def test_only_some_names_are_differentiated_by(target: str):
    source = "X: (S, D); W: (D, M); Y: (S, M)\nZ = X @ W\nL = sum((Z - Y)**2)"
    values = point(source, 0)
    found = run(generate(program_of(source, ("W",)), target), target).gradients(**values)
    assert list(found) == ["W"]
    close(found["W"], 2 * values["X"].T @ (values["X"] @ values["W"] - values["Y"]))


@pytest.mark.parametrize("target", LIBRARIES)
def test_a_loss_with_axes_of_size_1(target: str):
    source = "x: (n, 1); A: (n, n); b: ()\nL = x.T @ A @ x + 2*b"
    values = point(source, 0)
    found = run(generate(program_of(source), target), target).gradients(**values)
    close(found["x"], (values["A"] + values["A"].T) @ values["x"])
    close(found["b"], 2.0)
    assert array(found["b"]).dtype == np.float64


def of_jacobian(source: str, of: str, wrt: str, layout: str, vec: bool) -> Program:
    problem = read(source)
    e = jacobian(problem, of, wrt).formula(layout, vec)
    inputs = tuple((n, v.shape) for n, v in problem.declared.items())
    steps = tuple(problem.definitions.items())
    return Program(inputs, steps, (), ((wrt, e, False),), problem.loss, (), "jacobian", of, layout, vec)


def of_hessian(source: str, wrt: str, wrt2: str | None, vec: bool) -> Program:
    problem = read(source)
    e = hessian(problem, wrt, wrt2)[0].formula("numerator", vec)
    inputs = tuple((n, v.shape) for n, v in problem.declared.items())
    steps = tuple(problem.definitions.items())
    return Program(inputs, steps, (), ((wrt, e, False),), problem.loss, (), "hessian", None, "numerator", vec, wrt2=wrt2)


SECOND = [
    *(of_jacobian(source, of, wrt, layout, vec) for source, of, wrt in [
        ("W: (M, N); x: (N,)\ny = tanh(W @ x)", "y", "x"),
        ("X: (S, D); W: (D, M)\nZ = X @ W\nA = sigmoid(Z)", "A", "Z"),
        ("X: (S, D); W: (D, M)\nZ = X @ W", "Z", "W"),
        ("X: (S, D); c: ()\nZ = exp(c * X)", "Z", "c"),
        ("A: (n, n); B: (n, M)\nL = sum(A @ B)", "L", "B"),
    ] if wrt in read(source).declared for layout in ("numerator", "denominator") for vec in (False, True)),
    *(of_hessian(source, wrt, wrt2, vec) for source, wrt, wrt2 in [
        ("A: (n, n); x: (n,)\nL = x @ A @ x", "x", None),
        ("X: (S, D); w: (D,); y: (S,)\nL = sum(softplus(X @ w) - y * (X @ w))", "w", None),
        ("X: (S, D); W: (D, M)\nL = sum((X @ W)**2)", "W", None),
        ("A: (n, m); x: (n,); y: (m,)\nL = x @ A @ y + sum(x**3)", "x", "y"),
    ] for vec in (False, True)),
]  # fmt: skip


def test_generated_tests_of_jacobians_and_hessians_pass(tmp_path: Path):
    for k, program in enumerate(SECOND):
        (tmp_path / f"test_{k}.py").write_text(generate(program, "python-test"), encoding="utf-8")
    done = pytest_run(tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.autodiff
@pytest.mark.parametrize("target", ["torch", "jax"])
def test_jacobians_and_hessians_agree_among_the_libraries(target: str):
    for program in SECOND:
        rng = np.random.default_rng(0)
        sizes = {d: 2 + k for k, d in enumerate(dict.fromkeys(d for _, s in program.inputs for d in s))}
        values = {n: rng.normal(size=tuple(sizes[d] for d in s)) for n, s in program.inputs}
        first, second = (getattr(run(generate(program, t), t), program.function)(**values) for t in ("numpy", target))
        close(second, first)


# ---- how the code reads and complains -------------------------------------------------------

AFFINE = """X: (S, D)
W: (D, M)
b: (M,)
Z = X @ W + b"""

GRADIENTS = '''def gradients(*, X, W, dZ, **unused):
    """The gradient of the loss by X, W, b, by name.

    X: (S, D)
    W: (D, M)
    dZ: (S, M)

        dX = dZ @ W.T
        dW = X.T @ dZ
        db = sum(dZ, axis=0)
    """
    X = np.asarray(X, dtype=float)
    W = np.asarray(W, dtype=float)
    dZ = np.asarray(dZ, dtype=float)
    assert X.ndim == 2, f"X must have shape (S, D), not {X.shape}"
    S, D = X.shape
    assert W.ndim == 2, f"W must have shape (D, M), not {W.shape}"
    M = W.shape[1]
    assert W.shape == (D, M), f"W must have shape (D, M) = {(D, M)}, not {W.shape}"
    assert dZ.shape == (S, M), f"dZ must have shape (S, M) = {(S, M)}, not {dZ.shape}"
    dX = dZ @ W.T  # (S, D)
    dW = X.T @ dZ  # (D, M)
    db = np.sum(dZ, axis=0)  # (M,)
    return {"X": dX, "W": dW, "b": db}
'''


def test_numpy_code_reads_like_this():
    assert generate(program_of(AFFINE), "numpy").endswith(GRADIENTS)


def test_numpy_code_imports_numpy_only():
    for source, _ in PROBLEMS.values():
        tree = ast.parse(generate(program_of(source), "numpy"))
        imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
        assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
        assert imported <= {"numpy", "math"}


def test_helpers_are_written_only_where_they_are_used():
    code = generate(program_of("X: (S, D)\nZ = softmax(X)"), "numpy")
    assert "def softmax(a, axis):" in code
    assert "def logsumexp" not in code


@pytest.mark.parametrize("target", LIBRARIES)
@pytest.mark.parametrize(("name", "shape", "message"), [
    ("W", (4, 5), "W must have shape (D, M) = (3, 5), not (4, 5)"),
    ("X", (3,), "X must have shape (S, D), not (3,)"),
    ("dZ", (5,), "dZ must have shape (S, M) = (2, 5), not (5,)"),
])  # fmt: skip
def test_an_array_of_another_shape_is_named(target: str, name: str, shape: tuple[int, ...], message: str):
    made = run(generate(program_of(AFFINE), target), target)
    values = {"X": np.ones((2, 3)), "W": np.ones((3, 5)), "b": np.ones(5), "dZ": np.ones((2, 5)), name: np.ones(shape)}
    with pytest.raises(AssertionError) as caught:
        made.gradients(**values)
    assert str(caught.value) == message


def test_lists_and_integers_are_taken_and_what_is_not_needed_need_not_be_given():
    made = run(generate(program_of(AFFINE, ("W",)), "numpy"))
    found = made.gradients(X=[[1, 2, 3]], dZ=[[1, 10]])
    assert found["W"].tolist() == [[1, 10], [2, 20], [3, 30]]
    assert found["W"].dtype == np.float64


@pytest.mark.parametrize("target", LIBRARIES)
def test_compound_sizes_are_solved(target: str):
    made = run(generate(program_of("H: (4*K, n - 1)\nZ = H[:K] / n"), target), target)
    found = made.gradients(H=np.ones((8, 3)), dZ=np.full((2, 3), 4.0))["H"]
    close(found, np.concatenate((np.ones((2, 3)), np.zeros((6, 3)))))
    with pytest.raises(AssertionError) as caught:
        made.forward(H=np.ones((9, 3)))
    assert str(caught.value) == "H must have shape (4*K, n - 1) = (8, 3), not (9, 3)"


@pytest.mark.parametrize("target", LIBRARIES)
def test_a_size_that_no_array_tells_is_an_argument(target: str):
    made = run(generate(program_of(UNTOLD), target), target)
    h = np.arange(6.0)
    H = h.reshape(2, 3)
    close(made.forward(h=h, p=2, q=3)["L"], np.sum(H @ H.T))
    close(made.gradients(h=h, p=2, q=3)["h"], 2 * np.tile(H.sum(axis=0), 2))


def test_a_gradient_may_be_written_to():
    made = run(generate(program_of("X: (S, D)\ny = sum(X, axis=0)"), "numpy"))
    found = made.gradients(X=np.ones((2, 3)), dy=np.ones(3))["X"]
    found += 1
    assert found.tolist() == [[2.0] * 3] * 2


def test_large_arguments_do_no_harm():
    loss = "sum(log_softmax(x)) + sum(softplus(x)) + sum(sigmoid(x)) + sum(silu(x)) + logsumexp(x)"
    made = run(generate(program_of(f"x: (n,)\nL = {loss}"), "numpy"))
    with np.errstate(over="raise", invalid="raise"):
        assert np.isfinite(made.forward(x=[-2000.0, 0.0, 2000.0])["L"])
        assert np.all(np.isfinite(made.gradients(x=[-2000.0, 0.0, 2000.0])["x"]))


def test_an_unknown_target_is_named():
    with pytest.raises(InputProblem) as caught:
        generate(program_of(AFFINE), "fortran")
    assert (caught.value.message, caught.value.hint) == ("there is no target 'fortran'", "numpy, torch, jax, python-test")


@pytest.mark.parametrize("program", [
    program_of("X: (S, D)\nz = exp(X)\nL = sum(z)", ("z",)),
    Program((("x", ("n",)),), (), (), (("x", Var("x", ("n",)), False),), function="jacobian", of="y"),
    Program((("x", ("n",)),), (), (), (("x", Var("x", ("n",)), False),), function="hessian", loss="L"),
])  # fmt: skip
def test_a_test_that_cannot_be_written_is_refused(program: Program):
    with pytest.raises(NotKnownYet, match=r"^a test "):
        generate(program, "python-test")


def test_names_that_python_reads_otherwise_are_taken_by_their_own_name():
    made = run(generate(program_of("ϵ: (S,); np: (S,)\nL = sum(ϵ * np)"), "numpy"))
    values = {"ϵ": [1.0, 2.0], "np": [3.0, 4.0]}
    expected = {"ϵ": [3.0, 4.0], "np": [1.0, 2.0]}
    for found in (made.gradients(**values), made.gradients(ϵ=[1.0, 2.0], np=[3.0, 4.0])):
        assert {n: g.tolist() for n, g in found.items()} == expected


def test_a_python_keyword_as_a_name():
    x = Var("lambda", ("in",))
    e = apply("mul", x, x)
    output = ("lambda", apply("ones", shape=("in", 2)), False)
    program = Program((("lambda", ("in",)),), (("class", e),), (), (output,), None, (), "jacobian", "class")
    made = run(generate(program, "numpy"))
    assert made.forward(**{"lambda": [2, 3]})["class"].tolist() == [4, 9]
    assert made.jacobian(**{"lambda": [2, 3]}).tolist() == [[1, 1], [1, 1]]
