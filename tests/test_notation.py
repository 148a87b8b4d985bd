"""How formulas are written: the text of the language is read back elsewhere; here, what stands on paper."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.boxes import Fenced, Linked, Number, Row, Scripts, Symbol, Text, depth, items, op, row, tall, walk
from shapecalc.errors import Misfit
from shapecalc.indexed import fresh
from shapecalc.language.sheet import read
from shapecalc.mathematics import (
    Call,
    Delta,
    Entry,
    Group,
    IndexFormula,
    IndexTerm,
    Partial,
    Power,
    Size,
    Style,
    boxes,
    entries,
    entry_text,
    equation,
    formula,
    index_boxes,
    of_terms,
    read_symbol,
    vector_entries,
)
from shapecalc.notation import text
from shapecalc.render import formula as drawn
from shapecalc.symbols import dimension, parts, shape_box

SHAPES = """
X: (S, D); Y: (S, M); Z: (S, M); W: (D, M); W1: (D, M); b: (M,); bb: (1, M); c: (S, 1); A: (n, n); B: (n, n); Sigma: posdef (n, n)
x: (n,); y: (n,); w: (D,); v: (M,); lam: (); mu: (); dZ: (S, M); dv: (M,); P: (S, M); Q: (R, S, D); K: (R, S, D)
F: (n, n, n)
"""


def written(formula: str, to: str = "text", **style) -> str:
    e = read(f"{SHAPES}\nresult = {formula}").definitions["result"]
    return drawn(boxes(e, Style(gradients={"dZ": "Z", "dv": "v"}, **style)), to)


# ---- products, and where parentheses go ---------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("X @ W + b", "X W + b"),
        ("X.T @ dZ", "Xᵀ ∂L/∂Z"),
        ("(Z - Y)/S", "(Z − Y)/S"),
        ("X.T @ (Z - Y)/S", "1/S · Xᵀ (Z − Y)"),
        ("X.T @ ((Z - Y)/S)", "1/S · Xᵀ (Z − Y)"),
        ("2*lam*W1", "2λ W₁"),
        ("-X.T @ dZ", "−Xᵀ ∂L/∂Z"),
        ("Y - (Z - Y)", "Y − (Z − Y)"),
        ("Y + (-Z)", "Y − Z"),
        ("Y - (-Z)", "Y + Z"),
        ("X @ (W + W1)", "X (W + W₁)"),
        ("(X @ W) * P", "(X W) ⊙ P"),
        ("X.T @ (P * dZ)", "Xᵀ (P ⊙ ∂L/∂Z)"),
        ("Y / P", "Y ⊘ P"),
        ("-Y / (S*P)", "−(Y ⊘ P)/S"),
        ("1/(1 + exp(-Z))", "1/(1 + exp(−Z))"),
        ("1 - Z**2", "1 − Z^⊙2"),
        ("lam**2", "λ²"),
        ("lam**-1 * W", "W/λ"),
        ("0.5*W", "W/2"),
        ("0.01*W", "0.01W"),
        ("W/norm(W)", "W/‖W‖_F"),
        ("(n - 1)*A", "(n − 1) A"),
        ("Z * c", "Z ⊙ c"),
        ("c * b", "c bᵀ"),
        ("(A @ B).T", "(A B)ᵀ"),
        ("(A + B).T @ x", "(A + B)ᵀ x"),
        ("-(A + B)", "−(A + B)"),
        ("-(sum(x) - mu)", "−(Σᵢ xᵢ − μ)"),
        ("-(-(x @ y) + mu)", "−(−xᵀ y + μ)"),
        ("x[1:] @ y[1:]", "x[1:]ᵀ y[1:]"),
    ],
)
def test_products(formula: str, expected: str):
    assert written(formula) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("inv(A)", "A⁻¹"),
        ("inv(A).T", "A⁻ᵀ"),
        ("inv(A + B)", "(A + B)⁻¹"),
        ("solve(A, B)", "A⁻¹ B"),
        ("pinv(X)", "X⁺"),
        ("matpow(A, 3)", "A³"),
        ("det(A)", "det A"),
        ("det(A @ B)", "det(A B)"),
        ("logdet(A)", "log|det A|"),
        ("logdet(Sigma)", "log det Σ"),
        ("tr(A @ B)", "tr(A B)"),
        ("norm(x)", "‖x‖₂"),
        ("norm(A)", "‖A‖_F"),
        ("norm(x, ord=1)", "‖x‖₁"),
        ("norm(A, ord=1)", "‖vec(A)‖₁"),
        ("diag(x)", "diag(x)"),
        ("kron(A, B)", "A ⊗ B"),
        ("kron(A, B) @ kron(B, A)", "(A ⊗ B) (B ⊗ A)"),
        ("eye(n) - A", "Iₙ − A"),
        ("Z > 0", "𝟏[Z > 0]"),
        ("dZ * (Z > 0)", "∂L/∂Z ⊙ 𝟏[Z > 0]"),
        ("sigmoid(Z)", "σ(Z)"),
        ("softmax(Z)", "softmax(Z)"),
        ("softmax(Z, axis=0)", "softmax_{axis=0}(Z)"),
        ("sqrt(lam)", "√λ"),
        ("abs(x)", "|x|"),
        ("maximum(Z, Y)", "max(Z, Y)"),
        ("reshape(X, (D, S))", "reshape_{D × S}(X)"),
        ("X[:, 0:1]", "X[:, 0]"), ("X[:, 0:2]", "X[:, :2]"),
        ("einsum('ij,jk->ik', X, W)", "einsum_{ij,jk→ik}(X, W)"),
        ("Q @ K.mT", "Q Kᵀ"),
        ("A @ (F @ x)", "A (F x)"),  # A F x would be (A F) x
        ("F @ x @ B", "(F x) B"),
        ("sum(F @ x, axis=0)", "𝟏ᵀ (F x)"),
        ("x @ (F @ F)", "xᵀ (F F)"),
        ("A @ (F @ B)", "A F B"),
        ("expm(A)", "e^A"),
    ],
)
def test_functions(formula: str, expected: str):
    assert written(formula) == expected


# ---- vectors: columns and rows ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("A @ x", "A x"),
        ("x @ A", "xᵀ A"),
        ("x @ y", "xᵀ y"),
        ("x @ A @ x", "xᵀ A x"),
        ("x @ A + y", "Aᵀ x + y"),
        ("A @ x + x @ A", "A x + Aᵀ x"),
        ("(A @ x - y) @ B @ (A @ x - y)", "(A x − y)ᵀ B (A x − y)"),
        ("outer(x, y)", "x yᵀ"),
        ("outer(A @ x, y)", "A x yᵀ"),
        ("outer(x, dv)", "x (∂L/∂v)ᵀ"),
        ("outer(A, x + y)", "vec(Aᵀ) (x + y)ᵀ"),  # outer goes along the rows of A, vec down its columns
        ("outer(lam*x, -lam)", "outer(λ x, −λ)"),
        ("sum(dZ, axis=0)", "𝟏ᵀ ∂L/∂Z"),
        ("sum(dZ, axis=1)", "∂L/∂Z 𝟏"),
        ("sum(dZ, axis=0) + 2*lam*v", "(∂L/∂Z)ᵀ 𝟏 + 2λ v"),
        ("mean(Z - Y, axis=0)", "1/S · 𝟏ᵀ (Z − Y)"),
        ("sum(Z, axis=1, keepdims=True)", "Z 𝟏"),
        ("tanh(w @ W)", "tanh(wᵀ W)"),
        ("x[:, None] @ y[None, :]", "x yᵀ"),
    ],
)
def test_a_vector_is_a_column_and_transposed_where_it_must_be(formula: str, expected: str):
    assert written(formula) == expected


def test_the_style_says_how_a_vector_as_a_whole_is_drawn():
    assert written("sum(dZ, axis=0)", result="column") == "(∂L/∂Z)ᵀ 𝟏"
    assert written("A @ x", result="row") == "xᵀ Aᵀ"
    assert written("x @ A", vectors="row") == "x A"
    assert written("outer(x, y)", vectors="row") == "xᵀ y"


# ---- sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum((Z - Y)**2)/(2*S)", "1/(2S) · ‖Z − Y‖_F²"),
        ("-sum(Y * log(P))/S", "−1/S · Σᵢⱼ yᵢⱼ log pᵢⱼ"),
        ("sum(log(P) * Y)", "Σᵢⱼ log(pᵢⱼ) yᵢⱼ"),
        ("mean(x)", "1/n · Σᵢ xᵢ"),
        ("sum(W1)", "Σᵢⱼ wᵢⱼ⁽¹⁾"),
        ("sum(Z * b)", "Σᵢⱼ zᵢⱼ bⱼ"),
        ("sum(Z * bb)", "Σᵢⱼ zᵢⱼ bbⱼ"),
        ("sum((X @ W)**3)", "Σᵢⱼ (X W)ᵢⱼ³"),
        ("sum(where(x > 0, x, 2*x))", "Σᵢ ⎧ xᵢ   if xᵢ > 0\n   ⎩ 2xᵢ  otherwise"),
        ("sum(X.T)", "Σᵢⱼ xⱼᵢ"),
        ("sum(Q, axis=1)", "Σ_{axis=1} Q"),
    ],
)
def test_sums(formula: str, expected: str):
    assert written(formula) == expected


def test_an_index_is_called_by_no_name_that_the_formula_has():
    e = read("i: (); x: (n,); r = sum(i*x)").definitions["r"]
    assert drawn(boxes(e)) == "Σⱼ i xⱼ"


def test_sums_as_the_style_asks():
    assert written("sum(Z**2)", squares="sum") == "Σᵢⱼ zᵢⱼ²"
    assert written("sum(dZ, axis=0)", sums="sigma") == "Σᵢ (∂L/∂Z)_{i:}"
    assert written("X @ W + b", broadcast="ones") == "X W + 𝟏 bᵀ"


# ---- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W", "W"), ("W1", "W_1"), ("W_1", "W_1"), ("W12", "W_{12}"), ("alpha", r"\alpha"), ("lam", r"\lambda"), ("Sigma", r"\Sigma"),
        ("mu2", r"\mu_2"), ("Xh", r"\mathrm{Xh}"), ("y_hat", r"\hat{y}"), ("Zbar2", r"\bar{Z}_2"), ("W_xh", r"W_{\text{xh}}"),
        ("b_out", r"b_{\text{out}}"), ("λ", r"\lambda"), ("_x", r"\mathrm{\_x}"), ("Alpha", r"\mathrm{A}"),
    ],
)  # fmt: skip
def test_names(name: str, latex: str):
    e = read(f"{name}: (p, q); result = {name} + {name}").definitions["result"]
    assert drawn(boxes(e), "latex") == f"{latex} + {latex}"


def test_bold_names():
    e = read("X: (S, D); w: (D,); lam: (); Xh: (S, D); r = lam*X @ w + Xh @ w").definitions["r"]
    assert drawn(boxes(e, Style(bold=True)), "latex") == (r"\lambda \boldsymbol{X} \boldsymbol{w} + \mathbf{Xh} \, \boldsymbol{w}")


def test_names_differ_where_they_should():
    assert parts("xhat") == ("x", "hat", None)
    assert parts("dropout") == ("dropout", "", None)
    assert parts("D1") == ("D", "", Number("1"))


@pytest.mark.parametrize(
    ("style", "latex"),
    [
        ({}, r"X^{\top} \, \frac{\partial L}{\partial Z}"),
        ({"gradient": "name"}, r"X^{\top} \, \text{d} Z"),
        ({"gradient": "nabla"}, r"X^{\top} (\nabla_Z L)"),
        ({"loss": "J"}, r"X^{\top} \, \frac{\partial J}{\partial Z}"),
        ({"symbols": {"dZ": read_symbol(r"\delta^{(2)}")}}, r"X^{\top} \delta^{(2)}"),
        ({"bold": True}, r"\boldsymbol{X}^{\top} \, \frac{\partial L}{\partial \boldsymbol{Z}}"),
    ],
)
def test_gradients_are_drawn_as_asked(style: dict, latex: str):
    assert written("X.T @ dZ", "latex", **style) == latex


def test_shapes_under_the_factors():
    assert written("X @ W + b", shapes=True) == "  X      W    +  b\n(S, D) (D, M)   (M,)"
    assert written("X.T @ dZ", "latex", shapes=True) == (r"\underset{(D, S)}{X^{\top}} \; \underset{(S, M)}{\frac{\partial L}{\partial Z}}")


def test_an_equation_names_its_left_side():
    p = read("X: (S, D); W1: (D, M); Z1 = X @ W1")
    assert drawn(equation("Z1", p.definitions["Z1"])) == "Z₁ = X W₁"


def test_the_language_and_the_mathematics_agree_on_what_they_write():
    e = read(f"{SHAPES}\nr = X.T @ (Z - Y)/S").definitions["r"]
    assert text(e) == "X.T @ (Z - Y)/S"
    assert drawn(boxes(e), "latex") == r"\frac{1}{S} X^{\top} (Z - Y)"


# ---- index formulas ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula_", "expected"),
    [
        (formula(Entry("X", ("i", "k")), Entry("W", ("k", "j")), sums="k"), "Σₖ xᵢₖ wₖⱼ"),
        (formula(Entry("dZ", ("i", "j")), Delta("j", "m"), sums="ij"), "Σᵢ Σⱼ ∂L/∂zᵢⱼ δⱼₘ"),
        (formula(Entry("Z", ("i", "j")), coefficient=-1, divisors=(Size("S"),)), "−zᵢⱼ/S"),
        (formula(Entry("Z", (1, 12))), "z₁,₁₂"),
        (formula(Call("tanh", formula(Entry("Z", ("i", "j"))))), "tanh(zᵢⱼ)"),
        (formula(Call("f", formula(Entry("Z", ("i", "j"))), prime=True)), "f^′(zᵢⱼ)"),
        (formula(Power(Entry("Z", ("i", "j")), 2), coefficient=2), "2zᵢⱼ²"),
        (formula(Group(IndexFormula((IndexTerm(), IndexTerm((Entry("h", ("i",)),), coefficient=-1))))), "(1 − hᵢ)"),
        (IndexFormula((IndexTerm((Entry("X", ("i", "k")),), ("k",)),), ranges={"k": "D"}), "Σ_{k = 1}^D xᵢₖ"),
        (IndexFormula(()), "0"),
    ],
)
def test_index_formulas(formula_: IndexFormula, expected: str):
    assert drawn(index_boxes(formula_, Style(gradients={"dZ": "Z"}))) == expected


def test_a_partial_derivative_of_entries():
    assert drawn(index_boxes(Partial(Entry("Z", ("i", "j")), Entry("b", ("m",))))) == "∂zᵢⱼ/∂bₘ"


def test_the_index_form_itself_is_drawn():
    from shapecalc.calculus.lowering import lower

    p = read("X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")
    places = fresh(("S", "M"))
    terms = [lower(a, places[-len(a.shape) :]) for a in p.definitions["Z"].args]
    box, letters = of_terms(terms, places)
    assert drawn(box) == "Σₖ xᵢₖ wₖⱼ + bⱼ"
    assert list(letters.values()) == ["i", "j", "k"]


# ---- entries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("x11*w11 + x12*w21 + b1", "x₁₁ w₁₁ + x₁₂ w₂₁ + b₁"),
        ("-x11**2/(2*S) + (z11 - y11)/2", "−x₁₁²/(2S) + (z₁₁ − y₁₁)/2"),
        ("X[1,12]*W[12,3]", "x₁,₁₂ w₁₂,₃"),
        ("tanh(W1_23*x11)", "tanh(w₂₃⁽¹⁾ x₁₁)"),
        ("exp(-z11)/(1 + exp(-z11))**2", "exp(−z₁₁)/(1 + exp(−z₁₁))²"),
        ("2*(a + b)*c", "2(a + b) c"),
        ("a - (b - c)", "a − (b − c)"),
        ("a/b/c", "a/(b c)"),
        ("sqrt(v1 + 0.001)", "√(v₁ + 0.001)"),
        ("1/2*x", "x/2"),
        ("x**(-1)", "x⁻¹"),
        ("0", "0"),
    ],
)
def test_entries_are_read_as_they_stand(entry: str, expected: str):
    assert drawn(entry_text(entry)) == expected


def test_an_entry_that_is_no_formula_is_still_shown():
    assert "?" in drawn(entry_text("a ? b"))


def test_large_matrices_have_dots():
    grid = entries([[f"X[{i},{j}]" for j in range(1, 13)] for i in range(1, 13)], shown=4)
    assert drawn(grid) == (
        "⎡  x₁₁    x₁₂   ⋯  x₁,₁₂  ⎤\n⎢  x₂₁    x₂₂   ⋯  x₂,₁₂  ⎥\n⎢   ⋮      ⋮    ⋱    ⋮    ⎥\n⎣ x₁₂,₁  x₁₂,₂  ⋯  x₁₂,₁₂ ⎦"
    )


def test_groups_of_entries_are_linked():
    grid = entries([["a", "b"]], groups=[["left", ""]])
    assert [b.group for b in walk(grid) if isinstance(b, Linked)] == ["left"]
    assert drawn(vector_entries(["a", "b"])) == "⎡ a ⎤\n⎣ b ⎦"
    assert drawn(vector_entries(["a", "b"], upright=False)) == "[ a  b ]"


# ---- symbols that people type ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "latex"),
    [
        (r"\frac{\partial L}{\partial Z}", r"\frac{\partial L}{\partial Z}"),
        (r"\delta^{(2)}_j", r"\delta_j^{(2)}"),
        (r"\hat y", r"\hat{y}"),
        (r"\mathbf{G}", r"\boldsymbol{G}"),
        (r"\mathrm{loss}", r"\text{loss}"),
        ("G", "G"),
    ],
)
def test_symbols_are_read(typed: str, latex: str):
    assert drawn(read_symbol(typed), "latex") == latex


@pytest.mark.parametrize("typed", [r"\input{secrets}", r"\write18", "{", "x}", "^2", r"\frac{a}", r"\def\x{}"])
def test_anything_else_in_a_symbol_is_refused(typed: str):
    with pytest.raises(Misfit):
        read_symbol(typed)


# ---- boxes -----------------------------------------------------------------------------------------


def test_rows_are_flat():
    assert row(row("a", "b"), "c") == Row((op("a"), op("b"), op("c")))
    assert row(op("a")) == op("a")
    assert items(op("a")) == (op("a"),)


def test_sizes_keep_their_names_whatever_they_look_like():
    assert [b.size for b in walk(shape_box(("D1", "4*D2", "n - 1"))) if hasattr(b, "size")] == ["D1", "D2", "n"]
    assert drawn(dimension("n - 1")) == "n − 1"
    assert drawn(dimension("4*K")) == "4K"
    assert drawn(shape_box(("M",))) == "(M,)"
    assert drawn(shape_box(())) == "()"


def test_depth_and_height():
    inside = Fenced("(", ")", Fenced("(", ")", Symbol("x")))
    assert depth(inside) == 2
    assert not tall(inside)
    assert tall(entries([["a"], ["b"]]))
    assert Scripts(Text("a")).sub is None


def test_a_size_that_stands_twice_is_squared():
    """It was drawn 1/nn, and 1/(n n) with indices."""
    page = shapecalc.derive("R: (n, n); L = mean(R**2)").to("text")
    assert "L = 1/n² · Σᵢⱼ rᵢⱼ²" in page
    assert "nn" not in page
    assert "n n" not in page
    assert "(n)²" not in page
