"""The lines of the sheet that come of a Python program: definitions, claims, and steps on the way to a gradient."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from shapecalc.errors import NotKnownYet, ShapecalcError, Span
from shapecalc.expr import Expr, Var, rebuild
from shapecalc.forms import remake

from ..builder import Builder
from ..splitting import several_of
from ..tree import Call, Compare, Method, Name, Node
from .python_aliases import array_behind
from .python_formulas import Formulas
from .python_gradients import Plan, variable
from .python_seeds import Seeds
from .python_steps import Step
from .python_values import Broken, Formula, Gradients, Known, Value, World, leaf, path
from .reading import Piece
from .spelling import spelled

MOST_COMPARED = 100  # definitions of a program in which a value that is worked out again is looked for


class Lines(Formulas):
    """Writes lines, and keeps which values are the same array.

    roots: of each path the value that it may share; sharing: the paths that share one; rectified: the names of the sheet that are a
    maximum with 0.
    """

    def __init__(self, world: World, plan: Plan) -> None:
        super().__init__(world)
        self.plan = plan
        self.seeds = Seeds(world)
        self.roots: dict[str, int] = {}
        self.sharing: dict[int, set[str]] = {}
        self.counts: dict[str, int] = {}  # how often a name was made free
        self.rectified: set[str] = set()
        self.claimed = False

    def differentiates(self, where: str, span: Span = (0, 0)) -> str | None:
        """The name of the sheet whose gradient a path is."""
        name = variable(where, self.plan.words)
        if name is None:
            return None
        found = self.world.values.get(name) or self.world.leaves.get(name)
        if found is None and name in self.world.notes:
            found = self.world.declared(name, name, (0, 0))
        if isinstance(found, Broken):
            raise self.depends(found.error, span)
        return found.name if isinstance(found, Known) and not found.gradient else None

    # ---- values that are shared

    def share(self, where: str, value: ast.expr | None) -> None:
        """B = A: both are the same array, which a change in place changes for both."""
        self.sharing.get(self.roots.get(where, -1), set()).discard(where)
        other = array_behind(value) if value is not None else None
        if other is None:
            self.roots.pop(where, None)
            return
        if other not in self.roots:
            self.roots[other] = len(self.sharing)
            self.sharing[self.roots[other]] = {other}
        self.roots[where] = self.roots[other]
        self.sharing[self.roots[other]].add(where)

    def in_place(self, where: str, span: Span) -> None:
        """A change in place: what else is the same array has changed as well, which is not followed."""
        held = self.world.values.get(where) or Gradients()
        if self.world.shape(held) == ():
            return
        root = self.roots.get(where)
        same = {p for p, v in self.world.values.items() if v == held} if isinstance(held, Known) else set()
        for other in (self.sharing[root] if root is not None else set()) | same:
            if leaf(other) != leaf(where):
                message = f"{other} is changed in place here through {where}, which is the same array"
                self.world.put(other, Broken(NotKnownYet(message, span)))
        if root is not None:
            self.sharing[root] = {where}

    # ---- values with parts

    def parts(self, found: Value) -> int | None:
        """How many parts a value is taken apart into: split(X, 2), slogdet(A), the rows of a tensor that has so many; None for none."""
        if isinstance(found, Known):
            first = (self.world.shape(found) or (None,))[0]
            return first if isinstance(first, int) else None
        if not isinstance(found, Formula) or not isinstance(found.node, Call | Method):
            return None
        parts = several_of(Builder(self.world.draft.sheet.scope()), found.node)
        return None if parts is None else len(parts)

    # ---- lines of the sheet

    def define(self, where: str, made: Formula, span: Span, name: str = "") -> None:
        """A definition; or, where it uses gradients, an abbreviation, or an update of a parameter."""
        base = name or leaf(where)
        if made.uses and isinstance(self.world.leaves.get(base), Known) and self.world.leaves[base] and not name:
            held = self.world.leaves[base]
            if isinstance(held, Known) and not held.gradient:
                self.world.put(where, Broken(NotKnownYet(f"{base} is updated here", span)))
                return
        before = self._worked_out_before(base, made)
        if before is not None:
            self.world.put(where, Known(before))
            return
        spelled_name = self._fresh(base)
        self.line(spelled_name, span, made.node)
        value = Known(spelled_name, "" if not made.uses else spelled_name)
        self.world.put(where, value)
        self.share(where, None)
        if not made.uses:
            self.world.versions.setdefault(base, []).append(spelled_name)
            if _rectifies(made.node):
                self.rectified.add(spelled_name)
            if isinstance(made.node, Compare) and self.is_mask(made.node):
                self.masks.add(spelled_name)

    def _worked_out_before(self, base: str, made: Formula) -> str | None:
        """The definition that a value is worked out anew from: a backward pass may do so to save memory."""
        sheet = self.world.draft.sheet
        names = [n for n in self.world.versions.get(base, []) if n in sheet.definitions]
        if made.uses or not names or len(sheet.definitions) > MOST_COMPARED:
            return None
        try:
            e = written_out(Builder(sheet.scope()).build(made.node), sheet.definitions)
        except ShapecalcError:
            return None
        return next((n for n in reversed(names) if written_out(sheet.definitions[n], sheet.definitions) == e), None)

    def _fresh(self, base: str) -> str:
        """A free name of the sheet for a value."""
        if not base.isidentifier():
            base = "value"
        name, number = base, self.counts.get(base, 1)
        while self.world.draft.taken(name):
            number += 1
            name = f"{base}_{number}"
        self.counts[base] = number
        if name != base:
            self.world.draft.names[name] = base
        return name

    def line(self, name: str, span: Span, node: Node) -> None:
        """name = node, in the sheet."""
        self.world.draft.line([Piece(name, *span), Piece(" = "), *spelled(node)], early=True)

    def gradient(self, where: str, step: Step, made: Formula) -> None:
        """A value of a gradient: the claim, or a step on the way to it."""
        name = variable(where, self.plan.words) or ""
        of = self.differentiates(where, self.world.source.span(step.target or step.node))
        number = self.plan.numbers.get(id(step))
        if not step.op:
            self.share(where, step.value)
        if number is None or of is None:
            self.on_the_way(where, made, of or name, self.world.source.span(step.node))
            return
        versions = self.world.versions.get(name, [of])
        claims = self.plan.claimed(name, versions, self.rectified)
        if not claims and len(versions) > 1:
            self._unclear(where, step, name, len(versions))
        if number in claims:
            target = step.target.value if isinstance(step.target, ast.Subscript) and path(step.target) is None else step.target
            self.claim(where, claims[number], made, self.world.source.span(target or step.node))
        else:
            self.on_the_way(where, made, of, self.world.source.span(step.node))

    def _unclear(self, where: str, step: Step, name: str, count: int) -> None:
        if step is self.plan.events[name][-1].step and self.plan.is_set(name):
            span = self.world.source.span(step.target or step.node)
            hint = "give each value a name of its own"
            message = f"{name} is given {count} values, so {leaf(where)} can be the gradient of any of them"
            self.world.tell(NotKnownYet(message, span, hint=hint))

    def claim(self, where: str, of: str, made: Formula, span: Span) -> None:
        """A line that says what a gradient is."""
        if not made.uses and self.world.draft.loss is None and self.seeds.given(of, span, self._is_only_named(made.node)):
            self.world.put(where, Known(self.world.draft.gradient(of), of))
            return
        self.claimed = True
        name = self.world.draft.gradient(of)
        self.line(name, span, made.node)
        if name != leaf(where):
            self.world.draft.names[name] = where
        self.world.put(where, Known(name, of))

    def _is_only_named(self, node: Node) -> bool:
        """Whether a value is an argument as it came in."""
        return isinstance(node, Name) and node.id in self.world.draft.sheet.declared

    def on_the_way(self, where: str, made: Formula, of: str, span: Span) -> None:
        """A value that a gradient has for a while: it has a name of its own where it uses gradients."""
        if not made.uses:
            self.world.put(where, made)
            return
        if isinstance(made.node, Name):
            self.world.put(where, Known(made.node.id, of))
            return
        name = self._fresh(f"{leaf(where)}_part")
        self.line(name, span, made.node)
        self.world.draft.names[name] = leaf(where)
        self.world.put(where, Known(name, of))


def written_out(e: Expr, definitions: Mapping[str, Expr]) -> Expr:
    """A formula of declared names only."""
    for name in reversed(list(definitions)):
        e = rebuild(e, lambda n: definitions[name] if isinstance(n, Var) and n.name == name else None, remake)  # noqa: B023 - used at once
    return e


def _rectifies(node: Node) -> bool:
    """Whether a value is a maximum with 0."""
    if not isinstance(node, Call):
        return False
    if node.name == "relu":
        return True
    texts = [getattr(a, "text", "") for a in node.args]
    return node.name in {"maximum", "clip", "max"} and any(t in {"0", "0.", "0.0"} for t in texts)
