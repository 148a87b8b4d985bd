"""The JSON of a stored result, of which nothing is taken for granted; and what is found about a part of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shapecalc.derivation import Certificate
from shapecalc.errors import InputProblem, Misfit, ShapecalcError
from shapecalc.language.problem import Problem
from shapecalc.language.sheet import read

LARGEST = 10_000_000  # characters
MOST_RESULTS = 10_000  # lines of a file with one result on each


@dataclass(frozen=True, slots=True)
class Again:
    """What was found about one part of a stored result.

    ``text``: the part as a statement; ``verdict``: right, wrong or undecided; ``reason``: why it is not right.
    """

    name: str
    text: str
    verdict: str
    reason: str = ""
    certificate: Certificate | None = None


class Fields:
    """The values of an object, each of the kind that it has to be."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise InputProblem("this is no result that can be judged again: it is no object")
        self.data: dict[str, Any] = data

    def get(self, key: str, *kinds: type) -> Any:
        """A value that must be there."""
        value = self.data.get(key)
        if key not in self.data or not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise InputProblem(f'"{key}" is missing, or is not what it has to be')
        return value

    def text(self, key: str) -> str:
        """A text."""
        return str(self.get(key, str))

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """One of a few words."""
        if self.text(key) not in choices:
            raise InputProblem(f'"{key}" is none of {", ".join(choices)}')
        return self.text(key)


def several(text: str) -> list[Any]:
    """The data of a file: one result, or one on each line, as `check` writes them."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].rstrip().endswith("}") or lines[0].strip() == "{}":
        return [loaded(text)]
    if len(lines) > MOST_RESULTS:
        raise InputProblem(f"more than {MOST_RESULTS} results in one file")
    return [loaded(line) for line in lines]


def loaded(text: str) -> Any:
    """JSON as data; a key that is there twice would let one reader see what another does not, and is refused."""
    if len(text) > LARGEST:
        raise InputProblem(f"the file has {len(text)} characters; at most {LARGEST} are read")
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InputProblem("this is no JSON that can be read") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _no_number(_: str) -> Any:
    raise ValueError


def problem_of(found: Fields) -> Problem:
    """The problem, read anew from its source."""
    try:
        return read(found.text("source"))
    except ShapecalcError as error:
        raise InputProblem(f"its source cannot be read: {error.message}") from None


def refuted(error: ShapecalcError | Misfit, certified: bool) -> tuple[str, str]:
    """What an error says of a formula."""
    kind = type(error).__name__
    if kind == "Disproved":
        return "wrong", "it is not the derivative"
    if certified:
        return "right", ""
    if kind in ("Undecided", "Kinked"):
        return "undecided", error.message
    return "wrong", f"it cannot be read: {error.message}"
