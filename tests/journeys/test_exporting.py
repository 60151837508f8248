"""What leaves through the File menu: an untrained network as ONNX, the weights of a run that waits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from first_network import saved_weights, session_weights

from engine.blocks.catalogue import BLOCK_TYPES
from engine.training.plan import Settings, replace

SEED = 7


def with_seed(settings: Settings, seed: int) -> Settings:
    return replace(settings, plan=replace(settings.plan, seed=seed))


def program_outputs(graph, seed: int, pictures: np.ndarray) -> np.ndarray:
    """What the drawing's program makes of pictures with the weights of a seed."""
    import torch

    from engine.compile.compiler import compile_graph

    network = compile_graph(graph, BLOCK_TYPES, seed=seed)
    network.root.eval()
    part = network.slice(tuple(loss.prediction for loss in network.losses))
    with torch.no_grad():
        return part.module(torch.from_numpy(pictures))[0].numpy()


def test_an_untrained_network_leaves_as_onnx_with_the_weights_of_its_seed(open_hands, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")

    hands = open_hands()
    hands.wait_ready()
    workspace = hands.workspace
    workspace.document.edit_settings("Set seed", with_seed, SEED)
    hands.wait_analysed()
    said: list[str] = []
    workspace.message.connect(said.append)
    path = tmp_path / "net.onnx"
    hands.menu("File", "Export ONNX")
    hands.file_dialog(path)
    line = hands.window.status.message
    assert line.text() == "Writing net.onnx …"
    hands.wait(lambda: said, "the answer")
    workspace.message.disconnect(said.append)
    assert line.text() == said[0]
    assert said[0].startswith("Wrote net.onnx: ")
    assert said[0].endswith(f"Its weights are fresh, from seed {SEED}, as it was not trained yet.")
    pictures = np.random.default_rng(0).random((5, 1, 8, 8), dtype=np.float32)
    session = runtime.InferenceSession(str(path))
    (given,) = session.get_inputs()
    (outputs,) = session.run(None, {given.name: pictures})
    np.testing.assert_allclose(outputs, program_outputs(hands.graph, SEED, pictures), atol=1e-5)
    assert not np.allclose(outputs, program_outputs(hands.graph, SEED + 1, pictures), atol=1e-2)


def test_weights_leave_while_a_run_waits_and_are_those_that_are_saved(open_hands, tmp_path: Path) -> None:
    hands = open_hands()
    hands.wait_ready()
    hands.type_into(hands.window.run_bar.epochs, "1000")
    hands.press_run_button("Run")
    hands.wait(lambda: hands.losses > 20, "some loss points")
    hands.press_run_button("Pause")
    hands.wait_phase("paused")
    exported = session_weights(hands, tmp_path / "weights.safetensors")
    assert hands.workspace.runs.state.phase == "paused"
    hands.save_as(tmp_path / "net.loom")
    assert exported == sorted(saved_weights(tmp_path / "net.loom").values())
    hands.press_run_button("Resume")
    before = hands.losses
    hands.wait(lambda: hands.losses > before, "further loss points")
    other = session_weights(hands, tmp_path / "later.safetensors")
    assert hands.workspace.runs.state.is_running
    assert other != exported


def test_what_cannot_be_exported_says_why_before_a_file_is_chosen(open_hands) -> None:
    hands = open_hands()
    hands.wait_ready()
    hands.pick(hands.block("flatten"))
    hands.window.editor.delete_selection()
    hands.wait_analysed()
    for title in ("Export Python", "Export ONNX"):
        hands.window.notice.hide()
        hands.menu("File", title)
        assert hands.notice in hands.sentences()
        assert not hands._dialogs()
    hands.menu("File", "New")
    hands.wait_analysed()
    for name in ("export_python", "export_onnx", "export_weights"):
        action = hands.window.actions_table[name]
        assert not action.isEnabled()
        assert action.toolTip() == "Nothing is drawn yet that could be exported"
    assert hands.window.actions_table.menus["File"].toolTipsVisible()


def test_without_a_worker_every_export_says_what_happened(open_hands) -> None:
    hands = open_hands()
    hands.wait_ready()
    hands.workspace.link.client._life._process.kill()
    hands.wait(lambda: hands.workspace.runs.state.phase == "dead", "the end of the worker")
    for title in ("Export Python", "Export ONNX", "Export weights"):
        hands.window.notice.hide()
        hands.menu("File", title)
        assert hands.notice.startswith("The training process ended unexpectedly")
        assert not hands._dialogs()
