"""The lines of a function: only what its results need, sizes first, a shape beside every line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from shapecalc import notation
from shapecalc.derivation import Program
from shapecalc.expr import Apply, Expr, Lit, Var, nodes, variables
from shapecalc.shapes import Shape, names, show

from .names import python_names
from .sizes import Given, chosen, reading
from .writer import Target, Writer

INDENT = "    "
LIKE = "\0"  # stands for an array of the function, until it is known which there are
RESERVED = frozenset({
    "abs", "back", "ctx", "dict", "float", "forward", "found", "gradients", "hessian", "int", "jacobian", "jax", "jnp", "map", "math", "np",
    "range", "residuals", "torch", "tuple", "unused", "upstream", "Value", "value", "value_backward", "value_forward", "values", "zip",
})  # fmt: skip
Steps = Iterable[tuple[str, Expr]]
Goals = Mapping[str, tuple[Expr, bool]]  # formulas, each with whether it is transposed


@dataclass(slots=True)
class Code:
    """What the functions of one file share: the Python names, and so far the helpers in use and the sizes that no array tells."""

    program: Program
    target: Target
    spelled: Mapping[str, str]
    shapes: Mapping[str, Shape]
    helpers: dict[str, None] = field(default_factory=dict)
    loose: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Function:
    """A function in the making: the arrays it is given, its lines, and what they say in the language.

    ``sizes`` are those that no array tells, so that they are arguments too.
    """

    given: list[Given]
    lines: list[str]
    formulas: list[str]
    results: list[str]
    sizes: tuple[str, ...]


def code_for(program: Program, target: Target) -> Code:
    """The names of a program as Python names."""
    shapes = {**dict(program.inputs), **{n: e.shape for n, e in (*program.forward, *program.backward)}}
    sizes = {n: None for shape in shapes.values() for d in shape for n in names(d)}
    for e in [e for _, e in (*program.forward, *program.backward)] + [e for _, e, _ in program.outputs]:
        for node in nodes(e):
            number = [node.value] if isinstance(node, Lit) and isinstance(node.value, str) else []
            sizes.update({n: None for d in (*node.shape, *number) for n in names(d)})
    return Code(program, target, python_names([*shapes, *sizes], RESERVED | set(target.helpers)), shapes)


def needed(goals: Iterable[Expr], steps: Steps) -> list[tuple[str, Expr]]:
    """The steps that the goals depend on, in order; one that says no more than its own name is none."""
    used = {name for e in goals for name in variables(e)}
    out = []
    for name, e in reversed(list(steps)):
        if name in used and not (isinstance(e, Var) and e.name == name):
            out.append((name, e))
            used |= set(variables(e))
    return out[::-1]


def function(code: Code, goals: Goals, steps: Steps, always: Iterable[Given] = (), checks: bool = True) -> Function:
    """The lines from the arrays to the goals; ``always``: what the function is given even if it is not needed."""
    writer = Writer(code.target, code.spelled, LIKE)
    work = needed((e for e, _ in goals.values()), steps)
    lines = [statement(writer, name, e) for name, e in work]
    results = [writer.text(e, turned) for e, turned in goals.values()]
    made = {n for n, _ in work}
    used = {n: None for e in (*(e for e, _ in goals.values()), *(e for _, e in work)) for n in variables(e) if n not in made}
    given = [*always, *((n, code.shapes[n]) for n in used if n not in dict(always))]
    if not given and LIKE in "".join(lines + results):
        given = list(code.program.inputs[:1])
    given = chosen(given, [g for g in code.program.inputs if g not in given], writer.sizes)
    if not always:
        given.sort(key=code.program.inputs.index)
    read = reading(given, code.spelled, writer.sizes, code.target.shape if checks else "")
    code.helpers.update(writer.helpers)
    code.loose.update(dict.fromkeys(read.missing))
    like = code.spelled[given[0][0]] if given else ""
    formulas = [f"{n} = {notation.text(e)}" for n, e in work]
    lines = [line.replace(LIKE, like) for line in (*read.lines, *lines)]
    return Function(given, lines, formulas, [r.replace(LIKE, like) for r in results], read.missing)


def statement(writer: Writer, name: str, e: Expr) -> str:
    """One line of the computation."""
    text = writer.text(e)
    if writer.target.name == "numpy" and isinstance(e, Apply) and e.name == "broadcast_to":
        text += ".copy()"  # NumPy's is read-only
    return f"{writer.names[name]} = {text}  # {show(e.shape)}"


def parameters(code: Code, made: Function) -> tuple[str, list[str]]:
    """The keyword parameters, and the lines for names that cannot be parameters because Python reads them otherwise."""
    wanted = [*(n for n, _ in made.given), *made.sizes]
    plain = [n for n in wanted if code.spelled[n] == n]
    strange = [n for n in wanted if code.spelled[n] != n]
    rest = "**values" if strange else "**unused"
    return (f"*, {', '.join(plain)}, {rest}" if plain else rest), [f"{code.spelled[n]} = {_taken(n)}" for n in strange]


def _taken(name: str) -> str:
    """A value by its own name; where Python writes ε for ϵ, gradients(ϵ=...) arrives as ε."""
    own, read = f'values["{name}"]', normalize("NFKC", name)
    return own if read == name else f'{own} if "{name}" in values else values["{read}"]'


def keyword_function(code: Code, name: str, made: Function, summary: str, result: str) -> str:
    """A function of arrays by name."""
    signature, lines = parameters(code, made)
    lines += [*converted(code, made.given), *made.lines, result]
    return defined(f"def {name}({signature}):", docstring(summary, made.given, made.formulas), lines)


def converted(code: Code, given: Iterable[Given]) -> list[str]:
    """The arguments as arrays of floating-point numbers."""
    return [f"{code.spelled[n]} = {code.target.array.format(code.spelled[n])}" for n, _ in given]


def defined(head: str, doc: list[str], lines: list[str]) -> str:
    """The text of a function."""
    return "\n".join([head, *(f"{INDENT}{line}" if line else "" for line in (*doc, *lines))]) + "\n"


def docstring(summary: str, given: Iterable[Given], formulas: Iterable[str]) -> list[str]:
    """A docstring: what it is, the shapes of the arguments, the formulas in the language."""
    shapes, lines = [f"{n}: {show(s)}" for n, s in given], list(formulas)
    more = [*(["", *shapes] if shapes else []), *(["", *(INDENT + line for line in lines)] if lines else [])]
    return [f'"""{summary}', *more, '"""'] if more else [f'"""{summary}"""']


def forward(code: Code) -> str:
    """The function that computes every definition."""
    steps = code.program.forward
    made = function(code, {n: (Var(n, e.shape), False) for n, e in steps}, steps)
    results = ", ".join(f'"{n}": {code.spelled[n]}' for n, _ in steps)
    return keyword_function(code, "forward", made, "The value of every definition, by name.", f"return {{{results}}}")


def derivative(code: Code) -> str:
    """The function that gives the gradients, the Jacobian or the Hessian."""
    program = code.program
    made = function(code, {n: (e, turned) for n, e, turned in program.outputs}, (*program.forward, *program.backward))
    if program.function != "gradients":
        made.formulas += [f for f in program.docs if f not in made.formulas]
        return keyword_function(code, program.function, made, f"{title(program)}, as one array.", f"return {made.results[0]}")
    pairs = ", ".join(f'"{n}": {r}' for (n, _, _), r in zip(program.outputs, made.results, strict=True))
    return keyword_function(code, "gradients", made, by_name(program), f"return {{{pairs}}}")


def by_name(program: Program) -> str:
    """The first line of the docstring of `gradients`."""
    turned = any(turn for _, _, turn in program.outputs)
    return f"{title(program)}, by name{' (numerator layout: matrices are transposed at the end)' if turned else ''}."


def title(program: Program) -> str:
    """What is computed."""
    wrt = ", ".join(n for n, _, _ in program.outputs)
    of = program.of or program.loss or "the loss"
    return {"gradients": f"The gradient of {program.loss or 'the loss'} by {wrt}", "jacobian": f"The Jacobian of {of} by {wrt}"}.get(
        program.function, f"The Hessian of {of} by {wrt}")


def module(code: Code, functions: Iterable[str]) -> str:
    """A whole file."""
    target = code.target
    parts = [*(target.helpers[h] for h in code.helpers), *functions]
    imports = [*(["import math", ""] if re.search(r"\bmath\.", "".join(parts)) else []), *target.imports]
    head = f'"""{title(code.program)}. Written by shapecalc."""\n\n' + "\n".join(imports) + "\n"
    return "\n\n".join((head, *parts))


def plain(program: Program, target: Target) -> str:
    """A module of plain functions of arrays."""
    code = code_for(program, target)
    return module(code, functions(code))


def functions(code: Code) -> list[str]:
    """The value and the derivative, as far as there is something to compute."""
    return [*([forward(code)] if code.program.forward else []), *([derivative(code)] if code.program.outputs else [])]
