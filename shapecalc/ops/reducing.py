"""Reductions over axes, and the functions made of them: softmax, logsumexp, norm, variance, the usual losses."""

from __future__ import annotations

from functools import reduce
from typing import Any

from shapecalc.errors import Misfit
from shapecalc.op import Axes, Op, Parameters, Signature
from shapecalc.shapes import Shape

from .constants import bound, letters
from .rearranging import normal

AXIS = (("axis", None), ("keepdims", False))


def axes_of(params: Parameters, rank: int) -> tuple[int, ...]:
    """The reduced axes, from the front; all of them where none is named."""
    axis = params["axis"]
    if axis is None:
        return tuple(range(rank))
    found = tuple(normal(a, rank) for a in (axis if isinstance(axis, tuple) else (axis,)))
    if len(set(found)) != len(found):
        raise Misfit("an axis is named twice")
    return found


def _reduced(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    (a,) = shapes
    gone = axes_of(params, len(a))
    keep = params["keepdims"]
    return tuple(1 if k in gone else d for k, d in enumerate(a) if keep or k not in gone)


def _sum(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    (a,) = shapes
    gone = axes_of(params, len(a))
    source = letters(a)
    out: Axes = tuple(None if k in gone else x for k, x in enumerate(source) if params["keepdims"] or k not in gone)
    return Signature((source,), out, sizes=bound(source, a))


def _mean(shapes: tuple[Shape, ...], params: Parameters) -> Signature:
    plain = _sum(shapes, params)
    over = tuple(shapes[0][k] for k in axes_of(params, len(shapes[0])))
    return Signature(plain.inputs, plain.output, over=over, sizes=plain.sizes)


def _same(shapes: tuple[Shape, ...], params: Parameters) -> Shape:
    axes_of(params, len(shapes[0]))
    return shapes[0]


def _extreme(largest: bool) -> Any:
    def value(ring: Any, tensors: list[Any], params: Any) -> Any:
        test = "greater" if largest else "less"

        def best(row: list[Any]) -> Any:
            out = row[0]
            for x in row[1:]:
                out = ring.choose(test, x, out, x, out) if hasattr(ring, "choose") else x if ring.test(test, x, out) else out
            return out

        return tensors[0].reduce(axes_of(params, len(tensors[0].shape)), params["keepdims"], best)

    return value


def _spread(text: str) -> Any:
    """Text for a pull-back that needs dy (and y) with the reduced axes kept: ``DY`` and ``Y`` stand for them."""

    def pulls(params: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
        rank, keep = len(shapes[0]), params["keepdims"]
        gone = sorted(axes_of(params, rank))
        every = not gone or len(gone) == rank  # of all entries there is one sum
        leading = gone == list(range(len(gone))) and not keep  # without the first axes it is broadcast along them anyway
        kept = keep or every or leading
        whole = text.replace(", axis=axis, keepdims=True", "") if every else text.replace(", keepdims=True", "") if leading else text
        return (whole.replace("DY", "dy" if kept else "expand(dy, axis=axis)").replace("Y_", "y" if kept else "expand(y, axis=axis)"),)

    return pulls


def _logsumexp_pulls(params: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    """softmax where it is along one axis, exp(a - y) where over several."""
    axis = params["axis"]
    if axis is None and len(shapes[0]) == 1:
        return ("dy * softmax(a)",)
    found: tuple[str, ...] = _spread("DY * softmax(a, axis=axis)" if isinstance(axis, int) else "DY * exp(a - Y_)")(params, shapes)
    return found


def _norm_means(params: Parameters) -> str:
    if params["ord"] == 1:
        return "sum(abs(a), axis=axis, keepdims=keepdims)"
    return "sqrt(sum(a**2, axis=axis, keepdims=keepdims))"


def _norm_pulls(params: Parameters, shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    found: tuple[str, ...] = _spread("DY * sign(a)" if params["ord"] == 1 else "DY * a / Y_")(params, shapes)
    return found


def _var_means(params: Parameters) -> str:
    return "sum((a - mean(a, axis=axis, keepdims=True))**2, axis=axis, keepdims=keepdims) / (count(a, axis=axis) - ddof)"


def _loss(text: str) -> Any:
    """The reduction of a loss over its entries (over the samples for cross entropy): mean or sum."""

    def means(params: Parameters) -> str:
        return text.replace("MEAN", "sum" if params["reduction"] == "sum" else "mean")

    return means


def _scalar(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    if len(set(shapes)) > 1:
        raise Misfit("the arguments must have the same shape")
    return ()


REDUCTION = (("reduction", "mean"),)
GOODFELLOW = "Goodfellow, Bengio & Courville (2016), sec. 6.2"

OPS = (
    Op("sum", "multilinear", ("a",), _reduced, AXIS, _sum, doc="the sum over axes (all, where none is named)"),
    Op("mean", "multilinear", ("a",), _reduced, AXIS, _mean, doc="the mean over axes", aliases=("average",)),
    Op(
        "max",
        "structured",
        ("a",),
        _reduced,
        AXIS,
        pulls=_spread("DY * (a == Y_) / sum(a == Y_, axis=axis, keepdims=True)"),
        value=_extreme(True),
        aliases=("amax",),
        kink="ties share equally",
        latex=r"\max",
        doc="the largest entry along axes",
    ),
    Op(
        "min",
        "structured",
        ("a",),
        _reduced,
        AXIS,
        pulls=_spread("DY * (a == Y_) / sum(a == Y_, axis=axis, keepdims=True)"),
        value=_extreme(False),
        aliases=("amin",),
        kink="ties share equally",
        latex=r"\min",
        doc="the smallest entry along axes",
    ),
    Op(
        "prod",
        "structured",
        ("a",),
        _reduced,
        AXIS,
        pulls=_spread("DY * Y_ / a"),
        value=lambda ring, tensors, params: tensors[0].reduce(
            axes_of(params, len(tensors[0].shape)), params["keepdims"], lambda row: reduce(ring.mul, row)
        ),
        domain="{a} != 0",
        latex=r"\prod",
        doc="the product of the entries along axes (of all, where none is named)",
        source="Magnus & Neudecker (2019), ch. 9",
    ),
    Op(
        "softmax",
        "structured",
        ("a",),
        _same,
        (("axis", -1),),
        pulls=lambda p, shapes: ("y * (dy - dy @ y)" if len(shapes[0]) == 1 else "y * (dy - sum(dy * y, axis=axis, keepdims=True))",),
        means="exp(a) / sum(exp(a), axis=axis, keepdims=True)",
        latex=r"\operatorname{softmax}",
        doc="exp(a), scaled to sum 1 along an axis",
        source=GOODFELLOW,
    ),
    Op(
        "log_softmax",
        "structured",
        ("a",),
        _same,
        (("axis", -1),),
        pulls=lambda p, shapes: (
            "dy - softmax(a) * sum(dy)" if len(shapes[0]) == 1 else "dy - softmax(a, axis=axis) * sum(dy, axis=axis, keepdims=True)",
        ),
        means="a - log(sum(exp(a), axis=axis, keepdims=True))",
        latex=r"\operatorname{log\_softmax}",
        doc="log of softmax",
        source=GOODFELLOW,
    ),
    Op(
        "logsumexp",
        "structured",
        ("a",),
        _reduced,
        AXIS,
        pulls=_logsumexp_pulls,
        means="log(sum(exp(a), axis=axis, keepdims=keepdims))",
        latex=r"\operatorname{logsumexp}",
        doc="log of the sum of exp(a)",
        source="Boyd & Vandenberghe (2004), sec. 3.1.5",
    ),
    Op(
        "norm",
        "structured",
        ("a",),
        _reduced,
        (("axis", None), ("keepdims", False), ("ord", 2)),
        pulls=_norm_pulls,
        means=_norm_means,
        domain="{a} != 0",
        kink="not differentiable at 0",
        doc="the 2-norm (Frobenius norm of a matrix); ord=1: the sum of absolute values",
        source="Petersen & Pedersen, The Matrix Cookbook (2012), eq. 129",
    ),
    Op(
        "var",
        "structured",
        ("a",),
        _reduced,
        (("axis", None), ("ddof", 0), ("keepdims", False)),
        pulls=_spread("2 * DY * (a - mean(a, axis=axis, keepdims=True)) / (count(a, axis=axis) - ddof)"),
        means=_var_means,
        latex=r"\operatorname{var}",
        doc="the mean squared deviation from the mean (divided by the count minus ddof)",
        source="Ioffe & Szegedy (2015), Batch normalization",
    ),
    Op(
        "std",
        "structured",
        ("a",),
        _reduced,
        (("axis", None), ("ddof", 0), ("keepdims", False)),
        pulls=_spread("DY * (a - mean(a, axis=axis, keepdims=True)) / ((count(a, axis=axis) - ddof) * Y_)"),
        means="sqrt(var(a, axis=axis, ddof=ddof, keepdims=keepdims))",
        latex=r"\operatorname{std}",
        doc="the square root of the variance",
        source="Ioffe & Szegedy (2015), Batch normalization",
    ),
    Op(
        "mse",
        "structured",
        ("a", "b"),
        _scalar,
        REDUCTION,
        means=_loss("MEAN((a - b)**2)"),
        aliases=("mse_loss",),
        pulls=lambda p, _: (
            "2 * dy * (a - b)" + ("" if p["reduction"] == "sum" else " / count(a)"),
            "2 * dy * (b - a)" + ("" if p["reduction"] == "sum" else " / count(a)"),
        ),
        latex=r"\operatorname{mse}",
        doc="the mean squared error",
        source=GOODFELLOW,
    ),
)
