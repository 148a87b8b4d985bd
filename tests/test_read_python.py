"""Python: what a program computes is what its reading computes, by NumPy; what is not read is refused where it stands, with its reason."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pytest
from test_read_latex import Numbers

import shapecalc
from shapecalc.language.readers.files import read_file_text
from shapecalc.language.readers.reading import Reading

NOTE = "# X: (N, D); W: (D, C); b: (C,); V: (N, D); s: (); A: (D, D)"


def reading(body: str, before: str = "", note: str = NOTE, imports: str = "import numpy as np\nimport math\n") -> Reading:
    """The program `body`, in a function whose names have shapes."""
    head = f"{imports}{before}\ndef f(X, W, b, V, s, A):\n    {note}\n"
    (found,) = read_file_text(head + textwrap.indent(body, "    ") + "\n", "a.py")
    return found


def lines(found: Reading) -> list[str]:
    """What is defined and claimed, without the declarations."""
    return [line for line in found.source.splitlines() if "=" in line]


def problems(found: Reading) -> list[str]:
    return [str(found.anchored(error)).partition("\n")[2] for error in found.problems]


# ---- by value

PROGRAMS = """
Z = X[:, 1:]
Z = X[:, None] * b[:, None]
Z = b[None, :] + X @ W
Z = b[np.newaxis] + X @ W
Z = X[..., 0]
Z = X[:-1] - X[1:]
Z = X[0]
Z = X[-1, :]
Z = X[:, 0:2]
Z = X[:, ::-1]
Z = np.clip(X, 0.5, 1)
Z = np.clip(X, None, 1)
Z = X.clip(0.5)
Z = np.clip(X, a_min=0.5, a_max=None)
Z = np.broadcast_to(b, (X.shape[0], b.shape[0]))
n, d = X.shape; Z = X / d
n = X.shape[0]; m = n; Z = X / m
n, d = X.shape[:2]; Z = X / d
n = len(X); Z = X / n
Z = np.shape(X)[0] * X
Z = X / X.size
Z = X / np.prod(X.shape)
Z = X / np.prod(X.shape[1:])
Z = X * np.pi + math.pi
Z = np.array(X) + np.asarray(V).astype(np.float32).copy()
Z = abs(-X) + pow(V, 2) + float(s)
Z = (X > 1) & (V > 1)
Z = ~(X > 1)
Z = -X + +V
Z = 1_000 * X + 0x10 + .5
Z = X ** 2 ** 0.5 - -X ** 2
c = {"a": X, "b": V}; Z = c["a"] - c["b"]
c = (X, V); Z = c[0] - c[-1]
c = [X, V]; a, v = c; Z = a - v
c = (X, V, A); d, e = c[:2]; Z = d - e
c = (X, V, A); d, e = c[1:]; Z = d @ e
c = (X, V, A); d, e = c[:-1]; Z = d - e
Z, _ = X * 2, V
a = c = X * 2; Z = a + c
Z = X @ A; Z += V; Z -= 1; Z *= 2; Z /= 3; Z @= A
Z = X.copy(); Z[Z > 1] = 0
Z = X.copy(); Z[X > 1] = 2
Z = X.copy(); Z[X > 1] *= 2
Z = X.copy(); Z[X > 1] += 2
m = X > 1; Z = X.copy(); Z[m] = 0
m = X > 1; Z = X.copy(); Z[m] = 5
Z = np.where(X != 1, X, V)
Z: np.ndarray = X @ W
Z = np.eye(X.shape[1]) @ W
Z = np.zeros_like(X); Z += X
Z = np.concatenate([X, V], axis=1)
Z = X.sum((0, 1), keepdims=True)
Z = X.reshape(X.shape[1], X.shape[0])
Z = X.transpose(1, 0) @ np.transpose(V, (1, 0)).T
Z = np.linalg.slogdet(A @ A.T)[1]
Z = np.multiply(X, V) + np.divide(X, V) - np.subtract(X, V) + np.negative(X) + np.reciprocal(V)
for i in range(3): Z = X @ W
Y = X.copy(); Y *= 2; Z = X * 2
Y = X.sum(axis=1); Y /= 3; Z = X * 2
U, Y = X + 1, V + 1; U, Y = Y, U; Z = U - 2 * Y
U, Y = X + 1, V + 1; U, Y = Y * 2, U - Y; Z = U - 2 * Y
Z = np.transpose(X, (0, 1)) + X.transpose(0, 1)
Z = X.astype(float) + (X > 1).astype(int)
m = (X > 1).astype(float); Z = m + (V > 1).astype(float)
Z = np.var(X, 0) + X.var(0) + X.std(axis=0, ddof=1)
Z = X.max(axis=1)[0] + np.max(X, 1)[0]
Z = b.repeat(2)
Z = X.repeat(2, 1)
Z = np.linalg.norm(X, axis=1)
u, Y = np.split(X.T @ X, [1], axis=1); Z = u * Y
X, Y = np.split(A @ A, [2]); Z = X.sum() * Y
u, t = np.linalg.slogdet(A @ A.T); Z = X * t
Z = np.add.reduce(X) + np.multiply.reduce(X, axis=0)
Z = np.maximum.reduce(X, 1, keepdims=True) + X
Z = np.subtract.outer(b, X[0]) + np.add.outer(b, X[0])
Z = np.where(X > 1, X, -np.inf).max(axis=1)
Z = X / X.T.shape[0] + X / np.prod(X.T.shape[1:]) + X / len(X.T)
m, n = X.T.shape; Z = X * m / n
Z = X * np.prod(X.shape[0])
Z = np.prod(X @ W, axis=0)
a, c = X * 2, V * 3; Z = a + c
Z = np.linalg.norm(X, 3, axis=1, keepdims=True) + np.linalg.norm(b, 3, keepdims=True)
Z = np.tensordot(X, W, axes=1) + np.full((1,), 3, dtype=int)
Z = np.zeros(X.shape, dtype=np.float32) + np.sum(X, axis=0, dtype=float) + np.eye(X.shape[1], dtype=int)[0]
Z = np.sum(X > 1, axis=0, dtype=np.int64) * X
Z = np.column_stack((X, X[:, 0], V))
Z = np.column_stack([b, b * 2]) * np.size(X)
Z = np.c_[np.ones(X.shape[0]), X] + np.c_[X, V[:, 0]]
Z = np.c_[b, b]
Z = np.r_[b, X[0]]
Z = np.r_[X, V * 2]
""".strip().splitlines()
BLOCKS = [
    "if X is None:\n    Z = V\nelse:\n    Z = X + V",
    "if s is None:\n    return X\nZ = X * 2",
    "if s > 3:\n    raise ValueError\nZ = X * 2",
    "while True:\n    Z = X @ W\n    break",
    "for i in range(3):\n    print(i)\nZ = X * 2",
    "def g(a):\n    return a * 2\nZ = X * 3",
]
FUNCTIONS = {
    "def sq(x):\n    'doc'\n    t = x * x\n    return t + 1": "Z = sq(X @ W)",
    "def sq(x):\n    return x * x": "Y = sq(X); Z = sq(Y)",
    "from numpy import exp": "Z = exp(X) + V",
    "REG = 1_000": "Z = X * REG",
}


def computed(found: Reading, name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The values of the inputs, and what the reading gives for a name in its last version."""
    numbers = Numbers(found.source)
    given = {n: numbers.env[n] for n in numbers.problem.declared}
    (*_, last) = [n for n in numbers.problem.definitions if n == name or n.startswith(f"{name}_")]
    return given, numbers.env[last]


@pytest.mark.parametrize(("before", "body"), [*(("", p) for p in (*PROGRAMS, *BLOCKS)), *FUNCTIONS.items()])
def test_a_program_is_read_as_what_it_computes(before: str, body: str):
    found = reading(body.replace("; ", "\n"), before)
    assert not found.problems, problems(found)
    given, made = computed(found, "Z")
    space = {"np": np, "math": math, **{n: a.copy() for n, a in given.items()}}
    for name, value in {"X": (2, 3), "W": (3, 4), "b": (4,), "V": (2, 3), "s": (), "A": (3, 3)}.items():
        space.setdefault(name, np.ones(value))
    exec(before, space)  # noqa: S102 - our own programs
    exec(body.replace("; ", "\n").replace("return", "unused ="), space)  # noqa: S102 - likewise
    assert np.shape(made) == np.shape(space["Z"])
    np.testing.assert_allclose(made, space["Z"], rtol=1e-6)


# ---- what is another thing in another library

TORCH = """
Z = X - X.max(1, keepdim=True)[0]
Z = X - X.max(dim=1, keepdim=True).values
Z, _ = X.max(1)
Z, i = torch.min(X, dim=-1)
Z = torch.max(X, 1)[0] + torch.amax(X, 1)
Z = (X - X.mean(0)) / torch.sqrt(X.var(0) + 1e-5)
Z = X.var(0, unbiased=False) + torch.std(X, 0) + X.std(axis=0)
Z = X.repeat(2, 1) + V.repeat(2, 1)
Z = X.transpose(0, 1) @ V
Z = torch.norm(X, 1) * X
Z = F.cross_entropy(X, V, reduction="none")
Z, _ = X.max(1, True)
Z = torch.max(X, torch.tensor(1.0)) + torch.max(X, torch.tensor(1))
Z = torch.softmax(X.masked_fill(V < 0.9, float("-inf")), dim=1)
Z = nn.MSELoss()(X, V) * X
Z = nn.MSELoss(reduction="sum")(X, V) + nn.L1Loss()(X, V) + nn.SmoothL1Loss()(X, V) + nn.HuberLoss(delta=0.7)(X, V)
loss_fn = nn.CrossEntropyLoss(); Z = loss_fn(X, V)
criterion = nn.BCEWithLogitsLoss(); act = nn.Softplus(); Z = criterion(X, V) * act(X)
Z = nn.Softmax(dim=0)(X) + nn.LogSoftmax(1)(X) + nn.LeakyReLU(0.2)(X - 1) + nn.GELU()(X) + nn.Sigmoid()(X) + nn.SiLU()(X) + nn.Tanh()(X)
Z = torch.slogdet(A @ A.T).logabsdet * X + torch.linalg.slogdet(A @ A.T).sign
""".strip().splitlines()


@pytest.mark.autodiff
@pytest.mark.parametrize("body", TORCH)
def test_a_program_of_torch_is_read_as_what_torch_computes(body: str):
    torch = pytest.importorskip("torch")
    body = body.replace("; ", "\n")
    found = reading(body, "import torch\nfrom torch import nn\nimport torch.nn.functional as F", imports="")
    assert not found.problems, problems(found)
    given, made = computed(found, "Z")
    space = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, **{n: torch.tensor(a) for n, a in given.items()}}
    exec(body, space)  # noqa: S102 - our own programs
    np.testing.assert_allclose(made, space["Z"].numpy(), rtol=1e-6)


JAX = {
    "from jax.nn import gelu": "Z = gelu(X)",
    "import jax": "Z = jax.nn.gelu(X, approximate=False)",
    "from scipy.special import softmax": "Z = softmax(X)",
    "from scipy.linalg import cholesky": "Z = cholesky(A @ A.T)",
    "import scipy": "Z = scipy.special.log_softmax(X) + scipy.special.softmax(X, axis=1)",
}


@pytest.mark.parametrize("before", JAX)
def test_functions_are_those_of_the_library_that_they_come_from(before: str):
    special, nn = pytest.importorskip("scipy.special"), pytest.importorskip("jax").nn
    found = reading(JAX[before], before, imports="")
    given, made = computed(found, "Z")
    own = {n: pytest.importorskip(n) for n in ("jax", "scipy")} | given
    own |= {"gelu": nn.gelu, "softmax": special.softmax, "cholesky": pytest.importorskip("scipy.linalg").cholesky}
    exec(JAX[before], own)  # noqa: S102 - our own programs
    np.testing.assert_allclose(made, own["Z"], rtol=1e-5)


# ---- as PyTorch writes it, and names that everybody means alike

READ = {
    "n = X.size(0)\nZ = X / n": ["Z = X / N"],
    "Z = X / X.size(1) / X.T.size(0)": ["Z = X / D / D"],
    "Z = X.clamp(min=0)": ["Z = maximum(X, 0)"],
    "Z = F.one_hot(X.argmax(dim=-1))": ["Z = X == max(X, axis=-1, keepdims=True)"],
    "Z = F.one_hot(np.argmax(X, axis=1))": ["Z = X == max(X, axis=-1, keepdims=True)"],
    "Z = X.masked_fill(X > 1, -float('inf'))": ["Z = masked_fill(X, X > 1, -1000000000)"],
    "Z = X @ W\ndZ = dZ\ndW = X.T @ dZ\ndW = dW": ["Z = X @ W", "dW = X.T @ dZ"],
    "a, Z = None, X * 2": ["Z = X * 2"],
    "Z = X * 2\nif __name__ == '__main__':\n    Z = V": ["Z = X * 2"],
    "Z = float(s) * X": ["Z = s * X"],
    "Z = X.clamp(0, 1)": ["Z = minimum(maximum(X, 0), 1)"],
    "Z = X.clamp_min(0) + V.clamp_max(1)": ["Z = maximum(X, 0) + minimum(V, 1)"],
    "Z = b.expand(X.shape[0], b.shape[0])": ["Z = broadcast_to(b, (N, C))"],
    "Z = X * 2\nY = V[0].expand_as(Z)": ["Z = X * 2", "Y = broadcast_to(V[0], (N, D))"],
    "Z = X * torch.cast(X > 0, torch.float32)": ["Z = X * (X > 0)"],
    "Z = relu(X) + torch.tanh(V)": ["Z = relu(X) + tanh(V)"],
    "Z = X.data + V": ["Z = X + V"],
    "X.requires_grad_()\nZ = X * 2\nZ.retain_grad_()\nY = Z + 1": ["Z = X * 2", "Y = Z + 1"],
    "if training:\n    Z = X * 2\nelse:\n    Z = V": ["Z = X * 2"],
    "if not training:\n    Z = X * 2\nelse:\n    Z = V * 3": ["Z = V * 3"],
    'if mode == "train":\n    Z = X * 2': ["Z = X * 2"],
    "with torch.no_grad():\n    Z = X @ W": ["Z = X @ W"],
    'eps = settings.get("eps", 1e-5)\nZ = X + eps': ["Z = X + eps"],
    "return X @ W": ["out = X @ W"],
    "Z = X @ W\nreturn {'dW': X.T @ dZ, 'db': None}": ["Z = X @ W", "dW = X.T @ dZ"],
    "grads = {}\nZ = X @ W\ngrads['W'] = X.T @ dZ": ["Z = X @ W", "dW = X.T @ dZ"],
    "grads = dict(a=1)\nZ = X @ W\ngrads['W'] = X.T @ dZ": ["Z = X @ W", "dW = X.T @ dZ"],
    "Z = X @ W\nW.grad -= X.T @ dZ": ["Z = X @ W", "dW = -X.T @ dZ"],
    "Z = X @ W\ndW = np.zeros(W.shape)\ndW += X.T @ dZ": ["Z = X @ W", "dW = X.T @ dZ"],
    "Z = X @ W\ndW = X.T @ dZ\nW -= 0.1 * dW": ["Z = X @ W", "dW = X.T @ dZ"],
    "Z = X @ W\ndW = X.T @ dZ\ndW *= 2": ["Z = X @ W", "dW_part = X.T @ dZ", "dW = dW_part * 2"],
}


@pytest.mark.parametrize("body", READ)
def test_what_is_read(body: str):
    found = reading(body)
    assert (lines(found), problems(found)) == (READ[body], [])


# ---- what is refused: the reason, drawn below the program

REFUSED = {
    "Z = X[::2]": "slices with a step other than [::-1] are not read",
    "Z = X[X > 1]": "an array cut down by a mask is not read",
    "Z = X // 2": "the operator of this operation is not read",
    "Z = 0 < X < 1": "this comparison is not read",
    "Z = X if s > 0 else V": "a choice is not read",
    "Z = [x for x in X]": "a comprehension is not read",
    "Z = lambda x: x": "a lambda is not read",
    'Z = {"a": X}["a"]': "a dictionary is not read",
    "Z = not X": "a negation is read of a comparison only",
    "Z = int(s) * X": "int cuts off what stands behind the point",
    "Z = (X > 1) + (V > 1)": "Python adds truth values to a truth value",
    "m = X > 1\nk = V > 1\nZ = m + k": "Python adds truth values to a truth value",
    "Z = X.astype(int) * 2": "a whole number has its decimals cut off",
    "Z = X.astype('int32') * 2": "a whole number has its decimals cut off",
    "Z = X.to(torch.int64) * 2": "a whole number has its decimals cut off",
    "Z = X.item(0)": "one entry picked by its number is not read",
    "Z = np.add.outer(X, b)": "add.outer is read of two vectors",
    "Z = np.add.accumulate(b)": "numpy.add.accumulate is not read",
    "a, Z = X[:, 0] * 2": "what is taken apart here is not known",
    "torch.relu(X)\nZ = np.exp(X) + X.var(0)": "X.var(0) can be read in two ways: as NumPy's var, and as torch's",
    "Z = max(X)": "Python's own max is not read",
    "Z = X * np.e": "numpy.e is not read",
    "Z = np.array([X, V])": "[X, V] is not a formula",
    "Z = 1e400 * X": "this number is too long",
    "Z = 5j * X": "this constant is not read",
    'Z = "it\'s" + X': "this constant is not read",
    "Z = np.sum(X, where=X > 0)": "out=, where= and ** are not read",
    "Z = f(X)(V)": "this call is not read",
    "Z = np.random.randn(3) * X": "numpy.random.randn is not read",
    "Z = X.foo()": "the method .foo is not read",
    "Z = (X @ W).shape": ".shape is not read",
    "Z = np.foo(X)": "numpy.foo is not read",
    "Z = np.c_[s, X]": "only arrays are read side by side",
    "Z = np.r_[1:3, b]": "a slice is not read",
    "Z = foo(X)": "the function foo is not known here",
    "Z = X.add_(V)": ".add_ changes an array in place, which is not read",
    "Z = X.clamp(low=0)": "clamp with low is not read",
    "Z = b.expand_as(X @ W)": "the shape that this is expanded to is not known",
    "c = (X, V)\nZ = c[5]": "this index is not read",
    "c = (X, V)\nZ = c[::2]": "this index is not read",
    "a, Z = X": "what is taken apart here is not known",
    "(a, (Z, d)) = (X, (V, A))": "this target is not read",
    "Z = X @ A\nZ //= 2\nY = Z": "this assignment is not read",
    "try:\n    Z = X\nexcept ValueError:\n    Z = V": "this statement is not read",
    "if s > 0:\n    Z = X\nelse:\n    Z = V": "a choice is not read",
    "if s > 3:\n    return X\nZ = X % 2": "a choice is not read",
    "for i in range(3):\n    Z = X * i": "a loop is not read",
    "for i in range(3):\n    Z = Z @ A": "a loop that changes Z from one round to the next is not read",
    "Z = X.copy()\nZ[0] = 0\nY = Z": "giving a part of an array a value is not read",
    "Z = X.copy()\nZ[0, 1] = 0\nY = Z": "giving a part of an array a value is not read",
    "g = {1: X}\nZ = g[1]": "this is not an array",
    "Z = X.size(5) * X": "X is (N, D): there is no such axis",
    "n = np.prod(X.shape[::2])\nZ = X * n": "this uses n, which hangs on line",
    "c = (X, V)\nZ = c[s:]": "this index is not read",
    "Z = X[b]": "picking by an array is not read",
    "Z = F.one_hot(torch.argmax(X, 0))": "one_hot is read of the place of a maximum only",
    "Z = F.one_hot(X.argmax())": "one_hot is read of the place of a maximum only",
    "x, *Z = X, V, A": "what is taken apart here is not known",
    "Z = np.array(X, int)": "a whole number has its decimals cut off",
    "Z = np.sum(X, axis=0, dtype=int)": "a whole number has its decimals cut off",
    "Z = np.full((3,), 0.5, dtype=int)": "a whole number has its decimals cut off",
    "Z = len(s) * X": "a scalar has no len",
    "Z = Q.T.shape[0] * X": "the shape of Q is not told",
}
SPOILT = {  # arrays that are changed by a call, or under another name: what used them would be misread
    "Z = U = X * 2\nU += 1\nY = Z * 1": "this uses Z, which hangs on line",
    "Z = X * 2\nc = [Z, V]\nU = c[0]\nU *= 2\nY = Z + 1": "this uses Z, which hangs on line",
    "Z = X * 2\nZ.shape = (3, 2)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nZ.T[0] = 1\nY = Z + 1": "this uses Z, which hangs on line",
    "Z = X * 2\nnp.exp(Z, Z)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\ntorch.relu_(Z)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nF.relu(Z, inplace=True)\nY = Z + 1": "a change in place by a function is not read",
    "X.fill(0)\nY = X * 2": "a change in place by a function is not read",
    "np.add.at(X, 0, 1)\nY = X * 2": "a change in place by a function is not read",
    "Z = X * 2\nZ.fill_(0)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nnp.copyto(Z, V)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nnp.multiply(Z, 2, out=Z)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nU = np.multiply(Z, 2, out=Z)\nY = Z + 1": "a change in place by a function is not read",
    "Z = X * 2\nfor i in range(3):\n    Z.fill(0)\nY = Z + 1": "a loop that changes Z from one round to the next is not read",
    "Z = X * 2\nif s > 0:\n    Z.fill(0)\nY = Z + 1": "a choice is not read",
    "Z = X\nZ += V\nY = X * 2": "this uses X, which hangs on line",
    "Z = X.T\nZ += 1\nY = X * 2": "this uses X, which hangs on line",
    "Z = X[:, 0]\nZ *= 2\nY = X * 2": "this uses X, which hangs on line",
    "Z = np.asarray(X)\nZ *= 2\nY = X * 2": "this uses X, which hangs on line",
    "H = X @ W\nZ = H.reshape(-1)\nZ += 1\nY = H * 2": "this uses H, which hangs on line",
}
NO_FORMULA = {
    "def sq(x, k=2):\n    return x * k": "the arguments of sq are not read",
    "def sq(x):\n    return sq(x)": "sq is not read: sq calls itself",
    "def sq(x):\n    for i in range(2):\n        x = x * x\n    return x": "sq is more than one formula",
    "def sq(x):\n    pass": "sq is more than one formula",
    "def sq(x):\n    x += 1\n    return x": "sq is more than one formula",
    "def sq(x):\n    t = x * x": "sq is more than one formula",
    "def sq(*x):\n    return x": "the arguments of sq are not read",
    "from numpy import sq": "sq is not read",
    "from numpy.random import randn as sq": "sq is not read",
    "def sq(x):\n    return x % 2": "sq is not read: the operator of this operation is not read",
}


@pytest.mark.parametrize(
    ("before", "body", "reason"),
    [
        *(("", body, reason) for body, reason in (REFUSED | SPOILT).items()),
        *((before, "Z = sq(X)", reason) for before, reason in NO_FORMULA.items()),
        ("def sq(x):\n    return x * x", "Z = sq(x=X)", "arguments by name are not read here"),
    ],
)
def test_what_is_not_read_is_refused_with_its_reason(before: str, body: str, reason: str):
    found = reading(body, before)
    told = problems(found)
    assert any(reason in text for text in told), told
    last = "Y" if "Y = " in body else "Z"
    assert not any(line.startswith((f"{last} =", f"{last}_")) for line in lines(found))


PARTS = {
    "u, v, w = torch.split(X, 2, 1)\nZ = u": [f"{name} = torch.split(X, 2, 1)[{k}]" for k, name in enumerate("uvw")],
    "u, w = X.split([2, 4], dim=1)\nZ = u": ["u = X.split([2, 4], dim=1)[0]", "w = X.split([2, 4], dim=1)[1]"],
    "X, w = X.chunk(2, dim=-1)\nZ = X": ["X_2 = X.chunk(2, dim=-1)[0]", "w = X.chunk(2, dim=-1)[1]"],
    "u, w = R\nZ = u": ["u = R[0]", "w = R[1]"],
    "u, _ = torch.max(X, 1)\nZ = u": ["u = torch.max(X, 1)[0]"],
}


@pytest.mark.parametrize("body", PARTS)
def test_a_value_is_taken_apart_as_the_library_does_it(body: str):
    found = reading(body, note="# X: (N, 6); R: (2, N)", imports="import torch\n")
    assert (lines(found)[: len(PARTS[body])], problems(found)) == (PARTS[body], [])


def test_names_for_another_number_of_parts_are_refused():
    found = reading("u, w = torch.split(X, 2, 1)\nZ = u + w", note="# X: (N, 6)", imports="import torch\n")
    assert any("what is taken apart here is not known" in text for text in problems(found))


OTHERS = {"import optax": "optax.huber_loss(X, V)", "import scipy.stats": "scipy.stats.norm(X)", "import keras": "keras.losses.mse(X, V)"}


@pytest.mark.parametrize("imports", OTHERS)
def test_what_a_function_of_another_library_does_is_not_guessed(imports: str):
    found = reading(f"Z = {OTHERS[imports]}", imports)
    assert any("is not read" in text for text in problems(found)), problems(found)
    assert not any(line.startswith("Z") for line in lines(found))


# ---- what a later step hands back

STEP = """
def step(x, h0, c0, Wx, Wh, V, dh_next, dc_next):
    # x: (N, D); h0: (N, H); c0: (N, H); Wx: (D, H); Wh: (H, H); V: (H, K); dy: (N, K); dh_next: (N, H); dc_next: (N, H)
    c = c0 * 2 + np.tanh(x @ Wx)
    h = np.tanh(h0 @ Wh) * np.tanh(c)
    y = h @ V
    dh = dy @ V.T {sign} dh_next
    dc = dh * np.tanh(h0 @ Wh) * (1 - np.tanh(c)**2) + dc_next
    dc0 = dc * 2
"""


@pytest.mark.parametrize(("sign", "wanted"), [("+", "right right right"), ("-", "wrong right right")])
def test_what_a_later_step_hands_back_comes_in_besides(sign: str, wanted: str):
    (found,) = read_file_text("import numpy as np\n" + STEP.replace("{sign}", sign), "a.py")
    assert "dh_next: upstream(h)" in found.source
    assert "dc_next: upstream(c)" in found.source
    assert " ".join(v.verdict for v in shapecalc.check(found.source).claims) == wanted
