"""Generated code: what it computes, against autodiff, finite differences and the evaluator; and how it reads."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import require_module

import shapecalc
from shapecalc.calculus.texts import meaning
from shapecalc.codegen import TARGETS, generate
from shapecalc.derivation import Program
from shapecalc.evaluate import evaluate
from shapecalc.expr import Apply, Expr, Var, nodes
from shapecalc.forms import apply
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.ops import BOOK
from shapecalc.rings import Real
from shapecalc.shapes import names, value
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
    "X": ("S", "D"), "Y": ("S", "D"), "W": ("D", "M"), "A": ("n", "n"), "B": ("n", "M"), "x": ("D",), "y": ("D",), "c": (), "u": ("n", 1), "v": (1, "n"),
    "T": ("H", "S", "D"), "G": ("H", "D", "M"), "Q": (2, "H", 2, "n"), "V": ("S", "λ"), "one": (1, 1),
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
einsum       einsum('ij,jk->ik', X, W) | einsum('hsd,hdm->hm', T, G) | einsum('i,j->ij', x, y) | einsum('Sa->a', X) | einsum('ij,ij,j->', X, Y, x)
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
sum          sum(X) | sum(X, axis=0) | sum(X, axis=1, keepdims=True) | sum(T, axis=(0, 2)) | sum(X, keepdims=True) | sum(X > 0) | sum(c) | sum(X > 0, axis=0)
mean         mean(X) | mean(X, axis=0) | mean(T, axis=(1, 2), keepdims=True) | mean(X > 0)
max          max(X) | max(X, axis=0) | max(T, axis=(0, 1)) | max(X, axis=1, keepdims=True) | max(X, keepdims=True)
min          min(X) | min(X, axis=0) | min(T, axis=(0, 1)) | min(X, axis=1, keepdims=True)
softmax      softmax(X) | softmax(X, axis=0) | softmax(T, axis=(0, 1)) | softmax(X, axis=None) | softmax(1000 * X)
log_softmax  log_softmax(X) | log_softmax(X, axis=0) | log_softmax(T, axis=(0, 1)) | log_softmax(X, axis=None) | log_softmax(1000 * X)
logsumexp    logsumexp(X) | logsumexp(X, axis=0) | logsumexp(T, axis=(0, 1)) | logsumexp(X, axis=1, keepdims=True) | logsumexp(1000 * X, axis=1)
norm         norm(X) | norm(x) | norm(X, axis=0) | norm(X, axis=1, keepdims=True) | norm(X, ord=1) | norm(T, axis=(0, 1)) | norm(T) | norm(T, axis=(0, 1, 2)) | norm(T, ord=1, axis=1) | norm(X, keepdims=True) | norm(c)
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
greater      X > 0 | X > Y | S > c | S > 2 | 1 - (X > 0) | (X > 0) - (Y > 0) | -(X > 0) | (X > 0)**2 | (X > 0)[0] | (X > 0).T | ((X > 0) > (Y > 0))
less         X < Y | x < 1/2
greater_equal X >= Y | S >= S
less_equal   X <= Y | X <= x
equal        X == X | X == Y | (X == max(X, axis=1, keepdims=True)) / sum(X == max(X, axis=1, keepdims=True), axis=1, keepdims=True)
where        where(X > 0, X, Y) | where(X > 0, 1, 0) | where(X > 0, 1, 1/3) | where(X > 0, X, 0) | where(X > 0, Y > 0, 0) | where((X > 0) * (Y > 0), X, Y) | where(S > 2, X, Y) | where(x > 0, X, c)
maximum      maximum(X, Y) | maximum(X, 0) | maximum(0, X) | maximum(X, c) | maximum(S, 2) | maximum(X > 0, Y)
minimum      minimum(X, Y) | minimum(X, 1/2) | minimum(c, x)
clip         clip(X, -1, 1) | clip(X, Y - 1, Y) | clip(X, c, 2) | clip(X, 0, S)
inv          inv(A) | inv(A @ A + eye(n)) @ u
det          det(A) | det(A.T @ A)
logdet       logdet(A) | logdet(A @ A.T)
solve        solve(A, B) | solve(A, x[:2] @ W[:2, :2] @ B[:2, 0] * u)
matpow       matpow(A, 3) | matpow(A, -2) | matpow(A, 0)
pinv         pinv(X) | pinv(X[:, :2])
cholesky     cholesky(A @ A.T + eye(n)) | cholesky(A @ A.T + 4*eye(n) + tril(A) / 8)
expm         expm(A) | expm(8 * A) | expm(0 * A)
"""
FORMULAS = {op: [f.strip() for f in rest.split("|")] for op, _, rest in (line.partition(" ") for line in ROWS.strip().splitlines())}


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
    made = run(module(code_for(program, TARGET[target]), [forward(code_for(program, TARGET[target]))]), target)
