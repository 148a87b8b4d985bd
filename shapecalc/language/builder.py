"""From the syntax tree to shaped formulas: names found, operations looked up in the rule book, every misfit said in the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from shapecalc import shapes
from shapecalc.errors import Misfit, NameProblem, NotKnownYet, ShapecalcError, ShapeProblem, SyntaxProblem, UnknownName
from shapecalc.expr import ZERO, Apply, Expr, Lit
from shapecalc.forms import add, apply, apply_op, lit, multiplied, neg, number, power, transposed
from shapecalc.ops import NAMES
from shapecalc.ops.undefined import undefined
from shapecalc.shapes import Dim, show

from . import tree
from .misfits import misaligned, misaligned_sum, nonconformable, of_operators
from .nearest import nearest
from .options import heard
from .scope import Scope
from .syntax import parse

COMPARE = {">": "greater", "<": "less", ">=": "greater_equal", "<=": "less_equal", "==": "equal"}

Surface = Callable[["Builder", tree.Call], Expr]
SURFACE: dict[str, Surface] = {}


class Builder:
    """Builds one formula in a scope; `depth` guards user functions that call each other."""

    explains = True  # what does not conform is told in the user's words; where nobody reads it, the bare misfit is enough

    def __init__(self, scope: Scope, depth: int = 0) -> None:
        self.scope = scope
        self.depth = depth

    def build(self, node: tree.Node) -> Expr:
        """The shaped formula of a syntax tree."""
        match node:
            case tree.Name():
                return self.name(node)
            case tree.Product(first=first, rest=rest):
                return self.product(first, rest)
            case tree.Sum(terms=terms):
                return self.sum(node, terms)
            case tree.Number(value=value):
                return lit(value)
            case tree.Subscript() | tree.Attribute() | tree.Call() | tree.Method() | tree.Unpacked():
                return self.special(node)
            case tree.Unary(op=op, arg=arg):
                return neg(self.build(arg)) if op == "-" else self.build(arg)
            case tree.Power(base=base, exponent=exponent):
                return self.raised(node, base, exponent)
            case tree.Compare(op=op, left=left, right=right):
                return self.compare(node, op, left, right)
            case tree.Transpose():
                return self.transpose(node)
            case tree.Norm(arg=arg, order=order):
                of_operators(self.build(arg).shape, order, node.span)
                return self.made(node, "norm", [arg], ord=1 if order == "1" else 2)
            case tree.Tuple(items=items) if len(items) == 1:
                return self.build(items[0])
        raise SyntaxProblem(f"{self.scope.words(node)} is not a formula", span=node.span)

    def name(self, node: tree.Name) -> Expr:
        """A variable or a size."""
        found = self.scope.variables.get(node.id)
        if found is not None:
            return found
        if node.id in self.scope.static:
            return lit(Fraction(self.scope.static[node.id]))
        if node.id in self.scope.sizes:
            return Lit(node.id)
        if node.id == "pi":
            return apply("pi")
        if node.id in ("True", "False"):
            raise SyntaxProblem("truth values are numbers here", span=node.span, hint=f"write {int(node.id == 'True')}")
        close = nearest(node.id, [*self.scope.variables, *self.scope.sizes])
        hint = f"did you mean {close}?" if close else f"declare it, as in {node.id}: (S, D)"
        hint = "eye(n) is the identity matrix of n rows" if node.id == "I" else hint
        raise UnknownName(f"{node.id} is not declared", span=node.span, hint=hint)

    def sum(self, node: tree.Sum, terms: tuple[tuple[str, tree.Node], ...]) -> Expr:
        """A sum, flat."""
        built = [self.build(t) for _, t in terms]
        if Lit in map(type, built):
            exact = _number_sum(built, terms)
            if exact is not None:
                return exact
            kept = [(t, e) for t, e in zip(terms, built, strict=True) if e != ZERO] or [(terms[0], built[0])]
            terms, built = tuple(t for t, _ in kept), [e for _, e in kept]
        try:
            return add(*built, signs=tuple([1 if s == "+" else -1 for s, _ in terms]))
        except Misfit as misfit:
            raise (misaligned_sum(self.scope.words, terms, built) if self.explains else None) or misfit from None

    def product(self, first: tree.Node, rest: tuple[tuple[str, tree.Node], ...]) -> Expr:
        """A chain of products, read from the left."""
        out = self.build(first)
        start, last = first.span[0], first
        for op, node in rest:
            factor = self.build(node)
            out = self.times(op, (last, out), (node, factor), (start, node.span[1]))
            last = tree.Name("", (start, node.span[1]))
        return out

    def times(self, op: str, left: tuple[tree.Node, Expr], right: tuple[tree.Node, Expr], span: tuple[int, int]) -> Expr:
        """One product or quotient."""
        try:
            return self.multiplied(op, left[1], right[1])
        except Misfit as misfit:
            if not self.explains:
                raise
            if op == "@":
                raise nonconformable(self.scope.words, left, right, span, misfit) from None
            raise misaligned(self.scope.words, left, right, op, span) from None

    def multiplied(self, op: str, a: Expr, b: Expr) -> Expr:
        """The product or quotient of two values."""
        return multiplied(op, a, b)

    def raised(self, node: tree.Power, base: tree.Node, exponent: tree.Node) -> Expr:
        """A power: a fixed number as exponent, or any formula."""
        a, k = self.build(base), self.build(exponent)
        if isinstance(k, Apply) and k.name == "neg":
            k = neg(k.args[0])
        x, n = number(a), number(k)
        if n is not None:
            if x is not None and n.denominator == 1 and abs(n) <= 64 and (x or n > 0):
                return lit(x ** int(n))
            if n == 0:
                return apply("ones", shape=a.shape) if a.shape else lit(1)
            if abs(n) > 10**6:
                raise NotKnownYet(f"the exponent {self.scope.words(exponent)} is too large", span=exponent.span)
            return power(a, n)
        return self.try_apply(node, "pow", [(base, a), (exponent, k)])

    def compare(self, node: tree.Compare, op: str, left: tree.Node, right: tree.Node) -> Expr:
        """1 where the comparison holds, else 0."""
        sides = [(left, self.build(left)), (right, self.build(right))]
        if op == "!=":
            return add(lit(1), self.try_apply(node, "equal", sides), signs=(1, -1))
        return self.try_apply(node, COMPARE[op], sides)

    def transpose(self, node: tree.Transpose) -> Expr:
        """Every spelling of a transpose; .mT swaps the last two axes."""
        if node.how == "^T" and "T" in self.scope.variables:
            raise NameProblem("a variable is called T, so ^T could be a power", span=node.span, hint=f"{self.scope.words(node.arg)}.T")
        a = self.build(node.arg)
        rank = len(a.shape)
        if node.how == ".mT":
            if rank < 2:
                raise ShapeProblem(f".mT needs a matrix, and {self.scope.words(node.arg)} is {show(a.shape)}", span=node.span)
            return apply("transpose", a, axes=(*range(rank - 2), rank - 1, rank - 2)) if rank > 2 else transposed(a)
        return transposed(a)

    def special(self, node: tree.Subscript | tree.Attribute | tree.Call | tree.Method | tree.Unpacked) -> Expr:
        """Functions, methods, attributes and slices."""
        try:
            return self.spelled(node)
        except Misfit as misfit:  # an axis that is not there, found while the spelling was read
            raise ShapeProblem(misfit.message, span=node.span, hint=misfit.hint) from None
        except IndexError:  # a spelling took an argument that was not written
            raise SyntaxProblem("an argument is missing", span=node.span) from None

    def spelled(self, node: tree.Subscript | tree.Attribute | tree.Call | tree.Method | tree.Unpacked) -> Expr:
        """The same, a misfit without its place."""
        if isinstance(node, tree.Method):
            return self.call(tree.Call(node.name, (node.object, *node.args), node.keywords, "", node.name_span, node.span), method=True)
        if isinstance(node, tree.Call):
            if node.prefix in self.scope.variables:
                return self.call(
                    tree.Call(node.name, (tree.Name(node.prefix, node.span), *node.args), node.keywords, "", node.name_span, node.span),
                    True,
                )
            return self.call(node)
        if isinstance(node, tree.Attribute):
            surface, call = SURFACE.get("." + node.name), tree.Call(node.name, (node.object,), (), "", node.name_span, node.span)
            return surface(self, call) if surface is not None else self.unknown(node.name, node.name_span)
        name = "=," if isinstance(node, tree.Unpacked) else "[]"
        return SURFACE[name](self, tree.Call(name, (node,), (), "", node.span, node.span))

    def call(self, node: tree.Call, method: bool = False) -> Expr:
        """A function: the user's, the rule book's, or a spelling of one."""
        if node.name in self.scope.functions:
            return self.user_function(node)
        surface = SURFACE.get("'" if node.name.endswith("'") else node.name)
        if surface is not None:
            return heard(surface, self, node)
        if node.name not in NAMES:
            if not method and node.name in self.scope.variables:
                raise SyntaxProblem(
                    f"{node.name} is a variable, not a function", span=node.span, hint=f"{node.name} * (...) or {node.name} @ (...)"
                )
            self.unknown(node.name, node.name_span)
        return heard(SURFACE["()"], self, node)

    def unknown(self, name: str, span: tuple[int, int]) -> Expr:
        """A function that is not in the rule book."""
        if name in SURFACE or name in NAMES:
            raise SyntaxProblem(f"{name} is a function, and is not called", span=span, hint=f".{name}()")
        close = nearest(name, [*NAMES, *(s for s in SURFACE if s.isidentifier()), *self.scope.functions])
        hint = f"did you mean {close}?" if close else f"define it, as in def {name}(x) = x * sigmoid(x)"
        raise UnknownName(f"there is no function {name} in the rule book", span=span, hint=hint)

    def user_function(self, node: tree.Call) -> Expr:
        """The body of a user's function with its arguments put in."""
        parameters, body = self.scope.functions[node.name]
        if body is None:
            if node.keywords or len(node.args) != 1:
                raise SyntaxProblem(f"{node.name} takes 1 argument", span=node.span)
            return apply_op(undefined(node.name), (self.build(node.args[0]),), {})
        if node.keywords or len(node.args) != len(parameters):
            raise SyntaxProblem(f"{node.name} takes {len(parameters)} argument{'s' * (len(parameters) != 1)}", span=node.span)
        if self.depth > 20:
            raise NameProblem(f"{node.name} calls itself", span=node.span)
        values = {p: self.build(a) for p, a in zip(parameters, node.args, strict=True)}
        inner = Scope({**self.scope.variables, **values}, self.scope.sizes, self.scope.static, self.scope.functions, self.scope.source)
        try:
            return Builder(inner, self.depth + 1).build(body)
        except ShapecalcError as error:
            message = error.message if error.message.endswith(" calls itself") else f"in {node.name}: {error.message}"
            raise type(error)(message, span=node.span, notes=error.notes, hint=error.hint) from None

    def made(self, node: tree.Node, name: str, args: list[tree.Node], **params: Any) -> Expr:
        """An operation on built arguments."""
        return self.try_apply(node, name, [(a, self.build(a)) for a in args], **params)

    def try_apply(self, node: tree.Node, name: str, args: list[tuple[tree.Node, Expr]], **params: Any) -> Expr:
        """An operation; a misfit is said with the arguments' own words and shapes."""
        try:
            return apply(name, *(e for _, e in args), **params)
        except Misfit as misfit:
            notes = tuple(f"{self.scope.words(n, 'an argument')} is {show(e.shape)}" for n, e in args)
            raise ShapeProblem(f"{name}: {misfit.message}", span=node.span, notes=notes, hint=misfit.hint) from None

    def static(self, node: tree.Node) -> Any:
        """A parameter: a number, a tuple of numbers, True, False, None, a text."""
        match node:
            case tree.Number(value=value):
                return int(value) if value.denominator == 1 else value
            case tree.Unary(op="-", arg=arg):
                return -self.static(arg)
            case tree.String(value=value):
                return value
            case tree.Name(id=name) if name in self.scope.static:
                return self.scope.static[name]
            case tree.Name(id=name) if name in ("True", "False", "None"):
                return {"True": True, "False": False, "None": None}[name]
            case tree.Tuple(items=items) | tree.List(items=items):
                return tuple(self.static(i) for i in items)
        raise SyntaxProblem("a fixed number is needed here", span=node.span)

    def dim(self, node: tree.Node) -> Dim:
        """A size: numbers and size names with + - *, or X.shape[0]."""
        match node:
            case tree.Number(value=value) if value.denominator == 1:
                return int(value)
            case tree.Name(id=name) if name in self.scope.static and not isinstance(self.scope.static[name], tuple):
                found: Dim = self.scope.static[name]
                return found
            case tree.Name(id=name) if name in self.scope.sizes and name not in self.scope.variables:
                return name
            case tree.Unary(op="-", arg=arg):
                return shapes.negative(self.dim(arg))
            case tree.Sum(terms=terms):
                out: Dim = 0
                for sign, t in terms:
                    d = self.dim(t)
                    out = shapes.add(out, d if sign == "+" else shapes.negative(d))
                return out
            case tree.Product(first=first, rest=rest) if all(op == "*" for op, _ in rest):
                out = self.dim(first)
                for _, t in rest:
                    out = shapes.multiply(out, self.dim(t))
                return out
            case tree.Subscript() | tree.Attribute() | tree.Call() | tree.Method():
                e = self.build(node)
                if isinstance(e, Lit):
                    return e.value if isinstance(e.value, str) else int(e.value)
        close = nearest(node.id, self.scope.sizes) if isinstance(node, tree.Name) else None
        raise ShapeProblem(f"{self.scope.words(node)} is not a size", span=node.span, hint=f"did you mean {close}?" if close else None)


def _number_sum(built: list[Expr], terms: tuple[tuple[str, tree.Node], ...]) -> Expr | None:
    """A sum of plain numbers is a number."""
    out = Fraction(0)
    for (sign, _), e in zip(terms, built, strict=True):
        value = number(e)
        if value is None:
            return None
        out += value if sign == "+" else -value
    return lit(out)


def build_text(text: str, variables: Mapping[str, Expr], sizes: Iterable[str] = (), static: Mapping[str, Any] | None = None) -> Expr:
    """A formula from text, its names given."""
    scope = Scope(variables, sizes, static or {}, source=text)
    try:
        return Builder(scope).build(_parsed(text))
    except ShapecalcError as error:
        raise error.at(text) from None


_parsed = lru_cache(maxsize=1024)(parse)  # the rules of the book are read once


__all__ = ["SURFACE", "Builder", "Scope", "build_text"]
