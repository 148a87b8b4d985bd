"""The door: repairs what the shell hands over, reads the everyday command at once, and leaves the rest to typer."""

from __future__ import annotations

import gc
import os
import sys

from .running import BROKEN_PIPE

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit code is 0 if all is right, 1 if a claim is wrong, 2 if the input cannot be used."""
    words = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(50_000, 5, 5)  # looking through many small objects for rings costs a tenth of the time
    try:
        steady()
        code = guarded(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        code = BROKEN_PIPE
    if code == BROKEN_PIPE:  # whoever read us has gone
        nowhere()
    return code


def nowhere() -> None:
    """Sends what is left of the output nowhere; Python would complain once more when it closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def steady() -> None:
    """Streams that are there, and never fail over a character they cannot show."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever called us
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")


def guarded(words: list[str]) -> int:
    """A command, with its errors as messages."""
    try:
        return answered(words)
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'standard output'}: {error.strerror}\n")
    try:
        sys.stdout.flush()
    except OSError:  # a full disk takes no more of it
        nowhere()
    return 2


def answered(words: list[str]) -> int:
    """A command, with what is wrong in its input as a message."""
    from ..errors import ShapecalcError

    try:
        return dispatched(words)
    except ShapecalcError as error:
        sys.stdout.flush()
        sys.stderr.write(f"{error}\n")
    except MemoryError:
        sys.stderr.write("this needs more memory than there is\n")
    return 2


def dispatched(words: list[str]) -> int:
    """The everyday run, or typer for everything else."""
    if words in (["--version"], ["-V"]):
        from .. import __version__
        from .output import show

        show(f"shapecalc {__version__}")
        return 0
    from .options import BY_NAME
    from .reader import read, repaired
    from .running import run

    command = BY_NAME.get(words[0]) if words else None
    values = read(command, words[1:]) if command is not None else None
    if command is not None and values is not None:
        return run(command.name, values)
    from .app import run_typer

    return run_typer(repaired(words))
