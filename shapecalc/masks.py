"""Which formulas NumPy gives truth values for: comparisons, and what only rearranges or multiplies them.

There a minus is an error and ``+`` is "or", so that where numbers are meant a formula is printed as ``1*(x > 0)``.
"""

from __future__ import annotations

from .expr import Apply, Expr

COMPARISONS = {"greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "=="}
KEEPING = frozenset(
    {
        "mul", "transpose", "expand_dims", "squeeze", "reshape", "broadcast_to", "slice", "flip", "diag", "diagonal", "vec", "outer",
        "kron", "concatenate", "tril", "triu", "max", "min", "maximum", "minimum", "abs",
    }
)  # fmt: skip
OPPOSITE = {"greater": "less_equal", "less_equal": "greater", "less": "greater_equal", "greater_equal": "less"}
TAKING = frozenset({"where", "maximum", "minimum", "abs", "power", "pow"})  # of entries, and no harm done by a truth value


def truth(e: Expr) -> bool:
    """Whether the value of the printed formula would be truth values."""
    todo = [e]
    while todo:
        node = todo.pop()
        if not isinstance(node, Apply):
            return False
        if node.name in COMPARISONS:
            continue
        if node.name not in KEEPING | {"where"}:
            return False
        todo.extend(node.args[1:] if node.name == "where" else node.args)
    return True


def leads(e: Expr) -> bool:
    """Whether a minus before the printed formula would be one before truth values."""
    while isinstance(e, Apply) and e.name in ("mul", "div", "matmul"):
        e = e.args[0]
    return truth(e)


def numbers_wanted(e: Apply) -> bool:
    """Whether truth values among the arguments of a call have to be numbers: exp(x > 0) would be in half precision."""
    return (e.op.family == "pointwise" and e.name not in TAKING) or e.name in ("softmax", "log_softmax", "logsumexp")
