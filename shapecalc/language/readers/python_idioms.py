"""What code writes in ways of its own: clamp(min=0), expand_as, one_hot of an argmax, np.add.outer."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapecalc.errors import NotKnownYet, Span
from shapecalc.shapes import Shape

from ..builder import Builder
from ..libraries import EXTREMES
from ..masks import MINUS_INFINITY
from ..options import WHOLE
from ..tree import Call, Compare, Keyword, Name, Node, Tuple
from .growing import call, number, picked
from .python_source import dotted
from .python_subscripts import Subscripts
from .python_values import path, size_node

UFUNCS = {"add": "sum", "subtract": "", "multiply": "prod", "divide": "", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"}


class Idioms(Subscripts):
    """Reads calls that are no operation of the rule book by themselves."""

    def special(self, name: str, args: Sequence[ast.expr], keywords: Sequence[ast.keyword], span: Span) -> Node | None:
        """The formula that such a call stands for; args: with what stands before the dot of a method."""
        if name in {"clamp", "clip", "clamp_min", "clamp_max"} and args:
            return self._clamped(name, args, keywords, span)
        if name in {"expand_as", "expand"} and len(args) >= 2:
            return self._expanded(name, args, span)
        if name in EXTREMES and len(args) == 2 and not keywords and self._is_made_a_tensor(args[1]):
            return call(f"{name}imum", (self.formula(args[0]), self.formula(args[1])), span)  # torch.max(x, torch.tensor(0))
        if name in {"where", "masked_fill"} and any(map(self._is_minus_infinity, args)):
            made = [number(MINUS_INFINITY, span) if self._is_minus_infinity(a) else self.formula(a) for a in args]
            return call(name, made, span)
        if name == "one_hot" and args:
            return self._one_hot(args[0], span)
        if name == "cross_entropy" and len(args) == 2:
            self.say_targets(args[1], args[0])
        return None

    def ufunc(self, module: str, node: ast.Call, span: Span) -> Node | None:
        """np.add.reduce(X, axis=0) and np.subtract.outer(x, y), of vectors; None where it is another call."""
        inner, _, how = module.rpartition(".")
        library, _, name = inner.rpartition(".")
        if library not in {"numpy", "jax.numpy", "cupy", "autograd.numpy"} or name not in UFUNCS:
            return None
        args = [self.formula(a) for a in node.args]
        if how == "outer" and len(args) == 2 and not node.keywords:
            ranks = [len(Builder(self.world.draft.sheet.scope()).build(a).shape) for a in args]
            if ranks == [1, 1]:
                return call(name, (picked(args[0], (":", None)), picked(args[1], (None, ":"))), span)
            raise NotKnownYet(f"{name}.outer is read of two vectors", span)
        if how == "reduce" and UFUNCS[name] and 0 < len(args) <= 2 and {k.arg for k in node.keywords} <= {"axis", "keepdims"}:
            given = [Keyword(k.arg or "", self.formula(k.value), self.world.source.span(k)) for k in node.keywords]
            axis = args[1:] or [k.value for k in given if k.name == "axis"] or [number(0, span)]  # the first, unless told otherwise
            rest = tuple(k for k in given if k.name != "axis")
            return Call(UFUNCS[name], (args[0],), (Keyword("axis", axis[0], span), *rest), "", span, span)
        return None

    def is_mask(self, node: Node) -> bool:
        """Whether a formula is an array of truth values: a comparison that was not made numbers, (X > 1).astype(float)."""
        if isinstance(node, Compare):
            return id(node) not in self.numbers
        return isinstance(node, Name) and node.id in self.masks

    def same_values(self, name: str, node: ast.Call, made: Node, span: Span) -> Node:
        """What a conversion leaves as it is: X.astype(float), X.to(device), torch.tensor(X, dtype=...); whole numbers it does not."""
        place = {"astype": 0, "to": 0, "type": 0, "cast": 1, "array": 1, "asarray": 1}.get(name, len(node.args))
        given = [*node.args[place:], *(k.value for k in node.keywords)]
        if not self.is_mask(made) and any(is_whole(g) for g in given):
            raise NotKnownYet("a whole number has its decimals cut off: nothing flows back through that", span)
        if isinstance(made, Compare) and (given or name in {"float", "double"}):
            self.numbers[id(made)] = made
        if name == "item" and node.args:
            raise NotKnownYet("one entry picked by its number is not read", span, hint="X[0, 1]")
        return made

    def _is_made_a_tensor(self, node: ast.AST) -> bool:
        """Whether this is np.array(...), torch.tensor(...), so that it is no axis."""
        made = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and bool(self.world.module(node.func))
        return (
            made
            and isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"tensor", "array", "asarray"}
        )

    def _is_minus_infinity(self, node: ast.AST) -> bool:
        """-np.inf, float("-inf")."""
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(word))]):
                return word.lower() in {"-inf", "-infinity"}
            case ast.UnaryOp(op=ast.USub(), operand=ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(word))])):
                return word.lower() in {"inf", "infinity"}
            case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute(attr="inf") as inner):
                return bool(self.world.module(inner))
        return False

    def _clamped(self, name: str, args: Sequence[ast.expr], keywords: Sequence[ast.keyword], span: Span) -> Node:
        given = {"min": args[1] if len(args) > 1 else None, "max": args[2] if len(args) > 2 else None}
        if name == "clamp_max":
            given = {"min": None, "max": args[1] if len(args) > 1 else None}
        for keyword in keywords:
            key = {"a_min": "min", "a_max": "max"}.get(keyword.arg or "", keyword.arg or "")
            if key not in given:
                raise NotKnownYet(f"{name} with {keyword.arg} is not read", span)
            given[key] = keyword.value
        made = self.formula(args[0])
        for key, function in (("min", "maximum"), ("max", "minimum")):
            bound = given[key]
            if bound is not None and not (isinstance(bound, ast.Constant) and bound.value is None):
                made = call(function, (made, self.formula(bound)), span)
        return made

    def _expanded(self, name: str, args: Sequence[ast.expr], span: Span) -> Node:
        """b.expand_as(X), b.expand(N, M)."""
        made = self.formula(args[0])
        if name == "expand":
            return call("broadcast_to", (made, Tuple(tuple(self.formula(a) for a in args[1:]), span)), span)
        shape = self.shape_behind(args[1])
        if shape is None:
            raise NotKnownYet("the shape that this is expanded to is not known", span)
        return call("broadcast_to", (made, Tuple(tuple(size_node(d, span) for d in shape), span)), span)

    def shape_behind(self, node: ast.AST) -> Shape | None:
        """The shape of what a path holds."""
        where = path(node)
        return None if where is None else self.world.shape(self.world.find(where, self.world.source.span(node)))

    def _one_hot(self, node: ast.AST, span: Span) -> Node:
        """one_hot(X.max(1).indices) is 1 where X is the largest of its row."""
        inner = node.value if isinstance(node, ast.Attribute) and node.attr == "indices" else node
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in {"max", "argmax"}:
            args = list(inner.args)
            if not self.world.module(inner.func):
                args.insert(0, inner.func.value)
            axis = [k.value for k in inner.keywords if k.arg in {"axis", "dim"}] or args[1:2]
            last = axis and self.shape_behind(args[0]) is not None and self._is_last(axis[0], args[0])
            if last:
                base = self.formula(args[0])
                return Compare("==", base, call("max", (base,), span, axis=-1, keepdims=True), span)
        raise NotKnownYet("one_hot is read of the place of a maximum only", span, hint="declare a one-hot matrix: # Y: onehot (N, M)")

    def _is_last(self, axis: ast.AST, node: ast.AST) -> bool:
        shape = self.shape_behind(node) or ()
        if isinstance(axis, ast.UnaryOp):
            return isinstance(axis.op, ast.USub) and isinstance(axis.operand, ast.Constant) and axis.operand.value == 1
        return isinstance(axis, ast.Constant) and axis.value == len(shape) - 1


def is_whole(node: ast.AST) -> bool:
    """A type of whole numbers or of truth values: int, "int32", np.int64, torch.long, torch.LongTensor."""
    written = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else dotted(node)
    return written.rpartition(".")[2].removesuffix("Tensor").lower() in WHOLE


__all__ = ["Idioms", "is_whole", "number"]
