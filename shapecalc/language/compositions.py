"""Functions that are compositions of others, written out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from shapecalc.errors import NotKnownYet, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import add, apply, transposed
from shapecalc.numerals import number
from shapecalc.shapes import broadcast

from . import tree
from .builder import Builder, build_text
from .libraries import library, unnamed_axis
from .losses import composed, reduction
from .options import at_most
from .surface import fitted, generic, keywords, one, surface

Options = dict[str, Any]

HUBER = "MEAN(where(abs(A - B) < {delta}, (A - B)**2 / 2, {delta} * (abs(A - B) - {delta}/2)))"
SMOOTH = "MEAN(where(abs(A - B) < {beta}, (A - B)**2 / (2*{beta}), abs(A - B) - {beta}/2))"

LOSSES: dict[str, tuple[tuple[str, ...], str, Options]] = {
    "l1_loss": (("A", "B"), "MEAN(abs(A - B))", {}),
    "mae": (("A", "B"), "MEAN(abs(A - B))", {}),
    "mae_loss": (("A", "B"), "MEAN(abs(A - B))", {}),
    "smooth_l1_loss": (("A", "B"), SMOOTH, {"beta": 1}),
    "huber_loss": (("A", "B"), HUBER, {"delta": 1}),
    "soft_margin_loss": (("A", "B"), "MEAN(log(1 + exp(-B * A)))", {}),
    "gaussian_nll_loss": (("A", "B", "V"), "MEAN((log(V) + (A - B)**2 / V) / 2)", {}),  # of variances above its eps
}
ENTRYWISE: dict[str, tuple[tuple[str, ...], str, Options]] = {
    "softsign": (("A",), "A / (1 + abs(A))", {}),
    "logsigmoid": (("A",), "log(sigmoid(A))", {}),
    "log_sigmoid": (("A",), "log(sigmoid(A))", {}),
    "logit": (("A",), "log(A / (1 - A))", {}),
    "hardtanh": (("A",), "clip(A, -1, 1)", {}),
    "relu6": (("A",), "clip(A, 0, 6)", {}),
    "hardsigmoid": (("A",), "clip(A/6 + 1/2, 0, 1)", {}),
    "hardswish": (("A",), "A * clip(A/6 + 1/2, 0, 1)", {}),
    "tanhshrink": (("A",), "A - tanh(A)", {}),
    "softshrink": (("A",), "where(A > {lambd}, A - {lambd}, where(A < -{lambd}, A + {lambd}, 0))", {"lambd": Fraction(1, 2)}),
    "hardshrink": (("A",), "where(abs(A) > {lambd}, A, 0)", {"lambd": Fraction(1, 2)}),
    "celu": (("A",), "where(A > 0, A, {alpha} * (exp(A / {alpha}) - 1))", {"alpha": 1}),
    "selu": (("A",), "1.0507009873554805 * where(A > 0, A, 1.6732632423543772 * (exp(A) - 1))", {}),
    "lerp": (("A", "B", "C"), "A + C * (B - A)", {}),
    "xlogy": (("A", "B"), "A * log(B)", {}),
    "xlog1py": (("A", "B"), "A * log(1 + B)", {}),
    "entr": (("A",), "-A * log(A)", {}),
    "rel_entr": (("A", "B"), "A * log(A / B)", {}),
    "logaddexp": (("A", "B"), "log(exp(A) + exp(B))", {}),
    "hypot": (("A", "B"), "sqrt(A**2 + B**2)", {}),
    "exp2": (("A",), "2**A", {}),
    "log2": (("A",), "log(A) / log(2)", {}),
    "log10": (("A",), "log(A) / log(10)", {}),
    "cbrt": (("A",), "sign(A) * abs(A)**(1/3)", {}),
    "arcsinh": (("A",), "log(A + sqrt(A**2 + 1))", {}),
    "arccosh": (("A",), "log(A + sqrt(A**2 - 1))", {}),
    "arctanh": (("A",), "log((1 + A) / (1 - A)) / 2", {}),
    "sec": (("A",), "1 / cos(A)", {}),
    "csc": (("A",), "1 / sin(A)", {}),
    "cot": (("A",), "1 / tan(A)", {}),
    "sech": (("A",), "1 / cosh(A)", {}),
    "csch": (("A",), "1 / sinh(A)", {}),
    "coth": (("A",), "1 / tanh(A)", {}),
    "erfc": (("A",), "1 - erf(A)", {}),
    "ndtr": (("A",), "(1 + erf(A / sqrt(2))) / 2", {}),
}
ALSO = {"hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
COMPOSED = LOSSES | ENTRYWISE | {name: ENTRYWISE[other] for name, other in ALSO.items()}


@surface(*COMPOSED)
def _composed(builder: Builder, node: tree.Call) -> Expr:
    """Of the arguments first; the options by name, or behind them in order."""
    names, text, options = COMPOSED[node.name]
    how, given = reduction(builder, node, *options) if "MEAN" in text else ("", keywords(builder, node, *options))
    text = text.replace("MEAN", how)
    behind = dict(zip([o for o in options if o not in given], [builder.static(a) for a in node.args[len(names) :]], strict=False))
    values = options | given | behind
    if not all(isinstance(v, int | Fraction) and v > 0 for v in values.values()):
        raise SyntaxProblem(f"{', '.join(options)} of {node.name} is a positive number", span=node.span)
    written = {o: number(Fraction(v))[0] for o, v in values.items()}
    args = node.args[: len(names)] if len(node.args) <= len(names) + len(behind) else node.args
    call = tree.Call(node.name, args, (), "", node.name_span, node.span)
    return composed(builder, call, names, text.format(**{o: f"({t})" if "/" in t else t for o, t in written.items()}))


@surface("norm", "vector_norm")
def _norm(builder: Builder, node: tree.Call) -> Expr:
    """The norms of the rule book; of other orders written out, along one axis or of a vector."""
    order = next((k.value for k in node.keywords if k.name in ("ord", "p")), node.args[1] if len(node.args) > 1 else None)
    if isinstance(order, tree.Name) and order.id == "None":  # norm(X, None, 1), the usual one
        two = tree.Number("2", Fraction(2), order.span)
        args = tuple(two if a is order else a for a in node.args)
        node = replace(node, args=args, keywords=tuple(k for k in node.keywords if k.name not in ("ord", "p")))
        order = two if len(args) > 1 else None
    value = _order(builder, order)
    rank = len(builder.build(node.args[0]).shape) if node.args else 0
    named = tuple(k for k in node.keywords if k.name not in ("ord", "p"))
    given = keywords(builder, replace(node, keywords=named), "axis", "keepdims")
    axis = given.get("axis", builder.static(node.args[2]) if len(node.args) > 2 else None)
    if order is None or value in (1, 2, "fro") or (isinstance(value, str) and value != "inf") or (rank > 1 and not isinstance(axis, int)):
        return generic(builder, replace(node, name="norm"))
    at_most(node, 4)
    kept = given.get("keepdims", builder.static(node.args[3]) if len(node.args) > 3 else False)
    along = ("" if axis is None else f", axis={axis}") + (", keepdims=True" if kept else "")
    a = builder.build(node.args[0])
    if value == "inf":
        return build_text(f"max(abs(A){along})", {"A": a})
    if isinstance(value, Fraction | int) and value > 0:
        entries = "A" if Fraction(value).denominator == 1 and value % 2 == 0 else "abs(A)"
        return build_text(f"sum({entries}**({number(Fraction(value))[0]}){along})**(1/({number(Fraction(value))[0]}))", {"A": a})
    if value is not None:
        return generic(builder, replace(node, name="norm"))
    return build_text(f"sum(abs(A)**P{along})**(1/P)", {"A": a, "P": builder.build(order)})


def _order(builder: Builder, node: tree.Node | None) -> Any:
    """The order of a norm: a number, a word, or None for a formula."""
    if isinstance(node, tree.Name) and node.id == "inf" and "inf" not in builder.scope.variables:
        return "inf"
    if node is None or (isinstance(node, tree.Name) and node.id in builder.scope.variables):
        return None
    return builder.static(node)


@surface("linear")
def _linear(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.linear(X, W, b) = X @ W.T + b."""
    args = [*node.args, *(k.value for k in node.keywords if k.name == "bias")]
    if len(args) not in (2, 3):
        raise SyntaxProblem("linear takes X, W and perhaps b", span=node.span)
    x, w = builder.build(args[0]), builder.build(args[1])
    out = fitted(builder, node, lambda: apply("matmul", x, transposed(w)), x, w)
    if len(args) == 2:
        return out
    b = builder.build(args[2])
    return fitted(builder, node, lambda: add(out, b), x, w, b)


@surface("addmm")
def _addmm(builder: Builder, node: tree.Call) -> Expr:
    b, x, w = one(builder, node, 3)
    return fitted(builder, node, lambda: add(b, apply("matmul", x, w)), b, x, w)


@surface("softmin")
def _softmin(builder: Builder, node: tree.Call) -> Expr:
    """softmax of -A, along the last axis unless told otherwise."""
    given = keywords(builder, node, "axis")
    rank = len(builder.build(node.args[0]).shape) if node.args else 0
    axis = given.get("axis", unnamed_axis(node, rank))
    return composed(builder, node, ("A",), f"softmax(-A, axis={axis})")


@surface("gelu")
def _gelu(builder: Builder, node: tree.Call) -> Expr:
    """x Φ(x); with approximate="tanh", which is JAX's default, the formula that Hendrycks & Gimpel (2016) give for it with tanh."""
    approximate = keywords(builder, node, "approximate").get("approximate", library(node.prefix) == "jax")
    if approximate not in (True, False, "tanh", "none"):
        raise SyntaxProblem(f"approximate={approximate} is not possible in gelu", span=node.span)
    if approximate in (False, "none"):
        return generic(builder, replace(node, keywords=()))
    return composed(builder, node, ("A",), "A * (1 + tanh(sqrt(2 / pi) * (A + 0.044715 * A**3))) / 2")


@surface("normalize")
def _normalize(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.normalize: rows divided by their norm (along axis 1 unless told otherwise)."""
    given = keywords(builder, node, "axis", "p", "eps")
    behind = dict(zip([n for n in ("p", "axis") if n not in given], (builder.static(a) for a in node.args[1:]), strict=False))
    p, axis = (given | behind).get("p", 2), (given | behind).get("axis", 1)
    if p not in (1, 2):
        raise NotKnownYet(f"normalize with p={p} is not read", span=node.span)
    call = replace(node, args=node.args[:1] if len(node.args) <= 3 else node.args)
    return composed(builder, call, ("A",), f"A / norm(A, ord={p}, axis={axis}, keepdims=True)")


@surface("cosine_similarity")
def _cosine(builder: Builder, node: tree.Call) -> Expr:
    """Of two vectors, or of the rows of two matrices (along axis 1 unless told otherwise), broadcast to one shape first as torch does."""
    axis = keywords(builder, node, "axis").get("axis", 1)
    a, b = one(builder, replace(node, keywords=()), 2)
    shape = broadcast(a.shape, b.shape)
    if a.shape != b.shape and shape is not None and len(a.shape) * len(b.shape):
        a, b = (e if e.shape == shape else apply("broadcast_to", e, shape=shape) for e in (a, b))
    along = "" if len(a.shape) == 1 else f", axis={axis}"
    text = f"sum(A * B{along}) / (norm(A{along}) * norm(B{along}))" if along else "A @ B / (norm(A) * norm(B))"
    return fitted(builder, node, lambda: build_text(text, {"A": a, "B": b}), a, b)


@surface("cdist")
def _distances(builder: Builder, node: tree.Call) -> Expr:
    """The distance of each row of one matrix from each row of another."""
    if any(len(e.shape) != 2 for e in one(builder, node, 2)):
        raise NotKnownYet("cdist is read of two matrices", span=node.span)
    return composed(builder, node, ("A", "B"), "sqrt(sum((A[:, None] - B)**2, axis=2))")


@surface("cov")
def _covariance(builder: Builder, node: tree.Call) -> Expr:
    """NumPy's: variables as rows unless rowvar=False, divided by the count minus 1 unless ddof=0 or bias=True."""
    given = keywords(builder, node, "rowvar", "ddof", "bias")
    less = given.get("ddof", 0 if given.get("bias") else 1)
    if len(builder.build(node.args[0]).shape) != 2 or not isinstance(less, int):
        raise SyntaxProblem("cov takes a matrix", span=node.span, hint="var(x) of a vector")
    axis = 1 if given.get("rowvar", True) else 0
    below = f"(A.shape[{axis}] - {less})" if less else f"A.shape[{axis}]"
    centred = f"(A - mean(A, axis={axis}{', keepdims=True' if axis else ''}))"
    product = f"{centred} @ {centred}.T" if axis else f"{centred}.T @ {centred}"
    return composed(builder, node, ("A",), f"{product} / {below}")


def _sliced(axis: int, item: str) -> str:
    return f"A[{':, ' * axis}{item}]"


def _along(builder: Builder, node: tree.Call, default: int | None) -> tuple[int, int]:
    """The axis of the first argument, from the front, and how long it is there; a length that is a name is 0."""
    rank = len(builder.build(node.args[0]).shape)
    axis = keywords(builder, node, "axis", "shift").get("axis", default)
    if axis is None and rank == 1:
        axis = 0
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise SyntaxProblem(f"{node.name} is along one axis, which is named", span=node.span, hint=f"{node.name}(X, ..., axis=0)")
    return axis % rank, rank


@surface("diff")
def _differences(builder: Builder, node: tree.Call) -> Expr:
    """Each entry less the one before it, along the last axis unless told otherwise."""
    axis, _ = _along(builder, node, -1)
    return composed(builder, node, ("A",), f"{_sliced(axis, '1:')} - {_sliced(axis, ':-1')}")


@surface("roll")
def _rolled(builder: Builder, node: tree.Call) -> Expr:
    """The entries moved on along an axis, those that leave it coming in at its other end."""
    at_most(node, 3)
    axis, _ = _along(builder, node, None)
    shift = keywords(builder, node, "axis", "shift").get("shift", builder.static(node.args[1]) if len(node.args) > 1 else None)
    if not isinstance(shift, int):
        raise SyntaxProblem("roll takes a fixed number of places", span=node.span)
    call = tree.Call(node.name, node.args[:1], (), "", node.name_span, node.span)
    if shift == 0:
        return builder.build(node.args[0])
    return composed(builder, call, ("A",), f"concatenate([{_sliced(axis, f'{-shift}:')}, {_sliced(axis, f':{-shift}')}], axis={axis})")
