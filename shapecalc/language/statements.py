"""Statements: a sheet of text into declarations, definitions, claims and equalities; what they mean is settled above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from shapecalc.errors import ShapecalcError, Span, SyntaxProblem
from shapecalc.records import record

from .complaints import written
from .declarations import Declaration, Upstream, read_declaration, several
from .lines import guard, lines, outside
from .refusals import new_name
from .syntax import formula
from .targets import GradTarget, PlainTarget, Target, read_target
from .tokens import Kind, Token, scan
from .tree import Call, Compare, Name, Node, Number, Unpacked

__all__ = ["Assign", "Declaration", "Define", "Equality", "GradTarget", "PlainTarget", "Statement", "Target", "Upstream", "split"]


@record
class Assign:
    """target = value; several values where the line goes on, dW = X.T @ dZ = ...; operator is "=" or "+="."""

    target: Target
    operator: str
    values: tuple[Node, ...]
    span: Span = field(compare=False)
    line: int = field(compare=False)
    text: str = field(compare=False)


@record
class Equality:
    """left == right as a whole line."""

    left: Node
    right: Node
    span: Span = field(compare=False)
    line: int = field(compare=False)
    text: str = field(compare=False)


@record
class Define:
    """def swish(x) = x * sigmoid(x); without a body, def f(x), a function of each entry that is left undefined."""

    name: Name
    params: tuple[Name, ...]
    body: Node | None
    span: Span = field(compare=False)
    line: int = field(compare=False)
    text: str = field(compare=False)


Statement = Declaration | Upstream | Assign | Equality | Define


def split(source: str, errors: list[ShapecalcError] | None = None) -> list[Statement]:
    """All statements in order; line counts from 1.

    A statement that cannot be read raises; where a list for the errors is given it is put there, and reading goes on.

    >>> [type(statement).__name__ for statement in split("X: (S, D); Z = X @ W  # a layer")]
    ['Declaration', 'Assign']
    """
    statements: list[Statement] = []

    def failed(error: ShapecalcError) -> None:
        error.at(source)
        if errors is None:
            raise error
        # kept without the frames that its traceback would hold
        errors.append(error.with_traceback(None))

    try:
        rows = list(lines(scan(source)))
    except ShapecalcError as error:
        failed(error)
        return statements
    line, counted = 1, 0
    for tokens, sound in rows:
        line, counted = line + source.count("\n", counted, tokens[0].start), tokens[0].start
        try:
            if not sound:
                guard(tokens)
            statements.extend(_read(source, tokens, line))
        except ShapecalcError as error:
            failed(error)
    return statements


def _read(source: str, tokens: Sequence[Token], line: int) -> list[Statement]:
    """One statement, or one for each name where several stand on the left of =."""
    if tokens[0].kind is Kind.NAME and tokens[0].text == "def":
        return [_define(source, tokens, line)]
    if len(parts := several(tokens)) > 1:
        return [statement for part in parts for statement in _read(source, part, line)]
    declaration = read_declaration(source, tokens, line)
    if declaration is not None:
        return [declaration]
    if marks := outside(tokens, "=", "+="):
        names = _names(tokens[: marks[0]])
        return [*_unpacked(source, tokens, marks, names, line)] if names else [_assign(source, tokens, marks, line)]
    return [_equality(source, tokens, line)]


def _names(left: Sequence[Token]) -> list[Token]:
    """The names of A, B = ..., and of (A, B) = ...; none where the left side is anything else."""
    if len(left) < 3:
        return []
    if (left[0].text, left[-1].text) == ("(", ")"):
        left = left[1:-1]
    names = [*left[::2]]
    plain = all(t.kind is Kind.NAME for t in names) and all(t.text == "," for t in left[1::2])
    return names if len(names) > 1 and plain and len(left) % 2 else []


def _unpacked(source: str, tokens: Sequence[Token], marks: list[int], names: list[Token], line: int) -> list[Assign]:
    """A, B = split(X, 2): a definition for each name."""
    span, text = _where(source, tokens)
    if len(marks) > 1 or tokens[marks[0]].text != "=" or marks[0] + 1 == len(tokens):
        raise SyntaxProblem("one = stands behind several names, and a value behind it", tokens[marks[0]].span)
    value = formula(source, tokens[marks[0] + 1 :])
    targets = [PlainTarget(new_name(t), t.span) for t in names]
    return [
        Assign(t, "=", (Unpacked(value, k, len(names), value.span),), span, line, text)
        for k, t in enumerate(targets)
        if t.name != "_" or len(set(targets)) == 1
    ]


def _where(source: str, tokens: Sequence[Token]) -> tuple[Span, str]:
    span = tokens[0].start, tokens[-1].end
    return span, source[span[0] : span[1]]


def _assign(source: str, tokens: Sequence[Token], marks: list[int], line: int) -> Assign:
    first = tokens[marks[0]]
    if marks[0] == 0:
        raise SyntaxProblem(f"a name is missing before {first.text}", first.span)
    target = read_target(source, tokens[: marks[0]])
    values = []
    for mark, end in zip(marks, [*marks[1:], len(tokens)], strict=True):
        if mark + 1 == end:
            raise SyntaxProblem(f"nothing stands after {tokens[mark].text}", tokens[mark].span)
        if len(marks) > 1 and tokens[mark].text == "+=":
            raise SyntaxProblem("+= stands alone in its line", tokens[mark].span)
        values.append(formula(source, tokens[mark + 1 : end]))
    span, text = _where(source, tokens)
    return Assign(target, first.text, tuple(values), span, line, text)


def _equality(source: str, tokens: Sequence[Token], line: int) -> Equality:
    tree = formula(source, tokens)
    span, text = _where(source, tokens)
    # a comparison in parentheses begins before its left side
    if isinstance(tree, Compare) and tree.op == "==" and tree.left.span[0] == tree.span[0]:
        return Equality(tree.left, tree.right, span, line, text)
    hint = "give it a name: Z = ..."
    # X (S, D) with a space is a declaration without its colon; sum(X) is not
    spaced = isinstance(tree, Call) and source[tree.name_span[1] : tree.name_span[1] + 1].isspace() and not tree.keywords
    if spaced and isinstance(tree, Call) and all(isinstance(arg, Name | Number) for arg in tree.args):
        hint = f"a shape is written {tree.name}: {written(source, (tree.name_span[1], span[1]))}"
    raise SyntaxProblem("this line defines nothing", span, hint=hint)


def _define(source: str, tokens: Sequence[Token], line: int) -> Define:
    span, text = _where(source, tokens)
    marks = outside(tokens, "=")
    head = tokens[1 : marks[0]] if marks else tokens[1:]
    names = head[2:-1:2]
    commas = head[3:-1:2]
    if (
        len(head) < 3
        or not (head[1].text == "(" and head[-1].text == ")")
        or any(token.kind is not Kind.NAME for token in (head[0], *names))
        or not all(token.text == "," for token in commas)
    ):
        raise SyntaxProblem("a function is one formula of its arguments", span, hint="write def f(x) = x * sigmoid(x)")
    params = tuple(Name(new_name(token), token.span) for token in names)
    if len(set(params)) < len(params):
        raise SyntaxProblem("an argument has the name of another", (head[1].start, head[-1].end))
    if not marks:
        if len(params) > 1:
            raise SyntaxProblem("an undefined function has one argument", span, hint=f"write def {head[0].text}(x)")
        return Define(Name(new_name(head[0]), head[0].span), params, None, span, line, text)
    body = tokens[marks[0] + 1 :]
    if not body:
        raise SyntaxProblem("nothing stands after =", tokens[marks[0]].span)
    return Define(Name(new_name(head[0]), head[0].span), params, formula(source, body), span, line, text)
