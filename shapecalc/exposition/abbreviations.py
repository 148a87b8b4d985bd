"""Parts of formulas that would be read twice, given a name: T = A ⊙ (∂L/∂A − ...), and then T K and Tᵀ Q."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..expr import Apply, Expr, Var, nodes, rebuild
from ..forms import remake
from ..notation import text

LONG, SHORT = 18, 10  # characters, blanks left out, from which a part is worth a name; and if it saves many others
MANY = 24  # characters saved
HEAVY = 600  # nodes in all above which nothing is looked for
MOST = 3  # names on one page
LETTERS = {0: "crq", 1: "tuvr"}
TALL = "TUVG"
TURNS = frozenset({"transpose", "neg", "expand_dims", "squeeze"})


@dataclass(slots=True)
class Nicknames:
    """The names that parts have on one page; ``taken`` are those that the problem has."""

    taken: set[str]
    given: dict[Expr, str] = field(default_factory=dict)

    def of(self, e: Expr) -> str | None:
        """The name of a part, the same in every block; None where no letter is left."""
        if e not in self.given:
            used = {*self.taken, *self.given.values()}
            letter = next((x for x in LETTERS.get(len(e.shape), TALL) if x not in used and "d" + x not in used), None)
            if letter is None:
                return None
            self.given[e] = letter
        return self.given[e]


@dataclass(slots=True)
class Shortened:
    """Formulas with names for their repeated parts; ``parts`` in an order in which each uses only the ones before it."""

    formulas: dict[str, Expr]
    parts: list[tuple[Var, Expr]]


def shortened(formulas: Mapping[str, Expr], nicknames: Nicknames) -> Shortened:
    """What stands twice in some formulas is named, the longest first."""
    out = dict(formulas)
    parts: list[tuple[Var, Expr]] = []
    if sum(e.weight for e in out.values()) > HEAVY:
        return Shortened(out, parts)
    while len(parts) < MOST:
        best = _best([*out.values(), *(e for _, e in parts)])
        name = nicknames.of(best) if best is not None else None
        if best is None or name is None:
            break
        v = Var(name, best.shape)
        out = {n: _named(e, best, v) for n, e in out.items()}
        parts = [(v, best), *((w, _named(e, best, v)) for w, e in parts)]
    return Shortened(out, sorted(parts, key=lambda part: part[1].weight))


def _best(formulas: list[Expr]) -> Expr | None:
    """The part by whose name most is saved."""
    count = Counter(part for e in formulas for part in _parts(e))
    saved = {e: (_length(e) - 2) * (n - 1) for e, n in count.items() if n > 1 and e.name not in TURNS}
    worth = {e: n for e, n in saved.items() if _length(e) >= LONG or (n >= MANY and _length(e) >= SHORT)}
    return max(worth, key=lambda e: worth[e], default=None)


def _parts(e: Expr) -> Iterator[Apply]:
    """Every operation in a formula, as often as it is written there."""
    waiting = [e]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Apply):
            yield node
            waiting.extend(node.args)


def _length(e: Expr) -> int:
    return len(text(e).replace(" ", ""))


def _named(e: Expr, part: Expr, v: Var) -> Expr:
    return rebuild(e, lambda node: v if node == part else None, remake)


def uses(parts: list[tuple[Var, Expr]], e: Expr) -> bool:
    """Whether any of the named parts stands in a formula."""
    names = {v for v, _ in parts}
    return any(node in names for node in nodes(e))
