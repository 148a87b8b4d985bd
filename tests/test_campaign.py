"""Thousands of wrong claims: every slip a person makes, made at every part of sixty derivations; and rewritings that change nothing."""

from __future__ import annotations

import mutations
import pytest

import shapecalc

ROWS = mutations.rows()
SAMPLE = ROWS[::12]
NAMED = 0.9  # of the wrong claims: how many must get the name of the mutation


def verdicts(row, texts):
    """The verdicts on many claims about one problem, in order."""
    found = shapecalc.check(row.sheet + "\n" + "\n".join(f"{row.left} = {t}" for t in texts)).claims
    by_line = {v.line: v for v in reversed(found)}
    return [by_line[k + 2] for k in range(len(texts))]


def accepted(slugs, ill_shaped):
    """A full transpose may be called by either name; what does not conform, nonconformable or by its cause."""
    more = {"transposed", "wrong-layout"} if slugs & {"transposed", "wrong-layout"} else set()
    return slugs | more | ({"nonconformable"} if ill_shaped else set())


def campaign(rows):
    """How many wrong claims there were, and those that were not given the name of a slip that leads to them."""
    total, unnamed = 0, []
    for row in rows:
        made = mutations.mutants(row)
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
def test_every_rewriting():
    assert rewritten(ROWS) > 200


def test_the_instrument_sees_equivalence():
    row = ROWS[0]
    scope = row.scope([3, 4, 5], 1)
    assert mutations.equal(mutations.value("(dZ.T @ X).T", scope), mutations.value("X.T @ dZ", scope))
    assert not mutations.equal(mutations.value("dZ.T @ X", scope), mutations.value("X.T @ dZ", scope))
    assert all(text != "X.T @ dZ" for text, _, _ in mutations.mutants(row))
