"""Where the inspector tells which Python file a block runs, and asks whether it may."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.panels.buttons import PlainButton
from app.panels.inspector_context import InspectorContext
from app.panels.section import Figure, Section, Sentence
from graph_editor.theme import SPACE_4, SPACE_8, SPACE_16

SHOWN = 16
"""How many characters of a hash stand there; the tooltip has them all."""


class OwnCodeSection(Section):
    """Path and hash of the file that the one selected block names; allows what is shown, and nothing else."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Python file", context.theme, parent=parent)
        self._context = context
        theme = context.theme
        self.question = Sentence("", theme)
        self.state = Sentence("", theme, "secondary")
        self.path = Figure("Path", "", theme)
        self.hash = Figure("SHA-256", "", theme)
        self.allow = PlainButton("Allow this file", theme, "ph.shield-check")
        self.show_file = PlainButton("Show file", theme, "ph.folder-open")
        self.template = PlainButton("Write a template", theme, "ph.file-plus")
        self.allow.clicked.connect(self._allow)
        self.show_file.clicked.connect(self._show_file)
        self.template.clicked.connect(self._write_template)
        self._file: Any = None
        for widget in (self.question, self.state, self.path, self.hash):
            self.add(widget)
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(SPACE_16, SPACE_4, SPACE_16, 0)
        row.setSpacing(SPACE_8)
        for button in (self.allow, self.show_file, self.template):
            row.addWidget(button)
        row.addStretch()
        self.add(buttons)
        self.refresh()

    def refresh(self) -> None:
        """Show the file as it is now."""
        desk = self._context.own_code
        name = self._name()
        file = self._file = desk.file(name)
        is_there = bool(file.hash)
        allowed = is_there and desk.is_allowed(file)
        question = state = ""
        if not desk.has_folder:
            state = f"Save the project first: {name} lies beside it."
        elif allowed:
            state = "You allowed this file as it is now."
        elif is_there:
            question = (
                "This file has not been allowed, or has changed since. It could do all that you can: read it first."
            )
        elif file.path:
            state = f"There is no {name} beside the project."
        for sentence, text in ((self.question, question), (self.state, state)):
            sentence.setText(text)
            sentence.setVisible(bool(text))
        self.path.set_value(file.path)
        self.path.setToolTip(file.path)
        self.hash.set_value(f"{file.hash[:SHOWN]}…")
        self.hash.setToolTip(file.hash)
        for widget in (self.path, self.hash, self.show_file):
            widget.setVisible(is_there)
        self.allow.setVisible(is_there and not allowed)
        self.template.setVisible(desk.has_folder and bool(file.path) and not is_there)

    def _name(self) -> str:
        block = self._context.blocks()[0]
        declared = self._context.types[block.type].parameter("file")
        assert declared is not None, "a block of one's own names its file"
        return str(block.parameters.get("file", declared.default))

    def _allow(self) -> None:
        # What is shown and not what is there by now: the file may have changed under the question.
        self._context.own_code.allow(self._file)

    def _show_file(self) -> None:
        self._context.own_code.show(self._file)

    def _write_template(self) -> None:
        self._context.own_code.write_template(self._name())
