"""What other systems get wrong, silently or with an error, is right here (each once reported to them)."""

from __future__ import annotations

import pytest

import shapecalc

RIGHT = [
    # sympy 1.14 answers 0 to each of these
    ("A: invertible (n, n); L = log(det(A))", "A", "inv(A).T"),
    ("A: invertible (n, n); k: (); L = k * det(A)", "A", "k*det(A) * inv(A).T"),
    ("A: (n, n); B: (n, n); L = tr(A.T @ A) + tr(B.T @ B)", "A", "2*A"),
    ("A: (n, n); B: (n, n); L = tr((A - B).T @ (A - B)) / 2 + tr(A.T @ A) / 2", "A", "2*A - B"),
    ("A: (m, n); x: (n, 1); y: (m, 1); l: (); L = tr((A @ x - y).T @ (A @ x - y)) + l * tr(x.T @ x)", "x", "2*(A.T @ (A @ x - y) + l*x)"),
    ("A: (n, n); L = tr(eye(n) - A)**2", "A", "-2*tr(eye(n) - A) * eye(n)"),
    ("x: (n, 1); y: (n, 1); b: (); L = tr(x.T @ y) + b", "y", "x"),
    ("A: (n, n); L = exp(tr(A))", "A", "exp(tr(A)) * eye(n)"),
    ("A: (n, n); L = log(tr(A.T @ A))", "A", "2*A / tr(A.T @ A)"),
    ("x: (n, 1); L = x.T @ x", "x", "2*x"),
    ("A: (n, n); x: (n, 1); L = x.T @ A @ x", "A", "x @ x.T"),
    ("A: (n, n); L = sum(A**2)", "A", "2*A"),
    # sympy: a term that is not transposed; tensorgrad: no answer as a formula; PyTensor: the reduction is missing
    ("X: (S, D); W1: (D, H); W2: (H, M); Y: (S, M); L = sum((tanh(X @ W1) @ W2 - Y)**2)", "W1",
     "2*X.T @ (((tanh(X @ W1) @ W2 - Y) @ W2.T) * (1 - tanh(X @ W1)**2))"),
    ("X: (S, D); W: (D, M); b: (1, M); Y: (S, M); L = sum((X @ W + b - Y)**2)", "b", "2*sum(X @ W + b - Y, axis=0, keepdims=True)"),
    ("x: (n,); A: (n, n); L = tr(diag(x) @ A)", "x", "diagonal(A)"),
    ("P: (n, n); Q: (n, n); L = tr(P * Q)", "P", "Q * eye(n)"),
    ("A: (n, n); L = sqrt(tr(A.T @ A))", "A", "A / sqrt(tr(A.T @ A))"),
    ("x: (n,); A: (m, n); y: (m,); L = sum(log(1 + exp(-y * (A @ x))))", "x", "-A.T @ (sigmoid(-y * (A @ x)) * y)"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrt", "formula"), RIGHT)
def test_right_here(source, wrt, formula):
    assert shapecalc.derive(source, wrt=wrt)[wrt].formula == formula


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("X: (S, D); W: (D, M); Z = X + W", "do not broadcast"),
        ("W: (D, M); Z = W @ W", "W has M columns, but W has D rows"),
        ("X: (S, D); b: (M,); Z = X + b", "D against M"),
        ("X: (S, D); Z = inv(X)", "square"),
        ("X: (S, D); Z = argmax(X)", "piecewise constant"),
        ("A: (n, n); k: (); Z = matpow(A, k)", "fixed whole exponent"),
    ],
)
def test_misfits_are_refused(source, word):
    with pytest.raises(shapecalc.ShapecalcError, match=word):
        shapecalc.derive(source)


@pytest.mark.parametrize(
    "claim",
    ["2**61 * (X.T @ dZ)", "(2**30 * X.T) @ dZ * 2**31", "X.T @ dZ + 2305843009213693951 * W", "X.T @ dZ * (1 + 2**89 - 1)"],
)
def test_no_claim_can_be_made_for_the_prime(claim):
    assert shapecalc.check(f"X: (S, D); W: (D, M); Z = X @ W; dW = {claim}").claims[0].verdict == "wrong"
