"""What is known of the drawing: of another project nothing until it was analysed, of an edited one what was known."""

from __future__ import annotations

from engine.graph import edits
from engine.worker.protocol import Analysed

WORKER_MS = 60_000


def said(window) -> tuple[str, str, str]:
    """What the foot of the window says of the drawing's problems and costs."""
    status = window.status
    return status.problems.text(), status.parameters.text(), status.multiply_adds.text()


def block_of(window, type_id: str) -> str:
    graph = window.workspace.document.graph
    return next(id for id, block in graph.blocks.items() if block.type == type_id)


def test_another_project_shows_nothing_of_the_last_one(warm, qtbot) -> None:
    workspace = warm.workspace
    workspace.document.edit("Delete", edits.remove_blocks, (block_of(warm, "input"),))
    qtbot.waitUntil(lambda: workspace.analysis.is_current and workspace.runs.state.errors > 0, timeout=WORKER_MS)
    assert said(warm)[0] == "2 problems"
    assert warm.problem_list.problems() != ()
    found = []
    workspace.opened.connect(
        lambda: found.append(
            (
                said(warm),
                warm.problem_list.problems(),
                warm.problem_list.empty_words(),
                workspace.runs.state.errors,
                warm.editor.scene.analysis.specs,
                workspace.analysis.is_known,
            )
        )
    )
    workspace.open_example("unet")
    qtbot.waitUntil(lambda: bool(found), timeout=WORKER_MS)
    assert found == [(("Checking …", "", ""), (), "Checking …", 0, {}, False)]
    qtbot.waitUntil(lambda: workspace.analysis.is_current, timeout=WORKER_MS)
    assert said(warm)[0] != "Checking …"
    assert warm.status.parameters.text() == "31\u2009030\u2009593 parameters"
    assert warm.editor.scene.analysis.specs


def test_an_answer_on_the_last_project_is_dropped(warm, qtbot) -> None:
    desk = warm.workspace.analysis
    asked, known = desk._wanted, desk.analysis
    warm.workspace.new()
    desk._take(Analysed(id=asked, analysis=known))
    assert not desk.is_known
    assert said(warm) == ("Checking …", "", "")
    qtbot.waitUntil(lambda: desk.is_current, timeout=WORKER_MS)
    assert said(warm) == ("Empty drawing", "", "")


def test_edits_keep_what_was_known_until_the_next_answer(warm, qtbot) -> None:
    workspace = warm.workspace
    before = said(warm)
    seen = set()
    workspace.document.changed.connect(lambda change: seen.add(said(warm)))
    workspace.analysis.problems_changed.connect(lambda problems: seen.add(said(warm)))
    dense = block_of(warm, "dense")
    workspace.document.edit("Set units", edits.set_parameter, dense, "out_features", 12)
    assert said(warm) == before
    qtbot.waitUntil(lambda: workspace.analysis.is_current, timeout=WORKER_MS)
    after = said(warm)
    assert after[1] != before[1]
    workspace.document.undo_stack.undo()
    assert said(warm) == after
    qtbot.waitUntil(lambda: workspace.analysis.is_current, timeout=WORKER_MS)
    assert said(warm) == before
    assert "Checking …" not in {words for words, *_ in seen}
