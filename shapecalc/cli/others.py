"""The gallery and the pictures."""

from __future__ import annotations

from typing import Any

from ..errors import UnknownName
from . import commands, output, sources
from .checking import check

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
        output.show(sheet.text)
        return 0
    about = {"title": v["title"] or sheet.title, "wrt": v["wrt"] or sheet.wrt or None}
    return commands.derive_text(sheet.text, None, v | about, sheet.source)


def picture(v: Values) -> int:
    """A drawing of the shapes, of the reduction, or of the graph."""
    from ..blocks import Document, Picture
    from ..publishing.pages import subject
    from ..publishing.pictures import drawing
    from ..render import Output, render

    text, name = sources.source(v["source"])
    with_loss, _ = sources.with_loss(text, v["loss"])
    d = commands.derived(with_loss, v | {"layout": "denominator", "structured": False}, name)
    into_file = v["output"] not in (None, "-")
    to = v["format"] or (commands.format_of(v) if into_file else "text")
    made = drawing(subject(d), v["kind"], to)
    if isinstance(made, Document) and to == "svg":
        made = "\n".join(b.svg for b in made.blocks if isinstance(b, Picture))
    found = render(made, to, Output(ascii=output.only_ascii(v["ascii"]))) if isinstance(made, Document) else made
    if v["output"] is not None:
        output.store(found, v["output"])
    else:
        output.show(str(found))
    return 0


def listed(v: Values) -> int:
    """Names and titles."""
    from ..blocks import Document, Table, prose
    from ..gallery import sheets
    from ..render import Output, render

    rows = tuple((prose(f"`{s.name}`"), prose(s.title)) for s in sheets().values())
    table = Table((prose("name"), prose("what it derives")), rows)
    look = Output(ascii=output.only_ascii(v["ascii"]), width=output.columns(v["width"]), colour=output.tints())
    to = "terminal" if output.colours(v["plain"]) and not look.ascii else "text"
    return commands.hand_over(render(Document((), (table,)), v["format"] or to, look), v, commands.choices(v, []))


__all__ = ["check", "gallery", "picture"]
