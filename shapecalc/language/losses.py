"""The usual losses, each written out as the composition that it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from shapecalc.errors import ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.numerals import number

from . import tree
from .builder import Builder, build_text
from .libraries import library
from .options import asked, at_most
from .surface import generic, keywords, one, surface


def composed(builder: Builder, node: tree.Call, names: tuple[str, ...], text: str) -> Expr:
    """The text on the call's arguments, which are as many as there are names."""
    args = one(builder, tree.Call(node.name, node.args, (), "", node.name_span, node.span), len(names))
    sizes = [d for a in args for d in a.shape if isinstance(d, str)]
    return build_text(text, dict(zip(names, args, strict=True)), sizes)


REDUCTIONS = {"mean": "mean", "sum": "sum", "none": ""}


def reduction(builder: Builder, node: tree.Call, *options: str) -> tuple[str, dict[str, Any]]:
    """The function that makes one number of the losses, "" for none; and the other options."""
    given = keywords(builder, node, "reduction", *options)
    name = given.pop("reduction", "mean")
    if name not in REDUCTIONS:
        raise SyntaxProblem(f"reduction={name} is not possible in {node.name}", span=node.span, hint=f"one of {', '.join(REDUCTIONS)}")
    return REDUCTIONS[name], given


def _over_classes(builder: Builder, node: tree.Call, text: str, *options: str) -> Expr:
    """-Σ Y log P over the classes, and the mean over all else: samples are rows; of more axes the classes are torch's second."""
    how, given = reduction(builder, node, "axis", *options)
    shape = builder.build(node.args[0]).shape
    if len(shape) > 2 and library(node.prefix) != "torch" and "axis" not in given:
        what = f"{node.name} of {len(shape)} axes: which one the classes are along differs"
        raise SyntaxProblem(what, span=node.span, hint=f"{node.name}(Z, Y, axis=-1); torch's, F.{node.name}(Z, Y), takes the second")
    axis = given.get("axis", 1 if len(shape) > 2 else -1)
    if not isinstance(axis, int) or (shape and not -len(shape) <= axis < len(shape)):
        raise SyntaxProblem(f"axis={axis} is not possible in {node.name}", span=node.span)
    along = "" if len(shape) < 2 or axis % len(shape) == len(shape) - 1 else f", axis={axis}"
    summed = f", axis={axis}" if not how else ""
    samples = [f"Z.shape[{k}]" for k in range(len(shape)) if k != axis % len(shape)] if how == "mean" else []
    over = f" / ({' * '.join(samples)})" if len(samples) > 1 else "".join(f" / {s}" for s in samples)
    wanted, smooth = "Y", given.get("label_smoothing", 0)
    if not isinstance(smooth, int | Fraction) or not 0 <= smooth < 1:
        raise SyntaxProblem(f"label_smoothing={smooth} is not possible in {node.name}", span=node.span)
    if smooth and shape:
        wanted = f"(({number(Fraction(1 - smooth))[0]}) * Y + ({number(Fraction(smooth))[0]}) / Z.shape[{axis % len(shape)}])"
    return composed(builder, node, ("Z", "Y"), f"-sum({wanted} * {text.format(along=along)}{summed}){over}")


@surface("cross_entropy")
def cross_entropy(builder: Builder, node: tree.Call) -> Expr:
    """Of logits Z and probabilities or one-hot Y, samples as rows: -Σ Y log softmax(Z), over the number of samples.

    With label_smoothing=e it is (1 - e) Y + e / classes for Y (Szegedy et al. 2016, sec. 7).
    """
    return _over_classes(builder, node, "log_softmax(Z{along})", "label_smoothing")


@surface("nll_loss")
def nll(builder: Builder, node: tree.Call) -> Expr:
    """nll_loss(logP, Y): -Σ Y logP, over the number of samples."""
    return _over_classes(builder, node, "Z")


@surface("binary_cross_entropy", "bce", "bce_loss")
def binary(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy(P, Y) = -mean(Y log P + (1 - Y) log(1 - P))."""
    return composed(builder, node, ("P", "Y"), f"-{reduction(builder, node)[0]}(Y * log(P) + (1 - Y) * log(1 - P))")


@surface("binary_cross_entropy_with_logits", "bce_with_logits", "bce_with_logits_loss")
def binary_logits(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy_with_logits(Z, Y) = mean(softplus(Z) - Y Z)."""
    return composed(builder, node, ("Z", "Y"), f"{reduction(builder, node)[0]}(softplus(Z) - Y * Z)")


@surface("mse", "mse_loss")
def squares(builder: Builder, node: tree.Call) -> Expr:
    """The operation of the rule book; without a reduction the squares themselves."""
    how, _ = reduction(builder, node)
    return generic(builder, node) if how else composed(builder, node, ("A", "B"), "(A - B)**2")


@surface("kl_div_gaussian", "kl_gaussian")
def kl(builder: Builder, node: tree.Call) -> Expr:
    """The divergence of N(mu, exp(logvar)) from N(0, 1), by kl_gaussian(mu, logvar), summed (Kingma & Welling 2014, appendix B)."""
    a, b = one(builder, node, 2)
    if a.shape != b.shape:
        raise ShapeProblem("the mean and the log-variance must have the same shape", span=node.span)
    return composed(builder, node, ("m", "v"), "0.5 * sum(m**2 + exp(v) - 1 - v)")


@surface("kl_div")
def divergence(builder: Builder, node: tree.Call) -> Expr:
    """torch's kl_div(log Q, P): of P from Q, by log Q; SciPy's kl_div(P, Q), entry by entry, is P log(P / Q) - P + Q."""
    whose = library(node.prefix)
    if whose not in ("torch", "scipy"):
        hint = "F.kl_div(logQ, P), torch's, of logarithms; scipy.special.kl_div(P, Q), entry by entry"
        raise SyntaxProblem("kl_div can be read in two ways", span=node.span, hint=hint)
    if whose == "scipy":
        return composed(builder, replace(node, keywords=()), ("P", "Q"), "P * log(P / Q) - P + Q")
    given = keywords(builder, node, "reduction", "log_target")
    how = given.get("reduction", "mean")
    if how not in ("batchmean", *REDUCTIONS):
        raise SyntaxProblem(f"reduction={how} is not possible in kl_div", span=node.span, hint="one of batchmean, mean, sum, none")
    each = "exp(P) * (P - Q)" if given.get("log_target") else "P * (log(P) - Q)"
    name, over = ("sum", " / Q.shape[0]") if how == "batchmean" else (REDUCTIONS[how], "")
    return composed(builder, node, ("Q", "P"), f"{name}({each}){over}")


@surface("poisson_nll_loss")
def poisson(builder: Builder, node: tree.Call) -> Expr:
    """torch's poisson_nll_loss(Z, Y): exp(Z) - Y Z, or with log_input=False Z - Y log(Z + 1e-8)."""
    how, given = reduction(builder, node, "log_input")
    each = "exp(Z) - Y * Z" if given.get("log_input", True) else "Z - Y * log(Z + 1e-8)"
    return composed(builder, node, ("Z", "Y"), f"{how}({each})")


@surface("softplus")
def softplus(builder: Builder, node: tree.Call) -> Expr:
    """The softplus of the rule book; of torch, with a factor beta, that of beta x over beta."""
    if len(node.args) + len(node.keywords) < 2:
        return generic(builder, node)
    beta = keywords(builder, node, "beta").get("beta", builder.static(node.args[1]) if len(node.args) > 1 else None)
    if not isinstance(beta, int | Fraction) or beta <= 0:
        raise SyntaxProblem("beta of softplus is a positive number", span=node.span)
    written = number(Fraction(beta))[0]
    call = tree.Call(node.name, node.args[:1] if len(node.args) <= 2 else node.args, (), "", node.name_span, node.span)
    return composed(builder, call, ("A",), f"softplus(({written}) * A) / ({written})")


@surface("clamp", "clamp_min", "clamp_max")
def clamp(builder: Builder, node: tree.Call) -> Expr:
    """torch.clamp(x, min, max), either of which may be missing."""
    given = asked(node, "min", "max")
    places = {"clamp": ("min", "max"), "clamp_min": ("min",), "clamp_max": ("max",)}[node.name]
    at_most(node, 1 + len(places))
    given |= dict(zip(places, node.args[1:], strict=False))
    bounds = {k: builder.build(v) for k, v in given.items() if not (isinstance(v, tree.Name) and v.id == "None")}
    if not node.args or not bounds or set(bounds) - {"min", "max"}:
        raise SyntaxProblem(f"{node.name} takes a tensor and its bounds", span=node.span, hint="clamp(x, min=0), clip(x, 0, 1)")
    text = {("max", "min"): "clip(A, min, max)", ("min",): "maximum(A, min)", ("max",): "minimum(A, max)"}[tuple(sorted(bounds))]
    return build_text(text, {"A": builder.build(node.args[0]), **bounds})
