r"""How far a sum reaches where no brackets say so: in \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i), over all that the index stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .latex_tree import Add, Big, Entry, Latex, Mul, Subscript, Unknown, parts


def reached(node: Latex) -> Latex:
    """A formula for a loss, in which the terms behind a sum belong to it while its index is free in them."""
    if not isinstance(node, Add):
        return node
    terms: list[tuple[str, Latex]] = []
    for sign, term in node.terms:
        big = _sum(terms[-1][1]) if terms else None
        index = big.indices[0][0].text if big is not None and len(big.indices) == 1 else ""
        if big is not None and index and _free(term, index):
            inner = big.body.terms if isinstance(big.body, Add) and big.body.span[1] < term.span[0] else (("+", big.body),)
            whole = replace(big, body=Add((*inner, (sign, term)), (big.body.span[0], term.span[1])), span=(big.span[0], term.span[1]))
            terms[-1] = terms[-1][0], _with_sum(terms[-1][1], whole)
        else:
            terms.append((sign, term))
    return terms[0][1] if len(terms) == 1 and terms[0][0] == "+" else Add(tuple(terms), node.span)


def _written(part: Latex) -> Sequence[Subscript]:
    return part.indices if isinstance(part, Entry) else part.sub if isinstance(part, Unknown) else ()


def _free(node: Latex, index: str) -> bool:
    """Whether an index stands in a formula without a sum of its own."""
    if any(i.text == index for i in _written(node)):
        return True
    if isinstance(node, Big) and any(i.text == index for i, _, _ in node.indices):
        return False
    return any(_free(part, index) for part in parts(node))


def _sum(term: Latex) -> Big | None:
    """The sum that a term ends with."""
    last = term.factors[-1] if isinstance(term, Mul) else ("", term)
    return last[1] if isinstance(last[1], Big) and last[1].kind == "sum" and last[0] != "/" else None


def _with_sum(term: Latex, whole: Big) -> Latex:
    return Mul((*term.factors[:-1], (term.factors[-1][0], whole)), (term.span[0], whole.span[1])) if isinstance(term, Mul) else whole
