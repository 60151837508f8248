"""The window: menus, run bar, docks around the canvas, status bar; how they share the room."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, QMargins, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenuBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions, Situation, fill_blocks
from app.canvas_feed import CanvasFeed
from app.docks import PanelDock, lift_floating
from app.error_report import ErrorPanel, ErrorReport
from app.menu_letters import MenuLetters
from app.panel_motion import set_shown
from app.panels.code_view import CodeView
from app.panels.example_card import read_gallery, read_references
from app.panels.floating_inspector import FloatingInspector
from app.panels.gallery import Gallery
from app.panels.inspector import Inspector
from app.panels.live_views import LiveViews
from app.panels.notice import Notice
from app.panels.palette import Palette
from app.panels.popup import Popup
from app.panels.problem_list import ProblemList
from app.panels.run_bar import RunBar
from app.panels.start_page import StartPage
from app.panels.status_bar import StatusHolder
from app.plan_facts import project_edits
from app.settings import LAYOUT_VERSION
from app.window_commands import WindowCommands
from app.window_wiring import wire
from app.wording import ago_words
from app.workspace import Workspace
from engine.training.plan import ViewSpec
from graph_editor.editor import Editor
from graph_editor.style_sheet import apply_theme
from graph_editor.theme import (
    INSPECTOR_WIDTH,
    INSPECTOR_WIDTH_NARROW,
    MENU_HEIGHT,
    VIEWS_HEIGHT,
    VIEWS_HEIGHT_LOW,
    Theme,
    load_theme,
    system_theme_name,
)

SMALLEST, FIRST_SIZE = QSize(1024, 640), QSize(1440, 900)
FRAME = QMargins(4, 36, 4, 4)  # What desktops draw around a window, about.
RAIL_BELOW, FLOATS_BELOW, LOW_BELOW = 1360, 1200, 800
SAVED_WORDS_MS = 20_000


class MainWindow(QMainWindow):
    """Shows a Workspace. `open_first` has been called on it before the window is shown."""

    def __init__(self, workspace: Workspace, report: ErrorReport | None = None) -> None:
        super().__init__()
        self.workspace = workspace
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setMinimumSize(SMALLEST)
        self.setDockNestingEnabled(True)
        self.setAnimated(False)
        self.theme = theme = self._wanted_theme()
        apply_theme(_application(), theme)
        self._build(theme)
        self.feed = CanvasFeed(workspace, theme, parent=self)
        self.commands = WindowCommands(self)
        self.actions_table = Actions(self, self.commands.handlers())
        self.actions_table.fill(self._menu_bar)
        fill_blocks(self.actions_table.menus["Insert"], workspace.types, workspace.families, self._insert)
        self._letters = MenuLetters(self._menu_bar, self.actions_table.menus.values())
        self._shape: tuple[bool, bool, bool] | None = None
        self._sizes_before: Mapping[PanelDock, QSize] = {}
        self._saved_words = QTimer(self)
        self._saved_words.setInterval(SAVED_WORDS_MS)
        self._saved_words.timeout.connect(self.show_place)
        self._saved_words.start()
        self._restore()
        wire(self)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        if report is not None:
            report.raised.connect(self.error_panel.show_report)

    def _build(self, theme: Theme) -> None:
        workspace = self.workspace
        self._menu_bar = QMenuBar(self)
        self._menu_bar.setFixedHeight(MENU_HEIGHT)
        self.run_bar = RunBar(theme, self)
        top = QWidget(self)
        top.setAutoFillBackground(True)
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if not self._menu_bar.isNativeMenuBar():
            row = QHBoxLayout()
            row.setContentsMargins(6, 0, 0, 0)
            row.addWidget(self._menu_bar)
            column.addLayout(row)
        column.addWidget(self.run_bar)
        self.setMenuWidget(top)

        self.pages = QStackedWidget(self)
        self.pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.pages.setMinimumSize(240, 160)
        self.editor = Editor(workspace.document, theme, self)
        self.examples = read_gallery()
        workspace.example_seconds = {facts.id: facts.seconds for facts in self.examples if facts.seconds is not None}
        self.start_page = StartPage(self.examples, theme, self, read_references())
        self.pages.addWidget(self.editor)
        self.pages.addWidget(self.start_page)
        self.setCentralWidget(self.pages)

        self.palette_panel = Palette(workspace.types, workspace.families, theme)
        self.palette_panel.set_usage(workspace.remembered.usage)
        self.inspector = Inspector(
            workspace.document, workspace.types, workspace.datasets, theme, project_edits(("cpu",))
        )
        self.live_views = LiveViews(theme, ViewSpec)
        self.gallery = Gallery(self.examples, theme)
        self.docks = {
            "palette": PanelDock("palette", "Blocks", self.palette_panel, theme, self),
            "views": PanelDock("views", "Live views", self.live_views, theme, self),
            "inspector": PanelDock("inspector", "Inspector", self.inspector, theme, self),
        }
        self.code_view = CodeView(theme)
        self.code_dock = PanelDock("code", "Code", self.code_view, theme, self)
        self._place_docks()
        self.code_dock.hide()
        self.docks["inspector"].setMinimumWidth(INSPECTOR_WIDTH_NARROW)

        holder = StatusHolder(theme)
        self.status = holder.bar
        self.setStatusBar(holder)
        self.problem_list = ProblemList(theme)
        self.problem_popup = Popup(self.problem_list, theme, self)
        self.notice = Notice(theme, self.pages)
        self.error_panel = ErrorPanel(theme, self)
        self.floating = FloatingInspector(theme, self)

    def _place_docks(self) -> None:
        area = Qt.DockWidgetArea
        for corner, side in (
            (Qt.Corner.TopLeftCorner, area.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, area.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, area.RightDockWidgetArea),
        ):
            self.setCorner(corner, side)
        self.addDockWidget(area.LeftDockWidgetArea, self.docks["palette"])
        self.addDockWidget(area.RightDockWidgetArea, self.code_dock)
        self.addDockWidget(area.RightDockWidgetArea, self.docks["inspector"])
        self.splitDockWidget(self.code_dock, self.docks["inspector"], Qt.Orientation.Horizontal)
        self.addDockWidget(area.BottomDockWidgetArea, self.docks["views"])

    def _restore(self) -> None:
        remembered = self.workspace.remembered
        geometry, layout = remembered.geometry, remembered.layout
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize().shrunkBy(FRAME)))
        restored = layout is not None and self.restoreState(layout, LAYOUT_VERSION)
        self._share_room(sizes=not restored)
        for name, dock in self.docks.items():
            floats = name == "inspector" and self.inspector_floats
            self.show_panel_state(name, not (self.floating if floats else dock).isHidden())

    def _share_room(self, sizes: bool = True) -> None:
        """Narrow or widen the panels for the window's size; their sizes change where it crosses a bound."""
        shape = (self.width() < RAIL_BELOW, self.width() < FLOATS_BELOW, self.height() < LOW_BELOW)
        if shape == self._shape and not sizes:
            return
        before, self._shape = self._shape, shape
        narrow, floats, low = shape
        self.palette_panel.set_rail(narrow)
        if before is None or before[1] != floats:
            self._let_inspector_float(floats)
        if sizes or before is not None:
            inspector = INSPECTOR_WIDTH_NARROW if narrow else INSPECTOR_WIDTH
            views = VIEWS_HEIGHT_LOW if low else VIEWS_HEIGHT
            self.resizeDocks([self.docks["inspector"]], [inspector], Qt.Orientation.Horizontal)
            self.resizeDocks([self.docks["views"]], [views], Qt.Orientation.Vertical)

    def _let_inspector_float(self, floats: bool) -> None:
        dock = self.docks["inspector"]
        if floats:
            self.floating.ask(not dock.isHidden(), picked=True)
            dock.hide()
            self.floating.set_content(self.inspector)
        elif dock.widget() is not self.inspector:
            self.floating.set_content(None)
            dock.setWidget(self.inspector)
            self.inspector.show()
            dock.setVisible(self.floating.allowed)
            self.show_panel_state("inspector", self.floating.allowed)
        self.place_floating()

    @property
    def inspector_floats(self) -> bool:
        """Whether the window is so narrow that the inspector lies over the canvas."""
        return self.floating.content() is not None

    def place_floating(self) -> None:
        """Lay the inspector over the canvas at the right, while something is selected or it was asked for."""
        if not self.inspector_floats:
            self.floating.hide()
            return
        page = self.pages if self.pages.currentWidget() is self.editor else None
        self.show_panel_state("inspector", self.floating.lie_over(page, bool(self.editor.selected_ids())))

    def show_panel(self, name: str, shown: bool) -> None:
        """Show or hide a panel."""
        if name == "inspector" and self.inspector_floats:
            self.floating.ask(shown, bool(self.editor.selected_ids()))
            self.place_floating()
            return
        set_shown(self, self.docks[name], shown)
        self.show_panel_state(name, shown)

    def show_panel_state(self, name: str, shown: bool) -> None:
        """Draw in run bar and menu whether a panel is shown."""
        self.run_bar.set_panel_shown(name, shown)
        self.actions_table.set_checked(name, shown)

    def reset_layout(self) -> None:
        """All panels in their first places."""
        for name, dock in self.docks.items():
            dock.setFloating(False)
            self.removeDockWidget(dock)
            if not (name == "inspector" and self.inspector_floats):
                dock.show()
        self._place_docks()
        for name in self.docks:
            self.show_panel(name, True)
        self.floating.ask(False, False)
        self._share_room()
        self.place_floating()

    def fill_with_views(self, filled: bool) -> None:
        """Let the live views have the whole window, or give it back: the panels are as large as before then."""
        if filled:
            self._sizes_before = {dock: dock.size() for dock in self.docks.values() if dock.isVisible()}
        for name in ("palette", "inspector"):
            if not (name == "inspector" and self.inspector_floats):
                self.docks[name].setVisible(not filled and self.run_bar.toggles[name].isChecked())
        self.pages.setVisible(not filled)
        if not filled:
            layout, sizes = self.layout(), self._sizes_before
            if layout is not None:
                layout.activate()
            docks = [dock for dock in sizes if not dock.isHidden() and not dock.isFloating()]
            self.resizeDocks(docks, [sizes[dock].width() for dock in docks], Qt.Orientation.Horizontal)
            self.resizeDocks(docks, [sizes[dock].height() for dock in docks], Qt.Orientation.Vertical)

    def _wanted_theme(self) -> Theme:
        choice = self.workspace.remembered.theme_choice
        return load_theme(system_theme_name() if choice == "system" else choice)

    def _system_changed(self) -> None:
        self.set_theme(self._wanted_theme())

    def set_theme(self, theme: Theme) -> None:
        """Let all parts take the look of another theme."""
        if theme is self.theme:
            return
        self.theme = theme
        apply_theme(_application(), theme)
        self._letters.take_style()
        for part in (
            self.run_bar,
            self.editor,
            self.start_page,
            self.palette_panel,
            self.inspector,
            self.live_views,
            self.gallery,
            self.status,
            self.problem_list,
            self.problem_popup,
            self.floating,
            self.notice,
            self.error_panel,
            self.feed,
            self.code_view,
            self.code_dock,
            *self.docks.values(),
        ):
            part.set_theme(theme)

    def show_place(self) -> None:
        """Title, breadcrumb and status bar say what is open and whether it is saved."""
        workspace = self.workspace
        changed = workspace.is_changed
        mark = " •" if changed and workspace.path is not None else ""
        self.setWindowTitle(f"{workspace.title}{mark} – Tensorloom")
        self.editor.set_title(workspace.title, changed)
        copied = workspace.path is None and workspace.example is not None
        words = "Example, opened as a copy" if copied else "Project"
        self.inspector.set_project_place(workspace.title, words, has_file=workspace.path is not None)
        if workspace.path is None:
            words = "Not saved yet"
        elif changed:
            words = "Unsaved changes"
        else:
            words = f"Saved {ago_words(time.time() - workspace.saved_at)}" if workspace.saved_at else "Saved"
        self.status.show_saved(words)

    def show_start_page(self, shown: bool) -> None:
        """The start page in the canvas' place, or the canvas again."""
        if shown:
            self.commands.show_recent()
        self.pages.setCurrentWidget(self.start_page if shown else self.editor)
        (self.start_page if shown else self.editor).setFocus()
        self.actions_table.set_checked("start_page", shown)
        self.place_floating()
        self.commands.refresh()

    def show_problem_list(self) -> None:
        """The problems, over the status bar."""
        self.problem_popup.open_at(self.problem_place())

    def problem_place(self) -> QRect:
        """Where the list of problems lies: as high as these need."""
        width = min(420, self.width() - 16)
        height = min(self.problem_list.heightForWidth(width - 8), self.height() // 2)
        bottom = self.height() - self.status.height() - 8
        return QRect(8, bottom - height, width, height)

    def situation(self) -> Situation:
        """What actions ask about."""
        workspace = self.workspace
        stack, view = workspace.document.undo_stack, workspace.runs.view()
        return Situation(
            on_canvas=self.pages.currentWidget() is self.editor,
            has_blocks=bool(workspace.document.graph.blocks),
            selected=len(self.editor.selected_ids()),
            can_undo=stack.canUndo(),
            can_redo=stack.canRedo(),
            can_start=view.enabled,
            running=workspace.runs.state.is_running,
            can_step=view.step,
            can_stop=view.stop,
            can_reset=view.reset,
            in_container=bool(self.editor.body_path()),
        )

    def _insert(self, type_id: str) -> None:
        self.show_start_page(False)
        self.editor.add_block(type_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._share_room(sizes=self.workspace.remembered.layout is None)
        QTimer.singleShot(0, self, partial(lift_floating, (*self.docks.values(), self.code_dock)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room(sizes=False)
        self.place_floating()
        self.notice.place()
        if self.error_panel.isVisible():
            self.error_panel.place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            QTimer.singleShot(0, self, self.place_floating)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks nothing: what is unsaved is back at the next start."""
        remembered = self.workspace.remembered
        self.live_views.set_maximised(False)
        if self.inspector_floats:
            self.docks["inspector"].setVisible(self.floating.allowed)
        remembered.geometry = self.saveGeometry()
        remembered.layout = self.saveState(LAYOUT_VERSION)
        self._saved_words.stop()
        self.hide()
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._system_changed)
        self.workspace.close()
        event.accept()


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication), "a window needs an application"
    return app
