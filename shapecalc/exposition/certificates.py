"""What was checked, and how surely, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Block, Callout, Content, List, prose
from ..boxes import Number, row, sup
from ..derivation import Certificate


def certificate(c: Certificate | None, entries: bool = False, what: str = "Every gradient") -> Iterator[Block]:
    """The certificate of a page; `entries`: the element-wise view agreed as well; `what`: the subject of the sentence."""
    if c is None or not c.points:
        return
    witnesses = list(c.witnesses) + (["sympy, entry by entry"] if entries else [])
    points = [prose(f"{what} agrees with {' and with '.join(witnesses)}."), surely(c)]
    if any(c.sizes):
        points.append(where(c))
    if c.conditions:
        points.append(prose(f"Provided that {', '.join(c.conditions)}."))
    if c.assumptions:
        points.append(prose(f"Used: {'; '.join(c.assumptions)}."))
    yield Callout("certificate", prose("Checked"), (List(tuple(points)),))


def where(c: Certificate) -> Content:
    """At which sizes, and what these are good for."""
    tuples = [s for s in c.sizes if s]
    listed = "; ".join(", ".join(f"{k}={v}" for k, v in s.items()) for s in tuples)
    different = any(len(set(s.values())) == len(s) > 1 for s in tuples)
    equal = any(len(set(s.values())) == 1 < len(s) for s in tuples)
    why = ": different ones, where a wrong shape cannot pass, and equal ones, where a wrong transpose would not raise an error"
    return prose(f"At sizes {listed}{why if different and equal else ''}.")


def surely(c: Certificate) -> Content:
    """How likely a wrong formula would have passed."""
    count = f"{c.points} random point{'s' * (c.points != 1)}"
    if c.method == "exact":
        prime = sup(Number("2"), Number("61"))
        bits = sup(Number("2"), row("−", Number(str(c.bits))))
        exact = prose("Exact arithmetic modulo a random prime above ", prime, f" at {count}: ")
        return (*exact, *prose("a wrong formula would pass with a probability below ", bits, "."))
    gap = f"the largest relative gap is {c.gap:.0e}" if c.gap else "no gap was seen"
    return prose(f"60-digit arithmetic at {count}, away from kinks: {gap}.")
