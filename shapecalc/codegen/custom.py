"""A derivation as a function with a gradient of its own: `torch.autograd.Function`, `jax.custom_vjp`."""

from __future__ import annotations

from dataclasses import dataclass

from shapecalc.derivation import Program
from shapecalc.expr import Var
from shapecalc.shapes import show

from .for_jax import JAX
from .for_torch import TORCH
from .functions import (
    INDENT,
    Code,
    Function,
    by_name,
    code_for,
    converted,
    defined,
    docstring,
    forward,
    function,
    functions,
    module,
    parameters,
    title,
)
from .sizes import Given
from .writer import Target

SCALE = ""  # the name of the gradient that comes into a scalar loss: no name of a problem is empty


@dataclass(slots=True)
class Pair:
    """A function and its reverse.

    ``arguments``: what the function is of; ``roots``: the definitions that it gives; ``incoming``: their gradients, as the reverse gets
    them; ``saved``: what else the reverse is given; ``there`` and ``back``: the lines.
    """

    code: Code
    arguments: list[Given]
    roots: list[Given]
    incoming: list[Given]
    saved: list[Given]
    there: Function
    back: Function

    @property
    def scalar(self) -> bool:
        """Whether the function is a scalar loss, and not values with an arbitrary loss behind them."""
        return self.code.program.loss is not None

    def names(self, given: list[Given]) -> list[str]:
        """Python names."""
        return [self.code.spelled[n] for n, _ in given]

    @property
    def call(self) -> str:
        """The arguments as they are passed."""
        return ", ".join(self.names(self.arguments))

    def results(self) -> str:
        """What the reverse gives for each argument: None where its gradient was not asked for."""
        found = {n: r for (n, _, _), r in zip(self.code.program.outputs, self.back.results, strict=True)}
        if self.scalar:
            found = {n: f"upstream * {r if r.isidentifier() else f'({r})'}" for n, r in found.items()}
        return ", ".join(found.get(n, "None") for n, _ in self.arguments)

    def reverse(self, saved: str) -> list[str]:
        """The lines of the reverse; ``saved`` is where it finds what was kept."""
        kept = [f"{listed(self.names(self.saved))} = {saved}"] if self.saved else []
        # a loss of shape (1, 1) would spread its axes over the gradients
        flat = ["upstream = upstream.reshape(())"] if self.scalar and self.roots[0][1] else []
        return [*kept, *flat, *self.back.lines]


def pair(program: Program, target: Target) -> Pair | None:
    """The two functions of a gradient.

    None where there is none: for a Jacobian, for the gradient by a definition, and where no array tells a size.
    """
    code = code_for(program, target)
    code.spelled = {**code.spelled, SCALE: "upstream"}
    definitions, shapes = dict(program.forward), dict(program.inputs)
    roots = [(n, definitions[n].shape) for n in ([d for _, d in program.incoming] if program.loss is None else [program.loss])]
    if program.function != "gradients" or not roots or any(n not in shapes for n, _, _ in program.outputs):
        return None
    incoming = [(g, shapes[g]) for g, _ in program.incoming] if program.loss is None else [(SCALE, roots[0][1])]
    wanted = {n: (e, False) for n, e, _ in program.outputs}
    back = function(code, wanted, program.backward, always=incoming, checks=False)
    saved = sorted(back.given[len(incoming):], key=list(code.shapes.items()).index)
    # a definition that is kept for the reverse has to be computed on the way there
    goals = {n: (Var(n, s), False) for n, s in (*roots, *saved) if n in definitions}
    used = [*function(code, goals, program.forward).given, *saved]
    arguments = [g for g in program.inputs if g not in incoming and (g in used or g[0] in wanted)]
    there = function(code, goals, program.forward, always=arguments)
    return None if there.sizes or back.sizes else Pair(code, arguments, roots, incoming, saved, there, back)


def listed(parts: list[str]) -> str:
    """Names divided by commas, so that one alone is a tuple too."""
    return ", ".join(parts) + "," * (len(parts) == 1)


def grouped(parts: list[str]) -> str:
    """A tuple, or what stands alone."""
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def wrapper(p: Pair, lines: list[str], arrays: list[str], order: list[str]) -> str:
    """`gradients(**values)` by way of the pair; ``order``: whose gradients are found, in which order."""
    code = p.code
    given = [*p.arguments, *([] if p.scalar else p.incoming)]
    signature, strange = parameters(code, Function(given, [], [], [], ()))
    found = (f'"{n}": found[{order.index(n)}]{".T" if turn else ""}' for n, _, turn in code.program.outputs)
    doc = docstring(by_name(code.program), given, code.program.docs)
    return defined(f"def gradients({signature}):", doc, [*strange, *arrays, *lines, f"return {{{', '.join(found)}}}"])


def checks(p: Pair) -> list[str]:
    """Whether each incoming gradient has the shape of what it is the gradient of."""
    if p.scalar:
        return []
    lines = []
    for (g, shape), (d, _) in zip(p.incoming, p.roots, strict=True):
        own, shown = p.code.spelled[g], p.code.target.shape
        of = shown.format(p.code.spelled[d])
        lines.append(f'assert {shown.format(own)} == {of}, f"{g} must have shape {show(shape)} = {{{of}}}, not {{{shown.format(own)}}}"')
    return lines


def torch_module(program: Program) -> str:
    """A file with a `torch.autograd.Function` called Value."""
    p = pair(program, TORCH)
    if p is None:
        code = code_for(program, TORCH)
        return module(code, functions(code))
    roots, keep = ", ".join(p.names(p.roots)), ", ".join(p.names(p.saved))
    there = [*p.there.lines, *([f"ctx.save_for_backward({keep})"] if keep else []), f"return {roots}"]
    back = [*p.reverse("ctx.saved_tensors"), f"return {p.results()}"]
    head_back = f"def backward(ctx, {', '.join(p.names(p.incoming))}):"
    text = "\n".join([
        f'"""{roots}, with the gradient written out: Value.apply({p.call})."""',
        "",
        "@staticmethod",
        defined(f"def forward(ctx, {p.call}):", docstring(f"The value of {roots}.", p.arguments, p.there.formulas), there),
        "@staticmethod",
        "@torch.autograd.function.once_differentiable",
        defined(head_back, docstring(f"{title(program)}.", [], p.back.formulas), back),
    ])
    inside = "\n".join(INDENT + line if line else "" for line in text.rstrip("\n").split("\n"))
    return module(p.code, [f"class Value(torch.autograd.Function):\n{inside}\n", forward(p.code), torch_wrapper(p)])


def torch_wrapper(p: Pair) -> str:
    """`gradients`, by way of autograd."""
    order = [n for n, _, _ in p.code.program.outputs]
    lines = zip(p.arguments, converted(p.code, p.arguments), strict=True)
    arrays = [line + ".detach().requires_grad_()" * (n in order) for (n, _), line in lines]
    roots, by = p.names(p.roots), listed([p.code.spelled[n] for n in order])
    given = "" if p.scalar else f", {grouped(p.names(p.incoming))}"
    found = f"found = torch.autograd.grad({grouped(roots)}, ({by}){given})"
    steps = [f"{', '.join(roots)} = Value.apply({p.call})", *checks(p), found]
    return wrapper(p, steps, [*arrays, *([] if p.scalar else converted(p.code, p.incoming))], order)


def jax_module(program: Program) -> str:
    """A file with a `jax.custom_vjp` called value."""
    p = pair(program, JAX)
    if p is None:
        code = code_for(program, JAX)
        return module(code, functions(code))
    roots, incoming = p.names(p.roots), p.names(p.incoming)
    about = docstring(f"{', '.join(roots)}, with the gradient written out.", p.arguments, ())
    value = defined(f"@jax.custom_vjp\ndef value({p.call}):", about, [f"return value_forward({p.call})[0]"])
    there = defined(f"def value_forward({p.call}):", docstring("The value, and what its gradient needs.", [], p.there.formulas),
                    [*p.there.lines, f"return {grouped(roots)}, ({listed(p.names(p.saved)) if p.saved else ''})"])
    several = [f"{', '.join(incoming)} = upstream"] if len(incoming) > 1 else []
    head_back = f"def value_backward(residuals, {'upstream' if several else incoming[0]}):"
    back = defined(head_back, docstring(f"{title(program)}.", [], p.back.formulas),
                   [*several, *p.reverse("residuals"), f"return ({p.results()},)"])
    return module(p.code, [value, there, back, "value.defvjp(value_forward, value_backward)\n", forward(p.code), jax_wrapper(p)])


def jax_wrapper(p: Pair) -> str:
    """`gradients`, by way of the vector-Jacobian product."""
    roots = p.names(p.roots)
    seed = f"jnp.ones_like({roots[0]})" if p.scalar else grouped(p.names(p.incoming))
    lines = [f"{grouped(roots)}, back = jax.vjp(value, {p.call})", *checks(p), f"found = back({seed})"]
    arrays = [*converted(p.code, p.arguments), *([] if p.scalar else converted(p.code, p.incoming))]
    return wrapper(p, lines, arrays, [n for n, _ in p.arguments])
