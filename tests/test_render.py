"""Every format: compared with golden files (UPDATE_GOLDEN=1 writes them anew), and shown to the program that reads it."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import require, require_module
from sample_page import long_page, page

from shapecalc.blocks import (
    Aligned,
    Callout,
    Code,
    CodeBlock,
    Dims,
    Document,
    Formula,
    Heading,
    Line,
    Prose,
    Table,
    Words,
    prose,
    size_names,
)
from shapecalc.boxes import Grid, Linked, Number, Over, Scripts, Sum, Symbol, Text, mapped, row
from shapecalc.errors import InputProblem
from shapecalc.language.sheet import read
from shapecalc.mathematics import boxes, entry_text
from shapecalc.render import FORMATS, Output, format_of, formula, render, save
from shapecalc.render.breaking import broken, ems
from shapecalc.render.graph import Node, dot, in_words, mermaid
from shapecalc.render.html import named
from shapecalc.render.palette import DARK, LIGHT, Palette

GOLDEN = Path(__file__).parent / "golden"
STANDALONE = Output(standalone=True)
TEXTS = {
    "page.txt": ("text", Output()), "page-60.txt": ("text", Output(width=60)), "page-ascii.txt": ("text", Output(ascii=True)),
    "page.ans": ("terminal", Output(width=80)), "page.tex": ("latex", STANDALONE), "page-fragment.tex": ("latex", Output(colour=False)),
    "page.md": ("markdown", Output()), "page-github.md": ("markdown", Output(github=True)), "page.html": ("html", Output()),
    "page.typ": ("typst", Output()), "page.ipynb": ("notebook", Output()), "page.json": ("json", Output()),
}  # fmt: skip
AWKWARD = (
    r"\end{document}", "$x$", "]]>", "100% & #1 _a_ ^b^ ~c~", "<script>alert(1)</script>", "a `b` ``c``", "**bold** [l](u)",
    '"quoted" \\ slash', "| pipe |", "#import \"x\": *", "$ #panic() $", "{{ }}",
    "naïve Σ ∂ → ≤ 𝟏 ᵀ ₁ ² 漢字 \u202e", "--- === +++", "* star", "1. one", "\x00\x07 bell",
)  # fmt: skip


def without_font(text: str) -> str:
    """A page without what is the same in every page."""
    return re.sub(r"<style>.*?</style>", "<style>...</style>", text, flags=re.DOTALL)


# ---- golden files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", TEXTS)
def test_golden(file: str):
    to, output = TEXTS[file]
    written = without_font(str(render(page(), to, output)))
    path = GOLDEN / file
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(written, encoding="utf-8")
    assert written == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("to", sorted(set(FORMATS) - {"pdf", "png", "svg"}))
def test_the_same_page_is_written_the_same_way_twice(to: str):
    assert render(page(), to) == render(page(), to)


# ---- plain text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [None, 60, 40, 24])
@pytest.mark.parametrize("document", [page(), long_page()], ids=["page", "long"])
def test_text_has_no_trailing_blanks(document: Document, width: int | None):
    lines = str(render(document, "text", Output(width=width))).splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("ascii_", [False, True])
def test_text_folds_at_60_columns(ascii_: bool):
    for document in (page(), long_page()):
        lines = str(render(document, "text", Output(width=60, ascii=ascii_))).splitlines()
        assert [line for line in lines if len(line) > 60] == []


def test_text_does_not_fold_where_no_width_is_given():
    document = Document((), (Prose(prose("word " * 100)),))
    assert len(str(render(document, "text")).splitlines()) == 1


def test_ascii_is_ascii():
    for document in (page(), long_page(), awkward()):
        assert str(render(document, "text", Output(ascii=True))).isascii()


def test_matrices_have_their_own_brackets():
    written = str(render(page(), "text"))
    assert "⎡ g₁₁  g₁₂  g₁₃ ⎤" in written
    assert "⎣ g₂₁  g₂₂  g₂₃ ⎦" in written


def test_the_terminal_shows_what_the_text_says_in_colour():
    shown = str(render(page(), "terminal", Output(width=80)))
    assert "\x1b[36mS\x1b[0m" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert [line.rstrip() for line in plain.splitlines()] == str(render(page(), "text", Output(width=80))).splitlines()
    assert "\x1b[36m" not in str(render(page(), "terminal", Output(width=80, colour=False)))


def test_rich_prints_a_page_at_the_width_of_the_terminal():
    console = require_module("rich.console")
    from shapecalc.render.terminal import Screen

    with (out := console.Console(width=60, force_terminal=True, color_system=None)).capture() as captured:
        out.print(Screen(page()), soft_wrap=True)
    assert max(map(len, captured.get().splitlines())) <= 60
    assert "[:, 0]" not in captured.get()


# ---- what is loaded -----------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["text", "latex", "markdown", "html", "typst", "notebook", "json"])
def test_no_format_loads_what_it_does_not_need(to: str):
    program = (
        "import sys; from shapecalc.blocks import Document, prose; from shapecalc.render import render; "
        f"render(Document(prose('x'), ()), {to!r}); print(sorted({{'rich', 'typst', 'sympy', 'numpy', 'typer'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    assert done.stdout.strip() == "[]"


# ---- LaTeX -----------------------------------------------------------------------------------------------


def compiled(source: str, folder: Path) -> str:
    """What pdflatex says; the document must compile, with the smallest TeX."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    command = [require("pdflatex"), "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, log[-3000:]
    return log


def overfull(log: str) -> list[float]:
    return [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(x) > 10]


@pytest.mark.tex
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("document", [page(), long_page()], ids=["page", "long"])
def test_latex_compiles_and_nothing_sticks_out(document: Document, colour: bool, tmp_path: Path):
    log = compiled(str(render(document, "latex", Output(standalone=True, colour=colour))), tmp_path)
    assert overfull(log) == []


@pytest.mark.tex
def test_a_fragment_can_be_pasted_into_a_document(tmp_path: Path):
    fragment = str(render(page(), "latex"))
    assert "documentclass" not in fragment
    packages = re.search(r"\\usepackage\{amsmath,amssymb,bm,color\}", fragment)
    assert packages
    log = compiled(f"\\documentclass{{article}}\n{packages[0]}\n\\begin{{document}}\n{fragment}\n\\end{{document}}", tmp_path)
    assert "Undefined" not in log


@pytest.mark.tex
def test_no_text_can_break_out_of_latex(tmp_path: Path):
    log = compiled(str(render(awkward(), "latex", STANDALONE)), tmp_path)
    assert "Missing character" not in log


@pytest.mark.tex
def test_every_letter_that_may_stand_in_a_name_compiles(tmp_path: Path):
    letters = [chr(c) for c in (*range(0xA1, 0x180), *range(0x386, 0x3D7), *range(0x410, 0x450)) if chr(c).isprintable()]
    sentence = " ".join(letters)
    formulas = tuple(Formula(row(*(Symbol(c) for c in letters[k : k + 20]))) for k in range(0, len(letters), 20))
    compiled(str(render(Document((), (Prose((Words(sentence), Code(sentence))), *formulas)), "latex", STANDALONE)), tmp_path)


def test_latex_formulas_are_what_a_person_would_type():
    e = read("Z: (S, M); Y: (S, M); X: (S, D); r = X.T @ (Z - Y)/S").definitions["r"]
    assert formula(boxes(e), "latex") == r"\frac{1}{S} X^{\top} (Z - Y)"
    assert formula(entry_text("x11*w11 + b1"), "latex") == "x_{11} w_{11} + b_1"
    assert formula(boxes(e), "latex", Output(colour=True)) == r"\frac{1}{\textcolor{#1559b3}{S}} X^{\top} (Z - Y)"


# ---- Markdown ----------------------------------------------------------------------------------------------


def test_markdown_uses_what_every_reader_of_it_knows():
    written = str(render(page(), "markdown")) + str(render(long_page(), "markdown"))
    for command in (r"\intertext", r"\require", r"\newcommand", "align*", r"\bm", r"\color"):
        assert command not in written


def test_github_markdown_has_no_bare_dollars():
    written = str(render(page(), "markdown", Output(github=True)))
    bare = re.sub(r"```math\n.*?\n```", "", re.sub(r"\$`[^`]*`\$", "", written), flags=re.DOTALL)
    assert "$" not in bare


@pytest.mark.parametrize("document", [page(), long_page()], ids=["page", "long"])
def test_pandoc_reads_the_markdown(document: Document):
    pandoc = require("pandoc")
    written = str(render(document, "markdown"))
    command = [pandoc, "-f", "markdown", "-t", "html", "--mathml"]
    done = subprocess.run(command, input=written, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True)
    assert "Could not convert TeX" not in done.stderr
    assert done.stdout.count("<math") == written.count("$$") // 2 + len(re.findall(r"(?<!\$)\$(?!\$)", written)) // 2


@pytest.mark.tex
def test_pandoc_makes_latex_of_the_markdown_that_compiles(tmp_path: Path):
    pandoc = require("pandoc")
    command = [pandoc, "-f", "markdown", "-t", "latex"]
    written = str(render(page(), "markdown"))
    done = subprocess.run(command, input=written, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True)
    packages = r"\usepackage{amsmath,amssymb,longtable,array,calc,color}"
    packages += r"\providecommand{\tightlist}{}\newcommand{\texorpdfstring}[2]{#1}"
    body = re.sub(r"\\begin\{(Shaded|Highlighting)\}.*?\\end\{\1\}", "", done.stdout, flags=re.DOTALL)
    plain = re.sub(r"\\(top|mid|bottom)rule\S*|\\noalign\{\}|\\endhead|\\endlastfoot|\\(hyper)?target\{[^}]*\}", "", body)
    compiled(f"\\documentclass{{article}}{packages}\\begin{{document}}{plain}\\end{{document}}", tmp_path)


# ---- HTML ----------------------------------------------------------------------------------------------------


def opened(source: str, folder: Path, width: int) -> dict:
    """What a script finds in the page, in a real browser, in a frame of that width."""
    report = """<script>addEventListener("load", () => document.fonts.ready.then(() => {
      const maths = [...document.querySelectorAll("math")].map(m => m.getBoundingClientRect());
      const wide = [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
        && !e.closest(".scroll, pre, svg"));
      parent.postMessage({width: innerWidth, scroll: document.documentElement.scrollWidth, maths: maths.length,
        flat: maths.filter(r => r.height < 5 || r.width < 3).length, font: document.fonts.check('16px "Shapecalc Math"'),
        fraction: document.querySelector("mfrac")?.getBoundingClientRect().height,
        wide: wide.map(e => e.outerHTML.slice(0, 80))}, "*");
    }));</script>"""
    (folder / "page.html").write_text(source.replace("</body>", report + "</body>"), encoding="utf-8")
    outer = f"""<!DOCTYPE html><body><iframe src="page.html" style="width:{width}px;height:900px;border:0"></iframe><script>
      addEventListener("message", e => document.documentElement.dataset.report = JSON.stringify(e.data));</script></body>"""
    (folder / "frame.html").write_text(outer, encoding="utf-8")
    command = [
        require("chromium", "google-chrome", "chrome"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000",
        "--virtual-time-budget=10000", "--dump-dom", (folder / "frame.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    found = re.search(r'data-report="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("document", [page(), long_page()], ids=["page", "long"])
def test_a_browser_lays_the_page_out(document: Document, width: int, tmp_path: Path):
    report = opened(str(render(document, "html")), tmp_path, width)
    assert report["width"] == width
    assert report["scroll"] <= width
    assert report["wide"] == []
    assert report["maths"] > 5
    assert report["flat"] == 0
    assert report["font"]
    assert report["fraction"] > 20


def test_html_needs_nothing_else():
    written = str(render(page(), "html"))
    assert "<script" not in written
    assert re.findall(r'(?:src|href)="(?!#)', written) == []
    assert re.findall(r"url\((?!data:|#)", written) == []
    assert "GUST" in written


def test_html_is_well_formed_and_its_names_are_unique():
    written = without_font(str(render(page(), "html")))
    body = written[written.index("<body>") :].removesuffix("</html>\n")
    tree = ET.fromstring(re.sub(r"<(hr|br)>", r"<\1/>", body))  # noqa: S314 - our own page
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for e in tree.iter():
        for reference in ("aria-labelledby",):
            assert e.get(reference) is None or e.get(reference) in ids


def test_linked_entries_light_up_together():
    written = str(render(page(), "html"))
    assert written.count('class="g g0"') == 3
    assert "main:has(.g0:hover, .g0:focus) .g0" in written


def test_no_text_becomes_markup_in_html():
    written = without_font(str(render(awkward(), "html")))
    assert "<script" not in written
    assert "&lt;script&gt;" in written


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("colours", "ground"), [(LIGHT, "#ffffff"), (LIGHT, "#f4f4f6"), (DARK, "#17171a"), (DARK, "#222227")])
def test_colours_have_contrast(colours: tuple[str, ...], ground: str):
    for colour in colours:
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


# ---- Typst, PDF, PNG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", ["page", "long_page", "awkward"])
def test_typst_compiles(document: str):
    require_module("typst")
    made = {"page": page, "long_page": long_page, "awkward": awkward}[document]()
    written = render(made, "pdf")
    assert isinstance(written, bytes)
    assert written.startswith(b"%PDF")
    assert written == render(made, "pdf")


def test_typst_writes_signs_not_their_names():
    written = str(render(page(), "typst"))
    for sign in ("∂", "⊤", "∑"):
        assert sign in written
    assert not re.search(r"\b(diff|partial|top|sum|odot|angle|chevron)\b", re.sub(r'"[^"]*"', "", written.partition("#align")[2]))


def test_png_and_svg_pages():
    require_module("typst")
    png, svg = render(page(), "png", Output(ppi=60)), render(page(), "svg")
    assert isinstance(png, bytes)
    assert png.startswith(b"\x89PNG")
    assert str(svg).startswith("<svg")


@pytest.mark.tex
def test_pdflatex_stands_in_where_typst_is_missing(monkeypatch: pytest.MonkeyPatch):
    require("pdflatex")
    import shapecalc.render.pdf as room

    monkeypatch.setattr(room, "find_spec", lambda _: None)
    assert room.pdf(page(), Output()).startswith(b"%PDF")
    monkeypatch.setattr(room.shutil, "which", lambda _: None)
    with pytest.raises(InputProblem, match="PDF needs the typst package") as caught:
        room.pdf(page(), Output())
    assert str(caught.value).count("\n") <= 1
    with pytest.raises(InputProblem, match="PNG needs"):
        room.png(page(), Output())


# ---- notebook and JSON -----------------------------------------------------------------------------------------


def test_the_notebook_is_one():
    nbformat = require_module("nbformat")
    for document in (page(), awkward()):
        nbformat.validate(nbformat.reads(str(render(document, "notebook")), 4))


def test_json_follows_its_schema():
    jsonschema = require_module("jsonschema")
    from shapecalc.render.json import schema

    jsonschema.Draft202012Validator.check_schema(schema())
    for document in (page(), long_page(), awkward()):
        data = json.loads(str(render(document, "json")))
        jsonschema.validate(data, schema())
    assert data["schema"] == "shapecalc.document/1"
    assert str(render(page(), "json", Output(ascii=True))).isascii()


# ---- pictures ------------------------------------------------------------------------------------------------------


def test_pictures_are_svg_with_words():
    from shapecalc.blocks import Picture

    pictures = [b for b in page().blocks if isinstance(b, Picture)]
    assert len(pictures) == 3
    for picture in pictures:
        tree = ET.fromstring(picture.svg)  # noqa: S314 - our own picture
        assert tree.get("role") == "img"
        assert tree.get("aria-label")
        assert picture.alt
        assert picture.text


def test_a_reduction_says_which_index_goes():
    picture = page().blocks[next(k for k, b in enumerate(page().blocks) if getattr(b, "alt", "").startswith("The rows"))]
    assert picture.alt == "The rows of ∂L/∂Z (S, M) are added together: S disappears, M totals are left, one per column."


NODES = (Node("X", ("S", "D"), gradient=False), Node("W", ("D", "M")), Node("Z", ("S", "M"), ("X", "W"), operation="X @ W"))


def test_graphs_as_text():
    assert in_words(NODES) == "Z (S, M)  ←  X, W   X @ W"
    assert mermaid(NODES).splitlines() == [
        "flowchart LR", '  n0(["X (S, D)"])', '  n1(["W (D, M)"])', '  n2["Z (S, M)"]', "  n0 --> n2", "  n1 --> n2", '  n2 -. "dW" .-> n1',
    ]  # fmt: skip
    assert '"X" -> "Z";' in dot(NODES)


HAT = Over(Symbol("x"), "hat")
MATHML = '<math display="block">{}</math>'
HAT_IN_MATHML = '<mover accent="true"><mi>x</mi><mo stretchy="false">^</mo></mover>'
DRAWN = [
    (HAT, {"text": "x̂", "latex": r"\hat{x}", "typst": 'accent(x, "^")', "mathml": MATHML.format(HAT_IN_MATHML)}, "x_hat"),
    (
        Sum(Symbol("i"), Symbol("n", "size"), HAT, "∑"),
        {
            "text": "Σᵢⁿ x̂", "latex": r"\sum_i^n \hat{x}", "typst": 'attach(∑, b: i, t: n) accent(x, "^")',
            "mathml": MATHML.format(f"<mrow><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>{HAT_IN_MATHML}</mrow>"),
        },
        "sum_i^n x_hat",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("box", "formats", "plain"), DRAWN)
def test_accents_and_limits_are_drawn_in_every_format(box, formats: dict[str, str], plain: str):
    """Linked parts look like any other, but in HTML."""
    for to, wanted in formats.items():
        assert formula(box, to) == wanted
        assert to == "mathml" or formula(Linked(box, "left"), to) == wanted
    assert formula(box, "text", Output(ascii=True)) == plain
    renamed = mapped(Linked(box, "left"), lambda b: Symbol("z") if b == Symbol("x") else None)
    assert formula(renamed, "latex") == formats["latex"].replace("x", "z")


def test_a_single_formula_has_four_formats():
    with pytest.raises(InputProblem, match="html is not a format of single formulas"):
        formula(HAT, "html")


SHOWN = {
    "text": "(S, D)", "terminal": "(S, D)", "markdown": "(S, D)", "latex": "(S, D)", "typst": r"lr(\( S \, D \))", "json": '"S",\n',
    "notebook": "(S, D)", "html": '<mi>S</mi></mrow><mo>,</mo><mrow class="s1"><mi>D</mi>',
}  # fmt: skip


@pytest.mark.parametrize("to", SHOWN)
def test_a_shape_stands_in_a_sentence_and_in_a_reason(to: str):
    document = Document(prose("T"), (
        Heading(prose("deep"), 3),
        Prose(prose(prose("is ", Dims(("S", "D"))), ".")),
        Aligned((Line(Symbol("y"), HAT, prose("of shape ", Dims(("S", "D")))),)),
    ))  # fmt: skip
    written = re.sub(r"\x1b\[\d*m", "", str(render(document, to, Output(colour=to == "html"))))
    assert written.count(SHOWN[to]) == (3 if to == "json" else 2)


@pytest.mark.parametrize("to", ["text", "markdown", "latex", "typst", "notebook"])
def test_lines_that_there_are_not_leave_no_trace(to: str):
    above, below = Prose(prose("above")), Prose(prose("below"))
    bare, without = (str(render(Document(prose("T"), blocks), to)) for blocks in ((above, below), (Aligned(()), above, below)))
    assert bare == without


def test_a_wide_matrix_goes_beyond_the_ten_columns_of_amsmath():
    """A matrix environment of amsmath has no more, and LaTeX stops at the eleventh."""
    ten, eleven = (formula(Grid((tuple(Number(str(k)) for k in range(n)),), "[", "]"), "latex") for n in (10, 11))
    assert ten.startswith("\\begin{bmatrix}")
    assert eleven.startswith("\\left[\\begin{array}{ccccccccccc}")


def test_a_picture_that_is_none_is_its_words():
    assert named("no drawing", "a & b", 1) == '<p role="img" aria-label="a &amp; b">a &amp; b</p>'


def test_a_graph_leaves_out_what_is_not_in_it():
    nodes = (*NODES[1:], Node("Q", ("S",), ("Z", "elsewhere")))
    drawn = dot(nodes)
    assert [f'"{a}" -> "{b}"' in drawn for a, b in ("WZ", "ZW", "ZQ", "QZ")] == [True] * 4  # forwards, and the gradients back
    assert drawn.count("->") == 4


# ---- the doors ------------------------------------------------------------------------------------------------------


def test_the_suffix_says_the_format(tmp_path: Path):
    assert format_of("notes.TEX") == "latex"
    with pytest.raises(InputProblem, match="not a kind of file"):
        format_of("notes.docx")
    with pytest.raises(InputProblem, match="not a format"):
        render(page(), "docx")
    with pytest.raises(InputProblem, match="not a format of single formulas"):
        formula(Symbol("x"), "pdf")
    assert r"\documentclass" in save(page(), tmp_path / "a.tex").read_text(encoding="utf-8")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "notes.txt"
    target.write_text("before", encoding="utf-8")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(InputProblem, match="No space left"):
        save(page(), target)
    assert target.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_written_is_said_so(tmp_path: Path):
    with pytest.raises(InputProblem, match="cannot write"):
        save(page(), tmp_path / "nowhere" / "notes.txt")


# ---- breaking, colours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [8, 15, 30])
def test_long_formulas_go_on_in_the_next_line(limit: int):
    box = next(b.box for b in long_page().blocks if isinstance(b, Formula))
    lines = broken(box, limit)
    assert len(lines) > 1
    assert all(ems(line) <= max(limit, 14) for line in lines)
    whole = formula(box, "latex", Output(colour=False))
    assert len("".join(formula(line, "latex") for line in lines)) >= len(whole) * 0.8


def test_a_short_formula_stays_on_its_line():
    assert broken(Symbol("x"), 5) == [Symbol("x")]


def test_colours_come_in_the_order_of_the_document():
    assert size_names(page())[:3] == ("S", "D", "M")
    assert Palette(("S", "D")).light("S") == LIGHT[0]
    assert Palette(tuple("abcdefghij")).light("i") == LIGHT[0]


def awkward() -> Document:
    """Words and names that mean something to some format."""
    name = Scripts(Symbol(r"\input"), Text("a_b#$%&"), Symbol("<i>"))
    blocks = []
    for text in AWKWARD:
        words = (Words(text), Code(text), Words(text, "strong"))
        blocks += [
            Heading(words), Prose(words), CodeBlock(text), Callout("note", words, (Prose(words),)),
            Table((words, words), ((words, words),), words), Formula(row(name, "=", Symbol(text), Text(text)), label=words),
            Aligned((Line(Symbol(text), Symbol(text, "function"), words, ("S",)),)),
        ]  # fmt: skip
    return replace(Document((Words(AWKWARD[3]),), tuple(blocks)), subtitle=(Code(AWKWARD[0]),))
