"""The lines of a function: only what its results need, sizes first, a shape beside every line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .. import notation
from ..derivation import Program
from ..expr import Apply, Expr, Lit, nodes, variables
from ..shapes import Shape, names, show
from .names import python_names
from .sizes import chosen, reading
from .writer import Target, Writer

RESERVED = frozenset({"float", "int", "tuple", "max", "range", "len", "values", "unused", "np", "math", "torch", "jax", "jnp", "F", "ctx",
                      "forward", "gradients", "jacobian", "hessian", "residuals"})  # fmt: skip


@dataclass(slots=True)
class Code:
    """What several functions of one file share: the Python names, and the helpers in use so far."""

    program: Program
    target: Target
    spelled: Mapping[str, str]
    helpers: dict[str, None] = field(default_factory=dict)

    def writer(self, like: str = "") -> Writer:
        """A writer of its own for each function."""
        return Writer(self.target, self.spelled, like)


def code_for(program: Program, target: Target) -> Code:
    """The names of a program as Python names."""
    everything = [n for n, _ in program.inputs] + [n for n, _ in program.forward] + [n for n, _ in program.backward]
    for e in expressions(program):
        for node in nodes(e):
            everything += [n for d in node.shape for n in names(d)] + (list(names(node.value)) if isinstance(node, Lit) and isinstance(node.value, str) else [])
    everything += [n for _, shape in program.inputs for d in shape for n in names(d)]
    return Code(program, target, python_names(everything, RESERVED | set(target.helpers)))


def expressions(program: Program) -> list[Expr]:
    """Every formula of a program."""
    return [e for _, e in (*program.forward, *program.backward)] + [e for _, e, _ in program.outputs]


def needed(goals: Iterable[Expr], steps: Iterable[tuple[str, Expr]]) -> list[tuple[str, Expr]]:
    """The steps that the goals depend on, in order."""
    used = {name for e in goals for name in variables(e)}
    out = []
    for name, e in reversed(list(steps)):
        if name in used and not is_itself(name, e):
            out.append((name, e))
            used |= set(variables(e))
    return out[::-1]


def is_itself(name: str, e: Expr) -> bool:
    """Whether a step says no more than its name: an incoming gradient."""
    return not isinstance(e, Apply | Lit) and e.name == name


def statement(writer: Writer, name: str, e: Expr) -> str:
    """One line of the computation."""
    text = writer.text(e)
    if text.startswith(f"{writer.target.module}.broadcast_to("):
        text += ".copy()" if writer.target.name == "numpy" else ""
    return f"{writer.names[name]} = {text}  # {show(e.shape)}"


@dataclass(slots=True)
class Body:
    """The arguments of a function and its lines; ``sizes`` are those that no array tells, so that they are arguments too."""

    given: list[tuple[str, Shape]]
    lines: list[str]
    sizes: tuple[str, ...]


def body(code: Code, writer: Writer, goals: Iterable[Expr], steps: Iterable[tuple[str, Expr]], results: Iterable[str] = ()) -> Body:
    """Conversion, sizes and computation, up to the results."""
    program, wanted_goals = code.program, list(goals)
    work = needed(wanted_goals, steps)
    lines = [statement(writer, name, e) for name, e in work]
    used = {n for e in (*wanted_goals, *(e for _, e in work)) for n in variables(e)} - {n for n, _ in work}
    own = [(n, s) for n, s in program.inputs if n in used]
    given = chosen(own, [g for g in program.inputs if g not in own], writer.sizes)
    given.sort(key=program.inputs.index)
    read = reading(given, code.spelled, writer.sizes)
    code.helpers.update(writer.helpers)
    del results
    return Body(given, [*read.lines, *lines], read.missing)


def signature(code: Code, made: Body) -> tuple[str, list[str]]:
    """The parameters, and the lines for names that cannot be parameters because Python reads them otherwise."""
    plain = [code.spelled[n] for n, _ in made.given if code.spelled[n] == n] + [code.spelled[n] for n in made.sizes if code.spelled[n] == n]
    strange = [n for n, _ in made.given if code.spelled[n] != n] + [n for n in made.sizes if code.spelled[n] != n]
    rest = "**values" if strange else "**unused"
    return (f"*, {', '.join(plain)}, {rest}" if plain else rest), [f'{code.spelled[n]} = values["{n}"]' for n in strange]


def formulas(program: Program) -> tuple[str, ...]:
    """The formulas of the docstring."""
    if program.docs:
        return program.docs
    steps = [*program.forward, *((n, e) for n, e in program.backward if not is_itself(n, e))]
    return tuple(f"{name} = {notation.text(e)}" for name, e in steps)
