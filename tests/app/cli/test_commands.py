"""The commands as a person types them, in one process; `tests/journeys` runs the installed program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from app.cli import commands
from engine.project.archive import MANIFEST, write_archive
from engine.project.examples import read_example
from engine.project.project_file import encode_project


@pytest.fixture
def trained(run, tmp_path: Path) -> Path:
    """A digits network after two epochs, with its weights."""
    path = tmp_path / "trained.loom"
    code, out, _ = run("train", "digits-dense", "--epochs", "2", "--out", str(path), "--device", "cpu")
    assert code == 0, out
    return path


def test_examples_are_listed_with_ids_titles_and_descriptions(run):
    code, out, _ = run("examples", "--json")
    found = json.loads(out)
    assert code == 0
    assert [example["id"] for example in found][:2] == ["digits-convnet", "digits-dense"]
    assert all(example["title"] and example["description"].endswith(".") for example in found)
    assert {"lenet-5", "resnet-152"} < {example["id"] for example in found}


def test_new_writes_a_project_that_checks(run, tmp_path):
    path = tmp_path / "mine"
    assert run("new", "digits-convnet", "-o", str(path))[0] == 0
    code, out, _ = run("check", str(path.with_suffix(".loom")), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["ok"]
    assert found["parameters"] == 160 + 2 * 2320 + 2570
    assert found["multiply_adds"] == 9216 + 2 * 36864 + 2560
    flatten = next(block for block in found["blocks"] if block["type"] == "flatten")
    assert flatten["outputs"] == {"output": ["N", 256]}
    fields = [block["receptive_field"] for block in found["blocks"] if block["type"] == "conv2d"]
    assert fields[0] == [3, 3]
    assert found["training_bytes"] > 4 * 64, "the pictures are kept for the first convolution’s gradient"
    assert [block["type"] for block in found["blocks"]][:3] == ["input", "conv2d", "relu"]


def test_new_leaves_what_is_there(run, tmp_path, monkeypatch):
    path = tmp_path / "mine.loom"
    path.write_bytes(b"weeks of work")
    for name in (path, path.with_suffix("")):
        code, _, err = run("new", "digits-dense", "-o", name)
        assert code == 1
        assert err == f"There is already a file {path}. Choose another name, or delete that file first.\n"
        assert path.read_bytes() == b"weeks of work"
    monkeypatch.chdir(tmp_path)
    code, _, err = run("new", "digits-dense", "-o", "")
    assert code == 1
    assert f"{tmp_path.name} could not be saved: is a directory" in err
    assert err.count("\n") == 1


def test_names_cannot_command_the_terminal(run, tmp_path):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("dense", "dense", name="two\nlines\x1b[2J\0")
    drawing.chain("input.image", "dense")
    path = tmp_path / "names.loom"
    write_project(path, Project(drawing.graph))
    code, out, err = run("check", str(path))
    assert code == 1
    assert "error: Dense “two lines�[2J�” expects" in err
    assert "two lines�[2J�  dense" in out
    assert not any(control in out + err for control in "\x1b\0")


@pytest.mark.parametrize("name", ["[/closed]", "[red]warm[/red]", ":smile:"])
def test_names_are_printed_as_they_are(run, tmp_path, name):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project
    from engine.training.plan import DatasetRef, Settings

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", dataset="moons", fields=("point: 2 float32", "label: 2 classes"))
    drawing.add("dense", "dense", name=name, out_features=2)
    for id in ("loss", "other"):
        drawing.add(id, "cross_entropy", name=f"{name} {id}")
        drawing.wire("dense", f"{id}.logits")
        drawing.wire("input.label", f"{id}.target")
    drawing.wire("input.point", "dense")
    path = tmp_path / "names.loom"
    write_project(path, Project(drawing.graph, Settings(datasets=(DatasetRef("moons"),))))
    code, out, err = run("check", str(path))
    assert code == 0, err
    assert f"{name}  " in out
    code, out, err = run("train", str(path), "--epochs", "1", "--device", "cpu")
    assert code == 0, err
    assert f"accuracy.{name} other" in out


def test_check_counts_a_sequence_at_the_length_of_its_dataset(run):
    found = json.loads(run("check", "sequence-lstm", "--json")[1])
    assert found["time_length"] == 32
    assert found["multiply_adds"] == 32 * 4 * 32 * (1 + 32) + 32


def test_two_datasets_are_counted_and_exported_at_lengths_of_their_own(run, tmp_path):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project
    from engine.training.plan import DatasetRef, Settings

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("join", "add")
    for port, dataset, features in (("a", "adding", 2), ("b", "sine", 1)):
        drawing.add(f"in_{port}", "input", dataset=dataset, fields=(f"sequence: T×{features} float32",))
        drawing.add(f"steps_{port}", "lstm", hidden_size=4)
        drawing.chain(f"in_{port}", f"steps_{port}", f"join.{port}")
    path = tmp_path / "two.loom"
    write_project(path, Project(drawing.graph, Settings(datasets=(DatasetRef("adding"), DatasetRef("sine")))))
    found = json.loads(run("check", str(path), "--json")[1])
    assert found["time_length"] == 30
    assert found["multiply_adds"] == 30 * 4 * 4 * (2 + 4) + 32 * 4 * 4 * (1 + 4)
    onnxruntime = pytest.importorskip("onnxruntime", reason="no onnxruntime: install the extra onnx")
    code, out, err = run("export", str(path), "--to", "onnx", "-o", str(tmp_path / "two.onnx"))
    assert code == 0, err
    assert "Sequences are 30 and 32 steps long," in out
    inputs = onnxruntime.InferenceSession(str(tmp_path / "two.onnx")).get_inputs()
    assert [given.shape[1:] for given in inputs] == [[30, 2], [32, 1]]


def test_check_tells_why_a_receptive_field_is_not_known(run, tmp_path):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", dataset="sine", fields=("sequence: T×1 float32", "next: 1 float32"))
    drawing.add("turn", "permute", dims=(2, 1))
    drawing.add("conv", "conv1d", kernel_size=(3,))
    drawing.add("pool", "adaptive_avg_pool1d", output_size=(4,))
    drawing.add("flat", "flatten")
    drawing.add("dense", "dense", out_features=1)
    drawing.add("loss", "squared_error")
    drawing.chain("in.sequence", "turn", "conv", "pool", "flat", "dense", "loss.prediction")
    drawing.wire("in.next", "loss.target")
    path = tmp_path / "sequences.loom"
    write_project(path, Project(drawing.graph))
    code, out, err = run("check", str(path), "--json")
    assert code == 0, err
    told = {
        block["id"]: (block["receptive_field"], block["receptive_field_untold"]) for block in json.loads(out)["blocks"]
    }
    assert told["conv"] == ([3], None)
    assert told["pool"] == told["dense"] == ([], "free-length")
    assert told["loss"] == ([], None)


@pytest.mark.parametrize("id", ["digits-rbm", "moons-boundary", "digits-autoencoder"])
def test_every_example_checks_without_errors(run, id):
    code, out, err = run("check", id)
    assert code == 0
    assert "No problems." in out
    assert err == ""


def test_check_exits_1_and_names_the_fix(run, tmp_path):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("dense", "dense", name="hidden")
    drawing.chain("input.image", "dense")
    path = tmp_path / "wrong.loom"
    write_project(path, Project(drawing.graph))
    code, out, err = run("check", str(path))
    assert code == 1
    assert "Dense “hidden” expects N×features but receives N×1×8×8 from “Input”" in err
    assert "Insert Flatten" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "nowhere"], "There is no example nowhere"),
        (["check", "nowhere.loom"], "There is no file nowhere.loom"),
        (["train", "digits-dense", "--epochs", "0"], "Epochs is 0, out of range: 1 to"),
        (["train", "digits-dense", "--device", "cuda:77"], "cuda:77"),
        (["train", "digits-dense", "--set", "plan.nothing=3"], "There is no setting plan.nothing"),
        (["train", "digits-dense", "--set", "plan.batch_size=many"], "plan.batch_size"),
        (
            ["train", "digits-dense", "--set", "plan.stages.0.optimiser=banana"],
            "There is no optimiser banana. Choose one of adam, sgd.",
        ),
        (["train", "digits-dense", "--set", "Hidden.out_features=0"], "Units of Dense “Hidden” is 0, out of range"),
        (["train", "digits-dense", "--set", "Hidden.nothing=1"], "has no parameter nothing"),
        (["train", "digits-dense", "--data", "no-such-folder"], "There is no dataset no-such-folder"),
        (["train", "digits-dense", "--resume"], "holds no trained weights"),
        (["evaluate", "digits-dense"], "holds no trained weights"),
        (["export", "digits-dense", "--to", "pickle", "-o", "x"], "pickle"),
        (["render", "digits-dense", "-o", "x.bmp"], ".png or .svg"),
        (["data", "info", "nothing"], "There is no dataset nothing"),
        (["data", "get", "nothing"], "nothing is not a dataset that can be downloaded"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_1(run, arguments, sentence):
    code, out, err = run(*arguments)
    assert code == 1
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_wrong_usage_exits_2(run):
    assert run("frobnicate")[0] == 2
    assert run("new")[0] == 2


def test_train_tells_every_epoch_and_the_end_as_json(run):
    code, out, _ = run("train", "digits-dense", "--epochs", "3", "--device", "cpu", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["epoch"] for line in lines[:-1]] == [1, 2, 3]
    assert lines[2]["train"]["loss"] < lines[0]["train"]["loss"]
    assert lines[2]["validation"]["accuracy"] > 0.7
    assert lines[-1]["finished"] is True
    assert lines[-1]["device"] == "cpu"
    assert lines[-1]["samples_per_second"] > 0


def test_the_same_seed_gives_the_same_bits_and_another_does_not(run):
    def losses(seed: str) -> list[float]:
        out = run("train", "digits-dense", "--epochs", "1", "--seed", seed, "--threads", "1", "--json")[1]
        return [json.loads(line)["train"]["loss"] for line in out.splitlines()[:1]]

    assert losses("3") == losses("3")
    assert losses("3") != losses("4")


def test_settings_reach_the_plan_and_the_drawing(run, tmp_path):
    from engine.project.project_file import read_project

    path = tmp_path / "set.loom"
    settings = [
        "--set",
        "plan.batch_size=32",
        "--set",
        "plan.stages.0.learning_rate=0.01",
        "--set",
        "Hidden.out_features=8",
    ]
    assert run("train", "digits-dense", "--epochs", "1", *settings, "--out", str(path))[0] == 0
    project = read_project(path)
    assert project.settings.plan.batch_size == 32
    assert project.settings.plan.stages[0].learning_rate == 0.01
    assert project.graph.blocks["hidden"].parameters["out_features"] == 8
    assert project.has_weights


def test_trained_weights_are_evaluated_used_and_exported(run, trained, tmp_path):
    code, out, _ = run("evaluate", str(trained), "--json")
    metrics = json.loads(out)
    assert code == 0
    assert 0.6 < metrics["accuracy"] <= 1
    said = json.loads(run("predict", str(trained), "test:0", "--json")[1])["predictions"][0]
    assert abs(sum(said["probabilities"]) - 1) < 1e-4
    assert said["class"] == max(range(10), key=lambda index: said["probabilities"][index])
    weights = tmp_path / "weights.safetensors"
    assert run("export", str(trained), "--to", "safetensors", "-o", str(weights))[0] == 0
    from safetensors.numpy import load_file

    assert load_file(weights)["hidden.weight"].shape == (64, 64)


def test_a_file_is_predicted_as_its_row_is_and_as_the_worker_does(run, trained, tmp_path):
    import numpy as np

    from app.cli.training import trained_session
    from engine.project.project_file import read_project
    from engine.worker.prediction import predict

    session = trained_session(read_project(trained))
    dataset = session.data["digits"].dataset
    samples = dataset.arrays["image"][dataset.test[:2]]
    np.save(tmp_path / "two.npy", samples)
    said = json.loads(run("predict", str(trained), str(tmp_path / "two.npy"), "--json")[1])["predictions"]
    assert len(said) == 2
    assert said[1] == json.loads(run("predict", str(trained), "test:1", "--json")[1])["predictions"][0]
    (outputs,) = predict(session.network, session.data, {session.network.inputs[0].key: samples}).values()
    assert np.allclose(outputs, [one["probabilities"] for one in said], atol=1e-6)


def test_every_step_has_a_class_and_every_pixel_a_value(run, tmp_path):
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.project.drawing import Drawing
    from engine.project.project_file import Project, write_project
    from engine.training.plan import DatasetRef, Settings

    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("rows", "squeeze")
    drawing.add("pooled", "max_pool1d", return_indices=True)
    drawing.add("dense", "dense", out_features=8)
    drawing.add("classes", "permute")
    drawing.add("places", "cross_entropy", name="Places")
    drawing.add("image", "dense", out_features=8)
    drawing.add("rebuilt", "binary_cross_entropy", name="Rebuilt")
    drawing.add("half", "slice", start=0, stop=4)
    drawing.chain("input.image", "rows", "dense", "half", "classes", "places.logits")
    drawing.chain("rows", "image", "rebuilt.logits")
    drawing.wire("rows", "rebuilt.target")
    drawing.wire("rows", "pooled")
    drawing.add("one", "select", dim=2, index=0)
    drawing.wire("pooled.indices", "one")
    drawing.add("four", "slice", dim=1, start=0, stop=4)
    drawing.wire("one", "four")
    drawing.wire("four", "places.target")
    path = tmp_path / "steps.loom"
    write_project(path, Project(drawing.graph, Settings(datasets=(DatasetRef("digits"),))))
    assert run("train", str(path), "--epochs", "1", "--device", "cpu", "--out", str(path))[0] == 0
    said = {one["loss"]: one for one in json.loads(run("predict", str(path), "test:0", "--json")[1])["predictions"]}
    assert len(said["Places"]["classes"]) == 4
    assert set(said["Places"]["classes"]) <= set(range(8))
    assert len(said["Rebuilt"]["values"]) == 64
    assert f"Places: classes {said['Places']['classes']}" in run("predict", str(path), "test:0")[1]


def test_predict_refuses_rows_and_files_that_do_not_fit(run, trained, tmp_path):
    assert "there is no such row" in run("predict", str(trained), "test:99999")[2]
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("1,2,3\n")
    code, _, err = run("predict", str(trained), str(numbers))
    assert code == 1
    assert "The network reads image: 1×8×8 float32" in err


def test_resume_goes_on_from_the_saved_weights(run, trained):
    first = [
        json.loads(line) for line in run("train", str(trained), "--resume", "--epochs", "3", "--json")[1].splitlines()
    ]
    fresh = [json.loads(line) for line in run("train", str(trained), "--epochs", "1", "--json")[1].splitlines()]
    assert first[0]["train"]["loss"] < 0.8 * fresh[0]["train"]["loss"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_render_draws_without_a_window(run, qapp, tmp_path, suffix):
    path = tmp_path / f"drawing{suffix}"
    assert run("render", "digits-convnet", "-o", str(path), "--theme", "dark")[0] == 0
    from PySide6.QtGui import QColor, QImage

    from graph_editor.theme import load_theme

    if suffix == ".svg":
        assert "<svg" in path.read_text()[:400]
        return
    image = QImage(str(path))
    assert image.width() > 1200
    assert QColor(image.pixel(2, 2)) == load_theme("dark").color("canvas")


@pytest.mark.parametrize("place", [10**7, 10**18, -(2**31)])
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_render_refuses_blocks_that_stand_beyond_any_picture(run, qapp, tmp_path, place, suffix):
    written = json.loads(encode_project(read_example("digits-dense"), "far.loom"))
    next(iter(written["graph"]["blocks"].values()))["look"].update(x=place, y=place)
    write_archive(tmp_path / "far.loom", {MANIFEST: json.dumps(written).encode()})
    path = tmp_path / f"drawing{suffix}"
    code, out, err = run("render", str(tmp_path / "far.loom"), "-o", str(path))
    assert (code, out) == (1, "")
    assert "cannot be painted: the drawing is 4," in err
    assert "Tidy" in err
    assert err.count("\n") == 1
    assert not path.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"split": [0.9, 0.1, 0]},
            "The split 0.9 / 0.1 / 0 of digits leaves no samples for test. Give every part some.",
        ),
        ({"split": [-1, 5, 0.3]}, "The split of digits is -1 / 5 / 0.3, out of range: three fractions that sum to 1."),
        ({"split_seed": -5}, "The split’s seed of digits is -5, out of range: 0 or more."),
    ],
)
def test_check_finds_a_split_that_train_refuses(run, tmp_path, changed, sentence):
    written = json.loads(encode_project(read_example("digits-dense"), "net.loom"))
    written["settings"]["datasets"] = [{"name": "digits", **changed}, {"name": "iris", "split": [1, 0, 0]}]
    path = tmp_path / "net.loom"
    write_archive(path, {MANIFEST: json.dumps(written).encode()})
    code, out, err = run("check", str(path))
    assert code == 1
    assert f"error: {sentence}" in err
    assert "iris" not in err, "no Input reads it"
    assert "No problems" not in out
    code, _, err = run("train", str(path), "--device", "cpu")
    assert code == 1
    assert sentence in err


def test_datasets_are_listed_and_described(run):
    found = json.loads(run("data", "list", "--json")[1])
    assert {"digits", "mnist", "moons", "sine"} <= {row["name"] for row in found}
    facts = json.loads(run("data", "info", "digits", "--json")[1])
    assert facts["train"] + facts["validation"] + facts["test"] == 1797
    assert facts["fields"] == ["image: 1×8×8 float32", "label: 10 classes"]


def test_mnist_is_read_from_a_folder_and_imported(run, shared_data):
    folder = str(shared_data / "mnist")
    assert json.loads(run("data", "info", folder, "--json")[1])["test"] == 10_000
    assert run("data", "import", folder)[0] == 0
    assert next(row for row in json.loads(run("data", "list", "--json")[1]) if row["name"] == "mnist")["here"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="the system has no disk that is always full")
@pytest.mark.parametrize("buffered", [True, False])
def test_an_output_that_takes_nothing_is_told_in_a_sentence(buffered: bool) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, *([] if buffered else ["-u"]), "-m", "app", "examples"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "The output cannot be written: no space left on device.\n"


def test_an_interrupt_while_torch_is_imported_ends_the_program_at_once(monkeypatch) -> None:
    class Ended(Exception):
        pass

    def end(status: int) -> None:
        raise Ended(status)

    torch = ModuleType("torch")
    torch.__spec__ = ModuleSpec("torch", None)
    monkeypatch.setattr(os, "_exit", end)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), commands._own_interrupt():
        signal.raise_signal(signal.SIGINT)
    monkeypatch.setitem(sys.modules, "torch", torch)
    torch.__spec__._initializing = True
    with pytest.raises(Ended, match="130"), commands._own_interrupt():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
