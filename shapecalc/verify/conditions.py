"""What must hold for a formula to mean anything: the domains of its operations, less what is known to hold anyway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.calculus.gradients import Backward
from shapecalc.calculus.structures import stated
from shapecalc.expr import ONE, Apply, Expr, Lit, Var, nodes, variables
from shapecalc.language.problem import Problem
from shapecalc.notation import text
from shapecalc.ops.reducing import axes_of

POSITIVE, NONNEGATIVE = "positive", "nonnegative"
ALWAYS_POSITIVE = frozenset({"exp", "sigmoid", "softmax", "softplus", "cosh", "sqrt", "norm", "pi", "ones"})
ALWAYS_NONNEGATIVE = frozenset({
    "abs", "relu", "var", "std", "eye", "zeros", "greater", "less", "greater_equal", "less_equal", "equal", "mse",
})  # fmt: skip
KEEPS = frozenset({
    "transpose", "reshape", "vec", "squeeze", "expand_dims", "broadcast_to", "slice", "sum", "mean", "prod", "cumprod", "max", "min", "mul",
    "div", "pow", "diagonal", "outer", "kron", "concatenate", "cumsum", "flip", "windows", "matmul", "tr", "inner", "einsum", "maximum",
    "minimum",
})  # fmt: skip
KEEPS_NONNEGATIVE = frozenset({"overlap_add", "diag", "tril", "triu", "place"})
FACTORS = frozenset({"mul", "div", "neg", "power", "sqrt", "transpose", "reshape", "squeeze", "expand_dims", "broadcast_to"})
MOVES = frozenset({"transpose", "reshape", "squeeze", "expand_dims", "flip"})
SIGNED = ("positive", "probabilities", "nonnegative")
BELOW_ONE = frozenset({"sigmoid", "softmax", "tanh"})
INVERTIBLE = frozenset({"invertible", "posdef", "orthogonal"})


@dataclass(slots=True)
class Known:
    """What is known of the values of a problem: the sign of all entries, and which matrices are positive definite or invertible."""

    problem: Problem
    signs: dict[Expr, str] = field(default_factory=dict)
    definite: set[Expr] = field(default_factory=set)
    semidefinite: set[Expr] = field(default_factory=set)
    invertible: set[Expr] = field(default_factory=set)
    below_one: set[Expr] = field(default_factory=set)
    seen: set[Expr] = field(default_factory=set)

    def learn(self, e: Expr, name: str | None = None) -> None:
        """Goes through a formula; what holds of it holds of the name that it defines."""
        for node in nodes(e):
            if node not in self.seen:
                self.seen.add(node)
                self._learn(node)
        if name is not None:
            variable = Var(name, e.shape)
            for known in (self.definite, self.semidefinite, self.invertible, self.below_one):
                if e in known:
                    known.add(variable)
            if e in self.signs:
                self.signs[variable] = self.signs[e]

    def _learn(self, node: Expr) -> None:
        sign = self._sign(node)
        if sign:
            self.signs[node] = sign
        if isinstance(node, Apply) and (node.name in BELOW_ONE or (node.name in MOVES and node.args[0] in self.below_one)):
            self.below_one.add(node)
        if len(node.shape) == 2:
            self._matrix(node)

    def _sign(self, node: Expr) -> str | None:
        """The sign of all entries, from the signs of the parts."""
        if isinstance(node, Lit):
            if isinstance(node.value, Fraction):
                return POSITIVE if node.value > 0 else NONNEGATIVE if node.value == 0 else None
            return POSITIVE
        if isinstance(node, Var):
            if node.properties & {"positive", "probabilities"}:
                return POSITIVE
            return NONNEGATIVE if node.properties & {"nonnegative", "onehot", "onehot_columns"} else self.signs.get(node)
        name = node.name
        signs = [self.signs.get(a) for a in node.args]
        if name in ALWAYS_POSITIVE:
            return POSITIVE
        if name in ALWAYS_NONNEGATIVE or (name == "power" and node["k"] % 2 == 0):
            return POSITIVE if name == "power" and signs[0] == POSITIVE else NONNEGATIVE
        if name == "power":
            return signs[0]
        if (name in ("mul", "inner") or (name == "matmul" and not node.shape)) and node.args[0] == node.args[1]:
            return POSITIVE if signs[0] == POSITIVE else NONNEGATIVE
        if name == "add" and all(signs) and all(s == 1 for s in node["signs"]):
            return POSITIVE if POSITIVE in signs else NONNEGATIVE
        if name == "add" and node["signs"] == (1, -1) and node.args[0] == ONE and node.args[1] in self.below_one:
            return POSITIVE
        if name == "sum" and self._meets_its_extreme(node):
            return POSITIVE
        if None not in signs and (name in KEEPS or name in KEEPS_NONNEGATIVE):
            return POSITIVE if name in KEEPS and set(signs) == {POSITIVE} else NONNEGATIVE
        return POSITIVE if name in ("det", "tr", "eigvalsh") and node.args[0] in self.definite else None

    def _meets_its_extreme(self, node: Apply) -> bool:
        """sum(X == max(X, axis=1)[:, None], axis=1): one entry at least is the largest."""
        (test,) = node.args
        if not isinstance(test, Apply) or test.name != "equal":
            return False
        a, b = test.args
        while isinstance(b, Apply) and b.name == "expand_dims":
            b = b.args[0]
        found = self.problem.definitions.get(b.name, b) if isinstance(b, Var) else b
        if not isinstance(found, Apply) or found.name not in ("max", "min") or found.args[0] != a:
            return False
        rank = len(a.shape)
        return set(axes_of(dict(found.params), rank)) <= set(axes_of(dict(node.params), rank))

    def _matrix(self, node: Expr) -> None:
        """Whether a matrix is positive (semi)definite or invertible, from its parts."""
        if isinstance(node, Var):
            if "posdef" in node.properties:
                self.definite.add(node)
            if node.properties & INVERTIBLE:
                self.invertible.add(node)
        elif isinstance(node, Apply):
            self._product(node)
        if node in self.definite:
            self.semidefinite.add(node)
            self.invertible.add(node)

    def _product(self, node: Apply) -> None:
        args, name = node.args, node.name
        if name == "eye" or (name in ("inv", "transpose", "matpow") and args[0] in self.definite):
            self.definite.add(node)
        elif name == "add" and all(s == 1 for s in node["signs"]) and all(a in self.semidefinite for a in args):
            self.semidefinite.add(node)
            if any(a in self.definite for a in args):
                self.definite.add(node)
        elif name in ("mul", "div") and any(s.shape == () and self.signs.get(s) == POSITIVE for s in args):
            rest = next((a for a in args if a.shape != ()), None)
            for known in (self.definite, self.semidefinite, self.invertible):
                if rest in known and (name == "mul" or args[0] is rest):
                    known.add(node)
        elif name == "matmul" and self._gram(node):
            self.semidefinite.add(node)
        if name in ("inv", "transpose", "matpow") and args[0] in self.invertible:
            self.invertible.add(node)
        if name == "matmul" and all(a in self.invertible and a.shape == node.shape for a in args):
            self.invertible.add(node)

    def _gram(self, node: Apply) -> bool:
        """X.T @ X, or X.T @ A @ X with a positive definite A."""
        chain: list[Expr] = [node]
        while isinstance(chain[0], Apply) and chain[0].name == "matmul":
            chain[:1] = chain[0].args
        while len(chain) > 1:
            first, last = chain[0], chain[-1]
            if not any(isinstance(x, Apply) and x.name == "transpose" and x.args[0] == y for x, y in ((first, last), (last, first))):
                return False
            chain = chain[1:-1]
        return not chain or chain[0] in self.definite

    def implies(self, domain: str, e: Expr) -> bool:
        """Whether a condition of the rule book holds anyway."""
        sign = self.signs.get(e)
        if domain.endswith("is invertible"):
            return e in self.invertible
        if domain.endswith("is positive definite"):
            return e in self.definite
        if domain.endswith("has independent columns"):
            return e in self.invertible or (isinstance(e, Var) and "orthogonal" in e.properties)
        if domain.endswith("> -1"):
            return sign is not None
        return sign == POSITIVE if domain.endswith(("> 0", "!= 0")) else False


def _plain(e: Expr) -> Expr:
    """What a condition is about: (x > 0 for x.T, x[:, None] or 2 * x as well)."""
    while isinstance(e, Apply) and e.name in MOVES:
        e = e.args[0]
    return e


class Conditions:
    """The domains that a program and formulas about it leave open, in words, each once."""

    def __init__(self, problem: Problem) -> None:
        self.known = Known(problem)
        self.own: dict[str, Expr] = {}
        self.kinks: dict[str, None] = {}
        self.relied: dict[tuple[str, str], None] = {}
        self._plain: tuple[str, ...] | None = None  # those of the program alone
        for name, body in problem.definitions.items():
            self.known.learn(body, name)
            for node in nodes(body):
                _collect(node, self.known, self.own, self.relied)
                if isinstance(node, Apply) and node.op.kink and not node.op.domain:
                    self.kinks[node.name] = None

    def of(self, formulas: Iterable[Expr] = ()) -> tuple[str, ...]:
        """Those of the program and of the formulas together."""
        asking = [e for e in formulas if any(map(_asks, nodes(e)))]
        if not asking and self._plain is not None:
            return self._plain
        out, kinks = dict(self.own), dict(self.kinks)
        for e in asking:
            self.known.learn(e)
            for node in nodes(e):
                _collect(node, self.known, out, self.relied)
        kept = [c for c, e in out.items() if not _follows(c, e, out, self.known)]
        every = tuple(kept) + ((f"no argument is on a kink of {', '.join(kinks)}",) if kinks else ())
        if not asking:
            self._plain = every
        return every


def _asks(node: Expr) -> bool:
    """Whether an operation may not be defined everywhere; a quotient by a number or a size is."""
    if not isinstance(node, Apply):
        return False
    if node.op.domain:
        return node.name != "div" or not _counts(node.args[1])
    return node.name in ("power", "matpow") and (node["k"] < 0 or node["k"].denominator != 1)


def _counts(e: Expr) -> bool:
    """Whether e is a positive number: sizes, numerals, products of those."""
    if isinstance(e, Lit):
        return isinstance(e.value, str) or e.value > 0
    return isinstance(e, Apply) and e.name == "mul" and all(isinstance(a, Lit) and _counts(a) for a in e.args)


def _follows(condition: str, e: Expr, others: dict[str, Expr], known: Known) -> bool:
    """Whether a condition holds because others do: a product is not 0 where no factor is."""
    if condition.endswith(" is invertible"):
        return f"det({text(e)}) > 0" in others
    if not condition.endswith((" != 0", " > 0")):
        return False
    if isinstance(e, Apply) and e.name == "add" and e.args[0] == ONE and e["signs"] == (1, -1) and _square_below_one(e.args[1], others):
        return True
    if condition.endswith(" > 0"):
        return False
    factors, stack = [], [e]
    while stack:
        f = stack.pop()
        if isinstance(f, Apply) and f.name in FACTORS:
            stack += f.args
        else:
            factors.append(f)
    return all(_nonzero(f, others, known, condition) for f in factors)


def _square_below_one(e: Expr, others: dict[str, Expr]) -> bool:
    """Whether e is u**2 where abs(u) < 1 is asked for anyway."""
    return isinstance(e, Apply) and e.name == "power" and e["k"] == 2 and f"abs({text(e.args[0])}) < 1" in others


def _nonzero(f: Expr, others: dict[str, Expr], known: Known, condition: str) -> bool:
    if known.signs.get(f) == POSITIVE or (isinstance(f, Apply) and f.name == "det" and f.args[0] in known.invertible):
        return True
    return any(c in others and c != condition for c in (f"{text(f)} > 0", f"{text(f)} != 0"))


def _collect(node: Expr, known: Known, out: dict[str, Expr], relied: dict[tuple[str, str], None]) -> None:
    if not isinstance(node, Apply):
        return
    domain = node.op.domain
    if node.name == "power" and (node["k"] < 0 or node["k"].denominator != 1):
        domain = "{x} > 0" if node["k"].denominator != 1 else "{x} != 0"
    if node.name == "matpow" and node["k"] < 0:
        domain = "{a} is invertible"
    if not domain:
        return
    words = dict(zip(node.op.args, node.args, strict=False)) if node.op.args else {}
    about = next((a for n, a in words.items() if "{" + n + "}" in domain), None)
    if about is None:
        return
    if known.implies(domain, about) or known.implies(domain, _plain(about)):
        relied.update(_grounds(domain, about))
        return
    about = _plain(about)
    loose = "> " in domain or "!=" in domain
    written = {n: f"({text(a)})" if loose and _compares(a) else text(_plain(a)) for n, a in words.items()}
    out[domain.format(**written)] = about


def _grounds(domain: str, about: Expr) -> dict[tuple[str, str], None]:
    """The declared properties that a condition which holds anyway can have come from."""
    words = ("posdef", "invertible", "orthogonal") if domain.endswith((" is invertible", " is positive definite", " columns")) else SIGNED
    found = {v.name: next((w for w in words if w in v.properties), None) for v in variables(about).values()}
    return {(name, word): None for name, word in found.items() if word is not None}


def _compares(e: Expr) -> bool:
    return isinstance(e, Apply) and e.name in ("greater", "less", "greater_equal", "less_equal", "equal")


def assumptions(backward: Backward | None, conditions: Conditions | None = None) -> tuple[str, ...]:
    """The declared properties that simplification has used, or without which a condition would be open, each with what it says."""
    used: dict[tuple[str, str], None] = {}
    declared: dict[str, Var] = {}
    if backward is not None:
        used.update(backward.context.used)
        declared.update(backward.problem.declared)
    if conditions is not None:
        used.update(conditions.relied)
        declared.update(conditions.known.problem.declared)
    order = list(declared)  # the order in which they were met may be that of a set
    met = sorted((order.index(name), word) for name, word in used if name in declared)
    return tuple(stated(declared[order[k]], word) for k, word in met)
