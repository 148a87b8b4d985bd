"""Declarations: names, properties and a shape, in NumPy's way of writing one or in the way of a book."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.records import record

from .complaints import written
from .lines import outside
from .refusals import VALUES, new_name
from .syntax import formula
from .tokens import Kind, Token
from .tree import Name, Node, Number, Product, Sum, Unary, walk

_RUN_TOGETHER = re.compile(r"(?<=[A-Z0-9])x(?=[A-Z0-9])")  # SxD is a name of its own


@record
class Declaration:
    """X, Y: symmetric (n, n); each property with its place, each size as a tree of names, whole numbers, + - and *."""

    names: tuple[Name, ...]
    properties: tuple[tuple[str, Span], ...]
    shape: tuple[Node, ...]
    shape_span: Span = field(compare=False)
    span: Span = field(compare=False)
    line: int = field(compare=False)
    text: str = field(compare=False)


@record
class Upstream:
    """dh: upstream(h2)."""

    name: Name
    of: Name
    span: Span = field(compare=False)
    line: int = field(compare=False)
    text: str = field(compare=False)


def read_declaration(source: str, tokens: Sequence[Token], line: int) -> Declaration | Upstream | None:
    """The declaration that the tokens spell; None where they do not begin as one."""
    count = _introduced(tokens)
    if not count:
        return None
    names = tuple([Name(new_name(token), token.span) for token in tokens[: 2 * count : 2]])
    rest, span = tokens[2 * count :], (tokens[0].start, tokens[-1].end)
    text = source[span[0] : span[1]]
    if not rest:
        raise SyntaxProblem(f"the shape of {names[-1].id} is missing", tokens[-1].span, hint=_example(names[-1].id))
    if rest[0].text == "upstream":
        return Upstream(names[0], _upstream(rest, names, span), span, line, text)
    _one_declaration(rest)
    words, sizes = _parts(source, rest, names[-1].id)
    shape = tuple([_size(source, size) for size in sizes])
    begin = rest[0].start
    if words:
        begin = next(token.start for token in rest if token.start >= words[-1].end and token.text != ",")
    return Declaration(names, tuple([(word.text, word.span) for word in words]), shape, (begin, span[1]), span, line, text)


def several(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The parts of X: (S, D), Y, Z: (n,), L = sum(X): a comma ends a declaration where names and a colon follow, or a name and =."""
    count = _introduced(tokens)
    pieces, begin = [], 0
    for mark in outside(tokens, ":", "∈", "in", "=") if count else []:
        first, gives = mark - 1, tokens[mark].text == "="
        while not gives and first > 3 and _continues(tokens[first - 3 : first]):
            first -= 2
        if mark >= 2 * count and first - 1 > begin and tokens[first].kind is Kind.NAME and tokens[first - 1].text == ",":
            pieces.append(tokens[begin : first - 1])
            begin = first
            if gives:
                break
    return [*pieces, tokens[begin:]]


def _continues(tokens: Sequence[Token]) -> bool:
    """Whether this is a name of several, between commas."""
    return tokens[0].text == tokens[2].text == "," and tokens[1].kind is Kind.NAME


def _introduced(tokens: Sequence[Token]) -> int:
    """How many names the tokens introduce: X, Y: or X ∈ or X in; 0 where they begin otherwise."""
    count = 0
    while 2 * count + 1 < len(tokens) and tokens[2 * count].kind is Kind.NAME:
        follower = tokens[2 * count + 1]
        count += 1
        if follower.text in {":", "∈"} or (follower.kind is Kind.NAME and follower.text == "in"):
            return count
        if follower.text != ",":
            return 0
    return 0


def _example(name: str) -> str:
    return f"write {name}: (S, D), or {name}: () for a scalar"


def _upstream(rest: Sequence[Token], names: Sequence[Name], span: Span) -> Name:
    if len(rest) == 4 and rest[1].text == "(" and rest[2].kind is Kind.NAME and rest[3].text == ")" and len(names) == 1:
        return Name(rest[2].text, rest[2].span)
    hint = f"write {names[0].id}: upstream(Z)"
    raise SyntaxProblem("upstream gives one name to the incoming gradient of one definition", span, hint=hint)


def _one_declaration(rest: Sequence[Token]) -> None:
    """Refuses a second colon, and an equals sign, outside brackets."""
    for place in outside(rest, ":", "∈", "=", "+="):
        if rest[place].text in {":", "∈"}:
            raise SyntaxProblem("another declaration begins on this line", rest[place].span, hint="put ; or a new line between them")
        raise SyntaxProblem("a declaration gives no value", rest[place].span, hint="declare the name, or define it: not both")


def _parts(source: str, rest: Sequence[Token], name: str) -> tuple[list[Token], list[Sequence[Token]]]:
    """The words of a declaration, and the tokens of each size."""
    space, opening = _space(rest), _opening(rest)
    if space is not None:
        words, inner = rest[:space], rest[space + 2 :]
        if not inner and len(rest) > space + 1:
            raise SyntaxProblem("the sizes are missing after ^", rest[-1].span, hint=f"write {name}: (S, D)")
        if inner and _opening(inner) == 0:
            inner = inner[1:-1]
    elif opening is not None and _are_words(rest[:opening]):
        words, inner = rest[:opening], rest[opening + 1 : -1]
    else:
        return _book_style(source, rest, name)
    return [token for token in words if token.text != ","], _sizes(inner)


def _are_words(tokens: Sequence[Token]) -> bool:
    """Whether these are properties, with commas between them or without."""
    return all(token.text == "," or (token.kind is Kind.NAME and token.text != "x") for token in tokens)


def _space(rest: Sequence[Token]) -> int | None:
    """Where the ℝ of ℝ^{S×D} stands, behind words at most; R alone may be a size, ℝ alone is the reals."""
    for k, token in enumerate(rest):
        if token.text in {"R", "ℝ"}:
            bare = k + 1 == len(rest)
            if (token.text == "ℝ" and bare) or (not bare and rest[k + 1].text == "^"):
                return k if _are_words(rest[:k]) else None
    return None


def _opening(tokens: Sequence[Token]) -> int | None:
    """Where the bracket opens that the last token closes: a round or a square one, or a curly one at the beginning."""
    k, depth = len(tokens) - 1, tokens[-1].step
    while depth < 0:
        k -= 1
        depth += tokens[k].step
    return k if tokens[k].text in {"(", "["} or (k == 0 and tokens[k].text == "{") else None


def _book_style(source: str, rest: Sequence[Token], name: str) -> tuple[list[Token], list[Sequence[Token]]]:
    """S x D, without brackets; words may stand before it."""
    span = rest[0].start, rest[-1].end
    words = 0
    while words + 1 < len(rest) and rest[words + 1].kind is Kind.NAME and _are_words(rest[words : words + 2]):
        words += 1
    sizes = _sizes(rest[words:])
    if len(sizes) > 1:
        return list(rest[:words]), sizes
    shown = written(source, (rest[words].start, rest[-1].end))
    if rest[0].text == "(":
        raise SyntaxProblem("behind the shape nothing can stand", span, hint=f"properties stand before it: {name}: symmetric (n, n)")
    if len(rest) == words + 1 and rest[-1].kind in {Kind.NAME, Kind.NUMBER}:
        sizes_ = _RUN_TOGETHER.sub(", ", shown)
        declared = " ".join([*(token.text for token in rest[:words]), f"({sizes_})" if sizes_ != shown else f"({shown},)"])
        raise SyntaxProblem(f"the shape of {name} is not in brackets", span, hint=f"write {name}: {declared}")
    raise SyntaxProblem(f"the shape of {name} cannot be read", span, hint=_example(name))


def _sizes(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The tokens between commas, or between the x of S x D; a comma may stand at the end."""
    pieces: list[Sequence[Token]] = []
    begin = 0
    for place in outside(tokens, ",", "×", "x"):
        separator, piece = tokens[place], tokens[begin:place]
        # an x is a name too, where no size ends before it
        if separator.text == "x" and not (piece and (piece[-1].kind in {Kind.NAME, Kind.NUMBER} or piece[-1].text == ")")):
            continue
        if not piece:
            raise SyntaxProblem(f"a size is missing before {separator.text}", separator.span)
        pieces.append(piece)
        begin = place + 1
    if begin < len(tokens):
        pieces.append(tokens[begin:])
    elif pieces and tokens[-1].text != ",":
        raise SyntaxProblem(f"a size is missing after {tokens[-1].text}", tokens[-1].span)
    return pieces


def _size(source: str, tokens: Sequence[Token]) -> Node:
    """The tree of a size."""
    tree = formula(source, tokens)
    if isinstance(tree, Name) and tree.id not in VALUES:
        return tree
    for node, _ in walk(tree):
        match node:
            case Number(text=text) if text.isdigit():
                continue
            case Name(id=name) if name not in VALUES:
                continue
            case Sum() | Unary():
                continue
            case Product(rest=rest) if all(op == "*" for op, _ in rest):
                continue
        raise SyntaxProblem("a size is made of names and whole numbers with + - *", node.span)
    return tree
