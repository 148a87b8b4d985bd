"""What must hold for a formula to mean anything: the domains of its operations, less what is known to hold anyway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from shapecalc.calculus.gradients import Backward
from shapecalc.calculus.structures import stated
from shapecalc.expr import ONE, Apply, Expr, Lit, Var, nodes, variables
from shapecalc.language.problem import Problem
from shapecalc.notation import text

from .known import MOVES, POSITIVE, Known

FACTORS = frozenset({"mul", "div", "neg", "power", "sqrt", "transpose", "reshape", "squeeze", "expand_dims", "broadcast_to"})
SIGNED = ("positive", "probabilities", "nonnegative")
POWERS = frozenset({"power", "matpow"})  # whose domain hangs on the exponent


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
        for body in problem.definitions.values():
            for node in nodes(body):
                if _asks(node):
                    _collect(node, self.known, self.own, self.relied)
                elif isinstance(node, Apply) and node.op.kink:
                    self.kinks[node.op.name] = None

    def of(self, formulas: Iterable[Expr] = ()) -> tuple[str, ...]:
        """Those of the program and of the formulas together."""
        asking = [e for e in formulas if any(map(_asks, nodes(e)))]
        if not asking and self._plain is not None:
            return self._plain
        out, kinks = dict(self.own), dict(self.kinks)
        for e in asking:
            for node in nodes(e):
                if _asks(node):
                    _collect(node, self.known, out, self.relied)
        kept = [c for c, e in out.items() if not _follows(c, e, out, self.known)]
        every = tuple(kept) + ((f"no argument is on a kink of {', '.join(kinks)}",) if kinks else ())
        if not asking:
            self._plain = every
        return every


def _asks(node: Expr) -> TypeGuard[Apply]:
    """Whether an operation may not be defined everywhere; a quotient by a number or a size is."""
    if not isinstance(node, Apply):
        return False
    if node.op.domain:
        return node.name != "div" or not _counts(node.args[1])
    return node.op.name in POWERS and (node["k"] < 0 or node["k"].denominator != 1)


def _counts(e: Expr) -> bool:
    """Whether e is a positive number: sizes, numerals, products of those."""
    if isinstance(e, Lit):
        return isinstance(e.value, str) or e.value > 0
    return isinstance(e, Apply) and e.name == "mul" and all(isinstance(a, Lit) and _counts(a) for a in e.args)


def of_reals(conditions: Iterable[str]) -> bool:
    """Whether one of them speaks of order, so that only a real point can show that it holds anywhere."""
    return any(c.endswith((" > 0", " > -1")) for c in conditions)


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


def _collect(node: Apply, known: Known, out: dict[str, Expr], relied: dict[tuple[str, str], None]) -> None:
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
    known.learn(about)
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
