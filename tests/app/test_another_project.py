"""What the worker still says of one project reaches nothing of the next."""

from __future__ import annotations

from pathlib import Path

from app.wording import LOADS, WAITS
from engine.training.events import Measured
from engine.training.plan import ViewSpec
from engine.worker.protocol import SessionOpened
from tests.app.live_hands import RUN_MS, press, wait_for


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


def trained_file(window, qtbot, folder: Path) -> Path:
    workspace = window.workspace
    workspace.set_epochs(1)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(folder / "net.loom")
    return folder / "net.loom"


def test_views_of_a_trained_project_wait_for_no_first_epoch(live, open_window, qtbot, tmp_path: Path) -> None:
    file = trained_file(live, qtbot, tmp_path)
    assert live.close()
    again = open_window(file)
    views = [again.live_views.tile(spec.id).view for spec in again.workspace.document.settings.views]
    measured = [view for view in views if view.measures]
    assert measured
    assert [view.message() for view in measured] == [LOADS for _ in measured], "the worker is not even started"
    assert [view.message() for view in views if not view.measures] == [""]
    said: set[str] = set()

    def all_shown() -> bool:
        said.update(view.message() for view in views)
        return not any(view.message() for view in views)

    again.workspace.start_worker()
    qtbot.waitUntil(all_shown, timeout=RUN_MS)
    assert WAITS not in said


def test_views_of_weights_that_cannot_be_read_are_not_said_to_load(live, qtbot, tmp_path: Path) -> None:
    workspace, file = live.workspace, trained_file(live, qtbot, tmp_path)
    opened = workspace.store.read_now(file)
    opened.weights.write_bytes(b"no weights at all")
    with qtbot.waitSignal(workspace.measures.session_opened, timeout=RUN_MS) as answer:
        workspace.files._open(opened)
        workspace.set_views((ViewSpec(id="new", kind="latent"),))
        assert live.live_views.tile("new").view.message() == LOADS
    assert answer.args[0].problems
    assert live.live_views.tile("new").view.message() == WAITS
