"""NumPy: the spellings that differ, and the functions that it lacks, written so that large arguments do no harm."""

from __future__ import annotations

from shapecalc import notation
from shapecalc.expr import Apply
from shapecalc.forms import power

from .spelling import Args, cumsum, diag, inner, joined, mse, place, swapped, where
from .writer import Spelling, Target, Writer


def norm(writer: Writer, node: Apply, args: Args) -> str:
    """The 2-norm of all entries along the axes, or the sum of their absolute values."""
    module, axis, over = writer.target.module, node["axis"], writer.over(node)
    if node["ord"] == 1:
        return f"{module}.sum({module}.abs({notation.text(args[0])}){over})"
    if isinstance(axis, tuple) and len(axis) > 2:
        return f"{module}.sqrt({module}.sum({notation.text(power(args[0], 2))}{over}))"
    return f"{module}.linalg.norm({notation.text(args[0])}{over})"


TABLE: dict[str, str | Spelling] = {
    "pi": "np.pi", "ones": "np.ones({shape})", "zeros": "np.zeros({shape})", "eye": "np.eye({n})",
    "inner": inner, "tr": "np.trace({a})", "diag": diag, "einsum": "np.einsum('{spec}', {args})", "mse": mse,
    "transpose": swapped, "reshape": "np.reshape({a}, {shape})", "vec": "np.ravel({a}, order='F')",
    "broadcast_to": "np.broadcast_to({a}, {shape})", "place": place, "concatenate": joined,
    "tril": "np.tril({a}, {k})", "triu": "np.triu({a}, {k})", "cumsum": cumsum, "flip": "np.flip({a}, {axes})", "where": where,
    "cumprod": "np.cumprod({a}, axis={axis})",
    "var": "np.var({a}{over}, ddof={ddof})", "std": "np.std({a}{over}, ddof={ddof})", "norm": norm,
    "softmax": "softmax({a}{over})", "log_softmax": "log_softmax({a}{over})", "logsumexp": "logsumexp({a}{over})",
    "erf": "erf({a})", "lgamma": "lgamma({a})", "digamma": "digamma({a})", "trigamma": "trigamma({a})",
    "sigmoid": "sigmoid({a})", "softplus": "np.logaddexp(0, {a})", "silu": "silu({a})", "gelu": "gelu({a})",
    "relu": "np.maximum({a}, 0)", "leaky_relu": "leaky_relu({a}, {slope})", "elu": "elu({a}, {alpha})",
    "inv": "np.linalg.inv({a})", "det": "np.linalg.det({a})", "logdet": "np.linalg.slogdet({a})[1]",
    "solve": "np.linalg.solve({a}, {b})", "matpow": "np.linalg.matrix_power({a}, {k})", "pinv": "np.linalg.pinv({a})",
    "cholesky": "cholesky({a})", "expm": "expm({a})",
    "windows": "np.lib.stride_tricks.sliding_window_view({a}, {sizes}, {axes})", "overlap_add": "overlap_add({a}, {axes})",
    "eigvalsh": "eigvalsh({a})", "eigvecs": "eigvecs({a})",
}  # fmt: skip

HELPERS = {
    "softmax": '''def softmax(a, axis):
    """exp(a), scaled to sum 1 along the axis."""
    e = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
''',
    "log_softmax": '''def log_softmax(a, axis):
    """log(softmax(a))."""
    a = a - np.max(a, axis=axis, keepdims=True)
    return a - np.log(np.sum(np.exp(a), axis=axis, keepdims=True))
''',
    "logsumexp": '''def logsumexp(a, axis=None, keepdims=False):
    """log(sum(exp(a))) along the axis."""
    top = np.max(a, axis=axis, keepdims=True)
    out = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)
''',
    "sigmoid": '''def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0, -x))
''',
    "silu": '''def silu(x):
    """x / (1 + exp(-x))."""
    return x * np.exp(-np.logaddexp(0, -x))
''',
    "erf": '''def erf(x):
    """The error function of each entry."""
    return np.vectorize(math.erf, otypes=[float])(x)
''',
    "lgamma": '''def lgamma(x):
    """The logarithm of the gamma function of each entry."""
    return np.vectorize(math.lgamma, otypes=[float])(x)
''',
    "digamma": '''def digamma(x):
    """The derivative of log Gamma of each entry, x > 0: its asymptotic series at x + 10, and the steps back from there."""
    z = np.asarray(x, dtype=float) + 10
    series = 1/12 - (1/120 - (1/252 - (1/240 - (1/132 - 691/32760 / z**2) / z**2) / z**2) / z**2) / z**2
    return np.log(z) - 0.5 / z - series / z**2 - sum(1 / (z - k) for k in range(1, 11))
''',
    "trigamma": '''def trigamma(x):
    """The second derivative of log Gamma of each entry, x > 0: its asymptotic series at x + 10, and the steps back from there."""
    z = np.asarray(x, dtype=float) + 10
    series = 1/6 - (1/30 - (1/42 - (1/30 - (5/66 - 691/2730 / z**2) / z**2) / z**2) / z**2) / z**2
    return 1 / z + 0.5 / z**2 + series / z**3 + sum(1 / (z - k)**2 for k in range(1, 11))
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
    "eigvalsh": '''def eigvalsh(a):
    """The eigenvalues of (a + a.T) / 2 in rising order."""
    return np.linalg.eigvalsh((a + a.T) / 2)
''',
    "eigvecs": '''def eigvecs(a):
    """The eigenvectors of (a + a.T) / 2 as columns, the largest entry of each positive."""
    v = np.linalg.eigh((a + a.T) / 2)[1]
    return v * np.sign(np.take_along_axis(v, np.argmax(np.abs(v), axis=0)[None], 0))
''',
    "overlap_add": '''def overlap_add(a, axes):
    """Windows laid over each other: what is inside them, on the last axes, is added where the window along each axis puts it."""
    for axis in reversed(axes):
        size, around = a.shape[-1], [(0, 0)] * (a.ndim - 1)
        parts = [np.pad(a[..., k], [*around[:axis], (k, size - 1 - k), *around[axis + 1:]]) for k in range(size)]
        a = sum(parts)
    return a
''',
    "expm": '''def expm(a):
    """The matrix exponential: the series of a / 2**k, squared k times."""
    k = max(0, math.frexp(np.linalg.norm(a, 1))[1] + 1)
    out = term = np.eye(len(a))
    for n in range(1, 20):
        term = term @ a / (n * 2**k)
        out = out + term
    return np.linalg.matrix_power(out, 2**k)
''',
}

NUMPY = Target(
    "numpy", "np", ("import numpy as np",), TABLE, HELPERS,
    array="np.asarray({}, dtype=float)", number="np.float64({})", real="({}).astype(float)",
)  # fmt: skip
