"""Menus of the live views: what they list, and what choosing there does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu

from app.panels.live_views import LiveViews
from app.panels.view_menus import add_menu, tile_menu
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look
from engine.training.plan import ViewSpec
from tests.app.panels.live_tiles import GRAPH, SPECS, entries, run_history, shown_views, trigger


@pytest.fixture
def running(qtbot) -> LiveViews:
    views = shown_views(qtbot)
    views.show_history(run_history())
    return views


def test_adding_by_the_menu_tells_the_project(running, qtbot) -> None:
    menu = add_menu(running)
    assert entries(menu) == ["Loss", "Accuracy", "Filters", "Latent space", "Decision boundary", "Predictions"]
    with qtbot.waitSignal(running.views_changed) as told:
        trigger(menu, "Filters", "Dense")
    specs = told.args[0]
    assert specs[:3] == SPECS
    assert (specs[3].kind, specs[3].block) == ("filters", "dn")
    assert isinstance(specs[3], ViewSpec)
    assert running.tile(specs[3].id).header.subtitle() == "Dense"
    assert len(running.asks()) == 3


def test_a_kind_that_no_block_fits_cannot_be_added(running) -> None:
    running.set_graph(Graph(), BLOCK_TYPES)
    menu = add_menu(running)
    enabled = {action.text(): action.isEnabled() for action in menu.actions()}
    assert enabled["Loss"]
    assert not enabled["Filters"]


def test_of_very_many_blocks_a_menu_lists_the_first_and_the_one_that_is_chosen(running) -> None:
    blocks = {
        f"d{index}": Block(id=f"d{index}", type="dense", name=f"D{index}", look=Look(x=index)) for index in range(1234)
    }
    running.set_graph(Graph(blocks=blocks), BLOCK_TYPES)
    running.choose_block("b", "d1200")
    menu = tile_menu(running, running.tile("b"))
    (under,) = [action.menu() for action in menu.actions() if action.text() == "Choose block"]
    assert under.isEmpty()
    under.aboutToShow.emit()
    lines = entries(under)
    assert lines[:2] == ["D0", "D1"]
    assert lines[99:101] == ["D99", "D1200"]
    assert lines[101].replace("\N{THIN SPACE}", " ") == "1 133 more: use the menu of the block on the canvas"
    assert len(lines) == 102
    assert [action.text() for action in under.actions() if action.isChecked()] == ["D1200"]


def test_another_block_is_chosen_in_the_tile_menu(running, qtbot) -> None:
    with qtbot.waitSignal(running.views_changed) as told:
        trigger(tile_menu(running, running.tile("b")), "Choose block", "Dense")
    assert told.args[0][1] == ViewSpec(id="b", kind="filters", block="dn")
    assert running.tile("b").header.subtitle() == "Dense"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_context_menu_key_opens_the_menu(running, qtbot) -> None:
    header = running.tile("b").header
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), header.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(header, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert entries(menu)[-1] == "Close view"
    menu.close()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_button_adds_a_view_and_one_whose_block_is_gone_offers_others(running) -> None:
    def opened(button: QAbstractButton) -> QMenu:
        button.click()
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.hide()
        return menu

    trigger(opened(running._header.add), "Accuracy")
    assert [spec.kind for spec in running.views()] == ["loss", "filters", "latent", "accuracy"]
    choose = running.tile("b").view._choose
    running.set_graph(Graph(blocks={"fl": GRAPH.blocks["fl"]}), BLOCK_TYPES)
    assert entries(opened(choose)) == ["No block fits"]
    running.set_graph(Graph(blocks={"dn": GRAPH.blocks["dn"]}), BLOCK_TYPES)
    trigger(opened(choose), "Dense")
    assert running.views()[1] == ViewSpec(id="b", kind="filters", block="dn")
