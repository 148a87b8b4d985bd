import jax.numpy as jnp
import jax

def mlp_loss(params, x, y):
    # x: (B, D), y: (B, K), W1: (D, H), b1: (H,), W2: (H, K), b2: (K,)
    W1, b1, W2, b2 = params
    z = jnp.dot(x, W1) + b1
    h = jax.nn.relu(z)
    out = jnp.matmul(h, W2) + b2
    loss = jnp.mean((out - y) ** 2)
    dout = 2 * (out - y) / out.shape[0]
    dW2 = jnp.einsum('bh,bk->hk', h, dout)
    db2 = dout.sum(0)
    dh = jnp.einsum('bk,hk->bh', dout, W2)
    dz = jnp.where(z > 0, dh, 0)
    dW1 = x.T @ dz
    db1 = jnp.sum(dz, 0)
    return loss
