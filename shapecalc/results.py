"""What derive, jacobian and hessian hand out: facades over a derivation, its formulas as text, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .calculus.gradients import Backward, backward
from .calculus.jacobians import Jacobian
from .calculus.layouts import drawn_shape, is_turned, reduction
from .calculus.structures import structured as _structured
from .calculus.texts import writable
from .derivation import Certificate, Program, Reduction
from .errors import UnknownName
from .expr import Apply, Expr, Var, nodes, rebuild
from .forms import remake
from .language.nearest import nearest
from .language.problem import Problem
from .notation import text
from .publishing.facades import PublishedDerivation, PublishedDerivative, PublishedGradient, checked_verdict
from .shapes import Shape

if TYPE_CHECKING:
    from .calculus.entries import Entries
    from .verify.judge import Judge


def known(name: str, names: Iterable[str], what: str = "declared") -> str:
    """The name, if it is one of these; else an error with the nearest."""
    names = list(names)
    if name not in names:
        close = nearest(name, names)
        raise UnknownName(f"{name} is not {what}", hint=f"did you mean {close}?" if close else f"there are {', '.join(names)}")
    return name


class Gradient(PublishedGradient):
    """The derivative of the loss with respect to one name."""

    def __init__(self, parent: Derivation, name: str) -> None:
        self.derivation = parent
        self.name = name
        self.layout = parent.layout

    @cached_property
    def expression(self) -> Expr:
        """The formula as a node, in the chosen layout."""
        return self.derivation.drawn(self.derivation.gradient(self.name))

    @cached_property
    def formula(self) -> str:
        """The gradient in the language, naming intermediates and their gradients."""
        return text(self.expression)

    @cached_property
    def expanded_expression(self) -> Expr:
        """The written-out formula as a node."""
        parent = self.derivation
        return parent.drawn(parent.by_structure(self.name, parent.backward_pass.expanded(self.name)))

    @cached_property
    def expanded(self) -> str:
        """The same with the gradients of intermediates written out."""
        return text(self.expanded_expression)

    @property
    def shape(self) -> Shape:
        """The shape under the chosen layout."""
        return drawn_shape(self.derivation.problem.variable(self.name).shape, self.layout)

    @cached_property
    def reduction(self) -> Reduction | None:
        """Which sum over broadcast axes this gradient is; None where the variable was not broadcast."""
        flow = self.derivation.backward_pass.flows.get(self.name)
        return None if flow is None else reduction(flow, self.derivation.backward_pass.formula(self.name))

    @property
    def certificate(self) -> Certificate:
        """What the formula was checked by."""
        return self.derivation.certificate

    @property
    def recognised(self) -> bool:
        """Whether the formula is matrix notation; False where only an index formula (einsum) was found."""
        return not any(isinstance(n, Apply) and n.name == "einsum" for n in nodes(self.expression))

    def judge(self, claim: Any) -> Any:
        """The verdict on a claim: text, a sympy Matrix over d.entries(...)'s symbols, or a function of arrays."""
        from .checking import judge_one

        return checked_verdict(judge_one(self.derivation, self.name, claim))

    _repr_pretty_ = PublishedGradient._repr_pretty_  # IPython takes whichever of it and __repr__ stands in the nearest class

    def __repr__(self) -> str:
        return f"Gradient({self.name!r}, {self.formula!r})"

    def __str__(self) -> str:
        return self.formula


class Derivation(PublishedDerivation):
    """All gradients of a problem, each derived, simplified and checked against an independent computation."""

    def __init__(self, problem: Problem, wrt: list[str], layout: str, structured: bool) -> None:
        self.problem = problem
        self.layout = layout
        self.structured = structured
        self.wrt = wrt
        self.backward_pass: Backward = backward(problem, wrt)
        self.gradients: dict[str, Gradient] = {name: Gradient(self, name) for name in wrt}

    def __getitem__(self, name: str) -> Gradient:
        if name not in self.gradients:
            if name in self.problem.definitions and name in self.backward_pass.flows:
                return Gradient(self, name)
            known(name, self.gradients, "differentiated by")
        return self.gradients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.gradients)

    def by_structure(self, name: str, e: Expr) -> Expr:
        """A gradient by the distinct entries of the variable, where that was asked for."""
        variable = self.problem.variable(name)
        return _structured(variable, e, self.backward_pass) if self.structured else e

    def gradient(self, name: str) -> Expr:
        """The gradient in the variable's own shape."""
        return self.by_structure(name, self.backward_pass.formula(name))

    def drawn(self, e: Expr) -> Expr:
        """A gradient as the chosen layout draws it."""
        return self.backward_pass.drawn(e, self.layout)

    @cached_property
    def judge(self) -> Judge:
        """The judge of this problem, with its random points."""
        from .verify.judge import Judge

        return Judge(self.problem, self.backward_pass)

    @cached_property
    def certificate(self) -> Certificate:
        """What every formula of this derivation was checked by."""
        made = self.judge.certify(self.backward_pass, self.wrt)
        if self.structured:
            for name in self.wrt:
                made = self.judge.certify_gradient(name, self.gradient(name), structured=True)
        return made

    @cached_property
    def backward(self) -> list[tuple[str, str]]:
        """The whole backward pass, line by line: what each gradient is, in the order in which they are found."""
        return [(symbol, text(e)) for symbol, e in self.lines()]

    def lines(self) -> list[tuple[str, Expr]]:
        """The backward pass as symbols and nodes, without what is given."""
        passed = self.backward_pass
        out = []
        for name in passed.order:
            flow = passed.flows[name]
            if not flow.given and flow.formula is not None and name != self.problem.loss:
                out.append((flow.symbol.name, flow.formula))
        return out

    def program(self) -> Program:
        """What code is written from."""
        problem, passed = self.problem, self.backward_pass
        given = {f.symbol.name: n for n, f in passed.flows.items() if f.given}
        if problem.loss is None:  # an incoming part that is added to what flows in from further on
            given |= {symbol: n for n, symbol in problem.upstream.items()}
        inputs = [(n, v.shape) for n, v in problem.declared.items()] + [(s, problem.definitions[n].shape) for s, n in given.items()]
        outputs = tuple((n, self._output(n), is_turned(self.layout, problem.variable(n).shape)) for n in self.wrt)
        docs = tuple(f"d{n} = {self.gradients[n].formula}" for n in self.wrt)
        return Program(
            tuple(inputs),
            tuple(problem.definitions.items()),
            tuple(self.lines()),
            outputs,
            problem.loss,
            tuple(given.items()),
            docs=docs,
            layout=self.layout,
        )

    def _output(self, name: str) -> Expr:
        if self.structured or name not in self.backward_pass.flows:
            return self.gradient(name)
        return self.backward_pass.flows[name].symbol

    def code(self, target: str = "numpy") -> str:
        """Source text that defines gradients(**values) -> {"W": array, ...} in the chosen layout.

        Targets: numpy, torch, jax, python-test.
        """
        from .codegen import generate

        return generate(writable(self.program(), target), target)

    def turned(self) -> Derivation:
        """The same with samples as columns (as rows, where they are columns): every matrix transposed, the names kept."""
        from .calculus.turning import turned

        return Derivation(turned(self.problem), self.wrt, self.layout, self.structured)

    def entries(self, sizes: Mapping[str, int]) -> Entries:
        """The element-wise view at these sizes: sympy matrices of every value and gradient, and how they reassemble."""
        from .calculus.entries import Entries

        return Entries(self.problem, sizes, self.wrt)

    _repr_pretty_ = PublishedDerivation._repr_pretty_

    def __repr__(self) -> str:
        return f"Derivation({', '.join(f'd{n} = {g.formula}' for n, g in self.gradients.items())})"


class JacobianResult(PublishedDerivative):
    """A Jacobian or a Hessian: a formula with axes in the order of the layout."""

    def __init__(self, problem: Problem, found: Jacobian, layout: str, vec: bool, function: str, wrt: str, wrt2: str | None = None) -> None:
        self.problem = problem
        self.layout = layout
        self.vec = vec
        self.found = found
        self.function = function
        self.wrt2 = wrt2
        self.of, self.wrt = found.of, wrt

    @cached_property
    def expression(self) -> Expr:
        """The formula as a node."""
        return self.found.formula(self.layout, self.vec)

    @cached_property
    def formula(self) -> str:
        """The derivative in the language."""
        return text(self.expression)

    @cached_property
    def expanded(self) -> str:
        """The same without the name of what is differentiated: its definition stands in its place."""
        body = self.problem.definitions.get(self.of)
        return text(rebuild(self.expression, lambda e: body if isinstance(e, Var) and e.name == self.of else None, remake))

    @property
    def shape(self) -> Shape:
        """The shape under the chosen layout."""
        return self.expression.shape

    @cached_property
    def certificate(self) -> Certificate:
        """What the formula was checked by."""
        from .verify.judge import Judge

        judge = Judge(self.problem)
        if self.function == "hessian":
            return judge.certify_hessian(self.wrt, self.expression, self.wrt2, self.vec)
        return judge.certify_jacobian(self.of, self.wrt, self.expression, self.layout, self.vec)

    def code(self, target: str = "numpy") -> str:
        """Source text that defines jacobian(**values) or hessian(**values)."""
        problem = self.problem
        program = Program(
            tuple((n, v.shape) for n, v in problem.declared.items()),
            tuple(problem.definitions.items()),
            (),
            ((self.wrt, self.expression, False),),
            problem.loss,
            (),
            self.function,
            self.of,
            self.layout,
            self.vec,
            (f"{self.function} = {self.formula}",),
            wrt2=self.wrt2,
        )
        from .codegen import generate

        return generate(writable(program, target), target)

    def times(self, vector: str = "v") -> str:
        """The Jacobian-vector (Hessian-vector) product with a direction of the variable's shape, without forming the matrix."""
        direction = Var(_free_name(vector, self.problem), self.problem.variable(self.wrt2 or self.wrt).shape)
        return text(self.found.times(direction))

    _repr_pretty_ = PublishedDerivative._repr_pretty_

    def __repr__(self) -> str:
        return f"{self.function.capitalize()}({self.formula!r})"


def _free_name(name: str, problem: Problem) -> str:
    while name in problem.declared or name in problem.definitions or name in problem.sizes:
        name += "_"
    return name
