"""NumPy: the spellings that differ, and functions that it lacks, written so that large arguments do no harm."""

from __future__ import annotations


from .. import notation
from ..expr import Apply, Expr
from ..forms import add, apply, power
from ..shapes import Dim, add as plus, negative
from .writer import Spelling, Target, Writer


def inner(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """The sum of the entrywise product."""
    return f"{writer.target.module}.sum({notation.text(apply('mul', *args))})"


def mse(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """The mean, or the sum, of the squared differences."""
    return f"{writer.target.module}.{node['reduction']}({notation.text(power(add(*args, signs=(1, -1)), 2))})"


def swapped(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """The axes in another order."""
    axes, rank, module = node["axes"], len(node.shape), writer.target.module
    if axes == (*range(rank - 2), rank - 1, rank - 2):
        return f"{module}.swapaxes({notation.text(args[0])}, -1, -2)"
    return f"{module}.transpose({notation.text(args[0])}, {axes})"


def where(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """A choice; its condition is a comparison already, or 0 and 1."""
    cond, a, b = args
    test = notation.text(cond if isinstance(cond, Apply) and cond.name.startswith(("greater", "less", "equal")) else apply("equal", cond, apply("ones", shape=())))
    return f"{writer.target.module}.where({test}, {notation.text(writer.real(a))}, {notation.text(writer.real(b))})"


def margins(writer: Writer, node: Apply) -> list[str]:
    """How many zeros there are before and behind the entries of `place`, for each axis."""
    out = []
    for (start, length), dim in zip(node["items"], node.shape, strict=True):
        before, after = (writer.size(d) for d in (start, rest(dim, start, length)))
        out.append(f"({before}, {after})")
    return out


def rest(dim: Dim, start: Dim, length: Dim) -> Dim:
    """What is left of an axis behind a part of it."""
    return plus(dim, negative(plus(start, length)))


def place(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """A tensor put into zeros."""
    return f"{writer.target.module}.pad({notation.text(args[0])}, ({', '.join(margins(writer, node))},))"


def joined(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """Tensors joined along an axis."""
    return f"{writer.target.module}.concatenate(({', '.join(map(notation.text, args))},), axis={node['axis']})"


def diag(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """A matrix of a vector, a row or a column."""
    return f"{writer.target.module}.diag{'' if len(node.args[0].shape) == 1 else 'flat'}({notation.text(args[0])})"


def cumsum(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """Sums so far, from either end."""
    module, axis, a = writer.target.module, node["axis"], notation.text(args[0])
    if not node["reverse"]:
        return f"{module}.cumsum({a}, {writer.target.axis}={axis})"
    return f"{module}.flip({module}.cumsum({module}.flip({a}, ({axis},)), {writer.target.axis}={axis}), ({axis},))"


def norm(writer: Writer, node: Apply, args: tuple[Expr, ...]) -> str:
    """The 2-norm of all entries along the axes, or the sum of their absolute values."""
    module, a, axis, over = writer.target.module, args[0], node["axis"], writer.over(node)
    if node["ord"] == 1:
        return f"{module}.sum({module}.abs({notation.text(a)}){over})"
    if isinstance(axis, tuple) and len(axis) > 2:
        return f"{module}.sqrt({module}.sum({notation.text(power(a, 2))}{over}))"
    return f"{module}.linalg.norm({notation.text(a)}{over})"


TABLE: dict[str, str | Spelling] = {
    "pi": "np.pi", "ones": "np.ones({shape})", "zeros": "np.zeros({shape})", "eye": "np.eye({n})",
    "inner": inner, "tr": "np.trace({a})", "diag": diag, "einsum": "np.einsum('{spec}', {args})", "mse": mse,
    "transpose": swapped, "reshape": "np.reshape({a}, {shape})", "vec": "np.ravel({a}, order='F')",
    "broadcast_to": "np.broadcast_to({a}, {shape})", "place": place, "concatenate": joined,
    "tril": "np.tril({a}, {k})", "triu": "np.triu({a}, {k})", "cumsum": cumsum, "where": where,
    "var": "np.var({a}{over}, ddof={ddof})", "std": "np.std({a}{over}, ddof={ddof})", "norm": norm,
    "softmax": "softmax({a}{over})", "log_softmax": "log_softmax({a}{over})", "logsumexp": "logsumexp({a}{over})",
    "erf": "erf({a})", "sigmoid": "sigmoid({a})", "softplus": "np.logaddexp(0, {a})", "silu": "silu({a})", "gelu": "gelu({a})",
    "relu": "np.maximum({a}, 0)", "leaky_relu": "leaky_relu({a}, {slope})", "elu": "elu({a}, {alpha})",
    "inv": "np.linalg.inv({a})", "det": "np.linalg.det({a})", "logdet": "np.linalg.slogdet({a})[1]",
    "solve": "np.linalg.solve({a}, {b})", "matpow": "np.linalg.matrix_power({a}, {k})", "pinv": "np.linalg.pinv({a})",
    "cholesky": "cholesky({a})", "expm": "expm({a})",
}  # fmt: skip

HELPERS = {
    "softmax": '''def softmax(a, axis=None):
    """exp(a), scaled to sum 1 along the axis."""
    e = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
''',
    "log_softmax": '''def log_softmax(a, axis=None):
    """log(softmax(a))."""
    a = a - np.max(a, axis=axis, keepdims=True)
    return a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True))
''',
    "logsumexp": '''def logsumexp(a, axis=None, keepdims=False):
    """log(sum(exp(a)))."""
    top = np.max(a, axis=axis, keepdims=True)
    out = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)
''',
    "sigmoid": '''def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0, -x))
''',
    "silu": '''def silu(x):
    """x * sigmoid(x)."""
    return x * np.exp(-np.logaddexp(0, -x))
''',
    "erf": '''erf = np.vectorize(math.erf, otypes=[float])
''',
    "gelu": '''def gelu(x):
    """x times the probability that a standard normal number is below x."""
    return x * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2)) / 2
''',
    "leaky_relu": '''def leaky_relu(x, slope):
    """x, or slope * x where x <= 0."""
    return np.where(x > 0, x, slope * x)
''',
    "elu": '''def elu(x, alpha):
    """x, or alpha * (exp(x) - 1) where x <= 0."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
''',
    "cholesky": '''def cholesky(a):
    """The lower triangular L with L @ L.T = (a + a.T) / 2."""
    return np.linalg.cholesky((a + a.T) / 2)
''',
    "expm": '''def expm(a):
    """The matrix exponential: the series of a / 2**k, squared k times."""
    k = max(0, int(np.ceil(np.log2(np.linalg.norm(a, 1) + 1e-300))) + 3)
    out = term = np.eye(len(a))
    for n in range(1, 18):
        term = term @ a / 2**k / n
        out = out + term
    return np.linalg.matrix_power(out, 2**k)
''',
}

NUMPY = Target("numpy", "np", ("import numpy as np",), TABLE, HELPERS, number="np.float64({})", real="({}).astype(float)")


