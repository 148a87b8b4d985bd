"""Pages: what they hold, that they are computed, and problems turned from rows to columns."""

from __future__ import annotations

import pytest

from shapecalc import derive, jacobian
from shapecalc.blocks import Aligned, Callout, Document, Heading, MatrixBlock, Table, blocks_of
from shapecalc.calculus.index_text import link, users
from shapecalc.calculus.turning import redeclared, turned
from shapecalc.errors import InputProblem
from shapecalc.exposition.abbreviations import Nicknames, shortened
from shapecalc.exposition.subject import VIEWS
from shapecalc.expr import Var, rebuild
from shapecalc.forms import remake
from shapecalc.indexed import indices
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.publishing.options import Options, sizes
from shapecalc.publishing.pages import page
from shapecalc.render import Output, formula, render

AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"


def made(source: str, wrt: str | None = None, **options: object) -> Document:
    return page(derive(source, wrt=wrt), Options().with_(**options))


def words(document: Document, width: int | None = None) -> str:
    return str(render(document, "text", Output(width=width)))


def headings(document: Document) -> list[str]:
    return [words(Document((), (b,))).splitlines()[0] for b in document.blocks if isinstance(b, Heading)]


# ---- what a page holds -----------------------------------------------------------------------------------


def test_the_order_of_a_page():
    found = headings(made(AFFINE, wrt="W, b", samples="both", layouts=("denominator", "numerator"), numbers=True))
    assert found == [
        "The problem", "The entries", "The gradient of W", "Entries", "Index formula", "Matrix formula", "The gradient of b", "Entries",
        "Index formula", "Matrix formula", "The same under every convention", "With numbers",
    ]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_views(view: str):
    found = headings(made(AFFINE, wrt="W", views=(view,)))
    assert ("Entries" in found, "Index formula" in found, "Matrix formula" in found) == tuple(v == view for v in VIEWS)


def test_callouts_stand_in_their_places():
    kinds = [b.kind for b in made(AFFINE).blocks if isinstance(b, Callout)]
    assert kinds == ["answer", "reduction", "certificate"]


def test_the_conventions_table():
    document = made(AFFINE, wrt="W, b", samples="both", layouts=("denominator", "numerator"))
    (table,) = [b for b in document.blocks if isinstance(b, Table)]
    rows = {cells[0]: cells[1:] for cells in ([words(Document((), (Table((c,), ()),))).splitlines()[0] for c in row] for row in table.rows)}
    assert rows["∂L/∂Z is drawn"] == ["(S, M)", "(M, S)", "(M, S)", "(S, M)"]
    assert rows["∂L/∂W"] == ["Xᵀ ∂L/∂Z", "∂L/∂Z X", "∂L/∂Z Xᵀ", "X ∂L/∂Z"]
    assert rows["∂L/∂b"] == ["𝟏ᵀ ∂L/∂Z", "∂L/∂Z 𝟏", "∂L/∂Z 𝟏", "𝟏ᵀ ∂L/∂Z"]
    assert rows["which sums"] == ["column sums", "row sums", "row sums", "column sums"]
    assert rows["with ones"] == ["ones(S) @ dZ", "dZ @ ones(S)", "dZ @ ones(S, 1)", "ones(1, S) @ dZ"]


def test_the_entries_are_those_of_the_sizes():
    document = made(AFFINE, wrt="b", at={"S": 3, "M": 2})
    matrices = [m for b in blocks_of(document.blocks) if isinstance(b, MatrixBlock) for m in b.matrices]
    assert {m.shape for m in matrices} == {(3, 3), (3, 2), (2,)}
    assert "∂L/∂b = [ g₁₁ + g₂₁ + g₃₁  g₁₂ + g₂₂ + g₃₂ ]" in words(document)


def test_an_entry_that_makes_no_difference():
    page = words(made("A, B: (n,); z = A - A; y = z * B", wrt="A"))
    assert "one term for each of the two entries of z; in none of them a₂ makes a difference:" in page
    assert "∂zᵢ/∂aₘ = 0         differentiated\n   ∂L/∂aₘ = 0         simplified" in page


def test_entries_with_too_many_parts_are_left_out_and_nothing_else():
    page = words(made("b: (5,); H = cholesky(outer(b, b) + eye(5)); y = H @ b", at={}))
    assert "One entry, written out, is too long to be read here." in page
    assert "sqrt" in page or "√" in page
    assert "∂L/∂b = " in page


def test_an_entry_that_nothing_contains():
    source = "X: (S,); Y: (S,); Q = 2*X; L = sum(Y)"
    assert "Take one entry, x₂. What is differentiated does not contain it:\n\n  ∂L/∂x₂ = 0\n" in words(made(source, wrt="X"))
    assert "Take one entry, y₂, and differentiate L by it:" in words(made(source, wrt="Y"))


def test_a_long_problem_is_told_in_brief():
    layers = "; ".join(f"W{k}: (D, D); H{k} = tanh({'X' if k == 1 else f'H{k - 1}'} @ W{k})" for k in range(1, 13))
    document = made("X: (S, D); " + layers)
    assert len([b for b in document.blocks if isinstance(b, Heading)]) < 4
    (passing,) = [b for b in document.blocks if isinstance(b, Aligned) and b.numbered]
    assert len(passing.lines) == 24


def test_a_page_without_entries_where_they_cannot_be_had():
    document = made("x: (n - 1,); y: (n,); L = sum(y[1:] * x)", at={"n": 1})
    assert "The entries" not in headings(document)


@pytest.mark.parametrize("width", [40, 60, 80, 100, None])
def test_every_width(width: int | None):
    assert words(made(AFFINE, samples="both", layouts=("denominator", "numerator")), width)


# ---- formulas with indices ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "of", "by", "local", "handed"),
    [
        (AFFINE, "Z", "W", "xᵢₗ δⱼₘ", "Σᵢ ∂L/∂zᵢₘ xᵢₗ"),
        (AFFINE, "Z", "b", "δⱼₘ", "Σᵢ ∂L/∂zᵢₘ"),
        (AFFINE, "Z", "X", "wₘⱼ δᵢₗ", "Σⱼ ∂L/∂zₗⱼ wₘⱼ"),
        ("X: (S, D); A = tanh(X)", "A", "X", "(1 − aₗₘ²) δᵢₗ δⱼₘ", "∂L/∂aₗₘ (1 − aₗₘ²)"),
        ("Z: (S, K); P = softmax(Z)", "P", "Z", "pₗₘ δᵢₗ δⱼₘ − pₗₘ pₗⱼ δᵢₗ", None),
        ("x: (n,); A: (n, n); L = x @ A @ x", "L", "A", None, "xₘ xₗ"),
    ],
)
def test_index_links(source: str, of: str, by: str, local: str | None, handed: str | None):
    from shapecalc.exposition.pen import Pen
    from shapecalc.exposition.subject import Plan
    from shapecalc.publishing.pages import subject

    d = derive(source)
    pen = Pen(subject(d), Plan())
    found = link(d.backward_pass, of, by)
    assert users(d.backward_pass)[by] == [of]
    assert (None if found.local is None else formula(pen.terms(found.local, found.letters, pen.style))) == local
    if handed is not None:
        assert formula(pen.terms(found.handed, found.letters, pen.style)) == handed


def test_letters_that_mean_something_else_are_not_used():
    d = derive("X: (i, j); W: (j, k); Z = X @ W")
    found = link(d.backward_pass, "Z", "W")
    assert not {"i", "j", "k", "x", "w", "z"} & set(found.letters.values())
    assert len({found.letters[i] for i in indices((*found.out, *found.own))}) == 4


def test_steps():
    steps = derive(AFFINE)["b"].steps
    assert [(s.left, s.formula) for s in steps[:5]] == [
        ("zᵢⱼ", "Σₖ xᵢₖ wₖⱼ + bⱼ"), ("∂zᵢⱼ/∂bₘ", "δⱼₘ"), ("∂L/∂bₘ", "Σᵢ Σⱼ gᵢⱼ ∂zᵢⱼ/∂bₘ"), ("∂L/∂bₘ", "Σᵢ Σⱼ gᵢⱼ δⱼₘ"),
        ("∂L/∂bₘ", "Σᵢ gᵢₘ"),
    ]  # fmt: skip
    assert all(s.reason for s in steps)


# ---- facades -----------------------------------------------------------------------------------------------------


def test_latex_of_one_formula():
    d = derive(AFFINE)
    assert d["W"].latex == r"X^{\top} \, \frac{\partial L}{\partial Z}"
    assert d["W"]._repr_latex_().startswith(r"$$\begin{aligned} \frac{\partial L}{\partial W} &= X^{\top}")
    assert d._repr_latex_().count(r"\\") == 2
    assert jacobian("W: (M, N); x: (N,); y = W @ x", of="y", wrt="x").latex == "W"


def test_an_option_that_there_is_not():
    with pytest.raises(InputProblem, match="there is no option size"):
        derive(AFFINE).to("text", size=3)


def test_sizes():
    assert sizes(read("X: (S, D); W: (D, H); V: (H, M); Z = X @ W @ V"), {}) == {"S": 2, "D": 3, "H": 3, "M": 2}


# ---- turning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        (AFFINE, "X: (D, S); W: (M, D); b: (M, 1); Z = W @ X + b"),
        ("X: (S, D); w: (D,); y = X @ w", "X: (D, S); w: (D,); y = w @ X"),
        ("x: (D,); W: (D, M); b: (M,); y = tanh(x @ W + b)", "x: (D,); W: (M, D); b: (M,); y = tanh(W @ x + b)"),
        ("Z: (S, K); P = softmax(Z)", "Z: (K, S); P = softmax(Z, axis=0)"),
        ("X: (S, D); m = mean(X, axis=0); Y = X - m", "X: (D, S); m = mean(X, axis=1, keepdims=True); Y = X - m"),
        ("Y: onehot (S, K); L = sum(Y**2)", "Y: onehot_columns (K, S); L = sum(Y**2)"),
        ("A: symmetric (n, n); x: (n,); L = x @ A @ x", "A: symmetric (n, n); x: (n,); L = x @ A @ x"),
        ("A: (n, n); B: (n, n); C = inv(A) @ B.T", "A: (n, n); B: (n, n); C = B.T @ inv(A)"),
    ],
)
def test_turned(source: str, columns: str):
    assert turned(read(source)).source == columns.replace("; ", "\n")


@pytest.mark.parametrize(
    "source",
    [
        AFFINE,
        "X: (S, D); W: (D, H); b: (H,); V: (H, M); Y: (S, M); A = tanh(X @ W + b); Z = A @ V; L = sum((Z - Y)**2)/(2*S)",
        "X: (S, D); g: (D,); mu = mean(X, axis=1, keepdims=True); R = X - mu; Y = g * R",
        "X: (S, D); m: (D,); C: posdef (D, D); R = X - m; L = tr(R @ inv(C) @ R.T)",
        "Z: (S, K); Y: (S, K); P = softmax(Z); L = -sum(Y * log(P))/S + sum(concatenate((Z, Y), axis=1)**2)",
    ],
)
def test_the_turned_problem_has_the_transposed_gradients(source: str):
    """The same numbers: each gradient of the turned problem is the transpose of the gradient (a column, where a vector became one)."""
    np = pytest.importorskip("numpy")
    rows, columns = derive(source), derive(source).turned()
    rng = np.random.default_rng(1)
    sizes = {"S": 4, "D": 3, "H": 5, "M": 2, "K": 3}

    def arrays(d: object) -> dict[str, tuple[object, ...]]:
        return {n: tuple(sizes.get(x, x) for x in s) for n, s in d.program().inputs}  # type: ignore[attr-defined]

    values = {}
    for name, shape in arrays(rows).items():
        a = rng.normal(size=shape)
        values[name] = a @ a.T + 4 * np.eye(len(a)) if "posdef" in getattr(rows.problem.declared.get(name), "properties", ()) else a
    other = {n: values[n].T.reshape(shape) for n, shape in arrays(columns).items()}
    run: dict[str, object] = {}
    exec(rows.code("numpy").replace("def gradients", "def by_rows"), run)  # noqa: S102 - our own output
    exec(columns.code("numpy").replace("def gradients", "def by_columns"), run)  # noqa: S102 - our own output
    first, second = run["by_rows"](**values), run["by_columns"](**other)  # type: ignore[operator]
    for name, gradient in first.items():
        assert np.allclose(np.asarray(gradient).T.reshape(np.shape(second[name])), second[name]), name


def test_turning_needs_matrices():
    with pytest.raises(InputProblem, match="X is"):
        turned(read("X: (B, S, D); W: (D, M); Z = X @ W"))


def test_redeclared():
    problem = read(AFFINE)
    found = redeclared(problem, "b", (1, "M"))
    assert found is not None
    assert found.declared["b"].shape == (1, "M")
    assert text(found.definitions["Z"]) == "X @ W + b"
    assert redeclared(problem, "b", ("M", 1)) is None
    assert redeclared(problem, "W", ("M", "D")) is None


# ---- abbreviations ----------------------------------------------------------------------------------------------


ATTENTION = "Q: (T, k); K: (T, k); V: (T, m); A = softmax(Q @ K.T/sqrt(k)); O = A @ V"


def test_what_stands_twice_gets_a_name_that_is_free():
    page = derive(ATTENTION).to("text")
    assert "U = A * (dA - sum(dA * A, axis=-1, keepdims=True))" in page  # T is a size
    assert "dK = U.T @ Q / sqrt(k)" in page


def test_abbreviations_put_back_are_the_formulas():
    for source in (ATTENTION, "X: (n, d); w: (d,); y: (n,); L = sum((sigmoid(X @ w) - y)**2)"):
        d = derive(source)
        formulas = {n: d.backward_pass.formula(n) for n in d.wrt}
        short = shortened(formulas, Nicknames({*d.problem.declared, *d.problem.definitions, *d.problem.sizes}))
        assert short.parts
        known = dict(short.parts)
        for name, e in short.formulas.items():
            for _ in short.parts:
                e = rebuild(e, lambda node, known=known: known.get(node) if isinstance(node, Var) else None, remake)
            assert e == formulas[name]


def test_what_is_short_or_stands_once_keeps_its_place():
    assert "where\n" not in derive("X: (S, D); W: (D, M); Z = tanh(X @ W)").to("text")


def test_what_could_be_declared_is_said_with_the_answer():
    source = "Z: (S, K); Y: {} (S, K); P = softmax(Z); L = -sum(Y*log(P))"
    page = words(made(source.format(""), wrt="Z"))
    assert "• If the rows of Y add up to 1, as one-hot ones do, say so: Y: onehot (S, K)" in page
    assert "say so" not in words(made(source.format("onehot"), wrt="Z"))
    assert "say so" not in words(made("x: (n,); a: (n,); L = sum(a) * sum(x**2)")), "a sum that was written is meant"


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("x: (n,); L = x[3]**2", ("2 ⎢   x[3]    ⎥", "⎡    𝟎₃     ⎤", "⎣ 𝟎_{n − 4} ⎦")),
        ("X: (n, m); L = sum(X[1]**2)", ("2 ⎢     X[1, :]     ⎥", "⎡    𝟎_{1 × m}    ⎤", "⎣ 𝟎_{(n − 2) × m} ⎦")),
        ("X: (n, m); L = sum(X[:, 1]**2)", ("2 [ 𝟎_{n × 1}  X[:, 1]  𝟎_{n × (m − 2)} ]",)),
        ("X: (n, m); y: (); L = y*X[2, 1]", ("y place[2:3, 1:2](1)",)),
        ("X: (n, m, k); L = sum(X[:, 1]**2)", ("2 place[:, 1:2, :](X[:, 1, :])",)),
    ],
)
def test_where_a_part_stands_among_zeros_is_seen(source, drawn):
    page = words(made(source, at={}))
    assert all(part in page for part in drawn), page


def test_the_entry_that_is_written_out_is_not_0_if_one_is_not():
    page = words(made("X: (n, m); L = sum(X[:, 1]**2)"))
    assert "Take one entry, x₁₂, and differentiate L by it:" in page
    assert "∂L/∂x₁₂ = 2x₁₂" in page
    assert "Take one entry, x₂₃." in words(made("X: (n, m); y: (); L = y**2; Z = X"))


def test_a_matrix_of_one_number_is_no_outer_product_with_itself():
    page = words(made("E: (1, 1); u: (n, 1); v: (m,); C: (n, m); z = E*u*v + E*C", at={}))
    assert "∂L/∂C = E ⊙ ∂L/∂z" in page
    assert "dv = E[0, 0] * sum(dz * u, axis=0)" in page
    assert "the n rows of dz * u are added together" in page


def test_an_inner_product_is_no_sum_of_its_own_entries():
    page = words(made("E: (1,); u: (n,); z = E * u", at={}))
    assert "The sum over all n.\n" in page
