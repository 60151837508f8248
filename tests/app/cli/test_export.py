"""`export` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def trained(run, tmp_path: Path) -> Path:
    """A digits network after an epoch, with its weights."""
    path = tmp_path / "My net.loom"
    code, out, _ = run("train", "digits-dense", "--epochs", "1", "--out", str(path), "--device", "cpu")
    assert code == 0, out
    return path


def test_python_comes_with_its_weights_and_runs_by_itself(run, trained, tmp_path):
    output = tmp_path / "net.py"
    code, out, _ = run("export", str(trained), "--to", "python", "-o", str(output))
    assert code == 0
    assert out == f"Wrote {output} and its weights to {tmp_path / 'net.safetensors'}.\n"
    code = """
import sys, torch, net
from sklearn.datasets import load_digits
model = net.load_weights("net.safetensors")
assert type(model).__name__ == "MyNet"
with torch.no_grad():
    logits = model(torch.from_numpy(load_digits().images).float().unsqueeze(1) / 16)
print((logits.argmax(1).numpy() == load_digits().target).mean() > 0.5)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "True\n", ran.stderr


def test_python_is_written_without_weights_too(run, tmp_path):
    output = tmp_path / "net.py"
    code, out, _ = run("export", "digits-convnet", "--to", "python", "-o", str(output))
    assert code == 0
    assert out == f"Wrote {output}, without weights, as it was not trained yet.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.py"]
    ran = subprocess.run([sys.executable, str(output)], capture_output=True, text=True)
    assert ran.stdout == "(1, 10)\n", ran.stderr


def test_onnx_says_how_far_it_is_from_the_program(run, trained, tmp_path):
    pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")
    output = tmp_path / "net.onnx"
    code, out, _ = run("export", str(trained), "--to", "onnx", "-o", str(output))
    assert code == 0
    start = f"Wrote {output}: logits from image, for any batch size. onnxruntime differs from the program by "
    assert out.startswith(start)
    assert float(out.removeprefix(start).partition(" ")[0]) < 1e-5
    assert output.stat().st_size > 1000


def test_plain_weights_need_training(run, tmp_path):
    code, out, err = run("export", "digits-dense", "--to", "safetensors", "-o", str(tmp_path / "net"))
    assert (code, out, err) == (1, "", "The example holds no trained weights. Train it first.\n")
    assert not list(tmp_path.iterdir())


def test_onnx_of_what_was_not_trained_has_the_weights_of_the_seed(run, tmp_path):
    pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")
    code, out, _ = run("export", "digits-dense", "--to", "onnx", "-o", str(tmp_path / "net.onnx"))
    assert code == 0
    assert "Its weights are fresh, from seed 0, as it was not trained yet." in " ".join(out.split())
    assert (tmp_path / "net.onnx").stat().st_size > 1000


def test_a_kind_that_is_none_and_a_folder_that_is_not_there_are_told(run, tmp_path):
    code, _, err = run("export", "digits-dense", "--to", "keras", "-o", str(tmp_path / "net"))
    assert (code, err) == (
        1,
        "Export format is keras, out of range: python, onnx, safetensors. Give it a value in range.\n",
    )
    code, _, err = run("export", "digits-dense", "--to", "python", "-o", str(tmp_path / "no" / "net.py"))
    assert code == 1
    assert err.startswith("net.py could not be saved: there is no folder")
