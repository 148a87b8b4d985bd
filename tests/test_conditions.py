"""What a certificate says besides: the conditions that a formula needs, none that holds anyway, and the properties that were used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shapecalc.calculus.gradients import backward
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.verify.judge import Judge
from shapecalc.verify.known import Known

ROWS = [row.splitlines() for row in (Path(__file__).parent / "cases/conditions.txt").read_text(encoding="utf-8").strip().split("\n\n")]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][-70:] for row in ROWS])
def test_conditions_and_properties(row):
    source, *expected = row
    problem = read(source)
    found = Judge(problem, backward(problem), seed=3).certify()
    said = [("provided", found.conditions), ("used", found.assumptions)]
    assert [f"    {word}: {', '.join(parts)}" for word, parts in said if parts] == expected


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
