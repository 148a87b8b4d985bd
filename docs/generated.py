"""The pages that are made from the package itself: operations, limits, the interface, the JSON schemas."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import Any

import shapecalc
from shapecalc import derivation, errors
from shapecalc.language.compositions import ENTRYWISE
from shapecalc.op import Axes, Op
from shapecalc.ops import BOOK
from shapecalc.publishing.options import Options
from shapecalc.shapes import show

DOCS = Path(__file__).resolve().parent
NARROW = "\N{NO-BREAK SPACE}"  # a shape is not broken
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
    "cumprod": "A: (m, n); Y = cumprod(A, axis=0)",
    "windows": "a: (n,); Y = windows(a, 3)",
    "overlap_add": "A: (m, k); y = overlap_add(A)",
    "flip": "A: (m, n); Y = A[:, ::-1]",
    "max": "A: (m, n); y = max(A, axis=1, keepdims=True)",
    "min": "A: (m, n); y = min(A, axis=1, keepdims=True)",
    "prod": "A: (m, n); y = prod(A, axis=0)",
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
    "cross": "a: (3,); b: (3,); y = cross(a, b)",
    "matpow": "A: (n, n); Y = matpow(A, 3)",
    "pinv": "A: (m, n); Y = pinv(A)",
    "cholesky": "A: (n, n); Y = cholesky(A)",
    "eigvalsh": "A: symmetric (n, n); y = eigvalsh(A)",
    "expm": "A: (n, n); y = tr(expm(A))",
}
INSIDE = {"place", "eigvecs"}  # made by pull-backs, or written as a part of something else

FAMILIES = {
    "multilinear": """## Multilinear

The whole rule is an index signature: `ik,kj->ij` says that y_ij = Σ_k a_ik b_kj. A letter twice on the right is a diagonal, a letter
that is missing on the right is summed, one that is missing on the left is broadcast. Read backwards, the same signature is the
pull-back. It is shown for the shapes of the example; any number of axes works.
""",
    "structured": """## Structured

The pull-back (vector-Jacobian product) is written in the language, with `y` for the result and `dy` for what flows back.
What is shown is what the tool makes of it for the example.
""",
    "pointwise": """## Of each entry

The derivative is written in the language, with `y` for the result. The gradient is the upstream gradient times it, entry by entry,
summed over what was broadcast: for `Y = tanh(X)`, `dX = dY * (1 - Y**2)`.
""",
    "constant": """## Constants

They have no gradient.
""",
}
HEADS = {
    "multilinear": ["operation", "example", "signature", "pull-back"],
    "structured": ["operation", "example", "pull-back", "holds where"],
    "pointwise": ["operation", "derivative", "the same as", "holds where; at a kink"],
    "constant": ["operation"],
}


OPERATIONS = """# Operations

The rule book: {count} operations, each one record in `shapecalc/ops/`. The language, the calculus, the printers, the tests and this page
read the same records; [a new one](how-to-add-an-operation.md) appears here by itself. Every rule is for the entries as free variables,
and every one is checked by the tests: against difference quotients in 60-digit or exact arithmetic, against central differences of the
generated code, and against autodiff of torch where it has the function.
"""

SPELLINGS = """## Spellings

Also read, and turned into the operations above: the operators `+ - * / @ **` and comparisons (1 where they hold, else 0); `.T`, `.mT`,
`'`, `ᵀ`; `x[:, None]`, `A[0]`, `A[:, 1:]`, `x[::-1]`; `stack`, `A, B = split(X, 2, axis=1)`, `chunk`, `lam, V = eigh(A)`, `hstack`,
`vstack`, `swapaxes`, `moveaxis`, `permute`, `flatten`; `square`, `reciprocal`, `linear`, `addmm`, `multi_dot`; the losses
`cross_entropy`, `nll_loss`, `binary_cross_entropy`, `binary_cross_entropy_with_logits`, `l1_loss`, `smooth_l1_loss`, `huber_loss`,
`kl_gaussian`, and `conv1d`, `conv2d` (torch's, steps of one), `correlate`, `convolve`, `normalize`, `cosine_similarity`, `cdist`, `cov`,
`diff`, `roll`, norms of any order of vectors, `softmin`, {composed},
which are written out as the compositions that they are; the prefixes `np.`, `torch.`,
`jnp.`, `F.`, and methods such as `dZ.sum(0)`. See [the language](language.md).
"""


def operations() -> str:
    """The rule book as a page."""
    parts = {"multilinear": _multilinear, "structured": _structured, "pointwise": _pointwise, "constant": _constant}
    families = [line for title, row in parts.items() for line in _family(title, row)]
    composed = ", ".join(f"`{name}`" for name in ENTRYWISE)
    spellings = SPELLINGS.replace("{composed}", fill(composed, 130))
    return "\n".join([MADE, OPERATIONS.format(count=len(BOOK) - len(INSIDE)), *families, spellings])


def _family(title: str, row: Callable[[Op], list[str]]) -> Iterator[str]:
    members = (title, "sum") if title == "multilinear" else (title,)
    yield FAMILIES[title]
    yield from table(HEADS[title], [row(op) for op in BOOK.values() if op.family in members and op.name not in INSIDE])
    yield ""


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """A Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") or " " for cell in row) + " |"


def _named(op: Op) -> str:
    also = f" (also {', '.join(f'`{a}`' for a in op.aliases)})" if op.aliases else ""
    source = f"<br>*{op.source}*" if op.source else ""
    return f"`{op.name}`{also}: {_prose(op.doc)}{source}"


def _used(op: Op) -> tuple[str, str, Any]:
    """The example, its pull-back as the tool derives it, and the node."""
    source = USED[op.name]
    formula = source.rpartition(";")[2].strip()
    name = formula.partition("=")[0].strip()
    d = shapecalc.derive(f"{source}; d{name}: upstream({name})")
    rules = "<br>".join(f"`d{n} = {g.formula}`" for n, g in d.gradients.items() if n in formula.partition("=")[2])
    body = d.problem.definitions[name]
    shapes = ", ".join(f"{n} {show(v.shape).replace(' ', NARROW)}" for n, v in d.problem.declared.items() if n in formula.partition("=")[2])
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
    return [_named(op), example, signature, rules]


def _letters(axes: Axes) -> str:
    return "".join("1" if a is None else a if isinstance(a, str) else f"({''.join(a)})" for a in axes)


def _structured(op: Op) -> list[str]:
    example, rules, _ = _used(op)
    return [_named(op), example, rules, _where(op)]


def _pointwise(op: Op) -> list[str]:
    means = op.means if isinstance(op.means, str) else ""
    rules = "<br>".join(f"∂y/∂{a} = `{s}`" for a, s in zip(op.args, op.slopes, strict=False)) or "not known"
    return [_named(op), rules, f"`{means}`" if means else "", _where(op)]


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
        rows = [[row["what"], f"`{asked(row)}`", answer(row["ask"], row.get("claim")), row.get("instead", "")] for row in part["row"]]
        out += [*table(["what", "asked", "the answer", "instead"], rows), ""]
    return "\n".join(out)


def asked(row: dict[str, str]) -> str:
    """The problem, and the claim about it where there is one."""
    return "; ".join(row[k] for k in ("ask", "claim") if k in row)


def answer(ask: str, claim: str | None = None) -> str:
    """What the tool says to a problem, or to a claim about it: the refusal, or the result with its conditions."""
    if claim is not None:
        (verdict,) = shapecalc.check(f"{ask}\n{claim}").claims
        provided = verdict.certificate.conditions if verdict.certificate else ()
        return f"*{verdict.verdict}*" + (f", provided that {', '.join(provided)}" if provided else "")
    try:
        d = shapecalc.derive(ask)
    except errors.ShapecalcError as error:
        return f"*refused*: {_plain(error.message)}"
    made = d.certificate
    found = ", ".join(f"`d{n} = {g.formula}`" for n, g in d.gradients.items())
    return found + (f", provided that {', '.join(made.conditions)}" if made.conditions else "")


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("*", "\\*")


# ---- the interface --------------------------------------------------------------------------------

FUNCTIONS = ("derive", "check", "check_many", "jacobian", "hessian", "jvp", "hvp", "recheck")
HOMES = dict.fromkeys(FUNCTIONS, "shapecalc") | {"assert_gradient": "shapecalc.testing", "ShapeProblem": "shapecalc.errors"}
CLASSES = ("Derivation", "Gradient", "JacobianResult")
PLAIN = {
    "Derivation": {
        "d[name]": "The gradient by a name; by a definition too.",
        "gradients": "Those that were asked for, by name, in order of declaration.",
    }
}
MEMBERS = {
    "Derivation": ("backward", "certificate", "code", "entries", "turned", "to", "save", "html", "markdown", "svg"),
    "Gradient": ("formula", "expanded", "shape", "reduction", "latex", "steps", "certificate", "recognised", "judge"),
    "JacobianResult": ("formula", "expanded", "shape", "certificate", "code", "times", "latex", "to", "save", "html", "markdown"),
}
RECORDS = ("Certificate", "Reduction", "Step", "Report", "Verdict")
ERRORS = ("SyntaxProblem", "UnknownName", "NameProblem", "ShapeProblem", "NotDifferentiable", "NotKnownYet", "TooLarge", "InputProblem")


def api() -> str:
    """The interface from its docstrings."""
    out = [MADE, "# The interface", "", "Text in, plain records and facades over them out. What is listed here is kept stable.", ""]
    out += ["```python", ">>> import shapecalc", "```", ""]
    for name in FUNCTIONS:
        out += _function(f"shapecalc.{name}", getattr(shapecalc, name))
    out += _testing()
    out += ["## What comes back", ""]
    for name in CLASSES:
        out += _class(name, getattr(shapecalc, name))
    for name in RECORDS:
        out += _record(name, getattr(derivation, name))
    out += _record("Options", Options)
    out += ["## Errors", "", *_documented(errors.ShapecalcError), "", "All of them are `shapecalc.ShapecalcError`s:", ""]
    kinds = [getattr(errors, n) for n in ERRORS]
    out += [*table(["class", "when"], [[f"`{k.__name__}`", _prose((inspect.getdoc(k) or "").partition("\n")[0])] for k in kinds]), ""]
    return "\n".join(out).replace("a slug of design.md section 7", "one of [these](glossary.md#the-slips)")


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
    parts = []
    for n, p in found.parameters.items():
        if n != "self":
            name = "**" + n if p.kind is p.VAR_KEYWORD else n
            parts.append(f"{name}: {p.annotation}" + (f" = {p.default!r}" if p.default is not p.empty else ""))
    return f"({', '.join(parts)}) -> {found.return_annotation}"


def _documented(thing: Any) -> Iterator[str]:
    """A docstring: prose, and its examples as doctests."""
    example = False
    for line in (inspect.getdoc(thing) or "").splitlines():
        if line.startswith(">>> ") and not example:
            example = True
            yield "```python"
            yield from (f">>> from {home} import {name}" for name, home in HOMES.items() if re.search(rf"(?<!\.)\b{name}\(", line))
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
    rows = [[f"`{member}`", words] for member, words in PLAIN.get(name, {}).items()]
    for member in MEMBERS[name]:
        value = inspect.getattr_static(kind, member, None)
        if value is None:
            continue
        function = getattr(value, "fget", None) or getattr(value, "func", None)
        words = inspect.getdoc(function or value) or ""
        call = "" if function else "(" + ", ".join(n for n in inspect.signature(value).parameters if n != "self") + ")"
        rows.append([f"`{member}{call}`", _prose(" ".join(words.split("\n\n")[0].split()))])
    return [f"### {name}", "", *_documented(kind), "", *table(["member", "what it is"], rows), ""]


def _record(name: str, kind: type) -> list[str]:
    names = ", ".join(f"`{f.name}`" for f in fields(kind))  # type: ignore[arg-type]
    return [f"### {name}", "", *_documented(kind), "", f"Fields: {names}.", ""]


# ---- JSON --------------------------------------------------------------------------------------

SCHEMAS = (
    ("shapecalc.publishing", "derivation-1.schema.json", "A derivation", "What `derive --format json` and `d.to(\"json\")` write."),
    ("shapecalc.publishing", "derivative-1.schema.json", "A Jacobian or a Hessian", "What `shapecalc jacobian` and `hessian` write."),
    ("shapecalc.publishing", "report-1.schema.json", "Verdicts", "What `shapecalc check --format json` writes, an object for each source."),
    ("shapecalc.render", "document-1.schema.json", "A page", "The page itself as blocks, under `document` of the first two."),
)
JSON = """# JSON

`shapecalc derive SOURCE --format json` writes everything that was derived, by a versioned schema: keys of a version stay, and a new version
gets a new number. The schemas are shipped with the package as JSON Schema (draft 2020-12); programs find them with
`importlib.resources`.
"""


def schemas() -> str:
    """The JSON schemas as tables, and where they lie."""
    out = [MADE, JSON]
    for package, file, title, words in SCHEMAS:
        found = json.loads((files(package) / "data" / file).read_text(encoding="utf-8"))
        path = f"{package.replace('.', '/')}/data/{file}"
        out += [f"## {title}", "", f"{words} Schema: [`{path}`](../{path}).", ""]
        needed = set(found.get("required", []))
        keys = found.get("properties", {}).items()
        rows = [[f"`{k}`", _kind(v), "yes" if k in needed else "", _prose(v.get("description", ""))] for k, v in keys]
        out += [*table(["key", "type", "always there", "what it is"], rows), ""]
        parts = [[f"`{n}`", _keys(d), _prose(d.get("description", ""))] for n, d in found.get("$defs", {}).items() if d.get("properties")]
        out += [*table(["part", "its keys", "what it is"], parts), ""] if parts else []
    return "\n".join(out)


def _keys(schema: dict[str, Any]) -> str:
    return ", ".join(f"`{k}`" for k in schema["properties"])


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type") or ("one of " + ", ".join(f"`{x}`" for x in schema["enum"]) if "enum" in schema else "")
    if "const" in schema:
        return f"`{schema['const']}`"
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    return " or ".join(kind) if isinstance(kind, list) else str(kind or "see the schema")


# ---- pictures -------------------------------------------------------------------------------------

ROWS, COLUMNS = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b", "X: (D, S); W: (M, D); b: (M, 1); Z = W @ X + b"
PICTURES = {
    "shapes-rows.svg": (ROWS, "shapes"), "shapes-columns.svg": (COLUMNS, "shapes"),
    "copied-rows.svg": (ROWS, "broadcasting"), "copied-columns.svg": (COLUMNS, "broadcasting"),
    "added-rows.svg": (ROWS, "reduction"), "added-columns.svg": (COLUMNS, "reduction"), "graph.svg": (ROWS, "graph"),
}  # fmt: skip


def picture(name: str) -> str:
    """A drawing by the tool itself."""
    source, kind = PICTURES[name]
    return shapecalc.derive(source, wrt="b" if kind == "reduction" else None).svg(kind).data


PAGES: dict[str, Callable[[], str]] = {"operations.md": operations, "limits.md": limits, "api.md": api, "json-schema.md": schemas}
PAGES |= {f"_static/{name}": partial(picture, name) for name in PICTURES}

__all__ = ["PAGES"]
