"""The first view: matrices of named entries, the derivative by one of them written out, and the gradient put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING

from ..blocks import Aligned, Block, Callout, Content, Heading, Line, Matrix, MatrixBlock, Prose, prose
from ..boxes import TIMES, Box, Frac, Grid, Number, Text, joined, op, row
from ..errors import ShapecalcError, TooLarge
from ..rings import Unlucky
from ..symbols import size_symbol
from .pen import Pen, entry_text, number_word, table

if TYPE_CHECKING:
    from ..calculus.entries import Block as Tensor
    from ..calculus.entries import Entries, Explanation, Link

MANY = 64  # letters and digits of a chain rule up to which the terms that are 0 are written too
LISTED = 6  # entries of a definition that are written out
WIDE = 62  # letters and digits in a row of formulas above which a matrix of them does not fit a page
TRIED = 100  # entries of which one is looked for that is not 0
LONG = 300  # characters of one entry that a reader follows
UNSEEN = re.compile(r"\*\*|[*\[\], ]")
WORD = re.compile(r"[^\W\d]\w*(?:\[[^\]]*\])?")


def matrices(pen: Pen, entries: Entries) -> Iterator[Block]:
    """The tensors at these sizes, entry by entry, and what each entry of a definition is."""
    s = pen.subject
    yield Heading(prose("The entries"))
    sizes = joined([row(size_symbol(k), "=", Number(str(v))) for k, v in entries.sizes.items()], ",")
    what = prose("The same with small matrices, ", sizes, ". ") if entries.sizes else ()
    yield Prose(what + prose("Every entry has a name:"))
    shown = [n for n in (*s.problem.declared, *s.inner) if len(s.shape(n)) in (1, 2)]
    incoming = [gradient_matrix(pen, n, b) for n, b in entries.gradients.items() if b.kind == "incoming" and len(b.shape) in (1, 2)]
    yield MatrixBlock((*(tensor_matrix(pen, entries.values[n]) for n in shown), *incoming))
    for name in s.inner:
        block = entries.values[name]
        found = written_out(block)
        if found is not None and len(found[0]) <= LONG:
            yield Aligned(tuple(listed(block)))


def written_out(block: Tensor) -> list[str] | None:
    """What every entry is; None where one has too many parts, as the last of a root of a matrix has."""
    try:
        return block.formulas
    except TooLarge:
        return None


def followed(block: Tensor, place: tuple[int, ...]) -> str | None:
    """What one entry is; None where nobody would read it."""
    try:
        found = block.formula(*place)
    except TooLarge:
        return None
    return found if len(found) <= LONG else None


def tensor_matrix(pen: Pen, block: Tensor, items: list[str] | None = None) -> Matrix:
    """A tensor by its entries; a vector lies on its side."""
    shown = items or block.symbols
    return Matrix(grid(block, shown) if block.shape else entry_text(shown[0]), pen.name(block.name), tuple(block.shape))


def gradient_matrix(pen: Pen, name: str, block: Tensor, items: list[str] | None = None) -> Matrix:
    """A gradient by its entries."""
    return Matrix(grid(block, items or block.formulas), pen.gradient(name), tuple(block.shape))


def grid(block: Tensor, items: list[str], groups: list[str] | None = None) -> Grid:
    """Entries between brackets; members of a group belong together."""
    return table(block.rows(items), block.rows(groups) if groups else None)


def listed(block: Tensor) -> Iterator[Line]:
    """z11 = ..., entry by entry; the first ones and the last of many."""
    count = len(block.symbols)
    kept = list(range(count)) if count <= LISTED else [0, 1, count - 1]
    for before, k in pairwise([-1, *kept]):
        if k != before + 1:
            yield Line(op("⋮"), row(), relation="")
        yield Line(entry_text(block.symbols[k]), entry_text(block.formulas[k]))


def chosen(block: Tensor) -> tuple[int, ...]:
    """An entry off the diagonal, its indices different where the sizes let them be; one that is not 0, if there is any."""
    place = [min(n, axis + 2) for axis, n in enumerate(block.shape)]
    if len(place) > 1 and place[0] == place[1] > 1:
        place[0] -= 1
    if followed(block, tuple(place)) == "0":
        every = sorted(islice(product(*[range(n, 0, -1) for n in block.shape]), TRIED), key=lambda at: len(at) - len(set(at)))
        return next((at for at in every if followed(block, at) != "0"), tuple(place))
    return tuple(place)


def one_entry(pen: Pen, entries: Entries, name: str) -> Iterator[Block]:
    """One entry of the gradient by the chain rule, then the gradient as a whole."""
    block = entries.gradients.get(name)
    if block is None or block.kind == "incoming":
        return
    if followed(block, chosen(block)) is None:
        yield Prose(prose("One entry, written out, is too long to be read here."))
        return
    found = entries.explain(name, *chosen(block))
    yield Prose(opening(pen, found))
    yield Aligned(tuple(chain(pen, entries, found)))
    if block.shape:
        yield from reassembled(pen, name, block)


def opening(pen: Pen, found: Explanation) -> Content:
    """Which entry is taken, and where it stands."""
    by = entry_text(found.by)
    through = prose(*_and([pen.name(n) for n in found.through]))
    containing = [k for k in found.links if not k.zero]
    total = len(found.links) + found.left_out
    if not through:
        return prose("Take one entry, ", by, ". What is differentiated does not contain it:")
    if all(k.coefficient == "1" for k in found.links):
        return prose("Take one entry, ", by, ", and differentiate ", through, " by it:")
    terms = f"one term for each of the {number_word(total)} entries of " if total > 1 else "one term, for "
    out = prose("Take one entry, ", by, f". The chain rule has {terms}") + through
    if not containing:
        return out + prose("; in none of them " if total > 1 else prose("; in it "), by, " makes a difference:")
    if len(containing) == total:
        return out + (prose("; every one contains ", by, ":") if total > 1 else prose(":"))
    where = prose(*_and([entry_text(k.of) for k in containing])) if len(containing) <= 4 else prose(f"{len(containing)} of them")
    return out + prose("; only ") + where + prose(" contains " if len(containing) == 1 else " contain ", by, ":")


def _and(found: list[Box]) -> list[Box | str]:
    """a, b and c, as pieces of a sentence."""
    out: list[Box | str] = []
    for k, box in enumerate(found):
        out += [" and " if k == len(found) - 1 else ", "] * bool(k) + [box]
    return out


def chain(pen: Pen, entries: Entries, found: Explanation) -> Iterator[Line]:
    """∂L/∂w23 = g11 ∂z11/∂w23 + ... = what is left, and the same with the gradients of definitions put in."""
    left: Box | None = pen.partial(entry_text(found.by))
    outside = [entry_text(found.outside)] if found.outside else []
    everything = not found.left_out and sum(len(k.coefficient + k.of + k.by) for k in found.links) <= MANY
    shown = [k for k in found.links if everything or not k.zero]
    if shown and any(k.coefficient != "1" for k in found.links):
        yield Line(left, joined([*map(_link, shown), *outside], "+"))
        yield Line(None, joined([*map(_put_in, shown), *outside], "+"))
        left = None
    yield Line(left, entry_text(found.result))
    written = put_in(pen, entries, found.result)
    if written != found.result and len(written) <= LONG:
        names = [pen.gradient(n) for n in pen.subject.inner if any(s in WORD.findall(found.result) for s in entries.gradients[n].symbols)]
        yield Line(None, entry_text(written), prose("with ", *_and(list(names)), " put in"))


def _link(k: Link) -> Box:
    derivative = Frac(row("∂", entry_text(k.of)), row("∂", entry_text(k.by)), derivative=True)
    return derivative if k.coefficient == "1" else row(entry_text(k.coefficient), TIMES, derivative)


def _put_in(k: Link) -> Box:
    factor = entry_text(f"({k.derivative})") if " " in k.derivative or k.derivative.startswith("-") else entry_text(k.derivative)
    return factor if k.coefficient == "1" else row(entry_text(k.coefficient), "·", factor)


def put_in(pen: Pen, entries: Entries, formula: str) -> str:
    """A formula with the entries of the gradients of definitions written out, where these are known and short."""
    known: dict[str, str] = {}
    blocks = [b for n in pen.subject.inner if (b := entries.gradients.get(n)) is not None]
    gradients = {s for b in blocks for s in b.symbols}
    for block in blocks:
        found = written_out(block) if block.kind == "gradient" else None
        if found is not None and not gradients & set(WORD.findall(found[0])):
            known |= {s: f for s, f in zip(block.symbols, found, strict=True) if s in formula}

    def written(word: re.Match[str]) -> str:
        found = known.get(word[0])
        return word[0] if found is None else found if _is_product(found) else f"({found})"

    return WORD.sub(written, formula)


def _is_product(text: str) -> bool:
    """Whether a formula may stand as a factor without parentheses of its own."""
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c in "+-" and not depth and (k == 0 or text[k - 1] == " "):
            return False
    return True


def reassembled(pen: Pen, name: str, block: Tensor) -> Iterator[Block]:
    """The gradient with every entry."""
    rows = block.rows(written_out(block) or [])
    if rows and len(block.shape) <= 2 and max(sum(map(width, line)) for line in rows) <= WIDE:
        yield Prose(prose("Every entry in the same way, put together again:"))
        yield MatrixBlock((gradient_matrix(pen, name, block),))


def width(formula: str) -> int:
    """About how wide a formula is on paper."""
    return len(UNSEEN.sub("", formula))


def disagreement(pen: Pen, entries: Entries) -> Iterator[Block]:
    """A warning, if the entries do not bear the formulas out."""
    try:
        found = entries.agrees(pen.subject.backward)
    except (ShapecalcError, Unlucky) as error:
        yield Callout("warning", prose("The entries could not be compared with the formulas"), (Prose(prose(f"{error}.")),))
        return
    if found is not True:
        text = f"At random numbers, entry {found.place + 1} of d{found.name} is {found.entry}, and the formula gives {found.formula}."  # type: ignore[union-attr]
        yield Callout("warning", prose("The entries and the formula disagree: do not trust this page"), (Prose(prose(text)),))


def numbers(pen: Pen, entries: Entries) -> Iterator[Block]:
    """The same with small whole numbers, one entry of each gradient to follow with a pencil."""
    s, found = pen.subject, entries.numbers()
    yield Heading(prose("With numbers"))
    yield Prose(prose("Follow one sum with a pencil:" if found.exact else "Rounded where a function makes them so:"))
    flat = [n for n in (*s.problem.declared, *s.problem.definitions) if len(s.shape(n)) <= 2]
    given = [n for n in s.inner if len(s.shape(n)) <= 2]
    shown = [tensor_matrix(pen, b, found.texts(n)) for n in flat for b in (entries.values[n],)]
    yield MatrixBlock((*shown, *(gradient_matrix(pen, n, b, found.texts(b.name)) for n in given for b in (entries.gradients[n],))))
    for name in s.wrt:
        block = entries.gradients.get(name)
        if block is None or len(block.shape) > 2:
            continue
        place = chosen(block)
        formula = followed(block, place)
        if formula is not None:
            worked, value = found.worked(block.name, *place)
            by = pen.partial(entry_text(entries.values[name].symbol(*place)))
            if len(worked) <= LONG:
                yield Aligned((Line(by, row(entry_text(formula), "=", pencil(worked), "=", entry_text(value))),))
        yield MatrixBlock((gradient_matrix(pen, name, block, found.texts(block.name)),))


def pencil(text: str) -> Box:
    """A sum of products of numbers just as it stands: 3 · 2 + 5 · 1."""
    glyphs = {"*": "·", "-": "−"}
    words = re.findall(r"\d+(?:\.\d+)?|[^\W\d]\w*|\*\*|\S", text)
    return row(*(Number(w) if w[0].isdigit() else Text(w) if w[0].isalpha() or w == "**" else glyphs.get(w, w) for w in words))
