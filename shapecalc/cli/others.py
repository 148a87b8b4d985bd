"""The gallery and the pictures."""

from __future__ import annotations

from typing import Any

from ..errors import UnknownName
from . import commands, output
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
    return commands.derive_text(sheet.text, None, v | {"title": v["title"] or sheet.title, "wrt": v["wrt"] or sheet.wrt or None})


def listed(v: Values) -> int:
    """Names and titles."""
    from ..blocks import Document, Table, prose
    from ..gallery import sheets
    from ..render import Output, render

    rows = tuple((prose(f"`{s.name}`"), prose(s.title), prose(s.source)) for s in sheets().values())
    table = Table((prose("name"), prose("what it derives"), prose("source")), rows)
    look = Output(ascii=output.only_ascii(v["ascii"]), width=output.columns(v["width"]))
    to = "terminal" if output.colours(v["plain"]) and not look.ascii else "text"
    return commands.hand_over(render(Document((), (table,)), v["format"] or to, look), v, commands.choices(v, []))


__all__ = ["check", "gallery"]
