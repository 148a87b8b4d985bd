"""The waist: derive, jacobian, hessian, check. Text in; facades over plain records out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .calculus.gradients import Backward, backward
from .calculus.jacobians import Jacobian as _Jacobian
from .calculus.jacobians import hessian as _hessian
from .calculus.jacobians import jacobian as _jacobian
from .calculus.layouts import LAYOUTS, drawn_shape, is_turned, reduction
from .calculus.structures import structured as _structured
from .codegen import generate
from .derivation import Certificate, Program, Reduction
from .errors import InputProblem, UnknownName
from .expr import Apply, Expr, Var, nodes, variables
from .language.nearest import nearest
from .language.problem import Problem
from .language.sheet import read
from .notation import text
from .shapes import Shape

if TYPE_CHECKING:
    from .verify.judge import Judge


def _layout(layout: str) -> str:
    if layout not in LAYOUTS:
        raise InputProblem(f"there is no layout {layout!r}", hint="denominator or numerator")
    return layout


def _known(name: str, names: Iterable[str], what: str = "declared") -> str:
    names = list(names)
    if name not in names:
        close = nearest(name, names)
        raise UnknownName(f"{name} is not {what}", hint=f"did you mean {close}?" if close else f"there are {', '.join(names)}")
    return name


class Gradient:
    """The derivative of the loss with respect to one name."""

    def __init__(self, parent: Derivation, name: str) -> None:
        self._parent = parent
        self.name = name
        self.layout = parent.layout

    @cached_property
    def expression(self) -> Expr:
        """The formula as a node, in the chosen layout."""
        return self._parent._drawn(self._parent._free(self.name))

    @cached_property
    def formula(self) -> str:
        """The gradient in the language, naming intermediates and their gradients."""
        return text(self.expression)

    @cached_property
    def expanded_expression(self) -> Expr:
        """The written-out formula as a node."""
        parent = self._parent
        return parent._drawn(parent._by_structure(self.name, parent.backward_pass.expanded(self.name)))

    @cached_property
    def expanded(self) -> str:
        """The same with the gradients of intermediates written out."""
        return text(self.expanded_expression)

    @property
    def shape(self) -> Shape:
        """The shape under the chosen layout."""
        return drawn_shape(self._parent.problem.variable(self.name).shape, self.layout)

    @cached_property
    def reduction(self) -> Reduction | None:
        """Which sum over broadcast axes this gradient is; None where the variable was not broadcast."""
        flow = self._parent.backward_pass.flows.get(self.name)
        return None if flow is None else reduction(flow, self._parent.backward_pass.formula(self.name))

    @property
    def certificate(self) -> Certificate:
        """What the formula was checked by."""
        return self._parent.certificate

    @property
    def recognised(self) -> bool:
        """Whether the formula is matrix notation; False where only an index formula (einsum) was found."""
        return not any(isinstance(n, Apply) and n.name == "einsum" for n in nodes(self.expression))

    def judge(self, claim: Any) -> Any:
        """The verdict on a claim: text, a sympy Matrix over d.entries(...)'s symbols, or a function of arrays."""
        from .judging import judge_one

        return judge_one(self._parent, self.name, claim)

    def __repr__(self) -> str:
        return f"Gradient({self.name!r}, {self.formula!r})"

    def __str__(self) -> str:
        return self.formula


class Derivation:
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
            _known(name, self.gradients, "differentiated by")
        return self.gradients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.gradients)

    def _by_structure(self, name: str, e: Expr) -> Expr:
        variable = self.problem.variable(name)
        return _structured(variable, e, self.backward_pass) if self.structured else e

    def _free(self, name: str) -> Expr:
        return self._by_structure(name, self.backward_pass.formula(name))

    def _drawn(self, e: Expr) -> Expr:
        return self.backward_pass.drawn(e, self.layout)

    @cached_property
    def judge(self) -> Judge:
        """The judge of this problem, with its random points."""
        from .verify.judge import Judge

        return Judge(self.problem)

    @cached_property
    def certificate(self) -> Certificate:
        """What every formula of this derivation was checked by."""
        made = self.judge.certify(self.backward_pass, self.wrt)
        if self.structured:
            for name in self.wrt:
                made = self.judge.certify_gradient(name, self._free(name), structured=True)
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
        incoming = tuple((f.symbol.name, n) for n, f in passed.flows.items() if f.given)
        given = {s for s, _ in incoming}
        named = {problem.upstream.get(n) for n in problem.upstream}
        extra = [(s, problem.definitions[n].shape) for n, s in problem.upstream.items() if s not in given and problem.loss is None]
        inputs = [(n, v.shape) for n, v in problem.declared.items()] + [(s, passed.flows[n].symbol.shape) for s, n in incoming] + extra
        del named
        needed = _needed(self.lines(), [self._free(n) for n in self.wrt])
        outputs = tuple((n, self._output(n), is_turned(self.layout, problem.variable(n).shape)) for n in self.wrt)
        docs = tuple(f"d{n} = {self.gradients[n].formula}" for n in self.wrt)
        return Program(
            tuple(inputs), tuple(problem.definitions.items()), tuple(needed), outputs, problem.loss, incoming, docs=docs, layout=self.layout
        )

    def _output(self, name: str) -> Expr:
        if self.structured or name not in self.backward_pass.flows:
            return self._free(name)
        return self.backward_pass.flows[name].symbol

    def code(self, target: str = "numpy") -> str:
        """Source text that defines gradients(**values) -> {"W": array, ...} in the chosen layout; targets: numpy, torch, jax, python-test."""
        return generate(self.program(), target)

    def __repr__(self) -> str:
        return f"Derivation({', '.join(f'd{n} = {g.formula}' for n, g in self.gradients.items())})"


def _needed(lines: list[tuple[str, Expr]], outputs: list[Expr]) -> list[tuple[str, Expr]]:
    """The lines of the backward pass; every one is kept, since each is somebody's gradient."""
    del outputs
    return lines


class JacobianResult:
    """A Jacobian or a Hessian: a formula with axes in the order of the layout."""

    def __init__(
        self, problem: Problem, found: _Jacobian, layout: str, vec: bool, function: str, wrt: str, wrt2: str | None = None
    ) -> None:
        self.problem = problem
        self.layout = layout
        self.vec = vec
        self._found = found
        self._function = function
        self._wrt2 = wrt2
        self.of, self.wrt = found.of, wrt

    @cached_property
    def expression(self) -> Expr:
        """The formula as a node."""
        return self._found.formula(self.layout, self.vec)

    @cached_property
    def formula(self) -> str:
        """The derivative in the language."""
        return text(self.expression)

    @property
    def expanded(self) -> str:
        """The same; a Jacobian's formula names definitions only."""
        return self.formula

    @property
    def shape(self) -> Shape:
        """The shape under the chosen layout."""
        return self.expression.shape

    @cached_property
    def certificate(self) -> Certificate:
        """What the formula was checked by."""
        from .verify.judge import Judge

        judge = Judge(self.problem)
        if self._function == "hessian":
            return judge.certify_hessian(self.wrt, self.expression, self._wrt2, self.vec)
        return judge.certify_jacobian(self.of, self.wrt, self.expression, self.layout, self.vec)

    def code(self, target: str = "numpy") -> str:
        """Source text that defines jacobian(**values) or hessian(**values)."""
        problem = self.problem
        used = set(variables(self.expression))
        forward = tuple((n, e) for n, e in problem.definitions.items() if n in _closure(problem, used))
        inputs = tuple((n, v.shape) for n, v in problem.declared.items())
        docs = (f"{self._function} = {self.formula}",)
        program = Program(
            inputs,
            forward,
            (),
            ((self.wrt, self.expression, False),),
            problem.loss,
            (),
            self._function,
            self.of,
            self.layout,
            self.vec,
            docs,
        )
        return generate(program, target)

    def __repr__(self) -> str:
        return f"{self._function.capitalize()}({self.formula!r})"


def _closure(problem: Problem, used: set[str]) -> set[str]:
    """The definitions that some names depend on, themselves included."""
    out = set(used)
    for name in reversed(problem.definitions):
        if name in out:
            out |= set(variables(problem.definitions[name]))
    return out


def _names(wrt: str | Iterable[str] | None, problem: Problem) -> list[str]:
    if wrt is None:
        return list(problem.declared)
    names = [w.strip() for w in wrt.split(",")] if isinstance(wrt, str) else list(wrt)
    return [_known(n, [*problem.declared, *problem.definitions]) for n in names]


def derive(source: str, wrt: str | Iterable[str] | None = None, layout: str = "denominator", structured: bool = False) -> Derivation:
    """The gradients of the loss that a text describes (of an arbitrary scalar loss behind its last definition, if that is no scalar).

    wrt: a name, names, or all that are declared. layout: "denominator" (the gradient has the variable's shape) or "numerator" (its
    transpose). structured: partials by the distinct entries of symmetric, diagonal and triangular variables.
    Raises ShapecalcError with a caret where the text does not fit.

    >>> d = derive("X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")
    >>> d["W"].formula, d["b"].formula, d["b"].shape, d["b"].reduction.ones
    ('X.T @ dZ', 'sum(dZ, axis=0)', ('M',), 'ones(S) @ dZ')
    """
    problem = _with_definitions(read(source))
    out = Derivation(problem, _names(wrt, problem), _layout(layout), structured)
    out.certificate  # noqa: B018 - nothing is handed out that has not been checked
    return out


def _with_definitions(problem: Problem) -> Problem:
    if not problem.definitions:
        raise InputProblem("there is nothing to differentiate: no line defines a value", hint="Z = X @ W + b, say")
    return problem


def jacobian(source: str, of: str | None = None, wrt: str | None = None, layout: str = "numerator", vec: bool = False) -> JacobianResult:
    """The derivative of a definition by a name.

    Numerator layout: axes of `of`, then axes of `wrt`; denominator: the other way round. vec=True: columns stacked, a matrix.

    >>> jacobian("W: (M, N); x: (N,); y = tanh(W @ x)", of="y", wrt="x").formula
    'diag(1 - tanh(W @ x)**2) @ W'
    """
    problem = _with_definitions(read(source))
    of = _known(of or str(problem.last), problem.definitions, "defined")
    wrt = _known(wrt or next(iter(problem.declared), ""), [*problem.declared, *problem.definitions])
    out = JacobianResult(problem, _jacobian(problem, of, wrt), _layout(layout), vec, "jacobian", wrt)
    out.certificate  # noqa: B018
    return out


def hessian(source: str, wrt: str | None = None, wrt2: str | None = None, vec: bool = False) -> JacobianResult:
    """The second derivative of the scalar loss by one name (or by two); axes of wrt, then of wrt2.

    >>> hessian("A: (N, N); x: (N,); L = x @ A @ x", wrt="x").formula
    'A + A.T'
    """
    problem = _with_definitions(read(source))
    if problem.loss is None:
        raise InputProblem(f"a Hessian is of a scalar, and {problem.last} is {problem.definitions[str(problem.last)].shape}")
    wrt = _known(wrt or next(iter(problem.declared), ""), problem.declared)
    other = wrt2 and _known(wrt2, problem.declared)
    found, _ = _hessian(problem, wrt, other)
    # the derivative of the gradient (of) by the second variable: axes of wrt first, as in numerator layout
    out = JacobianResult(problem, found, "numerator", vec, "hessian", wrt, other)
    out.certificate  # noqa: B018
    return out


__all__ = ["Derivation", "Gradient", "JacobianResult", "Mapping", "Var", "derive", "hessian", "jacobian"]
