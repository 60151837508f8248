"""What the worker still says of one project reaches nothing of the next."""

from __future__ import annotations

from pathlib import Path

from engine.training.events import Measured
from engine.worker.protocol import SessionOpened
from tests.app.live_hands import press, wait_for


def test_answers_about_the_project_before_are_dropped_though_the_views_have_the_same_ids(
    warm, qtbot, tmp_path: Path
) -> None:
    workspace, measures = warm.workspace, warm.workspace.measures
    latent = next(view.id for view in workspace.document.settings.views if view.kind == "latent")
    workspace.set_epochs(1)
    press(qtbot, warm.run_bar.slot)
    wait_for(qtbot, warm, "finished")
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net")
    answers: list[Measured] = []
    workspace.link.on(Measured, answers.append)
    measures.watch_all_again()
    qtbot.waitUntil(lambda: any(answer.request == latent for answer in answers), timeout=20_000)
    heard: list[str] = []
    measures.measured.connect(lambda request, arrays, step, problem: heard.append(request))
    measures.session_opened.connect(lambda message: heard.append("session"))
    workspace.files._open(workspace.store.read_now(tmp_path / "net.loom"))
    for late in list(answers):
        measures._take(late)
    qtbot.waitUntil(lambda: "session" in heard and latent in heard, timeout=20_000)
    assert heard[0] == "session"


def test_a_session_of_the_project_before_that_opens_late_is_not_that_of_the_next(warm) -> None:
    measures = warm.workspace.measures
    measures.open_session()
    late = SessionOpened(id=measures._session)
    warm.workspace.new()
    heard: list[object] = []
    measures.session_opened.connect(heard.append)
    measures._take_session(late)
    assert (heard, measures.has_session) == ([], False)
