"""Tiles under the canvas: before and after the first run, added, aimed, filled and closed by mouse and keyboard."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.panels.live_views import BEFORE_RUN, NO_VIEWS, PACE, LiveViews
from app.panels.view_menus import add_menu, tile_menu
from app.views.history import RunHistory
from app.views.view import DELETED, UNFED
from app.wording import WAITS
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, PortRef, Wire
from engine.training.events import Started
from engine.training.plan import ViewSpec
from graph_editor.theme import load_theme
from tests.app.counted_wires import CountedWires
from tests.app.panels.live_tiles import GRAPH, SPECS, run_history, shown_views, trigger

NOT_YET = "The network does not have this block yet"
FILTERS = {"filters": np.ones((4, 3, 3), dtype=np.float32), "limit": np.array(1.0)}


@pytest.fixture
def views(qtbot) -> LiveViews:
    return shown_views(qtbot)


@pytest.fixture
def running(views) -> LiveViews:
    views.show_history(run_history())
    return views


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_before_the_first_run_it_says_what_will_appear(views) -> None:
    assert BEFORE_RUN in texts(views)
    assert views._header.subtitle() == "", "it is said once"
    assert not views._header.add.isVisible()
    assert views.asks() == ()


def test_the_gallery_stands_there_until_the_first_run(views) -> None:
    gallery = QLabel("Or start from another example")
    views.set_gallery(gallery)
    assert gallery.isVisible()
    assert BEFORE_RUN not in texts(views)
    assert views._header.subtitle() == BEFORE_RUN
    views.show_history(run_history())
    assert not gallery.isVisible()
    assert views._header.subtitle() == PACE
    views.set_gallery(None)
    gallery.deleteLater()


def test_a_run_fills_the_tiles(running) -> None:
    assert [running.tile(spec.id).isVisible() for spec in SPECS] == [True] * 3
    assert running.tile("a").view.message() == ""
    assert running.tile("b").view.message() == WAITS
    assert running.tile("a").header.subtitle() == "cross-entropy"
    assert running.tile("b").header.subtitle() == "Convolution"
    assert running.tile("c").header.subtitle() == "Flatten · PCA"


def test_only_views_that_are_seen_ask(running, qtbot) -> None:
    assert [(ask.id, ask.kind, ask.block) for ask in running.asks()] == [
        ("b", "filters", "cv"),
        ("c", "latent", "fl"),
    ]
    with qtbot.waitSignal(running.asks_changed):
        running.fill("c")
    assert [ask.id for ask in running.asks()] == ["c"]
    with qtbot.waitSignal(running.asks_changed):
        running.hide()
    assert running.asks() == ()
    with qtbot.waitSignal(running.asks_changed):
        running.show()
    assert [ask.id for ask in running.asks()] == ["c"]


def test_an_answer_reaches_the_view_that_asked(running) -> None:
    running.show_measured("b", FILTERS, 12)
    running.show_measured("gone", FILTERS, 12)
    assert running.tile("b").view.message() == ""
    assert running.tile("c").view.message() == WAITS
    running.show_problem("c", "This block has no output")
    assert running.tile("c").view.message() == "This block has no output"


def test_a_view_added_before_the_run_is_seen(views) -> None:
    views.add_view("filters")
    assert views.tile(views.views()[-1].id).isVisible()
    assert [ask.kind for ask in views.asks()] == ["filters", "latent", "filters"]


def test_the_data_themselves_are_shown_where_an_input_is_chosen(running) -> None:
    drawn = Graph(
        blocks={**GRAPH.blocks, "data": Block("data", "input", "Data")},
        wires=(Wire(PortRef("data", "image"), PortRef("cv", "input")),),
    )
    running.set_graph(drawn, BLOCK_TYPES)
    running.add_view("latent", "data")
    tile = running.tile(running.views()[-1].id)
    assert tile.header.subtitle() == "Data · PCA"
    assert tile.view.message() == WAITS
    assert running.asks()[-1].block == "data"
    alone = Graph(blocks={"data": drawn.blocks["data"]})
    running.set_graph(alone, BLOCK_TYPES)
    running.set_views((ViewSpec(id="l", kind="latent"),))
    assert "Data" not in running.tile("l").header.subtitle(), "it aims at an Input only where that is chosen"
    kinds = {action.text(): action.isEnabled() for action in add_menu(running).actions()}
    assert not kinds["Latent space"]


def test_a_deleted_block_is_said_and_comes_back_with_undo(running) -> None:
    running.show_measured("b", FILTERS, 1)
    running.set_graph(Graph(blocks={"ce": GRAPH.blocks["ce"]}), BLOCK_TYPES)
    assert running.tile("b").view.message() == DELETED
    assert "Choose another" in [
        button.text()
        for button in running.tile("b").view.findChildren(type(running.tile("b").view._choose))
        if button.isVisible()
    ]
    assert running.asks() == ()
    running.set_graph(GRAPH, BLOCK_TYPES)
    assert running.tile("b").view.message() == WAITS
    assert len(running.asks()) == 2


def test_a_view_of_a_block_that_is_not_wired_yet_says_so_until_it_is(running) -> None:
    loose = Graph(blocks=GRAPH.blocks, wires=tuple(wire for wire in GRAPH.wires if wire.target.block != "cv"))
    running.set_graph(loose, BLOCK_TYPES)
    said = [running.tile(id).view.message() for id in "abc"]
    assert said == ["", UNFED, UNFED], "nor do data reach what follows it"
    running.show_problem("c", NOT_YET)
    assert running.tile("c").view.message() == UNFED, "no run would give it the block either"
    running.show_measured("b", FILTERS, 1)
    assert running.tile("b").view.message() == "", "the run was begun before it was cut off"
    running.set_graph(GRAPH, BLOCK_TYPES)
    assert [running.tile(id).view.message() for id in "abc"] == ["", "", NOT_YET]
    running.set_graph(loose, BLOCK_TYPES)
    assert [running.tile(id).view.message() for id in "abc"] == ["", "", UNFED]


def test_all_views_share_one_search_for_what_data_reach(running) -> None:
    def wires_read(*aims: tuple[str, str | None]) -> int:
        running.set_views(tuple(ViewSpec(id=f"{kind} {block}", kind=kind, block=block) for kind, block in aims))
        wires = CountedWires(GRAPH.wires)
        running.set_graph(Graph(blocks=GRAPH.blocks, wires=wires), BLOCK_TYPES)
        return wires.read

    five = ("filters", "cv"), ("filters", "dn"), ("latent", "fl"), ("latent", None), ("predictions", "ce")
    assert wires_read(*five) == wires_read(("filters", "cv")) > 0


def test_a_renamed_block_is_named_anew(running) -> None:
    blocks = {**GRAPH.blocks, "cv": Block(id="cv", type="conv2d", name="First")}
    running.set_graph(Graph(blocks=blocks), BLOCK_TYPES)
    assert running.tile("b").header.subtitle() == "First"


def test_a_double_click_on_the_header_fills_the_window_and_another_gives_it_back(running, qtbot) -> None:
    header = running.tile("c").header
    with qtbot.waitSignal(running.fill_wanted) as told:
        qtbot.mouseDClick(header, Qt.MouseButton.LeftButton, pos=QPoint(30, 12))
    assert told.args == [True]
    assert running.filled() == "c"
    assert [running.tile(spec.id).isVisible() for spec in SPECS] == [False, False, True]
    with qtbot.waitSignal(running.fill_wanted) as told:
        qtbot.mouseDClick(header, Qt.MouseButton.LeftButton, pos=QPoint(30, 12))
    assert told.args == [False]
    assert all(running.tile(spec.id).isVisible() for spec in SPECS)


def test_enter_fills_escape_gives_back_delete_closes(running, qtbot) -> None:
    running.activateWindow()
    header = running.tile("b").header
    header.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(header, Qt.Key.Key_Return)
    assert running.filled() == "b"
    qtbot.keyClick(header, Qt.Key.Key_Escape)
    assert running.filled() is None
    with qtbot.waitSignal(running.views_changed) as told:
        qtbot.keyClick(header, Qt.Key.Key_Delete)
    assert [spec.id for spec in told.args[0]] == ["a", "c"]
    assert running.tile("b") is None


def test_tab_reaches_every_header_and_menu(running, qtbot) -> None:
    for spec in SPECS:
        header = running.tile(spec.id).header
        assert header.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert header.more.accessibleName() == f"Menu of {running.tile(spec.id).view.title}"


def test_moving_keeps_what_tiles_show(running, qtbot) -> None:
    running.show_measured("b", FILTERS, 1)
    tile = running.tile("b")
    trigger(tile_menu(running, tile), "Move left")
    assert [spec.id for spec in running.views()] == ["b", "a", "c"]
    assert running.tile("b") is tile
    assert tile.view.message() == ""
    assert tile.x() < running.tile("a").x()
    assert not next(a for a in tile_menu(running, tile).actions() if a.text() == "Move left").isEnabled()


def test_without_views_one_can_be_added(running) -> None:
    for spec in SPECS:
        running.close_view(spec.id)
    assert NO_VIEWS in texts(running)
    running.add_view("loss")
    assert running.tile(running.views()[0].id).isVisible()


def test_the_same_views_again_are_no_change(running, qtbot) -> None:
    with qtbot.assertNotEmitted(running.views_changed):
        running.set_views(SPECS)
    tile = running.tile("a")
    running.set_views((SPECS[0], SPECS[2]))
    assert running.tile("a") is tile
    assert running.tile("b") is None


def test_dragging_between_tiles_widens_one(running, qtbot) -> None:
    before = running.tile("a").width()
    handle = running._splitter.handle(1)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(4, 50))
    qtbot.mouseMove(handle, QPoint(4 + 30, 50))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(4 + 30, 50))
    assert running.tile("a").width() > before + 10


def test_a_theme_reaches_every_tile(running) -> None:
    dark = load_theme("dark", 1.0)
    running.set_theme(dark)
    tile = running.tile("a")
    at = tile.mapTo(running, QPoint(tile.width() // 2, 3))
    assert running.grab().toImage().pixelColor(at) == dark.color("panel")
    assert running.grab().toImage().pixelColor(3, 40) == dark.color("canvas")


def test_a_view_that_was_never_aimed_looks_at_what_suits_it_as_the_drawing_grows(views) -> None:
    views.set_views((ViewSpec(id="f", kind="filters"), ViewSpec(id="l", kind="latent")))
    views.show_history(run_history())
    assert views.tile("f").view.block == "cv"
    assert views.tile("l").view.block == "fl"
    blocks = {id: block for id, block in GRAPH.blocks.items() if id != "cv"}
    views.set_graph(Graph(blocks=blocks), BLOCK_TYPES)
    assert views.tile("f").view.block == "dn"
    assert not views.tile("f").view.is_missing
    assert views.views()[0].block is None


def test_before_the_first_run_neither_numpy_nor_pyqtgraph_is_loaded() -> None:
    code = "import sys; import app.panels.live_views; sys.exit(sum(m in sys.modules for m in ('numpy', 'pyqtgraph')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_views_go_on_asking_once_their_charts_are_painted(running, qtbot) -> None:
    running.show_measured("b", FILTERS, 4)
    running.grab()
    qtbot.waitUntil(lambda: running.tile("b").view.message() == "")
    QApplication.processEvents()
    assert [ask.id for ask in running.asks()] == ["b", "c"]


def test_views_of_a_running_history_take_turns(qtbot):
    views = LiveViews(load_theme("light"), ViewSpec)
    qtbot.addWidget(views)
    views.set_views((ViewSpec(id="a", kind="loss"), ViewSpec(id="b", kind="accuracy")))
    history = RunHistory()
    history.add(Started(run="r", device="cpu", threads=1, steps_per_epoch=2, samples=8, stages=(3,)))
    views.show_history(history)
    drawn: list[str] = []
    for id in ("a", "b"):
        views.tile(id).view.show_history = lambda *given, id=id: drawn.append(id)
    for _ in range(4):
        views.show_history(history)
    assert sorted(drawn) == ["a", "a", "b", "b"]
    assert drawn[0] != drawn[1]
    history.state = "finished"
    views.show_history(history)
    assert sorted(drawn[4:]) == ["a", "b"]


def test_many_tiles_stay_wide_enough_and_scroll_to_the_one_just_opened(running, qtbot) -> None:
    bar = running._scroll.horizontalScrollBar()
    assert not bar.isVisible()
    running.add_view("accuracy")
    running.add_view("loss")
    qtbot.waitUntil(bar.isVisible)
    tiles = [running.tile(spec.id) for spec in running.views()]
    assert len(tiles) == 5
    assert all(tile.width() >= 240 for tile in tiles)
    assert all(tile.height() >= 200 for tile in tiles)
    window = running._scroll.viewport()
    left = tiles[-1].mapTo(window, QPoint()).x()
    assert left >= 0
    assert left + tiles[-1].width() <= window.width()
    bar.setValue(0)
    running.resize(900, 288)
    qtbot.wait(20)
    assert bar.value() == 0
    running.close_view("a")
    running.close_view("b")
    qtbot.waitUntil(lambda: not bar.isVisible())
