"""The independent witness: derivatives as difference quotients of the program itself, without any rule of differentiation.

Modulo p**2 a step of size p gives the derivative exactly: f(x + p v) - f(x) = p f'(x) v, all further terms being multiples of p**2;
modulo p**3 the mixed second difference gives the second derivative in the same way (any rational f without a pole at x). Over the
reals the quotients are central, with 60 digits and steps so small that 40 (of the second: 30) digits of the result are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shapecalc.calculus.gradients import Backward
from shapecalc.evaluate import Frame
from shapecalc.expr import variables
from shapecalc.language.problem import Problem
from shapecalc.rings import Field, Modular, Real
from shapecalc.tensor import Tensor

from .tape import Cells, Line, Tape

STEP, SECOND_STEP = Decimal("1e-20"), Decimal("1e-15")
Values = Mapping[str, Tensor]


def incoming(problem: Problem) -> dict[str, str]:
    """The definitions that have a gradient given from outside, and what it is called; none where there is a scalar loss."""
    if problem.loss is not None or problem.last is None:
        return {}
    names = [n for n in problem.definitions if n == problem.last or n in problem.upstream]
    return {n: problem.upstream.get(n) or problem.gradient_name(n) for n in names}


class Program:
    """The definitions of a problem and, after them, the gradients that were derived; and which definitions a value depends on."""

    def __init__(self, problem: Problem, backward: Backward | None = None) -> None:
        self.problem = problem
        self.backward = backward
        self.tape = Tape()
        for name, body in problem.definitions.items():
            self.tape.add(name, body)
        self._parts: dict[str | None, Tape] = {}
        count = len(self.tape.lines)
        if backward is not None:
            for name in backward.order:
                self.tape.add(backward.flows[name].symbol.name, backward.formula(name))
        self.forward, self.gradients = self.tape.lines[:count], self.tape.lines[count:]
        inner = {place for place, _, _ in self.tape.parts[: self.forward[-1].parts.stop if self.forward else 0]}
        self.shared = {line.body for line in self.forward} | (inner & self.tape.used(self.gradients))
        """What the gradients, and claims, may want of the run of the program."""

    def part(self, of: str | None) -> tuple[Tape, Sequence[Line]]:
        """The definitions that one of them depends on, itself included; None: that the loss, or the incoming gradients, depend on."""
        if of not in self._parts:
            ends = {of} if of is not None else {self.problem.loss} if self.problem.loss is not None else set(incoming(self.problem))
            asked = {n for n in ends if n is not None}
            for name in reversed(self.problem.definitions):
                if name in asked:
                    asked.update(variables(self.problem.definitions[name]))
            self._parts[of] = self._only(asked)
        tape = self._parts[of]
        return tape, self.forward if tape is self.tape else tape.lines

    def _only(self, asked: set[str]) -> Tape:
        if asked.issuperset(self.problem.definitions):
            return self.tape
        out = Tape()  # of its own: what two definitions share is computed in the first of them, which may be left out
        for name, body in self.problem.definitions.items():
            if name in asked:
                out.add(name, body)
        return out


class Witness:
    """Difference quotients of one program at one point."""

    def __init__(self, program: Program, ring: Field, frame: Frame, declared: Values, given: Values) -> None:
        self.program = program
        self.ring = ring
        self.frame = frame
        self.declared = declared
        self.given = given
        self._bases: dict[int, Cells] = {}

    def base(self, ring: Field) -> Cells:
        """The values of all definitions, nothing being moved."""
        key = ring.exponent if isinstance(ring, Modular) else 0
        if key not in self._bases:
            tape = self.program.tape
            cells = tape.cells({**self.declared, **self.given})
            tape.run(ring, self.frame, cells, self.program.forward)
            self._bases[key] = cells
        return self._bases[key]

    def outcome(self, ring: Field, tape: Tape, cells: Cells, of: str | None) -> list[Any]:
        """The entries of what is differentiated: of the loss, or of <dZ, Z> for the incoming gradients, whose derivative they are."""
        name = self.program.problem.loss if of is None else of
        if name is not None:
            found: list[Any] = cells[tape.names[name]]
            return found
        parts = incoming(self.program.problem).items()
        return [ring.total([ring.inner(self.given[symbol].data, cells[tape.names[name]]) for name, symbol in parts])]

    def moved(self, ring: Field, directions: Sequence[tuple[Any, Values]], of: str | None) -> list[Any]:
        """What becomes of it when the names are moved by steps along the directions."""
        shifts: dict[str, list[tuple[Any, list[Any]]]] = {}
        for step, direction in directions:
            for name, v in direction.items():
                shifts.setdefault(name, []).append((step, v.data))
        tape, lines = self.program.part(of)
        cells = tape.cells({**self.given, **self.declared}, ring, shifts)
        tape.run(ring, self.frame, cells, lines, shifts)
        return self.outcome(ring, tape, cells, of)

    def still(self, ring: Field, of: str | None) -> list[Any]:
        """The same where nothing is moved."""
        return self.outcome(ring, self.program.tape, self.base(ring), of)

    def slope(self, direction: Values, of: str | None = None) -> list[Any]:
        """The derivative along a direction: of the end, or entry by entry of a definition."""
        if isinstance(self.ring, Modular):
            wide, p = self.ring.raised(2), self.ring.prime
            here, there = self.still(wide, of), self.moved(wide, [(p, direction)], of)
            return [_divided(a - b, wide.modulus, p) for a, b in zip(there, here, strict=True)]
        ring = self.ring
        there, back = (self.moved(ring, [(step, direction)], of) for step in (STEP, -STEP))
        scale = Real.context.divide(Decimal("0.5"), STEP)
        return ring.scaled(ring.combined((there, back), (1, -1)), scale)

    def curvature(self, first: Values, second: Values, of: str | None = None) -> list[Any]:
        """The mixed second derivative along two directions."""
        if isinstance(self.ring, Modular):
            wide, p = self.ring.raised(3), self.ring.prime
            corners = [self.still(wide, of)]
            corners += [self.moved(wide, along, of) for along in ([(p, first)], [(p, second)], [(p, first), (p, second)])]
            return [_divided(a - b - c + d, wide.modulus, p * p) for a, b, c, d in zip(*corners, strict=True)]
        h, ring = SECOND_STEP, self.ring
        corners = [self.moved(ring, [(s * h, first), (t * h, second)], of) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        scale = Real.context.divide(Decimal("0.25"), h * h)
        return ring.scaled(ring.combined(corners, (1, -1, -1, 1)), scale)


def _divided(difference: int, modulus: int, step: int) -> int:
    """A difference that is a multiple of the step, divided by it."""
    quotient, rest = divmod(difference % modulus, step)
    if rest:
        raise ArithmeticError("the difference is no multiple of the step: the program is not smooth there")
    return quotient
