"""What the inspector shows of selected blocks: head, problems, parameters, learning, result, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.block_header import BlockHeader, PanelHeader
from app.panels.curve_section import CurveSection
from app.panels.data_section import DataSection
from app.panels.dataset_edits import dataset_of, reference
from app.panels.inspector_context import InspectorContext
from app.panels.learning_section import LearningSection, has_weights, weight_groups
from app.panels.own_code_section import OwnCodeSection
from app.panels.parameter_section import ParameterSection, shown_parameters
from app.panels.problem_row import SEVERITY_ICONS, ProblemRow
from app.panels.result_section import ResultSection, WeightsSection
from app.panels.section import Line, Section, clear_layout
from engine.graph.analysis import Analysis, path_key
from engine.graph.edits import rename, set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.paths import body_path
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from graph_editor.deleting import delete_and_tell
from graph_editor.theme import SPACE_16

Rare = TypeVar("Rare", CurveSection, WeightsSection)
WORST_FIRST = tuple(SEVERITY_ICONS)
INSIDE_SHOWN = 3


def names_of(blocks: tuple[Block, ...], context: InspectorContext) -> str:
    """What the blocks are, once each: `Convolution, ReLU`."""
    titles = [context.types[block.type].title if block.type in context.types else block.type for block in blocks]
    return ", ".join(dict.fromkeys(titles))


def reset_parameters(graph: Graph, scope: Scope, id: str) -> Graph:
    """The body with every parameter of a block back at its default."""
    type = scope.types[graph.blocks[id].type]
    for parameter in type.parameters:
        graph = set_parameter(graph, scope, id, parameter.id, parameter.default)
    return graph


class BlockPage(QWidget):
    """One block, or several at once. `made(Section)` tells of one that few blocks have and this one has now.

    Not `whole`, it is made by `make_more`, and shown after that.
    """

    made = Signal(object)

    def __init__(self, context: InspectorContext, parent: QWidget | None = None, *, whole: bool = True) -> None:
        super().__init__(parent)
        self._context = context
        blocks = context.blocks()
        assert blocks, "a page shows blocks that exist"
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, SPACE_16)
        layout.setSpacing(0)
        self.sections: list[Section] = []
        self.header: PanelHeader
        self._problems = QVBoxLayout()
        self._problems.setSpacing(0)
        self.data: DataSection | None = None
        self.own_code: OwnCodeSection | None = None
        self.parameters: ParameterSection | None = None
        self.learning: LearningSection | None = None
        self._rare: dict[type[Section], Section] = {}
        self._making = self._parts()
        while whole and self.make_more():
            pass

    def make_more(self) -> bool:
        """Make one part more, in its look; False where nothing is left."""
        part = next(self._making, None)
        for widget in (part, *part.findChildren(QWidget)) if part is not None else ():
            # Now, not all at once when the page is shown: rules of the style sheet are looked up for each.
            widget.ensurePolished()
        return part is not None

    def _parts(self) -> Iterator[QWidget]:
        context, layout = self._context, self._layout
        theme, blocks = context.theme, context.blocks()
        known = all(block.type in context.types for block in blocks)
        single = len(blocks) == 1
        if single and known:
            header = BlockHeader(context.types[blocks[0].type], theme, self)
            header.renamed.connect(self._rename)
            header.reset.connect(self._reset)
            header.removed.connect(self._remove)
            self.header = header
        else:
            self.header = PanelHeader(theme, self)
        layout.addWidget(self.header)
        layout.addLayout(self._problems)
        yield self.header

        is_input = single and known and context.types[blocks[0].type].role == "input"
        if is_input:
            self.data = DataSection(context, self)
            yield self._add(self.data)
        if single and known and context.own_code is not None and "own_code" in context.types[blocks[0].type].traits:
            self.own_code = OwnCodeSection(context, self)
            yield self._add(self.own_code)
        if known:
            without = frozenset({"dataset"}) if is_input else frozenset()
            if shown_parameters(context, without):
                self.parameters = ParameterSection(context, without, self)
                yield self._add(self.parameters)
                yield from self.parameters.making()
        if known and (_all_learn(context) or (single and blocks[0].weights is not None)):
            self.learning = LearningSection(context, self)
            yield self._add(self.learning)
            yield from self.learning.making()
        self.result = ResultSection(context, self)
        layout.addWidget(self.result)
        layout.addStretch()
        self.sections.append(self.result)
        yield self.result

    @staticmethod
    def form(context: InspectorContext) -> object:
        """What the page's rows depend on: blocks of the same form may have the same page, one after the other."""
        blocks, variables = context.blocks(), context.variables
        types = tuple(dict.fromkeys(block.type for block in blocks))
        block, type = blocks[0], context.types.get(blocks[0].type)
        if type is None:
            return len(blocks) == 1, types
        groups = weight_groups(type, block, variables)
        if len(blocks) > 1:
            return types, groups, _all_learn(context)
        shared = None if block.weights is None else block.weights.transposed
        return types, groups, shared, type.ports_of(block, variables).outputs

    def begin(self) -> None:
        """Show the blocks that are selected by now as a page does that was just made for them."""
        for section in (self.data, self.parameters, self.learning):
            if section is not None:
                section.begin()
        self._refresh_rest(self._context.blocks())

    def refresh(self) -> None:
        """Show values as they are now."""
        blocks = self._context.blocks()
        if not blocks:
            return
        for section in (self.parameters, self.learning):
            if section is not None:
                section.refresh()
        self._refresh_rest(blocks)

    def _refresh_rest(self, blocks: tuple[Block, ...]) -> None:
        if isinstance(self.header, BlockHeader):
            self.header.name.show_name(blocks[0].name)
        elif len(blocks) == 1:
            self.header.show_words(blocks[0].name, names_of(blocks, self._context), "ph.question")
        else:
            self.header.show_words(f"{len(blocks)} blocks", names_of(blocks, self._context), "ph.selection-all")
        if self.own_code is not None:
            self.own_code.refresh()
        if self.data is not None:
            name = dataset_of(self._context.document, blocks[0])
            self.data.show_dataset(name, reference(self._context.document, name))
            self.data.standardise.hide()

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Show what an analysis says of the blocks."""
        self.result.set_analysis(analysis)

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show the problems of these blocks on top, then the worst ones inside them: a click leads there."""
        clear_layout(self._problems)
        ids = {block.id for block in self._context.blocks()}
        depth = len(self._context.body_path)
        own: list[Problem] = []
        inside: list[Problem] = []
        for problem in problems:
            steps = body_path(problem.path)
            if steps[:depth] == self._context.body_path and len(steps) > depth and steps[depth] in ids:
                (own if len(steps) == depth + 1 else inside).append(problem)
        inside.sort(key=lambda problem: WORST_FIRST.index(problem.severity))
        for problem in (*own, *inside[:INSIDE_SHOWN]):
            row = ProblemRow(problem, self._context.theme, jumps=problem not in own)
            row.fix.connect(self._context.fix)
            row.jump.connect(self._context.jump)
            self._problems.addWidget(row)
        if self._problems.count():
            self._problems.addWidget(Line(self._context.theme))

    def problem_rows(self) -> list[ProblemRow]:
        """The problems that stand on top."""
        items = [self._problems.itemAt(place) for place in range(self._problems.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, ProblemRow)]

    def set_weights(self, known: Mapping[str, tuple[QImage | None, str]]) -> None:
        """Show how the block's weights look, by path key."""
        blocks = self._context.blocks()
        if len(blocks) == 1:
            image, text = known.get(path_key((*self._context.body_path, blocks[0].id)), (None, ""))
            if image is not None or text or WeightsSection in self._rare:
                self.weights.show_weights(image, text)

    def set_curve(self, path_key_of_curve: str, curve: Mapping[str, Any] | Problem | None) -> None:
        """Show the curve of the block at that path, or why it has none, if it is the one shown."""
        blocks = self._context.blocks()
        shown = len(blocks) == 1 and path_key((*self._context.body_path, blocks[0].id)) == path_key_of_curve
        if shown and isinstance(curve, Problem) and blocks[0].bypassed:
            curve = None  # it stands in no network: why says nothing of what it does
        if (shown and curve is not None) or CurveSection in self._rare:
            self.curve.show_curve(curve if shown else None)

    @property
    def curve(self) -> CurveSection:
        """The curve of an activation, made where one is known."""
        return self._made(CurveSection)

    @property
    def weights(self) -> WeightsSection:
        """How the weights look now, made where something is known."""
        return self._made(WeightsSection)

    def _made(self, kind: type[Rare]) -> Rare:
        """A section that few blocks have, below all others; Tab comes to it behind the result."""
        known = self._rare.get(kind)
        if isinstance(known, kind):
            return known
        section = kind(self._context, self)
        self._rare[kind] = section
        place = self._layout.indexOf(self.result) + 1
        if kind is WeightsSection and CurveSection in self._rare:
            place += 1
        self._layout.insertWidget(place, section)
        before = self._layout.itemAt(place - 1).widget()
        assert isinstance(before, Section), "the result and the curve are sections"
        QWidget.setTabOrder(before.header, section.header)
        self.sections.append(section)
        self.made.emit(section)
        return section

    def _add(self, section: Section) -> Section:
        self.sections.append(section)
        self._layout.addWidget(section)
        return section

    def _rename(self, name: str) -> None:
        self._context.edit("Rename", rename, self._context.ids[0], name)
        self.refresh()

    def _reset(self) -> None:
        self._context.edit("Reset all parameters", reset_parameters, self._context.ids[0])

    def _remove(self) -> None:
        context = self._context
        refused, told = context.refused.emit, context.message.emit
        delete_and_tell(context.document, context.body_path, context.ids, refused=refused, told=told)


def _all_learn(context: InspectorContext) -> bool:
    types, variables = context.types, context.variables
    # Many blocks are alike: of 5,000 selected ones each would take 10 µs.
    learning: set[object] = set()
    for block in context.blocks():
        kind = (block.type, frozenset(block.parameters.items()))
        if kind not in learning:
            if block.type not in types or not has_weights(types[block.type], block, variables):
                return False
            learning.add(kind)
    return True
