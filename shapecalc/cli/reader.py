"""A reader of arguments for the everyday run: what it does not understand at once is left to typer, which explains it."""

from __future__ import annotations

from typing import Any

from .options import LARGEST_NUMBER, Command, Option


def read(command: Command, argv: list[str]) -> dict[str, Any] | None:
    """The values of a command's arguments and options; None where anything is odd.

    >>> from .options import BY_NAME
    >>> found = read(BY_NAME["derive"], ["Z = X", "--layout=numerator", "--steps=none"])
    >>> found["source"], found["layout"], found["steps"]
    ('Z = X', 'numerator', 'none')
    """
    flags = {f: o for o in command.options for f in o.flags}
    negatives = {o.negative: o for o in command.options if o.negative}
    values = {o.name: o.default for o in command.options}
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        head, eq, tail = word.partition("=")
        if word == "--":
            rest += words
        elif word in negatives:
            values[negatives[word].name] = False
        elif word.startswith("-") and head in flags and (word.startswith("--") or not eq):
            option = flags[head]
            if option.kind == "flag":
                if eq:
                    return None
                values[option.name] = True
                continue
            text = tail if eq else next(words, None)
            found = value(option, text)
            if found is None:
                return None
            values[option.name] = (*values[option.name], found) if option.many else found
        elif word.startswith("-") and word != "-" and not is_expression(word):
            return None
        else:
            rest.append(word)
    return settled(command, values, rest)


def settled(command: Command, values: dict[str, Any], rest: list[str]) -> dict[str, Any] | None:
    """The values with the arguments among them; None where there are too many or too few."""
    if command.argument is None:
        return None if rest else values
    name, _, needed, _ = command.argument
    if (needed and not rest) or (len(rest) > 1 and not command.many):
        return None
    return values | {name: rest if command.many else rest[0] if rest else None}


def value(option: Option, text: str | None) -> Any:
    """The value that a text stands for; None where it stands for none."""
    if text is None:
        return None
    if option.kind == "choice":
        return text if text in option.choices else None
    if option.kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_NUMBER)) else None
    return text


def is_expression(word: str) -> bool:
    """Whether an argument that begins with a minus is a formula, not an option: -sum(Y*log(P)), -x @ W, -0.5*A."""
    inside = word.lstrip("-")
    if word.startswith("--") or not inside:
        return False
    return inside[0].isdigit() or inside[0] == "(" or (any(c in inside for c in "(@*+/ ;^") and "=" not in inside.partition("(")[0])


def repaired(argv: list[str]) -> list[str]:
    """Arguments for typer: a blank before what begins with a minus and is a formula, so that it is not taken for an option."""
    return [f" {word}" if word.startswith("-") and word != "-" and is_expression(word) else word for word in argv]
