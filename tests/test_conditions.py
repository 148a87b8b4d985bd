"""What a certificate says besides: the conditions that a formula needs, none that holds anyway, and the properties that were used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kept import compared
from programs import points

from shapecalc.calculus.context import Context, is_orthogonal, symmetric
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.lowering import is_invertible
from shapecalc.calculus.totals import sums_to_one
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.verify.judge import Judge
from shapecalc.verify.known import Known

HERE = Path(__file__).parent
POINTS = HERE / "golden" / "points.txt"
ROWS = [row.splitlines() for row in (HERE / "cases/conditions.txt").read_text(encoding="utf-8").strip().split("\n\n")]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][-70:] for row in ROWS])
def test_conditions_and_properties(row):
    source, *expected = row
    problem = read(source)
    judge = Judge(problem, backward(problem), seed=3)
    found = judge.certify()
    said = [("provided", found.conditions), ("used", found.assumptions)]
    assert [f"    {word}: {', '.join(parts)}" for word, parts in said if parts] == expected
    compared(POINTS, source, "\n".join(points(judge)))


# ---- what is known beforehand ----------------------------------------------------------------------------

DECLARED = read(
    "x, y: (n,); p: positive (n,); q: nonnegative (n,); s: positive (); t: (); X: (n, m); A, B: posdef (n, n); C: (n, n)\n"
    "V: invertible (n, n); Q: orthogonal (n, n); R: orthogonal (n, m); H: onehot (n, m); K: onehot_columns (n, m)\n"
    "P: probabilities (n, m); e = exp(x); r = e; u = x * x; g = tanh(x); M = max(X, axis=1); G = C @ C.T; E = A + G; L = sum(x)"
)
SIGNS = {
    "positive": """
        p; P; e; r; 1/2; n; pi; exp(x); sigmoid(x); softmax(X); softplus(x); cosh(x); sqrt(x); norm(x); ones(n); p**2; p**3; p**0.5; p * p
        p @ p; p + q; p + p; 1 - g; 1 - tanh(x); 1 - sigmoid(x); 1 - softmax(X); 1 - tanh(x).T; 1 - flip(tanh(x)); sum(p); mean(p); prod(p)
        max(p); cumsum(p); flip(p); p[1:]; p[:, None]; p.T; outer(p, p); kron(P, P); concatenate((p, p)); tr(P @ P.T); maximum(p, p)
        minimum(p, p); det(A); tr(A); eigvalsh(A); det(E); s * p; sum(x == max(x)); sum(X == M[:, None], axis=1); sum(X == M[:, None])
        sum(X == max(X, axis=0), axis=0); sum(X == min(X, axis=1, keepdims=True), axis=1)
        sum(X == max(X, axis=1)[:, None], axis=(0, 1))""",
    "nonnegative": """
        q; H; K; u; 0; zeros(n); eye(n); abs(x); relu(x); var(x); std(x); x > 0; x < y; x >= y; x <= 0; x == y; mse(x, y); x**2; x**(-2)
        x * x; q * q; x @ x; q @ q; X * X; p * q; q * q * q; p / q; q + q; sum(q); min(q); cumprod(q); q**3; outer(p, q)
        concatenate((p, q)); maximum(p, q); diag(p); tril(P @ P.T); triu(P @ P.T); sum(X == M[:, None], axis=0); sum(X == max(X), axis=1)
        sum(X > max(X)); sum(X == max(X * X, axis=1)[:, None], axis=1)""",
    None: """
        x; g; t; -1/2; x**3; x * p; p - q; p + x; 2 - g; 1 + g; g - 1; 1 - e; 1 - x; sum(x); p**y; x**y; diagonal(A); det(C); tr(C)
        log(p); -p; mean(x); A[0]; x @ y""",
}  # fmt: skip
MATRICES = {  # positive definite, semidefinite, invertible
    "dsi": "A; B; E; A + B; A + G; G + A; eye(n); eye(n) + G; 2 * A; s * A; A / s; A / 2; eye(n) * s; inv(A); A.T; matpow(A, 2)",
    "s": "G; G + G; C.T @ C; C @ A @ C.T; C.T @ A @ C; X @ X.T; X.T @ inv(A) @ X; C @ C.T @ C @ C.T; R.T @ R; s * G; G / s",
    "i": "V; Q; V.T; inv(V); matpow(V, 2); V @ V; A @ V; A @ B; s * V; V / s",
    "": "C; X; C @ C; V @ C; C @ V; A + C; A - B; -A; t * A; s / A; inv(C); C.T @ V @ C; X.T @ C @ X; C + G; R @ R.T @ C",
}


def learnt(source):
    known = Known(DECLARED)
    e = build_text(source.strip(), DECLARED.variables(), DECLARED.sizes)
    known.learn(e)
    return known, e


@pytest.mark.parametrize(("sign", "source"), [(s, f) for s, row in SIGNS.items() for f in re.split(r";|\n", row) if f.strip()])
def test_the_sign_of_all_entries(sign, source):
    known, e = learnt(source)
    assert known.signs.get(e) == sign


@pytest.mark.parametrize(("letters", "source"), [(k, f) for k, row in MATRICES.items() for f in row.split("; ")])
def test_which_matrices_are_definite_or_invertible(letters, source):
    known, e = learnt(source)
    assert "".join(k for k, s in zip("dsi", (known.definite, known.semidefinite, known.invertible), strict=True) if e in s) == letters


# ---- what simplification knows -----------------------------------------------------------------------------

TOLD = read(
    "S: symmetric (n, n); A: posdef (n, n); D: diagonal (n, n); C: (n, n); Q: orthogonal (n, n); R: orthogonal (n, m)\n"
    "X: (n, m); x, y: (n,)\n"
    "t: (); H: onehot (n, m); K: onehot_columns (n, m); P: probabilities (n, m); h: onehot (n,); V: invertible (n, n); J: positive (n, n)\n"
    "G = C @ C.T; E = G; U = Q; W = softmax(X); Z = C + C; L = sum(x)"
)
KNOWN = Context(TOLD.definitions)
EVEN = (
    "S; A; D; eye(n); diag(x); ones(n, n); zeros(n, n); outer(x, x); inv(S); matpow(A, 3); -S; S.T; S**2; exp(S); sqrt(A); log(A)\n"
    "tanh(D); S + A; S - D; S * A; S / A; t * S; S / t; 2 + S; S @ A @ S; C @ C.T; C.T @ C; C @ S @ C.T; X @ X.T; X @ X.T @ X @ X.T; G\n"
    "E; G + S; Q @ Q.T"
)
UNEVEN = "C; X; x; t; outer(x, y); inv(C); exp(C); C + S; C * S; S @ A; C @ C; C @ S; C @ C.T @ C; X @ X.T @ G; Z; J; V; sin(S); C.T @ S; Q"


@pytest.mark.parametrize(("even", "source"), [(e, f) for e, row in ((True, EVEN), (False, UNEVEN)) for f in re.split(r"; |\n", row)])
def test_which_matrices_equal_their_transposes(even, source):
    e = build_text(source, TOLD.variables(), TOLD.sizes)
    assert symmetric(e, Context(TOLD.definitions)) == even


@pytest.mark.parametrize(
    ("axes", "sources"),
    [
        ((1,), "H; P; W; softmax(X); softmax(X, axis=1); softmax(X, axis=-1)"),
        ((0,), "K; h; softmax(X, axis=0); softmax(x); softmax(X, axis=-2)"),
        ((), "X; x; H.T; exp(X); H + P; G; L"),
    ],
)  # fmt: skip
def test_which_axes_add_up_to_1(axes, sources):
    for source in sources.split("; "):
        e = build_text(source, TOLD.variables(), TOLD.sizes)
        assert tuple(k for k in range(len(e.shape)) if sums_to_one(e, k, KNOWN)) == axes, source


@pytest.mark.parametrize(("orthonormal", "sources"), [(True, "Q; R; U; eigh(S)[1]"), (False, "C; S; G; Q.T; V; Z; Q @ Q; inv(Q)")])
def test_which_columns_are_orthonormal(orthonormal, sources):
    for source in sources.split("; "):
        e = build_text(source, TOLD.variables(), TOLD.sizes)
        assert is_orthogonal(e, KNOWN) == orthonormal, source


@pytest.mark.parametrize(
    ("invertible", "sources"),
    [
        (True, "V; A; Q; V.T; inv(V); matpow(V, 2); eye(n); V @ A; V @ inv(A) @ Q.T"),
        (False, "C; S; V @ C; C @ V; V + A; X; X @ X.T; 2; diag(x); C.T; inv(C)"),
    ],
)
def test_which_matrices_have_an_inverse(invertible, sources):
    for source in sources.split("; "):
        e = build_text(source, TOLD.variables(), TOLD.sizes)
        assert is_invertible(e) == invertible, source


def test_what_was_used_is_noted():
    for source, what, used in (
        ("S @ A", "symmetric", {("S", "symmetric"), ("A", "posdef")}), ("E", "symmetric", set()),
        ("G + S", "symmetric", {("S", "symmetric")}), ("D", "symmetric", {("D", "diagonal")}),
        ("H", "sums", {("H", "onehot")}), ("P", "sums", {("P", "probabilities")}), ("K", "sums", {("K", "onehot_columns")}),
        ("W", "sums", set()), ("Q", "orthogonal", {("Q", "orthogonal")}), ("U", "orthogonal", {("Q", "orthogonal")}),
    ):  # fmt: skip
        context = Context(TOLD.definitions)
        context.note(build_text(source, TOLD.variables(), TOLD.sizes), what)
        assert set(context.used) == used, source
