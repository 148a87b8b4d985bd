"""LaTeX: formulas of published notes are read right, by value, or refused with a caret; none is misread."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from shapecalc.codegen import generate
from shapecalc.derivation import Program
from shapecalc.errors import ShapecalcError
from shapecalc.expr import Var
from shapecalc.language.builder import Builder, Scope
from shapecalc.language.readers.latex_document import read_tex
from shapecalc.language.readers.latex_reader import read_latex
from shapecalc.language.readers.told_shapes import told
from shapecalc.language.sheet import read
from shapecalc.language.statements import Equality, GradTarget, split
from shapecalc.shapes import names, value

DATA = Path(__file__).parent / "latex_formulas"
SIZES = (2, 3, 4, 5, 6, 7)


@dataclass
class Formula:
    """One entry of a data file."""

    id: str
    source: str = ""
    given: str = ""
    latex: str = ""
    reads: list = field(default_factory=list)
    refused: list = field(default_factory=list)


def formulas(file):
    """The entries of a data file."""
    found = []
    for block in (DATA / file).read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("# ")]
        if not lines:
            continue
        entry = Formula(lines[0].strip("[]"))
        for line in lines[1:]:
            key, _, text = line.partition(": ")
            if key in {"reads", "refused"}:
                getattr(entry, key).append(text)
            else:
                setattr(entry, key, (getattr(entry, key) + "\n" + text).strip("\n"))
        found.append(entry)
    return found


class Numbers:
    """Random values for a sheet, and the values of formulas about it."""

    def __init__(self, given, equal=False):
        self.problem = read(given + ("" if "=" in given else "\nnothing = 0"))
        self.rng = np.random.default_rng(7)
        self.sizes = {}
        self.equal = equal
        self.vars, self.env = {}, {}
        for name, variable in self.problem.declared.items():
            self.add(name, self.random(variable.shape, variable.properties), variable.shape)
        for name, e in self.problem.definitions.items():
            self.add(name, self.run(e), e.shape)
            self.add(self.problem.upstream.get(name) or self.problem.gradient_name(name), self.random(e.shape), e.shape)
        for name, variable in self.problem.declared.items():
            self.add(self.problem.gradient_name(name), self.random(variable.shape), variable.shape)

    def add(self, name, array, shape):
        if name not in self.env:
            self.env[name], self.vars[name] = array, Var(name, shape)

    def concrete(self, shape):
        for name in (n for d in shape for n in names(d)):
            self.sizes.setdefault(name, 3 if self.equal else SIZES[len(self.sizes) % len(SIZES)])
        return tuple(value(d, self.sizes) for d in shape)

    def random(self, shape, properties=frozenset()):
        array = self.rng.uniform(0.3, 1.7, self.concrete(shape))
        if properties & {"symmetric", "posdef"}:
            array = array + array.T + 4 * np.eye(len(array)) * ("posdef" in properties)
        return array

    def run(self, e):
        inputs = tuple((n, v.shape) for n, v in self.vars.items())
        program = Program(inputs, (), (), (("value", e, False),), None, (), "jacobian", "value")
        scope = {}
        exec(generate(program, "numpy"), scope)  # noqa: S102 - our own generated code
        code = scope["jacobian"].__code__
        given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return scope["jacobian"](**{n: self.env[n] if n in self.env else self.sizes[n] for n in given if n in self.env or n in self.sizes})

    def build(self, node, text):
        known = [*self.problem.sizes]
        e = Builder(Scope(self.vars, known, functions=self.problem.functions, source=text)).build(node)
        self.concrete(e.shape)
        return e


def sides(line):
    """The kind and name of a statement, and its formulas."""
    (statement,) = split(line)
    if isinstance(statement, Equality):
        return "equality", [statement.left, statement.right]
    target = statement.target
    if isinstance(target, GradTarget):
        return (target.wrt, target.wrt2, target.order), list(statement.values)
    return target.name, list(statement.values)


def differs(numbers, got, wanted):
    """What is different between a line that was read and the line that should have been, or ""."""
    (kind, found), (right, formulas) = sides(got), sides(wanted)
    if kind != right or len(found) != len(formulas):
        return f"{got} is no {wanted}"
    for a, b in zip(found, formulas, strict=True):
        try:
            e, w = numbers.build(a, got), numbers.build(b, wanted)
        except ShapecalcError as error:
            if got == wanted:
                continue
            return f"{got}: {error}"
        x, y = numbers.run(e), numbers.run(w)
        shapes = [s[next((k for k, d in enumerate(s) if d != 1), len(s)) :] for s in (np.shape(x), np.shape(y))]
        if shapes[0] != shapes[1] or not np.allclose(np.reshape(x, np.shape(y)), y, equal_nan=True):
            return f"{got} is not {wanted}"
        if isinstance(kind, str) and kind != "equality":
            numbers.add(kind, x, e.shape)
    return ""


def verdict(entry, equal=False):
    """right, refused, unread (neither as expected), or misread, with the reason."""
    reading = read_latex(entry.latex, entry.given)
    given = [line for line in read_latex("", entry.given).source.splitlines() if line]
    lines = [line for line in reading.source.splitlines() if line and line not in given]
    for problem in reading.problems:
        assert problem.span is not None, problem
        assert problem.source is not None, problem
    if sorted(map(str, (sides(line)[0] for line in lines))) != sorted(map(str, (sides(line)[0] for line in entry.reads))):
        missing = len(lines) < len(entry.reads)
        return "unread" if missing else "misread", f"{lines} for {entry.reads}; {[str(p) for p in reading.problems]}"
    numbers = Numbers(entry.given, equal)
    waiting = list(entry.reads)
    for line in lines:
        wanted = next(w for w in waiting if str(sides(w)[0]) == str(sides(line)[0]))
        waiting.remove(wanted)
        why = differs(numbers, line, wanted)
        if why:
            return "misread", why
    if bool(reading.problems) != bool(entry.refused):
        return "unread", str([str(p) for p in reading.problems])
    return "right" if entry.reads else "refused", ""


PUBLISHED = [entry for file in ("published.txt", "further.txt", "books.txt", "statistics.txt") for entry in formulas(file)]


@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda e: e.id)
def test_published_formulas_are_read_right_or_refused(entry):
    outcome, why = verdict(entry)
    assert outcome == ("right" if entry.reads else "refused"), why


# ---- the corners of the reader: what each sign is read as, and why another is refused

GIVEN = (
    "X: (N, D); W: (D, C); b: (C,); V: (N, D); s: (); A: (D, D); x: (D,); y: (D,); z: (N,); P: (N, N); t: (N, 1); T: (B, N, D); "
    "def f(v) = v**3; Z = X @ W; u = s**2 + x @ A @ x; L = sum(Z**2) + u"
)
READ = r"""
q = X W − 1 -> q = X @ W - 1
q_j = \max_i X_{ij} -> q = max(X, axis=0)
q = \max_i x_i -> q = max(x)
q = \sum_{i=0}^{D-1} x_i -> q = sum(x)
dL = \operatorname{tr}(X^\top dX) / s -> ∂L/∂X = X / s
q_{kji} = T_{ijk} -> q = transpose(T, (2, 1, 0))
q_{ki} = \sum_j T_{ijk} -> q = sum(T, axis=1).T
q_i = \sum_{jk} T_{ijk} -> q = sum(T, axis=(1, 2))
q = \sum_i x_i \odot X_{i} -> q = X @ x
q_i = \frac{\partial L}{\partial x_i} -> q = dx
q = \mathbf{1}_{N \times D} s -> q = s * ones(N, D)
q = \mathbf{1}^\top \odot x^\top -> q = x
q = x^{} -> q = x
q = x'^{} -> q = x
q = A^{\circ 2} -> q = A * A
q = X_{1,\bullet} -> q = X[0]
q = X_{2,2} -> q = X[1, 1]
q = x, \quad \forall x -> q = x
q = x, \quad (N \times D) -> q = x
q = X′ V -> q = X.T @ V
q = 𝑋 𝑊 -> q = X @ W
q = XᵀV -> q = X.T @ V
q = ∥x∥² -> q = sum(x**2)
q = X{}^\top z -> q = X.T @ z
q = \mathbf{1}^\top x -> q = ones(D) @ x
q = \mathbf{1}_N^\top z -> q = ones(N) @ z
q = I_D x -> q = x
q = \mathbf{2} s -> q = 2 * s
q = \mathcal{x + y} -> q = x + y
q = \sum_{i=0}^{N-1} z_i -> q = sum(z)
q = \sum_{i=1}^{N} s -> q = N * s
q = \sum_{i,d} X_{id} -> q = sum(X)
q = \sum_i P_{ii} -> q = trace(P)
q_i = P_{ii} -> q = diag(P)
q_i = \sum_{j,k} P_{ij} P_{jk} z_k -> q = P @ P @ z
q_{ik} = \sum_{j} P_{ij} P_{jk} P_{ki} -> q = P @ P * P.T
q = \max_{d} x_d -> q = max(x)
q_i = \max_{d} X_{id} -> q = max(X, axis=1)
q_i = |z_i| -> q = abs(z)
q_i = \max(z_i, 0) -> q = maximum(z, 0)
q_i = \frac{e^{z_i}}{\sum_j e^{z_j}} -> q = softmax(z)
q_{di} = X_{id} -> q = X.T
q_{ijd} = P_{ij} x_d -> q = P[:, :, None] * x
q_{i} = X_{i1} -> q = X[:, 0]
q = x_1 + x_2 -> q = x[0] + x[1]
q = A_{12} + A_{2,1} -> q = A[0, 1] + A[1, 0]
q = A_{:1} -> q = A[:, 0]
q_{ij} = \delta_{ij} z_i -> q = diag(z)
q = \langle x, y \rangle -> q = x @ y
q = \langle X, V \rangle_F -> q = sum(X * V)
q = |A| -> q = det(A)
q = \|x\|_1^2 -> q = sum(abs(x))**2
q = \|x\|_\infty -> q = max(abs(x))
q = x' y -> q = x @ y
q = x \cdot y -> q = x @ y
q = x y^\top -> q = outer(x, y)
q = z X -> q = z @ X
q = t x^\top -> q = t @ x[None, :]
q = T W -> q = T @ W
q = A^{-\top} -> q = inv(A).T
q = z \odot X A -> q = z[:, None] * (X @ A)
q = x \odot X W -> q = (x * X) @ W
q = x \odot A y -> q = x * (A @ y)
q = x \odot x \odot A y -> q = x * x * (A @ y)
q = A \odot x y^\top -> q = A * outer(x, y)
q = x \odot y x^\top -> q = outer(x * y, x)
q = X A \odot V -> q = (X @ A) * V
q = 2 x \odot y / s -> q = 2 * x * y / s
q = A^{\odot -1} -> q = 1 / A
q = s^{-1} -> q = 1 / s
q = \sigma'(x) -> q = sigmoid(x) * (1 - sigmoid(x))
q = \tanh'(x) -> q = 1 - tanh(x)**2
q = \operatorname{tr} A -> q = trace(A)
q = \operatorname{tr}(A)^\top -> q = trace(A)
q = X \odot z -> q = X * z[:, None]
q = X / x -> q = X / x
q = \mathbb{1}(s > 0) -> q = s > 0
q = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} x_1 -> q = stack([stack([1, 2]), stack([3, 4])]) * x[0]
q = \begin{bmatrix} 1 \\ 2 \\ \end{bmatrix} -> q = stack([1, 2])
q = \begin{bmatrix} A & A \\ A & A \end{bmatrix} -> q = concatenate([concatenate([A, A], axis=1), concatenate([A, A], axis=1)], axis=0)
q = \begin{bmatrix} A \\ X \end{bmatrix} -> q = concatenate([A, X], axis=0)
q = \underbrace{A x}_{\text{big}} + \overbrace{x}^{n} -> q = A @ x + x
q = \underbrace A -> q = A
\hspace*{2em} q = x \label{eq:v} \tag{3} -> q = x
\begin{aligned}[t] q &= 2 x \\ &+ A x \end{aligned} -> q = 2 * x + A @ x
\begin{alignat}{2} q &= x \\*[4pt] r &= A q \end{alignat} -> q = x; r = A @ q
q := x -> q = x
q = x \quad r = y -> q = x; r = y
q = x \forall i -> q = x
\frac{\partial^2}{\partial x \partial x^\top} u = A + A^\top -> ∂²u/∂x² = A + A.T
\partial_s u = 2 s -> ∂u/∂s = 2 * s
\partial^2 L / \partial x^2 = A -> ∂²L/∂x² = A
\nabla_x \nabla_x L = A -> ∂²L/∂x² = A
dL/dW = 2 X^\top Z -> ∂L/∂W = 2 * X.T @ Z
dL = \operatorname{tr}(2 Z^\top X dW) -> ∂L/∂W = 2 * X.T @ Z
dL = \frac{\operatorname{tr}(Z^\top X dW)}{2} -> ∂L/∂W = X.T @ Z / 2
dL = \langle dZ, 2 Z \rangle -> ∂L/∂Z = 2 * Z
dL = \operatorname{tr}(dW^\top X^\top Z) + 2 s ds -> ∂L/∂W = X.T @ Z; ∂L/∂s = 2 * s
dL = \operatorname{tr}(\operatorname{tr}(A) A dA) -> ∂L/∂A = trace(A) * A.T
dL = \operatorname{tr}(V^\top (X \odot dX)) -> ∂L/∂X = V * X
dL = x^\top dx - s ds -> ∂L/∂x = x; ∂L/∂s = -s
dL = ds -> ∂L/∂s = 1
""".strip().splitlines()
REFUSED = r"""
q = X☃W -> ☃ cannot stand here
q = 1234567890123456789012345678901234567890123456789 x -> this number is too long
q = x² -> the power of a vector can mean many things
q = {} -> nothing stands in these braces
q = () -> nothing stands in this bracket
q = \sqrt{} -> nothing stands here
q = \sqrt[3]{s} -> only square roots are read
q = \frac{}{2} -> a part of this fraction is missing
q = {A x -> { is never closed
q = (A x -> ( is never closed
q = A x) -> ) closes nothing
q = \|x -> \| is never closed
q = |s -> | is never closed
q = \begin{bmatrix} 1 & 2 -> the environment bmatrix is never closed
\begin{aligned}[t q &= x \end{aligned} -> [ is never closed
q = \begin{bmatrix} x & y \\ y \end{bmatrix} -> the rows of this matrix differ in length
q = \begin{bmatrix} A & 1 \\ 0 & A \end{bmatrix} -> this matrix mixes numbers, vectors and matrices
q = \begin{vmatrix} A \end{vmatrix} -> write \det of the matrix
q = \langle x \rangle -> an inner product has two sides
q = \langle X, x \rangle -> an inner product of (N, D) and (D,)
q = \langle X, W \rangle -> an inner product of (N, D) and (D, C)
q_i = \sum_{d=1}^{3} x_d -> d takes 3 values here, but the axis has D
q = \sum_{i=1}^{N+1} z_i -> i takes N + 1 values here, but the axis has N
q = \sum_{i=2}^{N} z_i -> a sum begins at 1
q = \sum_{i=1}^{X} z_i -> this is no size
q = \sum_{i} s -> the index i occurs nowhere in this sum
q = \sum z_i -> over what the sum runs is not written
q = \sum_{i<j} z_i -> this range is not read
q = \sum_{i=}^N z_i -> nothing stands after =
q = \max_{i} s -> over what the max runs cannot be seen
q_{ij} = (X_{ij})_k -> these indices cannot be read
q_i = T_{ij} -> 2 indices on (B, N, D)
q = \sum_{i=1}^{D-1} x_i -> i takes D - 1 values here, but the axis has D
q = \sum_{i=2}^{D} x_i -> a sum begins at 1
q = \sum_{i=1}^{x} x_i -> this is no size
q = \sum_{i=1}^{Q} x_i -> Q is not declared
q = \begin{cases} x & s > 0 \end{cases} -> cases are read where each has a value and a condition
q = \begin{cases} s & s \\ 0 & \text{otherwise} \end{cases} -> a case wants a comparison
q = \begin{cases} s & s > 0 \\ 0 & s \end{cases} -> the last of several cases is the one that is left
\frac{\partial L}{\partial} = s -> by what is differentiated is missing
\frac{\partial^2 u}{\partial x \partial x \partial x} = A -> the orders above and below the line differ
dL = \operatorname{tr}(\operatorname{tr}(X^\top dX)) -> a trace inside a trace
q_{ij} = x_k -> the index k is neither summed nor on the left
q = \frac{\partial^2 L}{\partial x^2} x -> a second derivative has no name inside a formula
q = \frac{\partial L}{\partial (x+y)} -> by what is differentiated is not a name
q = \frac{\partial L}{\partial Q} -> Q is not declared
q = \frac{1} -> something is missing at the end of this
q = x^{()} -> this index cannot be read
q = x \odot I -> what size this has cannot be seen here
q = x_{1,2} -> 2 indices on (D,)
q = x \\ y -> this row has no =
q = \max(s, 1, 2) -> max of more than two is not read
q = x_0 -> there is no entry 0 on an axis of D
q = s_1 -> a number has no entries
q = \delta_{ij} -> how large this identity is cannot be seen
q_{i} = X_{ij} -> the index i is neither summed nor on the left
q_i = (X_i)_3 -> along which axis of (N, D) the index i runs cannot be seen
q = A_{1} -> which row or column this is cannot be seen
q = s' -> a prime behind a number
q = T^\top -> of more than two axes the transpose is not read
q = |x| -> single bars around a vector can be a norm
q = |X| -> bars around a matrix that is not square
q = \|x\|_3 -> the norm with _3 is not read
q = \|T\|_1 -> a norm of a tensor
q = \|A\|_2 -> the 2-norm of a matrix is a norm of operators
q = x^{y} -> the exponent is not a number
q = A^{1/2} -> of a matrix only whole powers are read
q = X^H -> the conjugate transpose is not read
q = A^{T} -> a variable is called T, so ^T could be a power
q = W^{[1]} x -> no name with the layer [1] is declared
q = f'(x) -> the derivative of f is not written out
q = \sigma''(x) -> only first derivatives of functions are read
q = \max'(x) -> the derivative of max is not known
q = x \times y -> × between vectors can mean many things
q = x y -> two columns side by side are no product
q = x \otimes y -> ⊗ is the Kronecker product of matrices here
q = X / A -> dividing by a square matrix can mean two things
q = A \odot x -> the vector (D,) fits the rows and the columns of (D, D)
q = x \odot x^\top -> one of these is a row, the other a column
q = x \odot X A -> where ⊙ ends cannot be seen
q = x^\top \odot X A -> where ⊙ ends cannot be seen
q = X \odot V A -> where ⊙ ends cannot be seen
q = x y^\top \odot A P -> has D columns, but P has N rows
q = \mathbf{1} x -> what size this has cannot be seen here
q = x^\top + y -> one of these is a row, the other a column
q = I_x x -> this is not a size
q = \hat{x + y} -> \hat stands over more than one symbol
q = \hat{2} -> \hat stands over something that is not a symbol
q = \mathbf{} -> nothing stands in \mathbf
q = \mathbf{xy}^\top -> what stands behind \mathbf{xy} can belong to its last letter or to all
q = \mathrm{tr}(A)(A) -> the trace could end here, or go on
q = \operatorname{tr} -> the argument of trace is missing
q = \sin 2 s -> where the argument of sin ends cannot be seen
q = -> nothing stands beside =
= x -> nothing stands before =
q \approx x -> \approx says nothing that can be checked
q = x \text{ if } s > 0 -> a formula with a condition is not read
x + y -> this row has no =
\frac{\partial^2 u}{\partial s} = 3 -> the orders above and below the line differ
\frac{\partial^3 u}{\partial s^3} = 3 -> only first and second derivatives are read
\frac{\partial}{\partial s} = 3 -> what is differentiated is missing
\nabla^3_x L = A -> this cannot stand at ∇
\nabla_x^2 = A -> what is differentiated is missing
\nabla L = x -> by what is differentiated is not written
\frac{\partial L}{\partial W_{ij}} = x_i -> the index j is on the left only
\frac{\partial L}{\partial x_i} = A x -> this has more axes than the left side
dL = \langle dZ, dZ \rangle -> this is not linear in the differentials
dL = dx^\top dx -> this is not linear in the differentials
dL = 2 / ds -> this is not linear in the differentials
dL = x^\top dx - 3 -> this term has no differential
dL = \operatorname{tr}(dA) -> tr(dX) alone: its gradient is I
dL = \operatorname{tr}(X^\top \otimes dX) -> this product of a differential is not read
dL = \log(dx) -> this is not read of a differential
""".strip().splitlines()


def read_alone(latex, given=GIVEN):
    """What is read of a formula besides what was given, and what is said of the rest."""
    found = read_latex(latex, given)
    known = read_latex("", given).source.splitlines()
    return [line for line in found.source.splitlines() if line and line not in known], found.problems


@pytest.mark.parametrize("line", READ)
def test_signs_are_read_as_what_they_mean(line):
    latex, _, wanted = line.partition(" -> ")
    lines, problems = read_alone(latex)
    assert not problems, str(problems[0])
    numbers = Numbers(GIVEN)
    assert len(lines) == len(wanted.split("; "))
    for got, right in zip(lines, wanted.split("; "), strict=True):
        assert differs(numbers, got, right) == ""


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_read_for_sure_is_refused_with_its_reason(line):
    latex, _, reason = line.partition(" -> ")
    lines, problems = read_alone(latex)
    assert lines == []
    assert any(reason in str(p) for p in problems), [str(p) for p in problems]
    assert all(p.span is not None for p in problems)


ROWS = "X: (N, D); V: (N, D); w: (D,); A: (D, D); t: (N,); s: (); Z = X @ A; L = sum(Z**2)"
OF_ROWS = r"""
x_n^\top w -> sum(X @ w)
x_n^\top A x_n -> sum(X @ A * X)
x_n x_n^\top -> X.T @ X
x_n \odot w -> sum(X * w, axis=0)
x_n / s -> sum(X, axis=0) / s
w / x_n -> sum(w / X, axis=0)
x_n / x_n -> sum(X / X, axis=0)
(x_n + w) -> sum(X + w, axis=0)
(x_n + 1) -> sum(X + 1, axis=0)
\log x_n -> sum(log(X), axis=0)
\exp(x_n)^\top w -> sum(exp(X) @ w)
\operatorname{softmax}(x_n) -> sum(softmax(X, axis=1), axis=0)
x_n^{\odot 2} -> sum(X**2, axis=0)
\|x_n\|^2 -> sum(X**2)
\sum_{m=1}^{N} x_n^\top x_m -> sum(X @ X.T)
(w^\top x_n) x_n -> X.T @ (X @ w)
x_n x_n^\top w -> X.T @ X @ w
w x_n^\top -> outer(w, sum(X, axis=0))
x_n^\top x_n x_n -> X.T @ sum(X * X, axis=1)
t_n (x_n \odot w)^\top w -> t @ (X * w) @ w
x_n (t_n - x_n^\top w) -> X.T @ (t - X @ w)
\frac{x_n^\top w}{x_n^\top x_n} -> sum((X @ w) / sum(X * X, axis=1))
x_n \cdot v_n -> sum(X * V)
A x_n \odot v_n -> sum((X @ A.T) * V, axis=0)
x_n \odot A v_n -> sum(X * (V @ A.T), axis=0)
x_n \odot w x_n^\top -> (X * w).T @ X
A^{-1} x_n -> inv(A) @ sum(X, axis=0)
""".strip().splitlines()
NOT_OF_ROWS = r"""
x_n \otimes w -> ⊗ is not read among indices
x_n^\top \odot w -> these do not fit entry by entry
x_n w -> two columns side by side are no product
x_n^\top w^\top -> two rows side by side are no product
x_n A -> these do not conform: a column before a matrix, or a row behind it
A x_n^\top -> these do not conform: a column before a matrix, or a row behind it
1 / x_n -> this does not divide entry by entry
x_n^\top \odot w^\top A -> where ⊙ ends cannot be seen
x_n + A -> the vector (D,) fits the rows and the columns of (D, D)
(x_n + w^\top) -> one of these is a row, the other a column
\sin x_n -> sin is not read of a vector with an index
\max(x_n, 0) -> max is not read of a vector with an index
\sqrt{x_n} -> sqrt is not read of a vector with an index
|x_n| -> single bars around a vector
x_n^2 -> the power of a vector can mean many things
x_n^{(n)} -> n takes N values here, but the axis has D
x_{nn} -> n takes N values here, but the axis has D
x_n x_m -> along which axis of (N, D) the index m runs cannot be seen
\frac{x_n}{\|x_n\|} -> this is not read of a vector with an index
""".strip().splitlines()


@pytest.mark.parametrize("line", OF_ROWS)
def test_sums_over_rows_that_are_vectors(line):
    """The rows of X, each a column x_n by itself."""
    summand, _, wanted = line.partition(" -> ")
    (got,), problems = read_alone(rf"q = \sum_{{n=1}}^{{N}} {summand}", ROWS)
    assert not problems
    assert differs(Numbers(ROWS), got, f"q = {wanted}") == ""


@pytest.mark.parametrize("line", NOT_OF_ROWS)
def test_sums_over_rows_that_are_refused(line):
    summand, _, reason = line.partition(" -> ")
    lines, problems = read_alone(rf"q = \sum_{{n=1}}^{{N}} {summand}", ROWS)
    assert lines == []
    assert any(reason in str(p) for p in problems)


MACROS = {
    r"\newcommand{\vc}[1]{\mathbf{#1}} => \vc{x}^\top \vc y": "x @ y",
    r"\newcommand{\ip}[2]{#1^\top #2} => \ip{x}{A y}": "x @ A @ y",
    r"\def\ip#1#2{#1^\top #2} => \ip{x}{y}": "x @ y",
    r"\def\both{x + y} => A \both": "A @ (x + y)",
    r"\newcommand{\half}[1]{\frac#12} => \half{x}": "x / 2",
    r"\newcommand\T{^\top} => x\T y": "x @ y",
    r"\DeclareMathOperator{\tr}{tr} => \tr(A)": "trace(A)",
    "\\newcommand{\\vc}[1]{\\mathbf{#1}}\n% \\renewcommand{\\vc}[1]{2 #1}\n => \\vc{x}": "x",
    r"100\% \newcommand{\vc}[1]{\mathbf{#1}} => \vc{x}": "x",
    r"\newcommand{\vc}[1]{\mathbf{#1}}\renewcommand{\vc}[1]{2 #1} => \vc{x}": r"\vc is not read",
    r"\newcommand{\ip}[2]{#1^\top #3} => \ip{x}{y}": "this macro speaks of #3, and has 2 arguments",
    r"\newcommand{\ip}[2]{#1^\top #2} => \ip{x}": r"an argument of \ip is missing",
    r"\newcommand{\ip}[2]{#1^\top #2} => \ip{x}{y": "{ is never closed",
    r"\newcommand{\me}{\me + \me} => \me": r"the macro \me stands for too much",
}


@pytest.mark.parametrize("text", MACROS)
def test_macros(text):
    preamble, _, formula = text.partition(" => ")
    (found,) = read_tex(f"{preamble}\n% shapecalc: A: (D, D); x: (D,); y: (D,)\n\\[ q = {formula} \\]\n")
    if found.problems:
        assert MACROS[text] in str(found.anchored(found.problems[0]))
    else:
        assert differs(Numbers("A: (D, D); x: (D,); y: (D,)"), found.source.splitlines()[-1], f"q = {MACROS[text]}") == ""


TOLD = {
    r"Let $X \in \mathbb{R}^{n \times d}$": [("X", "(n, d)")],
    r"$\mathbf{O} = \mathbf{P}\mathbf{V} \in \mathbb{R}^{N \times d}$": [],
    r"$\Theta X \in \mathbb{R}^{n}$": [],
    r"$A \in \mathbb{R}^{n \times n}$ symmetric, $x \in \mathbb{R}^n$": [("A", "symmetric (n, n)"), ("x", "(n,)")],
    r"$S \in \mathbb{R}^{D \times D}$ is a symmetric positive definite matrix.": [("S", "posdef (D, D)")],
    r"$A \in \mathbb{R}^{n \times n}$ is not symmetric.": [("A", "(n, n)")],
    r"a non-symmetric $A \in \mathbb{R}^{n \times n}$": [("A", "(n, n)")],
    r"a symmetric $A \in \mathbb{R}^{n \times m}$": [("A", "(n, m)")],
    r"$y \in \mathbb{R}^V$ one-hot.": [("y", "onehot (V,)")],
    r"$P, R, Q \in \mathbb{R}^{n \times n}$, with $P$ and $R$ symmetric.": [("P, R", "symmetric (n, n)"), ("Q", "(n, n)")],
    r"$S \in \mathbb{R}^{n \times n}$. Since $S$ is symmetric, positive definite, it has a root": [("S", "posdef (n, n)")],
    r"$A \in \mathbb{R}^{n \times n}$. If $A$ is symmetric, this is $2Ax$.": [("A", "(n, n)")],
    r"$S \in \mathbb{R}^{p\times p}$ symmetric positive definite and a scalar $k$": [("S", "posdef (p, p)"), ("k", "()")],
    r"$x \in \mathbb{R}^n$, positive scalars $a$ and $\nu$, a scalar $n$": [("x", "(n,)"), ("a", "positive ()"), ("nu", "positive ()")],
    r"$\hat{A} \in \mathbb{R}^{n \times n}$, $\tilde x, \bar{\mathbf{y}} \in \mathbb{R}^n$": [("Ahat", "(n, n)"), ("xtilde, ybar", "(n,)")],
    r"$w \in \mathbb{R}^d$, orthogonal $Q \in \mathbb{R}^{d\times d}$": [("w", "(d,)"), ("Q", "orthogonal (d, d)")],
    r"with $\tau > 0$ and": [("tau", "positive ()")],
    r"$W^{[2]} \in \mathbb{R}^{n \times n}$, $h_{t-1}, h_{t+1}, x_t \in \mathbb{R}^H$": [("W2", "(n, n)"), ("h_prev, h_next, x_t", "(H,)")],
    r"1 if $\alpha > 0$; $z > 0$; with $\sigma > 0$ where $\sigma = 3$": [],
}


@pytest.mark.parametrize("text", TOLD)
def test_what_prose_tells_of_shapes(text):
    assert [(", ".join(t.names), t.text) for t in told(text)] == TOLD[text]
