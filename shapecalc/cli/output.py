"""Where results go: the terminal, a pipe, a pager or a file; what each of them can show."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from ..errors import InputProblem

WIDEST = 100  # columns that a line of text is pleasant to read at
SIGNS = "∂ᵀ𝟏Σᵢ⎡┃═"


def is_terminal() -> bool:
    """Whether standard output is a terminal that knows escapes."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb"


def colours(plain: bool) -> bool:
    """Whether escapes are wanted: at a terminal, or where FORCE_COLOR says so."""
    if plain:
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal()


def tints() -> bool:
    """Whether escapes may be colours: not where NO_COLOR is set."""
    return not os.environ.get("NO_COLOR")


def only_ascii(asked: bool) -> bool:
    """Whether the output must do with ASCII."""
    try:
        SIGNS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return asked


def columns(asked: int | None) -> int | None:
    """The width that text folds at; none where it is piped."""
    if asked is not None:
        return max(20, asked)
    return min(WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def show(text: str, pager: bool = False) -> None:
    """Text on standard output."""
    if pager and sys.stdout.isatty() and paged(text):
        return
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """What went wrong, on standard error, behind what has been written so far."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def paged(text: str) -> bool:
    """Text through the reader's own pager, or less; whether there is such a program."""
    environment = {**os.environ, "LESS": os.environ.get("LESS", "-RFX"), "LESSCHARSET": "utf-8"}
    try:
        command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
        subprocess.run(command, input=text.encode("utf-8"), check=False, env=environment)  # noqa: S603 - the user's own pager
    except (OSError, ValueError):  # ValueError: a quotation that does not end
        return False
    return True


def store(data: str | bytes, path: str) -> None:
    """Text or bytes in a file, whole or not at all; - is standard output."""
    from ..render.writing import write_whole

    if path == "-":
        if isinstance(data, bytes):
            sys.stdout.buffer.write(data)
        else:
            show(data)
        return
    target = Path(path)
    if target.is_dir():
        raise InputProblem(f"cannot write {path}: it is a directory")
    write_whole(target, data.encode("utf-8") if isinstance(data, str) else data)
