"""The independent witness: derivatives as difference quotients of the program itself, without any rule of differentiation.

Modulo p**2 a step of size p gives the derivative exactly: f(x + p v) - f(x) = p f'(x) v, all further terms being multiples of p**2;
modulo p**3 the mixed second difference gives the second derivative in the same way (any rational f without a pole at x). Over the
reals the quotients are central, with 60 digits and steps so small that 40 (of the second: 30) digits of the result are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shapecalc.calculus.texts import meaning
from shapecalc.evaluate import Frame, evaluate
from shapecalc.expr import Expr, variables
from shapecalc.language.problem import Problem
from shapecalc.rings import Field, Modular, Real
from shapecalc.tensor import Tensor

STEP, SECOND_STEP = Decimal("1e-20"), Decimal("1e-15")
Values = Mapping[str, Tensor]


def incoming(problem: Problem) -> dict[str, str]:
    """The definitions that have a gradient given from outside, and what it is called; none where there is a scalar loss."""
    if problem.loss is not None or problem.last is None:
        return {}
    names = [n for n in problem.definitions if n == problem.last or n in problem.upstream]
    return {n: problem.upstream.get(n) or problem.gradient_name(n) for n in names}


class Program:
    """The definitions of a problem, and which of them a value depends on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._parts: dict[str | None, dict[str, Expr]] = {}

    def part(self, of: str | None) -> Mapping[str, Expr]:
        """The definitions that one of them depends on, itself included; None: that the loss, or the incoming gradients, depend on."""
        if of not in self._parts:
            ends = {of} if of is not None else {self.problem.loss} if self.problem.loss is not None else set(incoming(self.problem))
            asked = {n for n in ends if n is not None}
            for name in reversed(self.problem.definitions):
                if name in asked:
                    asked.update(variables(self.problem.definitions[name]))
            self._parts[of] = {name: body for name, body in self.problem.definitions.items() if name in asked}
        return self._parts[of]


def run(
    definitions: Mapping[str, Expr], ring: Field, frame: Frame, declared: Values, shifts: Values, memo: dict[Expr, Tensor] | None = None
) -> dict[str, Tensor]:
    """The values of all names, definition by definition, each shifted by what `shifts` has for it."""
    env = {name: _shifted(ring, v, shifts.get(name)) for name, v in declared.items()}
    memo = {} if memo is None else memo
    for name, body in definitions.items():
        env[name] = _shifted(ring, evaluate(ring, body, env, frame, meaning, memo), shifts.get(name))
    return env


def _shifted(ring: Field, a: Tensor, by: Tensor | None) -> Tensor:
    return a if by is None else Tensor(a.shape, ring.combined((a.data, by.data), (1, 1)))


def end(problem: Problem, ring: Field, env: Values, given: Values) -> Any:
    """The loss; where there is none, <dZ, Z> for the incoming gradients, whose derivative they are."""
    if problem.loss is not None:
        return env[problem.loss].data[0]
    parts = [ring.dots(given[symbol].data, env[name].data, len(env[name].data))[0] for name, symbol in incoming(problem).items()]
    return ring.total(parts)


class Witness:
    """Difference quotients of one program at one point."""

    def __init__(self, program: Program, ring: Field, frame: Frame, declared: Values, given: Values) -> None:
        self.program = program
        self.ring = ring
        self.frame = frame
        self.declared = declared
        self.given = given
        self._bases: dict[tuple[int, str | None], dict[str, Tensor]] = {}

    def outcome(self, ring: Field, env: Values, of: str | None) -> list[Any]:
        """The entries of what is differentiated."""
        return [end(self.program.problem, ring, env, self.given)] if of is None else env[of].data

    def moved(self, ring: Field, directions: list[tuple[Any, Values]], of: str | None) -> list[Any]:
        """What becomes of it when the names are moved by steps along the directions."""
        shifts: dict[str, Tensor] = {}
        for step, direction in directions:
            for name, v in direction.items():
                part = Tensor(v.shape, ring.dots(v.data, [step] * len(v.data), 1))
                shifts[name] = _shifted(ring, part, shifts.get(name))
        return self.outcome(ring, run(self.program.part(of), ring, self.frame, self.declared, shifts), of)

    def base(self, ring: Modular, of: str | None) -> list[Any]:
        """Where nothing is moved."""
        key = ring.exponent, of
        if key not in self._bases:
            self._bases[key] = run(self.program.part(of), ring, self.frame, self.declared, {})
        return self.outcome(ring, self._bases[key], of)

    def slope(self, direction: Values, of: str | None = None) -> list[Any]:
        """The derivative along a direction: of the end, or entry by entry of a definition."""
        if isinstance(self.ring, Modular):
            wide, p = self.ring.raised(2), self.ring.prime
            there, here = self.moved(wide, [(p, direction)], of), self.base(wide, of)
            return [_divided(a - b, wide.modulus, p) for a, b in zip(there, here, strict=True)]
        ring = self.ring
        there, back = (self.moved(ring, [(step, direction)], of) for step in (STEP, -STEP))
        scale = Real.context.divide(Decimal("0.5"), STEP)
        return ring.dots(ring.combined((there, back), (1, -1)), [scale] * len(there), 1)

    def curvature(self, first: Values, second: Values, of: str | None = None) -> list[Any]:
        """The mixed second derivative along two directions."""
        if isinstance(self.ring, Modular):
            wide, p = self.ring.raised(3), self.ring.prime
            both = self.moved(wide, [(p, first), (p, second)], of)
            one, other = self.moved(wide, [(p, first)], of), self.moved(wide, [(p, second)], of)
            return [_divided(a - b - c + d, wide.modulus, p * p) for a, b, c, d in zip(both, one, other, self.base(wide, of), strict=True)]
        h, ring = SECOND_STEP, self.ring
        corners = [self.moved(ring, [(s * h, first), (t * h, second)], of) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        scale = Real.context.divide(Decimal("0.25"), h * h)
        return ring.dots(ring.combined(corners, (1, -1, -1, 1)), [scale] * len(corners[0]), 1)


def _divided(difference: int, modulus: int, step: int) -> int:
    """A difference that is a multiple of the step, divided by it."""
    quotient, rest = divmod(difference % modulus, step)
    if rest:
        raise ArithmeticError("the difference is no multiple of the step: the program is not smooth there")
    return quotient
