"""Problems whose sizes are large numbers, with any sizes in their place: what holds for all sizes holds for these.

X: (64, 784) is judged as X: (n64, n784), at small numbers for both, and a number in a formula as a multiple of sizes where that makes it
simpler: 1/64 is 1/n64. Any such rewriting will do, as long as it is the formula itself again at n64 = 64 and n784 = 784; that the shapes
conform for all sizes is found by making every part anew. So this can confirm. It never refutes: mean(x) is sum(x)/64 at 64 entries only.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

from shapecalc.calculus.flows import Flow
from shapecalc.calculus.gradients import Backward
from shapecalc.errors import Misfit, ShapecalcError
from shapecalc.expr import Expr, Lit, Var, nodes
from shapecalc.forms import apply, apply_op, mul
from shapecalc.language.problem import Problem
from shapecalc.shapes import Dim, Shape, value

from .sizes import LARGEST, WIDE, fixed_entries

SIZES = frozenset({"shape", "items", "n"})  # the parameters of operations that sizes stand in
KEPT = 20_000  # parts of formulas that are remembered


class NoGeneral(ShapecalcError):
    """A formula that means something at these sizes only."""


class General:
    """A problem with names in the place of the numbers that are sizes; ``numbers``: which, by name."""

    def __init__(self, problem: Problem) -> None:
        found = {d for v in problem.declared.values() for d in v.shape if isinstance(d, int) and d > LARGEST}
        if not found:
            raise NoGeneral("no declared size is a large number")
        taken = {*problem.sizes, *problem.declared, *problem.definitions}
        self.numbers: dict[str, int] = {}
        for d in sorted(found):
            name = f"n{d}"
            while name in taken:
                name += "_"
            self.numbers[name] = d
        self.names = {d: name for name, d in self.numbers.items()}
        self.done: dict[Expr, Expr] = {}
        self.problem = replace(
            problem,
            declared={n: Var(n, self.shape(v.shape), v.properties) for n, v in problem.declared.items()},
            sizes=(*problem.sizes, *self.numbers),
            definitions={n: self.formula(e) for n, e in problem.definitions.items()},
            claims=(),
        )

    def shape(self, shape: Shape) -> Shape:
        """A shape in any sizes."""
        return tuple([self.names.get(d, d) if isinstance(d, int) else d for d in shape])

    def formula(self, e: Expr) -> Expr:
        """A formula in any sizes; NoGeneral where its parts do not conform for all of them."""
        if len(self.done) > KEPT:
            self.done.clear()
        for node in nodes(e):
            if node not in self.done:
                try:
                    made = self.made(node)
                    same = self.at_the_numbers(made.shape) == node.shape
                except (Misfit, KeyError):
                    same = False
                if not same:
                    raise NoGeneral("a shape hangs on the numbers")
                self.done[node] = made
        return self.done[e]

    def holds(self, e: Expr) -> bool:
        """Whether a formula has a meaning at any sizes."""
        try:
            self.formula(e)
        except NoGeneral:
            return False
        return True

    def counted(self, e: Lit) -> int:
        """The sizes that a number is made of, as one number: 64*128 for 2/8192; 1 where there are none."""
        return prod([self.numbers.get(n.value, 1) for n in nodes(self.formula(e)) if isinstance(n, Lit) and isinstance(n.value, str)])

    def made(self, node: Expr) -> Expr:
        """One part, its arguments being made."""
        if isinstance(node, Lit):
            return node if isinstance(node.value, str) else self.number(node.value)
        if isinstance(node, Var):
            return Var(node.name, self.shape(node.shape), node.properties)
        params = {k: self.sized(v) if k in SIZES else v for k, v in node.params}
        return apply_op(node.op, tuple([self.done[a] for a in node.args]), params)

    def sized(self, param: Any) -> Any:
        """A parameter that sizes may stand in, in any sizes."""
        return tuple(map(self.sized, param)) if isinstance(param, tuple) else self.names.get(param, param)

    def number(self, given: Fraction) -> Expr:
        """A number as another one times and over sizes, as long as that makes it simpler: 1/32 is 2/n64 where 64 is a size."""
        over: list[str] = []
        times: list[str] = []
        while given:
            tries = [(given * n, name, over) for name, n in self.numbers.items()]
            tries += [(given / n, name, times) for name, n in self.numbers.items()]
            simpler, name, where = min(tries, key=lambda t: (_length(t[0]), -self.numbers[t[1]]))  # 1/128 is 2/256, not 1/(2*64)
            if _length(simpler) >= _length(given):
                break
            given = simpler
            where.append(name)
        out: Expr = Lit(given)
        for name in times:
            out = mul(out, Lit(name))
        for name in over:
            out = apply("div", out, Lit(name))
        return out

    def at_the_numbers(self, shape: Shape) -> Shape:
        """A shape with the numbers back in the place of their names."""
        return tuple([self.back(d) for d in shape])

    def back(self, dim: Dim) -> Dim:
        """A size with the numbers back in the place of their names."""
        if isinstance(dim, int):
            return dim
        return self.numbers.get(dim) or (dim if dim.isidentifier() else value(dim, self.numbers))

    def backward(self, given: Backward) -> Backward:
        """A backward pass in any sizes, each of its formulas made anew; nothing is derived."""
        flows = {}
        for name, flow in given.flows.items():
            symbol = Var(flow.symbol.name, self.shape(flow.symbol.shape))
            flows[name] = Flow(name, symbol, formula=None if flow.formula is None else self.formula(flow.formula), given=flow.given)
        return replace(given, problem=self.problem, flows=flows)

    @property
    def words(self) -> str:
        """What is said of it in a certificate."""
        return f" (with any sizes in the place of {', '.join(map(str, self.names))})"


def _length(x: Fraction) -> int:
    """How long a number is."""
    return abs(x.numerator) * x.denominator


def generalised(problem: Problem) -> General | None:
    """A problem in any sizes, where its numbers are large and each of its formulas has a meaning for others as well."""
    if fixed_entries(problem) <= WIDE:
        return None
    try:
        return General(problem)
    except NoGeneral:
        return None
