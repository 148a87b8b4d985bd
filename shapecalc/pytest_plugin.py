"""For pytest: every claim of a ``*.sheet`` file is a test; a wrong one fails with yours, right, the slip and the mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .derivation import Verdict


class WrongClaim(Exception):
    """A claim that is not right. ``verdict``: what was found."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Sheets are files of tests."""
    if file_path.suffix != ".sheet":
        return None
    made: pytest.Collector = SheetFile.from_parent(parent, path=file_path)
    return made


class SheetFile(pytest.File):
    """One sheet; a sheet that cannot be read fails to be collected, with a caret."""

    def collect(self) -> Iterable[pytest.Item]:
        """One item for each claim."""
        from .api import check
        from .batch.files import text_of
        from .errors import ShapecalcError

        name, source = str(self.path.relative_to(self.config.rootpath) if self._inside() else self.path), ""
        try:
            source = text_of(self.path)
            report = check(source)
        except ShapecalcError as error:
            raise self.CollectError(str(error.at(source, name))) from None
        yield from self._items(report.claims)

    def _inside(self) -> bool:
        return self.path.is_relative_to(self.config.rootpath)

    def _items(self, verdicts: Iterable[Verdict]) -> Iterator[pytest.Item]:
        for v in verdicts:
            yield ClaimItem.from_parent(self, name=f"line {v.line}: {v.text}", verdict=v)


class ClaimItem(pytest.Item):
    """One claim."""

    def __init__(self, *, verdict: Verdict, **more: Any) -> None:
        super().__init__(**more)
        self.verdict = verdict

    def runtest(self) -> None:
        """Fails unless the claim is right."""
        if self.verdict.verdict == "undecided":
            pytest.skip(self.verdict.message)
        if self.verdict.verdict != "right":
            raise WrongClaim(self.verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The diagnosis, without a traceback."""
        if isinstance(excinfo.value, WrongClaim):
            v = excinfo.value.verdict
            kind = f"{v.verdict} ({v.slip})" if v.slip else v.verdict
            return f"{self.path.name}:{v.line}: {v.text} is {kind}\n{v.message}"  # file:line, which editors follow
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the claim stands."""
        # with the blank it is not the end of the test's name, in which pytest would write X::T for X.T
        return self.path, self.verdict.line - 1, f"{self.name} "
