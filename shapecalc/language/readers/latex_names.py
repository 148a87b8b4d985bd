"""Which name of the sheet a symbol of LaTeX is: its letter, accents, indices and layer numbers, tried against what is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from shapecalc.errors import Span, SyntaxProblem
from shapecalc.symbols import GREEK

from .draft import Draft
from .latex_tokens import Token

_MORE = {
    "lambda": ("lam", "lambda", "lmbda", "lambd", "λ"), "epsilon": ("epsilon", "eps", "ε"),
    "varepsilon": ("epsilon", "eps", "varepsilon", "ε"), "ell": ("ell", "ℓ", "l"), "varphi": ("varphi", "phi", "φ"),
    "vartheta": ("vartheta", "theta", "θ"), "varrho": ("varrho", "rho", "ρ"), "varsigma": ("varsigma", "sigma", "σ"),
    "Lambda": ("Lam", "Lambda", "Λ"), "imath": ("i",), "jmath": ("j",), "hbar": ("hbar",),
}  # fmt: skip
GREEK_COMMANDS = frozenset({*_MORE, *(name for name in GREEK if name not in {"lam", "lambd", "lmbda", "Lam", "infty", "nabla", "eps"})})
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot", "check": "check", "breve": "breve", "vec": "", "mathring": "ring"}
LOSSES = ("L", "loss", "ell", "ℓ", "l"), ("J", "cost", "C"), ("E", "error"), ("f",)


def spellings(base: str) -> tuple[str, ...]:
    """The names that a letter, a word or a Greek command can have in a sheet."""
    if base in _MORE:
        return _MORE[base]
    return (base, GREEK[base]) if base in GREEK else (base,)


def accented(names: Sequence[str], accent: str) -> tuple[str, ...]:
    r"""The names of a symbol under an accent: \hat{y} is yhat, y_hat or hat_y."""
    if not accent:
        return (*names, *(f"{n}{m}" for n in names for m in ("vec", "_vec")))
    return tuple(spelled for n in names for spelled in (n + accent, f"{n}_{accent}", f"{accent}_{n}"))


def raised(name: str) -> str | None:
    """The capital of a letter: entries of X are written x_ij."""
    if len(name) == 1 and name.islower():
        return name.upper()
    return name.capitalize() if name in GREEK and name.islower() else None


@dataclass(frozen=True, slots=True)
class Script:
    """What stands below or above a symbol.

    kind: sub; layer and sample for [l] and (i) above it; sup for a letter or a number above it. text: as part of a name, "" where it
    cannot be one. tokens: what stands in it.
    """

    kind: str
    text: str
    tokens: tuple[Token, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Found:
    """A name, and which of the scripts are part of it. kind: value, gradient, function, capital (its entries are written small)."""

    name: str
    kind: str
    used: frozenset[int]


class Lexicon:
    """What the letters of a formula can mean."""

    def __init__(self, draft: Draft, labels: frozenset[str] = frozenset()) -> None:
        self.draft = draft
        self.labels = labels  # letters that run over an axis in this formula

    def kind(self, name: str) -> str | None:
        """What a name of the sheet is."""
        sheet = self.draft.sheet
        if name in sheet.names or name in sheet.sizes or name in self.draft.abbreviations or name in sheet.upstream.values():
            return "value"
        if sheet.claimed(name) is not None:
            return "gradient"
        return "function" if name in sheet.functions else None

    def find(self, names: Sequence[str], scripts: Sequence[Script], span: Span, prefix: str = "") -> Found | None:
        """The name of a symbol with these scripts; the more of them belong to the name, the better."""
        usable = [k for k, s in enumerate(scripts) if s.text and not (s.kind == "sample" and s.text in self.labels)]
        for count in range(min(len(usable), 3), -1, -1):
            hits: dict[str, Found] = {}
            for chosen in combinations(usable, count):
                for name in self._spelled(names, [scripts[k] for k in chosen]):
                    kind = self.kind(prefix + name)
                    # x_i is never the Greek xi, and d_x no gradient
                    merged = chosen and (name in GREEK or (kind == "gradient" and not prefix and len(names[0]) == 1))
                    if kind is not None and not merged:
                        hits.setdefault(prefix + name, Found(prefix + name, kind, frozenset(chosen)))
            found = self._one(list(hits.values()), scripts, span)
            if found is not None:
                self._unambiguous(found, names, scripts, span, prefix)
                return found
        return self._capital(names, scripts, prefix)

    def _spelled(self, names: Sequence[str], scripts: Sequence[Script]) -> Iterator[str]:
        """The names of a symbol together with these scripts."""
        texts = [_texts(s) for s in scripts]
        for name in names:
            if not texts:
                yield name
            elif len(texts) == 1:
                yield from (name + gap + text for text in texts[0] for gap in ("", "_"))
            else:
                for order in (texts, texts[::-1]):
                    for first in order[0]:
                        for gap in ("", "_"):
                            for other in order[1]:
                                for second in ("", "_"):
                                    yield name + gap + first + second + other + "".join(t[0] for t in order[2:])

    def _one(self, hits: list[Found], scripts: Sequence[Script], span: Span) -> Found | None:
        if len(hits) > 1:
            names = " or ".join(dict.fromkeys(h.name for h in hits))
            raise SyntaxProblem(f"this can be {names}", span, hint="give one of them another name")
        if not hits:
            return None
        rest = [k for k in range(len(scripts)) if k not in hits[0].used]
        # W^{[l]} is W where only one layer is declared
        dropped = {k for k in rest if scripts[k].kind == "layer" and scripts[k].text.isalpha()}
        return Found(hits[0].name, hits[0].kind, hits[0].used | dropped)

    def _unambiguous(self, found: Found, names: Sequence[str], scripts: Sequence[Script], span: Span, prefix: str) -> None:
        """Refuses x_1 where x1 is a name, and x a vector that has a first entry; and s^2 where s2 is a name beside s."""
        for k in found.used:
            if scripts[k].kind not in {"sub", "sup"} or not (scripts[k].text.isdigit() or scripts[k].text in self.labels):
                continue
            for name in names:
                shape = self.draft.shape(prefix + name)
                if shape is None or prefix + name == found.name:
                    continue
                if scripts[k].kind == "sup" or len(shape) == max(1, len(scripts[k].text.replace(",", ""))):
                    what = "a power" if scripts[k].kind == "sup" else "an entry"
                    hint = "give one of them another name"
                    raise SyntaxProblem(f"this can be {found.name}, or {what} of {prefix + name}", span, hint=hint)

    def _capital(self, names: Sequence[str], scripts: Sequence[Script], prefix: str) -> Found | None:
        """X, where x_ij or x^{(i)} is written and only X is known."""
        if not any(s.kind in {"sub", "sample"} for s in scripts):
            return None
        for name in names:
            capital = raised(name)
            options = [n for n in (capital, *spellings(capital)) if n and self.draft.shape(n)] if capital else []
            if options and self.kind(prefix + options[0]) in {"value", "gradient"}:
                return Found(prefix + options[0], "capital", frozenset())
        layered = [k for k, s in enumerate(scripts) if s.kind == "layer" or (s.kind in {"sup", "sub"} and s.text)]
        for k in layered:
            for name in names:
                capital = raised(name)
                for spelled in self._spelled([capital] if capital else [], [scripts[k]]):
                    if self.kind(prefix + spelled) in {"value", "gradient"} and any(
                        s.kind in {"sub", "sample"} for j, s in enumerate(scripts) if j != k
                    ):
                        return Found(prefix + spelled, "capital", frozenset({k}))
        return None

    def is_loss(self, names: Sequence[str]) -> bool:
        """Whether an unknown letter stands for the loss behind the sheet: L, J, E and so on, unless another one is defined."""
        group = next((g for g in LOSSES if any(n in g for n in names)), None)
        if group is None:
            return False
        loss = self.draft.loss
        return loss is None or loss in group or not any(loss in g for g in LOSSES)


def _texts(script: Script) -> list[str]:
    """A script as part of a name."""
    if script.text.endswith(("-1", "+1")):
        return ["prev" if script.text.endswith("-1") else "next"]
    return [script.text]
