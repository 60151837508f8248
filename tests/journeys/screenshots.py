"""Photographs the window in its main states: `python -m tests.journeys.screenshots [FOLDER [light|dark [1|2]]]`.

Drives the real window with its real worker by mouse, off-screen, from first run to finished.
Without arguments it makes the pictures of the README.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

PICTURES = Path(__file__).parents[2] / "resources" / "help" / "pictures"


def main(folder: Path, theme: str = "light", scale: str = "1", width: int = 1440, height: int = 900) -> None:
    """Write `first-run`, `editing`, `refused`, `training` and `finished` as PNG into `folder`."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["QT_SCALE_FACTOR"] = scale
    from PySide6.QtCore import Qt

    from engine.graph.edits import disconnect
    from engine.graph.graph import PortRef
    from graph_editor.theme import load_theme
    from tests.journeys.hands import Hands

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        hands = Hands.open(Path(state), size=(width, height))
        window, workspace = hands.window, hands.workspace

        def take(name: str, rest_ms: int = 500) -> None:
            hands.rest(rest_ms)
            assert window.grab().save(str(folder / f"{name}-{theme}.png"))

        window.set_theme(load_theme(theme))
        hands.wait_ready()
        hands.wait_analysed()
        window.editor.fit()
        hands.rest(1500)
        take("first-run")
        window.editor.select(("conv",))
        take("editing")
        workspace.document.edit("Delete wire", disconnect, (PortRef("dense", "input"),))
        hands.rest(500)
        hands.wire(("pool", "output"), ("dense", "input"))
        take("refused")
        hands.key(Qt.Key.Key_Escape)
        workspace.document.undo_stack.setIndex(0)
        hands.wait_analysed()
        window.editor.select(("conv",))
        workspace.runs.run()
        hands.wait(lambda: workspace.history is not None and workspace.history.epoch >= 5, "five epochs")
        take("training", rest_ms=200)  # the whole run takes a second
        hands.wait(lambda: workspace.history is not None and workspace.history.state == "finished", "the end")
        take("finished")
        hands.close()


if __name__ == "__main__":
    given = sys.argv[1:]
    if given:
        main(Path(given[0]), *given[1:3], *map(int, given[3:5]))
    else:
        main(PICTURES)
