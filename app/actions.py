"""All actions of the window as a table: id, menu, title, keys, and when each can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from engine.graph.block_type import BlockType
from graph_editor.style_sheet import round_menu


class Situation(msgspec.Struct, frozen=True):
    """What actions ask about the window to know whether they can be used."""

    on_canvas: bool = True
    has_blocks: bool = False
    selected: int = 0
    can_undo: bool = False
    can_redo: bool = False
    can_start: bool = False
    running: bool = False
    can_step: bool = False
    can_stop: bool = False
    can_reset: bool = False
    in_container: bool = False


When = Callable[[Situation], bool]
NOTHING_DRAWN = "Nothing is drawn yet that could be exported"


class Spec(msgspec.Struct, frozen=True):
    """One action; `&` in its title stands before its Alt letter.

    `shown_key` is written in the menu and heard by the canvas alone: typing elsewhere is safe. `otherwise` says, while
    the pointer rests on it, why it cannot be used.
    """

    id: str
    menu: str
    title: str
    keys: tuple[str, ...] = ()
    shown_key: str = ""
    when: When = lambda now: True
    otherwise: str = ""
    group: str = ""
    checkable: bool = False
    role: Literal["", "quit", "about"] = ""


LINE = "-"


def _canvas(now: Situation) -> bool:
    return now.on_canvas


def _some(now: Situation) -> bool:
    return now.on_canvas and now.selected > 0


def _drawn(now: Situation) -> bool:
    return now.has_blocks


TABLE: tuple[Spec | str, ...] = (
    Spec("new", "File", "&New", ("Ctrl+N",)),
    Spec("open", "File", "&Open …", ("Ctrl+O",)),
    "File/Open recent",
    Spec("start_page", "File", "Start &page", ("Ctrl+Shift+H",), checkable=True),
    "File-",
    Spec("save", "File", "&Save", ("Ctrl+S",)),
    Spec("save_as", "File", "Save &as …", ("Ctrl+Shift+S",)),
    "File-",
    Spec("export_python", "File", "Export P&ython …", when=_drawn, otherwise=NOTHING_DRAWN),
    Spec("export_onnx", "File", "Export ONN&X …", when=_drawn, otherwise=NOTHING_DRAWN),
    Spec("export_weights", "File", "Export &weights …", when=_drawn, otherwise=NOTHING_DRAWN),
    "File-",
    Spec("quit", "File", "&Quit", ("Ctrl+Q",), role="quit"),
    Spec("undo", "Edit", "&Undo", ("Ctrl+Z",), when=lambda now: now.can_undo),
    Spec("redo", "Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), when=lambda now: now.can_redo),
    "Edit-",
    Spec("cut", "Edit", "Cu&t", ("Ctrl+X",), when=_some),
    Spec("copy", "Edit", "&Copy", ("Ctrl+C",), when=_some),
    Spec("paste", "Edit", "&Paste", ("Ctrl+V",), when=_canvas),
    Spec("duplicate", "Edit", "&Duplicate", ("Ctrl+D",), when=_some),
    Spec("delete", "Edit", "De&lete", (), "Del", when=_some),
    Spec("select_all", "Edit", "Select &all", ("Ctrl+A",), when=lambda now: now.on_canvas and now.has_blocks),
    "Edit-",
    Spec("rename", "Edit", "Rena&me", ("F2",), when=lambda now: now.on_canvas and now.selected == 1),
    Spec("bypass", "Edit", "&Bypass", (), "M", when=_some),
    "Edit-",
    Spec("wire", "Edit", "&Wire to …", (), "W", when=lambda now: now.on_canvas and now.selected == 1),
    Spec("tidy", "Edit", "Tid&y", ("Ctrl+L",), when=lambda now: now.on_canvas and now.has_blocks),
    Spec("fit", "View", "&Fit all", ("Ctrl+0",), when=_canvas),
    Spec("fit_selection", "View", "Fit &selection", ("Ctrl+Shift+0",), when=_some),
    Spec("zoom_in", "View", "Zoom &in", ("Ctrl++", "Ctrl+="), when=_canvas),
    Spec("zoom_out", "View", "Zoom &out", ("Ctrl+-",), when=_canvas),
    Spec("leave", "View", "O&ut of the container", (), "Esc", when=lambda now: now.on_canvas and now.in_container),
    "View-",
    Spec("palette", "View", "&Blocks", ("Ctrl+1",), checkable=True),
    Spec("views", "View", "&Live views", ("Ctrl+2",), checkable=True),
    Spec("inspector", "View", "I&nspector", ("Ctrl+3",), checkable=True),
    Spec("code", "View", "&Code", ("Ctrl+4",), checkable=True),
    Spec("arrange", "View", "&Move panels", checkable=True),
    Spec("reset_layout", "View", "Panels to thei&r places"),
    "View-",
    Spec("next_panel", "View", "Ne&xt panel", ("F6",)),
    Spec("previous_panel", "View", "Pre&vious panel", ("Shift+F6",)),
    "View-",
    Spec("problems", "View", "&Problems", ("Ctrl+Shift+M",)),
    "View-",
    Spec("theme_system", "View/Theme", "As the &system", group="theme", checkable=True),
    Spec("theme_light", "View/Theme", "&Light", group="theme", checkable=True),
    Spec("theme_dark", "View/Theme", "&Dark", group="theme", checkable=True),
    Spec("search", "Insert", "Search &blocks …", (), "Tab", when=_canvas),
    Spec("search_palette", "Insert", "Search in the pa&lette", ("/",)),
    "Insert-",
    Spec("toggle_run", "Run", "&Run", ("Ctrl+R",), when=lambda now: now.can_start or now.running),
    Spec("step", "Run", "&Step", ("Ctrl+Shift+Right",), when=lambda now: now.can_step),
    Spec("stop", "Run", "S&top", ("Ctrl+.",), when=lambda now: now.can_stop),
    Spec("reset", "Run", "R&eset", ("Ctrl+Shift+R",), when=lambda now: now.can_reset),
    "Help/Examples",
    "Help-",
    Spec("help", "Help", "&Help", ("F1",)),
    Spec("keys", "Help", "&Keys", ("Ctrl+/",)),
    Spec("log", "Help", "Show the error &log"),
    "Help-",
    Spec("about", "Help", "&About Tensorloom", role="about"),
)
MENUS = ("File", "Edit", "View", "Insert", "Run", "Help")
MARK = "&"
MENU_TITLES = {"Open recent": "Open &recent", "Theme": "&Theme", "Examples": "&Examples"}


def plain(title: str) -> str:
    """A title without the mark of its Alt letter."""
    return title.replace(MARK, "")


def with_letter(title: str, taken: set[str]) -> str:
    """The title with the mark before its first letter that no other line has `taken`; takes it."""
    for at, letter in enumerate(title):
        if letter.isalpha() and letter.lower() not in taken:
            taken.add(letter.lower())
            return title[:at] + MARK + title[at:]
    return title


class Actions:
    """The table made into QActions; `handlers` maps each id to what it does."""

    def __init__(self, window: QWidget, handlers: Mapping[str, Callable[[], object]]) -> None:
        self.menus: dict[str, QMenu] = {}
        self._window = window
        self._specs: dict[str, Spec] = {}
        self._actions: dict[str, QAction] = {}
        groups: dict[str, QActionGroup] = {}
        for entry in TABLE:
            if not isinstance(entry, Spec):
                continue
            assert entry.id in handlers, f"nothing handles {entry.id}"
            key = f"\t{entry.shown_key}" if entry.shown_key else ""
            action = QAction(entry.title + key, window)
            action.setObjectName(entry.id)
            action.setShortcuts([QKeySequence(keys) for keys in entry.keys])
            action.setCheckable(entry.checkable)
            roles = {"quit": QAction.MenuRole.QuitRole, "about": QAction.MenuRole.AboutRole}
            action.setMenuRole(roles.get(entry.role, QAction.MenuRole.NoRole))
            if entry.group:
                group = groups.setdefault(entry.group, QActionGroup(window))
                group.addAction(action)
            action.triggered.connect(lambda _checked=False, act=handlers[entry.id]: act())
            window.addAction(action)
            self._specs[entry.id], self._actions[entry.id] = entry, action

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def fill(self, bar: QMenuBar) -> None:
        """Put the menus into the bar."""
        for name in MENUS:
            self._menu(name, bar)
        for entry in TABLE:
            if isinstance(entry, Spec):
                self._menu(entry.menu, bar).addAction(self._actions[entry.id])
            elif entry.endswith(LINE):
                self._menu(entry.removesuffix(LINE), bar).addSeparator()
            else:
                self._menu(entry, bar)

    def _menu(self, path: str, bar: QMenuBar) -> QMenu:
        if path not in self.menus:
            parent, _, name = path.rpartition("/")
            title = MENU_TITLES.get(name, MARK + name)
            menu = self._menu(parent, bar).addMenu(title) if parent else bar.addMenu(title)
            menu.setToolTipsVisible(True)
            self.menus[path] = round_menu(menu)
        return self.menus[path]

    def refresh(self, now: Situation) -> None:
        """Enable what can be used; what cannot says why."""
        for id, spec in self._specs.items():
            enabled = spec.when(now)
            self._actions[id].setEnabled(enabled)
            if spec.otherwise:
                self._actions[id].setToolTip("" if enabled else spec.otherwise)

    def set_checked(self, id: str, checked: bool) -> None:
        """Tick, without doing it."""
        action = self._actions[id]
        action.blockSignals(True)
        action.setChecked(checked)
        action.blockSignals(False)

    def keys(self) -> tuple[tuple[str, str, str], ...]:
        """Menu, title and key of every action that has one, for Help."""
        found = []
        for id, spec in self._specs.items():
            key = spec.shown_key or self._actions[id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            if key:
                found.append((spec.menu, plain(spec.title), key))
        return tuple(found)


def fill_blocks(
    menu: QMenu,
    types: Mapping[str, BlockType],
    families: tuple[tuple[str, str], ...],
    insert: Callable[[str], object],
) -> None:
    """Put every block type under its family into the Insert menu."""
    taken = {action.text().partition(MARK)[2][:1].lower() for action in menu.actions()}
    for family, title in families:
        listed = [type for type in types.values() if type.family == family]
        if not listed:
            continue
        under = round_menu(menu.addMenu(with_letter(title, taken)))
        for type in listed:
            action = under.addAction(type.title)
            action.setToolTip(type.purpose)
            action.triggered.connect(lambda _checked=False, id=type.id: insert(id))
