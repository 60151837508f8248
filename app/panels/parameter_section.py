"""Parameters of the selected block, or those that all selected blocks have in common, generated from their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtWidgets import QWidget

from app.panels.fields import FieldRow, make_field
from app.panels.fields_base import Field
from app.panels.inspector_context import InspectorContext
from app.panels.section import Folded, Section
from app.panels.tuple_field import ListField
from engine.graph.block_type import BlockType, Parameter
from engine.graph.edits import set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.parameter_rules import parameter_problem, range_words
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.graph.values import Value, frozen_value


def common_parameters(types: Sequence[BlockType]) -> tuple[Parameter, ...]:
    """The parameters that all types declare alike, defaults aside, in the first type's order."""
    if not types:
        return ()

    def alike(one: Parameter, other: Parameter | None) -> bool:
        return other is not None and (one.kind, one.choices, one.length) == (other.kind, other.choices, other.length)

    return tuple(
        parameter
        for parameter in types[0].parameters
        if all(alike(parameter, type.parameter(parameter.id)) for type in types[1:])
    )


def shown_parameters(context: InspectorContext, without: frozenset[str] = frozenset()) -> tuple[Parameter, ...]:
    """The parameters that the selected blocks have in common, but for those in `without`."""
    types = [context.types[block.type] for block in context.blocks() if block.type in context.types]
    return tuple(known for known in common_parameters(types) if known.id not in without)


def set_parameter_of(graph: Graph, scope: Scope, ids: tuple[str, ...], parameter: str, value: object) -> Graph:
    """The body with one parameter set on several blocks. Refused where one of them refuses it."""
    for id in ids:
        graph = set_parameter(graph, scope, id, parameter, value)
    return graph


def short_sentence(problem: Problem, parameter: Parameter) -> str:
    """What stands below a field that refuses a value."""
    if problem.code == "parameter-range":
        return f"out of range: {range_words(parameter)}"
    if problem.code == "formula":
        return str(problem.facts.get("reason", problem.headline))
    return problem.headline


class ParameterSection(Section):
    """A field a parameter, once `making` is through; advanced ones behind a link that names them.

    Skips the parameters in `without`.
    """

    def __init__(
        self, context: InspectorContext, without: frozenset[str] = frozenset(), parent: QWidget | None = None
    ) -> None:
        super().__init__("Parameters", context.theme, parent=parent)
        self._context = context
        self._rows: dict[str, FieldRow] = {}
        self._parameters = shown_parameters(context, without)
        self._folded: Folded | None = None
        self._advanced = tuple(parameter.id for parameter in self._parameters if parameter.advanced)

    def making(self) -> Iterator[QWidget]:
        """Its rows, one after the other as they are made; advanced ones only where one of them is changed."""
        for parameter in self._parameters:
            if not parameter.advanced:
                yield self.add(self._make_row(parameter, self.body))
        advanced = [parameter for parameter in self._parameters if parameter.advanced]
        if advanced:
            names = [parameter.label for parameter in advanced]
            self._folded = Folded(
                names, lambda folded: self._make_advanced(advanced, folded), self._context.theme, self.body
            )
            yield self.add(self._folded)
            if any(self._may_be_changed(known) for known in advanced):
                yield from self._folded.making()

    def row(self, parameter: str) -> FieldRow:
        """The row of a parameter. Raises KeyError."""
        if parameter in self._advanced and self._folded is not None:
            self._folded.make()
        return self._rows[parameter]

    def advanced(self) -> Folded | None:
        """The advanced parameters behind their link, if there are any."""
        return self._folded

    def ids(self) -> tuple[str, ...]:
        """The parameters that have a row, advanced ones last."""
        return (*(known.id for known in self._parameters if known.id not in self._advanced), *self._advanced)

    def begin(self) -> None:
        """Show other blocks as rows do that were just made: advanced ones only where one is changed."""
        if self._folded is not None and any(self._may_be_changed(known) for known in self._parameters):
            self._folded.make()
        for row in self._rows.values():
            row.forget()
        self.refresh()
        if self._folded is not None:
            self._folded.set_open(self._folded.is_made and any(self._rows[id].is_changed() for id in self._advanced))

    def refresh(self) -> None:
        """Show the values as they are now."""
        blocks = self._context.blocks()
        if not blocks:
            return
        for parameter in self._parameters:
            row = self._rows.get(parameter.id)
            if row is None:
                continue
            values = [self._value(block, parameter) for block in blocks]
            same = all(value == values[0] for value in values)
            if same:
                row.set_value(values[0])
            else:
                row.set_value("several values" if parameter.kind == "choice" else None)
            placeholder = getattr(row.field(), "set_placeholder", None)
            if placeholder is not None:
                absent = {self._absent(block, parameter) for block in blocks} if same else set()
                placeholder(absent.pop() if len(absent) == 1 else "differ")

    def _may_be_changed(self, parameter: Parameter) -> bool:
        """Whether an advanced parameter has another value than its default anywhere."""
        blocks = self._context.blocks()
        return parameter.id in self._advanced and any(
            self._value(block, parameter) != parameter.default for block in blocks
        )

    def _make_advanced(self, parameters: Sequence[Parameter], folded: QWidget) -> Iterator[FieldRow]:
        for parameter in parameters:
            yield self._make_row(parameter, folded)
        self.refresh()

    def _absent(self, block: Block, parameter: Parameter) -> str:
        """What a field says where nothing is given."""
        other = self._context.types[block.type].parameter(parameter.absent)
        if other is not None:
            return other.words(self._value(block, other))
        return parameter.absent or ("none" if parameter.optional else "")

    def _value(self, block: Block, parameter: Parameter) -> Value:
        declared = self._context.types[block.type].parameter(parameter.id)
        assert declared is not None, "common parameters are declared by every type"
        return block.parameters.get(parameter.id, declared.default)

    def _make_row(self, parameter: Parameter, parent: QWidget) -> FieldRow:
        theme = self._context.theme

        def validate(value: object) -> str | None:
            for block in self._context.blocks():
                type = self._context.types[block.type]
                declared = type.parameter(parameter.id) or parameter
                variables = self._context.variables
                problem = parameter_problem(type, block, declared, frozen_value(value), variables)
                if problem is not None:
                    return short_sentence(problem, declared)
            return None

        field: Field
        if parameter.kind == "text" and isinstance(parameter.default, tuple):
            field = ListField(theme, texts=True, validate=validate)
        else:
            types = self._context.types
            # Choices of blocks: a padding that is `custom` is no block of one's own.
            named = all(choice in types for choice in parameter.choices)
            titles = {choice: types[choice].title for choice in parameter.choices} if named else {}
            field = make_field(parameter, theme, labels=titles, compute=self._context.compute, validate=validate)
        label, default = parameter.label, parameter.default
        row = FieldRow(label, field, theme, default=default, purpose=parameter.help, parent=parent)
        row.edited.connect(lambda value: self._edited(parameter, value))
        self._rows[parameter.id] = row
        return row

    def _edited(self, parameter: Parameter, value: object) -> None:
        blocks = self._context.blocks()
        names = blocks[0].name if len(blocks) == 1 else f"{len(blocks)} blocks"
        label = f"{parameter.label} of {names}"
        problem = self._context.edit(label, set_parameter_of, tuple(b.id for b in blocks), parameter.id, value)
        if problem is not None:
            self.refresh()
            self._rows[parameter.id].field().set_error(short_sentence(problem, parameter))
