"""The same command line for typer: help, completion, and the words for what is wrong in the arguments."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from .. import __version__
from .options import COMMANDS, LARGEST_NUMBER, Command, Option
from .running import BROKEN_PIPE, run

BLANK = " "  # a flag takes no value, and typer would write <bool>
EPILOG = "Exit codes: 0 all right; 1 a claim is wrong or ill-shaped; 2 the input cannot be read or used."


def run_typer(words: list[str]) -> int:
    """The command line through typer; its exit code."""
    try:
        app()(args=words, prog_name="shapecalc")
    except SystemExit as done:
        if isinstance(done.__context__, BrokenPipeError):  # typer makes a 1 of it, which would say that a claim is wrong
            return BROKEN_PIPE
        return done.code if isinstance(done.code, int) else 0 if done.code is None else 2
    return 0


@cache
def app() -> typer.Typer:
    """Every command of the table."""
    made = typer.Typer(
        help="Gradients of matrix formulas, derived with their shapes, shown in every layout, and checked.",
        epilog=EPILOG,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    made.callback()(top)
    for command in COMMANDS:
        made.command(command.name, help=command.help, rich_help_panel=command.panel)(function(command))
    return made


def version(asked: bool) -> None:
    """Prints the version."""
    if asked:
        typer.echo(f"shapecalc {__version__}")
        raise typer.Exit


def top(show: Annotated[bool, typer.Option("--version", "-V", callback=version, is_eager=True, help="The version.")] = False) -> None:
    """Nothing: the options above are eager."""
    del show


def function(command: Command) -> Callable[..., None]:
    """A function with the signature that typer reads a command from."""

    def body(**values: Any) -> None:
        raise typer.Exit(run(command.name, {k: plain(k, v) for k, v in values.items()}))

    parameters = [parameter(o) for o in command.options]
    if command.argument is not None:
        name, metavar, needed, text = command.argument
        kind: Any = list[str] if command.many else str if needed else str | None
        default = inspect.Parameter.empty if needed else None
        annotation = Annotated[kind, typer.Argument(metavar=metavar, help=text, show_default=False)]
        parameters.insert(0, inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation))
    body.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    body.__annotations__ = {p.name: p.annotation for p in parameters}
    body.__name__ = command.name
    return body


def plain(name: str, value: Any) -> Any:
    """A value as the small reader gives it."""
    if isinstance(value, enum.Enum):
        return value.value
    return tuple(value) if isinstance(value, list) and name != "sources" else value


def chosen(o: Option) -> Any:
    """The values of a choice as typer wants them."""
    return enum.Enum(o.name.capitalize(), {c: c for c in o.choices}, type=str)


def parameter(o: Option) -> inspect.Parameter:
    """One option as a parameter."""
    flags = [f"{o.flags[0]}/{o.negative}", *o.flags[1:]] if o.negative else list(o.flags)
    kinds: dict[str, Any] = {"flag": bool, "number": int, "text": str}
    kind = kinds[o.kind] if o.kind != "choice" else chosen(o)
    default = o.default
    if o.kind == "choice":
        default = kind(o.default) if o.default is not None else None
    if o.many:
        kind, default = list[str], []
    elif o.default is None:
        kind = kind | None
    shown = o.kind == "choice" and o.default is not None
    metavar = o.metavar or (BLANK if o.kind == "flag" else None)
    bounds: dict[str, Any] = {"min": 0, "max": LARGEST_NUMBER} if o.kind == "number" else {}
    info = typer.Option(*flags, help=o.help, metavar=metavar, rich_help_panel=o.panel or None, show_default=shown, **bounds)
    return inspect.Parameter(o.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])
