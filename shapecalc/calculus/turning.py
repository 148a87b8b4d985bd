"""A whole problem turned from samples as rows to samples as columns, and back: Z = X W + b becomes Z = W X + b.

Every matrix is replaced by its transpose and every product reversed; the names are kept. A vector that is added to the rows of a
matrix becomes a column, (M,) -> (M, 1), since NumPy would not broadcast it otherwise; other vectors stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import InputProblem, Misfit
from ..expr import Apply, Expr, Lit, Var, rebuild, variables
from ..forms import apply, params_of, remake, transposed
from ..language.problem import Problem
from ..notation import text
from ..shapes import Shape, show

TURNED = {"onehot": "onehot_columns", "onehot_columns": "onehot"}
DROPPED = frozenset({"probabilities", "triangular"})  # along the last axis, and lower: the transpose is neither; free entries are sound
COMMUTES = frozenset({"inv", "pinv", "matpow", "expm", "neg"})
ALONG = frozenset(
    {"sum", "prod", "mean", "max", "min", "logsumexp", "norm", "var", "std", "softmax", "log_softmax", "cumsum", "cumprod", "concatenate"}
)


def turned(problem: Problem) -> Problem:
    """The problem with every matrix transposed; raises InputProblem where there are tensors of more than two axes.

    >>> from shapecalc.language.sheet import read
    >>> print(turned(read("X: (S, D); W: (D, M); b: (M,); Z = X @ W + b")).source)
    X: (D, S)
    W: (M, D)
    b: (M, 1)
    Z = W @ X + b
    """
    for name, v in problem.variables().items():
        if len(v.shape) > 2:
            raise InputProblem(f"samples as rows or as columns is for matrices, and {name} is {show(v.shape)}", hint="leave --samples away")
    columns = Turner(frozenset()).run(problem).wanted
    while True:
        turner = Turner(frozenset(columns)).run(problem)
        if not turner.unwanted & columns:
            break
        columns = columns - turner.unwanted
    return turner.problem(problem)


class Turner:
    """One attempt. ``columns``: the vectors that become columns.

    ``wanted``: those that would be columns somewhere; ``unwanted``: those that are in the way as columns.
    """

    def __init__(self, columns: frozenset[str] | set[str]) -> None:
        self.columns = columns
        self.wanted: set[str] = set()
        self.unwanted: set[str] = set()
        self.definitions: dict[str, Expr] = {}

    def run(self, problem: Problem) -> Turner:
        """Turns every definition."""
        for name, body in problem.definitions.items():
            self.definitions[name] = self.column(body) if name in self.columns else self.any(body)
        return self

    def problem(self, old: Problem) -> Problem:
        """The turned problem, with a source of its own."""
        declared = {n: self.variable(v) for n, v in old.declared.items()}
        lines = [f"{n}: {' '.join([*sorted(v.properties), show(v.shape)])}" for n, v in declared.items()]
        lines += [f"{n} = {text(e)}" for n, e in self.definitions.items()]
        lines += [f"{given}: upstream({n})" for n, given in old.upstream.items()]
        return replace(old, source="\n".join(lines), declared=declared, definitions=self.definitions, claims=(), spans={})

    def variable(self, v: Var) -> Var:
        """A name in its new shape."""
        properties = frozenset(TURNED.get(p, p) for p in v.properties if p not in DROPPED)
        if len(v.shape) == 1 and v.name in self.columns:
            return Var(v.name, (*v.shape, 1), properties)
        return Var(v.name, v.shape[::-1], properties) if len(v.shape) == 2 else v

    def any(self, e: Expr) -> Expr:
        """A formula as it comes: a matrix turned, a vector flat, a scalar the same."""
        return self.matrix(e) if len(e.shape) == 2 else self.flat(e) if len(e.shape) == 1 else self.scalar(e)

    def restored(self, e: Expr) -> Expr:
        """The old value in the new names."""
        return transposed(self.matrix(e)) if len(e.shape) == 2 else self.any(e)

    def as_it_was(self, e: Apply) -> Apply:
        """An operation that is not turned, on the old values."""
        return remake(e, tuple(map(self.restored, e.args)))

    def matrix(self, e: Expr) -> Expr:
        """The transpose of a matrix."""
        if isinstance(e, Var):
            return self.variable(e)
        assert isinstance(e, Apply)
        p = params_of(e)
        if e.op.family in ("pointwise", "sum") or e.name in ("mul", "div"):
            return remake(e, tuple(self.column(a) if len(a.shape) == 1 else self.any(a) for a in e.args))
        if e.name == "matmul" and all(len(a.shape) == 2 for a in e.args):
            return apply("matmul", self.matrix(e.args[1]), self.matrix(e.args[0]))
        if e.name in COMMUTES or (e.name == "kron" and all(len(a.shape) == 2 for a in e.args)):
            return remake(e, tuple(map(self.matrix, e.args)))
        if e.name == "transpose":
            return transposed(self.matrix(e.args[0]))
        if e.name in ALONG and all(len(a.shape) == 2 for a in e.args) and p["axis"] is not None:
            return apply(e.name, *map(self.matrix, e.args), **{**p, "axis": other(p["axis"])})
        if e.name in ("ones", "zeros", "eye"):
            return e if e.name == "eye" else apply(e.name, shape=e.shape[::-1])
        if e.name == "expand_dims" and len(e.args[0].shape) == 1:
            return self.column(e.args[0]) if e["axes"] == (0,) else apply("expand_dims", self.flat(e.args[0]), axes=(0,))
        if e.name == "outer" and all(len(a.shape) == 1 for a in e.args):
            return apply("outer", self.flat(e.args[1]), self.flat(e.args[0]))
        if e.name == "diag" and len(e.args[0].shape) == 1:
            return apply("diag", self.flat(e.args[0]))
        if e.name == "slice":
            return apply("slice", self.matrix(e.args[0]), items=e["items"][::-1])
        if e.name == "flip":
            return apply("flip", self.matrix(e.args[0]), axes=tuple(sorted(1 - k for k in e["axes"])))
        return transposed(self.as_it_was(e))

    def flat(self, e: Expr) -> Expr:
        """A vector as a vector."""
        if isinstance(e, Var):
            if e.name not in self.columns:
                return e
            self.unwanted.add(e.name)
            return apply("squeeze", self.variable(e), axes=(1,))
        assert isinstance(e, Apply)
        if e.name == "matmul":
            a, b = e.args
            return apply("matmul", self.any(b), self.any(a))
        if e.name in ALONG and len(e.args[0].shape) == 2 and e["axis"] is not None:
            return apply(e.name, self.matrix(e.args[0]), **{**params_of(e), "axis": other(e["axis"])})
        if e.name == "squeeze" and len(e.args[0].shape) == 2:
            return apply("squeeze", self.matrix(e.args[0]), axes=(1 - e["axes"][0],))
        if e.name == "diagonal":
            return apply("diagonal", self.matrix(e.args[0]))
        return self.as_it_was(e)

    def column(self, e: Expr) -> Expr:
        """A vector as a column, for what was added to every row."""
        if isinstance(e, Var):
            self.wanted.add(e.name)
            if e.name in self.columns:
                return self.variable(e)
        elif isinstance(e, Apply):
            if e.op.family in ("pointwise", "sum") or e.name in ("mul", "div", "neg"):
                return remake(e, tuple(self.column(a) if a.shape else self.scalar(a) for a in e.args))
            if e.name in ALONG and len(e.args[0].shape) == 2 and e["axis"] in (0, -2) and "keepdims" in params_of(e):
                return apply(e.name, self.matrix(e.args[0]), **{**params_of(e), "axis": 1, "keepdims": True})
            if e.name == "matmul" and len(e.args[0].shape) == 1:
                return apply("matmul", self.matrix(e.args[1]), self.column(e.args[0]))
        return apply("expand_dims", self.flat(e), axes=(1,))

    def scalar(self, e: Expr) -> Expr:
        """A number; a vector inside may stand up or lie, as it likes."""
        if isinstance(e, Lit | Var):
            return e
        loose = e.name in ("sum", "prod", "mean", "norm", "max", "min", "logsumexp", "var", "std", "mse", "inner")
        if loose and (e.name in ("mse", "inner") or e["axis"] is None):
            stands = any(len(a.shape) == 1 and self.stands(a) for a in e.args)
            return remake(e, tuple(self.column(a) if stands and len(a.shape) == 1 else self.any(a) for a in e.args))
        if e.name in ("tr", "det", "logdet"):
            return remake(e, tuple(map(self.matrix, e.args)))
        if e.name == "matmul":
            return apply("matmul", self.any(e.args[1]), self.any(e.args[0]))
        return self.as_it_was(e)

    def stands(self, e: Expr) -> bool:
        """Whether a vector is made of names that become columns."""
        return any(n in self.columns for n in variables(e))


def other(axis: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """The same axis of the transpose."""
    if isinstance(axis, tuple):
        return tuple(sorted(1 - a % 2 for a in axis))
    return 1 - axis % 2


def redeclared(problem: Problem, name: str, shape: Shape) -> Problem | None:
    """The problem with one name declared in another shape; None where the definitions, or their shapes, do not bear it."""
    variable = Var(name, shape, problem.declared[name].properties)

    def swap(node: Expr) -> Expr | None:
        return variable if isinstance(node, Var) and node.name == name else None

    try:
        changed = {n: rebuild(e, swap, remake) for n, e in problem.definitions.items()}
    except Misfit:
        return None
    if any(e.shape != problem.definitions[n].shape for n, e in changed.items()):
        return None
    return replace(problem, declared={**problem.declared, name: variable}, definitions=changed)
