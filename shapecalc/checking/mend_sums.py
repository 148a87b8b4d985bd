"""Mends of reductions: another axis, a sum that is missing, a sum too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations

from ..language.tree import Call, Keyword, List, Method, Name, Node, Number, Product, Transpose, Tuple, Unary
from ..shapes import is_scalar
from .case import Case, Mend
from .trees import NEW, Site, call, everywhere, factors, number, product, times, toggled

REDUCING = frozenset({"sum", "prod", "mean", "max", "min", "amax", "amin", "norm", "var", "std", "logsumexp", "average"})
ALONG = REDUCING | {"softmax", "log_softmax", "cumsum", "cumprod"}


def axis_of(node: Node) -> tuple[int | None, bool]:
    """The axis that a reduction names (None: none or several), and whether it keeps it."""
    axis, keep = None, False
    if isinstance(node, Call | Method):
        extra = node.args[1:] if isinstance(node, Call) else node.args
        for value in (*extra[:1], *(k.value for k in node.keywords if k.name in ("axis", "dim"))):
            axis = _fixed(value)
        keep = any(k.name in ("keepdims", "keepdim") and isinstance(k.value, Name) and k.value.id == "True" for k in node.keywords)
    return axis, keep


def _fixed(node: Node) -> int | None:
    match node:
        case Number(value=value):
            return int(value)
        case Unary(op="-", arg=Number(value=value)):
            return -int(value)
        case Tuple(items=(item,)):
            return _fixed(item)
    return None


def reduced(node: Node, axis: int | None, keep: bool, function: str = "sum") -> Node:
    """sum(node, axis=..., keepdims=True)."""
    return Call(function, (node,), _options(axis, keep), "", NEW, NEW)


def _options(axis: int | tuple[int, ...] | None, keep: bool, names: tuple[str, str] = ("axis", "keepdims")) -> tuple[Keyword, ...]:
    """axis=..., keepdims=True, as far as they are wanted."""
    which = Tuple(tuple(number(a) for a in axis), NEW) if isinstance(axis, tuple) else None if axis is None else number(axis)
    chosen = [] if which is None else [Keyword(names[0], which, NEW)]
    return (*chosen, *([Keyword(names[1], Name("True", NEW), NEW)] if keep else []))


def _with_axis(node: Call | Method, axis: int | tuple[int, ...] | None, keep: bool) -> Node:
    """The same reduction along another axis."""
    others = tuple(k for k in node.keywords if k.name not in ("axis", "dim", "keepdims", "keepdim"))
    named = next((k.name for k in node.keywords if k.name in ("axis", "dim")), "axis")
    keeping = next((k.name for k in node.keywords if k.name in ("keepdims", "keepdim")), "keepdims")
    args = node.args[:1] if isinstance(node, Call) else ()
    return replace(node, args=args, keywords=(*others, *_options(axis, keep, (named, keeping))), span=NEW)


def operand(node: Call | Method) -> Node:
    """What is reduced."""
    return node.args[0] if isinstance(node, Call) else node.object


def reductions(case: Case, names: frozenset[str] = REDUCING) -> Iterator[tuple[Site, Call | Method]]:
    """Every reduction in the claim."""
    for site in case.sites:
        node = site.node
        if isinstance(node, Call | Method) and node.name in names and (isinstance(node, Method) or node.args):
            yield site, node


def axes(case: Case) -> Iterator[Mend]:
    """Another axis, kept or not."""
    for site, node in reductions(case, ALONG):
        shape = case.reader.shape(operand(node))
        axis, keep = axis_of(node)
        rank = len(shape) if shape is not None else 2
        if axis is None:
            yield from _other_axes(site, node, rank, keep)
            continue
        for other in range(rank):
            if other != axis % max(rank, 1):
                for kept in (keep, not keep) if node.name in REDUCING else (False,):
                    words = f"axis={other}, not axis={axis}"
                    yield Mend("wrong-axis", site.plug(_with_axis(node, other, kept)), words, node.span, "axis")

    used = Counter((axis_of(node)[0], axis_of(node)[1]) for _, node in reductions(case, REDUCING))
    for (axis, keep), count in used.items():
        if count > 1 and axis is not None:
            for other in range(2):
                for kept in (keep, not keep):
                    if other != axis % 2:
                        tree = everywhere(case.tree, partial(_moved, axis=axis, other=other, kept=kept))
                        yield Mend("wrong-axis", tree, f"axis={other}, not axis={axis}, in every sum", case.tree.span, "axis")


def _moved(node: Node, axis: int, other: int, kept: bool) -> Node | None:
    known = isinstance(node, Call | Method) and node.name in REDUCING and axis_of(node)[0] == axis
    return _with_axis(node, other, kept) if known and isinstance(node, Call | Method) else None


def _other_axes(site: Site, node: Call | Method, rank: int, keep: bool) -> Iterator[Mend]:
    """As many other axes, where several are summed at once."""
    given = (*(node.args[1:] if isinstance(node, Call) else node.args)[:1], *(k.value for k in node.keywords if k.name in ("axis", "dim")))
    found = next((v for v in given if isinstance(v, Tuple | List)), None)
    fixed = [_fixed(i) for i in found.items] if found is not None else []
    old = [a % rank for a in fixed if a is not None and rank]
    if len(old) < 2 or len(old) != len(fixed):
        return
    for axes in combinations(range(rank), len(old)):
        if set(axes) != set(old):
            tree = site.plug(_with_axis(node, axes, keep))
            yield Mend("wrong-axis", tree, f"axis={axes}, not axis={tuple(old)}", node.span, "axis")


def kept_axes(case: Case) -> Iterator[Mend]:
    """The reduced axis kept, or not."""
    for site, node in reductions(case):
        axis, keep = axis_of(node)
        if axis is not None or keep:
            words = "without keepdims" if keep else "the summed axis has to be kept (keepdims=True)"
            yield Mend("rank", site.plug(_with_axis(node, axis, not keep)), words, node.span, "rank")


def outers(case: Case) -> Iterator[Mend]:
    """a * b of vectors where outer(a, b) is right."""
    for site in case.sites:
        if isinstance(site.node, Product):
            parts = factors(site.node)
            for k in range(1, len(parts)):
                (op, a), (joint, b) = parts[k - 1], parts[k]
                if joint == "*" and all(len(case.reader.shape(n) or ()) == 1 for n in (a, b)):
                    for x, y in ((a, b), (b, a)):
                        made = product([*parts[: k - 1], (op, call("outer", x, y)), *parts[k + 1 :]])
                        words = f"{case.said(a)} * {case.said(b)} is a vector, where a matrix is right"
                        yield Mend("rank", site.plug(made), words, (a.span[0], b.span[1]), "outer")


def missing_sums(case: Case) -> Iterator[Mend]:
    """A part summed, along one axis or altogether; a sum along one axis that should be one over all."""
    for site in case.sites:
        shape = case.reader.shape(site.node)
        if not shape or is_scalar(shape):
            continue
        said = case.said(site.node)
        if len(shape) > 1:
            for axis, dim in enumerate(shape):
                if dim != 1:
                    for keep in (False, True):
                        words = f"{said} is not summed over {dim}"
                        yield Mend("not-reduced", site.plug(reduced(site.node, axis, keep)), words, site.node.span, "summed")
        yield Mend("not-reduced", site.plug(reduced(site.node, None, False)), f"{said} is not summed", site.node.span, "summed")
    for site, node in reductions(case):
        if axis_of(node)[0] is not None:
            words = f"{case.said(node)} is still not summed over every axis"
            yield Mend("not-reduced", site.plug(_with_axis(node, None, False)), words, node.span, "summed")


def extra_sums(case: Case) -> Iterator[Mend]:
    """A sum left out, or restricted to one axis; x @ x for outer(x, x)."""
    for site, node in reductions(case, frozenset({"sum", "mean", "average", "tr", "trace"})):
        inner = operand(node)
        shape = case.reader.shape(inner)
        said = case.said(node)
        if node.name not in ("tr", "trace"):
            axis, _ = axis_of(node)
            for other in range(len(shape) if shape is not None else 2):
                if axis is None:
                    for kept in (False, True):
                        words = f"{said} sums over every axis, where only axis={other} goes"
                        yield Mend("over-reduced", site.plug(_with_axis(node, other, kept)), words, node.span, "all")
        yield Mend("over-reduced", site.plug(inner), f"{said} sums where nothing is to be summed", node.span)
    for site in case.sites:
        yield from _inner_products(case, site)
        yield from _sums_apart(case, site)


def _inner_products(case: Case, site: Site) -> Iterator[Mend]:
    """u @ v of vectors that should be outer(u, v), or u * v; u.T @ v that should be u @ v.T."""
    if not isinstance(site.node, Product):
        return
    parts = factors(site.node)
    for k in range(1, len(parts)):
        (op, a), (joint, b) = parts[k - 1], parts[k]
        shapes = case.reader.shape(a), case.reader.shape(b)
        if joint != "@" or shapes[0] is None or shapes[1] is None:
            continue
        for made, how in _spread(a, b, shapes):
            tree = site.plug(product([*parts[: k - 1], (op if op != "@" else "*", made), *parts[k + 1 :]]))
            words = f"{case.said(a)} @ {case.said(b)} adds up to a number; {how} keeps every product"
            yield Mend("over-reduced", tree, words, (a.span[0], b.span[1]))


def _sums_apart(case: Case, site: Site) -> Iterator[Mend]:
    """sum(a) * sum(b) for sum(a * b)."""
    parts = factors(site.node) if isinstance(site.node, Product) else []
    for k in range(1, len(parts)):
        (op, a), (joint, b) = parts[k - 1], parts[k]
        if joint != "*" or op == "/" or not (isinstance(a, Call | Method) and isinstance(b, Call | Method)):
            continue
        if {a.name, b.name} <= {"sum", "mean"} and axis_of(a) == axis_of(b):
            inner = times(operand(a), operand(b))
            made = reduced(inner, axis_of(a)[0], axis_of(a)[1], "mean" if "mean" in (a.name, b.name) else "sum")
            words = f"{case.said(a)} and {case.said(b)} are summed each by itself; it is the products that are to be summed"
            yield Mend("over-reduced", site.plug(product([*parts[: k - 1], (op, made), *parts[k + 1 :]])), words, (a.span[0], b.span[1]))


def _spread(a: Node, b: Node, shapes: tuple[object, object]) -> Iterator[tuple[Node, str]]:
    first, second = shapes
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second) == 1:
        yield call("outer", a, b), "outer"
        yield call("outer", b, a), "outer"
        yield Product(a, (("*", b),), NEW), "the entrywise product"
    elif isinstance(a, Transpose) and isinstance(first, tuple) and first[:1] == (1,):
        yield Product(a.arg, (("@", toggled(b)),), NEW), "u @ v.T"
