"""What others take for the same work, each used as its manual shows; imported when it is asked for, and left out where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _affine(library: Any, loss: str, S: int, D: int, M: int) -> tuple[Any, list[Any]]:
    """A loss of Z = XW + b as one expression of a computer algebra system, and the symbols of W and b."""
    symbol = library.Symbol
    X, Y = ([[symbol(f"{name}_{i}_{j}") for j in range(n)] for i in range(S)] for name, n in (("X", D), ("Y", M)))
    W, b = [[symbol(f"W_{i}_{j}") for j in range(M)] for i in range(D)], [symbol(f"b_{j}") for j in range(M)]
    columns = list(zip(*W, strict=True))
    Z = [[library.Add(*[x * w for x, w in zip(row, columns[j], strict=True)], b[j]) for j in range(M)] for row in X]
    pairs = [(z, y) for zs, ys in zip(Z, Y, strict=True) for z, y in zip(zs, ys, strict=True)]
    if loss == "upstream":
        L = library.Add(*[z * y for z, y in pairs])
    elif loss == "MSE":
        L = library.Add(*[(z - y) ** 2 for z, y in pairs]) / (2 * S)
    else:
        total = [library.log(library.Add(*[library.exp(z) for z in zs])) for zs in Z]
        L = -library.Add(*[y * (z - t) for zs, ys, t in zip(Z, Y, total, strict=True) for z, y in zip(zs, ys, strict=True)]) / S
    return L, [w for row in W for w in row] + b


def sympy_diff(loss: str, S: int, D: int, M: int) -> list[Any]:
    """The whole loss differentiated by every symbol."""
    import sympy

    L, symbols = _affine(sympy, loss, S, D, M)
    return [L.diff(s) for s in symbols]


def symengine_diff(loss: str, S: int, D: int, M: int) -> list[Any]:
    """The same in symengine."""
    import symengine

    L, symbols = _affine(symengine, loss, S, D, M)
    return [L.diff(s) for s in symbols]


def sympy_claim(S: int, D: int, M: int) -> Callable[[], bool]:
    """dW = XᵀdZ decided by sympy: the loss differentiated entry by entry once, then each claim expanded and compared."""
    import sympy

    X, W, G = (
        sympy.Matrix(r, c, lambda i, j, n=name: sympy.Symbol(f"{n}_{i}_{j}")) for name, r, c in (("X", S, D), ("W", D, M), ("G", S, M))
    )
    Z = X * W
    L = sympy.Add(*[Z[i, j] * G[i, j] for i in range(S) for j in range(M)])
    truth = sympy.Matrix(D, M, lambda i, j: L.diff(W[i, j]))
    return lambda: (X.T * G - truth).expand() == sympy.zeros(D, M)


# ---- deep chains ------------------------------------------------------------------------


def matrix_graph(layers: int) -> str:
    """A bare graph of matrices, ReLU and biases: shapes checked, adjoints made, a named line for each; nothing is recognised or proved."""
    known: dict[tuple[Any, ...], int] = {}
    shapes: list[tuple[str, ...]] = []

    def node(shape: tuple[str, ...], *key: Any) -> int:
        found = known.get(key)
        if found is None:
            found = known[key] = len(shapes)
            shapes.append(shape)
        return found

    H = node(("S", "D0"), "X")
    forward = []
    for k in range(1, layers + 1):
        W, b = node((f"D{k - 1}", f"D{k}"), "W", k), node((f"D{k}",), "b", k)
        assert shapes[H][1] == shapes[W][0]
        Z = node((shapes[H][0], shapes[W][1]), "+", node((shapes[H][0], shapes[W][1]), "@", H, W), b)
        forward.append((H, W, Z))
        H = node(shapes[Z], "relu", Z)
    A = node(shapes[H], "-", H, node(shapes[H], "Y"))
    lines = []
    for k in range(layers, 0, -1):
        before, W, Z = forward[k - 1]
        A = node(shapes[Z], "*", A, node(shapes[Z], "test", Z))
        dW = node((shapes[before][1], shapes[A][1]), "@", node(shapes[before][::-1], "T", before), A)
        node((shapes[A][1],), "sum", A)
        assert shapes[dW] == shapes[W]
        lines.append(f"dZ{k} = dH{k} * (Z{k} > 0)\ndW{k} = H{k - 1}.T @ dZ{k}\ndb{k} = sum(dZ{k}, axis=0)")
        A = node(shapes[before], "@", A, node(shapes[W][::-1], "T", W))
        lines.append(f"dH{k - 1} = dZ{k} @ W{k}.T")
    return "\n".join(lines)


def torch_numbers(layers: int) -> Callable[[], Any]:
    """One numeric forward and backward pass of the same network, at sizes 2 and 3: no derivation, numbers only."""
    import torch

    torch.set_num_threads(1)
    X, Y = torch.randn(2, 3), torch.randn(2, 3)
    Ws, bs = ([torch.randn(*s, requires_grad=True) for _ in range(layers)] for s in ((3, 3), (3,)))

    def run() -> Any:
        H = X
        for W, b in zip(Ws, bs, strict=True):
            H = torch.relu(H @ W + b)
        return torch.autograd.grad(((H - Y) ** 2).sum(), Ws + bs)

    return run


def tensorgrad_chain(layers: int) -> int:
    """Every gradient as text; ReLU and biases, as here."""
    import sympy
    import tensorgrad
    from tensorgrad import functions

    S, *sizes = sympy.symbols(f"S d0:{layers + 1}")
    H = tensorgrad.Variable("X", s=S, k0=sizes[0])
    parameters = []
    for k in range(layers):
        W = tensorgrad.Variable(f"W{k}", **{f"k{k}": sizes[k], f"k{k + 1}": sizes[k + 1]})
        b = tensorgrad.Variable(f"b{k}", **{f"k{k + 1}": sizes[k + 1]})
        parameters += [W, b]
        H = functions.relu(H @ W + b @ tensorgrad.Ones(s=S))
    e = H - tensorgrad.Variable("Y", **{"s": S, f"k{layers}": sizes[layers]})
    L = e @ e
    return sum(len(str(L.grad(p).full_simplify())) for p in parameters)


def pytensor_chain(layers: int) -> Any:
    """PyTensor's grad by every parameter, then its rewrites of the graph; nothing is compiled or printed."""
    import pytensor
    from pytensor import tensor
    from pytensor.graph.fg import FunctionGraph
    from pytensor.graph.rewriting.utils import rewrite_graph

    X, Y = tensor.dmatrix("X"), tensor.dmatrix("Y")
    parameters = []
    H = X
    for k in range(layers):
        W, b = tensor.dmatrix(f"W{k}"), tensor.dvector(f"b{k}")
        parameters += [W, b]
        H = tensor.maximum(H @ W + b, 0)
    gradients = pytensor.grad(((H - Y) ** 2).sum() / (2 * X.shape[0]), parameters)
    graph = FunctionGraph(outputs=gradients, clone=True)
    return rewrite_graph(graph, include=("canonicalize", "stabilize"))


# ---- whole programs ---------------------------------------------------------------------

TYPER = """
import typer
app = typer.Typer()
@app.command()
def derive(s: int = 2, d: int = 3, m: int = 3):
    "Derive the affine gradients."
    print("dW = X.T @ dZ")
app()
"""
