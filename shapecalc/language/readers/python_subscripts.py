"""What Python writes with square brackets: slices, new axes, masks, and rows picked by labels, which are products with one-hot matrices."""

from __future__ import annotations

import ast
from dataclasses import replace

from shapecalc.errors import NotKnownYet, ShapecalcError, Span, SyntaxProblem
from shapecalc.expr import Var
from shapecalc.shapes import Shape, show

from ..builder import Builder
from ..tree import Compare, Dots, Index, Name, NewAxis, Node, Number, Product, Slice, Subscript, Sum
from .growing import call, number, picked, product, total
from .python_library import Libraries
from .python_notes import Note
from .python_values import Known, Several, Size, Value, World, path

_ONEHOT = "declare it as a one-hot matrix, and say so: # {name}: onehot (N, M)"
_RANGES = frozenset({"range", "arange", "xrange"})


class Depends(NotKnownYet):
    """A use of something that could not be read; root: why it could not."""

    def __init__(self, message: str, span: Span, root: ShapecalcError) -> None:
        super().__init__(message, span)
        self.root = root


class Subscripts:
    """Reads indices; what stands inside them is left to the class that reads formulas.

    uses: whether a gradient has occurred since it was last set.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.libraries = Libraries(world.source, world.modules)
        self.uses = False
        self.numbers: dict[int, Compare] = {}  # comparisons that were made numbers
        self.masks: set[str] = set()  # the names of the sheet that are comparisons

    def formula(self, node: ast.AST) -> Node:
        """An expression as a formula."""
        raise NotImplementedError

    def value(self, node: ast.AST) -> Value:
        """An expression that may be more than a formula."""
        raise NotImplementedError

    def held(self, value: Value, span: Span) -> Node:
        """What a name holds."""
        raise NotImplementedError

    def define_function(self, name: str, span: Span) -> None:
        """Puts a function of the file into the sheet."""
        raise NotImplementedError

    def depends(self, error: ShapecalcError, span: Span) -> ShapecalcError:
        """The complaint about a use of what could not be read."""
        root = error.root if isinstance(error, Depends) else error
        written = self.world.source.text[span[0] : span[1]]
        line = self.world.source.line(root.span[0]) if root.span else 0
        return Depends(f"this uses {written}, which hangs on line {line}, and that could not be read", span, root)

    def subscript(self, node: ast.Subscript, span: Span) -> Node:
        """A part of an array, or a size of a shape."""
        where = path(node)
        if where is not None:
            return self.held(self.world.find(where, span), span)
        whole = self._whole(node)
        if isinstance(whole, Several):
            return self.held(self._item(whole, node.slice, span), span)
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        labels = self.labels(items, node.value, span)
        base = self.formula(node.value)
        if labels is not None:
            return call("sum", (product(base, "*", labels),), span, axis=1)
        if len(items) == 1 and (picked := self._onehot(items[0])) is not None:
            return product(picked, "@", base)
        return Subscript(base, tuple(self._index(i) for i in items), span)

    def _whole(self, node: ast.Subscript) -> Value | None:
        """A tuple that is indexed: X.shape, or a cache."""
        if isinstance(node.value, ast.Attribute | ast.Name | ast.Call):
            try:
                found = self.value(node.value)
            except ShapecalcError:
                return None
            return found if isinstance(found, Several) else None
        return None

    def _item(self, whole: Several, index: ast.AST, span: Span) -> Value:
        place = _whole_number(index)
        if place is not None and -len(whole.items) <= place < len(whole.items):
            return whole.items[place]
        if isinstance(index, ast.Slice) and index.step is None:
            ends = (index.lower, index.upper)
            bounds = [None if e is None else _whole_number(e) for e in ends]
            if all(e is None or b is not None for e, b in zip(ends, bounds, strict=True)):
                return Several(whole.items[bounds[0] : bounds[1]])
        raise SyntaxProblem("this index is not read", span)

    def _index(self, node: ast.AST) -> Index:
        span = self.world.source.span(node)
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                parts = [None if p is None else self.formula(p) for p in (lower, upper, step)]
                return Slice(parts[0], parts[1], parts[2], span)
            case ast.Constant(value=None):
                return NewAxis(span)
            case ast.Constant(value=value) if value is Ellipsis:
                return Dots(span)
            case ast.Attribute(attr="newaxis"):
                return NewAxis(span)
        made = self.formula(node)
        if isinstance(made, Compare):
            raise NotKnownYet("an array cut down by a mask is not read", span, hint="multiply with the mask: dZ * (Z > 0)")
        if isinstance(made, Name) and self._rank(made) not in (0, None):
            name = self.world.source.text[span[0] : span[1]]
            raise NotKnownYet("picking by an array is not read", span, hint=_ONEHOT.format(name=name))
        return made

    def _rank(self, node: Name) -> int | None:
        shape = self.world.draft.shape(node.id)
        return None if shape is None else len(shape)

    # ---- labels

    def labels(self, items: list[ast.expr], base: ast.expr, span: Span) -> Node | None:
        """The one-hot matrix behind P[range(N), y]; None where the index is another one."""
        if len(items) != 2 or not self._counts(items[0]):
            return None
        self._say_onehot(items, base)
        found = self._onehot(items[1])
        if found is None:
            name = self.world.source.text[slice(*self.world.source.span(items[1]))]
            raise NotKnownYet("entries picked by labels are not read", span, hint=_ONEHOT.format(name=name))
        return found

    def _counts(self, node: ast.AST) -> bool:
        """Whether this is range(N) or np.arange(N)."""
        if not isinstance(node, ast.Call):
            return False
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return name in _RANGES and len(node.args) == 1

    def _say_onehot(self, items: list[ast.expr], base: ast.expr) -> None:
        """What picks one entry of each row of P is a label for each row."""
        held = self.world.values.get(path(base) or "")
        shape = self.world.shape(held) if held is not None else None
        rows = self.value(items[0].args[0]) if shape and isinstance(items[0], ast.Call) else None
        if shape and isinstance(rows, Size) and rows.dim == shape[0]:
            self._say_labels(items[1], shape)

    def _say_labels(self, labels: ast.expr, shape: Shape) -> None:
        """As a one-hot matrix the labels of the rows of P have the shape of P; what they are called must be nothing else yet."""
        where = path(labels)
        if where is None or where in self.world.values or len(shape) != 2 or self.world.draft.taken(where):
            return
        note = self.world.notes.get(where)
        if note is None or (not note.is_onehot and note.text == show(shape[:1])):
            span = note.span if note else self.world.source.span(labels)
            self.world.notes = {**self.world.notes, where: Note(where, f"onehot {show(shape)}", span)}

    def say_targets(self, labels: ast.expr, base: ast.expr) -> None:
        """Of cross_entropy(scores, y): labels, if they are used as such anywhere in the file."""
        where, held = path(labels), self.world.values.get(path(base) or "")
        shape = self.world.shape(held) if held is not None else None
        slices = (n.slice for n in ast.walk(self.world.source.tree) if isinstance(n, ast.Subscript))
        pairs = (s.elts for s in slices if isinstance(s, ast.Tuple) and len(s.elts) == 2)
        if shape and where is not None and any(self._counts(i) and path(k) == where for i, k in pairs):
            self._say_labels(labels, shape)

    def _onehot(self, node: ast.AST) -> Node | None:
        """A name that is told to be one-hot."""
        where = path(node)
        note = self.world.notes.get(where or "")
        if where is None or note is None or not note.is_onehot:
            return None
        span = self.world.source.span(node)
        found = self.world.find(where, span)
        return Name(found.name, span) if isinstance(found, Known) else None

    # ---- changes in place

    def changed(self, old: Node, target: ast.Subscript, new: Node, op: str) -> Node:
        """An array after A[mask] = v, A[mask] *= v, A[range(N), y] -= 1."""
        span = self.world.source.span(target)
        items = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        labels = self.labels(items, target.value, span)
        if labels is not None:
            return self._at_labels(old, labels, new, op)
        if len(items) != 1:
            raise NotKnownYet("giving a part of an array a value is not read", span)
        mask = self.formula(items[0])
        if isinstance(mask, Name) and mask.id in self.masks:
            rest = total((("+", number(1, mask.span)), ("-", mask)))
            return product(old, "*", rest) if op == "=" and _is(new, 0) else call("where", (mask, _changed(old, op, new), old), span)
        if not isinstance(mask, Compare):
            raise NotKnownYet("giving a part of an array a value is not read", span, hint="a comparison is: dZ[Z <= 0] = 0")
        if op == "=" and _is(new, 0):
            flipped = {"<=": ">", "<": ">=", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}[mask.op]
            return product(old, "*", Compare(flipped, mask.left, mask.right, mask.span))
        return call("where", (mask, _changed(old, op, new), old), span)

    def _axes(self, node: Node) -> int:
        """How many axes a value has."""
        draft = self.world.draft
        scope = draft.sheet.scope()
        known = {name: Var(name, shape) for name, shape in draft.abbreviations.items() if shape is not None}
        try:
            return len(Builder(replace(scope, variables={**known, **scope.variables})).build(node).shape)
        except ShapecalcError:
            raise NotKnownYet("how many axes this value has is not known, so it is not put where labels point", node.span) from None

    def _at_labels(self, old: Node, labels: Node, new: Node, op: str) -> Node:
        if not isinstance(new, Number) and self._axes(new):
            new = picked(new, (":", None))  # one value for each row, which stands beside the row
        if op in {"+", "-"}:
            scaled = labels if _is(new, 1) else product(new, "*", labels)
            return total((("+", old), (op, scaled)))
        if op == "=":
            others = total((("+", number(1, labels.span)), ("-", labels)))
            return total((("+", product(old, "*", others)), ("+", product(new, "*", labels))))
        raise NotKnownYet(f"{op}= on entries picked by labels is not read", labels.span)


def _whole_number(node: ast.AST) -> int | None:
    """2, -1: a number as it is written."""
    sign = -1 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return sign * inner.value if isinstance(inner, ast.Constant) and isinstance(inner.value, int) else None


def _changed(old: Node, op: str, new: Node) -> Node:
    return new if op == "=" else _with(old, op, new)


def _is(node: Node, value: int) -> bool:
    return isinstance(node, Number) and node.value == value


def _with(left: Node, op: str, right: Node) -> Node:
    """left op right."""
    span = left.span[0], right.span[1]
    return Sum((("+", left), (op, right)), span) if op in {"+", "-"} else Product(left, ((op, right),), span)
