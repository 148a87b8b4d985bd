"""Expressions of Python as formulas of the language: arithmetic, calls, methods, attributes; names are looked up in the world."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction

from shapecalc.errors import NotKnownYet, Span, SyntaxProblem, TooLarge
from shapecalc.ops import NAMES
from shapecalc.shapes import Dim, Shape, multiply

from .. import tree
from ..builder import SURFACE
from ..tree import Call, Compare, Keyword, List, Method, Name, Node, Number, Power, Product, String, Sum, Transpose, Tuple, Unary
from .growing import number
from .python_idioms import is_whole
from .python_layers import Layers
from .python_library import known_module, prefix_of
from .python_values import Broken, Formula, Known, Several, Size, Table, Value, leaf, path, size_node

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}
_COMPARISONS = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
_TRANSPARENT = frozenset(
    "copy clone item astype to float double numpy contiguous cpu cuda requires_grad_ requires_grad type block_until_ready".split()  # noqa: SIM905
)
_ARRAYS = frozenset("array asarray copy tensor as_tensor float float64 float32 squeeze_ cast".split())  # noqa: SIM905
_COMMON = frozenset({"sigmoid", "softmax", "relu", "tanh", "log_softmax", "softplus"})
MOST_NODES = 4_000


class Formulas(Layers):
    """Reads expressions."""

    def formula(self, node: ast.AST) -> Node:
        """An expression as a formula; raises where it is none that can be read."""
        span = self.world.source.span(node)
        match node:
            case ast.Constant():
                return self._constant(node, span)
            case ast.BinOp():
                return self._binary(node, span)
            case ast.UnaryOp(op=op, operand=operand):
                return self._unary(op, operand, span)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return Compare(_COMPARISONS[type(op)], self.formula(left), self.formula(right), span)
            case ast.Compare():
                raise SyntaxProblem("this comparison is not read", span, hint="one of > < >= <= == != between two values")
            case ast.Call():
                return self._call(node, span)
            case ast.Attribute():
                return self._attribute(node, span)
            case ast.Subscript():
                return self.subscript(node, span)
            case ast.Name():
                return self.held(self.world.find(node.id, span), span)
            case ast.Tuple(elts=elts):
                return Tuple(tuple(self.formula(e) for e in elts), span)
            case ast.List(elts=elts):
                return List(tuple(self.formula(e) for e in elts), span)
        raise NotKnownYet(f"{_kind(node)} is not read", span)

    def held(self, value: Value, span: Span) -> Node:
        """What a name holds, at the place where the name is used."""
        match value:
            case Known(name=name):
                self.uses = self.uses or bool(value.gradient) or name in self.world.draft.abbreviations
                return Name(name, span)
            case Formula(node=node, uses=uses):
                self.uses = self.uses or uses
                if sum(1 for _ in tree.walk(node)) > MOST_NODES:
                    raise TooLarge("this formula is too long to be put in", span)
                return node
            case Size(dim=dim):
                return size_node(dim, span)
            case Several(items=items):
                return Tuple(tuple(self.held(item, span) for item in items), span)
            case Broken(error=error):
                raise self.depends(error, span)
        raise SyntaxProblem("this is not an array", span)

    # ---- arithmetic

    def _constant(self, node: ast.Constant, span: Span) -> Node:
        value = node.value
        if value is None or isinstance(value, bool):
            return Name(str(value), span)
        if isinstance(value, str):
            return String(value, span) if "'" not in value and "\n" not in value else self._no(node, span)
        if not isinstance(value, int | float):
            return self._no(node, span)
        written = self.world.source.text[span[0] : span[1]].replace("_", "").lower()
        if len(written) > 40 or (isinstance(value, float) and not 1e-300 < abs(value) < 1e300 and value != 0):
            raise TooLarge("this number is too long", span)
        exact = Fraction(value) if isinstance(value, int) else Fraction(written)
        plain = str(value) if isinstance(value, int) else written
        return Number(plain if not plain.startswith(".") else "0" + plain, exact, span)

    def _no(self, node: ast.AST, span: Span) -> Node:
        raise NotKnownYet(f"{_kind(node)} is not read", span)

    def _binary(self, node: ast.BinOp, span: Span) -> Node:
        """Chains are read from the left without going deep."""
        if isinstance(node.op, ast.Pow):
            return Power(self.formula(node.left), self.formula(node.right), span)
        if isinstance(node.op, ast.BitAnd):
            return Product(self.formula(node.left), (("*", self.formula(node.right)),), span)
        if type(node.op) not in _SIGNS:
            raise NotKnownYet(f"the operator of {_kind(node)} is not read", span)
        additive = isinstance(node.op, ast.Add | ast.Sub)
        rest: list[tuple[str, Node]] = []
        left: ast.AST = node
        while isinstance(left, ast.BinOp) and type(left.op) in _SIGNS and isinstance(left.op, ast.Add | ast.Sub) == additive:
            rest.append((_SIGNS[type(left.op)], self.formula(left.right)))
            left = left.left
        first = self.formula(left)
        rest.reverse()
        if all(self.is_mask(n) for n in (first, rest[0][1])) and rest[0][0] in "+@":
            hint = "maximum(a, b) for either; a * 1.0 + b for the number of them"
            raise SyntaxProblem("Python adds truth values to a truth value", span, hint=hint)
        return Sum((("+", first), *rest), span) if additive else Product(first, tuple(rest), span)

    def _unary(self, op: ast.unaryop, operand: ast.AST, span: Span) -> Node:
        arg = self.formula(operand)
        if isinstance(op, ast.USub | ast.UAdd):
            return Unary("-" if isinstance(op, ast.USub) else "+", arg, span)
        if isinstance(op, ast.Invert | ast.Not) and isinstance(arg, Compare):
            return Sum((("+", number(1, span)), ("-", arg)), span)
        raise NotKnownYet("a negation is read of a comparison only", span, hint="write 1 - mask")

    # ---- attributes and calls

    def _attribute(self, node: ast.Attribute, span: Span) -> Node:
        if node.attr in {"T", "mT"}:
            return Transpose(self.formula(node.value), "." + node.attr, span)
        module = self.world.module(node)
        if module:
            if node.attr == "pi":
                return Name("pi", span)
            raise NotKnownYet(f"{module} is not read", span)
        shape = self.shape_of(node)
        if shape is not None:
            return Tuple(tuple(size_node(d, span) for d in shape), span)
        if node.attr in {"data", "values", "mT"}:
            return self.formula(node.value)
        if node.attr in {"size", "ndim"}:
            return tree.Attribute(self.formula(node.value), node.attr, span, span)
        return self.named_part(node, span)

    def _call(self, node: ast.Call, span: Span) -> Node:
        if any(k.arg in {"out", "where"} or k.arg is None for k in node.keywords):
            raise NotKnownYet("out=, where= and ** are not read", span)
        if isinstance(node.func, ast.Name):
            return self._named(node.func.id, node, span)
        if not isinstance(node.func, ast.Attribute) or self.is_layer(path(node.func)):
            return self._of_module(*self.layer(node, span))
        name, module = node.func.attr, self.world.module(node.func)
        name_span = span[0], self.world.source.span(node.func)[1]
        if module:
            return self._of_module(module, name, node, span, name_span)
        if name in _TRANSPARENT:
            return self.same_values(name, node, self.formula(node.func.value), span)
        if name == "size" and node.args and isinstance(node.args[0], ast.Constant):
            shape = self._shape_value(node.func.value)
            if shape is not None and isinstance(node.args[0].value, int) and -len(shape) <= node.args[0].value < len(shape):
                return size_node(shape[node.args[0].value], span)
        if name.endswith("_") and not name.startswith("_"):
            raise NotKnownYet(f".{name} changes an array in place, which is not read", span)
        special = self.special(name, [node.func.value, *node.args], node.keywords, span)
        if special is not None:
            return special
        if name not in SURFACE and name not in NAMES:
            raise NotKnownYet(f"the method .{name} is not read", name_span)
        args, keywords = self._given(node)
        whose = self.libraries.of_method(name, node, span)
        if whose:
            return Call(name, (self.formula(node.func.value), *args), keywords, whose, name_span, span)
        return Method(self.formula(node.func.value), name, args, keywords, name_span, span)

    def _of_module(self, module: str, name: str, node: ast.Call, span: Span, name_span: Span) -> Node:
        """np.sum(X), F.softmax(z), math.sqrt(d)."""
        if (reduced := self.ufunc(module, node, span)) is not None:
            return reduced
        if name not in _COMMON and not known_module(module.rpartition(".")[0]):
            raise NotKnownYet(f"{module} is not read", name_span)
        if name in _ARRAYS and node.args:
            return self.same_values(name, node, self.formula(node.args[0]), span)
        if name in ("prod", "size") and len(node.args) == 1:
            size = self.count(node.args[0]) if name == "size" else self._product_of_sizes(node.args[0])
            if size is not None:
                return size_node(size, span)
        special = self.special(name, node.args, node.keywords, span)
        if special is not None:
            return special
        if ".random" in module or (name not in SURFACE and name not in NAMES):
            raise NotKnownYet(f"{module} is not read", name_span)
        args, keywords = self._given(node)
        return Call(name, args, keywords, prefix_of(module, name), name_span, span)

    def _named(self, name: str, node: ast.Call, span: Span) -> Node:
        """A function of the file, or one that everybody means alike."""
        name_span = self.world.source.span(node.func)
        if name in {"float", "int", "abs", "len", "sum", "max", "min", "pow"} and name not in self.world.functions:
            if name == "int":
                raise NotKnownYet("int cuts off what stands behind the point", span)
            if name == "len" and len(node.args) == 1:
                shape = self._shape_value(node.args[0])
                if shape:
                    return size_node(shape[0], span)
            if name in {"sum", "max", "min"}:
                raise NotKnownYet(f"Python's own {name} is not read", name_span, hint=f"np.{name}(X)")
            args, keywords = self._given(node)
            return args[0] if name == "float" and args else Call(name, args, keywords, "", name_span, span)
        if name in self.world.functions:
            return self._own(name, node, span, name_span)
        known = self.world.modules.get(name, "")
        if known or name in _COMMON:
            whose, _, inner = (known or name).rpartition(".")
            if (inner not in SURFACE and inner not in NAMES) or (inner not in _COMMON and not known_module(whose)):
                raise NotKnownYet(f"{name} is not read", name_span)
            args, keywords = self._given(node)
            return Call(inner, args, keywords, prefix_of(known, inner), name_span, span)
        if self.is_layer(name):
            return self._of_module(*self.layer(node, span))
        raise NotKnownYet(f"the function {name} is not known here", name_span)

    def _own(self, name: str, node: ast.Call, span: Span, name_span: Span) -> Node:
        """A function of the file that is one formula of its arguments."""
        self.define_function(name, name_span)
        if node.keywords:
            raise NotKnownYet("arguments by name are not read here", span)
        return Call(name, tuple(self.formula(a) for a in node.args), (), "", name_span, span)

    def _given(self, node: ast.Call) -> tuple[tuple[Node, ...], tuple[Keyword, ...]]:
        source = self.world.source
        args = tuple(self.formula(a) for a in node.args)
        whole = [source.span(k) for k in node.keywords if k.arg == "dtype" and is_whole(k.value)]
        others = [k for k in node.keywords if k.arg not in {"dtype", "device"}]
        kinds = (Keyword("dtype", Name("int", span), span) for span in whole)
        return args, (*(Keyword(k.arg or "", self.formula(k.value), source.span(k)) for k in others), *kinds)

    # ---- shapes

    def shape_of(self, node: ast.AST) -> Shape | None:
        """The shape that X.shape or np.shape(X) is, where X has one that is known."""
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            return self._shape_value(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) <= 1:
            if node.func.attr == "shape" and self.world.module(node.func) and node.args:
                return self._shape_value(node.args[0])
            if node.func.attr == "size" and not node.args and not self.world.module(node.func):
                return self._shape_value(node.func.value)
        return None

    def _shape_value(self, node: ast.AST) -> Shape | None:
        where = path(node)
        if where is None:
            return None
        own = where in self.world.values or leaf(where) in self.world.notes
        if isinstance(node, ast.Attribute) and node.attr in {"T", "mT"} and not own:
            shape = self._shape_value(node.value)
            return shape and (shape[::-1] if node.attr == "T" else (*shape[:-2], *shape[:-3:-1]))
        return self.world.shape(self.world.find(where, self.world.source.span(node)))

    def _product_of_sizes(self, node: ast.AST) -> Dim | None:
        """np.prod(X.shape[1:])."""
        whole = node.value if isinstance(node, ast.Subscript) else node
        shape = self.shape_of(whole)
        if shape is None:
            return None
        if isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Slice) or node.slice.step is not None:
                return None
            low, high = (p.value if isinstance(p, ast.Constant) else None for p in (node.slice.lower, node.slice.upper))
            shape = shape[low if isinstance(low, int) else None : high if isinstance(high, int) else None]
        out: Dim = 1
        for dim in shape:
            out = multiply(out, dim)
        return out

    def value(self, node: ast.AST) -> Value:
        """An expression that is more than a formula: a size, a tuple of sizes, a cache, a dictionary."""
        span = self.world.source.span(node)
        shape = self.shape_of(node)
        if shape is not None:
            return Several(tuple(Size(d) for d in shape))
        if isinstance(node, ast.Tuple | ast.List):
            return Several(tuple(self.value(e) for e in node.elts))
        if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys):
            keys = [str(k.value) for k in node.keys if isinstance(k, ast.Constant)]
            return Table({k: self.value(v) for k, v in zip(keys, node.values, strict=True)})
        if isinstance(node, ast.Subscript) and isinstance(whole := self._whole(node), Several):
            return self._item(whole, node.slice, span)
        where = path(node)
        if where is not None and not (isinstance(node, ast.Attribute) and node.attr in {"T", "mT"}):
            return self.world.find(where, span)
        before, self.uses = self.uses, False
        made = self.formula(node)
        uses, self.uses = self.uses, before or self.uses
        match made:
            case Name(id=name) if name in self.world.draft.sheet.sizes:
                return Size(name)
            case Number(value=exact) if exact.denominator == 1 and isinstance(node, ast.Constant) and isinstance(node.value, int):
                return Size(int(exact))
        return Formula(made, uses)


def _kind(node: ast.AST) -> str:
    """What a piece of Python is, in words."""
    words = {
        "Lambda": "a lambda", "IfExp": "a choice", "ListComp": "a comprehension", "GeneratorExp": "a generator", "BoolOp": "and/or",
        "DictComp": "a comprehension", "SetComp": "a comprehension", "JoinedStr": "a text", "Dict": "a dictionary", "Set": "a set",
        "Starred": "a star",
        "NamedExpr": ":=", "Await": "await", "Yield": "yield", "Constant": "this constant", "BinOp": "this operation", "For": "a loop",
        "While": "a loop", "If": "a choice", "Try": "try", "With": "with", "Slice": "a slice",
    }  # fmt: skip
    return words.get(type(node).__name__, type(node).__name__)


__all__ = ["Formulas", "Sequence"]
