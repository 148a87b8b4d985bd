"""PyTorch: its own names for axes, its functions of tensors only, and its neural functions."""

from __future__ import annotations

from shapecalc import notation
from shapecalc.expr import Apply, Var
from shapecalc.forms import add, transposed
from shapecalc.ops.reducing import axes_of

from .spelling import Args, cumsum, diag, inner, joined, margins, mse, swapped, where
from .writer import FLOATING, Spelling, Target, Writer

NEURAL = "torch.nn.functional."


def extreme(bound: str) -> Spelling:
    """The larger or smaller of two, where a Python number may be one of them."""

    def call(writer: Writer, node: Apply, args: Args) -> str:
        for k in (1, 0):
            if node.args[k] in writer.numbers and node.args[1 - k] not in writer.numbers:
                return f"torch.clamp({notation.text(args[1 - k])}, {bound}={notation.text(args[k])})"
        a, b = _tensors(writer, node, args)
        return f"torch.{'maximum' if bound == 'min' else 'minimum'}({a}, {b})"

    return call


def _tensors(writer: Writer, node: Apply, args: Args) -> list[str]:
    return [writer.wrapped(b) if a in writer.numbers else notation.text(b) for a, b in zip(node.args, args, strict=True)]


def clip(writer: Writer, node: Apply, args: Args) -> str:
    """Held between two bounds, which are both Python numbers or both tensors; torch cannot go back through clamp if it broadcasts."""
    plain = all(a in writer.numbers for a in node.args[1:])
    x, *bounds = _tensors(writer, node, args)
    if not plain and len({a.shape for a in node.args}) > 1:
        return f"torch.minimum(torch.maximum({x}, {bounds[0]}), {bounds[1]})"
    return f"torch.clamp({x}, {', '.join(map(notation.text, args[1:]) if plain else bounds)})"


def softmax(name: str, several: str) -> Spelling:
    """Along one axis by its name; along several, written out."""

    def call(_: Writer, node: Apply, args: Args) -> str:
        axis, a = node["axis"], notation.text(args[0])
        if isinstance(axis, int):
            return f"torch.{name}({a}, dim={axis})"
        dims = axis or tuple(range(len(node.shape)))
        rest = Var(f"torch.logsumexp({a}, dim={dims}, keepdim=True)", node.shape)
        return several.format(notation.text(add(args[0], rest, signs=(1, -1))))

    return call


def outer(_: Writer, node: Apply, args: Args) -> str:
    """The products of all entries of two tensors."""
    flat = [notation.text(b) if len(a.shape) == 1 else f"torch.ravel({notation.text(b)})" for a, b in zip(node.args, args, strict=True)]
    return f"torch.outer({', '.join(flat)})"


def vec(_: Writer, node: Apply, args: Args) -> str:
    """The columns stacked."""
    rank = len(node.args[0].shape)
    if rank <= 2:
        return f"torch.ravel({notation.text(transposed(args[0]))})"
    return f"torch.ravel(torch.permute({notation.text(args[0])}, {tuple(reversed(range(rank)))}))"


def place(writer: Writer, node: Apply, args: Args) -> str:
    """A tensor put into zeros; the margins of the last axis come first."""
    zeros = ", ".join(f"{before}, {behind}" for before, behind in reversed(margins(writer, node)))
    return f"{NEURAL}pad({notation.text(args[0])}, ({zeros}))"


def unfolded(writer: Writer, node: Apply, args: Args) -> str:
    """Sliding windows, axis by axis."""
    out = notation.text(args[0])
    for axis, size in zip(node["axes"], node["shape"], strict=True):
        out = f"torch.Tensor.unfold({out}, {axis}, {writer.size(size)}, 1)"
    return out


def logsumexp(writer: Writer, node: Apply, args: Args) -> str:
    """The axes are always named."""
    return f"torch.logsumexp({notation.text(args[0])}{writer.over(node, every=True)})"


def product(writer: Writer, node: Apply, args: Args) -> str:
    """The product of all entries, or along one axis after the other, the last first."""
    axis, a = node["axis"], notation.text(args[0])
    if axis is None and not node["keepdims"]:
        return f"torch.prod({a})"
    for k in sorted(axes_of(dict(node.params), len(node.args[0].shape)), reverse=True):
        a = f"torch.prod({a}, dim={k}{', keepdim=True' if node['keepdims'] else ''})"
    return a


TABLE: dict[str, str | Spelling] = {
    "ones": "{like}.new_ones({shape})", "zeros": "{like}.new_zeros({shape})",
    "eye": "torch.eye({n}, dtype={like}.dtype, device={like}.device)",
    "outer": outer, "inner": inner, "tr": "torch.trace({a})", "diag": diag, "einsum": "torch.einsum('{spec}', {args})", "mse": mse,
    "transpose": swapped, "reshape": "torch.reshape({a}, {shape})", "vec": vec, "broadcast_to": "torch.broadcast_to({a}, {shape})",
    "place": place, "concatenate": joined, "tril": "torch.tril({a}, {k})", "triu": "torch.triu({a}, {k})", "cumsum": cumsum,
    "flip": "torch.flip({a}, {axes})",
    "where": where, "maximum": extreme("min"), "minimum": extreme("max"), "clip": clip,
    "prod": product, "cumprod": "torch.cumprod({a}, dim={axis})", "max": "torch.amax({a}{over})", "min": "torch.amin({a}{over})",
    "var": "torch.var({a}{over}, correction={ddof})", "std": "torch.std({a}{over}, correction={ddof})",
    "norm": "torch.linalg.vector_norm({a}, {ord}{over})",
    "softmax": softmax("softmax", "torch.exp({})"), "log_softmax": softmax("log_softmax", "{}"), "logsumexp": logsumexp,
    # above 40 softplus(x) is x in double precision; torch's own threshold of 20 is not
    "softplus": NEURAL + "softplus({a}, threshold=40)", "silu": NEURAL + "silu({a})", "gelu": NEURAL + "gelu({a})",
    "leaky_relu": NEURAL + "leaky_relu({a}, {slope})", "elu": NEURAL + "elu({a}, {alpha})",
    "trigamma": "torch.special.polygamma(1, {a})",
    "inv": "torch.linalg.inv({a})", "det": "torch.linalg.det({a})", "logdet": "torch.linalg.slogdet({a})[1]",
    "solve": "torch.linalg.solve({a}, {b})", "matpow": "torch.linalg.matrix_power({a}, {k})", "pinv": "torch.linalg.pinv({a})",
    "cholesky": "cholesky({a})", "kron": "kron({a}, {b})", "expm": "torch.linalg.matrix_exp({a})", "cross": "torch.linalg.cross({a}, {b})",
    "eigvalsh": "eigvalsh({a})", "eigvecs": "eigvecs({a})", "windows": unfolded, "overlap_add": "overlap_add({a}, {axes})",
}  # fmt: skip

SCALARS = {
    "pi": "math.pi", "arcsin": "math.asin({a})", "arccos": "math.acos({a})", "arctan": "math.atan({a})", "abs": "abs({a})",
    **{name: f"math.{name}({{a}})" for name in (*(FLOATING - {"arcsin", "arccos", "arctan"}), "erf")},
}  # fmt: skip

HELPERS = {
    "cholesky": '''def cholesky(a):
    """The lower triangular L with L @ L.T = (a + a.T) / 2."""
    return torch.linalg.cholesky((a + a.T) / 2)
''',
    "overlap_add": '''def overlap_add(a, axes):
    """Windows laid over each other: what is inside them, on the last axes, is added where the window along each axis puts it."""
    for axis in reversed(axes):
        size, around = a.shape[-1], a.dim() - 2 - axis
        a = sum(torch.nn.functional.pad(a[..., k], [0, 0] * around + [k, size - 1 - k]) for k in range(size))
    return a
''',
    "eigvalsh": '''def eigvalsh(a):
    """The eigenvalues of (a + a.T) / 2 in rising order."""
    return torch.linalg.eigvalsh((a + a.T) / 2)
''',
    "eigvecs": '''def eigvecs(a):
    """The eigenvectors of (a + a.T) / 2 as columns, the largest entry of each positive."""
    v = torch.linalg.eigh((a + a.T) / 2)[1]
    return v * torch.sign(torch.gather(v, 0, torch.argmax(torch.abs(v), dim=0)[None]))
''',
    # torch.kron itself fails for some transposed matrices: it views instead of reshaping
    "kron": '''def kron(a, b):
    """The Kronecker product."""
    return torch.kron(a.contiguous(), b.contiguous())
''',
}

TORCH = Target(
    "torch", "torch", ("import torch",), TABLE, HELPERS,
    array="torch.as_tensor({}, dtype=torch.float64)", number="{like}.new_tensor({})", real="({}).to({like}.dtype)",
    axis="dim", keepdims="keepdim", shape="tuple({}.shape)", scalars=SCALARS, arrays_only=True,
)  # fmt: skip
