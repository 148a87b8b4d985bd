"""Spellings of kinds of numbers, of comparisons and of what is made with them: astype, gt, logical_not, heaviside, masked_fill."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from fractions import Fraction

from shapecalc.errors import NotDifferentiable, SyntaxProblem
from shapecalc.expr import Apply, Expr
from shapecalc.forms import add, apply, lit, mul

from . import tree
from .builder import Builder
from .options import LOGICAL, WHOLE, asked, at_most, is_whole
from .surface import fitted, generic, keywords, one, surface

COMPARED = {"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "eq": "==", "not_equal": "!=", "ne": "!="}
MINUS_INFINITY = -(10**9)  # as a mask before softmax, of which exp is 0 to any number of digits


def is_mask(e: Expr) -> bool:
    """Whether the values are 0 or 1 (or -1), so that cutting off decimals changes nothing."""
    while isinstance(e, Apply) and e.name in {"mul", "add", "neg", "transpose", "expand_dims", "squeeze", "reshape", "broadcast_to"}:
        rest = [a for a in e.args if not is_whole(a)]
        if len(rest) != 1:
            return bool(e.args) and all(is_mask(a) or is_whole(a) for a in e.args)
        e = rest[0]
    return isinstance(e, Apply) and e.name in LOGICAL


@surface("astype", "type", "to", "type_as", "cast", "int", "long", "bool", "float16", "float32", "float64", "half", "float_", *WHOLE)
def _cast(builder: Builder, node: tree.Call) -> Expr:
    """Another kind of number: the same values, unless decimals are cut off."""
    if not node.args:
        raise SyntaxProblem(f"{node.name} takes an array", span=node.span)
    at_most(node, 6)
    a = builder.build(node.args[0])
    kinds = [node.name, *(_kind(builder, n) for n in (*node.args[1:], *asked(node, "dtype").values()))]
    if any(kind in WHOLE for kind in kinds) and not is_mask(a):
        raise NotDifferentiable("a whole number has its decimals cut off: nothing flows back through that", span=node.name_span)
    return a


def _kind(builder: Builder, node: tree.Node) -> str:
    """The kind of number that is named: int, np.int64, 'int32'."""
    if isinstance(node, tree.String):
        return node.value
    return builder.scope.words(node).rpartition(".")[2]


@surface(*COMPARED)
def _compared(builder: Builder, node: tree.Call) -> Expr:
    one(builder, node, 2)
    return builder.build(tree.Compare(COMPARED[node.name], node.args[0], node.args[1], node.span))


@surface("logical_not", "logical_and", "logical_or")
def _logical(builder: Builder, node: tree.Call) -> Expr:
    args = one(builder, node, 1 if node.name == "logical_not" else 2)
    if not all(map(is_mask, args)):
        raise SyntaxProblem(f"{node.name} is read of comparisons, which are 0 or 1", span=node.span, hint="(a > 0) * (b > 0)")
    if len(args) == 1:
        return add(lit(1), args[0], signs=(1, -1))

    def both() -> Expr:
        product = mul(*args)
        return product if node.name == "logical_and" else add(*args, product, signs=(1, 1, -1))

    return fitted(builder, node, both, *args)


@surface("heaviside")
def _step(builder: Builder, node: tree.Call) -> Expr:
    """heaviside(x, h): 0 below, 1 above, h at 0."""
    a, h = one(builder, node, 2)

    def make() -> Expr:
        above = apply("greater", a, lit(0))
        if h == lit(0):
            return above
        return apply("greater_equal", a, lit(0)) if h == lit(1) else add(above, mul(h, apply("equal", a, lit(0))))

    return fitted(builder, node, make, a, h)


def minus_infinity(node: tree.Node, known: Container[str] = ()) -> bool:
    """Whether this is -inf, -np.inf or float("-inf"), and not a name that means something else."""
    match node:
        case tree.Call(name="float", args=(tree.String(value=word),), keywords=()):
            return word.lower() in {"-inf", "-infinity"}
        case tree.Unary(op="-", arg=tree.Call(name="float", args=(tree.String(value=word),), keywords=())):
            return word.lower() in {"inf", "infinity"}
        case tree.Unary(op="-", arg=tree.Name(id="inf")):
            return "inf" not in known
    return False


def _with_masks(builder: Builder, node: tree.Call) -> tree.Call:
    """The call with a number for minus infinity, which scores are set to before softmax."""
    number = tree.Unary("-", tree.Number(str(-MINUS_INFINITY), Fraction(-MINUS_INFINITY), node.span), node.span)
    return replace(node, args=tuple(number if minus_infinity(a, builder.scope.variables) else a for a in node.args))


@surface("where")
def _where(builder: Builder, node: tree.Call) -> Expr:
    return generic(builder, _with_masks(builder, node))


@surface("masked_fill")
def _filled(builder: Builder, node: tree.Call) -> Expr:
    """x.masked_fill(mask, value): the value where the mask is 1."""
    keywords(builder, node)
    a, mask, value = one(builder, _with_masks(builder, node), 3)
    return fitted(builder, node, lambda: apply("where", mask, value, a), a, mask, value)


@surface("conj", "conjugate", "real")
def _real(builder: Builder, node: tree.Call) -> Expr:
    """All numbers are real here."""
    keywords(builder, node)
    return one(builder, node)[0]
