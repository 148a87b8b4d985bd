"""The command line as data: every command with its arguments and options, read by the small reader and by typer alike."""

from __future__ import annotations

from typing import Any, NamedTuple


class Option(NamedTuple):
    """One option. ``kind``: flag, text, number, choice; a flag with ``negative`` can be taken back; ``many``: may be given again."""

    name: str
    flags: tuple[str, ...]
    kind: str
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    negative: str = ""
    many: bool = False
    metavar: str = ""
    panel: str = ""


class Command(NamedTuple):
    """One command. ``argument``: name, metavar, whether it must be given, and help; ``many``: any number of arguments."""

    name: str
    help: str
    options: tuple[Option, ...]
    argument: tuple[str, str, bool, str] | None = None
    many: bool = False
    panel: str = ""


CONTENT, LOOK, OUTPUT = "What is in it", "How it is written", "Where it goes"
LAYOUTS = ("denominator", "numerator", "both")
FORMATS = ("text", "latex", "markdown", "html", "typst", "json", "svg", "notebook", "terminal")
SOURCE = ("source", "SOURCE", True, "A file, - for standard input, or the problem itself: 'X: (S, D); W: (D, M); Z = X @ W'.")

WRT = Option("wrt", ("--wrt",), "text", "Names to differentiate by, with commas.", metavar="NAMES", panel=CONTENT)
AT = Option("at", ("--at",), "text", "Sizes of the entries view: S=2,D=3,M=3.", metavar="SIZES", panel=CONTENT)
LAYOUT = Option("layout", ("--layout",), "choice", "How gradients are drawn.", "denominator", LAYOUTS, panel=CONTENT)
SAMPLES = Option("samples", ("--samples",), "choice", "Samples as rows, as columns, or both.", None, ("rows", "columns", "both"), panel=CONTENT)
LOSS = Option("loss", ("--loss",), "text", "A loss behind the last definition: 'sum((Z - Y)**2)/(2*S)'.", metavar="FORMULA", panel=CONTENT)
VIEWS = Option("views", ("--views",), "text", "Of entries, index, matrix.", metavar="NAMES", panel=CONTENT)
STEPS = Option("steps", ("--steps",), "flag", "The derivation, or the results alone.", True, negative="--no-steps", panel=CONTENT)
ENTRIES = Option("entries", ("--entries",), "flag", "Matrices of named entries, by sympy.", True, negative="--no-entries", panel=CONTENT)
NUMBERS = Option("numbers", ("--numbers",), "flag", "The same page with small whole numbers, to follow with a pencil.", False, panel=CONTENT)
STRUCTURED = Option("structured", ("--structured",), "flag", "Partials by the distinct entries of symmetric, diagonal, triangular names.", False, panel=CONTENT)
CERTIFICATE = Option("certificate", ("--certificate",), "flag", "Only what was checked, and how surely.", False, panel=CONTENT)
TITLE = Option("title", ("--title",), "text", "The title of the page.", metavar="TEXT", panel=CONTENT)
FORMAT = Option("format", ("--format", "-f"), "choice", "The format.", None, FORMATS, panel=LOOK)
TO = Option("format", ("--to", "--format"), "choice", "The format, where the suffix does not say it.", None, (*FORMATS, "pdf", "png"), panel=LOOK)
STANDALONE = Option("standalone", ("--standalone",), "flag", "LaTeX as a document of its own.", False, panel=LOOK)
GITHUB = Option("github", ("--github",), "flag", "Markdown with formulas that GitHub leaves alone.", False, panel=LOOK)
BOLD = Option("bold", ("--bold-matrices",), "flag", "Vectors and matrices in bold.", False, panel=LOOK)
SYMBOL = Option("symbols", ("--symbol",), "text", r"How a name is drawn, in LaTeX: dZ=\delta. Again for others.", (), many=True, metavar="NAME=TEX", panel=LOOK)
PLAIN = Option("plain", ("--plain",), "flag", "No colours, no escapes.", False, panel=LOOK)
ASCII = Option("ascii", ("--ascii",), "flag", "Nothing outside ASCII.", False, panel=LOOK)
WIDTH = Option("width", ("--width",), "number", "Columns that text folds at.", None, metavar="COLUMNS", panel=LOOK)
PAGER = Option("pager", ("--pager",), "flag", "Through a pager.", False, panel=OUTPUT)
TARGET_FILE = Option("output", ("--output", "-o"), "text", "A file; its suffix gives the format.", metavar="FILE", panel=OUTPUT)

LOOKS = (PLAIN, ASCII, WIDTH)
PAGE = (
    WRT, AT, LAYOUT, SAMPLES, LOSS, VIEWS, STEPS, ENTRIES, NUMBERS, STRUCTURED, CERTIFICATE, TITLE,
    FORMAT, STANDALONE, GITHUB, BOLD, SYMBOL, *LOOKS, PAGER, TARGET_FILE,
)  # fmt: skip
RENDER = tuple(TO if o is FORMAT else o for o in PAGE if o not in (CERTIFICATE, PAGER))
ONE_LAYOUT = LAYOUT._replace(choices=LAYOUTS[:2])
JACOBIAN = (
    Option("of", ("--of",), "text", "What is differentiated; the last definition.", metavar="NAME", panel=CONTENT),
    WRT._replace(help="The name to differentiate by; the first one declared.", metavar="NAME"),
    ONE_LAYOUT._replace(default="numerator"),
    Option("vec", ("--vec",), "flag", "Columns stacked, so that it is a matrix.", False, panel=CONTENT),
    TITLE, FORMAT, STANDALONE, GITHUB, BOLD, SYMBOL, *LOOKS, PAGER, TARGET_FILE,
)  # fmt: skip
HESSIAN = (
    WRT._replace(help="The name to differentiate by; the first one declared.", metavar="NAME"),
    Option("wrt2", ("--wrt2",), "text", "A second name, for the mixed Hessian.", metavar="NAME", panel=CONTENT),
    *JACOBIAN[3:],
)
CODE = (
    Option("target", ("--target", "-t"), "choice", "What the code is for.", "numpy", ("numpy", "torch", "jax", "python-test"), panel=CONTENT),
    WRT, ONE_LAYOUT, LOSS, STRUCTURED, TARGET_FILE,
)  # fmt: skip
CHECK = (
    ONE_LAYOUT,
    STRUCTURED,
    Option("strict", ("--strict",), "flag", "Lines that cannot be read or decided fail, too.", False, panel=CONTENT),
    Option("format", ("--format", "-f"), "choice", "The format of the report.", "text", ("text", "json", "github"), panel=LOOK),
    *LOOKS,
    TARGET_FILE,
)
GALLERY = (Option("source", ("--source",), "flag", "The sheet itself.", False, panel=CONTENT), *PAGE)
PICTURE = (
    Option("format", ("--format", "-f"), "choice", "SVG, or text for Mermaid or Graphviz.", None, ("svg", "mermaid", "dot", "text"), panel=LOOK),
    Option("kind", ("--kind",), "choice", "The shapes of a formula, the reduction, or the graph.", "shapes", ("shapes", "reduction", "graph"), panel=CONTENT),
    WRT, LOSS, PLAIN, ASCII, TARGET_FILE,
)  # fmt: skip

DERIVING, CHECKING, MORE = "Derive", "Check", "More"
COMMANDS = (
    Command("affine", "The affine layer Z = X W + b, derived in three views and under every convention.", PAGE, panel=DERIVING),
    Command("derive", "The gradients of a problem, step by step, with shapes.", PAGE, SOURCE, panel=DERIVING),
    Command("jacobian", "The derivative of one definition by one name.", JACOBIAN, SOURCE, panel=DERIVING),
    Command("hessian", "The second derivative of a scalar loss.", HESSIAN, SOURCE, panel=DERIVING),
    Command("gallery", "Derivations that people ask for: `gallery` lists them, `gallery layernorm` shows one.", GALLERY,
            ("name", "[NAME]", False, "One of the gallery."), panel=DERIVING),
    Command("check", "Judge derivations made by hand, line by line.", CHECK,
            ("sources", "SOURCE...", True, "Files, directories, - for standard input, or the text itself."), many=True, panel=CHECKING),
    Command("render", "A derivation as a file: notes.tex, .pdf, .png, .md, .html, .svg, .typ, .ipynb, .json, .txt.", RENDER, SOURCE, panel=MORE),
    Command("code", "Forward and backward functions, vectorised.", CODE, SOURCE, panel=MORE),
    Command("picture", "Shapes, the reduction, or the graph as a picture.", PICTURE, SOURCE, panel=MORE),
)  # fmt: skip
BY_NAME = {c.name: c for c in COMMANDS}


def defaults(command: Command) -> dict[str, Any]:
    """The value of every option that is not given."""
    return {o.name: o.default for o in command.options}
