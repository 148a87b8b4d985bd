"""Mends of products: the order of factors, an entrywise factor on the wrong side of @, * for @ and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from ..language.tree import Call, Node, Number, Power, Product, Transpose
from .case import Case, Mend
from .trees import NEW, Site, factors, product, times, toggled

OTHER = {"@": "*", "*": "@"}
MOST = 4  # factors of a matrix product all of whose orders are tried


def orders(case: Case) -> Iterator[Mend]:
    """Factors of a matrix product exchanged; entrywise factors moved across @."""
    for site in case.sites:
        if isinstance(site.node, Product):
            yield from _swaps(case, site)
            yield from _moves(case, site)
        elif isinstance(site.node, Call) and site.node.name in ("outer", "kron", "solve") and len(site.node.args) == 2:
            a, b = site.node.args
            yield Mend(
                "wrong-order",
                site.plug(replace(site.node, args=(b, a), span=NEW)),
                f"{case.said(a)} and {case.said(b)} change places",
                site.node.span,
            )


def _swaps(case: Case, site: Site) -> Iterator[Mend]:
    node = site.node
    assert isinstance(node, Product)
    parts = factors(node)
    places = [k for k, (op, _) in enumerate(parts) if op == "@" or (k + 1 < len(parts) and parts[k + 1][0] == "@")]
    for order in _orders(places):
        swapped = list(parts)
        for to, source in zip(places, order, strict=True):
            swapped[to] = parts[to][0], parts[source][1]
        said = " @ ".join(case.said(parts[k][1]) for k in order)
        # G @ G.T for G.T @ G may as well be two transposes
        twins = any(parts[i][1] == toggled(parts[k][1]) or toggled(parts[i][1]) == parts[k][1] for i, k in zip(places, order, strict=True))
        yield Mend("wrong-order", site.plug(product(swapped)), f"the order is {said}", node.span, "" if twins else "order")


def _orders(places: list[int]) -> list[list[int]]:
    """The other orders of a few factors, of many the exchanges of neighbours; those that move fewest first."""
    if len(places) <= MOST:
        tried = [list(p) for p in permutations(places)]
    else:
        tried = [[*places[:k], places[k + 1], places[k], *places[k + 2 :]] for k in range(len(places) - 1)]
    moved = {tuple(p): sum(a != b for a, b in zip(p, places, strict=True)) for p in tried}
    return [list(p) for p in sorted(moved, key=moved.__getitem__) if moved[p]]


def _moves(case: Case, site: Site) -> Iterator[Mend]:
    """(A @ B) * c, A @ (B * c), (A * c) @ B: the factor c, or several that stand together, somewhere else."""
    node = site.node
    assert isinstance(node, Product)
    parts = factors(node)
    for k, (op, factor) in enumerate(parts):
        if op == "@" or (k == 0 and parts[1][0] == "@"):
            yield from _inside(case, site, parts, k)
            continue
        for end in range(k + 1, len(parts) + 1):
            if end > k + 1 and parts[end - 1][0] == "@":
                break
            moved = parts[k:end]
            if not isinstance(factor, Number) and case.reader.shape(product(moved)) != ():
                yield from _placed(case, site, [*parts[:k], *parts[end:]], moved)


def _placed(case: Case, site: Site, rest: list[tuple[str, Node]], moved: list[tuple[str, Node]]) -> Iterator[Mend]:
    """Factors put to each of the factors that are left, and to the factors in those."""
    if not rest or rest[0][0] == "/" or (len(rest) < 2 and not isinstance(rest[0][1], Product)):
        return
    rest = [("*", rest[0][1]), *rest[1:]]
    span = (moved[0][1].span[0], moved[-1][1].span[1])
    words = f"{' * '.join(case.said(f) for _, f in moved)} belongs to another factor of the matrix product"
    for j, (joint, other) in enumerate(rest):
        if joint == "/":
            continue
        yield Mend("wrong-order", site.plug(product([*rest[:j], (joint, _joined(other, moved)), *rest[j + 1 :]])), words, span, "moved")
        if isinstance(other, Product):
            chain = factors(other)
            for i, (inner, deep) in enumerate(chain):
                placed = product([*chain[:i], (inner, _joined(deep, moved)), *chain[i + 1 :]])
                yield Mend("wrong-order", site.plug(product([*rest[:j], (joint, placed), *rest[j + 1 :]])), words, span, "moved")


def _joined(node: Node, moved: list[tuple[str, Node]]) -> Node:
    return Product(node, tuple(moved), NEW)


def _inside(case: Case, site: Site, parts: list[tuple[str, Node]], k: int) -> Iterator[Mend]:
    """A factor of a factor: A @ (B * c) becomes (A @ B) * c."""
    factor = parts[k][1]
    if not isinstance(factor, Product) or not any(op == "@" for op, _ in parts):
        return
    inner = factors(factor)
    for j, (op, moved) in enumerate(inner):
        if op == "@" or isinstance(moved, Number) or (j == 0 and inner[1][0] != "*"):
            continue
        left = product([*inner[:j], *inner[j + 1 :]])
        words = f"{case.said(moved)} belongs outside"
        changed = [*parts[:k], (parts[k][0], left), *parts[k + 1 :]]
        yield Mend("wrong-order", site.plug(times(product(changed), moved, op)), words, moved.span, "moved")
        for i, (joint, other) in enumerate(changed):
            if i != k:
                placed = [*changed[:i], (joint, times(other, moved, op)), *changed[i + 1 :]]
                yield Mend(
                    "wrong-order", site.plug(product(placed)), f"{case.said(moved)} belongs to {case.said(other)}", moved.span, "moved"
                )


def toggles(case: Case) -> Iterator[Mend]:
    """@ for *, * for @ where a matrix is concerned, and nothing else."""
    for site in case.sites:
        if isinstance(site.node, Product):
            parts = factors(site.node)
            for k in range(1, len(parts)):
                op, factor = parts[k]
                shapes = [case.reader.shape(n) or () for n in (product(parts[:k]), factor)]
                if op in OTHER and max(map(len, shapes)) > 1:
                    changed = product([*parts[:k], (OTHER[op], factor), *parts[k + 1 :]])
                    words = f"{op} where {OTHER[op]} is right"
                    yield Mend("elementwise-vs-matmul", site.plug(changed), words, _span(parts, k, site.node), "entrywise")


def kinds(case: Case) -> Iterator[Mend]:
    """@ for *, * for @ (with a transpose, where only that fits); powers and quotients read entry by entry."""
    for site in case.sites:
        node = site.node
        if isinstance(node, Product):
            yield from _kinds_of_product(case, site, factors(node))
        elif isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value == 2:
            words = f"{case.said(node)} squares each entry"
            yield Mend("elementwise-vs-matmul", site.plug(times(node.base, node.base, "@")), words, node.span, "entrywise")
        elif isinstance(node, Call) and node.name == "outer" and len(node.args) == 2:
            words = f"{case.said(node)} is a matrix"
            yield Mend("elementwise-vs-matmul", site.plug(times(*node.args)), words, node.span)


def _kinds_of_product(case: Case, site: Site, parts: list[tuple[str, Node]]) -> Iterator[Mend]:
    for k in range(1, len(parts)):
        op = parts[k][0]
        if op not in OTHER:
            continue
        words = f"{op} where {OTHER[op]} is right"
        span = _span(parts, k, site.node)
        for made in _other_kind(parts, k):
            yield Mend("elementwise-vs-matmul", site.plug(product(made)), words, span, "entrywise")
    swapped = [parts[0], *((OTHER.get(op, op), f) for op, f in parts[1:])]
    yield Mend("elementwise-vs-matmul", site.plug(product(swapped)), "@ and * are exchanged", site.node.span, "entrywise")
    for one in "*@" if len(parts) > 2 else "":
        alike = [parts[0], *((one if op != "/" else op, f) for op, f in parts[1:])]
        yield Mend("elementwise-vs-matmul", site.plug(product(alike)), f"every product is {one}", site.node.span, "entrywise")


def _other_kind(parts: list[tuple[str, Node]], k: int) -> Iterator[list[tuple[str, Node]]]:
    """The k-th product of the other kind: as it stands, and with a factor transposed or the order turned, where only that fits."""
    op, factor = parts[k]
    before = parts[k - 1]
    yield [*parts[:k], (OTHER[op], factor), *parts[k + 1 :]]
    if op == "*":
        head = product(parts[:k])
        back, turned = toggled(head), toggled(factor)
        for a, b in ((back, factor), (head, turned), (factor, head), (turned, head), (factor, back)):
            yield [("*", times(a, b, "@")), *parts[k + 1 :]]
    elif isinstance(factor, Transpose) or isinstance(before[1], Transpose):
        for a, b in ((toggled(before[1]), factor), (before[1], toggled(factor))):
            yield [*parts[: k - 1], (before[0], times(a, b)), *parts[k + 1 :]]


def _span(parts: list[tuple[str, Node]], k: int, node: Node) -> tuple[int, int]:
    begin, end = parts[k - 1][1].span[0], parts[k][1].span[1]
    return (begin, end) if begin >= 0 else node.span
