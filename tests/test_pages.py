"""Every sheet of the gallery, and every other kind of page, in the programs that people read them with."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from browser import Browser
from conftest import require, require_module

import shapecalc
from shapecalc.blocks import Document, Heading, Picture, Prose, prose
from shapecalc.exposition.reports import page as report_page
from shapecalc.gallery import sheets
from shapecalc.publishing.derivatives import derivative_page
from shapecalc.publishing.facts import schema
from shapecalc.publishing.options import Options
from shapecalc.publishing.pages import page, subject
from shapecalc.publishing.pictures import drawing
from shapecalc.render import render

AFFINE = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"
SQUARED = AFFINE + "; Y: (S, M); L = sum((Z - Y)**2)/(2*S)"
CLAIMS = AFFINE + "; dW = dZ.T @ X; db = sum(dZ, axis=1); dX = dZ @ W.T"
PROBLEMS = {
    "affine-everything": (AFFINE, {"numbers": True, "layouts": ("denominator", "numerator"), "samples": "both"}),
    "affine-loss": (SQUARED, {"numbers": True}),
    "affine-bold": (AFFINE, {"bold": True, "symbols": {"dZ": r"\frac{\partial L}{\partial Z}", "W": r"\Theta"}, "title": "In bold: a & b"}),
    "affine-short": (SQUARED, {"steps": "short"}),
    "affine-results": (SQUARED, {"steps": "none"}),
    "conventions": (AFFINE, {"page": "conventions"}),
    "large": (AFFINE, {"at": {"S": 12, "D": 3, "M": 11}}),
    "scalars": ("a: (); b: (); y = a*exp(-b)", {}),
    "batched": ("X: (B, S, D); W: (D, M); Z = X @ W", {}),
}
DERIVATIVES = {
    "jacobian": lambda: shapecalc.jacobian("W: (M, N); x: (N,); b: (M,); y = tanh(W @ x + b)", of="y", wrt="x"),
    "jacobian-tensor": lambda: shapecalc.jacobian("X: (S, D); W: (D, M); Y = tanh(X @ W)", of="Y", wrt="W"),
    "hessian": lambda: shapecalc.hessian("X: (S, D); w: (D,); y: (S,); p = sigmoid(X @ w); L = -sum(y*log(p))", wrt="w"),
}
TOO_WIDE = 10  # points
SHOWN = ("affine", "affine-short", "conventions", "jacobian", "report", "pictures")  # those with every kind of block


@cache
def documents() -> dict[str, Document]:
    """Every page by name."""
    out = {}
    for sheet in sheets().values():
        options = Options(title=sheet.title, subtitle=sheet.source)
        out[sheet.name] = page(shapecalc.derive(sheet.text, wrt=sheet.wrt), options, pictured=True)
    for name, (source, options) in PROBLEMS.items():
        out[name] = page(shapecalc.derive(source), Options().with_(**options), pictured=True)
    for name, make in DERIVATIVES.items():
        out[name] = derivative_page(make(), Options())
    out["report"] = report_page([shapecalc.check(CLAIMS)], prose("A report"))
    s = subject(shapecalc.derive(sheets()["layernorm"].text))
    pictures = [b for kind in ("shapes", "reduction", "broadcasting", "graph") for b in drawing(s, kind).blocks]
    assert all(isinstance(b, Picture) for b in pictures)
    out["pictures"] = Document(prose("Pictures"), (Heading(prose("All of them")), Prose(prose("Below.")), *pictures), sizes=s.problem.sizes)
    return out


# ---- LaTeX -----------------------------------------------------------------------------------------


@pytest.mark.tex
def test_latex_compiles_and_nothing_sticks_out(tmp_path: Path):
    preamble = r"\documentclass[11pt,a4paper]{article}\usepackage[margin=25mm]{geometry}\usepackage{amsmath,amssymb,bm,color}"
    layout = r"\setlength{\parindent}{0pt}\setlength{\parskip}{0.6em}\allowdisplaybreaks\begin{document}"
    parts = [f"\\typeout{{==== {name}}}\n{{{render(d, 'latex')}}}\n\\clearpage" for name, d in documents().items()]
    (tmp_path / "all.tex").write_text("\n".join([preamble, layout, *parts, r"\end{document}"]), encoding="utf-8")
    command = [require("pdflatex"), "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=200, check=False, env={**os.environ, "max_print_line": "999"})
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, log[-3000:]
    out = {}
    for part in log.split("==== ")[1:]:
        wide = [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt", part)]
        if max(wide, default=0) > TOO_WIDE:
            out[part.split(maxsplit=1)[0]] = wide
    assert out == {}
    assert "Missing character" not in log


# ---- Typst -----------------------------------------------------------------------------------------


def test_typst_makes_pdf_of_every_page():
    require_module("typst")
    for name, document in documents().items():
        made = render(document, "pdf")
        assert isinstance(made, bytes), name
        assert made.startswith(b"%PDF"), name


# ---- Markdown --------------------------------------------------------------------------------------


def test_pandoc_reads_the_markdown_of_every_page():
    written = "\n\n".join(str(render(d, "markdown")) for d in documents().values())
    command = [require("pandoc"), "-f", "markdown", "-t", "html", "--mathml"]
    done = subprocess.run(command, input=written, capture_output=True, text=True, encoding="utf-8", timeout=200, check=True)
    assert "Could not convert TeX" not in done.stderr, done.stderr[:2000]
    assert done.stdout.count("<math") == written.count("$$") // 2 + len(re.findall(r"(?<!\$)\$(?!\$)", written)) // 2


# ---- data ------------------------------------------------------------------------------------------


def test_json_follows_its_schema():
    for k, (name, sheet) in enumerate(sheets().items()):
        data = json.loads(str(shapecalc.derive(sheet.text, wrt=sheet.wrt).to("json")))
        document = data.pop("document")
        follows(schema("derivation"), data | {"document": {}}, name)
        if k % 4 == 0:  # pages are long, and made of the same few blocks
            follows(schema("document"), document, name)
    for name, make in DERIVATIVES.items():
        follows(schema("derivative"), json.loads(str(make().to("json"))), name)
    report = shapecalc.check(CLAIMS)
    for found in (report, report.claims[0]):
        follows(schema("report"), json.loads(str(found.to("json"))), "report")


def follows(wanted: dict[str, Any], data: Any, name: str) -> None:
    errors = list(jsonschema.Draft202012Validator(wanted).iter_errors(data))
    assert not errors, f"{name}: {errors[0].json_path}: {errors[0].message[:300]}"


def test_every_notebook_is_one():
    nbformat = require_module("nbformat")
    for document in documents().values():
        nbformat.validate(nbformat.reads(str(render(document, "notebook")), 4))


# ---- a browser -------------------------------------------------------------------------------------

LAID_OUT = """
const first = (text, n) => [...text].slice(0, n).join("");  // letters, none of them cut in two
const maths = [...document.querySelectorAll("math")].filter(m => !m.closest(".read"));
const flat = maths.filter(m => { const r = m.getBoundingClientRect(); return r.width < 3 || r.height < 5; });
const wide = [...document.querySelectorAll("main *")].filter(
  e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, svg"));
return {
  inner: innerWidth, page: document.documentElement.scrollWidth, maths: maths.length,
  flat: flat.map(m => first(m.outerHTML, 200)), wide: wide.map(e => first(e.outerHTML, 120)),
  cut: [...document.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth + 2).map(e => first(e.innerText, 80)),
  font: document.fonts.check('16px "Shapecalc Math"'),
  pictures: [...document.querySelectorAll("svg")].filter(s => s.getBoundingClientRect().width < 20).length,
  letters: [...document.querySelectorAll("svg text")].filter(t => !t.closest("svg").contains(document.elementFromPoint(0, 0)) &&
    (b => b.x < t.ownerSVGElement.viewBox.baseVal.x - 1 || b.x + b.width >
      t.ownerSVGElement.viewBox.baseVal.x + t.ownerSVGElement.viewBox.baseVal.width + 1)(t.getBBox())).map(t => t.textContent),
};
"""
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const known = new Map();
const rgb = c => {
  if (!known.has(c)) {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1);
    known.set(c, [...canvas.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(c);
};
const light = c => {
  const [r, g, b] = rgb(c).map(x => x / 255).map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const grounds = new Map();
const ground = e => {
  if (!e) return "white";
  if (!grounds.has(e)) {
    const own = getComputedStyle(e).backgroundColor;
    grounds.set(e, rgb(own)[3] === 255 ? own : ground(e.parentElement));
  }
  return grounds.get(e);
};
const seen = new Map();
for (const e of document.querySelectorAll("main *")) {
  if (e.closest(".read, title") || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
  const style = getComputedStyle(e), ink = e.closest("svg") ? style.fill : style.color, below = ground(e), key = ink + below;
  if (seen.has(key)) continue;
  const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
  seen.set(key, {ratio: (a + 0.05) / (b + 0.05), html: [...e.outerHTML].slice(0, 120).join(""), ink, below});
}
return [...seen.values()].filter(x => x.ratio < 4.5);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, document in documents().items():
        (folder / f"{name}.html").write_text(str(render(document, "html")), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in documents()}


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)], ids=["1200-light", "400-dark"])
def test_chromium_lays_every_page_out(browser: Browser, written: dict[str, Path], width: int, dark: bool):
    browser.dark(on=dark)
    browser.width(width)
    for name, file in written.items():
        browser.open(file)
        found = browser.run(LAID_OUT)
        assert found["inner"] == width, name
        assert found["page"] <= width, name
        assert (found["wide"], found["flat"], found["pictures"], found["letters"]) == ([], [], 0, []), name
        assert width < 1000 or found["cut"] == [], name  # on a telephone long formulas are scrolled
        assert found["maths"] > 3 or name in ("report", "pictures"), name
        assert found["font"] or not found["maths"], name
        assert browser.run(CONTRAST) == [], name


@pytest.mark.browser
def test_entries_light_up_with_the_total_they_form(browser: Browser, written: dict[str, Path]):
    browser.width(1200)
    browser.dark(on=False)
    browser.open(written["affine"])
    grounds = "return [...document.querySelectorAll('.g0')].map(e => getComputedStyle(e).backgroundColor)"
    before = browser.run(grounds)
    assert len(before) >= 3
    assert len(set(before)) == 1
    browser.hover(".g0")
    browser.run("document.getAnimations().forEach(a => a.finish())")
    hovered = browser.run(grounds)
    assert len(set(hovered)) == 1
    assert set(hovered) != set(before)
    assert browser.run("return getComputedStyle(document.querySelector('.g1')).backgroundColor") == before[0]
    browser.hover("h1")
    browser.run("document.querySelector('.g0').focus(); document.getAnimations().forEach(a => a.finish())")
    assert browser.run(grounds) == hovered


def accessible(browser: Browser, file: Path) -> list[str]:
    browser.dark(on=False)
    browser.open(file)
    found = browser.violations()
    browser.dark(on=True)
    return found + browser.violations("color-contrast")


@pytest.mark.browser
@pytest.mark.parametrize("name", SHOWN)
def test_axe_finds_nothing(browser: Browser, written: dict[str, Path], name: str):
    browser.width(1200)
    assert accessible(browser, written[name]) == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_axe_finds_nothing_on_any_page(browser: Browser, written: dict[str, Path]):
    browser.width(400)  # where most must be scrolled
    found = {}
    for name, file in written.items():
        browser.open(file)
        found[name] = browser.violations(without=("color-contrast",))  # which is slow on long pages, and measured above
    assert {name: broken for name, broken in found.items() if broken} == {}
