import jax
import jax.numpy as jnp

# x: (N, D), w: (D,), b: (), y: (N,)

def predict(x, w, b):
    return jax.nn.sigmoid(jnp.dot(x, w) + b)

def loss_fn(w, b, x, y):
    p = predict(x, w, b)
    return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log(1 - p))

def manual_grad(w, b, x, y):
    p = predict(x, w, b)
    err = p - y
    grad_w = jnp.dot(x.T, err) / x.shape[0]
    grad_b = jnp.sum(err)
    return grad_w, grad_b
