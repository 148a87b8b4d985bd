"""The gallery and the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputProblem, UnknownName
from . import commands, output, sources
from .checking import check

if TYPE_CHECKING:
    from ..render import Output

Values = dict[str, Any]


def gallery(v: Values) -> int:
    """The list, or one of them."""
    from ..gallery import sheets
    from ..language.nearest import nearest

    name = v["name"]
    if name is None:
        return listed(v)
    if name not in sheets():
        close = nearest(name, sheets())
        raise UnknownName(f"there is no {name} in the gallery", hint=f"did you mean {close}?" if close else "shapecalc gallery lists them")
    sheet = sheets()[name]
    if v["source"]:
        return commands.hand_over(sheet.text, v)
    about = {"title": v["title"] or sheet.title, "wrt": v["wrt"] or sheet.wrt or None}
    return commands.derive_text(sheet.text, None, v | about, sheet.source)


def picture(v: Values) -> int:
    """A drawing of the shapes, of the reduction, of what is broadcast, or of the graph."""
    from ..publishing.pages import subject
    from ..publishing.pictures import drawing, graph_text, one_picture
    from ..render import render

    text, name = sources.source(v["source"])
    with_loss, _ = sources.with_loss(text, v["loss"])
    d = commands.derived(with_loss, v | {"layout": "denominator", "structured": False}, name)
    to = v["format"] or (of_suffix(v["output"]) if v["output"] not in (None, "-") else "text")
    if to in ("mermaid", "dot"):
        if v["kind"] != "graph":
            raise InputProblem(f"{to} is for the graph", hint=f"--kind graph --format {to}")
        made: str | bytes = graph_text(subject(d), to)
    else:
        document = drawing(subject(d), v["kind"])
        made = one_picture(document) if to == "svg" else render(document, to, look(v))
    return commands.hand_over(made, v)


def of_suffix(path: str) -> str:
    """The format of a file: .mmd and .dot are the graph as text."""
    from ..render import format_of

    return {".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot"}.get(Path(path).suffix.lower()) or format_of(path)


def listed(v: Values) -> int:
    """Names and titles."""
    from ..blocks import Document, Table, prose
    from ..gallery import sheets
    from ..render import render

    rows = tuple((prose(f"`{s.name}`"), prose(s.title)) for s in sheets().values())
    table = Table((prose("name"), prose("what it derives")), rows)
    return commands.hand_over(render(Document((), (table,)), commands.format_of(v), look(v)), v)


def look(v: Values) -> Output:
    """How what is no page of its own is written: at a terminal as the terminal can show it, in a file as a document."""
    from ..render import Output

    if v["output"] not in (None, "-"):
        return Output(ascii=v["ascii"], width=v.get("width"), standalone=True)
    return Output(ascii=output.only_ascii(v["ascii"]), width=output.columns(v.get("width")), colour=output.tints())


__all__ = ["check", "gallery", "picture"]
