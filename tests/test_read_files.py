"""What people have, read as it stands: code in the style of well-known courses, notebooks, Markdown, LaTeX; every line with its verdict."""

import json
from pathlib import Path

import pytest

from shapecalc.batch.judged import Judged
from shapecalc.batch.tasks import of_path
from shapecalc.batch.work import Work

DATA = Path(__file__).parent / "submissions"
WORK = Work(Judged("denominator", structured=False, aliases={}))

# each line that is judged, and what is found: right, or the slip
FOUND = """
asides.md: 7 right, 9 right, 11 nonconformable
adjoint.py: 15 right, 16 right, 17 right, 28 right, 41 right
attention.py: 9 right, 10 right, 11 right, 12 right, 13 missing-scale
autograd.py: 18 right, 20 right, 22 wrong-axis
batchnorm.py: 33 right, 34 right, 35 right, 36 right, 37 right, 38 right
bn2.py: 34 right, 35 right, 37 right, 38 right, 40 right, 43 right, 45 right, 47 right, 52 right, 56 right
cases.tex: 9 right, 10 right, 11 right, 14 right
cs229.md: 5 right, 6 right, 7 right, 8 sign
cs231n.py: 38 right, 41 right, 42 right, 45 factor-2, 46 wrong-axis
dlai.py: 45 missing-scale, 46 right, 47 right, 48 right, 49 right, 50 rank
drawn.py: 14 right, 15 extra-scale
flash.md: 5 right, 6 right, 7 right, 8 right
gpt.py: 11 missing-scale, 12 right, 13 right, 14 right, 15 right, 16 right, 17 right
jax_manual.py: 16 right, 17 missing-scale
jax_typed.py: 11 right, 12 right, 13 right, 14 wrong-layout
layers.py: 12 right, 13 right, 14 right, 26 right, 39 right, 40 right, 41 right, 43 missing-term
llmc.py: 31 right, 32 right, 34 right, 36 right
logreg.py: 15 right, 16 right
makemore.py: 30 right, 31 right, 32 right, 34 right, 35 right, 36 right, 38 right, 39 right, 40 right, 41 right, 42 right, 43 right, \
44 right, 45 right, 46 right, 48 right, 49 right, 50 right, 51 right, 53 right, 54 right, 55 right, 56 right, 57 right
manual_torch.py: 21 right, 22 right, 23 right, 24 right, 25 right, 26 extra-scale
mlp_scratch.py: 14 right, 15 right, 16 right, 18 right, 19 right
mm2.py: 10 right, 13 right, 14 right, 15 right, 16 right, 17 right, 18 right
nb.ipynb: 2.1 right, 2.3 wrong-axis, 3.4 wrong-layout, 3.5 right
nielsen.py: 12 right, 14 right, 15 right
rnn.py: 20 right, 21 right, 22 right, 23 right, 24 right
ng.py: 33 missing-scale, 34 right, 35 right, 36 right, 37 right, 38 right
notes.md: 14 right, 14 right, 18 right, 22 nonconformable
notes.tex: 7 right, 8 right, 9 wrong-order, 11 right
properties.tex: 3 right
prose.md: 15 right, 16 right, 17 right
prose.tex: 11 right, 12 right, 13 wrong-order, 14 right
ridge.tex: 3 right, 4 right
softmax_loss.py: 15 right
svm.py: 17 missing-scale, 19 right
"""
EXPECTED = dict(line.split(": ", 1) for line in FOUND.strip().splitlines())


def reports(path):
    return [r for task in of_path(path) for r in WORK.one(task)]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_line_gets_its_verdict(name):
    found = []
    for r in reports(DATA / name):
        assert not r.problems
        for c in r.claims:
            line = f"{c.cell}.{c.line}" if c.cell else str(c.line)
            found.append(f"{line} {'right' if c.verdict == 'right' else c.slip or c.verdict}")
    assert ", ".join(found) == EXPECTED[name]


def test_every_file_is_expected():
    assert {p.name for p in DATA.iterdir() if p.is_file()} == set(EXPECTED)


def test_places_are_those_of_the_file():
    (report,) = reports(DATA / "cs231n.py")
    wrong = report.first_wrong
    assert (wrong.line, wrong.column, wrong.where) == (45, 9, f"{DATA / 'cs231n.py'}:45:9")
    assert "grads['W1'] = X.T.dot(dhidden) + reg * W1" in wrong.message
    first, second = reports(DATA / "nb.ipynb")
    assert [(c.cell, c.line) for c in (first.first_wrong, second.first_wrong)] == [(2, 3), (3, 4)]
    assert second.first_wrong.where == f"{DATA / 'nb.ipynb'}: cell 3:4:1"
    lines = (DATA / "nb.ipynb").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[second.first_wrong.file_line - 1].rstrip(",")) == "dW = dZ.T @ X\n"


def test_lines_that_are_carried_forward_are_those_of_the_file():
    (report,) = reports(DATA / "ng.py")
    assert [c.carried for c in report.claims] == [None, 33, 33, 33, 33, 33]
    assert report.claims[3].message == "consistent with line 33; nothing new is wrong here"
    assert "Some leave it out here and divide in the lines of the parameters" in report.claims[0].message


SPACE = r"Let $X \in \mathbb{R}^{n \times d}$, $w \in \mathbb{R}^d$, $y \in \mathbb{R}^n$"
PROSE = {  # behind the spaces
    r" $L = \|y - Xw\|^2$; to be precise $$L(w) = \frac12 \|y - Xw\|^2$$ $$\nabla_w L = -X^\top (y - Xw)$$": ["right"],
    r" $L = \|r\|^2$, where $r = y - Xw$. $$\nabla_w L = -2 X^\top r$$ At the optimum $\nabla_w L = 0$, if $n = d$.": ["right"],
    r" $L = \|r\|^2$. $$z = Xw$$ $$\nabla_w L = X^\top z$$": [],
    r" $L = \|y - Xw\|^2$. Not $\nabla_w L = X$, but $$\nabla_w L = 2 X^\top (Xw - y)$$": ["right"],
    r" $$\pi = \mathrm{softmax}(Xw)$$ $$J = \log \pi_1$$ $$\nabla_w J = w$$": [],
}


@pytest.mark.parametrize("text", PROSE)
def test_definitions_in_prose(text):
    (report,) = judged(SPACE + text, "notes.md")
    assert [c.verdict for c in report.claims if c.verdict != "unreadable"] == PROSE[text]


UNREAD = r"""
Let $X \in \mathbb{R}^{n \times d}$, $w \in \mathbb{R}^d$, $y \in \mathbb{R}^n$.

$$z = Xw$$

$$L = \mathrm{median}((z - y)^2) + \text{more}$$

$$\frac{\partial L}{\partial w} = X^\top (z - y)$$
"""


def test_nothing_is_said_of_derivatives_of_what_could_not_be_read():
    (report,) = judged(UNREAD, "notes.md")
    assert not any(c.verdict in {"right", "wrong"} for c in report.claims)
    assert "the definition of what is differentiated could not be read" in str([*report.problems, *(c.message for c in report.claims)])


CARRIED = {
    "X: (S, D); W: (D, M); b: (M,); Y: (S, M); Z = X @ W + b; L = sum((Z - Y)**2) / (2*S)\n"
    "dZ = Z - Y\ndW = X.T @ dZ\ndb = sum(dZ, axis=0)\ndX = W @ dZ.T": [None, 2, 2, None],
    "X: (S, D); W1: (D, H); W2: (H, M); Y: (S, M); H1 = relu(X @ W1); Z = H1 @ W2; L = sum((Z - Y)**2)/S\n"
    "dZ = 2*(Z - Y)/S\ndW2 = H1.T @ dZ\ndH1 = dZ @ W2\ndH1 = dZ @ W2.T * 2\ndW1 = X.T @ (dH1 * (H1 > 0))": [None, None, None, None, 5],
    "x: (n,); W: (n, n); v: (n,); h = tanh(W @ x); L = v @ h\n"
    "dh = 2*v\nd1 = dh * (1 - h**2)\ndW = outer(d1, x)\ndx = W.T @ d1": [None, 2, 2],
    "A: (m, n); x: (n,); b: (m,); r = A @ x - b; L = sum(r**2)\ndr = r\ndx = A.T @ dr\ndb = -dr\ndA = outer(dr, x)": [None, 2, 2, 2],
}


@pytest.mark.parametrize("source", CARRIED, ids=range(len(CARRIED)))
def test_errors_are_carried_forward(source):
    report = Judged("denominator", structured=False, aliases={}).text(source, None)
    assert [c.carried for c in report.claims] == CARRIED[source], [(c.text, c.verdict, c.message) for c in report.claims]


NOTEBOOK = ["# X: (S, D); W: (D, M)\n", "%matplotlib inline\n", "Z = X @ W\n", "!ls\n", "dW = X.T @ dZ\n"]


def notebook(*cells):
    made = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def judged(text, name):
    return list(Judged("denominator", structured=False, aliases={}).file(text, name))


def test_code_cells_are_one_program():
    text = notebook(("code", NOTEBOOK[:3]), ("markdown", "words"), ("code", "this is no python"), ("code", NOTEBOOK[3:]))
    (report,) = judged(text, "a.ipynb")
    assert [(c.cell, c.line, c.verdict) for c in report.claims] == [(4, 2, "right")]


def test_a_notebook_that_is_about_something_else():
    (report,) = judged(notebook(("code", "print(1)"), ("markdown", "words")), "a.ipynb")
    assert report.foreign


PICKED = """
import numpy as np
def loss(X, W, y):
    # X: (N, D), W: (D, C){told}
    {before}
    S = X @ W
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    L = -np.log(P[np.arange({rows}), y]).sum() / N
    dS = P.copy()
    dS[np.arange(N), y] -= 1
    dS /= N
    dW = X.T @ dS
"""


def test_labels_are_a_one_hot_matrix_where_that_is_certain():
    for told in ("", ", y: (N,)", ", y: onehot (N, C)"):
        (report,) = judged(PICKED.format(told=told, before="pass", rows="N"), "a.py")
        assert [c.verdict for c in report.claims] == ["right", "right"], report
    for told, before, rows in ((", y: (C,)", "pass", "N"), (", y: (N,)", "z = y + 1", "N"), ("", "pass", "D")):
        (report,) = judged(PICKED.format(told=told, before=before, rows=rows), "a.py")
        assert not any(c.verdict == "right" for c in report.claims)


KEPT = """
class Layer:
    def fit(self, X):
        # X: (n, d), self.w, self.v: (d,), self.b: ()
        z = X @ self.w + self.b
        dw = X.T @ dz
        db = dz.mean()
"""


def test_shapes_of_what_an_object_keeps():
    (report,) = judged(KEPT, "a.py")
    assert [(c.line, c.slip or c.verdict) for c in report.claims] == [(6, "right"), (7, "extra-scale")]
