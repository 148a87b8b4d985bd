"""A stored derivation: every gradient, every line of the backward pass, and what the file says of the problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.calculus.entries import Entries
from shapecalc.calculus.layouts import LAYOUTS, is_turned
from shapecalc.errors import InputProblem, Misfit, ShapecalcError
from shapecalc.expr import Apply, Expr, nodes
from shapecalc.forms import transposed
from shapecalc.language.abbreviations import output
from shapecalc.language.sheet import build
from shapecalc.language.syntax import parse
from shapecalc.publishing import facts
from shapecalc.publishing.pages import subject
from shapecalc.results import Derivation
from shapecalc.shapes import show

from .fields import Again, Fields, problem_of, refuted

LARGEST_SIZE = 64  # of the entries view
VIEWS = ("loss", "declared", "definitions", "given")


def derivation(found: Fields) -> Iterator[Again]:
    """Every gradient, every line of the backward pass, and what the file says of the problem."""
    gradients = {n: Fields(g) for n, g in found.get("gradients", dict).items()}
    problem = output(problem_of(found), gradients)
    unknown = next((n for n in gradients if n not in problem.declared and n not in problem.definitions), None)
    if unknown is not None or not gradients:
        raise InputProblem("its gradients are not of names in its source")
    d = Derivation(problem, list(gradients), found.one_of("layout", LAYOUTS), bool(found.get("structured", bool)))
    d.certificate  # noqa: B018 - raises where the derivation of this version does not hold
    same = found.data.get("version") == facts.version()
    for name, g in gradients.items():
        yield gradient(d, name, g, same)
    yield from passed(d, found.get("backward", list))
    fresh = facts.about(subject(d))
    for key in VIEWS:
        if found.data.get(key) != fresh[key]:
            yield Again(key, "", "wrong", f'"{key}" is not what its source says')
    if same and found.data.get("entries") is not None:
        yield entries(d, Fields(found.data["entries"]))


def gradient(d: Derivation, name: str, g: Fields, same: bool) -> Again:
    """One gradient: both its formulas, its shape, and how it is drawn."""
    written, expanded = g.text("formula"), g.get("expanded", str, type(None))
    fresh = facts.gradient(subject(d), name)
    symbol = f"d{name}"
    # that it is as this version has derived it says enough where nothing was done to it since it was certified: a long file takes no longer
    known = not is_turned(d.layout, d.problem.variable(name).shape) and written == fresh["formula"]
    for text, certified in ((written, fresh["formula"]), (expanded, fresh["expanded"])):
        if text is not None and not (known and text is written):
            verdict, reason = judged(d, name, text, certified)
            if verdict != "right":
                return Again(symbol, f"{symbol} = {text}", verdict, reason)
    e = d[name].expression if written == fresh["formula"] else parsed(d, written)
    recognised = not any(isinstance(n, Apply) and n.name == "einsum" for n in nodes(e))
    said = {"shape": list(e.shape), "symbol": fresh["symbol"], "recognised": recognised}
    if same:
        said["latex"] = facts.latex(subject(d), e)
        if written == fresh["formula"]:
            said["reduction"] = fresh["reduction"]
    wrong = [key for key, value in said.items() if g.data.get(key) != value]
    if wrong:
        return Again(symbol, f"{symbol} = {written}", "wrong", f"the formula is right, but its {', '.join(wrong)} does not belong to it")
    return Again(symbol, f"{symbol} = {written}", "right", certificate=d.certificate)


def parsed(d: Derivation, text: str) -> Expr:
    """A formula of the file in the names of the problem and of its gradients."""
    symbols = {f.symbol.name: f.symbol for f in d.backward_pass.flows.values()}
    return build(d.problem, parse(text), symbols)


def judged(d: Derivation, name: str, text: str, certified: str | None) -> tuple[str, str]:
    """A gradient's formula against difference quotients; what cannot be read back has to be what was certified, word for word."""
    try:
        e = parsed(d, text)
        if is_turned(d.layout, d.problem.variable(name).shape):
            e = transposed(e)
        wanted = d.problem.variable(name).shape
        if e.shape != wanted:
            return "wrong", f"it has not the shape of {name}, {show(wanted)}"
        d.judge.certify_gradient(name, e, d.structured)
    except (ShapecalcError, Misfit) as error:
        return refuted(error, text == certified)
    return "right", ""


def passed(d: Derivation, lines: list[Any]) -> Iterator[Again]:
    """The lines of the backward pass that are not as they should be; all of them at once where they are."""
    s = subject(d)
    fresh = {n: facts.line(s, n) for n in d.backward_pass.order if not d.backward_pass.flows[n].given and n != d.problem.loss}
    for line in lines:
        of = Fields(line).text("of")
        if of not in fresh:
            yield Again(f"d{of}", "", "wrong", "the backward pass has no such line")
            continue
        text = Fields(line).text("formula")
        verdict, reason = ("right", "") if text == fresh[of]["formula"] else judged_line(d, of, text)
        if verdict == "right" and {**line, "formula": ""} != {**fresh[of], "formula": ""}:
            verdict, reason = "wrong", "its symbol or its shape does not belong to it"
        if verdict != "right":
            yield Again(fresh[of]["symbol"], f"{fresh[of]['symbol']} = {text}, in the backward pass", verdict, reason)
    if [Fields(line).text("of") for line in lines] != list(fresh):
        yield Again("backward", "", "wrong", "lines of the backward pass are missing, doubled or out of order")


def judged_line(d: Derivation, name: str, text: str) -> tuple[str, str]:
    """A line of the backward pass, which no layout turns."""
    try:
        e = parsed(d, text)
        if e.shape != d.problem.variable(name).shape:
            return "wrong", f"it has not the shape of {name}"
        d.judge.certify_gradient(name, e)
    except (ShapecalcError, Misfit) as error:
        return refuted(error, certified=False)
    return "right", ""


def entries(d: Derivation, found: Fields) -> Again:
    """The element-wise view, made anew at its sizes."""
    sizes = found.get("sizes", dict)
    if any(not isinstance(n, int) or isinstance(n, bool) or not 0 < n <= LARGEST_SIZE for n in sizes.values()):
        raise InputProblem(f"the sizes of its entries are not numbers between 1 and {LARGEST_SIZE}")
    fresh = facts.blocks(Entries(d.problem, sizes, d.wrt))
    wrong = [n for n in {**fresh, **found.get("tensors", dict)} if found.data["tensors"].get(n) != fresh.get(n)]
    if wrong:
        return Again("entries", "", "wrong", f"the entries of {', '.join(wrong[:5])} are others")
    return Again("entries", f"entries at {', '.join(f'{k}={n}' for k, n in sizes.items())}", "right")
