"""What a derivation and its gradients can be turned into: methods that are mixed into the facades, so that these stay about mathematics.

Pages and formats are loaded when one of these is asked for: a formula alone does not wait for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ..derivation import Step

if TYPE_CHECKING:
    from pathlib import Path

    from .pages import Derived


class Published:
    """A derivation as a page."""

    wrt: list[str]

    def to(self, fmt: str, **options: Any) -> str | bytes:
        """The page in a format: text, latex, markdown, html, typst, json, svg, pdf, png, notebook. Options as in `Options`."""
        from .options import Options
        from .writing import written

        return written(cast("Derived", self), fmt, Options().with_(**options))

    def save(self, path: str | Path, **options: Any) -> Path:
        """The page in a file, in the format of its suffix."""
        from .options import Options
        from .writing import save

        return save(cast("Derived", self), path, Options().with_(**options))

    def _repr_latex_(self) -> str:
        from .pages import summary

        return summary(cast("Derived", self), self.wrt)


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


class PublishedDerivative:
    """A Jacobian or a Hessian as a page."""

    def to(self, fmt: str, **options: Any) -> str | bytes:
        """The page in a format."""
        from .options import Options
        from .writing import written_derivative

        return written_derivative(cast("Any", self), fmt, Options().with_(**options))

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from .derivatives import latex

        return latex(cast("Any", self))

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"
