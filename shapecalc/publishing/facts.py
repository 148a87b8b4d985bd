"""A derivation as data, by the schema in data/derivation-1.schema.json: what programs go on with, and what `verify` checks again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from importlib import import_module
from importlib.resources import files
from typing import Any

from ..calculus.entries import Entries
from ..calculus.layouts import reduction
from ..derivation import Certificate
from ..errors import ShapecalcError
from ..exposition.pen import Pen
from ..exposition.subject import Plan, Subject
from ..expr import Apply, Expr, nodes
from ..notation import text
from ..render import formula
from ..shapes import Shape
from .options import Options, sizes
from .pages import Derived, page, subject

SCHEMA = "shapecalc.derivation/1"
HALVES = re.compile("[\ud800-\udfff]")


def schema(of: str = "derivation") -> dict[str, Any]:
    """The JSON schema of a derivation, a derivative, a report or a document."""
    if of == "document":
        from ..render.json import schema as of_pages

        return of_pages()
    found: dict[str, Any] = json.loads((files(__package__) / "data" / f"{of}-1.schema.json").read_text(encoding="utf-8"))
    return found


def dumped(data: Any, ascii: bool, indent: int | None = None) -> str:  # noqa: A002 - as in Output
    r"""Data as JSON that can be written as UTF-8: half a pair, as in the name of a file that is not UTF-8, is escaped.

    >>> print(dumped({"name": "é\udcff"}, ascii=False))
    {"name": "é\udcff"}
    """
    return HALVES.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(data, ensure_ascii=ascii, indent=indent))


def facts(d: Derived, options: Options) -> dict[str, Any]:
    """Everything that was derived; the page itself is under "document"."""
    from ..render import Output, render

    s = subject(d)
    out = {
        "schema": SCHEMA,
        "version": version(),
        "source": s.problem.source,
        "layout": s.layout,
        "structured": s.structured,
        **about(s),
        "backward": [line(s, n) for n in s.backward.order if not s.backward.flows[n].given and n != s.problem.loss],
        "gradients": {n: gradient(s, n) for n in s.wrt},
        "certificate": certificate(s.certificate),
        "entries": entries(s, options) if "entries" in options.views else None,
    }
    return out | {"document": json.loads(render(page(d, options), "json", Output()))}


def about(s: Subject) -> dict[str, Any]:
    """What the problem says."""
    problem = s.problem
    return {
        "loss": problem.loss,
        "declared": {n: {"shape": shape(v.shape), "properties": sorted(v.properties)} for n, v in problem.declared.items()},
        "definitions": {n: {"formula": text(e), "shape": shape(e.shape)} for n, e in problem.definitions.items()},
        "given": {f.symbol.name: {"of": n, "shape": shape(f.symbol.shape)} for n, f in s.backward.flows.items() if f.given},
    }


def version() -> str:
    """The version of the program; asked for at run time, since the package itself is above this room."""
    return str(import_module("shapecalc").__version__)


def shape(found: Shape) -> list[int | str]:
    """A shape as a list."""
    return list(found)


def line(s: Subject, name: str) -> dict[str, Any]:
    """One line of the backward pass."""
    e = s.backward.formula(name)
    return {"of": name, "symbol": s.symbol(name), "formula": text(e), "shape": shape(e.shape)}


def gradient(s: Subject, name: str) -> dict[str, Any]:
    """One result."""
    e, expanded = s.formulas[name], s.expanded(name)
    flow = s.backward.flows.get(name)
    r = reduction(flow, s.backward.formula(name)) if flow is not None else None
    return {
        "symbol": s.symbol(name),
        "formula": text(e),
        "expanded": None if expanded is None else text(expanded),
        "shape": shape(e.shape),
        "latex": latex(s, e),
        "recognised": not any(isinstance(n, Apply) and n.name == "einsum" for n in nodes(e)),
        "reduction": None if r is None else plain(asdict(r)),
    }


def latex(s: Subject, e: Expr) -> str:
    """A formula in LaTeX."""
    return formula(Pen(s, Plan()).formula(e), "latex")


def certificate(c: Certificate | None) -> dict[str, Any] | None:
    """What was checked, as data."""
    return None if c is None else plain(asdict(c)) | {"text": str(c)}


def entries(s: Subject, options: Options) -> dict[str, Any] | None:
    """The element-wise view; None where it cannot be had."""
    try:
        found = Entries(s.problem, sizes(s.problem, options.at, s.certificate), s.wrt)
        tensors = blocks(found)
    except ShapecalcError:
        return None
    return {"sizes": dict(found.sizes), "tensors": tensors}


def blocks(found: Entries) -> dict[str, Any]:
    """The entries of every tensor by name."""
    return {b.name: {"kind": b.kind, "shape": list(b.shape), "entries": plain(b.formulas)} for b in found}


def plain(value: Any) -> Any:
    """Tuples as lists, fractions as text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Fraction) else value
