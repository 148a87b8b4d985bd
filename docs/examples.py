"""The examples in README and docs: found, run, and compared with the output that is shown.

A fenced block is an example by the first word behind its fence:

* ``python`` with ``>>>``: run as a doctest; the blocks of a page share their names;
* ``console``: each line behind ``$`` is run by a shell, with ``shapecalc``, ``python`` and ``pytest`` on its path;
* ``shapecalc``: a sheet that is derived, or checked if it has claims; ``# right`` or ``# wrong: wrong-axis`` behind a claim is its verdict.

A second word names the file that the block is written to, for the console below it. A line ``...`` in an output stands for any lines.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import shapecalc
from shapecalc.language.sheet import read

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
DRAWN = re.compile(r"random points|different ones|difference quotients|At sizes|\bseconds?\b| in \d")  # lines with numbers of one run
VERDICT = re.compile(r"#\s*(right|wrong|ill-shaped|unreadable|undecided)(?::\s*([\w-]+))?\s*$")
ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page, and where its body stands."""

    language: str
    name: str
    body: str
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A block as it is in the page, and as it is when it is run; both with their outputs."""

    block: Block
    body: str

    @property
    def agrees(self) -> bool:
        """Whether the page shows what comes out, whatever was drawn at random."""
        return self.body == self.block.body


class Broken(Exception):
    """A command that ended in a traceback, which no page shows."""


def pages() -> list[Path]:
    """README and every page, but for the figures of one run."""
    return [ROOT / "README.md", *(p for p in sorted(DOCS.glob("*.md")) if p.name != "benchmarks.md")]


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for found in FENCE.finditer(page):
        language, _, name = found["info"].strip().partition(" ")
        line = page.count("\n", 0, found.start()) + 1
        yield Block(language, name.strip(), found["body"], found.start("body"), line)


def run(page: str) -> Iterator[Answer]:
    """Every example of a page, in order, in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="shapecalc-docs-") as place:
        here = Path(place)
        (here / "bin").mkdir()
        work = here / "work"
        work.mkdir()
        _programs(here / "bin")
        names: dict[str, Any] = {}
        for block in blocks(page):
            if block.name:
                (work / block.name).write_text(block.body, encoding="utf-8")
            if block.language == "console":
                yield Answer(block, _console(block.body, work, here / "bin"))
            elif block.language == "python" and ">>>" in block.body:
                with contextlib.chdir(work):
                    yield Answer(block, _python(block.body, names))
            elif block.language == "shapecalc":
                yield Answer(block, _sheet(block.body, bool(block.name)))


def refreshed(page: str) -> str:
    """The page with the outputs that its examples have now."""
    out, end = [], 0
    for answer in run(page):
        block = answer.block
        out += [page[end : block.start], answer.body]
        end = block.start + len(block.body)
    return "".join(out) + page[end:]


# ---- a shell -------------------------------------------------------------------------------


def _programs(folder: Path) -> None:
    """`shapecalc`, `python` and `pytest` as they are behind the README's first command."""
    installed = any(e.value == "shapecalc.pytest_plugin" for e in entry_points(group="pytest11"))
    pytest = "-m pytest -p no:cacheprovider" + ("" if installed else " -p shapecalc.pytest_plugin")
    for name, words in {"shapecalc": "-m shapecalc", "python": "", "pytest": pytest}.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n', encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _console(body: str, work: Path, programs: Path) -> str:
    out, shown = [], []
    command = ""
    for line in [*body.splitlines(), "$ "]:
        if line.startswith("$ "):
            if command:
                out.append(_told(command, shown, work, programs))
            command, shown = line[2:], []
        elif not shown and line.startswith(">") and ("<<" in command or command.count('"') % 2):
            command += "\n" + line
        else:
            shown.append(line)
    return "".join(out)


def _told(command: str, shown: list[str], work: Path, programs: Path) -> str:
    """A command with its output."""
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
        "COLUMNS": "100",
    }
    for name in ("FORCE_COLOR", "NO_COLOR", "CI", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    done = subprocess.run(  # noqa: S602 - the commands of our own pages
        command.replace("\n> ", "\n"),
        shell=True,
        cwd=work,
        env=environment,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )
    found = [line.rstrip().replace(str(work), ".") for line in done.stdout.splitlines()]
    if "Traceback (most recent call last):" in found:
        raise Broken(f"$ {command}\n{done.stdout}")
    return "\n".join([f"$ {command}", *(shown if same(shown, found) else found), ""])


# ---- python --------------------------------------------------------------------------------


def _python(body: str, names: dict[str, Any]) -> str:
    """A doctest with its outputs."""
    lines = body.splitlines(keepends=True)
    out, place = [], 0
    for example in doctest.DocTestParser().get_examples(body):
        end = example.lineno + example.source.count("\n")
        out += lines[place:end]
        place = end + example.want.count("\n")
        found = _outcome(example.source, names)
        kept = same(example.want.splitlines(), found.splitlines())
        out.append(example.want if kept else found)
    return "".join(out + lines[place:])


def _outcome(source: str, names: dict[str, Any]) -> str:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        try:
            exec(compile(source, "<docs>", "single"), names)  # noqa: S102 - the examples of our own pages
        except Exception as error:  # noqa: BLE001 - shown as Python shows it
            told.write("Traceback (most recent call last):\n    ...\n" + "".join(traceback.format_exception_only(error)))
    return "".join((line.rstrip() or "<BLANKLINE>") + "\n" for line in told.getvalue().splitlines())


# ---- sheets --------------------------------------------------------------------------------


def _sheet(body: str, named: bool) -> str:
    """A sheet with the verdicts behind its claims: behind those that carry one, and behind the wrong ones of a sheet that is no file."""
    lines = body.splitlines()
    bare = named and not any(map(VERDICT.search, lines))
    if not read(body).claims:
        shapecalc.derive(body)
        return body
    for claim in shapecalc.check(body).claims:
        line = lines[claim.line - 1]
        found = claim.verdict + (f": {claim.slip}" if claim.slip else "")
        shown = VERDICT.search(line)
        if shown:
            lines[claim.line - 1] = line[: shown.start()] + f"# {found}"
        elif claim.verdict != "right" and not bare:
            lines[claim.line - 1] = f"{line}  # {found}"
    return "\n".join(lines) + "\n"


# ---- what is compared ------------------------------------------------------------------------


def settled(line: str) -> str:
    """A line without what is drawn at random: sizes, points and bits of a certificate; and without times."""
    line = line.rstrip()
    return re.sub(r"[-⁻]?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+(\.\d+)?(e[-+]\d+)?", "#", line) if DRAWN.search(line) else line


def same(shown: list[str], found: list[str]) -> bool:
    """Whether an output is the one shown; a line ... in it stands for any lines."""
    wanted, given = [settled(x) for x in shown], [settled(x) for x in found]
    while wanted and not wanted[-1]:
        wanted.pop()
    while given and not given[-1]:
        given.pop()
    pieces: list[list[str]] = [[]]
    for line in wanted:
        if line.strip() == ELLIPSIS:
            pieces.append([])
        else:
            pieces[-1].append(line)
    if len(pieces) == 1:
        return wanted == given
    first, *middle, last = pieces
    if given[: len(first)] != first or (last and given[len(given) - len(last) :] != last) or len(first) + len(last) > len(given):
        return False
    place, end = len(first), len(given) - len(last)
    for piece in middle:
        found_at = next((k for k in range(place, end - len(piece) + 1) if given[k : k + len(piece)] == piece), None)
        if found_at is None:
            return False
        place = found_at + len(piece)
    return True


__all__ = ["DOCS", "ROOT", "Answer", "Block", "Broken", "blocks", "pages", "refreshed", "run"]
