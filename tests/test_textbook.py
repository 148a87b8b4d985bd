"""Problems that books and papers set, with the answers as they print them (or as short): the formulas, letter by letter.

Petersen & Pedersen's Matrix Cookbook, Magnus & Neudecker, Goodfellow et al., Bishop, Rasmussen & Williams; attention, normalisations,
recurrent cells, contrastive and variational losses. The derivation itself is proved by its certificate; this holds the form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

ROWS = [row.strip().splitlines() for row in (Path(__file__).parent / "cases/textbook.txt").read_text().split("\n\n") if row.strip()]


def problem(row):
    """The lines up to the answers, and the answers by name: each is the gradient by a declared name."""
    declared = [name.strip() for line in row if ":" in line.split("=")[0] for name in line.split(":")[0].split(",")]
    answers = row[-len(declared) :]
    return "\n".join(row[: -len(declared)]), {line.split(" = ")[0].removeprefix("d"): line.split(" = ", 1)[1] for line in answers}


@pytest.mark.parametrize("row", ROWS, ids=[row[-1][:60] for row in ROWS])
def test_the_answer_of_the_book(row):
    source, answers = problem(row)
    d = shapecalc.derive(source)
    assert {name: g.formula for name, g in d.gradients.items()} == answers
