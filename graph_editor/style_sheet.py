"""The looks of Qt's own widgets (menus, scroll bars, buttons …), written from a Theme."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QBitmap, QFontMetrics, QGuiApplication, QPainter, QPalette, QRegion
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from graph_editor.menu_ends import reach_ends
from graph_editor.theme import (
    ICON_IN_FIELD,
    MENU_HEIGHT,
    RADIUS_BLOCK,
    RADIUS_FIELD,
    RADIUS_POPUP,
    ROW_HEIGHT,
    STATUS_HEIGHT,
    Theme,
)

# No rule names a font: a font in a style sheet would drop the figures of equal width that Theme.font asks for.
# Fields of text have no colour here either: it is the palette's, so that an inspector's field may change its own.
_SHEET = Template("""
QMenuBar { background: $panel; color: $text; border: none; spacing: 0; }
QMenuBar::item { background: transparent; padding: ${menu_above}px 10px ${menu_below}px 10px; margin: 0;
    border-radius: ${radius_field}px; }
QMenuBar::item:selected { background: $hover; }
QMenuBar::item:pressed { background: $pressed; }
QMenuBar::item:disabled { color: $disabled; }
QMenu { background: $panel; color: $text; border: 1px solid $line; padding: 4px; }
QMenu[rounded="true"] { border-radius: ${radius_popup}px; }
QMenu::item { padding: 6px 24px 6px 8px; border-radius: ${radius_field}px; background: transparent; }
QMenu::item:selected { background: $select; color: $text; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: ${icon}px; height: ${icon}px; padding-left: 8px; }
QMenu::indicator:checked { image: url("$check"); }
QMenu::right-arrow { image: url("$caret_right"); width: ${icon}px; height: ${icon}px; }
QToolTip { background: $tooltip; color: $tooltip_text; border: 1px solid $tooltip; padding: 6px 8px; }
QStatusBar { background: $panel; color: $secondary; border-top: 1px solid $line;
    min-height: ${status_height}px; max-height: ${status_height}px; }
QStatusBar::item { border: none; }
QMainWindow { background: $canvas; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:vertical { background: $canvas; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover, QMainWindow::separator:hover { background: $accent; }
QDockWidget { color: $text; titlebar-close-icon: none; }
QDockWidget::title { background: $panel; padding: 8px 12px; border-bottom: 1px solid $line; text-align: left; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $secondary; border: none; border-bottom: 1px solid $line;
    padding: 4px 8px; }
QTableView, QTreeView, QListView { background: $panel; color: $text; border: none; outline: none;
    gridline-color: $line; selection-background-color: $select; selection-color: $text; }
QTreeView::item, QListView::item { height: ${row_height}px; padding: 0 8px; border-radius: ${radius_field}px; }
QTreeView::item:hover, QListView::item:hover { background: $hover; }
QTreeView::item:selected, QListView::item:selected { background: $select; color: $text; }
QScrollArea { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $edge; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QPushButton { background: $panel; color: $text; border: 1px solid $edge; border-radius: ${radius_block}px;
    padding: 0 11px; min-height: ${button_height}px; max-height: ${button_height}px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:focus { border: 2px solid $accent; padding: 0 10px;
    min-height: ${focused_height}px; max-height: ${focused_height}px; }
QPushButton:disabled { color: $disabled; border-color: $line; background: transparent; }
QPushButton[primary="true"] { background: $fill; color: $on_fill; border-color: $fill; }
QPushButton[primary="true"]:hover { background: $fill_hover; border-color: $fill_hover; }
QPushButton[primary="true"]:pressed { background: $fill_pressed; border-color: $fill_pressed; }
QPushButton[primary="true"]:disabled { color: $disabled; border-color: $line; background: transparent; }
QPushButton:flat { background: transparent; border: none; color: $accent; padding: 0; }
QPushButton:flat:disabled { color: $disabled; }
QToolButton { background: transparent; color: $text; border: 2px solid transparent;
    border-radius: ${radius_field}px; padding: 2px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $pressed; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; background: transparent; }
QToolButton::menu-indicator { image: none; }
QLineEdit, QAbstractSpinBox, QComboBox { background: $field; border: 1px solid $edge;
    border-radius: ${radius_field}px; padding: 0 7px; min-height: ${button_height}px; max-height: ${button_height}px; }
QPlainTextEdit, QTextEdit { background: $field; border: 1px solid $edge;
    border-radius: ${radius_field}px; padding: 4px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover, QPlainTextEdit:hover, QTextEdit:hover {
    border-color: $secondary; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { border: 2px solid $accent; padding: 0 6px;
    min-height: ${focused_height}px; max-height: ${focused_height}px; }
QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $accent; padding: 3px; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled, QTextEdit:disabled {
    border-color: $line; }
QLineEdit[bare="true"] { background: transparent; border: none; padding: 0; min-height: 0; max-height: 16777215px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$caret_down"); width: ${icon}px; height: ${icon}px; }
QComboBox::down-arrow:disabled { image: url("$caret_down_disabled"); }
QComboBox QAbstractItemView { background: $panel; color: $text; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $select; selection-color: $text; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QCheckBox, QRadioButton { color: $text; spacing: 8px; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $edge; border-radius: 3px; background: $field; }
QCheckBox::indicator:checked { background: $fill; border-color: $fill; image: url("$check_on_fill"); }
QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:disabled { border-color: $line; }
QProgressBar { background: transparent; border: none; max-height: 2px; color: transparent; }
QProgressBar::chunk { background: $accent; }
QTabBar::tab { background: transparent; color: $secondary; padding: 6px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
""")


_STYLE_SET = "tensorloom_style"


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Give every widget of the application the theme's palette, font and style sheet."""
    # A style sheet hides the style below it; setting that again costs 40 ms in a full window.
    if application.property(_STYLE_SET) is None:
        application.setStyle("Fusion")
        application.setProperty(_STYLE_SET, True)
    application.setPalette(palette(theme))
    font = theme.font()
    application.setFont(font)
    QToolTip.setFont(font)
    # From sheet to sheet each widget is told anew for every widget around it: 60 ms, against 30 by way of none.
    application.setStyleSheet("")
    application.setStyleSheet(style_sheet(theme))


def palette(theme: Theme) -> QPalette:
    """The palette of widgets that no rule of the style sheet names."""
    made = QPalette()
    role = QPalette.ColorRole
    for where, name in {
        role.Window: "panel",
        role.WindowText: "text",
        role.Base: "panel",
        role.AlternateBase: "hover",
        role.Text: "text",
        role.Button: "panel",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.Highlight: "accent",
        role.HighlightedText: "panel",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.PlaceholderText: "secondary",
        role.ToolTipBase: "tooltip",
        role.ToolTipText: "tooltip_text",
        role.Light: "panel",
        role.Midlight: "hover",
        role.Mid: "line",
        role.Dark: "edge",
        role.Shadow: "edge",
    }.items():
        made.setColor(where, theme.color(name))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        made.setColor(QPalette.ColorGroup.Disabled, where, theme.color("disabled"))
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, theme.color("line"))
    return made


def style_sheet(theme: Theme) -> str:
    """The style sheet of the whole application."""
    spare = max(MENU_HEIGHT - QFontMetrics(theme.font()).height(), 0)
    return _SHEET.substitute(
        theme.tokens,
        menu_above=spare // 2,
        menu_below=spare - spare // 2,
        row_height=ROW_HEIGHT,
        status_height=STATUS_HEIGHT,
        button_height=ROW_HEIGHT - 2,
        focused_height=ROW_HEIGHT - 4,
        radius_field=RADIUS_FIELD,
        radius_block=RADIUS_BLOCK,
        radius_popup=RADIUS_POPUP,
        icon=ICON_IN_FIELD,
        scroll=theme.mixed("line", "edge", 0.4).name(),
        fill_hover=theme.fill_hover.name(),
        fill_pressed=theme.fill_pressed.name(),
        check=_picture(theme, "ph.check", "text"),
        check_on_fill=_picture(theme, "ph.check-bold", "on_fill"),
        caret_right=_picture(theme, "ph.caret-right", "secondary"),
        caret_down=_picture(theme, "ph.caret-down", "secondary"),
        caret_down_disabled=_picture(theme, "ph.caret-down", "disabled"),
    )


def round_menu(menu: QMenu) -> QMenu:
    """Give a menu the round corners of a popup, and the keys Home and End; call it before the menu is first shown."""
    menu.setWindowFlags(menu.windowFlags() | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
    menu.setProperty("rounded", True)
    if QGuiApplication.platformName() == "xcb":
        menu.installEventFilter(_Corners(menu))
    else:
        menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    return reach_ends(menu)


def escaped(text: str) -> str:
    """A name as a menu writes it: its `&` marks no letter for Alt."""
    return text.replace("&", "&&")


class _Corners(QObject):
    """Cuts a menu's corners off: on X11 there may be no compositor, and what is translucent would be black."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            watched.setMask(rounded_region(watched.rect(), RADIUS_POPUP - 1))
        return False


def rounded_region(rect: QRect, radius: int) -> QRegion:
    """A rectangle without its corners; a radius 1 px less than the painted one keeps what is painted smooth."""
    shape = QBitmap(rect.size())
    shape.fill(Qt.GlobalColor.color0)
    painter = QPainter(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.color1)
    painter.drawRoundedRect(shape.rect(), radius, radius)
    painter.end()
    return QRegion(shape).translated(rect.topLeft())


@lru_cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # A style sheet takes pictures from files only. The folder goes when the program ends.
    return tempfile.TemporaryDirectory(prefix="tensorloom-icons-", ignore_cleanup_errors=True)


def _picture(theme: Theme, name: str, token: str) -> str:
    stem = f"{theme.name}-{name.removeprefix('ph.')}-{token}"
    for ratio, suffix in ((1, ""), (2, "@2x"), (3, "@3x")):
        path = Path(_folder().name) / f"{stem}{suffix}.png"
        if not path.exists():
            picture = theme.icon_pixmap(name, token, ICON_IN_FIELD, ratio).toImage()
            picture.setDevicePixelRatio(1)
            picture.save(str(path))
    return (Path(_folder().name) / f"{stem}.png").as_posix()
