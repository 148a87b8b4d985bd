"""One small derivation as a page: every kind of block once. The golden files are made of it."""

from __future__ import annotations

from shapecalc.blocks import (
    Aligned,
    Beside,
    Callout,
    CodeBlock,
    Dims,
    Document,
    Formula,
    Heading,
    Line,
    List,
    Matrix,
    MatrixBlock,
    Prose,
    Rule,
    Table,
    prose,
)
from shapecalc.boxes import TIMES, Linked, Symbol, row
from shapecalc.expr import Var, rebuild
from shapecalc.forms import remake
from shapecalc.language.sheet import read
from shapecalc.mathematics import (
    Delta,
    Entry,
    IndexFormula,
    IndexTerm,
    Partial,
    Style,
    boxes,
    entries,
    entry_text,
    equation,
    formula,
    index_boxes,
    name,
)
from shapecalc.render.graph import Node, graph_picture
from shapecalc.render.pictures import Shaped, reduction_picture, shapes_picture

SIZES = ("S", "D", "M")
STYLE = Style(gradients={"dZ": "Z", "dW": "W", "db": "b"})
SHAPES = Style(gradients=STYLE.gradients, shapes=True)
DZ, DW, DB = Var("dZ", ("S", "M")), Var("dW", ("D", "M")), Var("db", ("M",))
PROBLEM = read("X: (S, D); W: (D, M); b: (M,); G: (S, M); Z = X @ W + b; gW = X.T @ G; gb = sum(G, axis=0)")
GRADIENTS = {n: rebuild(PROBLEM.definitions[n], lambda e: DZ if e == PROBLEM.declared["G"] else None, remake) for n in ("gW", "gb")}
COLUMNS = ("col1", "col2", "col3")


def problem():
    z = PROBLEM.definitions["Z"]
    yield Heading(prose("The problem"))
    given = prose(name(DZ, STYLE), " is given, of shape ", Dims(DZ.shape), ".")
    yield Prose(prose("An affine layer: ", boxes(z, STYLE), ". The loss is any scalar; ", given))
    yield Formula(equation("Z", z, SHAPES), ("S", "M"))
    picture = [Shaped("X", ("S", "D")), "@", Shaped("W", ("D", "M")), "+", Shaped("b", ("M",)), "=", Shaped("Z", ("S", "M"))]
    yield shapes_picture(picture, SIZES)


def entry_view():
    yield Heading(prose("Entries, at ", Symbol("S"), " = 2"), 2)
    rows = [[f"g{i}{j}" for j in (1, 2, 3)] for i in (1, 2)]
    totals = [row(Linked(entry_text(f"g1{j} + g2{j}"), COLUMNS[j - 1])) for j in (1, 2, 3)]
    yield MatrixBlock((
        Matrix(entries(rows, groups=[COLUMNS, COLUMNS]), name(DZ, STYLE), ("S", "M"), prose("given")),
        Matrix(entries([totals]), name(DB, STYLE), ("M",), prose("one total for each column")),
    ))  # fmt: skip
    yield Formula(row(entry_text("z11"), "=", entry_text("x11*w11 + x12*w21 + x13*w31 + b1")), label=prose("For example"))


def index_view():
    z, b = Entry("Z", ("i", "j")), Entry("b", ("m",))
    product = IndexTerm((Entry("X", ("i", "k")), Entry("W", ("k", "j"))), ("k",))
    chain = formula(Entry("dZ", ("i", "j")), Delta("j", "m"), sums="ij")
    yield Heading(prose("Index formula"), 2)
    yield Aligned((
        Line(index_boxes(z), index_boxes(IndexFormula((product, IndexTerm((Entry("b", ("j",)),))))), prose("the definition")),
        Line(index_boxes(Partial(z, b)), index_boxes(Delta("j", "m")), prose("only ", index_boxes(Entry("b", ("j",))), " depends on it")),
        Line(index_boxes(Partial(Entry("L"), b)), index_boxes(chain, STYLE), prose("the chain rule")),
        Line(None, index_boxes(formula(Entry("dZ", ("i", "m")), sums="i"), STYLE), prose("the delta keeps one column"), ("M",)),
    ), numbered=True)  # fmt: skip


def answers():
    g = GRADIENTS
    by_b, by_w = row(name(DB, STYLE), "=", boxes(g["gb"], STYLE)), row(name(DW, STYLE), "=", boxes(g["gW"], STYLE))
    yield Beside((
        (Callout("answer", prose("By b"), (Formula(by_b, ("M",)), CodeBlock("db = sum(dZ, axis=0)", "python"))),),
        (Callout("answer", prose("By W"), (Formula(by_w, ("D", "M")),)),),
    ))  # fmt: skip
    sums = prose("Add the **rows**: the index ", Symbol("i"), " (`axis=0`) disappears.")
    yield Callout("reduction", prose("Column sums"), (Prose(sums),))
    caption = prose("which rows are added")
    yield reduction_picture(name(DZ, STYLE), name(DB, STYLE), ("S", "M"), (2, 3), 0, order=SIZES, caption=caption)
    other = row(name(DZ, STYLE), TIMES, Symbol("1", "vector", bold=True))
    yield Table(
        (prose("samples as"), prose("formula"), prose("shape"), prose("NumPy")),
        (
            (prose("rows"), prose(boxes(g["gb"], STYLE)), prose(Dims(("M",))), prose("`sum(dZ, axis=0)`")),
            (prose("columns"), prose(other), prose(Dims(("M", 1))), prose("`sum(dZ, axis=1, keepdims=True)`")),
        ),
        prose("The same sum under two conventions"),
    )


def ending():
    given = [Node("X", ("S", "D"), gradient=False), Node("W", ("D", "M")), Node("b", ("M",))]
    yield graph_picture([*given, Node("Z", ("S", "M"), ("X", "W", "b")), Node("L", (), ("Z",))], SIZES)
    yield Callout("certificate", prose("Checked"), (Prose(prose("at 12 random points; a wrong yes is below 2^-120")),))
    yield List((prose("a point with ", boxes(GRADIENTS["gW"], STYLE)), prose("another")))
    yield List((prose("first"), prose("second")), ordered=True)
    yield Rule()


def page() -> Document:
    blocks = (*problem(), *entry_view(), *index_view(), *answers(), *ending())
    return Document(prose("The affine layer"), blocks, prose("denominator layout"), SIZES, (("generator", "shapecalc"),))


def long_page() -> Document:
    """Formulas that are wider than any page."""
    p = read(
        "X: (S, D); W1: (D, H); b1: (H,); W2: (H, C); b2: (C,); Y: (S, C); lam: (); H1 = tanh(X @ W1 + b1); P = softmax(H1 @ W2 + b2);"
        "L = -sum(Y * log(P))/S + lam*sum(W1**2)/2 + lam*sum(W2**2)/2 + lam*sum(b1**2)/2 + lam*sum(b2**2)/2 + lam*norm(W1 @ W2)**2"
        " + tr(W2 @ W2.T)"
    )
    loss = boxes(p.definitions["L"])
    big = entries([[f"X[{i},{j}]" for j in range(1, 13)] for i in range(1, 13)])
    why = prose("a reason that is so long that it has to be folded in any format, whatever the width of its page may be, and once more")
    lines = (Line(Symbol("L"), loss, why, ()), Line(None, boxes(p.definitions["P"]), why, ("S", "C")), Line(Symbol("X"), Symbol("Y")))
    blocks = (Formula(row(Symbol("L"), "=", loss), ()), Aligned(lines), MatrixBlock((Matrix(big, Symbol("X")),)))
    return Document(prose("A long page"), blocks)
