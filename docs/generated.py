"""The pages that are made from the package itself: operations, limits, the interface, the JSON schemas."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import shapecalc
from shapecalc import derivation, errors
from shapecalc.op import Axes, Op
from shapecalc.ops import BOOK
from shapecalc.shapes import show

DOCS = Path(__file__).resolve().parent
WIDTH = 140
MADE = "<!-- made by `python docs/refresh.py`; what it says is changed where it comes from -->\n"

# ---- operations ------------------------------------------------------------------------------

# each operation in use: the rule that is shown is the one that the tool derives for it
USED = {
    "mul": "A: (m, n); B: (m, n); Y = A * B",
    "div": "A: (m, n); B: (m, n); Y = A / B",
    "neg": "A: (m, n); Y = -A",
    "matmul": "A: (m, k); B: (k, n); Y = A @ B",
    "outer": "a: (m,); b: (n,); Y = outer(a, b)",
    "inner": "a: (n,); b: (n,); y = inner(a, b)",
    "tr": "A: (n, n); y = tr(A)",
    "diag": "a: (n,); Y = diag(a)",
    "diagonal": "A: (n, n); y = diagonal(A)",
    "einsum": "A: (b, m, k); B: (k, n); Y = einsum('bik,kj->bij', A, B)",
    "kron": "A: (m, n); B: (p, q); Y = kron(A, B)",
    "transpose": "A: (m, n); Y = A.T",
    "expand_dims": "a: (n,); Y = a[:, None]",
    "squeeze": "A: (n, 1); y = squeeze(A)",
    "reshape": "a: (m*n,); Y = reshape(a, (m, n))",
    "vec": "A: (m, n); y = vec(A)",
    "broadcast_to": "A: (m, n); a: (n,); Y = broadcast_to(a, A.shape)",
    "sum": "A: (m, n); y = sum(A, axis=0)",
    "mean": "A: (m, n); y = mean(A, axis=0)",
    "add": "A: (m, n); b: (n,); Y = A + b",
    "slice": "A: (m, n); Y = A[:, 1:]",
    "concatenate": "A: (m, n); B: (m, k); Y = concatenate([A, B], axis=1)",
    "tril": "A: (n, n); Y = tril(A)",
    "triu": "A: (n, n); Y = triu(A)",
    "cumsum": "A: (m, n); Y = cumsum(A, axis=0)",
    "max": "A: (m, n); y = max(A, axis=1, keepdims=True)",
    "min": "A: (m, n); y = min(A, axis=1, keepdims=True)",
    "softmax": "A: (m, n); Y = softmax(A)",
    "log_softmax": "A: (m, n); Y = log_softmax(A)",
    "logsumexp": "a: (n,); y = logsumexp(a)",
    "norm": "a: (n,); y = norm(a)",
    "var": "A: (m, n); y = var(A, axis=0)",
    "std": "A: (m, n); y = std(A, axis=0)",
    "mse": "A: (m, n); B: (m, n); y = mse(A, B)",
    "inv": "A: (n, n); Y = inv(A)",
    "det": "A: (n, n); y = det(A)",
    "logdet": "A: (n, n); y = logdet(A)",
    "solve": "A: (n, n); b: (n,); y = solve(A, b)",
    "matpow": "A: (n, n); Y = matpow(A, 3)",
    "pinv": "A: (m, n); Y = pinv(A)",
    "cholesky": "A: (n, n); Y = cholesky(A)",
    "expm": "A: (n, n); y = tr(expm(A))",
}
INSIDE = {"place"}  # made by pull-backs, never written

FAMILIES = {
    "multilinear": (
        "Multilinear",
        "The whole rule is an index signature: `ik,kj->ij` says that y_ij = Σ_k a_ik b_kj, a letter twice on the right is a diagonal, a letter\n"
        "that is missing on the right is summed, one that is missing on the left is broadcast. Read backwards, the same signature is the\n"
        "pull-back. It is shown for the shapes of the example; any number of axes works.",
    ),
    "structured": (
        "Structured",
        "The pull-back (vector-Jacobian product) is written in the language, with `y` for the result and `dy` for what flows back.\n"
        "What is shown is what the tool makes of it for the example.",
    ),
    "pointwise": (
        "Of each entry",
        "The derivative is written in the language, with `y` for the result. The gradient is the upstream gradient times it, entry by entry,\n"
        "summed over what was broadcast: for `Y = tanh(X)`, `dX = dY * (1 - Y**2)`.",
    ),
    "constant": ("Constants", "They have no gradient."),
}


def operations() -> str:
    """The rule book as a page."""
    return "\n".join([
        MADE, "# Operations", "",
        f"The rule book: {len(BOOK) - len(INSIDE)} operations, each one record in `shapecalc/ops/`. The language, the calculus, the printers, the tests",
        "and this page read the same records; [a new one](how-to-add-an-operation.md) appears here by itself. Every rule is for",
        "the entries as free variables, and every one is checked by the tests against difference quotients in 60-digit or exact arithmetic,",
        "against central differences of the generated code, and against autodiff of torch where it has the function.",
        "",
        *_family("multilinear", ("multilinear", "sum"), _multilinear),
        *_family("structured", ("structured",), _structured),
        *_family("pointwise", ("pointwise",), _pointwise),
        *_family("constant", ("constant",), _constant),
        "## Spellings", "",
        "Also read, and turned into the operations above: the operators `+ - * / @ **` and comparisons (1 where they hold, else 0); `.T`, `.mT`, `'`,",
        "`ᵀ`; `x[:, None]`, `A[0]`, `A[:, 1:]`; `stack`, `split`, `hstack`, `vstack`, `swapaxes`, `moveaxis`, `permute`, `flatten`; `square`, `reciprocal`,",
        "`linear`, `addmm`, `multi_dot`; the losses `cross_entropy`, `nll_loss`, `binary_cross_entropy`, `binary_cross_entropy_with_logits`,",
        "`kl_gaussian`, which are written out as the compositions that they are; the prefixes `np.`, `torch.`, `jnp.`, `F.` and methods such as",
        "`dZ.sum(0)`. See [the language](language.md).", "",
    ])  # fmt: skip


def _family(title: str, members: tuple[str, ...], row: Callable[[Op], list[str]]) -> Iterator[str]:
    head, words = FAMILIES[title]
    yield from (f"## {head}", "", words, "")
    heads = {"multilinear": ["operation", "example", "signature", "pull-back", "source"],
             "structured": ["operation", "example", "pull-back", "holds where", "source"],
             "pointwise": ["operation", "derivative", "the same as", "holds where; at a kink", "source"],
             "constant": ["operation"]}[title]  # fmt: skip
    yield from table(heads, [row(op) for op in BOOK.values() if op.family in members and op.name not in INSIDE])
    yield ""


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """A Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") or " " for cell in row) + " |"


def _named(op: Op) -> str:
    also = f" (also {', '.join(f'`{a}`' for a in op.aliases)})" if op.aliases else ""
    return f"`{op.name}`{also}: {op.doc}"


def _used(op: Op) -> tuple[str, str, Any]:
    """The example, its pull-back as the tool derives it, and the node."""
    source = USED[op.name]
    formula = source.rpartition(";")[2].strip()
    name = formula.partition("=")[0].strip()
    d = shapecalc.derive(f"{source}; d{name}: upstream({name})")
    rules = "<br>".join(f"`d{n} = {g.formula}`" for n, g in d.gradients.items() if n in formula.partition("=")[2])
    body = d.problem.definitions[name]
    shapes = ", ".join(f"{n} {show(v.shape)}" for n, v in d.problem.declared.items() if n in formula.partition("=")[2])
    return f"`{formula}`<br>{shapes}", rules, body


def _multilinear(op: Op) -> list[str]:
    example, rules, body = _used(op)
    signature = ""
    if op.signature is not None and body.name == op.name:
        found = op.signature(tuple(a.shape for a in body.args), dict(body.params))
        if found is not None:
            signature = f"`{','.join(map(_letters, found.inputs))}->{_letters(found.output)}`"
            signature += f" / {', '.join(map(str, found.over))}" if found.over else " · −1" if found.sign < 0 else ""
            signature += f", powers {found.powers}" if set(found.powers) - {1} else ""
    return [_named(op), example, signature, rules, op.source]


def _letters(axes: Axes) -> str:
    return "".join("1" if a is None else a if isinstance(a, str) else f"({''.join(a)})" for a in axes)


def _structured(op: Op) -> list[str]:
    example, rules, _ = _used(op)
    return [_named(op), example, rules, _where(op), op.source]


def _pointwise(op: Op) -> list[str]:
    means = op.means if isinstance(op.means, str) else ""
    rules = "<br>".join(f"∂y/∂{a} = `{s}`" for a, s in zip(op.args, op.slopes, strict=True))
    return [_named(op), rules, f"`{means}`" if means else "", _where(op), op.source]


def _constant(op: Op) -> list[str]:
    return [_named(op)]


def _where(op: Op) -> str:
    domain = re.sub(r"\{(\w+)\}", r"\1", op.domain)
    return "; ".join(filter(None, (domain, op.kink)))


# ---- limits ------------------------------------------------------------------------------------


def limits() -> str:
    """What is refused, and what holds only in part: each line is run, and the answer is the tool's own."""
    book = tomllib.loads((DOCS / "limits.toml").read_text(encoding="utf-8"))
    out = [MADE, "# Known limits", "", book["words"].strip(), ""]
    for part in book["part"]:
        out += [f"## {part['title']}", "", part["words"].strip(), ""]
        rows = [[row["what"], f"`{row['ask']}`", answer(row["ask"]), row.get("instead", "")] for row in part["row"]]
        out += [*table(["what", "asked", "the answer", "instead"], rows), ""]
    return "\n".join(out)


def answer(ask: str) -> str:
    """What the tool says to a problem (or to one claim): the refusal, or the result with its conditions."""
    try:
        claims = shapecalc.check(ask).claims
        if claims:
            return "; ".join(f"*{c.verdict}*: {_plain(c.message)}" for c in claims)
        d = shapecalc.derive(ask)
    except errors.ShapecalcError as error:
        return f"*refused*: {_plain(error.message)}"
    made = d.certificate
    found = ", ".join(f"`d{n} = {g.formula}`" for n, g in d.gradients.items())
    return found + (f", provided that {', '.join(made.conditions)}" if made.conditions else "")


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("*", "\\*")


# ---- the interface --------------------------------------------------------------------------------

FUNCTIONS = ("derive", "check", "jacobian", "hessian", "jvp", "hvp")
CLASSES = ("Derivation", "Gradient", "JacobianResult")
RECORDS = ("Certificate", "Reduction", "Step", "Report", "Verdict")
ERRORS = ("SyntaxProblem", "UnknownName", "NameProblem", "ShapeProblem", "NotDifferentiable", "NotKnownYet", "TooLarge", "InputProblem")


def api() -> str:
    """The interface from its docstrings."""
    out = [MADE, "# The interface", "", "Text in, plain records and facades over them out. What is listed here is kept stable.", ""]
    out += ["```python", ">>> import shapecalc", "", "```", ""]
    for name in FUNCTIONS:
        out += _function(f"shapecalc.{name}", getattr(shapecalc, name))
    out += _testing()
    out += ["## What comes back", ""]
    for name in CLASSES:
        out += _class(name, getattr(shapecalc, name))
    for name in RECORDS:
        out += _record(name, getattr(derivation, name))
    out += ["## Errors", "", _prose(inspect.getdoc(errors.ShapecalcError) or ""), "", "All of them are `shapecalc.ShapecalcError`s:", ""]
    kinds = [getattr(errors, n) for n in ERRORS]
    out += [*table(["class", "when"], [[f"`{k.__name__}`", _prose((inspect.getdoc(k) or "").partition("\n")[0])] for k in kinds]), ""]
    return "\n".join(out).replace(">>> import shapecalc\n\n```", ">>> import shapecalc\n```")


def _testing() -> list[str]:
    try:
        from shapecalc import testing
    except ImportError:
        return []
    return _function("shapecalc.testing.assert_gradient", testing.assert_gradient)


def _function(name: str, function: Any, level: int = 2) -> list[str]:
    return [f"{'#' * level} {name}", "", "```py", f"{name.rpartition('.')[2]}{_signature(function)}", "```", "", *_documented(function), ""]


def _signature(function: Any) -> str:
    found = inspect.signature(function)
    kept = [p for n, p in found.parameters.items() if n != "self"]
    return str(found.replace(parameters=kept)).replace("'", "").replace("shapecalc.", "")


def _documented(thing: Any) -> Iterator[str]:
    """A docstring: prose, and its examples as doctests."""
    example = False
    for line in (inspect.getdoc(thing) or "").splitlines():
        if line.startswith(">>> ") and not example:
            example = True
            yield "```python"
            for name in FUNCTIONS:
                if re.search(rf"\b{name}\(", line) and f"shapecalc.{name}" not in line:
                    yield f">>> from shapecalc import {name}"
        elif example and not line.strip():
            example = False
            yield "```"
        yield line if example else _prose(line)
    if example:
        yield "```"


def _prose(text: str) -> str:
    parts = re.split(r"(``?[^`]+``?)", text)
    return "".join(p.replace("``", "`") if k % 2 else p.replace("*", "\\*").replace("<", "&lt;") for k, p in enumerate(parts))


def _class(name: str, kind: type) -> list[str]:
    rows = []
    for base in (kind, *kind.__bases__):
        for member, value in vars(base).items():
            if member.startswith("_") or any(f"`{member}" in row[0] for row in rows):
                continue
            function = getattr(value, "fget", None) or getattr(value, "func", None)
            words = inspect.getdoc(function or value) or ""
            if function is None and not callable(value):
                continue
            call = "" if function else _signature(value).partition(" -> ")[0]
            rows.append([f"`{member}{call}`", _prose(" ".join(words.split("\n\n")[0].split()))])
    return [f"### {name}", "", *_documented(kind), "", *table(["member", "what it is"], rows), ""]


def _record(name: str, kind: type) -> list[str]:
    names = ", ".join(f"`{f.name}`" for f in fields(kind))  # type: ignore[arg-type]
    return [f"### {name}", "", *_documented(kind), "", f"Fields: {names}.", ""]


# ---- JSON --------------------------------------------------------------------------------------

SCHEMAS = {
    "shapecalc.publishing": ("derivation-1.schema.json", "A derivation", "What `shapecalc derive --format json` and `d.to(\"json\")` write."),
    "shapecalc.render": ("document-1.schema.json", "A page", "The page itself as blocks, under `document` of the above."),
}  # fmt: skip


def schemas() -> str:
    """The JSON schemas as tables, and where they lie."""
    out = [
        MADE, "# JSON", "",
        "`shapecalc derive SOURCE --format json` writes everything that was derived, by a versioned schema: keys of a version stay, and a new",
        "version gets a new number. The schemas are shipped with the package as JSON Schema (draft 2020-12); programs find them with",
        "`importlib.resources`.", "",
    ]  # fmt: skip
    for package, (file, title, words) in SCHEMAS.items():
        found = json.loads((files(package) / "data" / file).read_text(encoding="utf-8"))
        out += [f"## {title}", "", f"{words} Schema: [`{package.replace('.', '/')}/data/{file}`](../{package.replace('.', '/')}/data/{file}).", ""]
        needed = set(found.get("required", []))
        rows = [[f"`{k}`", _kind(v), "yes" if k in needed else "", _prose(v.get("description", ""))] for k, v in found.get("properties", {}).items()]
        out += [*table(["key", "type", "always there", "what it is"], rows), ""]
    return "\n".join(out)


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type") or ("one of " + ", ".join(f"`{x}`" for x in schema["enum"]) if "enum" in schema else "")
    if "const" in schema:
        return f"`{schema['const']}`"
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    return " or ".join(kind) if isinstance(kind, list) else str(kind or "see the schema")


PAGES: dict[str, Callable[[], str]] = {"operations.md": operations, "limits.md": limits, "api.md": api, "json-schema.md": schemas}

__all__ = ["PAGES", "WIDTH"]
