"""The spellings of NumPy, PyTorch and JAX, each turned into an operation of the rule book."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shapecalc.errors import Misfit, NotDifferentiable, NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr, Lit
from shapecalc.forms import apply, apply_op, lit, power
from shapecalc.ops import NAMES
from shapecalc.ops.undefined import undefined
from shapecalc.shapes import show, total

from . import tree
from .builder import SURFACE, Builder
from .libraries import by_torch, library, unnamed_axis
from .options import IGNORED, kept

SPELLED = {
    "dim": "axis",
    "dims": "axis",
    "axes": "axis",
    "keepdim": "keepdims",
    "correction": "ddof",
    "unbiased": "ddof",
    "p": "ord",
    "negative_slope": "slope",
    "diagonal": "k",
}


def surface(*names: str) -> Callable[[Callable[[Builder, tree.Call], Expr]], Callable[[Builder, tree.Call], Expr]]:
    """Registers a spelling."""

    def register(function: Callable[[Builder, tree.Call], Expr]) -> Callable[[Builder, tree.Call], Expr]:
        for name in names:
            SURFACE[name] = function
        return function

    return register


def keywords(builder: Builder, node: tree.Call, *allowed: str) -> dict[str, Any]:
    """The fixed parameters that were given by name, under NumPy's names."""
    out = {}
    for k in node.keywords:
        name = k.name if k.name in allowed else SPELLED.get(k.name, k.name)
        if name in IGNORED:
            continue
        if name not in allowed:
            raise SyntaxProblem(
                f"{node.name} has no option {k.name}", span=k.span, hint=f"it has {', '.join(allowed)}" if allowed else None
            )
        out[name] = builder.static(k.value)
    return out


@surface("()")
def generic(builder: Builder, node: tree.Call) -> Expr:
    """An operation of the rule book under its own name: arguments first, then parameters in order."""
    op = NAMES[node.name]
    names = [name for name, _ in op.params]
    given = keywords(builder, node, *names)
    wanted = len(op.args)
    args, extra = node.args[:wanted], node.args[wanted:]
    if len(args) < wanted:
        raise SyntaxProblem(f"{op.name} takes {wanted} argument{'s' * (wanted > 1)} ({', '.join(op.args)})", span=node.span)
    if op.name == "norm":
        names = ["ord", "axis", "keepdims"]  # in NumPy's and torch's order
    for name, a in zip([n for n in names if n not in given], extra, strict=False):
        given[name] = builder.static(a)
    if len(extra) > len(names):
        raise SyntaxProblem(f"{op.name} takes {wanted} argument{'s' * (wanted > 1)}", span=node.span)
    if op.name == "norm":
        _matrix_norm(builder, node, given, bool(extra))
    if op.name in ("var", "std") and not node.prefix and "ddof" not in given and not by_torch(node) and _beside_torch(builder):
        written = builder.scope.words(node)
        hint = f"torch.{node.name}(...), divided by the count minus 1, or np.{node.name}(...)"
        raise SyntaxProblem(f"{written} beside torch's functions can be read in two ways", span=node.span, hint=hint)
    if op.name in ("var", "std") and (by_torch(node) or "ddof" in given):
        given["ddof"] = int(given.get("ddof", 1))  # torch's unbiased=False is ddof=0
    unnamed = "axis" not in given or (given["axis"] is None and library(node.prefix) == "torch")
    if op.name in ("softmax", "log_softmax") and unnamed and (rank := len(builder.build(args[0]).shape)) > 1:
        given["axis"] = unnamed_axis(node, rank)
    if isinstance(given.get("axis"), tuple) and len(given["axis"]) == 1:
        given["axis"] = given["axis"][0]
    if isinstance(given.get("axis"), tuple) and not given.get("keepdims"):
        rank = len(builder.build(args[0]).shape)
        if sorted(a % rank for a in given["axis"] if isinstance(a, int) and rank) == list(range(rank)):
            given["axis"] = None
    _checked(builder, node, op.name, given)
    return builder.made(node, op.name, list(args), **given)


_TORCHS = re.compile(r"\btorch\.|\bF\.\w+\(|\.(?:unsqueeze|permute|repeat_interleave)\(|\b(?:dim|keepdim)\s*=[^=]")


def _beside_torch(builder: Builder) -> bool:
    """Whether the text is in torch's words."""
    return bool(_TORCHS.search(builder.scope.source))


def _matrix_norm(builder: Builder, node: tree.Call, given: dict[str, Any], positional: bool) -> None:
    """Refuses norms of matrices that are not those of their entries, which is how `linalg.norm` reads an order without an axis."""
    order, axis = given.get("ord", 2), given.get("axis")
    rank = len(builder.build(node.args[0]).shape)
    if order not in (1, 2) or rank < 2 or isinstance(axis, int) or "ord" not in given:
        return
    written = builder.scope.words(node)
    if node.prefix.endswith("linalg"):
        what = "the largest sum of a column" if order == 1 else "the largest singular value"
        hint = "norm(X, ord=1), the sum of all absolute values" if order == 1 else "norm(X), of all entries"
        raise NotKnownYet(f"{written} of a matrix is {what}, which is not in the rule book", span=node.span, hint=hint)
    if positional and not node.prefix:
        raise SyntaxProblem(f"{written} can be read in two ways", span=node.span, hint=f"ord={order}, or axis={order}")


def _checked(builder: Builder, node: tree.Call, name: str, given: dict[str, Any]) -> None:
    """Options of the right kind."""
    kinds = {"axis": (int, tuple, type(None)), "keepdims": (bool, int), "k": (int,), "ord": (int, str), "reduction": (str,), "ddof": (int,)}
    for key, value in given.items():
        if key in kinds and (not isinstance(value, kinds[key]) or (isinstance(value, bool) and key in ("axis", "k", "ord"))):
            raise SyntaxProblem(f"{key}={value} is not possible in {name}", span=node.span)
    if name == "norm" and given.get("ord", 2) not in (1, 2):
        if given["ord"] == "fro":
            del given["ord"]
        else:
            raise NotKnownYet(f"norm with ord={given['ord']} is not in the rule book; 1, 2 and 'fro' are", span=node.span)


def one(builder: Builder, node: tree.Call, count: int = 1) -> list[Expr]:
    """The built arguments, of which there must be so many."""
    if len(node.args) != count:
        raise SyntaxProblem(f"{node.name} takes {count} argument{'s' * (count != 1)}, not {len(node.args)}", span=node.span)
    return [builder.build(a) for a in node.args]


def fitted(builder: Builder, node: tree.Call, make: Callable[[], Expr], *about: Expr) -> Expr:
    """The result of `make`, a misfit said with the shapes of the arguments."""
    try:
        return make()
    except Misfit as misfit:
        notes = tuple(f"{builder.scope.words(n, 'an argument')} is {show(e.shape)}" for n, e in zip(node.args, about, strict=False))
        raise ShapeProblem(f"{node.name}: {misfit.message}", span=node.span, notes=notes, hint=misfit.hint) from None


@surface("'")
def _derivative(builder: Builder, node: tree.Call) -> Expr:
    """f'(x), f''(x): the derivatives of a function that is left undefined."""
    name = node.name.rstrip("'")
    if name in builder.scope.variables:
        inside = builder.scope.words(node.args[0], "...") if node.args else "..."
        raise SyntaxProblem(f"an operator is missing between {node.name} and ({inside})", span=node.span, hint=f"{name}.T @ ({inside})")
    if builder.scope.functions.get(name, ((), node))[1] is not None:
        known = name in builder.scope.functions
        message = f"{node.name} is the derivative of a function that is left undefined" + (f", and {name} has a formula" if known else "")
        raise SyntaxProblem(message, span=node.span, hint=None if known else f"def {name}(x)")
    if len(node.args) != 1 or node.keywords:
        raise SyntaxProblem(f"{node.name} takes 1 argument", span=node.span)
    return apply_op(undefined(name), (builder.build(node.args[0]),), {"order": len(node.name) - len(name)})


@surface("square")
def _square(builder: Builder, node: tree.Call) -> Expr:
    return power(one(builder, node)[0], 2)


@surface("reciprocal")
def _reciprocal(builder: Builder, node: tree.Call) -> Expr:
    return apply("div", lit(1), one(builder, node)[0])


@surface("rsqrt")
def _rsqrt(builder: Builder, node: tree.Call) -> Expr:
    return apply("div", lit(1), apply("sqrt", one(builder, node)[0]))


@surface("power", "pow")
def _power(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 2:
        raise SyntaxProblem(f"{node.name} takes a base and an exponent", span=node.span)
    return builder.build(tree.Power(node.args[0], node.args[1], node.span))


@surface("add")
def _add(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    return builder.build(tree.Sum(tuple(("+", a) for a in node.args), node.span))


@surface("subtract", "sub")
def _subtract(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    return builder.build(tree.Sum((("+", node.args[0]), ("-", node.args[1])), node.span))


@surface("mul", "multiply", "div", "divide", "true_divide", "matmul", "mm", "bmm", "mv")
def _infix(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    given = keywords(builder, node, "transpose_a", "transpose_b") if node.name == "matmul" else {}
    if given:  # TensorFlow's
        first, second = (
            tree.Transpose(a, ".mT", a.span) if given.get(f"transpose_{x}") else a for x, a in zip("ab", node.args, strict=True)
        )
        return builder.build(tree.Product(first, (("@", second),), node.span))
    op = {"mul": "*", "multiply": "*", "div": "/", "divide": "/", "true_divide": "/"}.get(node.name, "@")
    return builder.build(tree.Product(node.args[0], ((op, node.args[1]),), node.span))


@surface("dot")
def _dot(builder: Builder, node: tree.Call) -> Expr:
    a, b = one(builder, node, 2)
    if len(a.shape) > 1 and len(b.shape) > 2:
        hint = "A @ B for the leading axes one by one; einsum for every pair of them"
        raise NotKnownYet(f"{node.name} of such tensors, which takes every pair of their leading axes, is not read", node.span, hint=hint)
    op = "@" if a.shape and b.shape else "*"
    return builder.build(tree.Product(node.args[0], ((op, node.args[1]),), node.span))


@surface("vdot")
def _vdot(builder: Builder, node: tree.Call) -> Expr:
    a, b = one(builder, node, 2)
    return fitted(builder, node, lambda: apply("inner", a, b), a, b)


@surface("matpow", "matrix_power")
def _matpow(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 2:
        raise SyntaxProblem(f"{node.name} takes a matrix and a whole number", span=node.span)
    try:
        k = builder.static(node.args[1])
    except SyntaxProblem:
        k = None
    if not isinstance(k, int) or isinstance(k, bool):
        raise NotKnownYet(
            "matpow needs a fixed whole exponent: the derivative of A**k is a sum of k products, which has no closed form for a symbolic k",
            span=node.args[1].span,
        )
    if abs(k) > 64:
        raise NotKnownYet("an exponent above 64 is not written out", span=node.args[1].span)
    return builder.made(node, "matpow", [node.args[0]], k=k)


@surface("argmax", "argmin", "argsort", "round", "floor", "ceil", "rint")
def _refused(builder: Builder, node: tree.Call) -> Expr:
    raise NotDifferentiable(
        f"{node.name} is piecewise constant: its derivative is 0 wherever it exists, so nothing flows back through it", span=node.name_span
    )


@surface("slogdet")
def _slogdet(builder: Builder, node: tree.Call) -> Expr:
    raise SyntaxProblem("slogdet gives a sign and a logarithm", span=node.span, hint="logdet(A), slogdet(A)[1], or s, l = slogdet(A)")


@surface("multi_dot", "chain_matmul")
def _multi_dot(builder: Builder, node: tree.Call) -> Expr:
    items = node.args[0].items if len(node.args) == 1 and isinstance(node.args[0], tree.Tuple | tree.List) else node.args
    return builder.build(tree.Product(items[0], tuple(("@", i) for i in items[1:]), node.span))


@surface("prod")
def _prod(builder: Builder, node: tree.Call) -> Expr:
    """Of sizes, prod(X.shape), or of entries."""
    of = node.args[0] if len(node.args) == 1 else None
    cut = of.items[0] if isinstance(of, tree.Subscript) else None
    inner = of.object if isinstance(of, tree.Subscript) and isinstance(cut, tree.Slice) else of
    if isinstance(inner, tree.Attribute) and inner.name == "shape":
        shape = builder.build(inner.object).shape
        if isinstance(cut, tree.Slice):
            shape = shape[slice(*(None if n is None else builder.static(n) for n in (cut.start, cut.stop, cut.step)))]
        return Lit(total(shape))
    return generic(builder, node)


@surface("max", "min")
def _extreme(builder: Builder, node: tree.Call) -> Expr:
    """Along an axis; max(0, z), max(a, b) and torch.max(a, b) are the larger of the two, as on paper."""
    bare = not node.prefix and len(node.args) == 2 and node.args[0].span[0] >= node.name_span[0]
    if len(node.args) == 2 and not isinstance(node.args[1], tree.Tuple | tree.List):
        second = node.args[1].arg if isinstance(node.args[1], tree.Unary) else node.args[1]
        if not isinstance(second, tree.Number) or isinstance(node.args[0], tree.Number) or not second.text.isdigit():  # 0.0 is no axis
            if not (isinstance(second, tree.Name) and (second.id in builder.scope.static or second.id == "None")):
                return builder.call(replace(node, name=f"{node.name}imum"))
        elif bare and builder.build(node.args[0]).shape:
            written, first = builder.scope.words(node), builder.scope.words(node.args[0])
            hint = f"{node.name}imum({first}, {builder.scope.words(node.args[1])}), or {node.name}({first}, axis=...)"
            raise SyntaxProblem(f"{written} can be read in two ways", span=node.span, hint=hint)
    return generic(builder, node)


TENSORFLOW = {"reduce_sum": "sum", "reduce_mean": "mean", "reduce_max": "max", "reduce_min": "min", "ger": "outer"}


@surface(*TENSORFLOW)
def _renamed(builder: Builder, node: tree.Call) -> Expr:
    return builder.call(replace(node, name=TENSORFLOW[node.name]))


@surface("detach", "clone", "item", "numpy", "contiguous", "copy", "double", "float", "asarray", "array", "tensor")
def _transparent(builder: Builder, node: tree.Call) -> Expr:
    if node.name == "detach":
        raise NotKnownYet("detach cuts the gradient, which a formula cannot say", span=node.name_span)
    if len(node.args) > 2 or any(isinstance(a, tree.Number) or getattr(a, "id", "") in builder.scope.variables for a in node.args[1:]):
        raise SyntaxProblem(f"{node.name} takes an array, and perhaps its type", span=node.span)
    made = builder.build(node.args[0])
    for kind in node.args[1:]:
        kept(made, kind, kind.span)
    return made
