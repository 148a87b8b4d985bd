"""Notebooks: ``%load_ext shapecalc`` gives %%derive and %%check, for cells that hold a problem in the language.

    %%derive --wrt W,b --steps short
    X: (S, D); W: (D, M); b: (M,)
    Z = X @ W + b

What comes of a cell is an object like any other: ``_`` afterwards, or a name of yours with --name.
"""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from .errors import InputProblem
from .publishing.options import STEPS, Options
from .publishing.pictures import KINDS
from .publishing.shown import Shown

LAYOUTS = ("denominator", "numerator")


class Arguments(argparse.ArgumentParser):
    """The options of a magic; what is wrong in them is an error like any other."""

    def error(self, message: str) -> Any:
        """Raises instead of leaving the process."""
        raise InputProblem(message, hint=" ".join(self.format_usage().split()))


def _arguments(name: str) -> Arguments:
    parser = Arguments(prog=f"%%{name}", add_help=False)
    parser.add_argument("--layout", default=LAYOUTS[0], choices=(*LAYOUTS, "both") if name == "derive" else LAYOUTS)
    parser.add_argument("--structured", action="store_true", help="partials by the distinct entries of symmetric names")
    parser.add_argument("--tex", action="store_true", help="show the LaTeX source")
    parser.add_argument("--name", help="keep the result under this name")
    if name == "derive":
        parser.add_argument("--wrt", help="names to differentiate by, with commas")
        parser.add_argument("--steps", choices=STEPS, help="show the page: with the derivation, the short one, or the results alone")
        parser.add_argument("--views", help="of entries, index, matrix")
        parser.add_argument("--at", help="sizes of the entries: S=2,D=3")
        parser.add_argument("--numbers", action="store_true", help="small whole numbers too")
        parser.add_argument("--bold-matrices", action="store_true", help="vectors and matrices in bold")
        parser.add_argument("--html", action="store_true", help="the page with its pictures and linked entries")
        parser.add_argument("--picture", choices=KINDS, help="a drawing of it")
    return parser


def _given(name: str, line: str) -> argparse.Namespace:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InputProblem(f"{error} in the line of %%{name}") from None
    return _arguments(name).parse_args(words)


def shown(d: Any, given: argparse.Namespace) -> Any:
    """A derivation as the options of its cell want it."""
    if given.picture:
        return d.svg(given.picture)
    options = _options(given)
    if given.tex:
        return _source(d.to("latex", **options) if given.steps else _unwrapped(d._repr_latex_()))
    if given.html:
        return d.html(**options)
    # without a wish for the page it is the object itself, so that exported notes keep its LaTeX
    wants_page = given.steps or given.views or given.at or given.numbers or given.layout == "both"
    return d.markdown(**options) if wants_page else d


def _options(given: argparse.Namespace) -> dict[str, Any]:
    out: dict[str, Any] = {"steps": given.steps or "full", "numbers": given.numbers, "bold": given.bold_matrices}
    out["layouts"] = LAYOUTS if given.layout == "both" else (given.layout,)
    if given.views:
        out["views"] = tuple(v.strip() for v in given.views.split(","))
    if given.at:
        out["at"] = _sizes(given.at)
    Options().with_(**out)
    return out


def _sizes(text: str) -> dict[str, int]:
    out = {}
    for part in text.split(","):
        name, _, number = (p.strip() for p in part.partition("="))
        if not name.isidentifier() or not number.isdecimal():
            raise InputProblem(f"{part.strip()} is no size", hint="--at S=2,D=3,M=3")
        out[name] = int(number)
    return out


def _unwrapped(latex: str) -> str:
    return latex.removeprefix("$$").removesuffix("$$").strip().replace(" \\\\ ", " \\\\\n")


def _source(latex: str | bytes) -> Shown:
    text = str(latex)
    return Shown("text/markdown", f"```latex\n{text.strip()}\n```", text)


def load_ipython_extension(shell: Any) -> None:
    """%load_ext shapecalc."""

    def keep(name: str | None, value: Any) -> None:
        if name is None:
            return
        if not name.isidentifier():
            raise InputProblem(f"{name} is no name for a result")
        shell.user_ns[name] = value

    def derive_cell(line: str, cell: str) -> Any:
        """Derives the problem in the cell.

        --wrt W,b --layout numerator|both --steps full|short|none --views index,matrix --at S=2,D=3 --numbers --structured
        --bold-matrices --html --tex --picture shapes|reduction|broadcasting|graph --name d
        """
        from .api import derive

        given = _given("derive", line)
        d = derive(cell, given.wrt, LAYOUTS[0] if given.layout == "both" else given.layout, given.structured)
        keep(given.name, d)
        return shown(d, given)

    def check_cell(line: str, cell: str) -> Any:
        """Judges the claims in the cell: --layout numerator --structured --tex --name report."""
        from .api import check

        given = _given("check", line)
        report = check(cell, given.layout, given.structured)
        keep(given.name, report)
        return _source(report.to("latex")) if given.tex else report

    shell.register_magic_function(derive_cell, "cell", "derive")
    shell.register_magic_function(check_cell, "cell", "check")


def unload_ipython_extension(shell: Any) -> None:
    """%unload_ext shapecalc."""
    for name in ("derive", "check"):
        shell.magics_manager.magics["cell"].pop(name, None)
