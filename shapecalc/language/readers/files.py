"""The door for files: by its suffix, a text becomes sheets."""

from __future__ import annotations

from pathlib import PurePath

from shapecalc.errors import InputProblem, TooLarge

from ..tokens import MOST_CHARACTERS
from .latex_document import read_tex
from .markdown import read_markdown
from .notebook import read_notebook
from .python_file import read_python
from .reading import Reading, whole

MARKDOWN = frozenset({".md", ".qmd", ".markdown", ".myst", ".rmd"})
LATEX = frozenset({".tex", ".ltx", ".latex"})


def read_file_text(text: str, name: str, function: str | None = None, layout: str = "denominator") -> list[Reading]:
    """The problems that a file describes; function: of a .py file the one to read.

    layout: the one in which claims about entries, and differentials, are written into the sheets. Raises ShapecalcError where the
    file holds nothing that can be read.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooLarge(f"the file has {len(text)} characters; at most {MOST_CHARACTERS} are read").at("", name)
    suffix = PurePath(name).suffix.lower()
    if function is not None and suffix != ".py":
        raise InputProblem(f"only of a .py file can a function be named, and {name} is none").at("", name)
    if suffix == ".py":
        return read_python(text, name, function)
    if suffix in MARKDOWN:
        return read_markdown(text, name, layout)
    if suffix == ".ipynb":
        return read_notebook(text, name, layout)
    if suffix in LATEX:
        return read_tex(text, name, layout)
    return [whole(text, name)]
