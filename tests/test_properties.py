"""Properties of random programs over the whole rule book. `SHAPECALC_PROGRAMS` says how many there are of the cheap properties.

The seed of a program is its number: `program(7)` is the same everywhere. What costs more is tried on a share of them.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from conftest import SEEDS, require_module
from hypothesis import HealthCheck, given, settings
from operations import OPERATIONS, ROWS, Operations

import shapecalc
from shapecalc.calculus.collect import best_formula
from shapecalc.calculus.entries import agrees
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.lowering import terms_of
from shapecalc.errors import InputProblem, NotKnownYet, ShapecalcError
from shapecalc.expr import nodes, variables
from shapecalc.forms import add, apply, transposed
from shapecalc.indexed import fresh
from shapecalc.language.builder import build_text
from shapecalc.language.readers.latex_reader import read_latex
from shapecalc.language.sheet import read
from shapecalc.mathematics import Style, boxes
from shapecalc.notation import text
from shapecalc.render import formula as drawn
from shapecalc.shapes import show, value
from shapecalc.verify.judge import Judge

PROGRAMS = int(os.environ.get("SHAPECALC_PROGRAMS", "450"))
TRIED = "as at every point that was tried"  # the border of a comparison may lie where no point was found: then it is a condition
UNKNOWN = (NotKnownYet, InputProblem)  # Undecided is one: no point is in the domain


def some(share):
    """That many of the programs."""
    return settings(max_examples=max(2, round(PROGRAMS * share)), deadline=None, suppress_health_check=list(HealthCheck))


def program(seed, most=None):
    """A program by its number: up to four axes."""
    rng = Random(seed)
    return Operations(rng, rng.choice((1, 2, 2, 3, 4)) if most is None else most).program(rng.randint(1, 2))


def derived(seed, most=None):
    """(problem, backward pass, judge), or three times None where no point is in the domain."""
    try:
        problem = read(program(seed, most))
        passed = backward(problem)
        judge = Judge(problem, passed, seed)
        judge.values()
    except UNKNOWN:
        return None, None, None
    return problem, passed, judge


def names_of(problem, passed):
    return {**problem.variables(), **{f.symbol.name: f.symbol for f in passed.flows.values()}}


# ---- the same numbers by other means ------------------------------------------------------------------


@some(1.2)
@given(SEEDS)
def test_closed_form_against_difference_quotients(seed):
    try:
        shapecalc.derive(program(seed))
    except UNKNOWN:
        return


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_is_tried(op):
    made = [Operations(Random(k), 3).operation(op) for k in range(20)]
    assert sum(m is not None for m in made) >= 3


@pytest.mark.parametrize("row", ROWS[::5])
def test_entry_by_entry(row):
    """Sympy's entries: made at small sizes, compared with the closed form by the engine that makes them."""
    d = shapecalc.derive(row)
    sizes = {n: 2 + k % 2 for k, n in enumerate(d.problem.sizes)}
    try:
        found = agrees(d.problem, d.backward_pass, sizes)
    except UNKNOWN:
        return
    assert found, found


def values_of(problem, rng, names=()):
    """Arrays for what is declared."""
    sizes = dict(zip(problem.sizes, rng.permutation(np.arange(2, 2 + len(problem.sizes))).tolist(), strict=True))
    out = {}
    for name, v in problem.declared.items():
        out[name] = np.asarray(rng.uniform(0.3, 1.4, shape_at(v.shape, sizes)) * rng.choice((-1, 1), shape_at(v.shape, sizes)))
    return out | {symbol: rng.normal(size=shape_at(problem.definitions[of].shape, sizes)) for symbol, of in names}


def shape_at(shape, sizes):
    return tuple(value(d, sizes) for d in shape)


def module_of(d, target):
    found = {}
    exec(compile(d.code(target), f"<{target}>", "exec"), found)  # noqa: S102 - our own code
    return found


def numbers(seed, most=2):
    """(derivation, module, values, loss): of a program whose values are finite and of a middling size; None for others."""
    try:
        d = shapecalc.derive(program(seed, most))
        module = module_of(d, "numpy")
    except UNKNOWN:
        return None
    given = [(symbol, of) for symbol, of in d.program().incoming]
    values = values_of(d.problem, np.random.default_rng(seed), given)
    declared = {n: values[n] for n in d.problem.declared}
    with np.errstate(all="ignore", over="raise"):  # inf / inf behind sinh(x**3)**2 is no fault of the formula
        try:
            forward = module["forward"](**declared)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None

    def loss(inputs):
        out = module["forward"](**inputs)
        return np.sum(out[d.problem.loss]) if d.problem.loss else sum(np.sum(out[of] * values[symbol]) for symbol, of in given)

    if not all(np.all(np.isfinite(v)) and np.max(np.abs(v), initial=0) < 1e4 for v in forward.values()):
        return None
    return d, module, values, loss


@some(0.4)
@given(SEEDS)
def test_generated_code_against_central_differences(seed):
    made = numbers(seed)
    if made is None:
        return
    d, module, values, loss = made
    with np.errstate(all="ignore"):
        found = module["gradients"](**values)
        rng = np.random.default_rng(seed + 1)
        for name, g in found.items():
            v = rng.normal(size=values[name].shape)
            declared = {n: values[n] for n in d.problem.declared}
            slopes = []
            for h in (1e-5, 3e-6, 1e-6):
                try:
                    up, down = (loss({**declared, name: declared[name] + s * h * v}) for s in (1, -1))
                except np.linalg.LinAlgError:  # so near a singular matrix that NumPy sees none beside it
                    break
                slopes.append((up - down) / (2 * h))
            if len(slopes) < 3:
                continue
            spread = max(abs(a - b) for a, b in pairwise(slopes)) if np.all(np.isfinite(slopes)) else np.inf
            got = np.sum(g * v)
            if spread > 1e-4 * (1 + abs(got)):
                continue  # a kink, or no digits left
            if not np.isfinite(got) and any(c.endswith(" != 0") for c in d.certificate.conditions):
                continue  # norm(relu(x)) where no x is positive: 0/0 in the formula, and said to be none of its points
            assert got == pytest.approx(slopes[1], rel=2e-3, abs=2e-3 + 10 * spread), f"{name} in {d.problem.source}"


@pytest.mark.autodiff
@some(0.3)
@given(SEEDS)
def test_torch_autodiff(seed):
    torch = require_module("torch")
    made = numbers(seed)
    if made is None:
        return
    d, module, values, _ = made
    try:
        forward = module_of(d, "torch")["forward"]
        tensors = {n: torch.tensor(values[n], dtype=torch.float64, requires_grad=True) for n in d.problem.declared}
        out = forward(**tensors)
    except (NotImplementedError, *UNKNOWN):
        return
    given = {s: torch.as_tensor(values[s]) for s, _ in d.program().incoming}
    end = out[d.problem.loss].sum() if d.problem.loss else sum((out[of] * given[s]).sum() for s, of in d.program().incoming)
    if not end.requires_grad:
        return
    end.backward()
    with np.errstate(all="ignore"):
        ours = module["gradients"](**values)
    compared(d, ours, {n: t.grad for n, t in tensors.items()})


@pytest.mark.autodiff
@some(0.01)
@given(SEEDS)
def test_jax_autodiff(seed):
    jax = require_module("jax")
    jax.config.update("jax_enable_x64", val=True)
    made = numbers(seed)
    if made is None:
        return
    d, module, values, _ = made
    try:
        forward = module_of(d, "jax")["forward"]
    except (NotImplementedError, *UNKNOWN):
        return

    def loss(declared):
        out = forward(**declared)
        return out[d.problem.loss].sum() if d.problem.loss else sum((out[of] * values[s]).sum() for s, of in d.program().incoming)

    with jax.disable_jit(), np.errstate(all="ignore"):
        found = jax.grad(loss)({n: jax.numpy.asarray(values[n]) for n in d.problem.declared})
        compared(d, module["gradients"](**values), found)


def compared(d, ours, theirs):
    """Both gradients, where both are numbers: autodiff has nan where a square root's argument is 0."""
    for name, g in ours.items():
        other = np.zeros_like(g) if theirs[name] is None else np.asarray(theirs[name])
        scale = max(1.0, float(np.max(np.abs(g), initial=0)))
        if np.all(np.isfinite(other)) and np.all(np.isfinite(g)):
            np.testing.assert_allclose(g / scale, other / scale, rtol=1e-6, atol=1e-8, err_msg=f"{name} in\n{d.problem.source}")


# ---- layouts ------------------------------------------------------------------------------------------


@some(0.15)
@given(SEEDS)
def test_numerator_is_the_transpose_of_denominator(seed):
    problem, passed, judge = derived(seed)
    for name, v in problem.declared.items() if problem else ():
        turned = passed.drawn(passed.formula(name), "numerator")
        if len(v.shape) != 2:
            assert turned == passed.formula(name)
            continue
        assert turned.shape == v.shape[::-1]
        assert judge.compare(turned, transposed(passed.formula(name))).verdict in {"equal", "undecided"}, problem.source


@some(0.25)
@given(SEEDS)
def test_samples_as_columns_are_the_transposed_problem(seed):
    made = numbers(seed)
    if made is None:
        return
    d, module, values, _ = made
    try:
        turned = d.turned()
        other = module_of(turned, "numpy")
    except ShapecalcError:
        return
    with np.errstate(all="ignore"):
        plain = module["gradients"](**values)
        across = other["gradients"](**{n: upended(v, other_shape(turned, n)) for n, v in values.items()})
    for name, g in plain.items():
        found = across[name].T.reshape(g.shape)
        np.testing.assert_allclose(found, g, rtol=1e-6, atol=1e-8, err_msg=f"{name} in\n{d.problem.source}")


def other_shape(turned, name):
    symbols = {s: turned.problem.definitions[of].shape for s, of in turned.program().incoming}
    return turned.problem.declared[name].shape if name in turned.problem.declared else symbols.get(name, ())


def upended(v, shape):
    """A matrix turned over; a vector as the column or the row that it is in the other problem."""
    if v.ndim == 1 and len(shape) == 2:
        return v.reshape((-1, 1) if shape[1] == 1 else (1, -1))
    return v.T if v.ndim == 2 else v


# ---- text ----------------------------------------------------------------------------------------------


@some(1.6)
@given(SEEDS)
def test_what_is_printed_reads_back(seed):
    problem, passed, _ = derived(seed)
    for name in problem.declared if problem else ():
        e = passed.formula(name)
        printed = text(e)
        names = names_of(problem, passed)
        again = build_text(printed, names, problem.sizes)
        assert again.shape == e.shape
        assert bare(text(again)) == bare(printed)  # whether parentheses matter is the next property's
        assert bare(text(build_text(text(again), names, problem.sizes))) == bare(text(again))


def bare(printed):
    """A text without its parentheses, and without a factor 1 that was left over."""
    return re.sub(r"[()]|\*1(?= )", "", printed)


@some(0.2)
@given(SEEDS)
def test_what_is_printed_reads_back_to_the_same_value(seed):
    problem, passed, judge = derived(seed, most=3)
    for name in problem.declared if problem else ():
        again = build_text(text(passed.formula(name)), names_of(problem, passed), problem.sizes)
        assert judge.compare(again, passed.formula(name)).verdict in {"equal", "undecided"}, problem.source


@some(0.3)
@given(SEEDS)
def test_latex_reads_back_to_the_same_value_or_not_at_all(seed):
    problem, passed, judge = derived(seed, most=3)
    for name in problem.declared if problem else ():
        e = passed.formula(name)
        found = by_latex(problem, passed, e)
        if found is None:
            continue
        said = f"{drawn(boxes(e, Style()), 'latex')} was read as {text(found)} in\n{problem.source}"
        assert wide(found.shape) == wide(e.shape), said
        # a column, a row and a vector look alike
        again = found if found.shape == e.shape else apply("reshape", found, shape=e.shape)
        assert judge.compare(again, e).verdict in {"equal", "undecided"}, said


def by_latex(problem, passed, e):
    """What a formula is read as from its LaTeX; None where that is refused, or has names that the program has not."""
    given = [line for line in problem.source.splitlines() if "=" not in line]  # a definition would make gradients of the names of gradients
    given += [f"{n}: {show(v.shape)}" for n, v in problem.definitions.items() if n != "loss"]
    tex = drawn(boxes(e, Style()), "latex")
    if any(n in tex for n in (r"\partial", "einsum")):
        return None
    try:
        found = read(read_latex(f"Z = {tex}", "\n".join([symbols(passed), *given])).source).definitions.get("Z")
    except ShapecalcError:
        return None
    return found if found is not None and set(variables(found)) <= set(names_of(problem, passed)) else None


def wide(shape):
    """The axes that are not the number 1."""
    return tuple(d for d in shape if d != 1)


def test_latex_is_read_often_enough_to_be_a_property():
    """One letter is the name of what is read: a longer one was a product of undeclared letters, and nothing was ever compared."""
    made = [(problem, passed) for problem, passed, _ in map(derived, range(60)) if problem]
    formulas = [(problem, passed, e) for problem, passed in made for e in map(passed.formula, problem.declared) if variables(e)]
    assert sum(by_latex(*f) is not None for f in formulas) > len(formulas) / 4


def symbols(passed):
    return "\n".join(f"{f.symbol.name}: ({', '.join(map(str, f.symbol.shape))},)" for f in passed.flows.values() if f.symbol.shape)


# ---- what must not matter ----------------------------------------------------------------------------------


@some(0.25)
@given(SEEDS)
def test_tidying_keeps_the_value_whatever_the_order(seed):
    problem, passed, judge = derived(seed, most=2)
    for name in problem.declared if problem else ():
        e = passed.formula(name)
        places = fresh(e.shape)
        terms = terms_of(e, places)
        Random(seed).shuffle(terms)
        again, _ = best_formula(terms, places, passed.context)
        assert again.shape == e.shape
        assert judge.compare(again, e).verdict in {"equal", "undecided"}, f"{text(e)} became {text(again)} in\n{problem.source}"


@some(1.4)
@given(SEEDS)
def test_renaming_changes_nothing_else(seed):
    source = program(seed)
    try:
        a, b = backward(read(source)), backward(read(renamed(source)))
    except UNKNOWN:
        return
    for name in a.problem.declared:
        assert renamed(text(a.formula(name))) == text(b.formula(renamed(name)))


def renamed(written):
    """Other names, as long and in the same order of the alphabet; what stands in quotes are the indices of an einsum."""
    parts = written.split("'")
    parts[::2] = [re.sub(r"\b(d?)([nmkA-Z])\b(?!=-?\d)", lambda m: m[1] + OTHER.get(m[2], m[2]), part) for part in parts[::2]]
    return "'".join(parts)


OTHER = dict(zip("kmnABCDEFGHPQRUVWXY", "pqrBCDEFGHJQRSUVWYZ", strict=True))


@some(0.3)
@given(SEEDS, SEEDS)
def test_the_derivative_of_a_sum_is_the_sum_of_the_derivatives(one, other):
    rng = Random(one)
    maker = Operations(rng, rng.choice((1, 2, 3)))
    f, g = maker.formula((), 2), maker.formula((), rng.randint(1, 2))
    declared = "\n".join(f"{n}: ({', '.join(map(str, s))}{',' * (len(s) == 1)})" for n, s in maker.declared.items())
    try:
        both, first, second = (backward(read(f"{declared}\nL = {e}")) for e in (f"{f} + {g}", f, g))
        judge = Judge(both.problem, both, other)
        for name in maker.declared:
            parts = add(first.expanded(name), second.expanded(name))
            parts = parts if not {"L", "dL"} & set(variables(parts)) else None
            if parts is not None:
                assert judge.compare(both.expanded(name), parts).verdict in {"equal", "undecided"}, f"{name} in\n{both.problem.source}"
    except UNKNOWN:
        return


# ---- claims --------------------------------------------------------------------------------------------------


@some(0.1)
@given(SEEDS)
def test_the_derived_formula_is_right_and_a_mutation_that_changes_its_value_is_not(seed):
    problem, passed, judge = derived(seed, most=2)
    if problem is None:
        return
    rng = Random(seed)
    name = rng.choice(list(problem.declared))
    if name not in passed.flows:
        return  # a claim about it is one about a gradient that comes in at another end
    e = passed.formula(name)
    zero = judge.compare(e, apply("zeros", shape=e.shape)).verdict == "equal"
    spoilt = [f"2*({text(e)})", f"-({text(e)})"] if not zero else []
    spoilt += [f"{text(e)} + 1/7", f"({text(e)}) + relu({name} - 3)", f"({text(e)}) * ({name} < 30) + 97*({name} >= 30)"]
    wrong = rng.choice(spoilt)
    try:
        right, other = shapecalc.check(f"{problem.source}\nd{name} = {text(e)}\nd{name} = {wrong}").claims
    except UNKNOWN:
        return
    assert right.verdict in {"right", "undecided"}, f"d{name} = {text(e)} in\n{problem.source}"
    seen = other.certificate.conditions if other.verdict == "right" else ()
    assert other.verdict in {"wrong", "undecided"} or any(TRIED in c for c in seen), f"d{name} = {wrong} in\n{problem.source}"


def test_the_instrument_makes_what_it_says():
    """Four axes, shared definitions, broadcasting, a loss and none, and most operations of the rule book within a few hundred programs."""
    problems = [read(program(k)) for k in range(500)]
    used = {n.name for p in problems for e in p.definitions.values() for n in nodes(e) if hasattr(n, "op")}
    assert {op.name for op in OPERATIONS} <= used | {"squeeze", "windows", "overlap_add"}
    assert max(len(v.shape) for p in problems for v in p.declared.values()) >= 4
    assert {p.loss is None for p in problems} == {True, False}
    assert any(sum(n in variables(e) for e in p.definitions.values()) > 1 for p in problems for n in p.definitions)


# ---- what long runs have found ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["numpy", "torch"])
def test_a_minus_before_a_comparison_is_one_of_numbers(target):
    if target == "torch":
        require_module("torch")
    made = module_of(shapecalc.derive("x, b, c: (n,); y = -(x > b) * c + x; L = sum(y**2)"), target)
    found = made["gradients"](x=np.array([1.0, 2.0]), b=np.array([0.0, 3.0]), c=np.array([5.0, 7.0]))
    np.testing.assert_allclose(np.asarray(found["c"]), [8.0, 0.0])


def test_clip_with_its_bounds_the_wrong_way_round():
    assert shapecalc.derive("x, a, b: (n,); y = clip(x, a, b)").certificate.points >= 1


def test_a_square_product_with_more_axes_is_asked_whether_it_is_symmetric():
    d = shapecalc.derive("B: (n, n, m); c: (m,); e: (n,); h = B @ c; y = h @ e")
    assert [d[name].formula for name in "Be"] == ["einsum('ij,k->ijk', dh, c)", "h.T @ dy"]


def test_a_row_beside_more_than_a_matrix_is_no_column():
    """D @ c[0] was drawn as D cᵀ, which has an axis more."""
    d = shapecalc.derive("c: (1, m); D: (n, k, m); E: (n, k); y = E * (D @ c[0])")
    assert d["E"].latex.endswith(r"\odot (D c_{\text{[0, :]}})")


CROSSED = {
    "z = R - P": r"R \mathbf{1}^{\top} - \mathbf{1} P^{\top}",
    "z = R + s": r"R \mathbf{1}^{\top} + \mathbf{1} s",
    "z = R * P": r"R P^{\top}",
    "z = Q * R * P": r"Q \odot (R P^{\top})",
    "z = R * P / Q": r"(R P^{\top}) \oslash Q",
    "z = R * v[:, None] * P": r"(R \odot v) P^{\top}",
    "z = P / R": r"(\mathbf{1} \oslash R) P^{\top}",
    "z = s * R": "R s",
    "z = s * P / R": r"(\mathbf{1} \oslash R) (s \odot P^{\top})",
    "z = Q * P": r"Q \odot P",
    "z = Q * R": r"Q \odot R",
    "z = R * R": r"R \odot R",
}


@pytest.mark.parametrize("line", CROSSED)
def test_a_column_and_a_row_make_a_matrix_on_paper(line):
    """NumPy makes an (m, n) of (m, 1) and (n,); R * P was drawn as an entrywise product of two vectors."""
    problem = read(f"P: (n,); v: (m,); R: (m, 1); s: (1, n); Q: (m, n)\n{line}\nL = sum(z**2)")
    assert drawn(boxes(problem.definitions["z"], Style()), "latex") == CROSSED[line]


def test_a_column_beside_more_than_a_matrix_says_so():
    """Drawn as v, it would lie along the last axis."""
    problem = read(
        "v: (k,); T: (n, k, m); A: (k, m)\nz = T * v[:, None]\ny = T + v[:, None]\nx = T * sum(A, axis=1, keepdims=True)\nL = sum(z*y*x)"
    )
    found = [drawn(boxes(problem.definitions[name], Style()), "latex") for name in "zyx"]
    assert found == [r"T \odot v_{\text{[:, None]}}", r"T + v_{\text{[:, None]}}", r"T \odot (A \mathbf{1})_{\text{[:, None]}}"]


def test_a_matrix_before_a_product_with_more_axes_keeps_its_parentheses():
    """diag(d) @ (H @ g) is d_a H_abs g_s; read from the left, diag(d) @ H would be d_b H_abs."""
    d = shapecalc.derive("H: (k, k, m); g: (m,); P: (k, k); y = sum((H @ g) * P, axis=1)")
    again = build_text(d["P"].formula, names_of(d.problem, d.backward_pass), d.problem.sizes)
    assert d.judge.compare(again, d["P"].expression).verdict == "equal"
    a, b = read("H: (k, k, m); g: (m,); d: (k,); y = diag(d) @ (H @ g); z = diag(d) @ H @ g").definitions.values()
    assert text(a) == "diag(d) @ (H @ g)"
    assert text(b) == "diag(d) @ H @ g"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = P @ (F @ e @ G)", "P @ (F @ e @ G)"),  # P @ F would be P_ab F_cbs
        ("y = (F @ e).T @ ((F @ e) @ G)", "(F @ e).T @ (F @ e @ G)"),
        ("y = (P @ G) @ (e @ F)", "P @ G @ (e @ F)"),
        ("y = P @ (G @ P)", "P @ G @ P"),
    ],
)
def test_a_matrix_that_more_axes_and_a_vector_make_is_one_factor(source, expected):
    """Such products were printed as if they could be read from the left, as those of matrices can."""
    problem = read(f"F: (k, k, k); e: (k,); G, P: (k, k); {source}")
    (e,) = problem.definitions.values()
    assert text(e) == expected
    judge = Judge(problem, backward(problem), 0)
    assert judge.compare(build_text(expected, problem.variables(), problem.sizes), e).verdict == "equal"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(x[:1])", "x_1"),
        ("sum(x[1:])", r"\sum_{i = 1}^{n - 1} x_{i + 1}"),
        ("sum(x * z[:n])", r"\sum_{i = 1}^n x_i z_i"),
        ("sum(X[:1])", r"\sum_j x_{1j}"),
        ("sum(X[1:2] * X)", r"\sum_{i, j} x_{2j} x_{ij}"),
        ("sum(X[1:]) * t", r"t \sum_{i = 1}^{n - 1} \sum_{j = 1}^n x_{i + 1, j}"),
        ("sum(X)", r"\sum_{i, j} x_{ij}"),
    ],
)
def test_a_sum_of_a_part_says_from_where_to_where(formula, expected):
    """It was written as if it went over everything."""
    e = read(f"x: (n,); z: (n+1,); X: (n, n); t: (); y = {formula}").definitions["y"]
    assert drawn(boxes(e, Style()), "latex") == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"X \odot B X", "X * (B @ X)"),
        (r"x \odot B x", "x * (B @ x)"),
        (r"A B \odot C", "A @ B * C"),
        (r"A \odot B C", None),
        (r"A \oslash B", "A / B"),
        (r"A \oslash B \odot C", "A / B * C"),
        (r"x \oslash x^{\odot 2}", "x / x**2"),
        (r"A \oslash B C", None),
        (r"\mathbf{1}^\top \odot d", None),
        (r"(t^{\odot x})^\top x", "t**x @ x"),
        (r"t^{\odot \mathbf{1}^\top A}", "t**(ones(n) @ A)"),
        (r"\sum_{i,j} a_{ij}^{-1}", None),
        (r"\sum_{i,j} A^{-1}_{ij}", "sum(inv(A))"),
        (r"\mathbf{1} \odot d", "ones(n, 1) * d"),
    ],
)
def test_what_is_entry_by_entry_in_latex(tex, expected):
    """⊙ is written between products; where its end cannot be seen, or the size of a 1, nothing is guessed."""
    reading = read_latex(f"Z = {tex}", "A, B, C: (n, n)\nX: (n, m)\nx: (n,)\nd: (n, 1)\nt: ()")
    assert bool(reading.problems) == (expected is None)
    assert expected is None or f"Z = {expected}" in reading.source


@pytest.mark.parametrize("name", ["inner", "vdot"])
def test_inner_and_vdot_are_those_of_numpy(name):
    """inner(A, B) of three axes and more was a number, and so was read back what vdot(A, B) was printed as."""
    rng = np.random.default_rng(0)
    values = {"s": rng.normal(), "v": rng.normal(size=3), "A": rng.normal(size=(2, 3)), "F": rng.normal(size=(4, 2, 3))}
    declared = "s: (); v: (c,); A: (b, c); F: (d, b, c)"
    tried = 0
    for a, b in product(values, repeat=2):
        try:
            d = shapecalc.derive(f"{declared}; y = {name}({a}, {b})")
            expected = getattr(np, name)(values[a], values[b])
        except (ShapecalcError, ValueError):
            continue
        found = module_of(d, "numpy")["forward"](**{n: values[n] for n in d.problem.declared})["y"]
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected)
        e = d.problem.definitions["y"]
        assert build_text(text(e), d.problem.variables(), d.problem.sizes) == e
        tried += 1
    assert tried == (16 if name == "inner" else 4)
