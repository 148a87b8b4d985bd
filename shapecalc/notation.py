"""The only printer of formulas: where parentheses go is decided here, once.

`text` writes the language itself, in the plain NumPy spelling, so that a printed formula is a Python expression for its value.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .expr import Apply, Expr, Lit
from .masks import COMPARISONS, leads, numbers_wanted, truth
from .numerals import ATOM, COMPARISON, NEGATIVE, POSTFIX, POWER, PRODUCT, SUM, dimension, number
from .shapes import Dim, add, negative


def text(e: Expr) -> str:
    """The formula in the language."""
    return _text(e)[0]


def _within(e: Expr, level: int) -> str:
    """e, in parentheses where it binds less tightly than its surroundings ask."""
    written, own = _text(e)
    return f"({written})" if own < level else written


def _text(e: Expr) -> tuple[str, int]:
    if isinstance(e, Lit):
        return dimension(e.value) if isinstance(e.value, str) else number(e.value)
    if not isinstance(e, Apply):
        return e.name, ATOM
    special = _WRITERS.get(e.name)
    if special is not None:
        return special(e)
    if e.op.family == "undefined":
        return f"{e.name}{chr(39) * e['order']}({text(e.args[0])})", ATOM
    if e.name in COMPARISONS:
        return f"{_within(e.args[0], SUM)} {COMPARISONS[e.name]} {_within(e.args[1], SUM)}", COMPARISON
    return _call(e), ATOM


def _value(v: Any) -> str:
    if isinstance(v, Fraction):
        return number(v)[0]
    if isinstance(v, str):
        return f"'{v}'"
    return str(v)


def _number(e: Expr) -> str:
    """The text of an argument that has to be a number."""
    return f"1*{_within(e, POWER)}" if truth(e) else text(e)


def _call(e: Apply, *more: str) -> str:
    inside = [_number(a) if numbers_wanted(e) else text(a) for a in e.args] + list(more)
    defaults = dict(e.op.params)
    inside += [f"{k}={_value(v)}" for k, v in e.params if v != defaults[k] and not more]
    return f"{e.name}({', '.join(inside)})"


def _sum(e: Apply) -> tuple[str, int]:
    out = ""
    for term, sign in zip(e.args, e["signs"], strict=True):
        written = _within(term, PRODUCT if out or sign < 0 else SUM)
        if not out and sign > 0 and truth(term) and truth(e.args[1]):
            written = _number(term)
        out += (" + " if sign > 0 else " - ") + written if out else _minus(term) if sign < 0 else written
    return out, SUM


def _negative(e: Apply) -> tuple[str, int]:
    return _minus(e.args[0]), NEGATIVE


def _minus(e: Expr) -> str:
    """A minus before a formula; truth values have none."""
    if truth(e):
        return "-" + _number(e)
    return f"-({text(e)})" if leads(e) else "-" + _within(e, PRODUCT)


def chains(a: Expr, b: Expr) -> bool:
    """Whether a * (b) may be written without parentheses, b being a product: the value is the same when read from the left."""
    return isinstance(b, Apply) and (b.name == "mul" or (b.name in ("matmul", "div") and a.shape == ()))


def factors(e: Expr) -> list[Expr]:
    """The factors of an entrywise product, which may be written in a row."""
    return [f for a in e.args for f in factors(a)] if isinstance(e, Apply) and e.name == "mul" else [e]


def _product(e: Apply) -> tuple[str, int]:
    return _row(factors(e)), PRODUCT


def _row(row: list[Expr], closed: bool = False) -> str:
    """Factors written one after the other; `closed`: an @ at the end is in parentheses too, because something follows."""
    first, sign = (row[0].args[0], "-") if isinstance(row[0], Apply) and row[0].name == "neg" else (row[0], "")
    sign += "1*" if sign and truth(first) else ""
    out = sign + _within(first, POWER if _open(first) else PRODUCT if sign else NEGATIVE)
    numbers = True  # so far only scalars, which may stand before an @ or a quotient without parentheses
    for k in range(1, len(row)):
        before, f = first if k == 1 else row[k - 1], row[k]
        numbers = numbers and before.shape == () and not _open(before)
        loose = numbers and not closed and k == len(row) - 1 and isinstance(f, Apply) and f.name in ("matmul", "div")
        tight = numbers and not isinstance(before, Apply)
        written = _within(f, PRODUCT if loose else POWER)
        out += ("*" if tight else " * ") + (f"({written})" if written.startswith("1*") else written)
    return out


def _open(e: Expr) -> bool:
    """Whether an @ shows in the text of e, which a reader would rather see in parentheses beside a *."""
    if not isinstance(e, Apply):
        return False
    if e.name == "div":
        return e.args[1].shape == () and _open(e.args[0])
    return e.name == "matmul" or (e.name == "mul" and chains(*e.args) and _open(e.args[1]))


def _left_of_matmul(a: Expr) -> str:
    """The left factor of an @: an entrywise product of tensors in parentheses, numbers before them."""
    if isinstance(a, Apply) and a.name == "neg" and isinstance(a.args[0], Apply) and a.args[0].name in ("mul", "div"):
        return "-" + _left_of_matmul(a.args[0])
    row = factors(a)
    lead = 0
    while lead < len(row) and row[lead].shape == ():
        lead += 1
    tensors = row[lead:]
    single = tensors[0] if len(tensors) == 1 else None
    quotient = isinstance(single, Apply) and single.name == "div" and () not in (single.args[0].shape, single.args[1].shape)
    if len(tensors) < 2 and not quotient:
        return _within(a, NEGATIVE)
    if not lead:
        return f"({_row(tensors)})"
    last = row[lead - 1]
    bare = last.args[0] if isinstance(last, Apply) and last.name == "neg" else last
    return f"{_row(row[:lead], closed=True)}{' * ' if isinstance(bare, Apply) else '*'}({_row(tensors)})"


def _quotient(e: Apply) -> tuple[str, int]:
    a, b = e.args
    tight = b.shape == () and (isinstance(b, Lit) or not isinstance(b, Apply))
    if b.shape != () and isinstance(a, Apply) and a.name == "mul":
        above = _row(factors(a), closed=True)
    else:
        above = _within(a, POWER if b.shape != () and _open(a) else NEGATIVE)
    return f"{above}{'/' if tight else ' / '}{_within(b, POWER)}", PRODUCT


def _matmul(e: Apply) -> tuple[str, int]:
    a, b = e.args
    free = isinstance(b, Apply) and b.name == "matmul" and len(b.args[0].shape) == 2 and len(b.args[1].shape) <= 2 and len(a.shape) <= 2
    left = _number(a) if truth(a) and truth(b) else _left_of_matmul(a)
    return f"{left} @ {_within(b, PRODUCT if free and _leads_matmul(b) else POWER)}", PRODUCT


def _leads_matmul(b: Expr) -> bool:
    """Whether a product begins with a matrix that is no product, so that it may be read from the left: not F @ e, F of three axes."""
    while isinstance(b, Apply) and b.name == "matmul":
        if truth(b.args[0]):
            return False
        b = b.args[0]
        if len(b.shape) != 2:
            return False
    return not (isinstance(b, Apply) and b.name in ("mul", "div"))


def _power(e: Apply) -> tuple[str, int]:
    k = e["k"]
    written, level = number(k)
    return f"{_within(e.args[0], POSTFIX)}**{written if level == ATOM else f'({written})'}", POWER


def _pow(e: Apply) -> tuple[str, int]:
    return f"{_within(e.args[0], POSTFIX)}**{_within(e.args[1], POWER)}", POWER


def _transpose(e: Apply) -> tuple[str, int]:
    axes, rank = e["axes"], len(e.shape)
    if axes == tuple(reversed(range(rank))):
        return _within(e.args[0], POSTFIX) + ".T", POSTFIX
    if axes == (*range(rank - 2), rank - 1, rank - 2):
        return f"swapaxes({text(e.args[0])}, -1, -2)", ATOM
    return f"transpose({text(e.args[0])}, {axes})", ATOM


def _expand(e: Apply) -> tuple[str, int]:
    items = ["None" if k in e["axes"] else ":" for k in range(len(e.shape))]
    while items and items[-1] == ":":
        items.pop()
    return f"{_within(e.args[0], POSTFIX)}[{', '.join(items)}]", POSTFIX


def _squeeze(e: Apply) -> tuple[str, int]:
    (a,) = e.args
    items = ["0" if k in e["axes"] else ":" for k in range(len(a.shape))]
    if isinstance(a, Apply) and a.name == "slice":  # X[0], not X[:1][0]
        items = [str(start) if k in e["axes"] else s for k, (s, (start, _)) in enumerate(zip(_spans(a), a["items"], strict=True))]
        (a,) = a.args
    return _within(a, POSTFIX) + _bracket(items), POSTFIX


def _spans(e: Apply) -> list[str]:
    """A slice, axis by axis."""
    out = []
    for (start, length), dim in zip(e["items"], e.args[0].shape, strict=True):
        stop = add(start, length)
        out.append(f"{'' if start == 0 else start}:{'' if stop == dim else stop}")
    return out


def _bracket(items: list[str]) -> str:
    """An index; whole axes at the end are left out."""
    while items[-1] == ":" and len(items) > 1:
        items.pop()
    return f"[{', '.join(items)}]"


def _slice(e: Apply) -> tuple[str, int]:
    return _within(e.args[0], POSTFIX) + _bracket(_spans(e)), POSTFIX


def shape_text(shape: tuple[Dim, ...]) -> str:
    """A shape as an argument: (S, M)."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _shaped(e: Apply) -> tuple[str, int]:
    sizes = ", ".join(map(str, e.shape))
    if e.name == "reshape":
        return f"reshape({text(e.args[0])}, {shape_text(e.shape)})", ATOM
    if e.name == "broadcast_to":
        return f"broadcast_to({text(e.args[0])}, {shape_text(e.shape)})", ATOM
    return f"{e.name}({e.shape[0] if e.name == 'eye' else sizes if e.shape else '()'})", ATOM


def _place(e: Apply) -> tuple[str, int]:
    """A tensor put into zeros: joined with zeros before and after it, axis by axis."""
    (a,) = e.args
    written, shape = text(a), list(a.shape)
    for axis, ((start, length), dim) in enumerate(zip(e["items"], e.shape, strict=True)):
        before, after = [
            [f"zeros({', '.join(str(amount if k == axis else d) for k, d in enumerate(shape))})"] if amount != 0 else []
            for amount in (start, add(dim, negative(add(start, length))))
        ]
        if before or after:
            joined = isinstance(a, Apply) and a.name == "concatenate" and a["axis"] == axis and shape == list(a.shape)
            parts = map(text, a.args) if joined and isinstance(a, Apply) else [written]
            written = f"concatenate(({', '.join([*before, *parts, *after])}), axis={axis})"
        shape[axis] = dim
    return written, ATOM


def _pi(_: Apply) -> tuple[str, int]:
    return "pi", ATOM


def _einsum(e: Apply) -> tuple[str, int]:
    inside = [_number(a) if k == 0 and all(map(truth, e.args)) else text(a) for k, a in enumerate(e.args)]
    return f"einsum('{e['spec']}', {', '.join(inside)})", ATOM


def _join(e: Apply) -> tuple[str, int]:
    new = (e["axis"],)
    if all(isinstance(a, Apply) and a.name == "expand_dims" and a["axes"] == new for a in e.args):
        return f"stack(({', '.join(text(a.args[0]) for a in e.args if isinstance(a, Apply))}), axis={new[0]})", ATOM
    return f"concatenate(({', '.join(map(text, e.args))}), axis={e['axis']})", ATOM


def _matpow(e: Apply) -> tuple[str, int]:
    return f"matpow({text(e.args[0])}, {e['k']})", ATOM


def _backwards(axes: tuple[int, ...]) -> str:
    """The index that turns axes round: [:, ::-1]."""
    return f"[{', '.join('::-1' if k in axes else ':' for k in range(max(axes) + 1))}]"


def _flip(e: Apply) -> tuple[str, int]:
    return f"{_within(e.args[0], POSTFIX)}{_backwards(e['axes'])}", POSTFIX


def _slid(e: Apply) -> tuple[str, int]:
    """windows and overlap_add; the axes are named where they are not all there are."""
    axes, rank = e["axes"], min(len(e.shape), len(e.args[0].shape))
    inside = [text(e.args[0])]
    if e.name == "windows":
        inside.append(str(e["shape"][0]) if len(axes) == 1 else shape_text(e["shape"]))
    if axes != tuple(range(rank)):
        inside.append(f"axis={axes[0] if len(axes) == 1 else axes}")
    return f"{e.name}({', '.join(inside)})", ATOM


def _inner(e: Apply) -> tuple[str, int]:
    """What NumPy calls inner is no number where there are more axes; vdot is one."""
    return ("inner" if len(e.args[0].shape) < 2 else "vdot") + _call(e).removeprefix("inner"), ATOM


def _eigenvectors(e: Apply) -> tuple[str, int]:
    return f"eigh({text(e.args[0])})[1]", POSTFIX


def _cumsum(e: Apply) -> tuple[str, int]:
    if e.name == "cumprod" or not e["reverse"]:  # without an axis, NumPy flattens
        return f"{e.name}({text(e.args[0])}, axis={e['axis']})", ATOM
    flip = _backwards((e["axis"] % len(e.shape),))
    return f"cumsum({_within(e.args[0], POSTFIX)}{flip}, axis={e['axis']}){flip}", POSTFIX


_WRITERS = {
    "add": _sum, "neg": _negative, "mul": _product, "div": _quotient, "matmul": _matmul, "power": _power, "pow": _pow,
    "transpose": _transpose, "expand_dims": _expand, "squeeze": _squeeze, "slice": _slice, "ones": _shaped, "zeros": _shaped,
    "eye": _shaped, "reshape": _shaped, "broadcast_to": _shaped, "einsum": _einsum, "concatenate": _join, "matpow": _matpow,
    "cumsum": _cumsum, "cumprod": _cumsum, "flip": _flip, "place": _place, "pi": _pi, "windows": _slid, "overlap_add": _slid,
    "eigvecs": _eigenvectors, "inner": _inner,
}  # fmt: skip
