"""Claims: from text to verdict, and how often a wrong one is let through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import shapecalc
from shapecalc.calculus.gradients import backward
from shapecalc.checking.reader import Reader
from shapecalc.language.sheet import read
from shapecalc.verify.judge import Judge
from shapecalc.verify.trials import EXACT

from .harness import Cell, Job, Plan, Table, in_turn, installed
from .problems import affine
from .yardsticks import sympy_claim

RIGHT = {
    "upstream": [
        "dW = {k}*X.T @ dZ / {k}",
        "dW = (dZ.T @ ({k}*X)).T / {k}",
        "db = sum({k}*dZ, axis=0) / {k}",
        "dX = {k}*dZ @ W.T / {k}",
    ],
    "MSE": [
        "dZ = {k}*(Z - Y) / ({k}*S)",
        "dW = {k}*X.T @ (Z - Y) / ({k}*S)",
        "db = sum({k}*(Z - Y), axis=0) / S / {k}",
        "dX = dZ @ ({k}*W).T / {k}",
    ],
    "softmax CE": [
        "dZ = {k}*(softmax(Z)*sum(Y, axis=1, keepdims=True) - Y) / ({k}*S)",
        "dW = {k}*X.T @ dZ / {k}",
        "db = sum({k}*dZ, axis=0) / {k}",
        "dX = dZ @ ({k}*W).T / {k}",
    ],
}
WRONG = [
    "dW = X @ dZ", "dW = dZ.T @ X", "dW = -X.T @ dZ", "dW = 2*X.T @ dZ", "dW = X.T @ dZ / S", "dW = X.T @ (dZ * (Z > 0))",
    "dW = X.T @ Z", "dW = X.T @ dZ + W", "dW = X.T * dZ", "dW = X.T @ dZ / 3", "dW = X.T @ dZ * W",
    "db = dZ", "db = sum(dZ, axis=1)", "db = sum(dZ)", "db = sum(dZ, axis=0) / S", "db = sum(Z, axis=0)", "db = -sum(dZ, axis=0)",
    "db = sum(dZ, axis=0) + b",
    "dX = dZ @ W", "dX = W @ dZ.T", "dX = -dZ @ W.T", "dX = dZ @ W.T + X", "dX = (dZ @ W.T).T", "dX = dZ @ W.T / 2",
]  # fmt: skip


def run(plan: Plan) -> Iterator[Table]:
    """Verdicts in a second, slips by cost, and wrong yeses."""
    yield _speed(plan)
    yield _slips(plan)
    yield _wrong_yeses(plan)


def sheet(loss: str, lines: list[str]) -> str:
    """A problem with claims."""
    return "\n".join([affine(loss), *lines])


def _right(loss: str, count: int) -> list[str]:
    forms = RIGHT[loss]
    return [forms[k % len(forms)].format(k=k // len(forms) + 2) for k in range(count)]


def _speed(plan: Plan) -> Table:
    out = Table(
        "Claims about the affine layer, text to verdict, one core",
        [
            *(("loss", ""), ("claims", ""), ("number", "n"), ("sheet without them", "s"), ("sheet with them", "s")),
            *(("a claim", "s"), ("claims", "/s"), ("sympy / ours, 2, 3, 3", "x"), ("sympy / ours, 8, 8, 8", "x")),
        ],
    )
    out.note(
        """
        A whole sheet through `shapecalc.check`; the sheet with a single right claim is subtracted, so the problem is
        read, derived and proved once. Right claims: pairwise different formulas. Wrong ones: one of each slip, with its
        diagnosis. *sympy*: one claim dW = XᵀdZ, already built from matrices of symbols at S, D, M, expanded and compared
        with the gradient differentiated before, its cache cold; no text, no slip. Wanted: 3,000 right and 200 wrong ones
        a second, on a machine on which the same in sympy takes 20 ms at 8, 8, 8: that is 60 times as fast.
        """
    )
    jobs: dict[str, Job] = {}
    for loss in RIGHT:
        jobs[f"{loss}, none"] = partial(shapecalc.check, sheet(loss, RIGHT[loss][1:2]).format(k=1))
        jobs[f"{loss}, right"] = partial(shapecalc.check, sheet(loss, _right(loss, plan.claims)))
        jobs[f"{loss}, wrong"] = partial(shapecalc.check, sheet(loss, WRONG))
    if installed("sympy"):
        jobs |= {f"sympy, {n}": sympy_claim(*size) for n, size in ((2, (2, 3, 3)), (8, (8, 8, 8)))}
    found = in_turn(jobs, plan)
    for loss in RIGHT:
        for kind, number in (("right", plan.claims), ("wrong", len(WRONG))):
            none, some = found[f"{loss}, none"], found[f"{loss}, {kind}"]
            each = max(1e-9, (some.median - none.median) / number)
            ratios: list[Cell] = [found[k].median / each if (k := f"sympy, {n}") in found and kind == "right" else None for n in (2, 8)]
            out.add(loss, kind, number, none, some, each, 1 / each, *ratios)
    return out


def _slips(plan: Plan) -> Table:
    out = Table("The dearest diagnoses (affine layer, incoming gradient)", [("claim", ""), ("slip", ""), ("a claim", "s")])
    none = sheet("upstream", ["db = sum(dZ, axis=0)"])
    chosen = WRONG if plan.name != "tiny" else WRONG[:2]
    jobs: dict[str, Job] = {"": partial(shapecalc.check, none)}
    jobs |= {claim: partial(shapecalc.check, sheet("upstream", ["db = sum(dZ, axis=0)", claim])) for claim in chosen}
    found = in_turn(jobs, plan)
    rest = {claim: max(1e-9, found[claim].median - found[""].median) for claim in chosen}
    for claim in sorted(rest, key=lambda c: -rest[c])[:8]:
        verdict = shapecalc.check(sheet("upstream", [claim])).claims[0]
        out.add(f"`{claim}`", verdict.slip or verdict.verdict, rest[claim])
    return out


# ---- Schwartz and Zippel --------------------------------------------------------------

# each wrong by a product of so many different factors: as many zeros as its degree allows
DEGREES = {
    1: "dx = y + (x - 1)",
    2: "dx = y + (x - 1)*(y - 2)",
    3: "dx = y + (x - 1)*(x - 2)*(x - 3)",
    6: "dx = y + (x - 1)*(x - 2)*(x - 3)*(y - 1)*(y - 2)*(y - 3)",
}


def _wrong_yeses(plan: Plan) -> Table:
    out = Table(
        "Wrong claims let through at one point modulo a small prime",
        [
            *(("claim, for L = x*y", ""), ("degree", "n"), ("p", "n"), ("points", "n")),
            *(("let through", "p"), ("bound degree / 2ᵏ", "p"), ("let through / bound", "x")),
        ],
    )
    out.note(
        """
        The judge itself, its prime of 61 bits replaced by a small one, one point at a time. Values are drawn from 2ᵏ numbers, 2ᵏ
        the greatest power of two below p. The claims are chosen so that the bound is nearly reached: what is let through may lie on
        both sides of it by chance. At a prime above 2⁶¹, as it is drawn otherwise, the same bound is below 2⁻⁵⁸ for each of them.
        """
    )
    problem = read("x: (); y: (); L = x*y")
    passed = backward(problem)
    names = {flow.symbol.name: flow.symbol for flow in passed.flows.values() if flow.formula is not None}
    for d, text in DEGREES.items():
        claim = Reader(problem, names).build(read(f"{problem.source}\n{text}").claims[0].values[0])
        for p in (101, 1009):
            seeds = (seed * 10_007 + d * p for seed in range(plan.trials // 4))  # other points in each row
            wrong = sum(_let_through(Judge(problem, passed, seed), claim, passed.formula("x"), p) for seed in seeds)
            rate, bound = wrong / (plan.trials // 4), d / (1 << p.bit_length() - 1)
            out.add(re.sub(r"\s+", " ", text), d, p, plan.trials // 4, rate, bound, rate / bound)
    return out


def _let_through(judge: Judge, claim: object, truth: object, p: int) -> bool:
    judge.trials.prime = p
    trial = judge.trials.draw(EXACT)
    return trial.value(claim).data == trial.value(truth).data  # type: ignore[arg-type]
