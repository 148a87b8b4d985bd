"""Mends of factors: one that is missing (f', a mask, a matrix of the chain rule), one too many."""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import Expr
from ..language.tree import Name, Node, Number, Product
from ..shapes import Shape, broadcast, is_scalar
from .case import Case, Mend
from .mend_layout import runs
from .slips import counting
from .trees import NEW, Plug, factors, product, times

SITES = 24


def extra_factors(case: Case) -> Iterator[Mend]:
    """A factor left out: of an entrywise product, of a matrix product."""
    for site in case.sites:
        if not isinstance(site.node, Product):
            continue
        parts = factors(site.node)
        for k, (op, factor) in enumerate(parts):
            divisor = "the division by " if op == "/" else "the factor "
            words = f"{divisor}{case.said(factor)} does not belong there"
            slug = extra_slug(case, factor, not site.enclosed)
            note = "twice" if op == "/" and slug == "extra-scale" and isinstance(factor, Name) else ""
            yield Mend(slug, site.plug(product(_left(parts, k, k + 1))), words, factor.span, note)
        for k in range(len(parts) - 1):
            for end in range(k + 2, len(parts) + (k > 0)):
                if all(op != "@" for op, _ in parts[k:end]):
                    said = " * ".join(case.said(f) for _, f in parts[k:end])
                    span = parts[k][1].span[0], parts[end - 1][1].span[1]
                    yield Mend("extra-factor", site.plug(product(_left(parts, k, end))), f"the factors {said} do not belong there", span)


def _left(parts: list[tuple[str, Node]], begin: int, end: int) -> list[tuple[str, Node]]:
    """The factors that are left when some are taken away."""
    rest = [*parts[:begin], *parts[end:]]
    return [("*" if rest[0][0] == "@" else rest[0][0], rest[0][1]), *rest[1:]]


def missing_divisors(case: Case) -> Iterator[Mend]:
    """A formula of the vocabulary put in as a divisor."""
    for node, plug, term in _places(case):
        shape = case.reader.shape(node)
        for v in case.vocabulary.tensors if shape is not None else ():
            if shape is not None and _goes(shape, v.shape, term):
                tree = case.vocabulary.tree(v)
                yield Mend(
                    "missing-factor",
                    plug(times(node, tree, "/")),
                    f"the division by {case.said(tree)} is missing at {case.said(node)}",
                    node.span,
                )


def extra_slug(case: Case, factor: Node, linear: bool) -> str:
    """What it is called that a factor is there; a number in the argument of a function makes another function of it."""
    if isinstance(factor, Number):
        return "factor-2" if linear else "wrong-function"
    shape = case.reader.shape(factor)
    return "extra-scale" if shape is not None and is_scalar(shape) else "extra-factor"


def missing_factors(case: Case) -> Iterator[Mend]:
    """A formula of the vocabulary put in as an entrywise factor."""
    for node, plug, term in _places(case):
        shape = case.reader.shape(node)
        if shape is None:
            continue
        for v in case.vocabulary.tensors:
            if not _goes(shape, v.shape, term):
                continue
            tree = case.vocabulary.tree(v)
            words = f"the factor {case.said(tree)} is missing at {case.said(node)}"
            yield Mend("missing-factor", plug(_times_all(node, tree)), words, node.span)


def _times_all(node: Node, tree: Node) -> Node:
    """node * tree, the factors of an entrywise product one by one."""
    if isinstance(tree, Product) and all(op == "*" for op, _ in tree.rest):
        return Product(node, (("*", tree.first), *tree.rest), NEW)
    return times(node, tree)


def missing_matrices(case: Case) -> Iterator[Mend]:
    """A matrix of the vocabulary put in as a factor of a matrix product."""
    for node, plug, _ in _places(case):
        shape = case.reader.shape(node)
        if not shape:
            continue
        refused: set[Shape] = set()
        for v in case.vocabulary.matrices:
            before = (*v.shape[:-1], *shape[1:]), v.shape[-1] == (shape[0] if len(shape) == 1 else shape[-2]), _summing(v)
            behind = (*shape[:-1], v.shape[-1]), v.shape[0] == shape[-1], "missing-factor"
            for own, conforms, slug in (before, behind):
                if not conforms or own in refused:
                    continue
                factor = case.vocabulary.tree(v)
                tree = plug(times(factor, node, "@") if own is before[0] else times(node, factor, "@"))
                if not case.suits(tree):
                    refused.add(own)  # what stands around it makes nothing of the right shape of that
                    continue
                yield Mend(slug, tree, f"the factor {case.said(factor)} is missing at {case.said(node)}", node.span)


def sandwiches(case: Case) -> Iterator[Mend]:
    """A matrix of the vocabulary on either side: A.T @ (...) @ B.T."""
    shape = case.claim.shape if case.claim is not None else ()
    if len(shape) != 2:
        return
    matrices = case.vocabulary.matrices
    for left in matrices:
        for right in matrices:
            if left.shape[-1] == shape[0] and right.shape[0] == shape[1]:
                a, b = case.vocabulary.tree(left), case.vocabulary.tree(right)
                tree = Product(a, (("@", case.tree), ("@", b)), NEW)
                words = f"the factors {case.said(a)} and {case.said(b)} around it are missing"
                yield Mend("missing-factor", tree, words, case.tree.span)


def _summing(v: Expr) -> str:
    """A one-hot matrix as the missing factor: what it does is to add up the rows of a kind."""
    return "not-reduced" if counting(v) else "missing-factor"


def _goes(shape: Shape, factor: Shape, term: bool) -> bool:
    """Whether a factor leaves a shape as it is (an addend may grow: a broadcast scalar hides that)."""
    made = broadcast(shape, factor)
    return made is not None and (made == shape or (term and is_scalar(shape)))


def _places(case: Case) -> Iterator[tuple[Node, Plug, bool]]:
    """Where a factor may be missing: at the whole, an addend, a factor, a run of factors, the argument of a sum."""
    count = 0
    for site in case.sites:
        if site.linear and not isinstance(site.node, Number):
            yield site.node, site.plug, site.role in ("term", "whole")
            count += 1
        if site.linear and isinstance(site.node, Product):
            for run, plug in runs(case, site):
                yield run, plug, False
                count += 1
        if count > SITES:
            return
