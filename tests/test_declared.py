"""Declared properties: each use is named, in the certificate and as a step of the page, and only where it changes the formula."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.calculus.structures import totals
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read

ROWS = [
    ("Y: onehot (S, K); Z: (S, K); P = softmax(Z); L = -sum(Y * log(P)) / S", "Z", "(P - Y)/S",
     "Y one-hot: sum(Y, axis=1) = 1", "dZ = (P * sum(Y, axis=1, keepdims=True) - Y)/S"),
    ("Y: probabilities (S, K); Z: (S, K); L = -sum(Y * log_softmax(Z)) / S", "Z", "(softmax(Z) - Y)/S",
     "Y row-probabilities: Y > 0, sum(Y, axis=1) = 1", "dZ = (softmax(Z) * sum(Y, axis=1, keepdims=True) - Y)/S"),
    ("A: symmetric (n, n); x: (n,); L = x @ A @ x", "x", "2*A @ x", "A symmetric: A.T = A", "dx = A @ x + A.T @ x"),
    ("A: posdef (n, n); x: (n,); L = x @ inv(A) @ x", "x", "2*inv(A) @ x",
     "A positive definite: A.T = A, and x @ A @ x > 0", "dx = inv(A) @ x + inv(A).T @ x"),
    ("Q: orthogonal (n, n); x: (n,); L = sum((Q @ x)**2)", "x", "2*x", "Q orthogonal: Q.T @ Q = I", "dx = 2*Q.T @ Q @ x"),
    ("Q: orthogonal (n, n); U = Q; x: (n,); L = sum((U @ x)**2)", "x", "2*x", "Q orthogonal: Q.T @ Q = I", "dx = 2*U.T @ U @ x"),
    ("Y: onehot_columns (K, S); Z: (K, S); P = softmax(Z, axis=0); L = -sum(Y * log(P))", "Z", "P - Y",
     "Y one-hot by columns: sum(Y, axis=0) = 1", "dZ = P * sum(Y, axis=0) - Y"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wrt", "formula", "used", "without"), ROWS)
def test_a_property_that_is_used_is_a_step(source, wrt, formula, used, without):
    d = shapecalc.derive(source)
    assert d[wrt].formula == formula
    assert used in d.certificate.assumptions
    page = d.to("markdown").replace("\\", "")
    assert f"Used:** {used}" in page or f"used: {used}" in page
    assert without in page
    assert f"Used: {used}" in page  # in the certificate


def test_without_it_there_is_the_same_formula_as_the_page_says():
    for source, wrt, _, _, without in ROWS:
        words = source.split("(", 1)
        plain = words[0].rsplit(" ", 2)[0] + " (" + words[1]
        assert f"d{wrt} = {shapecalc.derive(plain)[wrt].formula}" == without


@pytest.mark.parametrize("source", ["Z = X @ W", "H = tanh(X)\nZ = H @ W", "Z = X @ W\nV = X @ A\nL = sum(Z**2) + sum(V**2)"])
def test_a_transpose_that_is_left_out_rests_on_symmetry(source):
    d = shapecalc.derive(f"X: (m, n); W: symmetric (n, n); A: (n, k)\n{source}", wrt=["X"])
    assert "@ W" in d["X"].expanded
    assert "W.T" not in d["X"].expanded
    assert d.certificate.assumptions == ("W symmetric: W.T = W",)


def test_what_is_symmetric_by_its_form_has_no_transpose():
    given = "x, mu: (N,); A: posdef (N, N); d = x - mu; B = inv(A) @ outer(d, d) @ inv(A)"
    d = shapecalc.derive(f"{given}; L = logdet(A)/2 + d @ inv(A) @ d/2", wrt="A")
    assert d["A"].formula == "(inv(A) - B)/2"


def test_a_property_that_changes_nothing_is_no_step():
    d = shapecalc.derive("A: symmetric (n, n); B: (n, n); L = sum((A + 1)**2 * B)")
    assert d.certificate.assumptions == ()
    assert "without that" not in d.to("markdown")


def test_a_sign_that_closes_a_condition_is_named():
    d = shapecalc.derive("x: positive (n,); A: invertible (n, n); L = sum(log(x)) + logdet(A)")
    assert d.certificate.conditions == ()
    assert set(d.certificate.assumptions) == {"x positive: x > 0", "A invertible: inv(A) exists"}


def test_orthonormal_columns_have_no_orthonormal_rows():
    d = shapecalc.derive("Q: orthogonal (n, p); y: (n,); L = sum((Q @ Q.T @ y)**2)")
    assert d["y"].formula == "2*Q @ Q.T @ y"


def test_a_property_is_used_after_both_derivatives_are_taken():
    h = shapecalc.hessian("A: symmetric (n, n); x: (n,); L = x @ A @ A @ x", wrt="A")
    assert h.formula == "einsum('jk,i,l->ijkl', eye(n), x, x) + einsum('il,j,k->ijkl', eye(n), x, x)"
    h = shapecalc.hessian("X: (n, d); b: (d,); Om: posdef (n, n); r = X @ b; L = r @ inv(Om) @ r", wrt="Om")
    assert h.certificate.assumptions == ("Om positive definite: Om.T = Om, and x @ Om @ x > 0",)


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("sum(X, axis=1)", ("probabilities", "onehot")), ("sum(X, axis=-1, keepdims=True)", ("probabilities", "onehot")),
        ("sum(X, axis=0)", ("onehot_columns",)), ("sum(X, axis=-2)", ("onehot_columns",)), ("sum(X)", None), ("sum(X, axis=(0, 1))", None),
        ("sum(x)", ("probabilities", "onehot")), ("sum(x, axis=0)", ("probabilities", "onehot")), ("sum(s)", None),
        ("sum(Y, axis=1)", None), ("sum(T, axis=2)", ("probabilities", "onehot")),
        ("sum(T, axis=0)", ()), ("sum(T, axis=1)", ()), ("sum(Z, axis=1)", None),
        ("mean(X, axis=1)", None), ("sum(X**2, axis=1)", None),
    ],
)  # fmt: skip
def test_which_sums_would_be_1(formula, found):
    problem = read("X: (n, m); x: (n,); s: (); Y: onehot (n, m); T: (n, m, k); Z = X + Y; L = sum(Z)")
    e = build_text(formula, problem.variables(), problem.sizes)
    assert [words for _, _, words in totals(problem, [e, e])] == ([] if found is None else [found])
