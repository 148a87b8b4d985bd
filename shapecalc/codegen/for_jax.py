"""JAX: NumPy's spellings under another module, and its own neural functions."""

from __future__ import annotations

from . import for_numpy
from .writer import Spelling, Target

TABLE: dict[str, str | Spelling] = {
    **{name: how.replace("np.", "jnp.") if isinstance(how, str) else how for name, how in for_numpy.TABLE.items()},
    "softmax": "jax.nn.softmax({a}{over})", "log_softmax": "jax.nn.log_softmax({a}{over})", "logsumexp": "jax.nn.logsumexp({a}{over})",
    "erf": "jax.scipy.special.erf({a})", "sigmoid": "jax.nn.sigmoid({a})", "softplus": "jax.nn.softplus({a})", "silu": "jax.nn.silu({a})",
    "lgamma": "jax.scipy.special.gammaln({a})", "digamma": "jax.scipy.special.digamma({a})",
    "trigamma": "jax.scipy.special.polygamma(1, {a})",
    "gelu": "jax.nn.gelu({a}, approximate=False)", "relu": "jax.nn.relu({a})", "leaky_relu": "jax.nn.leaky_relu({a}, {slope})",
    "elu": "jax.nn.elu({a}, {alpha})", "expm": "jax.scipy.linalg.expm({a})",
    "windows": "windows({a}, {sizes}, {axes})",
}  # fmt: skip

IMPORTS = ("import jax", "import jax.numpy as jnp", "", 'jax.config.update("jax_enable_x64", True)  # double precision')
HELPERS = {
    **{name: for_numpy.HELPERS[name].replace("np.", "jnp.") for name in ("cholesky", "overlap_add", "eigvalsh", "eigvecs")},
    "windows": '''def windows(a, sizes, axes):
    """All windows of these sizes along the axes; what is inside them is on the last axes."""
    for axis, size in zip(axes, sizes):
        places = jnp.arange(a.shape[axis] - size + 1)[:, None] + jnp.arange(size)
        a = jnp.moveaxis(jnp.take(a, places, axis=axis), axis + 1, -1)
    return a
''',
}
JAX = Target(
    "jax", "jnp", IMPORTS, TABLE, HELPERS,
    array="jnp.asarray({}, dtype=float)", number="jnp.asarray({}, dtype=float)", real="({}).astype(float)",
)  # fmt: skip
