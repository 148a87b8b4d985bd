"""Functions inside a Python program: those of the file that are one formula, arguments that are gradients, and what is returned."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from shapecalc.errors import NotKnownYet, ShapecalcError, Span

from ..problem import is_loss_name
from ..tree import Name, Node
from .growing import filled
from .python_runner import Runner
from .python_units import Unit
from .python_values import Broken, Formula, Known, Value, leaf, path
from .reading import Piece
from .spelling import spelled

_INCOMING = (
    "grad_output",
    "grad_out",
    "grad_outputs",
    "output_gradient",
    "upstream",
    "upstream_grad",
    "grad",
    "g",
    "dvalues",
    "dout",
    "delta",
)


class Functions(Runner):
    """Knows what is a function of the file, and what a backward function is given and gives back."""

    unit: Unit | None = None

    def incoming_of(self, unit: Unit) -> None:
        """Notes the functions of the problem."""
        self.unit = unit

    # ---- functions of the file

    def define_function(self, name: str, span: Span) -> None:
        """Puts def f(x) = ... into the sheet."""
        world = self.world
        if name in world.draft.sheet.functions:
            return
        function = world.functions[name]
        if name in self.defining:
            raise NotKnownYet(f"{name} calls itself", span)
        self.defining.add(name)
        try:
            body = self._body(function, span)
        finally:
            self.defining.discard(name)
        params = ", ".join(a.arg for a in function.args.args)
        start = world.source.span(function)[0]
        head = Piece(f"def {name}({params}) = ", start, start + len("def ") + len(name))
        world.draft.line([head, *spelled(body)], early=True)

    def _body(self, function: ast.FunctionDef, span: Span) -> Node:
        """A function as one formula of its arguments: its own names are put in."""
        args = function.args
        known: dict[str, Value] = {a.arg: Formula(Name(a.arg, self.world.source.span(a))) for a in args.args}
        if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs or args.defaults:
            raise NotKnownYet(f"the arguments of {function.name} are not read", span)
        saved, self.world.values = self.world.values, {**self._modules(), **known}
        leaves, self.world.leaves = self.world.leaves, dict(known)
        try:
            for node in function.body:
                match node:
                    case ast.Expr(value=ast.Constant()):
                        continue
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        self.world.put(name, Formula(self.formula(value)))
                    case ast.Return(value=ast.expr() as value):
                        body: Node = filled(self.formula(value), {}, self.world.source.span(value))
                        return body
                    case _:
                        break
        except ShapecalcError as error:
            raise NotKnownYet(f"{function.name} is not read: {error.message}", span) from None
        finally:
            self.world.values, self.world.leaves = saved, leaves
        raise NotKnownYet(f"{function.name} is more than one formula", span)

    def _modules(self) -> Mapping[str, Value]:
        return {}

    # ---- what a backward function is given

    def formula(self, node: ast.AST) -> Node:
        """An expression; an argument such as grad_output is the gradient of what the forward function gives back."""
        if isinstance(node, ast.Name) and node.id not in self.world.values and self._is_incoming(node.id):
            self._given_gradient(node.id, self.world.source.span(node))
        return super().formula(node)

    def _given_gradient(self, name: str, span: Span) -> None:
        """grad_output is the gradient of what the forward function gives back."""
        value = self.world.values.get(self.output)
        if isinstance(value, Broken):
            raise self.depends(value.error, span)
        if isinstance(value, Known) and not value.gradient and value.name in self.world.draft.sheet.definitions:
            self.world.cut(value.name)
            self.world.put(name, Known(self.world.draft.gradient(value.name), value.name))

    def _is_incoming(self, name: str) -> bool:
        if self.unit is None or not self.unit.functions or len(self.unit.functions) < 2:
            return False
        arguments = {a.arg for a in self.unit.functions[-1].args.args}
        return name in arguments and name in _INCOMING and name not in self.world.notes and self.world.differentiated(name) is None

    # ---- what is given back

    def _returned(self, node: ast.expr) -> None:
        """torch.autograd.Function gives back the gradients in the order of the arguments of forward."""
        unit = self.unit
        backward = unit is not None and unit.functional and len(unit.functions) > 1 and unit.functions[-1].body[-1:] != []
        if backward and unit is not None and any(n is node for n in ast.walk(unit.functions[-1])):
            items = node.elts if isinstance(node, ast.Tuple) else [node]
            for arg, item in zip(unit.functions[0].args.args[1:], items, strict=False):
                self._given_back(arg.arg, item)
            return
        super()._returned(node)

    def _given_back(self, name: str, item: ast.expr) -> None:
        if isinstance(item, ast.Constant):
            return
        value = self.world.leaves.get(name)
        where = path(item)
        held = self.world.values.get(where) if where else None
        if not isinstance(value, Known) or value.gradient:
            return
        if isinstance(held, Known) and held.gradient == value.name:
            return
        span = self.world.source.span(item)
        made = self._measured(item)
        self.claim(f"return[{name}]", value.name, made, span)

    # ---- the end

    def finish(self) -> None:
        """What was lost is told where the loss may be among it: then nothing can be judged."""
        draft = self.world.draft
        for where, error in self.lost:
            if self.is_layer(where):
                continue
            lossy = is_loss_name(leaf(where))
            if lossy or (draft.loss is None and not draft.tail):
                self.world.tell(error)
            if lossy and draft.loss is None:
                draft.clear()
                return
