"""Hands on a window: real mouse and keyboard events at places that are computed from what is on the screen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QWidget

from app.actions import plain
from app.main_window import MainWindow
from app.panels.choice_field import ChoiceField
from app.panels.fields_base import Field
from app.panels.problem_row import ProblemRow
from app.project_desk import FIRST_EXAMPLE
from engine.graph.graph import Block
from engine.graph.problem import Problem
from tests.journeys.watched_window import End, WatchedWindow

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
Place = tuple[float, float]
PICTURED = {"input", "conv", "pool"}
"""The blocks of the first example that show a picture before it is trained."""


class Hands(WatchedWindow):
    """A window, used as a person does."""

    # --- tidying up -----------------------------------------------------------------------------------
    def begin_anew(self) -> None:
        """Open the first example again, whatever is open; the worker stays, without a session's weights."""
        window, workspace = self.window, self.workspace
        opened: list[bool] = []
        workspace.opened.connect(lambda: opened.append(True))
        workspace.document.undo_stack.setClean()
        workspace.open_example(FIRST_EXAMPLE)
        self.wait(lambda: opened, "the first example")
        self.wait(lambda: not workspace.runs.state.is_running, "the end of the run")
        self.wait_analysed()
        # A block grows by its picture: what comes late would move what a test measures.
        self.wait(lambda: window.editor.scene.known.previews.keys() >= PICTURED, "the pictures of the first example")
        self.wait(lambda: not window.editor.scene.moves.is_busy, "the last wire")
        self.put_away()
        window.notice.hide()
        window.problem_popup.close_now()
        window.status.show_message("")
        window.editor.fit(soft=False)
        self.activate()

    def put_away(self) -> None:
        """Close what opened over the window, tooltips, menus, popups, and have no tooltip open later."""
        QApplication.sendEvent(self.window, QEvent(QEvent.Type.Leave))
        for widget in QApplication.topLevelWidgets():
            if widget.isVisible() and not isinstance(widget, MainWindow):
                widget.close()

    def standing(self) -> dict[str, object]:
        """All that a test may find in a window before it begins."""
        workspace, editor, bar = self.workspace, self.window.editor, self.window.run_bar
        return {
            "graph": self.graph,
            "settings": workspace.document.settings,
            "undo": workspace.document.undo_stack.count(),
            "place": (workspace.path, workspace.example, workspace.is_changed),
            "problems": self.sentences(),
            "phase": workspace.runs.state.phase,
            # How long a run takes is remembered on purpose.
            "run": (bar.slot.accessibleName(), bar.slot.isEnabled(), self.run_words.partition(":")[0]),
            "history": workspace.history,
            "layouts": workspace.layouts.is_waiting,
            "body": editor.body_path(),
            "selection": editor.selected_ids(),
            "all in view": editor.view.visible_area().contains(editor.scene.bounds()),
            "said": (self.notice, self.window.status.message.text(), self.refusal),
            "popups": (self.window.problem_popup.isVisible(), self.open_menu(), self._dialogs()),
            "theme": self.window.theme.name,
            "size": (self.window.width(), self.window.height(), self.viewport.width(), self.viewport.height()),
        }

    # --- the mouse on widgets --------------------------------------------------------------------------
    def click(self, widget: QWidget, at: QPoint | None = None, keys: Qt.KeyboardModifier = PLAIN) -> None:
        """Click a widget that shows, in its middle or at a place of it."""
        assert widget.isVisible(), f"{widget} does not show"
        if QApplication.activePopupWidget() is None and not self._dialogs():
            self.activate()
        place = at if at is not None else widget.rect().center()
        window = widget.window()
        under = window.childAt(widget.mapTo(window, place)) or widget
        assert under is widget or widget.isAncestorOf(under), f"{under} covers {widget}"
        spot = under.mapFrom(window, widget.mapTo(window, place))
        QTest.mouseMove(under, spot)
        QTest.mouseClick(under, LEFT, keys, spot)
        self.rest()

    def press_run_button(self, label: str) -> None:
        """Press the first button of the run bar, which must say `label`."""
        slot = self.window.run_bar.slot
        self.wait(lambda: slot.isEnabled() and slot.accessibleName() == label, f"the button {label}")
        self.click(slot)

    def menu(self, *titles: str) -> None:
        """Choose from the menu bar: `menu("File", "New")`, `menu("View", "Theme", "Dark")`."""
        bar = self.window._menu_bar
        action = next(action for action in bar.actions() if plain(action.text()) == titles[0])
        # A menu takes no click where the pointer already stood when it opened.
        QTest.mouseMove(bar, bar.actionGeometry(action).center())
        QTest.mouseClick(bar, LEFT, PLAIN, bar.actionGeometry(action).center())
        menu = action.menu()
        for title in titles[1:]:
            self.wait(menu.isVisible, f"the menu {menu.title()}")
            menu = self.choose(menu, title)

    def choose(self, menu: QMenu, title: str) -> QMenu:
        """Click the line of an open menu that begins with `title`; the menu that opens from it, else the same one."""
        lines = [line for line in menu.actions() if plain(line.text()).partition("\t")[0].startswith(title)]
        assert lines, f"no line {title} in {[line.text() for line in menu.actions()]}"
        line = lines[0]
        assert line.isEnabled(), f"{title} cannot be chosen"
        inner = line.menu()
        QTest.mouseMove(menu, menu.actionGeometry(line).center())
        QTest.mouseClick(menu, LEFT, PLAIN, menu.actionGeometry(line).center())
        if inner is not None:
            self.wait(inner.isVisible, f"the menu {title}")
            return inner
        self.rest()
        if QApplication.activeWindow() is None:
            self.activate()
        return menu

    def open_menu(self) -> QMenu | None:
        """The menu that is open, if there is one."""
        popup = QApplication.activePopupWidget()
        return popup if isinstance(popup, QMenu) else None

    # --- the keyboard ------------------------------------------------------------------------------------
    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = PLAIN) -> None:
        """Press a key where the keyboard is."""
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, keys)
        self.rest()

    def type_text(self, text: str) -> None:
        """Type where the keyboard is."""
        target = QApplication.focusWidget()
        assert target is not None, "nothing has the keyboard"
        QTest.keyClicks(target, text)

    def type_into(self, field: QWidget, text: str) -> None:
        """Click a field, replace what stands there, and press Enter."""
        self.click(field, QPoint(12, field.height() // 2))
        self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.type_text(text)
        self.key(Qt.Key.Key_Return)

    def choose_in(self, field: Field, label: str) -> None:
        """Open the menu of a choice field and choose a line."""
        assert isinstance(field, ChoiceField)
        self.click(field)
        menu = field.menu()
        assert menu is not None, "the menu is not open"
        self.wait(menu.isVisible, "the menu")
        self.choose(menu, label)

    # --- the canvas ---------------------------------------------------------------------------------------
    @property
    def viewport(self) -> QWidget:
        """What the canvas is painted on."""
        return self.window.editor.view.viewport()

    def spot(self, x: float, y: float) -> QPoint:
        """A place of the scene on the canvas; it must be in sight."""
        point = self.window.editor.view.mapFromScene(QPointF(x, y))
        assert self.viewport.rect().contains(point), f"{x}, {y} is out of sight"
        return point

    def show_place(self, x: float, y: float) -> None:
        """Show the canvas at zoom 1 with a place of the scene in its middle."""
        view = self.window.editor.view
        view.zoom_to(1.0)
        view.centerOn(x, y)

    def port(self, end: End, is_input: bool) -> Place:
        """Where a port is in the scene."""
        return self.window.editor.scene.blocks[end[0]].port_point(end[1], is_input)

    def middle(self, id: str) -> Place:
        """A place of a block where no port, badge or icon is."""
        place = self.window.editor.scene.blocks[id].rectangle()
        return (place[0] + place[2]) / 2, place[1] + 12

    def drag_from_palette(self, type: str, x: float, y: float) -> str:
        """Drag a block from the palette to a place of the scene; its id."""
        browser = self.window.palette_panel.browser
        try:
            row = browser.row(type)
        except KeyError:
            title = self.workspace.types[type].title
            self.click(browser.search.line())
            self.type_text(title)
            self.rest()
            row = browser.row(type)
        before = set(self.body.blocks)
        start = row.rect().center()
        target = row.mapFromGlobal(self.viewport.mapToGlobal(self.spot(x, y)))
        QTest.mousePress(row, LEFT, PLAIN, start)
        for share in (0.1, 0.4, 0.8, 1.0):
            QTest.mouseMove(row, start + (target - start) * share)
            self.rest(5)
        QTest.mouseRelease(row, LEFT, PLAIN, target)
        self.rest()
        if browser.search.text():
            browser.search.line().clear()
        (new,) = set(self.body.blocks) - before
        return new

    def press(self, x: float, y: float, keys: Qt.KeyboardModifier = PLAIN) -> None:
        """Press the left button at a place of the scene."""
        QTest.mousePress(self.viewport, LEFT, keys, self.spot(x, y))

    def move(self, x: float, y: float) -> None:
        """Move the pointer to a place of the scene."""
        QTest.mouseMove(self.viewport, self.spot(x, y))
        self.rest(5)

    def release(self, x: float, y: float, keys: Qt.KeyboardModifier = PLAIN) -> None:
        """Let the left button go at a place of the scene."""
        QTest.mouseRelease(self.viewport, LEFT, keys, self.spot(x, y))
        self.rest()

    def drag(self, start: Place, end: Place, keys: Qt.KeyboardModifier = PLAIN) -> None:
        """Drag from one place of the scene to another."""
        self.press(*start, keys)
        for share in (0.1, 0.5, 0.9, 1.0):
            self.move(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
        self.release(*end, keys)

    def wire(self, source: End, target: End) -> Problem | None:
        """Draw a wire from an output to an input; what is said at the pointer where it is refused."""
        start, end = self.port(source, False), self.port(target, True)
        self.drag(start, end)
        return self.refusal if (source, target) not in self.wires() else None

    def pick(self, id: str) -> None:
        """Click a block."""
        x, y = self.middle(id)
        self.press(x, y)
        self.release(x, y)
        assert self.window.editor.selected_ids() == (id,)

    def double_click(self, id: str) -> None:
        """Double-click a block."""
        place = self.spot(*self.middle(id))
        QTest.mouseClick(self.viewport, LEFT, PLAIN, place)
        QTest.mouseDClick(self.viewport, LEFT, PLAIN, place)
        QTest.mouseRelease(self.viewport, LEFT, PLAIN, place)
        self.rest()

    # --- panels and files --------------------------------------------------------------------------------------
    def parameter(self, id: str, parameter: str) -> Field:
        """The field of a block's parameter in the inspector; the block is clicked first."""
        if self.window.editor.selected_ids() != (id,):
            self.pick(id)
        page = self.window.inspector.page
        row = page.parameters.row(parameter)
        self._reveal(row)
        return row.field()

    def _reveal(self, widget: QWidget) -> None:
        self.window.inspector._scroll.ensureWidgetVisible(widget)
        self.rest()

    def set_parameter(self, id: str, parameter: str, text: str) -> None:
        """Type a parameter of a block into the inspector."""
        self.type_into(self.parameter(id, parameter), text)

    def value(self, id: str, parameter: str) -> object:
        """A parameter as the drawing has it, the default where it is not set."""
        block: Block = self.body.blocks[id]
        declared = self.workspace.types[block.type].parameter(parameter)
        return block.parameters.get(parameter, declared.default)

    def rows_of_problems(self) -> list[ProblemRow]:
        """The rows of the problem list."""
        return self.window.problem_list.rows()

    def file_dialog(self, path: Path) -> None:
        """Type a path into the file dialog that is open, and press Enter."""
        dialog = self._dialog()
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        assert line is not None, "the dialog is not Qt's own"
        line.clear()
        QTest.keyClicks(line, str(path))
        QTest.keyClick(line, Qt.Key.Key_Return)
        self.wait(lambda: not self._dialogs(), "the end of the dialog")

    def _dialog(self) -> QFileDialog:
        self.wait(self._dialogs, "a file dialog")
        return self._dialogs()[0]

    def _dialogs(self) -> list[QFileDialog]:
        return [dialog for dialog in self.window.findChildren(QFileDialog) if dialog.isVisible()]

    def save_as(self, path: Path) -> None:
        """Save under a name, through menu and dialog."""
        self.menu("File", "Save as")
        self.file_dialog(path)
        self.wait(lambda: self.workspace.path == path and not self.workspace.is_changed, f"the file {path.name}")

    def open_file(self, path: Path) -> None:
        """Open a file, through menu and dialog."""
        opened: list[bool] = []
        self.workspace.opened.connect(lambda: opened.append(True))
        self.menu("File", "Open …")
        self.file_dialog(path)
        self.wait(lambda: opened, f"{path.name}")
