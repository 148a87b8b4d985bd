"""What rounding may have done is told from a difference: by the numbers that were met, and by what stays where every operation errs."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from shapecalc.expr import Var
from shapecalc.rings import Unlucky
from shapecalc.tensor import Tensor
from shapecalc.verify.gaps import NO
from shapecalc.verify.rounding import Pair, alike, apart

X = Var("x", ("n",))


def numbers(words):
    return Tensor((len(words.split()),), [Decimal(w) for w in words.split()])


def pair(claimed, true, met="1", again=None):
    """Two values at a point at which the largest number met is `met`; `again`: what they are where operations err, or a misfortune."""

    def found(trial):
        if isinstance(trial, Exception):
            raise trial
        return tuple(map(numbers, trial))

    trial = SimpleNamespace(memo={X: numbers(met)}, shaken=again or [(claimed, true), (claimed, true)])
    return Pair(trial, numbers(claimed), numbers(true), found)


ERRING = [("1.4e-35", "2e-35"), ("1e-35", "3e-35")]  # nothing stays of a difference of 1e-35
GAPS = [
    # claimed, true, met, again -> gap, entry, put down to rounding
    ("1 2 3", "1 2 3", "1", None, "0", 0, False),
    ("0 0", "0 0", "1", None, "0", 0, False),
    ("1 2 4", "1 2 3", "1", None, "0.25", 2, False),
    ("1 -2", "1 2", "1", None, "2", 1, False),
    ("1 0", "1 2", "1", None, "1", 1, False),
    ("1", "1.00000000000000000000000000000000000000001", "1", None, "1e-41", 0, False),
    ("1e-35", "2e-35", "1", None, "0.5", 0, False),  # small beside what was met, and yet the same whatever errs
    ("1e-35", "2e-35", "1", ERRING, str(NO), 0, True),  # neither refuted nor right
    ("1e-49", "2e-49", "1", ERRING, "0", 0, True),  # as large as what is left of a number of 1
    ("1e-49", "2e-49", "1e-9", [("1e-49", "3e-49")] * 2, str(NO), 0, True),  # but not of one of a thousand-millionth
    ("1e-30", "2e-30", "1", [("1e-30", "3e-30")] * 2, str(NO), 0, True),
    ("1e-29", "2e-29", "1", ERRING, "0.5", 0, False),  # larger than anything that rounding does
    ("1e-31", "2e-31", "1e-2", ERRING, "0.5", 0, False),
    ("1e-31", "2e-31", "-1 1e-9", ERRING, str(NO), 0, True),  # the largest of the numbers met, whatever its sign
    ("1", "1.000000000000000000001", "1", [("1", "1.000000000000000000002")] * 2, "0", 0, False),
    ("1", "1.000000000000000000001", "1", None, "1e-21", 0, False),  # below what is called right, and no rounding
    ("1e-35", "2e-35", "1", [("1e-35", "2.0005e-35"), ("1e-35", "2e-35")], "0.5", 0, False),
    ("1e-35", "2e-35", "1", [("1e-35", "2.002e-35"), ("1e-35", "2e-35")], str(NO), 0, True),
    ("1e-35", "2e-35", "1", [Unlucky("no value")], str(NO), 0, True),
    ("1e-35 1", "2e-35 3", "1", [("1.4e-35 1", "2e-35 3")] * 2, "0.666666666666666666666666666667", 1, True),
    ("1e-200000 1", "0 1", "1", None, "0", 0, False),  # what exp(-1e9) leaves of a 0 behind a mask, beside another entry
    ("1e-200000", "2e-200000", "1", None, "0.5", 0, False),  # nothing else is there
]


@pytest.mark.parametrize(("claimed", "true", "met", "again", "gap", "entry", "rounding"), GAPS)
def test_a_difference_is_put_down_to_rounding_or_is_there(claimed, true, met, again, gap, entry, rounding):
    found, place, hidden = apart(pair(claimed, true, met, again), [X])
    assert abs(found - Decimal(gap)) <= Decimal("1e-20") * Decimal(gap)
    assert (place, hidden) == (entry, rounding)


@pytest.mark.parametrize(
    ("claimed", "true", "same"),
    [
        ("1 2", "1 2", True), ("0", "0", True), ("1", "1.00000000000000000000000000000000000000001", True), ("1e-60", "2e-60", False),
        ("1", "1.0000000000000000000000000000000000000002", False), ("0", "1e-90", False), ("1 2", "1 -2", False), ("-1", "-1", True),
    ],
)  # fmt: skip
def test_two_values_agree_as_they_stand(claimed, true, same):
    assert alike(pair(claimed, true)) is same
