"""An inspector on the screen, and the page that it shows."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.panels.block_page import BlockPage
from app.panels.inspector import Inspector
from app.panels.project_panel import ProjectPanel


def shown(inspector: Inspector, qtbot: QtBot) -> Inspector:
    """The inspector on the screen, as wide as in the window, with the keyboard."""
    inspector.resize(288, 900)
    qtbot.addWidget(inspector)
    inspector.show()
    inspector.activateWindow()
    qtbot.waitExposed(inspector)
    return inspector


def page(inspector: Inspector) -> BlockPage:
    """The page of the selected block."""
    assert isinstance(inspector.page, BlockPage)
    return inspector.page


def project(inspector: Inspector) -> ProjectPanel:
    """The page of the project."""
    assert isinstance(inspector.page, ProjectPanel)
    return inspector.page
