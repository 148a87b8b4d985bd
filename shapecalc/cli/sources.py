"""What SOURCE stands for: a file, standard input, or the text itself; and a loss behind its last definition."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ..batch.files import text_in, text_of
from ..errors import InputProblem, visible

NAMED = re.compile(r"\s*(?!d)[^\W\d]\w*\s*=(?!=)")  # L = sum(Z): a loss that has its name already; dL = ... would be a claim


def source(argument: str) -> tuple[str, str | None]:
    """The text of a problem, and the name of the file that it is from."""
    argument = argument.strip() if argument.startswith(" ") else argument
    if argument == "-":
        return text_in(sys.stdin.buffer, "standard input"), None
    if not argument.strip():
        raise InputProblem("there is nothing to read", hint="shapecalc derive 'X: (S, D); W: (D, M); Z = X @ W'")
    path = file(argument)
    if path is not None:
        return text_of(path), str(path)
    if any(c in argument for c in ";=:\n"):
        return argument, None
    raise InputProblem(f"there is no file {visible(argument)}", hint="a problem is written in the line itself with ; between its lines")


def file(argument: str) -> Path | None:
    """The path that an argument names, if there is such a thing."""
    try:
        path = Path(argument)
        return path if argument and path.exists() else None
    except (OSError, ValueError):
        return None


def with_loss(text: str, loss: str | None) -> tuple[str, list[str]]:
    """The text with a line L = loss; a name in it that nothing declares gets the shape of the last definition, and that is said."""
    if loss is None:
        return text, []
    from ..language.sheet import read
    from ..language.statements import Assign, split
    from ..language.tree import Name, walk
    from ..shapes import show

    problem = read(text)
    last = problem.last
    if last is None:
        raise InputProblem("--loss needs a definition before it")
    names = [n for n in ("L", "J", "loss", "L_") if n not in {*problem.declared, *problem.definitions, *problem.sizes}]
    line = loss.strip() if NAMED.match(loss) else f"{names[0]} = {loss.strip()}"
    assign = next((s for s in split(line) if isinstance(s, Assign)), None)
    known = {*problem.declared, *problem.definitions, *problem.sizes, *problem.functions}
    used = [p.id for p, _ in walk(assign.values[0]) if isinstance(p, Name)] if assign is not None else []
    shape = show(problem.definitions[last].shape)
    new = [n for n in dict.fromkeys(used) if n not in known and not n.startswith(("pi", "inf"))]
    declarations = [f"{n}: {shape}" for n in new]
    notes = [f"`{n}` is not declared; it is taken to have the shape of `{last}`, {shape}." for n in new]
    return "\n".join([text.rstrip().rstrip(";"), *declarations, line]) + "\n", notes


def sizes(text: str | None) -> dict[str, int]:
    """S=2,D=3 as numbers by name."""
    out: dict[str, int] = {}
    for part in (text or "").replace(";", ",").split(","):
        if not part.strip():
            continue
        name, eq, number = (p.strip() for p in part.partition("="))
        if not eq or not name.isidentifier() or not (number.isascii() and number.isdigit()) or not 0 < int(number[:7]) <= 10_000:
            raise InputProblem(f"{visible(part.strip())} is no size", hint="--at S=2,D=3,M=3")
        out[name] = int(number)
    return out
