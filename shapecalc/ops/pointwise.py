"""Functions of each entry: the derivative is text in the argument names and ``y``, the result; the value at a kink is stated."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from shapecalc.op import Op

from .multilinear import _pointwise_shape as _shape

SOURCE = "Abramowitz & Stegun (1964), ch. 4"
GAMMA = "Abramowitz & Stegun (1964), ch. 6"


def _named(name: str) -> Callable[..., Any]:
    """The ring's own function of that name."""
    return lambda ring, x: ring.function(name, x)


def _unary(name: str, slope: str, **more: Any) -> Op:
    more.setdefault("value", None if "means" in more else _named(name))
    more.setdefault(
        "latex",
        "\\" + name
        if name in {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"}
        else r"\operatorname{" + name.replace("_", r"\_") + "}",
    )
    more.setdefault("doc", f"{name} of each entry")
    more.setdefault("source", SOURCE)
    return Op(name, "pointwise", ("x",), _shape, slopes=(slope,) if slope else (), **more)


def _comparison(name: str, *aliases: str) -> Op:
    def value(ring: Any, a: Any, b: Any) -> Any:
        return ring.lift(Fraction(int(ring.test(name, a, b))))

    return Op(
        name,
        "pointwise",
        ("a", "b"),
        _shape,
        slopes=("0", "0"),
        value=value,
        aliases=aliases,
        doc="1 where the comparison holds, else 0",
        kink="not differentiable where the two sides are equal; 0 elsewhere",
    )


def _choose(ring: Any, cond: Any, a: Any, b: Any) -> Any:
    return ring.total((ring.mul(cond, a), ring.mul(ring.total((ring.lift(Fraction(1)), ring.negative(cond))), b)))


def _either(larger: bool) -> Callable[..., Any]:
    def value(ring: Any, a: Any, b: Any) -> Any:
        if hasattr(ring, "choose"):
            return ring.choose("greater" if larger else "less", a, b, a, b)
        return a if ring.test("greater" if larger else "less", a, b) else b

    return value


def _sum_value(*_: Any) -> Any:
    raise TypeError("a sum is evaluated by the evaluator itself")


OPS = (
    Op("add", "sum", (), _shape, (("signs", ()),), doc="a sum or difference, broadcast as NumPy does", value=_sum_value),
    Op(
        "power",
        "pointwise",
        ("x",),
        _shape,
        (("k", Fraction(1)),),
        slopes=("k * x**(k - 1)",),
        doc="each entry to a fixed rational power",
        value=None,
        source=SOURCE,
    ),
    Op(
        "pow",
        "pointwise",
        ("a", "b"),
        _shape,
        slopes=("b * a**(b - 1)", "y * log(a)"),
        value=lambda ring, a, b: ring.power2(a, b),
        domain="{a} > 0",
        doc="a ** b, entry by entry",
        source=SOURCE,
    ),
    _unary("exp", "y"),
    _unary("log", "1 / x", domain="{x} > 0", aliases=("ln",)),
    _unary("log1p", "1 / (1 + x)", means="log(1 + x)", domain="{x} > -1"),
    _unary("expm1", "exp(x)", means="exp(x) - 1"),
    _unary("sin", "cos(x)"),
    _unary("cos", "-sin(x)"),
    _unary("tan", "1 + y**2"),
    _unary("arcsin", "1 / sqrt(1 - x**2)", aliases=("asin",), domain="abs({x}) < 1"),
    _unary("arccos", "-1 / sqrt(1 - x**2)", aliases=("acos",), domain="abs({x}) < 1"),
    _unary("arctan", "1 / (1 + x**2)", aliases=("atan",)),
    _unary("sinh", "cosh(x)"),
    _unary("cosh", "sinh(x)"),
    _unary("tanh", "1 - y**2"),
    _unary("erf", "2 / sqrt(pi) * exp(-x**2)"),
    _unary("lgamma", "digamma(x)", domain="{x} > 0", aliases=("gammaln", "loggamma"), doc="log Γ of each entry", source=GAMMA),
    _unary("digamma", "trigamma(x)", domain="{x} > 0", aliases=("psi",), doc="ψ, the derivative of log Γ, of each entry", source=GAMMA),
    _unary("trigamma", "", domain="{x} > 0", doc="ψ', the second derivative of log Γ, of each entry", source=GAMMA),
    _unary(
        "sigmoid",
        "y * (1 - y)",
        means="1 / (1 + exp(-x))",
        latex=r"\sigma",
        aliases=("expit", "logistic"),
        source="Goodfellow, Bengio & Courville (2016), sec. 3.10",
    ),
    _unary("softplus", "sigmoid(x)", means="log(1 + exp(x))", source="Goodfellow, Bengio & Courville (2016), sec. 3.10"),
    _unary(
        "silu",
        "sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
        means="x * sigmoid(x)",
        aliases=("swish",),
        source="Elfwing, Uchibe & Doya (2018), Sigmoid-weighted linear units",
    ),
    _unary(
        "gelu",
        "(1 + erf(x / sqrt(2))) / 2 + x * exp(-x**2 / 2) / sqrt(2 * pi)",
        means="x * (1 + erf(x / sqrt(2))) / 2",
        source="Hendrycks & Gimpel (2016), Gaussian error linear units",
    ),
    _unary(
        "relu",
        "x > 0",
        by_result=("y > 0",),
        means="where(x > 0, x, 0)",
        kink="0 at x = 0",
        source="Goodfellow, Bengio & Courville (2016), sec. 6.3",
    ),
    Op(
        "leaky_relu",
        "pointwise",
        ("x",),
        _shape,
        (("slope", Fraction(1, 100)),),
        slopes=("where(x > 0, 1, slope)",),
        means="where(x > 0, x, slope * x)",
        latex=r"\operatorname{leaky\_relu}",
        kink="slope at x = 0",
        doc="x, or slope * x where x <= 0",
        source="Maas, Hannun & Ng (2013), Rectifier nonlinearities",
    ),
    Op(
        "elu",
        "pointwise",
        ("x",),
        _shape,
        (("alpha", Fraction(1)),),
        slopes=("where(x > 0, 1, alpha * exp(x))",),
        by_result=("where(y > 0, 1, y + alpha)",),
        means="where(x > 0, x, alpha * (exp(x) - 1))",
        latex=r"\operatorname{elu}",
        kink="alpha at x = 0",
        doc="x, or alpha (exp x - 1) where x <= 0",
        source="Clevert, Unterthiner & Hochreiter (2016), ELU",
    ),
    _unary("abs", "sign(x)", means="where(x > 0, x, -x)", kink="0 at x = 0", aliases=("absolute",)),
    _unary("sign", "0", means="(x > 0) - (x < 0)", kink="not differentiable at x = 0; 0 elsewhere"),
    Op(
        "sqrt",
        "pointwise",
        ("x",),
        _shape,
        slopes=("1 / (2 * y)",),
        means="",
        value=lambda ring, x: ring.power(x, Fraction(1, 2)),
        latex=r"\sqrt",
        domain="{x} > 0",
        doc="the square root of each entry",
        source=SOURCE,
    ),
    _comparison("greater"),
    _comparison("less"),
    _comparison("greater_equal"),
    _comparison("less_equal"),
    _comparison("equal"),
    Op(
        "where",
        "pointwise",
        ("cond", "a", "b"),
        _shape,
        slopes=("0", "cond", "1 - cond"),
        value=_choose,
        doc="a where cond is 1, b where it is 0",
    ),
    Op(
        "maximum",
        "pointwise",
        ("a", "b"),
        _shape,
        slopes=("a >= b", "b > a"),
        by_result=("y > b", "y > a"),
        value=_either(True),
        kink="the first counts where the two are equal; 0 against a number",
        doc="the larger of two, entry by entry",
        latex=r"\max",
    ),
    Op(
        "minimum",
        "pointwise",
        ("a", "b"),
        _shape,
        slopes=("a <= b", "b < a"),
        by_result=("y < b", "y < a"),
        value=_either(False),
        kink="the first counts where the two are equal; 0 against a number",
        doc="the smaller of two, entry by entry",
        latex=r"\min",
    ),
    Op(
        "clip",
        "pointwise",
        ("x", "a", "b"),
        _shape,
        slopes=("(x > a) * (x < b)", "(x < a) * (a < b)", "maximum(x, a) > b"),  # b counts where a > b, as in NumPy
        means="minimum(maximum(x, a), b)",
        kink="0 at the two bounds",
        doc="x held between a and b",
    ),
)
