"""The modules that a formula may name before a function: they are dropped where all libraries mean the same by it."""

from __future__ import annotations

from collections.abc import Sequence

from .tokens import Kind, Token

PREFIXES = frozenset(
    """np numpy torch jnp jax.numpy math F nn.functional torch.nn.functional jax.nn np.linalg numpy.linalg torch.linalg jnp.linalg
    jax.numpy.linalg scipy.linalg scipy.special torch.special jax.scipy.special jax.scipy.linalg tf tf.math tf.nn tf.linalg
    tensorflow tensorflow.math tensorflow.nn tensorflow.linalg einops""".split()  # noqa: SIM905 - a list of words
)
MODULES = frozenset(prefix.partition(".")[0] for prefix in PREFIXES)
LONGEST = max(prefix.count(".") + 1 for prefix in PREFIXES)


def prefix_at(tokens: Sequence[Token], place: int) -> tuple[str, int]:
    """The longest such module that the dotted words from this place spell, and the place of the name behind it; "" for none."""
    if tokens[place].text not in MODULES:
        return "", place
    for count in range(LONGEST, 0, -1):
        path = tokens[place : place + 2 * count + 2]
        dotted = "".join(token.text for token in path[: 2 * count])
        if len(path) <= 2 * count or path[2 * count].kind is not Kind.NAME or not dotted.endswith(".") or dotted[:-1] not in PREFIXES:
            continue
        # F and tf are variables too: F.T, F.shape
        if dotted not in ("F.", "tf.") or path[-1].text == "(":
            return dotted[:-1], place + 2 * count
    return "", place
