"""Own Python in the window: nothing runs before the user allowed that very file, and then only in the worker."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import add_block
from engine.graph.graph import Block
from engine.project.drawing import Drawing
from engine.project.own_code import STORE, AllowedCode, hash_of
from engine.project.project_file import Project, write_project
from engine.training.plan import Plan, Settings, Supervised

WAIT_MS = 60_000
TEXT = """import os
from pathlib import Path

Path(__file__).with_name("ran").write_text(str(os.getpid()))


def forward(x):
    return x * x


def backward(gradient, x):
    return gradient * {factor} * x
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A digits network that squares what its first layer gives, in a folder of its own."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten", at=(200, 0))
    drawing.add("own", "custom", at=(400, 0), name="square", file="square.py")
    drawing.add("classes", "dense", at=(600, 0), out_features=10)
    drawing.add("loss", "cross_entropy", at=(800, 0))
    drawing.chain("input.image", "flatten", "own", "classes", "loss.logits")
    drawing.wire("input.label", "loss.target")
    folder = tmp_path / "project"
    folder.mkdir()
    settings = Settings(plan=Plan(stages=(Supervised(epochs=3),), threads=1, device="cpu"))
    write_project(folder / "net.loom", Project(graph=drawing.graph, settings=settings))
    (folder / "square.py").write_text(TEXT.format(factor=2))
    return folder / "net.loom"


def codes(window) -> list[str]:
    return [problem.code for problem in window.workspace.analysis.problems if problem.severity == "error"]


def section(window):
    window.inspector.show_selection((), ("own",))
    return window.inspector.page.own_code


def wait_for(qtbot, window, *wanted: str) -> None:
    analysis = window.workspace.analysis
    qtbot.waitUntil(lambda: analysis.is_current and codes(window) == list(wanted), timeout=WAIT_MS)


def test_a_file_runs_in_the_worker_once_it_was_allowed_and_not_before(open_window, qtbot, project: Path) -> None:
    before = set(sys.modules)
    window = open_window(project, worker=True)
    ran, file = project.with_name("ran"), project.with_name("square.py")
    wait_for(qtbot, window, "code-not-allowed")
    asked = section(window)
    assert asked.path.value() == str(file)
    assert asked.hash.value() == f"{hash_of(file.read_bytes())[:16]}…"
    assert "read it first" in asked.question.text()
    assert not ran.exists()
    assert "own/output" not in window.workspace.analysis.analysis.specs
    assert str(window.workspace.analysis.analysis.specs["flatten/output"]) == "N×64"

    qtbot.mouseClick(asked.allow, Qt.MouseButton.LeftButton)
    wait_for(qtbot, window)
    assert str(window.workspace.analysis.analysis.specs["own/output"]) == "N×64"
    assert int(ran.read_text()) == window.workspace.link.client.process_id != os.getpid()
    assert "You allowed this file" in section(window).state.text()
    assert section(window).allow.isHidden()
    assert not [name for name in set(sys.modules) - before if "tensorloom_own" in name], "the window imports none of it"

    ran.unlink()
    file.write_text(TEXT.format(factor=3))
    wait_for(qtbot, window, "code-not-allowed")
    assert not ran.exists(), "a changed file asks again"
    qtbot.mouseClick(section(window).allow, Qt.MouseButton.LeftButton)
    wait_for(qtbot, window, "code-backward")

    file.write_text(TEXT.format(factor=2))
    wait_for(qtbot, window)
    window.workspace.runs.run()
    qtbot.waitUntil(lambda: window.workspace.runs.state.phase in ("finished", "failed"), timeout=WAIT_MS)
    assert window.workspace.runs.state.phase == "finished"


def test_what_was_allowed_is_allowed_in_the_next_window(open_window, qtbot, project: Path, tmp_path: Path) -> None:
    first = open_window(project)
    desk = first.workspace.own_code
    desk.allow(desk.file("square.py"))
    first.close()
    assert AllowedCode(tmp_path / "state").hashes == {hash_of(project.with_name("square.py").read_bytes())}
    assert not project.with_name("ran").exists()
    again = open_window(project, worker=True)
    wait_for(qtbot, again)
    assert project.with_name("ran").exists()


def test_what_was_shown_is_allowed_and_not_what_took_its_place(
    open_window, qtbot, project: Path, tmp_path: Path
) -> None:
    window = open_window(project)
    asked = section(window)
    project.with_name("square.py").write_text("raise SystemExit\n")
    qtbot.mouseClick(asked.allow, Qt.MouseButton.LeftButton)
    assert AllowedCode(tmp_path / "state").hashes == {hash_of(TEXT.format(factor=2).encode())}
    assert not section(window).allow.isHidden()


def test_showing_it_again_reads_no_file(open_window, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window(project)
    asked = section(window)
    opened: list[Path] = []
    read = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *how, **named: (opened.append(self), read(self, *how, **named))[1])
    asked.refresh()
    assert asked.path.value() == str(project.with_name("square.py"))
    assert opened == []


def test_saving_elsewhere_takes_the_file_along(open_window, qtbot, project: Path, tmp_path: Path) -> None:
    window = open_window(project)
    there = tmp_path / "there"
    there.mkdir()
    with qtbot.waitSignal(window.workspace.store.saved):
        window.workspace.save(there / "copy.loom")
    assert (there / "square.py").read_bytes() == project.with_name("square.py").read_bytes()
    assert section(window).path.value() == str(there / "square.py")
    (there / "square.py").write_text("# another\n")
    window.workspace.open(project)
    qtbot.waitUntil(lambda: window.workspace.path == project, timeout=WAIT_MS)
    with qtbot.waitSignal(window.workspace.refused) as refused:
        window.workspace.save(there / "copy.loom")
    assert "already holds another square.py" in refused.args[0].sentence
    assert (there / "square.py").read_text() == "# another\n"


def test_a_missing_file_can_be_begun_from_a_template(open_window, qtbot, project: Path) -> None:
    file = project.with_name("square.py")
    file.unlink()
    window = open_window(project, worker=True)
    wait_for(qtbot, window, "code-missing")
    asked = section(window)
    assert asked.state.text() == "There is no square.py beside the project."
    assert asked.allow.isHidden()
    qtbot.mouseClick(asked.template, Qt.MouseButton.LeftButton)
    assert "def backward(gradient: Tensor, x: Tensor) -> Tensor:" in file.read_text()
    wait_for(qtbot, window, "code-not-allowed")
    qtbot.mouseClick(section(window).allow, Qt.MouseButton.LeftButton)
    wait_for(qtbot, window)


def test_a_project_without_a_folder_is_to_be_saved_first(window) -> None:
    window.workspace.document.edit("Add", add_block, Block("own", "custom", "Own Python"))
    asked = section(window)
    assert asked.state.text() == "Save the project first: my_block.py lies beside it."
    assert asked.template.isHidden()
    assert asked.show_file.isHidden()


def test_what_was_trained_shows_once_its_code_was_allowed(open_window, qtbot, tmp_path: Path, project: Path) -> None:
    window = open_window(project, worker=True)
    wait_for(qtbot, window, "code-not-allowed")
    section(window).allow.click()
    wait_for(qtbot, window)
    qtbot.mouseClick(window.run_bar.slot, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace.runs.state.phase == "finished", timeout=WAIT_MS)
    with qtbot.waitSignal(window.workspace.store.saved):
        window.workspace.save(project)
    assert window.close()
    (tmp_path / "state" / STORE).unlink()
    again = open_window(project, worker=True)
    wait_for(qtbot, again, "code-not-allowed")
    assert again.workspace.measures.is_refused
    section(again).allow.click()
    wait_for(qtbot, again)
    qtbot.waitUntil(lambda: again.workspace.measures.has_session, timeout=WAIT_MS)
