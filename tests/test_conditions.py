"""What a certificate says besides: the conditions that a formula needs, none that holds anyway, and the properties that were used."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecalc.calculus.gradients import backward
from shapecalc.language.sheet import read
from shapecalc.verify.judge import Judge

ROWS = [row.splitlines() for row in (Path(__file__).parent / "cases/conditions.txt").read_text(encoding="utf-8").strip().split("\n\n")]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][-70:] for row in ROWS])
def test_conditions_and_properties(row):
    source, *expected = row
    problem = read(source)
    found = Judge(problem, backward(problem), seed=3).certify()
    said = [("provided", found.conditions), ("used", found.assumptions)]
    assert [f"    {word}: {', '.join(parts)}" for word, parts in said if parts] == expected
