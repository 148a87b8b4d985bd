"""Which of the values that a gradient's name is given in the course of a program is the one that is claimed."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from .python_steps import Step, Unread, target_paths
from .python_values import GRADIENT_TABLES, leaf, names_behind, path


def variable(where: str, words: Container[str]) -> str | None:
    """The variable whose gradient a path is called after: dW1, grads["W1"], W1.grad, self.db; None for any other path."""
    name = leaf(where)
    if where.endswith(".grad"):
        return leaf(where[: -len(".grad")])
    behind = next((known for known in names_behind(name) if known in words), None)
    if behind is not None and name not in {"data", "dim", "dtype"}:
        return behind
    if where.endswith("]"):
        table = leaf(where[: where.rindex("[")])
        if table in GRADIENT_TABLES and name in words:
            return name
    return None


@dataclass(slots=True)
class Event:
    """A step that gives a gradient a value. kind: set, add, mask, or edit."""

    step: Step
    where: str
    kind: str
    mask: str = ""  # the name that a mask is made of


@dataclass(slots=True)
class Plan:
    """For each variable the events of its gradient, in order; a set begins a new segment."""

    words: frozenset[str]
    incoming: frozenset[str] = frozenset()  # the arguments of the functions: what they hold at first is given
    events: dict[str, list[Event]] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)  # which event of its variable a step is
    found: dict[tuple[str, ...], dict[int, str]] = field(default_factory=dict)  # the claims that were worked out already

    @classmethod
    def of(cls, steps: Iterable[Step | Unread], words: frozenset[str], incoming: frozenset[str] = frozenset()) -> Plan:
        """The plan of a program."""
        plan = cls(words, incoming)
        for step in steps:
            if isinstance(step, Step) and step.target is not None and step.value is not None:
                for where in target_paths(step.target):
                    name = variable(where, words)
                    if name is not None:
                        plan._add(step, where, name)
        return plan

    def _add(self, step: Step, where: str, name: str) -> None:
        events = self.events.setdefault(name, [])
        kind, mask = self._kind(step, where, name)
        if kind == "same":
            return
        self.numbers[id(step)] = len(events)
        # W.grad += ... without a value before adds to nothing; dout += ... changes what is given
        fresh = not events and kind == "add" and where not in self.incoming
        events.append(Event(step, where, "set" if fresh else kind, mask))

    def _kind(self, step: Step, where: str, name: str) -> tuple[str, str]:
        """How a step changes the gradient of a name."""
        target, value = step.target, step.value
        if isinstance(target, ast.Subscript) and path(target) is None:
            mask = target.slice
            left = mask.left if isinstance(mask, ast.Compare) else mask
            return "mask", leaf(path(left) or "")
        if step.op:
            return ("add" if step.op in {"+", "-"} else "edit"), ""
        own = {e.where for e in self.events.get(name, [])} | {where}
        if value is not None and path(value) in own:
            return "same", ""
        used = [p for n in ast.walk(value) if (p := path(n)) in own] if value is not None else []
        if not used:
            return "set", ""
        terms = _terms(value) if value is not None else []
        return ("add" if any(path(t) in own for t in terms) else "edit"), ""

    def segments(self, name: str) -> list[list[int]]:
        """The numbers of the events, cut where the gradient is given a fresh value."""
        out: list[list[int]] = []
        for number, event in enumerate(self.events.get(name, [])):
            if event.kind == "set" or not out:
                out.append([])
            out[-1].append(number)
        return out

    def is_set(self, name: str) -> bool:
        """Whether a gradient is ever given a fresh value."""
        return any(event.kind == "set" for event in self.events.get(name, []))

    def claimed(self, name: str, versions: Sequence[str], rectified: Container[str]) -> dict[int, str]:
        """The events that are claims, with the name of the sheet whose gradient each claims.

        versions: the names that the variable has had, in order: the last gradient belongs to the first. rectified: those that are made
        by a maximum with 0; a mask made of one turns its gradient into that of what stands behind the maximum.
        """
        key = (name, *versions)
        if key not in self.found:
            self.found[key] = self._claimed(name, versions, rectified)
        return self.found[key]

    def _claimed(self, name: str, versions: Sequence[str], rectified: Container[str]) -> dict[int, str]:
        segments = [s for s in self.segments(name) if self.events[name][s[0]].kind == "set"]
        if not segments or not versions:
            return {}
        if len(versions) == 1:
            pairs = [(segments[-1], versions[0])]
        elif len(segments) == len(versions):
            pairs = list(zip(segments, reversed(versions), strict=True))
        else:
            return {}
        out: dict[int, str] = {}
        for segment, version in pairs:
            last = segment[-1]
            for number in segment[1:]:
                event = self.events[name][number]
                if event.kind == "mask" and event.mask == name and version in rectified:
                    last = number - 1
                    break
            out[last] = version
        return out


def _terms(node: ast.AST) -> list[ast.AST]:
    """The terms of a sum."""
    out: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        out.append(node.right)
        node = node.left
    return [*out, node]
