"""How the weights of the selected blocks start and learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.fields import BooleanField, ChoiceField, FieldRow, FloatField
from app.panels.inspector_context import InspectorContext
from app.panels.section import Folded, Section, stops, tab_behind
from app.panels.sharing import SharingRows, groups_of_its_own
from engine.graph.block_type import BlockType, WeightGroups, lenient_parameters
from engine.graph.edits import set_learning
from engine.graph.graph import Block, Graph, Initialiser, Learning
from engine.graph.initialiser_kinds import INITIALISER_KINDS
from engine.graph.scope import Scope
from engine.graph.values import Value

SEVERAL = "several values"
INITIALISERS: Mapping[str, str] = {"": "PyTorch default", **{kind.id: kind.title for kind in INITIALISER_KINDS}}
ARGUMENTS: Mapping[str, tuple[str, str, float]] = {
    kind.id: (kind.argument, kind.label, kind.default) for kind in INITIALISER_KINDS if kind.argument
}
"""The one argument of an initialiser: its id, label and default."""
_NAMED = 4
"""How many of a group's weights the tip of its row names."""


def weight_groups(type: BlockType, block: Block, variables: Mapping[str, Value]) -> WeightGroups:
    """The weights that may be started in their own way."""
    return type.weights(lenient_parameters(type, block, variables))


def has_weights(type: BlockType, block: Block, variables: Mapping[str, Value]) -> bool:
    """Whether anything of the block learns."""
    return bool(weight_groups(type, block, variables))


class LearningSection(Section):
    """Initial weights, rate factor, and behind a link the biases, freezing and decay, once `making` is through.

    Of one block also whose weights it uses; what it shares with another starts and learns there.
    """

    def __init__(self, context: InspectorContext, parent: QWidget | None = None) -> None:
        super().__init__("Start and learning", context.theme, parent=parent)
        self._context = context
        self._starts: list[tuple[FieldRow, tuple[str, ...]]] = []
        self._arguments: dict[int, FieldRow] = {}
        blocks = context.blocks()
        variables = context.variables
        groups = weight_groups(context.types[blocks[0].type], blocks[0], variables) if blocks else ()
        self.sharing: SharingRows | None = None
        self._is_alone = len(blocks) == 1
        if self._is_alone:
            groups = groups_of_its_own(context, blocks[0])
        self._learns = bool(groups)
        self._groups = groups
        self._frozen: FieldRow | None = None
        self._decay: FieldRow | None = None

    def making(self) -> Iterator[QWidget]:
        """Its rows, one after the other as they are made; folded ones only where one of them is changed."""
        context, theme = self._context, self._context.theme
        if self._is_alone:
            self.sharing = SharingRows(context, self.body)
            yield self.add(self.sharing)
        for label, weights in self._groups[:1]:
            yield self.add(self._start_row(label, weights, self.body))
        rate = FloatField(theme, 0.0, 1000.0, logarithmic=True, bar=(0.01, 100.0))
        purpose = "Multiplies the learning rate for this block."
        self.rate_factor = self._row("Rate factor", rate, 1.0, purpose, self.body)
        self.rate_factor.setVisible(self._learns)
        self.rate_factor.edited.connect(lambda value: self._change("Rate factor", rate_factor=float(str(value))))
        yield self.add(self.rate_factor)
        names = [label for label, _ in self._groups[1:]]
        self.more = Folded([*names, "frozen", "decay"], self._make_folded, theme, self.body)
        self.more.setVisible(self._learns)
        self.more.link().clicked.connect(self.refresh)
        yield self.add(self.more)
        if self._learns and any(self._may_be_changed(block.learning) for block in context.blocks()):
            yield from self.more.making()

    @property
    def frozen(self) -> FieldRow:
        """The row that keeps the weights as they are."""
        self.more.make()
        assert self._frozen is not None, "it is among the folded rows"
        return self._frozen

    @property
    def decay(self) -> FieldRow:
        """The row of the decay of the weights."""
        self.more.make()
        assert self._decay is not None, "it is among the folded rows"
        return self._decay

    def start_row(self, index: int = 0) -> FieldRow:
        """The row that chooses how weight group `index` starts."""
        self._make_group(index)
        return self._starts[index][0]

    def argument_row(self, index: int = 0) -> FieldRow:
        """The row of the argument of weight group `index`: a deviation, a bound, a value; made when it is needed."""
        self._make_group(index)
        known = self._arguments.get(index)
        return known if known is not None else self._make_argument_row(index)

    def _make_group(self, index: int) -> None:
        # Rows that are being made ask for those before them.
        if index >= len(self._starts):
            self.more.make()

    def begin(self) -> None:
        """Show other blocks as rows do that were just made: folded ones only where one is changed."""
        if self._learns and any(self._may_be_changed(block.learning) for block in self._context.blocks()):
            self.more.make()
        folded = [self._frozen, self._decay, *(row for row, _ in self._starts[1:])]
        changed = [row for row in folded if row is not None]
        others = [self.rate_factor, *(row for row, _ in self._starts[:1]), *self._arguments.values()]
        for row in (*changed, *others):
            row.forget()
        self.more.set_open(False)
        self.refresh()
        if self._learns and any(row.is_changed() for row in changed):
            self.more.set_open(True)
            self.refresh()

    def refresh(self) -> None:
        """Show the values as they are now."""
        blocks = self._context.blocks()
        if not blocks:
            return
        if self.sharing is not None:
            self.sharing.refresh()
        learnings = [block.learning for block in blocks]
        self._show(self.rate_factor, [learning.rate_factor for learning in learnings])
        if self._frozen is not None:
            self._show(self._frozen, [learning.frozen for learning in learnings])
        if self._decay is not None:
            self._show(self._decay, [learning.decay for learning in learnings], "the plan’s")
        for place, (row, weights) in enumerate(self._starts):
            starts = [learning.initialisers.get(weights[0]) for learning in learnings]
            names = {start.name if start is not None else "" for start in starts}
            name = names.pop() if len(names) == 1 else SEVERAL
            row.set_value(name)
            known = ARGUMENTS.get(name)
            if known is None and place not in self._arguments:
                continue
            argument = self.argument_row(place)
            argument.setVisible(known is not None and (place == 0 or self.more.is_open()))
            if known is not None:
                argument.set_default(known[2])
                self._show(argument, [start.arguments.get(known[0], known[2]) for start in starts if start is not None])

    def _show(self, row: FieldRow, values: Sequence[Value | None], placeholder: str = "") -> None:
        """Show the value that all blocks have; where they differ none, and a word that says so."""
        same = all(value == values[0] for value in values)
        field = row.field()
        assert isinstance(field, FloatField | BooleanField)
        field.set_placeholder(placeholder if same else "differ")
        row.set_value(values[0] if same else None)

    def _may_be_changed(self, learning: Learning) -> bool:
        """Whether a folded row has something to say of a block."""
        starts = (weights[0] in learning.initialisers for _, weights in self._groups[1:])
        return learning.frozen or learning.decay is not None or any(starts)

    def _make_folded(self, folded: QWidget) -> Iterator[FieldRow]:
        theme = self._context.theme
        for label, weights in self._groups[1:]:
            yield self._start_row(label, weights, folded)
        purpose = "Its weights stay as they are."
        self._frozen = self._row("Frozen", BooleanField(theme), False, purpose, folded)
        self._frozen.edited.connect(lambda value: self._change("Frozen", frozen=bool(value)))
        yield self._frozen
        field = FloatField(theme, 0.0, 1.0, logarithmic=True, bar=(1e-6, 1.0), optional=True)
        purpose = "Pulls weights towards zero; empty: as the plan says."
        self._decay = self._row("Weight decay", field, None, purpose, folded)
        self._decay.edited.connect(
            lambda value: self._change("Weight decay", decay=None if value is None else float(str(value)))
        )
        yield self._decay
        self.refresh()

    def _row(self, label: str, field: Any, default: object, purpose: str, parent: QWidget) -> FieldRow:
        return FieldRow(label, field, self._context.theme, default=default, purpose=purpose, parent=parent)

    def _start_row(self, label: str, weights: tuple[str, ...], parent: QWidget) -> FieldRow:
        types = self._context.types
        is_torch = all(types[block.type].module.startswith("torch.") for block in self._context.blocks())
        labels = INITIALISERS if is_torch else {**INITIALISERS, "": "Default"}
        field = ChoiceField(self._context.theme, tuple(INITIALISERS), labels=labels)
        more = f" and {len(weights) - _NAMED} more" if len(weights) > _NAMED else ""
        purpose = f"How the numbers of {', '.join(weights[:_NAMED])}{more} are drawn before training begins."
        row = self._row(label, field, "", purpose, parent)
        row.edited.connect(lambda value: self._start_with(label, weights, str(value or ""), {}))
        self._starts.append((row, weights))
        return row

    def _make_argument_row(self, place: int) -> FieldRow:
        start, weights = self._starts[place]
        column = start.parentWidget().layout()
        assert isinstance(column, QVBoxLayout), "rows stand one below the other"
        purpose = "How far from zero the numbers are drawn."
        row = self._row("Spread", FloatField(self._context.theme), 0.0, purpose, start.parentWidget())
        row.edited.connect(lambda value: self._argue(weights, float(str(value))))
        row.hide()
        column.insertWidget(column.indexOf(start) + 1, row)
        tab_behind(stops(start)[-1], row)
        self._arguments[place] = row
        return row

    def _argue(self, weights: tuple[str, ...], number: float) -> None:
        initialiser = self._context.blocks()[0].learning.initialisers.get(weights[0])
        known = ARGUMENTS.get(initialiser.name) if initialiser is not None else None
        if initialiser is not None and known is not None:
            self._start_with("Spread of the weights", weights, initialiser.name, {known[0]: number})

    def _start_with(self, label: str, weights: tuple[str, ...], name: str, arguments: Mapping[str, Value]) -> None:
        def change(learning: Learning) -> Learning:
            initialisers = {known: value for known, value in learning.initialisers.items() if known not in weights}
            if name:
                initialisers.update(dict.fromkeys(weights, Initialiser(name=name, arguments=dict(arguments))))
            return msgspec.structs.replace(learning, initialisers=initialisers)

        self._commit(label, change)

    def _change(self, label: str, **values: object) -> None:
        self._commit(label, lambda learning: msgspec.structs.replace(learning, **values))

    def _commit(self, label: str, change: Callable[[Learning], Learning]) -> None:
        ids = self._context.ids

        def set_all(graph: Graph, scope: Scope) -> Graph:
            for id in ids:
                graph = set_learning(graph, scope, id, change(graph.blocks[id].learning))
            return graph

        if self._context.edit(label, set_all) is not None:
            self.refresh()
