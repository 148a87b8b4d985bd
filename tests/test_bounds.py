"""What the judge draws, and how sure that makes it: values within their style and with their properties, degrees to the letter."""

from __future__ import annotations

import pkgutil
import re
from dataclasses import is_dataclass
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from itertools import combinations, pairwise
from pathlib import Path
from random import Random

import pytest

from shapecalc import derive, hessian, jacobian
from shapecalc.calculus.entries import entries
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.layouts import product_with_ones
from shapecalc.errors import TooLarge
from shapecalc.evaluate import Frame
from shapecalc.expr import Var
from shapecalc.forms import apply
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.ops import undefined
from shapecalc.rings import Modular, Real, Table, Unlucky
from shapecalc.shapes import add, broadcast, canonical, divide, is_empty, multiply, names, negative, polynomial, show, strip, total, value
from shapecalc.tensor import Tensor
from shapecalc.verify import Disproved, Judge, borders, certainty, comparison, patchwork, rounding, sizes, trials, witness
from shapecalc.verify import gaps as slopes
from shapecalc.verify.arrangement import arranged, arrangement
from shapecalc.verify.certainty import Certainty
from shapecalc.verify.degrees import Powers, added, bits, degree, derivative, multiplied, power, repeated, zero_test
from shapecalc.verify.points import (
    PLAIN,
    STYLES,
    Sampler,
    deep,
    degrees_of,
    distinct,
    is_structured,
    needy,
    structured,
)
from shapecalc.verify.sizes import axes_of as sizes_in
from shapecalc.verify.sizes import draw_sizes
from shapecalc.verify.trials import Trials
from shapecalc.verify.undecided import Undecided

# ---- degrees -----------------------------------------------------------------------------------------

BOUNDS = [  # of numerator and denominator; X (4, 3), W (3, 5), A (3, 3), b (5,), s ()
    ('X @ W', (2, 0)),
    ('X @ W + b', (2, 0)),
    ('(X @ W)**3', (6, 0)),
    ('s / b', (1, 1)),
    ('sum(s / b)', (5, 5)),
    ('mean(s / b)', (5, 5)),
    ('1 / (1 + s)', (0, 1)),
    ('(1 + s)**-2', (0, 2)),
    ('s / (1 + s**2) + b', (3, 2)),
    ('s / (1 + s) - 1 / s', (2, 2)),
    ('det(A)', (3, 0)),
    ('inv(A)', (2, 3)),
    ('inv(A / s)', (20, 21)),
    ('det(A / s)', (12, 9)),
    ('matpow(A, 3)', (3, 0)),
    ('matpow(A, 0)', (0, 0)),
    ('matpow(A, -2)', (16, 18)),
    ('matpow(A / s, 2)', (6, 6)),
    ('relu(X @ W)', (3, 0)),
    ('relu(s / b)', (2, 1)),
    ('abs(b)', (2, 0)),
    ('maximum(b, s)', (2, 0)),
    ('minimum(b, s**2)', (3, 0)),
    ('where(b > 0, b, s)', (2, 0)),
    ('where(b > 0, b / s, 2)', (2, 1)),
    ('clip(b, 0, s)', (3, 0)),
    ('X > 0', (1, 0)),
    ('sign(b / s)', (1, 0)),
    ('tril(A)', (1, 0)),
    ('triu(A / s)', (1, 1)),
    ('A[1:]', (1, 0)),
    ('flip(b / s, axis=0)', (1, 1)),
    ('concatenate((b, 1 / b), axis=0)', (1, 1)),
    ('cumsum(b)', (1, 0)),
    ('cumsum(b / s, axis=0)', (5, 5)),
    ('cumsum(1 / b, axis=0)', (4, 5)),
    ('zeros(S, D)', (0, 0)),
    ('ones(S, D)', (0, 0)),
    ('eye(n)', (0, 0)),
    ('2', (0, 0)),
    ('S', (0, 0)),
    ('mse(b, b)', (2, 0)),
    ('mse(b / s, b)', (12, 10)),
    ('var(b)', (2, 0)),
    ('tr(A / s)', (3, 3)),
    ('kron(A, X)', (2, 0)),
    ('outer(b, 1 / b)', (1, 1)),
    ('b / s**2', (1, 2)),
    ('X.T / S', (1, 0)),
    ("einsum('ij,jk->ik', A, A) / s", (2, 1)),
    ('solve(A, A[0])', (9, 9)),
    ('windows(b, 2)', (1, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "bound"), BOUNDS)
def test_the_bound_of_a_degree(formula, bound):
    """By hand: a product adds both, a sum is over the product of all denominators, an inverse is the adjugate over the determinant."""
    problem = read(f"X: (S, D)\nW: (D, M)\nA: (n, n)\nb: (M,)\ns: ()\nout = {formula}")
    sizes = ({"S": 4, "D": 3, "M": 5, "n": 3}, {"S": 2, "D": 3, "M": 2, "n": 2})  # the largest counts
    assert degree(problem.definitions["out"], dict.fromkeys(problem.declared, (1, 0)), sizes) == bound


def test_the_arithmetic_of_bounds():
    assert added([(3, 1), (2, 2)]) == (5, 3)
    assert multiplied([(3, 1), (2, 2)]) == (5, 3)
    assert repeated((2, 0), 7) == (2, 0)
    assert repeated((2, 1), 3) == (4, 3)
    assert (power((2, 1), 3), power((2, 1), -3), power((2, 1), 0)) == ((6, 3), (3, 6), (0, 0))
    assert zero_test((5, 1), (2, 3)) == (8, 4)
    assert zero_test((1, 3), (4, 1)) == (7, 4)
    assert derivative((3, 0)) == (2, 0)
    assert derivative((0, 0)) == (0, 0)
    assert derivative((3, 2)) == (5, 4)
    assert bits((3, 5), 101) == 5  # 96 / 3
    assert bits((3, 98), 101) == 0
    assert bits((1, 0), 128) == 7
    assert bits((2, 0), 128) == 6


def test_the_bound_of_exp_and_log():
    """A value of exp is a product of drawn numbers over others; one of log is such a number, or what exp was taken of."""
    powers = Powers(up=3, down=2)
    assert powers.exp((4, 1)) == (3, 2)
    assert powers.log((5, 2)) == (4, 1)
    assert powers.exp((1, 0)) == (3 * 5 + 2 * 2, 3 * 2 + 2 * 5)
    assert powers.widest == (5, 2)
    assert Powers().log((0, 3)) == (1, 0)
    powers = Powers()
    assert (powers.exp((0, 0)), powers.widest) == ((1, 0), (0, 0))
    powers.log((2, 7))
    powers.exp((3, 4))
    assert powers.widest == (3, 7)


def test_the_chance_that_residues_met_by_chance_is_part_of_the_bound():
    tables = [Table(tests=5, up=2, values={1: 1, 2: 2}), Table(tests=4, down=3, values={1: 1, 2: 2, 3: 3, 4: 4})]
    found = Certainty(read("x: (n,); L = x @ x"), None, ({"n": 3},), 1 << 20, None, lambda: tables)
    found.powers.exps, found.powers.logs = (2, 1), (0, 3)
    assert (found.powers.up, found.powers.down) == (2, 3)
    assert found._bits((10, 3)) == bits((10 + 5 * 3 * (2 + 2 * 3), 3 + 3 * 3), 1 << 20) == 12
    assert found._moved((3, 2)) == (5 + 4 * 2 * (2 + 3), 4 + 4 * 2 * (2 + 3))
    plain = Certainty(read("x: (n,); L = x @ x"), None, ({"n": 3},), 1 << 20)
    assert plain.end == (2, 0)
    assert plain._moved((3, 2)) == (5, 4)
    assert plain.slopes([build_text("2*x", {"x": Var("x", ("n",))}, ())]) == bits((2, 0), 1 << 20) == 19
    plain.powers.exps = (2, 1)  # without tables nothing was compared
    assert plain._moved((3, 2)) == (5, 4)
    assert plain._bits((10, 3)) == bits((10, 3 + 3 * 1), 1 << 20)
    incoming = Certainty(read("x: (n,); y: (n,); z = x / y"), None, ({"n": 3}, {"n": 2}), 1 << 20)
    assert incoming.end == (3 + 2 * 1, 3 * 1)  # three addends dz * z, and z, (2, 1), is moved by a number of its own
    assert incoming.equality(*[build_text(f, {v: Var(v, ("n",)) for v in "xy"}, ()) for f in ("x * y", "x / y")]) == bits((3, 1), 1 << 20)


def test_points_are_drawn_until_there_is_a_value_and_no_longer(monkeypatch):
    made = trials_of("x: (n,); y: (m,); L = sum(x) * sum(y)")
    made.of("exact")
    tried = []

    def unlucky(self, mode, style, sizes):
        tried.append((style, sizes))
        raise Unlucky("nowhere")

    monkeypatch.setattr(Trials, "_once", unlucky)
    for mode, named, count, styles in (
        ("exact", {}, 48, 1), ("real", {}, 168, 7), ("real", {"equal": True}, 24, 1), ("real", {"styles": STYLES[1:3]}, 48, 2),
        ("exact", {"sizes": {"n": 9, "m": 4}}, 48, 1),
    ):  # fmt: skip
        tried.clear()
        with pytest.raises(Undecided, match="at the last one, nowhere"):
            made.draw(mode, **named)
        assert (len(tried), len({s for s, _ in tried})) == (count, styles)
        if "equal" in named:
            assert all(sizes["n"] == sizes["m"] for _, sizes in tried)
    assert all(sizes == {"n": 9, "m": 4} for _, sizes in tried)


@pytest.mark.parametrize(
    ("largest", "band_", "exponent"), [("3e-25", -3, 5), ("2e-11", -2, 5), ("0.5", -1, 1), ("7", 0, 0), ("-4e3", 0, -3), ("1e10", 1, -5)]
)
def test_gradients_of_one_size_are_checked_together(largest, band_, exponent):
    """In bands of ten decimal orders; a direction is up to 10**5 times as long where the gradient is small."""
    trial = trials_of("x: (2,); L = sum(exp(x) * sqrt(x))").of("real")[0]
    gradient = Tensor((2,), [Decimal(largest), Decimal(0)])
    v = Tensor((2,), [Decimal(1), Decimal(-2)])
    assert slopes.band(trial, gradient) == band_
    assert slopes.rescaled(trial, v, gradient).data == [Decimal(1).scaleb(exponent), Decimal(-2).scaleb(exponent)]
    assert slopes.band(trial, Tensor((2,), [Decimal(0)] * 2)) == 0
    assert slopes.rescaled(trial, v, Tensor((2,), [Decimal(0)] * 2)) is v


# ---- draws -------------------------------------------------------------------------------------------

SQUARE, ROW, WIDE = ("n", "n"), ("n",), ("n", "m")
FRAME = Frame({"n": 4, "m": 3})
RINGS = [Modular(), Real()]


def sampler(ring, style=PLAIN, seed=1, asked=()):
    return Sampler(ring, FRAME, Random(seed), style, asked)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_reals_lie_within_their_style(style):
    data = sampler(Real(), style).free((5, 40), style).data
    scale = Decimal((8 / 40) ** 0.5)  # a matrix of more than eight columns is scaled down
    sizes = [abs(x) / scale for x in data]
    assert Decimal(style.low) - Decimal("1e-8") <= min(sizes) <= Decimal(style.low) + (Decimal(style.high) - Decimal(style.low)) / 10
    assert Decimal(style.high) + Decimal("1e-8") >= max(sizes) >= Decimal(style.high) - (Decimal(style.high) - Decimal(style.low)) / 10
    below = sum(x < 0 for x in data)
    assert below == 0 if style.positive else 70 <= below <= 130
    assert max(map(abs, sampler(Real(), style).free((40,), style).data)) > Decimal(style.high) * Decimal("0.9")
    small = sampler(Real(), style).free((8, 8), style).data
    assert max(map(abs, small)) > Decimal(style.high) * Decimal("0.9")


def test_a_lift_is_on_the_diagonal_alone():
    style = next(s for s in STYLES if s.lift and s.who == "needy")
    asked = sampler(Real(), style, asked=("A",)).value(Var("A", SQUARE)).rows()
    assert all((x > 4) == (i == j) for i, row in enumerate(asked) for j, x in enumerate(row))
    assert all(abs(x) < 2 for x in sampler(Real(), style).value(Var("A", SQUARE)).data)
    assert all(abs(x) < 2 for x in sampler(Real(), style, asked=("A",)).value(Var("A", WIDE)).data)


def test_long_problems_have_few_negative_numbers():
    assert [[s.skew for s in deep(n)] for n in (10, 125, 200, 10_000)] == [[0.16] * 2, [0.16] * 2, [0.1] * 2, [0.02] * 2]
    for style, matrices, vectors in zip(deep(200), ("1", "0.6"), ("0.05", "3"), strict=True):
        assert (style.low, style.high, style.positive) == (0.5, 1.2, False)
        matrix, vector = (sampler(Real(), style).free(shape, style).data for shape in ((20, 30), (100,)))
        scale = Decimal(4 / (1.7 * 0.8 * 50)) * Decimal(matrices)
        for data, by in ((matrix, scale), (vector, Decimal(vectors))):
            assert 0.05 < sum(x < 0 for x in data) / len(data) < 0.16
            assert all(Decimal("0.499") * by <= abs(x) <= Decimal("1.201") * by for x in data)


HOLDS = {
    "symmetric": lambda a, n: all(a[i][j] == a[j][i] for i in range(n) for j in range(n)),
    "posdef": lambda a, n: HOLDS["symmetric"](a, n) and all(minor(a, k) > 0 for k in range(1, n + 1)),
    "diagonal": lambda a, n: all(not a[i][j] for i in range(n) for j in range(n) if i != j),
    "triangular": lambda a, n: all(not a[i][j] for i in range(n) for j in range(i + 1, n)),
    "invertible": lambda a, n: abs(minor(a, n)) > Decimal("1e-9"),
    "orthogonal": lambda a, n: all(abs(sum(x * y for x, y in zip(p, q, strict=True)) - (p is q)) < Decimal("1e-20") for p in a for q in a),
    "positive": lambda a, _: all(x > 0 for row in a for x in row),
    "nonnegative": lambda a, _: all(x >= 0 for row in a for x in row),
    "probabilities": lambda a, _: HOLDS["positive"](a, 0) and all(abs(sum(row) - 1) < Decimal("1e-20") for row in a),
    "onehot": lambda a, n: all(sorted(row) == [0] * (n - 1) + [1] for row in a),
    "onehot_columns": lambda a, n: HOLDS["onehot"](list(zip(*a, strict=True)), n),
}


def minor(a, k):
    """A leading determinant, by Laplace's rule."""
    rows = [row[:k] for row in a[:k]]
    if k == 1:
        return rows[0][0]
    return sum((-1) ** j * rows[0][j] * minor([r[:j] + r[j + 1 :] for r in rows[1:]], k - 1) for j in range(k))


MATRICES = ["symmetric", "posdef", "diagonal", "triangular", "invertible", "orthogonal"]
PAIRS = [*HOLDS, *(f"{a} {b}" for a, b in combinations(("symmetric", "posdef", "diagonal", "invertible"), 2)), "diagonal orthogonal"]


@pytest.mark.parametrize("words", PAIRS)
@pytest.mark.parametrize("seed", range(4))
def test_a_drawn_real_is_what_it_is_declared_to_be(words, seed):
    a = sampler(Real(), seed=seed).value(Var("A", SQUARE, frozenset(words.split()))).rows()
    for word in words.split():
        if (words, word) == ("diagonal orthogonal", "diagonal"):
            continue  # a reflection is drawn, symmetric and orthogonal
        assert HOLDS[word](a, 4), word


@pytest.mark.parametrize("words", [w for w in PAIRS if w != "diagonal orthogonal"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_number_to_follow_with_a_pencil_is_what_it_is_declared_to_be(words, n):
    source = f"A: {words} ({n}, {n}); B: ({n}, {n}); L = tr(A @ B)"
    a = entries(read(source), {}).numbers().values["A"].rows()
    rows = [[Decimal(x.numerator) / x.denominator for x in row] for row in a]
    assert len(rows) == n == len(rows[0])
    for word in words.split():
        assert HOLDS[word](rows, n), word
    assert all(x.denominator == 1 for row in a for x in row) or {"orthogonal", "probabilities"} & set(words.split())


def test_orthonormal_columns_to_follow_with_a_pencil():
    values = entries(read("Q: orthogonal (3, 2); B: (3, 2); L = sum(Q * B)"), {}).numbers().values["Q"]
    assert values.data == [1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("word", ["onehot", "onehot_columns", "probabilities"])
def test_what_sums_to_1_does_so_along_its_own_axis(word):
    values = entries(read(f"A: {word} (2, 3); B: (2, 3); L = sum(A * B)"), {}).numbers().values["A"].rows()
    sums = [sum(row) for row in (zip(*values, strict=True) if word == "onehot_columns" else values)]
    assert sums == [1] * len(sums)
    for ring in RINGS:
        a = sampler(ring).value(Var("A", WIDE, frozenset({word}))).rows()
        for row in zip(*a, strict=True) if word == "onehot_columns" else a:
            assert ring.same(ring.total(row), ring.lift(Fraction(1)))


@pytest.mark.parametrize("ring", RINGS, ids=["residues", "reals"])
@pytest.mark.parametrize(("word", "count"), [("symmetric", 10), ("posdef", 10), ("triangular", 10), ("diagonal", 4), ("", 16)])
def test_entries_that_determine_a_matrix(ring, word, count):
    own = frozenset(word.split())
    free = sampler(ring).free((4, 4))
    made = structured(free, own, ring.lift(Fraction(0)))
    assert is_structured(made, own)
    assert is_structured(free, own) == (not word)
    places = list(distinct((4, 4), own))
    assert len(places) == count
    assert all(made.data[k] == free.data[k] for k in places)
    again = Tensor((4, 4), [x if k in places else ring.lift(Fraction(5)) for k, x in enumerate(made.data)])
    assert structured(again, own, ring.lift(Fraction(0))).data == made.data


@pytest.mark.parametrize(
    ("words", "shape", "bound"),
    [
        ("", WIDE, (1, 0)), ("symmetric", SQUARE, (1, 0)), ("onehot", WIDE, (0, 0)), ("onehot_columns", WIDE, (0, 0)),
        ("probabilities", WIDE, (1, 1)), ("orthogonal", SQUARE, (4, 4)), ("orthogonal", WIDE, (4, 4)),
        ("orthogonal symmetric", SQUARE, (2, 2)), ("orthogonal diagonal", SQUARE, (2, 2)),
    ],
)  # fmt: skip
def test_the_degree_of_what_is_drawn(words, shape, bound):
    assert degrees_of(Var("A", shape, frozenset(words.split())), {"n": 4, "m": 3}) == bound


def test_who_needs_values_in_a_domain():
    assert needy(read("x: (n,); y: (n,); z: (n,); u = x * 2; L = sum(log(u)) + sum(y / z) + sum(z**3)")) == {"x"}
    assert needy(read("x: (n,); y: (n,); L = sum(sqrt(x)) + sum(y**2)")) == {"x"}
    assert needy(read("x: (n,); y: (n,); a = exp(x); b = a + y; L = sum(b**b) + sum(x)")) == {"x", "y"}


# ---- sizes that are drawn ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_sizes_are_small_and_different_or_small_and_equal(seed):
    problem = read("A: (a, b); B: (b, c); C: (c, d); Z = A @ B @ C")
    found = draw_sizes(problem, sizes_in(problem), Random(seed))
    assert sorted(found.values()) == [2, 3, 4, 5]
    assert len(set(draw_sizes(problem, sizes_in(problem), Random(seed), equal=True).values())) == 1
    more = read("A: (a, b); B: (b, c); C: (c, d); D: (d, e); E: (e, f); Z = A @ B @ C @ D @ E")
    values = draw_sizes(more, sizes_in(more), Random(seed)).values()
    assert len(set(values)) == 6
    assert (min(values), max(values)) == (2, 7)


@pytest.mark.parametrize("seed", range(6))
def test_no_size_is_alike_to_a_number_or_a_sum_of_sizes(seed):
    problem = read("x: (n - 1,); y: (n + m,); z: (3,); L = sum(x) + sum(y) + sum(z)")
    assert sizes_in(problem) == (("m + n", "n - 1"), frozenset({3}))
    found = draw_sizes(problem, sizes_in(problem), Random(seed))
    every = [found["n"], found["m"], found["n"] - 1, found["n"] + found["m"], 3]
    assert len(set(every)) == 5
    assert min(every) >= 2


def test_many_sizes_differ_from_their_neighbours():
    source = "; ".join(f"A{k}: (n{k}, n{k + 1})" for k in range(12)) + "; Z = " + " @ ".join(f"A{k}" for k in range(12))
    problem = read(source)
    values = list(draw_sizes(problem, sizes_in(problem), Random(3)).values())
    assert len(values) == 13
    assert all(a != b for a, b in pairwise(values))
    assert set(values) == {2, 3}


def long_network(layers):
    source = "X: (S, n0); " + "; ".join(f"W{k}: (n{k}, n{k + 1})" for k in range(layers)) + "; Y: (S, m)"
    source += "; Z0 = X @ W0; " + "; ".join(f"Z{k} = relu(Z{k - 1}) @ W{k}" for k in range(1, layers))
    return source + f"; L = sum(Z{layers - 1}**2) / (4*S) + mean(Y**2)"


@pytest.mark.parametrize("layers", [10, 40])
def test_of_many_sizes_those_that_are_numbers_are_like_nothing_else(layers):
    trials = trials_of(long_network(layers))
    assert trials.numbers.sizes == {"S", "m"}
    first = trials.sizes(equal=False, avoid=False)
    trials._avoid = first
    second = trials.sizes(equal=False, avoid=True)
    for found in (first, second):
        others = {n for name, n in found.items() if name not in ("S", "m")}
        assert len({found["S"], found["m"], *others}) == 2 + len(others)
        assert 4 not in (found["S"], found["m"])  # a number of the program
        assert max(others) == 3
    assert all(first[name] != second[name] for name in ("S", "m"))
    assert sum(first[name] == second[name] for name in first) <= 1


@pytest.mark.parametrize("said", ["S", "2", "3", "4", "5", "6", "n1", "n2", "m", "(n1 + n2)", "2*n1"])
def test_no_size_is_taken_for_a_number_in_a_long_problem(said):
    found = derive(long_network(32), wrt="W31")["W31"].judge(f"relu(Z30).T @ Z31 / (2*{said})")
    assert found.verdict == ("right" if said == "S" else "wrong")


def test_tensors_of_many_axes_stay_light():
    problem = read("T: (a, b, c, d, e, f, g); L = sum(T**2)")
    values = draw_sizes(problem, sizes_in(problem), Random(1)).values()
    count = 1
    for n in values:
        count *= n
    assert min(values) >= 2
    assert 5_000 < count <= 10_000


def trials_of(source):
    return Trials(problem := read(source), backward(problem), seed=1)


def test_a_problem_is_long_from_thirty_definitions_on():
    def layers(count):
        return "a0: (n, m); " + "; ".join(f"a{k} = abs(a{k - 1})" for k in range(1, count + 1))

    short, long = trials_of(layers(30)), trials_of(layers(31))
    assert (short.long, short.prime.bit_length(), len(short.of("real"))) == (False, 62, 3)
    assert (long.long, long.prime.bit_length(), len(long.of("real"))) == (True, 74, 1)
    assert (short.tries, long.tries, trials_of(layers(90)).tries, trials_of(layers(400)).tries) == (24, 23, 8, 4)
    assert [t.frame["n"] == long.of("real")[0].frame["n"] for t in long.several("real")] == [True, False]
    assert long.several("real") == long.of("real")
    assert short.several("real") == short.of("real")
    assert not trials_of("x: (4096,); L = x @ x").long
    assert trials_of("x: (4097,); L = x @ x").long


def test_a_second_tuple_of_sizes_avoids_the_first():
    for seed in range(12):
        problem = read("A: (a, b); B: (b, c); Z = A @ B")
        first, second, equal = Trials(problem, backward(problem), seed).of("exact")
        assert all(first.frame[n] != second.frame[n] for n in "abc")
        assert len(set(equal.frame.values())) == 1
        assert (first.equal, second.equal, equal.equal) == (False, False, True)


PAGE = (Path(__file__).parent.parent / "docs/trust.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("p a random prime above 2⁶¹", 2**61 < trials_of("x: (n,); L = x @ x").prime < 2**62),
        ("A yes needs at least 2⁻⁵⁰", certainty.ENOUGH == 50),
        ("sizes between 2 and about 5", (sizes.SMALLEST, sizes.LARGEST) == (2, 5)),
        ("With more than seven size names only neighbours differ", sizes.MANY == 7),
        ("With more than thirty definitions", trials.LONG == 30),
        ("as a fixed polynomial of degree 12", undefined.DEGREE == 12),
        ("decimals of 60 digits", Real.context.prec == 60),
        ("10⁻²⁰ (10⁻¹⁵ for second derivatives)", (Decimal("1e-20"), Decimal("1e-15")) == (witness.STEP, witness.SECOND_STEP)),
        ("relative gap to the quotient is at most 10⁻²⁰", Decimal("1e-20") == slopes.YES),
        ("relative gap is at most 10⁻⁴⁰", Decimal("1e-40") == rounding.EQUAL),
        ("from 10⁻¹² on", Decimal("1e-12") == comparison.NO),
        ("10⁻⁴⁸ of the largest number met", Decimal("1e-48") == rounding.NOISE),
        ("in ordinary floats, to 10⁻⁸", comparison.FLOATS == 1e-8),
        ("Up to six such points are tried", patchwork.POINTS == 6),
        ("up to 10¹⁰ times as far in both directions", {max(borders.RAY), min(borders.RAY)} == {10**10, -(10**10)}),
    ],
)  # fmt: skip
def test_the_figures_on_the_page_about_trust_are_those_of_the_program(said, is_so):
    assert said in " ".join(PAGE.split())
    assert is_so


BOUNDED = re.findall(r"^\| (`[a-z_.]+\.[A-Z_]+`.*?) \| ([\d, ]+) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("names", "figures"), BOUNDED)
def test_the_bounds_on_that_page_are_those_of_the_program(names, figures):
    found = []
    for module, name in re.findall(r"`([a-z_.]+)\.([A-Z_]+)`", names):
        bound = getattr(import_module(f"shapecalc.{module}"), name)
        found += bound if isinstance(bound, tuple) else [bound]
    assert found == [int(f.replace(",", "")) for f in figures.split(", ")]


def test_values_are_kept_from_claim_to_claim_up_to_a_bound(monkeypatch):
    made = trials_of("x: (n,); y: (n,); a = x * y; b = a + x; L = sum(b * a)")
    trial = made.of("real")[0]
    parts = len(trial.program.tape.parts)
    e = build_text("x * y * y", made.problem.variables(), made.problem.sizes)
    there = sum(trial.cells[place] is not None for place, _, _ in trial.program.tape.parts)
    # x * y is a part of the program: y and the whole, or x, y, x * y and the whole
    for kept, known in ((2 * parts, there + 2), (2 * parts - 1, 4)):
        monkeypatch.setattr("shapecalc.verify.trial.KEPT", kept)
        trial.memo.clear()
        trial.value(e)
        assert len(trial.memo) == known
    other = build_text("y * y", made.problem.variables(), made.problem.sizes)
    for kept, known in ((4, 5), (4, 2)):  # one more than may be kept, and everything is forgotten
        monkeypatch.setattr("shapecalc.verify.trial.KEPT", kept)
        trial.value(other)
        assert len(trial.memo) == known
        other = build_text("x * x", made.problem.variables(), made.problem.sizes)


# ---- borders -------------------------------------------------------------------------------------------


def test_a_border_is_followed_in_three_entries_to_both_of_its_sides():
    made = trials_of("x: (n, 7); y: (n, 7); L = sum(exp(relu(x - y)))")
    g = build_text("x - y", made.problem.variables(), made.problem.sizes)
    seen = set()
    search = borders.Search(made, g, None, seen, float("inf"))
    assert search.movable == {"x", "y"}
    found = list(search.pairs(made.of("real")[0]))
    assert len(found) == 3
    assert seen == {True, False}
    turned = set()
    for near, far in found:
        here, there = search._signs(near), search._signs(far)
        turned.add(next(k for k, (a, b) in enumerate(zip(here, there, strict=True)) if a != b))
        for name in "xy":
            moved = [abs(a - b) for a, b in zip(near.declared[name].data, far.declared[name].data, strict=True)]
            assert 0 < max(moved) < Decimal("1e-4")
    assert len(turned) == 3
    (side,) = borders.Borders(made).of([apply("relu", g)], None)
    assert len(side.trials) == 2 * 2 * 3
    assert (side.unseen, side.late) == ("", False)


def test_what_is_moved_when_a_border_is_looked_for():
    """On a ray no property is lost; between two points what has to keep its form stays where it is."""
    declared = "H: onehot; K: onehot_columns; Q: orthogonal; P: probabilities; p: positive; q: nonnegative; A: posdef; X:"
    source = declared.replace(";", " (n, n);") + " (n, n); x: (n,); L = sum(exp(relu(X @ A @ x))) + sum(H + K + Q + P + p + q)"
    made = trials_of(source)
    search = borders.Search(made, build_text("X @ x", made.problem.variables(), made.problem.sizes), None, set(), float("inf"))
    assert search.movable == {"X", "x"}
    start = search._point(made.of("real")[0])
    names = frozenset(start.declared)
    for factor, moved in ((Decimal(2), "p q A X x"), (Decimal(-2), "X x")):
        far = borders.stretched(made, start, factor, names)
        for name, a in start.declared.items():
            assert far.declared[name].data == [factor * v if name in moved.split() else v for v in a.data], name
    assert borders.stretched(made, start, Decimal(2), frozenset({"x"})).declared["X"].data == start.declared["X"].data
    other = search._point(made.draw("real", sizes=start.of.frame))
    half = borders.between(made, start, other, Decimal("0.25"))
    for name, a in start.declared.items():
        b = other.declared[name].data
        wanted = a.data if name in "HKQ" else [v + (w - v) / 4 for v, w in zip(a.data, b, strict=True)]
        assert all(abs(u - v) < Decimal("1e-24") for u, v in zip(half.declared[name].data, wanted, strict=True)), name


def test_a_difference_hangs_on_what_its_definitions_hang_on():
    made = trials_of("x, y, z: (n,); a = x * y; b = exp(z); L = sum(exp(relu(a)) * b)")
    for formula, movable in (("a - 1", "xy"), ("b", "z"), ("a * b", "xyz"), ("x + z", "xz")):
        g = build_text(formula, made.problem.variables(), made.problem.sizes)
        assert borders.Search(made, g, None, set(), float("inf")).movable == set(movable)


def test_a_comparison_that_turns_nowhere_is_said_once_for_all_claims():
    made = trials_of("x: (n,); L = sum(exp(relu(exp(x))))")
    known = borders.Borders(made)
    g = build_text("relu(exp(x)) + relu(-exp(x))", made.problem.variables(), made.problem.sizes)
    said = ["-exp(x) <= 0, as at every point that was tried", "exp(x) > 0, as at every point that was tried"]
    assert sorted(side.unseen for side in known.of([g], None)) == said
    before = dict(known._found)
    assert sorted(side.unseen for side in known.of([g], None)) == said
    assert known._found == before
    assert len(before) == 2


def test_of_many_comparisons_sixteen_are_followed():
    made = trials_of("x: (n,); L = sum(sqrt(x**2 + 1))")
    g = build_text(" + ".join(f"relu(x - {k})" for k in range(18)), made.problem.variables(), made.problem.sizes)
    sides = list(borders.Borders(made).of([g], None))
    assert len(sides) == 18
    assert all(side.trials for side in sides[:16])
    assert not any(side.trials for side in sides[16:])
    assert [side.unseen for side in sides[16:]] == [f"x - {k} decides as it does at the points that were tried" for k in (16, 17)]


# ---- the order of the axes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "wrt", "layout", "vec", "axes"),
    [
        (("m",), ("n",), "numerator", False, ((0,), (1,))),
        (("m",), ("n",), "denominator", False, ((1,), (0,))),
        (("m", "k"), (), "numerator", False, ((0,), (1,))),
        (("m", "k"), (), "denominator", False, ((1,), (0,))),
        ((), ("m", "k"), "numerator", False, ((1,), (0,))),
        ((), ("m", "k"), "denominator", False, ((0,), (1,))),
        (("m",), (), "denominator", False, ((0,),)),
        ((), ("m",), "numerator", False, ((0,),)),
        (("m", "k"), ("p", "q"), "numerator", True, ((1, 0), (3, 2))),
        (("m", "k"), ("p", "q"), "denominator", True, ((3, 2), (1, 0))),
        (("m", 1), ("p", "q"), "numerator", False, ((0,), (2,), (3,))),
        (("m", 1), (1, "q"), "numerator", True, ((0,), (3,))),
        ((), (), "numerator", True, ()),
    ],
)  # fmt: skip
def test_the_axes_of_a_jacobian(of, wrt, layout, vec, axes):
    assert arrangement(of, wrt, layout, vec) == axes


def test_entries_of_a_jacobian_in_their_order():
    shapes = ("m",), ("p", "q")
    sizes = {"m": 2, "p": 2, "q": 3}
    rows = list(range(12))  # (of, wrt), row by row
    turned = [rows[6 * m + 3 * p + q] for p in range(2) for q in range(3) for m in range(2)]
    assert arranged(Tensor((2, 3, 2), turned), shapes, ((1,), (2,), (0,)), sizes) == rows
    stacked = [rows[6 * m + 3 * p + q] for m in range(2) for q in range(3) for p in range(2)]
    assert arranged(Tensor((2, 6), stacked), shapes, ((0,), (2, 1)), sizes) == rows


# ---- sizes as polynomials ------------------------------------------------------------------------------

NAMES = ("k", "m", "n")
POINTS = ({"k": 2, "m": 3, "n": 5}, {"k": 7, "m": 2, "n": 4})


def some_size(random):
    """A random size, made by the functions themselves, and what it is at the points."""
    size, at = (c := random.randint(-3, 3)), [c, c]
    for _ in range(random.randint(0, 4)):
        other = random.choice([*NAMES, random.randint(-3, 3)])
        here = [p[other] if isinstance(other, str) else other for p in POINTS]
        if random.random() < 0.5:
            size, at = add(size, other), [a + b for a, b in zip(at, here, strict=True)]
        else:
            size, at = multiply(size, other), [a * b for a, b in zip(at, here, strict=True)]
    return size, at


@pytest.mark.parametrize("seed", range(60))
def test_sizes_are_polynomials(seed):
    random = Random(seed)
    (a, at_a), (b, at_b) = some_size(random), some_size(random)
    assert [value(a, p) for p in POINTS] == at_a
    assert canonical(polynomial(a)) == a
    assert add(a, b) == add(b, a)
    assert multiply(a, b) == multiply(b, a)
    assert [value(add(a, b), p) for p in POINTS] == [x + y for x, y in zip(at_a, at_b, strict=True)]
    assert [value(multiply(a, b), p) for p in POINTS] == [x * y for x, y in zip(at_a, at_b, strict=True)]
    assert add(a, negative(a)) == 0
    assert divide(multiply(a, "m"), "m") == a
    assert divide(multiply(multiply(2, a), multiply("m", "n")), multiply(2, "n")) == multiply(a, "m")
    assert set(names(a)) == {n for m in polynomial(a) for n in m}
    assert [value(total((a, b, "n")), p) for p in POINTS] == [x * y * p["n"] for x, y, p in zip(at_a, at_b, POINTS, strict=True)]
    if is_empty(a):
        assert all(value(a, {"k": x, "m": y, "n": z}) < 1 for x in (1, 2, 9) for y in (1, 2, 9) for z in (1, 2, 9))


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({("n",): 1, (): -1}, "n - 1"), ({("n",): -1, (): 1}, "-n + 1"), ({("m", "n"): 2, ("n",): -3, (): 4}, "2*m*n - 3*n + 4"),
        ({("n",): -1}, "-n"), ({("m",): -1, ("n",): 1}, "n - m"), ({(): 0, ("n",): 0}, 0), ({(): -2}, -2),
        ({("n", "n"): 1, ("m",): 1}, "n*n + m"), ({("m",): 1, ("k",): 1}, "k + m"),
    ],
)  # fmt: skip
def test_how_a_size_is_written(terms, text):
    assert canonical(terms) == text
    assert polynomial(text) == {m: c for m, c in terms.items() if c}


def test_shapes():
    assert divide("n", "m") is None
    assert divide("n + m", "n + m") == 1
    assert divide("n + m", "n + k") is None
    assert divide("3*n", "2*n") is None
    assert divide("n*n", "n") == "n"
    assert divide(6, 3) == 2
    assert divide("n + 1", "n") is None
    assert [is_empty(d) for d in (0, 1, -2, "n", "n - 1", "-n", "1 - n", "2 - n", "-n - m + 1", "n - m")] == [
        True, False, True, False, False, True, True, False, True, False,
    ]  # fmt: skip
    assert (show(()), show(("n",)), show((1, "n - 1"))) == ("()", "(n,)", "(1, n - 1)")
    assert broadcast((), ("n",)) == ("n",)
    assert broadcast((1,), (1, 1)) == (1, 1)
    assert broadcast(("m", 1, "n"), ("k", 1)) == ("m", "k", "n")
    assert broadcast(("m",), ("m", 1)) == ("m", "m")
    assert broadcast(("m", "n"), ("m",)) is None
    assert broadcast() == ()
    assert (strip((1, 1, "n", 1)), strip((1, 1)), strip(())) == (("n", 1), (), ())


# ---- gaps ----------------------------------------------------------------------------------------------

EXPONENTIAL = "x: (n,); y: (n,); L = sum(exp(x) * y)"


def nearly(problem, digits):
    return build_text(f"exp(x) * y * (1 + 1/10**{digits})", problem.variables(), problem.sizes)


@pytest.mark.parametrize(
    ("digits", "verdict"),
    [(45, "equal"), (41, "equal"), (39, "undecided"), (21, "undecided"), (13, "undecided"), (11, "different"), (3, "different")],
)
def test_between_a_yes_and_a_no_nothing_is_decided(digits, verdict):
    problem = read(EXPONENTIAL)
    passed = backward(problem)
    assert Judge(problem, passed, seed=2).compare(nearly(problem, digits), passed.formula("x")).verdict == verdict


@pytest.mark.parametrize(("digits", "verdict"), [(25, None), (21, None), (19, Undecided), (13, Undecided), (11, Disproved), (3, Disproved)])
def test_a_quotient_leaves_twenty_digits(digits, verdict):
    problem = read(EXPONENTIAL)
    judge = Judge(problem, backward(problem), seed=2)
    if verdict is None:
        assert judge.certify_gradient("x", nearly(problem, digits)).gap == pytest.approx(10.0**-digits, rel=0.2)
    else:
        with pytest.raises(verdict):
            judge.certify_gradient("x", nearly(problem, digits))


def test_wrong_gradients_are_found_among_many_and_named_up_to_eight():
    names = [f"x{k}" for k in range(14)]
    problem = read("; ".join(f"{n}: (n,)" for n in names) + "; L = " + " + ".join(f"sum({n}**3)" for n in names))
    for wrong in (["x3"], ["x0", "x13"], names[2:7], names):
        passed = backward(problem)
        for name in wrong:
            passed.flows[name].formula = build_text(f"2*{name}**2", problem.variables(), problem.sizes)
        with pytest.raises(Disproved) as error:
            Judge(problem, passed, seed=1).certify()
        assert set(error.value.names) <= set(wrong)
        assert len(error.value.names) == min(8, len(wrong))


# ---- reductions in words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "axis", "keep", "written"),
    [
        (("n",), None, False, "a @ ones(n)"), (("n",), 0, False, "a @ ones(n)"), (("n",), -1, False, "a @ ones(n)"),
        (("n",), 1, False, None),
        (("n", "m"), 0, False, "ones(n) @ a"), (("n", "m"), -2, False, "ones(n) @ a"), (("n", "m"), 1, False, "a @ ones(m)"),
        (("n", "m"), -1, False, "a @ ones(m)"), (("n", "m"), 0, True, "ones(1, n) @ a"), (("n", "m"), -2, True, "ones(1, n) @ a"),
        (("n", "m"), 1, True, "a @ ones(m, 1)"), (("n", "m"), -1, True, "a @ ones(m, 1)"), (("n", "m"), None, False, None),
        (("n", "m"), (0, 1), False, None), (("n", "m", "k"), 0, False, None),
    ],
)  # fmt: skip
def test_a_sum_as_a_product_with_ones(shape, axis, keep, written):
    found = product_with_ones(Var("a", shape), axis, keep)
    assert (None if found is None else text(found)) == written


@pytest.mark.parametrize(
    ("source", "name", "over", "axis", "ones", "words"),
    [
        ("X: (n, m); b: (m,); Z = X + b", "b", ("n",), 0, "ones(n) @ dZ", "column sums: the n rows of dZ are added together"),
        ("X: (n, m); b: (n, 1); Z = X + b", "b", ("m",), 1, "dZ @ ones(m, 1)", "row sums: the m columns of dZ are added together"),
        ("X: (n, m); b: (); Z = X + b", "b", ("n", "m"), None, "", "everything along the axes n, m of dZ is added up"),
        ("x: (n,); b: (); z = x + b", "b", ("n",), 0, "dz @ ones(n)", "the sum of all n entries of dz"),
        ("T: (a, b, c); v: (a, c); Z = T + v[:, None]", "v", ("b",), 1, "", "the sum over axis 1 of dZ, which has b entries and"),
        ("X: (n, m); b: (m,); L = sum((X + b)**2) / n", "b", ("n",), 0, "2*ones(n) @ (X + b)/n", "column sums: the n rows of X + b are"),
        ("X: (n, m); b: (n,); L = sum((X.T + b)**2) / m", "b", ("m",), 0, "2*ones(m) @ (X.T + b)/m", "column sums: the m rows of X.T + b"),
        ("X: (n, m); Z = exp(X)", "X", None, None, None, None),
    ],
)  # fmt: skip
def test_a_reduction_in_words(source, name, over, axis, ones, words):
    found = derive(source)[name].reduction
    if over is None:
        assert found is None
    else:
        assert (found.over, found.axis, found.ones) == (over, axis, ones)
        assert found.words.startswith(words)


# ---- records -----------------------------------------------------------------------------------------------

GROWING = {"Backward", "Context", "Flow", "Formula", "Jacobian", "Known", "Powers", "Step"}  # what is filled while it is worked with


def records():
    for room in ("calculus", "verify", "ops"):
        for found in pkgutil.iter_modules(import_module(f"shapecalc.{room}").__path__, f"shapecalc.{room}."):
            module = import_module(found.name)
            yield from (c for c in vars(module).values() if is_dataclass(c) and isinstance(c, type) and c.__module__ == found.name)


@pytest.mark.parametrize("record", tuple(records()), ids=lambda c: c.__name__)
def test_a_record_cannot_be_changed(record):
    assert record.__dataclass_params__.frozen == (record.__name__ not in GROWING)
    assert "__slots__" in vars(record)


# ---- what is too long to be written out ----------------------------------------------------------------

BLOCK = """x{k} = a{k} @ b{k} + c{k}; c{k1} = x{k} - mean(x{k}, axis=1, keepdims=True); a{k1} = c{k1} * softmax(x{k}) * relu(c{k}); """


def residual(blocks):
    """Every name is used again and again, so that each line more makes what is written out several times as long."""
    shapes = "a0: (n, n); c0: (n, n); " + "; ".join(f"b{k}: (n, n)" for k in range(blocks)) + "; "
    return shapes + "".join(BLOCK.format(k=k, k1=k + 1) for k in range(blocks)) + f"L = sum(c{blocks}**2)"


def test_a_gradient_that_would_be_endless_is_not_written_out():
    made = derive(residual(12), wrt="b0")
    assert made["b0"].formula == "a0.T @ dx0"
    with pytest.raises(TooLarge, match="more than 500 names and operations"):
        made["b0"].expanded  # noqa: B018
    with pytest.raises(TooLarge, match="more than 500"):
        hessian(residual(12), "b0")


def test_slips_are_found_where_a_gradient_written_out_would_be_endless():
    made = derive(residual(12), wrt="b0")["b0"]
    assert made.judge("a0.T @ dx0").verdict == "right"
    slips = [made.judge(claim).slip for claim in ("2*a0.T @ dx0", "a0 @ dx0", "dx0.T @ a0", "-a0.T @ dx0")]
    assert slips == ["factor-2", "transposed", "wrong-layout", "sign"]


def test_a_jacobian_that_would_be_endless_is_refused():
    assert jacobian(residual(2), "c2", "b1").certificate.method == "exact"
    with pytest.raises(TooLarge, match="take the derivative of that"):
        jacobian(residual(12), "c12", "b0")
