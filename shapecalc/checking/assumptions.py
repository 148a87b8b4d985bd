"""What would make a wrong claim right: that the rows of a table add up to 1, where nothing declares it."""

from __future__ import annotations

from ..calculus.structures import supposed, totals
from ..errors import ShapecalcError
from ..expr import Var
from ..rings import Unlucky, Unsupported
from ..shapes import show
from ..verify.judge import Judge
from ..verify.trials import FLOAT
from ..verify.undecided import Undecided
from .bench import alike
from .case import Case

SAID = {
    "probabilities": ("the rows of {name} add up to 1", "they do", "onehot"),
    "onehot": ("the rows of {name} are one-hot", "they are", "onehot"),
    "onehot_columns": ("the columns of {name} are one-hot", "they are", "onehot_columns"),
}


def assumption(case: Case) -> str:
    """The sentence that says it; empty where nothing of the kind helps."""
    if case.claim is None or not case.fits:
        return ""
    tried = dict.fromkeys((v, p) for v, _, properties in totals(case.problem, case.truth.all_forms) for p in properties)
    for v, property_ in tried:
        if _right_if(case, v, property_):
            what, if_so, word = SAID[property_]
            said = what.format(name=v.name) if len(v.shape) > 1 else f"the entries of {v.name} add up to 1"
            return f"This line is right if {said}, which nothing declares; if {if_so}, say so: {v.name}: {word} {show(v.shape)}."
    return ""


def _right_if(case: Case, v: Var, property_: str) -> bool:
    """Whether the claim has the value of the truth wherever the table is of that kind; one point in floats mostly tells that it has not."""
    assert case.claim is not None
    judges, key = case.bench.judges, (v.name, property_)
    try:
        if key not in judges:
            # the gradients hold for every table, so for one of that kind too
            judges[key] = Judge(supposed(case.problem, v.name, property_), case.judge.backward, case.judge.seed)
        judge, truth = judges[key], case.truth.formula
        trials, general = judge.trying
        first = trials.somewhere(FLOAT)
        claimed, true = (first.value(e if general is None else general.formula(e)) for e in (case.claim, truth))
        if not alike(claimed.data, true.data):
            return False
        return judge.compare(case.claim, truth, squeeze=case.truth.squeeze).verdict == "equal"
    except (ShapecalcError, Undecided, Unlucky, Unsupported, ArithmeticError):
        return False
