"""What NumPy and torch are taken to mean is what they do: each line is run by the library itself, and the values compared."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import require_module
from test_refused import GIVEN, READ

from shapecalc.errors import ShapecalcError
from shapecalc.language.sheet import read
from shapecalc.results import Derivation
from shapecalc.shapes import value
from shapecalc.verify.judge import Judge

LINES = (Path(__file__).parent / "cases/spellings.txt").read_text().splitlines()


@pytest.mark.autodiff
@pytest.mark.parametrize("line", LINES)
def test_a_spelling_means_what_the_library_does(line):
    torch = require_module("torch")
    problem = read(line)
    sizes = dict(zip(problem.sizes, [3, 4, 2, 5, 6], strict=False))
    rng = np.random.default_rng(1)
    values = {n: rng.uniform(0.2, 0.9, tuple(value(d, sizes) for d in v.shape)) for n, v in problem.declared.items()}
    for name, a in values.items():
        if a.ndim == 2 and a.shape[0] == a.shape[1]:
            values[name] = a @ a.T + np.eye(len(a))
    space = {}
    exec(Derivation(problem, list(problem.declared), "denominator", False).code("numpy"), space)  # noqa: S102 - it is ours
    found = np.asarray(space["forward"](**values, **sizes)[problem.last])
    formula = line.rsplit(";", 1)[1].split("=", 1)[1].strip()
    expected = np.asarray(by_library(formula, values, sizes, torch))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def by_library(formula, values, sizes, torch):
    """The value by NumPy, or by torch where the line is torch's."""
    names = {"np": np, "torch": torch, "F": torch.nn.functional, "scipy": require_module("scipy"), **sizes}
    try:
        return eval(formula, {**names, **values})
    except (AttributeError, TypeError, ValueError, IndexError):
        return eval(formula, {**names, **{n: torch.tensor(a) for n, a in values.items()}})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("X: (m, n); y = X.transpose(0, 1)", "X.transpose(0, 1) can be read in two ways: NumPy leaves a matrix as it is, torch turns it"),
        ("z: (n,); y = max(z, 0)", "max(z, 0) can be read in two ways"),
        ("p, q: (n,); L = sum(kl_div(p, q))", "kl_div can be read in two ways"),
        ("X: (m, n); y = F.layer_norm(X, (m,))", "layer_norm: (m,) are not the last axes of (m, n)"),
        ("X: (m, n); y = F.batch_norm(X, None, None)", "batch_norm is read with training=True"),
        ("A: (n, n); b: (n,); y = cho_solve(A, b)", "the factor of cho_solve is read as (L, True), or as cho_factor(A)"),
        ("A: (n, n); y = cho_factor(A)", "cho_factor gives a factor with the other triangle left as it was"),
        ("A: (n, n); b: (n,); y = solve_triangular(A, b, unit_diagonal=True)", "a diagonal that is taken to be 1 is not read"),
        ("z: (n,); y = z.astype(int)", "a whole number has its decimals cut off: nothing flows back through that"),
        ("X: (m, n); y = rearrange(X, 'a b -> a')", "rearrange has the same axes on both sides"),
        ("X: (m, n); y = rearrange(X, 'a b c -> (a b) c')", "a b c does not name the axes of (m, n)"),
        ("X: (4, n); y = rearrange(X, '(a b) c -> a b c')", "(a b) does not divide 4"),
        ("X: (4, n); y = rearrange(X, '(a b) c -> a b c', a=3)", "(a b) does not divide 4"),
        ("x: (n,); y = repeat(x, 'd -> s d')", "the size of s is not told"),
        ("X: (m, n); y = einsum('...abc->...', X)", "...abc does not name the axes of (m, n)"),
        ("X: (m, n); y = tensordot(X, X, axes=3)", "there is no axis"),
        ("X: (m, n); y = transpose(pi, axis=0)", "there is no axis 0"),
        ("X: (m, n); y = X.size(2)", "X is (m, n): there is no such axis"),
    ],
)
def test_what_is_not_read_is_said(line, said):
    with pytest.raises(ShapecalcError) as caught:
        read(line)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("X: (b, t, d); y = rearrange(X, 'b t d -> (b t) d')", "reshape(X, (b*t, d))"),
        ("X: (b, t, d); y = einops.rearrange(X, 'b t d -> d (b t)')", "reshape(transpose(X, (2, 0, 1)), (d, b*t))"),
        ("X: (t, 2*d); y = rearrange(X, 't (h d) -> h t d', h=2)", "transpose(reshape(X, (t, 2, d)), (1, 0, 2))"),
        ("X: (m, n); y = reduce(X, 'm n -> n', 'sum')", "sum(X, axis=0)"),
        ("X: (m, n); y = reduce(X, 'm n -> 1 n', 'mean')", "mean(X, axis=0)[None, :]"),
        ("X: (2*m, n); y = reduce(X, '(m k) n -> m n', 'max', k=2)", "max(reshape(X, (m, 2, n)), axis=1)"),
        ("x: (n,); m: (4,); y = einops.repeat(x, 'n -> m n', m=4)", "broadcast_to(x, (4, n))"),
        ("x: (n,); y = einops.repeat(x, 'n -> (n r)', r=2)", "np.repeat(x, 2)"),
        ("A: (i, j); B: (j, k); y = einops.einsum(A, B, 'row mid, mid col -> row col')", "A @ B"),
        ("A: (i, j); B: (k, j); y = tf.matmul(A, B, transpose_b=True)", "A @ B.T"),
        ("A: (i, j); y = tf.reduce_sum(A, axis=0)", "sum(A, axis=0)"),
        ("z: (n,); y = max(0, z)", "maximum(0, z)"),
        ("z: (n,); y = z * 1[z > 0]", "z * (z > 0)"),
    ],
)
def test_a_spelling_means_the_same_as_the_plain_one(line, plain):
    problem = read(line)
    again = read(line.rsplit("; y = ", 1)[0] + "; y = " + plain)
    assert Judge(problem).compare(problem.definitions["y"], again.definitions["y"]).verdict == "equal"


# ---- nothing that is written behind a call is passed over


def calls(line):
    """The name and the last place of every call behind the first =."""
    for found in re.finditer(r"\)", line):
        place = found.start()
        depth, start = 0, place
        for start in range(place, -1, -1):
            depth += (line[start] == ")") - (line[start] == "(")
            if depth == 0:
                break
        name = re.search(r"[\w.]*$", line[:start])[0]
        if name and "=" in line[:start]:
            yield name, place, "" if line[place - 1] == "(" else ", "


MANY = {"tile", "repeat"}  # torch's x.tile(2, 3) has as many numbers as are wanted


@pytest.mark.parametrize("line", [*LINES, *(f"{GIVEN}Z = {formula}" for formula in READ)])
def test_what_is_written_behind_the_arguments_of_a_call_is_refused(line):
    """An option that no library has, and numbers without end: whatever they are, the formula without them is another one."""
    for name, place, comma in calls(line):
        for more in ("nonsense=7", *(["7, 7, 7, 7, 7, 7, 7"] if name.rpartition(".")[2] not in MANY else [])):
            with pytest.raises(ShapecalcError):
                read(f"{line[:place]}{comma}{more}{line[place:]}")
