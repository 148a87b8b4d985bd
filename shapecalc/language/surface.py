"""The spellings of NumPy, PyTorch and JAX, each turned into an operation of the rule book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapecalc import shapes
from shapecalc.errors import Misfit, NotDifferentiable, NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Apply, Expr, Lit
from shapecalc.forms import add, apply, lit, mul, ones, power, transposed, zeros
from shapecalc.ops import NAMES
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, Shape, show, total

from . import tree
from .builder import SURFACE, Builder

SPELLED = {
    "dim": "axis",
    "axes": "axis",
    "keepdim": "keepdims",
    "correction": "ddof",
    "p": "ord",
    "negative_slope": "slope",
    "diagonal": "k",
}
IGNORED = {"dtype", "device", "out", "requires_grad", "optimize"}


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
    for name, a in zip([n for n in names if n not in given], extra, strict=False):
        given[name] = builder.static(a)
    if len(extra) > len(names):
        raise SyntaxProblem(f"{op.name} takes {wanted} argument{'s' * (wanted > 1)}", span=node.span)
    if isinstance(given.get("axis"), tuple) and len(given["axis"]) == 1:
        given["axis"] = given["axis"][0]
    _checked(builder, node, op.name, given)
    return builder.made(node, op.name, list(args), **given)


def _checked(builder: Builder, node: tree.Call, name: str, given: dict[str, Any]) -> None:
    """Options of the right kind."""
    kinds = {"axis": (int, tuple, type(None)), "keepdims": (bool, int), "k": (int,), "ord": (int, str), "reduction": (str,), "ddof": (int,)}
    for key, value in given.items():
        if key in kinds and not isinstance(value, kinds[key]):
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
    return builder.build(tree.Sum(tuple(("+", a) for a in node.args), node.span))


@surface("subtract", "sub")
def _subtract(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    return builder.build(tree.Sum((("+", node.args[0]), ("-", node.args[1])), node.span))


@surface("mul", "multiply", "div", "divide", "true_divide", "matmul", "mm", "bmm", "mv")
def _infix(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    op = {"mul": "*", "multiply": "*", "div": "/", "divide": "/", "true_divide": "/"}.get(node.name, "@")
    return builder.build(tree.Product(node.args[0], ((op, node.args[1]),), node.span))


@surface("dot")
def _dot(builder: Builder, node: tree.Call) -> Expr:
    a, b = one(builder, node, 2)
    op = "@" if a.shape and b.shape else "*"
    return builder.build(tree.Product(node.args[0], ((op, node.args[1]),), node.span))


@surface("inner", "vdot")
def _inner(builder: Builder, node: tree.Call) -> Expr:
    a, b = one(builder, node, 2)
    if node.name == "inner" and len(a.shape) == 2 and len(b.shape) == 2:
        return fitted(builder, node, lambda: apply("matmul", a, transposed(b)), a, b)
    return fitted(builder, node, lambda: apply("inner", a, b), a, b)


@surface("transpose", "t", "permute")
def _transpose(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    given = keywords(builder, node, "axis")
    axes = given.get("axis")
    rest = [builder.static(x) for x in node.args[1:]]
    if rest and axes is None:
        axes = rest[0] if len(rest) == 1 and isinstance(rest[0], tuple) else tuple(rest)
    rank = len(a.shape)
    if axes is None:
        return transposed(a)

    def make() -> Expr:
        order = tuple(normal(x, rank) for x in axes)
        if len(order) == 2 and rank > 2:  # torch: transpose(x, i, j) swaps two axes
            return _swapped(a, *order)
        return apply("transpose", a, axes=order) if order != tuple(range(rank)) else a

    return fitted(builder, node, make, a)


def _swapped(a: Expr, i: int, j: int) -> Expr:
    order = list(range(len(a.shape)))
    order[i], order[j] = order[j], order[i]
    return a if i == j else apply("transpose", a, axes=tuple(order))


@surface("swapaxes", "swapdims")
def _swapaxes(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 3:
        raise SyntaxProblem(f"{node.name} takes a tensor and two axes", span=node.span)
    a = builder.build(node.args[0])
    i, j = (builder.static(x) for x in node.args[1:])
    return fitted(builder, node, lambda: _swapped(a, normal(i, len(a.shape)), normal(j, len(a.shape))), a)


@surface("moveaxis", "movedim")
def _moveaxis(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) != 3:
        raise SyntaxProblem(f"{node.name} takes a tensor and two axes", span=node.span)
    a = builder.build(node.args[0])
    source, target = (builder.static(x) for x in node.args[1:])

    def make() -> Expr:
        rank = len(a.shape)
        moving = [normal(x, rank) for x in (source if isinstance(source, tuple) else (source,))]
        places = [normal(x, rank) for x in (target if isinstance(target, tuple) else (target,))]
        order = [k for k in range(rank) if k not in moving]
        for place, axis in sorted(zip(places, moving, strict=True)):
            order.insert(place, axis)
        return a if order == list(range(rank)) else apply("transpose", a, axes=tuple(order))

    return fitted(builder, node, make, a)


def given_shape(builder: Builder, nodes: tuple[tree.Node, ...]) -> Shape:
    """A shape written as one tuple or as several sizes."""
    if len(nodes) == 1 and isinstance(nodes[0], tree.Call) and nodes[0].name == "shape":
        return builder.build(nodes[0].args[0]).shape
    if len(nodes) == 1 and isinstance(nodes[0], tree.Attribute) and nodes[0].name == "shape":
        return builder.build(nodes[0].object).shape
    if len(nodes) == 1 and isinstance(nodes[0], tree.Name) and isinstance(builder.scope.static.get(nodes[0].id), tuple):
        found: Shape = builder.scope.static[nodes[0].id]
        return found
    items = nodes[0].items if len(nodes) == 1 and isinstance(nodes[0], tree.Tuple | tree.List) else nodes
    return tuple(builder.dim(n) for n in items)


@surface("ones", "zeros")
def _filled(builder: Builder, node: tree.Call) -> Expr:
    shape = given_shape(builder, node.args)
    return ones(shape) if node.name == "ones" else zeros(shape)


@surface("ones_like", "zeros_like")
def _like(builder: Builder, node: tree.Call) -> Expr:
    shape = one(builder, node)[0].shape
    return ones(shape) if node.name == "ones_like" else zeros(shape)


@surface("eye", "identity")
def _eye(builder: Builder, node: tree.Call) -> Expr:
    if len(node.args) not in (1, 2):
        raise SyntaxProblem("eye takes a size", span=node.span)
    dims = [builder.dim(a) for a in node.args]
    if len(dims) == 2 and dims[0] != dims[1]:
        raise NotKnownYet("eye is for a square matrix", span=node.span)
    return apply("eye", n=dims[0])


@surface("einsum")
def _einsum(builder: Builder, node: tree.Call) -> Expr:
    if not node.args or not isinstance(node.args[0], tree.String):
        raise SyntaxProblem("einsum starts with its indices in quotes", span=node.span, hint="einsum('ij,jk->ik', A, B)")
    spec = node.args[0].value.replace(" ", "")
    rest = node.args[1:]
    if len(rest) == 1 and isinstance(rest[0], tree.Tuple | tree.List):
        rest = rest[0].items
    keywords(builder, node)
    if "..." in spec:
        raise NotKnownYet("einsum with ... is not read; name every axis", span=node.args[0].span)
    if "->" not in spec:
        spec += "->" + "".join(sorted(x for x in set(spec) - {","} if spec.count(x) == 1))
    args = [builder.build(a) for a in rest]
    return fitted(builder, tree.Call("einsum", rest, (), "", node.name_span, node.span), lambda: apply("einsum", *args, spec=spec), *args)


@surface("reshape", "view")
def _reshape(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    rest = tuple(k.value for k in node.keywords if k.name in ("shape", "newshape")) or node.args[1:]
    items = rest[0].items if len(rest) == 1 and isinstance(rest[0], tree.Tuple | tree.List) else rest
    dims: list[Dim | None] = []
    for n in items:
        minus = isinstance(n, tree.Unary) and isinstance(n.arg, tree.Number) and n.arg.value == 1
        dims.append(None if minus else builder.dim(n))
    if dims.count(None) == 1:
        rest_total = total(tuple(d for d in dims if d is not None))
        found = shapes.divide(total(a.shape), rest_total)
        if found is None:
            raise ShapeProblem(f"reshape: {show(a.shape)} has {total(a.shape)} entries, not a multiple of {rest_total}", span=node.span)
        dims[dims.index(None)] = found
    shape = tuple(d for d in dims if d is not None)
    return a if shape == a.shape else fitted(builder, node, lambda: apply("reshape", a, shape=shape), a)


@surface("flatten", "ravel")
def _flatten(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    order = next((builder.static(k.value) for k in node.keywords if k.name == "order"), "C")
    if order == "F":
        return apply("vec", a)
    return a if len(a.shape) == 1 else apply("reshape", a, shape=(total(a.shape),))


@surface("expand_dims", "unsqueeze")
def _expand_dims(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis", builder.static(node.args[1]) if len(node.args) > 1 else None)
    if not isinstance(axis, int):
        raise SyntaxProblem("expand_dims takes one axis", span=node.span)
    return fitted(builder, node, lambda: apply("expand_dims", a, axes=(normal(axis, len(a.shape) + 1),)), a)


@surface("expand")
def _expand_back(builder: Builder, node: tree.Call) -> Expr:
    """For pull-backs: the reduced axes put in again as 1."""
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = len(a.shape) + len(axes)
    return apply("expand_dims", a, axes=tuple(sorted(x % rank for x in axes)))


@surface("squeeze")
def _squeeze(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis", builder.static(node.args[1]) if len(node.args) > 1 else None)
    rank = len(a.shape)
    axes = (
        tuple(k for k, d in enumerate(a.shape) if d == 1)
        if axis is None
        else tuple(normal(x, rank) for x in (axis if isinstance(axis, tuple) else (axis,)))
    )
    return fitted(builder, node, lambda: apply("squeeze", a, axes=axes), a) if axes else a


@surface("broadcast_to")
def _broadcast_to(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    shape = given_shape(builder, node.args[1:])
    return fitted(builder, node, lambda: apply("broadcast_to", a, shape=shape), a)


def several(builder: Builder, node: tree.Call) -> list[Expr]:
    """A list of tensors to join."""
    if not node.args or not isinstance(node.args[0], tree.Tuple | tree.List):
        raise SyntaxProblem(f"{node.name} takes a list of tensors", span=node.span, hint=f"{node.name}([A, B], axis=0)")
    return [builder.build(a) for a in node.args[0].items]


@surface("concatenate", "concat", "cat", "hstack", "vstack", "stack")
def _join(builder: Builder, node: tree.Call) -> Expr:
    parts = several(builder, node)
    default = builder.static(node.args[1]) if len(node.args) > 1 else 0
    axis = keywords(builder, node, "axis").get("axis", default)
    if node.name == "hstack":
        axis = 0 if len(parts[0].shape) == 1 else 1

    def make() -> Expr:
        pieces = parts
        if node.name == "stack" or (node.name == "vstack" and len(parts[0].shape) == 1):
            place = normal(axis, len(parts[0].shape) + 1)
            pieces = [apply("expand_dims", p, axes=(place,)) for p in parts]
        return apply("concatenate", *pieces, axis=normal(axis, len(pieces[0].shape)))

    return fitted(builder, node, make, *parts)


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
    raise SyntaxProblem("slogdet gives a sign and a logarithm", span=node.span, hint="logdet(A), or slogdet(A)[1]")


@surface("slice", "place")
def _rule_only(builder: Builder, node: tree.Call) -> Expr:
    """For pull-backs: the parameters of the slice are passed on."""
    a = builder.build(node.args[0])
    if "items" not in builder.scope.static:
        raise SyntaxProblem("write a slice with brackets", span=node.span, hint="A[0], A[:, 1:]")
    items = builder.scope.static["items"]
    if node.name == "slice":
        return apply("slice", a, items=items)
    return apply("place", a, items=items, shape=given_shape(builder, (node.keywords[-1].value,)))


@surface("count")
def _count(builder: Builder, node: tree.Call) -> Expr:
    a = builder.build(node.args[0])
    axis = keywords(builder, node, "axis").get("axis")
    axes = range(len(a.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return size(total(tuple(a.shape[k] for k in axes)))


def size(dim: Dim) -> Expr:
    """A size as a formula."""
    return Lit(dim)


@surface("rows")
def _rows(builder: Builder, node: tree.Call) -> Expr:
    return size(one(builder, node)[0].shape[0])


@surface("columns")
def _columns(builder: Builder, node: tree.Call) -> Expr:
    return size(one(builder, node)[0].shape[1])


@surface("len")
def _len(builder: Builder, node: tree.Call) -> Expr:
    (a,) = one(builder, node)
    if not a.shape:
        raise ShapeProblem("a scalar has no len", span=node.span)
    return size(a.shape[0])


@surface(".size", "numel")
def _size(builder: Builder, node: tree.Call) -> Expr:
    return size(total(one(builder, node)[0].shape))


@surface(".shape", ".ndim")
def _shape(builder: Builder, node: tree.Call) -> Expr:
    raise SyntaxProblem(
        "a shape is not a number; take one size of it", span=node.span, hint=f"{builder.scope.words(node.args[0], 'X')}.shape[0]"
    )


@surface("multi_dot", "chain_matmul")
def _multi_dot(builder: Builder, node: tree.Call) -> Expr:
    items = node.args[0].items if len(node.args) == 1 and isinstance(node.args[0], tree.Tuple | tree.List) else node.args
    return builder.build(tree.Product(items[0], tuple(("@", i) for i in items[1:]), node.span))


@surface("linear")
def _linear(builder: Builder, node: tree.Call) -> Expr:
    """torch.nn.functional.linear(X, W, b) = X @ W.T + b."""
    if len(node.args) not in (2, 3):
        raise SyntaxProblem("linear takes X, W and perhaps b", span=node.span)
    x, w = builder.build(node.args[0]), builder.build(node.args[1])
    out = fitted(builder, node, lambda: apply("matmul", x, transposed(w)), x, w)
    if len(node.args) == 2:
        return out
    b = builder.build(node.args[2])
    return fitted(builder, node, lambda: add(out, b), x, w, b)


@surface("addmm")
def _addmm(builder: Builder, node: tree.Call) -> Expr:
    b, x, w = one(builder, node, 3)
    return fitted(builder, node, lambda: add(b, apply("matmul", x, w)), b, x, w)


@surface("prod")
def _prod(builder: Builder, node: tree.Call) -> Expr:
    raise NotKnownYet("prod is not in the rule book", span=node.name_span, hint="exp(sum(log(x))) for positive x")


@surface("detach", "clone", "item", "numpy", "contiguous", "copy", "double", "float", "asarray", "array", "tensor")
def _transparent(builder: Builder, node: tree.Call) -> Expr:
    if node.name == "detach":
        raise NotKnownYet("detach cuts the gradient, which a formula cannot say", span=node.name_span)
    return builder.build(node.args[0])


__all__ = ["Apply", "mul", "surface"]
