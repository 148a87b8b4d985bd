"""Hand derivations in tests: assert_gradient fails with yours, right, the slip and the change that mends it.

from shapecalc.testing import assert_gradient
assert_gradient("dW = X.T @ dZ", given="X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")
assert_gradient(lambda X, dZ: X.T @ dZ, given=..., wrt="W")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .api import check, derive
from .derivation import Verdict
from .errors import InputProblem

Claim = str | Callable[..., Any]


def gradient_error(
    claim: Claim | Any, given: str, wrt: str | None = None, layout: str = "denominator", structured: bool = False
) -> str | None:
    """What is wrong with claims about a problem, with the diagnosis; None where every one is right.

    claim: lines in the language, or a function of arrays or a sympy matrix with the name that it is the gradient by (wrt).
    """
    verdicts = _verdicts(claim, given, wrt, layout, structured)
    wrong = [v for v in verdicts if v.verdict != "right"]
    return "\n\n".join(f"{v.text}\n{_kind(v)}\n{v.message}" for v in wrong) or None


def assert_gradient(claim: Claim | Any, given: str, wrt: str | None = None, layout: str = "denominator", structured: bool = False) -> None:
    """Raises AssertionError with the diagnosis unless every claim is right.

    >>> assert_gradient("dW = X.T @ dZ", given="X: (S, D); W: (D, M); Z = X @ W")
    """
    __tracebackhide__ = True
    error = gradient_error(claim, given, wrt, layout, structured)
    if error is not None:
        raise AssertionError(error)


def _verdicts(claim: Claim | Any, given: str, wrt: str | None, layout: str, structured: bool) -> tuple[Verdict, ...]:
    if isinstance(claim, str) and wrt is None:
        found = check(f"{given.rstrip()}\n{claim}", layout, structured).claims
        before = given.rstrip().count("\n") + 1
        verdicts = tuple(v for v in found if v.line > before)
        if not verdicts:
            raise InputProblem(f"there is no claim in {claim!r}", hint="write dW = X.T @ dZ")
        return verdicts
    if wrt is None:
        raise InputProblem("whose gradient a function is has to be said", hint='wrt="W"')
    verdict: Verdict = derive(given, layout=layout, structured=structured)[wrt].judge(claim)
    return (verdict,)


def _kind(v: Verdict) -> str:
    return f"{v.verdict} ({v.slip})" if v.slip else v.verdict


__all__ = ["assert_gradient", "gradient_error"]
