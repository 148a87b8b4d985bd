"""The waist: derive, jacobian, hessian, check. Text in; facades over plain records out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from .calculus.jacobians import hessian as _hessian
from .calculus.jacobians import jacobian as _jacobian
from .calculus.layouts import LAYOUTS
from .errors import InputProblem
from .expr import collector_off
from .language.abbreviations import output
from .language.problem import Problem
from .language.sheet import read
from .publishing.facades import CheckedReport, checked
from .results import Derivation, Gradient, JacobianResult, known
from .shapes import show

if TYPE_CHECKING:
    from .stored import Recheck


def _layout(layout: str) -> str:
    if layout not in LAYOUTS:
        raise InputProblem(f"there is no layout {layout!r}", hint="denominator or numerator")
    return layout


def _text(source: object) -> str:
    """What is to be read, which is a text."""
    if not isinstance(source, str):
        hint = "path.read_text() is its text; check_many takes files" if isinstance(source, PurePath) else "X: (S, D); W: (D, M); Z = X @ W"
        raise InputProblem(f"a text is read here, and this is {type(source).__name__}", hint=hint)
    return source


def _names(wrt: str | Iterable[str] | None, problem: Problem) -> list[str]:
    if wrt is None:
        return list(problem.declared)
    names = [w.strip() for w in wrt.split(",") if w.strip()] if isinstance(wrt, str) else list(wrt) if isinstance(wrt, Iterable) else [wrt]
    if not all(isinstance(n, str) for n in names):
        raise InputProblem("what to differentiate by is a name, or names", hint=f"there are {', '.join(problem.declared)}")
    if not names:
        raise InputProblem("no name to differentiate by is given", hint=f"there are {', '.join(problem.declared)}")
    return [known(n, [*problem.declared, *problem.definitions]) for n in dict.fromkeys(names)]


@collector_off()
def derive(source: str, wrt: str | Iterable[str] | None = None, layout: str = "denominator", structured: bool = False) -> Derivation:
    """The gradients of the loss that a text describes (of an arbitrary scalar loss behind its last definition, if that is no scalar).

    wrt: a name, names, or all that are declared. layout: "denominator" (the gradient has the variable's shape) or "numerator" (its
    transpose). structured: partials by the distinct entries of symmetric, diagonal and triangular variables.
    Raises ShapecalcError with a caret where the text does not fit.

    >>> d = derive("X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")
    >>> d["W"].formula, d["b"].formula, d["b"].shape, d["b"].reduction.ones
    ('X.T @ dZ', 'sum(dZ, axis=0)', ('M',), 'ones(S) @ dZ')
    """
    problem = _with_definitions(read(_text(source)))
    names = _names(wrt, problem)
    out = Derivation(output(problem, names), names, _layout(layout), structured)
    out.certificate  # noqa: B018 - nothing is handed out that has not been checked
    return out


def _with_definitions(problem: Problem) -> Problem:
    if not problem.definitions:
        raise InputProblem("there is nothing to differentiate: no line defines a value", hint="Z = X @ W + b, say")
    if not problem.declared:
        raise InputProblem("there is nothing to differentiate by: no variable is declared", hint="declare one, as in X: (S, D)")
    return problem


@collector_off()
def jacobian(source: str, of: str | None = None, wrt: str | None = None, layout: str = "numerator", vec: bool = False) -> JacobianResult:
    """The derivative of a definition by a name.

    Numerator layout: axes of `of`, then axes of `wrt`; denominator: the other way round. vec=True: columns stacked, a matrix.

    >>> jacobian("W: (M, N); x: (N,); y = tanh(W @ x)", of="y", wrt="x").formula
    'diag(1 - y**2) @ W'
    """
    problem = _with_definitions(read(_text(source)))
    of = known(of or str(problem.last), problem.definitions, "defined")
    wrt = known(wrt or next(iter(problem.declared), ""), [*problem.declared, *problem.definitions])
    out = JacobianResult(problem, _jacobian(problem, of, wrt), _layout(layout), vec, "jacobian", wrt)
    out.certificate  # noqa: B018
    return out


@collector_off()
def hessian(source: str, wrt: str | None = None, wrt2: str | None = None, vec: bool = False) -> JacobianResult:
    """The second derivative of the scalar loss by one name (or by two); axes of wrt, then of wrt2.

    >>> hessian("A: (N, N); x: (N,); L = x @ A @ x", wrt="x").formula
    'A + A.T'
    """
    problem = _with_definitions(read(_text(source)))
    if problem.loss is None:
        raise InputProblem(f"a Hessian is of a scalar, and {problem.last} is {show(problem.definitions[str(problem.last)].shape)}")
    wrt = known(wrt or next(iter(problem.declared), ""), problem.declared)
    other = wrt2 and known(wrt2, problem.declared)
    found, _ = _hessian(problem, wrt, other)
    # the derivative of the gradient (of) by the second variable: axes of wrt first, as in numerator layout
    out = JacobianResult(problem, found, "numerator", vec, "hessian", wrt, other)
    out.certificate  # noqa: B018
    return out


@collector_off()
def check(source: str, layout: str = "denominator", structured: bool = False, aliases: Mapping[str, str] | None = None) -> CheckedReport:
    """The verdicts on the claims of a text: which are right, which line is wrong first, and what the slip is.

    layout and structured as for `derive`; aliases: further names of gradients, each with what it is the gradient of ({"dz2": "Z2"}).
    Raises ShapecalcError where the problem itself cannot be read; a claim that cannot is a verdict.

    >>> r = check("X: (S, D); W: (D, M); Z = X @ W; dW = dZ.T @ X")
    >>> r.ok, r.claims[0].slip, r.claims[0].suggestion
    (False, 'wrong-layout', 'dW = X.T @ dZ')
    """
    from .checking import check_sheet  # a third of the program, which no derivation waits for

    return checked(check_sheet(_text(source), _layout(layout), structured, aliases), layout, structured, aliases)


def recheck(text: str) -> Recheck:
    """A stored result (the JSON that derive, jacobian, hessian and check write) judged again from its source, its certificate unread.

    >>> recheck(str(derive("X: (S, D); W: (D, M); Z = X @ W").to("json"))).ok
    True
    """
    from .stored import recheck as again

    return again(_text(text))


def jvp(source: str, of: str | None = None, wrt: str | None = None, vector: str = "v") -> str:
    """The Jacobian-vector product: how `of` changes along a direction of wrt's shape, as a formula without the Jacobian.

    >>> jvp("W: (M, N); x: (N,); y = tanh(W @ x)", of="y", wrt="x")
    '(1 - y**2) * (W @ v)'
    """
    return jacobian(source, of, wrt).times(vector)


def hvp(source: str, wrt: str | None = None, vector: str = "v") -> str:
    """The Hessian-vector product, as a formula without the Hessian.

    >>> hvp("A: (N, N); x: (N,); L = x @ A @ x", wrt="x")
    'A @ v + A.T @ v'
    """
    return hessian(source, wrt).times(vector)


__all__ = ["Derivation", "Gradient", "JacobianResult", "check", "derive", "hessian", "hvp", "jacobian", "jvp", "recheck"]
