"""Which number one value is of another: a sign, a 2, a size, a declared scalar, or a scalar formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, isnan, nan

from ..expr import ONE, Apply, Expr, Lit, Var, nodes
from ..forms import apply, lit, power
from ..language.problem import Problem
from ..notation import text
from ..ops.reducing import axes_of
from ..shapes import Dim, is_scalar, total
from .bench import Bench, Spot

DIGITS = 1e-8
SIMPLE = (Fraction(1), Fraction(2), Fraction(1, 2), Fraction(4), Fraction(1, 4), Fraction(3), Fraction(1, 3))
KINDS = {"size": 0, "scalar": 1, "composite": 2}
_WHOLE, _ROOTS, _SQUARES = (tuple(Fraction(k) for k in ks) for ks in ((-1, 1), ("-1/2", "1/2"), (-2, 2)))
EXPONENTS = {"size": _WHOLE + _ROOTS, "scalar": _WHOLE, "composite": _WHOLE + _SQUARES}


@dataclass(frozen=True, slots=True)
class Scale:
    """sign · number · atom ** exponent; ``kind`` of the atom: "size", "scalar" or "composite", "" where there is none."""

    sign: int
    number: Fraction
    atom: Expr | None = None
    exponent: Fraction = Fraction(1)
    kind: str = ""

    @property
    def parts(self) -> int:
        """How many different slips it takes to be off by this."""
        return (self.sign < 0) + (self.number != 1) + (self.atom is not None)

    @property
    def inverse(self) -> Scale:
        """One over it."""
        return Scale(self.sign, 1 / self.number, self.atom, -self.exponent, self.kind)

    def applied(self, e: Expr) -> Expr:
        """The formula times this."""
        number = lit(self.sign * self.number)
        out: Expr = e if number == ONE else apply("mul", number, e)
        if self.atom is not None:
            atom = power(self.atom, abs(self.exponent))
            out = apply("mul" if self.exponent > 0 else "div", out, atom)
        return out

    @property
    def written(self) -> str:
        """As text: 1/S, 2, sqrt(E)."""
        number = str(self.number)
        if self.atom is None:
            return ("-" if self.sign < 0 else "") + number
        atom = text(power(self.atom, abs(self.exponent)))
        bare = atom if atom.replace(".", "").isalnum() or isinstance(self.atom, Var) or _is_call(atom) else f"({atom})"
        above = atom if self.number == 1 else f"{number}*{bare}"
        out = f"{number}/{bare}" if self.exponent < 0 else above
        return ("-" if self.sign < 0 else "") + out


class Scales:
    """The numbers that a value may be off by in one problem, with their values at the points of a bench."""

    def __init__(self, problem: Problem, bench: Bench, formulas: Iterable[Expr]) -> None:
        self.problem = problem
        self.bench = bench
        self.atoms: list[tuple[Expr, str, tuple[float, ...]]] = []
        self.seen: set[tuple[float, ...]] = set()
        self.add(self._scalars(problem, formulas))

    def add(self, scalars: Iterable[tuple[Expr, str]]) -> None:
        """Further scalars, each with its kind; one that has no value, or that of an earlier one, is left out."""
        for e, kind in dict.fromkeys(scalars):
            values = self._values(self.bench.spots, e)
            key = tuple(round(v, 9) for v in values or ())
            if values is None or key in self.seen or all(abs(v) < 1e-9 or abs(abs(v) - 1) < 1e-9 for v in values):
                continue
            self.seen.add(key)
            self.atoms.append((e, kind, values))

    def with_those_of(self, e: Expr) -> Scales:
        """These, and the scalars in a further formula."""
        other = copy(self)
        other.atoms, other.seen = list(self.atoms), set(self.seen)
        other.add(self._inside(e, self.problem))
        return other

    def _scalars(self, problem: Problem, formulas: Iterable[Expr]) -> Iterator[tuple[Expr, str]]:
        for size in problem.sizes:
            yield Lit(size), "size"
        if self.bench.general is not None:
            for number in self.bench.general.numbers.values():
                yield Lit(number), "size"
        for name, v in problem.declared.items():
            if is_scalar(v.shape):
                yield Var(name, v.shape, v.properties), "scalar"
        for formula in formulas:
            yield from self._inside(formula, problem)

    def _inside(self, formula: Expr, problem: Problem) -> Iterator[tuple[Expr, str]]:
        general = self.bench.general
        for node in nodes(formula):
            if isinstance(node, Apply) and node.name == "mean" and isinstance(counted := _averaged(node), str):
                yield Lit(counted), "size"
            if isinstance(node, Lit) and isinstance(node.value, str):
                yield node, "size"
            elif isinstance(node, Lit) and general is not None and (counted := general.counted(node)) > 1:
                yield Lit(counted), "size"
            elif isinstance(node, Apply | Var) and is_scalar(node.shape) and node.weight <= 24:
                yield node, kind(node, problem)

    @staticmethod
    def _values(spots: Iterable[Spot], e: Expr) -> tuple[float, ...] | None:
        out = []
        for spot in spots:
            value = spot.value(e)
            if value is None or not isfinite(value.data[0]):
                return None
            out.append(value.data[0])
        return tuple(out)

    def find(self, ks: tuple[float, ...]) -> Iterator[Scale]:
        """What these numbers, one for each point, may be; the simplest first."""
        found = []
        plain = _rational(ks)
        if plain is not None:
            found.append(Scale(-1 if plain < 0 else 1, abs(plain)))
        for e, kind, values in self.atoms:
            for exponent in EXPONENTS[kind]:
                if any(v < 0 and exponent.denominator != 1 for v in values):
                    continue
                rest = _rational(tuple(k / v ** float(exponent) if v else nan for k, v in zip(ks, values, strict=True)))
                if rest is not None and abs(rest) in SIMPLE:
                    found.append(Scale(-1 if rest < 0 else 1, abs(rest), e, exponent, kind))
        return iter(sorted(found, key=_simplicity))


def _averaged(node: Apply) -> Dim:
    """Over how many entries a mean goes."""
    shape = node.args[0].shape
    return total(tuple(shape[k] for k in axes_of({"axis": node["axis"]}, len(shape))))


def _is_call(written: str) -> bool:
    """Whether a text is one call, sqrt(E): then no brackets are needed around it."""
    name, _, inside = written.partition("(")
    return name.isidentifier() and inside.endswith(")") and not {"(", ")"} & set(inside[:-1])


def scales(problem: Problem, bench: Bench, forms: Sequence[Expr], claim: Expr | None) -> Scales:
    """The numbers that a claim may be off by; all but those in the claim itself are found once."""
    key = "scales", *forms
    if key not in bench.kept:
        bench.kept[key] = Scales(problem, bench, [*forms, *problem.definitions.values()])
    found: Scales = bench.kept[key]
    return found if claim is None else found.with_those_of(claim)


def kind(e: Expr, problem: Problem) -> str:
    """What is made of sizes and declared scalars alone, 1 - p too, is a scale as they are; another scalar formula is a factor."""
    leaves = [n for n in nodes(e) if not isinstance(n, Apply) or n.name == "pi"]
    plain = all(isinstance(n, Lit) or n.name in problem.declared or n.name == "pi" for n in leaves)
    simple = all(n.name in ("mul", "div", "power", "sqrt", "pi", "add", "neg") for n in nodes(e) if isinstance(n, Apply))
    if not (plain and simple and leaves and all(n.shape == () for n in leaves)):
        return "composite"
    return "size" if all(isinstance(n, Lit) for n in leaves) else "scalar"


def _simplicity(s: Scale) -> tuple[bool, int, int, int]:
    odd = s.atom is None and s.number not in SIMPLE
    return odd, s.parts, KINDS.get(s.kind, -1), s.atom.weight if s.atom is not None else 0


def _rational(ks: tuple[float, ...]) -> Fraction | None:
    """The simple fraction that all of the numbers are (nan says nothing); None where they are none, or differ."""
    known = [k for k in ks if not isnan(k)]
    first = known[0] if known else nan
    if not isfinite(first) or not 1e-3 < abs(first) < 1e3 or any(abs(k - first) > DIGITS * abs(first) for k in known):
        return None
    near = Fraction(first).limit_denominator(24)
    return near if near and abs(float(near) - first) <= DIGITS * abs(first) and abs(near.numerator) <= 24 else None
