"""Code as plain functions: forward, and the gradients, the Jacobian or the Hessian."""

from __future__ import annotations

from ..derivation import Program
from ..expr import Expr, Var
from ..shapes import show
from .functions import Body, Code, body, code_for, formulas, signature
from .writer import Target, Writer

INDENT = "    "


def plain(program: Program, target: Target) -> str:
    """A module of functions of arrays."""
    code = code_for(program, target)
    functions = [forward(code), derivative(code)]
    helpers = [target.helpers[h] for h in code.helpers]
    imports = [*(["import math\n"] if any("math." in h for h in helpers) else []), *target.imports]
    return "\n\n".join([f'"""Written by shapecalc: {title(program)}."""\n\n' + "\n".join(imports) + "\n", *helpers, *functions])


def title(program: Program) -> str:
    """What the module computes."""
    names = ", ".join(n for n, _, _ in program.outputs)
    match program.function:
        case "gradients":
            return f"the gradient by {names}"
        case "jacobian":
            return f"the Jacobian of {program.of or 'the result'} by {names}"
        case _:
            return f"the Hessian by {names}"


def forward(code: Code) -> str:
    """The function that computes every definition."""
    program, writer = code.program, code.writer()
    goals: list[Expr] = [Var(n, e.shape) for n, e in program.forward]
    made = body(code, writer, goals, program.forward)
    results = ", ".join(f'"{n}": {code.spelled[n]}' for n, _ in program.forward)
    doc = ["The value of every definition, by name.", "", *shapes(made), *(f"{INDENT}{line}" for line in formulas(Program((), program.forward, (), ())))]
    return function(code, "forward", made, doc, f"return {{{results}}}")


def derivative(code: Code) -> str:
    """The function that gives the derivatives."""
    program, writer = code.program, code.writer()
    texts = {n: writer.text(e, transposed) for n, e, transposed in program.outputs}
    made = body(code, writer, [e for _, e, _ in program.outputs], (*program.forward, *program.backward))
    if program.function == "gradients":
        doc = [f"The gradient of the loss by each of {', '.join(texts)}: a dict by name.", "", *shapes(made)]
        result = f"return {{{', '.join(f'{chr(34)}{n}{chr(34)}: {t}' for n, t in texts.items())}}}"
    else:
        doc = [f"{title(program).capitalize()}, one array.", "", *shapes(made)]
        result = f"return {next(iter(texts.values()))}"
    return function(code, program.function, made, doc + [f"{INDENT}{line}" for line in formulas(program)], result)


def shapes(made: Body) -> list[str]:
    """The arguments with their shapes, for a docstring."""
    return [", ".join(f"{n} {show(s)}" for n, s in made.given) + ":", ""] if made.given else []


def converted(code: Code, made: Body) -> list[str]:
    """The arguments as arrays of floats."""
    return [f"{code.spelled[n]} = np.asarray({code.spelled[n]}, dtype=float)" for n, _ in made.given]


def function(code: Code, name: str, made: Body, doc: list[str], result: str) -> str:
    """The text of a function."""
    parameters, strange = signature(code, made)
    lines = [*strange, *converted(code, made), *made.lines, result]
    quoted = "\n".join(f"{INDENT}{d}" if d else "" for d in doc)
    return f'def {name}({parameters}):\n{INDENT}"""{quoted.strip()}\n{INDENT}"""\n' + "\n".join(INDENT + line for line in lines) + "\n"


__all__ = ["Writer", "plain"]
