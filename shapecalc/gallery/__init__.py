"""Derivations that people ask for, each a small sheet: the first line its title, the second where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the gallery; ``wrt``: what its page is about, empty for everything that is declared."""

    name: str
    title: str
    source: str
    text: str
    wrt: str = ""


@cache
def sheets() -> dict[str, Sheet]:
    """All of them, by name."""
    found = sorted(p.name for p in files(__package__).iterdir() if p.name.endswith(".sheet"))
    return {name.removesuffix(".sheet"): read(name) for name in found}


def read(name: str) -> Sheet:
    """One file."""
    text = (files(__package__) / name).read_text(encoding="utf-8")
    head = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    wrt = next((h.removeprefix("wrt:").strip() for h in head[2:] if h.startswith("wrt:")), "")
    return Sheet(name.removesuffix(".sheet"), head[0], head[1], text, wrt)
