"""Wrong claims by the thousand: every slip a person makes, made at every part of a right claim, and rewritings that change nothing.

Works on Python's own syntax trees and evaluates with NumPy, so that it shares nothing with the program that it tests.
"""

from __future__ import annotations

import ast
import copy
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np

CASES = Path(__file__).parent / "cases" / "campaign.txt"
OPAQUE = ("exp", "sqrt", "inv", "log", "norm", "sigmoid", "tanh", "softmax")  # nothing inside is linear
FUNCTIONS = {"exp": "log", "sum": "mean", "sqrt": "exp", "inv": "det", "outer": "kron"}
LIKE = {"missing-factor": {"missing-scale", "factor-2"}, "extra-factor": {"extra-scale"}}


def softmax(a, axis=-1):
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


NUMPY = {
    name: getattr(np, name) for name in "sum mean exp log sqrt tanh outer diag eye ones einsum kron".split()  # noqa: SIM905
} | {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0), "softmax": softmax, "inv": np.linalg.inv, "tr": np.trace,
    "logdet": lambda a: np.linalg.slogdet(a)[1], "det": np.linalg.det, "norm": np.linalg.norm, "ones": lambda *s: np.ones(s),
}  # fmt: skip


class Row:
    """One derivation: declarations, definitions, and a claim that is right."""

    layout = "denominator"

    def __init__(self, line):
        self.sheet, self.claim = line.split(" | ")
        self.left, self.right = (s.strip() for s in self.claim.split("=", 1))
        self.declared, self.definitions, self.words = {}, {}, {}
        for statement in self.sheet.split("; "):
            if ":" in statement.split("=")[0]:
                name, rest = statement.split(":")
                dims = rest[rest.index("(") + 1 : rest.rindex(")")]
                self.declared[name] = tuple(int(d) if d.isdigit() else d for d in dims.replace(" ", "").split(",") if d)
                self.words[name] = rest[: rest.index("(")].split()
            else:
                name, text = statement.split(" = ", 1)
                self.definitions[name] = text
        self.sizes = list(dict.fromkeys(d for s in self.declared.values() for d in s if isinstance(d, str)))

    def scope(self, sizes, seed):
        """Values of everything at the given sizes."""
        rng = np.random.default_rng([seed, zlib.crc32(self.sheet.encode())])
        scope = dict(zip(self.sizes, sizes, strict=True))
        for name, shape in self.declared.items():
            scope[name] = draw(rng, [scope[d] if isinstance(d, str) else d for d in shape], self.words[name])
        value = 0.0
        for name, text in self.definitions.items():
            value = scope[name] = evaluate(text, scope)
        if np.size(value) > 1:
            scope["d" + list(self.definitions)[-1]] = rng.normal(size=np.shape(value))
        return scope

    def scopes(self):
        """Distinct sizes twice, and equal ones."""
        n = len(self.sizes)
        return [self.scope([3, 4, 5, 6, 7][:n], 1), self.scope([6, 3, 7, 4, 5][:n], 2), self.scope([4] * n, 3)]


def draw(rng, shape, words):
    a = rng.normal(size=shape)
    if "posdef" in words:
        return a @ a.T + np.eye(len(a))
    if "symmetric" in words:
        return a + a.T
    if "invertible" in words:
        return a + 3 * np.eye(len(a))
    if "positive" in words:
        return np.abs(a) + 0.5
    return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[0])] if "onehot" in words else a


def evaluate(text, scope):
    with np.errstate(all="ignore"):
        return np.asarray(eval(text, {"__builtins__": {}}, {**NUMPY, **scope}), float)


def strip(a):
    while a.ndim and a.shape[0] == 1:
        a = a[0]
    return a


def value(text, scope):
    """The value without leading axes of size 1; None where there is none."""
    try:
        return strip(evaluate(text, scope))
    except (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError):
        return None


def equal(a, b):
    return a is not None and b is not None and a.shape == b.shape and np.allclose(a, b, rtol=1e-7, atol=1e-9)


def rows():
    return [Row(line.strip()) for line in CASES.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


# ---- mutations ----------------------------------------------------------------------------


def parse(text):
    return ast.parse(text, mode="eval").body


def transposed(node):
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else ast.Attribute(node, "T")


def call(name, *args, **keywords):
    return ast.Call(ast.Name(name), list(args), [ast.keyword(k, ast.Constant(v)) for k, v in keywords.items()])


def is_call(node, *names):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def kind_of(node, row):
    """Which slip it is that a factor is missing: a number, a scalar, anything else."""
    if isinstance(node, ast.Constant):
        return "factor-2"
    if isinstance(node, ast.UnaryOp):
        return "sign"
    scalar = isinstance(node, ast.Name) and (node.id in row.sizes or row.declared.get(node.id) == ())
    return "missing-scale" if scalar or (is_call(node, "sqrt") and isinstance(node.args[0], ast.Name)) else "missing-factor"


def changes(node, row, root, linear):
    """(slug, node put in its place)."""
    if isinstance(node, ast.BinOp):
        yield from binary(node, row)
    if isinstance(node, ast.UnaryOp):
        yield "sign", node.operand
    if is_call(node, "sum", "mean"):
        yield from reductions(node)
    if is_call(node, "outer"):
        a, b = node.args
        yield "wrong-order", call("outer", b, a)
        yield from (("rank", ast.BinOp(a, ast.Mult(), b)), ("over-reduced", ast.BinOp(a, ast.MatMult(), b)))
    if is_call(node, *FUNCTIONS) and node.func.id not in ("sum", "outer"):
        yield "wrong-function", ast.Call(ast.Name(FUNCTIONS[node.func.id]), node.args, node.keywords)
    if isinstance(node, ast.Constant) and node.value in (2, 0.5):
        yield "factor-2", ast.Constant(4 if node.value == 2 else 1)
    if isinstance(node, ast.Constant | ast.UnaryOp) or (isinstance(node, ast.Name) and node.id in row.sizes):
        return
    yield "wrong-layout" if root else "transposed", transposed(node)
    yield "sign", ast.UnaryOp(ast.USub(), node)
    yield "factor-2", ast.BinOp(ast.Constant(2), ast.Mult(), node)
    if not linear:
        yield "wrong-function", ast.BinOp(ast.Constant(2), ast.Mult(), node)
    if linear:
        yield "over-reduced", call("sum", node)
        for size in row.sizes[:2]:
            yield "extra-scale", ast.BinOp(node, ast.Div(), ast.Name(size))
    if isinstance(node, ast.Name) and node.id in (*row.declared, *row.definitions):
        for other in (*row.declared, *row.definitions):
            if other != node.id:
                yield "wrong-variable", ast.Name(other)


def binary(node, row):
    a, b, op = node.left, node.right, node.op
    if isinstance(op, ast.MatMult):
        yield from (("wrong-order", ast.BinOp(b, op, a)), ("elementwise-vs-matmul", ast.BinOp(a, ast.Mult(), b)))
        yield from (("missing-factor", a), ("missing-factor", b))
    elif isinstance(op, ast.Mult):
        yield "elementwise-vs-matmul", ast.BinOp(a, ast.MatMult(), b)
        yield from ((kind_of(b, row), a), (kind_of(a, row), b))
    elif isinstance(op, ast.Div):
        yield from ((kind_of(b, row), a), ("wrong-function", ast.BinOp(a, ast.Mult(), b)))
    elif isinstance(op, ast.Add | ast.Sub):
        other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        yield from (("sign", ast.BinOp(a, other, b)), ("missing-term", a))
        yield "missing-term", b if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), b)
    elif isinstance(op, ast.Pow):
        yield "wrong-function", a


def reductions(node):
    keywords = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
    inner, axis = node.args[0], keywords.get("axis")
    if axis is not None:
        yield "wrong-axis", call(node.func.id, inner, **{**keywords, "axis": 1 - axis})
        yield "over-reduced", call(node.func.id, inner)
    yield "not-reduced", inner
    if node.func.id == "sum":
        yield "extra-scale", call("mean", inner, **keywords)


class Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return copy.deepcopy(self.new) if node is self.old else self.generic_visit(node)


def put(root, old, new):
    """The text of a formula with one part replaced."""
    if root is old:
        return ast.unparse(ast.fix_missing_locations(new))
    shallow = Replace(old, new)
    memo = {id(old): old}
    return ast.unparse(ast.fix_missing_locations(shallow.visit(copy.deepcopy(root, memo))))


def parts(root, linear=True):
    """Every part with whether the whole is linear in it."""
    if isinstance(root, ast.Call):
        inner = linear and root.func.id not in OPAQUE
        below = [(a, inner) for a in root.args]
    elif isinstance(root, ast.BinOp):
        power, divided = isinstance(root.op, ast.Pow), isinstance(root.op, ast.Div)
        below = [(root.left, linear and not power)] + ([] if power else [(root.right, linear and not divided)])
    elif isinstance(root, ast.UnaryOp):
        below = [(root.operand, linear)]
    elif isinstance(root, ast.Attribute):
        below = [(root.value, linear)]
    elif isinstance(root, ast.Compare):
        below = [(root.left, False)]
    else:
        below = []
    yield root, linear
    for node, inside in below:
        yield from parts(node, inside)


def mutants(row):
    """(text, the slips that lead to this value) for every wrong claim; what is equivalent at every size is left out."""
    scopes = row.scopes()
    right = [value(row.right, s) for s in scopes]
    assert all(v is not None for v in right)
    root = parse(row.right)
    found = {}
    for node, linear in parts(root):
        for slug, new in changes(node, row, node is root, linear):
            text = put(root, node, new)
            found.setdefault(text, set()).add(slug)
    named, kept = defaultdict(set), []
    for text, slugs in found.items():
        try:
            values = [value(text, s) for s in scopes]
        except AttributeError:
            continue  # a number of Python's has no transpose
        if all(equal(v, r) for v, r in zip(values, right, strict=True)):
            continue
        key = None if values[0] is None else (values[0].shape, tuple(np.round(values[0].reshape(-1)[:6], 8)))
        kept.append((text, key, slugs))
        if key is not None:
            named[key] |= slugs
    return [(text, slugs if key is None else named[key], key is None) for text, key, slugs in kept]


# ---- rewritings that change nothing ---------------------------------------------------------


def rewritings(row):
    """The claim written otherwise; NumPy says that each is equal at every size."""
    scopes, root, out = row.scopes(), parse(row.right), []
    for node, _ in parts(root):
        out += [put(root, node, new) for new in otherwise(node)]
    out.append(f"({row.right}) + 0 * ({row.right})")
    right = [value(row.right, s) for s in scopes]
    return [t for t in dict.fromkeys(out) if all(equal(value(t, s), r) for s, r in zip(scopes, right, strict=True))]


def otherwise(node):
    if not isinstance(node, ast.BinOp):
        return
    a, b, op = node.left, node.right, node.op
    if isinstance(op, ast.MatMult):
        yield transposed(ast.BinOp(transposed(b), op, transposed(a)))
        for spec in ("ij,jk->ik", "ij,j->i", "i,ij->j"):
            yield ast.Call(ast.Name("einsum"), [ast.Constant(spec), a, b], [])
        if isinstance(a, ast.BinOp) and isinstance(a.op, ast.MatMult):
            yield ast.BinOp(a.left, op, ast.BinOp(a.right, op, b))
    if isinstance(op, ast.Add | ast.Mult):
        yield ast.BinOp(b, op, a)
    if isinstance(op, ast.Sub):
        yield ast.BinOp(ast.UnaryOp(ast.USub(), b), ast.Add(), a)
    if isinstance(op, ast.Mult | ast.MatMult | ast.Div):
        for x, y, left in ((a, b, True), (b, a, False)):
            if isinstance(x, ast.BinOp) and isinstance(x.op, ast.Add | ast.Sub) and (left or not isinstance(op, ast.Div)):
                first, second = (ast.BinOp(p, op, y) if left else ast.BinOp(y, op, p) for p in (x.left, x.right))
                yield ast.BinOp(first, x.op, second)
