"""Sums of functions of parts of one tensor: their gradients as NumPy runs them, against difference quotients."""

from __future__ import annotations

import random

import numpy as np
import pytest

import shapecalc

TERMS = ("{0}", "{0}**2", "exp({0})", "tanh({0})", "{0}*{1}", "3*{0}", "c*{0}", "sin({0})")
NAMES = {
    **{name: getattr(np, name) for name in ("sum", "exp", "tanh", "sin", "cos", "concatenate", "stack")},
    "zeros": lambda *shape: np.zeros(shape), "ones": lambda *shape: np.ones(shape), "__builtins__": {},
}  # fmt: skip


def part(draw: random.Random, shape: tuple[int, ...]) -> str:
    """x[2], x[1:3, :], x[:, 0]: at each axis an entry, a run, or everything."""
    items = []
    for n in shape:
        start = draw.randrange(n)
        items.append(draw.choice((str(start), f"{start}:{draw.randrange(start + 1, n + 1)}", ":")))
    return f"x[{', '.join(items)}]"


def loss(draw: random.Random, shape: tuple[int, ...]) -> str:
    """A sum of functions of parts, some of them beside one another, some overlapping."""
    made = []
    for _ in range(draw.randrange(1, 5)):
        p = part(draw, shape)
        made.append(f"{draw.choice(('', '2*', '-', 'c*'))}sum({draw.choice(TERMS).format(p, p)})")
    return " + ".join(made)


def slope(loss: str, x: np.ndarray, at: tuple[int, ...], h: float = 1e-6) -> float:
    """The central difference quotient by one entry."""
    there, back = x.copy(), x.copy()
    there[at] += h
    back[at] -= h
    return (eval(loss, {**NAMES, "x": there, "c": 0.7}) - eval(loss, {**NAMES, "x": back, "c": 0.7})) / (2 * h)


@pytest.mark.parametrize("shape", [(2,), (3,), (5,), (2, 3), (4, 2), (3, 3)])
def test_gradients_of_parts_are_right_as_code(shape: tuple[int, ...]):
    draw = random.Random(str(shape))
    values = np.random.default_rng(7).normal(size=shape)
    for _ in range(30):
        made = loss(draw, shape)
        source = f"x: ({', '.join(map(str, shape))},); c: (); L = {made}"
        code = shapecalc.derive(source, wrt="x")["x"].formula
        found = np.asarray(eval(code, {**NAMES, "x": values, "c": 0.7}))
        wanted = np.array([slope(made, values, at) for at in np.ndindex(shape)]).reshape(shape)
        assert found.shape == shape, (source, code)
        assert np.allclose(found, wanted, atol=1e-5), (source, code)
