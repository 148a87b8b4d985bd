"""Calls that are alike in all the libraries, but for the name of the module, and that no template can say."""

from __future__ import annotations

from shapecalc import notation
from shapecalc.expr import Apply, Expr
from shapecalc.forms import add, apply, lit, power
from shapecalc.shapes import add as plus
from shapecalc.shapes import negative

from .writer import Writer, is_comparison

Args = tuple[Expr, ...]


def inner(writer: Writer, _: Apply, args: Args) -> str:
    """The sum of the entrywise product."""
    return f"{writer.target.module}.sum({notation.text(apply('mul', *args))})"


def mse(writer: Writer, node: Apply, args: Args) -> str:
    """The mean, or the sum, of the squared differences."""
    return f"{writer.target.module}.{node['reduction']}({notation.text(power(add(*args, signs=(1, -1)), 2))})"


def where(writer: Writer, node: Apply, args: Args) -> str:
    """A choice; a condition that is no comparison is 0 or 1. Of two Python numbers one is made an array, so that the kind is right."""
    cond, a, b = args
    first = writer.wrapped(a) if node.args[1] in writer.numbers and node.args[2] in writer.numbers else notation.text(a)
    if node.args[0] in writer.numbers:
        cond = apply("equal", cond, lit(1))
        return f"{writer.target.module}.where({writer.wrapped(cond)} == 1, {first}, {notation.text(b)})"
    test = cond if is_comparison(cond) else apply("equal", cond, lit(1))
    return f"{writer.target.module}.where({notation.text(test)}, {first}, {notation.text(b)})"


def margins(writer: Writer, node: Apply) -> list[tuple[str, str]]:
    """How many zeros there are before and behind the entries of `place`, for each axis."""
    return [(writer.size(start), writer.size(plus(dim, negative(plus(start, length)))))
            for (start, length), dim in zip(node["items"], node.shape, strict=True)]


def place(writer: Writer, node: Apply, args: Args) -> str:
    """A tensor put into zeros."""
    zeros = ", ".join(f"({before}, {behind})" for before, behind in margins(writer, node))
    return f"{writer.target.module}.pad({notation.text(args[0])}, ({zeros},))"


def diag(writer: Writer, node: Apply, args: Args) -> str:
    """A matrix of a vector, a row or a column."""
    return f"{writer.target.module}.diag{'' if len(node.args[0].shape) == 1 else 'flat'}({notation.text(args[0])})"


def cumsum(writer: Writer, node: Apply, args: Args) -> str:
    """Sums so far, from either end."""
    module, axis, a = writer.target.module, node["axis"], notation.text(args[0])
    if not node["reverse"]:
        return f"{module}.cumsum({a}, {writer.target.axis}={axis})"
    return f"{module}.flip({module}.cumsum({module}.flip({a}, ({axis},)), {writer.target.axis}={axis}), ({axis},))"


def swapped(writer: Writer, node: Apply, args: Args) -> str:
    """The axes in another order."""
    axes, rank, module = node["axes"], len(node.shape), writer.target.module
    if axes == (*range(rank - 2), rank - 1, rank - 2):
        return f"{module}.swapaxes({notation.text(args[0])}, -1, -2)"
    return f"{module}.{'permute' if module == 'torch' else 'transpose'}({notation.text(args[0])}, {axes})"


def joined(writer: Writer, node: Apply, args: Args) -> str:
    """Tensors joined along an axis."""
    parts = ", ".join(map(notation.text, args)) + ("," if len(args) == 1 else "")
    return f"{writer.target.module}.concatenate(({parts}), {writer.target.axis}={node['axis']})"
