"""Notebooks: a cell of Markdown for each part of the page, a cell of code for what is Python. No package is needed to write it."""

from __future__ import annotations

import json
from typing import Any

from ..blocks import Block, CodeBlock, Document, Heading, size_names
from .latex_math import TeX
from .markdown import Page
from .output import Output
from .palette import Palette

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(document: Document, output: Output) -> str:
    """The document as a Jupyter notebook (format 4.5)."""
    page = Page(TeX(Palette(size_names(document))), output.github)
    waiting: list[str] = [f"# {page.sentence(document.title)}"] if document.title else []
    if document.subtitle:
        waiting.append(page.sentence(document.subtitle))
    cells: list[dict[str, Any]] = []

    def close() -> None:
        if waiting:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": _lines("\n\n".join(waiting))})
            waiting.clear()

    for block in document.blocks:
        if isinstance(block, Heading) or _runs(block):
            close()
        if isinstance(block, CodeBlock) and _runs(block):
            source = _lines(block.text.rstrip())
            cells.append({"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source})
        elif text := page.block(block):
            waiting.append(text)
    close()
    numbered = [{"id": f"part-{k}", **cell} for k, cell in enumerate(cells, 1)]
    return json.dumps({"cells": numbered, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1) + "\n"


def _runs(block: Block) -> bool:
    return isinstance(block, CodeBlock) and block.language == "python"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
