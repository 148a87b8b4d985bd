"""The numbers that formulas are evaluated over."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from conftest import require_module
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.rings import PRIME, Adapted, Masked, Modular, Real, Ring, Unknown, Unlucky, Unsupported, elementary


class Exact:
    """Fractions with only what a ring must have: what the others are held to."""

    lift = staticmethod(lambda value: value)
    total = staticmethod(lambda values: sum(values, Fraction(0)))
    mul = staticmethod(lambda a, b: a * b)
    negative = staticmethod(lambda a: -a)
    inverse = staticmethod(lambda a: 1 / a)
    power = staticmethod(lambda a, k: a**k)


fractions = st.fractions(min_value=-50, max_value=50, max_denominator=40)
units = fractions.filter(bool)


def near(a: Decimal, b: Decimal, digits: int = 55) -> bool:
    return abs(a - b) <= Decimal(10) ** -digits * max(abs(a), abs(b), Decimal(1))


# ---- residues ---------------------------------------------------------------------------------------


@given(a=fractions, b=units)
@pytest.mark.parametrize("exponent", [1, 2, 3])
def test_residues_compute_as_fractions_do(exponent, a, b):
    ring = Modular(exponent=exponent)
    x, y = ring.lift(a), ring.lift(b)
    assert ring.total((x, y)) == ring.lift(a + b)
    assert ring.mul(x, y) == ring.lift(a * b)
    assert ring.negative(x) == ring.lift(-a)
    assert ring.mul(x, ring.inverse(y)) == ring.lift(a / b)
    assert ring.power(y, Fraction(-3)) == ring.lift(b**-3)
    assert ring.combined(([x], [y], [y]), (-1, 1, 1)) == [ring.lift(2 * b - a)]
    assert ring.dots([x, y], [y, y], 2) == [ring.lift(a * b + b * b)]


def test_square_is_the_second_power():
    assert Modular(square=True).modulus == PRIME**2


def test_many_inverses_at_once():
    ring, random = Modular(square=True), Random(1)
    a = [random.randrange(1, PRIME) for _ in range(20)]
    assert ring.inverses(a) == [ring.inverse(x) for x in a]
    with pytest.raises(Unlucky):
        ring.inverses([*a, PRIME])


@pytest.mark.parametrize("ask", [lambda r: r.function("exp", 3), lambda r: r.test("greater", 1, 2), lambda r: r.power(3, Fraction(1, 2)),
                                 lambda r: r.power2(2, 3)])
def test_what_has_no_meaning_modulo_a_prime(ask):
    with pytest.raises(Unsupported):
        ask(Modular())


def test_step_of_size_p_is_an_exact_derivative():
    """f = (x³ - 2) / (x² + y): analytic derivatives against the difference modulo p²."""
    ring, random = Modular(square=True), Random(2)
    p, m = ring.prime, ring.modulus

    def f(x: int, y: int) -> int:
        return ring.mul((x**3 - 2) % m, ring.inverse((x * x + y) % m))

    for _ in range(20):
        x, y, v, w = (random.randrange(p) for _ in range(4))
        quotient, rest = divmod((f(x + p * v, y + p * w) - f(x, y)) % m, p)
        below = pow(x * x + y, -2, p)
        by_x = (3 * x * x * (x * x + y) - (x**3 - 2) * 2 * x) * below
        by_y = -(x**3 - 2) * below
        assert rest == 0
        assert quotient == (by_x * v + by_y * w) % p


# ---- elimination ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_inverse_and_determinant(n):
    from shapecalc.ops.linear_algebra import determinant, inverse

    random = Random(n)
    a = [[Fraction(random.randint(-9, 9)) for _ in range(n)] for _ in range(n)]
    a[0][0] = Fraction(0) if n > 1 else Fraction(3)  # a pivot has to be looked for
    det, inv = determinant(Exact(), a), inverse(Exact(), a) if n < 8 else None
    for ring in (Modular(), Modular(square=True), Real()):
        rows = [[ring.lift(x) for x in row] for row in a]
        assert ring.same(determinant(ring, rows), ring.lift(det))
        found = inverse(ring, rows)
        back = [ring.dots(row, column, n)[0] for row in rows for column in zip(*found, strict=True)]
        assert all(ring.same(x, ring.lift(Fraction(k % (n + 1) == 0))) for k, x in enumerate(back))
        if inv is not None:
            assert all(ring.same(x, ring.lift(y)) for r, s in zip(found, inv, strict=True) for x, y in zip(r, s, strict=True))


def test_singular_matrices():
    rows = [[1, 2], [2, 4]]
    assert Modular().determinant(rows) == 0
    for ring in (Modular(square=True), Real()):
        with pytest.raises(Unlucky):
            ring.determinant([[ring.lift(Fraction(x)) for x in row] for row in rows])


# ---- unknown masks ----------------------------------------------------------------------------------


def test_masks_hang_on_the_difference():
    ring = Masked(Random(3))
    f, p = ring.function, ring.prime
    assert f("greater", 7, 5) == f("greater", 9, 7) == f("less", 5, 7) == f("greater_equal", 7, 5)
    assert (f("greater", 7, 5) + f("greater", 5, 7)) % p == 1
    assert f("greater", 5, 5) == f("less", 5, 5) == 0
    assert f("equal", 5, 5) == f("greater_equal", 5, 5) == f("less_equal", 5, 5) == 1
    assert f("maximum", 7, 5) == ring.total((ring.mul(7, f("greater", 7, 5)), ring.mul(5, f("greater", 5, 7))))
    assert (f("maximum", 7, 5) + f("minimum", 7, 5)) % p == 12
    assert f("relu", 7) == f("maximum", 7, 0)
    assert f("abs", 7) == f("abs", p - 7)
    assert f("sign", 7) == ring.mul(f("abs", 7), ring.inverse(7))


def test_masks_do_not_change_within_a_step():
    ring = Masked(Random(4))
    wide = ring.raised(2)
    assert wide.function("greater", 7 + 3 * ring.prime, 5) == ring.function("greater", 7, 5)
    with pytest.raises(Unlucky):
        wide.function("relu", ring.prime)


# ---- unknown values of exp and log ---------------------------------------------------------------------


def test_exp_turns_sums_into_products():
    ring = Unknown(Random(5))
    p = ring.prime
    a, b, c = 5, 11, 987654321
    (e,), (f,), (g,) = (ring.exp([x]) for x in (a, b, c))
    assert ring.exp([a + b, b - a, a - b, p - a, a + a, 0]) == [
        e * f % p, f * ring.inverse(e) % p, e * ring.inverse(f) % p, ring.inverse(e), e * e % p, 1,
    ]  # fmt: skip
    assert g not in (e, f, e * f % p)
    assert ring.log([e, f, g, 1]) == [a, b, c, 0]
    (ln,) = ring.log([777])
    assert ring.exp([ln, ln + a]) == [777, 777 * e % p]
    for name, value in {"sinh": (e - ring.inverse(e)) * ring.inverse(2), "cosh": (e + ring.inverse(e)) * ring.inverse(2)}.items():
        assert ring.function(name, a) == value % p
    assert ring.mul(ring.function("tanh", a), ring.function("cosh", a)) == ring.function("sinh", a)
    assert ring.power2(777, a) == ring.exp([ln * a % p])[0]
    with pytest.raises(Unlucky):
        ring.log([p])


def test_products_of_too_many_powers_are_drawn():
    """A value of exp is made of few numbers, so that its degree stays small."""
    ring = Unknown(Random(6))
    (e,) = ring.exp([1])
    found = ring.exp([2, 3, 4, 5])
    assert found[:3] == [pow(e, k, ring.prime) for k in (2, 3, 4)]
    assert found[3] != pow(e, 5, ring.prime)
    assert (ring.table.up, ring.table.down) == (4, 0)


@pytest.mark.parametrize("exponent", [2, 3])
def test_a_step_of_p_is_the_derivative_of_exp_and_log(exponent):
    ring, random = Unknown(Random(7)), Random(8)
    wide, p = ring.raised(exponent), ring.prime
    m = wide.modulus
    for _ in range(20):
        x, v, u = (random.randrange(1, p) for _ in range(3))
        for name, slopes in {"exp": [ring.exp([x])[0]] * 2, "log": [pow(x, -1, p), -pow(x, -2, p)]}.items():
            f = lambda z, name=name: wide.function(name, z % m)  # noqa: E731
            quotient, rest = divmod((f(x + p * v) - f(x)) % m, p)
            assert (rest, quotient % p) == (0, slopes[0] * v % p)
            if exponent == 3:
                quotient, rest = divmod((f(x + p * v + p * u) - f(x + p * v) - f(x + p * u) + f(x)) % m, p * p)
                assert (rest, quotient) == (0, slopes[1] * v * u % p)


def test_how_many_residues_were_compared_is_counted():
    ring = Unknown(Random(9))
    for k in range(1, 30):
        before = ring.table.tests
        ring.exp([k * k * k * 1_000_003])
        assert ring.table.tests >= before + 2 * k


# ---- reals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["exp", "log", "sqrt", "sinh", "cosh", "tanh", "sin", "cos", "tan", "arctan", "arcsin", "arccos", "erf", "lgamma", "digamma",
     "trigamma"],
)
def test_functions_agree_with_mpmath(name):
    mpmath = require_module("mpmath")
    ring, random = Real(), Random(name)
    spelled = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "lgamma": "loggamma"}
    reference = (lambda x: mpmath.psi(1, x)) if name == "trigamma" else getattr(mpmath, spelled.get(name, name))
    for k in range(60):
        size = Decimal(random.randint(1, 10**12)).scaleb(-12) * (1 if name in ("arcsin", "arccos") else 10 ** (k % 3))
        x = size if name in ("log", "sqrt", "lgamma", "digamma", "trigamma") else size * random.choice((-1, 1))
        with mpmath.workdps(90):
            assert near(ring.function(name, x), Decimal(mpmath.nstr(reference(mpmath.mpf(str(x))), 70)))


def test_pi():
    mpmath = require_module("mpmath")
    with mpmath.workdps(100):
        assert str(elementary.PI).startswith(mpmath.nstr(mpmath.pi, 95)[:90])


def test_precision_of_the_thread_does_not_matter():
    ring, x = Real(), Decimal("-0.7")
    names = ["exp", "sigmoid", "tanh", "sin", "cos", "tan", "arctan", "arcsin", "arccos", "erf", "abs", "relu", "sinh"]
    before = [ring.function(n, x) for n in names]
    with decimal.localcontext(decimal.Context(prec=4)):
        assert [ring.function(n, x) for n in names] == before


@pytest.mark.parametrize(
    ("name", "args"),
    [("log", ("0",)), ("log", ("-1",)), ("sqrt", ("-1",)), ("arcsin", ("1",)), ("arccos", ("-1.5",)), ("exp", ("5000",)),
     ("relu", ("1e-12",)), ("greater", ("1", "1.000000000001")), ("maximum", ("2", "2.0000000001"))],
)
def test_outside_a_domain_or_near_a_kink(name, args):
    with pytest.raises(Unlucky):
        Real().function(name, *map(Decimal, args))


def test_powers():
    ring = Real()
    assert near(ring.power(Decimal(2), Fraction(5, 2)), Decimal(32).sqrt(ring.context))
    assert ring.power(Decimal(-2), Fraction(-3)) == Decimal("-0.125")
    with pytest.raises(Unlucky):
        ring.power(Decimal(-2), Fraction(1, 2))
    with pytest.raises(Unlucky):
        ring.inverse(Decimal("1e-40"))
    with pytest.raises(Unsupported):
        ring.power(Decimal(2), Fraction(10**7))


def test_ties_are_exact():
    ring, one = Real(), Decimal(1)
    assert [ring.function(n, one, one) for n in ("greater", "less", "greater_equal", "less_equal", "equal")] == [0, 0, 1, 1, 1]
    assert not ring.test("greater", one, one)


# ---- rings of others ----------------------------------------------------------------------------------


def test_a_ring_of_single_entries_does_whole_rows():
    ring = Adapted(Exact())
    a, b = [Fraction(k) for k in range(1, 7)], [Fraction(1, k) for k in range(1, 7)]
    assert ring.dots(a, b, 3) == [3, 3]
    assert ring.runs(a, 2) == [3, 7, 11]
    assert ring.inverses(a) == b
    assert ring.powers(a, Fraction(2)) == [x * x for x in a]
    assert ring.combined((a, b), (1, -1)) == [x - y for x, y in zip(a, b, strict=True)]
    assert not ring.knows("exp")
    assert not hasattr(ring, "choose")


def test_the_bare_ring_has_nothing():
    with pytest.raises(Unsupported):
        Ring().function("exp", 1)
    with pytest.raises(NotImplementedError):
        Ring().mul(1, 2)
