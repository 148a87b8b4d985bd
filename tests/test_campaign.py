"""Thousands of wrong claims: every slip a person makes, made at every part of sixty derivations; and rewritings that change nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import mutations
import numpy as np
import published
import pytest

import shapecalc

ROWS = mutations.rows()
SAMPLE = ROWS[::12]
MOST = 12  # wrong claims about each published derivation
NAMED = 0.9  # of the wrong claims: how many must get the name of the mutation


def verdicts(row, texts):
    """The verdicts on many claims about one problem, in order."""
    found = shapecalc.check(row.sheet + "\n" + "\n".join(f"{row.left} = {t}" for t in texts), layout=row.layout).claims
    by_line = {v.line: v for v in reversed(found)}
    return [by_line[k + 2] for k in range(len(texts))]


def accepted(slugs, ill_shaped):
    """A full transpose may be called by either name; what does not conform, nonconformable or by its cause."""
    more = {"transposed", "wrong-layout"} if slugs & {"transposed", "wrong-layout"} else set()
    return slugs | more | ({"nonconformable"} if ill_shaped else set())


def published_rows():
    """The published gradients, Jacobians and Hessians that NumPy can evaluate at any sizes, far from what is singular."""
    for file in ("derivations.jsonl", "identities.jsonl"):
        for line in (Path(__file__).parent / "cases" / file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            text = "; ".join(s for s in published.sheet(case).splitlines() if s.strip())
            thin = case.get("kind") == "jacobian" and any(1 in shape for shape in case["shapes"].values())
            if thin or "onehot (V,)" in text or case.get("structure"):
                continue
            try:
                row = mutations.Row(f"{text} | {published.left_side(case)} = {case['expect']}")
                row.layout = case["layout"]
                values = [mutations.value(row.right, scope) for scope in row.scopes()]
            except (NameError, ValueError, TypeError, IndexError, np.linalg.LinAlgError):
                continue
            if all(v is not None and np.all(np.isfinite(v)) and np.all(np.abs(v) < 1e6) for v in values):
                yield row


def campaign(rows, most=None):
    """How many wrong claims there were, and those that were not given the name of a slip that leads to them."""
    total, unnamed = 0, []
    for row in rows:
        made = mutations.mutants(row)
        if most is not None and len(made) > most:
            made = random.Random(7).sample(made, most)
        for (text, slugs, _), v in zip(made, verdicts(row, [t for t, _, _ in made]), strict=True):
            assert v.verdict in {"wrong", "ill-shaped"}, f"{row.sheet}: {row.left} = {text} is wrong, got {v.verdict}"
            total += 1
            if v.slip not in accepted(slugs, v.verdict == "ill-shaped"):
                unnamed.append((row.left, text, slugs, v.slip))
    return total, unnamed


def rewritten(rows):
    """How many equivalent forms there were; each must be right."""
    total = 0
    for row in rows:
        texts = mutations.rewritings(row)
        total += len(texts)
        for text, v in zip(texts, verdicts(row, texts), strict=True):
            assert v.verdict == "right", f"{row.sheet}: {row.left} = {text} is right, got {v.verdict} ({v.slip})"
    return total


def test_sixty_derivations_are_right():
    assert len(ROWS) == 60
    for row in ROWS:
        assert shapecalc.check(f"{row.sheet}\n{row.claim}").ok, row.claim


def test_a_sample_of_mutations():
    total, unnamed = campaign(SAMPLE)
    assert total > 200
    assert len(unnamed) <= (1 - NAMED) * total, unnamed


def test_a_sample_of_rewritings():
    assert rewritten(SAMPLE) > 20


@pytest.mark.slow
def test_every_mutation():
    total, unnamed = campaign(ROWS)
    assert total > 2500
    assert len(unnamed) <= (1 - NAMED) * total, unnamed


@pytest.mark.slow
def test_mutations_of_what_others_have_published():
    rows = [row for row in published_rows() if shapecalc.check(f"{row.sheet}\n{row.claim}", layout=row.layout).ok]
    total, unnamed = campaign(rows, MOST)
    assert len(rows) > 180
    assert total > 1500
    assert len(unnamed) <= (1 - NAMED) * total, unnamed


@pytest.mark.slow
def test_every_rewriting():
    assert rewritten(ROWS) > 200


def test_the_instrument_sees_equivalence():
    row = ROWS[0]
    scope = row.scope([3, 4, 5], 1)
    assert mutations.equal(mutations.value("(dZ.T @ X).T", scope), mutations.value("X.T @ dZ", scope))
    assert not mutations.equal(mutations.value("dZ.T @ X", scope), mutations.value("X.T @ dZ", scope))
    assert all(text != "X.T @ dZ" for text, _, _ in mutations.mutants(row))
