"""Random programs with operations taken from the rule book itself, so that a new record is tried without being named anywhere."""

from __future__ import annotations

from pathlib import Path

from programs import SIZES, Maker, written

from shapecalc.errors import Misfit, ShapecalcError
from shapecalc.forms import apply
from shapecalc.language.sheet import read
from shapecalc.notation import text
from shapecalc.ops import BOOK

# made by pull-backs, or of sizes and texts that a Maker writes by its own means
OWN_WAY = {"place", "overlap_add", "cross", "expm", "einsum", "reshape", "broadcast_to", "slice", "concatenate", "windows", "power"}
OPERATIONS = tuple(op for op in BOOK.values() if op.family != "constant" and op.name not in OWN_WAY)
ROWS = tuple(r.strip() for r in (Path(__file__).parent / "cases/rules.txt").read_text(encoding="utf-8").split("\n\n") if r.strip())
INSIDE = {"arcsin", "arccos"}


class Operations(Maker):
    """Writes programs whose first definitions are single operations of the rule book on fitting arguments."""

    def operation(self, op=None):
        """(text, shape) of an operation on variables or definitions; None where no arguments were found that it takes."""
        op = op or self.rng.choice(OPERATIONS)
        for _ in range(40):
            shapes = self.shapes(len(op.args) or 2)
            try:
                args = [self.argument(op, s, k) for k, s in enumerate(shapes)]
                e = apply(op.name, *args, **{k: self.parameter(k, v, len(shapes[0])) for k, v in op.params})
                if op.kink and len(set(args)) < len(args):
                    continue  # clip(x, x, x) is on its kink everywhere
                return text(e), e.shape
            except (Misfit, ShapecalcError, IndexError, TypeError, ValueError, KeyError):
                continue
        return None

    def shapes(self, count):
        """Shapes of which many fit together: alike, chained, broadcast, square."""
        rng = self.rng
        first = tuple(rng.choice(SIZES) for _ in range(rng.randint(0, self.most)))
        if first and rng.random() < 0.3:
            first = (*first[:-1], first[-2] if len(first) > 1 else first[-1])
        elif first and rng.random() < 0.2:
            first = (1, *first[1:])
        out = [first]
        while len(out) < count:
            last = out[-1]
            chained = (*last[:-2], last[-1], rng.choice(SIZES)) if len(last) > 1 else last
            out.append(rng.choice([last, last, chained, self.narrower(last), last[-1:]]))
        return out

    def argument(self, op, shape, place):
        """A variable or a definition, in the domain of the operation."""
        name = self.leaf(shape)
        n = shape[-1] if shape else 1
        formula = name
        if "definite" in op.domain:
            formula = f"{name} @ {name}.T / 9 + eye({n})"
        elif "invertible" in op.domain and len(shape) == 2:
            formula = f"3*eye({n}) + {name} / 4"
        elif op.args[place : place + 1] == ("cond",):  # a is taken where it is 1, b where it is 0; it is nothing else
            formula = f"{name} > 0"
        elif op.name in INSIDE:
            formula = f"{name} / 3"
        elif "> " in op.domain:
            formula = f"1 + {name}**2"
        return read(f"{name}: {written(shape)}\nresult = {formula}").definitions["result"]

    def parameter(self, name, default, rank):
        """A value of a parameter: an axis that there is, a switch, or what it is unless something is said."""
        rng = self.rng
        if name == "axis":
            return rng.randrange(rank) if rank and rng.random() < 0.8 else default
        if name == "axes":
            return tuple(rng.sample(range(rank), rank)) if rank and rng.random() < 0.5 else (rng.randint(0, max(0, rank - 1)),)
        if name in ("keepdims", "reverse"):
            return rng.random() < 0.5
        if name == "signs":
            return tuple(rng.choice((1, -1)) for _ in range(2))
        return {"k": rng.randint(0, 2), "ord": rng.choice((1, 2)), "ddof": rng.randint(0, 1)}.get(name, default)

    def program(self, definitions=3):
        """Operations of the rule book, then formulas that may use them, then perhaps a loss."""
        lines = []
        for k in range(self.rng.randint(1, 2)):
            made = self.operation()
            if made is not None:
                lines.append(f"h{k} = {made[0]}")
                self.defined[f"h{k}"] = made[1]
        rest = super().program(definitions)
        cut = rest.rfind("\n", 0, rest.index("z0 = ")) + 1
        return rest[:cut] + "".join(line + "\n" for line in lines) + rest[cut:]
