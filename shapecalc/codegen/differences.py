"""A test file: the derivative against central differences of the value, at two tuples of sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecalc.derivation import Program
from shapecalc.errors import NotKnownYet
from shapecalc.expr import Expr, Var, nodes
from shapecalc.shapes import Shape, names, show

from .for_numpy import NUMPY
from .functions import Code, code_for, functions, module
from .names import size_text

DRAWS = {
    "symmetric": "x = (x + x.T) / 2", "posdef": "x = x @ x.T + np.eye(len(x))",
    "positive": "x = np.abs(x) + 0.5", "nonnegative": "x = np.abs(x)",
    "diagonal": "x = x * np.eye(len(x))", "triangular": "x = np.tril(x)", "orthogonal": "x = np.linalg.qr(x)[0]",
    "onehot": "x = np.eye(x.shape[-1])[rng.integers(x.shape[-1], size=x.shape[:-1])]",
    "onehot_columns": "x = np.eye(x.shape[0])[rng.integers(x.shape[0], size=x.shape[1:])].T",
    "probabilities": "x = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)",
}  # fmt: skip

PROBLEM = '''def shapes({sizes}):
    """The shape of every argument."""
    return {{{shapes}}}


def drawn(rng, name, shape, positive):
    """Random numbers for an argument, of the kind that was declared."""
    x = rng.uniform(0.5, 1.5, size=shape) if positive else rng.normal(size=shape)
{kinds}    return x


def everything(values):
    """The value of every definition, and the derivative."""
    return [*forward(**values).values(), {results}]


def usable(values, rng):
    """Whether all is finite there, and steady: no singular matrix is inverted."""
    near = {{n: x if isinstance(x, int) else x * (1 + 1e-9 * rng.normal(size=np.shape(x))) for n, x in values.items()}}
    try:
        with np.errstate(all="ignore"):
            here, there = everything(values), everything(near)
    except np.linalg.LinAlgError:
        return False
    return all(np.all(np.abs(x) < 1e6) and np.allclose(x, y, 1e-4, 1e-4) for x, y in zip(here, there))


def point(seed):
    """Values at sizes that all differ, larger for a larger seed."""
    rng = np.random.default_rng(seed)
    for attempt in range(200):
        sizes = dict(zip({names}, map(int, seed + rng.permutation(np.arange(2, {most})))))
        values = {{n: drawn(rng, n, s, attempt >= 100) for n, s in shapes(**sizes).items()}}{loose}
        if usable(values, rng):
            return values
    raise AssertionError("no point was found where the value is finite")
'''

MOVED = '''def moved(values, name, index, step):
    """The same values with one entry changed."""
    x = np.array(values[name], dtype=float)
    x[index] += step
{structure}    return {{**values, name: x}}
'''

MIRRORED = """    if name in {names} and index[0] != index[1]:
        x[index[::-1]] += step  # the entry stands in two places
"""
KEPT = """    if name in {names} and {outside}:
        x[index] -= step  # no entry of its own
"""

GRADIENTS = '''
def objective(values):
    """The scalar that is differentiated."""
    made = forward(**values)
    return float(np.sum({objective}))


def differences(values, name, step=1e-5):
    """The gradient by one argument, entry by entry."""
    out = np.zeros(np.shape(values[name]))
    for index in np.ndindex(out.shape):
        up, down = (objective(moved(values, name, index, s)) for s in (step, -step))
        out[index] = (up - down) / (2 * step)
    return out


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", {cases})
def test_gradient(name, seed):
    values = point(seed)
    found = gradients(**values)[name]
    expected = differences(values, name){turned}
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 * (1 + abs(objective(values)) + np.max(np.abs(expected))))
'''

JACOBIAN = '''
def differences(values, step=1e-5):
    """Every entry of {of} by every entry of {wrt}: a matrix, columns stacked first."""
    columns = []
    for index in np.ndindex(np.shape(values["{wrt}"])[::-1]):
        up, down = (forward(**moved(values, "{wrt}", index[::-1], s))["{of}"] for s in (step, -step))
        columns.append(np.ravel((up - down) / (2 * step), order="F"))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("seed", [0, 1])
def test_jacobian(seed):
    values = point(seed)
    expected = differences(values){arrange}
    found = jacobian(**values)
    np.testing.assert_allclose(np.squeeze(found), np.squeeze(expected), rtol=1e-5, atol=1e-7 * (1 + np.max(np.abs(expected))))
'''

HESSIAN = '''
def objective(values):
    """The scalar that is differentiated."""
    return float(np.sum(forward(**values)["{loss}"]))


def differences(values, step):
    """Every second derivative: a matrix, columns stacked first."""
    rows, columns = (list(np.ndindex(np.shape(values[n])[::-1])) for n in ("{first}", "{second}"))
    out = np.zeros((len(rows), len(columns)))
    for i, j in np.ndindex(out.shape):
        for a in (1, -1):
            for b in (1, -1):
                near = moved(moved(values, "{first}", rows[i][::-1], a * step), "{second}", columns[j][::-1], b * step)
                out[i, j] += a * b * objective(near) / (4 * step**2)
    return out


@pytest.mark.parametrize("seed", [0, 1])
def test_hessian(seed):
    values = point(seed)
    # two steps, combined so that the error of the smaller one cancels
    expected = ((4 * differences(values, 1e-3) - differences(values, 2e-3)) / 3){arrange}
    found = hessian(**values)
    np.testing.assert_allclose(np.squeeze(found), np.squeeze(expected), rtol=1e-4, atol=1e-5 * (1 + np.max(np.abs(expected))))
'''


def pytest_module(program: Program) -> str:
    """NumPy code and the test of it, in one file for pytest."""
    code = code_for(program, NUMPY)
    written = functions(code)
    write = {"gradients": _of_gradients, "jacobian": _of_jacobian}.get(program.function, _of_hessian)
    text = module(code, [*written, *problem(code), *(part.strip("\n") + "\n" for part in write(program).split("\n\n\n"))])
    return text.replace("import numpy as np\n", "import numpy as np\nimport pytest\n", 1)


def _of_gradients(program: Program) -> str:
    wanted = [n for n, _, _ in program.outputs if n in dict(program.inputs)]
    if not wanted:
        raise NotKnownYet("a test moves the entries of a declared name, and none is differentiated by")
    turned = [n for n, _, turn in program.outputs if turn and n in wanted]
    all_turned = ".T" if turned == wanted else f"\n    if name in {_names(turned)}:\n        expected = expected.T" if turned else ""
    return GRADIENTS.format(objective=_objective(program), cases=_names(wanted), turned=all_turned)


def _of_jacobian(program: Program) -> str:
    wrt, of, definitions = program.outputs[0][0], str(program.of), dict(program.forward)
    if of not in definitions or wrt not in dict(program.inputs):
        raise NotKnownYet(f"a test needs a definition of {of} and moves the entries of a declared name, not of {wrt}")
    arrange = _arranged(program, definitions[of].shape, dict(program.inputs)[wrt], f'forward(**values)["{of}"]', f'values["{wrt}"]')
    return JACOBIAN.format(of=of, wrt=wrt, arrange=arrange)


def _of_hessian(program: Program) -> str:
    first = program.outputs[0][0]
    second, shapes = program.wrt2 or first, dict(program.inputs)
    if program.loss not in dict(program.forward):
        raise NotKnownYet(f"a test needs the definition of {program.loss}")
    arrange = _arranged(program, shapes[first], shapes[second], f'values["{first}"]', f'values["{second}"]')
    return HESSIAN.format(loss=program.loss, first=first, second=second, arrange=arrange)


def _names(items: Iterable[str]) -> str:
    """A list of names as Python text."""
    return "[" + ", ".join(f'"{i}"' for i in items) + "]"


def problem(code: Code) -> list[str]:
    """How values are drawn, and moved."""
    program, definitions = code.program, dict(code.program.forward)
    incoming = dict(program.incoming)
    inputs = [(n, s) for n, s in program.inputs if n not in incoming or incoming[n] in definitions]
    sizes = list(dict.fromkeys(n for _, s in inputs for d in s for n in names(d)))
    loose = "".join(f'\n        values["{n}"] = sizes["{code.spelled[n]}"]' for n in code.loose)
    text = PROBLEM.format(
        sizes=", ".join(code.spelled[n] for n in sizes),
        shapes=", ".join(f'"{n}": {show(tuple(size_text(d, code.spelled) for d in s))}' for n, s in inputs),
        kinds="".join(_kinds(program)), loose=loose, names=_names(code.spelled[n] for n in sizes), most=2 + max(len(sizes), 2),
        results="*gradients(**values).values()" if program.function == "gradients" else f"{program.function}(**values)",
    )  # fmt: skip
    return [*(part.strip("\n") + "\n" for part in text.split("\n\n\n")), MOVED.format(structure=_structure(program))]


def _structure(program: Program) -> str:
    """Lines that move a structured matrix within its structure, where the gradient is by the distinct entries."""
    found, out = properties(program), ""
    # a formula in place of the gradient's own name is the one by the distinct entries
    free = [n for n, e, _ in program.outputs if not isinstance(e, Var)] if program.function == "gradients" else []
    symmetric = [n for n in free if found.get(n, frozenset()) & {"symmetric", "posdef"}]
    if symmetric:
        out += MIRRORED.format(names=_names(symmetric))
    for word, outside in (("diagonal", "index[0] != index[1]"), ("triangular", "index[0] < index[1]")):
        kept = [n for n in free if word in found.get(n, frozenset()) and n not in symmetric]
        if kept:
            out += KEPT.format(names=_names(kept), outside=outside)
    return out


def properties(program: Program) -> dict[str, frozenset[str]]:
    """What was declared of each variable."""
    out: dict[str, frozenset[str]] = {}
    formulas: list[Expr] = [e for _, e in (*program.forward, *program.backward)] + [e for _, e, _ in program.outputs]
    for e in formulas:
        for node in nodes(e):
            if isinstance(node, Var):
                out[node.name] = out.get(node.name, frozenset()) | node.properties
    return out


def _kinds(program: Program) -> Iterator[str]:
    for name, found in properties(program).items():
        for kind, line in DRAWS.items():
            if kind in found and not (kind == "symmetric" and "posdef" in found):
                yield f'    if name == "{name}":\n        {line}\n'


def _objective(program: Program) -> str:
    if program.loss is not None:
        return f'made["{program.loss}"]'
    return " + ".join(f'np.sum(values["{g}"] * made["{d}"])' for g, d in program.incoming) or "0"


def _arranged(program: Program, of: Shape, wrt: Shape, of_text: str, wrt_text: str) -> str:
    """What brings the matrix of all entries by all entries into the layout."""
    first = program.layout == "numerator" or program.function == "hessian"
    if program.vec:
        return "" if first else ".T"
    of_shape, wrt_shape = f"np.shape({of_text})", f"np.shape({wrt_text})"
    if all(d == 1 for d in wrt):
        return f'.reshape({of_shape}, order="F")' + (".T" if not first and len(of) == 2 else "")
    if all(d == 1 for d in of):
        return f'.reshape({wrt_shape}, order="F")' + (".T" if first and len(wrt) == 2 else "")
    axes = (*range(len(of), len(of) + len(wrt)), *range(len(of)))
    return f'.reshape({of_shape} + {wrt_shape}, order="F")' + ("" if first else f".transpose({axes})")
