"""Formulas as a person would write them: the usual nets and losses, word for word, and the same whatever the order of rewriting."""

from __future__ import annotations

import pytest

import shapecalc

NETS = {
    "affine, samples as rows": (
        "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b",
        {"X": "dZ @ W.T", "W": "X.T @ dZ", "b": "sum(dZ, axis=0)"},
    ),
    "affine, samples as columns": (
        "X: (D, S); W: (M, D); b: (M, 1); Z = W @ X + b",
        {"X": "W.T @ dZ", "W": "dZ @ X.T", "b": "sum(dZ, axis=1, keepdims=True)"},
    ),
    "affine, MSE": (
        "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2) / (2*S)",
        {"W": "X.T @ dZ", "b": "sum(dZ, axis=0)", "Z": "(Z - Y)/S"},
    ),
    "two layers, softmax cross entropy": (
        """X: (S, D); W1: (D, H); b1: (H,); W2: (H, K); b2: (K,); Y: onehot (S, K)
        Z1 = X @ W1 + b1; A1 = tanh(Z1); Z2 = A1 @ W2 + b2; P = softmax(Z2, axis=1); L = -sum(Y * log(P)) / S""",
        {
            "Z2": "(P - Y)/S", "W2": "A1.T @ dZ2", "b2": "sum(dZ2, axis=0)", "A1": "dZ2 @ W2.T", "Z1": "dA1 * (1 - A1**2)",
            "W1": "X.T @ dZ1", "b1": "sum(dZ1, axis=0)",
        },
    ),
    "logistic regression": (
        "X: (S, D); w: (D,); b: (); y: (S,); z = X @ w + b; p = sigmoid(z); L = -mean(y * log(p) + (1 - y) * log(1 - p))",
        {"z": "(p - y)/S", "w": "X.T @ dz", "b": "sum(dz)"},
    ),
    "general Y in softmax cross entropy": (
        "Z: (S, K); Y: (S, K); P = softmax(Z, axis=1); L = -sum(Y * log(P)) / S",
        {"Z": "(P * sum(Y, axis=1, keepdims=True) - Y)/S"},
    ),
    "batch norm": (
        """X: (S, D); g: (D,); beta: (D,); eps: (); mu = mean(X, axis=0); var = mean((X - mu)**2, axis=0)
        sd = sqrt(var + eps); Xh = (X - mu) / sd; Y = g * Xh + beta""",
        {
            "Xh": "dY * g", "g": "sum(dY * Xh, axis=0)", "beta": "sum(dY, axis=0)", "sd": "-sum(dXh * Xh, axis=0) / sd",
            "var": "dsd / (2*sd)", "mu": "-sum(dXh, axis=0) / sd", "X": "dXh / sd + dsd * Xh/S + dmu/S",
        },
    ),
    "layer norm": (
        """X: (S, D); g: (D,); beta: (D,); eps: (); mu = mean(X, axis=1, keepdims=True)
        var = mean((X - mu)**2, axis=1, keepdims=True); sd = sqrt(var + eps); Xh = (X - mu) / sd; Y = g * Xh + beta""",
        {"g": "sum(dY * Xh, axis=0)", "sd": "-sum(dXh * Xh, axis=1, keepdims=True) / sd", "X": "dXh / sd + dsd * Xh/D + dmu/D"},
    ),
    "attention": (
        "Q: (N, E); K: (T, E); V: (T, F); A = Q @ K.T / sqrt(E); P = softmax(A, axis=1); O = P @ V",
        {
            "V": "P.T @ dO", "P": "dO @ V.T", "A": "P * (dP - sum(dP * P, axis=1, keepdims=True))", "Q": "dA @ K / sqrt(E)",
            "K": "dA.T @ Q / sqrt(E)",
        },
    ),
    "batched attention": (
        "Q: (B, N, E); K: (B, T, E); V: (B, T, F); A = Q @ K.mT / sqrt(E); P = softmax(A); O = P @ V",
        {"V": "swapaxes(P, -1, -2) @ dO", "Q": "dA @ K / sqrt(E)", "K": "swapaxes(dA, -1, -2) @ Q / sqrt(E)"},
    ),
    "LSTM step": (
        """h0: (B, H); c0: (B, H); x: (B, D); U: (D, 4*H); W: (H, 4*H); b: (4*H,); a = x @ U + h0 @ W + b
        i = sigmoid(a[:, :H]); f = sigmoid(a[:, H:2*H]); o = sigmoid(a[:, 2*H:3*H]); g = tanh(a[:, 3*H:])
        c = f * c0 + i * g; h = o * tanh(c); dh: upstream(h); dc: upstream(c)""",
        {
            "a": "concatenate((di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)), axis=1)", "W": "h0.T @ da",
            "b": "sum(da, axis=0)", "c0": "dc_total * f", "o": "dh * tanh(c)",
        },
    ),
    "one row": ("c: (m,); X: (n, m); d: (m,); L = sum(c * X[1] * d)", {"c": "d * X[1]"}),
    "one column": ("X: (n, m); w: (n,); y = X[:, 0] * w", {"w": "dy * X[:, 0]"}),
    "one entry": ("c: (); X: (n, m); x: (n,); L = c*X[1, 2]*x[3]", {"c": "x[3] * X[1, 2]"}),
    "columns": ("X: (n, 2); L = sum(X[:, 0] * exp(X[:, 1]))", {"X": "stack((exp(X[:, 1]), X[:, 0] * exp(X[:, 1])), axis=1)"}),
    "Rosenbrock": (
        "x: (2,); L = 100*(x[1] - x[0]**2)**2 + (1 - x[0])**2",
        {"x": "stack((-2*(200*(x[1] - x[0]**2) * x[0] + (1 - x[0])), 200*(x[1] - x[0]**2)), axis=0)"},
    ),
    "entries with gaps": (
        "x: (n,); L = x[0]*x[1] + x[0]**2 + x[4]", {"x": "concatenate((x[1:2] + 2*x[:1], x[:1], zeros(2), ones(1), zeros(n - 5)), axis=0)"},
    ),
    "two parts": ("X: (S, H + K); L = sum(X[:, :H]**2) + sum(X[:, H:])", {"X": "concatenate((2*X[:, :H], ones(S, K)), axis=1)"}),
    "neighbours": (
        "X: (n, k + 2*m); L = sum(X[:, k:k+m] * X[:, k+m:])",
        {"X": "concatenate((zeros(n, k), X[:, k + m:], X[:, k:k + m]), axis=1)"},
    ),
    "rows far apart": (
        "X: (n, m); L = sum((X[0] - X[3])**2)/2",
        {"X": "concatenate(((X[0] - X[3])[None], zeros(2, m), -(X[0] - X[3])[None], zeros(n - 4, m)), axis=0)"},
    ),
    "overlapping parts": (
        "x: (n,); L = sum((x[1:] - x[:n-1])**2)/2",
        {"x": "concatenate((zeros(1), x[1:] - x[:n - 1]), axis=0) - concatenate((x[1:] - x[:n - 1], zeros(1)), axis=0)"},
    ),
    "quadratic form": ("A: (n, n); x: (n,); L = x @ A @ x", {"x": "A @ x + A.T @ x", "A": "outer(x, x)"}),
    "symmetric quadratic form": ("A: symmetric (n, n); x: (n,); L = x @ A @ x", {"x": "2*A @ x"}),
    "least squares": ("X: (n, p); w: (p,); y: (n,); L = sum((y - X @ w)**2)", {"w": "-2*X.T @ (y - X @ w)"}),
    "log det": ("X: invertible (n, n); L = logdet(X)", {"X": "inv(X).T"}),
    "a sum below a line, times what is below in it": (
        "x: (d,); P: posdef (d, d); nu: positive (); L = log(1 + x @ P @ x / nu)", {"x": "2*P @ x / (nu + x @ P @ x)"},
    ),
    "the same with squares": (
        "x: (d,); c: (); L = sum((x / c)**2 / (1 + (x / c)**2))", {"x": "2*c**2 * x / (c**2 + x**2)**2"},
    ),
    "the same with a row": ("c: (d,); A: (n, d); L = sum(log(1 + A / c))", {"A": "1 / (c + A)"}),
    "a mean below a line": ("l: (k, n); L = log(mean(l**2)) + sum(log(mean(exp(l), axis=1)))", {"l": "2*l / sum(l**2) + softmax(l)"}),
    "the logarithm of a size": ("u, v: (n,); L = log(abs(1 + u @ v))", {"u": "v / (1 + u @ v)"}),
    "the correlation of two projections": (
        "a: (p,); b: (q,); C: (p, q); S: posdef (p, p); T: posdef (q, q); L = (a @ C @ b) / sqrt((a @ S @ a) * (b @ T @ b))",
        {"a": "(C @ b - (a @ C @ b) * (S @ a) / (a @ S @ a)) / sqrt((a @ S @ a) * (b @ T @ b))"},
    ),
    "a difference over its opposite": (
        "p, q: positive (n,); a: (); L = log(sum(p**a * q**(1 - a))) / (a - 1)", {"q": "-p**a * q**(-a) / sum(p**a * q**(1 - a))"},
    ),
    "log det of a Kronecker product": ("A: posdef (n, n); B: posdef (m, m); L = logdet(kron(A, B))", {"A": "m*inv(A)", "B": "n*inv(B)"}),
    "a Gaussian with a Kronecker covariance": (
        "A: posdef (n, n); B: posdef (m, m); y: (n*m,); L = y @ inv(kron(A, B)) @ y",
        {"B": "-inv(B) @ reshape(y, (n, m)).T @ inv(A) @ reshape(y, (n, m)) @ inv(B)"},
    ),
    "a Kronecker product of products": (
        "A: (m, n); B: (p, q); x: (n,); y: (q,); L = sum((kron(A, B) @ kron(x, y))**2)", {"x": "2*(B @ y @ B @ y) * (A.T @ A @ x)"},
    ),
    "a sum of rows or columns beside a product": (
        "V: positive (n, m); W: positive (n, k); H: positive (k, m); L = sum(W @ H - V * log(W @ H))",
        {"W": "(1 - V / (W @ H)) @ H.T", "H": "W.T @ (1 - V / (W @ H))"},
    ),
    "a stable softmax in four lines": (
        "Z: (n, k); S = Z - max(Z, axis=1, keepdims=True); E = exp(S); s = sum(E, axis=1, keepdims=True); P = E / s",
        {"Z": "(dP - sum(dP * P, axis=1, keepdims=True)) * P"},
    ),
    "its cross entropy, the largest with a name": (
        """Z: (n, k); Y: onehot (n, k); m = max(Z, axis=1, keepdims=True); E = exp(Z - m); P = E / sum(E, axis=1, keepdims=True)
        L = -sum(Y * log(P)) / n""",
        {"Z": "(P - Y)/n"},
    ),
    "a sum over itself": ("E: (n,); c: (); L = sum(E) * c / sum(E)", {"E": "zeros(n)", "c": "1"}),
    "the largest of shares": (
        "E: (n,); L = max(log_softmax(E))",
        {"E": "(log_softmax(E) == max(log_softmax(E))) / sum(log_softmax(E) == max(log_softmax(E))) - softmax(E)"},
    ),
    "one sum, broadcast by a row": ("G: (S, M); c: (1, M); L = sum(G * c)", {"c": "sum(G, axis=0, keepdims=True)"}),
}  # fmt: skip


@pytest.mark.parametrize("net", NETS, ids=list(NETS))
def test_the_usual_forms(net):
    source, wanted = NETS[net]
    d = shapecalc.derive(source)
    assert {name: d[name].formula for name in wanted} == wanted


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("sum(A * B) + sum(A * C)", "sum(A * C) + sum(A * B)"),
        ("sum((A + B) * C)", "sum(C * (A + B))"),
        ("tr(A.T @ B)", "tr(B.T @ A)"),
        ("sum(A**2) * 2 + sum(B)", "sum(B) + 2 * sum(A * A)"),
    ],
)
def test_the_order_of_writing_does_not_change_the_value_or_the_length(written, again):
    shapes = "A: (n, m); B: (n, m); C: (n, m); L = "
    first, second = (shapecalc.derive(shapes + w, wrt="A")["A"].formula for w in (written, again))
    assert len(first) == len(second)


def test_layouts_draw_the_same_numbers():
    source = "X: (S, D); W: (D, M); b: (M, 1); Z = X @ W + b.T"
    numerator = shapecalc.derive(source, layout="numerator")
    assert numerator["W"].formula == "dZ.T @ X"
    assert numerator["W"].shape == ("M", "D")
    assert numerator["b"].shape == (1, "M")
    assert numerator["X"].formula == "W @ dZ.T"


@pytest.mark.parametrize(
    ("shape", "formula", "ones"),
    [("(M,)", "sum(dZ, axis=0)", "ones(S) @ dZ"), ("(1, M)", "sum(dZ, axis=0, keepdims=True)", "ones(1, S) @ dZ")],
)
def test_the_reduction_is_named(shape, formula, ones):
    b = shapecalc.derive(f"X: (S, D); W: (D, M); b: {shape}; Z = X @ W + b")["b"]
    assert (b.formula, b.reduction.ones, b.reduction.axis, b.reduction.over) == (formula, ones, 0, ("S",))
    assert b.reduction.words.startswith("column sums")


@pytest.mark.parametrize(
    ("source", "of", "wrt", "numerator", "denominator"),
    [
        ("W: (M, N); x: (N,); y = sigmoid(W @ x); ", "y", "x", "diag(y * (1 - y)) @ W", None),
        ("A: (m, n); x: (n,); y = A @ x", "y", "x", "A", "A.T"),
        ("x: (n,); y = softmax(x)", "y", "x", "diag(y) - outer(y, y)", None),
        ("x: (n,); y = cumsum(x)", "y", "x", "tril(ones(n, n))", "tril(ones(n, n)).T"),
        ("x: (n,); y = x[1:]", "y", "x", "eye(n)[1:]", "eye(n)[1:].T"),
        ("X: (n, m); s: (); Y = s * X", "Y", "s", "X", "X.T"),
        ("x: (n,); y = 2*x", "y", "y", "eye(n)", "eye(n)"),
        ("x: (n,); s: (); y = s * x", "y", "s", "x", "x"),
        ("X: (n, m); L = sum(X**2)", "L", "X", "2*X.T", "2*X"),
        ("x: (n,); L = x @ x", "L", "x", "2*x", "2*x"),
    ],
)
def test_jacobians(source, of, wrt, numerator, denominator):
    assert shapecalc.jacobian(source, of, wrt).formula == numerator
    if denominator:
        assert shapecalc.jacobian(source, of, wrt, layout="denominator").formula == denominator


DISTINCT = {
    "symmetric": ["B.T + B - eye(n) * B.T", "outer(x, x) * (2 - eye(n))/n", "outer(x, y) + outer(x, y).T - eye(n) * outer(x, y)"],
    "diagonal": ["eye(n) * B.T", "eye(n) * (outer(x, x)/n)", "eye(n) * outer(x, y)"],
    "triangular": ["tril(B.T)", "tril(outer(x, x)/n)", "tril(outer(x, y))"],
}
DISTINCT["posdef"] = DISTINCT["symmetric"]


@pytest.mark.parametrize(("word", "loss", "formula"), [
    (word, loss, f) for word, row in DISTINCT.items() for loss, f in zip(("tr(A @ B)", "x @ A @ x / n", "x @ A @ y"), row, strict=True)
])  # fmt: skip
def test_partials_by_the_distinct_entries(word, loss, formula):
    source = f"A: {word} (n, n); B: (n, n); x, y: (n,); L = {loss}"
    assert shapecalc.derive(source, wrt="A", structured=True)["A"].formula == formula


def test_partials_by_the_distinct_entries_of_what_has_none():
    assert shapecalc.derive("x: (n,); L = x @ x", structured=True)["x"].formula == "2*x"
    assert shapecalc.derive("X: positive (n, m); L = sum(log(X))", structured=True)["X"].formula == "1 / X"
    for word in ("orthogonal", "onehot", "onehot_columns", "probabilities"):
        with pytest.raises(shapecalc.errors.NotKnownYet, match=f"A is {word}"):
            shapecalc.derive(f"A: {word} (n, n); B: (n, n); L = tr(A @ B)", wrt="A", structured=True)


def test_kronecker_forms():
    source = "X: (m, n); A: (k, m); B: (n, p); Y = A @ X @ B"
    assert shapecalc.jacobian(source, "Y", "X", vec=True).formula == "kron(B.T, A)"
    by_matrix = shapecalc.jacobian("A: (m, n); x: (n,); y = A @ x", "y", "A", vec=True)
    assert (by_matrix.formula, by_matrix.latex) == ("kron(x, eye(m))", r"x^{\top} \otimes I_m")
    assert shapecalc.jacobian("x: (n,); y: (m,); Z = outer(x, y)", "Z", "x", vec=True).formula == "kron(y, eye(n)).T"
    assert shapecalc.jacobian("X: (m, n); Y = tanh(X)", "Y", "X", vec=True).formula == "diag(vec(1 - Y**2))"


def test_products_without_the_matrix():
    assert shapecalc.hvp("A: symmetric (n, n); x: (n,); L = x @ A @ x", "x") == "2*A @ v"


def test_a_function_left_undefined():
    d = shapecalc.derive("def f(x); X: (S, D); W: (D, M); A = f(X @ W); L = sum(A)")
    assert d["W"].formula == "X.T @ f'(X @ W)"


def test_trace_forms():
    assert shapecalc.derive("A: (n, n); L = tr(expm(A))")["A"].formula == "expm(A).T"
