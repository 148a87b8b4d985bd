"""The parser: what is read from every way of writing, and, word for word, what is said of what cannot be read."""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.api import check, derive
from shapecalc.errors import ShapecalcError, SyntaxProblem, TooLarge
from shapecalc.language.statements import (
    Assign,
    Declaration,
    Define,
    Equality,
    GradTarget,
    PlainTarget,
    Statement,
    Upstream,
    split,
)
from shapecalc.language.syntax import parse
from shapecalc.language.tree import (
    Attribute,
    Call,
    Compare,
    Dots,
    Index,
    Keyword,
    List,
    Method,
    Name,
    NewAxis,
    Norm,
    Number,
    Power,
    Product,
    Slice,
    String,
    Subscript,
    Sum,
    Transpose,
    Tuple,
    Unary,
    children,
    names,
    walk,
)


def shown(node: Index | Keyword | None) -> str:
    """A tree with all its parentheses: one spelling for each tree."""
    match node:
        case Number(text=text) | Name(id=text):
            return text
        case String(value=value):
            return repr(value)
        case Unary(op=op, arg=arg):
            return f"({op}{shown(arg)})"
        case Sum(terms=terms):
            return "(" + " ".join(f"{op} {shown(term)}" for op, term in terms).removeprefix("+ ") + ")"
        case Product(first=first, rest=rest):
            return "(" + " ".join([shown(first), *(f"{op} {shown(factor)}" for op, factor in rest)]) + ")"
        case Power(base=base, exponent=exponent):
            return f"({shown(base)} ** {shown(exponent)})"
        case Compare(op=op, left=left, right=right):
            return f"({shown(left)} {op} {shown(right)})"
        case Transpose(arg=arg, how=how):
            return f"<{shown(arg)} {how}>"
        case Norm(arg=arg, order=order):
            return f"norm{order}({shown(arg)})"
        case Attribute(object=arg, name=name):
            return f"{shown(arg)}.{name}"
        case Method(object=arg, name=name, args=args, keywords=keywords):
            return f"{shown(arg)}.{name}({', '.join(map(shown, (*args, *keywords)))})"
        case Call(name=name, args=args, keywords=keywords):
            return f"{name}({', '.join(map(shown, (*args, *keywords)))})"
        case Keyword(name=name, value=value):
            return f"{name}={shown(value)}"
        case Subscript(object=arg, items=items):
            return f"{shown(arg)}[{', '.join(map(shown, items))}]"
        case Slice(start=start, stop=stop, step=step):
            return ":".join(map(shown, (start, stop, step)))
        case NewAxis():
            return "newaxis"
        case Dots():
            return "..."
        case Tuple(items=items):
            return f"tuple({', '.join(map(shown, items))})"
        case List(items=items):
            return f"list({', '.join(map(shown, items))})"
        case None:
            return ""


# ---- what is read ---------------------------------------------------------------------


@pytest.mark.parametrize(("source", "tree"), [
    ("X @ W + b", "((X @ W) + b)"),
    ("a - b - c", "(a - b - c)"),
    ("a - (b - c)", "(a - (b - c))"),
    ("a / b * c @ d", "(a / b * c @ d)"),
    ("a @ (b @ c)", "(a @ (b @ c))"),
    ("-x**2", "(-(x ** 2))"),
    ("2**-x*y", "((2 ** (-x)) * y)"),
    ("2**-x**y + 1", "((2 ** (-(x ** y))) + 1)"),
    ("a**b**c", "(a ** (b ** c))"),
    ("(a**b)**c", "((a ** b) ** c)"),
    ("-a*b", "((-a) * b)"),
    ("a*-b + c", "((a * (-b)) + c)"),
    ("--x", "(-(-x))"),
    ("+x - -y", "((+x) - (-y))"),
    ("-X.T", "(-<X .T>)"),
    ("x.T**2", "(<x .T> ** 2)"),
    ("Z > 0", "(Z > 0)"),
    ("a + b >= c * d", "((a + b) >= (c * d))"),
    ("(a > 0) * (b != c)", "((a > 0) * (b != c))"),
    ("(2*((X @ W)))", "(2 * (X @ W))"),
    ("2.T", "<2 .T>"),
    ("2.*x", "(2. * x)"),
])  # fmt: skip
def test_operators_bind_as_in_python(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("source", "tree"), [
    ("X.T", "<X .T>"),
    ("X.mT", "<X .mT>"),
    ("X'", "<X '>"),
    ("X′", "<X '>"),
    ("X’", "<X '>"),
    ("Xᵀ", "<X ᵀ>"),
    ("X⊤", "<X ⊤>"),
    ("X ⊤", "<X ⊤>"),
    ("X^T", "<X ^T>"),
    ("X^{T}", "<X ^T>"),
    ("X ^ T", "<X ^T>"),
    ("X^⊤", "<X ^⊤>"),
    ("X^{⊤}", "<X ^⊤>"),
    ("X^ᵀ", "<X ^⊤>"),
    ("X.t()", "X.t()"),
    ("X.transpose()", "X.transpose()"),
    ("X''", "<<X '> '>"),
    ("(X @ W)'", "<(X @ W) '>"),
    ("x[0]'", "<x[0] '>"),
    ("f(x)'*Y'", "(<f(x) '> * <Y '>)"),
    ("X' @ X'", "(<X '> @ <X '>)"),
    ("X^T @ Y", "(<X ^T> @ Y)"),
    ("T^T", "<T ^T>"),
    ("A⁻¹", "inv(A)"),
    ("A⁻ᵀ", "<inv(A) ⁻ᵀ>"),
    ("A⁻¹ᵀ", "<inv(A) ᵀ>"),
    ("Aᵀ⁻¹ @ b", "(inv(<A ᵀ>) @ b)"),
    ("x²", "(x ** 2)"),
    ("x¹⁰", "(x ** 10)"),
    ("-x²", "(-(x ** 2))"),
    ("2**x²", "(2 ** (x ** 2))"),
    ("σ(Z)²", "(σ(Z) ** 2)"),
])  # fmt: skip
def test_transposes_and_superscripts(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("source", "tree"), [
    ("a ⊙ b", "(a * b)"),
    ("a − b", "(a - b)"),
    ("a ≥ b", "(a >= b)"),
    ("a ≤ b", "(a <= b)"),
    ("a ≠ b", "(a != b)"),
    ("||x||", "norm(x)"),
    ("‖x‖", "norm(x)"),
    ("||X @ w - y||**2", "(norm(((X @ w) - y)) ** 2)"),
    ("||X @ w - y||²", "(norm(((X @ w) - y)) ** 2)"),
    ("||W||_F", "normF(W)"),
    ("||W||_F**2 / 2", "((normF(W) ** 2) / 2)"),
    ("||w||_2²", "(norm2(w) ** 2)"),
    ("‖w‖₁ + ‖w‖₂", "(norm1(w) + norm2(w))"),
    ("||a|| * ||b||", "(norm(a) * norm(b))"),
    ("||a - f(||b||)||", "norm((a - f(norm(b))))"),
    ("|x|", "abs(x)"),
    ("|x| * |y|", "(abs(x) * abs(y))"),
    ("-|x - 1|", "(-abs((x - 1)))"),
    ("|x + ||y|| |", "abs((x + norm(y)))"),
])  # fmt: skip
def test_signs_of_the_blackboard(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("source", "tree"), [
    ("sum(dZ, axis=0, keepdims=True)", "sum(dZ, axis=0, keepdims=True)"),
    ("f()", "f()"),
    ("f(a,)", "f(a)"),
    ("f (a)", "f(a)"),
    ("sum(x, axis=(0, 1))", "sum(x, axis=tuple(0, 1))"),
    ("sum(x, axis=None)", "sum(x, axis=None)"),
    ("f(a == b)", "f((a == b))"),
    ("concatenate([a, b], axis=-1)", "concatenate(list(a, b), axis=(-1))"),
    ("einsum('ij,jk->ik', A, B')", "einsum('ij,jk->ik', A, <B '>)"),
    ('einsum("ij->", A)', "einsum('ij->', A)"),
    ("f('', '#;(')", "f('', '#;(')"),
    ("dZ.sum(0)", "dZ.sum(0)"),
    ("X.T.reshape(2*n, -1).sum(axis=0)", "<X .T>.reshape((2 * n), (-1)).sum(axis=0)"),
    ("X.shape[0] + x.size", "(X.shape[0] + x.size)"),
    ("W.grad", "W.grad"),
    ("()", "tuple()"),
    ("(a,)", "tuple(a)"),
    ("(a, b,)", "tuple(a, b)"),
    ("[]", "list()"),
    ("[[1, 2], [3, 4]]", "list(list(1, 2), list(3, 4))"),
    ("(\n  a # first\n  + b\n)", "(a + b)"),
])  # fmt: skip
def test_calls_methods_and_brackets(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("source", "tree"), [
    ("x[0]", "x[0]"),
    ("x[-1, j]", "x[(-1), j]"),
    ("x[:, None]", "x[::, newaxis]"),
    ("x[None, :, np.newaxis]", "x[newaxis, ::, newaxis]"),
    ("x[..., 0]", "x[..., 0]"),
    ("x[0, …]", "x[0, ...]"),
    ("x[:]", "x[::]"),
    ("x[::]", "x[::]"),
    ("x[1:]", "x[1::]"),
    ("x[:n - 1]", "x[:(n - 1):]"),
    ("x[a:b:c]", "x[a:b:c]"),
    ("x[::-1]", "x[::(-1)]"),
    ("x[:, :,]", "x[::, ::]"),
    ("f(x)[0][1]", "f(x)[0][1]"),
    ("x.T[0].sum()", "<x .T>[0].sum()"),
    ("x[(0, 1)]", "x[tuple(0, 1)]"),
])  # fmt: skip
def test_indexes(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("source", "prefix", "tree"), [
    ("np.exp(x)", "np", "exp(x)"),
    ("numpy.linalg.inv(A)", "numpy.linalg", "inv(A)"),
    ("np.linalg.inv(A)", "np.linalg", "inv(A)"),
    ("torch.linalg.det(A)", "torch.linalg", "det(A)"),
    ("torch.nn.functional.relu(x)", "torch.nn.functional", "relu(x)"),
    ("F.softmax(x, dim=1)", "F", "softmax(x, dim=1)"),
    ("jax.numpy.sum(x)", "jax.numpy", "sum(x)"),
    ("jax.nn.relu(x)", "jax.nn", "relu(x)"),
    ("jnp.dot(a, b)", "jnp", "dot(a, b)"),
    ("scipy.special.expit(x)", "scipy.special", "expit(x)"),
    ("math.sqrt(2)", "math", "sqrt(2)"),
    ("exp(x)", "", "exp(x)"),
])  # fmt: skip
def test_a_module_before_a_function_is_dropped_and_kept_beside_it(source: str, prefix: str, tree: str):
    call = parse(source)
    assert isinstance(call, Call)
    assert (call.prefix, shown(call)) == (prefix, tree)
    assert call.span == (0, len(source))
    assert source[slice(*call.name_span)] == call.name


@pytest.mark.parametrize(("source", "tree"), [
    ("np.pi * x", "(pi * x)"),
    ("F.T @ F.shape[0]", "(<F .T> @ F.shape[0])"),
    ("np.T", "T"),
    ("np", "np"),
    ("X.np.exp(x)", "X.np.exp(x)"),
    ("jax.exp(x)", "jax.exp(x)"),
    ("cv.exp(x)", "cv.exp(x)"),
])  # fmt: skip
def test_a_module_without_a_function(source: str, tree: str):
    assert shown(parse(source)) == tree


@pytest.mark.parametrize(("text", "value"), [
    ("0", Fraction(0)),
    ("2", Fraction(2)),
    ("007", Fraction(7)),
    ("2.", Fraction(2)),
    (".5", Fraction(1, 2)),
    ("0.1", Fraction(1, 10)),
    ("1e-3", Fraction(1, 1000)),
    ("2.e3", Fraction(2000)),
    ("1.5E+2", Fraction(150)),
    ("9" * 400, Fraction(10**400 - 1)),
    ("1e400", Fraction(10**400)),
    ("1e-0400", Fraction(1, 10**400)),
    ("." + "0" * 399 + "1", Fraction(1, 10**400)),
])  # fmt: skip
def test_numbers_are_exact(text: str, value: Fraction):
    assert parse(text) == Number(text, value, (0, len(text)))


def test_a_tower_of_powers_is_only_syntax():
    assert shown(parse("10**10**10")) == "(10 ** (10 ** 10))"


@pytest.mark.parametrize("name", [
    "β", "𝐗", "ℝ", "x\u0302", "e\u0301", "\u00e9", "X_1", "dL_dW", "Ünï", "xᵢ", "W2", "_", "漢字", "λ", "print_", "None_",
])  # fmt: skip
def test_names_are_kept_exactly_as_typed(name: str):
    assert parse(name) == Name(name, (0, len(name)))


def test_names_that_python_would_unify_stay_two():
    assert parse("𝐗") != parse("X")
    assert shown(parse("Xᵀ")) == "<X ᵀ>"


def test_spaces_of_a_web_page_are_spaces():
    assert shown(parse("X\u00a0@\u2009W\t+\u3000b")) == "((X @ W) + b)"


def test_two_trees_are_equal_when_the_same_was_written():
    assert parse("X@W+b") == parse("  X @  (W) + b")
    assert parse("X.T") != parse("X'")


@pytest.mark.parametrize(("source", "pieces"), [
    ("X @ W + b", ["X @ W + b", "X @ W", "X", "W", "b"]),
    ("(a + b).T @ c", ["(a + b).T @ c", "(a + b).T", "(a + b)", "a", "b", "c"]),
    ("β*𝐗' - 2", ["β*𝐗' - 2", "β*𝐗'", "β", "𝐗'", "𝐗", "2"]),
    ("np.sum(x, axis=-1)[:, None]", ["np.sum(x, axis=-1)[:, None]", "np.sum(x, axis=-1)", "x", "-1", "1", ":", "None"]),
    ("||x||_F**2", ["||x||_F**2", "||x||_F", "x", "2"]),
    ("( - x )²", ["( - x )²", "( - x )", "x", "²"]),
    ("x[1 : n, ...]", ["x[1 : n, ...]", "x", "1 : n", "1", "n", "..."]),
    ("X.T.sum( 0 ) > y", ["X.T.sum( 0 ) > y", "X.T.sum( 0 )", "X.T", "X", "0", "y"]),
    ("A^{T}@A⁻¹", ["A^{T}@A⁻¹", "A^{T}", "A", "A⁻¹", "A"]),
])  # fmt: skip
def test_every_node_knows_its_place(source: str, pieces: list[str]):
    assert [source[slice(*node.span)] for node, _ in walk(parse(source))] == pieces


# ---- statements -----------------------------------------------------------------------


def one(source: str) -> Statement:
    statements = split(source)
    assert len(statements) == 1
    return statements[0]


@pytest.mark.parametrize(("source", "names", "properties", "shape"), [
    ("X: (S, D)", "X", "", "S, D"),
    ("b: (M,)", "b", "", "M"),
    ("b: (M)", "b", "", "M"),
    ("s: ()", "s", "", ""),
    ("s: []", "s", "", ""),
    ("X, Y,Z : (S, D)", "X Y Z", "", "S, D"),
    ("X: [S, D]", "X", "", "S, D"),
    ("H: (4*K, n - 1)", "H", "", "(4 * K), (n - 1)"),
    ("H: (2*(n + 1), 3)", "H", "", "(2 * (n + 1)), 3"),
    ("H: (-1 + n,)", "H", "", "((-1) + n)"),
    ("A: symmetric posdef (n, n)", "A", "symmetric posdef", "n, n"),
    ("A: symmetric, posdef (n, n)", "A", "symmetric posdef", "n, n"),
    ("y: onehot_columns[M, S]", "y", "onehot_columns", "M, S"),
    ("X: S x D", "X", "", "S, D"),
    ("X: S × D", "X", "", "S, D"),
    ("X: 3 x 4", "X", "", "3, 4"),
    ("X: 4*K x n-1 x (m)", "X", "", "(4 * K), (n - 1), m"),
    ("X: (S x D)", "X", "", "S, D"),
    ("A: symmetric n x n", "A", "symmetric", "n, n"),
    ("X ∈ ℝ^{S×D}", "X", "", "S, D"),
    ("X ∈ ℝ^{S x D}", "X", "", "S, D"),
    ("X in R^(S x D)", "X", "", "S, D"),
    ("X: R^(S, D)", "X", "", "S, D"),
    ("A: symmetric ℝ^{n×n}", "A", "symmetric", "n, n"),
    ("x ∈ ℝ^n", "x", "", "n"),
    ("X ∈ ℝ^S×D", "X", "", "S, D"),
    ("s ∈ ℝ", "s", "", ""),
    ("X: (x, y)", "X", "", "x, y"),
    ("X: (R, S)", "X", "", "R, S"),
    ("X: R x S", "X", "", "R, S"),
    ("X: (2*x, x)", "X", "", "(2 * x), x"),
    ("X: (\n  S,  # samples\n  D,\n)", "X", "", "S, D"),
])  # fmt: skip
def test_declarations(source: str, names: str, properties: str, shape: str):
    statement = one(source)
    assert isinstance(statement, Declaration)
    assert " ".join(name.id for name in statement.names) == names
    assert " ".join(word for word, _ in statement.properties) == properties
    assert ", ".join(map(shown, statement.shape)) == shape
    assert [source[slice(*name.span)] for name in statement.names] == names.split()
    assert [source[slice(*span)] for _, span in statement.properties] == properties.split()


def test_a_declaration_knows_the_place_of_its_shape():
    places = {"A: symmetric, posdef (n, n)  # a": "(n, n)", "X: S x D": "S x D", "X ∈ ℝ^{S×D}": "ℝ^{S×D}", "b: (M,);": "(M,)"}
    for source, shape in places.items():
        statement = one(source)
        assert isinstance(statement, Declaration)
        assert source[slice(*statement.shape_span)] == shape


def test_an_upstream_gradient():
    assert one("dh: upstream(h2)") == Upstream(Name("dh", (0, 2)), Name("h2", (13, 15)), (0, 16), 1, "dh: upstream(h2)")


@pytest.mark.parametrize(("source", "of", "wrt", "wrt2"), [
    ("dL/dW", "L", "W", None),
    ("dy/dx", "y", "x", None),
    ("d L / d W", "L", "W", None),
    ("dL/dW2", "L", "W2", None),
    ("dh2/dx12", "h2", "x12", None),
    ("∂L/∂W", "L", "W", None),
    ("∂L/∂(W)", "L", "W", None),
    ("∂h2/∂h1", "h2", "h1", None),
    ("∂d2/∂d", "d2", "d", None),
    ("𝜕L/𝜕β", "L", "β", None),
    ("∇_W L", "L", "W", None),
    ("∇_{W} L", "L", "W", None),
    ("∇_W", None, "W", None),
    ("W.grad", None, "W", None),
    ("grad_W", None, "W", None),
    ("grad_W_1", None, "W_1", None),
    ("d2L/dw2", "L", "w", "w"),
    ("d2L/dX12", "L", "X1", "X1"),
    ("d2L_/dX2", "L_", "X", "X"),
    ("d2out/dX2", "out", "X", "X"),
    ("d²L/dw²", "L", "w", "w"),
    ("d^2L/dw^2", "L", "w", "w"),
    ("∂²L/∂w²", "L", "w", "w"),
    ("∂²L/∂w2²", "L", "w2", "w2"),
    ("∂2L/∂w2", "L", "w", "w"),
    ("∂^2 L/∂w^2", "L", "w", "w"),
    ("∂^{2}L/∂w^{2}", "L", "w", "w"),
    ("∂²L/∂w∂v", "L", "w", "v"),
    ("∂²L/(∂w ∂v)", "L", "w", "v"),
    ("∂²L/∂w∂w", "L", "w", "w"),
    ("d2L/dw dv", "L", "w", "v"),
    ("d2L/dw/dv", "L", "w", "v"),
    ("d2L/dw2 dv", "L", "w2", "v"),
    ("∇²_w L", "L", "w", "w"),
    ("∇_w² L", "L", "w", "w"),
])  # fmt: skip
def test_derivatives_on_the_left(source: str, of: str | None, wrt: str, wrt2: str | None):
    for operator in ("=", "+="):
        statement = one(f"{source} {operator} X.T @ dZ")
        assert isinstance(statement, Assign)
        assert statement.target == GradTarget(of, wrt, 1 if wrt2 is None else 2, wrt2, (0, 0))
        assert statement.target.span == (0, len(source))
        assert statement.operator == operator


@pytest.mark.parametrize("name", ["Z", "dW", "dLdW", "dL_dW", "d2L", "grad", "grad_", "d", "None_", "sum", "T"])
def test_plain_names_on_the_left(name: str):
    statement = one(f"{name} = 1")
    assert isinstance(statement, Assign)
    assert statement.target == PlainTarget(name, (0, len(name)))


def test_a_chain_of_equals_signs_has_several_values():
    statement = one("dW = X.T @ dZ = X.T @ (Z - Y)")
    assert isinstance(statement, Assign)
    assert [shown(value) for value in statement.values] == ["(<X .T> @ dZ)", "(<X .T> @ (Z - Y))"]


def test_equalities_and_functions():
    equality = one("X.T @ (b) == (a == c)")
    assert isinstance(equality, Equality)
    assert (shown(equality.left), shown(equality.right)) == ("(<X .T> @ b)", "(a == c)")
    define = one("def swish(x, β) = x * sigmoid(β * x)")
    assert isinstance(define, Define)
    assert (define.name.id, [param.id for param in define.params], shown(define.body)) == ("swish", ["x", "β"], "(x * sigmoid((β * x)))")


def test_statements_end_at_a_new_line_or_a_semicolon_outside_brackets():
    source = "\ufeffX: (S,\n    D); b: (M,);;\r\n\n# Z = 1\nZ = f(X,  # first\r\n\t b)# last\n  L = sum('a\\', \"b#;\")"
    found = [(type(s).__name__, s.line, s.text) for s in split(source)]
    assert found == [
        ("Declaration", 1, "X: (S,\n    D)"),
        ("Declaration", 2, "b: (M,)"),
        ("Assign", 5, "Z = f(X,  # first\r\n\t b)"),
        ("Assign", 7, "L = sum('a\\', \"b#;\")"),
    ]
    assert all(source[slice(*s.span)] == s.text for s in split(source))


@pytest.mark.parametrize("source", ["", "\n", "  ", "# nothing", ";;", "\ufeff", "\r\n"])
def test_nothing_is_no_statement(source: str):
    assert split(source) == []


def test_all_errors_are_collected_when_asked_for():
    errors: list[ShapecalcError] = []
    statements = split("X: (S, D)\nZ = X W\nb: M; c: (M,)\nL = (sum(Z)\nd = 2]\ne = 1", errors)
    assert [statement.text for statement in statements] == ["X: (S, D)", "c: (M,)", "e = 1"]
    assert [(error.line, error.column, error.message) for error in errors] == [
        (2, 5, "an operator is missing between X and W"),
        (3, 4, "the shape of b is not in brackets"),
        (4, 5, "( is never closed"),
        (5, 6, "] closes nothing"),
    ]


def test_an_open_bracket_does_not_swallow_what_follows():
    errors: list[ShapecalcError] = []
    assert [s.text for s in split("a = (1\nb = (2)\nc = [(3)\nd = 4", errors)] == ["b = (2)", "d = 4"]
    assert [error.message for error in errors] == ["( is never closed", "[ is never closed"]


def test_a_text_that_is_too_large_is_one_error_more():
    errors: list[ShapecalcError] = []
    assert split("x;" * 500_001, errors) == []
    assert [type(error) for error in errors] == [TooLarge]


def test_an_error_in_a_later_line_is_drawn_with_that_line():
    with pytest.raises(SyntaxProblem) as caught:
        split("X: (S, D)\n\nZ = X @\n")
    assert str(caught.value.at("", "notes.txt")) == "notes.txt:3:7\n  Z = X @\n        ^ an operand is missing after @"


# ---- what is said: each block is the text, with what is drawn under it -----------------

FORMULAS = r"""
  X W
  ^^^ an operator is missing between X and W
  write X @ W, or X * W entry by entry

  X W.T
  ^^^^^ an operator is missing between X and W.T
  write X @ W.T, or X * W.T entry by entry

  X Wᵀ @ b
  ^^^^ an operator is missing between X and Wᵀ
  write X @ Wᵀ, or X * Wᵀ entry by entry

  A⁻¹ b
  ^^^^^ an operator is missing between A⁻¹ and b
  write A⁻¹ @ b, or A⁻¹ * b entry by entry

  tr X
  ^^^^ tr takes its argument in brackets
  write tr(...)

  log det X
  ^^^^^^^ log takes its argument in brackets
  write log(det(...))

  2X
  ^^ an operator is missing between 2 and X
  write 2*X

  2 (a + b)
  ^^^^^^^^^ an operator is missing between 2 and (a + b)
  write 2*(a + b)

  X 2
  ^^^ an operator is missing between X and 2
  write X*2

  X.5
  ^^^ an operator is missing between X and .5
  write X*.5

  (X) (a + b)
  ^^^^^^^^^^^ an operator is missing between (X) and (a + b)
  write (X) @ (a + b), or (X) * (a + b) entry by entry

  X sum(Y, (0, 1)) + 2
  ^^^^^^^^^^^^^^^^ an operator is missing between X and sum(Y, (0, 1))
  write X @ sum(Y, (0, 1)), or X * sum(Y, (0, 1)) entry by entry

  2||x||
  ^^^^^^ an operator is missing between 2 and ||x||
  write 2*||x||

  2‖x‖
  ^^^^ an operator is missing between 2 and ‖x‖
  write 2*‖x‖

  [1 2]
   ^^^ an operator is missing between 1 and 2
   write 1*2, or 1, 2 in a list

  X @ W +
        ^ an operand is missing after +

  X @ * W
    ^ an operand is missing after @

  sum(X @)
        ^ an operand is missing after @

  * X
  ^ an operand is missing before *

  ≥ x
  ^ an operand is missing before ≥

  X + ᵀ
    ^ an operand is missing after +

  '
  ^ this quotation mark is never closed
  a transpose follows its operand at once: X'

  f(x, ‖
   ^ ( is never closed

  (2 ⊙)
     ^ an operand is missing after ⊙

  [a, ∈]
      ^ ∈ is not part of the language

  X ∈ Y
    ^ ∈ is not part of the language

  X ⊙
    ^ an operand is missing after ⊙

  f(,)
    ^ an operand is missing before ,

  f(axis=)
    ^^^^ the value of axis is missing

  f(axis=0, X)
            ^ an argument without a name stands after axis=

  f(axis=0, axis=1)
            ^^^^ axis is given twice

  f(g(x)=1)
        ^ = cannot stand inside a formula
        write == to compare

  (a = b)
     ^ = cannot stand inside a formula
     write == to compare

  a = b
    ^ = cannot stand inside a formula
    write == to compare

  a, b
   ^ a comma can stand only inside brackets

  ||x, y||
     ^ a comma can stand only inside brackets

  (a + b
  ^ ( is never closed

  f(x[0)
     ^ [ is closed by )

  [f(x), g(y
          ^ ( is never closed

  a + b)
       ^ ) closes nothing

  (a ]
  ^ ( is closed by ]

  x[]
   ^^ an index is missing
   the whole axis is [:]

  x[0,,1]
      ^ an operand is missing before ,

  x[a:b:c:d]
         ^ a slice has at most two colons

  x[1:+]
      ^ an operand is missing after +

  (a:b)
    ^ : can stand only inside an index

  X: (S, D)
   ^ : can stand only inside an index
   a declaration begins with names: X: (S, D)

  ...
  ^^^ ... stands for nothing here

  x[... + 1]
    ^^^ ... stands for nothing here

  f(...)
    ^^^ ... stands for nothing here

  X.
   ^ a name is missing after .

  X.3
  ^^^ an operator is missing between X and .3
  write X*.3

  X.T()
   ^^^ .T is not called
   write .T alone

  a < b < c
  ^^^^^^^ comparisons cannot be chained
  each by itself is 0 or 1: (a < b) * (b < c)

  a == b == c
  ^^^^^^^^^ comparisons cannot be chained
  write one equality to a line

  x^2
   ^^ ^ is no power here: it stands only before T
   write x**2

  x^{2}
   ^^^^ ^ is no power here: it stands only before T
   write x**2

  x^(n + 1)
   ^^^^^^^^ ^ is no power here: it stands only before T
   write x**(n + 1)

  x^-2
   ^^^ ^ is no power here: it stands only before T
   write x**-2

  A^-1 @ b
   ^^^ ^ is no power here: it stands only before T
   write inv(A), or 1/A entry by entry

  A^{-1}
   ^^^^^ ^ is no power here: it stands only before T
   write inv(A), or 1/A entry by entry

  A^(-1)
   ^^^^^ ^ is no power here: it stands only before T
   write inv(A), or 1/A entry by entry

  A^{-T}
   ^^^^^ ^ is no power here: it stands only before T
   write inv(A).T

  ||x||^2
       ^^ ^ is no power here: it stands only before T
       write ||x||**2

  x^
   ^ ^ is no power here: it stands only before T

  x^||
   ^ ^ is no power here: it stands only before T

  x^||y||
   ^ ^ is no power here: it stands only before T

  x^|
   ^ ^ is no power here: it stands only before T

  (x^)
    ^ ^ is no power here: it stands only before T

  f(x^, y)
     ^ ^ is no power here: it stands only before T

  x^-
   ^ ^ is no power here: it stands only before T

  x^+y
   ^^^ ^ is no power here: it stands only before T
   write x**+y

  x^-||y
   ^ ^ is no power here: it stands only before T

  x^{
    ^ { is never closed

  (‖x)
   ^ ‖ is never closed

  x^'
    ^ this quotation mark is never closed
    a transpose follows its operand at once: X'

  x^²
   ^ ^ is no power here: it stands only before T

  x^f(y, z)
   ^^^^^^^^ ^ is no power here: it stands only before T
   write x**f(y, z)

  x^x'
   ^^^ ^ is no power here: it stands only before T
   write x**x'

  A^H
   ^^ ^ is no power here: it stands only before T
   write A**H

  x⁻²
   ^^ of the negative superscripts only ⁻¹ is read
   write 1/x**2

  |a + |b||
       ^^^^ bars inside bars can be read in two ways
       write abs(x), and norm(x) or ||x||

  ||x|
  ^^^^ bars inside bars can be read in two ways
  write abs(x), and norm(x) or ||x||

  |x
  ^ | is never closed

  (||x)
   ^^ || is never closed

  P(A|B)
     ^ | closes nothing
     write abs(x), and norm(x) or ||x||

  x||
   ^^ || closes nothing
   write abs(x), and norm(x) or ||x||

  ||x||_3
       ^^ a norm can carry _F, _2 or _1

  ||x||_{F}
       ^ a norm can carry _F, _2 or _1

  'abc'
  ^^^^^ a text can stand only among the arguments of a function

  sum(X) "abc"
         ^^^^^ a text can stand only among the arguments of a function

  f("abc
    ^ this quotation mark is never closed

  f('abc)
    ^ this quotation mark is never closed
    a transpose follows its operand at once: X'

  X 'T
    ^ this quotation mark is never closed
    a transpose follows its operand at once: X'

  X · Y
    ^ · is not part of the language
    write @ for the matrix product, * entry by entry

  X × Y
    ^ × is not part of the language
    write @ for the matrix product, * entry by entry

  X ∘ Y
    ^ ∘ is not part of the language
    write @ for the matrix product, * entry by entry

  A ⊗ B
    ^ ⊗ is not part of the language
    write kron(A, B) or outer(a, b)

  X .* Y
    ^^ .* is not part of the language
    without the dot it acts entry by entry

  X ./ Y
    ^^ ./ is not part of the language
    without the dot it acts entry by entry

  X .^ 2
    ^^ .^ is not part of the language
    write **

  x // 2
    ^^ // is not part of the language
    write /; a comment begins with #

  x % 2
    ^ % is not part of the language
    a comment begins with #

  x ÷ 2
    ^ ÷ is not part of the language
    write /

  x – y
    ^ – is not part of the language
    write - for a minus

  ~x
  ^ ~ is not part of the language
  comparisons are 0 or 1: 1 - (a > 0)

  a & b
    ^ & is not part of the language
    comparisons are 0 or 1: (a > 0) * (b > 0)

  a and b
    ^^^ and is not part of the language
    comparisons are 0 or 1: (a > 0) * (b > 0)

  not a
  ^^^ not is not part of the language
  comparisons are 0 or 1: 1 - (a > 0)

  x if c else y
    ^^ if is not part of the language
    write where(condition, a, b)

  lambda * 2
  ^^^^^^ lambda is not part of the language
  call a variable lam or λ; a function is def f(x) = ...

  sum(x for x in X)
        ^^^ for is not part of the language
        formulas act on whole arrays: sum(X, axis=0)

  √x
  ^ √ is not part of the language
  write sqrt(x)

  ∑x
  ^ ∑ is not part of the language
  write sum(X, axis=0)

  ∂L/∂W
  ^ ∂ is not part of the language
  the gradient of L by Z is called dZ in a formula

  ∇L
  ^ ∇ is not part of the language
  the gradient of L by Z is called dZ in a formula

  {x}
  ^ { is not part of the language
  write round brackets

  W₁
   ^ ₁ is not part of the language
   write the digit on the line: x1

  xⁿ
   ^ ⁿ is not part of the language
   write x**n

  x ? y
    ^ ? is not part of the language

  X \ Y
    ^ \ is not part of the language
    write solve(A, b); a line goes on only inside brackets

  x²³ ' y
      ^ this quotation mark is never closed
      a transpose follows its operand at once: X'

  π ∞
    ^ ∞ is not part of the language

  einsum(“ij”, A)
         ^ “ is not part of the language
         write plain quotation marks: 'ij,jk->ik'

  (a; b)
    ^ ; is not part of the language
    statements end only outside brackets

  x := 2
    ^^ := is not part of the language
    write =

  x -> y
    ^^ -> is not part of the language

  @
  ^ an operand is missing before @

  :
  ^ an operand is missing before :

    # nothing
  ^ there is no formula
"""

STATEMENTS = r"""
  b: M
     ^ the shape of b is not in brackets
     write b: (M,)

  X: float
     ^^^^^ the shape of X is not in brackets
     write X: (float,)

  X: symmetric n
     ^^^^^^^^^^^ the shape of X is not in brackets
     write X: symmetric (n,)

  X: 784x10
     ^^^^^^ the shape of X cannot be read
     write X: (S, D), or X: () for a scalar

  X:
   ^ the shape of X is missing
   write X: (S, D), or X: () for a scalar

  X: R^
      ^ the sizes are missing after ^
      write X: (S, D)

  X: ℝ² x 3
     ^^^^^^ the shape of X cannot be read
     write X: (S, D), or X: () for a scalar

  X: (ℝ
     ^ ( is never closed

  X: symmetric
     ^^^^^^^^^ the shape of X is not in brackets
     write X: (symmetric,)

  X ∈ Y x
        ^ a size is missing after x

  X: S x
       ^ a size is missing after x

  X: x S
     ^^^ the shape of X cannot be read
     write X: (S, D), or X: () for a scalar

  X: (S,, D)
        ^ a size is missing before ,

  X: (, D)
      ^ a size is missing before ,

  X: (S x , D)
          ^ a size is missing before ,

  X: (2K, n)
      ^^ an operator is missing between 2 and K
      write 2*K

  X: (n/2,)
      ^^^ a size is made of names and whole numbers with + - *

  X: (n**2,)
      ^^^^ a size is made of names and whole numbers with + - *

  X: (2.5,)
      ^^^ a size is made of names and whole numbers with + - *

  X: (None, D)
      ^^^^ a size is made of names and whole numbers with + - *

  X: (f(n),)
      ^^^^ a size is made of names and whole numbers with + - *

  X: (S, :)
         ^ an operand is missing before :

  X: (S, D) = 3
            ^ a declaration gives no value
            declare the name, or define it: not both

  X: (S, D) Y: (S, M)
             ^ another declaration begins on this line
             put ; or a new line between them

  A: (n, n) symmetric
     ^^^^^^^^^^^^^^^^ behind the shape nothing can stand
     properties stand before it: A: symmetric (n, n)

  X: (S, D
     ^ ( is never closed

  X: [S, D)
     ^ [ is closed by )

  X (S, D)
  ^^^^^^^^ this line defines nothing
  a shape is written X: (S, D)

  s ()
  ^^^^ this line defines nothing
  a shape is written s: ()

  sum(X)
  ^^^^^^ this line defines nothing
  give it a name: Z = ...

  X.T: (S, D)
     ^ : can stand only inside an index
     a declaration begins with names: X: (S, D)

  lambda: ()
  ^^^^^^ lambda is not part of the language
  call a variable lam or λ; a function is def f(x) = ...

  X, if: (S, D)
     ^^ if is not part of the language
     write where(condition, a, b)

  True: ()
  ^^^^ True is a value, not a name

  dh: upstream
  ^^^^^^^^^^^^ upstream gives one name to the incoming gradient of one definition
  write dh: upstream(Z)

  dh: upstream(h + 1)
  ^^^^^^^^^^^^^^^^^^^ upstream gives one name to the incoming gradient of one definition
  write dh: upstream(Z)

  da, db: upstream(h)
  ^^^^^^^^^^^^^^^^^^^ upstream gives one name to the incoming gradient of one definition
  write da: upstream(Z)

  X @ W
  ^^^^^ this line defines nothing
  give it a name: Z = ...

  (a == b)
  ^^^^^^^^ this line defines nothing
  give it a name: Z = ...

  A⁻¹
  ^^^ this line defines nothing
  give it a name: Z = ...

  X > 0
  ^^^^^ this line defines nothing
  give it a name: Z = ...

  = 3
  ^ a name is missing before =

  a =
    ^ nothing stands after =

  a = = b
    ^ nothing stands after =

  += 3
  ^^ a name is missing before +=

  a += b = c
    ^^ += stands alone in its line

  a = b += c
        ^^ += stands alone in its line

  X.T @ dZ = dW
  ^^^^^^^^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  f(x) = x
  ^^^^ this cannot stand on the left of =
  a function is written def f(x) = ...

  Z[0] = 3
  ^^^^ only the whole of Z can be given a value

  a, b += 3
       ^^ one = stands behind several names, and a value behind it

  a, b[0] = 3
  ^^^^^^^ only one name can be given a value at a time

  2 = x
  ^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  if = 3
  ^^ if is not part of the language
  write where(condition, a, b)

  None = 3
  ^^^^ None is a value, not a name

  dL/W = 1
  ^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  dL/dW.T = 1
  ^^^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  dL/d3 = 1
  ^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  d/dW = 1
  ^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  ∂L/∂ = 1
  ^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  ∂L/∂W∂ = 1
  ^^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  dL/ = 1
  ^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  d2L/dw = 1
  ^^^^^^ the orders above and below the line differ
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  dL/dw dv = 1
  ^^^^^^^^ the orders above and below the line differ
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  dL/dw² = 1
  ^^^^^^ the orders above and below the line differ
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  d2L/da db dc = 1
  ^^^^^^^^^^^^ the orders above and below the line differ
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  ∇L = 1
  ^^ this derivative cannot be read
  write ∇_W L or ∇²_w L

  ∇_W L M = 1
  ^^^^^^^ this derivative cannot be read
  write ∇_W L or ∇²_w L

  ∇ = 1
  ^ this derivative cannot be read
  write ∇_W L or ∇²_w L

  ∇_{1} L = 1
  ^^^^^^^ this derivative cannot be read
  write ∇_W L or ∇²_w L

  ∇²_w² L = 1
  ^^^^^^^ this derivative cannot be read
  write ∇_W L or ∇²_w L

  ∂L = 1
  ^^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  ∂²L/∂w²∂v = 1
  ^^^^^^^^^ the orders above and below the line differ
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  d2/dw2 = 1
  ^^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  ∂/∂W L = 1
  ^^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  ∂L/x∂W = 1
  ^^^^^^ this derivative cannot be read
  write dL/dW or ∂L/∂W; d2L/dw2 or ∂²L/∂w²; d2L/dw dv or ∂²L/∂w∂v

  "dL"/dW = 1
  ^^^^^^^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  W.grad.T = 1
  ^^^^^^^^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  "W" = 1
  ^^^ this cannot stand on the left of =
  on the left stands a name, Z or dW, or a derivative, dL/dW

  Z -= 2
    ^^ -= is not part of the language
    write = or +=

  Z := 2
    ^^ := is not part of the language
    write =

  def f(x): return x
  ^^^^^^^^^^^^^^^^^^ a function is one formula of its arguments
  write def f(x) = x * sigmoid(x)

  def f = 3
  ^^^^^^^^^ a function is one formula of its arguments
  write def f(x) = x * sigmoid(x)

  def f(x, x) = x
       ^^^^^^ an argument has the name of another

  def f(1) = 2
  ^^^^^^^^^^^^ a function is one formula of its arguments
  write def f(x) = x * sigmoid(x)

  def f(x) =
           ^ nothing stands after =

  def f(x) = x W
             ^^^ an operator is missing between x and W
             write x @ W, or x * W entry by entry

  def if(x) = x
      ^^ if is not part of the language
      write where(condition, a, b)

  import numpy as np
  ^^^^^^ import is not part of the language
  leave this line out

  return Z
  ^^^^^^ return is not part of the language
  name the value: L = ...

  print(Z)
  ^^^^^ print is not part of the language
  leave this line out

  Z = X W  # a comment
      ^^^ an operator is missing between X and W
      write X @ W, or X * W entry by entry

  Z = lambda x: x
      ^^^^^^ lambda is not part of the language
      call a variable lam or λ; a function is def f(x) = ...

  $$ Z = X $$
  ^ $ is not part of the language
  LaTeX is not read here
"""


def cases(text: str) -> list[tuple[str, str]]:
    blocks = text.strip("\n").split("\n\n")
    return [(block.split("\n")[0].removeprefix("  "), block) for block in blocks]


def complaint(source: str, statement: bool = False) -> ShapecalcError:
    with pytest.raises(ShapecalcError) as caught:
        split(source) if statement else parse(source)
    return caught.value


@pytest.mark.parametrize(("source", "drawn"), cases(FORMULAS))
def test_what_is_said_of_a_formula(source: str, drawn: str):
    error = complaint(source)
    assert str(error) == drawn
    assert type(error) is SyntaxProblem


@pytest.mark.parametrize(("source", "drawn"), cases(STATEMENTS))
def test_what_is_said_of_a_statement(source: str, drawn: str):
    error = complaint(source, statement=True)
    assert str(error) == drawn
    assert type(error) is SyntaxProblem


@pytest.mark.parametrize(("source", "drawn"), [
    ("", "  \n  ^ there is no formula"),
    ("  # nothing", "    # nothing\n  ^ there is no formula"),
    ("a\n  b", "    b\n    ^ the formula has ended, and another one begins here"),
    ("X @ W +\n  b", "  X @ W +\n        ^ an operand is missing after +\n        a line goes on only inside brackets"),
    ("x\x00y", "  x\\x00y\n   ^^^^ the invisible character \\x00 cannot be read\n   delete it"),
    ("x\u200by", "  x\\u200by\n   ^^^^^^ the invisible character \\u200b cannot be read\n   delete it"),
    ("a \u202eb", "  a \\u202eb\n    ^^^^^^ the invisible character \\u202e cannot be read\n    delete it"),
    ("x # \u202eb", "  x # \\u202eb\n      ^^^^^^ the invisible character \\u202e cannot be read\n      delete it"),
    ("f('\x00')", "  f('\\x00')\n     ^^^^ the invisible character \\x00 cannot be read\n     delete it"),
    ("x\x1b[0m", "  x\\x1b[0m\n   ^^^^ the invisible character \\x1b cannot be read\n   delete it"),
    ("a\rb", "  a\\x0db\n   ^^^^ the invisible character \\x0d cannot be read\n   delete it"),
    ("a\u2028b", "  a\\u2028b\n   ^^^^^^ the invisible character \\u2028 cannot be read\n   delete it"),
    ("f('a\n')", "  f('a\n    ^ this quotation mark is never closed\n    a transpose follows its operand at once: X'"),
])  # fmt: skip
def test_what_is_said_of_what_cannot_be_seen(source: str, drawn: str):
    error = complaint(source)
    assert str(error) == drawn
    assert type(error) is SyntaxProblem


@pytest.mark.parametrize(("source", "message"), [
    ("1" * 401, "this number is too long"),
    ("0." + "1" * 400, "this number is too long"),
    ("1e401", "this number is too long"),
    ("1e-401", "this number is too long"),
    ("1e400000", "this number is too long"),
    ("x" + "²" * 401, "this number is too long"),
    ("x⁻" + "²" * 401, "this number is too long"),
    ("x" * 201, "this name has 201 characters"),
    ("(" * 201 + "x" + ")" * 201, "brackets are nested more than 200 deep"),
    ("f(" * 201 + ")" * 201, "brackets are nested more than 200 deep"),
    ("-" * 200 + "x", "this is nested more than 200 deep"),
    ("x" + "'" * 200, "this is nested more than 200 deep"),
    ("**".join("x" * 201), "this is nested more than 200 deep"),
    ("x" + "[0]" * 200, "this is nested more than 200 deep"),
    ("exp(1 + " * 150 + "x" + ")" * 150, "this is nested more than 200 deep"),
    ("x " * 5_000_001, "the text has 10000002 characters; at most 10000000 are read"),
    ("x;" * 500_001, "the text has more than 1000000 names, numbers and signs"),
])  # fmt: skip
def test_what_is_too_large_is_refused(source: str, message: str):
    error = complaint(source)
    assert error.message == message
    assert type(error) is TooLarge
    assert len(str(error)) < 1000


@pytest.mark.parametrize("source", [
    "(" * 200 + "x" + ")" * 200,
    "exp(" * 199 + "x" + ")" * 199,
    "-" * 199 + "x",
    "x" + ".T" * 199,
    "**".join("x" * 200),
    "exp(1 + " * 99 + "x" + ")" * 99,
])  # fmt: skip
def test_what_is_just_not_too_deep_is_read(source: str):
    assert max(depth for _, depth in walk(parse(source))) <= 200


def test_no_stack_of_pythons_is_needed():
    def deep(levels: int) -> str:
        return deep(levels - 1) if levels else shown(parse("(" * 200 + "x" + ")" * 200))

    assert deep(900 - len(inspect.stack())) == "x"


# ---- whatever is typed -----------------------------------------------------------------

NAMES = st.sampled_from(["x", "W", "β", "𝐗", "dZ", "T", "d2L", "F", "np"])
PIECES = st.sampled_from([
    *"+-*/@^()[]{},:;=<>.|'\"#⊙·×ᵀ⊤⁻¹²∂∇∈ℝ_ \n", "**", "==", "+=", "||", "...", "X", "W", "d", "dL", "x", "np.", ".T", ".grad", "2",
    "1e5", ".5", "sum(", "axis=", "def ", "upstream", "None", "if", "in ", "⁻¹", "\x00", "\u202e", "\r\n", "\\", "$", "R^", "grad_",
    "∂L/∂W", "d2L/dw2", "_F", "e",
])  # fmt: skip


def refusal(read: Callable[[str], object], source: str) -> ShapecalcError | None:
    try:
        read(source)
    except ShapecalcError as error:
        return error
    return None


def judge(source: str) -> None:
    """Both doors answer, or refuse in our own words; and collecting finds the same first error."""
    errors: list[ShapecalcError] = []
    found = split(source, errors)
    assert all(source[slice(*statement.span)] == statement.text for statement in found)
    first = refusal(split, source)
    assert str(first) == (str(errors[0]) if errors else "None")
    for error in filter(None, [refusal(parse, source), *errors]):
        assert (error.source, error.line is None) == (source, False)
        assert not set(str(error)) & set("\x00\u202e\r\t")


@given(st.lists(PIECES, max_size=25).map("".join))
def test_only_our_own_errors_are_raised_for_any_pieces(source: str):
    judge(source)


@given(st.text(max_size=60))
def test_only_our_own_errors_are_raised_for_any_text(source: str):
    judge(source)


SHEET = """X: symmetric posdef (S, 4*K - 1)
β ∈ ℝ^{S×D}; dh: upstream(h)
Z = X @ W' + b[:, None] ⊙ ||x||²_2 - einsum('ij,jk->ik', A⁻¹, B^{T}).sum(axis=(0, 1))
∂²L/∂w∂v = X.T @ (Z - Y) / (2*S) = dZ
def swish(x) = x * np.exp(-|x|)
"""


@given(st.data())
def test_only_our_own_errors_are_raised_for_a_sheet_with_slips(data: st.DataObject):
    text = SHEET
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.one_of(st.just(""), PIECES)) + text[place + data.draw(st.integers(0, 3)) :]
    judge(text)


def trees() -> st.SearchStrategy[str]:
    """Formulas with all their parentheses, every construct of the language among them."""
    leaves = st.one_of(NAMES, st.integers(0, 999).map(str), st.sampled_from(["0.5", "1e-3", "np.pi"]))

    def grow(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def chain(signs: str) -> st.SearchStrategy[str]:
            more = st.lists(st.tuples(st.sampled_from(signs.split()), part), min_size=1, max_size=3)
            return st.tuples(part, more).map(lambda t: "(" + t[0] + "".join(f" {op} {x}" for op, x in t[1]) + ")")

        item = st.one_of(part, st.sampled_from([":", "None", "..."]), st.tuples(part, part).map(":".join), part.map("::{}".format))
        listed = st.lists(part, max_size=3).map(", ".join)
        return st.one_of(
            chain("+ -"),
            chain("* / @ ⊙"),
            st.tuples(part, part).map("({0[0]}**{0[1]})".format),
            st.tuples(part, st.sampled_from([">", "<=", "==", "≠"]), part).map("({0[0]} {0[1]} {0[2]})".format),
            st.tuples(st.sampled_from("+-"), part).map("({0[0]}{0[1]})".format),
            st.tuples(part, st.sampled_from([".T", "'", "ᵀ", "⊤", "^T", "^{T}", ".mT", "⁻¹", "²", "⁻ᵀ"])).map("({0[0]}){0[1]}".format),
            st.tuples(part, st.lists(item, min_size=1, max_size=3).map(", ".join)).map("({0[0]})[{0[1]}]".format),
            st.tuples(st.sampled_from(["sum", "np.linalg.inv", "F.relu"]), listed).map("{0[0]}({0[1]})".format),
            st.tuples(part, part, part).map("({0[0]}).sum({0[1]}, axis={0[2]})".format),
            part.map("|| {} ||_F".format),
            part.map("(| {} |)".format),
            listed.map("[{}]".format),
        )

    return st.recursive(leaves, grow, max_leaves=12)


@given(trees())
def test_every_formula_of_the_grammar_is_read_and_every_part_of_it_again(source: str):
    for node, _ in walk(parse(source)):
        piece = source[slice(*node.span)]
        if not isinstance(node, Slice | NewAxis | Dots | Number) and "⁻ᵀ" not in piece[-2:]:
            assert parse(piece) == node


BINARY = st.sampled_from(["+", "-", "*", "/", "@", "**", "* -", "- -", "** -"])
PLAIN = st.recursive(
    st.sampled_from(["a", "b", "c", "1", "2.5"]),
    lambda part: st.one_of(
        st.tuples(part, st.lists(st.tuples(BINARY, part), min_size=1, max_size=3)).map(
            lambda t: t[0] + "".join(f" {op} {x}" for op, x in t[1])
        ),
        part.map("({})".format),
        part.map("-{}".format),
        part.map("({}).T".format),
        part.map("({})[0]".format),
        st.tuples(part, part).map("f({0[0]}, k={0[1]})".format),
        st.tuples(part, part).map("({0[0]} > {0[1]})".format),
    ),
    max_leaves=10,
)


def pythons(node: ast.AST) -> str:
    """What Python reads, in one spelling."""
    match node:
        case ast.Expression(body=body):
            return pythons(body)
        case ast.BinOp(left=left, op=op, right=right):
            return f"({pythons(left)} {type(op).__name__} {pythons(right)})"
        case ast.UnaryOp(operand=arg):
            return f"(- {pythons(arg)})"
        case ast.Compare(left=left, comparators=[right]):
            return f"({pythons(left)} > {pythons(right)})"
        case ast.Name(id=name):
            return name
        case ast.Constant(value=value):
            return str(value)
        case ast.Attribute(value=value):
            return f"{pythons(value)}.T"
        case ast.Subscript(value=value):
            return f"{pythons(value)}[0]"
        case ast.Call(args=[first], keywords=[second]):
            return f"f({pythons(first)}, {pythons(second.value)})"
    raise AssertionError(ast.dump(node))


def ours(node: Index) -> str:
    """What the parser reads, in the same spelling."""
    words = {"+": "Add", "-": "Sub", "*": "Mult", "/": "Div", "@": "MatMult"}
    match node:
        case Sum(terms=((_, first), *rest)) | Product(first=first, rest=rest):
            text = ours(first)
            for op, part in rest:
                text = f"({text} {words[op]} {ours(part)})"
            return text
        case Power(base=base, exponent=exponent):
            return f"({ours(base)} Pow {ours(exponent)})"
        case Unary(arg=arg):
            return f"(- {ours(arg)})"
        case Call(args=(first,), keywords=(second,)):
            return f"f({ours(first)}, {ours(second.value)})"
        case Compare(left=left, right=right):
            return f"({ours(left)} > {ours(right)})"
        case Transpose(arg=arg):
            return f"{ours(arg)}.T"
        case Subscript(object=arg):
            return f"{ours(arg)}[0]"
    return shown(node)


@given(PLAIN)
def test_what_python_reads_too_is_read_as_python_reads_it(source: str):
    assert ours(parse(source)) == pythons(ast.parse(source, mode="eval"))


def test_children_are_the_parts_in_order():
    tree = parse("f(a, k=b).g(c, j=d)[e:h, None]")
    assert [shown(node) for node, _ in walk(tree) if not children(node)] == ["a", "b", "c", "d", "e", "h", "newaxis"]


# ---- how long it takes ------------------------------------------------------------------


def seconds(source: str) -> float:
    start = time.process_time()
    errors: list[ShapecalcError] = []
    for error in (split(source, errors), errors)[1][:3]:
        str(error)
    return time.process_time() - start


def test_long_chains_are_flat():
    assert max(depth for _, depth in walk(parse("+".join(["x"] * 100_000)))) == 2
    assert max(depth for _, depth in walk(parse(" @ ".join(["X"] * 5_000)))) == 2
    assert max(depth for _, depth in walk(parse(" - ".join(["2*x.T @ y"] * 10_000)))) == 4


UNITS = [
    *("x+", "2*x.T@y - ", "x@", "x**", "-", "x'", ".T", "(", ")", "()", "([)]", "||", "|x", "[", "f(", "f(a=1,", "x[:", ",", "X,", "X:(a,"),
    *("a x ", "a ", "d/", "∂x", "def f(x,", "^{", "$", '"', "''", '""', '"\n', "'\n", "(\n", "\n", "x=1\n", "x W\n", "x +\n", "# é\n"),
    *("²", "漢", "😀", "x\u0302", "\0", "\u202e", "x<", "x=", "x==", "1", "1.", "1e", "x.", "np.", ";", "{", "x: upstream(", "k=1,", " "),
]


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length(unit: str):
    short, long = (unit * (size // len(unit)) for size in (3_000, 48_000))
    # sixteen times the text; a square would take 256 times as long, and every time, not only while the machine is busy elsewhere
    assert any(seconds(long) < 80 * max(min(seconds(short) for _ in range(3)), 0.002) for _ in range(4))


def test_names_are_found_from_left_to_right():
    tree = parse("f(a + b @ a.T, axis=k)[c:, None] / norm(d, ord=2) - np.pi")
    assert [(name.id, name.span[0]) for name in names(tree)] == [("a", 2), ("b", 6), ("a", 10), ("k", 20), ("c", 23), ("d", 40), ("pi", 52)]


def test_a_size_times_a_number_keeps_the_size():
    assert derive("x: (n,); L = sum(x) * (n * (-1))")["x"].formula == "-n*ones(n)"
    assert derive("x: (n,); L = sum(x) * ((-1) * n)")["x"].formula == "-n*ones(n)"


def test_a_number_times_a_number_as_matrices_is_refused():
    with pytest.raises(ShapecalcError, match="@ multiplies matrices, and 2 is a scalar") as caught:
        derive("x: (n,); L = sum(x) * (2 @ 3)")
    assert caught.value.hint == "2 * 3"


def test_the_derivative_of_an_undefined_function_is_read_back():
    d = derive("def f(x); X: (n, m); W: (m, k); Z = f(X @ W); A = f'(Z)")
    assert d["X"].expanded == "(dA * f''(Z) * f'(X @ W)) @ W.T"
    report = check("def f(x); X: (n, m); L = sum(f(X)**2); dX = 2*f(X) * f'(X)")
    assert report.ok
    with pytest.raises(ShapecalcError, match="an operator is missing"):
        derive("x: (n,); A: (n, n); L = x'(A @ x)")


DOTTED = {"2·X": "2*X", "a + 0.5 ⋅ X.T": "a + 0.5*X.T", "f(3·x)": "f(3*x)", "-2·X @ w": "-2*X @ w"}


@pytest.mark.parametrize(("written", "plain"), DOTTED.items())
def test_a_number_before_a_dot_is_a_factor(written, plain):
    assert parse(written) == parse(plain)


@pytest.mark.parametrize("written", ["x · y", "x**2 · y", "2*3 · y", "x/2 · y", "a[1] · y"])
def test_what_else_stands_before_a_dot_is_not_guessed(written):
    with pytest.raises(ShapecalcError, match="is not part of the language"):
        parse(written)


def test_a_comma_ends_a_declaration_where_another_begins():
    parts = ["X: (S, D)", "Y, Z: diagonal (D, D)", "w: positive, nonnegative (D,)", "u ∈ ℝ^{D×1}", "v in R^D", "n: ()", "L = sum(X @ w)"]
    read = split(", ".join(parts))
    assert read == split("; ".join(parts))
    names = [[n.id for n in s.names] for s in read if isinstance(s, Declaration)]
    assert names == [["X"], ["Y", "Z"], ["w"], ["u"], ["v"], ["n"]]
