"""Live views of a small network on the screen, a run to show in them, and hands for their menus."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.panels.live_views import LiveViews
from app.views.history import RunHistory
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from engine.training.events import EpochEnded, Losses, Started
from engine.training.plan import ViewSpec
from graph_editor.theme import load_theme

GRAPH = Graph(
    blocks={
        block.id: block
        for block in (
            Block(id="in", type="input", name="Input", look=Look(x=-100)),
            Block(id="cv", type="conv2d", name="Convolution"),
            Block(id="fl", type="flatten", name="Flatten", look=Look(x=100)),
            Block(id="dn", type="dense", name="Dense", look=Look(x=200)),
            Block(id="ce", type="cross_entropy", name="Cross-entropy", look=Look(x=300)),
        )
    },
    wires=tuple(
        Wire(source=PortRef(source, "output"), target=PortRef(target, "input"))
        for source, target in (("in", "cv"), ("cv", "fl"), ("fl", "dn"), ("dn", "ce"))
    ),
)
SPECS = (
    ViewSpec(id="a", kind="loss"),
    ViewSpec(id="b", kind="filters", block="cv"),
    ViewSpec(id="c", kind="latent", block="fl"),
)


def shown_views(qtbot: QtBot) -> LiveViews:
    """Three views, before the first run."""
    made = LiveViews(load_theme("light", 1.0), ViewSpec)
    qtbot.addWidget(made)
    made.resize(936, 288)
    made.set_graph(GRAPH, BLOCK_TYPES)
    made.set_views(SPECS)
    made.show()
    qtbot.waitExposed(made)
    return made


def run_history() -> RunHistory:
    """A run of which the first of five epochs is over."""
    history = RunHistory()
    history.add(Started("r", device="cpu", threads=1, steps_per_epoch=4, samples=16, stages=(5,)))
    history.add(Losses("r", stage=0, first_step=0, values=np.float32([4, 3, 2, 1]).tobytes()))
    history.add(EpochEnded("r", 0, 1, 4, {"loss": 2.5}, {"loss": 2.6}))
    return history


def entries(menu: QMenu) -> list[str]:
    """What the lines of a menu say."""
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def trigger(menu: QMenu, *titles: str) -> None:
    """Choose a line, by way of the menus it is in."""
    for title in titles[:-1]:
        menu = next(action.menu() for action in menu.actions() if action.text() == title)
        # As opening it with the mouse does.
        menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == titles[-1]).trigger()
