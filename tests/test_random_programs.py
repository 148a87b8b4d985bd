"""Random programs: the closed form is certified, prints and reads back, and follows the layouts and the renaming of its names."""

from __future__ import annotations

import os
import re
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Maker

import shapecalc
from shapecalc.calculus.gradients import backward
from shapecalc.forms import transposed
from shapecalc.language.builder import build_text
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.verify.judge import Judge
from shapecalc.verify.undecided import Undecided

PROGRAMS = int(os.environ.get("SHAPECALC_PROGRAMS", "60"))
bounded = settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32)


def decided(source):
    """The derivation, or None where no point is in the domain of the program."""
    try:
        return shapecalc.derive(source)
    except Undecided:
        return None


@bounded
@given(seeds, st.integers(1, 3))
def test_closed_form_against_difference_quotients(seed, most):
    decided(Maker(Random(seed), most).program())


@bounded
@given(seeds)
def test_written_out_is_the_same_value(seed):
    problem = read(Maker(Random(seed), 2).program())
    passed = backward(problem)
    judge = Judge(problem, passed)
    try:
        for name in problem.declared:
            assert judge.compare(passed.expanded(name), passed.formula(name)).verdict in {"equal", "undecided"}, name
    except Undecided:
        return


@bounded
@given(seeds)
def test_a_printed_formula_reads_back_to_the_same_text(seed):
    problem = read(Maker(Random(seed), 3).program())
    passed = backward(problem)
    names = {**problem.variables(), **{f.symbol.name: f.symbol for f in passed.flows.values()}}
    for name in problem.declared:
        printed = text(passed.formula(name))
        if "[::-1]" not in printed:
            assert text(build_text(printed, names, problem.sizes)) == printed


@bounded
@given(seeds)
def test_numerator_is_the_transpose_of_denominator(seed):
    problem = read(Maker(Random(seed), 2).program())
    passed = backward(problem)
    judge = Judge(problem, passed)
    try:
        for name, v in problem.declared.items():
            if len(v.shape) == 2:
                turned = passed.drawn(passed.formula(name), "numerator")
                assert turned.shape == v.shape[::-1]
                assert judge.compare(turned, transposed(passed.formula(name))).verdict in {"equal", "undecided"}
    except Undecided:
        return


@bounded
@given(seeds)
def test_renaming_sizes_and_variables_changes_nothing_else(seed):
    source = Maker(Random(seed), 2).program()
    a, b = backward(read(source)), backward(read(renamed(source)))
    for name in a.problem.declared:
        assert renamed(text(a.formula(name))) == text(b.formula(name))


def renamed(written):
    """Sizes under other names in the same order of the alphabet; what stands in quotes are the indices of an einsum."""
    parts = written.split("'")
    parts[::2] = [re.sub(r"\b([nmk])\b", lambda m: {"k": "p", "m": "q", "n": "r"}[m[1]], part) for part in parts[::2]]
    return "'".join(parts)
