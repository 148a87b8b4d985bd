"""LaTeX: formulas of published notes are read right, by value, or refused with a caret; none is misread."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from shapecalc.codegen import generate
from shapecalc.derivation import Program
from shapecalc.errors import ShapecalcError
from shapecalc.expr import Var
from shapecalc.language.builder import Builder, Scope
from shapecalc.language.readers.latex_reader import read_latex
from shapecalc.language.sheet import read
from shapecalc.language.statements import Equality, GradTarget, split
from shapecalc.shapes import names, value

DATA = Path(__file__).parent / "latex_formulas"
SIZES = (2, 3, 4, 5, 6, 7)


@dataclass
class Formula:
    """One entry of a data file."""

    id: str
    source: str = ""
    given: str = ""
    latex: str = ""
    reads: list = field(default_factory=list)
    refused: list = field(default_factory=list)


def formulas(file):
    """The entries of a data file."""
    found = []
    for block in (DATA / file).read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("# ")]
        if not lines:
            continue
        entry = Formula(lines[0].strip("[]"))
        for line in lines[1:]:
            key, _, text = line.partition(": ")
            if key in {"reads", "refused"}:
                getattr(entry, key).append(text)
            else:
                setattr(entry, key, (getattr(entry, key) + "\n" + text).strip("\n"))
        found.append(entry)
    return found


class Numbers:
    """Random values for a sheet, and the values of formulas about it."""

    def __init__(self, given, equal=False):
        self.problem = read(given + ("" if "=" in given else "\nnothing = 0"))
        self.rng = np.random.default_rng(7)
        self.sizes = {}
        self.equal = equal
        self.vars, self.env = {}, {}
        for name, variable in self.problem.declared.items():
            self.add(name, self.random(variable.shape, variable.properties), variable.shape)
        for name, e in self.problem.definitions.items():
            self.add(name, self.run(e), e.shape)
            self.add(self.problem.upstream.get(name) or self.problem.gradient_name(name), self.random(e.shape), e.shape)
        for name, variable in self.problem.declared.items():
            self.add(self.problem.gradient_name(name), self.random(variable.shape), variable.shape)

    def add(self, name, array, shape):
        if name not in self.env:
            self.env[name], self.vars[name] = array, Var(name, shape)

    def concrete(self, shape):
        for name in (n for d in shape for n in names(d)):
            self.sizes.setdefault(name, 3 if self.equal else SIZES[len(self.sizes) % len(SIZES)])
        return tuple(value(d, self.sizes) for d in shape)

    def random(self, shape, properties=frozenset()):
        array = self.rng.uniform(0.3, 1.7, self.concrete(shape))
        if properties & {"symmetric", "posdef"}:
            array = array + array.T + 4 * np.eye(len(array)) * ("posdef" in properties)
        return array

    def run(self, e):
        inputs = tuple((n, v.shape) for n, v in self.vars.items())
        program = Program(inputs, (), (), (("value", e, False),), None, (), "jacobian", "value")
        scope = {}
        exec(generate(program, "numpy"), scope)  # noqa: S102 - our own generated code
        code = scope["jacobian"].__code__
        given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return scope["jacobian"](**{n: self.env[n] if n in self.env else self.sizes[n] for n in given if n in self.env or n in self.sizes})

    def build(self, node, text):
        known = [*self.problem.sizes]
        e = Builder(Scope(self.vars, known, functions=self.problem.functions, source=text)).build(node)
        self.concrete(e.shape)
        return e


def sides(line):
    """The kind and name of a statement, and its formulas."""
    (statement,) = split(line)
    if isinstance(statement, Equality):
        return "equality", [statement.left, statement.right]
    target = statement.target
    if isinstance(target, GradTarget):
        return (target.wrt, target.wrt2, target.order), list(statement.values)
    return target.name, list(statement.values)


def differs(numbers, got, wanted):
    """What is different between a line that was read and the line that should have been, or ""."""
    (kind, found), (right, formulas) = sides(got), sides(wanted)
    if kind != right or len(found) != len(formulas):
        return f"{got} is no {wanted}"
    for a, b in zip(found, formulas, strict=True):
        try:
            e, w = numbers.build(a, got), numbers.build(b, wanted)
        except ShapecalcError as error:
            if got == wanted:
                continue
            return f"{got}: {error}"
        x, y = numbers.run(e), numbers.run(w)
        shapes = [s[next((k for k, d in enumerate(s) if d != 1), len(s)) :] for s in (np.shape(x), np.shape(y))]
        if shapes[0] != shapes[1] or not np.allclose(np.reshape(x, np.shape(y)), y, equal_nan=True):
            return f"{got} is not {wanted}"
        if isinstance(kind, str) and kind != "equality":
            numbers.add(kind, x, e.shape)
    return ""


def verdict(entry, equal=False):
    """right, refused, unread (neither as expected), or misread, with the reason."""
    reading = read_latex(entry.latex, entry.given)
    given = [line for line in read_latex("", entry.given).source.splitlines() if line]
    lines = [line for line in reading.source.splitlines() if line and line not in given]
    for problem in reading.problems:
        assert problem.span is not None, problem
        assert problem.source is not None, problem
    if sorted(map(str, (sides(line)[0] for line in lines))) != sorted(map(str, (sides(line)[0] for line in entry.reads))):
        missing = len(lines) < len(entry.reads)
        return "unread" if missing else "misread", f"{lines} for {entry.reads}; {[str(p) for p in reading.problems]}"
    numbers = Numbers(entry.given, equal)
    waiting = list(entry.reads)
    for line in lines:
        wanted = next(w for w in waiting if str(sides(w)[0]) == str(sides(line)[0]))
        waiting.remove(wanted)
        why = differs(numbers, line, wanted)
        if why:
            return "misread", why
    if bool(reading.problems) != bool(entry.refused):
        return "unread", str([str(p) for p in reading.problems])
    return "right" if entry.reads else "refused", ""


PUBLISHED = [entry for file in ("published.txt", "further.txt", "books.txt") for entry in formulas(file)]


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda e: e.id)
def test_published_formulas_are_read_right_or_refused(entry):
    outcome, why = verdict(entry)
    assert outcome == ("right" if entry.reads else "refused"), why
