"""The element-wise view: what each entry is, how it is written, and its derivative, by computations that share nothing with it."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from shapecalc.calculus import entries as room
from shapecalc.calculus.entries import Entries, agrees, entries
from shapecalc.calculus.entry_graph import ONE, ZERO, Graph, reached
from shapecalc.calculus.entry_names import Names
from shapecalc.calculus.entry_numbers import random_draws
from shapecalc.calculus.entry_slopes import slopes
from shapecalc.calculus.entry_text import Writer
from shapecalc.calculus.entry_witness import some_point, within_reach
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.texts import meaning
from shapecalc.errors import InputProblem, NotKnownYet, TooLarge, UnknownName
from shapecalc.evaluate import evaluate
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.ops import BOOK
from shapecalc.rings import Real, Unlucky
from shapecalc.tensor import Tensor

AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
MSE = "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2) / (2*S)"
SIZES = {"S": 2, "D": 3, "M": 3}
PROBLEMS = {
    "affine": AFFINE,
    "affine, loss in one line": "X: (S, D); W: (D, M); b: (M,); Y: (S, M); L = sum((X @ W + b - Y)**2) / (2*S)",
    "mse": MSE,
    "row bias": "X: (S, D); W: (D, M); b: (1, M); Y: (S, M); Z = X @ W + b; L = mean((Z - Y)**2)",
    "column bias, samples as columns": "X: (D, S); W: (M, D); b: (M, 1); Z = W @ X + b",
    "two layers": "X: (S, D); W1: (D, K); b1: (K,); W2: (K, M); b2: (M,); Y: (S, M); H = tanh(X @ W1 + b1); O = H @ W2 + b2;"
    "L = sum((O - Y)**2) / (2*S)",
    "relu, a skip and an upstream gradient": "X: (S, D); W: (D, D); H = relu(X @ W) + X; O = H * H; G: upstream(H)",
    "softmax cross-entropy": "X: (S, D); W: (D, M); Y: onehot (S, M); Z = X @ W; P = softmax(Z); L = -sum(Y * log(P)) / S",
    "cross-entropy of logits": "X: (S, D); W: (D, M); Y: probabilities (S, M); L = cross_entropy(X @ W, Y)",
    "batch norm": "X: (S, D); g: (D,); h: (D,); m = mean(X, axis=0); v = mean((X - m)**2, axis=0);"
    "N = (X - m) / sqrt(v + 0.1); Z = g*N + h",
    "rank 3": "A: (B, S, D); W: (D, M); c: (M,); Z = A @ W + c; L = sum(sigmoid(Z)) / B",
    "einsum of three": "A: (S, D); B: (D, M); C: (M, S); L = einsum('ij,jk,ki->', A, B, C)",
    "attention": "Q: (S, D); K: (M, D); V: (M, D); P = softmax(Q @ K.T / sqrt(D)); O = P @ V",
    "gram": "X: (S, D); G = X @ X.T",
    "inverse": "A: posdef (D, D); x: (D,); q = x @ inv(A) @ x + logdet(A)",
    "powers": "A: positive (D, D); t: positive (); L = t * sum(A**t) + sum(t**A) + tr(matpow(A, 3)) + norm(A)",
    "kinks": "A: (S, D); L = sum(abs(A)) + sum(max(A, axis=1)) - min(A) + sum(maximum(A, 0.1) * sign(A) + clip(A, 0.2, 0.7) + elu(A))",
    "pieces": "A: (S, D); B: (S, M); C = concatenate((A, B), axis=1); L = sum(C[:, 0:2]**2) + sum(cumsum(C, axis=1)) + sum(tril(A)**3)",
    "functions": "A: positive (S, D); B = log(A) * arctan(A) + sinh(A) * cosh(A) - tan(A / 9) * erf(A);"
    "L = sum(B + gelu(A) + softplus(A) + sin(A) * cos(A))",
    "an unused definition": "X: (S, D); W: (D, M); U = X + X; Z = X @ W",
    "a scalar by name": "X: (S, D); s = sum(X); N = X / s; L = sum(exp(N))",
    "in a product and beside it": "X: (S, D); W: (D, M); L = sum(tanh(X) @ W) + sum(sin(tanh(X)))",
    "where": "A: (S, D); L = sum(where(A < 0.3, A**2, A**3) + where(A >= A[0, 0] / 3, sin(A), A))",
    "products of three powers": "a: positive (); b: positive (); c: positive (); L = a * b**2 / c + a**3 / (b * c**0.5)",
    "only names": "X: (S, D); Z = X; L = sum(Z) + sum(Z)",
}


def example(name: str, **sizes: int) -> Entries:
    problem = read(PROBLEMS.get(name, name))
    return entries(problem, {n: sizes.get(n, k) for n, k in zip(problem.sizes, (2, 3, 4, 2), strict=False)})


def formulas(name: str, block: str, **sizes: int) -> list[str]:
    return example(name, **sizes)[block].formulas


# ---- names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "sizes", "names"),
    [
        ("X: (2, 3); y = X", {}, ["x11", "x12", "x13", "x21", "x22", "x23"]),
        ("X: (2,); x: (2,); Z = X + x", {}, ["X1", "X2"]),
        ("X: (x, 2); Z = 2*X", {"x": 1}, ["X11", "X12"]),
        ("W1: (2, 2); Z = W1", {}, ["W1[1,1]", "W1[1,2]", "W1[2,1]", "W1[2,2]"]),
        ("b: (10,); Z = b", {}, [f"b[{i}]" for i in range(1, 11)]),
        ("X: (1, 12); Z = X", {}, [f"X[1,{i}]" for i in range(1, 13)]),
        ("b: (2,); b1: (); Z = b * b1", {}, ["b[1]", "b[2]"]),
        ("A: (2, 1, 2); Z = A", {}, ["a111", "a112", "a211", "a212"]),
        ("t: (); Z = t", {}, ["t"]),
        ("alpha: (2,); Z = alpha", {}, ["alpha1", "alpha2"]),
    ],
)
def test_entries_are_called_as_on_paper(source, sizes, names):
    e = entries(read(source), sizes)
    assert next(iter(e)).symbols == names


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_two_entries_share_a_name(name):
    e = example(name)
    names = [s for grid in e.engine.grids.values() for s in grid.symbols]
    assert len(set(names)) == len(names)
    for s in names:
        tensor, index = e.where(s)
        grid = e.engine.grids[tensor]
        assert grid.symbols[list(product(*(range(1, n + 1) for n in grid.shape))).index(index)] == s


def test_a_name_that_looks_like_an_entry():
    names = Names(read("x: (2,); x1: (); y: (2, 2); y1: (); y123: (); z: (2, 2); z12: (); a: (2,); ab: (); n1: (); u: (n, m); v = u"))
    looks = {(base, rank): names.looks_like(base, rank, base) for base in "xyzan" for rank in (1, 2, 3)}
    assert {key for key, found in looks.items() if found} == {("x", 1), ("y", 1), ("y", 3), ("z", 2), ("n", 1)}
    assert names.looks_like("v", 1, "u")  # a name of its own
    last = [names.grid(n, s).symbols[-1] for n, s in (("x", (2,)), ("y", (2, 2)), ("z", (2, 2)), ("a", (2,)))]
    assert last == ["x[2]", "y22", "z[2,2]", "a2"]
    assert names.grid("c", (9,)).symbols[-1] == "c9"
    assert names.grid("d", (10,)).symbols[-1] == "d[10]"
    assert names.grid("e1", (2,)).symbols[-1] == "e1[2]"
    assert names.grid("f", ()).symbols == ["f"]


@pytest.mark.parametrize(
    ("source", "style", "first"),
    [
        (AFFINE, "auto", "g11"),
        (AFFINE, "d", "dz11"),
        (MSE, "auto", "g11"),
        ("X: (2, 2); G: (2, 2); Z = X @ G", "auto", "dz11"),
        ("X: (2, 2); gamma: (); Z = X * gamma", "auto", "dz11"),
        ("X: (2, 2); A = X * X; Z = A @ X", "auto", "dz11"),
        ("X: (2, 2); A = X * X; Z = A @ X", "g", "dz11"),
        ("X: (2, 2); Z = X @ X; delta: upstream(Z)", "auto", "delta11"),
        ("X: (2, 2); Z = X @ X; dZ: upstream(Z)", "auto", "g11"),
    ],
)
def test_the_one_incoming_gradient_is_g(source, style, first):
    problem = read(source)
    assert entries(problem, {n: SIZES.get(n, 2) for n in problem.sizes}, style=style).gradients["Z"].symbols[0] == first


def test_gradients_are_called_d_and_the_name():
    e = example("two layers")
    assert [b.name for b in e.gradients.values()] == ["dO", "dH", "dX", "dW1", "db1", "dW2", "db2", "dY"]
    assert e["dH"].symbols[0] == "dh11"
    assert e["dW1"].symbols[0] == "dW1[1,1]"


# ---- text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "block", "first"),
    [
        ("affine", "Z", "x11*w11 + x12*w21 + x13*w31 + b1"),
        ("affine", "dW", "g11*x11 + g21*x21"),
        ("affine", "dX", "g11*w11 + g12*w12 + g13*w13 + g14*w14"),
        ("affine", "db", "g11 + g21"),
        ("column bias, samples as columns", "Z", "w11*x11 + w12*x21 + b11"),
        ("column bias, samples as columns", "dW", "g11*x11 + g12*x12 + g13*x13"),
        ("column bias, samples as columns", "db", "g11 + g12 + g13"),
        ("mse", "dZ", "(z11 - y11)/2"),
        ("mse", "dY", "-(z11 - y11)/2"),
        ("affine, loss in one line", "db", "(x11*w11 + x12*w21 + x13*w31 + b1 - y11)/2 + (x21*w11 + x22*w21 + x23*w31 + b1 - y21)/2"),
        ("two layers", "dO", "(o11 - y11)/2"),
        ("two layers", "dW1", "dh11*(1 - h11**2)*x11 + dh21*(1 - h21**2)*x21"),
        ("relu, a skip and an upstream gradient", "dH", "2*do11*h11 + g11"),
        ("gram", "G", "x11**2 + x12**2 + x13**2"),
        ("only names", "dZ", "2"),
    ],
)
def test_entries_read_as_a_person_writes_them(name, block, first):
    assert formulas(name, block)[0] == first


def test_the_loss_is_not_expanded():
    assert formulas("mse", "L", M=2) == ["((z11 - y11)**2 + (z12 - y12)**2 + (z21 - y21)**2 + (z22 - y22)**2)/4"]


def test_a_determinant_begins_with_its_first_row():
    assert formulas("A: (n, n); d = det(A)", "d", n=2) == ["a11*a22 - a12*a21"]
    assert formulas("A: (n, n); d = det(A)", "d", n=3)[0].startswith("a11*(a22*a33 - a23*a32) - a12*(")


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("-(a + b)", "-(a + b)"),
        ("a - (b - a)", "a - (b - a)"),
        ("a / (b * a)", "1/b"),
        ("a / b / 3", "a/(3*b)"),
        ("2 * a * -b", "-2*a*b"),
        ("(a + b)**2 / 2", "(a + b)**2/2"),
        ("sqrt(a) * a**-0.5", "1"),
        ("a**1.5", "a**(3/2)"),
        ("(a * b)**2", "(a*b)**2"),
        ("a**b", "a**b"),
        ("exp(-a)", "exp(-a)"),
        ("(a > b) * a", "(a > b)*a"),
        ("where(a > 0, a, 0.1 * a)", "where(a > 0, a, a/10)"),
        ("maximum(a, b)", "max(a, b)"),
        ("1 - a - 1", "-a"),
        ("pi * a", "pi*a"),
        ("0.5 * (a + b) * (a - b)", "(a + b)*(a - b)/2"),
    ],
)
def test_brackets_stand_where_they_must(formula, written):
    assert formulas(f"a: (); b: (); c = {formula}", "c") == [written]


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_text_has_the_value_of_its_entry(name):
    """The printed entries are Python expressions; sympy's own parser is not needed to read them."""
    e = example(name)
    numbers = e.numbers()
    names = {s: float(x) for grid in e.engine.grids.values() if grid.name in numbers.values
             for s, x in zip(grid.symbols, numbers.values[grid.name].data, strict=True)}
    import math

    safe = {s: f"_{k}_" for k, s in enumerate(sorted(names, key=len, reverse=True))}
    scope: dict[str, Any] = {v: names[s] for s, v in safe.items()}
    scope |= {n: getattr(math, n) for n in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "erf", "pi")}
    scope |= {"arctan": math.atan, "max": max, "min": min, "abs": abs, "where": lambda c, a, b: a if c else b}
    scope |= {"relu": lambda x: max(x, 0), "sign": lambda x: (x > 0) - (x < 0)}
    for block in e:
        for k, written in enumerate(block.formulas):
            if len(written) < 3000:
                for s, v in safe.items():
                    written = _replaced(written, s, v)
                value = eval(written, {"__builtins__": {}}, scope)
                assert value == pytest.approx(float(numbers.values[block.name].data[k]), rel=1e-6, abs=1e-9), (block, k)


def _replaced(written: str, name: str, other: str) -> str:
    import re

    return re.sub(rf"(?<![\w]){re.escape(name)}(?![\w\[])", other, written)


# ---- derivatives ------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_the_values_of_the_matrix_formulas(name):
    problem = read(PROBLEMS[name])
    found = agrees(problem, backward(problem), dict(zip(problem.sizes, (3, 2, 4, 2), strict=False)))
    assert found is True


def test_a_formula_may_have_a_root_that_its_entries_have_not():
    problem = read("E: (n, n); y = var(norm(E, axis=0)**2)")
    assert agrees(problem, backward(problem), {"n": 3}) is True


def seeded_loss(e: Entries, env: dict[str, Tensor]) -> Any:
    """The loss, or Σ incoming · value for what has an incoming gradient, by the evaluator of matrix formulas."""
    ring, problem = Real(), e.problem
    values = {n: env[n] for n in problem.declared}
    for name, body in problem.definitions.items():
        values[name] = evaluate(ring, body, values, e.sizes, meaning)
    if problem.loss is not None:
        return values[problem.loss].data[0]
    out = Decimal(0)
    for name, block in e.incoming.items():
        out = ring.total([out, *map(ring.mul, env[block.name].data, values[name].data)])
    return out


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_central_differences(name):
    """At sixty digits a step of 1e-20 leaves forty: no derivative rule of any engine is used."""
    e = example(name)
    point = some_point(e.engine, random_draws(1))
    ring, step = Real(), Decimal("1e-20")
    env = {n: t.mapped(lambda x: x if isinstance(x, Decimal) else ring.lift(x)) for n, t in point.env.items()}
    for wrt in e.problem.declared:
        for k, expected in enumerate(env[e.gradients[wrt].name].data):
            sides = []
            for sign in (1, -1):
                data = list(env[wrt].data)
                data[k] = ring.context.add(data[k], sign * step)
                sides.append(seeded_loss(e, {**env, wrt: Tensor(env[wrt].shape, data)}))
            slope = ring.context.divide(ring.context.subtract(*sides), 2 * step)
            assert abs(slope - expected) <= Decimal("1e-12") * max(1, abs(expected)), (wrt, k)


def whole_loss(e: Entries) -> Any:
    """The loss with every intermediate put in, as one sympy expression of what is declared and given."""
    import sympy

    put_in: dict[Any, Any] = {}
    for name in e.problem.definitions:
        block = e.values[name]
        flat = e.sympy_symbols.expressions(block.nodes)
        put_in.update({s: f.xreplace(put_in) for s, f in zip(sympy.flatten(block.matrix), flat, strict=True)})
    if e.problem.loss is not None:
        return put_in[sympy.flatten(e.values[e.problem.loss].matrix)[0]]
    both = [(sympy.flatten(b.matrix), sympy.flatten(e.values[n].matrix)) for n, b in e.incoming.items()]
    return sympy.Add(*[g * put_in[z] for gs, zs in both for g, z in zip(gs, zs, strict=True)])


SMALL = [n for n in PROBLEMS if n not in ("kinks", "powers", "functions", "batch norm", "attention", "rank 3")]


@pytest.mark.parametrize("name", SMALL)
def test_gradients_are_sympys_derivatives_of_the_whole_loss(name):
    import sympy

    problem = read(PROBLEMS[name])
    e = entries(problem, dict.fromkeys(problem.sizes, 2))
    loss = whole_loss(e)
    point = some_point(e.engine, random_draws(2))
    for wrt in problem.declared:
        symbols = sympy.flatten(e.values[wrt].matrix)
        for k, (s, expected) in enumerate(zip(symbols, point.gradient(wrt).data, strict=True)):
            (value,) = point.of_sympy([loss.diff(s)], e.sympy_symbols)
            assert point.ring.same(value, expected), (wrt, k)


def test_affine_gradients_are_those_of_sympy_to_the_letter():
    import sympy

    e = entries(read(AFFINE), SIZES)
    X, W, b, G = (e[n].matrix for n in ("X", "W", "b", "dZ"))
    Z = X * W + sympy.ones(2, 1) * b.T
    assert e["Z"].formula_matrix == Z
    L = sum(sympy.flatten(G.multiply_elementwise(Z)))
    assert e["dW"].formula_matrix == sympy.Matrix(3, 3, [L.expand().diff(w) for w in W])
    assert e["dW"].formula_matrix == X.T * G
    assert e["db"].formula_matrix == sympy.Matrix(3, 1, [L.expand().diff(x) for x in b])


@pytest.mark.parametrize("name", ["affine", "mse", "gram", "two layers"])
def test_both_methods_make_the_same_matrices(name):
    e = example(name)
    assert e.method == "sympy"
    for of, block in e.gradients.items():
        if block.kind == "gradient":
            direct = e.by_sympy[of]
            assert [x.expand() for x in direct] == [x.expand() for x in e.sympy_symbols.expressions(block.nodes)]


def test_sums_of_products_made_by_hand_are_what_sympy_makes():
    import sympy

    e = entries(read("X: (12, 11); W: (11, 3); Z = X @ W"), {})
    for f in sympy.flatten(e["Z"].formula_matrix)[:9]:
        assert f == sympy.Add(*[sympy.Mul(*t.args) for t in f.args])
        assert f.args == sympy.Add(*[sympy.Mul(*t.args) for t in f.args]).args


def test_equal_summands_are_put_together_in_sympy():
    import sympy

    e = entries(read("A: (2, 2); L = einsum('ij,ji->', A, A); G = A @ A.T"), {})
    a11, a12, a21, a22 = sympy.flatten(e["A"].matrix)
    assert e["L"].formulas == ["a11**2 + a12*a21 + a21*a12 + a22**2"]
    assert e["L"].formula_matrix == sympy.Matrix([a11**2 + 2 * a12 * a21 + a22**2])
    assert e["G"].formula_matrix == e["A"].matrix * e["A"].matrix.T


def test_a_wrong_formula_is_found():
    problem = read(AFFINE)
    wrong = backward(problem)
    wrong.flows["W"].formula = backward(read("X: (S, D); W: (D, M); Z = 2 * X @ W")).formula("W")
    found = agrees(problem, wrong, SIZES)
    assert not found
    assert (found.name, found.place, found.witness) == ("W", 0, "entries")
    assert found.formula == 2 * found.entry


HAVE_SLOPES = [n for n, op in BOOK.items() if op.slopes and op.family == "pointwise" and op.args in (("x",), ("a", "b"))]


@pytest.mark.parametrize("name", sorted(HAVE_SLOPES))
def test_every_pointwise_function_has_entries(name):
    op = BOOK[name]
    signs = {"power": "x**3", "pow": "x**y", "greater": "(x > y)", "less": "(x < y)", "greater_equal": "(x >= y)", "less_equal": "(x <= y)"}
    call = {**signs, "equal": "(x == y)"}.get(name, f"{name}(x)" if len(op.args) == 1 else f"{name}(x, y)")
    problem = read(f"x: (3,); y: (3,); z = {call} * y")
    assert agrees(problem, backward(problem), {}) is True


@pytest.mark.parametrize(
    ("function", "at_zero"),
    [
        ("relu(x)", 0),
        ("abs(x)", 0),
        ("sign(x)", 0),
        ("clip(x, 0, 1)", 0),
        ("leaky_relu(x)", Fraction(1, 100)),
        ("maximum(x, 0)", Fraction(1, 2)),
        ("where(x < 0, 2*x, 3*x)", 3),
        ("where(x >= 0, 2*x, 3*x)", 2),
    ],
)
def test_at_a_kink_the_convention_of_the_rule_book_holds(function, at_zero):
    e = entries(read(f"x: (); y = {function}"), {})
    (node,) = e.gradients["x"].nodes
    values = {"x": Tensor((), [Fraction(0)]), "dy": Tensor((), [Fraction(1)])}
    from shapecalc.calculus.entry_numbers import Exact, valued

    class Tied(Exact):
        def test(self, name: str, a: Fraction, b: Fraction) -> bool:
            return {"greater": a > b, "less": a < b, "greater_equal": a >= b, "less_equal": a <= b, "equal": a == b}[name]

    assert valued([node], Tied(), values) == [at_zero]


# ---- one entry explained ------------------------------------------------------------------


def test_the_chain_for_one_entry_of_b():
    steps = entries(read(AFFINE), SIZES).explain("b", 1).steps
    assert [" + ".join(s) for s in steps] == [
        "g11*∂z11/∂b1 + g12*∂z12/∂b1 + g13*∂z13/∂b1 + g21*∂z21/∂b1 + g22*∂z22/∂b1 + g23*∂z23/∂b1",
        "g11*1 + g12*0 + g13*0 + g21*1 + g22*0 + g23*0",
        "g11 + g21",
    ]


def test_the_chain_for_one_entry_of_W():
    found = entries(read(AFFINE), SIZES).explain("W", 2, 1)
    assert (found.symbol, found.by, found.through, found.result) == ("dw21", "w21", ("Z",), "g11*x12 + g21*x22")
    kept = [k for k in found.links if not k.zero]
    links = [(k.coefficient, k.of, k.derivative, k.value) for k in kept]
    assert links == [("g11", "z11", "x12", "g11*x12"), ("g21", "z21", "x22", "g21*x22")]


def test_the_chain_through_a_function_and_from_the_loss():
    e = entries(read("X: (2, 1); Y: (2, 1); A = tanh(X); L = sum((A - Y)**2) / 2"), {})
    (link,) = e.explain("A", 1, 1).links
    assert (link.coefficient, link.of, link.derivative, link.value) == ("1", "L", "a11 - y11", "a11 - y11")
    assert [k.derivative for k in e.explain("X", 2, 1).links] == ["0", "1 - a21**2"]


def test_a_chain_names_what_comes_in_besides():
    found = example("relu, a skip and an upstream gradient").explain("H", 1, 1)
    assert (found.outside, found.through) == ("g11", ("O",))


def test_long_chains_leave_out_what_adds_nothing():
    found = entries(read(AFFINE), {"S": 20, "D": 2, "M": 9}).explain("b", 3)
    assert len(found.links) == 20
    assert found.left_out == 160


# ---- numbers ------------------------------------------------------------------------------


def test_numbers_are_small_and_whole_and_always_the_same():
    numbers, again = (entries(read(AFFINE), SIZES).numbers() for _ in range(2))
    assert numbers.exact
    assert numbers.rows("X") == [["1", "2", "3"], ["4", "5", "6"]]
    for name in ("X", "W", "b", "dZ"):
        assert all(1 <= abs(x) <= 9 and x.denominator == 1 for x in numbers.values[name].data)
    assert all(numbers.rows(name) == again.rows(name) for name in numbers.values)


def test_one_sum_can_be_followed_with_a_pencil():
    numbers = entries(read(AFFINE), SIZES).numbers()
    text_, value = numbers.worked("dW", 2, 1)
    assert eval(text_) == int(value)
    g, x = numbers.rows("dZ"), numbers.rows("X")
    assert text_ == f"{g[0][0]}*{x[0][1]} + {g[1][0]}*{x[1][1]}"


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_has_numbers(name):
    numbers = example(name).numbers()
    assert all(numbers.rows(block.name) for block in numbers.entries)


def test_numbers_are_what_is_declared():
    e = entries(read("Y: onehot (3, 4); P: probabilities (2, 3); A: posdef (3, 3); Q: orthogonal (3, 3); t: positive (); "
                     "L = sum(Y) + sum(P) + logdet(A) + sum(Q) + log(t)"), {})
    values = e.numbers().values
    assert all(sorted(row) == [0, 0, 0, 1] for row in values["Y"].rows())
    assert all(abs(sum(row) - 1) < Decimal("1e-25") for row in values["P"].rows())
    a, q = values["A"].rows(), values["Q"].rows()
    assert a == [list(c) for c in zip(*a, strict=True)]
    assert all(abs(sum(x * y for x, y in zip(q[i], q[j], strict=True)) - (i == j)) < Decimal("1e-25") for i in range(3) for j in range(3))


# ---- sympy --------------------------------------------------------------------------------


def test_a_sympy_matrix_over_the_symbols_has_a_value():
    import sympy

    e = entries(read(AFFINE), SIZES)
    point = some_point(e.engine, random_draws(0))
    claim = e["X"].matrix.T * e["dZ"].matrix
    assert e.tensor_from_sympy(claim, point.env).data == point.gradient("W").data
    own = sympy.MatrixSymbol("X", 2, 3).T * sympy.MatrixSymbol("dZ", 2, 3)
    assert e.tensor_from_sympy(own, point.env).data == point.gradient("W").data
    again = sympy.Matrix(3, 1, [sympy.Symbol(f"g1{j}") + sympy.Symbol(f"g2{j}") for j in (1, 2, 3)])
    assert e.tensor_from_sympy(again, point.env).data == point.gradient("b").data
    assert e.tensor_from_sympy(again, point.env).shape == (3, 1)
    more = e.tensor_from_sympy(2 * again + sympy.ones(3, 1) / 2, point.env)
    assert more.data == [2 * x + Fraction(1, 2) for x in point.gradient("b").data]


def test_sympys_functions_have_values():
    import sympy

    e = entries(read("x: positive (2,); y: (2,); z = exp(x) * y"), {})
    point = some_point(e.engine, random_draws(0))
    x, y = sympy.Symbol("x1"), sympy.Symbol("y1")
    values = {"exp": sympy.exp(x), "Abs": sympy.Abs(y), "sign": sympy.sign(y), "Max": sympy.Max(x, y, 1)}
    values |= {"Heaviside": sympy.Heaviside(y - x), "Not": sympy.Piecewise((x, ~(y > 1)), (y, True))}
    values |= {"Piecewise": sympy.Piecewise((x, (x > 0) & (y > x)), (y, ~(y > 100)), (x, True)), "E": sympy.E**2 * sympy.pi}
    values |= {"Ne": sympy.Piecewise((x, sympy.Ne(x, y)), (y, True)), "Or": sympy.Piecewise((x, (x < 0) | (y < x)), (y, True))}
    at = {x: float(point.env["x"].data[0]), y: float(point.env["y"].data[0])}
    for name, f in values.items():
        (found,) = e.tensor_from_sympy(sympy.Matrix([f]), point.env).data
        assert float(found) == pytest.approx(float(f.subs(at))), name


def test_strangers_in_a_sympy_matrix_are_refused():
    import sympy

    e = entries(read(AFFINE), SIZES)
    point = some_point(e.engine, random_draws(0))
    with pytest.raises(UnknownName, match="q7 is no entry"):
        e.tensor_from_sympy(sympy.Matrix([sympy.Symbol("q7")]), point.env)
    with pytest.raises(UnknownName, match="is no entry"):
        e.tensor_from_sympy(sympy.MatrixSymbol("X", 5, 5), point.env)
    with pytest.raises(NotKnownYet, match="gamma"):
        e.tensor_from_sympy(sympy.Matrix([sympy.gamma(sympy.Symbol("x11"))]), point.env)


def test_shapes_of_sympy_objects():
    e = example("rank 3")
    assert e["A"].matrix.shape == (2, 3, 4)
    assert e["c"].matrix.shape == (2, 1)
    assert e["c"].formula_matrix == e["c"].matrix
    assert e["L"].matrix.shape == (1, 1)
    assert e["dW"].formula_matrix.shape == (4, 2)


HOLDS = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "=="}


@pytest.mark.parametrize(("name", "holds"), HOLDS.items())
def test_numbers_are_worked_out_where_they_meet(name, holds):
    graph = Graph()
    for a, b in product((Fraction(-1, 2), Fraction(2), Fraction(3)), repeat=2):
        x, y = graph.lift(a), graph.lift(b)
        assert graph.test(name, x, y).data == int(eval(f"a {holds} b"))
        assert graph.extreme("max", (x, y)).data == max(a, b)
        assert graph.extreme("min", (x, y)).data == min(a, b)
        for k in (-2, -1, 0, 1, 2, 3):
            assert graph.power(x, Fraction(k)).data == a**k
            assert graph.power2(x, graph.lift(Fraction(k))).data == a**k
    assert graph.where(ONE, x, y) is x
    assert graph.where(ZERO, x, y) is y
    assert graph.power(ONE, Fraction(1, 2)) is ONE
    assert graph.power(ZERO, Fraction(1, 2)) is ZERO
    assert graph.power(graph.lift(2), Fraction(1, 2)).kind == "prod"
    assert graph.power(graph.lift(2), Fraction(1000)).data == 2**1000
    assert graph.power(graph.lift(2), Fraction(1001)).kind == "prod"
    assert graph.is_zero(ZERO)
    assert not graph.is_zero(ONE)
    with pytest.raises(Unlucky):
        graph.power(ZERO, Fraction(-1))


def test_entries_that_need_no_node_of_their_own():
    graph = Graph()
    x, y = entries(read("x: (2,); L = x @ x"), {}).engine.symbols["x"]
    above = graph.test("greater", x, y)
    assert graph.power(x, Fraction(0)) is ONE
    assert graph.power(x, Fraction(1)) is x
    assert graph.extreme("max", (x, x)) is x
    assert graph.extreme("max", (graph.extreme("max", (x, y)), x)).args == (x, y)
    assert graph.choose("greater", x, y, x, y).kind == "max"
    assert graph.choose("less", x, y, x, y).kind == "min"
    assert graph.where(above, x, x) is x
    assert graph.where(above, ONE, ZERO) is above
    assert graph.where(above, ZERO, ONE).data == "less_equal"
    assert graph.test("greater", above, ZERO) is above
    assert graph.test("less_equal", above, ZERO).data == "less_equal"
    assert graph.test("less", above, ZERO).kind == "test"


def test_sympy_is_asked_about_whole_entries_up_to_a_bound(monkeypatch):
    """Of each of the four entries x11*w11 + x12*w21 + x13*w31 + b1: six names in a sum of products, each for three, and a name alone."""
    engine = entries(read(AFFINE), {"S": 2, "D": 3, "M": 2}).engine
    for effort, within in ((4 * (6 * 3 + 1), True), (4 * (6 * 3 + 1) - 1, False)):
        monkeypatch.setattr("shapecalc.calculus.entry_witness.EFFORT", effort)
        assert within_reach(engine) == within


# ---- size -----------------------------------------------------------------------------------


def test_only_what_hangs_on_the_wanted_names_is_differentiated():
    engine = entries(read(f"{MSE}; G: upstream(Z)"), SIZES, ("W",)).engine
    assert {n for n, nodes in engine.symbols.items() if all(x.live for x in nodes)} == {"W", "Z", "L"}
    assert not any(x.live for n in ("X", "b", "Y") for x in engine.symbols[n])
    assert not any(x.live for nodes in engine.incoming.values() for x in nodes)
    assert engine.dependents() == {"W", "Z", "L"}
    assert engine.flowing == {"L": False, "Z": True, "W": True}


EXTENTS = {  # names, numbers and operations, and how deep they lie
    "x @ y": (6, 2), "x[0] * y[0]": (3, 2), "exp(x[0]) + y[1]": (4, 3), "exp(x @ y)": (7, 3), "exp(exp(x[0]))": (3, 3), "sum(x)": (4, 2),
    "7": (1, 1), "sum(x) * sum(y)": (9, 3), "(x @ y)**2": (7, 3), "sum(x * exp(x))": (13, 4), "where(x[0] > y[0], x[0], y[1])": (6, 3),
}  # fmt: skip


@pytest.mark.parametrize(("formula", "extent"), EXTENTS.items())
def test_an_entry_is_written_up_to_a_bound(formula, extent, monkeypatch):
    (node,) = entries(read(f"x, y: (3,); z = {formula}"), {})["z"].nodes
    writer = Writer()
    writer.measure(node)
    assert writer.extent[node] == extent
    if node.kind in ("dot", "const"):
        return  # its products are not looked at one by one
    for parts, deep, fits in ((extent[0], extent[1] - 1, True), (extent[0] - 1, 100, False), (extent[0], extent[1] - 2, False)):
        monkeypatch.setattr("shapecalc.calculus.entry_text.PARTS", parts)
        monkeypatch.setattr("shapecalc.calculus.entry_text.DEEP", deep)
        if fits:
            Writer().text(node)
        else:
            with pytest.raises(TooLarge):
                Writer().text(node)


def test_nothing_is_written_out_before_it_is_looked_at():
    e = entries(read(MSE), {"S": 40, "D": 40, "M": 40}, ("W", "b"))
    assert e.method == "graph"
    block = e.gradients["W"]
    assert block.formula(2, 40).startswith("G[1,40]*X[1,2] + G[2,40]*X[2,2] + ") or block.formula(2, 40).startswith("g[1,40]*X[1,2] + ")
    assert "formulas" not in vars(block)
    assert "formula_matrix" not in vars(block)
    made = sum(1 for _ in reached(block.nodes))
    assert made == 40 * 40
    assert len(e.engine.graphs["Z"].order) < 4 * 40 * 40


def test_the_cost_is_that_of_the_entries_not_of_the_summands():
    orders = []
    for n in (8, 16):
        e = entries(read(MSE), {"S": n, "D": n, "M": n}, ("W", "b"))
        orders.append(sum(len(g.order) for g in e.engine.graphs.values()))
    assert orders[1] < 4.2 * orders[0]


def test_many_definitions_cost_as_much_as_they_are_many():
    lines = ["X: (2, 2)", "H0 = X", *(f"H{k} = tanh(H{k - 1} @ X)" for k in range(1, 200))]
    e = entries(read("\n".join(lines)), {})
    orders = [len(e.engine.graphs[f"H{k}"].order) for k in range(1, 200)]
    assert max(orders) == min(orders)
    assert e.gradients["X"].formula(1, 1).count("+") > 300


def test_deep_formulas_are_written_without_running_out_of_stack():
    depth = 32
    e = entries(read(f"a: (); b = {'-(1 + (a - 2*' * depth}a{'))' * depth}; c = {'tanh(' * 90}a{')' * 90}"), {})
    assert e["b"].formula().count("a") == depth + 1
    assert e["c"].formula().count("tanh") == 90
    assert entries(read("a: (); b = sum(a**100000 * 2**3000)"), {}).gradients["a"].formula() == "100000*2**3000*a**99999"


@pytest.mark.parametrize("source", ["A: (n, n); B: (n, n); C = kron(A, B)", "a: (n,); b: (n,); c: (n,); L = einsum('i,j,k->', a, b, c)"])
def test_sizes_that_would_fill_the_memory_are_refused(source):
    with pytest.raises(TooLarge):
        entries(read(source), {"n": 200})


def test_what_nobody_can_read_is_not_written():
    e = entries(read("A: (3, 3); B = matpow(A, 30)"), {}, style="d")
    with pytest.raises(TooLarge):
        e["B"].formula(1, 1)
    assert agrees(e.problem, backward(e.problem), {}) is True


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"S": 2, "D": 3}, "the size M has no number"),
        ({"S": 2, "D": 3, "M": 0}, "the size M is 0, not a whole number from 1 up"),
        ({"S": 2, "D": 3, "M": "4"}, "the size M is '4', not a whole number from 1 up"),
    ],
)
def test_sizes_are_whole_numbers(sizes, message):
    with pytest.raises(InputProblem) as found:
        entries(read(AFFINE), sizes)
    assert found.value.message == message


def test_sizes_may_be_made_of_others():
    e = entries(read("H: (2*n, n - 1); L = sum(H**2)"), {"n": 2})
    assert e["H"].shape == (4, 1)
    with pytest.raises(InputProblem, match="without entries"):
        entries(read("H: (2*n, n - 1); L = sum(H**2)"), {"n": 1})


def test_indices_are_checked():
    e = entries(read(AFFINE), SIZES)
    assert e["Z"].formula(2, 3) == "x21*w13 + x22*w23 + x23*w33 + b3"
    with pytest.raises(InputProblem):
        e["Z"].formula(0, 1)
    with pytest.raises(InputProblem):
        e["Z"].formula(1)
    with pytest.raises(UnknownName):
        e.explain("Q", 1)
    with pytest.raises(UnknownName):
        e["Q"]


# ---- what is loaded -------------------------------------------------------------------------


def test_sympy_is_loaded_only_by_deriving():
    program = "import sys; import shapecalc.calculus.entries; sys.exit('sympy' in sys.modules or 'mpmath' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_local_derivatives_come_from_sympy(monkeypatch):
    """Without sympy's derivatives there are none."""
    import sympy

    slopes.cache_clear()
    monkeypatch.setattr(sympy.exp, "fdiff", lambda _self, argindex=1: sympy.Integer(7 * argindex))
    graph = Graph()
    try:
        (rule,) = slopes("call", "exp")
        assert rule(graph, (graph.lift(0),), graph.lift(0)).data == 7
    finally:
        slopes.cache_clear()


def test_the_room_says_what_it_offers():
    assert all(hasattr(room, name) for name in room.__all__)
    assert text(backward(read(AFFINE)).formula("b")) == "sum(dZ, axis=0)"
