"""Pictures of shapes: factors drawn to the scale of their size names; what is broadcast, and which entries are added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..blocks import Content, Picture
from ..boxes import Box
from ..shapes import Dim, Shape, names, show
from ..symbols import kind_of, symbol
from .canvas import cells
from .characters import Characters
from .drawing import SOFT, Sheet, formula_width
from .palette import Palette

SCALE = (62.0, 40.0, 84.0, 52.0, 74.0, 34.0, 94.0, 46.0)  # the length that stands for a size, by its order; neighbours differ clearly
THIN = 15.0  # an axis that is the number 1, or missing
CELL = (46.0, 26.0)


@dataclass(frozen=True, slots=True)
class Shaped:
    """One tensor in a picture: what it is called (a name, or a formula) and its shape."""

    name: str | Box
    shape: Shape

    @property
    def label(self) -> Box:
        """The name as a formula."""
        return symbol(self.name, kind_of(self.shape)) if isinstance(self.name, str) else self.name


def length(dim: Dim, palette: Palette) -> float:
    """The length of an axis: the same for the same size everywhere."""
    if isinstance(dim, int):
        return THIN if dim == 1 else min(THIN + 7.0 * dim, 90.0)
    if dim in palette.names:
        return SCALE[palette.names.index(dim) % len(SCALE)]
    return min(sum(SCALE[(palette.names.index(n) if n in palette.names else 0) % len(SCALE)] for n in names(dim)) * 1.2, 120.0)


def shapes_picture(parts: Sequence[Shaped | str], sizes: Sequence[str], caption: Content = ()) -> Picture:
    """Blocks with signs between them: [Shaped("X", ("S", "D")), "@", Shaped("W", ("D", "M")), "=", Shaped("Z", ("S", "M"))]."""
    palette = Palette(tuple(sizes))
    sheet = Sheet(palette)
    heights = [_extent(p, palette)[1] for p in parts if isinstance(p, Shaped)]
    middle = 22 + max(heights, default=THIN) / 2
    x = 6.0
    for part in parts:
        if isinstance(part, str):
            sheet.text(x + 4, middle + 6, part, size=18, colour=SOFT, name="soft")
            x += 30
        else:
            x = _block(sheet, part, x, middle) + 20
    written = " ".join(p if isinstance(p, str) else f"{_plain(p.label)} {show(p.shape)}" for p in parts)
    return Picture(sheet.svg(f"Shapes: {written}"), f"Shapes: {written}", caption, written)


def _extent(block: Shaped, palette: Palette) -> tuple[float, float]:
    """Width and height; a 1-D tensor lies, a scalar is a dot, leading axes are drawn behind one another."""
    shape = block.shape
    w = length(shape[-1], palette) if shape else THIN
    return w, length(shape[-2], palette) if len(shape) > 1 else THIN


def _block(sheet: Sheet, block: Shaped, x: float, middle: float) -> float:
    """Draws a block and says where it ends."""
    w, h = _extent(block, sheet.palette)
    x += 18 if len(block.shape) > 1 else 0  # for the size at its left
    label = formula_width(block.label)
    below = label > w - 6 or h < 20
    # the name may be wider than the block: then the block stands in the middle of its name
    left = x + max(0.0, (label - w) / 2 if below else 0.0)
    top = middle - h / 2
    tint = next((d for d in reversed(block.shape) if isinstance(d, str)), "")
    for behind in range(min(len(block.shape) - 2, 3), 0, -1):
        sheet.rect(left + 5 * behind, top - 5 * behind, w, h, tint if tint in sheet.palette.names else "")
    sheet.rect(left, top, w, h, tint if tint in sheet.palette.names else "", dashed=len(block.shape) < 2)
    if block.shape:
        sheet.dim(left + w / 2, top - 6 - 5 * min(max(len(block.shape) - 2, 0), 3), block.shape[-1])
    if len(block.shape) > 1:
        sheet.dim(left - 6, middle + 4, block.shape[-2], anchor="end")
    if len(block.shape) > 2:
        sheet.text(left + w / 2, top + h + 16, " × ".join(map(str, block.shape[:-2])) + " of these", size=11, colour=SOFT, name="soft")
    sheet.formula(left + w / 2, top + h + 18 if below else middle + 6, block.label)
    return left + max(w, (label + w) / 2 if below else w)


def reduction_picture(
    of: str | Box, result: str | Box, sizes: tuple[str, str], counts: tuple[int, int], axis: int, *,
    order: Sequence[str] = (), caption: Content = (),
) -> Picture:  # fmt: skip
    """Which entries are added into what: a matrix of counts[0] x counts[1] entries, summed over an axis, with an arrow for each total.

    ``sizes`` are the names of the two axes; axis 0 adds the rows together (one total per column), axis 1 the columns. ``order``: the
    size names in the order of their colours, so that they are those of the page.
    """
    palette = Palette(tuple(dict.fromkeys((*order, *sizes))))
    sheet = Sheet(palette)
    rows, columns = counts
    x, y = _entries(sheet, (34.0, 40.0), counts, sizes, Shaped(of, sizes).label)
    gone, kept = sizes[axis], sizes[1 - axis]
    w, h = CELL
    if axis == 0:
        for j in range(columns):
            sheet.line(f"M{34 + (j + 0.5) * w:g},{y + 4:g} v26", arrow=True)
            sheet.rect(34 + j * w, y + 34, w, h, kept, radius=2)
            sheet.text(34 + (j + 0.5) * w, y + 34 + h / 2 + 4, f"Σ i,{j + 1}", size=11)
        sheet.text(x + 10, y + 20, f"add the {rows} rows", size=12, colour=SOFT, name="soft", anchor="start")
        sheet.formula(x + 14 + formula_width(Shaped(result, (kept,)).label) / 2, y + 34 + h / 2 + 6, Shaped(result, (kept,)).label)
    else:
        for i in range(rows):
            sheet.line(f"M{x + 4:g},{40 + (i + 0.5) * h:g} h26", arrow=True)
            sheet.rect(x + 34, 40 + i * h, w + 14, h, kept, radius=2)
            sheet.text(x + 34 + w / 2 + 7, 40 + (i + 0.5) * h + 4, f"Σ {i + 1},j", size=11)
        sheet.formula(x + 34 + w / 2 + 7, 30, Shaped(result, (kept,)).label)
    name, total = _plain(Shaped(of, sizes).label), _plain(Shaped(result, (kept,)).label)
    what, each = ("rows", "column") if axis == 0 else ("columns", "row")
    words = f"The {what} of {name} {show(sizes)} are added together: {gone} disappears, {kept} totals are left, one per {each}."
    return Picture(sheet.svg(words), words, caption, _drawn(name, total, counts, axis))


def broadcast_picture(
    name: str | Box, sizes: tuple[str, str], counts: tuple[int, int], axis: int, *, order: Sequence[str] = (), caption: Content = ()
) -> Picture:
    """How a vector is stretched: the same entries in every row (axis 0), or in every column (axis 1)."""
    palette = Palette(tuple(dict.fromkeys((*order, *sizes))))
    sheet = Sheet(palette)
    label = Shaped(name, (sizes[1 - axis],)).label
    rows, columns = counts
    w, h = CELL
    plain = _plain(label)
    if axis == 0:
        for j in range(columns):
            sheet.rect(34 + j * w, 22, w, h, sizes[1], radius=2)
            sheet.text(34 + (j + 0.5) * w, 22 + h / 2 + 4, f"{plain}{_low(j + 1)}", size=12)
            sheet.line(f"M{34 + (j + 0.5) * w:g},{26 + h:g} v24", arrow=True)
        sheet.formula(16, 22 + h / 2 + 6, label)
        sheet.dim(34 + columns * w - 4, 16, sizes[1], anchor="end")
        _entries(sheet, (34.0, 60.0 + h), counts, sizes, None, [[f"{plain}{_low(j + 1)}" for j in range(columns)]] * rows, dashed=True)
        sheet.text(34 + columns * w + 10, 44 + h, f"the same in each of the {rows} rows", size=12, colour=SOFT, name="soft", anchor="start")
    else:
        for i in range(rows):
            sheet.rect(14, 40 + i * h, w, h, sizes[0], radius=2)
            sheet.text(14 + w / 2, 40 + (i + 0.5) * h + 4, f"{plain}{_low(i + 1)}", size=12)
            sheet.line(f"M{18 + w:g},{40 + (i + 0.5) * h:g} h24", arrow=True)
        sheet.formula(14 + w / 2, 30, label)
        sheet.dim(8, 40 + rows * h / 2 + 4, sizes[0], anchor="end")
        sheet.dim(54 + (columns + 1) * w, 34, sizes[1], anchor="end")
        texts = [[f"{plain}{_low(i + 1)}"] * columns for i in range(rows)]
        _entries(sheet, (56.0 + w, 40.0), counts, ("", sizes[1]), None, texts, dashed=True)
    words = f"{plain} is copied into every {'row' if axis == 0 else 'column'}: each of its entries is used {sizes[axis]} times."
    return Picture(sheet.svg(words), words, caption, words)


def _entries(
    sheet: Sheet, at: tuple[float, float], counts: tuple[int, int], sizes: tuple[str, str], label: Box | None,
    texts: list[list[str]] | None = None, dashed: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """A matrix of cells; says where it ends."""
    x, y = at
    w, h = CELL
    for i in range(counts[0]):
        for j in range(counts[1]):
            sheet.rect(x + j * w, y + i * h, w, h, sizes[1], radius=2, dashed=dashed)
            text = texts[i][j] if texts else f"{i + 1},{j + 1}"
            sheet.text(x + (j + 0.5) * w, y + (i + 0.5) * h + 4, text, size=11, colour=SOFT, name="soft")
    right, bottom = x + counts[1] * w, y + counts[0] * h
    if sizes[0]:
        sheet.dim(x - 8, y + counts[0] * h / 2 + 4, sizes[0], anchor="end")
    if label is not None:
        sheet.dim(right - 4, y - 6, sizes[1], anchor="end")
        sheet.formula(x + formula_width(label) / 2, y - 8, label)
    return right, bottom


def _drawn(of: str, result: str, counts: tuple[int, int], axis: int) -> str:
    """The same in characters."""
    rows, columns = counts
    cell = [[f"{i + 1},{j + 1}" for j in range(columns)] for i in range(rows)]
    lead = " " * (cells(of) + 3)
    if axis == 1:
        total = [f"  →  Σ {i + 1},j" for i in range(rows)]
        return "\n".join((f"{of} = " if i == 0 else lead) + "  ".join(r) + total[i] for i, r in enumerate(cell)) + f"   ({result})"
    lines = [(f"{of} = " if i == 0 else lead) + "  ".join(r) for i, r in enumerate(cell)]
    return "\n".join([*lines, lead + "  ".join([" ↓ "] * columns), f"{result} = ".rjust(len(lead)) + "  ".join([" Σ "] * columns)])


def _plain(box: Box) -> str:
    return Characters(inline=True).draw(box).text()


def _low(k: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(d)] for d in str(k))
