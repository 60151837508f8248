"""Whose weights the selected block uses: the choice that begins, changes and ends sharing, and a sentence below."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.fields import ChoiceField, FieldRow
from app.panels.inspector_context import InspectorContext
from app.panels.section import ROW_GAP, Sentence
from engine.graph.block_type import WeightGroups, lenient_parameters
from engine.graph.edits import set_weights
from engine.graph.graph import Block, Graph, Weights
from engine.graph.paths import scope_at
from engine.graph.scope import Scope
from engine.graph.sharing import is_any_weights_offered, users_of
from engine.graph.traversal import predecessors
from graph_editor.sharing_menu import OWN, step_label, weights_choices
from graph_editor.theme import SIZE_SMALL

NAMED = 3
"""So many users of a block's weights are named, of more the rest is counted."""


def groups_of_its_own(context: InspectorContext, block: Block) -> WeightGroups:
    """What of the block's weights is its own: all, none where it shares them, the rest where it turns them round."""
    type = context.types[block.type]
    groups = type.weights(lenient_parameters(type, block, context.variables))
    if block.weights is None:
        return groups
    return tuple(group for group in groups if group[1] != ("weight",)) if block.weights.transposed else ()


class SharingRows(QWidget):
    """One block's `Weights`: its own, or those of another; nothing where there is no other and none uses its own."""

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        theme = context.theme
        self._choices: dict[str, Weights | None] = {}
        self.choice = ChoiceField(theme, ())
        purpose = "Its own weights, or those of another block: both then learn one set."
        self.row = FieldRow("Weights", self.choice, theme, default=OWN, purpose=purpose)
        self.row.edited.connect(self._choose)
        self.words = Sentence("", theme, "secondary", SIZE_SMALL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_GAP)
        layout.addWidget(self.row)
        layout.addWidget(self.words)

    def refresh(self) -> None:
        """Offer what there is now, and show what is chosen."""
        body, blocks = self._context.body(), self._context.blocks()
        if body is None or len(blocks) != 1:
            return
        (block,) = blocks
        scope = self._scope()
        # What is offered is found once somebody asks: in 5,000 blocks that takes 10 ms.
        self.choice.set_source(self._offered)
        label, offered = OWN, True
        if block.weights is not None:
            self.choice.ask()
            label = next(label for label, weights in self._choices.items() if weights == block.weights)
        else:
            before = self._context.remembered(predecessors, body)
            offered = is_any_weights_offered(body, scope, block.id, before)
        self.row.set_value(label)
        self.row.setVisible(offered)
        words = self._words(block, (*scope.ancestors, body))
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.setVisible(offered or bool(words))

    def _scope(self) -> Scope:
        document = self._context.document
        return scope_at(document.graph, self._context.body_path, document.scope)

    def _offered(self) -> Mapping[str, str]:
        """How people read what the block may use, by value."""
        body, id = self._context.body(), self._context.ids[0]
        assert body is not None, "a page shows blocks that exist"
        self._choices = weights_choices(body, self._scope(), id)
        return {label: label for label in self._choices}

    def _words(self, block: Block, around: tuple[Graph, ...]) -> str:
        if block.weights is not None:
            of = block.weights.of
            owner = next((body.blocks[of] for body in reversed(around) if of in body.blocks), None)
            name = owner.name if owner is not None else block.weights.of
            if not block.weights.transposed:
                return f"Uses the weights of “{name}”, which start and learn as set there."
            bias = ", with a bias of its own" if groups_of_its_own(self._context, block) else ""
            return f"Uses the weights of “{name}” transposed{bias}."
        body = self._context.body()
        assert body is not None
        names = [f"“{user.name}”" for user in users_of(body, block.id)]
        if not names:
            return ""
        named, more = names[:NAMED], len(names) - NAMED
        last = f"{more} more" if more > 0 else named.pop() if len(named) > 1 else ""
        joined = ", ".join(named) + (f" and {last}" if last else "")
        return f"{joined} {'uses' if len(names) == 1 else 'use'} its weights too."

    def _choose(self, value: object) -> None:
        weights = None if value == OWN else self._choices[str(value)]
        if self._context.edit(step_label(weights), set_weights, self._context.ids[0], weights) is not None:
            self.refresh()
