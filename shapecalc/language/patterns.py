"""Spellings with named axes in quotes, and contractions over numbered axes: einsum, tensordot, einops' rearrange, reduce and repeat."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from shapecalc.errors import Misfit, NotKnownYet, ShapeProblem, SyntaxProblem
from shapecalc.expr import Expr
from shapecalc.forms import apply, transposed
from shapecalc.ops.rearranging import normal
from shapecalc.shapes import Dim, divide, show, total

from . import tree
from .builder import Builder
from .options import asked, at_most
from .surface import fitted, keywords, one, surface

Groups = list[tuple[str, ...]]
_PART = re.compile(r"\(([^()]*)\)|([A-Za-z_]\w*|1|\.\.\.)")


@surface("einsum")
def _einsum(builder: Builder, node: tree.Call) -> Expr:
    """einsum('ij,jk->ik', A, B), with or without its arrow, with dots; einops' einsum(A, B, 'i j, j k -> i k')."""
    keywords(builder, node)
    if len(node.args) > 1 and isinstance(node.args[-1], tree.String):
        rest, spec = node.args[:-1], _lettered(node.args[-1])
    elif node.args and isinstance(node.args[0], tree.String):
        rest, spec = node.args[1:], node.args[0].value.replace(" ", "")
    else:
        raise SyntaxProblem("einsum starts with its indices in quotes", span=node.span, hint="einsum('ij,jk->ik', A, B)")
    if len(rest) == 1 and isinstance(rest[0], tree.Tuple | tree.List):
        rest = rest[0].items
    args = [builder.build(a) for a in rest]
    call = tree.Call("einsum", rest, (), "", node.name_span, node.span)
    return fitted(builder, call, lambda: apply("einsum", *args, spec=_spelled_out(spec, args)), *args)


def _spelled_out(spec: str, args: Sequence[Expr]) -> str:
    """Letters for the dots, and an arrow: what stands once, in alphabetical order, behind what the dots stand for."""
    before, arrow, after = spec.partition("->")
    letters = [x for x in string.ascii_letters if x not in spec]
    longest = ""
    inputs = before.split(",")
    for k, (axes, a) in enumerate(zip(inputs, args, strict=False)):
        if "..." in axes:
            count = len(a.shape) - len(axes.replace("...", ""))
            if not 0 <= count <= len(letters):
                raise Misfit(f"{axes} does not name the axes of {show(a.shape)}")
            dots = "".join(letters[:count][::-1])  # counted from the last axis, as in broadcasting
            longest = max(longest, dots, key=len)
            inputs[k] = axes.replace("...", dots)
    if not arrow:
        after = longest + "".join(sorted(x for x in set(before) - {",", "."} if before.count(x) == 1))
    return ",".join(inputs) + "->" + after.replace("...", longest)


def _lettered(node: tree.String) -> str:
    """A pattern with words for axes as one with letters."""
    words = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", node.value))
    if "(" in node.value or len(words) > len(string.ascii_letters):
        raise NotKnownYet("einsum with brackets is not read", span=node.span)
    letters = dict(zip(words, string.ascii_letters, strict=False))
    return re.sub(r"[A-Za-z_]\w*", lambda m: letters[m[0]], node.value).replace(" ", "")


@surface("tensordot")
def _tensordot(builder: Builder, node: tree.Call) -> Expr:
    """tensordot(A, B, axes): a number of axes, the last of A against the first of B, or two lists of axes."""
    at_most(node, 3)
    rest = node.args[2:] or tuple(asked(node, "axes", "dims").values())
    if len(node.args) < 2:
        raise SyntaxProblem("tensordot takes two arrays", span=node.span, hint="tensordot(A, B, axes=1)")
    axes = builder.static(rest[0]) if rest else 2
    a, b = builder.build(node.args[0]), builder.build(node.args[1])

    def make() -> Expr:
        ranks = len(a.shape), len(b.shape)
        if isinstance(axes, int):
            left, right = tuple(range(ranks[0] - axes, ranks[0])), tuple(range(axes))
        elif isinstance(axes, tuple) and len(axes) == 2:
            left, right = (x if isinstance(x, tuple) else (x,) for x in axes)
        else:
            raise Misfit("axes are a number, or two lists")
        if len(left) != len(right):
            raise Misfit(f"there are {len(left)} axes for {len(right)}")
        pairs = [(normal(i, ranks[0]), normal(j, ranks[1])) for i, j in zip(left, right, strict=True)]
        return _contracted(a, b, pairs)

    return fitted(builder, node, make, a, b)


def _contracted(a: Expr, b: Expr, pairs: Sequence[tuple[int, int]]) -> Expr:
    """The sum over pairs of axes, the other axes of a before those of b."""
    ranks = len(a.shape), len(b.shape)
    if any(i < 0 for i, _ in pairs) or sum(ranks) > len(string.ascii_letters):
        raise Misfit(f"{len(pairs)} axes are too many")
    first = list(string.ascii_letters[: ranks[0]])
    second = list(string.ascii_letters[ranks[0] : sum(ranks)])
    for i, j in pairs:
        second[j] = first[i]
    shared = {first[i] for i, _ in pairs}
    out = [x for x in (*first, *second) if x not in shared]
    return apply("einsum", a, b, spec=f"{''.join(first)},{''.join(second)}->{''.join(out)}")


@surface("inner")
def _inner(builder: Builder, node: tree.Call) -> Expr:
    """A number of two vectors; of more axes, NumPy adds up along the last ones alone."""
    a, b = one(builder, node, 2)
    ranks = len(a.shape), len(b.shape)

    def make() -> Expr:
        if ranks in ((0, 0), (1, 1)):
            return apply("inner", a, b)
        if not min(ranks):
            return apply("mul", a, b)
        if ranks[1] < 3:
            return apply("matmul", a, transposed(b) if ranks[1] == 2 else b)
        return _contracted(a, b, [(ranks[0] - 1, ranks[1] - 1)])

    return fitted(builder, node, make, a, b)


# ---- einops


@surface("rearrange")
def _rearrange(builder: Builder, node: tree.Call) -> Expr:
    """rearrange(x, 'b t d -> (b t) d')."""
    a, left, right, sizes = _read(builder, node)
    if {x for g in left for x in g} != {x for g in right for x in g}:
        raise SyntaxProblem("rearrange has the same axes on both sides", span=node.args[1].span)
    return fitted(builder, node, lambda: _merged(_ordered(*_split(a, left, sizes), right), right, sizes), a)


@surface("reduce")
def _reduce(builder: Builder, node: tree.Call) -> Expr:
    """reduce(x, 's m -> m', 'sum'): over the axes that the right side lacks."""
    a, left, right, sizes = _read(builder, node)
    how = node.args[2].value if len(node.args) > 2 and isinstance(node.args[2], tree.String) else ""
    if how not in ("sum", "mean", "max", "min"):
        raise SyntaxProblem("reduce takes 'sum', 'mean', 'max' or 'min'", span=node.span, hint="reduce(x, 's m -> m', 'sum')")

    def make() -> Expr:
        wide, flat = _split(a, left, sizes)
        kept = {x for g in right for x in g}
        gone = tuple(k for k, x in enumerate(flat) if x not in kept)
        if gone:
            wide = apply(how, wide, axis=None if len(gone) == len(flat) else gone[0] if len(gone) == 1 else gone, keepdims=False)
        return _merged(_ordered(wide, [x for x in flat if x in kept], right), right, sizes)

    return fitted(builder, node, make, a)


def repeated(builder: Builder, node: tree.Call) -> Expr:
    """repeat(x, 'd -> s d', s=S): along the axes that the left side lacks."""
    a, left, right, sizes = _read(builder, node)

    def make() -> Expr:
        wide, flat = _split(a, left, sizes)
        every = [x for g in right for x in g]
        old = _ordered(wide, flat, [(x,) for x in every if x in flat])
        new = tuple(k for k, x in enumerate(every) if x not in flat)
        if new:
            old = apply("broadcast_to", apply("expand_dims", old, axes=new), shape=tuple(sizes[x] for x in every))
        return _merged(old, right, sizes)

    return fitted(builder, node, make, a)


def _read(builder: Builder, node: tree.Call) -> tuple[Expr, Groups, Groups, dict[str, Dim]]:
    """The array, both sides of the pattern, and the sizes of the axes that it names."""
    if len(node.args) < 2 or not isinstance(node.args[1], tree.String):
        raise SyntaxProblem(f"{node.name} takes an array and a pattern", span=node.span, hint=f"{node.name}(x, 'b t d -> (b t) d')")
    a, pattern = builder.build(node.args[0]), node.args[1]
    if "..." in pattern.value or pattern.value.count("->") != 1:
        raise NotKnownYet("the pattern is not read; name every axis, once before and once behind ->", span=pattern.span)
    left, right = (_groups(side) for side in pattern.value.split("->"))
    at_most(node, 3 if node.name == "reduce" else 2)
    unused = next((k for k in node.keywords if not any(k.name in g for g in (*left, *right))), None)
    if unused is not None:
        raise SyntaxProblem(f"{unused.name} is no axis of the pattern", span=unused.span)
    sizes = {k.name: builder.dim(k.value) for k in node.keywords}
    if len(left) != len(a.shape):
        raise ShapeProblem(f"{pattern.value.partition('->')[0].strip()} does not name the axes of {show(a.shape)}", span=pattern.span)
    for group, dim in zip(left, a.shape, strict=True):
        open_ones = [x for x in group if x not in sizes]
        rest = divide(dim, total(tuple(sizes[x] for x in group if x in sizes)))
        if len(open_ones) > 1 or rest is None:
            raise ShapeProblem(f"({' '.join(group)}) does not divide {dim}", span=pattern.span, hint=f"say its sizes: {group[0]}=...")
        sizes |= dict.fromkeys(open_ones, rest)
    unknown = next((x for g in right for x in g if x not in sizes), None)
    if unknown is not None:
        raise SyntaxProblem(f"the size of {unknown} is not told", span=pattern.span, hint=f"{node.name}(..., {unknown}=...)")
    return a, left, right, sizes


def _groups(side: str) -> Groups:
    return [tuple(x for x in (m[1] or m[2] or "").split() if x != "1") for m in _PART.finditer(side)]


def _split(a: Expr, left: Groups, sizes: dict[str, Dim]) -> tuple[Expr, list[str]]:
    """One axis for each name."""
    flat = [x for g in left for x in g]
    shape = tuple(sizes[x] for x in flat)
    return (a if shape == a.shape else apply("reshape", a, shape=shape)), flat


def _ordered(a: Expr, flat: list[str], right: Groups) -> Expr:
    order = tuple(flat.index(x) for g in right for x in g)
    return a if order == tuple(range(len(flat))) else apply("transpose", a, axes=order)


def _merged(a: Expr, right: Groups, sizes: dict[str, Dim]) -> Expr:
    shape = tuple(total(tuple(sizes[x] for x in g)) for g in right)
    return a if shape == a.shape else apply("reshape", a, shape=shape)
