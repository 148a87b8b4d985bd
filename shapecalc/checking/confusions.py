"""Well-known confusions, each dissolved in one sentence."""

from __future__ import annotations

from ..language.tree import Call, Method, Product, walk
from ..shapes import show
from .case import Case, Found


def sentence(case: Case, found: Found) -> str:
    """What a person who made this slip should know; empty where the slip says it all."""
    maker = _SENTENCES.get(found.note) or _SENTENCES.get(found.slug)
    return maker(case, found) if maker is not None else ""


def _layout(case: Case, found: Found) -> str:
    return "Both layouts are right: they draw the same numbers, each as the transpose of the other."


def _axis(case: Case, found: Found) -> str:
    return (
        "The axis that is named is the one that disappears: axis=0 adds the rows together and leaves one total per column, "
        "axis=1 adds along each row and leaves one total per row."
    )


def _broadcast(case: Case, found: Found) -> str:
    shape = f": {show(case.claim.shape)}" if case.claim is not None and len(case.claim.shape) > 1 else ""
    return f"NumPy broadcasts a column against a row or a vector, (N, 1) against (N,), to a whole table{shape}; no error is raised."


def _summed(case: Case, found: Found) -> str:
    return (
        f"{case.truth.wrt} is shared by all of them, so what flows back to it is added up."
        if case.truth.kind == "gradient" and case.truth.wrt
        else ""
    )


def _all(case: Case, found: Found) -> str:
    for part, _ in walk(case.tree):
        if isinstance(part, Call | Method):
            inner = part.args[0] if isinstance(part, Call) and part.args else getattr(part, "object", None)
            if isinstance(inner, Product) and any(op == "@" for op, _ in inner.rest):
                return f"{case.said(inner)} has already summed: @ adds up over the size that its factors share."
    return ""


def _twice(case: Case, found: Found) -> str:
    used = [s for s in _gradient_names(case) if s in case.problem.source[case.tree.span[0] : case.tree.span[1]]]
    if case.problem.loss is None or used:
        which = used[0] if used else "the incoming gradient"
        return f"A mean belongs to the loss, so {which} has its 1/size already; here it is applied twice."
    return ""


def _later(case: Case, found: Found) -> str:
    if case.truth.kind == "gradient" and case.truth.wrt in case.problem.definitions:
        return "Some leave it out here and divide in the lines of the parameters; then this is the gradient of the sum, not of the mean."
    return ""


def _gradient_names(case: Case) -> list[str]:
    return [case.problem.upstream.get(n) or case.problem.gradient_name(n) for n in case.problem.definitions]


def _softmax(case: Case, found: Found) -> str:
    return (
        "The derivative of softmax is a full matrix for each row, diag(p) - outer(p, p), which gives P * (dP - sum(dP * P)) row by row; "
        "P * (1 - P) is only its diagonal."
    )


def _path(case: Case, found: Found) -> str:
    return (
        "A name that is used more than once gets a gradient from every use, and they are added up "
        "(in batch norm: also through the mean and the variance)."
    )


def _entrywise(case: Case, found: Found) -> str:
    return "@ is the matrix product, which adds up over the shared size; * multiplies entry by entry and adds up nothing."


def _outer(case: Case, found: Found) -> str:
    return "x * x is a vector, x @ x a number, outer(x, x) the matrix x xᵀ."


def _rank(case: Case, found: Found) -> str:
    return "(M,), (1, M) and (M, 1) are three shapes; leading axes of size 1 are forgiven here, an axis of size 1 at the end is not."


def _symmetric(case: Case, found: Found) -> str:
    return "Nothing declares it symmetric; if it is, say so: A: symmetric (n, n)."


def _free(case: Case, found: Found) -> str:
    return "A free entry counts by itself; off the diagonal of a symmetric matrix each stands in two places: G + G.T - I*G."


_SENTENCES = {
    "layout": _layout,
    "axis": _axis,
    "broadcast": _broadcast,
    "summed": _summed,
    "all": _all,
    "twice": _twice,
    "later": _later,
    "softmax": _softmax,
    "path": _path,
    "entrywise": _entrywise,
    "outer": _outer,
    "rank": _rank,
    "symmetric-only": _symmetric,
    "free entries": _free,
    "distinct entries": _free,
    "double diagonal": _free,
}
