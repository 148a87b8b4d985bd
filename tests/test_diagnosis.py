"""Which slip it is, and how it is said: whole messages, and one row for each convention."""

from __future__ import annotations

import pytest

import shapecalc

LAYER = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
ENTROPY = "Z: (S, K); Y: onehot (S, K); P = softmax(Z, axis=1); L = -sum(Y * log(P)) / S"
QUADRATIC = "A: (N, N); x: (N, 1); L = x.T @ A @ x"
RIDGE = "X: (S, D); w: (D,); y: (S,); lam: positive (); L = sum((y - X @ w)**2) + lam * sum(w**2)"
GATE = "X: (S, D); W: (D, M); V: (D, M); s = sigmoid(X @ V); Y = (X @ W) * s"
NORM = (
    "X: (S, D); g: (D,); beta: (D,); eps: positive (); mu = mean(X, axis=0); var = mean((X - mu)**2, axis=0); sd = sqrt(var + eps); "
    "Xh = (X - mu) / sd; Y = g * Xh + beta"
)
DISTILLED = "z, t: (c,); T: positive (); q = softmax(t / T); L = -T**2 * sum(q * log_softmax(z / T))"
PROBIT = (
    "X: (n, p); y: (n,); b: (p,); eta = X @ b; P = (1 + erf(eta / sqrt(2))) / 2; L = sum(y * log(P) + (1 - y) * log(1 - P))"
)
MARGINS = (
    "X: (n, d); W: (d, c); Y: onehot (n, c); s = X @ W; m = maximum(0, s - sum(s * Y, axis=1, keepdims=True) + 1) * (1 - Y); L = sum(m) / n"
)
TWO = "x: (N,); W: (H, N); V: (K, H); a = W @ x; h = tanh(a); o = V @ h"
SIGMOID = "X: (S, D); W: (D, M); A = sigmoid(X @ W)"
BATCHED = "A: (b, n, k); B: (b, k, m); C = A @ B"
TRACE = "A: (P, N); X: (N, M); B: (M, P); L = tr(A @ X @ B)"


def judged(sheet, claim, **options):
    return shapecalc.check(f"{sheet}\n{claim}", **options).claims[-1]


# ---- one row for each convention --------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "claim", "slip"),
    [
        # the other layout's answer for the whole gradient, a part that is transposed
        (LAYER, "dW = dZ.T @ X", "wrong-layout"),
        (QUADRATIC, "dx = x.T @ (A + A.T)", "wrong-layout"),
        ("X: invertible (N, N); Y = inv(X)", "dX = -(Y.T @ dY.T @ Y.T)", "transposed"),
        ("X: invertible (N, N); Y = inv(X)", "dX = -(Y @ dY @ Y)", "transposed"),
        ("h: (B, H); W: (H, H); a = tanh(h @ W)", "dh = (da * (1 - a**2)) @ W", "transposed"),
        # shapes of a size: (M,) is not (M, 1)
        ("W: (M, N); x: (N, 1); b: (M, 1); z = W @ x + b", "db = sum(dz, axis=1)", "rank"),
        ("x: (N,); w: (N,); L = (w @ x)**2", "d2L/dw2 = 2 * x * x", "rank"),
        # what is summed along the wrong axis is not transposed
        ("X: (n, d); M: posdef (d, d); w: (n,); L = w @ sum((X @ M)**2, axis=1)", "dw = sum((X @ M)**2, axis=0)", "wrong-axis"),
        # indices of einsum
        (BATCHED, 'dB = einsum("bnk,bnm->bmk", A, dC)', "transposed"),
        (BATCHED, 'dA = einsum("bnm,bmk->bnk", dC, B)', "nonconformable"),
        (BATCHED, 'dB = einsum("bnk,bnm->km", A, dC)', "over-reduced"),
        (BATCHED, 'dB = einsum("ank,bnm->bkm", A, dC)', "over-reduced"),
        (BATCHED, 'dA = einsum("bnm,bkm->bnkm", dC, B)', "not-reduced"),
        ("Q, K: (n, d); S = Q @ K.T", 'dQ = einsum("ij,id->jd", dS, K)', "transposed"),
        # a product of symmetric matrices is transposed by its order
        ("S, X: posdef (n, n); L = tr(S @ inv(X)) - logdet(S @ inv(X))", "dX = inv(X) - inv(X) @ inv(X) @ S", "wrong-order"),
        # numbers
        ("X, M: (n, d); p: (); Y = X * M / (1 - p)", "dX = dY * M", "missing-scale"),
        (ENTROPY, "dZ = (Y - P) / S", "sign"),
        (RIDGE, "dw = 2 * X.T @ (y - X @ w) + 2 * lam * w", "sign"),
        (RIDGE, "dw = -2 * X.T @ (y - X @ w) - 2 * lam * w", "sign"),
        (RIDGE, "dw = -X.T @ (y - X @ w) + lam * w", "factor-2"),
        (RIDGE, "dw = -2 * X.T @ (y - X @ w) + lam * w", "factor-2"),
        (ENTROPY, "dZ = P - Y", "missing-scale"),
        (LAYER, "dW = X.T @ dZ / S", "extra-scale"),
        (LAYER, "db = mean(dZ, axis=0)", "extra-scale"),
        ("X: (S, D); keep: positive (); Y = X / keep", "dX = dY", "missing-scale"),
        ("X: (S, D); keep: positive (); Y = X / keep", "dX = dY * keep", "wrong-function"),
        ("x: (N,); a: (N,); L = norm(x - a)", "dx = x - a", "missing-factor"),
        ("x: (N,); a: (N,); L = norm(x - a)", "dx = 2 * (x - a)", "wrong-function"),
        ("X: invertible (N, N); L = logdet(X)", "dX = det(X) * inv(X).T", "extra-scale"),
        # what stands inside a function is no scale of the claim; a constant is one
        (DISTILLED, "dz = softmax(z / T) - q", "missing-scale"),
        (PROBIT, "db = X.T @ ((y - P) / (P * (1 - P)) * exp(-eta**2 / 2))", "missing-scale"),
        # an addend inside the formula that is missing, and no sum that is
        (MARGINS, "dW = X.T @ (m > 0) / n", "missing-term"),
        # factors
        (SIGMOID, "dW = X.T @ dA", "missing-factor"),
        (SIGMOID, "dW = X.T @ (dA * A * (1 - A) * A)", "extra-factor"),
        (TWO, "dx = W.T @ (V.T @ do)", "missing-factor"),
        (TWO, "dW = outer(dh, x)", "missing-factor"),
        ("A: (P, N); X: (N, M); L = sum(exp(A @ X))", "dX = exp(A @ X)", "missing-factor"),
        ("A: (N, M); R: (N, K); Y: (K, M); L = sum((A - R @ Y)**2)", "dR = 2 * (A - R @ Y)", "missing-factor"),
        ("z: (N,); a = relu(z)", "dz = da", "missing-factor"),
        # sums
        (LAYER, "db = sum(dZ, axis=1)", "wrong-axis"),
        (LAYER, "db = dZ", "not-reduced"),
        (LAYER, "db = sum(dZ)", "over-reduced"),
        (LAYER, "dW = sum(X.T @ dZ)", "over-reduced"),
        ("A: (M, N); x: (N,); W: (M, M); r = A @ x; L = r @ W @ r", "dW = r @ r", "over-reduced"),
        ("H: onehot (S, V); W: (V, D); E = H @ W", "dW = dE", "not-reduced"),
        # products
        ("A: (N, N); B: (N, N); X: (N, N); L = tr(A @ X @ B)", "dX = B.T @ A.T", "wrong-order"),
        (SIGMOID, "dX = (dA @ W.T) * sum(A * (1 - A), axis=1, keepdims=True)", None),
        ("h: (B, H); W: (H, H); a = tanh(h @ W)", "dh = (da @ W.T) * (1 - a**2)", "wrong-order"),
        ("A: (N, N); x: (N,); L = 0.5 * x @ (A + A.T) @ x", "dx = (A + A.T) * x", "elementwise-vs-matmul"),
        ("X: invertible (N, N); Y = inv(X)", "dX = -dY / X**2", "elementwise-vs-matmul"),
        ("A: (N, M); X: (N, M); L = sum(A * X * X)", "dX = 2 * A.T @ X", "elementwise-vs-matmul"),
        (QUADRATIC, "dx = A @ x + x.T @ A", "broadcast"),
        # something else
        (GATE, "dV = X.T @ (dY * s)", "wrong-variable"),
        (GATE, "dW = X.T @ (dY * Y)", "wrong-variable"),
        ("X: (S, D); W: (D, M); L = mean((X @ W)**2)", "dW = 2 * X.T @ (X @ W) / (D * M)", "wrong-variable"),
        ("lv: (N,); e: (N,); z = exp(0.5 * lv) * e", "dlv = 0.5 * dz * e * exp(lv)", "wrong-function"),
        ("z: (N,); a = tanh(z)", "dz = da * (1 - a)", "wrong-function"),
        # terms
        (QUADRATIC, "dx = A @ x", "missing-term"),
        (RIDGE, "dw = -2 * X.T @ (y - X @ w)", "missing-term"),
        (ENTROPY, "dZ = -Y * (1 - P) / S", "missing-term"),
        (NORM, "dX = dY * g / sd", "missing-term"),
        (LAYER, "db = sum(dZ, axis=0) + b", "extra-term"),
        # properties that nobody declared
        (QUADRATIC, "dx = 2 * A @ x", "symmetric-only"),
        ("X: (S, D); W: (D, H); Y = X @ W @ W.T", "dW = 2 * X.T @ dY @ W", "symmetric-only"),
        # what does not conform
        (LAYER, "dW = X @ dZ", "nonconformable"),
        (LAYER, "dW = dZ @ X.T", "wrong-order"),
        (LAYER, "dW = X.T * dZ", "elementwise-vs-matmul"),
        (TRACE, "dX = B.T @ A.T", "wrong-order"),
        # two slips: the one that mends the shape, a factor with its number, else the first in the order
        (LAYER, "dW = -dZ.T @ X", "wrong-layout"),
        ("lv: (N,); e: (N,); z = exp(0.5 * lv) * e", "dlv = dz * e", "missing-factor"),
        ("X: (N, M); A: (M, M); L = tr((X.T @ X - A).T @ (X.T @ X - A))", "dX = 2 * X @ (X.T @ X - A)", "factor-2"),
    ],
)
def test_the_slip_is_named(sheet, claim, slip):
    v = judged(sheet, claim)
    assert v.verdict in {"wrong", "ill-shaped"}
    assert v.slip == slip, v.message


@pytest.mark.parametrize(
    ("sheet", "claim", "suggestion", "mended"),
    [
        (LAYER, "dW = dZ.T @ X", "dW = X.T @ dZ", "dZ.T @ X"),
        (LAYER, "dW = X.T @ dZ / S", "dW = X.T @ dZ", "S"),
        (LAYER, "dW = dZ @ X.T", "dW = X.T @ dZ", "dZ @ X.T"),
        (LAYER, "dX = dZ @ W", "dX = dZ @ W.T", "W"),
        (LAYER, "db = dZ.sum(axis=1)", "db = dZ.sum(axis=0)", "dZ.sum(axis=1)"),
        (ENTROPY, "dZ = (Y - P) / S", "dZ = (P - Y) / S", "(Y - P) / S"),
        (ENTROPY, "dZ = P - Y", "dZ = (P - Y) / S", "P - Y"),
        (RIDGE, "dw = -2 * X.T @ (y - X @ w) + lam * w", "dw = -2 * X.T @ (y - X @ w) + 2 * lam * w", "lam * w"),
        (SIGMOID, "dW = X.T @ dA", "dW = X.T @ (dA * A * (1 - A))", "dA"),
    ],
)
def test_the_change_that_mends_it(sheet, claim, suggestion, mended):
    v = judged(sheet, claim)
    source = f"{sheet}\n{claim}"
    assert v.suggestion == suggestion
    assert source[slice(*v.mend_span)] == mended
    assert judged(sheet, v.suggestion).verdict == "right"


# ---- whole messages ------------------------------------------------------------------------------

MESSAGES = [
    (
        LAYER,
        "dW = dZ.T @ X",
        """\
yours: dZ.T @ X is (M, D)
right: dW = X.T @ dZ is (D, M)
slip: it is the transpose: right in numerator layout, and this is denominator layout. Both layouts are right: they draw the same numbers, \
each as the transpose of the other.
entry: (dW)_12: yours g11*x12 + g21*x22, right x11*g12 + x21*g22
mend:
  dW = dZ.T @ X
       ^^^^^^^^ dW = X.T @ dZ""",
    ),
    (
        LAYER,
        "dW = dZ @ X.T",
        """\
yours: dZ @ X.T has no shape: dZ has M columns, but X.T has D rows (dZ (S, M) @ X.T (D, S))
right: dW = X.T @ dZ is (D, M)
slip: the order is X.T @ dZ
mend:
  dW = dZ @ X.T
       ^^^^^^^^ dW = X.T @ dZ""",
    ),
    (
        LAYER,
        "dW = X.T @ dZ / S",
        """\
yours: X.T @ dZ / S is (D, M)
right: dW = X.T @ dZ is (D, M)
slip: the division by S does not belong there. A mean belongs to the loss, so dZ has its 1/size already; here it is applied twice.
entry: (dW)_11: yours (x11*g11 + x21*g21)/2, right x11*g11 + x21*g21
mend:
  dW = X.T @ dZ / S
                  ^ dW = X.T @ dZ""",
    ),
    (
        LAYER,
        "dW = sum(X.T @ dZ)",
        """\
yours: sum(X.T @ dZ) is ()
right: dW = X.T @ dZ is (D, M)
slip: summed over D, M, which should stay. X.T @ dZ has already summed: @ adds up over the size that its factors share.
mend:
  dW = sum(X.T @ dZ)
       ^^^^^^^^^^^^^ dW = X.T @ dZ""",
    ),
    (
        QUADRATIC,
        "dx = A @ x + x.T @ A",
        """\
yours: A @ x + x.T @ A is (N, N)
right: dx = A @ x + A.T @ x is (N, 1)
slip: x.T @ A should be (x.T @ A).T. NumPy broadcasts a column against a row or a vector, (N, 1) against (N,), to a whole table: (N, N); \
no error is raised.
mend:
  dx = A @ x + x.T @ A
               ^^^^^^^ dx = A @ x + (x.T @ A).T""",
    ),
    (
        QUADRATIC,
        "dx = 2 * A @ x",
        """\
yours: 2 * A @ x is (N, 1)
right: dx = A @ x + A.T @ x is (N, 1)
slip: right only if A = A.T. Nothing declares it symmetric; if it is, say so: A: symmetric (n, n).
entry: (dx)_1: yours 2*a11*x11 + 2*a12*x21, right a11*x11 + a12*x21 + a11*x11 + a21*x21
mend:
  dx = 2 * A @ x
       ^^^^^^^^^ dx = A @ x + A.T @ x""",
    ),
    (
        ENTROPY,
        "dZ = -Y * (1 - P) / S",
        """\
yours: -Y * (1 - P) / S is (S, K)
right: dZ = (P - Y)/S is (S, K)
slip: P was differentiated entry by entry; every entry of softmax depends on its whole row. The derivative of softmax is a full matrix for \
each row, diag(p) - outer(p, p), which gives P * (dP - sum(dP * P)) row by row; P * (1 - P) is only its diagonal.
entry: (dZ)_11: yours -y11*(1 - p11)/2, right (p11 - y11)/2
mend:
  dZ = -Y * (1 - P) / S
       ^^^^^^^^^^^^^^^^ dZ = (P - Y)/S""",
    ),
    (
        NORM,
        "dX = dY * g / sd",
        """\
yours: dY * g / sd is (S, D)
right: dX = dXh / sd + dsd * Xh/S + dmu/S is (S, D)
slip: the paths through mu and var are missing. A name that is used more than once gets a gradient from every use, and they are added up \
(in batch norm: also through the mean and the variance).
entry: (dX)_11: yours dy11*g1/sd1, right dXh11/sd1 + dsd1*Xh11/2 + dmu1/2
mend:
  dX = dY * g / sd
       ^^^^^^^^^^^ dX = dXh / sd + dsd * Xh/S + dmu/S""",
    ),
    (
        "A: symmetric (N, N); x: (N,); L = x @ A @ x",
        "dA = 2 * outer(x, x) - diag(x**2)",
        """\
yours: 2 * outer(x, x) - diag(x**2) is (N, N)
right: dA = outer(x, x) is (N, N)
slip: this is the derivative by the distinct entries of a symmetric matrix; here the entries are free. A free entry counts by itself; off \
the diagonal of a symmetric matrix each stands in two places: G + G.T - I*G.
entry: (dA)_12: yours 2*x1*x2, right x1*x2
mend:
  dA = 2 * outer(x, x) - diag(x**2)
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ dA = outer(x, x)""",
    ),
    (
        "X: invertible (N, N); L = logdet(X)",
        "dX = X @ X",
        """\
yours: X @ X is (N, N)
right: dX = inv(X).T is (N, N)
slip: no single slip explains it
derivation: dX = inv(X).T
entry: (dX)_11: yours x11**2 + x12*x21, right x22/(x11*x22 - x12*x21)""",
    ),
]


@pytest.mark.parametrize(("sheet", "claim", "message"), MESSAGES, ids=[claim for _, claim, _ in MESSAGES])
def test_the_whole_message(sheet, claim, message):
    assert judged(sheet, claim).message == message


def test_a_long_formula_is_diagnosed_in_time():
    sheet = "X: (S, D); W1: (D, H); W2: (H, H); W3: (H, K); A1 = tanh(X @ W1); A2 = tanh(A1 @ W2); P = softmax(A2 @ W3, axis=1)"
    claim = "dW1 = X.T @ ((((((P * (dP - sum(dP * P, axis=1, keepdims=True))) @ W3.T) * A2 * (1 - A2)) @ W2.T) * A1 * (1 - A1)))"
    v = judged(sheet, claim)
    assert v.verdict == "wrong"


# ---- what would make it right ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "Z: (S, K); Y: (S, K); P = softmax(Z); L = -sum(Y*log(P))/S; dZ = (P - Y)/S",
            "right if the rows of Y add up to 1, which nothing declares; if they do, say so: Y: onehot (S, K)",
        ),
        (
            "Z: (K, m); Y: (K, m); P = softmax(Z, axis=0); L = -sum(Y*log(P)); dZ = P - Y",
            "right if the columns of Y are one-hot, which nothing declares; if they are, say so: Y: onehot_columns (K, m)",
        ),
        ("z: (K,); y: (K,); L = -sum(y*log(softmax(z))); dz = softmax(z) - y", "right if the entries of y add up to 1"),
    ],
)
def test_what_is_not_declared_but_would_make_it_right_is_said(source, said):
    (verdict,) = shapecalc.check(source).claims
    assert verdict.verdict == "wrong"
    assert said in verdict.message


@pytest.mark.parametrize("claim", ["dZ = (Y - P)/S", "dZ = P - Y", "dZ = (P - Y)/S + Y"])
def test_nothing_is_said_where_it_would_not_help(claim):
    (verdict,) = shapecalc.check(f"Z: (S, K); Y: (S, K); P = softmax(Z); L = -sum(Y*log(P))/S; {claim}").claims
    assert verdict.verdict == "wrong"
    assert "which nothing declares" not in verdict.message


# ---- what is tried leaves no trace ----------------------------------------------------------------


def test_a_minus_is_taken_away_and_not_doubled():
    v = judged("z: (S,); y: (S,); L = sum((relu(z) - y)**2)", "dz = 2 * (-relu(z) - y) * (z > 0)")
    assert (v.slip, v.suggestion) == ("sign", "dz = 2 * (relu(z) - y) * (z > 0)")


@pytest.mark.parametrize("seed", range(6))
def test_an_entry_is_shown_although_a_relu_may_be_dead_at_the_first_point(seed):
    relu = f"# {seed}\nX: (S, D); w: (D,); y: (S,); z = X @ w; L = sum((relu(z) - y)**2) / S"
    v = judged(relu, "dw = 2 * X.T @ ((relu(z) - y) * (z > 0))")
    assert v.slip == "missing-scale"
    assert "entry: (dw)_1: yours 2*x11*" in v.message


def test_a_misfit_is_explained_after_many_were_tried_in_silence():
    first, second = shapecalc.check(f"{LAYER}\ndW = X.T @ dZ * W\ndW = X @ dZ + W").claims
    assert first.slip == "extra-factor"
    assert second.verdict == "ill-shaped"
    assert "X has D columns, but dZ has S rows" in second.message


@pytest.mark.parametrize("claim", ["dX = dZ @ W.T + X", "db = sum(dZ)", "dW = X.T @ Z", "dX = -dZ @ W.T"])
def test_a_verdict_does_not_hang_on_the_claims_before_it(claim):
    """What is kept from claim to claim (the vocabulary, scales, products, values) changes none of the later ones."""
    alone = judged(LAYER, claim)
    together = judged(f"{LAYER}\ndW = X.T @ dZ / 3\ndb = sum(dZ, axis=1)\ndX = dZ @ W\ndW = X.T @ dZ + W", claim)
    assert (together.verdict, together.slip, together.suggestion) == (alone.verdict, alone.slip, alone.suggestion)
    assert together.message.splitlines()[:3] == alone.message.splitlines()[:3]


@pytest.mark.parametrize(
    ("source", "slip", "right"),
    [
        ("x: (n,)\nL = sum(exp(x))\ndx = exp(x) + (exp(x) < 1e-5)", "extra-term", "dx = exp(x)"),
        ("x: (n,)\na: ()\nL = sum(where(x > a, x**2, x))\ndx = where(x > a, 2*x, 1 + (x > 5))", "extra-term", "dx = where(x > a, 2*x, 1)"),
        ("x: (n,)\nL = norm(x)\ndx = x / maximum(norm(x), 1e-3)", "wrong-function", "dx = x / norm(x)"),
        ("X: (n, m)\nL = sum(X)\ndX = ones(n, m) * (n < 100)", "extra-scale", "dX = ones(n, m)"),
    ],
)
def test_no_comparison_that_never_turns_is_put_in_to_explain_a_slip(source, slip, right):
    (claim,) = shapecalc.check(source).claims
    assert (claim.verdict, claim.slip, claim.suggestion) == ("wrong", slip, right)


@pytest.mark.parametrize(
    ("claim", "slip", "said"),
    [
        ("(Z - Y) / 2", "factor-2", "a factor 2 is missing; besides, a factor 1/S is missing"),
        ("3*(Z - Y)", "factor-2", "a factor 3 too many; besides, a factor 1/S is missing"),
        ("-2*(Z - Y)", "sign", "the sign is the wrong way round; besides, a factor 1/(2*S) is missing"),
        ("-(Z - Y)/S", "sign", "the sign of (Z - Y)"),
        ("(Z - Y)*2/S", "factor-2", "a factor 2 too many"),
    ],
)
def test_of_two_slips_each_is_said_once(claim, slip, said):
    source = "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2) / (2*S)"
    (verdict,) = shapecalc.check(f"{source}\ndZ = {claim}").claims
    assert verdict.slip == slip
    assert f"slip: {said}\n" in verdict.message


def test_a_product_in_a_divisor_has_its_brackets():
    v = judged(PROBIT, "db = X.T @ ((y - P) / (P * (1 - P)) * exp(-eta**2 / 2))")
    assert "a factor 1/(sqrt(pi) * sqrt(2)) is missing" in v.message
