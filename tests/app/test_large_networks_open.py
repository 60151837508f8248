"""ResNet-152 opens, is analysed and laid out while the window's loop goes on; `pytest -s` prints the figures."""

from __future__ import annotations

import sys
import time

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.layout import laid_out
from engine.graph.paths import bodies
from engine.project.examples import read_example
from tests.stalls import longest_work

ID = "resnet-152"
STALL_MS = 300
"""Work of the window between two turns of its loop; under 100 ms on an idle machine, tests run on busy ones."""
LAYOUT_S = 5.0
"""Of the processor."""


@pytest.mark.parametrize("id", [ID, "googlenet", "unet"])
def test_it_opens_and_is_analysed_without_a_stall(id: str, warm, qtbot) -> None:
    workspace = warm.workspace
    qtbot.wait(500)
    wanted = read_example(id).graph
    with longest_work() as work:
        workspace.open_example(id)
        qtbot.waitUntil(lambda: workspace.document.graph == wanted)
        qtbot.waitUntil(lambda: workspace.analysis.is_current)
        qtbot.wait(500)
        sys.stdout.write(f"{id} {work():.1f} ms\n")
        assert work() < STALL_MS
    assert workspace.analysis.analysis.total.parameters > 1_000_000
    assert [problem for problem in workspace.analysis.analysis.problems if problem.severity == "error"] == []


def test_it_is_laid_out_anew_in_no_time() -> None:
    """With all bodies, by the function that scripts use; no block of a body has the place of another."""
    graph = read_example(ID).graph
    start = time.process_time()
    placed = laid_out(graph, BLOCK_TYPES)
    took = time.process_time() - start
    sys.stdout.write(f"layout {1000 * took:.1f} ms\n")
    assert took < LAYOUT_S
    assert sum(len(body.blocks) for _, body in bodies(placed)) == sum(len(body.blocks) for _, body in bodies(graph))
    for _, body in bodies(placed):
        places = {(block.look.x, block.look.y) for block in body.blocks.values()}
        assert len(places) == len(body.blocks)
