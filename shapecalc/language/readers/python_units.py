"""Which functions of a file belong together: a backward function, and those that work out what it differentiates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .python_gradients import variable
from .python_source import Source
from .python_steps import assigned
from .python_values import leaf, path

Function = ast.FunctionDef | ast.AsyncFunctionDef
_STEM = re.compile(
    r"_?(?:backward|backwards|backprop|backpropagation|bwd|back|grads?|gradients?|forward|fwd)_?(?:pass|prop|propagation)?_?"
)


@dataclass(slots=True)
class Unit:
    """Functions that are read as one program, in order; the last one gives it its name. functional: a torch.autograd.Function."""

    title: str
    functions: list[Function] = field(default_factory=list)
    body: list[ast.stmt] = field(default_factory=list)
    functional: bool = False


@dataclass(slots=True)
class Place:
    """A function and the class in which it stands."""

    function: Function
    owner: ast.ClassDef | None

    @property
    def title(self) -> str:
        """Its name, with the class."""
        return f"{self.owner.name}.{self.function.name}" if self.owner else self.function.name


def places(tree: ast.Module) -> list[Place]:
    """All functions and methods, those inside functions left out."""
    found: list[Place] = []
    for node in tree.body:
        if isinstance(node, Function):
            found.append(Place(node, None))
        elif isinstance(node, ast.ClassDef):
            found += [Place(inner, node) for inner in node.body if isinstance(inner, Function)]
    return found


def words(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that occurs: of variables, attributes, keys and arguments."""
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                    found.add(name)
                case ast.Subscript(slice=ast.Constant(value=str(key))):
                    found.add(key)
                case ast.Dict(keys=keys):
                    found |= {k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    return found


def gives_gradients(body: Sequence[ast.stmt], known: set[str]) -> bool:
    """Whether a body gives a value to the gradient of a name that occurs."""
    for node in body:
        if any(variable(where, known) is not None for where in assigned(node)):
            return True
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
            keys = [k.value for k in node.value.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
            if any(variable(f"grads[{k}]", known) is not None for k in keys):
                return True
    return False


def units(source: Source, wanted: str | None) -> list[Unit]:
    """The programs of a file, or the one whose last function is wanted."""
    found = places(source.tree)
    outside = [n for n in source.tree.body if not isinstance(n, Function | ast.ClassDef)]
    if wanted is not None:
        chosen = [p for p in found if wanted in {p.title, p.function.name}]
        return [_unit(p, found) for p in chosen[:1]]
    out = [_unit(p, found) for p in found if _is_backward(p, found)]
    if gives_gradients(outside, words(outside)):
        out.append(Unit("the file", [], outside))
    if not out:
        out = [_unit(p, found) for p in found]
        if outside:
            out.append(Unit("the file", [], outside))
    return out


def _is_backward(place: Place, found: Sequence[Place]) -> bool:
    siblings = [p.function for p in found if p.owner is place.owner]
    return gives_gradients(place.function.body, words(siblings))


def _unit(place: Place, found: Sequence[Place]) -> Unit:
    siblings = [p for p in found if p.owner is place.owner and p is not place]
    functional = place.owner is not None and any(leaf(path(b) or "") == "Function" for b in place.owner.bases)
    unit = Unit(place.title, [place.function], functional=functional)
    if not _is_backward(place, found):
        return unit
    known = words([p.function for p in [place, *siblings]])
    forward = [p.function for p in siblings if not gives_gradients(p.function.body, known)]
    stem = _STEM.sub("", place.function.name)
    twins = [f for f in forward if _STEM.sub("", f.name) == stem and f.name != place.function.name and _STEM.search(f.name)]
    needed = _needed(place.function)
    chosen = twins[:1] or [f for f in forward if f.lineno < place.function.lineno and _defines(f) & needed]
    if chosen and not _has_incoming(place.function, known):
        made = set().union(*(_defines(f) for f in chosen))
        chosen += [f for f in forward if f not in chosen and _is_loss(f) and made & {a.arg for a in f.args.args}]
    unit.functions = [*sorted(chosen, key=lambda f: f.lineno), place.function]
    return unit


def _needed(function: Function) -> set[str]:
    """The names that a function uses without having worked them out: arguments, and what it takes out of caches."""
    given: set[str] = {a.arg for a in function.args.args}
    taken: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            simple = path(node.value) is not None
            for target in node.targets:
                names = {leaf(p) for p in assigned(ast.Assign([target], node.value))}
                (taken if simple else given).update(names)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            taken.add(node.slice.value)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "ctx"}:
            taken.add(node.attr)
    return taken | given


def _defines(function: Function) -> set[str]:
    """The names that a function works out."""
    out: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None and path(node.value) is None:
            out |= {leaf(p) for p in assigned(node)}
    return out - {"cache", "caches", "parameters", "params"}


def _has_incoming(function: Function, known: set[str]) -> bool:
    """Whether an argument is a gradient: dout."""
    return any(variable(a.arg, known) is not None for a in function.args.args)


def _is_loss(function: Function) -> bool:
    return bool(re.search(r"loss|cost|objective|error", function.name))


def imports(tree: ast.Module) -> dict[str, str]:
    """The names under which modules, and functions of modules, go in a file."""
    found = {
        "np": "numpy",
        "torch": "torch",
        "jnp": "jax.numpy",
        "math": "math",
        "F": "torch.nn.functional",
        "nn": "torch.nn",
        "numpy": "numpy",
    }
    for node in _imports(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
        elif node.module and node.module.partition(".")[0] in {"numpy", "torch", "jax", "math", "scipy"}:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
