"""From statements to a problem: what each name is, where the problem ends and the claims begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shapecalc.errors import NameProblem, ShapecalcError, ShapeProblem, SyntaxProblem, TooLarge, UnknownName
from shapecalc.expr import Expr, Var, collector_off, variables
from shapecalc.shapes import Dim, show

from . import (
    surfaces,  # noqa: F401 - the spellings of functions are registered there
    tree,
)
from .abbreviations import settled
from .builder import Builder, Scope
from .nearest import nearest
from .problem import Claim, Problem, is_loss_name
from .statements import Assign, Declaration, Define, Equality, GradTarget, PlainTarget, Statement, Upstream, split

PROPERTIES = {
    "symmetric": 2, "posdef": 2, "diagonal": 2, "triangular": 2, "orthogonal": 2, "invertible": 2, "positive": 0, "nonnegative": 0,
    "onehot": 1, "onehot_columns": 1, "probabilities": 1,
}  # fmt: skip
DEEP = 180  # operations inside one another in one definition
SPELLED = {"spd": "posdef", "sym": "symmetric", "pos": "positive", "one_hot": "onehot", "one-hot": "onehot", "positive_definite": "posdef"}
SQUARE = {"symmetric", "posdef", "diagonal", "invertible", "orthogonal", "triangular"}


@dataclass(slots=True)
class Sheet:
    """Reads statements one by one."""

    source: str
    declared: dict[str, Var] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    definitions: dict[str, Expr] = field(default_factory=dict)
    upstream: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[tuple[str, ...], tree.Node | None]] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    abbreviations: set[str] = field(default_factory=set)
    aliases: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, Expr] = field(default_factory=dict)
    stated: dict[str, Var] = field(default_factory=dict)  # gradients whose shapes were declared before what they are the gradients of

    def read(self, statement: Statement) -> None:
        """One statement."""
        match statement:
            case Declaration():
                self.declare(statement)
            case Define():
                if statement.name.id in self.functions:
                    raise NameProblem(f"{statement.name.id} is defined already", span=statement.span)
                self.functions[statement.name.id] = (tuple(p.id for p in statement.params), statement.body)
            case Upstream():
                self.incoming(statement)
            case Equality():
                self.claims.append(Claim("equality", "", statement.text, statement.line, statement.span, (statement.left, statement.right)))
            case Assign():
                self.assign(statement)

    def declare(self, s: Declaration) -> None:
        """X: properties (sizes)."""
        shape = tuple(self.dimension(d) for d in s.shape)
        properties = self.properties(s, shape)
        for name in s.names:
            self.new_name(name.id, name.span, "declared")
            if name.id in self.sizes:
                raise NameProblem(
                    f"{name.id} is a size already, so it cannot name a variable too", span=name.span, hint="call one of them otherwise"
                )
            self.declared[name.id] = self.names[name.id] = Var(name.id, shape, frozenset(properties))
            self.spans[name.id] = name.span
            if name.id[1:] in self.definitions:
                self._state(name.id, self.definitions[name.id[1:]])

    def properties(self, s: Declaration, shape: tuple[Dim, ...]) -> set[str]:
        """The words before the shape, checked against it."""
        found = set()
        for word, span in s.properties:
            word = SPELLED.get(word, word)
            if word not in PROPERTIES:
                close = nearest(word, PROPERTIES)
                raise UnknownName(
                    f"{word} is not a property", span=span, hint=f"did you mean {close}?" if close else f"there are {', '.join(PROPERTIES)}"
                )
            if word in SQUARE and (len(shape) != 2 or (shape[0] != shape[1] and word != "orthogonal")):
                raise ShapeProblem(f"only a square matrix is {word}, and this is {show(shape)}", span=span, hint="write (n, n)")
            if PROPERTIES[word] == 1 and not shape:
                raise ShapeProblem(f"a scalar cannot be {word}", span=span)
            found.add(word)
        return found

    def dimension(self, node: tree.Node) -> Dim:
        """A size in a declaration: its names become known here."""
        for part in [node] if isinstance(node, tree.Name) else tree.names(node):
            if part.id in self.names:
                raise NameProblem(
                    f"{part.id} is a variable already, so it cannot name a size too", span=part.span, hint="call one of them otherwise"
                )
            self.sizes.setdefault(part.id, part.span)
        if isinstance(node, tree.Name):
            return node.id
        dim = Builder(Scope({}, self.sizes, source=self.source)).dim(node)
        if isinstance(dim, int) and dim < 1:
            raise ShapeProblem(f"a size is at least 1, not {dim}", span=node.span)
        return dim

    def new_name(self, name: str, span: tuple[int, int], how: str) -> None:
        """A name that is not taken yet."""
        if name in self.declared or name in self.definitions:
            before = self.spans.get(name)
            line = self.source.count("\n", 0, before[0]) + 1 if before else 1
            raise NameProblem(
                f"{name} is {'declared' if name in self.declared else 'defined'} already, in line {line}",
                span=span,
                hint=f"call this one otherwise, {name}2 say",
            )
        if self.claims:
            raise SyntaxProblem(f"{name} is {how} after the first claim; the problem comes before all claims", span=span)

    def incoming(self, s: Upstream) -> None:
        """dh: upstream(h2)."""
        if s.of.id not in self.definitions:
            close = nearest(s.of.id, self.definitions)
            raise UnknownName(
                f"{s.of.id} is not a definition, so it has no incoming gradient",
                span=s.of.span,
                hint=f"did you mean {close}?" if close else None,
            )
        if s.of.id in self.upstream:
            raise NameProblem(f"the incoming gradient of {s.of.id} has the name {self.upstream[s.of.id]} already", span=s.span)
        if s.name.id in self.declared or s.name.id in self.definitions or s.name.id in self.sizes:
            raise NameProblem(f"{s.name.id} is a name of the problem already", span=s.name.span, hint=f"call it d{s.of.id}")
        self.upstream[s.of.id] = s.name.id

    def assign(self, s: Assign) -> None:
        """A definition, a claim or an abbreviation."""
        if isinstance(s.target, GradTarget):
            self.claim(s, s.target)
            return
        name = s.target.name
        gradient = self.aliases[name] if name in self.aliases else self.claimed(name)
        if gradient is not None:
            self.claim(s, GradTarget(None, gradient, 1, None, s.target.span))
            return
        used = [part for value in s.values for part in tree.names(value)]
        if is_loss_name(name) and not self.claims:
            for part in used:  # L = sum(dO * O): here it is a value like any other
                if part.id in self.stated:
                    self.declared[part.id] = self.names[part.id] = self.stated.pop(part.id)
        if any(self.is_gradient(part.id) for part in used) or (self.claims and name not in self.declared):
            self.abbreviations.add(name)
            self.claims.append(Claim("abbreviation", name, s.text, s.line, s.span, s.values, operator=s.operator))
        else:
            self.define(s, s.target, used)

    def claimed(self, name: str) -> str | None:
        """The name whose gradient `name` is: d + a known name, or an incoming gradient that was named."""
        for of, given in self.upstream.items():
            if name == given:
                return of
        if name in self.declared or not name.startswith(("d", "∂")) or len(name) < 2:
            return None
        known = name[1:].removeprefix("_") if name[1:] not in self.declared and name[1:] not in self.definitions else name[1:]
        return known if known in self.declared or known in self.definitions else None

    def is_gradient(self, name: str) -> bool:
        """Whether a name in a formula is the gradient of anything, or an abbreviation that uses one."""
        if name in self.names or name in self.sizes:
            return False
        return name in self.abbreviations or name in self.upstream.values() or (name.startswith("d") and name[1:] in self.names)

    def claim(self, s: Assign, t: GradTarget) -> None:
        """A line about a derivative."""
        names = [*self.declared, *self.definitions]
        for name in (t.wrt, t.wrt2):
            if name and name not in names:
                close = nearest(name, names)
                raise UnknownName(f"{name} is not declared", span=t.span, hint=f"did you mean {close}?" if close else None)
        of = t.of or ""
        loss = of and (of not in self.definitions or of == self._loss())
        kind = "hessian" if t.order == 2 else "gradient" if not of or loss else "jacobian"
        if of and of not in self.definitions and of not in ("L", "J", "loss", "cost", "E", "C", "l", "ell", "ℓ", "f"):
            close = nearest(of, self.definitions)
            raise UnknownName(f"{of} is not a definition", span=t.span, hint=f"did you mean {close}?" if close else None)
        self.claims.append(
            Claim(kind, s.text.split("=")[0].split("+")[0].strip(), s.text, s.line, s.span, s.values, t.wrt, of, t.wrt2 or "", s.operator)
        )

    def _loss(self) -> str | None:
        return Problem(self.source, self.declared, (), self.definitions, self.upstream).loss

    def define(self, s: Assign, target: PlainTarget, used: list[tree.Name]) -> None:
        """Z = X @ W + b, where these names are used."""
        name = target.name
        if name in self.sizes:
            raise NameProblem(
                f"{name} is a size already, so it cannot name a value too", span=target.span, hint="call one of them otherwise"
            )
        if s.operator == "+=":
            raise SyntaxProblem(f"{name} += ... is for claims; a definition is written once", span=target.span)
        self.new_name(name, target.span, "defined")
        for part in used:
            if part.id == name:
                raise NameProblem(f"{name} is defined by itself", span=part.span, hint="give the new value a name of its own")
        builder = Builder(self.scope())
        built = [builder.build(v) for v in s.values]
        if built[0].depth > DEEP:
            deep = f"{name} is a formula {built[0].depth} operations deep, and {DEEP} are read"
            raise TooLarge(deep, span=target.span, hint="give some of its parts names")
        self.definitions[name] = built[0]
        self.names[name] = Var(name, built[0].shape)
        self._state(f"d{name}", built[0])
        self.spans[name] = s.span
        for v in s.values[1:]:
            self.claims.append(Claim("equality", name, s.text, s.line, s.span, (s.values[0], v)))

    def _state(self, gradient: str, value: Expr) -> None:
        """dO: (T, d), declared beside an O of that shape and not used so far, says of the gradient by O what is known anyway."""
        given = self.declared.get(gradient) if gradient.startswith("d") else None
        alike = given is not None and given.shape == value.shape and not given.properties and value.shape
        if given is not None and alike and not any(gradient in variables(body) for body in self.definitions.values()):
            self.stated[gradient] = given
            del self.declared[gradient], self.names[gradient]

    def scope(self) -> Scope:
        """The names known so far."""
        return Scope(self.names, self.sizes, functions=self.functions, source=self.source)

    def problem(self) -> Problem:
        """What was read."""
        return Problem(
            self.source, self.declared, tuple(self.sizes), self.definitions, self.upstream, tuple(self.claims), self.functions, self.spans
        )


@collector_off()
def read(source: str, errors: list[ShapecalcError] | None = None, aliases: Mapping[str, str] | None = None) -> Problem:
    """The problem that a text describes; with a list for errors, claims that cannot be read are put there and the rest goes on."""
    sheet = Sheet(source, aliases=aliases or {})
    for statement in split(source, errors):
        try:
            sheet.read(statement)
        except ShapecalcError as error:
            error.at(source)
            if errors is None or not sheet.claims:
                raise
            errors.append(error)
    if not sheet.declared and not sheet.definitions:
        raise SyntaxProblem("there is nothing to derive", hint="declare shapes and define a value: X: (S, D); W: (D, M); Z = X @ W").at(
            source
        )
    return settled(sheet.problem())


def build(problem: Problem, node: tree.Node, extra: Mapping[str, Expr] | None = None) -> Expr:
    """A formula of a claim: it may also use gradients and earlier claimed values, given as extra names."""
    variables: dict[str, Expr] = {**problem.variables(), **(extra or {})}
    scope = Scope(variables, problem.sizes, functions=problem.functions, source=problem.source)
    try:
        return Builder(scope).build(node)
    except ShapecalcError as error:
        raise error.at(problem.source) from None
