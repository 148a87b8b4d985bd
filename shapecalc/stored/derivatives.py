"""A stored Jacobian or Hessian: its one formula."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.calculus.jacobians import hessian, jacobian
from shapecalc.calculus.layouts import LAYOUTS
from shapecalc.derivation import Certificate
from shapecalc.errors import InputProblem, Misfit, ShapecalcError
from shapecalc.language.problem import Problem
from shapecalc.language.sheet import build
from shapecalc.language.syntax import parse
from shapecalc.publishing import derivatives
from shapecalc.publishing.facts import version
from shapecalc.results import JacobianResult
from shapecalc.shapes import show
from shapecalc.verify.judge import Judge

from .fields import Again, Fields, problem_of, refuted


def derivative(found: Fields) -> Iterator[Again]:
    """The one formula."""
    problem = problem_of(found)
    kind, layout = found.one_of("kind", ("jacobian", "hessian")), found.one_of("layout", LAYOUTS)
    of, wrt, vec, text = found.text("of"), found.text("wrt"), bool(found.get("vec", bool)), found.text("formula")
    second = found.get("wrt2", str, type(None)) or wrt
    names = (of, wrt, second) if kind == "jacobian" else (wrt, second)
    if any(n not in problem.declared and n not in problem.definitions for n in names):
        raise InputProblem("it is not about names in its source")
    fresh = made_anew(problem, kind, of, wrt, second, layout, vec)
    name = f"d{of}/d{wrt}" if kind == "jacobian" else f"d2{of}/d{wrt}" + (f"d{second}" if second != wrt else "2")
    verdict, reason, certificate = judged_derivative(fresh, text, vec)
    if verdict == "right":
        e = fresh.expression if text == fresh.formula else build(problem, parse(text))
        said = {"shape": list(e.shape), "of": fresh.of or problem.loss}
        if found.data.get("version") == version():
            said["latex"] = derivatives.drawn(e)
        wrong = [key for key, value in said.items() if found.data.get(key) != value]
        if wrong:
            verdict, reason = "wrong", f"the formula is right, but its {', '.join(wrong)} does not belong to it"
    yield Again(name, f"{name} = {text}", verdict, reason, certificate)


def made_anew(problem: Problem, kind: str, of: str, wrt: str, second: str, layout: str, vec: bool) -> JacobianResult:
    """The derivative as this version derives it."""
    if kind == "hessian":
        if problem.loss is None or wrt not in problem.declared or second not in problem.declared:
            raise InputProblem("its source has no such Hessian")
        return JacobianResult(problem, hessian(problem, wrt, second)[0], "numerator", vec, kind, wrt, second)
    if of not in problem.definitions:
        raise InputProblem("its source has no such Jacobian")
    return JacobianResult(problem, jacobian(problem, of, wrt), layout, vec, kind, wrt)


def judged_derivative(fresh: JacobianResult, text: str, vec: bool) -> tuple[str, str, Certificate | None]:
    """The formula of the file against difference quotients."""
    problem, judge = fresh.problem, Judge(fresh.problem)
    try:
        e = build(problem, parse(text))
        if e.shape != fresh.shape:
            return "wrong", f"it has not the shape {show(fresh.shape)}", None
        if fresh.function == "hessian":
            return "right", "", judge.certify_hessian(fresh.wrt, e, fresh.wrt2, vec)
        return "right", "", judge.certify_jacobian(fresh.of, fresh.wrt, e, fresh.layout, vec)
    except (ShapecalcError, Misfit) as error:
        certified = text == fresh.formula
        return *refuted(error, certified), fresh.certificate if certified else None
