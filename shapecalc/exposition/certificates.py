"""What was checked, and how surely, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Block, Callout, Content, List, prose
from ..boxes import Number, row, sup
from ..derivation import Certificate


def certificate(c: Certificate | None, entries: bool = False) -> Iterator[Block]:
    """The certificate of a page; `entries`: the element-wise view agreed as well."""
    if c is None or not c.points:
        return
    witnesses = list(c.witnesses) + (["sympy, entry by entry"] if entries else [])
    points = [prose(f"Every gradient agrees with {' and with '.join(witnesses)}."), surely(c)]
    if c.sizes:
        where = "; ".join(", ".join(f"{k}={v}" for k, v in s.items()) for s in c.sizes if s)
        points += [prose(f"At sizes {where}: all different, so that no transpose can hide, and all equal, so that no shape can.")] if where else []
    if c.conditions:
        points.append(prose(f"Provided that {', '.join(c.conditions)}."))
    if c.assumptions:
        points.append(prose(f"Using that {', '.join(c.assumptions)}."))
    yield Callout("certificate", prose("Checked"), (List(tuple(points)),))


def surely(c: Certificate) -> Content:
    """How likely a wrong formula would have passed."""
    count = f"{c.points} random point{'s' * (c.points != 1)}"
    if c.method == "exact":
        prime = row(sup(Number("2"), Number("61")), "−", Number("1"))
        bits = sup(Number("2"), row("−", Number(str(c.bits))))
        return prose(f"Exact arithmetic modulo ", prime, f" at {count}: a wrong formula would pass with a probability below ", bits, ".")
    gap = f"{c.gap:.0e}" if c.gap else "0"
    return prose(f"60-digit arithmetic at {count}, away from kinks: the largest relative gap is {gap}.")
