"""Functions of one's own: a record is registered, tested, and used like any other operation of the rule book.

shapecalc.register(shapecalc.pointwise("mish", "tanh(softplus(x)) + x * (1 - tanh(softplus(x))**2) * sigmoid(x)", "x * tanh(softplus(x))"))
shapecalc.derive("X: (S, D); W: (D, M); Z = mish(X @ W)")["W"].formula
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .api import Derivation, derive
from .errors import InputProblem, NameProblem
from .language.builder import SURFACE
from .language.refusals import VALUES, WORDS
from .op import Op, Parameters
from .ops import BOOK, BUILT_IN, NAMES
from .ops.multilinear import _pointwise_shape
from .shapes import Shape

Texts = str | tuple[str, ...]
Shaper = Callable[[tuple[Shape, ...], Parameters], Shape]


def pointwise(name: str, derivative: Texts, means: str = "", arguments: Texts = "x", **more: Any) -> Op:
    """A function of each entry, for `register`; of several arguments, they broadcast.

    ``derivative``: by each argument, text in the argument names and ``y``, the result. ``means``: the value, in functions that the
    book has; without one give ``value``, a function of a ring and entries. ``more``: fields of the record, see `shapecalc.op.Op`.
    """
    more.setdefault("doc", f"{name} of each entry")
    return Op(name, "pointwise", _tuple(arguments), _pointwise_shape, slopes=_tuple(derivative), means=means, **more)


def structured(name: str, pulls: Texts, means: str, shape: Shaper | None = None, arguments: Texts = "a", **more: Any) -> Op:
    """A function of whole tensors, for `register`.

    ``pulls``: the pull-back to each argument, text in the argument names, ``y`` (the result) and ``dy`` (what flows back, of y's shape).
    ``shape``: from the arguments' shapes and the parameters to the result's; without one the result has the first argument's.
    """
    more.setdefault("doc", name)
    return Op(name, "structured", _tuple(arguments), shape or _first, pulls=_tuple(pulls), means=means, **more)


def _first(shapes: tuple[Shape, ...], _: Parameters) -> Shape:
    return shapes[0]


def _tuple(texts: Texts) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def register(op: Op, example: str = "") -> Op:
    """Puts a record into the rule book, after its rule has been tested on an example; one that is wrong raises, and is not kept.

    ``example``: a small problem that uses it, which a function of each entry does not need. Registering the same name again replaces
    the record; the names of the book itself cannot be taken.

    >>> op = register(pointwise("cube", "3 * x**2", "x**3"))
    >>> derive("x: (n,); L = sum(cube(x))")["x"].formula
    '3*x**2'
    >>> unregister("cube")
    """
    names = (op.name, *op.aliases)
    for name in names:
        if not name.isidentifier() or name in VALUES or name in WORDS:
            raise NameProblem(f"{name!r} is no name for a function")
        if name in SURFACE or NAMES.get(name, op).name in BUILT_IN:
            raise NameProblem(f"{name} is in the rule book already", hint="call it otherwise")
    if not example:
        if op.family != "pointwise":
            raise InputProblem(f"{op.name} is tested on an example, which is missing", hint="register(op, 'A: (n, n); L = sum(f(A))')")
        declared = "; ".join(f"{a}: (n, m)" for a in op.args)
        example = f"{declared}; w: (n, m); L_ = sum(w * {op.name}({', '.join(op.args)}))"
    before = {name: NAMES.get(name) for name in names}
    BOOK[op.name] = op
    NAMES.update(dict.fromkeys(names, op))
    try:
        tried(op, example)
    except BaseException:
        unregister(op.name)
        for name, old in before.items():
            if old is not None:
                BOOK[old.name] = NAMES[name] = old
        raise
    return op


def tried(op: Op, example: str) -> Derivation:
    """The derivation of an example that uses an operation, its gradients compared with difference quotients of the value."""
    d = derive(example)
    used = {n.name for body in d.problem.definitions.values() for n in _operations(body)}
    if op.name not in used:
        raise InputProblem(f"the example does not use {op.name}: {example}")
    d.certificate  # noqa: B018 - this is the test
    return d


def _operations(body: Any) -> list[Any]:
    from .expr import Apply, nodes

    return [n for n in nodes(body) if isinstance(n, Apply)]


def unregister(name: str) -> None:
    """Takes a registered function out again."""
    if name in BUILT_IN or name not in BOOK:
        raise NameProblem(f"{name} was not registered")
    op = BOOK.pop(name)
    for alias in (name, *op.aliases):
        NAMES.pop(alias, None)


__all__ = ["Op", "pointwise", "register", "structured", "unregister"]
