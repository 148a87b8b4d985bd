"""What a notebook shows in place of an object: a page or a picture in one format, with the words for whoever cannot show it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

# a page brings its own styles and font, which must not reach the notebook around it; without a script it keeps this height and scrolls
FRAME = (
    '<iframe srcdoc="{page}" title="{title}" style="width:100%;height:40em;border:0" '
    "onload=\"this.style.height=(this.contentDocument.documentElement.scrollHeight+8)+'px'\"></iframe>"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to look at: ``kind`` is its MIME type, ``data`` what is shown, ``text`` the same in plain characters."""

    kind: str
    data: str
    text: str

    def _repr_mimebundle_(self, include: Collection[str] | None = None, exclude: Collection[str] | None = None) -> dict[str, str]:
        del include, exclude  # both are wishes: a notebook takes what it can show
        return {self.kind: self.data, "text/plain": self.text}

    def __str__(self) -> str:
        return self.text


def framed(page: str, title: str, text: str) -> Shown:
    """A whole HTML page inside a notebook."""
    return Shown("text/html", FRAME.format(page=escape(page), title=escape(title)), text)
