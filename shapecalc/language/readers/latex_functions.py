"""What the functions of LaTeX formulas are in the language: log det, derivatives f', norms, maxima."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import Misfit, NotKnownYet, ShapecalcError, Span, SyntaxProblem
from shapecalc.expr import Var
from shapecalc.ops import NAMES
from shapecalc.shapes import Shape, broadcast, is_scalar

from .. import (
    surfaces,  # noqa: F401 - the spellings of functions are registered there
    tree,
)
from ..builder import Builder, Scope
from ..syntax import parse
from ..tree import Call, Name, Node
from .draft import Draft
from .growing import call, filled, number, power, product
from .latex_terms import Term

# on a square matrix these can act entry by entry, or be functions of the matrix
_MATRIX_FUNCTIONS = frozenset({"exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "tan", "sign", "abs"})
_SCALAR = frozenset({"trace", "det", "logdet"})


def applied(draft: Draft, name: str, terms: Sequence[Term], span: Span, name_span: Span) -> Term:
    """A function of formulas; where the shapes do not conform it is written all the same, and judged as it stands."""
    if name == "log" and len(terms) == 1:
        inner = _determinant(terms[0].node)
        if inner is not None:
            return Term(call("logdet", inner.args, span, name_span), ())
    if name in _MATRIX_FUNCTIONS and len(terms) == 1 and _square(terms[0].shape):
        message = f"{name} of a square matrix can be entry by entry, or the function of the matrix"
        raise SyntaxProblem(message, span, hint=f"write it with indices, \\{name} S_{{ij}}")
    if name in {"max", "min"} and len(terms) == 2:
        name = {"max": "maximum", "min": "minimum"}[name]
    elif name in {"max", "min"} and len(terms) > 2:
        raise SyntaxProblem(f"{name} of more than two is not read", span)
    node = call(name, [t.node for t in terms], span, name_span)
    shape = _shape(draft, name, terms)
    rows = [t.row for t in terms if t.shape == shape]
    return Term(node, shape, bool(rows) and rows[0])


def _square(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] == shape[1] and not is_scalar(shape)


def _determinant(node: Node) -> Call | None:
    """det(A), or the absolute value of it."""
    if isinstance(node, Call) and node.name == "abs" and len(node.args) == 1:
        node = node.args[0]
    return node if isinstance(node, Call) and node.name == "det" else None


def _shape(draft: Draft, name: str, terms: Sequence[Term]) -> Shape:
    """The shape of a function's value."""
    variables = {f"x{k}": Var(f"x{k}", t.shape) for k, t in enumerate(terms)}
    scope = Scope(variables, draft.sheet.sizes, functions=draft.sheet.functions)
    node = call(name, [Name(x, (0, 0)) for x in variables], (0, 0))
    try:
        return Builder(scope).build(node).shape
    except (ShapecalcError, Misfit):
        return () if name in _SCALAR or not terms else max((t.shape for t in terms), key=len)


def slope(draft: Draft, name: str, arg: Node, span: Span) -> Node:
    """The derivative of a function of one number, f'(x)."""
    known = name
    if name in draft.sheet.functions:
        params, body = draft.sheet.functions[name]
        alone = isinstance(body, Call) and len(params) == 1 and len(body.args) == 1 and body.args[0] == Name(params[0], (0, 0))
        if not (alone and isinstance(body, Call)):
            raise NotKnownYet(f"the derivative of {name} is not written out", span, hint=f"write it out in place of {name}'")
        known = body.name
    op = NAMES.get(known)
    if op is None or len(op.args) != 1 or len(op.slopes) != 1 or not op.slopes[0]:
        raise NotKnownYet(f"the derivative of {name} is not known", span)
    text: Node = parse(op.slopes[0])
    made: Node = filled(text, {op.args[0]: arg, "y": call(known, (arg,), span)}, span)
    return made


def norm(term: Term, order: str, span: Span) -> Term:
    """A norm that is not squared."""
    _refuse_norm(term, order, span)
    if order == "1":
        return Term(call("norm", (term.node,), span, ord=1), ())
    if order in {"infty", "inf"}:
        return Term(call("max", (call("abs", (term.node,), span),), span), ())
    if not term.shape:
        return Term(call("abs", (term.node,), span), ())
    return Term(call("norm", (term.node,), span), ())


def _refuse_norm(term: Term, order: str, span: Span) -> None:
    matrix = len(term.shape) == 2 and not any(d == 1 for d in term.shape)
    if order not in {"", "1", "2", "F", "Fro", "infty", "inf"}:
        raise SyntaxProblem(f"the norm with _{order} is not read", span, hint="_F, _2 and _1 are")
    if matrix and order in {"1", "2", "infty", "inf"}:
        raise NotKnownYet(f"the {order}-norm of a matrix is a norm of operators", span, hint="the Frobenius norm is \\|A\\|_F")
    if len(term.shape) > 2 and order not in {"", "F"}:
        raise SyntaxProblem("a norm of a tensor", span)


def square_norm(term: Term, order: str, span: Span) -> Term | None:
    """The square of a norm as a sum of squares; None for the others."""
    _refuse_norm(term, order, span)
    if order not in {"", "2", "F", "Fro"}:
        return None
    squares = power(term.node, number(2, span))
    return Term(call("sum", (squares,), span) if term.shape else squares, ())


def raised(term: Term, exponent: Term, entrywise: bool, span: Span) -> Term:
    """A power; of a matrix, its product with itself."""
    whole = exponent.node.value if isinstance(exponent.node, tree.Number) else None
    if isinstance(exponent.node, tree.Unary) and isinstance(exponent.node.arg, tree.Number):
        whole = -exponent.node.arg.value
    if not term.shape or entrywise:
        node = power(term.node, exponent.node)
        if whole == -1 and not term.shape:
            node = product(number(1, span), "/", term.node)
        shape = broadcast(term.shape, exponent.shape) or max(term.shape, exponent.shape, key=len)
        return Term(node, shape, (term if term.shape == shape else exponent).row)
    if exponent.shape:
        raise SyntaxProblem("the exponent is not a number", exponent.span)
    if len(term.shape) == 2 and (term.shape[0] == term.shape[1]):
        return _matrix_power(term, whole, span)
    if whole == -1 and len(term.shape) == 2:
        return Term(call("inv", (term.node,), span), term.shape[::-1])
    what = "a vector" if len(term.shape) == 1 else "a matrix that is not square"
    raise SyntaxProblem(
        f"the power of {what} can mean many things", span, hint="write x^{\\odot 2} for entry by entry, x^\\top x for the product"
    )


def _matrix_power(term: Term, whole: Fraction | None, span: Span) -> Term:
    if whole is None or whole.denominator != 1 or abs(whole) > 16:
        raise SyntaxProblem("of a matrix only whole powers are read", span, hint="write A^{\\odot x} for entry by entry")
    if whole == -1:
        return Term(call("inv", (term.node,), span), term.shape)
    return Term(call("matpow", (term.node, number(whole, span)), span), term.shape)
