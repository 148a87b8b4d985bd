import numpy as np

def attention_backward(Q, K, V, dO):
    # Q: (T, d), K: (T2, d), V: (T2, dv)
    d = Q.shape[1]
    S = Q @ K.T / np.sqrt(d)
    P = np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)
    O = P @ V
    dV = P.T @ dO
    dP = dO @ V.T
    dS = P * (dP - (dP * P).sum(-1, keepdims=True))
    dQ = dS @ K / np.sqrt(d)
    dK = dS.T @ Q
    return dQ, dK, dV
