"""The code in a window with a real worker: live, marked, exported."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from safetensors.numpy import load_file

from app.docks import LAID_OUT_MS

WORKER_MS = 60_000


def test_the_code_follows_the_drawing_and_marks_what_is_selected(warm, qtbot) -> None:
    view = warm.code_view
    assert not view.isVisible()
    warm.actions_table["code"].trigger()
    assert view.isVisible()
    assert warm.actions_table["code"].isChecked()
    qtbot.waitUntil(lambda: "class DigitsConvnet(nn.Module):" in view.text(), timeout=WORKER_MS)
    graph = warm.workspace.document.graph
    dense = next(block.id for block in graph.blocks.values() if block.type == "dense")
    warm.editor.select([dense])
    lines = view.text().splitlines()
    assert ["dense" in lines[first - 1] for first, _ in view.source.marked()] == [True, True]
    warm.editor.select([next(block.id for block in graph.blocks.values() if block.type == "relu")])
    before = view.text()
    warm.editor.toggle_bypass()
    qtbot.waitUntil(lambda: view.text().count("nn.ReLU()") == before.count("nn.ReLU()") - 1, timeout=WORKER_MS)
    warm.actions_table["undo"].trigger()
    qtbot.waitUntil(lambda: view.text() == before, timeout=WORKER_MS)
    warm.editor.select([dense])
    warm.editor.delete_selection()
    qtbot.waitUntil(view.said.isVisible, timeout=WORKER_MS)
    assert view.text() == before
    warm.actions_table["code"].trigger()
    assert not view.isVisible()


def test_the_drawing_is_exported_from_the_window(warm, qtbot, tmp_path: Path) -> None:
    said: list[str] = []
    warm.workspace.message.connect(said.append)
    warm.workspace.sources.export("python", tmp_path / "net.py")
    qtbot.waitUntil(lambda: bool(said), timeout=WORKER_MS)
    assert said[0].startswith("Wrote net.py")
    assert str(tmp_path) not in said[0]
    assert "class DigitsConvnet" in (tmp_path / "net.py").read_text(encoding="utf-8")
    if (tmp_path / "net.safetensors").exists():
        assert "convolution.weight" in load_file(tmp_path / "net.safetensors")


def test_an_export_as_onnx_says_that_it_is_at_work_and_then_what_is_in_the_file(warm, qtbot, tmp_path: Path) -> None:
    said: list[str] = []
    warm.workspace.message.connect(said.append)
    line = warm.status.message
    warm.workspace.sources.export("onnx", tmp_path / "net.onnx")
    assert line.text() == "Writing net.onnx …"
    warm.workspace.message.emit("Something else")
    warm.status._message_over.timeout.emit()
    assert line.text() == "Writing net.onnx …", "it is still being written"
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WORKER_MS)
    assert said[1].startswith("Wrote net.onnx: logits from image")
    assert line.text() == said[1]
    assert (tmp_path / "net.onnx").exists()
    warm.status._message_over.timeout.emit()
    assert line.text() == ""


def test_an_onnx_export_that_fails_says_no_longer_that_it_goes_on(warm, qtbot, tmp_path: Path) -> None:
    line = warm.status.message
    warm.workspace.sources.export("onnx", tmp_path / "nowhere" / "net.onnx")
    warm.workspace.sources.export("onnx", tmp_path / "good.onnx")
    assert line.text() == "Writing net.onnx, good.onnx …"
    qtbot.waitUntil(warm.notice.isVisible, timeout=WORKER_MS)
    assert line.text() == "Writing good.onnx …"
    qtbot.waitUntil(lambda: line.text().startswith("Wrote good.onnx"), timeout=WORKER_MS)


def test_an_export_that_cannot_be_written_is_told(warm, qtbot, tmp_path: Path) -> None:
    refused: list[object] = []
    warm.workspace.refused.connect(refused.append)
    warm.workspace.sources.export("python", tmp_path / "nowhere" / "net.py")
    qtbot.waitUntil(lambda: bool(refused), timeout=WORKER_MS)
    assert refused[0].code == "save-failed"  # type: ignore[attr-defined]
    assert warm.notice.isVisible()


def test_the_code_stands_between_canvas_and_inspector(window, qtbot) -> None:
    inspector, before = window.docks["inspector"], window.docks["inspector"].width()
    for _ in range(2):
        window.actions_table["code"].trigger()
        shared: list[bool] = []
        QTimer.singleShot(LAID_OUT_MS, partial(shared.append, True))  # behind the one that shares the width
        qtbot.waitUntil(partial(bool, shared))
        qtbot.waitUntil(lambda: window.code_dock.x() + window.code_dock.width() <= inspector.x())
        assert window.code_dock.width() >= 360
        assert inspector.width() >= 264
        assert inspector.x() + inspector.width() <= window.width()
        window.actions_table["code"].trigger()
        qtbot.waitUntil(lambda: abs(inspector.width() - before) <= 2)
        assert not window.code_dock.isVisible()


def test_what_dies_with_the_worker_is_told(live, qtbot, tmp_path: Path, monkeypatch) -> None:
    refused: list[object] = []
    live.workspace.refused.connect(refused.append)
    downloads: list[object] = []
    live.workspace.data.download_changed.connect(downloads.append)
    with monkeypatch.context() as unsent:
        unsent.setattr(live.workspace.link, "send", lambda message: None)
        live.workspace.export_weights(tmp_path / "net.safetensors")
        live.workspace.data.download("mnist")
    live.workspace.sources.export("onnx", tmp_path / "net.onnx")
    process = live.workspace.link.client.process_id
    assert process is not None
    os.kill(process, signal.SIGTERM)
    qtbot.waitUntil(lambda: not live.workspace.link.alive and bool(refused), timeout=WORKER_MS)
    assert sorted(problem.sentence for problem in refused) == [  # type: ignore[attr-defined]
        "net.onnx was not written: the training process ended. Start it again and export once more.",
        "net.safetensors was not written: the training process ended. Start it again and export once more.",
    ]
    assert [lost.problem.sentence for lost in downloads] == [  # type: ignore[attr-defined]
        "The download stopped: the training process ended. "
        "Start it again and press Download; it goes on where it stopped."
    ]
    assert "Writing" not in live.status.message.text()
    live.workspace.sources.export("onnx", tmp_path / "other.onnx")
    live.workspace.export_weights(tmp_path / "other.safetensors")
    live.workspace.data.download("mnist")
    assert [problem.facts["file"] for problem in refused[2:]] == [  # type: ignore[attr-defined]
        "other.onnx",
        "other.safetensors",
    ]
    assert len(downloads) == 2
    assert "Writing" not in live.status.message.text()
