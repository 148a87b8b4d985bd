"""Python files: the forward and backward lines of NumPy, PyTorch and JAX code, read and never run, as sheets of the language."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapecalc.errors import InputProblem, NothingToRead, NotKnownYet, TooLarge

from ..nearest import nearest
from .draft import Draft
from .python_functions import Functions
from .python_gradients import Plan
from .python_notes import Note, notes
from .python_source import Source, parsed
from .python_steps import Step, Straight, Unread
from .python_units import Function, Unit, imports, places, units, words
from .python_values import World
from .reading import Page, Reading

MOST_UNITS = 500
MOST_STEPS = 3_000  # in one program
HINT = "write them in comments: # X: (S, D)"


def read_python(text: str, name: str | None = None, function: str | None = None) -> list[Reading]:
    """The problems of a Python file: each backward function with what it differentiates, or the one function that is named."""
    source = parsed(text, name)
    found = units(source, function)
    if function is not None and not found:
        known = [p.title for p in places(source.tree)]
        close = nearest(function, known)
        hint = f"did you mean {close}?" if close else f"there are {', '.join(known[:8])}" if known else None
        raise InputProblem(f"there is no function {function}", hint=hint).at(source.text, name)
    readings = [reading for unit in found[:MOST_UNITS] if (reading := _read(source, unit, name)) is not None]
    if not readings:
        raise NothingToRead("there is nothing to read: no shapes are told", hint=HINT).at(source.text, name)
    return readings


def _read(source: Source, unit: Unit, name: str | None) -> Reading | None:
    """One program; None where no shapes are told."""
    told = _notes(source, unit)
    if not told:
        return None
    draft = Draft([Page(source.text, name)], unit.title)
    own = {p.function.name: p.function for p in places(source.tree) if p.owner is None and isinstance(p.function, ast.FunctionDef)}
    world = World(source, draft, told, imports(source.tree), own)
    steps = _steps(source, unit, told)
    if len(steps) > MOST_STEPS:
        raise TooLarge(f"{unit.title} has {len(steps)} statements; at most {MOST_STEPS} are read").at(source.text, name)
    roots: list[ast.AST] = [*unit.functions, *unit.body]
    arguments = frozenset(a.arg for f in unit.functions for a in f.args.args)
    plan = Plan.of(steps, frozenset(words(roots) | set(told)), arguments)
    runner = Functions(world, plan)
    runner.incoming_of(unit)
    try:
        runner.run(steps)
    except RecursionError:
        draft.problem(NotKnownYet("this is nested too deep", (0, 1)))
    runner.finish()
    reading = draft.reading()
    return reading if reading.pieces or reading.problems else None


def _notes(source: Source, unit: Unit) -> dict[str, Note]:
    """The shapes that the functions of a unit are told."""
    lines: set[int] = set()
    for place in places(source.tree):
        lines |= set(range(place.function.lineno, (place.function.end_lineno or place.function.lineno) + 1))
    outside = [c for c in source.comments if c.line not in lines]
    found: dict[str, Note] = {}
    functions: Sequence[Function | None] = unit.functions[::-1] or [None]
    for function in functions:
        for key, note in notes(source, function, outside).items():
            found.setdefault(key, note)
    return found


def _steps(source: Source, unit: Unit, told: dict[str, Note]) -> list[Step | Unread]:
    straight = Straight(source, told)
    bodies = [f.body for f in unit.functions] or [unit.body]
    return [step for body in bodies for step in straight.steps(body)]
