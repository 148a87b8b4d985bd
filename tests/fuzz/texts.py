"""Random inputs: written by a grammar, or taken from what people write and spoilt. Choices are made by anything like `random.Random`."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from programs import Maker

import shapecalc
from shapecalc.batch.judged import Judged
from shapecalc.cli.reporting import Drawing
from shapecalc.gallery import sheets
from shapecalc.ops import NAMES

ROOT = Path(__file__).resolve().parent.parent
NASTY = (
    "\x00", "\u202e", "\u2066", "\ufeff", "\u200b", "́", "\udc80", "\x1b[31m", "\r", "\t", "\x0b", "\u2028", "ᵀ", "⊙", "∂", "𝟏",
    "ſ", "℘", "９", "'", "\"", "10**10**10",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
    "1e999", "1e-999", "0", "-1", "1/0", "0/0", ".", "...", "2**64", "0x10", "1_000", "1j", "**", "***", "^", "^T", ".T", ".mT",
    "'*3", "(", ")", "[", "]", "{", "}", "((((", "[[[", "]]]", ",", ";", "\n", ":", "=", "==", "+=", "->", "||", "@", "@@", "#",
    "\\", "$", "$$", "%", "&", "_", "`", "```", "d", "dd", "dL", "dZ", "d2L/dx2", "dy/dx", "∂L/∂W", "upstream(", "einsum('",
    "->',", "axis=", "axis=-9", "axis=None", "keepdims=True", "x[::2]", "x[:, None]", "X[0, 1:n, ...]", "lambda x: x",
    "__import__('os')", "eval", "exec", "import os", "sum(x for x in X)", "if", "else", "def f(x) = ", "def f(x): ", "return ",
    "np.", "torch.", "nn.functional.", "self.", "\\frac{", "\\begin{align}", "\\end{align}", "\\left(", "\\right.",
    "\\write18{id}", "\\input{x}", "\\def\\a{\\a\\a}", "\\newcommand{\\x}[1]{#1#1}", "^{\\top}", "_{ij}", "\\sum_{i=1}^{n}",
    "\\partial", "\\odot", "\\text{", "%%derive\n", "%%check\n", "{\"cells\": ", "null", "NaN", "Infinity", "-0", "1e400",
    "\\u0000", "\\ud800", "true", "[]", "{}",
)  # fmt: skip
DIMS = ("n", "m", "S", "D", "M", "1", "2", "3", "2*n", "n + 1", "n - 1", "4*k", "0", "n*m", "10**3", "n - n")
VARS = ("X", "W", "b", "Y", "x", "y", "A", "B", "Z", "P", "L", "dZ", "dW", "d1", "α", "w_1", "x'")
PROPERTIES = (
    *("", "", "", "symmetric ", "posdef ", "positive ", "onehot ", "orthogonal ", "diagonal ", "probabilities ", "triangular ", "complex "),
)
LEFT = ("dW", "dX", "dy/dx", "d2L/dx2", "∂L/∂W", "dx", "db")
BEHIND = (".T", "'", "ᵀ", "^T", "^-1", "**2", ".sum(0)", ".mean()", "[0]", "[:, None]", "[1:n]", "[:-1]", ".reshape(n, m)", "[::-1]")
SIGNS = ("+", "-", "*", "/", "@")
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@cache
def samples(kind: str) -> tuple[str, ...]:
    """What people write: the gallery, the cases of the tests, the examples of the docs."""
    cases = (ROOT / "cases/rules.txt").read_text(encoding="utf-8").split("\n\n")
    campaign = (ROOT / "cases/campaign.txt").read_text(encoding="utf-8").splitlines()
    docs = [p.read_text(encoding="utf-8") for p in sorted((ROOT.parent / "docs").glob("*.md"))]
    match kind:
        case "sheet":
            return (*cases, *(s.text for s in sheets().values()), *(c.replace(" | ", "\n") for c in campaign if " | " in c), *CLAIMS)
        case "python":
            return tuple((ROOT / "fuzz/python.txt").read_text(encoding="utf-8").split("\n# ----\n"))
        case "latex":
            formulas = [line.partition("latex: ")[2] for p in (ROOT / "latex_formulas").glob("*.txt")
                        for line in p.read_text(encoding="utf-8").splitlines() if line.startswith("latex: ")]  # fmt: skip
            page = (ROOT / "fuzz/latex.txt").read_text(encoding="utf-8")
            return tuple(page.replace("FORMULA", f) for f in formulas)
        case "markdown":
            return (*docs, *("```shapecalc\n" + c + "\n```\n$$\n" + f + "\n$$\n" for c, f in zip(cases, samples("latex"), strict=False)))
        case "notebook":
            pairs = zip(cases, docs * 9, strict=False)
            return tuple(json.dumps({"cells": [code_cell("%%check\n" + c), {"cell_type": "markdown", "source": d[:2000].splitlines(True)}]})
                         for c, d in pairs)  # fmt: skip
        case "jsonl":
            return tuple(json.dumps({"problem": c, "claims": ["dX = X.T @ dZ", "dW = X"], "id": 1}) for c in (*cases, *CLAIMS))
    return tuple(map(json.dumps, stored()))


def stored():
    """Results as derive, jacobian, hessian and check store them, without the page, which nobody reads."""
    judge = Judged("denominator", structured=False, aliases={})
    for sheet in CLAIMS:
        yield Drawing(judge).facts(judge.text(sheet, "x"))
        yield {**json.loads(str(shapecalc.derive(sheet).to("json"))), "document": {}}
    yield {**json.loads(str(shapecalc.jacobian(CLAIMS[1]).to("json"))), "document": {}}
    yield {**json.loads(str(shapecalc.hessian(CLAIMS[2], "w").to("json"))), "document": {}}


def code_cell(text: str) -> dict[str, object]:
    return {"cell_type": "code", "source": text, "outputs": [], "metadata": {}}


CLAIMS = (
    "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b\ndW = X.T @ dZ\ndb = sum(dZ, axis=0)\ndX = dZ @ W.T",
    "x: (n,); y = tanh(x)\ndy/dx = diag(1 - y**2)",
    "X: (S, D); w: (D,); L = sum((X @ w)**2)\nd2L/dw2 = 2 * X.T @ X",
    "A: symmetric (n, n); x: (n,); L = x @ A @ x; dx += A @ x; dx += A.T @ x",
    "def f(x) = x * sigmoid(x)\nx: (n,); y = f(x); dx = dy * (y + sigmoid(x) * (1 - y))",
)
class Writer:
    """Writes one input of a kind with the choices of `rng`."""

    def __init__(self, rng):
        self.rng = rng

    def text(self, kind):
        rng = self.rng
        if kind == "stored":
            return self.json(rng.choice(samples(kind)))
        if kind == "sheet" and rng.random() < 0.3:
            made = self.sheet()
        elif kind == "sheet" and rng.random() < 0.3:
            made = Maker(rng, rng.randint(1, 3)).program(rng.randint(1, 3))
        else:
            made = rng.choice(samples(kind))
        if kind in {"notebook", "jsonl"} and rng.random() < 0.5:
            return self.json(made)
        if rng.random() < 0.1:
            return made
        return self.exchanged(self.cut(made)) if rng.random() < 0.5 else self.spoilt(self.cut(made), kind)

    def cut(self, text):
        """A part of a long text."""
        start = self.rng.randrange(max(1, len(text) - 1500)) if len(text) > 3000 else 0
        return text[start : start + 3000]

    def spoilt(self, text, kind):
        """A text with a few words left out, doubled, swapped, replaced, or with a piece of another."""
        rng, words = self.rng, WORDS.findall(text) or [""]
        for _ in range(rng.randint(1, 4)):
            k = rng.randrange(len(words))
            match rng.randrange(8):
                case 0:
                    del words[k : k + rng.randint(1, 6)]
                case 1:
                    words[k:k] = words[k : k + rng.randint(1, 20)] * rng.randint(1, 3)
                case 2:
                    j = rng.randrange(len(words))
                    words[k], words[j] = words[j], words[k]
                case 3:
                    words[k] = rng.choice(NASTY)
                case 4:
                    words.insert(k, rng.choice(NASTY))
                case 5:
                    other = WORDS.findall(self.cut(rng.choice(samples(kind))))
                    j = rng.randrange(max(1, len(other)))
                    words[k:k] = other[j : j + rng.randint(1, 40)]
                case 6:
                    words.insert(k, self.formula(rng.randint(0, 3)))
                case 7:
                    words[k] = words[k].translate({ord(c): rng.choice("abXYZ_'(0") for c in words[k][:1]})
            words = words or [""]
        return "".join(words)

    def exchanged(self, text):
        """A text that mostly still fits: a word for a word, a sign for a sign, lines doubled, left out or swapped."""
        rng = self.rng
        if rng.random() < 0.3:
            lines = text.splitlines(keepends=True) or [""]
            a, b = (rng.randrange(len(lines)) for _ in "ab")
            match rng.randrange(3):
                case 0:
                    lines[a], lines[b] = lines[b], lines[a]
                case 1:
                    lines.insert(a, lines[b])
                case 2:
                    del lines[a]
            text = "".join(lines)
        words = WORDS.findall(text) or [""]
        for _ in range(rng.randint(1, 3)):
            k = rng.randrange(len(words))
            for test in (str.isdigit, str.isidentifier, SIGNS.__contains__):
                if test(words[k]):
                    words[k] = rng.choice([w for w in words if test(w)] if test is not SIGNS.__contains__ else SIGNS)
        return "".join(words)

    def sheet(self):
        rng = self.rng
        lines = [f"{', '.join(rng.sample(VARS, rng.randint(1, 2)))}: {rng.choice(PROPERTIES)}{self.shape()}" for _ in self.few(4)]
        lines += [f"{rng.choice(VARS)} = {self.formula(rng.randint(0, 4))}" for _ in self.few(4)]
        lines += [f"{rng.choice(LEFT)} = {self.formula(rng.randint(0, 3))}" for _ in self.few(3)]
        return rng.choice(("\n", ";", " ; ", "\r\n")).join(lines)

    def few(self, most):
        return range(self.rng.randint(0, most))

    def shape(self):
        return "(" + "".join(f"{self.rng.choice(DIMS)}, " for _ in range(self.rng.randint(0, 3))) + ")"

    def formula(self, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.1:
            return rng.choice((*VARS, "2", "0.5", "1/3", "n", "pi", rng.choice(NASTY)))
        a = self.formula(depth - 1)
        match rng.randrange(10):
            case 0 | 1 | 2:
                return f"({a} {rng.choice(('+', '-', '*', '/', '@', '**', '⊙', '>', '=='))} {self.formula(depth - 1)})"
            case 3 | 4 | 5:
                more = "".join(f", {self.formula(depth - 1)}" for _ in range(rng.choice((0, 0, 0, 1, 1, 2))))
                option = rng.choice(("", "", f", axis={rng.choice((0, 1, -1, 2, 7))}", ", keepdims=True", ", k=1", ", reverse=True"))
                return f"{rng.choice(list(NAMES))}({a}{more}{option})"
            case 6:
                return a + rng.choice(BEHIND)
            case 7:
                return rng.choice(("-", "+", "||", "")) + a
            case 8:
                letters = "".join(rng.choice("ijk,>-") for _ in range(rng.randint(1, 8)))
                return f"einsum('{letters}', {a}, {self.formula(depth - 1)})"
        return f"[{a}, {self.formula(depth - 1)}]"

    def json(self, text):
        """A JSON text with its values spoilt."""
        rng = self.rng
        try:
            data = json.loads(text)
        except ValueError:
            return self.spoilt(text, "sheet")
        for _ in range(rng.randint(1, 3)):
            data = self.changed(data, 0)
        written = json.dumps(data)
        return written if rng.random() < 0.8 else self.spoilt(written, "sheet")

    def changed(self, data, depth):
        """The data with one place of it changed."""
        rng = self.rng
        if isinstance(data, dict) and data and rng.random() < 0.93:
            key = rng.choice(sorted(data))
            match rng.randrange(12):
                case 0:
                    return {k: v for k, v in data.items() if k != key}
                case 1:
                    return {**data, rng.choice(NASTY): self.value()}
                case _:
                    return {**data, key: self.changed(data[key], depth + 1)}
        if isinstance(data, list) and data and rng.random() < 0.9:
            k = rng.randrange(len(data))
            return [*data[:k], self.changed(data[k], depth + 1), *data[k + (rng.random() < 0.8) :]]
        if isinstance(data, str) and rng.random() < 0.8:
            return self.exchanged(data) if rng.random() < 0.6 else self.spoilt(data, "sheet")
        return self.value()

    def value(self):
        rng = self.rng
        return rng.choice((None, True, 0, -1, 10**30, 1.5, "", [], {}, [[]], rng.choice(NASTY), self.formula(2), self.sheet()))
