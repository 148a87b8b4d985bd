"""Element by element: dW and db of a loss of Z = XW + b at concrete sizes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any

from shapecalc.calculus.entries import Entries, entries
from shapecalc.language.problem import Problem
from shapecalc.language.sheet import read

from .harness import MISSING, Cell, Job, Plan, Table, expected, exponent, in_turn, installed, ratio
from .problems import LOSSES, affine
from .scalar_graph import scalar_graph
from .yardsticks import symengine_diff, sympy_diff

Size = tuple[int, int, int]
GROWTH = {"sympy": 4 / 3, "symengine": 1.9, "as sympy": 4 / 3}  # over S·D·M, from 8·8·8 on: to know what would not finish
WANTED = {(8, "sympy"): 500.0, (16, "sympy"): 1500.0, (32, "symengine"): 400.0}


@cache
def problem(loss: str) -> Problem:
    """The affine layer with that loss, read once: the yardsticks read no text either."""
    return read(affine(loss))


def derived(loss: str, S: int, D: int, M: int) -> Entries:
    """Ours: every entry of every gradient derived, as nodes; nothing written out."""
    found = entries(problem(loss), {"S": S, "D": D, "M": M}, ("W", "b"))
    assert found.gradients
    return found


def written(loss: str, S: int, D: int, M: int) -> list[str]:
    """Ours: derived, and every summand of dW and db written as text."""
    found = derived(loss, S, D, M)
    return found.gradients["W"].formulas + found.gradients["b"].formulas


def as_sympy(loss: str, S: int, D: int, M: int) -> tuple[Any, Any]:
    """Ours: derived, and dW and db as sympy matrices (up to the shown sizes differentiated by sympy itself)."""
    found = derived(loss, S, D, M)
    return found.gradients["W"].formula_matrix, found.gradients["b"].formula_matrix


METHODS = {
    "derived": derived,
    "derived, warm": derived,
    "written": written,
    "as sympy": as_sympy,
    "scalar graph": scalar_graph,
    "symengine": symengine_diff,
    "sympy": sympy_diff,
}


def run(plan: Plan) -> Iterator[Table]:
    """One table of times, one of ratios and growth."""
    times: dict[str, dict[str, dict[Size, Cell]]] = {loss: {m: {} for m in METHODS} for loss in LOSSES}
    for loss in LOSSES:
        for size in plan.sizes:
            _measure(times[loss], loss, size, plan)
    yield _times(times, plan)
    yield _ratios(times, plan)
    yield _growth(times, plan)


def _measure(times: dict[str, dict[Size, Cell]], loss: str, size: Size, plan: Plan) -> None:
    jobs: dict[str, Job] = {}
    for name, method in METHODS.items():
        if name in ("symengine", "sympy") and not installed(name):
            times[name][size] = MISSING
            continue
        guess = expected(times[name], prod, lambda last, name=name: GROWTH.get(name, 1.0) if prod(last) >= 512 else 1.0, size)
        if guess > plan.limit:
            times[name][size] = f"not run (≈ {guess:,.0f} s)"
            continue
        jobs[name] = lambda method=method: method(loss, *size)
    for name, sample in in_turn(jobs, plan).items():
        times[name][size] = sample


def _times(times: dict[str, dict[str, dict[Size, Cell]]], plan: Plan) -> Table:
    out = Table(
        "Element-wise dW and db: processor time",
        [("loss", ""), ("S, D, M", ""), *((HEADS.get(m, m), "s") for m in METHODS)],
    )
    out.note(
        """
        Each from a problem that is read already, import excluded, caches cold, sympy's too (but for *again*). *derived*:
        every entry of dW and db is there as a node of shared scalars, as in the bare *scalar graph* (a reverse sweep in
        plain Python with hand-written rules, the limit for an honest element-wise derivation); *written*: every summand
        written as text; *as sympy*: as sympy matrices, up to the shown sizes differentiated by sympy itself as a witness.
        sympy and symengine: the loss as one expression over matrices of symbols, `.diff` by every entry of W and b,
        neither expanded nor printed.
        """
    )
    for loss in LOSSES:
        for size in plan.sizes:
            out.add(loss, ", ".join(map(str, size)), *(times[loss][m][size] for m in METHODS))
    return out


HEADS = {
    "derived": "ours, derived",
    "derived, warm": "again",
    "written": "ours, written",
    "as sympy": "ours, as sympy",
    "symengine": "symengine .diff",
    "sympy": "sympy .diff",
}
RATIOS = (
    ("sympy", "derived"), ("sympy", "derived, warm"), ("sympy", "written"), ("symengine", "derived"), ("symengine", "written"),
    ("derived", "scalar graph"), ("derived, warm", "scalar graph"), ("written", "scalar graph"),
)  # fmt: skip


def _ratios(times: dict[str, dict[str, dict[Size, Cell]]], plan: Plan) -> Table:
    out = Table(
        "Element-wise dW and db: ratios",
        [("loss", ""), ("S, D, M", ""), *((f"{a} / {b}", "x") for a, b in RATIOS), ("wanted", "")],
    )
    out.note(
        """
        Wanted: sympy / derived at least 500 at 8 and 1,500 at 16, symengine / derived at least 400 at 32, derived /
        scalar graph at most 2. The scalar graph has its rules in its program and asks sympy for none; *derived* asks for
        each, and reads the formulas of functions like log_softmax, every time (0.5 to 1.2 ms, at any size), *derived, warm*
        has asked before. What is compared is not a faster `.diff`, but not making n² derivatives of one expression.
        """
    )
    for loss in LOSSES:
        for size in plan.sizes:
            found = times[loss]
            cells = [ratio(found[a][size], found[b][size]) for a, b in RATIOS]
            wanted = [f"{name} {times:,.0f}x" for (n, name), times in WANTED.items() if size == (n, n, n)]
            out.add(loss, ", ".join(map(str, size)), *cells, "; ".join(wanted))
    return out


def _growth(times: dict[str, dict[str, dict[Size, Cell]]], plan: Plan) -> Table:
    cubes = [s for s in plan.sizes if len(set(s)) == 1 and s[0] >= 8]
    out = Table(
        f"Element-wise: growth, time as a power of n = S = D = M, from {cubes[0][0] if cubes else '-'} to the last that was run",
        [("loss", ""), *((m, "") for m in METHODS)],
    )
    out.note(
        """
        The answer has n³ summands. Wanted: ours at most 3.3.
        """
    )
    for loss in LOSSES:
        out.add(loss, *(exponent({s[0]: times[loss][m][s] for s in cubes}) for m in METHODS))
    return out
