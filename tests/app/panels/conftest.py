"""A theme, an inspector with its document, and a start page, for tests that have none of their own."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.panels.inspector import Inspector
from app.panels.start_page import StartPage
from engine.blocks.catalogue import BLOCK_TYPES
from engine.data.catalogue import DATASETS
from engine.training.plan import DatasetRef, Settings
from graph_editor.document import Document
from graph_editor.theme import Theme, load_theme
from tests.app.panels.inspected_drawing import EDITS, drawing
from tests.app.panels.inspecting import shown


@pytest.fixture
def theme(qapp: object) -> Theme:
    return load_theme("light", 1.0)


@pytest.fixture
def document(qapp: object) -> Document:
    settings = Settings(
        datasets=(DatasetRef("digits"),),
        title="Digits convnet",
        about="Reads pictures.",
        tries=("Press Run.", "Drag Dropout onto a wire.", "Set the kernel to 1×1."),
    )
    return Document(drawing(), BLOCK_TYPES, settings)


@pytest.fixture
def inspector(document: Document, qtbot: QtBot) -> Inspector:
    return shown(Inspector(document, BLOCK_TYPES, DATASETS, load_theme("light"), EDITS), qtbot)


@pytest.fixture
def start_page(qtbot: QtBot) -> StartPage:
    page = StartPage((), load_theme("light"))
    qtbot.addWidget(page)
    page.resize(800, 500)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page
