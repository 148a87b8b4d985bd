"""Words in LaTeX: every character is written so that it can only ever be itself."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from ..symbols import GREEK

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    "\u00a0": "~", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "…": r"\dots{}", "\t": " ",
}  # fmt: skip
SIGNS = {
    "+": "+", "=": "=", "<": "<", ">": ">", "/": "/", ":": ":",
    "−": "-", "±": r"\pm", "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes", "·": r"\cdot", "×": r"\times", "⊤": r"\top",
    "∂": r"\partial", "∇": r"\nabla", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "→": r"\to", "∈": r"\in", "′": r"\prime",
    "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "∑": r"\sum", "√": r"\surd", "‖": r"\Vert", "⟨": r"\langle", "⟩": r"\rangle",
    "⋆": r"\star", "∗": r"\ast", "†": r"\dagger", "∞": r"\infty", "ℓ": r"\ell", "ℝ": r"\mathbb{R}", "←": r"\leftarrow",
    "↓": r"\downarrow", "↑": r"\uparrow",
    "↦": r"\mapsto", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↔": r"\leftrightarrow", "∀": r"\forall", "∃": r"\exists",
    "∘": r"\circ", "✓": r"\checkmark", "✗": r"\times", "𝟏": r"\mathbf{1}", "𝟎": r"\mathbf{0}", "∥": r"\parallel", "⟂": r"\perp",
}  # fmt: skip
CAPITALS = frozenset("ΓΔΘΛΞΠΣΥΦΨΩ")  # those that LaTeX has; the others look like Latin ones
LOOKALIKE = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
GREEK_COMMANDS = {letter: "\\" + name for name, letter in reversed(GREEK.items()) if letter.islower() or letter in CAPITALS}
GREEK_COMMANDS |= {letter: rf"\mathrm{{{c}}}" for letter, c in LOOKALIKE.items()}
GREEK_COMMANDS |= {"ε": r"\varepsilon", "φ": r"\varphi", "ς": r"\varsigma"}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀ", [*"0123456789+-ni", r"\top"], strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₘₙ", "0123456789ijkmn", strict=True))
# what inputenc reads but the fonts of the smallest TeX do not have; other letters lose a mark that they cannot show
PLAIN = {
    "«": "<<", "»": ">>", "Ð": "D", "Þ": "Th", "ð": "d", "þ": "th", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ĸ": "k", "Ł": "L", "ł": "l",
    "Ŋ": "Ng", "ŋ": "ng", "Ŧ": "T", "ŧ": "t",
}  # fmt: skip
CODE_SIZES = {r"\small": 70, r"\footnotesize": 78, r"\scriptsize": 88}
OUTSIDE = {
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"\textbackslash{}": r"\backslash ",
    r"\textasciicircum{}": r"\wedge ", r"\textasciitilde{}": r"\sim ",
}  # fmt: skip
UNSET = frozenset("«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ")


def escaped(text: str) -> str:
    r"""Text for the body of a document.

    >>> escaped(r"50% of \X_1")
    '50\\% of \\textbackslash{}X\\_1'
    """
    if not text.isascii():
        text = normalize("NFC", text)
    return re.sub(r"''(?=')", "''{}", "".join(map(_character, text)))


def worded(text: str) -> str:
    r"""Words inside a formula; signs that are mathematics stand outside of the text, where KaTeX and pandoc read them too.

    >>> worded("δ leaves only")
    '\\delta\\text{ leaves only}'
    """
    out = re.sub(r"\\ensuremath\{((?:[^{}]|\{[^{}]*\})*)\}", r"}\1\\text{", escaped(text))
    out = re.sub("|".join(map(re.escape, OUTSIDE)), lambda m: f"}}{OUTSIDE[m[0]]}\\text{{", out)
    return rf"\text{{{out}}}".replace(r"\text{}", "")


def _character(c: str) -> str:
    if c in SPECIAL:
        return SPECIAL[c]
    if " " <= c <= "~" or c == "\n":
        return c
    if c in SIGNS and not c.isascii():
        return rf"\ensuremath{{{SIGNS[c]}}}"
    if c in GREEK_COMMANDS:
        return rf"\ensuremath{{{GREEK_COMMANDS[c]}}}"
    if c in RAISED:
        return rf"\ensuremath{{{{}}^{{{RAISED[c]}}}}}"
    if c in LOWERED:
        return rf"\ensuremath{{{{}}_{{{LOWERED[c]}}}}}"
    if "\u00a1" <= c <= "\u017f" and c not in UNSET:
        return c
    plain = PLAIN.get(c) or "".join(x for x in normalize("NFKD", c) if x.isascii() and x.isprintable())
    if plain:
        return "".join(map(_character, plain))
    return "" if category(c)[0] in "CMZ" else f"U+{ord(c):04X}"


def typewriter(text: str) -> str:
    """Code inside a sentence; a line ends at a blank if it can, else after a comma, a bracket or an operator."""
    out = escaped(text).replace("''", '"').replace("--", "-{}-").replace("`", "`{}")
    return r"\texttt{" + re.sub(r"([,(=@*/+\[])(?=\S)", r"\1\\penalty400 ", out) + "}"


def code_size(text: str) -> str:
    """The size of print in which the longest line of code has room."""
    longest = max(map(len, text.expandtabs(4).splitlines()), default=0)
    return next((size for size, most in CODE_SIZES.items() if longest <= most), r"\tiny")


def code_lines(text: str) -> str:
    """Lines of code, their indentation kept."""
    out = []
    for line in text.expandtabs(4).splitlines():
        stripped = line.lstrip(" ")
        indent = rf"\hspace*{{{0.5 * (len(line) - len(stripped)):.2f}em}}" if stripped != line else ""
        body = escaped(stripped).replace("''", '"').replace("--", "-{}-").replace("`", "`{}").replace(" ", r"\ ")
        out.append(indent + (body or r"\strut"))
    return "\\\\\n".join(out)
