"""Reading sizes off arrays: which arrays are needed for that, and the lines that bind each size and check every shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shapecalc.shapes import Dim, Monomial, Shape, canonical, names, polynomial, show

from .names import size_text

Given = tuple[str, Shape]


@dataclass(slots=True)
class Reading:
    """Lines that read the sizes; ``missing``: sizes that no array tells."""

    lines: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()


def chosen(needed: Iterable[Given], others: Iterable[Given], wanted: Iterable[str]) -> list[Given]:
    """The arrays that are needed, and as many others as it takes to tell the wanted sizes."""
    out, rest = list(needed), list(others)
    while True:
        missing = set(wanted) - known(out)
        more = next((g for g in rest if any(n in missing for d in g[1] for n in names(d))), None)
        if more is None:
            return out
        rest.remove(more)
        out.append(more)


def known(given: Iterable[Given]) -> set[str]:
    """The sizes that these arrays tell."""
    out: set[str] = set()
    arrays = list(given)
    while True:
        found = {u for _, shape in arrays for dim in shape if (u := _unknown(dim, out)) is not None}
        if not found:
            return out
        out |= found


def _unknown(dim: Dim, bound: set[str]) -> str | None:
    """The one unknown name of a size that is linear in it."""
    free = [n for n in names(dim) if n not in bound]
    if len(free) != 1 or any(m.count(free[0]) > 1 for m in polynomial(dim)):
        return None
    return free[0]


def solved(dim: Dim, unknown: str, length: str, spelled: Mapping[str, str]) -> str:
    """The unknown name in a size, from what the size is as a number.

    >>> solved("4*K", "K", "H.shape[0]", {}), solved("n - 1", "n", "H.shape[0]", {})
    ('H.shape[0] // 4', 'H.shape[0] + 1')
    """
    factor: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in polynomial(dim).items():
        if unknown in monomial:
            factor[tuple(n for n in monomial if n != unknown)] = coefficient
        else:
            rest[monomial] = -coefficient
    divisor, shift = canonical(factor), canonical(rest)
    text = length
    if shift != 0:
        written = size_text(shift, spelled)
        text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
    if divisor != 1:
        below = size_text(divisor, spelled)
        text = f"{f'({text})' if shift != 0 else text} // {below if below.isalnum() else f'({below})'}"
    return text


def reading(given: Iterable[Given], spelled: Mapping[str, str], wanted: Iterable[str], shown: str = "{}.shape") -> Reading:
    """The lines for these arrays in their order; one whose sizes are not known yet is put off.

    ``shown``: how the shape of an array is written so that it prints as a tuple; "" for no checks.
    """
    out, bound, waiting = Reading(), set[str](), list(given)
    while waiting and (shown or not bound.issuperset(wanted)):
        ready = next((g for g in waiting if _tells(g[1], bound)), None)
        if ready is None:
            break
        waiting.remove(ready)
        out.lines += _lines(ready, bound, spelled, shown)
    out.missing = tuple(n for n in wanted if n not in bound)
    return out


def _tells(shape: Shape, bound: set[str]) -> bool:
    """Whether every size of a shape is known once it has been read."""
    trial = set(bound)
    for _ in shape:
        trial |= {u for d in shape if (u := _unknown(d, trial)) is not None}
    return all(n in trial for d in shape for n in names(d))


def _lines(array: Given, bound: set[str], spelled: Mapping[str, str], shown: str) -> list[str]:
    name, shape = array
    own = spelled[name]
    actual = shown.format(own)
    lines = []
    if shown and shape and any(n not in bound for d in shape for n in names(d)):
        lines.append(f'assert {own}.ndim == {len(shape)}, f"{name} must have shape {show(shape)}, not {{{actual}}}"')
    if all(isinstance(d, str) and d.isidentifier() and d not in bound for d in shape) and len(set(shape)) == len(shape) and shape:
        bound.update(str(d) for d in shape)
        lines.append(f"{', '.join(spelled[str(d)] for d in shape)}{',' if len(shape) == 1 else ''} = {own}.shape")
        return lines
    while True:
        found = next(((k, d, u) for k, d in enumerate(shape) if (u := _unknown(d, bound)) is not None), None)
        if found is None:
            break
        axis, dim, unknown = found
        bound.add(unknown)
        lines.append(f"{spelled[unknown]} = {solved(dim, unknown, f'{own}.shape[{axis}]', spelled)}")
    if shown:
        wants = show(tuple(size_text(d, spelled) for d in shape))
        bound_to = f" = {{{wants}}}" if any(isinstance(d, str) for d in shape) else ""
        lines.append(f'assert {own}.shape == {wants}, f"{name} must have shape {show(shape)}{bound_to}, not {{{actual}}}"')
    return lines
