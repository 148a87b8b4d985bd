"""The statements of a function in a straight line: guards are gone past, a training loop is gone through once, the rest is refused."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from shapecalc.errors import NotKnownYet, ShapecalcError

from .python_aliases import changed_in_place
from .python_source import Source
from .python_values import leaf, path

_TRAINING = frozenset({"train", "training"})
_MODES = _TRAINING | {"test", "testing", "eval", "valid", "validation", "inference"}
_QUIET = frozenset({"print", "assert", "cmp", "display", "plt", "logging", "logger", "tqdm", "warnings"})
_SKIPPED = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, ast.Assert, ast.Raise, ast.Break, ast.Continue, ast.Delete)


@dataclass(frozen=True, slots=True)
class Step:
    """target op= value; op is "" for a plain =, and value is None where a value is only annotated.

    first: the step stands in a function that is only entered with it; the function's arguments are at hand then.
    """

    node: ast.stmt
    target: ast.expr | None
    op: str
    value: ast.expr | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A statement that is not read, the paths that it may change, and why."""

    node: ast.stmt
    targets: tuple[str, ...]
    error: ShapecalcError


_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}


class Straight:
    """Lays statements out. known: the names whose shapes are told."""

    def __init__(self, source: Source, known: Container[str]) -> None:
        self.source = source
        self.known = known

    def steps(self, body: Sequence[ast.stmt]) -> Iterator[Step | Unread]:
        """The steps of a body, in order."""
        for node in body:
            yield from self._steps(node)

    def _steps(self, node: ast.stmt) -> Iterator[Step | Unread]:
        match node:
            case ast.Assign(targets=targets, value=value):
                if not is_none(value):
                    for target in targets:
                        yield Step(node, target, "", value)
            case ast.AnnAssign(target=target, value=value):
                yield Step(node, target, "", value)
            case ast.AugAssign(target=target, op=op, value=value):
                if type(op) in _OPERATORS:
                    yield Step(node, target, _OPERATORS[type(op)], value)
                else:
                    yield self.unread(node, "this assignment is not read")
            case ast.Expr() | ast.Return():
                yield Step(node, None, "", node.value)
            case ast.With(body=body):
                yield from self.steps(body)
            case ast.If():
                yield from self._choice(node)
            case ast.For(body=body) | ast.While(body=body):
                yield from self._loop(node, body)
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                return
            case _ if isinstance(node, _SKIPPED):
                return
            case _:
                yield self.unread(node, "this statement is not read")

    def unread(self, node: ast.stmt, message: str, hint: str | None = None) -> Unread:
        """A refusal of a statement."""
        span = self.source.span(node)
        line = self.source.text.find("\n", span[0])
        return Unread(node, tuple(assigned(node)), NotKnownYet(message, (span[0], min(span[1], line if line >= 0 else span[1])), hint=hint))

    # ---- choices

    def _choice(self, node: ast.If) -> Iterator[Step | Unread]:
        taken = self._taken(node.test)
        if taken is not None:
            yield from self.steps(node.body if taken else node.orelse)
        elif _leaves(node.body) and not node.orelse:
            # if y is None: return scores - a way out that is not taken
            if not (any(is_none(n) for n in ast.walk(node.test)) or isinstance(node.body[-1], ast.Raise)):
                yield self.unread(node, "a choice is not read")
        elif any(
            _changes(n) or isinstance(n, ast.Return) for part in (node.body, node.orelse) for s in part for n in ast.walk(s)
        ):
            yield self.unread(node, "a choice is not read", "write the lines of one case by themselves")

    def _taken(self, test: ast.expr) -> bool | None:
        """Whether the body is gone through, where the test tells without running anything."""
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=None)]) if isinstance(op, ast.Is | ast.IsNot):
                where = path(left)
                if where is not None and leaf(where) in self.known:
                    return isinstance(op, ast.IsNot)
            case ast.BoolOp(op=ast.And(), values=values):
                taken = [self._taken(v) for v in values]
                return False if False in taken else True if all(taken) else None
            case ast.Compare(left=ast.Name(id="__name__")):
                return False
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=str(word))]) if path(left) is not None:
                # what is differentiated is what is done in training
                return word in _TRAINING if word in _MODES else None
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in {*_TRAINING, "is_training"}:
                return True
            case ast.UnaryOp(op=ast.Not(), operand=operand) if (inner := self._taken(operand)) is not None:
                return not inner
            case ast.Subscript(value=ast.Attribute(attr="needs_input_grad")):
                return True
        return None

    # ---- loops

    def _loop(self, node: ast.For | ast.While, body: Sequence[ast.stmt]) -> Iterator[Step | Unread]:
        """A loop that repeats the whole of a forward and a backward pass says the same each time."""
        if not any(_changes(n) for s in body for n in ast.walk(s)):
            return
        counter = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)} if isinstance(node, ast.For) else set()
        quiet = [s for s in body if not self._says_nothing(s)]
        used = {n.id for s in quiet for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if counter & used:
            yield self.unread(node, "a loop is not read", "formulas act on whole arrays: X.T @ dZ, sum(dZ, axis=0)")
            return
        carried = self._carried(quiet)
        if any(name not in self.known for name in carried):
            name = next(n for n in carried if n not in self.known)
            yield self.unread(node, f"a loop that changes {name} from one round to the next is not read")
            return
        yield from self.steps(quiet)

    def _says_nothing(self, node: ast.stmt) -> bool:
        """Whether a statement only prints, or keeps a record."""
        return not any(_changes(n) for n in ast.walk(node))

    def _carried(self, body: Sequence[ast.stmt]) -> list[str]:
        """The names that a round takes over from the round before, other than by an update with gradients."""
        given: set[str] = set()
        early: set[str] = set()
        changed: dict[str, bool] = {}
        for statement in body:
            reads = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            early |= reads - given
            for where in assigned(statement):
                name = where.partition("[")[0].partition(".")[0]
                if isinstance(statement, ast.AugAssign):
                    early |= {name} - given
                update = any(r.startswith(("d", "grad")) or r.endswith("grad") for r in reads)
                changed[name] = changed.get(name, True) and update
                given.add(name)
        return [name for name, update in changed.items() if name in early and not (update and name in self.known)]


def is_none(node: ast.AST) -> bool:
    """None, as it is written."""
    return isinstance(node, ast.Constant) and node.value is None


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Break | ast.Continue)


def _changes(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or (isinstance(node, ast.Expr) and any(changed_in_place(node)))


def assigned(node: ast.AST) -> Iterator[str]:
    """The paths that a statement gives values to."""
    for part in ast.walk(node):
        targets: list[ast.expr] = []
        if isinstance(part, ast.Assign):
            targets = part.targets
        elif isinstance(part, ast.AugAssign | ast.AnnAssign | ast.For):
            targets = [part.target]
        elif isinstance(part, ast.Expr):
            yield from changed_in_place(part)
        for target in targets:
            yield from target_paths(target)


def target_paths(target: ast.expr) -> Iterator[str]:
    """The paths of a target, which may be a tuple, or a part of an array."""
    if isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from target_paths(item)
        return
    where = path(target)
    if where is None and isinstance(target, ast.Subscript):
        where = path(target.value)
    if where is not None:
        yield where


QUIET = _QUIET
