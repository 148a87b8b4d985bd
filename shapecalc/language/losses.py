"""The usual losses, each written out as the composition that it is."""

from __future__ import annotations

from shapecalc.errors import ShapeProblem
from shapecalc.expr import Expr

from . import tree
from .builder import Builder, build_text
from .surface import keywords, one, surface


def _composed(builder: Builder, node: tree.Call, names: tuple[str, ...], text: str) -> Expr:
    args = one(builder, tree.Call(node.name, node.args, (), "", node.name_span, node.span), len(names))
    sizes = [d for a in args for d in a.shape if isinstance(d, str)]
    return build_text(text, dict(zip(names, args, strict=True)), sizes)


def _reduction(builder: Builder, node: tree.Call) -> str:
    return str(keywords(builder, node, "reduction", "axis").get("reduction", "mean"))


@surface("cross_entropy")
def cross_entropy(builder: Builder, node: tree.Call) -> Expr:
    """Of logits Z and probabilities or one-hot Y, samples as rows: -Σ Y log softmax(Z), over the number of samples."""
    z = builder.build(node.args[0])
    over = " / Z.shape[0]" if _reduction(builder, node) == "mean" and len(z.shape) == 2 else ""
    return _composed(builder, node, ("Z", "Y"), f"-sum(Y * log_softmax(Z)){over}")


@surface("nll_loss")
def nll(builder: Builder, node: tree.Call) -> Expr:
    """nll_loss(logP, Y): -Σ Y logP, over the number of samples."""
    z = builder.build(node.args[0])
    over = " / Z.shape[0]" if _reduction(builder, node) == "mean" and len(z.shape) == 2 else ""
    return _composed(builder, node, ("Z", "Y"), f"-sum(Y * Z){over}")


@surface("binary_cross_entropy")
def binary(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy(P, Y) = -mean(Y log P + (1 - Y) log(1 - P))."""
    return _composed(builder, node, ("P", "Y"), f"-{_reduction(builder, node)}(Y * log(P) + (1 - Y) * log(1 - P))")


@surface("binary_cross_entropy_with_logits")
def binary_logits(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy_with_logits(Z, Y) = mean(softplus(Z) - Y Z)."""
    return _composed(builder, node, ("Z", "Y"), f"{_reduction(builder, node)}(softplus(Z) - Y * Z)")


@surface("kl_div_gaussian", "kl_gaussian")
def kl(builder: Builder, node: tree.Call) -> Expr:
    """The divergence of N(mu, exp(logvar)) from N(0, 1), by kl_gaussian(mu, logvar), summed (Kingma & Welling 2014, appendix B)."""
    a, b = one(builder, node, 2)
    if a.shape != b.shape:
        raise ShapeProblem("the mean and the log-variance must have the same shape", span=node.span)
    return _composed(builder, node, ("m", "v"), "0.5 * sum(m**2 + exp(v) - 1 - v)")
