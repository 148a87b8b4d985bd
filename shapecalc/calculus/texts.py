"""The rules of the book, which are text in our own language, as formulas on given arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shapecalc.derivation import Program
from shapecalc.errors import NotKnownYet
from shapecalc.expr import ONE, Apply, Expr, Lit, Var, rebuild
from shapecalc.forms import apply, apply_op, ones, remake, zeros
from shapecalc.language import surfaces  # noqa: F401 - the spellings of functions are registered there
from shapecalc.language.builder import build_text
from shapecalc.op import Op
from shapecalc.ops import BUILT_IN


def static_of(node: Apply) -> dict[str, object]:
    """The parameters of a node, by name, for a rule's text."""
    return dict(node.params)


def meaning(node: Apply) -> tuple[Expr, tuple[str, ...]]:
    """The formula that an operation stands for, in variables named like its arguments; and those names."""
    op = node.op
    names = op.args
    text = op.means if isinstance(op.means, str) else op.means(dict(node.params))
    variables = {n: Var(n, a.shape) for n, a in zip(names, node.args, strict=True)}
    return build_text(text, variables, (), static_of(node)), names


def slope(node: Apply, which: int, result: Expr | None = None) -> Expr | None:
    """The derivative of a pointwise operation by one argument, None where it is 0 everywhere."""
    op: Op = node.op
    if op.family == "undefined":
        return apply_op(op, node.args, {"order": node["order"] + 1})
    if which >= len(op.slopes):
        raise NotKnownYet(f"the derivative of {op.name} is not in the rule book")
    text = op.slopes[which]
    if text == "0":
        return None
    if op.by_result and result is not None and all(isinstance(a, Lit) != (k == which) for k, a in enumerate(node.args)):
        text = op.by_result[which] if isinstance(node.args[which], Apply) else text
    variables: dict[str, Expr] = dict(zip(op.args, node.args, strict=True))
    variables["y"] = node if result is None else result
    return rebuild(build_text(text, variables, (), static_of(node)), _settled, remake)


STRICT = {"greater_equal": "greater", "less_equal": "less"}


def _settled(e: Expr) -> Expr | None:
    """Comparisons of a formula with itself decided; against a number they are strict, which differs on the kink only."""
    if isinstance(e, Apply) and e.name == "add":
        return _otherwise(e)
    if not isinstance(e, Apply) or e.op.family != "pointwise" or len(e.args) != 2:
        return None
    a, b = e.args
    if e.name in STRICT:
        return ones(e.shape) if a == b else apply(STRICT[e.name], a, b) if isinstance(b, Lit) else None
    if e.name in STRICT.values() and a == b:
        return zeros(e.shape)
    return None


OPPOSITE = {"greater": "less_equal", "less_equal": "greater", "less": "greater_equal", "greater_equal": "less"}


def _otherwise(e: Apply) -> Expr | None:
    """1 - (a > b) is a <= b."""
    if len(e.args) != 2 or e.args[0] != ONE or e["signs"] != (1, -1):
        return None
    test = e.args[1]
    return apply(OPPOSITE[test.name], *test.args) if isinstance(test, Apply) and test.name in OPPOSITE else None


def pull_back(node: Apply, which: int, incoming: Expr, result: Expr | None = None) -> Expr:
    """The pull-back (VJP) of a structured operation to one argument."""
    op = node.op
    texts = op.pulls if isinstance(op.pulls, tuple) else op.pulls(dict(node.params), tuple(a.shape for a in node.args))
    if len(texts) <= which:
        raise NotKnownYet(f"the derivative of {op.name} is not in the rule book")
    if op.args:
        variables: dict[str, Expr] = dict(zip(op.args, node.args, strict=True))
    else:
        variables = {f"a{k}": a for k, a in enumerate(node.args)}
    variables |= {"y": node if result is None else result, "dy": incoming}
    sizes = {n for e in variables.values() for d in e.shape for n in _names(d)}
    return build_text(texts[which], variables, sizes, static_of(node))


def spectral(node: Apply, incoming: Expr, result: Expr | None = None) -> Expr:
    """The pull-back of a function of a matrix in trace form: the incoming gradient is a multiple of the identity."""
    scale = _of_identity(incoming)
    if scale is None and node.op.pulls:
        return pull_back(node, 0, incoming, result)
    if scale is None:
        raise NotKnownYet(f"the derivative of {node.name} is known in trace form only: tr({node.name}(A)) and its functions")
    variables: dict[str, Expr] = dict(zip(node.op.args, node.args, strict=True))
    variables |= {"y": node if result is None else result, "c": scale}
    return build_text(node.op.spectral, variables, (), static_of(node))


def _of_identity(e: Expr) -> Expr | None:
    """c where e is c times the identity matrix."""
    if isinstance(e, Apply) and e.name == "eye":
        return ONE
    if isinstance(e, Apply) and (e.name == "neg" or (e.name in ("mul", "div") and any(a.shape == () for a in e.args))):
        which = next((k for k, a in enumerate(e.args) if a.shape != ()), 0)
        inner = _of_identity(e.args[which])
        return None if inner is None else remake(e, tuple(inner if k == which else a for k, a in enumerate(e.args)))
    return None


def _names(dim: int | str) -> tuple[str, ...]:
    from shapecalc.shapes import names

    return names(dim)


def writable(program: Program, target: str) -> Program:
    """A program in functions that a library has: those that were registered are written out where they have no spelling of their own."""
    library = "numpy" if target == "python-test" else target

    def change(node: Expr) -> Expr | None:
        if not isinstance(node, Apply):
            return None
        if node.op.family == "undefined":
            raise NotKnownYet(f"{node.name} is left undefined, so there is no code for it", hint=f"define it: def {node.name}(x) = ...")
        if node.op.name in BUILT_IN or library in node.op.spell:
            return None
        if not node.op.means:
            raise NotKnownYet(f"how {library} spells {node.name} is not known", hint=f'its record says so: spell={{"{library}": ...}}')
        body, names = meaning(node)
        given = dict(zip(names, node.args, strict=True))
        return rebuild(body, lambda v: given.get(v.name) if isinstance(v, Var) else None, remake)

    def told(formulas: tuple[tuple[str, Expr], ...]) -> tuple[tuple[str, Expr], ...]:
        return tuple((n, _settled_out(e, change)) for n, e in formulas)

    outputs = tuple((n, _settled_out(e, change), turn) for n, e, turn in program.outputs)
    return replace(program, forward=told(program.forward), backward=told(program.backward), outputs=outputs)


def _settled_out(e: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """Written out until nothing changes: a registered function may be made of others."""
    while True:
        out = rebuild(e, change, remake)
        if out is e or out == e:
            return e
        e = out
