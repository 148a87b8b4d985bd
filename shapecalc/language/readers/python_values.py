"""What the names of a Python program hold while it is read: names of the sheet, sizes, numbers, formulas without a name, caches."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.errors import NotKnownYet, ShapecalcError, Span, SyntaxProblem
from shapecalc.expr import variables
from shapecalc.shapes import Dim, Shape, show

from ..problem import is_loss_name
from ..syntax import parse
from ..tree import Node, Number
from .draft import Draft
from .growing import filled, number
from .python_notes import Note
from .python_source import Source, dotted
from .reading import Piece

LATER = "(?:next|nxt|future|later|carry|from_next|t_?plus_?1)"  # where a gradient comes from besides: dc_next, dnext_c


@dataclass(frozen=True, slots=True)
class Known:
    """A name of the sheet; gradient: of which name it is a gradient, "" for none."""

    name: str
    gradient: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has no line of its own; uses: whether a gradient occurs in it."""

    node: Node
    uses: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """A size, or a whole number."""

    dim: Dim


@dataclass(frozen=True, slots=True)
class Several:
    """A tuple or a list."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary with names for keys."""

    items: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read, and why; told once, where it is used."""

    error: ShapecalcError


@dataclass(frozen=True, slots=True)
class Gradients:
    """A dictionary that is filled with gradients: grads["W1"]."""


Value = Known | Formula | Size | Several | Table | Broken | Gradients
_PREFIXES = ("dL_d", "dJ_d", "dloss_d", "dLoss_d", "dE_d", "dC_d", "dLd", "grad_", "d_", "gradient_", "d", "grad")
_SUFFIXES = ("_grad", "_gradient", ".grad")
GRADIENT_TABLES = frozenset({"grads", "gradients", "grad", "grads_dict", "derivatives"})


def path(node: ast.AST) -> str | None:
    """How a program reaches a value: X, self.W, cache["A1"]; None for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=attr):
            before = path(inner)
            return before and f"{before}.{attr}"
        case ast.Subscript(value=inner, slice=ast.Constant(value=str(key))):
            before = path(inner)
            return before and f"{before}[{key}]"
    return None


def leaf(where: str) -> str:
    """The last name on a path."""
    if where.endswith("]"):
        return where[where.rindex("[") + 1 : -1]
    return where.rpartition(".")[2]


@dataclass(slots=True)
class World:
    """The names of one problem. source: the file; notes: shapes that are told; modules: names of modules, with what they stand for."""

    source: Source
    draft: Draft
    notes: Mapping[str, Note]
    modules: Mapping[str, str]
    functions: Mapping[str, ast.FunctionDef]
    values: dict[str, Value] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)  # of each leaf, the names of the sheet in order
    leaves: dict[str, Value] = field(default_factory=dict)  # the newest value by the last name on its path
    told: set[int] = field(default_factory=set)  # the errors that were put among the problems

    def put(self, where: str, value: Value) -> None:
        """Gives a path a value."""
        self.values[where] = value
        self.leaves[leaf(where)] = value
        if isinstance(value, Table):
            self.leaves.update(value.items)

    def find(self, where: str, span: Span) -> Value:
        """What a path holds; a name whose shape is told is declared when it is first used."""
        if where in self.values:
            return self.values[where]
        inner = self._inside(where)
        if inner is not None:
            return inner
        name = leaf(where)
        if name != where:
            same = self._elsewhere(name)
            if same is not None:
                return same
        elif (given := self.incoming(name, span)) is not None:
            return given
        return self.declared(name, where, span)

    def _inside(self, where: str) -> Value | None:
        """A value inside a table or an object that is known."""
        if where.endswith("]"):
            table = self.values.get(where[: where.rindex("[")])
            if isinstance(table, Table):
                return table.items.get(leaf(where))
        return None

    def _elsewhere(self, name: str) -> Value | None:
        """The value that goes by the same last name: parameters["W1"] is W1, self.X is X."""
        return self.values.get(name) or self.leaves.get(name)

    def declared(self, name: str, where: str, span: Span) -> Value:
        """A name whose shape is told, put into the sheet."""
        note = self.notes.get(name)
        if note is None and (size := self._size(name)) is not None:
            return size
        if note is None and (constant := self._constant(name)) is not None:
            self.put(where, constant)
            return constant
        if note is None:
            hint = f"write its shape in a comment: # {name}: (S, D), or # {name}: () for a number"
            raise SyntaxProblem(f"the shape of {name} is not told", span, hint=hint)
        spelled = name if not self.draft.taken(name) else self.draft.fresh(name + "_0")
        self.draft.line([Piece(f"{spelled}: {note.text}", *note.span)], early=True)
        if spelled != name:
            self.draft.names[spelled] = name
        self.put(name, Known(spelled))
        self.put(where, self.values[name])
        self.versions.setdefault(name, []).append(spelled)
        return self.values[name]

    def _constant(self, name: str) -> Value | None:
        """A number that the file gives a name to once, outside all functions: eps = 1e-5."""
        given = [
            n.value
            for n in ast.walk(self.source.tree)
            if isinstance(n, ast.Assign | ast.AugAssign | ast.AnnAssign)
            for t in (n.targets if isinstance(n, ast.Assign) else [n.target])
            if isinstance(t, ast.Name) and t.id == name
        ]
        if len(given) != 1 or not any(getattr(n, "value", None) is given[0] for n in self.source.tree.body):
            return None
        match given[0]:
            case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
                span = self.source.span(given[0])
                written = self.source.text[span[0] : span[1]].replace("_", "")
                return Formula(Number(written, Fraction(written), span)) if len(written) < 40 else None
        return None

    def _size(self, name: str) -> Value | None:
        """A size by its name, as the shapes that are told have it."""
        for note in self.notes.values():
            if name in re.findall(r"[^\W\d]\w*", note.text[note.text.index("(") :]):
                if name not in self.draft.sheet.sizes:
                    self.find(note.name, note.span)
                return Size(name) if name in self.draft.sheet.sizes else None
        return None

    def incoming(self, name: str, span: Span) -> Value | None:
        """A gradient that is used before it is given a value, as the argument of a backward function is: dout."""
        of = self.differentiated(name)
        if of is None:
            return self._from_behind(name, span)
        if self.draft.loss is None or not is_loss_name(self.draft.loss):
            if of not in self.draft.sheet.definitions:
                hint = "put the lines that work it out before this one"
                raise NotKnownYet(f"{name} is the gradient of {of}, which is not worked out in this file", span, hint=hint)
            self.cut(of)
        return Known(self.draft.gradient(of), of)

    def _from_behind(self, name: str, span: Span) -> Value | None:
        """What a later step hands back besides, dc_next of an LSTM, where c is worked out: the gradient by c has it for a part."""
        pattern = re.compile(rf"d_?(?:next_?(?P<x>\w+)|(?P<y>\w+?)_?{LATER})")
        match, sheet = pattern.fullmatch(name), self.draft.sheet
        found = self._elsewhere(match["x"] or match["y"]) if match is not None else None
        of = found.name if isinstance(found, Known) and not found.gradient else ""
        if of not in sheet.definitions or of in sheet.upstream or self.draft.loss is not None or self.draft.taken(name):
            return None
        if not any(of in variables(body) for body in sheet.definitions.values()):
            return None  # at an end it is all that comes in
        note = self.notes.get(name)
        if note is not None and note.text.replace(" ", "") != show(sheet.definitions[of].shape).replace(" ", ""):
            return None
        self.draft.line([Piece(f"{name}: upstream({of})", *span)])
        self.put(name, Known(name, of))
        return self.values[name]

    def cut(self, of: str) -> None:
        """Takes back what was worked out behind a name whose gradient is given."""
        later = self.draft.cut(of)
        for where, value in list(self.values.items()):
            if isinstance(value, Known) and value.name in later:
                message = f"{value.name} lies behind {of}, whose gradient is given"
                self.put(where, Broken(NotKnownYet(message, (0, 1))))

    def differentiated(self, name: str) -> str | None:
        """The name of the sheet whose gradient is called like this: dW, d_W, grad_W, W_grad, dL_dW."""
        for known in names_behind(name):
            found = self.values.get(known) or self._elsewhere(known)
            if isinstance(found, Known) and not found.gradient:
                return found.name
            if found is None and known in self.notes:
                declared = self.declared(known, known, (0, 0))
                return declared.name if isinstance(declared, Known) else None
        return None

    def shape(self, value: Value) -> Shape | None:
        """The shape of what is held, where it has a name."""
        if isinstance(value, Known):
            return self.draft.shape(value.gradient or value.name)
        return None

    def module(self, node: ast.AST) -> str:
        """The module that a dotted name stands for: np.linalg is numpy.linalg; "" where it is none."""
        written = dotted(node)
        first, dot, rest = written.partition(".")
        return self.modules.get(first, "") + dot + rest if first in self.modules and first not in self.values else ""

    def tell(self, error: ShapecalcError) -> None:
        """Puts an error among the problems, once."""
        if id(error) not in self.told:
            self.told.add(id(error))
            self.draft.problem(error)


def names_behind(name: str) -> list[str]:
    """What a name of a gradient may be the gradient of, the most likely first."""
    out = [name[len(prefix) :] for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix)]
    return out + [name[: -len(suffix)] for suffix in _SUFFIXES if name.endswith(suffix) and len(name) > len(suffix)]


def size_node(dim: Dim, span: Span) -> Node:
    """A size as a formula at a place."""
    if isinstance(dim, int):
        return number(dim, span)
    made: Node = filled(parse(dim), {}, span)
    return made
