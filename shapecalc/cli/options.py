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


CONTENT, LOOK, OUTPUT, MANY = "What is in it", "How it is written", "Where it goes", "Many of them"
LARGEST_NUMBER = 999_999_999  # of an option: seconds, columns, processes
LAYOUTS = ("denominator", "numerator", "both")
FORMATS = ("text", "latex", "markdown", "html", "typst", "json", "svg", "notebook", "terminal")
SOURCE = ("source", "SOURCE", True, "A file, - for standard input, or the problem itself: 'X: (S, D); W: (D, M); Z = X @ W'.")


def option(*flags: str, kind: str = "flag", text: str, panel: str, default: Any = None, **more: Any) -> Option:
    """An option called like its first flag; a flag is off unless it says otherwise."""
    name = more.pop("name", flags[0].strip("-").replace("-", "_"))
    return Option(name, flags, kind, text, False if kind == "flag" and default is None else default, panel=panel, **more)


WRT = option("--wrt", kind="text", text="Names to differentiate by, with commas.", panel=CONTENT, metavar="NAMES")
AT = option("--at", kind="text", text="Sizes of the entries view: S=2,D=3,M=3.", panel=CONTENT, metavar="SIZES")
LAYOUT = option(
    "--layout", kind="choice", text="denominator, numerator or both: how gradients are drawn.", panel=CONTENT,
    default="denominator", choices=LAYOUTS, metavar="LAYOUT",
)  # fmt: skip
SAMPLES = option(
    "--samples", kind="choice", text="rows, columns or both: how the samples are laid out.", panel=CONTENT,
    choices=("rows", "columns", "both"), metavar="WAY",
)  # fmt: skip
LOSS = option("--loss", kind="text", text="A loss behind the last definition: 'sum((Z - Y)**2)/(2*S)'.", panel=CONTENT, metavar="FORMULA")
VIEWS = option("--views", kind="text", text="Of entries, index, matrix.", panel=CONTENT, metavar="NAMES")
STEPS = option(
    "--steps", kind="choice", text="full; short: a line for each gradient; none: the results alone.", panel=CONTENT,
    default="full", choices=("full", "short", "none"), metavar="HOW",
)  # fmt: skip
ENTRIES = option("--entries", text="Matrices of named entries, by sympy.", panel=CONTENT, default=True, negative="--no-entries")
NUMBERS = option("--numbers", text="Small whole numbers too, to follow with a pencil.", panel=CONTENT)
STRUCTURED = option("--structured", text="Partials by the distinct entries of symmetric, diagonal, triangular names.", panel=CONTENT)
CERTIFICATE = option("--certificate", text="Only what was checked, and how surely.", panel=CONTENT)
TITLE = option("--title", kind="text", text="The title of the page.", panel=CONTENT, metavar="TEXT")
FORMAT = option("--format", "-f", kind="choice", text=f"{', '.join(FORMATS)}.", panel=LOOK, choices=FORMATS, metavar="FORMAT")
TO = FORMAT._replace(flags=("--to", "--format"), choices=(*FORMATS, "pdf", "png"), help="The format, where the suffix does not say it.")
STANDALONE = option("--standalone", text="LaTeX as a document of its own.", panel=LOOK)
GITHUB = option("--github", text="Markdown with formulas that GitHub leaves alone.", panel=LOOK)
BOLD = option("--bold-matrices", text="Vectors and matrices in bold.", panel=LOOK, name="bold")
SYMBOL = option(
    "--symbol", kind="text", text=r"How a name is drawn, in LaTeX: dZ=\delta. May be given again.", panel=LOOK,
    default=(), name="symbols", many=True, metavar="NAME=TEX",
)  # fmt: skip
PLAIN = option("--plain", text="No colours, no escapes.", panel=LOOK)
ASCII = option("--ascii", text="Nothing outside ASCII.", panel=LOOK)
WIDTH = option("--width", kind="number", text="Columns that text folds at.", panel=LOOK, metavar="COLUMNS")
PAGER = option("--pager", text="Through a pager.", panel=OUTPUT)
TARGET_FILE = option("--output", "-o", kind="text", text="A file; its suffix gives the format.", panel=OUTPUT, metavar="FILE")

LOOKS = (PLAIN, ASCII, WIDTH)
PAGE = (
    WRT, AT, LAYOUT, SAMPLES, LOSS, VIEWS, STEPS, ENTRIES, NUMBERS, STRUCTURED, CERTIFICATE, TITLE,
    FORMAT, STANDALONE, GITHUB, BOLD, SYMBOL, *LOOKS, PAGER, TARGET_FILE,
)  # fmt: skip
WHAT = option(
    "--page", kind="choice", text="derivation; conventions: the table alone; check: verdicts on the claims.", panel=CONTENT,
    default="derivation", choices=("derivation", "conventions", "check"), metavar="PAGE",
)  # fmt: skip
RENDER = (WHAT, *(TO if o is FORMAT else o for o in PAGE if o is not CERTIFICATE))
ONE_LAYOUT = LAYOUT._replace(choices=LAYOUTS[:2], help="denominator or numerator: how gradients are drawn.")
ONE_NAME = WRT._replace(help="The name to differentiate by; the first one declared.", metavar="NAME")
LOOK_OF_ONE = (TITLE, FORMAT, STANDALONE, GITHUB, BOLD, SYMBOL, *LOOKS, PAGER, TARGET_FILE)
VEC = option("--vec", text="Columns stacked, so that it is a matrix.", panel=CONTENT)
JACOBIAN = (
    CERTIFICATE,
    option("--of", kind="text", text="What is differentiated; the last definition.", panel=CONTENT, metavar="NAME"),
    ONE_NAME, ONE_LAYOUT._replace(default="numerator"), VEC, *LOOK_OF_ONE,
)  # fmt: skip
HESSIAN = (
    CERTIFICATE,
    ONE_NAME, option("--wrt2", kind="text", text="A second name, for the mixed Hessian.", panel=CONTENT, metavar="NAME"), VEC, *LOOK_OF_ONE,
)  # fmt: skip
TARGETS = ("numpy", "torch", "jax", "python-test")
CODE = (
    option("--target", "-t", kind="choice", text=f"{', '.join(TARGETS)}.", panel=CONTENT, default="numpy", choices=TARGETS, metavar="FOR"),
    WRT, ONE_LAYOUT, LOSS, STRUCTURED, TARGET_FILE,
)  # fmt: skip
ALIAS = option(
    "--alias", kind="text", text="A further name of a gradient: dz2=Z2. May be given again.", panel=CONTENT,
    default=(), many=True, metavar="NAME=OF",
)  # fmt: skip
REPORTS = ("text", "json", "github")
CHECK = (
    ONE_LAYOUT, STRUCTURED,
    ALIAS,
    option("--strict", text="Lines that cannot be read or decided fail, too.", panel=CONTENT),
    option("--time-limit", kind="number", text="Seconds for one source; 0 for no limit.", panel=MANY, default=60, metavar="SECONDS"),
    option("--jobs", "-j", kind="number", text="Processes that judge; 0 for one on each core.", panel=MANY, default=1, metavar="N"),
    option("--dask", kind="text", text="The scheduler of a Dask cluster that judges.", panel=MANY, metavar="ADDRESS"),
    option("--resume", kind="text", text="Results go to FILE, as JSON; what it has is not judged again.", panel=MANY, metavar="FILE"),
    FORMAT._replace(default="text", choices=REPORTS, help="text, json (one object a line) or github (annotations)."),
    *LOOKS, TARGET_FILE._replace(help="A file for the reports."),
)  # fmt: skip
GALLERY = (option("--source", text="The sheet itself.", panel=CONTENT), *PAGE)
VERIFY = (
    CERTIFICATE._replace(help="What was checked this time, and how surely."),
    FORMAT._replace(default="text", choices=REPORTS[:2], help="text, or json (one object a line)."),
)
KINDS = ("shapes", "reduction", "broadcasting", "graph")
PICTURE = (
    option("--kind", kind="choice", text=f"{', '.join(KINDS)}.", panel=CONTENT, default="shapes", choices=KINDS, metavar="KIND"),
    FORMAT._replace(choices=("text", "svg", "pdf", "png", "html", "mermaid", "dot"), help="What no suffix says; mermaid, dot: the graph."),
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
            ("sources", "SOURCE...", True, "Sheets, .py (model.py:function), .md, .tex, .ipynb, .jsonl, directories, - or the text."),
            many=True, panel=CHECKING),
    Command("verify", "Judge results again that were stored as JSON: every formula, from its source, at new points.", VERIFY,
            ("sources", "RESULT...", True, "What derive, jacobian, hessian or check wrote with --format json; - for standard input."),
            many=True, panel=CHECKING),
    Command("render", "A page as a file: .tex, .pdf, .png, .md, .html, .svg, .typ, .ipynb, .json, .txt.", RENDER, SOURCE, panel=MORE),
    Command("code", "Forward and backward functions, vectorised.", CODE, SOURCE, panel=MORE),
    Command("picture", "Shapes, the reduction, what is broadcast, or the graph as a picture.", PICTURE, SOURCE, panel=MORE),
)  # fmt: skip
BY_NAME = {c.name: c for c in COMMANDS}


def defaults(command: Command) -> dict[str, Any]:
    """The value of every option that is not given."""
    return {o.name: o.default for o in command.options}
