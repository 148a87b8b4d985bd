"""Slips on the way to the right formula: the derived form with one thing wrong, as a person would get it wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ..errors import Misfit
from ..expr import Apply, Expr, Lit, Var, rebuild
from ..forms import add, apply, neg, ones, remake, transposed
from ..notation import text
from ..shapes import is_scalar

HEAVIEST = 160  # parts of a form that is still searched
Change = Callable[[Expr], Expr]
LINEAR = frozenset({
    "neg", "transpose", "sum", "mean", "matmul", "mul", "outer", "inner", "tr", "diag", "diagonal", "reshape", "expand_dims", "squeeze", "broadcast_to",
    "kron", "einsum", "vec", "tril", "triu", "add",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slip:
    """A formula that comes of one slip, which slip, and in words."""

    slug: str
    formula: Expr
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a formula, how to put something else there, and whether the whole is linear in it."""

    node: Expr
    plug: Change
    linear: bool


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
                waiting.append(Part(a, _inner(part, node, k), linear))


def _inner(part: Part, node: Apply, k: int) -> Change:
    return lambda new: part.plug(remake(node, (*node.args[:k], new, *node.args[k + 1 :])))


def made(change: Callable[[], Expr]) -> Expr | None:
    """What comes of a change; None where it does not conform."""
    try:
        return change()
    except (Misfit, ArithmeticError, ValueError, KeyError):
        return None


def dropped_terms(form: Expr) -> Iterator[Slip]:
    """A sum without one of its addends."""
    for part in parts(form):
        node = part.node
        if isinstance(node, Apply) and node.name == "add":
            for k, gone in enumerate(node.args):
                args, signs = (*node.args[:k], *node.args[k + 1 :]), (*node["signs"][:k], *node["signs"][k + 1 :])
                e = made(lambda args=args, signs=signs, part=part: part.plug(add(*args, signs=signs)))  # type: ignore[misc]
                if e is not None:
                    yield Slip("missing-term", e, f"the term {text(gone)} is missing")


def dropped_factors(form: Expr) -> Iterator[Slip]:
    """A product without one of its factors; a quotient without its divisor."""
    for part in parts(form):
        node = part.node
        if not isinstance(node, Apply) or node.name not in ("mul", "matmul", "div", "outer", "kron", "power"):
            continue
        if node.name == "power":
            if node["k"] > 1 and part.linear:
                e = made(lambda part=part, node=node: part.plug(node.args[0]))  # type: ignore[misc]
                if e is not None:
                    yield Slip("missing-factor", e, f"the factor {text(node.args[0])} is missing: {text(node)} is needed")
            continue
        kept = (0, 1) if node.name != "div" else (0,)
        for k in kept:
            gone, left = node.args[1 - k], node.args[k]
            e = made(lambda part=part, left=left: part.plug(left))  # type: ignore[misc]
            if e is not None:
                yield _without(node, gone, e, part.linear)


def _without(node: Apply, gone: Expr, e: Expr, linear: bool) -> Slip:
    over = "the division by " if node.name == "div" else "the factor "
    if isinstance(gone, Lit) and not isinstance(gone.value, str):
        return Slip("factor-2" if linear else "wrong-function", e, f"{over}{text(gone)} is missing")
    if is_scalar(gone.shape) and not (isinstance(gone, Apply) and node.name == "div" and gone.name not in ("sqrt", "mul")):
        return Slip("missing-scale", e, f"{over}{text(gone)} is missing")
    if node.name == "matmul" and counting(gone):
        return Slip("not-reduced", e, f"the rows of a kind are not added up: {over}{text(gone)} does that", "summed")
    return Slip("missing-factor", e, f"{over}{text(gone)} is missing")


def counting(e: Expr) -> bool:
    """Whether e is a one-hot variable or its transpose: as a factor it adds up the rows of a kind."""
    inner = e.args[0] if isinstance(e, Apply) and e.name == "transpose" else e
    return isinstance(inner, Var) and bool(inner.properties & {"onehot", "onehot_columns"})


def signs(form: Expr) -> Iterator[Slip]:
    """The sign of an addend."""
    for part in parts(form):
        node = part.node
        if isinstance(node, Apply) and node.name == "add":
            for k, s in enumerate(node["signs"]):
                turned = (*node["signs"][:k], -s, *node["signs"][k + 1 :])
                e = made(lambda part=part, node=node, turned=turned: part.plug(add(*node.args, signs=turned)))  # type: ignore[misc]
                if e is not None:
                    yield Slip("sign", e, f"the sign of {text(node.args[k])}")


def symmetric(form: Expr) -> Iterator[Slip]:
    """A square part transposed, which changes nothing if it is symmetric."""
    for part in parts(form):
        for node, plug in _square_parts(part):
            e = made(lambda plug=plug, node=node: plug(transposed(node)))  # type: ignore[misc]
            if e is not None:
                yield Slip("symmetric-only", e, f"right only if {text(_plain(node))} were symmetric")


def _plain(node: Expr) -> Expr:
    return node.args[0] if isinstance(node, Apply) and node.name == "transpose" else node


def _square_parts(part: Part) -> Iterator[tuple[Expr, Change]]:
    node = part.node
    if len(node.shape) == 2 and node.shape[0] == node.shape[1] and node.shape[0] != 1 and not isinstance(node, Lit):
        yield node, part.plug
    if isinstance(node, Apply) and node.name == "matmul":
        chain = factors(node)
        for i in range(len(chain)):
            for j in range(i + 2, len(chain) + 1):
                if j - i < len(chain) and all(len(f.shape) == 2 for f in chain[i:j]) and chain[i].shape[0] == chain[j - 1].shape[-1]:
                    run = joined(chain[i:j])
                    if run is not None:
                        yield run, _around(part, chain[:i], chain[j:])


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


def joined(chain: list[Expr]) -> Expr | None:
    """A product from the left."""
    out = chain[0]
    for f in chain[1:]:
        step = made(lambda out=out, f=f: apply("matmul", out, f))  # type: ignore[misc]
        if step is None:
            return None
        out = step
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

    e = made(lambda: rebuild(form, scalar, remake))
    if e is not None and used & {"matmul", "inv", "matpow"}:
        words = "the rules for numbers, used entry by entry: products, inverses and powers of matrices are not entrywise"
        yield Slip("elementwise-vs-matmul", e, words, "entrywise")


def entrywise(form: Expr) -> Iterator[Slip]:
    """One product of the other kind."""
    for part in parts(form):
        for other, words in _other_kind(part.node):
            e = made(lambda part=part, other=other: part.plug(other))  # type: ignore[misc]
            if e is not None:
                yield Slip("elementwise-vs-matmul", e, words, "entrywise")


def _other_kind(node: Expr) -> Iterator[tuple[Expr, str]]:
    if not isinstance(node, Apply):
        return
    if node.name in ("mul", "matmul") and all(a.shape for a in node.args):
        a, b = node.args
        kind, other, sign = ("mul", "matmul", "*") if node.name == "mul" else ("matmul", "mul", "@")
        words = f"{'@' if kind == 'mul' else '*'} where {sign} is right, in {text(node)}"
        for x, y in ((a, b), (transposed(a), b), (a, transposed(b)), (b, a), (transposed(b), a), (b, transposed(a))):
            e = made(lambda x=x, y=y: apply(other, x, y))  # type: ignore[misc]
            if e is not None:
                yield e, words
    if node.name == "sum" and isinstance(node.args[0], Apply) and node.args[0].name == "mul":
        a, b = node.args[0].args
        for x, y in ((transposed(a), b), (transposed(b), a), (a, transposed(b)), (b, transposed(a))):
            e = made(lambda x=x, y=y: apply("matmul", x, y))  # type: ignore[misc]
            if e is not None:
                yield e, f"@ multiplies every column with every other; {text(node)} needs only the products of equal ones"


def orders(form: Expr) -> Iterator[Slip]:
    """Two factors of a matrix product exchanged; an entrywise factor on the other side of @."""
    for part in parts(form):
        node = part.node
        if not isinstance(node, Apply):
            continue
        for other in _reordered(node):
            e = made(lambda part=part, other=other: part.plug(other()))  # type: ignore[misc]
            if e is not None:
                yield Slip("wrong-order", e, f"the order in {text(node)}", "order")


def _reordered(node: Apply) -> Iterator[Callable[[], Expr]]:
    if node.name == "matmul":
        a, b = node.args
        yield lambda: apply("matmul", b, a)
        for side, rest, left in ((a, b, True), (b, a, False)):
            if isinstance(side, Apply) and side.name in ("mul", "div"):
                x, y = side.args
                yield lambda side=side, x=x, y=y, rest=rest, left=left: apply(side.name, apply("matmul", *((x, rest) if left else (rest, x))), y)  # type: ignore[misc]
                if side.name == "mul":
                    yield lambda side=side, x=x, y=y, rest=rest, left=left: apply("mul", apply("matmul", *((y, rest) if left else (rest, y))), x)  # type: ignore[misc]
    if node.name in ("mul", "div") and isinstance(node.args[0], Apply) and node.args[0].name == "matmul":
        factor, chain = node.args[1], factors(node.args[0])
        for k in range(len(chain)):
            yield lambda k=k, chain=chain, factor=factor: _joined([*chain[:k], apply(node.name, chain[k], factor), *chain[k + 1 :]])  # type: ignore[misc]


def _joined(chain: list[Expr]) -> Expr:
    out = joined(chain)
    if out is None:
        raise Misfit("no product")
    return out


def sums(form: Expr) -> Iterator[Slip]:
    """Another axis, no sum, a sum over everything, a sum where there is none."""
    for part in parts(form):
        node = part.node
        if isinstance(node, Apply) and node.name in ("sum", "mean"):
            for e, slug, words in _summed_otherwise(node):
                whole = made(lambda part=part, e=e: part.plug(e))  # type: ignore[misc]
                if whole is not None:
                    yield Slip(slug, whole, words, "axis" if slug == "wrong-axis" else "summed")
        if isinstance(node, Apply) and node.name == "outer" and node.args[0].shape == node.args[1].shape:
            whole = made(lambda part=part, node=node: part.plug(apply("inner", *node.args)))  # type: ignore[misc]
            if whole is not None:
                yield Slip("over-reduced", whole, f"a @ b adds up to a number; {text(node)} keeps every product")


def _summed_otherwise(node: Apply) -> Iterator[tuple[Expr, str, str]]:
    inner, axis = node.args[0], node["axis"]
    for other in (*range(len(inner.shape)), None):
        if other == axis:
            continue
        for keep in (False, True):
            e = made(lambda other=other, keep=keep: apply(node.name, inner, axis=other, keepdims=keep))  # type: ignore[misc]
            if e is not None:
                slug = "over-reduced" if other is None else "not-reduced" if axis is None else "wrong-axis"
                yield e, slug, f"axis={axis}, not axis={other}" if other is not None else f"only axis={axis} is summed"
    yield inner, "not-reduced", f"{text(inner)} is not summed"


def spread(form: Expr) -> Iterator[Slip]:
    """x * x for outer(x, x)."""
    for part in parts(form):
        node = part.node
        if isinstance(node, Apply) and node.name == "outer" and node.args[0].shape == node.args[1].shape:
            e = made(lambda part=part, node=node: part.plug(apply("mul", *node.args)))  # type: ignore[misc]
            if e is not None:
                yield Slip("rank", e, f"the entrywise product is a vector; {text(node)} is a matrix", "outer")


__all__ = ["Part", "Slip", "made", "neg", "ones", "parts"]
