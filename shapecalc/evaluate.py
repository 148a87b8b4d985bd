"""The value of a formula at concrete sizes, over any ring: numbers modulo a prime, reals, or symbols."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

from .expr import Apply, Expr, Lit, Var, nodes
from .op import Axes, Signature
from .ops.multilinear import aligned
from .shapes import Dim, value
from .tensor import Tensor, strides

Sizes = Mapping[str, int]


def concrete(shape: tuple[Dim, ...], sizes: Sizes) -> tuple[int, ...]:
    """A shape with its sizes bound."""
    return tuple(value(d, sizes) for d in shape)


@lru_cache(maxsize=512)
def _plan(inputs: tuple[Axes, ...], output: Axes, bound: tuple[tuple[str, int], ...]) -> tuple[tuple[int, ...], list[tuple[int, list[tuple[int, ...]]]]]:
    """For each entry of the result that is not a structural zero: its place, and the places of the factors of each summand."""
    sizes = dict(bound)

    def steps(axes: Axes) -> tuple[tuple[int, ...], dict[str, int]]:
        groups = [(x,) if isinstance(x, str) else x or () for x in axes]
        shape = tuple(_product(sizes[x] for x in g) for g in groups)
        out: dict[str, int] = {}
        for group, step in zip(groups, strides(shape), strict=True):
            inner = 1
            for letter in reversed(group):
                out[letter] = out.get(letter, 0) + step * inner
                inner *= sizes[letter]
        return shape, out

    shape, out_steps = steps(output)
    in_steps = [steps(axes)[1] for axes in inputs]
    free = list(out_steps)
    summed = [x for x in dict.fromkeys(x for s in in_steps for x in s) if x not in out_steps]

    def offsets(letters: list[str], s: dict[str, int]) -> list[int]:
        return [sum(i * s.get(x, 0) for x, i in zip(letters, index, strict=True)) for index in product(*(range(sizes[x]) for x in letters))]

    outer = [offsets(free, s) for s in in_steps]
    inner = list(zip(*(offsets(summed, s) for s in in_steps), strict=True)) if inputs else [()]
    cells = []
    for k, place in enumerate(offsets(free, out_steps)):
        base = tuple(o[k] for o in outer)
        cells.append((place, [tuple(b + i for b, i in zip(base, step, strict=True)) for step in inner]))
    return shape, cells


def _product(numbers: Any) -> int:
    out = 1
    for n in numbers:
        out *= n
    return out


def contract(ring: Any, signature: Signature, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    """The value of an index signature: for each entry of the result, the sum of the products."""
    bound = tuple((k, value(d, sizes)) for k, d in signature.sizes.items())
    shape, cells = _plan(signature.inputs, signature.output, bound)
    data = [t.data if p == 1 else [ring.inverse(x) for x in t.data] for t, p in zip(tensors, signature.powers or (1,) * len(tensors), strict=True)]
    out = [ring.lift(Fraction(0))] * _product(shape)
    mul, total = ring.mul, ring.total
    if len(data) == 2:
        a, b = data
        for place, summands in cells:
            out[place] = mul(a[summands[0][0]], b[summands[0][1]]) if len(summands) == 1 else total(mul(a[i], b[j]) for i, j in summands)
    elif len(data) == 1:
        a = data[0]
        for place, summands in cells:
            out[place] = a[summands[0][0]] if len(summands) == 1 else total(a[i] for (i,) in summands)
    else:
        for place, summands in cells:
            out[place] = total(_chain(ring, [d[i] for d, i in zip(data, s, strict=True)]) for s in summands)
    if signature.over:
        scale = ring.lift(Fraction(1, _product(value(d, sizes) for d in signature.over)))
        out = [mul(scale, x) for x in out]
    return Tensor(shape, out)


def _chain(ring: Any, factors: list[Any]) -> Any:
    out = ring.lift(Fraction(1))
    for f in factors:
        out = ring.mul(out, f)
    return out


def _stretched(tensors: list[Tensor], node: Apply, sizes: Sizes) -> tuple[tuple[int, ...], list[list[Any]]]:
    """The entries of the arguments side by side, broadcast to the node's shape."""
    shape = concrete(node.shape, sizes)
    if all(t.shape == shape for t in tensors):
        return shape, [t.data for t in tensors]
    inputs, out, full = aligned(tuple(a.shape for a in node.args))
    bound = tuple((x, value(d, sizes)) for x, d in zip(out, full, strict=True) if isinstance(x, str))
    columns = []
    for t, axes in zip(tensors, inputs, strict=True):
        if t.shape == shape:
            columns.append(t.data)
        elif len(t.data) == 1:
            columns.append(t.data * _product(shape))
        else:
            _, cells = _plan((axes,), out, bound)
            columns.append([t.data[s[0][0]] for _, s in cells])
    return shape, columns


def _sum(ring: Any, node: Apply, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    shape, columns = _stretched(tensors, node, sizes)
    signed = [c if s == 1 else [ring.negative(x) for x in c] for c, s in zip(columns, node["signs"], strict=True)]
    return Tensor(shape, [ring.total(entries) for entries in zip(*signed, strict=True)])


def _pointwise(ring: Any, node: Apply, tensors: list[Tensor], sizes: Sizes) -> Tensor:
    shape, columns = _stretched(tensors, node, sizes)
    if node.name == "power":
        k = node["k"]
        return Tensor(shape, [ring.power(x, k) for x in columns[0]])
    value_of = node.op.value
    assert value_of is not None
    return Tensor(shape, [value_of(ring, *entries) for entries in zip(*columns, strict=True)])


def _bound(params: Any, sizes: Sizes) -> Any:
    """Parameters with every size in them bound."""
    if isinstance(params, dict):
        return {k: _bound(v, sizes) if k in ("shape", "items") else v for k, v in params.items()}
    if isinstance(params, tuple):
        return tuple(_bound(p, sizes) for p in params)
    return value(params, sizes)


def apply_node(ring: Any, node: Apply, tensors: list[Tensor], sizes: Sizes, expand: Any) -> Tensor:
    """The value of one node from the values of its arguments; `expand` writes out an operation that is defined by a formula."""
    op = node.op
    if op.name == "add":
        return _sum(ring, node, tensors, sizes)
    if op.name == "zeros":
        shape = concrete(node.shape, sizes)
        return Tensor(shape, [ring.lift(Fraction(0))] * _product(shape))
    if op.signature is not None:
        signature = op.signature(tuple(a.shape for a in node.args), dict(node.params))
        if signature is not None:
            return contract(ring, signature, tensors, sizes)
        return Tensor(concrete(node.shape, sizes), tensors[0].data)
    if op.means and not (op.family == "pointwise" and hasattr(ring, "knows") and ring.knows(op.name)):
        body, names = expand(node)
        return evaluate(ring, body, {n: t for n, t in zip(names, tensors, strict=True)}, sizes, expand)
    if op.family == "pointwise":
        return _pointwise(ring, node, tensors, sizes)
    assert op.value is not None, op.name
    out: Tensor = op.value(ring, tensors, _bound(dict(node.params), sizes))
    return out


def evaluate(ring: Any, e: Expr, env: Mapping[str, Tensor], sizes: Sizes, expand: Any, memo: dict[Expr, Tensor] | None = None) -> Tensor:
    """The value of e, its variables taken from env; each shared node once. `memo` may be kept while env stays the same."""
    done: dict[Expr, Tensor] = {} if memo is None else memo
    if e in done:
        return done[e]
    for node in nodes(e):
        if node in done:
            continue
        match node:
            case Var(name=name):
                done[node] = env[name]
            case Lit(value=number):
                exact = Fraction(value(number, sizes)) if isinstance(number, str) else number
                done[node] = Tensor((), [ring.lift(exact)])
            case Apply(args=args):
                done[node] = apply_node(ring, node, [done[a] for a in args], sizes, expand)
    return done[e]
