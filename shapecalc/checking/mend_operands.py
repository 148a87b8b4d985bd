"""Mends of what stands in a formula: another variable, another function, another operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from ..expr import Apply, Expr, Lit, Var, variables
from ..language.tree import Call, Compare, Method, Name, Node, Number, Power, Product, Sum, Transpose, Unary, walk
from ..shapes import is_scalar
from .case import Case, Mend
from .trees import NEW, Site, call, everywhere, factors, name, number, product, times

FUNCTIONS = (
    ("exp", "log", "sqrt", "square"), ("sin", "cos", "tan"), ("tanh", "sigmoid", "relu", "softmax"), ("sinh", "cosh", "tanh"),
    ("inv", "pinv", "transpose"), ("det", "logdet", "tr"), ("sum", "mean", "max"), ("max", "min"), ("maximum", "minimum"),
    ("var", "std", "norm"), ("softmax", "log_softmax"), ("outer", "kron"), ("diag", "diagonal"), ("ones", "eye", "zeros"),
    ("arcsin", "arccos"), ("tril", "triu"),
)  # fmt: skip

TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
BOUNDING = frozenset({"clip", "clamp", "minimum", "maximum", "where"})  # a value between bounds is not the value
IDENTITY = "the identity matrix, not the number 1, which would be taken from every entry"
SMALL = 0.45  # of a claim: how much of it may be replaced as one part


def variables_for(case: Case) -> Iterator[Mend]:
    """One name in the place of another: in one place, or wherever it stands; a size in the place of another."""
    problem, names = case.problem, case.reader.names
    own = {problem.gradient_name(n) for n in problem.declared}
    known = [
        n
        for n, e in names.items()
        if isinstance(e, Var) and (e.name == n or n in problem.definitions) and n not in own and n != problem.loss
    ]
    counts = Counter(part.id for part, _ in walk(case.tree) if isinstance(part, Name))
    for site in case.sites:
        if not isinstance(site.node, Name):
            continue
        old = site.node.id
        for other in problem.sizes if old in problem.sizes else known:
            if other == old:
                continue
            slug, words = _exchange(case, old, other)
            yield Mend(slug, site.plug(name(other)), words, site.node.span)
    for old, count in counts.items():
        if count > 1 and old in names:
            for other in known:
                if other != old:
                    slug, words = _exchange(case, old, other)
                    yield Mend(slug, everywhere(case.tree, lambda p, old=old, other=other: _renamed(p, old, other)), words, case.tree.span)  # type: ignore[misc]


def neighbours(case: Case) -> Iterator[Mend]:
    """In a matrix product a value before a function for the value behind it, or the other way round: A for R = relu(A)."""
    problem = case.problem
    pairs = {(n, a.name) for n, e in problem.definitions.items() if isinstance(e, Apply) for a in e.args if isinstance(a, Var)}
    pairs = {(a, b) for a, b in pairs if problem.variable(a).shape == problem.variable(b).shape}
    for site in case.sites:
        inside = site.parent
        if isinstance(site.node, Name) and (isinstance(inside, Transpose) or (isinstance(inside, Product) and inside.rest[0][0] == "@")):
            for a, b in sorted(pairs | {(b, a) for a, b in pairs}):
                if a == site.node.id:
                    yield Mend("wrong-variable", site.plug(name(b)), f"{a} stands where {b} should", site.node.span)


def _renamed(part: Node, old: str, other: str) -> Node | None:
    return name(other) if isinstance(part, Name) and part.id == old else None


def _exchange(case: Case, old: str, other: str) -> tuple[str, str]:
    """What it is called that one name stands for another. Gradients that are steps of one chain differ by a factor of the chain rule."""
    symbols = {case.problem.gradient_name(n): n for n in case.problem.definitions} | {s: n for n, s in case.problem.upstream.items()}
    if old in symbols and other in symbols:
        late, early = symbols[old], symbols[other]
        if depends(case, late, early):
            return "missing-factor", f"the step from {late} back to {early} is missing: {old} is not {other}"
        if depends(case, early, late):
            return "extra-factor", f"{old} has gone back one step too far: it should be {other}"
    return "wrong-variable", f"{old} stands where {other} should"


def depends(case: Case, late: str, early: str) -> bool:
    """Whether one definition is made of another."""
    waiting, seen = [late], set()
    while waiting:
        n = waiting.pop()
        body = case.problem.definitions.get(n)
        for used in variables(body) if body is not None else ():
            if used == early:
                return True
            if used not in seen:
                seen.add(used)
                waiting.append(used)
    return False


def inverted(case: Case) -> Iterator[Mend]:
    """Multiplied in place of divided, and the other way round."""
    for site in case.sites:
        if isinstance(site.node, Product):
            parts = factors(site.node)
            for k in range(1, len(parts)):
                op, factor = parts[k]
                if op != "@" and not isinstance(factor, Number) and is_scalar(case.reader.shape(factor) or ()):
                    other = "/" if op == "*" else "*"
                    words = f"{'divided' if other == '/' else 'multiplied'} by {case.said(factor)}, and not the other way round"
                    yield Mend("wrong-function", site.plug(product([*parts[:k], (other, factor), *parts[k + 1 :]])), words, factor.span)


def functions(case: Case) -> Iterator[Mend]:
    """Another function, another operation, another exponent; 1 for the identity."""
    for site in case.sites:
        node = site.node
        match node:
            case Call(name="matpow" | "matrix_power", args=(a, Number(value=old))):
                for power in (2, 3, 4):
                    if power != old:
                        yield Mend("wrong-function", site.plug(call(node.name, a, number(power))), f"the power is {power}", node.span)
            case Call() | Method():
                yield from _other_functions(site, node)
            case Power():
                yield from _exponents(site, node)
            case Product():
                yield from _operations(site, node)
            case Sum(terms=terms) if len(terms) == 2 and not any(isinstance(term, Number) for _, term in terms):
                what = "a sum" if terms[1][0] == "+" else "a difference"
                yield Mend("wrong-function", site.plug(times(terms[0][1], terms[1][1])), f"a product, not {what}", node.span)
            case Compare(op=op) if op in TURNED:
                words = f"{case.said(node)} is the wrong way round"
                yield Mend("wrong-function", site.plug(replace(node, op=TURNED[op], span=NEW)), words, node.span)
            case Number(value=value) if value == 1:
                for size in case.problem.sizes:
                    yield Mend("wrong-function", site.plug(call("eye", name(size))), IDENTITY, node.span)


def arguments(case: Case) -> Iterator[Mend]:
    """A number missing in the argument of a function: exp(v) for exp(v / 2)."""
    for site in case.sites:
        node = site.node
        if site.enclosed and site.role == "argument":
            for k in (2, Fraction(1, 2)):
                made = times(number(k), node)
                yield Mend("wrong-function", site.plug(made), f"the argument is {case.said(made)}, not {case.said(node)}", node.span)


def _other_functions(site: Site, node: Call | Method) -> Iterator[Mend]:
    """A function of the same family, or none."""
    for group in FUNCTIONS:
        if node.name in group:
            for other in group:
                if other != node.name:
                    made = replace(node, name=other, span=NEW)
                    yield Mend("wrong-function", site.plug(made), f"{other} and not {node.name}", node.span)
    if isinstance(node, Call) and node.name in BOUNDING:
        for inner in node.args[1:] if node.name == "where" else node.args:
            yield Mend("wrong-function", site.plug(inner), f"{node.name} does not belong there", node.span)
    if isinstance(node, Call) and len(node.args) == 1 and node.name not in ("sum", "mean"):
        yield Mend("wrong-function", site.plug(node.args[0]), f"{node.name} does not belong there", node.span)


def _exponents(site: Site, node: Power) -> Iterator[Mend]:
    old = node.exponent
    if isinstance(old, Number):
        for k in (1, 2, 3, 4, Fraction(1, 2)):
            if k != old.value:
                made = node.base if k == 1 else replace(node, exponent=number(k), span=NEW)
                yield Mend("wrong-function", site.plug(made), f"the exponent is {k}", node.span)


def _operations(site: Site, node: Product) -> Iterator[Mend]:
    """a / b for a * b and the other way round, whatever b is; a difference or a sum for a product of two."""
    parts = factors(node)
    for k in range(1, len(parts)):
        op, factor = parts[k]
        if op != "@":
            other = "/" if op == "*" else "*"
            yield Mend(
                "wrong-function", site.plug(product([*parts[:k], (other, factor), *parts[k + 1 :]])), f"{other}, not {op}", factor.span
            )
    if len(parts) == 2 and parts[1][0] == "*":
        for sign, what in (("-", "difference"), ("+", "sum")):
            made = Sum((("+", parts[0][1]), (sign, parts[1][1])), NEW)
            yield Mend("wrong-function", site.plug(made), f"a {what}, not a product", node.span)


def squares(case: Case) -> Iterator[Mend]:
    """x for x**2 where x is an addend: 1 - a for 1 - a**2."""
    for site in case.sites:
        if site.role == "term" and isinstance(site.node, Name):
            made = Power(site.node, number(2), NEW)
            yield Mend("wrong-function", site.plug(made), f"{site.node.id} is to be squared", site.node.span)


def parts(case: Case) -> Iterator[Mend]:
    """A part of the claim that should be another formula of the vocabulary."""
    for site in case.sites:
        if site.role == "whole" or isinstance(site.node, Number | Unary):
            continue
        old = case.reader.tried(site.node)
        # where most of the claim would be replaced, nothing is explained
        if old is None or isinstance(old, Lit) or case.claim is None or old.weight > SMALL * case.claim.weight:
            continue
        for v in case.vocabulary.items:
            if _alike(v, old):
                words = f"{case.said(site.node)} stands where {case.said(case.vocabulary.tree(v))} should"
                yield Mend("wrong-function", site.plug(case.vocabulary.tree(v)), words, site.node.span)


def _alike(v: Expr, old: Expr) -> bool:
    return v.shape == old.shape and v != old and v.weight <= old.weight + 3 and not (isinstance(v, Var) and isinstance(old, Var))
