"""What would make a wrong claim right: that the rows of a table add up to 1, where nothing declares it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..calculus.gradients import backward
from ..errors import ShapecalcError
from ..expr import Apply, Var, nodes
from ..shapes import show
from ..verify.judge import Judge
from ..verify.points import Undecided
from .case import Case

ROWS = "probabilities", "onehot"
COLUMNS = ("onehot_columns",)
SAID = {
    "probabilities": ("the rows of {name} add up to 1", "they do", "onehot"),
    "onehot": ("the rows of {name} are one-hot", "they are", "onehot"),
    "onehot_columns": ("the columns of {name} are one-hot", "they are", "onehot_columns"),
}


def assumption(case: Case) -> str:
    """The sentence that says it; empty where nothing of the kind helps."""
    if case.claim is None or not case.fits:
        return ""
    for v, property_ in _candidates(case):
        if _right_if(case, v, property_):
            what, if_so, word = SAID[property_]
            said = what.format(name=v.name) if len(v.shape) > 1 else f"the entries of {v.name} add up to 1"
            return f"This line is right if {said}, which nothing declares; if {if_so}, say so: {v.name}: {word} {show(v.shape)}."
    return ""


def _candidates(case: Case) -> Iterator[tuple[Var, str]]:
    """Declared tables whose rows or columns are added up in what is right, and what may be true of them."""
    declared = case.problem.declared
    seen: set[tuple[str, str]] = set()
    for form in case.truth.all_forms:
        for node in nodes(form):
            if not (isinstance(node, Apply) and node.name == "sum" and isinstance(node["axis"], int | None)):
                continue
            (table,) = node.args
            v = declared.get(table.name) if isinstance(table, Var) else None
            if v is None or v.properties or not v.shape:
                continue
            last = node["axis"] is None or node["axis"] % len(v.shape) == len(v.shape) - 1
            for property_ in ROWS if last else COLUMNS:
                if (v.name, property_) not in seen and (node["axis"] is not None or len(v.shape) == 1):
                    seen.add((v.name, property_))
                    yield v, property_


def _right_if(case: Case, v: Var, property_: str) -> bool:
    """Whether the claim has the value of the truth wherever the table is of that kind."""
    assert case.claim is not None
    declared = {n: Var(n, w.shape, frozenset({property_})) if n == v.name else w for n, w in case.problem.declared.items()}
    problem = replace(case.problem, declared=declared)
    try:
        judge = Judge(problem, backward(problem))
        return judge.compare(case.claim, case.truth.formula, squeeze=case.truth.squeeze).verdict == "equal"
    except (ShapecalcError, Undecided):
        return False
