"""What the entries of each tensor are called: x12, w23, dz11, or X[1,12] where that would be ambiguous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapecalc.language.problem import Problem

LARGEST = 9  # an index up to which digits may stand side by side


class Grid:
    """The names of the entries of one tensor: ``name`` is the tensor's, ``base`` begins the names where they are written compactly."""

    __slots__ = ("_symbols", "base", "compact", "name", "shape")

    def __init__(self, name: str, shape: tuple[int, ...], base: str, compact: bool) -> None:
        self.name = name
        self.shape = shape
        self.base = base
        self.compact = compact
        self._symbols: list[str] | None = None

    @property
    def symbols(self) -> list[str]:
        """x11, x12, ... row by row; X[1,1], ... where that would be ambiguous."""
        if self._symbols is None:
            marks: list[str] = [""]
            for size in self.shape:
                marks = [m + ("," if m and not self.compact else "") + str(i) for m in marks for i in range(1, size + 1)]
            self._symbols = [self.base] if not self.shape else [self.base + m if self.compact else f"{self.base}[{m}]" for m in marks]
        return self._symbols


class Names:
    """Gives each tensor of a problem names for its entries that no other entry has.

    A single capital letter becomes small (X: x12) unless the small letter is a name of the problem already; the gradient of such a
    name is dx12. Digits stand side by side where every index has one and the name does not end in one; otherwise, and where a name
    of the problem would look the same, the index is in brackets: W1[1,2], X[1,12]. A scalar is called by its own name.
    """

    def __init__(self, problem: Problem) -> None:
        self.taken = {*problem.declared, *problem.definitions, *problem.sizes}
        self.bases: set[str] = set()

    def base(self, name: str) -> str:
        """The name in the entries' names."""
        head, letter = ("d", name[1:]) if len(name) == 2 and name[0] == "d" else ("", name)
        small = letter.lower()
        if len(letter) == 1 and letter.isupper() and len(small) == 1 and small not in self.taken:
            return head + small
        return name

    def grid(self, name: str, shape: tuple[int, ...], base: str | None = None) -> Grid:
        """The names of the entries of one tensor."""
        if not shape:
            return Grid(name, shape, name, True)
        wanted = base or self.base(name)
        plain = max(shape) <= LARGEST and not wanted[-1].isdigit()
        if plain and wanted not in self.bases and not self.looks_like(wanted, len(shape), name):
            self.bases.add(wanted)
            return Grid(name, shape, wanted, True)
        return Grid(name, shape, base or name, False)

    def looks_like(self, base: str, rank: int, name: str) -> bool:
        """Whether a name of the problem could be read as an entry that begins so."""
        marks = [t[len(base):] for t in self.taken if t != name and t.startswith(base)]
        return any(not m or (m.isdigit() and len(m) == rank) for m in marks)


def incoming_base(problem: Problem, style: str, gradients: Mapping[str, str], names: Iterable[str]) -> str | None:
    """The base "g" where that is wanted: one gradient only, called d + its name, in a problem where nothing begins with g."""
    only = list(names)
    plain = len(only) == 1 and gradients[only[0]] == "d" + only[0]
    if style == "g":
        return "g" if len(only) == 1 else None
    free = not any(n.lower().startswith("g") for n in (*problem.declared, *problem.definitions, *problem.sizes))
    return "g" if style == "auto" and plain and free else None
