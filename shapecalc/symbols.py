"""From the names people type to symbols: W1 is W with an index, alpha is α, S is a size and always drawn in its own colour."""

from __future__ import annotations

import re
from collections import Counter

from .boxes import Box, Number, Over, Symbol, Text, Tinted, joined, paren, row, sub, sup
from .shapes import Dim, Shape, polynomial

_LOWER = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon phi chi psi omega"
)
GREEK = {name: chr(0x3B1 + k) for k, name in enumerate(_LOWER.split())}
GREEK |= {name.capitalize(): chr(0x391 + k) for k, name in enumerate(_LOWER.split()) if name != "varsigma"}
GREEK |= {"lam": "λ", "lambd": "λ", "lmbda": "λ", "Lam": "Λ", "eps": "ε", "ell": "ℓ", "infty": "∞", "nabla": "∇"}
_ACCENTED = re.compile(r"(.+?)_?(hat|bar|tilde)")
_NUMBERED = re.compile(r"(.*?[^\W\d_])_?(\d+)")
KINDS = ("scalar", "vector", "matrix", "tensor")


def kind_of(shape: Shape) -> str:
    """What a tensor of that shape is drawn as."""
    return KINDS[min(len(shape), 3)]


def symbol(name: str, kind: str = "scalar", bold: bool = False) -> Box:
    """A name as it is written on paper.

    >>> symbol("W1", "matrix")
    Scripts(body=Symbol(text='W', kind='matrix', bold=False), sub=Number(text='1'), sup=None)
    >>> symbol("alpha").text, symbol("Xh").text
    ('α', 'Xh')
    """
    heavy = bold and kind in ("matrix", "vector", "tensor")
    stem, accent, index = parts(name)
    body: Box = Symbol(stem, kind, heavy)
    if accent:
        body = Over(body, accent)
    return sub(body, index) if index is not None else body


def parts(name: str) -> tuple[str, str, Box | None]:
    """The stem of a name, its accent, and its index."""
    if name in GREEK or len(name) == 1:
        return GREEK.get(name, name), "", None
    if found := _ACCENTED.fullmatch(name):
        stem, accent, index = parts(found[1])
        if not accent and len(stem) == 1:
            return stem, found[2], index
    if found := _NUMBERED.fullmatch(name):
        stem, accent, index = parts(found[1])
        if index is None:
            return stem, accent, Number(found[2])
    stem, _, rest = name.partition("_")
    if stem and rest.strip("_"):
        head, accent, index = parts(stem)
        words = [script(word) for word in rest.split("_") if word]
        return head, accent, joined([index, *words] if index is not None else words, ",")
    return name, "", None


def script(word: str) -> Box:
    """A word as an index: digits, a letter, or upright text."""
    if word.isdigit():
        return Number(word)
    return Symbol(GREEK.get(word, word)) if len(word) == 1 or word in GREEK else Text(word)


def index_row(indices: tuple[Box, ...]) -> Box:
    """Indices run together where each is one character, divided by commas otherwise: ij, but 1,12."""
    short = all(isinstance(i, Symbol | Number) and len(i.text) == 1 for i in indices)
    return row(*indices) if short else joined(indices, ",")


def size_symbol(name: str) -> Box:
    """A size name in its colour."""
    return Tinted(symbol(name, "size"), name)


def dimension(dim: Dim) -> Box:
    """A size: its names in their colours.

    >>> dimension("S")
    Tinted(body=Symbol(text='S', kind='size', bold=False), size='S')
    """
    if isinstance(dim, int):
        return Number(str(dim)) if dim >= 0 else row("−", Number(str(-dim)))
    if dim.isidentifier():
        return size_symbol(dim)
    out: list[Box | str] = []
    for names, coefficient in polynomial(dim).items():
        if out or coefficient < 0:
            out.append("−" if coefficient < 0 else "+")
        if abs(coefficient) != 1 or not names:
            out.append(Number(str(abs(coefficient))))
        out += [size_symbol(name) if k == 1 else sup(size_symbol(name), Number(str(k))) for name, k in Counter(names).items()]
    return row(*out)


def shape_box(shape: Shape) -> Box:
    """A shape as Python writes a tuple: (S, D), (M,), ().

    The sizes keep their colours.
    """
    inside = joined([dimension(dim) for dim in shape], ",")
    return paren(row(inside, ",") if len(shape) == 1 else inside)


def product_shape(shape: Shape) -> Box:
    """A shape as a table is measured: S × D; a scalar is 1."""
    if len(shape) < 2:
        return dimension(shape[0]) if shape else Number("1")
    return joined([paren(dimension(d)) if isinstance(d, str) and len(polynomial(d)) > 1 else dimension(d) for d in shape], "×")


def is_word(box: Box) -> bool:
    """Whether a box is an upright word, which must not run into its neighbours."""
    return isinstance(box, Text) or (isinstance(box, Symbol) and len(box.text) > 1)
