from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from safetensors.numpy import load_file

from engine.graph.graph import Graph
from engine.training.events import Finished, Losses
from engine.worker.protocol import (
    Export,
    Exported,
    OpenSession,
    Run,
    SessionOpened,
    SourceWritten,
    WriteSource,
)

from .conftest import DIGITS, Listener, digits_network, plan, request


def test_the_source_of_a_drawing_comes_with_the_lines_of_each_block(worker: Listener) -> None:
    client = worker.client
    client.send(WriteSource(id=(id := client.next_id()), graph=digits_network(), title="My net"))
    source = worker.until(SourceWritten, lambda m: m.id == id)
    lines = source.text.splitlines()
    assert "class MyNet(nn.Module):" in lines
    assert [lines[first - 1].strip() for first, _ in source.lines["b"]] == [
        "self.convolution = nn.Conv2d(in_channels=1, out_channels=4, kernel_size=3, padding=1)",
        "x = self.convolution(image)",
    ]
    broken = digits_network()
    wires = tuple(wire for wire in broken.wires if wire.target.block != "d")
    client.send(
        WriteSource(id=(id := client.next_id()), graph=msgspec.structs.replace(broken, wires=wires), title="My net")
    )
    problem = worker.until(SourceWritten, lambda m: m.id == id).problem
    assert problem is not None
    assert problem.code == "input-open"


def exported(worker: Listener, kind: str, path: Path, graph: Graph | None = None) -> Exported:
    id = worker.client.next_id()
    worker.client.send(Export(id=id, kind=kind, path=str(path), graph=graph or digits_network(), title="My net"))  # type: ignore[arg-type]
    return worker.until(Exported, lambda m: m.id == id)


def test_python_is_exported_with_the_weights_that_fit(worker: Listener, tmp_path: Path) -> None:
    client = worker.client
    client.send(OpenSession(id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    worker.until(SessionOpened)
    answer = exported(worker, "python", tmp_path / "net.py")
    assert answer.problem is None
    assert answer.words == f"Wrote {tmp_path / 'net.py'} and its weights to {tmp_path / 'net.safetensors'}."
    assert load_file(tmp_path / "net.safetensors")["classes.weight"].shape == (10, 256)
    graph = digits_network()
    wider = msgspec.structs.replace(graph.blocks["b"], parameters={"out_channels": 5})
    changed = msgspec.structs.replace(graph, blocks={**graph.blocks, "b": wider})
    answer = exported(worker, "python", tmp_path / "other.py", changed)
    assert answer.words.endswith("without weights, as it was not trained yet.")
    assert not (tmp_path / "other.safetensors").exists()


def test_onnx_has_fresh_weights_for_what_was_not_trained_and_says_so(worker: Listener, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")
    worker.client.send(OpenSession(id=worker.client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    worker.until(SessionOpened)
    answer = exported(worker, "onnx", tmp_path / "untrained.onnx")
    assert answer.words.endswith("Its weights are fresh, from seed 0, as it was not trained yet.")
    worker.forget()
    worker.client.send(Run(request("fit", 1)))
    worker.until(Finished, lambda m: m.run == "fit")
    answer = exported(worker, "onnx", tmp_path / "trained.onnx")
    assert answer.words.endswith(" at most."), "nothing is said of its weights"
    graph = digits_network()
    wider = msgspec.structs.replace(graph.blocks["b"], parameters={"out_channels": 5})
    changed = msgspec.structs.replace(graph, blocks={**graph.blocks, "b": wider})
    answer = exported(worker, "onnx", tmp_path / "other.onnx", changed)
    expected = " of its 4 tensors are fresh, from seed 0, as what was trained does not fit them."
    assert answer.words.endswith(expected), answer.words
    assert (tmp_path / "other.onnx").stat().st_size > 1000


def test_onnx_is_exported_in_the_middle_of_a_run_and_leaves_its_bits_alone(worker: Listener, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")

    def losses(run: str, export: bool) -> bytes:
        worker.forget()
        worker.client.send(Run(request(run, 6)))
        worker.until(Losses, lambda m: m.run == run)
        if export:
            answer = exported(worker, "onnx", tmp_path / "net.onnx")
            assert answer.problem is None
            assert "logits from image, for any batch size" in answer.words
        worker.until(Finished, lambda m: m.run == run)
        return b"".join(m.values for m in worker.heard if isinstance(m, Losses) and m.run == run)

    assert losses("alone", export=False) == losses("exported", export=True)
    assert (tmp_path / "net.onnx").stat().st_size > 1000
