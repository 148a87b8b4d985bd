"""How an error draws itself: the line, the carets, the notes; whatever is in the text."""

from __future__ import annotations

import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.errors import (
    InputProblem,
    Misfit,
    NameProblem,
    NotDifferentiable,
    NotKnownYet,
    ShapecalcError,
    ShapeProblem,
    SyntaxProblem,
    TooLarge,
    UnknownName,
    shorten,
    visible,
)

KINDS = [SyntaxProblem, UnknownName, ShapeProblem, NameProblem, NotDifferentiable, NotKnownYet, TooLarge, InputProblem]


def drawn(source: str, start: int, end: int, message: str = "here", name: str | None = None) -> str:
    return str(SyntaxProblem(message, (start, end)).at(source, name))


def under(source: str, start: int, end: int) -> tuple[str, str]:
    """The drawn line, and what of it stands over the carets (one cell to a character is assumed)."""
    line, carets = drawn(source, start, end).split("\n")
    first = carets.index("^")
    return line, line[first : first + carets.count("^")]


def test_the_example_of_the_design_is_drawn_as_there():
    error = ShapeProblem(
        "X has D columns, but Y has S rows", (10, 15), notes=["X (S, D) @ Y (S, M)"], hint="X.T @ Y fits, and is (D, M)"
    )  # fmt: skip
    assert str(error.at("X: (S, D)\nZ = X @ Y"[4:])) == (
        "  Z = X @ Y\n"
        "      ^^^^^ X has D columns, but Y has S rows\n"
        "      X (S, D) @ Y (S, M)\n"
        "      X.T @ Y fits, and is (D, M)"
    )  # fmt: skip


def test_without_a_source_the_message_comes_first():
    error = NameProblem("X is declared twice", (0, 1), notes=["first as (S, D)"], hint="rename one")
    assert str(error) == "X is declared twice\n  first as (S, D)\n  rename one"
    assert (error.line, error.column) == (None, None)


def test_without_a_span_the_message_comes_first_and_names_the_file():
    assert str(TooLarge("the text is too long")) == "the text is too long"
    assert str(InputProblem("there is no such file").at("", "notes.txt")) == "notes.txt: there is no such file"


def test_a_file_is_named_with_line_and_column():
    assert drawn("a\nb = c d\n", 6, 9, name="notes.txt") == "notes.txt:2:5\n  b = c d\n      ^^^ here"


def test_line_and_column_count_characters_from_one():
    error = SyntaxProblem("here", (7, 8)).at("β = 1\n 𝐗 y")
    assert (error.line, error.column) == (2, 2)
    start = SyntaxProblem("here", (0, 0)).at("")
    assert (start.line, start.column) == (1, 1)


def test_the_first_source_and_the_first_name_stay():
    error = SyntaxProblem("here", (0, 1)).at("a").at("b", "notes.txt").at("c", "other.txt")
    assert str(error) == "notes.txt:1:1\n  a\n  ^ here"


@pytest.mark.parametrize(("source", "start", "end", "expected"), [
    ("", 0, 0, "  \n  ^ here"),
    ("ab", 2, 2, "  ab\n    ^ here"),
    ("ab", 1, 1, "  ab\n   ^ here"),
    ("ab", 0, 99, "  ab\n  ^^ here"),
    ("ab", 50, 99, "  ab\n    ^ here"),
    ("ab\ncd\nef", 3, 5, "  cd\n  ^^ here"),
    ("ab\ncd\nef", 4, 8, "  cd\n   ^ here"),          # a span over several lines: the part on the first
    ("ab\ncd", 2, 3, "  ab\n    ^ here"),               # the end of a line
    ("ab\r\ncd", 1, 3, "  ab\n   ^ here"),
    ("a\tb c", 2, 5, "  a    b c\n       ^^^ here"),
    ("漢字 + x", 5, 6, "  漢字 + x\n         ^ here"),     # two cells each
    ("漢字 + x", 0, 2, "  漢字 + x\n  ^^^^ here"),
    ("x\u0302 + y\u0302 z", 5, 7, "  x\u0302 + y\u0302 z\n      ^ here"),  # combining marks take no cell
    ("e\u0301", 0, 2, "  e\u0301\n  ^ here"),
    ("a\x00b", 1, 2, "  a\\x00b\n   ^^^^ here"),
    ("a\x1b[31mb", 1, 2, "  a\\x1b[31mb\n   ^^^^ here"),
    ("a\u202eb", 2, 3, "  a\\u202eb\n         ^ here"),
    ("a\U000e0001b", 1, 2, "  a\\U000e0001b\n   ^^^^^^^^^^ here"),
    ("a\udc80b", 1, 2, "  a\\udc80b\n   ^^^^^^ here"),    # what a file in another encoding leaves behind
    ("a\u2028b", 2, 3, "  a\\u2028b\n         ^ here"),
])  # fmt: skip
def test_the_carets_stand_under_the_span(source: str, start: int, end: int, expected: str):
    assert drawn(source, start, end) == expected


def test_a_line_of_100_cells_is_drawn_whole():
    for start in (0, 30, 61, 99):
        assert under("a" * 100, start, start + 1) == ("  " + "a" * 100, "a")


def test_of_a_longer_line_a_window_is_drawn():
    source = "a" * 300 + "XY" + "b" * 300
    assert under(source, 300, 302) == ("  …" + "a" * 40 + "XY" + "b" * 58 + "…", "XY")


def test_a_window_at_either_end_is_open_on_one_side_only():
    assert under("X" + "b" * 300, 0, 1) == ("  X" + "b" * 99 + "…", "X")
    assert under("b" * 300 + "X", 300, 301) == ("  …" + "b" * 99 + "X", "X")


def test_a_span_wider_than_the_window_is_cut_with_it():
    line, marked = under("a" * 50 + "X" * 500, 50, 550)
    assert line == "  …" + "a" * 40 + "X" * 60 + "…"
    assert marked == "X" * 60


def test_a_window_counts_cells_not_characters():
    line, _ = drawn("漢" * 400, 200, 201).split("\n")
    assert line == "  …" + "漢" * 50 + "…"


def test_a_window_of_marks_without_width_ends():
    line, _ = drawn("x" + "\u0302" * 1_000_000, 500_000, 500_001).split("\n")
    assert len(line) < 1000


def test_messages_notes_and_hints_are_made_visible():
    error = UnknownName("no \x07name\nhere", (0, 1), notes=["a\u202eb"], hint="c\td").at("x")
    assert str(error) == "  x\n  ^ no \\x07name here\n  a\\u202eb\n  c d"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_shapecalc_error(kind: type[ShapecalcError]):
    error = kind("message", (0, 1), notes=["note"], hint="hint")
    assert isinstance(error, ShapecalcError)
    assert (error.message, error.span, error.notes, error.hint) == ("message", (0, 1), ("note",), "hint")
    assert (error.source, error.name) == (None, None)


def test_an_error_survives_the_way_from_another_process():
    error = ShapeProblem("message", (0, 1), notes=["note"], hint="hint").at("x", "notes.txt")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(again) is ShapeProblem
    assert str(again) == str(error)


def test_a_misfit_is_no_shapecalc_error():
    misfit = Misfit("(S, D) against (S, M)", "X.T fits")
    assert (misfit.message, misfit.hint) == ("(S, D) against (S, M)", "X.T fits")
    assert Misfit("short").hint is None
    assert not isinstance(misfit, ShapecalcError)


def test_shorten_leaves_the_ends():
    assert shorten("X @ W") == "X @ W"
    assert shorten("a" * 30 + "b" * 30) == "a" * 20 + "…" + "b" * 19
    assert shorten("(a\n   + b)") == "(a + b)"


@given(st.text(), st.integers(-5, 60), st.integers(-5, 60))
def test_whatever_the_text_nothing_raw_is_drawn(text: str, start: int, end: int):
    lines = str(SyntaxProblem(text, (start, end), notes=[text], hint=text).at(text)).split("\n")
    assert len(lines) == (4 if text else 2)
    for line in lines:
        assert not [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert "^" in lines[1]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=300), st.data())
def test_the_carets_stand_under_the_very_characters(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, min(len(text), start + 40)))
    line, carets = drawn(text, start, end).split("\n")
    first = len(carets) - len(carets.lstrip())
    assert line[first : first + end - start] == text[start:end]
    assert carets[first:] == "^" * (end - start) + " here"
    assert len(line) <= 2 + 100 + 2


def test_visible_keeps_what_can_be_seen():
    assert visible("∂L/∂W = Xᵀ 漢 é") == "∂L/∂W = Xᵀ 漢 é"
