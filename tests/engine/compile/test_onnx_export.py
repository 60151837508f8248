from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

import engine.compile.onnx_export as onnx_export
from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.compiler import compile_graph
from engine.compile.onnx_export import PACKAGES, export_onnx
from engine.graph.problem import Refused
from engine.project.drawing import Drawing
from engine.project.examples import read_example

for package in PACKAGES:
    pytest.importorskip(package, reason=f"no {package}: install the extra onnx")


def ran(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {node.name: given for node, given in zip(session.get_inputs(), inputs, strict=True)})


@pytest.mark.parametrize("id", ["digits-residual", "digits-autoencoder", "digits-rbm"])
def test_the_file_predicts_what_the_program_predicts_for_any_batch(id: str, tmp_path: Path) -> None:
    network = compile_graph(read_example(id).graph, BLOCK_TYPES, seed=2)
    path = tmp_path / "net.onnx"
    state = torch.get_rng_state()
    report = export_onnx(network, BLOCK_TYPES, path)
    assert torch.equal(torch.get_rng_state(), state)
    assert report.inputs == ("image",)
    assert report.time_length is None
    assert 0.0 < report.difference < 1e-5
    wanted = network.losses[0].prediction if network.losses else "rbm/output"
    assert wanted is not None
    part = network.slice((wanted,))
    for batch in (1, 9):
        image = np.random.default_rng(batch).random((batch, 1, 8, 8), dtype=np.float32)
        (given,) = ran(path, image)
        with torch.no_grad():
            expected = part.module(torch.from_numpy(image))[0].numpy()
        assert np.abs(given - expected).max() < 1e-5


def test_an_lstm_keeps_the_length_of_its_sequences_and_says_so(tmp_path: Path) -> None:
    network = compile_graph(read_example("sequence-lstm").graph, BLOCK_TYPES)
    report = export_onnx(network, BLOCK_TYPES, tmp_path / "net.onnx", 12)
    assert (report.inputs, report.outputs, report.time_length) == (("sequence",), ("prediction",), 12)
    assert ran(tmp_path / "net.onnx", np.zeros((3, 12, 1), np.float32))[0].shape == (3, 1)
    with pytest.raises(Exception, match="Got invalid dimensions"):
        ran(tmp_path / "net.onnx", np.zeros((3, 13, 1), np.float32))


def test_sequences_that_nothing_unrolls_have_any_length(tmp_path: Path) -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("sequence: T×6",))
    drawn.add("dense", "dense", out_features=3)
    drawn.chain("in", "dense")
    report = export_onnx(compile_graph(drawn.graph, BLOCK_TYPES), BLOCK_TYPES, tmp_path / "net.onnx")
    assert report.time_length is None
    assert ran(tmp_path / "net.onnx", np.zeros((2, 5, 6), np.float32))[0].shape == (2, 5, 3)


def test_a_file_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "LARGEST_DIFFERENCE", 0.0)
    network = compile_graph(read_example("digits-convnet").graph, BLOCK_TYPES)
    with pytest.raises(Refused, match="differs from the program by .*and was not kept"):
        export_onnx(network, BLOCK_TYPES, tmp_path / "net.onnx")


def test_without_the_packages_one_sentence_says_which_extra_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_export, "find_spec", lambda name: None)
    network = compile_graph(read_example("digits-dense").graph, BLOCK_TYPES)
    with pytest.raises(Refused, match=r"Writing ONNX needs .* Install them with pip install \"tensorloom\[onnx\]\"."):
        export_onnx(network, BLOCK_TYPES, tmp_path / "net.onnx")


def test_windows_are_summed_not_averaged(tmp_path: Path) -> None:
    """torch's own exporter drops the divisor of an average, and so the sums of LeNet-5's subsampling."""
    network = compile_graph(read_example("lenet-5-published").graph, BLOCK_TYPES)
    report = export_onnx(network, BLOCK_TYPES, tmp_path / "net.onnx")
    assert report.difference < 1e-4


def test_the_exporter_says_nothing_about_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="", fields=("words: 5×8 float32",))
    drawing.add("attention", "self_attention", num_heads=2)
    drawing.wire("input.words", "attention")
    export_onnx(compile_graph(drawing.graph, BLOCK_TYPES), BLOCK_TYPES, tmp_path / "attention.onnx")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
