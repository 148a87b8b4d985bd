"""The doors of rendering: `render` by the name of a format, `save` to a file, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from ..blocks import Document
from ..boxes import Box, Tinted, walk
from ..errors import InputProblem
from .output import Output
from .palette import Palette

FORMATS = {
    "text": "text", "terminal": "terminal", "latex": "latex", "markdown": "markdown", "html": "html", "typst": "typst", "pdf": "pdf",
    "png": "pdf", "svg": "pdf", "notebook": "notebook", "json": "json",
}  # fmt: skip
SUFFIXES = {
    ".txt": "text", ".tex": "latex", ".md": "markdown", ".html": "html", ".htm": "html", ".typ": "typst", ".pdf": "pdf", ".png": "png",
    ".svg": "svg", ".ipynb": "notebook", ".json": "json", ".ans": "terminal",
}  # fmt: skip


def format_of(path: str | Path) -> str:
    """The format that a file's suffix stands for."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputProblem(f"{suffix or path} is not a kind of file that is written here", hint=f"one of {' '.join(SUFFIXES)}")
    return SUFFIXES[suffix]


def render(document: Document, to: str, output: Output | None = None) -> str | bytes:
    """The document in a format: text, or bytes where the format is not text."""
    if to not in FORMATS:
        raise InputProblem(f"{to} is not a format that is written here", hint=f"one of {', '.join(FORMATS)}")
    # each format is its own room, loaded when it is asked for: plain text must not wait for HTML, nor HTML for rich
    module = import_module(f".{FORMATS[to]}", __package__)
    written: str | bytes = getattr(module, to)(document, output or Output())
    return written


def formula(box: Box, to: str = "text", output: Output | None = None) -> str:
    """One formula by itself, as text, latex, typst or mathml; without dollar signs, and in no colour unless ``output`` says so."""
    output = output or Output(colour=False)
    sizes = dict.fromkeys(b.size for b in walk(box) if isinstance(b, Tinted))
    palette = Palette(tuple(sizes))
    match to:
        case "text":
            from .characters import Characters

            return Characters(output.ascii).draw(box).text()
        case "latex":
            from .latex_math import TeX

            return TeX(palette, "hex" if output.colour else "").math(box)
        case "typst":
            from .typst_math import Typst

            return Typst(palette, output.colour).math(box)
        case "mathml":
            from .mathml import MathML

            return MathML(palette).block(box)
    raise InputProblem(f"{to} is not a format of single formulas", hint="one of text, latex, typst, mathml")


def save(document: Document, path: str | Path, output: Output | None = None, to: str | None = None) -> Path:
    """Writes the document; the file appears whole or not at all. A .tex file is a document of its own unless ``output`` says otherwise."""
    target = Path(path)
    to = to or format_of(target)
    if output is None:
        output = replace(Output(), standalone=True)
    written = render(document, to, output)
    data = written.encode("utf-8") if isinstance(written, str) else written
    write_whole(target, data)
    return target


def write_whole(target: Path, data: bytes) -> None:
    """Writes a file that appears whole or not at all."""
    with whole(target) as file:
        file.write(data)


@contextmanager
def whole(target: Path) -> Iterator[BinaryIO]:
    """A file that is written beside the target and renamed when it is whole: whoever reads it never sees half of it.

    What is no plain file is written into: /dev/stdout, a pipe; nothing could be put in its place.
    """
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        target = target.resolve() if target.is_symlink() else target
        if target.exists() and not os.access(target, os.W_OK):
            raise InputProblem(f"cannot write {target}: it is read-only")
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise InputProblem(f"cannot write {target}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves an empty file under the name
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        Path(beside).chmod(mode)
        Path(beside).replace(target)
    except BaseException as error:
        Path(beside).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputProblem(f"cannot write {target}: {error.strerror}") from None
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
