"""PDF, PNG and SVG pages: by the typst package, which needs nothing else; by pdflatex where that is what there is."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..blocks import Document
from ..errors import InputProblem
from .latex import latex
from .output import Output
from .typst import typst

PATIENCE = 60  # seconds for TeX


def pdf(document: Document, output: Output) -> bytes:
    """The document as PDF."""
    if find_spec("typst"):
        return _typst(document, output, "pdf")
    return _pdflatex(document, output)


def png(document: Document, output: Output) -> bytes:
    """The document as one picture: its pages below one another are the reader's to scroll, so the page is as long as it has to be."""
    if find_spec("typst"):
        return _typst(document, output, "png")
    if shutil.which("pdftoppm") is None:
        raise InputProblem("PNG needs the typst package", hint='pip install "shapecalc[pdf]"')
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.pdf"
        source.write_bytes(_pdflatex(document, output))
        command = ["pdftoppm", "-png", "-r", str(output.ppi), "-singlefile", source.name, source.stem]
        if _ran(command, folder).returncode:
            raise InputProblem("pdftoppm makes no picture of this page")
        return source.with_suffix(".png").read_bytes()


def svg(document: Document, output: Output) -> str:
    """The document as one SVG picture."""
    if not find_spec("typst"):
        raise InputProblem("SVG pages need the typst package", hint='pip install "shapecalc[pdf]"')
    return _typst(document, output, "svg").decode("utf-8")


def _typst(document: Document, output: Output, kind: str) -> bytes:
    try:
        import typst as engine
    except ImportError as error:
        raise InputProblem(f"typst is installed, but cannot be loaded: {error}", hint="pip install --force-reinstall typst") from None
    source = typst(document, output)
    if kind != "pdf":
        source = source.replace('paper: "a4", margin: 25mm, numbering: "1"', "width: 210mm, height: auto, margin: 12mm", 1)
    options: dict[str, Any] = {"format": kind} | ({"ppi": float(output.ppi)} if kind == "png" else {})
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.typ"  # a file, since typst 0.12 takes nothing else
        page.write_text(source, encoding="utf-8")
        try:
            # no font of the machine and no time of the day: the same document is the same file everywhere
            compiled: Any = engine.compile(str(page), ignore_system_fonts=True, timestamp=0, **options)
        except TypeError:  # a typst that does not know these options yet
            compiled = engine.compile(str(page), **options)
        except RuntimeError as error:  # what typst has to say about a page, or about this machine
            raise InputProblem(f"typst: {error}") from None
    pages: list[bytes] = compiled if isinstance(compiled, list) else [compiled]
    return pages[0]


def _ran(command: list[str], folder: str) -> subprocess.CompletedProcess[bytes]:
    try:
        # no shell, and no argument of a user's
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise InputProblem(f"{Path(command[0]).name} took longer than {PATIENCE} seconds") from None


def _pdflatex(document: Document, output: Output) -> bytes:
    program = shutil.which("pdflatex")
    if program is None:
        raise InputProblem("PDF needs the typst package, or pdflatex on the PATH", hint='pip install "shapecalc[pdf]"')
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.tex"
        source.write_text(latex(document, replace(output, standalone=True)), encoding="utf-8")
        command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = _ran(command, folder)
        if done.returncode:
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            found = next((line for line in lines if line.startswith("!")), "it ended with an error")
            raise InputProblem(f"pdflatex: {found.lstrip('! ')}")
        return source.with_suffix(".pdf").read_bytes()
