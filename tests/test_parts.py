"""How a term is written once its formula is found: what is short, what is awkward, means, chains of products, entrywise products."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shapecalc.calculus.parts import (
    Part,
    as_mean,
    burden,
    chain,
    entrywise,
    length,
    lighter,
    multiplied,
    names_in,
    shorter,
    unchained,
    written,
)
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.notation import text

PROBLEM = read("x, y, a, b, c, d, ab, abc, abcd, efg: (n,); A, B, C: (n, n); X: (n, m); s: (); T: (n, m, k); z: (k,); u: (n, 1)")


def built(formula):
    return build_text(formula, PROBLEM.variables(), PROBLEM.sizes)


@pytest.mark.parametrize(
    ("formula", "characters", "names", "awkward"),
    [
        ("A @ B + A", 5, 3, 0), ("x + 2", 3, 1, 0), ("-x", 2, 1, 0), ("x[:, None]", 9, 1, 20), ("u[:, 0]", 6, 1, 20), ("diag(x)", 7, 1, 6),
        ("einsum('ij,jk->', A, B)", 21, 2, 10), ("diag(x) @ x[:, None]", 17, 2, 26), ("exp(diag(x) + diag(y))", 20, 2, 12),
    ],
)  # fmt: skip
def test_what_there_is_to_read(formula, characters, names, awkward):
    e = built(formula)
    assert (length(e), names_in(e), burden(e)) == (characters, names, characters + awkward)


@pytest.mark.parametrize(
    ("other", "best", "is_shorter", "is_lighter"),
    [
        ("abc + ab + a", "a + b + c + d + x - 1", True, False),  # a quarter fewer names, and no longer
        ("abc + ab + a", "a + b + c + d", False, False),         # longer
        ("a + b + c + d", "ab + ab + a + b", False, False),      # as many names, 7 of 9 characters
        ("a + b + c", "abcd + b + c", True, True),               # 5 of 8 characters: less than two thirds, which is 5.3
        ("a + b", "abc + d", True, True),                        # 3 of 5
        ("ab + a", "abcd + b", True, True),                      # 4 of 6: exactly two thirds
        ("ab + a", "abc + b", False, False),                     # 4 of 5
        ("a + b + c + d", "abcd + efg", False, False),           # more names
        ("a + b + c", "abcd + efg + abc - 1", True, True),       # as many names
        ("ab + abc", "abcd + efg", True, False),                 # 6 of 8: exactly three quarters
        ("abc + abc", "abcd + efg", False, False),               # 7 of 8
        ("a + b", "a[:, None]", False, True),                    # two names for one; 3 against 9 and 20 for the axis
        ("a[:, None]", "diag(a) + diag(b) + diag(c)", True, False),
    ],
)  # fmt: skip
def test_when_a_formula_is_worth_another_form(other, best, is_shorter, is_lighter):
    assert shorter(built(other), built(best)) == is_shorter
    assert lighter(built(other), built(best)) == is_lighter


@pytest.mark.parametrize(
    ("number", "scalars", "core", "text_"),
    [
        ("0.134145", {}, "x", "0.134145*x"), ("-0.134145", {}, "x", "-0.134145*x"), ("12.34567", {}, "x", "12.34567*x"),
        ("1/2", {}, "x", "x/2"), ("-3/2", {"s": -1}, "x", "-3*x / (2*s)"), ("1", {"s": 2, "n": -1}, "x", "s**2 * x/n"),
        ("-1", {}, "1", "-1"), ("2/3", {"s": 1}, "1", "2*s/3"), ("1", {"s": -2}, "1 / x", "1 / (s**2 * x)"),
        ("3", {}, "x / y", "3*x / y"), ("1", {"n": -1}, "s * (x / y)", "s*x / (n*y)"), ("1/4", {}, "-(x / y)", "-x / (4*y)"),
        ("0.25", {}, "1", "1/4"), ("0.134145", {}, "1", "0.134145"),
    ],
)  # fmt: skip
def test_a_term_as_it_is_written(number, scalars, core, text_):
    part = Part(Fraction(number), tuple((built(n), Fraction(k)) for n, k in scalars.items()), built(core))
    assert text(written(part)) == text_


@pytest.mark.parametrize(
    ("quotient", "written"),
    [
        ("sum(X, axis=0) / n", "mean(X, axis=0)"), ("sum(X, axis=1) / m", "mean(X, axis=1)"), ("sum(X) / (n*m)", "mean(X)"),
        ("sum(X) / n", "sum(X)/n"), ("2*sum(X, axis=0) / n", "2*mean(X, axis=0)"), ("-sum(X, axis=0) / n", "-mean(X, axis=0)"),
        ("sum(X, axis=0, keepdims=True) / n", "mean(X, axis=0, keepdims=True)"), ("sum(X, axis=(0, 1)) / (m*n)", "mean(X)"),
        ("sum(T, axis=(0, 2)) / (k*n)", "mean(T, axis=(0, 2))"), ("sum(x) / n", "mean(x)"), ("sum(X) / s", "sum(X)/s"),
        ("s*sum(X) / (n*m)", "s*sum(X) / (n*m)"), ("exp(X) / n", "exp(X)/n"), ("sum(X, axis=0) / (n*s)", "sum(X, axis=0) / (n*s)"),
        ("sum(X, axis=0) / (n/2)", "sum(X, axis=0) / (n/2)"), ("sum(X, axis=0) / (2*n)", "sum(X, axis=0) / (2*n)"),
    ],
)  # fmt: skip
def test_a_sum_over_its_count_is_a_mean(quotient, written):
    assert text(as_mean(built(quotient))) == written


@pytest.mark.parametrize(
    ("product", "factors"),
    [
        ("A @ B @ C", "A B C"), ("A @ (B @ C)", "A B C"), ("x @ A @ B", "x A B"), ("A @ B @ x", "A B x"), ("A @ (B @ x)", "A B x"),
        ("x @ y", "x y"), ("A", "A"), ("A * B", "A*B"), ("(A @ x) @ (B @ y)", "AxBy"), ("(x @ A) @ (y @ B)", "x A yB"), ("T @ z", "Tz"),
    ],
)  # fmt: skip
def test_the_factors_of_a_chain(product, factors):
    found = chain(built(product))
    assert text(unchained(found)).replace("(", "").replace(")", "") == text(built(product)).replace("(", "").replace(")", "")
    assert len(found) == len(factors.split())


@pytest.mark.parametrize(
    ("product", "up", "down"),
    [
        ("A * B / C", "A B", "C"), ("A / (B * C)", "A", "B C"), ("A**2 * B", "A A B", ""), ("A**3 / B**2", "A A A", "B B"),
        ("A / (B / C)", "A C", "B"), ("A**4", "A**4", ""), ("A**-1", "A**(-1)", ""), ("2 * A", "2 A", ""), ("1 / A", "", "A"),
    ],
)  # fmt: skip
def test_the_factors_of_an_entrywise_product(product, up, down):
    above, below = entrywise(built(product))
    assert ([text(f) for f in above], [text(f) for f in below]) == (up.split(), down.split())
    again = entrywise(multiplied(above, below))
    assert (sorted(map(text, again[0])), sorted(map(text, again[1]))) == (sorted(up.split()), sorted(down.split()))
