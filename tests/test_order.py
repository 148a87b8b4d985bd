"""The order in which rules are tried does not matter: the formulas are the same, whatever it is."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import shapecalc
from shapecalc.calculus import simplify
from shapecalc.errors import ShapecalcError

ROWS = [row.strip() for row in (Path(__file__).parent / "cases/rules.txt").read_text().split("\n\n") if row.strip()]


def formulas(source):
    try:
        return {n: g.formula for n, g in shapecalc.derive(source).gradients.items()}
    except ShapecalcError as error:
        return type(error)


@pytest.fixture
def shuffled(monkeypatch):
    """`normal` with its rules in an order of our own; the text is changed, so that nothing in the house has to know of it."""
    text, count = re.subn(r"for rule in (\(.*?\)):\n", r"for rule in ordered(\1):\n", inspect.getsource(simplify.normal))
    assert count == 1

    def use(random):
        space = {**simplify.__dict__, "ordered": lambda rules: random.sample(rules, len(rules))}
        exec(text, space)  # noqa: S102 - it is ours
        monkeypatch.setattr(simplify, "normal", space["normal"])

    return use


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_rules_is_immaterial(shuffled, seed):
    before = {row: formulas(row) for row in ROWS[seed::2]}
    shuffled(Random(seed))
    assert {row: formulas(row) for row in before} == before


SEEDED = """
import shapecalc
X = "X: (S, D); w: positive (S,); y: (S,); lam: (); "
print(shapecalc.derive(X + "L = -logdet(X.T @ diag(w) @ X)", wrt="w")["w"].formula)
print(shapecalc.jacobian(X + "out = inv(X.T @ X + lam * eye(D)) @ X.T @ y", of="out", wrt="lam").formula)
A = "A, B: posdef (n, n); y: (n,); s: (); "
print(shapecalc.derive(A + "L = 0.5 * y @ solve(A + s * eye(n), y) + 0.5 * logdet(A + s * eye(n))", wrt="s")["s"].formula)
print(shapecalc.derive(A + "L = tr(inv(A + s * B))", wrt="s")["s"].formula)
"""


def test_the_forms_do_not_hang_on_where_things_lie_in_memory():
    def printed(seed: int) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        return subprocess.run([sys.executable, "-c", SEEDED], env=environment, capture_output=True, text=True, check=True).stdout

    assert len({printed(seed) for seed in range(1, 6)}) == 1
