"""Project variables: named numbers that any parameter may use in a formula."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.panels.fields import FieldRow, FloatField, TextField
from app.panels.inspector_context import InspectorContext
from app.panels.integer_field import PX_PER_STEP
from app.panels.section import Section
from engine.graph.edits import set_variable
from engine.graph.problem import Refused
from engine.graph.values import Formula

EXPECTED = "Write a name and a number, such as width = 64"


class VariableField(FloatField):
    """A number that is whole as long as it is typed so: 64 stays 64, and steps by 1."""

    def _plain(self, number: float) -> float:
        return number

    def _number_text(self, number: float) -> str:
        return str(number) if isinstance(number, int) else super()._number_text(number)

    def _number(self, text: str) -> float | None:
        number = super()._number(text)
        compact = "".join(text.split())
        return int(compact) if number is not None and compact.lstrip("+-").isdecimal() else number

    def _stepped(self, number: float, steps: int) -> float:
        return number + steps if isinstance(number, int) else super()._stepped(number, steps)

    def _scrubbed(self, number: float, distance: int, fine: bool) -> float:
        if isinstance(number, int):
            return number + int(distance / PX_PER_STEP) * (10 if fine else 1)
        return super()._scrubbed(number, distance, fine)


class VariablesSection(Section):
    """A row for each variable, whose arrow removes it, and a line that takes a new one: `width = 64`."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Variables", context.theme, ruled=False, parent=parent)
        self._context = context
        self.variable_rows: dict[str, FieldRow] = {}
        for name in context.document.graph.variables:
            field = VariableField(context.theme, optional=True, compute=context.compute)
            row = FieldRow(name, field, context.theme, default=None, purpose=f"Use {name} in any parameter.")
            row.reset_button().setToolTip(f"Remove {name}")
            row.reset_button().setAccessibleName(f"Remove {name}")
            row.edited.connect(lambda value, name=name: self._set(name, value))
            self.variable_rows[name] = row
            self.add(row)
        self.line = TextField(context.theme)
        self.line.set_placeholder("width = 64")
        self.new = FieldRow("New", self.line, context.theme, default="", resettable=False, purpose=EXPECTED)
        self.line.edited.connect(self._take_line)
        self.add(self.new)
        self.refresh()

    @staticmethod
    def key(context: InspectorContext) -> object:
        """What the rows depend on: another key, other rows."""
        return tuple(context.document.graph.variables)

    def begin(self) -> None:
        """Show the values as rows do that were just made."""
        for row in (*self.variable_rows.values(), self.new):
            row.forget()
        self.line.set_value(None)
        self.refresh()

    def refresh(self) -> None:
        """Show values as they are now."""
        variables = self._context.document.graph.variables
        for name, row in self.variable_rows.items():
            if name in variables:
                row.set_value(variables[name])

    def _take_line(self, text: object) -> None:
        name, equals, words = (part.strip() for part in str(text).partition("="))
        if not str(text).strip():
            self.line.set_error(None)
        elif not equals or not words:
            self.line.set_error(f"{EXPECTED}.")
        elif self._set(name, _number(words)):
            self.line.set_error(None)

    def _set(self, name: str, value: object) -> bool:
        """Set or remove a variable as one undo step; what is wrong stands under the field."""
        try:
            label = "Remove variable" if value is None else "Set variable"
            self._context.document.edit(label, set_variable, name, value)
        except Refused as fault:
            row = self.variable_rows.get(name)
            (row.field() if row is not None else self.line).set_error(fault.problem.sentence)
            return False
        return True


def _number(words: str) -> object:
    for kind in (int, float):
        try:
            return kind(words)
        except ValueError:
            continue
    return Formula(words)
