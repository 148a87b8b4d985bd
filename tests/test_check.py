"""check: verdicts line by line, claims from Python, and the door for tests."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import shapecalc
from shapecalc.errors import InputProblem, ShapecalcError, UnknownName
from shapecalc.testing import assert_gradient, gradient_error

LAYER = "X: (S, D)\nW: (D, M)\nb: (M,)\nZ = X @ W + b\n"
LOSS = "X: (S, D)\nW: (D, M)\nb: (M,)\nY: onehot (S, M)\nZ = X @ W + b\nP = softmax(Z, axis=1)\nL = -sum(Y * log(P)) / S\n"

pytest_plugins = ["pytester"]
INSTALLED = any(e.value == "shapecalc.pytest_plugin" for e in entry_points(group="pytest11"))
PLUGIN = ["-p", "no:cacheprovider"] + ([] if INSTALLED else ["-p", "shapecalc.pytest_plugin"])


def verdicts(source, **options):
    return [(v.verdict, v.slip) for v in shapecalc.check(source, **options).claims]


# ---- what is right ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "claim",
    [
        "dW = X.T @ dZ",
        "dW = (dZ.T @ X).T",
        "dL/dW = X.T @ dZ",
        "∂L/∂W = Xᵀ @ dZ",
        "W.grad = X.t() @ dZ",
        "grad_W = einsum('sd,sm->dm', X, dZ)",
        "∇_W L = X.T @ dZ",
        "db = sum(dZ, axis=0)",
        "db = ones(S) @ dZ",
        "db = dZ.sum(0)",
        "db = sum(dZ, axis=0, keepdims=True)",
        "dX = dZ @ W.T",
        "X.T @ dZ == (dZ.T @ X).T",
    ],
)
def test_right_in_any_equivalent_form(claim):
    report = shapecalc.check(LAYER + claim)
    assert report.ok
    (v,) = report.claims
    assert (v.verdict, v.slip, v.line) == ("right", None, 5)
    assert v.certificate is not None
    assert v.certificate.bits >= 50


def test_certificate_of_a_real_comparison():
    (v,) = shapecalc.check("x: (n,)\nL = norm(x)\ndx = x / L").claims
    assert v.verdict == "right"
    assert v.certificate.gap < 1e-20


def test_certificate_of_a_comparison_with_exp():
    (v,) = shapecalc.check(LOSS + "dZ = (P - Y) / S").claims
    assert v.verdict == "right"
    assert v.certificate.bits >= 50


def test_right_almost_everywhere():
    assert verdicts("Z: (N,); A = relu(Z)\ndZ = dA * (Z >= 0)") == [("right", None)]


def test_a_claim_that_is_never_defined_is_wrong():
    assert verdicts("x: positive (N,); y = sqrt(x)\ndx = dy / (2 * sqrt(-x))")[0][0] == "wrong"


@pytest.mark.parametrize(
    ("layout", "claim", "verdict"),
    [
        ("denominator", "dW = X.T @ dZ", "right"),
        ("denominator", "dW = dZ.T @ X", "wrong"),
        ("numerator", "dW = dZ.T @ X", "right"),
        ("numerator", "dW = X.T @ dZ", "wrong"),
        ("numerator", "db = sum(dZ, axis=0)", "right"),
    ],
)
def test_the_layout_turns_the_left_side(layout, claim, verdict):
    assert verdicts(LAYER + claim, layout=layout)[0][0] == verdict


def test_jacobians_and_hessians():
    sheet = "W: (M, N); x: (N,); y = tanh(W @ x)\n"
    assert verdicts(sheet + "dy/dx = diag(1 - y**2) @ W", layout="numerator") == [("right", None)]
    assert verdicts(sheet + "dy/dx = W.T @ diag(1 - y**2)", layout="denominator") == [("right", None)]
    assert verdicts(sheet + "dy/dx = W.T @ diag(1 - y**2)", layout="numerator") == [("wrong", "wrong-layout")]
    assert verdicts("A: (N, N); x: (N,); L = x @ A @ x\nd2L/dx2 = A + A.T") == [("right", None)]
    assert verdicts("A: (N, N); x: (N,); L = x @ A @ x\nd2L/dx2 = 2 * A") == [("wrong", "symmetric-only")]


def test_a_jacobian_with_stacked_columns():
    sheet = "X: (N, N); B: (N, N); F = X @ B @ X\n"
    assert verdicts(sheet + "dF/dX = kron((B @ X).T, eye(N)) + kron(eye(N), X @ B)", layout="numerator") == [("right", None)]


def test_structured():
    sheet = "A: symmetric (N, N); x: (N,); L = x @ A @ x\n"
    assert verdicts(sheet + "dA = outer(x, x)") == [("right", None)]
    assert verdicts(sheet + "dA = 2 * outer(x, x) - diag(x**2)", structured=True) == [("right", None)]
    assert verdicts(sheet + "dA = outer(x, x)", structured=True) == [("wrong", "missing-term")]
    assert verdicts(sheet + "dA = 2 * outer(x, x) - diag(x**2)") == [("wrong", "extra-term")]


# ---- line by line -----------------------------------------------------------------------


def test_an_error_is_carried_forward():
    report = shapecalc.check(LOSS + "dZ = P - Y\ndW = X.T @ dZ\ndb = sum(dZ, axis=0)")
    assert [(v.line, v.verdict, v.slip) for v in report.claims] == [(8, "wrong", "missing-scale"), (9, "right", None), (10, "right", None)]
    assert report.claims[1].message == "consistent with line 8; nothing new is wrong here"
    assert not report.ok


def test_an_earlier_convention_made_up_for():
    report = shapecalc.check(LOSS + "dZ = P - Y\ndW = X.T @ dZ / S")
    assert [v.verdict for v in report.claims] == ["wrong", "right"]
    assert report.claims[1].message == "right, because it makes up for line 8: given that line, this is the derivative"


def test_a_new_error_behind_one_that_is_carried_forward():
    assert verdicts(LOSS + "dZ = P - Y\ndb = sum(dZ, axis=1)") == [("wrong", "missing-scale"), ("wrong", "wrong-axis")]


def test_the_wrong_shape_before_and_made_up_for():
    assert verdicts(LAYER.replace("+ b", "") .replace("b: (M,)\n", "") + "dW = dZ.T @ X\ndW = X.T @ dZ")[1] == ("right", None)


def test_abbreviations():
    sheet = "W: (H, H); h0: (H, 1); x: (H, 1); h1 = tanh(W @ h0 + x); h2 = tanh(W @ h1 + x)\ndh: upstream(h2)\n"
    lines = "d2 = dh * (1 - h2**2)\nd1 = (W.T @ d2) * (1 - h1**2)\ndW = d2 @ h1.T + d1 @ h0.T"
    assert verdicts(sheet + lines) == [("right", None)]


def test_an_incoming_gradient_called_like_that_of_another_definition():
    sheet = "x: (n,); h = tanh(x); h2 = h * 2; dh: upstream(h2)"
    assert shapecalc.derive(sheet).backward == [("grad_h", "2*dh"), ("dx", "2*dh * (1 - h**2)")]
    claims = shapecalc.check(f"{sheet}\ndx = 2*dh * (1 - h**2)\ndx = 2*(1 - h**2)").claims
    assert [c.verdict for c in claims] == ["right", "wrong"]


def test_abbreviations_behind_a_loss():
    sheet = "x: (N,); y: (N,); h = sigmoid(x); L = -sum(y * log(h) + (1 - y) * log(1 - h))\n"
    assert verdicts(sheet + "dz9 = h - y\ndx = dz9") == [("right", None)]


def test_an_abbreviation_that_nobody_uses():
    (v,) = shapecalc.check(LAYER + "dw1 = X.T @ dZ").claims
    assert v.verdict == "undecided"
    assert v.message == "dw1 is taken for an abbreviation: nothing is called w1 here; did you mean dW?"


def test_accumulation():
    sheet = "x: (N,); A: (M, N); B: (M, N); p = A @ x; q = B @ x; L = sum(p * q)\n"
    assert verdicts(sheet + "dx = A.T @ q\ndx += B.T @ p") == [("right", None), ("right", None)]
    assert verdicts(sheet + "dx = A.T @ q\ndx += B.T @ q") == [("undecided", None), ("wrong", "wrong-variable")]
    assert verdicts(sheet + "dx = A.T @ p\ndx += B.T @ p") == [("wrong", "wrong-variable"), ("undecided", None)]


def test_chains_are_judged_link_by_link():
    report = shapecalc.check(LAYER + "dW = X.T @ dZ = (dZ.T @ X).T = dZ.T @ X")
    assert [(v.text, v.verdict) for v in report.claims] == [
        ("dW = X.T @ dZ", "right"),
        ("X.T @ dZ = (dZ.T @ X).T", "right"),
        ("(dZ.T @ X).T = dZ.T @ X", "wrong"),
    ]


def test_a_link_that_follows_from_a_wrong_one():
    report = shapecalc.check(LAYER + "dW = X.T @ dZ / S = (dZ.T @ X).T / S")
    assert [v.verdict for v in report.claims] == ["wrong", "right"]
    assert report.claims[1].message == "it follows from the side before it; nothing new is wrong here"


def test_equalities_between_any_formulas():
    assert verdicts("A: (M, N); B: (N, K)\nC = A @ B\n(A @ B).T == B.T @ A.T") == [("right", None)]
    assert verdicts("A: (N, N); B: (N, N)\nC = A @ B\nA @ B == B @ A") == [("wrong", "wrong-order")]


def test_an_incoming_gradient_is_taken_as_it_is():
    (v,) = shapecalc.check(LAYER + "dZ = X @ W").claims
    assert v.verdict == "undecided"
    assert v.message == "dZ comes from outside here: no loss is defined from which it would follow, so it is taken as it is"


def test_aliases():
    report = shapecalc.check(LAYER + "delta_w = X.T @ dZ", aliases={"delta_w": "W"})
    assert report.ok
    assert len(report.claims) == 1


# ---- what cannot be read ------------------------------------------------------------------


def test_an_unreadable_claim_does_not_stop_the_rest():
    report = shapecalc.check(LAYER + "dW = X.T @\ndb = sum(dQ, axis=0)\ndX = dZ @ W.T")
    assert [(v.line, v.verdict) for v in report.claims] == [(5, "unreadable"), (6, "unreadable"), (7, "right")]
    assert report.claims[0].message.splitlines()[:2] == ["  dW = X.T @", "           ^ an operand is missing after @"]
    assert not report.ok


def test_a_gradient_of_nothing():
    report = shapecalc.check(LAYER + "dL/dQ = X.T @ dZ\ndX = dZ @ W.T")
    assert [(v.line, v.verdict) for v in report.claims] == [(5, "unreadable"), (6, "right")]
    assert "Q is not declared" in report.claims[0].message


def test_a_problem_that_cannot_be_read_raises():
    with pytest.raises(ShapecalcError, match="X has D columns, but Y has S rows"):
        shapecalc.check("X: (S, D); Y: (S, M)\nZ = X @ Y\ndX = dZ @ Y.T")
    with pytest.raises(UnknownName):
        shapecalc.check("X: (S, D)\nZ = X @ Q\ndX = dZ")


def test_a_declaration_that_cannot_be_read_raises():
    with pytest.raises(ShapecalcError):
        shapecalc.check("X: (S, D\nW: (D, M)\nZ = X @ W\ndX = dZ @ W.T")
    with pytest.raises(ShapecalcError):
        shapecalc.check("X: (S, D)\nW: (D, M)\nZ = X @@ W\ndX = dZ @ W.T")


def test_a_single_claim_that_cannot_be_read():
    assert verdicts(LAYER + "dW = X.T @@ dZ") == [("unreadable", None)]


def test_the_layout_is_one_of_two():
    with pytest.raises(InputProblem, match="there is no layout"):
        shapecalc.check(LAYER + "dW = X.T @ dZ", layout="mixed")


# ---- from Python ----------------------------------------------------------------------------


def test_judge_a_text():
    d = shapecalc.derive(LAYER)
    assert d["W"].judge("X.T @ dZ").verdict == "right"
    assert d["W"].judge("dW = X.T @ dZ").verdict == "right"
    assert d["W"].judge("dZ.T @ X").slip == "wrong-layout"
    assert d["b"].judge("sum(dZ, axis=1)").slip == "wrong-axis"


def test_judge_a_function_of_arrays():
    g = shapecalc.derive(LAYER)["W"]
    right = g.judge(lambda X, dZ: X.T @ dZ)
    assert right.verdict == "right"
    assert right.message == "judged numerically: two functions that agree at these points may still differ elsewhere"
    assert g.judge(lambda X, dZ: dZ.T @ X).slip == "wrong-layout"
    assert g.judge(lambda X, dZ, S: X.T @ dZ / S).slip == "extra-scale"
    assert g.judge(lambda X, dZ: -X.T @ dZ).slip == "sign"
    assert g.judge(lambda X, dZ: X @ dZ).verdict == "ill-shaped"
    with pytest.raises(InputProblem, match="the function asks for Q"):
        g.judge(lambda Q: Q)


def test_a_function_that_gives_no_finite_real_numbers_is_not_right():
    d = shapecalc.derive(LAYER)["W"]
    for spoil in (float("nan"), float("inf"), 1j):

        def one_entry(X, dZ, spoil=spoil):
            made = (X.T @ dZ).astype(type(spoil))
            made[0, 0] += spoil
            return made

        found = d.judge(one_entry)
        assert (found.verdict, found.slip) == ("wrong", None)
        assert "an entry of it is no finite real number" in found.message
    assert d.judge(lambda X, dZ: (X.T @ dZ) * (1 + 0j)).verdict == "right"
    relu = shapecalc.derive("X: (S, D); L = sum(relu(X))")["X"]
    np = pytest.importorskip("numpy")
    assert relu.judge(lambda X: np.where(X > 0, 1, 0)).verdict == "right"
    assert relu.judge(lambda X: np.where(X > 0, 1, np.inf)).verdict == "wrong"
    nothing = d.judge(lambda X, dZ: None)
    assert (nothing.verdict, nothing.message) == ("ill-shaped", "the function fails: it gives nothing; return is missing")


def test_a_derivative_that_is_zero_or_too_large_for_floats():
    zero = shapecalc.derive("X: (S, D); Y: (S, D); L = sum(Y)")["X"]
    assert zero.judge(lambda X: (X + 1) - 1 - X).verdict == "right"
    assert zero.judge(lambda X: X).verdict == "wrong"
    large = shapecalc.derive("x: (n,); L = sum((1000 + x**2)**120)")["x"].judge(lambda x: x)
    assert (large.verdict, large.message) == ("undecided", "the derivative has no value in floating point where it was tried")


def test_what_is_no_claim():
    d = shapecalc.derive(LAYER)
    for claim in (5, None, [[1, 2]], pytest.importorskip("numpy").zeros((2, 3))):
        with pytest.raises(InputProblem, match=f"a claim is text.*and this is a {type(claim).__name__}$"):
            d["W"].judge(claim)


def test_judge_a_sympy_matrix():
    d = shapecalc.derive(LAYER)
    view = d.entries({"S": 2, "D": 3, "M": 3})
    x, g = view["X"].matrix, view["dZ"].matrix
    assert d["W"].judge(x.T * g).verdict == "right"
    assert d["W"].judge(-x.T * g).slip == "sign"
    assert d["W"].judge(g.T * x).verdict == "wrong"
    for nothing in ("nan", "zoo"):
        with pytest.raises(ShapecalcError):
            d["W"].judge(x.T * g * getattr(pytest.importorskip("sympy"), nothing))
    scaled = shapecalc.derive("s: (); x: (n,); L = s*sum(x)")
    x1, x2 = scaled.entries({"n": 2})["x"].matrix
    assert scaled["s"].judge(x1 + x2).verdict == "right"
    assert scaled["s"].judge(2 * (x1 + x2)).slip == "factor-2"


def test_assert_gradient():
    assert_gradient("dW = X.T @ dZ\ndb = sum(dZ, axis=0)", given=LAYER)
    assert_gradient(lambda X, dZ: X.T @ dZ, given=LAYER, wrt="W")
    assert gradient_error("dW = X.T @ dZ", given=LAYER) is None
    with pytest.raises(AssertionError) as failure:
        assert_gradient("db = sum(dZ, axis=1)", given=LAYER)
    assert str(failure.value) == (
        "db = sum(dZ, axis=1)\n"
        "wrong (wrong-axis)\n"
        "yours: sum(dZ, axis=1) is (S,)\n"
        "right: db = sum(dZ, axis=0) is (M,)\n"
        "slip: axis=0, not axis=1. The axis that is named is the one that disappears: axis=0 adds the rows together and leaves one total "
        "per column, axis=1 adds along each row and leaves one total per row.\n"
        "entry: (db)_1: yours g11 + g12, right g11 + g21\n"
        "mend:\n"
        "  db = sum(dZ, axis=1)\n"
        "       ^^^^^^^^^^^^^^^ db = sum(dZ, axis=0)"
    )


def test_assert_gradient_needs_a_claim():
    with pytest.raises(InputProblem, match="there is no claim"):
        assert_gradient("", given=LAYER)
    with pytest.raises(InputProblem, match="whose gradient"):
        assert_gradient(lambda X: X, given=LAYER)


def test_sheets_are_collected_by_pytest(pytester):
    pytester.makefile(".sheet", layer=LAYER + "dW = X.T @ dZ\ndb = sum(dZ, axis=1)\n")
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    wanted = ["*layer.sheet:6: db = sum(dZ, axis=1) is wrong (wrong-axis)", "entry: (db)_1: yours g11 + g12, right g11 + g21"]
    result.stdout.fnmatch_lines(wanted)


def test_a_sheet_that_cannot_be_read_fails_to_be_collected(pytester):
    pytester.makefile(".sheet", layer="X: (S, D); Z = X @ X\ndX = dZ")
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*layer.sheet:1:*"])


def test_a_right_claim_loads_no_sympy():
    program = f"import sys, shapecalc; assert shapecalc.check({LAYER + 'dW = X.T @ dZ'!r}).ok; assert 'sympy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_same_text_gets_the_same_answer():
    source = LOSS + "dZ = (P - Y) * P\ndW = X.T @ (P * Y) / S"
    assert [v.message for v in shapecalc.check(source).claims] == [v.message for v in shapecalc.check(source).claims]


def test_a_gradient_of_nothing_behind_a_loss_is_an_abbreviation():
    problem = "X: (S, D); W: (D, M); Y: onehot (S, M)\nP = softmax(X @ W)\nL = -sum(Y * log(P)) / S\ndZ2 = (P - Y) / S"
    d = shapecalc.derive(problem)
    assert d.problem.loss == "L"
    assert d["W"].formula == shapecalc.derive(problem.rpartition("\n")[0])["W"].formula
    assert [c.verdict for c in shapecalc.check(problem + "\ndW = X.T @ dZ2").claims] == ["right"]
    # a definition may begin with a d, and may follow a number
    assert shapecalc.derive("x: (n,); s = sum(x); dist = x - s").problem.last == "dist"
    assert shapecalc.derive("x: (n,); h = tanh(x); d2 = h * x").problem.last == "d2"


PLAIN = "X: (S, D); W: (D, M); Y: (S, M); Z = X @ W"


@pytest.mark.parametrize(
    ("sheet", "verdicts"),
    [
        ("a, b: (); C: (n, n); t = a < b; z = tanh(C); y = 2*t\ndt = 2\ndt = 1\nda = 0", "right wrong right"),
        ("X: (S, D); W: (D, M); Z = relu(X @ W); mask = Z > 0\ndX = (dZ * mask) @ W.T\ndX = (dZ * (dZ > 0)) @ W.T", "right wrong"),
        (f"{PLAIN}; n = X.shape[0]\ndW = X.T @ dZ\ndW = X.T @ dZ * n", "right wrong"),
        (f"{PLAIN}; n = 1/S\ndW = X.T @ dZ * n", "wrong"),
        (f"{PLAIN}; L = sum((Z - Y)**2)/2; hit = mean(Z > 0)\ndZ = Z - Y\ndW = X.T @ dZ", "right right"),
        ("z: (n,); h = tanh(z); L = h @ h / 2; s = 1 - h**2\ndh = h\ndz = dh * s\ndL/dz = h * s\ndz = dh", "right right right wrong"),
        (f"{PLAIN}; L = sum((Z - Y)**2)/2; R = sum(W**2); J = L + R\ndW = X.T @ dZ\ndW = X.T @ dZ + 2*W", "wrong right"),
        ("x: (n,); A: (m, n); L = x @ x; y = A @ x\ndy/dx = A.T", "right"),
        (f"{PLAIN}; m = norm(W)\ndX = 5*dZ @ W.T\ndX = 0*X", "undecided right"),
        ("x: (N, D); w: (D, M); out = x @ w; dout: (N, M)\ndx = dout @ w.T", "right"),
        ("x: (N, D); w: (D, M); dout: (N, M); out = x @ w\ndx = dout @ w.T\ndw = dout.T @ x", "right wrong"),
        ("x: (N, D); w: (D, M); dout: (N, M); out = x @ w; L = sum(out * dout)\ndx = dout @ w.T\nddout = out", "right right"),
        ("x: (n,); dt: (); t = x * dt; y = x + dt*t\ndx = dy * (1 + dt**2)", "right"),
        (f"{PLAIN}; L = sum((Z - Y)**2)\ndW = dW", "undecided"),
        (f"{PLAIN}; L = sum((Z - Y)**2)\ng = 2*dW\ndW = g/2", "undecided"),
        (f"{PLAIN}; L = sum((Z - Y)**2)\ndW = X.T @ dZ\ndW = dW + 0", "right right"),
    ],
)
def test_nothing_is_right_by_itself_or_for_want_of_a_loss(sheet, verdicts):
    assert [v.verdict for v in shapecalc.check(sheet).claims] == verdicts.split()


# ---- what is no text

NO_TEXT = {
    "derive": (shapecalc.derive, None),
    "a path": (shapecalc.derive, Path("problem.sheet")),
    "check": (shapecalc.check, 5),
    "jacobian": (shapecalc.jacobian, b"x: (n,)"),
    "hessian": (shapecalc.hessian, None),
    "recheck": (shapecalc.recheck, None),
}


@pytest.mark.parametrize("case", NO_TEXT)
def test_what_is_no_text_is_refused(case):
    function, given = NO_TEXT[case]
    with pytest.raises(InputProblem, match=f"a text is read here, and this is {type(given).__name__}"):
        function(given)


def test_names_to_differentiate_by_are_texts():
    with pytest.raises(InputProblem, match="what to differentiate by is a name, or names"):
        shapecalc.derive("x: (n,); L = x @ x", wrt=5)


TURNED = "x1, x2, C, S: (n, d); A = x1*C - x2*S; B = x1*S + x2*C"
COUPLED = "x1, x2: (n, d); W: (d, d); s = tanh(x1 @ W); y = x2*exp(s); logdet_J = sum(s)"
COMPARED = "x, D: (n,); A = x*D; B = x > 0"


@pytest.mark.parametrize(
    ("source", "claims", "wanted"),
    [
        (TURNED, "dx2 = dB*C - dA*S", "right"),
        (TURNED, "dx2 = dB*C + dA*S", "wrong"),
        (TURNED, "dx2 = dB*C", "right"),  # no claim says that anything comes in at A
        (TURNED, "dx2 = dB*C; dx1 = dA*C + dB*S", "wrong right"),
        (COUPLED, "dW = x1.T @ ((dy*y + dlogdet_J)*(1 - s**2))", "right"),
        (COUPLED, "dW = x1.T @ (1 - s**2)", "right"),
        (COMPARED, "dD = zeros(n)", "wrong"),
        (COMPARED, "dD = dA*x", "right"),
    ],
)
def test_gradients_come_in_at_every_end_that_a_claim_speaks_of(source, claims, wanted):
    assert " ".join(v.verdict for v in shapecalc.check(f"{source}; {claims}").claims) == wanted


@pytest.mark.parametrize(("source", "claim", "wanted"), [(TURNED, "dx2 = dB*C - dA*S", "x2"), (COMPARED, "dD = dA*x", "D")])
def test_what_is_derived_is_what_a_claim_is_compared_with(source, claim, wanted):
    formula = shapecalc.derive(f"{source}; {claim}")[wanted].formula
    assert shapecalc.check(f"{source}; {claim}; d{wanted} = {formula}").ok
