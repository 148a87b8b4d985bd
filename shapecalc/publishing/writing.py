"""A derivation in a format, or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..render import Output, format_of, render
from ..render.writing import write_whole
from .options import Options
from .pages import Derived, page

PICTURED = frozenset({"html", "pdf", "png", "svg", "typst", "notebook"})  # formats that show drawings


def output(options: Options, standalone: bool) -> Output:
    """The choices that are the format's."""
    alone = standalone if options.standalone is None else options.standalone
    return Output(ascii=options.ascii, width=options.width, standalone=alone, github=options.github, colour=options.colour)


def written(d: Derived, to: str, options: Options, standalone: bool = False) -> str | bytes:
    """The page in a format; JSON is the facts, with the page among them."""
    if to == "json":
        from .facts import facts

        return json.dumps(facts(d, options), ensure_ascii=options.ascii, indent=2) + "\n"
    return render(page(d, options, to in PICTURED), to, output(options, standalone))


def save(d: Derived, path: str | Path, options: Options, to: str | None = None) -> Path:
    """The page in a file, in the format of its suffix; the file appears whole or not at all."""
    target = Path(path)
    made = written(d, to or format_of(target), options, standalone=True)
    write_whole(target, made.encode("utf-8") if isinstance(made, str) else made)
    return target


def written_derivative(found: Any, to: str, options: Options, standalone: bool = False) -> str | bytes:
    """The page of a Jacobian or a Hessian in a format."""
    from .derivatives import derivative_page, facts

    if to == "json":
        return json.dumps(facts(found, options), ensure_ascii=options.ascii, indent=2) + "\n"
    return render(derivative_page(found, options), to, output(options, standalone))
