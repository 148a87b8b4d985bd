"""Strangers' files: plain files only, of a bounded size, found below a directory without leaving it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import InputProblem

LARGEST = 50_000_000  # bytes of a file that is read
LONGEST = 10_000_000  # bytes of one line of a .jsonl
SHEETS = frozenset({".sheet", ".jsonl"})
SUFFIXES = SHEETS | {".md", ".qmd", ".tex", ".ipynb", ".py"}  # what a directory is searched for


def found(directory: Path) -> Iterator[Path]:
    """The files below a directory, by name; no link is followed, no device or pipe is opened."""
    for root, names, files in os.walk(directory, followlinks=False):
        names.sort()
        for name in sorted(files):
            path = Path(root) / name
            if path.suffix.lower() in SUFFIXES and _is_plain(path):
                yield path


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def opened(path: Path) -> int:
    """A descriptor of a plain file; raises InputProblem for anything else.

    What a path names may change between looking and opening: the question is asked of what was opened, and opening a pipe waits for nobody.
    """
    if path.is_dir():
        raise InputProblem(f"{path} is a directory", hint="give one file")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputProblem(f"{path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputProblem(f"{path} is not a plain file")
    return handle


def text_of(path: Path) -> str:
    """The text of a file."""
    with os.fdopen(opened(path), "rb") as file:
        return text_in(file, str(path))


def text_in(file: BinaryIO, name: str) -> str:
    """The text of a file that is open."""
    try:
        data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputProblem(f"{name} cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise InputProblem(f"{name} is larger than {LARGEST // 1_000_000} MB")
    return decoded(data, name)


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file of any size, one after the other; what is longer than a line may be comes without its end."""
    with os.fdopen(opened(path), "rb") as file:
        while line := file.readline(LONGEST):
            while not line.endswith(b"\n") and (more := file.readline(LONGEST)):
                line = line[:LONGEST] + more[-1:]
            yield line


def decoded(data: bytes, name: str) -> str:
    """Bytes as text."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputProblem(f"{name} is not text in UTF-8 (byte {error.start})") from None
