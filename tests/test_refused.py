"""What a line of the language may not say: the reason, in the user's own words, and what would fit; and options are never passed over."""

from __future__ import annotations

import pytest

from shapecalc.errors import ShapecalcError
from shapecalc.language.sheet import read
from shapecalc.notation import text

GIVEN = "X: (S, D); W: (D, M); b: (M,); A: (D, D); x: (D,); s: (); T: (B, S, D); "

REFUSED = """
Z = sum() -> sum takes 1 argument (a)
Z = solve(A) -> solve takes 2 arguments, not 1
Z = trace(A, 1, 2) -> tr takes 1 argument
Z = sum(X, 0, True, 5) -> sum takes 1 argument
Z = relu(X, W) -> relu takes 1 argument
Z = power(X) -> power takes a base and an exponent
Z = subtract(X) -> subtract takes 2 arguments, not 1
Z = addmm(b, X) -> addmm takes 3 arguments, not 2
Z = linear(X) -> linear takes X, W and perhaps b
Z = convolve(x) -> convolve takes two vectors, and perhaps a mode
Z = norm(X, 3) -> norm with ord=3 is not in the rule book
Z = norm(X, 1) -> norm(X, 1) can be read in two ways
Z = np.linalg.norm(X, 2) -> np.linalg.norm(X, 2) of a matrix is the largest singular value
Z = np.linalg.norm(X, ord=1) -> np.linalg.norm(X, ord=1) of a matrix is the largest sum of a column
Z = sum(X, axis="a") -> axis=a is not possible in sum
Z = sum(X, keepdims=0.5) -> keepdims=1/2 is not possible in sum
Z = X.max(1)[0] -> a part of X.max(1) can be read in two ways
v, i = torch.max(X, 1) -> the place of an entry is piecewise constant
Z = X.values -> values is read of torch's max and min along an axis
Z = X.repeat(2, 1) -> X.repeat(2, 1) can be read in two ways: torch repeats the whole, NumPy each entry
Z = x.repeat(2) -> x.repeat(2) can be read in two ways
Z = F.softmax(T) -> softmax of 3 axes without the axis
Z = cross_entropy(T, T) -> cross_entropy of 3 axes: which one the classes are along differs
Z = mse(X, X, reduction="batchmean") -> reduction=batchmean is not possible in mse
Z = cross_entropy(X, X, reduction="all") -> reduction=all is not possible in cross_entropy
Z = gelu(X, approximate="erf") -> approximate=erf is not possible in gelu
Z = np.dot(T, T) -> dot of such tensors, which takes every pair of their leading axes, is not read
Z = torch.var(X, False) -> axis=False is not possible in var
Z = stack((x, x), axis=None) -> axis=None is not possible here
Z = True * X -> truth values are numbers here
Z = X.float(3) -> float takes an array, and perhaps its type
Z = torch.exp(X) + X.var(0) -> X.var(0) beside torch's functions can be read in two ways
Z = X.unsqueeze(1).std() -> X.unsqueeze(1).std() beside torch's functions can be read in two ways
Z = torch.cdist(T, T) -> cdist is read of two matrices
Z = np.diag(x[None]) -> np.diag(x[None]) of (1, D) is its first entry alone
Z = einsum(X, W) -> einsum starts with its indices in quotes
Z = slogdet(A) -> slogdet gives a sign and a logarithm
Z = eigh(A) -> eigh gives eigenvalues and eigenvectors
Z = X.detach() -> detach cuts the gradient
Z = split(X, 2) -> an axis of S is not 2 equal parts
P, Q = split(X) -> split needs the number of parts
P, Q = split(X, 2, axis=(0, 1)) -> split is along one axis
P, Q = split(X, 0) -> split: there are no parts
P, Q = split() -> split takes a tensor
P, Q = split(np.zeros((4, 2)), [1, 2], axis=0) -> there are 2 names for 3 tensors
P, Q = torch.split(np.zeros((4, 2)), [1, 2]) -> parts of 1, 2 do not make up 4
P, Q = X -> X is (S, D): it is not unpacked into 2 names
P, Q = unbind(X) -> unbind: an axis of S has no fixed number of parts
S = X -> S is a size already, so it cannot name a value too
X: (S, D) -> X is declared already
q: (3,); v: (q,) -> q is a variable already, so it cannot name a size too
Z = X; Z = W -> Z is defined already, in line 1
Z += X -> Z += ... is for claims
Z = Z + 1 -> Z is defined by itself
Z = X @ W; dW = X.T @ dZ; Q: (3,) -> Q is declared after the first claim
Z = X @ W; dh: upstream(Q) -> Q is not a definition, so it has no incoming gradient
Z = X @ W; dh: upstream(Z); dg: upstream(Z) -> the incoming gradient of Z has the name dh already
Z = X @ W; X: upstream(Z) -> X is a name of the problem already
Z = X @ W; ∂Q/∂W = X -> Q is not a definition
Z = W^T -> a variable is called T, so ^T could be a power
Z = b.mT -> .mT needs a matrix, and b is (M,)
Z = X.sum -> sum is a function, and is not called
Z = X.zzz -> there is no function zzz in the rule book
Z = [X] -> [X] is not a formula
Z = T.permute(0, 1) -> the axes (0, 1) are not an order of the 3 axes of (B, S, D)
Z = np.transpose(T, (0, 1)) -> the axes (0, 1) are not an order of the 3 axes of (B, S, D)
def f(t) = t**2; Z = f(X, X) -> f takes 1 argument
def f(t); Z = f(X, X) -> f takes 1 argument
def f(t) = t**2; Z = f'(X) -> f' is the derivative of a function that is left undefined, and f has a formula
def f(t); Z = f''(X, X) -> f'' takes 1 argument
Z = g'(X) -> g' is the derivative of a function that is left undefined
Z = add(X, X, alpha=2) -> add has no option alpha
Z = addmm(b, X, W, beta=0.5) -> addmm has no option beta
Z = X.reshape(S*D, order="F") -> reshape has no option order
Z = np.array(X, ndmin=3) -> array has no option ndmin
Z = div(X, X, rounding_mode="floor") -> div has no option rounding_mode
Z = maximum(X, 0, where=X) -> maximum has no option where
Z = softplus(X, beta=0) -> beta of softplus is a positive number
Z = power(X, 2, foo=1) -> power has no option foo
Z = diagflat(x, 2) -> diagflat takes 1 argument, not 2
def f(t) = t**2; def f(t) = t; Z = f(X) -> f is defined already
S: (3,) -> S is a size already, so it cannot name a variable too
Q: (0,) -> a size is at least 1, not 0
Q: (S - S,) -> a size is at least 1, not 0
Q: symetric (S, S) -> symetric is not a property
Q: symmetric (S, D) -> only a square matrix is symmetric, and this is (S, D)
Q: orthogonal (S,) -> only a square matrix is orthogonal, and this is (S,)
Q: posdef () -> only a square matrix is posdef, and this is ()
Q: onehot () -> a scalar cannot be onehot
Z = X + W -> D against M: these do not broadcast
Z = X + X + W -> D against M: these do not broadcast
Z = X - W + X -> D against M: these do not broadcast
Z = X * W.T -> S against M: these do not broadcast
Z = X * b -> D against M: these do not broadcast
Z = b @ X -> b has M entries, but X has S rows
Z = X @ W.T -> X has D columns, but W.T has M rows
Z = norm(X, 2) -> norm(X, 2) can be read in two ways
Z = norm(X, "nuc") -> norm with ord=nuc is not in the rule book
Z = norm(x, -1) -> norm with ord=-1 is not in the rule book
Z = norm(x, 0) -> norm with ord=0 is not in the rule book
Z = cov(x) -> cov takes a matrix
Z = cov(X, rowvar=s) -> a fixed number is needed here
Z = roll(x, s) -> a fixed number is needed here
Z = diff(X, axis=5) -> diff is along one axis, which is named
Z = zeros(0) -> a size is at least 1, not 0
Z = ones(-1) -> a size is at least 1, not -1
Z = eye() -> eye takes a size
Z = eye(S, D, M) -> eye takes a size
Z = eye(S, D) -> eye is for a square matrix
Z = len(s) * X -> a scalar has no len
Z = size(X) * X -> a shape is not a number
Z = swapaxes(X, 0) -> swapaxes takes a tensor and two axes
Z = moveaxis(X, 0) -> moveaxis takes a tensor and two axes
Z = reshape(X, -1, 7) -> reshape: (S, D) has D*S entries, not a multiple of 7
Z = reshape(X, 0) -> a size is at least 1, not 0
Z = expand_dims(X, (0, 1)) -> expand_dims takes one axis
Z = concatenate(X) -> concatenate takes a list of tensors
Z = stack(X) -> stack takes a list of tensors
Z = diag(X, 1, 2) -> diag takes a vector, or a matrix
Z = diag() -> diag takes a vector, or a matrix
Z = concatenate([X, X], axis=(0, 1)) -> axis=(0, 1) is not possible here
Z = slice(X, 0) -> write a slice with brackets
Z = sliding_window_view(x) -> sliding_window_view takes a tensor, the lengths of the windows, and the axes
Z = overlap_add(X, 0, 1) -> overlap_add takes a tensor and axes
Z = x.unfold(0, 3, 2) -> unfold is read as x.unfold(axis, length, 1)
Z = x.unfold(0, 3) -> unfold is read as x.unfold(axis, length, 1)
Z = conv1d(X) -> conv1d takes x, w and perhaps a bias
Z = conv1d(T, X) -> conv1d takes (N,) and (K,), or (B, C, N) and (O, C, K), not (B, S, D) and (S, D)
Z = conv2d(X, T) -> conv2d takes (N, M) and (K, L), or (B, C, N, M) and (O, C, K, L), not (S, D) and (B, S, D)
Z = conv1d(x, np.ones(3), stride=2) -> conv1d is read with stride=1 alone
Z = conv1d(x, np.ones(3), padding="same") -> conv1d is read with a number as padding
Z = conv1d(x, np.ones(3), foo=1) -> conv1d has no option foo
Z = convolve(X, x) -> convolve takes two vectors, not (S, D) and (D,)
Z = convolve(x, np.ones(3), mode="same") -> convolve with mode=same is not read
Z = transpose(X, 0, 1) -> transpose(X, 0, 1) can be read in two ways
Z = squeeze(X, axis=0) -> squeeze: axis 0 of (S, D) is S, not 1
Z = huber_loss(X, X, delta=0) -> delta of huber_loss is a positive number
Z = layer_norm(X, D, X, X, s, s) -> layer_norm takes input, normalized_shape, weight, bias, eps
Z = layer_norm(X) -> layer_norm needs normalized_shape
Z = layer_norm(X, X.size(1), foo=3) -> layer_norm has no option foo
Z = layer_norm(X, W) -> W is not a size
Z = batch_norm(T, training=True) -> batch_norm is read of a matrix, samples in rows
Z = standardize(X, mean=s) -> standardize is read without a mean and a variance of its own
Z = scaled_dot_product_attention(X, X, X, dropout_p=0.1) -> dropout_p of scaled_dot_product_attention is not read
Z = scaled_dot_product_attention(X, X, X, attn_mask=(X @ X.T > 0)) -> a mask of truth values is not read here
Z = cross_entropy(X, X, axis=5) -> axis=5 is not possible in cross_entropy
Z = cross_entropy(X, X, label_smoothing=2) -> label_smoothing=2 is not possible in cross_entropy
Z = kl_gaussian(X, x) -> the mean and the log-variance must have the same shape
Z = F.kl_div(X, X, reduction="every") -> reduction=every is not possible in kl_div
Z = clamp(X) -> clamp takes a tensor and its bounds
Z = clamp(X, 0, 1, 2) -> clamp takes 3 arguments at most
Z = clamp(X, low=0) -> clamp takes a tensor and its bounds
Z = clamp(X, min=0, low=0) -> clamp has no option low
Z = solve(A, x, True, 5) -> solve takes 2 arguments
Z = solve_triangular(A, x, trans=5) -> trans=5 is not possible in solve_triangular
Z = cho_solve(A) -> cho_solve takes a factor and a right side
Z = cholesky_solve(x) -> cholesky_solve takes a right side and a factor
Z = einsum(X, W, "(a b), b c -> a c") -> einsum with brackets is not read
Z = tensordot(X) -> tensordot takes two arrays
Z = tensordot(X, W, axes=([-3], [0])) -> there is no axis -3 in a tensor of 2 axes
Z = tensordot(X, W, axes=([1, 0], [0])) -> there are 2 axes for 1
Z = tensordot(X, W, axes=None) -> axes are a number, or two lists
Z = tensordot(X, W, axes=1, foo=2) -> tensordot has no option foo
Z = reduce(X, 's m -> m', 'prod') -> reduce takes 'sum', 'mean', 'max' or 'min'
Z = reduce(X, 's m -> m') -> reduce takes 'sum', 'mean', 'max' or 'min'
Z = rearrange(X) -> rearrange takes an array and a pattern
Z = (X * (X > 0)).astype(int) -> a whole number has its decimals cut off
Z = np.sum(X, dtype=int) -> a whole number has its decimals cut off
Z = np.array(X, int) -> a whole number has its decimals cut off
Z = np.full((3,), 0.5, dtype="int32") -> a whole number has its decimals cut off
Z = np.full_like(X, 0.5, int) -> a whole number has its decimals cut off
Z = torch.tensor(X, dtype=torch.long) -> a whole number has its decimals cut off
Z = astype() -> astype takes an array
Z = logical_and(X, X > 0) -> logical_and is read of comparisons, which are 0 or 1
Z = X * shape(X)[5] -> X is (S, D): there is no such axis
Z = X * size(X, 5) -> X is (S, D): there is no such axis
Z = split(concatenate((X, X)), 2)[5] -> split(concatenate((X, X)), 2) has the parts 0 to 1
P, Q = torch.max(axis=0) -> max takes 1 argument (a)
P, Q = split(X, 2, foo=3) -> split has no option foo
Z = normalize(X, p=3) -> normalize with p=3 is not read
Z = roll(x, 1.5) -> roll takes a fixed number of places
Z = x(3) -> x is a variable, not a function
Z = ones(Ss, D) -> Ss is not a size
Z = matpow(A) -> matpow takes a matrix and a whole number
Z = tile(X) -> tile takes an array and how often
Z = np.repeat(X) -> repeat takes an array and how often
Z = np.repeat(X, 2, 0, 1) -> repeat takes 3 arguments at most
Z = np.repeat(X, 2, 1, axis=0) -> repeat takes 2 arguments at most
Z = np.repeat(X, 2, foo=1) -> repeat has no option foo
Z = transpose(T, 0, 1, 2, axes=1) -> the axes of transpose are given twice
Z = squeeze(X, 0, 1) -> squeeze takes 2 arguments at most
Z = unsqueeze(X, 0, 1) -> unsqueeze takes 2 arguments at most
Z = flatten(T, 0, 1, 2) -> flatten takes 3 arguments at most
Z = hstack([X, X], axis=0) -> hstack has no option axis
Z = vstack([X, X], 1) -> vstack takes 1 argument at most
Z = norm(x, 3, None, True, 1) -> norm takes 4 arguments at most
Z = full(3) -> full takes a shape and a value
Z = shape()[0] * X -> shape takes 1 argument, not 0
Z = zeros(shape()) -> shape takes 1 argument, not 0
u, v = eigh(A, UPLO="U") -> eigh has no option UPLO
Z = slogdet(A, foo=1)[1] -> slogdet has no option foo
Z = repeat(x, 'd -> d k', k=3, j=4) -> j is no axis of the pattern
Z = roll(x, 0, 0, 1) -> roll takes 3 arguments at most
Z = full(3, 1, int, 2) -> full takes 3 arguments at most
Z = ||X||_2 -> the 2-norm of a matrix is a norm of operators
def f(t, u); Z = f(x, x) -> an undefined function has one argument
def f(t, t) = t; Z = f(x) -> an argument has the name of another
Z = X ... -> ... stands for nothing here
Z = ... + X -> ... stands for nothing here
Z = cumsum(X, axis=(0, 1)) -> cumsum is along one axis
Z = cumsum(X, 0, float) -> cumsum takes 2 arguments at most
""".strip().splitlines()


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_says_why(line: str):
    source, _, reason = line.rpartition(" -> ")
    with pytest.raises(ShapecalcError) as refusal:
        read(GIVEN + source)
    assert reason in refusal.value.message
    assert refusal.value.span is not None
    start, end = refusal.value.span
    assert 0 <= start < end <= len(GIVEN + source)


@pytest.mark.parametrize("source", ["def f(t) = f(t); Z = f(X)", "def f(t) = g(t); def g(t) = f(t); Z = f(X)"])
def test_a_function_that_calls_itself(source: str):
    with pytest.raises(ShapecalcError) as refusal:
        read(GIVEN + source)
    assert refusal.value.message in {"f calls itself", "g calls itself"}


READ = {
    "add(X, X)": "X + X",
    "sub(X, X)": "X - X",
    "linear(X, W.T)": "X @ W",
    "linear(X, W.T, bias=b)": "X @ W + b",
    "addmm(b, X, W)": "b + X @ W",
    'einsum("ij,jk->ik", (X, W), optimize=True)': "einsum('ij,jk->ik', X, W)",
    'einsum("ij,jk", X, W)': "einsum('ij,jk->ik', X, W)",
    "norm(X, axis=(0,))": "norm(X, axis=0)",
    'X.astype(dtype="float32", copy=False)': "X",
    "concatenate([X, X], axis=0, out=X)": "concatenate((X, X), axis=0)",
    "T.transpose(0, 1)": "transpose(T, (1, 0, 2))",
    "X != 0": "1 - (X == 0)",
    "(X,)": "X",
    "det(A)": "det(A)",
    "norm(x, s)": "sum(abs(x)**s)**(1/s)",
    "norm(X, inf, axis=1)": "max(abs(X), axis=1)",
    "np.linalg.norm(x, np.inf)": "max(abs(x))",
    "cov(X)": "(X - mean(X, axis=1, keepdims=True)) @ (X - mean(X, axis=1, keepdims=True)).T / (D - 1)",
    "roll(x, 0)": "x",
    "roll(X, 1, axis=0)": "concatenate((X[S - 1:], X[:S - 1]), axis=0)",
    "cumsum(x)": "cumsum(x, axis=0)",
    "cumsum(X)": "cumsum(reshape(X, (D*S,)), axis=0)",
    "diff(x)": "x[1:] - x[:D - 1]",
    "eye(S, S)": "eye(S)",
    "X.flip(0, 1)": "X[::-1, ::-1]",
    "X.flip()": "X[::-1, ::-1]",
    "x.unfold(0, 3, 1)": "windows(x, 3)",
    "conv1d(x, np.ones(3), dilation=1, groups=1)": "windows(x, 3) @ ones(3)",
    "conv1d(x, np.ones(3), padding=1)": "windows(concatenate((zeros(1), x, zeros(1)), axis=0), 3) @ ones(3)",
    'convolve(x, np.ones(3), mode="valid")': "windows(x, 3) @ ones(3)[::-1]",
    "convolve(x, np.ones(3))": "overlap_add(outer(x, ones(3)))",
    "correlate(x, np.ones(3))": "windows(x, 3) @ ones(3)",
    "tile(x, 2)": "reshape(broadcast_to(x[None], (2, D)), (2*D,))",
    "T.flatten(1)": "reshape(T, (B, D*S))",
    "zeros(X.shape)": "zeros(S, D)",
    "len(x) * X": "D*X",
    "X.numel() * X": "D*S*X",
    "np.size(X, 0) * X": "S*X",
    "X**0": "ones(S, D)",
    "s**0 * X": "X",
    "softmax(where(X > 0, X, -float('inf')))": "softmax(where(X > 0, X, -1000000000))",
    "heaviside(x, 0)": "x > 0",
    "heaviside(x, 1)": "x >= 0",
    "heaviside(x, 0.5)": "(x > 0) + 0.5*(x == 0)",
    "((X > 0) * (X < 1)).astype(int)": "(X > 0) * (X < 1)",
    "(2 * (X > 0)).astype(int)": "2*(X > 0)",
    "np.sum(X > 0, dtype=int)": "sum(X > 0)",
    "np.zeros_like(X, dtype=int) + X": "zeros(S, D) + X",
    "np.full_like(X, 2, dtype=int)": "2*ones(S, D)",
    "scaled_dot_product_attention(X, X, X, is_causal=False)": "softmax(X @ X.T / sqrt(D)) @ X",
    "rms_norm(X, X.shape)": "X / sqrt(mean(X**2, axis=(-2, -1), keepdims=True))",
    "rms_norm(X, x.size(0))": "X / sqrt(mean(X**2, axis=-1, keepdims=True))",
    "rms_norm(X, X.shape[1])": "X / sqrt(mean(X**2, axis=-1, keepdims=True))",
    "rms_norm(X, X.shape[1:])": "X / sqrt(mean(X**2, axis=-1, keepdims=True))",
    "reduce(X, 's m -> m s', 'sum')": "X.T",
    "repeat(X, 's m -> m s')": "X.T",
    "X * shape(X)[0]": "X * S",
    "zeros(shape(X)) + X": "zeros(S, D) + X",
    "norm(x, inf, keepdims=True)": "max(abs(x), keepdims=True)",
    "huber_loss(x, 2 * x, delta=2)": "mean(where(abs(x - 2*x) < 2, (x - 2*x)**2/2, 2*(abs(x - 2*x) - 1)))",
}


@pytest.mark.parametrize("formula", READ)
def test_what_is_read(formula: str):
    assert text(read(f"{GIVEN}Z = {formula}").definitions["Z"]) == READ[formula]


@pytest.mark.parametrize("source", ["", "# a note", ";"])
def test_nothing_is_no_problem(source: str):
    with pytest.raises(ShapecalcError, match="there is nothing to derive"):
        read(source)


def test_the_determinant_of_a_matrix_that_is_not_square_has_no_pseudoinverse_to_offer():
    for name, hint in (("det", None), ("logdet", None), ("inv", "pinv(...) takes any matrix")):
        with pytest.raises(ShapecalcError, match="this needs a square matrix") as refusal:
            read(f"{GIVEN}Z = {name}(X)")
        assert refusal.value.hint == hint

def test_what_is_unpacked_into_names_in_brackets_is_read_as_without():
    problem = read(f"{GIVEN}(P, Q) = split(concatenate((X, W.T)), [S]); Z = P @ Q.T")
    assert {n: e.shape for n, e in problem.definitions.items() if n in "PQZ"} == {"P": ("S", "D"), "Q": ("M", "D"), "Z": ("S", "M")}


def test_a_name_of_a_variable_in_front_of_a_dot_is_the_variable():
    assert text(read("np: (S,); F: (S,); Z = np.sum() * F.exp()").definitions["Z"]) == "sum(np) * exp(F)"
