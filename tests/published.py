"""Published cases as sheets, with random values for their names, and the comparison of numbers."""

from __future__ import annotations

import re
import zlib

import numpy as np

POOL = (3, 4, 5, 6, 7, 8, 9)


# ---- the numbers ---------------------------------------------------------------


def _softmax(a, axis=-1):
    a = np.asarray(a, float)
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _logsumexp(a, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims))


def _diag(v):
    v = np.asarray(v)
    return np.diag(v.reshape(-1))


def _shape(args):
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


NUMPY = {
    "sum": lambda a, axis=None, keepdims=False: np.sum(a, axis=axis, keepdims=keepdims),
    "mean": lambda a, axis=None, keepdims=False: np.mean(a, axis=axis, keepdims=keepdims),
    "max": lambda a, axis=None, keepdims=False: np.max(a, axis=axis, keepdims=keepdims),
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "maximum": np.maximum,
    "sigmoid": lambda a: 1 / (1 + np.exp(-np.asarray(a, float))),
    "relu": lambda a: np.maximum(a, 0.0),
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "tr": np.trace,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "norm": lambda a: np.sqrt(np.sum(np.asarray(a, float) ** 2)),
    "diag": _diag,
    "diagonal": np.diagonal,
    "outer": np.outer,
    "kron": np.kron,
    "vec": lambda a: np.asarray(a).reshape(-1, order="F"),
    "ones": lambda *s: np.ones(_shape(s)),
    "zeros": lambda *s: np.zeros(_shape(s)),
    "eye": lambda n: np.eye(int(n)),
    "matpow": np.linalg.matrix_power,
    "einsum": np.einsum,
}
NUMPY |= {
    name: getattr(np, name)
    for name in [
        "log1p",
        "expm1",
        "square",
        "reciprocal",
        "sinh",
        "cosh",
        "arcsin",
        "arccos",
        "arctan",
        "minimum",
        "clip",
        "where",
        "cumsum",
        "tril",
        "triu",
        "reshape",
        "transpose",
        "swapaxes",
        "moveaxis",
        "trace",
        "inner",
        "dot",
        "vdot",
        "var",
        "std",
        "prod",
        "power",
        "concatenate",
        "stack",
        "broadcast_to",
        "expand_dims",
        "squeeze",
    ]
}
NUMPY |= {
    "solve": np.linalg.solve,
    "pinv": np.linalg.pinv,
    "cholesky": np.linalg.cholesky,
    "softplus": lambda a: np.logaddexp(0, a),
    "log_softmax": lambda a, axis=-1: np.log(_softmax(a, axis)),
    "silu": lambda a: a / (1 + np.exp(-np.asarray(a, float))),
}


def evaluate(text, names):
    with np.errstate(all="ignore"):
        return np.asarray(eval(text, {"__builtins__": {}}, {**NUMPY, **names}), float)  # our own case files


def draw(shape, kinds, rng):
    """One random value; kinds are the case's words for what the variable is."""
    n = tuple(shape)
    if "spd" in kinds or "posdef" in kinds:
        a = rng.normal(size=n)
        return a @ a.T / n[0] + np.eye(n[0])
    if "invertible" in kinds:
        a = rng.normal(size=n) * 0.4 + np.eye(n[0]) * 2.5
        return (a + a.T) / 2 if "symmetric" in kinds else a
    if "sym" in kinds or "symmetric" in kinds:
        a = rng.normal(size=n)
        return (a + a.T) / 2
    if "diagonal" in kinds:
        return np.diag(rng.uniform(0.5, 2.0, size=n[0]))
    if "pos" in kinds or "positive" in kinds:
        return rng.uniform(0.5, 1.6, size=n)
    if "unit" in kinds:
        return rng.uniform(0.1, 0.9, size=n)
    if "binary" in kinds:
        return (rng.uniform(size=n) < 0.6).astype(float)
    if "pm1" in kinds:
        return np.where(rng.uniform(size=n) < 0.5, -1.0, 1.0)
    if "onehot" in kinds:
        rows, k = (1, n[0]) if len(n) == 1 else n
        return np.eye(k)[rng.integers(k, size=rows)].reshape(n)
    if "onehot_columns" in kinds:
        return draw((n[1], n[0]), ("onehot",), rng).T
    if "prob" in kinds:
        a = rng.uniform(0.2, 1.0, size=n)
        return a / a.sum(axis=-1, keepdims=True)
    return rng.normal(size=n) * 0.8


def kinds_of(case, name):
    words = case.get("domain", {}).get(name) or case.get("assume", {}).get(name) or ()
    return (words,) if isinstance(words, str) else tuple(words)


def size_names(case):
    return list(dict.fromkeys(d for s in case["shapes"].values() for d in s if isinstance(d, str)))


def assignment(case, trial):
    """sizes, and values of every declared name and incoming gradient; deterministic for a case and a trial."""
    rng = np.random.default_rng([zlib.crc32(case["id"].encode()), trial])
    for _ in range(200):
        values, scope = one_draw(case, rng)
        if all(np.any(scope[k] > 0) and np.any(scope[k] < 0) for k in case.get("mixed", ())):
            return values, scope
    raise RuntimeError("no usable draw")


def one_draw(case, rng):
    names = size_names(case)
    for _ in range(4000):
        sizes = {d: int(n) for d, n in zip(names, rng.permutation(POOL), strict=False)}
        if all(sizes[a] < sizes[b] for a, b in case.get("dim_order", ())) and all(
            eval(c, {"__builtins__": {}}, sizes) for c in case.get("dims", ())
        ):
            break
    values = {}
    for name, shape in case["shapes"].items():
        n = [sizes[d] if isinstance(d, str) else d for d in shape]
        values[name] = np.asarray(draw(n, kinds_of(case, name), rng), float)
    scope = {**sizes, **values}
    for name, text in case.get("let", {}).items():
        scope[name] = evaluate(text, scope)
    for grad, of in (case.get("upstream") or {}).items():
        values[grad] = scope[grad] = rng.normal(size=scope[of].shape)
    for name, text in case.get("where", {}).items():
        scope[name] = evaluate(text, scope)
    return values, scope


# ---- the case as a sheet in the language ---------------------------------------

PROPERTY = {
    "spd": "posdef",
    "posdef": "posdef",
    "sym": "symmetric",
    "symmetric": "symmetric",
    "pos": "positive",
    "positive": "positive",
    "invertible": "invertible",
    "diagonal": "diagonal",
    "onehot": "onehot",
    "onehot_columns": "onehot_columns",
    "prob": "probabilities",
}


def sheet(case):
    lines = []
    for name, shape in case["shapes"].items():
        dims = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        words = " ".join(PROPERTY[k] for k in kinds_of(case, name) if k in PROPERTY)
        lines.append(f"{name}: {words} {dims}" if words else f"{name}: {dims}")
    for name, text in case.get("let", {}).items():
        lines.append(f"{name} = {text}")
    for grad, of in (case.get("upstream") or {}).items():
        if grad != "d" + of:
            lines.append(f"{grad}: upstream({of})")
    before, _ = abbreviations(case)
    lines += before
    if case.get("loss"):
        lines.append(f"{free_name(case, 'L')} = {case['loss']}")
    if case.get("fn") or (case.get("kind") and "expr" in case):
        lines.append(f"{free_name(case, 'out')} = {case.get('fn') or case['expr']}")
    return "\n".join(lines)


def abbreviations(case):
    """The source's own abbreviations: those of plain values (before the loss), and those that use gradients (after it)."""
    before, after = [], []
    gradients = set(case.get("upstream") or ())
    for name, text in case.get("where", {}).items():
        late = name.startswith("d") or bool(gradients & set(re.findall(r"[A-Za-z_]\w*", text)))
        gradients |= {name} if late else set()
        (after if late else before).append(f"{name} = {text}")
    return before, after


def free_name(case, name):
    taken = set(case["shapes"]) | set(size_names(case)) | set(case.get("let", {}))
    while name in taken:
        name += "_"
    return name


def wrt_of(case):
    m = re.fullmatch(r"vec\((\w+)\)", case["wrt"])
    return (m.group(1), True) if m else (case["wrt"], bool(case.get("vec")))


def strip(a):
    a = np.asarray(a, float)
    while a.ndim and a.shape[0] == 1:
        a = a[0]
    return a


def agrees(got, want, kind):
    if kind not in {"hessian", "jacobian"}:
        got, want = strip(got), strip(want)
    else:
        got, want = np.squeeze(got), np.squeeze(want)
    if got.shape != want.shape:
        return f"shape {got.shape}, expected {want.shape}"
    scale = 1 + np.max(np.abs(want), initial=0)
    gap = float(np.max(np.abs(got - want), initial=0)) / scale
    return "" if gap < 1e-6 else f"differs by {gap:.1e}"


def left_side(case):
    wrt, out = wrt_of(case)[0], free_name(case, "out")
    return {
        "gradient": f"d{wrt}",
        "jacobian": f"d{out}/d{wrt}",
        "hessian": f"d2{free_name(case, 'L') if case.get('loss') else out}/d{wrt}2",
    }[case.get("kind", "gradient")]
