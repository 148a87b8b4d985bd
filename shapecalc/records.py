"""Records: dataclasses with slots that are never changed.

The type checker sees to it that nothing assigns to them. A guard at run time would cost more than making one does, and the six functions
that `dataclass` compiles for each frozen class are a good part of the time in which the program starts: here it compiles `__init__` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(body: type[T]) -> type[T]:
    """A record of the fields that a class names: equal to another one of its class whose fields are equal, those with compare=False aside.

    >>> @record
    ... class Point:
    ...     x: int
    ...     y: int = 0
    ...     place: str = field(default="", compare=False)
    >>> Point(1, place="here"), Point(1) == Point(1, place="there"), Point(1) == Point(2), len({Point(1), Point(1, 0)})
    (Point(x=1, y=0, place='here'), True, False, 1)
    """
    made: Any = dataclass(slots=True, repr=False, eq=False)(body)
    names = [f.name for f in fields(made) if f.repr]
    compared = [f.name for f in fields(made) if f.compare]
    key: Callable[[Any], Any] = attrgetter(*compared) if compared else lambda self: ()

    def shown(self: T) -> str:
        return f"{type(self).__qualname__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"

    def equal(self: T, other: object) -> bool:
        return key(self) == key(other) if type(other) is type(self) else NotImplemented

    made.__repr__, made.__eq__, made.__hash__ = shown, equal, lambda self: hash(key(self))
    return cast("type[T]", made)
