"""What is right: for each kind of claim the formula it is compared with, and what a person may have derived in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from ..calculus.gradients import Backward, backward
from ..calculus.jacobians import hessian, jacobian
from ..calculus.layouts import is_turned
from ..calculus.structures import structured
from ..errors import NotKnownYet, TooLarge
from ..expr import Expr, Var, variables
from ..forms import add, mul, transposed, zeros
from ..language.problem import Claim, Problem
from ..notation import text
from ..shapes import total
from ..verify.judge import Judge

WRITTEN = 250  # names and operations up to which a gradient with those of all definitions written out is looked at for slips


@dataclass(slots=True)
class Truth:
    """What a claim should be.

    ``formula``: as the layout draws it; ``forms``: other ways of writing the same; ``rivals``: formulas of something else, each with
    its slip and what it is; ``steps``: the derivation, line by line; ``squeeze``: axes that are the number 1 do not count; ``left``:
    what the claim is about; ``wrt``, ``of``: what is differentiated by, and what is differentiated.
    """

    left: str
    formula: Expr
    forms: Callable[[], list[Expr]] = list
    rivals: Callable[[], Iterator[tuple[str, str, Expr]]] = lambda: iter(())
    steps: Callable[[], list[str]] = list
    squeeze: bool = False
    layout: str = "denominator"
    kind: str = "gradient"
    wrt: str = ""
    of: str = ""
    memo: dict[str, list[Expr]] = field(default_factory=dict)

    @property
    def all_forms(self) -> list[Expr]:
        """The formula and its other forms, each once."""
        if "forms" not in self.memo:
            self.memo["forms"] = list(dict.fromkeys([self.formula, *self.forms()]))
        return self.memo["forms"]


class Truths:
    """The derivatives of one problem in one layout, derived once and certified before a claim is compared with them."""

    def __init__(
        self,
        problem: Problem,
        layout: str = "denominator",
        structure: bool = False,
        passed: Backward | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.problem = problem
        self.layout = layout
        self.structure = structure
        self._passed = passed
        self._judge = judge
        self._known: dict[tuple[str, str, str, str], Truth] = {}

    @cached_property
    def backward(self) -> Backward:
        """The backward pass by every declared name."""
        return self._passed if self._passed is not None else backward(self.problem)

    @cached_property
    def judge(self) -> Judge:
        """The judge, with points that are the same for the same text."""
        if self._judge is not None:
            return self._judge
        from hashlib import blake2b

        seed = int.from_bytes(blake2b(self.problem.source.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        return Judge(self.problem, self.backward, seed)

    @cached_property
    def names(self) -> dict[str, Expr]:
        """What the gradients are called in formulas: each is the true one."""
        problem, flows = self.problem, self.backward.flows
        out: dict[str, Expr] = {}
        for name, v in problem.variables().items():
            flow = flows.get(name)
            symbol: Expr = flow.symbol if flow is not None and flow.formula is not None else zeros(v.shape)
            for called in (f"d{name}", f"d_{name}", f"∂{name}", f"grad_{name}", problem.gradient_name(name)):
                out.setdefault(called, symbol)
            if isinstance(symbol, Var):
                out[symbol.name] = symbol
        out |= {given: Var(given, problem.definitions[name].shape) for name, given in problem.upstream.items()}
        return {n: e for n, e in out.items() if n not in problem.declared and n not in problem.definitions and n not in problem.sizes}

    def of(self, claim: Claim) -> Truth:
        """The truth for a claim about a derivative."""
        key = claim.kind, claim.wrt, claim.of, claim.wrt2
        if key not in self._known:
            make = {"gradient": self.gradient, "jacobian": self._jacobian, "hessian": self._hessian}[claim.kind]
            self._known[key] = make(claim)
        return self._known[key]

    def given(self, name: str) -> bool:
        """Whether the gradient of a name comes from outside, so that nothing can be said about it."""
        flow = self.backward.flows.get(name)
        return flow is not None and flow.given

    @cached_property
    def _certified(self) -> bool:
        """The backward pass checked against difference quotients, once; raises where it is not right."""
        missing = [n for n in self.problem.declared if n not in self.backward.flows]
        self.judge.certify(self.backward, missing)
        return True

    def gradient(self, claim: Claim) -> Truth:
        """∂L/∂wrt, as the layout draws it."""
        name, passed = claim.wrt, self.backward
        free = passed.formula(name)
        if self._judge is None:
            assert self._certified
        variable = self.problem.variable(name)
        formula = free
        if self.structure:
            formula = structured(variable, free, passed)
            self.judge.certify_gradient(name, formula, structured=True)
        if is_turned(self.layout, formula.shape):
            formula = passed.drawn(formula, self.layout)

        def forms() -> list[Expr]:
            if self.structure:
                return [free]
            out = [free]
            with suppress(TooLarge):
                out.append(passed.expanded(name, WRITTEN))
            return [transposed(e) for e in out] + out if is_turned(self.layout, free.shape) else out

        def steps() -> list[str]:
            return self._steps(name)

        return Truth(claim.name, formula, forms, lambda: self._rival_gradients(name), steps, layout=self.layout, wrt=name)

    def _steps(self, name: str) -> list[str]:
        """The lines of the backward pass that lead to a gradient."""
        flows = {f.symbol.name: f for f in self.backward.flows.values() if not f.given and f.formula is not None}
        wanted, out = [self.backward.flows[name].symbol.name] if name in self.backward.flows else [], []
        for symbol in wanted:
            flow = flows.get(symbol)
            if flow is not None and flow.formula is not None:
                out.append(f"{symbol} = {text(flow.formula)}")
                wanted += [n for n in variables(flow.formula) if n in flows and n not in wanted]
        return out[::-1]

    def _rival_gradients(self, name: str) -> Iterator[tuple[str, str, Expr]]:
        """Gradients of other names, and what structure makes of this one."""
        passed = self.backward
        variable, free = self.problem.variable(name), passed.formula(name)
        if variable.properties & {"symmetric", "posdef"}:
            yield from self._by_structure(variable, free)
        for other, flow in passed.flows.items():
            if other != name and flow.formula is not None and other != self.problem.loss:
                yield "wrong-variable", other, flow.formula
        if self.problem.loss is not None:
            loss = Var(self.problem.loss, self.problem.definitions[self.problem.loss].shape)
            yield "wrong-function", "the square of the loss", mul(loss, free)

    def _by_structure(self, variable: Var, free: Expr) -> Iterator[tuple[str, str, Expr]]:
        both = add(free, transposed(free))
        distinct = structured(variable, free, self.backward)
        if self.structure:
            yield "missing-term", "free entries", free
        else:
            yield "extra-term", "distinct entries", distinct
        yield "extra-term", "double diagonal", both

    def _jacobian(self, claim: Claim) -> Truth:
        """∂of/∂wrt; axes stacked (vec) where the claim has that shape is settled by whoever compares."""
        found = jacobian(self.problem, claim.of, claim.wrt)
        formula = found.formula(self.layout)
        self.judge.certify_jacobian(claim.of, claim.wrt, formula, self.layout)

        def rivals() -> Iterator[tuple[str, str, Expr]]:
            for other in self.problem.variables():
                if other not in (claim.wrt, claim.of):
                    yield "wrong-variable", other, jacobian(self.problem, claim.of, other).formula(self.layout)

        return Truth(claim.name, formula, list, rivals, list, True, self.layout, "jacobian", claim.wrt, claim.of)

    def stacked(self, claim: Claim) -> Truth | None:
        """The same Jacobian or Hessian as a matrix, columns stacked; None where it is that already."""
        if claim.kind == "jacobian":
            found = jacobian(self.problem, claim.of, claim.wrt)
            formula = found.formula(self.layout, True)
            self.judge.certify_jacobian(claim.of, claim.wrt, formula, self.layout, vec=True)
        else:
            found, _ = hessian(self.problem, claim.wrt, claim.wrt2 or None)
            formula = found.formula("numerator", True)
            self.judge.certify_hessian(claim.wrt, formula, claim.wrt2 or None, vec=True)
        return Truth(claim.name, formula, squeeze=True, layout=self.layout, kind=claim.kind, wrt=claim.wrt, of=claim.of)

    def _hessian(self, claim: Claim) -> Truth:
        """The second derivative of the loss; NotKnownYet where it is asked of anything else."""
        loss = self.problem.loss
        if loss is None or (claim.of in self.problem.definitions and claim.of != loss):
            raise NotKnownYet(f"a Hessian is of the scalar loss, which {claim.of or self.problem.last} is not")
        found, _ = hessian(self.problem, claim.wrt, claim.wrt2 or None)
        formula = found.formula("numerator")
        self.judge.certify_hessian(claim.wrt, formula, claim.wrt2 or None)

        def rivals() -> Iterator[tuple[str, str, Expr]]:
            with suppress(TooLarge):
                yield "wrong-function", "the first derivative", self.backward.expanded(claim.wrt, WRITTEN)

        return Truth(claim.name, formula, rivals=rivals, squeeze=True, layout=self.layout, kind="hessian", wrt=claim.wrt)


def stacked_shape(problem: Problem, claim: Claim) -> tuple[int | str, ...]:
    """The shape of the Jacobian (of, wrt) with both sides stacked."""
    of = problem.variable(claim.of).shape if claim.kind == "jacobian" else problem.variable(claim.wrt).shape
    wrt = problem.variable(claim.wrt2 or claim.wrt).shape
    return total(of), total(wrt)
