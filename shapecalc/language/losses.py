"""The usual losses, each written out as the composition that it is."""

from __future__ import annotations

from shapecalc.errors import ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr

from . import tree
from .builder import Builder, build_text
from .surface import keywords, one, surface


def composed(builder: Builder, node: tree.Call, names: tuple[str, ...], text: str) -> Expr:
    """The text on the call's arguments, which are as many as there are names."""
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
    return composed(builder, node, ("Z", "Y"), f"-sum(Y * log_softmax(Z)){over}")


@surface("nll_loss")
def nll(builder: Builder, node: tree.Call) -> Expr:
    """nll_loss(logP, Y): -Σ Y logP, over the number of samples."""
    z = builder.build(node.args[0])
    over = " / Z.shape[0]" if _reduction(builder, node) == "mean" and len(z.shape) == 2 else ""
    return composed(builder, node, ("Z", "Y"), f"-sum(Y * Z){over}")


@surface("binary_cross_entropy", "bce", "bce_loss")
def binary(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy(P, Y) = -mean(Y log P + (1 - Y) log(1 - P))."""
    return composed(builder, node, ("P", "Y"), f"-{_reduction(builder, node)}(Y * log(P) + (1 - Y) * log(1 - P))")


@surface("binary_cross_entropy_with_logits", "bce_with_logits", "bce_with_logits_loss")
def binary_logits(builder: Builder, node: tree.Call) -> Expr:
    """binary_cross_entropy_with_logits(Z, Y) = mean(softplus(Z) - Y Z)."""
    return composed(builder, node, ("Z", "Y"), f"{_reduction(builder, node)}(softplus(Z) - Y * Z)")


@surface("kl_div_gaussian", "kl_gaussian")
def kl(builder: Builder, node: tree.Call) -> Expr:
    """The divergence of N(mu, exp(logvar)) from N(0, 1), by kl_gaussian(mu, logvar), summed (Kingma & Welling 2014, appendix B)."""
    a, b = one(builder, node, 2)
    if a.shape != b.shape:
        raise ShapeProblem("the mean and the log-variance must have the same shape", span=node.span)
    return composed(builder, node, ("m", "v"), "0.5 * sum(m**2 + exp(v) - 1 - v)")


@surface("clamp", "clamp_min", "clamp_max")
def clamp(builder: Builder, node: tree.Call) -> Expr:
    """torch.clamp(x, min, max), either of which may be missing."""
    given = {k.name: k.value for k in node.keywords}
    places = {"clamp": ("min", "max"), "clamp_min": ("min",), "clamp_max": ("max",)}[node.name]
    given |= dict(zip(places, node.args[1:], strict=False))
    bounds = {k: builder.build(v) for k, v in given.items() if not (isinstance(v, tree.Name) and v.id == "None")}
    if not node.args or not bounds or set(bounds) - {"min", "max"}:
        raise SyntaxProblem(f"{node.name} takes a tensor and its bounds", span=node.span, hint="clamp(x, min=0), clip(x, 0, 1)")
    text = {("max", "min"): "clip(A, min, max)", ("min",): "maximum(A, min)", ("max",): "minimum(A, max)"}[tuple(sorted(bounds))]
    return build_text(text, {"A": builder.build(node.args[0]), **bounds})
