"""A derivation as a function with its own gradient: `torch.autograd.Function`, `jax.custom_vjp`."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.derivation import Program
from shapecalc.expr import Var

from .for_jax import JAX
from .for_torch import TORCH
from .functions import INDENT, Code, Function, code_for, converted, defined, docstring, forward, function, functions, module, title
from .sizes import Given

SCALE = ""  # the name of the gradient that comes into a scalar loss: no name of a problem is empty


@dataclass(slots=True)
class Pair:
    """A function and its reverse.

    ``arguments``: what the function is of; ``roots``: the definitions that it gives; ``incoming``: their gradients, as the reverse gets
    them; ``saved``: what else the reverse is given; ``there`` and ``back``: the lines.
    """

    arguments: list[Given]
    roots: list[Given]
    incoming: list[Given]
    saved: list[Given]
    there: Function
    back: Function


def pair(code: Code) -> Pair | None:
    """The two functions; None where a size is told by no array, so that it would have to be an argument as well, and for a definition's gradient."""
    program, definitions = code.program, dict(code.program.forward)
    named = [d for _, d in program.incoming] if program.loss is None else [program.loss]
    roots = [(n, definitions[n].shape) for n in named]
    if not roots or any(n not in dict(program.inputs) for n, _, _ in program.outputs):
        return None
    shapes = dict(program.inputs)
    incoming = [(g, shapes[g]) for g, _ in program.incoming] if program.loss is None else [(SCALE, roots[0][1])]
    wanted = {n: (e, False) for n, e, _ in program.outputs}
    back = function(code, wanted, program.backward, always=incoming, checks=False)
    saved = sorted(back.given[len(incoming):], key=list(code.shapes.items()).index)
    # a definition that is saved has to be computed on the way there
    goals = {n: (Var(n, s), False) for n, s in (*roots, *saved) if n in definitions}
    used = [*function(code, goals, program.forward).given, *saved]
    arguments = [g for g in program.inputs if g not in incoming and (g in used or g[0] in wanted)]
    there = function(code, goals, program.forward, always=arguments)
    return None if there.sizes or back.sizes else Pair(there.given, roots, incoming, saved, there, back)


def names(code: Code, given: list[Given]) -> list[str]:
    """Python names."""
    return [code.spelled[n] for n, _ in given]


def tuple_text(parts: list[str]) -> str:
    """A tuple, or what stands alone."""
    return f"({', '.join(parts)})" if len(parts) != 1 else parts[0]


def reverse_results(code: Code, p: Pair) -> str:
    """What the reverse gives for each argument: None where its gradient was not asked for."""
    results = {n: r for (n, _, _), r in zip(code.program.outputs, p.back.results, strict=True)}
    scale = "upstream * " if code.program.loss is not None else ""
    return ", ".join(f"{scale}{results[n]}" if n in results else "None" for n, _ in p.arguments)


def scaled(code: Code, p: Pair) -> list[str]:
    """The incoming gradient of a loss of shape (1, 1), say, as a scalar."""
    return ["upstream = upstream.reshape(())"] if code.program.loss is not None and p.roots[0][1] else []


def checked(code: Code, p: Pair) -> list[str]:
    """Checks that each incoming gradient has the shape of what it is the gradient of."""
    if code.program.loss is not None:
        return []
    lines = []
    for (g, shape), (d, _) in zip(p.incoming, p.roots, strict=True):
        own, of = code.spelled[g], code.target.shape.format(code.spelled[d])
        words = f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
        lines.append(f'assert {own}.shape == {of}, f"{g} must have shape {words} = {{{of}}}, not {{{code.target.shape.format(own)}}}"')
    return lines


def wrapper(code: Code, p: Pair, lines: list[str], arrays: list[str]) -> str:
    """`gradients(**values)` in terms of the pair."""
    program = code.program
    incoming = p.incoming if program.loss is None else []
    made = Function([*p.arguments, *incoming], [], [], [], ())
    plain = [n for n, _ in made.given if code.spelled[n] == n]
    strange = [n for n, _ in made.given if code.spelled[n] != n]
    head = f"def gradients({'*, ' if plain else ''}{', '.join([*plain, '**values' if strange else '**unused'])}):"
    position = {n: k for k, (n, _) in enumerate(p.arguments)} if code.target is JAX else {n: k for k, (n, _, _) in enumerate(program.outputs)}
    turned = ", ".join(f'"{n}": found[{position[n]}]{".T" if turn else ""}' for n, _, turn in program.outputs)
    doc = docstring(f"{title(program)}, by name.", made.given, ())
    return defined(head, doc, [*(f'{code.spelled[n]} = values["{n}"]' for n in strange), *arrays, *lines, f"return {{{turned}}}"])


def torch_module(program: Program) -> str:
    """A file with a `torch.autograd.Function` called Value."""
    code = code_for(program, TORCH)
    code.spelled = {**code.spelled, SCALE: "upstream"}
    p = pair(code) if program.function == "gradients" else None
    if p is None:
        return module(code, functions(code))
    saved, roots = names(code, p.saved), names(code, p.roots)
    there = [*p.there.lines, *([f"ctx.save_for_backward({', '.join(saved)})"] if saved else []), f"return {', '.join(roots)}"]
    back = [*([f"{', '.join(saved)}{',' * (len(saved) == 1)} = ctx.saved_tensors"] if saved else []), *scaled(code, p), *p.back.lines,
            f"return {reverse_results(code, p)}"]
    methods = [
        defined(f"def forward(ctx, {', '.join(names(code, p.arguments))}):", docstring(f"{', '.join(roots)}.", p.arguments, p.there.formulas), there),
        defined(f"def backward(ctx, {', '.join(names(code, p.incoming))}):", docstring(f"{title(program)}.", [], p.back.formulas), back),
    ]
    decorators = ["@staticmethod", "@staticmethod\n@torch.autograd.function.once_differentiable"]
    text = "\n".join(f"{d}\n{m}" for d, m in zip(decorators, methods, strict=True))
    inside = "\n".join(f"{INDENT}{line}" if line else "" for line in text.rstrip("\n").split("\n"))
    cls = f'class Value(torch.autograd.Function):\n{INDENT}"""{", ".join(roots)}, with the gradient written out: Value.apply({", ".join(names(code, p.arguments))})."""\n\n{inside}\n'
    return module(code, [cls, forward(code), torch_wrapper(code, p)])


def torch_wrapper(code: Code, p: Pair) -> str:
    """`gradients`, by way of autograd."""
    wanted = {n for n, _, _ in code.program.outputs}
    arrays = [line + ".detach().requires_grad_()" * (n in wanted) for (n, _), line in zip(p.arguments, converted(code, p.arguments), strict=True)]
    if code.program.loss is None:
        arrays += converted(code, p.incoming)
    roots = names(code, p.roots)
    by = ", ".join(code.spelled[n] for n, _, _ in code.program.outputs) + "," * (len(wanted) == 1)
    given = f", {tuple_text(names(code, p.incoming))}" if code.program.loss is None else ""
    lines = [f"{', '.join(roots)} = Value.apply({', '.join(names(code, p.arguments))})", *checked(code, p),
             f"found = torch.autograd.grad({tuple_text(roots)}, ({by}){given})"]
    return wrapper(code, p, lines, arrays)


def jax_module(program: Program) -> str:
    """A file with a `jax.custom_vjp` called value."""
    code = code_for(program, JAX)
    code.spelled = {**code.spelled, SCALE: "upstream"}
    p = pair(code) if program.function == "gradients" else None
    if p is None:
        return module(code, functions(code))
    saved, roots, arguments = names(code, p.saved), names(code, p.roots), ", ".join(names(code, p.arguments))
    residuals = f"({', '.join(saved)}{',' * (len(saved) == 1)})"
    value = "@jax.custom_vjp\n" + defined(f"def value({arguments}):", docstring(f"{', '.join(roots)}, with the gradient written out.", p.arguments, ()),
                                          [f"return value_forward({arguments})[0]"])
    there = defined(f"def value_forward({arguments}):", docstring("The value, and what its gradient needs.", [], p.there.formulas),
                    [*p.there.lines, f"return {tuple_text(roots)}, {residuals}"])
    incoming = names(code, p.incoming)
    unpack = [f"{', '.join(incoming)} = upstream"] if len(incoming) > 1 else []
    read = [f"{', '.join(saved)}{',' * (len(saved) == 1)} = residuals"] if saved else []
    back = defined(f"def value_backward(residuals, {incoming[0] if len(incoming) == 1 else 'upstream'}):",
                   docstring(f"{title(program)}.", [], p.back.formulas),
                   [*read, *unpack, *scaled(code, p), *p.back.lines, f"return ({reverse_results(code, p)},)"])
    return module(code, [value, there, back, "value.defvjp(value_forward, value_backward)\n", forward(code), jax_wrapper(code, p)])


def jax_wrapper(code: Code, p: Pair) -> str:
    """`gradients`, by way of the vector-Jacobian product."""
    roots = names(code, p.roots)
    seed = tuple_text(names(code, p.incoming)) if code.program.loss is None else f"jnp.ones_like({roots[0]})"
    lines = [f"{tuple_text(roots)}, back = jax.vjp(value, {', '.join(names(code, p.arguments))})", *checked(code, p), f"found = back({seed})"]
    return wrapper(code, p, lines, [*converted(code, p.arguments), *(converted(code, p.incoming) if code.program.loss is None else [])])
