"""The nodes of a formula: a closed set of frozen, shared nodes, each with its shape; an ill-shaped one cannot exist.

Nodes carry no arithmetic: formulas are made by `forms` or written in the language.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Any, Union

from .op import Op, Signature
from .shapes import Shape

Params = tuple[tuple[str, Any], ...]


class _Node:
    """Equality by structure, with the hash kept, so that shared nodes are met once."""

    __slots__ = ("_hash", "depth", "key", "names", "order", "shape", "weight")
    shape: Shape
    key: tuple[Any, ...]
    weight: int
    depth: int

    def __init__(self, key: tuple[Any, ...], shape: Shape, weight: int, depth: int = 1) -> None:
        self.key = key
        self.shape = shape
        self.weight = weight
        self.depth = depth
        self._hash = hash(key)
        self.names: dict[str, Var] | None = None
        self.order: tuple[Expr, ...] | None = None

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, _Node) and self._hash == other._hash and self.key == other.key


class Var(_Node):
    """A named tensor: declared, a definition, or a gradient. Its definition, if it has one, is kept by the problem, not here."""

    __slots__ = ("name", "properties")
    __match_args__ = ("name",)

    def __init__(self, name: str, shape: Shape, properties: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.properties = properties
        self.key = key = ("var", name, shape)  # as in _Node, without a call for each of so many
        self.shape = shape
        self.weight = self.depth = 1
        self._hash = hash(key)
        self.names = self.order = None

    def __repr__(self) -> str:
        return f"Var({self.name!r}, {self.shape})"


class Lit(_Node):
    """A scalar constant: an exact fraction, or a size (the name or polynomial) used as a number."""

    __slots__ = ("value",)
    __match_args__ = ("value",)
    value: Fraction | str

    def __init__(self, value: Fraction | int | str) -> None:
        if isinstance(value, str):
            self.value = value
            super().__init__(("lit", value), (), 1)
            return
        self.value = value if isinstance(value, Fraction) else Fraction(value)
        # as whole numbers, which are hashed and compared in a fraction of the time
        super().__init__(("lit", self.value.numerator, self.value.denominator), (), 1)

    def __repr__(self) -> str:
        return f"Lit({str(self.value)!r})"


@lru_cache(maxsize=4096)
def _signature(op: Op, shapes: tuple[Shape, ...], params: Params) -> Signature | None:
    """The index signature, which hangs on the shapes of the arguments alone."""
    return None if op.signature is None else op.signature(shapes, dict(params))


class Apply(_Node):
    """An operation of the rule book on arguments, with its parameters (axis, keepdims, ...) as sorted pairs."""

    __slots__ = ("_signature", "args", "name", "op", "params")
    __match_args__ = ("op", "args", "params")
    _signature: Signature | None

    def __init__(self, op: Op, args: tuple[Expr, ...], params: Params, shape: Shape) -> None:
        self.op = op
        self.name = op.name
        self.args = args
        self.params = params
        weight, depth = 1, 0
        for a in args:
            weight += a.weight
            if a.depth > depth:  # noqa: PLR1730 - a call for each argument is felt here
                depth = a.depth
        self.key = key = (op.name, args, params, shape)  # as in _Node, without a call for each of so many
        self.shape = shape
        self.weight = weight
        self.depth = depth + 1
        self._hash = hash(key)
        self.names = self.order = None

    @property
    def signature(self) -> Signature | None:
        """The index signature, found once; None where the operation has none on these arguments."""
        try:
            return self._signature
        except AttributeError:
            self._signature = _signature(self.op, tuple([a.shape for a in self.args]), self.params)
            return self._signature

    def __getitem__(self, name: str) -> Any:
        for key, value in self.params:
            if key == name:
                return value
        raise KeyError(name)

    def __repr__(self) -> str:
        inside = [*map(repr, self.args), *(f"{k}={v!r}" for k, v in self.params)]
        return f"{self.op.name}({', '.join(inside)})"


Expr = Union[Var, Lit, Apply]  # noqa: UP007 - a runtime alias for isinstance-free annotations
ZERO, ONE = Lit(0), Lit(1)


SHORT = 64  # nodes up to which their order is kept: of a long formula it would be kept again for each of its parts


def nodes(e: Expr) -> tuple[Expr, ...]:
    """Every distinct node under e, arguments before what uses them; no recursion."""
    if e.order is not None:
        return e.order
    seen: set[Expr] = set()
    out: list[Expr] = []
    stack: list[tuple[Expr, bool]] = [(e, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            out.append(node)
        elif node not in seen:
            seen.add(node)
            if isinstance(node, Apply):
                stack.append((node, True))
                stack.extend([(a, False) for a in reversed(node.args)])
            else:
                out.append(node)
    order = tuple(out)
    if len(order) <= SHORT:
        e.order = order
    return order


def variables(e: Expr) -> Mapping[str, Var]:
    """The variables in e by name, in order of appearance; found once for each node."""
    found = e.names
    if found is not None:
        return found
    # mostly those of the arguments are found already, and there is no need to go down
    known = isinstance(e, Apply) and all(a.names is not None for a in e.args)
    for node in (e,) if known else nodes(e):
        if node.names is None:
            names: dict[str, Var] = {}
            if isinstance(node, Apply):
                for a in node.args:
                    names.update(variables(a))  # found already, but for one that equals another and was not visited itself
            elif isinstance(node, Var):
                names[node.name] = node
            node.names = names
    assert e.names is not None
    return e.names


def occurs(v: Var, e: Expr) -> bool:
    """Whether v appears anywhere in e."""
    return variables(e).get(v.name) == v


def rebuild(e: Expr, change: Callable[[Expr], Expr | None], make: Callable[[Apply, tuple[Expr, ...]], Expr]) -> Expr:
    """e with `change` applied to every node from the leaves up (None keeps it); `make` remakes a node whose arguments changed."""
    done: dict[Expr, Expr] = {}
    for node in nodes(e):
        new = node
        if isinstance(node, Apply):
            args = tuple([done[a] for a in node.args])
            for a, b in zip(args, node.args, strict=True):
                if a is not b:
                    new = make(node, args)
                    break
        changed = change(new)
        done[node] = new if changed is None else changed
    return done[e]


@contextmanager
def collector_off() -> Iterator[None]:
    """Without the garbage collector, which would visit every new node again and again; nothing made here is cyclic."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
