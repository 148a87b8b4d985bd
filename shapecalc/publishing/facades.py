"""What a derivation, its gradients and a report can be turned into: methods mixed into the facades, which stay about mathematics.

Pages and formats are loaded when one of these is asked for: a formula alone does not wait for them. In a notebook everything with a
formula shows itself as LaTeX and nothing else: HTML would win over it, and exported notes would lose the formula's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ..derivation import Report, Step, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from .options import Options
    from .pages import Derived
    from .shown import Shown
    from .writing import Judging


class Published:
    """Anything that is a page; who mixes this in says how it is written."""

    def _written(self, fmt: str, options: Options, standalone: bool) -> str | bytes:
        raise NotImplementedError

    def to(self, fmt: str, **options: Any) -> str | bytes:
        """The page in a format: text, terminal, latex, markdown, html, typst, json, svg, pdf, png, notebook. Options as in `Options`."""
        from .options import Options

        return self._written(fmt, Options().with_(**options), False)

    def save(self, path: str | Path, to: str | None = None, **options: Any) -> Path:
        """The page in a file, in the format of its suffix; the file appears whole or not at all."""
        from .options import Options
        from .writing import stored

        return stored(lambda fmt: self._written(fmt, Options().with_(**options), True), path, to)

    def html(self, **options: Any) -> Shown:
        """The whole page, shown inside a notebook."""
        from .shown import framed

        return framed(str(self.to("html", **options)), "shapecalc", str(self.to("text", **options)))

    def markdown(self, **options: Any) -> Shown:
        """The whole page as Markdown: in a notebook, with the notebook's own fonts."""
        from .shown import Shown

        return Shown("text/markdown", str(self.to("markdown", **options)), str(self.to("text", **options)))

    def _brief(self) -> str:
        return str(self.to("text"))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("..." if cycle else self._brief().rstrip("\n"))


class PublishedDerivation(Published):
    """A derivation as a page."""

    wrt: list[str]

    def _written(self, fmt: str, options: Options, standalone: bool) -> str | bytes:
        from .writing import written

        return written(cast("Derived", self), fmt, options, standalone)

    def svg(self, kind: str = "shapes") -> Shown:
        """A picture, shown inside a notebook: shapes, reduction, broadcasting or graph."""
        from ..render import render
        from .pages import subject
        from .pictures import drawing, one_picture
        from .shown import Shown

        made = drawing(subject(cast("Derived", self)), kind)
        return Shown("image/svg+xml", one_picture(made), str(render(made, "text")))

    def _repr_latex_(self) -> str:
        from .pages import summary

        return summary(cast("Derived", self), self.wrt)

    def _brief(self) -> str:
        from .pages import brief

        return brief(cast("Derived", self), self.wrt)


class PublishedGradient:
    """One gradient as a formula on paper."""

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from .pages import tex

        me: Any = self
        return tex(me.expression, me.derivation)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The derivation in index form, line by line with its reasons; the last line is the formula."""
        from .pages import steps

        me: Any = self
        return steps(me.derivation, me.name)

    def _repr_latex_(self) -> str:
        from .pages import summary

        me: Any = self
        return summary(me.derivation, [me.name])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from .pages import brief

        me: Any = self
        printer.text("..." if cycle else brief(me.derivation, [me.name]).rstrip("\n"))


class PublishedDerivative(Published):
    """A Jacobian or a Hessian as a page."""

    def _written(self, fmt: str, options: Options, standalone: bool) -> str | bytes:
        from .writing import written_derivative

        return written_derivative(cast("Any", self), fmt, options, standalone)

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from .derivatives import latex

        return latex(cast("Any", self))

    def _repr_latex_(self) -> str:
        from .derivatives import equation

        return f"$${equation(cast('Any', self), 'latex')}$$"

    def _brief(self) -> str:
        from .derivatives import equation

        return equation(cast("Any", self), "text")


class PublishedReport(Published):
    """Verdicts as a page."""

    def judged(self) -> tuple[Report, Judging]:
        """The verdicts, and how they came about."""
        raise NotImplementedError

    def _written(self, fmt: str, options: Options, standalone: bool) -> str | bytes:
        from .writing import written_report

        return written_report(*self.judged(), fmt, options, standalone)

    def _repr_markdown_(self) -> str:
        return str(self.to("markdown"))


@dataclass(frozen=True, slots=True, repr=False)  # so that IPython comes upon _repr_pretty_ first
class CheckedReport(PublishedReport, Report):
    """The verdicts of one source, in order, with how it was judged; a page in any format."""

    layout: str = "denominator"
    structured: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)

    def judged(self) -> tuple[Report, Judging]:
        """Itself."""
        from .writing import Judging

        return self, Judging(self.layout, self.structured, self.aliases)


@dataclass(frozen=True, slots=True, repr=False)  # so that IPython comes upon _repr_pretty_ first
class CheckedVerdict(PublishedReport, Verdict):
    """What was found about one claim; a page in any format."""

    def judged(self) -> tuple[Report, Judging]:
        """A report with one verdict."""
        from .writing import Judging

        return Report((self,)), Judging()


def checked(report: Report, layout: str, structured: bool, aliases: Mapping[str, str] | None) -> CheckedReport:
    """A report as it is handed out."""
    known = {f.name: getattr(report, f.name) for f in fields(report)}
    known["claims"] = tuple(map(checked_verdict, report.claims))
    return CheckedReport(**known, layout=layout, structured=structured, aliases=dict(aliases or {}))


def checked_verdict(v: Verdict) -> CheckedVerdict:
    """A verdict as it is handed out."""
    return CheckedVerdict(**{f.name: getattr(v, f.name) for f in fields(v)})
