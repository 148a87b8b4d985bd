"""Mends of orientation: a part of the claim transposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..calculus.context import Context, symmetric
from ..expr import Apply, Expr, nodes
from ..language.tree import Call, Dots, Method, Name, NewAxis, Node, Product, Slice, Subscript, Sum, Transpose, walk
from ..shapes import Shape, strip
from .case import Case, Mend
from .trees import NEW, Plug, Site, everywhere, factors, product, toggled

# what has an axis has a slip of its own
REDUCING = frozenset({"sum", "prod", "mean", "average", "max", "min", "norm", "var", "std", "logsumexp"})


def transposes(case: Case) -> Iterator[Mend]:
    """Any part of two axes or more, a run of factors, or a name wherever it stands."""
    along = _summed_along_an_axis(case)
    for site in case.sites:
        shape = case.reader.shape(site.node)
        summed = (isinstance(site.parent, Call | Method) and site.parent.name in REDUCING) or id(site.node) in along
        if site.role != "whole" and not summed and (shape is None or len(shape) > 1):
            yield _turned(case, site.node, site.plug)
        if isinstance(site.node, Product):
            for run, plug in runs(case, site):
                yield _turned(case, run, plug)
        if isinstance(site.node, Sum):
            yield from _in_every_term(case, site, site.node)
    names = Counter(part.id for part, _ in walk(case.tree) if isinstance(part, Name))
    for name, count in names.items():
        if count > 1 and len(getattr(case.reader.names.get(name), "shape", ())) > 1:
            tree = everywhere(case.tree, lambda part, name=name: _named(part, name))  # type: ignore[misc]
            if _is_thin(case.reader.names[name].shape) and grown(case.claim):
                words = f"{name} is a column where it meets a vector"
                yield Mend("broadcast", tree, words, case.tree.span, "broadcast")
                continue
            yield Mend("transposed", tree, f"{name} is transposed where it should not be, and the other way round", case.tree.span)


def _summed_along_an_axis(case: Case) -> set[int]:
    """The parts of what is summed along an axis that have its shape: transposed, they would be summed along the other one."""
    out: set[int] = set()
    for site in case.sites:
        node = site.node
        if isinstance(node, Call | Method) and node.name in REDUCING and any(k.name in ("axis", "dim") for k in node.keywords):
            whole = node.object if isinstance(node, Method) else node.args[0] if node.args else node
            shape = case.reader.shape(whole)
            parts = [part for part, _ in walk(whole) if not isinstance(part, Slice | NewAxis | Dots)]
            out |= {id(part) for part in parts if case.reader.shape(part) == shape}
    return out


def _in_every_term(case: Case, site: Site, node: Sum) -> Iterator[Mend]:
    """The first, or the last, factor of every addend transposed."""
    if all(isinstance(t, Product) and t.rest[-1][0] == "@" for _, t in node.terms):
        for last in (True, False):
            turned = []
            for sign, term in node.terms:
                assert isinstance(term, Product)
                parts = factors(term)
                k = len(parts) - 1 if last else 0
                parts[k] = (parts[k][0], toggled(parts[k][1]))
                turned.append((sign, product(parts)))
            words = f"the {'last' if last else 'first'} factor of every addend is transposed where it should not be, or the other way round"
            yield Mend("transposed", site.plug(Sum(tuple(turned), NEW)), words, node.span)


def _named(part: Node, name: str) -> Node | None:
    if isinstance(part, Name) and part.id == name:
        return toggled(part)
    if isinstance(part, Transpose) and isinstance(part.arg, Name) and part.arg.id == name:
        return part.arg
    return None


def _is_thin(shape: Shape) -> bool:
    """Whether a matrix is a column or a row."""
    return len(shape) == 2 and 1 in shape and shape != (1, 1)


def grown(e: Expr | None) -> bool:
    """Whether broadcasting has made something larger than each of its operands."""
    return e is not None and any(
        isinstance(n, Apply) and n.name in ("add", "mul", "div") and all(strip(n.shape) != strip(a.shape) for a in n.args) for n in nodes(e)
    )


def widened(tree: Node) -> bool:
    """Whether axes were put in on purpose, x[:, None], so that what broadcasting made larger was meant to be."""
    return any(
        (isinstance(p, Subscript) and any(isinstance(i, NewAxis) for i in p.items))
        or (isinstance(p, Call | Method) and p.name in ("expand_dims", "unsqueeze", "outer"))
        for p, _ in walk(tree)
    )


def _turned(case: Case, node: Node, plug: Plug) -> Mend:
    made = toggled(node)
    words = f"{case.said(node)} should be {case.said(made)}"
    shape = case.reader.shape(node)
    if shape is not None and _is_thin(shape) and grown(case.claim) and not grown(case.truth.formula):
        return Mend("broadcast", plug(made), words, node.span, "broadcast")
    if isinstance(node, Product) and len(even := _even_factors(case, node)) > 1:  # the transpose of A @ B is B @ A
        order = product([("@", f) for f in reversed(even)])
        return Mend("wrong-order", plug(order), f"the order is {' @ '.join(case.said(f) for f in reversed(even))}", node.span, "order")
    return Mend("transposed", plug(made), words, node.span)


def _even_factors(case: Case, node: Product) -> list[Node]:
    """The factors of a matrix product of symmetric matrices; none where it is anything else."""
    parts = factors(node)
    built = [case.reader.tried(f) for _, f in parts]
    context = Context(case.problem.definitions)
    even = all(op == "@" for op, _ in parts[1:]) and all(e is not None and symmetric(e, context) for e in built)
    return [f for _, f in parts] if even else []


def runs(case: Case, site: Site) -> Iterator[tuple[Node, Plug]]:
    """Several neighbouring factors of a matrix product, as one part."""
    node = site.node
    assert isinstance(node, Product)
    parts = factors(node)
    for i in range(len(parts)):
        if i and not _starts(case, parts, i):
            continue
        for j in range(i + 2, len(parts) + 1):
            if parts[j - 1][0] != "@":
                break
            if j - i < len(parts):
                run = Product(
                    parts[i][1], tuple(parts[i + 1 : j]), (parts[i][1].span[0], parts[j - 1][1].span[1]) if _plain(parts[i:j]) else NEW
                )
                yield run, _plugging(site, parts, i, j)


def _plain(parts: list[tuple[str, Node]]) -> bool:
    return all(n.span[0] >= 0 for _, n in parts)


def _starts(case: Case, parts: list[tuple[str, Node]], i: int) -> bool:
    """Whether a run may start here: behind @, or behind factors that are all scalars."""
    if parts[i][0] == "@":
        return True
    return parts[i][0] == "*" and all(case.reader.shape(n) == () for _, n in parts[:i])


def _plugging(site: Site, parts: list[tuple[str, Node]], i: int, j: int) -> Plug:
    def plug(new: Node) -> Node:
        return site.plug(product([*parts[:i], (parts[i][0], new), *parts[j:]]))

    return plug
