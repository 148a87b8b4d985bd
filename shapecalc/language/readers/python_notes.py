"""Shapes that a Python file tells: in comments, in annotations of jaxtyping, and in docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapecalc.errors import ShapecalcError, Span

from ..refusals import VALUES
from ..statements import Declaration, split
from .python_source import Comment, Source

_SHAPE = r"(?P<shape>[\(\[][^()\[\]\n]*[\)\]])"
_OWN = r"(?:self\.)?[^\W\d]\w*"
_NOTE = re.compile(rf"(?<![\w.])(?P<names>{_OWN}(?:\s*,\s*{_OWN})*)\s*(?::|∈)\s*(?P<words>(?:[a-z_-]+[ \t]+)*){_SHAPE}")
_ALONE = re.compile(rf"\s*(?:shape:?\s*)?(?P<words>(?:[a-z_-]+[ \t]+)*){_SHAPE}\s*(?:$|[,;.#-])")
_LISTED = re.compile(rf"(?<![\w.])(?P<names>[^\W\d]\w*)\s*:?\s*(?P<words>(?:[a-z_-]+[ \t]+)*){_SHAPE}")
_PROSE = re.compile(
    rf"^[ \t]*[-*]?[ \t]*(?P<names>[^\W\d]\w*)[ \t]*(?::|--|-)[ \t].*?\b(?:shape|size|dimensions?)[ \t]*(?:is|:|=|of)?[ \t]*{_SHAPE}",
    re.MULTILINE,
)
_DRAWN = frozenset({"randn", "rand", "normal", "standard_normal", "uniform", "xavier_uniform", "kaiming_normal"})
_FILLED = frozenset({"zeros", "ones", "empty"})
_PROPERTIES = frozenset({
    "symmetric", "sym", "posdef", "spd", "positive", "nonnegative", "invertible", "orthogonal", "diagonal", "triangular", "onehot",
    "onehot_columns", "one_hot", "one-hot", "probabilities",
})  # fmt: skip
_NUMBERS = frozenset({"float", "int", "scalar", "number", "real", "float32", "float64"})
_TYPES = frozenset({
    "array", "ndarray", "np.ndarray", "numpy.ndarray", "numpy array", "tensor", "torch.tensor", "list", "tuple", "dict", "str", "string",
    "bool", "optional", "vector", "matrix", "function", "callable", "integer", "none",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """The shape of a name: text as in a declaration, "onehot (S, M)", and where in the file it is written."""

    name: str
    text: str
    span: Span

    @property
    def is_onehot(self) -> bool:
        """Whether it is said to be one-hot."""
        return self.text.startswith(("onehot", "one_hot", "one-hot"))


def declaration(words: str, shape: str) -> str | None:
    """Properties and a shape as the language writes them; None where they are not that."""
    properties = words.split()
    if any(word not in _PROPERTIES for word in properties):
        return None
    sizes = [s.strip() for s in re.split(r",|\bx\b|×", shape[1:-1]) if s.strip()]
    if len(sizes) == 1 and (kind := sizes[0].lower()) in _NUMBERS | _TYPES:  # reg: (float) regularization strength
        return " ".join([*properties, "()"]) if kind in _NUMBERS else None
    if any(s in VALUES for s in sizes):
        return None
    text = " ".join([*properties, f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"])
    errors: list[ShapecalcError] = []
    found = split(f"x: {text}", errors)
    return text if not errors and len(found) == 1 and isinstance(found[0], Declaration) else None


def comment_notes(comments: Iterable[Comment]) -> Iterator[Note]:
    """# X: (S, D), wherever such a comment stands."""
    for comment in comments:
        for match in _NOTE.finditer(comment.text):
            text = declaration(match["words"], match["shape"])
            if text is not None:
                span = comment.start + match.start(), comment.start + match.end()
                for name in _named(match):
                    yield Note(name, text, span)


def _named(match: re.Match[str]) -> list[str]:
    """The names of which a note tells the shape; self.W is W."""
    return [name.removeprefix("self.") for name in re.split(r"\s*,\s*", match["names"])]


def beside(comment: Comment) -> str | None:
    """The shape in a comment beside a line: # (S, D)."""
    match = _ALONE.match(comment.text)
    return declaration(match["words"], match["shape"]) if match else None


def beside_notes(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Note]:
    """# (S, D) behind the line of an argument."""
    by_line: dict[int, list[str]] = {}
    for arg in arguments(function):
        by_line.setdefault(arg.lineno, []).append(arg.arg)
    for comment in source.comments:
        names = by_line.get(comment.line, [])
        text = beside(comment) if len(names) == 1 and not comment.alone else None
        if text is not None:
            yield Note(names[0], text, (comment.start, comment.start + len(comment.text)))


def _kept_notes(source: Source, init: ast.FunctionDef) -> Iterator[Note]:
    """What __init__ tells of what it keeps for all methods: its docstring, its comments, self.W = W  # (D, M)."""
    last = init.end_lineno or init.lineno
    inside = [c for c in source.comments if init.lineno <= c.line <= last]
    yield from comment_notes(inside)
    targets = {n.lineno: n.targets[0].attr for n in init.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Attribute)}
    for comment in inside:
        text = beside(comment) if comment.line in targets and not comment.alone else None
        if text is not None:
            yield Note(targets[comment.line], text, (comment.start, comment.start + len(comment.text)))
    yield from docstring_notes(source, init)


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """All arguments of a function that have names."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def annotated(source: Source, name: str, annotation: ast.AST | None) -> Note | None:
    """Float[Array, "S D"], and float for a number."""
    if annotation is None:
        return None
    if isinstance(annotation, ast.Name) and annotation.id in {"float", "int"}:
        return Note(name, "()", source.span(annotation))
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple) or len(annotation.slice.elts) != 2:
        return None
    words = annotation.slice.elts[1]
    if not isinstance(words, ast.Constant) or not isinstance(words.value, str):
        return None
    sizes = words.value.split()
    text = declaration("", f"({', '.join(sizes)})")
    return None if text is None else Note(name, text, source.span(words))


def docstring_notes(source: Source, node: ast.AST) -> Iterator[Note]:
    """A line "shapes: X (S, D), W (D, M)", and prose such as "- x: input of shape (N, D)"."""
    body = getattr(node, "body", [])
    first = body[0] if body else None
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)):
        return
    start, end = source.span(first.value)
    written = source.text[start:end]
    for line in re.finditer(r"(?:^[ \t\"']*shapes?|(?<=[.;]) shapes):(?P<rest>[^\n]*)", written, re.MULTILINE | re.IGNORECASE):
        yield from _matched(_LISTED, line["rest"], start + line.start("rest"))
    yield from _matched(_PROSE, written, start)
    for match in _NOTE.finditer(written):
        text = declaration(match["words"], match["shape"])
        for name in _named(match) if text is not None else ():
            yield Note(name, text or "", (start + match.start(), start + match.end()))


def initial_notes(source: Source) -> Iterator[Note]:
    """Shapes that weights are given where they are drawn: W1 = np.random.randn(D, H), and the zeros beside them."""
    for function in ast.walk(source.tree):
        body = [n for n in getattr(function, "body", []) if isinstance(n, ast.Assign)] if isinstance(function, ast.FunctionDef) else []
        made = [(n, c) for n in body for c in ast.walk(n.value) if isinstance(c, ast.Call) and _called(c) in _DRAWN | _FILLED]
        if not any(_called(call) in _DRAWN for _, call in made):
            continue
        for node, call in made:
            name, text = leaf_of(node.targets[0]), _sizes_of(call)
            if name and text is not None and not name.startswith(("d", "grad")):
                yield Note(name, text, source.span(call))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def leaf_of(target: ast.AST) -> str:
    """W1 of W1, self.W1, params["W1"]."""
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""


def _sizes_of(call: ast.Call) -> str | None:
    """The shape in randn(D, H), zeros((1, H)), normal(size=(D, H)), where its sizes have names."""
    given = [k.value for k in call.keywords if k.arg in {"size", "shape"}]
    args = given or (call.args[2:] if _called(call) in {"normal", "uniform"} else call.args)
    items = args[0].elts if len(args) == 1 and isinstance(args[0], ast.Tuple | ast.List) else args
    sizes = [i.id if isinstance(i, ast.Name) else "1" if isinstance(i, ast.Constant) and i.value == 1 else "" for i in items]
    return declaration("", f"({', '.join(sizes)})") if sizes and all(sizes) and set(sizes) != {"1"} else None


def _matched(pattern: re.Pattern[str], text: str, start: int) -> Iterator[Note]:
    for match in pattern.finditer(text):
        found = declaration(match.groupdict().get("words") or "", match["shape"])
        if found is not None:
            yield Note(match["names"], found, (start + match.start("names"), start + match.end()))


def notes(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef | None, outside: list[Comment]) -> dict[str, Note]:
    """The shapes that a function is told, the most explicit ones first; those outside all functions hold for all."""
    found: dict[str, Note] = {}

    def keep(more: Iterable[Note]) -> None:
        for note in more:
            found.setdefault(note.name, note)

    if function is not None:
        last = function.end_lineno or function.lineno
        inside = [c for c in source.comments if function.lineno <= c.line <= last]
        keep(comment_notes([*inside, *_above(source, function)]))
        keep(beside_notes(source, function))
        keep(note for a in arguments(function) if (note := annotated(source, a.arg, a.annotation)))
        keep(docstring_notes(source, function))
        owner = next((n for n in source.tree.body if isinstance(n, ast.ClassDef) and function in n.body), None)
        if owner is not None:
            keep(docstring_notes(source, owner))
            keep(note for m in owner.body if isinstance(m, ast.FunctionDef) and m.name == "__init__" for note in _kept_notes(source, m))
        defaults = dict(zip([a.arg for a in function.args.args][::-1], function.args.defaults[::-1], strict=False))
        keep(Note(n, "()", source.span(d)) for n, d in defaults.items() if isinstance(d, ast.Constant) and type(d.value) is float)
    else:
        keep(docstring_notes(source, source.tree))
    keep(comment_notes(outside))
    keep(initial_notes(source))
    return found


def _above(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Comment]:
    """The comments that stand directly above a function."""
    alone = {c.line: c for c in source.comments if c.alone}
    line = min([function.lineno, *(d.lineno for d in function.decorator_list)]) - 1
    above = []
    while line in alone:
        above.append(alone[line])
        line -= 1
    return above[::-1]
