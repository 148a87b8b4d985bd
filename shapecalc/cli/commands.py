"""What each command does, given its arguments; each answers with the exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import InputProblem
from . import output, sources
from .waiting import waiting

if TYPE_CHECKING:
    from ..publishing.options import Options
    from ..results import Derivation

Values = dict[str, Any]
AFFINE = "X: (S, D)\nW: (D, M)\nb: (M,)\nZ = X @ W + b\n"
LAYOUTS = ("denominator", "numerator")
ONE = {**{k: k for k in LAYOUTS}, "both": "denominator"}  # the layout of the results where both are shown
WORDS = {"S": "samples", "D": "inputs", "M": "output units"}


def affine(v: Values) -> int:
    """The built-in page."""
    text, notes = sources.with_loss(AFFINE, v["loss"])
    d = derived(text, v | {"wrt": v["wrt"] or "W, b, X"})
    more: Values = {"words": WORDS, "samples": v["samples"] or "both", "layouts": LAYOUTS}
    if not v["title"]:
        more |= {"title": "The affine layer", "equation": True}
    return deliver(d, v, choices(v, notes, **more))


def derive(v: Values) -> int:
    """The page of any problem."""
    text, name = sources.source(v["source"])
    return derive_text(text, name, v)


def derive_text(text: str, name: str | None, v: Values, subtitle: str = "") -> int:
    """The page of a text."""
    with_loss, notes = sources.with_loss(text, v["loss"])
    return deliver(derived(with_loss, v, name), v, choices(v, notes, subtitle=subtitle))


def derived(text: str, v: Values, name: str | None = None) -> Derivation:
    """The derivation, its errors named after the file."""
    from ..api import derive as api_derive
    from ..errors import ShapecalcError

    layout = ONE[v["layout"]]
    try:
        with waiting("deriving"):
            return api_derive(text, v["wrt"], layout, v["structured"])
    except ShapecalcError as error:
        raise (error.at(text, name) if name else error) from None


def choices(v: Values, notes: list[str], **more: Any) -> Options:
    """The options of a page."""
    from ..publishing.options import Options

    views = tuple(x.strip() for x in v["views"].split(",")) if v["views"] else ("entries", "index", "matrix")
    wanted = {
        "page": v.get("page", "derivation"),
        "title": v["title"] or "",
        "views": tuple(x for x in views if x != "entries" or (v["entries"] and v["steps"] == "full")),
        "steps": v["steps"],
        "at": sources.sizes(v["at"]),
        "numbers": v["numbers"],
        "layouts": ("denominator", "numerator") if v["layout"] == "both" else (v["layout"],),
        "samples": v["samples"],
        "notes": tuple(notes),
    }
    return Options().with_(**(wanted | drawn(v) | more))


def drawn(v: Values) -> Values:
    """The options of how formulas and formats look."""
    return {
        "bold": v["bold"],
        "symbols": symbols(v["symbols"]),
        "github": v["github"],
        "standalone": v["standalone"] or None,
        "colour": output.tints() or v["output"] not in (None, "-"),
        "ascii": output.only_ascii(v["ascii"]) if v["output"] in (None, "-") else v["ascii"],
        "width": output.columns(v["width"]) if v["output"] in (None, "-") else v["width"],
    }


def symbols(given: tuple[str, ...]) -> dict[str, str]:
    r"""dZ=\delta as a name and how it is drawn."""
    out = {}
    for text in given:
        name, eq, tex = text.partition("=")
        if not eq or not name.strip() or not tex.strip():
            raise InputProblem(f"{text} says not how a name is drawn", hint=r"--symbol dZ='\frac{\partial L}{\partial Z}'")
        out[name.strip()] = tex.strip()
    return out


def deliver(d: Derivation, v: Values, options: Options) -> int:
    """The page where it was wanted."""
    from ..publishing.writing import written

    if v.get("certificate"):
        output.show(str(d.certificate))
        return 0
    to = format_of(v)
    into_file = v["output"] not in (None, "-")
    with waiting("writing the page"):
        made = written(d, to, options, standalone=into_file)
    return hand_over(made, v)


def hand_over(made: str | bytes, v: Values) -> int:
    """Text or bytes to a file, or to standard output."""
    if v["output"] is not None:
        output.store(made, v["output"])
    elif isinstance(made, bytes):
        raise InputProblem("this format is not text", hint="name a file: -o notes.pdf")
    else:
        output.show(made, bool(v.get("pager")))
    return 0


def format_of(v: Values) -> str:
    """The format: as named, as the file's suffix says, or what suits standard output."""
    from ..render import format_of as by_suffix

    if v["format"] is not None:
        return str(v["format"])
    if v["output"] not in (None, "-"):
        return by_suffix(v["output"])
    return "terminal" if output.colours(v["plain"]) and not v["ascii"] else "text"


def render(v: Values) -> int:
    """A page as a file."""
    if v["output"] is None and v["format"] is None:
        raise InputProblem("a file or a format is missing", hint="-o notes.pdf, or --to latex")
    if v["page"] == "check":
        return checked(v)
    return derive(v | {"certificate": False})


def checked(v: Values) -> int:
    """The verdicts on the claims of a sheet as a page; that some are wrong is no failure of writing it down."""
    from ..api import check
    from ..errors import ShapecalcError
    from ..publishing.options import Options
    from ..publishing.writing import Judging, written_report

    text, name = sources.source(v["source"])
    try:
        how = Judging(ONE[v["layout"]], v["structured"])
        report = check(text, how.layout, how.structured)
    except ShapecalcError as error:
        raise (error.at(text, name) if name else error) from None
    if not report.claims:
        raise InputProblem("there is no claim to judge", hint="write one: dW = X.T @ dZ")
    title = v["title"] or (f"The claims of {name}" if name else "The claims")
    options = Options().with_(title=title, **drawn(v))
    return hand_over(written_report(report, how, format_of(v), options, v["output"] not in (None, "-")), v)


def jacobian(v: Values) -> int:
    """The page of a Jacobian."""
    from ..api import jacobian as api_jacobian

    text, name = sources.source(v["source"])
    return derivative(lambda: api_jacobian(text, v["of"], v["wrt"], v["layout"], v["vec"]), text, name, v)


def hessian(v: Values) -> int:
    """The page of a Hessian."""
    from ..api import hessian as api_hessian

    text, name = sources.source(v["source"])
    return derivative(lambda: api_hessian(text, v["wrt"], v["wrt2"], v["vec"]), text, name, v)


def derivative(make: Callable[[], Any], text: str, name: str | None, v: Values) -> int:
    """A Jacobian or a Hessian where it was wanted."""
    from ..errors import ShapecalcError
    from ..publishing.options import Options
    from ..publishing.writing import written_derivative

    try:
        with waiting("deriving"):
            found = make()
    except ShapecalcError as error:
        raise (error.at(text, name) if name else error) from None
    if v.get("certificate"):
        output.show(str(found.certificate))
        return 0
    options = Options().with_(title=v["title"] or "", **drawn(v))
    return hand_over(written_derivative(found, format_of(v), options, v["output"] not in (None, "-")), v)


def code(v: Values) -> int:
    """Source text."""
    text, name = sources.source(v["source"])
    with_loss, _ = sources.with_loss(text, v["loss"])
    made = derived(with_loss, v, name).code(v["target"])
    if v["output"] is not None:
        output.store(made, v["output"])
    else:
        output.show(made)
    return 0
