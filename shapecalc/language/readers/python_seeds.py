"""The gradient with which a backward pass begins where the file does not show the loss: it is taken as given, and that is said."""

from __future__ import annotations

from shapecalc.errors import NotKnownYet, Span

from .python_values import World


class Seeds:
    """Notices the first gradient that is made of no other. names: those that are taken as given."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names: list[str] = []

    def given(self, of: str, span: Span, named: bool = False) -> bool:
        """Whether the gradient of a name is taken as given; the problem then ends with that name.

        named: the line only gives a name to what comes in, dy = g, so that nothing in it could be judged.
        """
        if self.world.draft.tail:
            return False
        if self.names or of not in self.world.draft.sheet.definitions:
            error = NotKnownYet(f"no loss is worked out from {of} in this file, so its gradient cannot be judged", span)
            self.world.tell(error)
            raise error
        self.names.append(of)
        self.world.cut(of)
        if named:
            return True
        name = self.world.draft.gradient(of)
        message = f"the loss is not in this file: {name} is taken as given, not judged"
        self.world.tell(NotKnownYet(message, span, hint="put the line of the loss before it"))
        return True
