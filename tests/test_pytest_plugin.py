"""The pytest plugin, as a project that installs it sees it."""

import pytest

pytest_plugins = ["pytester"]

LAYER = "X: (S, D); W: (D, M); b: (M,)\nZ = X @ W + b\n"


@pytest.fixture
def sheet(pytester):
    def write(name, text):
        path = pytester.path / f"{name}.sheet"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_claim_of_a_sheet_is_a_test(pytester, sheet):
    sheet("layer", LAYER + "dW = X.T @ dZ\ndb = sum(dZ, axis=1)\ndX = dZ @ W\n")
    result = pytester.runpytest_inprocess("-v")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines([
        "layer.sheet::line 3: dW = X.T @ dZ PASSED*",
        "layer.sheet::line 4: db = sum(dZ, axis=1) FAILED*",
        "layer.sheet:4: db = sum(dZ, axis=1) is wrong (wrong-axis)",
        "yours: sum(dZ, axis=1) is (S,)",
        "right: db = sum(dZ, axis=0) is (M,)",
        "slip: axis=0, not axis=1*",
        "       ^^^^^^^^^^^^^^^ db = sum(dZ, axis=0)",
        "layer.sheet:5: dX = dZ @ W is ill-shaped (*",
    ])
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


def test_one_claim_can_be_chosen(pytester, sheet):
    path = sheet("layer", LAYER + "dW = X.T @ dZ\ndb = sum(dZ, axis=1)\n")
    pytester.runpytest_inprocess(path, "-k", "dW").assert_outcomes(passed=1, deselected=1)
    pytester.runpytest_inprocess("--collect-only", "-q").stdout.fnmatch_lines(["layer.sheet::line 3: dW = X.T @ dZ"])


def test_what_is_not_decided_is_skipped_with_its_reason(pytester, sheet):
    sheet("layer", LAYER + "dZ = X @ W\ndW = X.T @ dZ\n")
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*SKIPPED*dZ comes from outside here*"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAYER.replace("@", "") + "dW = X.T @ dZ\n", ["*layer.sheet:2:5", "  Z = X  W + b", "*an operator is missing between X and W*"]),
        (LAYER.replace("(D, M)", "(M, D)") + "dW = X.T @ dZ\n", ["*layer.sheet:2:5", "*X has D columns, but W has M rows*"]),
    ],
)
def test_a_sheet_that_cannot_be_read_is_an_error_with_a_caret(pytester, sheet, text, told):
    sheet("layer", text)
    sheet("other", LAYER + "dW = X.T @ dZ\n")
    result = pytester.runpytest_inprocess("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(told)
    assert "Traceback" not in result.stdout.str()


def test_a_sheet_that_is_no_text(pytester):
    (pytester.path / "bytes.sheet").write_bytes(b"\xff\xfe\x00")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*is not text in UTF-8*"])
    assert "Traceback" not in result.stdout.str()


ASSERTIONS = """
from shapecalc.testing import assert_gradient

LAYER = "X: (S, D); W: (D, M); b: (M,); Z = X @ W + b"


def test_right():
    assert_gradient("dW = X.T @ dZ", given=LAYER)
    assert_gradient(lambda X, dZ, **_: X.T @ dZ, given=LAYER, wrt="W")
    assert_gradient("dW = dZ.T @ X", given=LAYER, layout="numerator")


def test_wrong():
    assert_gradient("db = dZ", given=LAYER)


def test_function():
    assert_gradient(lambda X, dZ, **_: dZ.T @ X, given=LAYER, wrt="W")
"""


def test_assert_gradient_shows_yours_right_shapes_and_the_mend(pytester):
    pytester.makepyfile(test_backward=ASSERTIONS)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines([
        '>       assert_gradient("db = dZ", given=LAYER)',
        "E       AssertionError: db = dZ",
        "E       wrong (not-reduced)",
        "E       yours: dZ is (S, M)",
        "E       right: db = sum(dZ, axis=0) is (M,)",
        "E       slip: *",
        "E              ^^ db = sum(dZ, axis=0)",
        "E       AssertionError: *",
        "E       wrong (wrong-layout)",
    ])
    assert "testing.py" not in result.stdout.str()


def test_other_files_are_left_alone(pytester):
    (pytester.path / "notes.md").write_text("# nothing\n", encoding="utf-8")
    assert pytester.runpytest_inprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED
