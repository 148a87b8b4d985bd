import jax.numpy as jnp
from jaxtyping import Array, Float

def layer(x: Float[Array, "batch inp"], w: Float[Array, "inp out"], b: Float[Array, "out"]) -> Float[Array, "batch out"]:
    return jnp.tanh(x @ w + b)

def layer_bwd(x: Float[Array, "batch inp"], w: Float[Array, "inp out"], b: Float[Array, "out"], g: Float[Array, "batch out"]):
    z = x @ w + b
    y = jnp.tanh(z)
    dy = g
    dz = dy * (1 - y ** 2)
    dw = x.T @ dz
    db = dz.sum(axis=0)
    dx = w @ dz.T
    return dx, dw, db
