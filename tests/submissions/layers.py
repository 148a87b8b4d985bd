import numpy as np

def affine_forward(x, w, b):
    # x: (N, D); w: (D, M); b: (M,)
    out = x.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    # x: (N, M)
    out = np.maximum(0, x)
    cache = x
    return out, cache

def relu_backward(dout, cache):
    dx, x = None, cache
    dx = dout * (x > 0)
    return dx

def layernorm_forward(x, gamma, beta, eps=1e-5):
    # x: (N, D), gamma: (D,), beta: (D,)
    mu = x.mean(axis=1, keepdims=True)
    var = ((x - mu) ** 2).mean(axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + eps)
    out = gamma * xhat + beta
    return out, (x, mu, var, xhat, gamma, eps)

def layernorm_backward(dout, cache):
    x, mu, var, xhat, gamma, eps = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    D = x.shape[1]
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True)) / np.sqrt(var + eps)
    return dx, dgamma, dbeta
