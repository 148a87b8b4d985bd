"""Slips on the way to the right formula: the derived form with one thing wrong, as a person would get it wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..errors import Misfit
from ..expr import Apply, Expr, Lit, Var, rebuild
from ..forms import add, apply, remake, transposed
from ..language.problem import Problem
from ..notation import text
from ..shapes import is_scalar
from .scales import kind

HEAVIEST = 160  # parts of a form that is still searched
Change = Callable[[Expr], Expr]
LINEAR = frozenset({
    "neg", "transpose", "sum", "mean", "matmul", "mul", "outer", "inner", "tr", "diag", "diagonal", "reshape", "expand_dims", "squeeze",
    "broadcast_to", "kron", "einsum", "vec", "tril", "triu", "add",
})  # fmt: skip
COMPARED = frozenset({"greater", "less", "greater_equal", "less_equal", "equal"})
SCALAR_RULES = "the rules for numbers, used entry by entry: products, inverses and powers of matrices are not entrywise"


@dataclass(frozen=True, slots=True)
class Slip:
    """A formula that comes of one slip, which slip, and in words; ``gone``: a factor that it lacks."""

    slug: str
    formula: Expr
    words: str
    note: str = ""
    gone: Expr | None = None

    def called(self, problem: Problem) -> str:
        """Which slip it is: a declared scalar or a size that is missing is a scale, any other number is a factor."""
        composite = self.slug == "missing-scale" and self.gone is not None and kind(self.gone, problem) == "composite"
        return "missing-factor" if composite else self.slug


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a formula, how to put something else there, and whether the whole is linear in it."""

    node: Expr
    plug: Change
    linear: bool
    parent: Apply | None = None

    def put(self, new: Expr | None) -> Expr | None:
        """The whole with another part here; None where it does not conform."""
        if new is None:
            return None
        try:
            return self.plug(new)
        except (Misfit, ArithmeticError, ValueError, KeyError):
            return None


def parts(e: Expr) -> Iterator[Part]:
    """Every part of a formula, wherever it stands."""
    waiting = [Part(e, lambda new: new, True)]
    while waiting:
        part = waiting.pop()
        yield part
        node = part.node
        if isinstance(node, Apply):
            for k, a in enumerate(node.args):
                linear = part.linear and (node.name in LINEAR or (node.name == "div" and k == 0))
                waiting.append(Part(a, _inner(part, node, k), linear, node))


def _inner(part: Part, node: Apply, k: int) -> Change:
    return lambda new: part.plug(remake(node, (*node.args[:k], new, *node.args[k + 1 :])))


def applied(name: str, *args: Expr | None, **params: Any) -> Expr | None:
    """An operation; None where it does not conform."""
    if any(a is None for a in args):
        return None
    try:
        return apply(name, *(a for a in args if a is not None), **params)
    except (Misfit, ArithmeticError, ValueError, KeyError):
        return None


def made(slug: str, part: Part, new: Expr | None, words: str, note: str = "", gone: Expr | None = None) -> Iterator[Slip]:
    """The slip that puts something else in a place, if that conforms."""
    e = part.put(new)
    if e is not None:
        yield Slip(slug, e, words, note, gone)


def named(form: Expr, *names: str) -> Iterator[tuple[Part, Apply]]:
    """The parts that are certain operations."""
    for part in parts(form):
        if isinstance(part.node, Apply) and part.node.name in names:
            yield part, part.node


def dropped_terms(form: Expr) -> Iterator[Slip]:
    """A sum without one of its addends."""
    for part, node in named(form, "add"):
        yield from _shorter(part, node)


def _shorter(part: Part, node: Apply) -> Iterator[Slip]:
    for k, gone in enumerate(node.args):
        args, signs = (*node.args[:k], *node.args[k + 1 :]), (*node["signs"][:k], *node["signs"][k + 1 :])
        yield from made("missing-term", part, add(*args, signs=signs), f"the term {text(gone)} is missing")


def dropped_addends(form: Expr) -> Iterator[Slip]:
    """The formula as a whole without one of its addends."""
    for part, node in named(form, "add"):
        outside = part.parent
        if outside is None or (outside is form and outside.name in ("neg", "mul", "div") and _scaled(outside, node)):
            yield from _shorter(part, node)


def dropped_inner_terms(form: Expr) -> Iterator[Slip]:
    """A sum on which the formula depends linearly, without one of its addends."""
    for part, node in named(form, "add"):
        if part.linear:
            yield from _shorter(part, node)


def _scaled(node: Apply, inner: Expr) -> bool:
    """Whether a node is the inner formula times numbers."""
    return all(a is inner or is_scalar(a.shape) for a in node.args)


def dropped_factors(form: Expr) -> Iterator[Slip]:
    """A product without one of its factors; a quotient without its divisor."""
    for part, node in named(form, "mul", "matmul", "div", "outer", "kron", "power"):
        if node.name == "power":
            if node["k"] > 1 and part.linear:
                words = f"the factor {text(node.args[0])} is missing: {text(node)} is needed"
                # 1 - a for 1 - a**2 is another function
                addend = part.parent is not None and part.parent.name == "add"
                yield from made("wrong-function" if addend else "missing-factor", part, node.args[0], words)
            continue
        if node.name == "matmul":
            yield from _dropped_runs(part, node)
        for k in (0, 1) if node.name != "div" else (0,):
            slug, words, note = _without(node, node.args[1 - k], part.linear)
            yield from made(slug, part, node.args[k], words, note, node.args[1 - k])


def unnormalised(form: Expr) -> Iterator[Slip]:
    """exp(z) for softmax(z)."""
    for part, node in named(form, "softmax"):
        words = f"the division by the sum is missing: {text(node)} is exp of each entry over the sum of all"
        yield from made("missing-factor", part, applied("exp", node.args[0]), words)


def _dropped_runs(part: Part, node: Apply) -> Iterator[Slip]:
    """A chain of matrix products without several neighbouring factors."""
    chain = factors(node)
    for i in range(len(chain)):
        for j in range(i + 2, len(chain)):
            gone = " @ ".join(text(f) for f in chain[i:j])
            yield from made("missing-factor", part, joined([*chain[:i], *chain[j:]]), f"the factors {gone} are missing")


def _without(node: Apply, gone: Expr, linear: bool) -> tuple[str, str, str]:
    """What it is called that a factor is missing."""
    words = f"{'the division by' if node.name == 'div' else 'the factor'} {text(gone)} is missing"
    if isinstance(gone, Lit) and not isinstance(gone.value, str):
        return "factor-2" if linear else "wrong-function", words, ""
    if is_scalar(gone.shape) and not (isinstance(gone, Apply) and node.name == "div" and gone.name not in ("sqrt", "mul")):
        return "missing-scale", words, ""
    if node.name == "matmul" and counting(gone):
        return "not-reduced", f"the rows of a kind are not added up: the factor {text(gone)} does that", "summed"
    return "missing-factor", words, ""


def counting(e: Expr) -> bool:
    """Whether e is a one-hot variable or its transpose: as a factor it adds up the rows of a kind."""
    inner = e.args[0] if isinstance(e, Apply) and e.name == "transpose" else e
    return isinstance(inner, Var) and bool(inner.properties & {"onehot", "onehot_columns"})


def signs(form: Expr) -> Iterator[Slip]:
    """The sign of an addend; in a comparison it may be a mask that is missing, which is then 1."""
    for part, node in named(form, "add"):
        if part.parent is not None and part.parent.name in COMPARED:
            continue
        for k, s in enumerate(node["signs"]):
            turned = (*node["signs"][:k], -s, *node["signs"][k + 1 :])
            yield from made("sign", part, add(*node.args, signs=turned), f"the sign of {text(node.args[k])}")


def symmetric(form: Expr) -> Iterator[Slip]:
    """A square part transposed, which changes nothing if it is symmetric."""
    for part in parts(form):
        for square in _square_parts(part):
            plain = square.node.args[0] if isinstance(square.node, Apply) and square.node.name == "transpose" else square.node
            said = text(plain)
            words = f"right only if {said} = {said}.T" if isinstance(plain, Var) else f"right only if {said} is symmetric"
            yield from made("symmetric-only", square, transposed(square.node), words)


def _square_parts(part: Part) -> Iterator[Part]:
    node = part.node
    if len(node.shape) == 2 and node.shape[0] == node.shape[1] and node.shape[0] != 1 and not isinstance(node, Lit):
        yield part
    if isinstance(node, Apply) and node.name == "matmul":
        chain = factors(node)
        for i in range(len(chain)):
            for j in range(i + 2, len(chain) + (i > 0)):
                if all(len(f.shape) == 2 for f in chain[i:j]) and chain[i].shape[0] == chain[j - 1].shape[-1]:
                    run = joined(chain[i:j])
                    if run is not None:
                        yield Part(run, _around(part, chain[:i], chain[j:]), part.linear)


def _around(part: Part, before: list[Expr], after: list[Expr]) -> Change:
    def plug(new: Expr) -> Expr:
        out = joined([*before, new, *after])
        if out is None:
            raise Misfit("no product")
        return part.plug(out)

    return plug


def factors(e: Expr) -> list[Expr]:
    """The factors of a chain of matrix products (scalars before it stay with the first)."""
    if isinstance(e, Apply) and e.name == "matmul" and len(e.args[0].shape) <= 2 and len(e.args[1].shape) <= 2:
        return [*factors(e.args[0]), *factors(e.args[1])] if len(e.args[0].shape) == 2 else [*factors(e.args[0]), e.args[1]]
    return [e]


def joined(chain: list[Expr | None] | list[Expr]) -> Expr | None:
    """A product from the left."""
    out = chain[0]
    for f in chain[1:]:
        out = applied("matmul", out, f)
    return out


def scalar_rules(form: Expr) -> Iterator[Slip]:
    """The rules for numbers used entry by entry, all over the formula."""
    used: set[str] = set()

    def scalar(node: Expr) -> Expr | None:
        if not isinstance(node, Apply):
            return None
        used.add(node.name)
        match node.name:
            case "matmul":
                return apply("mul", *node.args)
            case "inv":
                return apply("div", Lit(1), node.args[0])
            case "transpose":
                return node.args[0]
            case "matpow":
                return apply("power", node.args[0], k=Fraction(node["k"]))
        return None

    try:
        e = rebuild(form, scalar, remake)
    except Misfit:
        return
    if used & {"matmul", "inv", "matpow"}:
        yield Slip("elementwise-vs-matmul", e, SCALAR_RULES, "entrywise")


__all__ = ["Part", "Slip", "parts"]
