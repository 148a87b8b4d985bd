"""A Python program gone through step by step: what each line defines, and what it claims."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from shapecalc.errors import NotDifferentiable, NotKnownYet, ShapecalcError, Span, SyntaxProblem
from shapecalc.shapes import is_scalar

from ..builder import Builder
from ..tree import Call, Node, Number, Unary
from .growing import filled, product, total
from .python_aliases import array_behind, changed_in_place
from .python_gradients import Plan, variable
from .python_lines import Lines
from .python_notes import Note
from .python_steps import Step, Unread, is_none, target_paths
from .python_subscripts import Depends
from .python_values import Broken, Formula, Gradients, Known, Several, Table, Value, World, leaf, path


class Runner(Lines):
    """Goes through the steps of one problem."""

    def __init__(self, world: World, plan: Plan) -> None:
        super().__init__(world, plan)
        self.lost: list[tuple[str, ShapecalcError]] = []  # forward values that could not be read
        self.output = ""  # the path that the last function gave back
        self.defining: set[str] = set()

    def run(self, steps: Iterable[Step | Unread]) -> None:
        """All steps; what cannot be read is kept with what it would have changed, and told where that is used."""
        for step in steps:
            if isinstance(step, Unread):
                for where in step.targets:
                    self._lose(where, step.error)
                if not step.targets or any(variable(where, self.plan.words) is not None for where in step.targets):
                    self.world.tell(step.error)
                continue
            try:
                self._step(step)
            except ShapecalcError as error:
                self._failed(step, error)
            self._changed(step)

    def _changed(self, step: Step) -> None:
        """What a call inside a step may have changed in place is not known any more."""
        for place in changed_in_place(step.node):
            if place in self.world.values or leaf(place) in self.world.notes:
                span = self.world.source.span(step.node)
                self._lose(place, NotKnownYet("a change in place by a function is not read", span))
                self.in_place(place, span)

    def _failed(self, step: Step, error: ShapecalcError) -> None:
        """Keeps why a step could not be read; a claim is told of at once, and its cause with it."""
        paths = list(target_paths(step.target)) if step.target is not None else []
        if isinstance(step.target, ast.Subscript) and (behind := array_behind(step.target)) is not None:
            paths = [*{*paths, behind}]  # Z.T[0] = 1 changes Z
        if not paths:
            self.world.tell(error)
        for where in paths:
            if variable(where, self.plan.words) is not None:
                if isinstance(error, Depends):
                    self.world.tell(error.root)
                self.world.tell(error)
                self.world.put(where, Broken(error))
            else:
                self._lose(where, error)

    def _lose(self, where: str, error: ShapecalcError) -> None:
        self.world.put(where, Broken(error))
        self.lost.append((where, error))

    # ---- steps

    def _step(self, step: Step) -> None:
        if step.target is None:
            self._bare(step)
        elif isinstance(step.target, ast.Tuple | ast.List):
            self._unpack(step.target, step)
        elif step.value is not None:
            self._assign(step.target, step)
            first = step.node.targets[0] if isinstance(step.node, ast.Assign) else step.target
            if first is not step.target and (where := path(step.target)) is not None:
                self.share(where, first)  # U = Z = X + Y: one array under two names

    def _bare(self, step: Step) -> None:
        """A call by itself, or what a function returns."""
        node = step.value
        if isinstance(step.node, ast.Return):
            if node is not None:
                self._returned(node)
            return
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return
        where = path(node.func.value)
        if node.func.attr == "save_for_backward" and where:
            self.world.put(f"{where}.saved_tensors", Several(tuple(self.value(a) for a in node.args)))

    def _returned(self, node: ast.expr) -> None:
        """A returned dictionary of gradients, and a value without a name."""
        if isinstance(node, ast.Dict):
            self._table(node, "grads")
            return
        first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else node
        self.output = path(first) or "return"
        if path(first) is None and not self.claimed and isinstance(first, ast.BinOp | ast.Call | ast.UnaryOp):
            made = self._measured(first)
            self.define("return", made, self.world.source.span(first), "loss" if self._is_scalar(made) else "out")

    def _is_scalar(self, made: Formula) -> bool:
        """Whether a value is a single number, as a loss is."""
        try:
            return is_scalar(Builder(self.world.draft.sheet.scope()).build(made.node).shape)
        except ShapecalcError:
            return False

    def _table(self, node: ast.Dict, where: str) -> Table:
        """A dictionary; a gradient that is worked out inside it is a claim."""
        items: dict[str, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or is_none(value):
                continue
            inner = f"{where}[{key.value}]"
            of = self.differentiates(inner)
            if of is not None and path(value) is None:
                made = self._measured(value)
                self.claim(inner, of, made, self.world.source.span(key))
                items[key.value] = self.world.values[inner]
            else:
                items[key.value] = self._held_value(value)
        return Table(items)

    def _held_value(self, node: ast.expr) -> Value:
        try:
            return self.value(node)
        except ShapecalcError as error:
            return Broken(error)

    def _unpack(self, target: ast.Tuple | ast.List, step: Step) -> None:
        """a, b = ..."""
        source = step.value
        items: Sequence[ast.expr] = target.elts
        if source is None or step.op:
            raise SyntaxProblem("this assignment is not read", self.world.source.span(step.node))
        if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(items):
            for item, value in zip(items, self._at_once(items, source.elts), strict=True):
                if not is_none(value):
                    self._assign(item, Step(step.node, item, "", value))
            return
        shaped = self.shape_of(source) is not None
        where = path(source)
        if not shaped and where is not None and where not in self.world.values and leaf(where) not in self.world.notes:
            # a cache that was filled elsewhere: its parts go by their own names
            for item in items:
                where = path(item)
                if where is not None:
                    self._own_name(where, self.world.source.span(item))
            return
        found = self.value(source)
        if self.parts(found) == len(items):
            places = [ast.copy_location(ast.Constant(k), source) for k in range(len(items))]
            values = [ast.copy_location(ast.Subscript(source, k, ast.Load()), source) for k in places]
            for item, value in zip(items, self._at_once(items, values), strict=True):
                self._taken(item, Step(step.node, item, "", value))
            return
        if not isinstance(found, Several) or len(found.items) != len(items):
            raise NotKnownYet("what is taken apart here is not known", self.world.source.span(step.node))
        for item, held in zip(items, found.items, strict=True):
            where = path(item)
            if where is not None and leaf(where) != "_":
                self.world.put(where, held)

    def _taken(self, item: ast.expr, step: Step) -> None:
        """One of several values; a name whose value cannot be read says so where it is used."""
        where = path(item)
        if where is not None and leaf(where) == "_":
            return
        try:
            self._assign(item, step)
        except NotDifferentiable as error:
            self.world.put(where or "_", Broken(error))

    def _at_once(self, items: Sequence[ast.expr], values: Sequence[ast.expr]) -> list[ast.expr]:
        """a, b = b, a: the values are those from before the names are given new ones; one that is used later goes by a name of its own."""
        out = list(values)
        given: set[str] = set()
        for k, (item, value) in enumerate(zip(items, values, strict=True)):
            if given & {p for n in ast.walk(value) if (p := path(n)) is not None}:
                kept = ast.copy_location(ast.Name(f"<{k}>", ast.Load()), value)
                self.world.put(kept.id, self.value(value))
                self.share(kept.id, value)
                out[k] = kept
            given |= set(target_paths(item))
        return out

    def _own_name(self, where: str, span: Span) -> None:
        try:
            self.world.put(where, self.world.find(where, span))
        except ShapecalcError as error:
            self.world.put(where, Broken(error))

    def _assign(self, target: ast.expr, step: Step) -> None:
        where = path(target)
        if where is None:
            self._inside(target, step)
            return
        value = step.value
        assert value is not None
        if isinstance(value, ast.Dict) and not step.op:
            self.world.put(where, self._table(value, where) if value.keys else Gradients())
            return
        if not step.op and isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict":
            self.world.put(where, Gradients())
            return
        if self.differentiates(where, self.world.source.span(target)) is not None:
            self.gradient(where, step, self._new(where, step))
            return
        if step.op:
            self.in_place(where, self.world.source.span(step.node))
            self.define(where, self._new(where, step), self.world.source.span(target))
            return
        self._plain(where, target, value)

    def _plain(self, where: str, target: ast.expr, value: ast.expr) -> None:
        """A name of the forward pass: another name for something, a size, or a definition."""
        span = self.world.source.span(target)
        try:
            before, self.uses = self.uses, False
            found = self.value(value)
        except ShapecalcError:
            if not self._is_input(where, value, span):
                raise
            return
        finally:
            self.uses = before
        # cache = x is the same x under another name; a name with a gradient of its own is a value of its own
        same = {value.id, getattr(found, "name", "")} if isinstance(value, ast.Name) else {leaf(where)}
        renamed = leaf(where) in self.plan.events and leaf(where) not in same
        if isinstance(found, Known) and (not renamed or found.gradient):
            self.world.put(where, found)
            self.share(where, value)
        elif isinstance(found, Formula) and isinstance(found.node, Number | Unary) and not found.uses and _is_number(found.node):
            self.world.put(where, found)
        elif isinstance(found, Known | Formula):
            made = found if isinstance(found, Formula) else Formula(self.held(found, self.world.source.span(value)))
            self.define(where, made, span)
            self.share(where, value)
        else:
            self.world.put(where, found)

    def _is_input(self, where: str, value: ast.expr, span: Span) -> bool:
        """Whether a value that cannot be read is an input with a shape that is told, such as random numbers."""
        name = leaf(where)
        match value:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str()), ast.Constant(value=float())]):
                # an option with a number as its default, settings.get("eps", 1e-5), is a number
                self.world.notes = {name: Note(name, "()", span), **self.world.notes}
        known = {
            p for n in ast.walk(value) if (p := path(n)) is not None and isinstance(self.world.values.get(p), Known | Formula | Broken)
        }
        if name not in self.world.notes or known or where in self.world.values:
            return False
        self.world.put(where, self.world.declared(name, where, span))
        return True

    def _measured(self, node: ast.expr) -> Formula:
        """An expression, and whether it uses gradients."""
        before, self.uses = self.uses, False
        try:
            made = self.formula(node)
            return Formula(made, self.uses)
        finally:
            self.uses = before

    def _new(self, where: str, step: Step) -> Formula:
        """The value that a step gives, the old one put in where it is changed."""
        assert step.value is not None
        if not step.op:
            return self._measured(step.value)
        span = self.world.source.span(step.node)
        right = self._measured(step.value)
        if where not in self.world.values and variable(where, self.plan.words) is not None:
            return right if step.op == "+" else Formula(filled(total((("-", right.node),)), {}, span), right.uses)
        before, self.uses = self.uses, False
        old = self.held(self.world.find(where, span), span)
        uses, self.uses = self.uses or right.uses, before
        if isinstance(old, Call) and old.name in {"zeros_like", "zeros"} and step.op == "+":
            return right
        joined = total((("+", old), (step.op, right.node))) if step.op in {"+", "-"} else product(old, step.op, right.node)
        return Formula(joined, uses)

    def _inside(self, target: ast.expr, step: Step) -> None:
        """A[mask] = 0 and the like."""
        where = path(target.value) if isinstance(target, ast.Subscript) else None
        span = self.world.source.span(target)
        if where is None or not isinstance(target, ast.Subscript) or step.value is None:
            raise NotKnownYet("this target is not read", span)
        old_span = self.world.source.span(target.value)
        before, self.uses = self.uses, False
        old = self.held(self.world.find(where, old_span), old_span)
        new = self.formula(step.value)
        made = Formula(self.changed(old, target, new, step.op or "="), self.uses)
        self.uses = before
        self.in_place(where, span)
        if self.differentiates(where) is not None:
            self.gradient(where, step, made)
        else:
            self.define(where, made, old_span)


def _is_number(node: Node) -> bool:
    return isinstance(node, Number) or (isinstance(node, Unary) and isinstance(node.arg, Number))
