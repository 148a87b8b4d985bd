"""Mends of the indices of einsum: two that change places, one in the place of another, one too few behind the arrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations

from ..language.tree import Call, String
from .case import Case, Mend
from .trees import NEW, Site

PLAIN = re.compile(r"[A-Za-z]{1,6}(?:,[A-Za-z]{1,6}){0,3}->[A-Za-z]{0,6}")
MOST = 4  # indices behind the arrow all of whose orders are tried


def indices(case: Case) -> Iterator[Mend]:
    """The other indices that may have been meant."""
    for site in case.sites:
        node = site.node
        if isinstance(node, Call) and node.name == "einsum" and node.args and isinstance(node.args[0], String):
            written = re.sub(r"\s", "", node.args[0].value)
            if PLAIN.fullmatch(written) and written.count(",") == len(node.args) - 2:
                yield from _others(case, site, node, written)


def _others(case: Case, site: Site, node: Call, written: str) -> Iterator[Mend]:
    inputs, _, out = written.partition("->")
    parts = inputs.split(",")

    def mend(slug: str, words: str, ins: list[str], to: str) -> Mend:
        made = replace(node, args=(String(f"{','.join(ins)}->{to}", NEW), *node.args[1:]), span=NEW)
        return Mend(slug, site.plug(made), words, node.span)

    for order in map("".join, permutations(out)) if len(out) <= MOST else ():
        if order != out:
            yield mend("transposed", f"the result is {order}, not {out}", parts, order)
    for k, own in enumerate(parts):
        named = case.said(node.args[k + 1])
        for i, j in combinations(range(len(own)), 2):
            turned = [*own]
            turned[i], turned[j] = own[j], own[i]
            new = "".join(turned)
            yield mend("transposed", f"the indices of {named} are {new}, not {own}", [*parts[:k], new, *parts[k + 1 :]], out)
    letters = sorted(set(inputs) - {","})
    for k, own in enumerate(parts):
        named = case.said(node.args[k + 1])
        for i, old in enumerate(own):
            for letter in (x for x in letters if x not in own):
                new = own[:i] + letter + own[i + 1 :]
                alone = written.count(old) == 1
                slug, what = ("over-reduced", f"{old} is summed alone") if alone else ("wrong-axis", f"{old} stands where {letter} should")
                yield mend(slug, f"{what}: the indices of {named} are {new}, not {own}", [*parts[:k], new, *parts[k + 1 :]], out)
    for i, old in enumerate(out):
        for letter in (x for x in letters if x not in out):
            new = out[:i] + letter + out[i + 1 :]
            yield mend("wrong-axis", f"{old} stands where {letter} should: the result is {new}, not {out}", parts, new)
        yield mend("not-reduced", f"the sum over {old} is missing: the result has no {old}", parts, out[:i] + out[i + 1 :])
    for letter in (x for x in letters if x not in out):
        for i in range(len(out) + 1):
            new = out[:i] + letter + out[i:]
            yield mend("over-reduced", f"{letter} is summed away, and should not be: the result is {new}, not {out}", parts, new)


__all__ = ["indices"]
