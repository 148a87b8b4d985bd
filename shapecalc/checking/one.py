"""One claim about one gradient, from Python: text, a sympy matrix over the entries' symbols, or a function of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from ..calculus.gradients import Backward
from ..derivation import Verdict
from ..errors import InputProblem, ShapecalcError
from ..language.problem import Problem
from ..language.sheet import read
from .marker import Marker
from .truths import Truths

if TYPE_CHECKING:
    from ..verify.judge import Judge


class Derived(Protocol):
    """What a claim is judged against: a derivation."""

    problem: Problem
    layout: str
    structured: bool
    backward_pass: Backward

    @property
    def judge(self) -> Judge:
        """The judge of the problem."""
        ...


def judge_one(parent: Derived, name: str, claim: Any) -> Verdict:
    """The verdict on a claim about ∂L/∂name."""
    if isinstance(claim, str):
        return judge_text(parent, name, claim)
    from .arrays import judge_function, judge_matrix

    truths = Truths(parent.problem, parent.layout, parent.structured)
    if callable(claim) and not hasattr(claim, "free_symbols"):
        function: Callable[..., Any] = claim
        return judge_function(truths, name, function)
    if not hasattr(claim, "free_symbols"):
        raise InputProblem(f"a claim is text, a function of arrays or a matrix of sympy's, and this is a {type(claim).__name__}")
    return judge_matrix(truths, name, claim)


def judge_text(parent: Derived, name: str, text: str) -> Verdict:
    """A claim as text, with its left side or without: "X.T @ dZ", "dW = X.T @ dZ"."""
    line = text.strip()
    left = f"d{name}"
    if not _has_left(line):
        line = f"{left} = {line}"
    source = f"{parent.problem.source.rstrip()}\n{line}"
    errors: list[ShapecalcError] = []
    problem = read(source, errors)
    if errors:
        raise errors[-1]
    marker = Marker(Truths(problem, parent.layout, parent.structured))
    last = parent.problem.source.rstrip().count("\n") + 1
    # what the source claims itself may be used, and is not asked about
    verdicts = [v for c in problem.claims for v in marker.mark(c) if c.line > last]
    return next((v for v in verdicts if v.verdict != "right"), verdicts[-1])


def _has_left(line: str) -> bool:
    """Whether a line has an equals sign outside brackets."""
    depth = 0
    for k, c in enumerate(line):
        depth += (c in "([{") - (c in ")]}")
        if c == "=" and not depth and line[k - 1 : k] not in ("<", ">", "!", "=") and line[k + 1 : k + 2] != "=":
            return True
    return False
