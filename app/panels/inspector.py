"""The inspector: what is selected, or the project, generated from types and values; every change is one undo step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from app.panels.block_header import BlockHeader
from app.panels.block_page import BlockPage
from app.panels.coming_page import ComingPage
from app.panels.data_section import DataSection
from app.panels.dataset_edits import bind_dataset, inputs_reading
from app.panels.inspector_context import InspectorContext
from app.panels.keyboard import forget_typing, reason_of
from app.panels.overlay_scroll import OverlayScroll
from app.panels.page_holder import PageHolder
from app.panels.project_edits import ProjectEdits
from app.panels.project_panel import ProjectPanel
from app.panels.section import Section
from engine.graph.analysis import Analysis
from engine.graph.block_type import BlockType
from engine.graph.paths import BodyPath
from engine.graph.problem import Problem, Refused
from graph_editor.document import Document
from graph_editor.theme import Theme

NO_FOCUS = Qt.FocusPolicy.NoFocus


class Inspector(QWidget):
    """`show_selection` says what is shown.

    `dataset_chosen(reference)` asks for its description, `download_wanted(name)` and `folder_wanted()` for what this
    panel cannot do itself; `edit_refused(Problem)` tells what an edit was refused for, `refusal_over(Problem)` that it
    was done after all, `message(text)` what one did besides, `fix(Fix)` that a repair was clicked, `jump(path)` that
    the user wants to see the block of a problem, `help_wanted(type id)` that the user asks what a block does,
    `stage_chosen(index)` that the run bar is to edit another stage.
    """

    dataset_chosen = Signal(object)
    download_wanted = Signal(str)
    download_cancelled = Signal()
    folder_wanted = Signal()
    help_wanted = Signal(str)
    edit_refused = Signal(object)
    refusal_over = Signal(object)
    message = Signal(str)
    fix = Signal(object)
    jump = Signal(object)
    stage_chosen = Signal(int)

    def __init__(
        self,
        document: Document,
        types: Mapping[str, BlockType],
        datasets: Mapping[str, Any],
        theme: Theme,
        edits: ProjectEdits | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = InspectorContext(document, types, datasets, theme, edits, self)
        self._context.refused.connect(self.edit_refused)
        self._context.message.connect(self.message)
        self._context.fix.connect(self.fix)
        self._context.jump.connect(self.jump)
        self._context.stage_chosen.connect(self.stage_chosen)
        self._analysis: Analysis | None = None
        self._problems: tuple[Problem, ...] | None = None
        self._weights: dict[str, tuple[QImage | None, str]] = {}
        self._curve: tuple[str, Any] = ("", None)
        self._described: dict[tuple[str, str | None], Any] = {}
        self._download: Any = None
        self._folder: tuple[Any, tuple[str, ...]] = (None, ())
        self._wrong_folder: Problem | None = None
        self._known_folders: Mapping[str, str] = {}
        self._place, self._has_file = ("", ""), False
        self._folded: set[str] = {"Variables"}
        self._shown: object = None
        self._form: object = None
        self._page: BlockPage | ProjectPanel
        self._coming: ComingPage | None = None
        self.setAccessibleName("Inspector")
        self._scroll = OverlayScroll(self)
        self._pages = PageHolder()
        self._scroll.setWidget(self._pages)
        self._pages.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.addWidget(self._scroll)
        document.changed.connect(self._document_changed)
        document.settings_changed.connect(self._document_changed)
        self._rebuild()

    # --- what is shown -----------------------------------------------------------------------------
    @property
    def page(self) -> BlockPage | ProjectPanel:
        """The page of what is selected; one that is still being made is finished for whoever asks."""
        if self._coming is not None:
            self._coming.finish()
        return self._page

    @property
    def is_settled(self) -> bool:
        """Whether the page of what is selected shows."""
        return self._coming is None

    def show_selection(self, body_path: BodyPath, ids: tuple[str, ...]) -> None:
        """Show the blocks `ids` of the body at `body_path`; without any, the project.

        A page that is made for them first comes when it is complete, some turns later: the one before shows till then.
        """
        place, coming = (tuple(body_path), tuple(ids)), self._coming
        if place == (coming.place if coming is not None else (self._context.body_path, self._context.ids)):
            return
        self._take_keyboard_back()
        self._drop_coming()
        with self._context.elsewhere(*place):
            is_new = bool(self._context.blocks()) and self._pages.page(self._wanted_form()) is None
        if is_new:
            # The page that shows is left: should it be wanted again before another came, it begins anew.
            self._shown = self._form = None
            self._coming = ComingPage(self._context, place, self._pages)
            self._coming.arrived.connect(self._arrived)
            self._coming.begin()
        else:
            self._context.body_path, self._context.ids = place
            self._document_changed()

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Show shapes, costs and, where nobody sets others, problems of an analysis."""
        self._analysis = analysis
        self._tell()

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show these problems in place of the analysis' own: those of the plan among them."""
        self._problems = tuple(problems)
        self._tell()

    def set_weights_now(self, path_key: str, image: QImage | None, text: str) -> None:
        """Remember how the weights of a block look; nothing and "" forget it."""
        if image is None and not text:
            self._weights.pop(path_key, None)
        else:
            self._weights[path_key] = (image, text)
        if isinstance(self._page, BlockPage):
            self._page.set_weights(self._weights)

    def forget_weights(self) -> None:
        """Forget weights, curve and a folder on its way: blocks of another project may have the paths of these."""
        self._weights.clear()
        self._curve, self._folder = ("", None), (None, ())
        if isinstance(self._page, BlockPage):
            self._page.set_weights(self._weights)
            self._page.set_curve(*self._curve)

    def set_curve(self, path_key: str, curve: Any) -> None:
        """Show the curve of an activation, `x`, `function` and `derivative`, or why it has none; None: not known."""
        self._curve = (path_key, curve)
        if isinstance(self._page, BlockPage):
            self._page.set_curve(*self._curve)

    def set_project_place(self, title: str, words: str, *, has_file: bool = False) -> None:
        """Its name, with a file instead of a title of its own, and what it is: `Example, opened as a copy`."""
        self._place, self._has_file = (title, words), has_file
        self._show_place()

    def set_dataset_described(self, message: Any) -> None:
        """Take the description of a dataset; the folder that was chosen last is bound by it."""
        self._described[message.name, message.folder] = message
        folder, inputs = self._folder
        if folder is not None and (folder.name, folder.folder) == (message.name, message.folder):
            self._folder = (None, ())
            if message.problem is None:
                self._bind(inputs, message.name, message.fields, folder.folder, ask=False)
            else:
                self._wrong_folder = message.problem
                self.edit_refused.emit(message.problem)
        data = self._page.data
        if data is not None:
            data.show_described(message)

    def set_download(self, message: Any) -> None:
        """Take the progress or the end of a download."""
        ended = not hasattr(message, "received")
        self._download = None if ended else message
        data = self._page.data
        if data is not None:
            data.show_download(message)

    def set_known_folders(self, folders: Mapping[str, str]) -> None:
        """By dataset: a folder that it was read from before."""
        self._known_folders = folders
        data = self._page.data
        if data is not None:
            data.set_known_folders(folders)

    def choose_folder(self, name: str, folder: str) -> None:
        """Read a folder of IDX files as the dataset `name`: it is asked for, and bound once it is described."""
        edits = self._context.edits
        assert edits is not None, "a folder needs a maker of references"
        self._folder = edits.new_dataset(name=name, folder=folder), self._inputs()
        self.dataset_chosen.emit(self._folder[0])

    def set_edits(self, edits: ProjectEdits) -> None:
        """Take other makers of settings, as the devices of this machine become known."""
        self._context.edits = edits
        self._rebuild()

    def set_stage(self, index: int) -> None:
        """Mark the stage that the run bar edits."""
        self._context.set_stage(index)

    def set_own_code(self, desk: Any) -> None:
        """Ask `desk` of the Python files that blocks name, and whether they may run."""
        self._context.own_code = desk
        desk.changed.connect(self._rebuild)
        self._rebuild()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._context.theme = theme
        self._rebuild()
        self.update()

    def data_section(self) -> DataSection | None:
        """Where the dataset is chosen, if that shows."""
        return self.page.data

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, color, is_docked = QPainter(self), self._context.theme.color, isinstance(self.parent(), QDockWidget)
        painter.fillRect(self.rect(), color("line" if is_docked else "panel"))
        painter.fillRect(1, 0, self.width(), self.height(), color("panel"))
        painter.end()

    # --- pages -----------------------------------------------------------------------------------------
    def _arrived(self) -> None:
        coming, self._coming = self._coming, None
        assert coming is not None, "it arrives once"
        self._context.body_path, self._context.ids = coming.place
        self._connect(coming.page)
        self._show_page(self._wanted(), self._wanted_form(), page=coming.page)
        coming.deleteLater()

    def _drop_coming(self) -> None:
        if self._coming is not None:
            self._coming.drop()
            self._coming = None

    def _hurry(self) -> None:
        """What is selected shows now, made in one go: it has changed, or all of it has."""
        if self._coming is not None:
            self._context.body_path, self._context.ids = self._coming.place
            self._drop_coming()

    def _document_changed(self, change: object = None) -> None:
        self._hurry()
        wanted, form = self._wanted(), self._wanted_form()
        if (wanted, form) == (self._shown, self._form):
            self._page.refresh()
            self._show_place()
        else:
            self._show_page(wanted, form)

    def _wanted(self) -> object:
        """Which blocks are to be shown; without any, the project."""
        ids = tuple(block.id for block in self._context.blocks())
        return (self._context.body_path, ids) if ids else None

    def _wanted_form(self) -> object:
        page = BlockPage if self._context.blocks() else ProjectPanel
        return page.form(self._context)

    def _rebuild(self) -> None:
        """Make every page anew."""
        self._hurry()
        self._show_page(self._wanted(), self._wanted_form(), made_anew=True)

    def _show_page(self, wanted: object, form: object, made_anew: bool = False, page: BlockPage | None = None) -> None:
        """Bring the page of what is selected forward; one that was made for another block of its kind serves again."""
        place = self._scroll.verticalScrollBar().value() if wanted is not None and wanted == self._shown else 0
        focused = self.window().focusWidget()
        has_keyboard, reason = focused is not None and self.isAncestorOf(focused), reason_of(focused)
        name = focused.accessibleName() if focused is not None else ""
        if has_keyboard and not made_anew:
            forget_typing(focused)
        if made_anew:
            self._pages.forget()
        self._shown, self._form = wanted, form
        self._page = page or self._pages.page(form) or self._made()
        self._pages.show_page(form, self._page)
        self._begin()
        self._pages.lay_out()
        self._scroll.verticalScrollBar().setValue(place)
        if has_keyboard:
            self._give_keyboard(name, reason)

    def _give_keyboard(self, name: str, reason: Qt.FocusReason) -> None:
        """To the field of that name; without one to nobody. Qt gives it to the run bar, where a space would reset."""
        for widget in self._page.findChildren(QWidget):
            if name and widget.accessibleName() == name and widget.focusPolicy() != NO_FOCUS and widget.isVisible():
                (widget.focusProxy() or widget).setFocus(reason)
                return
        taker = self.window().focusWidget()
        if taker is not None:
            taker.clearFocus()

    def _made(self) -> BlockPage | ProjectPanel:
        """A page for what is selected."""
        context = self._context
        page = BlockPage(context, self._pages) if context.blocks() else ProjectPanel(context, self._pages)
        self._connect(page)
        return page

    def _connect(self, page: BlockPage | ProjectPanel) -> None:
        """Listen to a page of what is selected."""
        if isinstance(page.header, BlockHeader):
            type_id = self._context.blocks()[0].type
            page.header.help_wanted.connect(lambda: self.help_wanted.emit(type_id))
        for section in page.sections:
            section.folded.connect(self._remember_fold)
        if isinstance(page, BlockPage):
            page.made.connect(self._section_made)
        data = page.data
        if data is not None:
            data.chosen.connect(self._choose_dataset)
            data.folder_wanted.connect(self.folder_wanted)
            data.known_wanted.connect(self.choose_folder)
            data.download_wanted.connect(self.download_wanted)
            data.download_cancelled.connect(self.download_cancelled)

    def _section_made(self, section: Section) -> None:
        section.set_folded(section.title in self._folded)
        section.folded.connect(self._remember_fold)

    def _begin(self) -> None:
        """Fill the page with all that is known."""
        self._page.begin()
        for section in self._page.sections:
            section.set_folded(section.title in self._folded)
        data = self._page.data
        if data is not None:
            data.set_known_folders(self._known_folders)
            for message in self._described.values():
                data.show_described(message)
            if self._download is not None:
                data.show_download(self._download)
        if isinstance(self._page, BlockPage):
            self._page.set_weights(self._weights)
            self._page.set_curve(*self._curve)
        self._show_place()
        self._tell()

    def _tell(self) -> None:
        if isinstance(self._page, BlockPage):
            self._page.set_analysis(self._analysis)
        problems = self._problems
        if problems is None:
            problems = self._analysis.problems if self._analysis is not None else ()
        self._page.set_problems(problems)

    def _show_place(self) -> None:
        if isinstance(self._page, ProjectPanel):
            own = "" if self._has_file else str(getattr(self._context.document.settings, "title", "") or "")
            self._page.header.show_words(own or self._place[0] or "Untitled", self._place[1] or "Project")

    def _remember_fold(self, title: str, folded: bool) -> None:
        (self._folded.add if folded else self._folded.discard)(title)

    def _take_keyboard_back(self) -> None:
        # A text that is being typed belongs to the block it was typed for: losing the keyboard takes it.
        focused = self.focusWidget()
        if focused is not None and focused.hasFocus():
            focused.clearFocus()

    # --- data ------------------------------------------------------------------------------------------
    def _choose_dataset(self, name: str) -> None:
        info = self._context.datasets.get(name)
        fields = info.fields if info is not None else getattr(self._described.get((name, None)), "fields", ())
        self._bind(self._inputs(), name, fields, None, ask=True)

    def _inputs(self) -> tuple[str, ...]:
        """The Inputs whose dataset the page shows."""
        is_block = isinstance(self._page, BlockPage)
        return self._context.ids if is_block else inputs_reading(self._context.document, self._page.dataset_name())

    def _bind(self, inputs: tuple[str, ...], name: str, fields: Any, folder: str | None, ask: bool) -> None:
        try:
            reference = bind_dataset(self._context.document, self._context.edits, inputs, name, fields, folder)
        except Refused as fault:
            self.edit_refused.emit(fault.problem)
            self._page.refresh()
            return
        self.refusal_over.emit(self._wrong_folder)
        if ask and reference is not None:
            self.dataset_chosen.emit(reference)
