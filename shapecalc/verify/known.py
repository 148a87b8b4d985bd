"""What is known of the values of a problem from what was declared: signs, and which matrices are definite or invertible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from shapecalc.expr import ONE, Apply, Expr, Lit, Var, nodes, variables
from shapecalc.language.problem import Problem
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
MOVES = frozenset({"transpose", "reshape", "squeeze", "expand_dims", "flip"})
BELOW_ONE = frozenset({"sigmoid", "softmax", "tanh"})
INVERTIBLE = frozenset({"invertible", "posdef", "orthogonal"})


@dataclass(slots=True)
class Known:
    """What is known of the values of a problem: the sign of all entries, and which matrices are positive definite or invertible.

    It is found for what is asked about, and for what that hangs on.
    """

    problem: Problem
    signs: dict[Expr, str] = field(default_factory=dict)
    definite: set[Expr] = field(default_factory=set)
    semidefinite: set[Expr] = field(default_factory=set)
    invertible: set[Expr] = field(default_factory=set)
    below_one: set[Expr] = field(default_factory=set)
    seen: set[Expr] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def learn(self, e: Expr) -> None:
        """Goes through a formula, and before that through the definitions that it hangs on."""
        definitions = self.problem.definitions
        for name in self._asked(variables(e)):
            body = definitions[name]
            self._parts(body)
            variable = Var(name, body.shape)
            for known in (self.definite, self.semidefinite, self.invertible, self.below_one):
                if body in known:
                    known.add(variable)
            if body in self.signs:
                self.signs[variable] = self.signs[body]
        self._parts(e)

    def _asked(self, names: Iterable[str]) -> list[str]:
        """The definitions behind some names of which nothing is known yet, each after those that it uses."""
        definitions, out = self.problem.definitions, []
        stack = [(n, False) for n in names]
        while stack:
            name, ready = stack.pop()
            if ready:
                out.append(name)
            elif name in definitions and name not in self.named:
                self.named.add(name)
                stack.append((name, True))
                stack += [(n, False) for n in variables(definitions[name])]
        return out

    def _parts(self, e: Expr) -> None:
        for node in nodes(e):
            if node not in self.seen:
                self.seen.add(node)
                self._learn(node)

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
