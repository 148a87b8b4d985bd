"""The site: Sphinx with MyST and Furo. Mathematics is MathML, made here, so that a page needs no script and no network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from shapecalc import __version__  # noqa: E402 - the path is set first
from shapecalc.language.sheet import PROPERTIES  # noqa: E402 - likewise

project = "shapecalc"
author = "shapecalc developers"
release = version = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "README.md"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"shapecalc {__version__}"
html_static_path = ["_static", "../shapecalc/render/data/shapecalc-math.woff2"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
suppress_warnings = ["myst.header"]


class Sheet(RegexLexer):
    """The language, for the highlighter."""

    name = "shapecalc"
    aliases = ("shapecalc",)
    tokens = {  # noqa: RUF012 - as pygments wants it
        "root": [
            (r"#.*$", Comment),
            (words((*PROPERTIES, "upstream", "def"), r"\b", r"\b"), Keyword),
            (r"""("[^"\n]*"|'[^'\n]*,[^'\n]*')""", String),
            (r"\d+(\.\d+)?", Number),
            (r"([^\W\d]\w*)(\s*\()", bygroups(Name.Function, Punctuation)),
            (r"[^\W\d]\w*|[∂∇]", Name),
            (r"[-+*/@=<>!⊙|‖'ᵀ⊤^²³⁻¹.]", Operator),
            (r"[()\[\]{},:;]", Punctuation),
            (r"\s+|.", Text),
        ]
    }


def inline(self: Any, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def display(self: Any, node: nodes.math_block) -> None:
    """A formula of its own."""
    self.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.add_lexer("shapecalc", Sheet)
    app.connect("source-read", adapted)


def adapted(_: Any, page: str, source: list[str]) -> None:
    """Links out of docs/ lead to files that the site does not have: their names stay. What index.md lists becomes the navigation."""
    source[0] = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", source[0])
    if page == "index":
        for part in re.split(r"^(?=\*\*)", source[0], flags=re.MULTILINE)[1:]:
            title = part[2 : part.index("**", 2)]
            listed = "\n".join(re.findall(r"\]\((\S+)\.md\)", part))
            if "changelog" in listed and (HERE / "benchmarks.md").exists():
                listed += "\nbenchmarks"
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{listed}\n```\n"
