"""The problems that are measured, as texts."""

from __future__ import annotations

AFFINE = "X: (S, D)\nW: (D, M)\nb: (M,)\nZ = X @ W + b\n"
ENDS = {
    "upstream": "",
    "MSE": "Y: (S, M)\nL = sum((Z - Y)**2) / (2*S)\n",
    "softmax CE": "Y: (S, M)\nL = -sum(Y * log_softmax(Z)) / S\n",
}
LOSSES = tuple(ENDS)


def affine(loss: str = "upstream") -> str:
    """The affine layer with a loss."""
    return AFFINE + ENDS[loss]


def mlp(layers: int) -> str:
    """ReLU and biases in every layer, mean squared error at the end."""
    lines = ["X: (S, D0)", f"Y: (S, D{layers})"]
    for k in range(1, layers + 1):
        lines += [f"W{k}: (D{k - 1}, D{k})", f"b{k}: (D{k},)"]
    for k in range(1, layers + 1):
        before = f"H{k - 1}" if k > 1 else "X"
        lines += [f"Z{k} = {before} @ W{k} + b{k}", f"H{k} = relu(Z{k})"]
    return "\n".join([*lines, f"L = sum((H{layers} - Y)**2) / (2*S)"])


PARAMETERS = {
    "Wq": "E, K", "Wk": "E, K", "Wv": "E, V", "Wo": "V, E", "ga": "E,", "ha": "E,",
    "W1_": "E, F", "b1_": "F,", "W2_": "F, E", "b2_": "E,", "gb": "E,", "hb": "E,",
}  # fmt: skip
BLOCK = """\
Q{k} = {x} @ Wq{k}
T{k} = {x} @ Wk{k}
U{k} = {x} @ Wv{k}
A{k} = softmax(Q{k} @ T{k}.T / sqrt(K))
R{k} = {x} + A{k} @ U{k} @ Wo{k}
C{k} = R{k} - mean(R{k}, axis=1, keepdims=True)
s{k} = mean(C{k}**2, axis=1, keepdims=True)
N{k} = C{k} / sqrt(s{k} + 1) * ga{k} + ha{k}
H{k} = relu(N{k} @ W1_{k} + b1_{k})
G{k} = N{k} + H{k} @ W2_{k} + b2_{k}
B{k} = G{k} - mean(G{k}, axis=1, keepdims=True)
t{k} = mean(B{k}**2, axis=1, keepdims=True)
X{k} = B{k} / sqrt(t{k} + 1) * gb{k} + hb{k}"""


def transformer(blocks: int) -> str:
    """Attention, layer norm, MLP, layer norm, with residual connections: twelve parameters and thirteen definitions a block."""
    lines = ["X0: (S, E)"]
    lines += [f"{name}{k}: ({shape})" for k in range(1, blocks + 1) for name, shape in PARAMETERS.items()]
    lines += [BLOCK.format(k=k, x=f"X{k - 1}") for k in range(1, blocks + 1)]
    return "\n".join(lines)
