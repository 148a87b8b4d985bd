"""Mends of single addends: how much of each the claim should have, found by solving and not by trying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isnan

from ..expr import Apply, Expr, Lit
from ..language.syntax import parse
from ..language.tree import Call, Method, Node, Number, Product, Sum, Unary
from ..notation import text
from ..shapes import names
from ..tensor import Tensor
from .bench import Values, ratio
from .case import Case, Mend
from .scales import Scale
from .trees import NEW, Site, call, factors, negated, number, product, sites, times, unplaced, with_term

ABSENT = 1e-9
TINY = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Solved:
    """One addend that the claim has in the wrong amount: it would be right times ``scale`` (None: without it)."""

    site: Site
    scale: Scale | None


def solved(case: Case) -> list[Solved]:
    """The addends that could mend the claim by a factor: the claim is linear in each, so that one more evaluation tells."""
    if case.claim is None or case.values is None or not case.fits:
        return []
    out: list[Solved] = []
    for site in case.sites:
        if site.role == "term" and site.linear:
            case.effort.spend(case.cost)
            out += _amounts(case, site)
    return out


def _amounts(case: Case, site: Site) -> Iterator[Solved]:
    doubled = case.reader.tried(site.plug(times(number(2), site.node)))
    values = case.bench.values(doubled) if doubled is not None else None
    if values is None or case.values is None or len(values[0].data) != len(case.values[0].data):
        return
    direction, gap = difference(values, case.values), difference(case.target, case.values)
    found = ratio(gap, direction)
    if found is None:
        return
    ks = tuple(1 + k for k in found)
    if all(isnan(k) or abs(k) < ABSENT for k in ks):
        yield Solved(site, None)
    else:
        for scale in case.scales.find(ks):
            yield Solved(site, scale)


def difference(a: Values, b: Values) -> Values:
    """a - b, entry by entry."""
    return tuple(Tensor(x.shape, [p - q for p, q in zip(x.data, y.data, strict=True)]) for x, y in zip(a, b, strict=True))


def slug_of(case: Case, wanted: Scale, node: Node) -> str:
    """What it is called that a part should be multiplied by a number: the simplest part of that number decides."""
    if wanted.kind == "composite" and not mentions(case, node, wanted):
        return "missing-factor"
    if wanted.sign < 0:
        return "sign"
    if wanted.number != 1:
        return "factor-2"
    return scale_slug(case, wanted, node)


def scale_slug(case: Case, wanted: Scale, node: Node) -> str:
    """missing-scale or extra-scale: by what the user has written, else by which of the two is a division."""
    if wanted.kind == "composite":
        return "extra-scale" if mentions(case, node, wanted) else "missing-factor"
    if mentions(case, node, wanted):
        return "extra-scale"
    return "missing-scale"


def mentions(case: Case, node: Node, wanted: Scale) -> bool:
    """Whether a part of the claim has the scale in it that it should be rid of."""
    assert wanted.atom is not None
    written = text(wanted.atom)
    number = isinstance(wanted.atom, Lit) and not isinstance(wanted.atom.value, str)  # a size that is a large number: / 64
    over = wanted.exponent > 0
    for part in (site.node for site in sites(node) if site.linear):  # what stands inside exp(z / T) scales nothing
        if isinstance(part, Product):
            for op, factor in factors(part):
                e = case.reader.tried(factor) if number or not isinstance(factor, Number) else None
                if e is not None and (op == "/") == over and case.reader.shape(factor) == () and written in _multiplied(e):
                    return True
        if getattr(part, "name", "") in ("mean", "average") and wanted.exponent > 0:
            return True
    return False


def _multiplied(e: Expr) -> set[str]:
    """What a scalar is a product of, or of powers of, as text."""
    out, waiting = {text(e)}, [e]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Apply) and part.name in ("mul", "div", "power", "neg", "sqrt"):
            waiting += part.args
            out |= {text(a) for a in part.args}
        elif isinstance(part, Lit) and isinstance(part.value, str):
            out |= set(names(part.value))
    return out


def scaled(case: Case, node: Node, wanted: Scale) -> Node:
    """A part multiplied by a number, as a person would write it: by taking away what stands there already, if possible."""
    if wanted.sign < 0:
        rest = Scale(1, wanted.number, wanted.atom, wanted.exponent, wanted.kind)
        return negated(node) if rest.parts == 0 else negated(scaled(case, node, rest))
    shorter = _reduced(case, node, wanted)
    if shorter is not None:
        return shorter
    if wanted.atom is None:
        if wanted.number < 1 and wanted.number.numerator == 1:
            return times(node, number(wanted.number.denominator), "/")
        return _ahead(number(wanted.number), node)
    tree = unplaced(_atom(wanted))
    out = times(node, tree, "/") if wanted.exponent < 0 else _ahead(tree, node)
    return out if wanted.number == 1 else scaled(case, out, Scale(1, wanted.number))


def _atom(wanted: Scale) -> Node:
    assert wanted.atom is not None
    made = parse(text(wanted.atom))
    return call("sqrt", made) if wanted.exponent.denominator == 2 else made


def _ahead(scale: Node, node: Node) -> Node:
    """scale * node; the factors of a product follow one by one."""
    if isinstance(node, Product):
        return Product(scale, (("*", node.first), *node.rest), NEW)
    return times(scale, node)


def _reduced(case: Case, node: Node, wanted: Scale) -> Node | None:
    """The part with a number, a size or a divisor taken away or changed, where that gives the factor that is wanted."""
    before = case.reader.tried(node)
    values = case.bench.values(before) if before is not None else None
    if before is None or values is None:
        return None
    goal = case.bench.values(wanted.applied(before))
    if goal is None:
        return None
    for tree in _lighter(node):
        e = case.reader.tried(tree)
        if e is not None and e.shape == before.shape and case.bench.meets(e, goal, e.shape):
            return tree
    return None


def _lighter(node: Node) -> Iterator[Node]:
    """The formula with one factor less, or with another number, or a sum for a mean."""
    for site in sites(node):
        part = site.node
        if isinstance(part, Product):
            parts = factors(part)
            for k, (op, factor) in enumerate(parts):
                if op != "@" and (k or parts[1][0] != "@"):
                    yield site.plug(product([*parts[:k], *parts[k + 1 :]]))
                if isinstance(factor, Number):
                    yield from (site.plug(product([*parts[:k], (op, number(n)), *parts[k + 1 :]])) for n in (1, 2, 4))
        if getattr(part, "name", "") == "mean":
            yield site.plug(renamed(part, "sum"))
        if getattr(part, "name", "") == "sum":
            yield site.plug(renamed(part, "mean"))


def renamed(node: Node, to: str) -> Node:
    """A call or a method of another function."""
    return replace(node, name=to, span=NEW) if isinstance(node, Call | Method) else node


def term_mends(case: Case, solutions: list[Solved], slugs: frozenset[str]) -> Iterator[Mend]:
    """The solutions that are slips of certain kinds."""
    for s in solutions:
        node = s.site.node
        if s.scale is None:
            if "extra-term" in slugs:
                yield Mend("extra-term", without(case, s.site), f"{case.said(node)} does not belong there", node.span)
            continue
        if s.scale.parts != 1:  # none: what differs is less than the floats here can tell
            continue
        slug = slug_of(case, s.scale, node)
        if slug in slugs:
            tree = s.site.plug(scaled(case, node, s.scale))
            if s.scale.sign < 0:
                tree = flipped(s.site, case.tree)
            yield Mend(slug, tree, amount_words(case, slug, node, s.scale), node.span)


def single_signs(case: Case) -> Iterator[Mend]:
    """The sign of one addend, or of the whole, wherever it stands."""
    for site in case.sites:
        if isinstance(site.node, Sum):
            for k, (sign, term) in enumerate(site.node.terms):
                if isinstance(term, Unary) and term.op == "-":
                    turned = with_term(site.node, k, term.arg)
                else:
                    turned = with_term(site.node, k, term, "-" if sign == "+" else "+")
                yield Mend("sign", site.plug(turned), f"the sign of {case.said(term)}", term.span)
        elif isinstance(site.node, Unary) and site.node.op == "-":
            yield Mend("sign", site.plug(site.node.arg), f"the sign of {case.said(site.node.arg)}", site.node.span)
        if site.role == "argument" and not site.linear:
            yield Mend("sign", site.plug(negated(site.node)), f"the sign of {case.said(site.node)}", site.node.span)
    yield Mend("sign", negated(case.tree), "the sign of the whole", case.tree.span)


def tiny_terms(case: Case) -> Iterator[Mend]:
    """An addend too small to be seen in floating point, as the 1e-9 that keeps a program from dividing by 0."""
    for site in case.sites:
        if isinstance(site.node, Sum):
            for k, (_, term) in enumerate(site.node.terms):
                if case.indistinct or (isinstance(term, Number) and term.value <= TINY):
                    tree = site.plug(with_term(site.node, k, None))
                    yield Mend("extra-term", tree, f"{case.said(term)} does not belong there", term.span)


def amount_words(case: Case, slug: str, node: Node, scale: Scale) -> str:
    """A wrong amount in words."""
    said = case.said(node)
    if slug == "sign":
        return f"the sign of {said}"
    if slug == "extra-scale":
        return f"{said} has a factor {scale.inverse.written} too many"
    return f"{said} lacks a factor {scale.written}"


def without(case: Case, site: Site) -> Node:
    """The claim without an addend."""
    for other in case.sites:
        if isinstance(other.node, Sum):
            for k, (_, term) in enumerate(other.node.terms):
                if term is site.node:
                    return other.plug(with_term(other.node, k, None))
    return site.plug(number(0))


def flipped(site: Site, tree: Node) -> Node:
    """The claim with the sign of an addend turned."""
    for other in sites(tree):
        if isinstance(other.node, Sum):
            for k, (sign, term) in enumerate(other.node.terms):
                if term is site.node:
                    return other.plug(with_term(other.node, k, term, "-" if sign == "+" else "+"))
    return site.plug(negated(site.node))
