"""A tile by itself: the picture of what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.panels.view_tile import TILE_MIN_WIDTH, TileRow, TileScroll, ViewTile
from app.views.registry import make_view
from graph_editor.theme import load_theme


@pytest.fixture
def tile(qtbot) -> ViewTile:
    theme = load_theme("light", 1.0)
    made = ViewTile(make_view("loss", "a", theme), theme)
    qtbot.addWidget(made)
    made.resize(300, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_saved_picture_is_what_is_seen(tile, tmp_path: Path) -> None:
    tile.save_picture()
    dialog = tile.findChild(QFileDialog)
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    dialog.fileSelected.emit(str(tmp_path / "loss.png"))
    dialog.close()
    assert (tmp_path / "loss.png").stat().st_size > 500


def test_what_is_scrolled_away_is_not_seen(qtbot) -> None:
    theme, row = load_theme("light", 1.0), TileRow()
    tiles = [ViewTile(make_view("loss", id, theme), theme) for id in "abc"]
    for tile in tiles:
        row.addWidget(tile)
    scroll = TileScroll(row)
    qtbot.addWidget(scroll)
    scroll.resize(TILE_MIN_WIDTH, 240)
    scroll.show()
    qtbot.waitExposed(scroll)
    bar = scroll.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert [scroll.shows(tile.view) for tile in tiles] == [True, False, False]
    bar.setValue(bar.maximum())
    assert [scroll.shows(tile.view) for tile in tiles] == [False, False, True]
    tiles[2].view.hide()
    assert not scroll.shows(tiles[2].view)
