"""What each action of the window does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from app.docks import toggle_beside
from app.error_report import LOG_NAME, versions
from app.open_outside import open_outside
from app.panel_focus import focus_next
from app.panels.block_header import NameLine
from app.panels.entry_field import Entry
from app.panels.help_page import HelpPage, about_text, keys_text
from app.recent_files import RecentFile, RecentFiles
from app.settings import MOST_RECENT, ThemeChoice
from engine.project.project_file import SUFFIX
from graph_editor.name_editor import NameEditor
from graph_editor.style_sheet import escaped

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.workspace import ExportKind
    from engine.graph.block_type import BlockType

FILTER = f"Tensorloom projects (*{SUFFIX})"
CODE_WIDTH = 480
WEIGHTS_FILTER = "Weights (*.safetensors)"
EXPORTS = {"python": ("py", "Python", "Python source (*.py)"), "onnx": ("onnx", "ONNX", "ONNX models (*.onnx)")}


class WindowCommands(QObject):
    """The handlers of the action table, and its state."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._help: HelpPage | None = None
        self._is_waiting = False
        self.recent = RecentFiles(window.workspace.remembered, self)
        self.recent.changed.connect(self._recent_changed)
        self.recent.look()
        self.aside = window.workspace.files.aside
        self.aside.changed.connect(self._recent_changed)
        self.aside.look()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Action id → what it does."""
        window, workspace, editor = self._window, self._window.workspace, self._window.editor
        stack = workspace.document.undo_stack
        found: dict[str, Callable[[], object]] = {
            "new": _with_typed(self.new),
            "open": self.open,
            "start_page": lambda: window.show_start_page(window.pages.currentWidget() is editor),
            "save": _with_typed(self.save),
            "save_as": _with_typed(self.save_as),
            "export_python": partial(self.export_drawing, "python"),
            "export_onnx": partial(self.export_drawing, "onnx"),
            "export_weights": self.export_weights,
            "code": lambda: toggle_beside(window, window.code_dock, window.docks["inspector"], CODE_WIDTH),
            "quit": window.close,
            "undo": stack.undo,
            "redo": stack.redo,
            "cut": editor.cut,
            "copy": editor.copy,
            "paste": editor.paste,
            "duplicate": editor.duplicate,
            "delete": editor.delete_selection,
            "select_all": editor.select_all,
            "rename": editor.rename_selected,
            "wire": editor.view.wirings_wanted.emit,
            "bypass": editor.toggle_bypass,
            "tidy": editor.arranging.ask,
            "fit": editor.fit,
            "fit_selection": editor.fit_selection,
            "zoom_in": partial(editor.zoom_by, 1.25),
            "zoom_out": partial(editor.zoom_by, 0.8),
            "leave": editor.leave,
            "arrange": self._arrange,
            "reset_layout": window.reset_layout,
            "next_panel": partial(self._focus_panel, 1),
            "previous_panel": partial(self._focus_panel, -1),
            "problems": window.show_problem_list,
            "search": editor.open_search,
            "search_palette": self._search_palette,
            "toggle_run": _with_typed(workspace.runs.toggle),
            "step": _with_typed(workspace.runs.step),
            "stop": workspace.runs.stop,
            "reset": workspace.reset,
            "help": self._help_here,
            "keys": self._show_keys,
            "log": self._show_log,
            "about": lambda: self.show_help("About Tensorloom", about_text(versions())),
        }
        for name in ("palette", "views", "inspector"):
            found[name] = partial(self._toggle_panel, name)
        for choice in ("system", "light", "dark"):
            found[f"theme_{choice}"] = partial(self.choose_theme, cast(ThemeChoice, choice))
        return found

    def _focus_panel(self, step: int) -> None:
        window = self._window
        page = window.pages.currentWidget()
        canvas = window.editor.view if page is window.editor else page
        focus_next((window.run_bar, window.palette_panel, canvas, window.live_views, window.inspector), step)

    # --- state ---------------------------------------------------------------------------------------
    def refresh_soon(self) -> None:
        """Enable and name actions anew, once, when the present gesture is over."""
        if not self._is_waiting:
            self._is_waiting = True
            QTimer.singleShot(0, self, self.refresh)

    def refresh(self) -> None:
        """Enable and name actions anew."""
        self._is_waiting = False
        window = self._window
        table, stack = window.actions_table, window.workspace.document.undo_stack
        table.refresh(window.situation())
        table["undo"].setText(f"&Undo {_lower(stack.undoText())}".rstrip())
        table["redo"].setText(f"&Redo {_lower(stack.redoText())}".rstrip())
        table["tidy"].setText("Tid&y selection" if window.editor.arranging.takes_selection else "Tid&y")
        type = self._selected_type()
        table["help"].setText("&Help" if type is None else f"&Help on {escaped(type.title)}")
        table["toggle_run"].setText(f"&{window.workspace.runs.view().label}")
        table.set_checked(f"theme_{window.workspace.remembered.theme_choice}", True)

    def fill_recent(self) -> None:
        """List the recent files and the unsaved drawings in their menu."""
        menu = self._window.actions_table.menus["File/Open recent"]
        menu.clear()
        self.recent.look()
        self.aside.look()
        self._list_in(menu, self.recent.files())
        if not menu.isEmpty():
            menu.addSeparator()
            menu.addAction("&Forget these").triggered.connect(self.forget_recent)
            menu.addSeparator()
        drawings = self.aside.drawings
        if drawings:
            menu.addAction("Unsaved drawings").setEnabled(False)
            self._list_in(menu, drawings[:MOST_RECENT])
            if len(drawings) > MOST_RECENT:
                menu.addAction("&More on the start page").triggered.connect(self.show_drawings)
        if menu.isEmpty():
            menu.addAction("No files yet").setEnabled(False)

    def _list_in(self, menu: QMenu, files: tuple[RecentFile, ...]) -> None:
        for path, _ in files:
            action = menu.addAction(escaped(path.stem))
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self.open_file(path))

    def show_recent(self) -> None:
        """List the recent files and the unsaved drawings on the start page, at once; what the disk tells follows."""
        self._list_on_page()
        self.recent.look()
        self.aside.look()

    def _list_on_page(self) -> None:
        page = self._window.start_page
        page.show_files(self.recent.files())
        page.show_drawings(self.aside.drawings, self._window.workspace.path)

    def show_drawings(self) -> None:
        """The start page with more of the unsaved drawings."""
        self._window.start_page.show_more_drawings()
        self._window.show_start_page(True)

    def _recent_changed(self) -> None:
        if self._window.pages.currentWidget() is self._window.start_page:
            self._list_on_page()
        if self._window.actions_table.menus["File/Open recent"].isVisible():
            self.fill_recent()

    def forget_recent(self) -> None:
        """No recent files any more; the unsaved drawings stay."""
        self._window.workspace.remembered.clear_recent()
        self._window.start_page.show_files(())

    def fill_examples(self) -> None:
        """List the examples in Help."""
        menu = self._window.actions_table.menus["Help/Examples"]
        menu.clear()
        for facts in self._window.examples:
            action = menu.addAction(facts.name)
            action.triggered.connect(lambda _checked=False, id=facts.id: self.open_example(id))
        if menu.isEmpty():
            menu.addAction("No examples are installed").setEnabled(False)

    # --- files -----------------------------------------------------------------------------------------
    def new(self) -> None:
        """An empty canvas."""
        self._window.workspace.new()
        self._window.show_start_page(False)

    def open(self) -> None:
        """Ask for a file, without standing in the way."""
        dialog = self._dialog("Open", FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.open_file(Path(chosen)))
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Open a file."""
        self._window.workspace.open(path)
        self._window.show_start_page(False)

    def open_example(self, id: str) -> None:
        """Open an example as an unsaved copy."""
        self._window.workspace.open_example(id)
        self._window.show_start_page(False)

    def save(self) -> None:
        """Save to the file that is open, or ask for one."""
        path = self._window.workspace.path
        if path is None:
            self.save_as()
        else:
            self._window.workspace.save(path)

    def save_as(self) -> None:
        """Ask for a name and save."""
        workspace = self._window.workspace
        dialog = self._dialog("Save as", FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.selectFile(workspace.path.name if workspace.path is not None else f"{workspace.title}{SUFFIX}")
        dialog.fileSelected.connect(lambda chosen: workspace.save(Path(chosen)))
        dialog.open()

    def export_weights(self) -> None:
        """Ask for a name and write the weights."""
        workspace = self._window.workspace
        if self._is_told_why_not("weights"):
            return
        dialog = self._dialog("Export weights", WEIGHTS_FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("safetensors")
        dialog.selectFile(f"{workspace.title}.safetensors")
        dialog.fileSelected.connect(lambda chosen: workspace.export_weights(Path(chosen)))
        dialog.open()

    def export_drawing(self, kind: Literal["python", "onnx"]) -> None:
        """Ask for a name and write the drawing as PyTorch source or as ONNX."""
        workspace = self._window.workspace
        if self._is_told_why_not(kind):
            return
        suffix, what, filter = EXPORTS[kind]
        dialog = self._dialog(f"Export {what}", filter)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{workspace.title}.{suffix}")
        dialog.fileSelected.connect(lambda chosen: workspace.sources.export(kind, Path(chosen)))
        dialog.open()

    def _is_told_why_not(self, kind: ExportKind) -> bool:
        """Whether an export is known to be impossible; why is said before anybody has chosen a file for it."""
        problem = self._window.workspace.why_no_export(kind)
        if problem is not None:
            self._window.notice.show_problem(problem)
        return problem is not None

    def choose_folder(self, chosen: Callable[[Path], object]) -> None:
        """Ask for a folder of data files."""
        dialog = self._dialog("Folder of IDX files", "")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.fileSelected.connect(lambda folder: chosen(Path(folder)))
        dialog.open()

    def _dialog(self, title: str, filter: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(self.recent.folder()), filter)
        self.recent.look()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    # --- the rest ----------------------------------------------------------------------------------------
    def choose_theme(self, choice: ThemeChoice) -> None:
        """Light, dark, or as the system is."""
        self._window.workspace.remembered.theme_choice = choice
        self._window.set_theme(self._window._wanted_theme())
        self.refresh_soon()

    def show_help(self, title: str, text: str) -> None:
        """A page of help, beside the window."""
        if self._help is None:
            self._help = HelpPage(self._window.theme, self._window)
        self._help.set_theme(self._window.theme)
        self._help.show_text(title, text)

    def _selected_type(self) -> BlockType | None:
        """The type of the one block that is selected on the canvas, or None."""
        editor = self._window.editor
        ids = editor.selected_ids()
        if len(ids) != 1 or self._window.pages.currentWidget() is not editor:
            return None
        return self._window.workspace.types.get(editor.scene.body.blocks[ids[0]].type)

    def _help_here(self) -> None:
        """Help on the selected block; without one, the keys."""
        type = self._selected_type()
        if type is not None:
            self._window.editor.help_wanted.emit(type.id)
        else:
            self._show_keys()

    def _show_keys(self) -> None:
        self.show_help("Keys", keys_text(self._window.actions_table.keys()))

    def _toggle_panel(self, name: str) -> None:
        self._window.show_panel(name, not self._window.run_bar.toggles[name].isChecked())

    def _arrange(self) -> None:
        arranging = self._window.actions_table["arrange"].isChecked()
        for dock in (*self._window.docks.values(), self._window.code_dock):
            dock.set_arranging(arranging)

    def _search_palette(self) -> None:
        self._window.show_panel("palette", True)
        self._window.palette_panel.focus_search()

    def _show_log(self) -> None:
        log = self._window.workspace.store.folder.path.parent / LOG_NAME
        if log.is_file():
            problem = open_outside(log)
            if problem is not None:
                self._window.notice.show_problem(problem)
        else:
            self._window.status.show_message("The error log is empty: nothing went wrong so far")


def _with_typed(act: Callable[[], object]) -> Callable[[], object]:
    """Act on what is typed but not yet taken too, as if Enter came first: a key leaves the keyboard in the field."""

    def taken_first() -> None:
        field = QApplication.focusWidget()
        if isinstance(field, Entry | NameLine | NameEditor):
            enter = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(field, enter)
        act()

    return taken_first


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
