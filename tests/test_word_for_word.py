"""What is derived from a table of programs, word for word: formulas, layouts, Jacobians, certificates at given points, whole pages.

A formula that changes may be as right as before, and be longer, or say the same in an order that nobody writes: that is seen here, and
looked at, before UPDATE_GOLDEN=1 writes it down.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from random import Random

import pytest
from kept import compared
from programs import Maker, points

import shapecalc
from shapecalc.blocks import Callout, Document
from shapecalc.calculus.entries import Entries
from shapecalc.calculus.gradients import backward
from shapecalc.calculus.jacobians import hessian, jacobian
from shapecalc.calculus.turning import turned
from shapecalc.errors import ShapecalcError
from shapecalc.expr import Var
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.publishing.options import Options
from shapecalc.publishing.pages import page
from shapecalc.render import Output, render
from shapecalc.rings import Unlucky
from shapecalc.verify.judge import Judge

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
FORMS, PAGES, ENTRIES = (GOLDEN / f"{name}.txt" for name in ("forms", "pages", "entries"))


def rows(file):
    return [row.strip() for row in (HERE / "cases" / file).read_text(encoding="utf-8").split("\n\n") if row.strip()]


def without_claims(row):
    return "\n".join(line for line in row.splitlines() if not re.match(r"d\w+ =", line))


# ---- formulas ---------------------------------------------------------------------------------------------


def called(kind, sources):
    """Programs by a name that stays when others come before them."""
    return {f"{kind} {zlib.crc32(s.encode()):08x}": s for s in sources}


TABLE = called("rules", rows("rules.txt")) | called("book", map(without_claims, rows("textbook.txt")))
TABLE |= called("form", rows("forms.txt")) | called("operation", rows("operations.txt"))
TABLE |= called("program", (Maker(Random(k), 1 + k % 3).program() for k in range(60)))


def refusal(error):
    return f"refused: {str(error).splitlines()[0]}"


def gradients(problem, passed):
    for name in problem.declared:
        formula = passed.formula(name)
        yield f"d{name} = {text(formula)}"
        if len(formula.shape) == 2:
            yield f"   numerator: {text(passed.drawn(formula, 'numerator'))}"
        written = text(passed.expanded(name))
        if written != text(formula):
            yield f"   written out: {written}"


def certificate(problem, passed):
    judge = Judge(problem, passed, seed=7)
    found = judge.certify(passed)
    sure = "" if found.bits is None else f" to {found.bits} bits"
    yield f"{found.method}{sure}, {found.points} points, {', '.join(found.witnesses)}"
    yield from points(judge)
    for word, said in (("provided that", found.conditions), ("used", found.assumptions)):
        if said:
            yield f"{word} {', '.join(said)}"


def second(problem, passed):
    of, by = problem.last, next(iter(problem.declared))
    ranks = len(problem.variable(of).shape), len(problem.variable(by).shape)
    if problem.loss is None and max(ranks) <= 2:
        found = jacobian(problem, of, by)
        if sum(ranks) <= 3:
            yield f"Jacobian: {text(found.formula())} | {text(found.formula('denominator'))}"
        if max(ranks) == 2:
            yield f"   stacked: {text(found.formula(vec=True))} | {text(found.formula('denominator', vec=True))}"
            Judge(problem, passed, seed=7).certify_jacobian(of, by, found.formula(vec=True), vec=True)
        yield f"   times v_{by}: {text(found.times(Var(f'v_{by}', problem.variable(by).shape)))}"
    elif problem.loss is not None and ranks[1] <= 1:
        yield f"Hessian: {text(hessian(problem, by)[0].formula())}"


def columns(problem, passed):
    yield "as columns: " + turned(problem).source.replace("\n", "; ")


def said(source):
    """Everything about a program, line by line; what cannot be had is said, too."""
    problem = read(source)
    passed = backward(problem)
    out = []
    for part in (gradients, certificate, second, columns):
        try:
            out += part(problem, passed)
        except ShapecalcError as error:
            out.append(refusal(error))
    return "\n".join(out)


# ---- pages ------------------------------------------------------------------------------------------------

ALL = {"samples": "both", "layouts": ("denominator", "numerator"), "numbers": True}
PLAIN = {"numbers": True}
SHEETS = {
    "MSE": ("X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2) / (2*S)", ALL),
    "mean of columns": ("X: (S, D); w: (D,); y: (S,); z = X @ w; L = mean((z - y)**2)", ALL),
    "softmax": ("Z: (S, K); Y: onehot (S, K); P = softmax(Z, axis=1); L = -sum(Y * log(P)) / S", PLAIN),
    "two layers": ("X: (S, D); W: (D, H); c: (H,); v: (H,); A = tanh(X @ W + c); p = sigmoid(A @ v)", {"at": {"S": 2, "D": 2, "H": 2}}),
    "quadratic": ("A: (n, n); x: (n,); b: (n,); q = x @ A @ x / 2 - b @ x", PLAIN),
    "column bias": ("X: (D, S); W: (M, D); b: (M, 1); Z = W @ X + b; A = relu(Z)", ALL),
    "row by row": ("X: (S, D); g: (D,); m = mean(X, axis=1, keepdims=True); H = (X - m) * g", ALL),
    "parts": ("h: (B, H); U: (H, 2*K); a = h @ U; i = sigmoid(a[:, :K]); g = tanh(a[:, K:]); c = i * g", {"at": {"B": 2, "H": 2, "K": 1}}),
    "traces": ("X: (n, m); A: (n, n); L = tr(X.T @ A @ X)", PLAIN),
    "three axes": ("Q: (B, N, E); K: (B, T, E); A = Q @ swapaxes(K, 1, 2)", {"at": {"B": 1, "N": 2, "E": 2, "T": 2}}),
    "undefined": ("def f(x); X: (S, D); W: (D, M); A = f(X @ W); L = sum(A)", {"at": {"S": 2, "D": 2, "M": 1}}),
    "norms": ("x: (n,); y: (n,); r = x - y; L = norm(r) + sum(abs(x)) + max(y)", {}),
    "numbers of sizes": ("x: (4,); K: (2, 2); L = sum(exp(K @ reshape(x, 2, 2)))", PLAIN),
    "one of many": ("T: (n, m); c: (); L = c * sum(T[0] * T[1]) + sum(cumsum(T, axis=1))", {"at": {"n": 3, "m": 2}}),
}  # fmt: skip
OPTIONS_OF_PAGES = {"brief": {"steps": "short"}, "index only": {"views": ("index",)}, "conventions": {"page": "conventions", **ALL}}


def shown(source, options):
    """A page without its certificate, whose points are drawn anew each time."""
    document = page(shapecalc.derive(source), Options().with_(**options))
    kept = tuple(b for b in document.blocks if not (isinstance(b, Callout) and b.kind == "certificate"))
    return "\n".join(line.rstrip() for line in str(render(Document(document.title, kept), "text", Output(width=120))).splitlines())


LEAVES = SHEETS | {f"{name}: {how}": (SHEETS[name][0], more) for name in ("MSE", "column bias") for how, more in OPTIONS_OF_PAGES.items()}


# ---- compared ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLE)
def test_what_is_derived(name):
    source = TABLE[name]
    compared(FORMS, name, f"{source}\n--\n{said(source)}")


@pytest.mark.parametrize("name", LEAVES)
def test_what_a_page_says(name):
    source, options = LEAVES[name]
    compared(PAGES, name, f"{source}\n--\n{shown(source, options)}")


# ---- entries ----------------------------------------------------------------------------------------------

SMALL = [name for name in TABLE if name.partition(" ")[0] in ("rules", "form", "program")]


def entry_by_entry(problem, passed):
    """Of every gradient the first and the last entry, and the numbers; how the first is made."""
    made = Entries(problem, {n: 3 - k % 2 for k, n in enumerate(problem.sizes)})
    try:
        assert made.agrees(passed) is True
    except Unlucky as error:
        yield f"not compared: {error}"
    try:
        numbers = made.numbers()
    except ShapecalcError as error:
        numbers = None
        yield refusal(error)
    for block in made.gradients.values():
        ends = [block.formula(*(1 for _ in block.shape)), block.formula(*block.shape)]
        yield f"{block.name}: {' | '.join(e if len(e) < 400 else f'{e[:400]}... ({len(e)})' for e in ends)}"
        if numbers is not None:
            yield f"   {' '.join(numbers.texts(block.name)[:12])}"
    first = next(iter(problem.declared))
    if first in made.gradients:
        shape = made.gradients[first].shape
        yield f"   {str(made.explain(first, *shape))[:600].rstrip()}"


@pytest.mark.parametrize("name", SMALL)
def test_what_the_entries_are(name):
    problem = read(TABLE[name])
    passed = backward(problem)
    try:
        found = "\n".join(entry_by_entry(problem, passed))
    except ShapecalcError as error:
        found = refusal(error)
    compared(ENTRIES, name, found or "nothing")
